// The tabs of the panel.

import { byId } from "./elements.js";

/** @typedef {"objects" | "model" | "image"} Tab */
const TABS = /** @type {Tab[]} */ (["objects", "model", "image"]);

export class Tabs {
  /** @param {(name: Tab) => void} show  called with the tab that is chosen */
  constructor(show) {
    this.show = show;
    /** @type {Tab} */ this.chosen = "objects";
    for (const name of TABS) byId(`tab-${name}`).addEventListener("click", () => this.choose(name));
    byId("panel").querySelector(".tabs")?.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[/** @type {KeyboardEvent} */ (event).key];
      const at = TABS.indexOf(this.chosen);
      if (!step) return;
      const next = TABS[(at + step + TABS.length) % TABS.length];
      this.choose(next);
      byId(`tab-${next}`).focus();
    });
  }

  /** @param {Tab} name */
  choose(name) {
    for (const each of TABS) {
      byId(`tab-${each}`).setAttribute("aria-selected", String(each === name));
      byId(`tab-${each}`).tabIndex = each === name ? 0 : -1;
      byId(each).hidden = each !== name;
    }
    this.chosen = name;
    this.show(name);
  }
}
