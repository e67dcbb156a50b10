// The header: which image is open, how it stands, and what is done with it as a whole.

import { byId, element, icon } from "./elements.js";
import { t } from "./language.js";

/** @typedef {import("./work.js").Work} Work */
/** @typedef {import("./gallery.js").Gallery} Gallery */

export class Header {
  /** @param {Work} work @param {Gallery} gallery */
  constructor(work, gallery) {
    this.work = work;
    this.gallery = gallery;
    for (const name of ["open", "objects", "saving", "connection"]) work.on(name, () => this.draw());
    gallery.on("shown", () => this.draw());
    /** @type {[string, () => void][]} */
    const clicks = [
      ["previous", () => this.go(-1)], ["next", () => this.go(1)], ["done", () => work.toggleDone()],
      ["undo", () => work.step("undo")], ["redo", () => work.step("redo")],
      ["show-gallery", () => byId("gallery").classList.toggle("open")],
      ["show-panel", () => byId("panel").classList.toggle("open")],
    ];
    for (const [id, run] of clicks) byId(id).addEventListener("click", run);
  }

  /** Open the image after the open one, or before it. @param {1 | -1} by */
  go(by) {
    const key = this.gallery.neighbour(this.work.image?.key, by);
    if (key) this.work.open(key);
  }

  draw() {
    const { image, folder } = this.work;
    byId("folder-name").textContent = byId("folder-name").title = folder?.name ?? "";
    const { images } = this.gallery;
    const place = images.findIndex((each) => each.key === image?.key);
    const name = images[place]?.name ?? "";
    byId("image-name").textContent = byId("image-name").title = name;
    byId("image-number").textContent = name ? `${place + 1} / ${images.length}` : "";
    document.title = name ? `${name} · Kontur` : "Kontur";
    enable("previous", this.gallery.neighbour(image?.key, -1) !== null);
    enable("next", this.gallery.neighbour(image?.key, 1) !== null);
    enable("undo", Boolean(image?.undoable));
    enable("redo", Boolean(image?.redoable));
    const isDone = image?.status === "done";
    const done = byId("done");
    done.hidden = !image;
    done.setAttribute("aria-pressed", String(isDone));
    done.setAttribute("aria-label", t("mark_done"));
    done.replaceChildren(icon("check"), element("span", {}, t(isDone ? "done" : "mark_done")));
    this.drawSaved();
  }

  drawSaved() {
    const { image, stream } = this.work;
    const saved = byId("saved");
    saved.classList.toggle("problem", stream === null || Boolean(image?.failure));
    saved.title = stream === null ? t("no_connection") : image?.failure ?? "";
    saved.textContent = stream === null ? t("offline") : !image ? "" : image.waiting ? t("saving") : image.failure ? t("not_saved") : image.revision > 0 ? t("saved") : "";
  }
}

/** @param {string} id @param {boolean} can */
function enable(id, can) {
  /** @type {HTMLButtonElement} */ (byId(id)).disabled = !can;
}
