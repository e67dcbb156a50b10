// What a person works on: the folder, the image that is open, and everything that can be done with
// them. The header, the footer and the panels listen to it and call it.

import { Emitter } from "./emitter.js";
import { toast } from "./elements.js";
import { t } from "./language.js";
import { OpenImage } from "./open_image.js";
import { Refusal, request, send, windowName } from "./server.js";

/** @typedef {import("./viewer.js").Viewer} Viewer */
/** @typedef {import("./selection.js").Selection} Selection */
/** @typedef {import("./gallery.js").ImageSummary} ImageSummary */
/** @typedef {{name: string, images: ImageSummary[], classes: string[], palette: string[], model: string, channel: number | string, contrast: string,
 *   formats: {name: string, title: string, ending: string, install: string | null}[], can_train: boolean, train_install: string, train_size: string, problems: string[], version: string}} Folder */

/**
 * Emits: `open` (another image), `picture` (it can be shown), `objects`, `saving`, `cannot-show` with
 * a sentence, `busy` with a boolean, `classes`, `model`, `connection`.
 */
export class Work extends Emitter {
  /** @param {Viewer} viewer @param {Selection} selection */
  constructor(viewer, selection) {
    super();
    this.viewer = viewer;
    this.selection = selection;
    /** @type {Folder | null} */ this.folder = null;
    /** @type {OpenImage | null} */ this.image = null;
    this.model = "";
    /** @type {number | string} */ this.channel = 0; // that models see of images of several stains
    this.contrast = ""; // in which models see images, as it was typed; empty for their own
    this.drawingClass = 0;
    /** @type {string | null | undefined} */ this.stream = undefined; // through which events are heard; null after a break
    /** @type {Set<number>} */ this.visited = new Set(); // of the least certain objects
  }

  get classes() {
    return this.folder?.classes ?? [];
  }

  /** @param {string[]} classes */
  setClasses(classes) {
    if (this.folder) this.folder.classes = classes;
    if (this.image) this.image.classes = classes;
    this.emit("classes");
  }

  /** @param {string} key @param {number} [page] */
  async open(key, page = 0) {
    const same = this.image?.key === key;
    if (same && this.image?.page === page) return;
    this.image?.close();
    this.selection.clear();
    this.visited = new Set();
    const opened = new OpenImage(key, page);
    if (same) opened.pages = this.image?.pages ?? 1; // the key of the next plane may be pressed before it is read
    this.image = opened;
    rememberInAddress(key, page);
    this.emit("open", opened);
    opened.on("picture", () => {
      this.viewer.open(opened, same);
      this.emit("picture");
    });
    opened.on("objects", () => {
      if (this.folder && opened.classes.length) this.folder.classes = opened.classes;
      if (this.image === opened) { // and no late answer, of an image that was left
        this.selection.keepOnly(opened.outlines);
        this.viewer.outlines.changed();
      }
      this.emit("objects", opened);
    });
    opened.on("saving", () => this.emit("saving"));
    opened.on("refused", tell);
    opened.on("notice", (sentence) => toast(sentence, "problem"));
    opened.on("replaced", () => this.image === opened && this.reopen());
    try {
      await opened.load();
      await this.viewer.shown(); // before anything that takes the server's time
      this.prepare();
    } catch (error) {
      if (this.image !== opened || opened.closed.signal.aborted) return;
      this.viewer.close();
      this.emit("cannot-show", sentence(error));
    }
    this.announce();
  }

  /** Show the image anew, since another program has put another in its place. */
  reopen() {
    const { image } = this;
    image?.close();
    this.image = null;
    if (image) this.open(image.key, image.page);
  }

  /** Let the server compute the features of the image, so that the first outline comes at once. */
  prepare() {
    const { image } = this;
    if (!image?.picture || !this.model) return;
    send("POST", `images/${image.key}/features?page=${image.page}`, { name: this.model }).catch(() => {});
  }

  /** @param {string | null} stream  through which events are heard from now on */
  connect(stream) {
    this.stream = stream;
    this.emit("connection");
  }

  /** Tell the other windows which image this one shows. */
  announce() {
    const { image, stream } = this;
    if (image && stream) send("PUT", "windows", { window: windowName, stream, image: image.key }).catch(() => {});
  }

  /** Tell the other windows that this one is gone. */
  leave() {
    const { stream } = this;
    if (stream) request("PUT", "windows", { window: windowName, stream, image: null }, undefined, true).catch(() => {});
  }

  /** @param {number} by */
  goPlane(by) {
    const page = (this.image?.page ?? 0) + by;
    if (this.image && page >= 0 && page < this.image.pages) this.open(this.image.key, page);
  }

  /** @param {Record<string, unknown>} edit */
  edit(edit) {
    return this.image?.edit(edit) ?? Promise.resolve(null);
  }

  /** A new object, from a prompt or as it was drawn. @param {Record<string, any>} prompt */
  async outline(prompt) {
    const on = this.image; // another one may be open when the answer comes
    if (!on) return;
    const label = Math.min(this.drawingClass, Math.max(0, on.classes.length - 1));
    const edit = prompt.ring ? { move: "add", ring: prompt.ring, label } : { move: "outline", model: this.model, label, ...prompt };
    this.emit("busy", true);
    const fresh = await on.edit(edit);
    this.emit("busy", false);
    if (this.image === on && fresh?.length) this.selection.set(fresh);
  }

  /** @param {Record<string, unknown>} edit  of the selected objects, or the one under the pointer */
  editSelected(edit) {
    const { ids, hovered } = this.selection;
    const objects = ids.size ? [...ids] : hovered === null ? [] : [hovered];
    if (!objects.length) toast(t("select_first"));
    else this.edit({ ...edit, objects });
  }

  /** The class of what is drawn next, and of the selected objects. @param {number} label */
  classify(label) {
    if (!this.image || label >= this.image.classes.length) return;
    this.drawingClass = label;
    if (this.selection.ids.size) this.edit({ move: "classify", objects: [...this.selection.ids], label });
    this.emit("classes");
  }

  /** Select an object and bring it into view. @param {number} id */
  show(id) {
    const shown = this.image?.outlines.get(id);
    if (!shown) return;
    this.selection.set([id]);
    this.viewer.showBox(shown.box);
  }

  /**
   * Show the object next of which the model is least sure; its id, null where none is left.
   * @param {(outline: import("./open_image.js").Outline) => number} sureness
   */
  nextUncertain(sureness) {
    const left = [...(this.image?.outlines.values() ?? [])]
      .filter((o) => o.by === "model" && !this.visited.has(o.id))
      .sort((a, b) => sureness(a) - sureness(b));
    if (!left.length) {
      toast(t("none_uncertain"));
      this.visited = new Set();
      return null;
    }
    this.visited.add(left[0].id);
    this.show(left[0].id);
    return left[0].id;
  }

  /** @param {"undo" | "redo"} direction */
  step(direction) {
    this.image?.step(direction);
  }

  /** Say that the image is done, or not yet. */
  async toggleDone() {
    const { image } = this;
    if (!image) return;
    try {
      await send("PUT", `images/${image.key}/status`, { status: image.status === "done" ? "corrected" : "done" });
      await image.catchUp();
    } catch (error) {
      tell(error);
    }
  }

  /** Use another model, channel or contrast from now on. @param {string} name @param {{channel?: number | string, contrast?: string}} [how] */
  async choose(name, how = {}) {
    try {
      const chosen = await send("PUT", "model", { name, ...how });
      this.use(name, chosen.channel, chosen.contrast);
      this.prepare();
    } catch (error) {
      tell(error);
      this.emit("model"); // what was there before is shown again
    }
  }

  /** What was chosen, here or in another window. @param {string} name @param {number | string} channel @param {string} contrast */
  use(name, channel, contrast) {
    this.model = name;
    this.channel = channel;
    this.contrast = contrast;
    this.emit("model");
  }
}

/** So that a reload shows the image again. Back leaves the page, and not one image after the other. @param {string} key @param {number} page */
function rememberInAddress(key, page) {
  const query = new URLSearchParams(location.search);
  query.set("image", key);
  if (page) query.set("page", String(page));
  else query.delete("page");
  history.replaceState(null, "", `?${query}`);
}

/** @param {unknown} error */
export function tell(error) {
  toast(sentence(error), error instanceof Refusal && error.reason === "conflict" ? "info" : "problem");
}

/** @param {unknown} error */
export const sentence = (error) => (error instanceof Error ? error.message : String(error));
