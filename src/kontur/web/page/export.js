// Export: the formats to choose from, and the file that is saved.

import { openDialog } from "./dialog.js";
import { element, toast } from "./elements.js";
import { t } from "./language.js";
import { request } from "./server.js";
import { tell } from "./work.js";

/** @typedef {import("./work.js").Work} Work */

/** Show which formats there are, and save one. @param {Work} work */
export function openExport(work) {
  const { formats } = /** @type {import("./work.js").Folder} */ (work.folder);
  const all = element("input", { type: "checkbox", id: "export-all" });
  const buttons = formats.map(({ name, title, ending, install }) =>
    element("button", { dataset: { format: name }, disabled: Boolean(install), onclick: () => save(work, name, all.checked) },
      title, element("small", {}, install ? t("needs", { command: install }) : ending)));
  openDialog(t("export"), element("p", { class: "quiet" }, t("export_hint")), element("label", {}, all, ` ${t("export_all")}`), element("div", { class: "formats" }, ...buttons));
}

/** @param {Work} work @param {string} format @param {boolean} all */
async function save(work, format, all) {
  try {
    const answer = await request("POST", "export", { format, images: all || !work.image ? null : [work.image.key] });
    const name = decodeURIComponent((answer.headers.get("Content-Disposition") ?? "").split("''")[1] ?? "outlines");
    const losses = decodeURIComponent(answer.headers.get("X-Kontur-Losses") ?? "");
    const link = element("a", { href: URL.createObjectURL(await answer.blob()), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    toast(losses ? t("exported_with_losses", { name, losses }) : t("exported", { name }));
  } catch (error) {
    tell(error);
  }
}
