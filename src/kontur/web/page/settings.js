// Settings: language, theme and reach. A wide page has them in its header and footer, a narrow one
// in a dialog.

import { openDialog } from "./dialog.js";
import { byId, element } from "./elements.js";
import { currentLanguage, LANGUAGE_NAMES, setLanguage, t } from "./language.js";

const THEMES = /** @type {const} */ (["dark", "light"]);
const stored = "kontur-theme";

/** @typedef {typeof THEMES[number]} Theme */

export class Settings {
  /** @param {import("./viewer.js").Viewer} viewer @param {import("./footer.js").Footer} footer @param {{words: () => void, help: () => void}} actions */
  constructor(viewer, footer, actions) {
    this.viewer = viewer;
    this.footer = footer;
    this.actions = actions;
    const light = matchMedia("(prefers-color-scheme: light)").matches;
    const chosen = THEMES.find((name) => name === localStorage.getItem(stored));
    this.showTheme(chosen ?? (light ? "light" : "dark"));
    byId("language").addEventListener("click", () => this.nextLanguage());
    byId("theme").addEventListener("click", () => this.nextTheme());
    byId("settings").addEventListener("click", () => this.open());
  }

  /** @param {Theme} name */
  showTheme(name) {
    this.theme = name;
    document.documentElement.dataset.theme = name;
    this.viewer.background = getComputedStyle(byId("frame")).backgroundColor;
    this.viewer.redraw();
  }

  /** Show a theme from now on. @param {Theme} name */
  setTheme(name) {
    localStorage.setItem(stored, name);
    this.showTheme(name);
  }

  nextTheme() {
    this.setTheme(this.theme === "light" ? "dark" : "light");
  }

  /** @param {string} name */
  setLanguage(name) {
    setLanguage(name);
    this.actions.words();
  }

  nextLanguage() {
    const names = Object.keys(LANGUAGE_NAMES);
    this.setLanguage(names[(names.indexOf(currentLanguage()) + 1) % names.length]);
  }

  open() {
    const language = choice(Object.entries(LANGUAGE_NAMES), currentLanguage(), (name) => {
      this.setLanguage(name);
      this.open(); // in its words
    });
    const theme = choice(THEMES.map((name) => [name, t(name)]), this.theme ?? "dark", (name) => this.setTheme(/** @type {Theme} */ (name)));
    const value = element("output", {}, `${this.footer.tools.radius} px`);
    const reach = element("input", { type: "range", min: "0", max: "60", value: String(this.footer.tools.radius) });
    reach.addEventListener("input", () => {
      this.footer.setRadius(Number(reach.value));
      value.textContent = `${reach.value} px`;
    });
    openDialog(t("settings"),
      element("label", { class: "field" }, element("span", {}, t("language")), language),
      element("label", { class: "field" }, element("span", {}, t("theme")), theme),
      element("label", { class: "field" }, element("span", {}, t("reach")), element("span", { class: "row tight" }, reach, value)),
      element("button", { onclick: () => this.actions.help() }, t("help")),
    );
  }
}

/** @param {[string, string][]} values @param {string} chosen @param {(name: string) => void} change */
function choice(values, chosen, change) {
  const made = element("select", {}, ...values.map(([name, word]) => element("option", { value: name, selected: name === chosen }, word)));
  made.addEventListener("change", () => change(made.value));
  return made;
}
