// A histogram over which a range can be brushed.

import { t } from "./language.js";

const BARS = 36;
const SVG = "http://www.w3.org/2000/svg";

export class Histogram {
  /** @param {(range: [number, number] | null, ended: boolean) => void} brushed */
  constructor(brushed) {
    this.brushed = brushed;
    this.root = document.createElementNS(SVG, "svg");
    this.root.setAttribute("class", "histogram");
    this.root.setAttribute("viewBox", `0 0 ${BARS} 100`);
    this.root.setAttribute("preserveAspectRatio", "none");
    this.root.setAttribute("role", "img");
    this.root.setAttribute("aria-label", t("measurement"));
    /** @type {[number, number] | null} */ this.span = null;
    /** @type {[number, number] | null} */ this.range = null;
    /** @type {number | null} */ this.from = null;
    this.root.addEventListener("pointerdown", (event) => {
      this.root.setPointerCapture(event.pointerId);
      this.from = this.valueAt(event);
    });
    this.root.addEventListener("pointermove", (event) => {
      if (this.from !== null) this.drag(event, false);
    });
    this.root.addEventListener("pointerup", (event) => {
      if (this.from !== null) this.drag(event, true);
      this.from = null;
    });
  }

  clear() {
    this.range = null;
  }

  /** @param {PointerEvent} event */
  valueAt(event) {
    if (!this.span) return null;
    const frame = this.root.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - frame.left) / frame.width));
    return this.span[0] + share * (this.span[1] - this.span[0]);
  }

  /** @param {PointerEvent} event @param {boolean} ended */
  drag(event, ended) {
    const to = this.valueAt(event);
    if (to === null || this.from === null || !this.span) return;
    const range = /** @type {[number, number]} */ ([Math.min(this.from, to), Math.max(this.from, to)]);
    const wide = range[1] - range[0] > (this.span[1] - this.span[0]) / 200;
    this.brushed(wide ? range : null, ended); // a click without a drag chooses all again
  }

  /** @param {(number | null)[]} values @param {[number, number] | null} range */
  show(values, range) {
    const known = /** @type {number[]} */ (values.filter((v) => v !== null));
    this.root.replaceChildren();
    if (!known.length) {
      this.span = null;
      return;
    }
    let [low, high] = [Infinity, -Infinity];
    for (const v of known) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
    if (this.from === null || !this.span) this.span = [low, high > low ? high : low + 1];
    const [start, end] = this.span;
    const counts = new Array(BARS).fill(0);
    for (const v of known) counts[Math.min(BARS - 1, Math.max(0, Math.floor(((v - start) / (end - start)) * BARS)))]++;
    const most = Math.max(...counts);
    counts.forEach((count, i) => {
      const bar = document.createElementNS(SVG, "rect");
      const height = count ? Math.max(3, (96 * count) / most) : 0;
      const middle = start + ((i + 0.5) / BARS) * (end - start);
      if (range && middle >= range[0] && middle <= range[1]) bar.setAttribute("class", "on");
      set(bar, { x: i + 0.08, y: 100 - height, width: 0.84, height });
      this.root.append(bar);
    });
    if (range) {
      const brush = document.createElementNS(SVG, "rect");
      brush.setAttribute("class", "brush");
      const x = ((range[0] - start) / (end - start)) * BARS;
      set(brush, { x, y: 0, width: ((range[1] - range[0]) / (end - start)) * BARS, height: 100 });
      this.root.append(brush);
    }
  }
}

/** @param {Element} target @param {Record<string, number>} values */
function set(target, values) {
  for (const [name, value] of Object.entries(values)) target.setAttribute(name, String(value));
}

/**
 * A still histogram of counts, with two marks.
 * @param {number[]} counts @param {number} black @param {number} white  shares of the range
 */
export function stillHistogram(counts, black, white) {
  const root = document.createElementNS(SVG, "svg");
  root.setAttribute("class", "histogram small");
  root.setAttribute("viewBox", `0 0 ${counts.length} 100`);
  root.setAttribute("preserveAspectRatio", "none");
  root.setAttribute("aria-hidden", "true");
  const most = Math.log1p(Math.max(...counts));
  counts.forEach((count, i) => {
    const bar = document.createElementNS(SVG, "rect");
    const height = most ? (96 * Math.log1p(count)) / most : 0;
    const at = (i + 0.5) / counts.length;
    if (at >= black && at <= white) bar.setAttribute("class", "on");
    set(bar, { x: i, y: 100 - height, width: 1, height });
    root.append(bar);
  });
  return root;
}
