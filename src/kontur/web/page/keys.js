// Keys: which command a pressed key is, and the help that shows all of them.

import { openDialog } from "./dialog.js";
import { byId, element } from "./elements.js";
import { t } from "./language.js";

/** @typedef {import("./language.js").Word} Word */
/** @typedef {"moving" | "drawing" | "correcting" | "images" | "looking"} Section  of the help */
/** @typedef {Section | "unlisted"} Group */
/** @typedef {{keys: readonly string[], word: Word, group: Group, run: () => void}} Command */

const SECTIONS = /** @type {Section[]} */ (["drawing", "correcting", "moving", "images", "looking"]);
const MAC = navigator.platform.startsWith("Mac");

/**
 * The key that was pressed, as commands name it: `ctrl+shift+z`, `delete`, `?`.
 * @param {KeyboardEvent} event
 */
export function keyOf(event) {
  const key = event.key.toLowerCase();
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("ctrl");
  if (event.altKey) parts.push("alt");
  if (event.shiftKey && (key.length > 1 || /[a-z]/.test(key))) parts.push("shift");
  return [...parts, key].join("+");
}

/** @param {Command[]} commands */
export function listenToKeys(commands) {
  /** @type {Map<string, Command>} */
  const byKey = new Map();
  for (const command of commands) for (const key of command.keys) byKey.set(key, command);
  addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const key = keyOf(event);
    if (/** @type {HTMLDialogElement} */ (byId("dialog")).open) return;
    const typing = target.matches("input[type=text], input[type=number], select, textarea");
    if (typing && !key.startsWith("ctrl+")) return;
    const moves = target.matches("input[type=range], [role=tab], .table *") && /arrow|home|end|page/.test(key);
    const presses = target.matches("button, input[type=checkbox]") && (key === " " || key === "enter");
    if (moves || presses) return;
    const command = byKey.get(key);
    if (!command) return;
    event.preventDefault();
    command.run();
  });
}

/** A key as the keyboard has it. @param {string} key */
export function keyName(key) {
  const names = /** @type {Record<string, string>} */ ({
    ctrl: MAC ? "⌘" : "Ctrl", shift: "⇧", alt: MAC ? "⌥" : "Alt", arrowleft: "←", arrowright: "→",
    arrowup: "↑", arrowdown: "↓", escape: "Esc", delete: "Del", backspace: "⌫", " ": "Space", enter: "↵", pagedown: "PgDn", pageup: "PgUp",
  });
  return key.split(/\+(?=.)/).map((part) => names[part] ?? part.toUpperCase()).join(MAC ? "" : "+");
}

/** Show all commands with their keys. @param {Command[]} commands */
export function showHelp(commands) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("dialog"));
  const sections = SECTIONS.filter((group) => commands.some((each) => each.group === group)).map((group) => {
    const section = element("section", {}, element("h3", {}, t(group)));
    for (const command of commands.filter((each) => each.group === group)) {
      const all = commands.filter((each) => each.word === command.word).flatMap((each) => each.keys);
      const keys = all.map((key) => element("kbd", {}, keyName(key)));
      if (keys.length > 4) keys.splice(1, keys.length - 2, element("b", {}, "…")); // from 1 to 9
      section.append(element("div", {}, element("span", {}, t(command.word)), ...keys));
    }
    if (group === "correcting") {
      for (const word of /** @type {Word[]} */ (["mouse_drag", "mouse_insert", "mouse_delete", "mouse_several"])) {
        section.append(element("div", {}, element("span", { class: "quiet" }, t(word))));
      }
    }
    if (group === "moving") {
      section.append(element("div", {}, element("span", { class: "quiet" }, t("mouse_pan"))));
    }
    return section;
  });
  openDialog(t("help"), element("div", { class: "keys" }, ...sections));
  dialog.dataset.kind = "help";
}
