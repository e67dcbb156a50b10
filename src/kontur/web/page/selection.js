// Which objects are selected, and which one lies under the pointer.

import { Emitter } from "./emitter.js";

export class Selection extends Emitter {
  constructor() {
    super();
    /** @type {Set<number>} */ this.ids = new Set();
    /** @type {number | null} */ this.hovered = null;
  }

  /** The only selected object, or null. */
  get single() {
    return this.ids.size === 1 ? /** @type {number} */ (this.ids.values().next().value) : null;
  }

  /** @param {Iterable<number>} ids */
  set(ids) {
    this.ids = new Set(ids);
    this.emit("change");
  }

  /** @param {number} id */
  toggle(id) {
    if (!this.ids.delete(id)) this.ids.add(id);
    this.emit("change");
  }

  clear() {
    if (this.ids.size) this.set([]);
  }

  /** @param {number | null} id */
  hover(id) {
    if (id === this.hovered) return;
    this.hovered = id;
    this.emit("hover");
  }

  /** Forget what is not there any more. @param {Map<number, unknown>} outlines */
  keepOnly(outlines) {
    const left = [...this.ids].filter((id) => outlines.has(id));
    if (left.length !== this.ids.size) this.set(left);
    if (this.hovered !== null && !outlines.has(this.hovered)) this.hovered = null;
  }
}
