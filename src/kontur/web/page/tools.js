// Tools: what the pointer does on the image. One is active; panning and zooming work in all of them.

import { Emitter } from "./emitter.js";
import { contains, distanceToOutline, dotted, dragged, nearestVertex, thinned } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Ring} Ring */
/** @typedef {import("./viewer.js").Viewer} Viewer */
/** @typedef {import("./selection.js").Selection} Selection */
/** @typedef {import("./open_image.js").Outline} Outline */
/** @typedef {"select" | "extremes" | "click" | "box" | "hand" | "cut" | "carve" | "extend"} Tool */

export const TOOLS = /** @type {Tool[]} */ (["select", "extremes", "click", "box", "hand", "cut", "carve", "extend"]);
export const DRAWING = new Set(["extremes", "click", "box", "hand"]);

const GRAB = 9; // pixels of the page around a vertex in which it is grabbed
const SLACK = 5; // pixels of the page around an outline in which it is hit
const STILL = 4; // pixels of the page within which a press is a click
const STEP = 2.5; // pixels of the page between the points of a line drawn by hand

export class Tools extends Emitter {
  /**
   * @param {Viewer} viewer @param {Selection} selection
   * @param {{edit: (edit: Record<string, unknown>) => Promise<number[] | null>,
   *   outline: (prompt: Record<string, unknown>) => void, fits: () => boolean}} actions
   */
  constructor(viewer, selection, actions) {
    super();
    this.viewer = viewer;
    this.selection = selection;
    this.actions = actions;
    /** @type {Tool} */ this.tool = "select";
    this.radius = 10; // of a drag, pixels of the image
    /** @type {Point[]} */ this.points = []; // of the gesture so far, in pixels of the image
    /** @type {Point | null} */ this.pointer = null;
    /** @type {null | {kind: "pan" | "press" | "vertex" | "line" | "box", at: Point, page: Point, moved: boolean,
     *   vertex?: {part: number, ring: number, index: number}, id?: number, shift?: boolean}} */
    this.gesture = null;
    /** @type {Ring[][] | null} */ this.live = null; // of the object that is being dragged
    /** @type {number | null} */ this.worked = null; // the selected object, where a tool and not a person selected it
    this.space = false;
    /** @type {Map<number, Point>} */ this.touches = new Map();
    selection.on("change", () => { this.worked = null; });
    this.listen();
  }

  /** @param {Tool} tool */
  choose(tool) {
    this.cancel();
    this.tool = tool;
    this.viewer.overlay.dataset.tool = tool;
    this.emit("tool", tool);
    this.viewer.redraw();
  }

  /** Give up the gesture that has begun; whether there was one. */
  cancel() {
    const had = this.points.length > 0 || this.gesture !== null;
    this.points = [];
    this.gesture = null;
    this.stopDragging();
    this.viewer.redraw();
    return had;
  }

  stopDragging() {
    this.live = null;
    if (this.viewer.outlines.hidden.size) {
      this.viewer.outlines.hidden.clear();
      this.viewer.outlines.changed();
    }
  }

  listen() {
    const { overlay } = this.viewer;
    overlay.addEventListener("pointerdown", (event) => this.down(event));
    overlay.addEventListener("pointermove", (event) => this.move(event));
    overlay.addEventListener("pointerup", (event) => this.up(event));
    overlay.addEventListener("pointercancel", (event) => {
      this.touches.delete(event.pointerId);
      this.cancel();
    });
    overlay.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.selection.hover(null);
      this.emit("pointer");
    });
    overlay.addEventListener("dblclick", (event) => this.twice(event));
    overlay.addEventListener("contextmenu", (event) => event.preventDefault());
    overlay.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  /** @param {MouseEvent} event @returns {Point} */
  pageOf(event) {
    const frame = this.viewer.overlay.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const [px, py] = this.pageOf(event);
    // A mouse's wheel zooms, as does a pinch; two fingers on a trackpad pan.
    const isMouse = event.deltaX === 0 && Math.abs(event.deltaY) >= 40 && Number.isInteger(event.deltaY);
    if (event.ctrlKey || event.metaKey || isMouse || event.deltaMode !== 0) {
      const speed = event.ctrlKey && !isMouse ? 0.012 : 0.0018 * (event.deltaMode ? 30 : 1);
      this.viewer.zoomBy(Math.exp(-Math.max(-300, Math.min(300, event.deltaY)) * speed), px, py);
    } else {
      this.viewer.pan(-event.deltaX, -event.deltaY);
    }
  }

  /** @param {PointerEvent} event */
  down(event) {
    const image = this.viewer.image;
    if (!image) return;
    this.viewer.overlay.setPointerCapture(event.pointerId);
    const page = this.pageOf(event);
    this.touches.set(event.pointerId, page);
    if (this.touches.size === 2) {
      this.cancel();
      return;
    }
    const at = this.viewer.toImage(...page);
    const start = { at, page, moved: false, shift: event.shiftKey || event.ctrlKey || event.metaKey };
    if (event.button === 1 || this.space || (event.button === 2 && this.tool === "select" && !this.grabbed(at))) {
      this.gesture = { kind: "pan", ...start };
    } else if (this.tool === "select") {
      this.downSelect(event, start);
    } else if (event.button === 0 && (this.tool === "hand" || this.tool === "cut" || this.tool === "carve" || this.tool === "extend")) {
      this.points = [at];
      this.gesture = { kind: "line", ...start };
    } else if (event.button === 0 && this.tool === "box") {
      this.points = [at];
      this.gesture = { kind: "box", ...start };
    } else if (event.button === 0) {
      this.gesture = { kind: "press", ...start };
    }
  }

  /** The vertex of a selected object under a point. @param {Point} at */
  grabbed(at) {
    const id = this.selection.single;
    const outline = id === null ? null : this.viewer.image?.outlines.get(id);
    if (!outline) return null;
    const vertex = nearestVertex(outline.parts, ...at);
    return vertex.distance <= this.viewer.inImage(GRAB) ? { vertex, id: outline.id } : null;
  }

  /** @param {PointerEvent} event @param {{at: Point, page: Point, moved: boolean, shift: boolean}} start */
  downSelect(event, start) {
    const grabbed = this.grabbed(start.at);
    if (grabbed && (event.altKey || event.button === 2)) {
      this.actions.edit({ move: "delete_vertex", object: grabbed.id, at: start.at });
    } else if (grabbed && event.button === 0) {
      this.gesture = { kind: "vertex", ...start, ...grabbed };
    } else if (event.button === 0) {
      this.gesture = { kind: "press", ...start };
    }
  }

  /** @param {PointerEvent} event */
  move(event) {
    const image = this.viewer.image;
    if (!image) return;
    const page = this.pageOf(event);
    if (this.touches.size === 2 && this.touches.has(event.pointerId)) {
      this.pinch(event.pointerId, page);
      return;
    }
    this.pointer = this.viewer.toImage(...page);
    const { gesture } = this;
    if (!gesture) {
      this.hover();
    } else {
      const far = Math.hypot(page[0] - gesture.page[0], page[1] - gesture.page[1]) > STILL;
      gesture.moved ||= far;
      if (gesture.kind === "pan" || (gesture.kind === "press" && gesture.moved && (this.tool === "select" || this.tool === "click" || this.tool === "extremes"))) {
        gesture.kind = "pan";
        const last = /** @type {any} */ (gesture).last ?? gesture.page;
        this.viewer.pan(page[0] - last[0], page[1] - last[1]);
        /** @type {any} */ (gesture).last = page;
      } else if (gesture.kind === "vertex" && gesture.moved) {
        this.dragVertex();
      } else if (gesture.kind === "line") {
        const last = this.points[this.points.length - 1];
        if (Math.hypot(this.pointer[0] - last[0], this.pointer[1] - last[1]) >= this.viewer.inImage(STEP)) {
          this.points.push(this.pointer);
        }
      }
    }
    this.emit("pointer");
    this.viewer.redraw();
  }

  /** Two fingers. @param {number} id @param {Point} page */
  pinch(id, page) {
    const [a, b] = [...this.touches.values()];
    const before = Math.hypot(a[0] - b[0], a[1] - b[1]);
    const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    this.touches.set(id, page);
    const [c, d] = [...this.touches.values()];
    const after = Math.hypot(c[0] - d[0], c[1] - d[1]);
    const centre = [(c[0] + d[0]) / 2, (c[1] + d[1]) / 2];
    this.viewer.pan(centre[0] - middle[0], centre[1] - middle[1]);
    if (before > 0) this.viewer.zoomBy(after / before, centre[0], centre[1]);
  }

  hover() {
    const { viewer } = this;
    if (this.tool !== "select" || !viewer.image || !this.pointer) return;
    const hit = viewer.image.at(...this.pointer, viewer.inImage(SLACK), contains, distanceToOutline);
    this.selection.hover(hit?.id ?? null);
  }

  dragVertex() {
    const gesture = /** @type {NonNullable<typeof this.gesture>} */ (this.gesture);
    const { viewer } = this;
    const id = /** @type {number} */ (gesture.id);
    const outline = viewer.image?.outlines.get(id);
    if (!outline || !this.pointer || !gesture.vertex) return;
    if (!viewer.outlines.hidden.has(id)) {
      viewer.outlines.hidden.add(id);
      viewer.outlines.changed();
    }
    const [dx, dy] = [this.pointer[0] - gesture.at[0], this.pointer[1] - gesture.at[1]];
    this.live = dragged(outline.parts, gesture.vertex, dx, dy, this.radius);
  }

  /** @param {PointerEvent} event */
  up(event) {
    const two = this.touches.size === 2;
    this.touches.delete(event.pointerId);
    const { gesture, viewer } = this;
    const image = viewer.image;
    this.gesture = null;
    if (!gesture || !image || two) return;
    const at = viewer.toImage(...this.pageOf(event));
    if (gesture.kind === "press") this.clicked(at, gesture.shift ?? false);
    else if (gesture.kind === "vertex") this.dropVertex(gesture, at);
    else if (gesture.kind === "line") this.lineDrawn(at, gesture.moved);
    else if (gesture.kind === "box") this.boxDrawn(at, gesture.moved);
    viewer.redraw();
  }

  /** @param {Point} at @param {boolean} shift */
  clicked(at, shift) {
    const image = /** @type {NonNullable<typeof this.viewer.image>} */ (this.viewer.image);
    if (this.tool === "select") {
      const hit = image.at(...at, this.viewer.inImage(SLACK), contains, distanceToOutline);
      if (hit && shift) this.selection.toggle(hit.id);
      else if (hit) this.selection.set([hit.id]);
      else if (!shift) this.selection.clear();
    } else if (this.tool === "click") {
      this.actions.outline({ click: this.inside(at) });
    } else if (this.tool === "extremes") {
      this.points.push(this.inside(at));
      if (this.points.length === 4) {
        this.actions.outline({ extremes: this.points });
        this.points = [];
      }
      this.emit("points", this.points.length);
    }
  }

  /** @param {NonNullable<typeof this.gesture>} gesture @param {Point} at */
  dropVertex(gesture, at) {
    const { viewer } = this;
    const id = /** @type {number} */ (gesture.id);
    const outline = viewer.image?.outlines.get(id);
    if (gesture.moved && this.live && outline && gesture.vertex) {
      const { part, ring, index } = gesture.vertex;
      const points = outline.parts[part][ring];
      const start = [points[2 * index], points[2 * index + 1]];
      const end = [start[0] + at[0] - gesture.at[0], start[1] + at[1] - gesture.at[1]];
      viewer.image?.preview(id, this.live);
      this.actions.edit({ move: "drag", object: id, start, end, radius: this.radius });
    }
    this.stopDragging();
  }

  /** @param {Point} at @param {boolean} moved */
  lineDrawn(at, moved) {
    const line = thinned([...this.points, at], this.viewer.inImage(STEP / 2));
    this.points = [];
    if (!moved || line.length < (this.tool === "cut" ? 2 : 3)) return;
    if (this.tool === "hand") {
      const ring = line.map((point) => this.inside(point));
      if (this.actions.fits()) this.actions.outline({ polygon: ring });
      else this.actions.outline({ ring });
      return;
    }
    const object = this.meant(this.tool === "cut" ? line : [...line, line[0]]);
    if (object === null) {
      this.emit("problem", "nothing_beneath");
      return;
    }
    if (this.tool === "cut") this.actions.edit({ move: "cut", object, line });
    else this.actions.edit({ move: this.tool, object, region: line });
    if (this.selection.single === object) return;
    this.selection.set([object]);
    this.worked = object;
  }

  /**
   * The object that a line is drawn on: the selected one where the line touches it, else the one in which
   * most of it lies. A region on bare ground is added to the object that a person has selected.
   * @param {Point[]} line
   */
  meant(line) {
    const { image } = this.viewer;
    const { single } = this.selection;
    const selected = single === null ? undefined : image?.outlines.get(single);
    const points = dotted(line, this.viewer.inImage(STEP));
    if (selected && points.some((point) => contains(selected.parts, ...point))) return single;
    /** @type {Map<number, number>} */
    const votes = new Map();
    for (const point of points) {
      const hit = image?.at(...point, 0, contains, distanceToOutline);
      if (hit) votes.set(hit.id, (votes.get(hit.id) ?? 0) + 1);
    }
    const [most] = [...votes].sort((a, b) => b[1] - a[1]);
    if (most) return most[0];
    return this.tool === "extend" && single !== this.worked ? single : null;
  }

  /** @param {Point} at @param {boolean} moved */
  boxDrawn(at, moved) {
    const [a, b] = [this.inside(this.points[0]), this.inside(at)];
    this.points = [];
    const box = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
    if (moved && box[2] > box[0] && box[3] > box[1]) this.actions.outline({ box });
  }

  /** @param {MouseEvent} event */
  twice(event) {
    const id = this.selection.single;
    const outline = id === null ? null : this.viewer.image?.outlines.get(id);
    if (this.tool !== "select" || !outline) return;
    const at = this.viewer.toImage(...this.pageOf(event));
    if (distanceToOutline(outline.parts, ...at) <= this.viewer.inImage(GRAB)) {
      this.actions.edit({ move: "insert", object: outline.id, at });
    }
  }

  /** A point within the image. @param {Point} point @returns {Point} */
  inside(point) {
    const { width, height } = this.viewer.image?.picture ?? { width: 1, height: 1 };
    return [Math.min(width, Math.max(0, point[0])), Math.min(height, Math.max(0, point[1]))];
  }
}
