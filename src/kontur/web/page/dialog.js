// The one dialog of the page.

import { byId, element, icon } from "./elements.js";
import { t } from "./language.js";

/** @param {string} title @param {...Node} content */
export function openDialog(title, ...content) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("dialog"));
  const close = element("button", { class: "plain", "aria-label": t("close"), onclick: () => dialog.close() }, icon("close"));
  dialog.replaceChildren(element("div", { class: "inside" }, element("div", { class: "head" }, element("h2", {}, title), close), ...content));
  dialog.setAttribute("aria-label", title);
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close();
  };
  if (!dialog.open) dialog.showModal();
  return dialog;
}
