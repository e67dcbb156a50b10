// The toolbar: the tools, and what is done to selected objects.

import { byId, element, icon } from "./elements.js";
import { keyName } from "./keys.js";
import { t } from "./language.js";
import { TOOLS } from "./tools.js";

/** @typedef {import("./tools.js").Tool} Tool */
/** @typedef {import("./keys.js").Command} Command */
/** @typedef {import("./language.js").Word} Word */

const ACTIONS = /** @type {const} */ (["refit", "smooth", "merge", "delete"]);

export class Toolbar {
  /** @param {import("./tools.js").Tools} tools @param {import("./selection.js").Selection} selection @param {() => Command[]} commands */
  constructor(tools, selection, commands) {
    this.tools = tools;
    this.selection = selection;
    this.commands = commands;
    tools.on("tool", () => this.drawPressed());
    selection.on("change", () => this.drawActions());
  }

  draw() {
    const gap = () => element("span", { class: "gap" });
    const place = byId("tools");
    place.replaceChildren();
    for (const tool of TOOLS) {
      if (tool === "extremes" || tool === "cut") place.append(gap());
      place.append(this.button(`tool-${tool}`, /** @type {Word} */ (`tool_${tool}`), tool));
    }
    place.append(gap(), ...ACTIONS.map((name) => this.button(`act-${name}`, name, name)));
    this.drawPressed();
    this.drawActions();
  }

  /** @param {string} id @param {Word} word  of its command @param {import("./elements.js").Icon} shape */
  button(id, word, shape) {
    const command = /** @type {Command} */ (this.commands().find((each) => each.word === word));
    const title = `${t(word)} (${keyName(command.keys[0])})`;
    return element("button", { class: "plain", id, title, "aria-label": t(word), onclick: () => command.run() }, icon(shape));
  }

  drawPressed() {
    for (const tool of TOOLS) byId(`tool-${tool}`).setAttribute("aria-pressed", String(tool === this.tools.tool));
  }

  /** What is done to selected objects can only be done where some are. */
  drawActions() {
    for (const name of ACTIONS) {
      /** @type {HTMLButtonElement} */ (byId(`act-${name}`)).disabled = this.selection.ids.size < (name === "merge" ? 2 : 1);
    }
  }
}
