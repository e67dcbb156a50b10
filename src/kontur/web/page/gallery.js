// The images of the folder: small pictures with names, counts and status.

import { byId, element } from "./elements.js";
import { Emitter } from "./emitter.js";
import { t } from "./language.js";
import { request } from "./server.js";

/** @typedef {{key: string, name: string, status: "untouched" | "predicted" | "corrected" | "done", objects: number | null}} ImageSummary */

const AT_ONCE = 2; // requests
const STATUSES = /** @type {const} */ (["untouched", "predicted", "corrected", "done"]);

/** Emits `shown` where other images may be shown, or have another status. */
export class Gallery extends Emitter {
  /** @param {(key: string) => void} open */
  constructor(open) {
    super();
    this.root = byId("gallery");
    this.open = open;
    /** @type {ImageSummary[]} */ this.images = [];
    /** @type {Map<string, HTMLElement>} */ this.items = new Map();
    /** @type {Map<string, ImageSummary>} */ this.byKey = new Map();
    /** @type {string | null} */ this.current = null;
    this.shown = "";
    this.head = element("div", { class: "gallery-head" });
    /** @type {HTMLElement[]} */ this.waiting = []; // for their pictures
    this.loading = 0;
    this.watcher = new IntersectionObserver(
      (seen) => {
        for (const each of seen) if (each.isIntersecting) this.waiting.push(/** @type {HTMLElement} */ (each.target));
        this.loadMore();
      },
      { root: this.root, rootMargin: "300px" },
    );
  }

  /** @param {ImageSummary[]} images */
  fill(images) {
    this.images = images;
    this.byKey = new Map(images.map((image) => [image.key, image]));
    this.items.clear();
    this.watcher.disconnect();
    this.root.replaceChildren(this.head);
    for (const image of images) {
      const item = element(
        "button",
        { class: "thumb", dataset: { key: image.key }, title: image.name, onclick: () => this.open(image.key) },
        element("span", { class: "shot" }),
        element("span", { class: "line" }, element("span", { class: "dot" }), element("span", { class: "name" }, image.name), element("span", { class: "count" })),
      );
      this.items.set(image.key, item);
      this.root.append(item);
      this.paint(image, item);
    }
    this.drawHead();
    this.mark(this.current);
  }

  /** Load the pictures of what is seen, from now on. */
  load() {
    for (const item of this.items.values()) this.watcher.observe(item);
  }

  /** A few at a time, so that requests of the open image find their way. */
  async loadMore() {
    while (this.loading < AT_ONCE) {
      const item = this.waiting.shift();
      if (!item) return;
      this.watcher.unobserve(item);
      this.loading++;
      this.loadOne(item).finally(() => {
        this.loading--;
        this.loadMore();
      });
    }
  }

  /** The picture of an image once more, where there is one already: the image may have been replaced. @param {string} key */
  renew(key) {
    const item = this.items.get(key);
    if (item?.querySelector("img")) this.loadOne(item);
  }

  /** @param {HTMLElement} item */
  async loadOne(item) {
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

  /** @param {Partial<ImageSummary> & {key: string}} change */
  update(change) {
    const image = this.byKey.get(change.key);
    const item = this.items.get(change.key);
    if (!image || !item) return;
    Object.assign(image, change);
    this.paint(image, item);
    this.drawHead();
  }

  /** @param {ImageSummary} image @param {HTMLElement} item */
  paint(image, item) {
    const dot = /** @type {HTMLElement} */ (item.querySelector(".dot"));
    dot.className = `dot ${image.status}`;
    dot.title = t(image.status);
    /** @type {HTMLElement} */ (item.querySelector(".count")).textContent = image.objects === null || (image.objects === 0 && image.status === "untouched") ? "" : String(image.objects);
    dot.setAttribute("role", "img");
    dot.setAttribute("aria-label", t(image.status));
    item.hidden = this.shown !== "" && image.status !== this.shown;
  }

  draw() {
    for (const image of this.images) this.paint(image, /** @type {HTMLElement} */ (this.items.get(image.key)));
    this.drawHead();
  }

  drawHead() {
    const counts = Object.fromEntries(STATUSES.map((s) => [s, this.images.filter((e) => e.status === s).length]));
    const choice = element("select", { "aria-label": t("show"), onchange: (/** @type {Event} */ event) => {
      this.shown = /** @type {HTMLSelectElement} */ (event.target).value;
      this.draw();
    } });
    choice.append(element("option", { value: "" }, t("all_images", { n: this.images.length })));
    for (const status of STATUSES) choice.append(element("option", { value: status, selected: this.shown === status }, `${t(status)} (${counts[status]})`));
    this.head.replaceChildren(choice);
    this.emit("shown");
  }

  /** @param {string | null} key */
  mark(key) {
    this.current = key;
    for (const [each, item] of this.items) item.setAttribute("aria-current", String(each === key));
    if (key) this.items.get(key)?.scrollIntoView({ block: "nearest" });
  }

  /**
   * The key of the next image that is shown, in either direction; the one before may be shown no more.
   * @param {string | undefined} from  a key @param {1 | -1} step
   */
  neighbour(from, step) {
    let place = this.images.findIndex((e) => e.key === from) + step;
    while (this.items.get(this.images[place]?.key)?.hidden) place += step;
    return this.images[place]?.key ?? null;
  }
}
