// A spatial index: which objects may lie where. A grid of cells; an object stands in every cell that
// its box touches, or, where these are many, in a list of large ones.

/** @typedef {import("./geometry.js").Box} Box */

const MANY = 64; // cells of one object, from which it counts as large

export class SpatialIndex {
  /** @param {number} cell  the side of a cell in pixels of the image */
  constructor(cell = 64) {
    this.cell = cell;
    /** @type {Map<string, Set<number>>} */
    this.cells = new Map();
    /** @type {Map<number, Box>} */
    this.boxes = new Map();
    /** @type {Set<number>} */
    this.large = new Set();
  }

  /** @param {number} id @param {Box} box */
  insert(id, box) {
    this.remove(id);
    this.boxes.set(id, box);
    const keys = this.keysOf(box);
    if (keys.length > MANY) {
      this.large.add(id);
      return;
    }
    for (const key of keys) {
      let cell = this.cells.get(key);
      if (!cell) this.cells.set(key, (cell = new Set()));
      cell.add(id);
    }
  }

  /** @param {number} id */
  remove(id) {
    const box = this.boxes.get(id);
    if (!box) return;
    this.boxes.delete(id);
    if (this.large.delete(id)) return;
    for (const key of this.keysOf(box)) this.cells.get(key)?.delete(id);
  }

  clear() {
    this.cells.clear();
    this.boxes.clear();
    this.large.clear();
  }

  /**
   * The objects whose boxes touch a box.
   * @param {Box} box
   * @returns {number[]}
   */
  query(box) {
    const touches = (/** @type {number} */ id) => {
      const own = /** @type {Box} */ (this.boxes.get(id));
      return own.x1 >= box.x0 && own.x0 <= box.x1 && own.y1 >= box.y0 && own.y0 <= box.y1;
    };
    const columns = (box.x1 - box.x0) / this.cell + 1;
    const rows = (box.y1 - box.y0) / this.cell + 1;
    if (columns * rows > this.cells.size) return [...this.boxes.keys()].filter(touches);
    /** @type {Set<number>} */
    const found = new Set(this.large);
    for (const key of this.keysOf(box)) for (const id of this.cells.get(key) ?? []) found.add(id);
    return [...found].filter(touches);
  }

  /** @param {Box} box @returns {string[]} */
  keysOf(box) {
    const [left, right] = [box.x0, box.x1].map((v) => Math.floor(v / this.cell));
    const [top, bottom] = [box.y0, box.y1].map((v) => Math.floor(v / this.cell));
    const keys = [];
    if ((right - left + 1) * (bottom - top + 1) > 1e6) return [...this.cells.keys()];
    for (let y = top; y <= bottom; y++) for (let x = left; x <= right; x++) keys.push(`${x} ${y}`);
    return keys;
  }
}
