// The images of the folder: small pictures with names, counts and status.

import { byId, element } from "./elements.js";
import { t } from "./language.js";
import { request } from "./server.js";

/** @typedef {{key: string, name: string, status: "untouched" | "predicted" | "corrected" | "done", objects: number | null}} Entry */

const STATUSES = /** @type {const} */ (["untouched", "predicted", "corrected", "done"]);

export class Gallery {
  /** @param {(key: string) => void} open */
  constructor(open) {
    this.root = byId("gallery");
    this.open = open;
    /** @type {Entry[]} */ this.entries = [];
    /** @type {Map<string, HTMLElement>} */ this.items = new Map();
    /** @type {Map<string, Entry>} */ this.byKey = new Map();
    /** @type {string | null} */ this.current = null;
    this.shown = "";
    this.head = element("div", { class: "gallery-head" });
    this.watcher = new IntersectionObserver(
      (seen) => {
        for (const each of seen) if (each.isIntersecting) this.load(/** @type {HTMLElement} */ (each.target));
      },
      { root: this.root, rootMargin: "300px" },
    );
  }

  /** @param {Entry[]} entries */
  fill(entries) {
    this.entries = entries;
    this.byKey = new Map(entries.map((entry) => [entry.key, entry]));
    this.items.clear();
    this.watcher.disconnect();
    this.root.replaceChildren(this.head);
    for (const entry of entries) {
      const item = element(
        "button",
        { class: "thumb", dataset: { key: entry.key }, title: entry.name, onclick: () => this.open(entry.key) },
        element("span", { class: "shot" }),
        element("span", { class: "line" }, element("span", { class: "dot" }), element("span", { class: "name" }, entry.name), element("span", { class: "count" })),
      );
      this.items.set(entry.key, item);
      this.root.append(item);
      this.watcher.observe(item);
      this.paint(entry, item);
    }
    this.drawHead();
    this.mark(this.current);
  }

  /** @param {HTMLElement} item */
  async load(item) {
    this.watcher.unobserve(item);
    const shot = /** @type {HTMLElement} */ (item.querySelector(".shot"));
    try {
      const answer = await request("GET", `images/${item.dataset.key}/thumbnail`);
      const url = URL.createObjectURL(await answer.blob());
      const picture = element("img", { alt: "", src: url });
      picture.addEventListener("load", () => {
        URL.revokeObjectURL(url);
        performance.mark("first-thumbnail");
      });
      shot.replaceChildren(picture);
    } catch (error) {
      shot.textContent = t("unreadable");
      item.title = error instanceof Error ? error.message : "";
    }
  }

  /** @param {Partial<Entry> & {key: string}} change */
  update(change) {
    const entry = this.byKey.get(change.key);
    const item = this.items.get(change.key);
    if (!entry || !item) return;
    Object.assign(entry, change);
    this.paint(entry, item);
    this.drawHead();
  }

  /** @param {Entry} entry @param {HTMLElement} item */
  paint(entry, item) {
    const dot = /** @type {HTMLElement} */ (item.querySelector(".dot"));
    dot.className = `dot ${entry.status}`;
    dot.title = t(entry.status);
    /** @type {HTMLElement} */ (item.querySelector(".count")).textContent = entry.objects === null || (entry.objects === 0 && entry.status === "untouched") ? "" : String(entry.objects);
    dot.setAttribute("role", "img");
    dot.setAttribute("aria-label", t(entry.status));
    item.hidden = this.shown !== "" && entry.status !== this.shown;
  }

  drawHead() {
    const counts = Object.fromEntries(STATUSES.map((s) => [s, this.entries.filter((e) => e.status === s).length]));
    const choice = element("select", { "aria-label": t("show"), onchange: (/** @type {Event} */ event) => {
      this.shown = /** @type {HTMLSelectElement} */ (event.target).value;
      for (const entry of this.entries) this.paint(entry, /** @type {HTMLElement} */ (this.items.get(entry.key)));
    } });
    choice.append(element("option", { value: "" }, t("all_images", { n: this.entries.length })));
    for (const status of STATUSES) choice.append(element("option", { value: status, selected: this.shown === status }, `${t(status)} (${counts[status]})`));
    this.head.replaceChildren(choice);
  }

  /** @param {string | null} key */
  mark(key) {
    this.current = key;
    for (const [each, item] of this.items) item.setAttribute("aria-current", String(each === key));
    if (key) this.items.get(key)?.scrollIntoView({ block: "nearest" });
  }

  /** The key of the image so many places further, among those that are shown. @param {number} step */
  neighbour(step) {
    const shown = this.entries.filter((e) => !this.items.get(e.key)?.hidden);
    const place = shown.findIndex((e) => e.key === this.current);
    return shown[place + step]?.key ?? null;
  }
}
