// Naming a class: a new one, or another name.

import { openDialog } from "./dialog.js";
import { element } from "./elements.js";
import { t } from "./language.js";
import { send } from "./server.js";
import { tell } from "./work.js";

/** @param {import("./work.js").Work} work @param {number} label */
export function nameClass(work, label) {
  const { classes } = work;
  const input = element("input", { type: "text", maxlength: "80", value: classes[label] ?? "", "aria-label": t("class_name") });
  const save = async () => {
    const names = [...classes];
    names[label] = input.value;
    try {
      work.setClasses((await send("PUT", "classes", { names })).names);
      dialog.close();
    } catch (error) {
      tell(error);
    }
  };
  const submitted = (/** @type {Event} */ event) => {
    event.preventDefault();
    save();
  };
  const form = element("form", { class: "row", method: "dialog", onsubmit: submitted }, input, element("button", { class: "primary" }, t("save")));
  const dialog = openDialog(t(classes[label] === undefined ? "add_class" : "rename_class"), form);
  input.focus();
}
