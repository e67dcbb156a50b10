// The open image: its objects as this window knows them, and edits on their way to the server.

import { Emitter } from "./emitter.js";
import { areaOf, boxOf, simplified } from "./geometry.js";
import { get, Refusal, send, windowName } from "./server.js";
import { SpatialIndex } from "./spatial_index.js";

/** @typedef {import("./geometry.js").Ring} Ring */
/** @typedef {import("./geometry.js").Box} Box */

const COARSEST = 5; // levels of detail: tolerances of 2^-2 … 2^COARSEST pixels

export class Outline {
  /** @param {any} wire  an object of the API */
  constructor(wire) {
    /** @type {number} */ this.id = wire.id;
    /** @type {number} */ this.label = wire.label;
    /** @type {number | null} */ this.score = wire.score;
    /** @type {boolean} */ this.ignore = wire.ignore;
    /** @type {"hand" | "model" | "file"} */ this.by = wire.by;
    /** @type {Ring[][]} */
    this.parts = wire.parts.map((/** @type {number[][]} */ part) => part.map((r) => Float64Array.from(r)));
    this.box = boxOf(this.parts);
    this.area = areaOf(this.parts);
    /** @type {Map<number, Ring[]>} */
    this.levels = new Map();
  }

  /**
   * All rings with the detail that shows at a zoom, in pixels of the screen a pixel of the image.
   * @param {number} zoom
   * @returns {Ring[]}
   */
  rings(zoom) {
    const level = Math.min(COARSEST, Math.floor(Math.log2(0.4 / zoom)));
    const key = Math.max(level, -2);
    let rings = this.levels.get(key);
    if (!rings) {
      const tolerance = 2 ** key;
      rings = this.parts.flat();
      if (level >= -2) rings = rings.map((ring) => simplified(ring, tolerance));
      this.levels.set(key, rings);
    }
    return rings;
  }
}

export class OpenImage extends Emitter {
  /** @param {string} key @param {number} page */
  constructor(key, page) {
    super();
    this.key = key;
    this.page = page;
    /** @type {any} */ this.picture = null;
    this.pages = 1; // as far as is known
    /** @type {Map<number, Outline>} */ this.outlines = new Map();
    /** @type {Map<number, Outline>} */ this.previewed = new Map(); // what the server has in place of previews
    this.index = new SpatialIndex();
    this.revision = 0;
    this.loaded = false; // whether the objects are known
    this.undoable = 0;
    this.redoable = 0;
    this.status = "untouched";
    /** @type {string[]} */ this.classes = [];
    /** @type {Promise<unknown>} */ this.queue = Promise.resolve();
    this.waiting = 0;
    /** @type {string | null} */ this.failure = null;
    this.closed = new AbortController();
  }

  /** Read the picture's description and the objects. */
  async load() {
    const signal = this.closed.signal;
    const objects = get(`images/${this.key}/objects?page=${this.page}`, signal);
    objects.catch(() => {}); // said below, where the picture was there
    this.picture = await get(`images/${this.key}?page=${this.page}`, signal);
    this.pages = this.picture.pages;
    this.emit("picture");
    this.index = new SpatialIndex(Math.max(32, Math.max(this.picture.width, this.picture.height) / 64));
    this.take(await objects);
  }

  close() {
    this.closed.abort();
  }

  /**
   * Take over what the server says has changed.
   * @param {any} changes
   */
  take(changes) {
    if (changes.notice) this.emit("notice", changes.notice);
    if (changes.notice && this.loaded) this.emit("replaced"); // while it was open: what is shown is of before
    if (changes.revision < this.revision) return;
    this.loaded = true;
    /** @type {number[]} */
    const fresh = [];
    for (const wire of changes.objects) {
      const outline = new Outline(wire);
      this.previewed.delete(outline.id);
      if (!this.outlines.has(outline.id)) fresh.push(outline.id);
      this.outlines.set(outline.id, outline);
      this.index.insert(outline.id, outline.box);
    }
    for (const id of changes.deleted) {
      this.outlines.delete(id);
      this.previewed.delete(id);
      this.index.remove(id);
    }
    this.revision = changes.revision;
    this.undoable = changes.undo;
    this.redoable = changes.redo;
    this.status = changes.status;
    this.classes = changes.classes;
    this.emit("objects", { fresh, changed: changes.objects.map((/** @type {any} */ o) => o.id) });
  }

  /** Ask for what happened since the revision that is shown. */
  async catchUp() {
    this.take(await get(`images/${this.key}/objects?page=${this.page}&since=${this.revision}`));
  }

  /**
   * Show an outline at once that the server has not confirmed yet.
   * @param {number} id
   * @param {Ring[][]} parts
   */
  preview(id, parts) {
    const before = this.outlines.get(id);
    if (!before) return;
    if (!this.previewed.has(id)) this.previewed.set(id, before);
    const made = Object.assign(Object.create(Outline.prototype), before, {
      parts,
      box: boxOf(parts),
      area: areaOf(parts),
      levels: new Map(),
    });
    this.outlines.set(id, made);
    this.index.insert(id, made.box);
    this.emit("objects", { fresh: [], changed: [id] });
  }

  /** Show in place of previews what the server had. */
  takeBack() {
    const changed = [...this.previewed.keys()];
    for (const [id, outline] of this.previewed) {
      this.outlines.set(id, outline);
      this.index.insert(id, outline.box);
    }
    this.previewed.clear();
    if (changed.length) this.emit("objects", { fresh: [], changed });
  }

  /**
   * Make an edit; edits go one after the other. The new objects' ids, or null where it was refused.
   * @param {Record<string, unknown>} edit  as in the API
   * @returns {Promise<number[] | null>}
   */
  edit(edit) {
    return this.enqueue("edits", { edit });
  }

  /** Undo or redo, where by its turn there is anything left. @param {"undo" | "redo"} direction */
  step(direction) {
    return this.enqueue("steps", { direction }, () => (direction === "undo" ? this.undoable : this.redoable) > 0);
  }

  /**
   * @param {string} path
   * @param {Record<string, unknown>} body
   * @param {() => boolean} [possible]  asked at its turn
   * @returns {Promise<number[] | null>}
   */
  enqueue(path, body, possible = () => true) {
    this.waiting++;
    this.emit("saving");
    const made = this.queue.then(async () => {
      const known = new Set(this.outlines.keys());
      try {
        if (!possible()) return null;
        const changes = await send("POST", `images/${this.key}/${path}`, {
          ...body,
          revision: this.revision,
          page: this.page,
          window: windowName,
        });
        this.take(changes);
        this.failure = null;
        return changes.objects
          .map((/** @type {any} */ o) => o.id)
          .filter((/** @type {number} */ id) => !known.has(id));
      } catch (error) {
        this.failure = error instanceof Error ? error.message : String(error);
        await this.reread(error).catch(() => {}); // an end of the connection, which events tell
        this.emit("refused", error);
        return null;
      } finally {
        this.waiting--;
        this.emit("saving");
      }
    });
    this.queue = made;
    return made;
  }

  /**
   * After a refusal what was previewed is taken back, and read again what the server has.
   * @param {unknown} error
   */
  async reread(error) {
    this.takeBack();
    if (!(error instanceof Refusal) || error.byAnother) return; // nothing is answered
    const changes = await get(`images/${this.key}/objects?page=${this.page}`);
    this.outlines.clear();
    this.index.clear();
    this.revision = -1;
    this.take(changes);
  }

  /**
   * The object under a point: the smallest of those around it.
   * @param {number} x @param {number} y @param {number} slack  pixels of the image
   * @param {(parts: Ring[][], x: number, y: number) => boolean} contains
   * @param {(parts: Ring[][], x: number, y: number) => number} distance
   * @returns {Outline | null}
   */
  at(x, y, slack, contains, distance) {
    const near = this.index
      .query({ x0: x - slack, y0: y - slack, x1: x + slack, y1: y + slack })
      .map((id) => /** @type {Outline} */ (this.outlines.get(id)))
      .filter(Boolean);
    const around = near.filter((o) => contains(o.parts, x, y));
    const chosen = around.length
      ? around
      : near.filter((o) => distance(o.parts, x, y) <= slack);
    return chosen.sort((a, b) => a.area - b.area)[0] ?? null;
  }
}
