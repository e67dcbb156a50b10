// The outlines of all objects. Few are drawn in every frame. Many are drawn into a picture of their
// own, a few milliseconds a frame, which is moved and scaled with the image until a new one is ready:
// panning and zooming stay smooth among any number.

import { classColour } from "./colours.js";

/** @typedef {import("./open_image.js").OpenImage} OpenImage */
/** @typedef {import("./open_image.js").Outline} Outline */
/** @typedef {import("./picture_layer.js").Camera} Camera */

const FEW = 4000; // vertices that are drawn in every frame
const SLICE = 2; // milliseconds of drawing a frame
const BATCH = 12; // outlines between two looks at the clock
const IGNORED = "#9aa0a6";

/** @typedef {{canvas: HTMLCanvasElement, camera: Camera, stamp: string}} Drawn */

export class OutlineLayer {
  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
    this.width = 1.6; // pixels of the page
    this.visible = true;
    /** @type {Drawn | null} */ this.ready = null;
    /** @type {(Drawn & {ids: number[], next: number}) | null} */ this.making = null;
    this.version = 0;
    /** @type {Set<number>} */ this.hidden = new Set(); // drawn elsewhere while a hand moves them
    /** @type {Set<number> | null} */ this.filter = null;
  }

  /** Draw all others faintly. @param {Set<number> | null} ids */
  setFilter(ids) {
    if (ids === null && this.filter === null) return;
    this.filter = ids;
    this.changed();
  }

  changed() {
    this.version++;
    this.making = null;
    this.redraw();
  }

  /**
   * @param {CanvasRenderingContext2D} context  in pixels of the device
   * @param {OpenImage} image @param {Camera} camera
   * @param {number} width @param {number} height @param {number} density  device pixels a page pixel
   */
  draw(context, image, camera, width, height, density) {
    if (!this.visible) return;
    const view = {
      x0: camera.x, y0: camera.y, x1: camera.x + width / camera.zoom, y1: camera.y + height / camera.zoom,
    };
    const ids = image.index.query(view);
    let vertices = 0;
    for (const id of ids) {
      for (const ring of /** @type {Outline} */ (image.outlines.get(id)).rings(camera.zoom)) vertices += ring.length / 2;
      if (vertices > FEW) break;
    }
    if (vertices <= FEW) {
      this.making = null;
      this.strokeAll(context, image, ids, camera, density);
      this.ready = null;
      return;
    }
    const stamp = `${this.version} ${camera.x} ${camera.y} ${camera.zoom} ${width} ${height}`;
    if (this.ready?.stamp !== stamp) this.make(image, ids, camera, width, height, density, stamp);
    if (this.ready) this.blit(context, this.ready, camera);
  }

  /**
   * Go on with the picture that is being made, a slice a frame; one for an earlier camera is
   * finished first, so that outlines come also while a hand keeps panning.
   * @param {OpenImage} image @param {number[]} ids @param {Camera} camera
   * @param {number} width @param {number} height @param {number} density @param {string} stamp
   */
  make(image, ids, camera, width, height, density, stamp) {
    if (!this.making) {
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      this.making = { canvas, camera: { ...camera }, stamp, ids, next: 0 };
    }
    const making = this.making;
    const context = /** @type {CanvasRenderingContext2D} */ (making.canvas.getContext("2d"));
    const until = performance.now() + SLICE;
    while (making.next < making.ids.length && performance.now() < until) {
      this.strokeAll(context, image, making.ids.slice(making.next, making.next + BATCH), making.camera, density);
      making.next += BATCH;
    }
    if (making.next >= making.ids.length) {
      const spare = this.ready?.canvas;
      this.ready = { canvas: making.canvas, camera: making.camera, stamp: making.stamp };
      this.making = null;
      if (spare) spare.width = spare.height = 0;
    }
    if (this.ready?.stamp !== stamp) this.redraw();
  }

  /** @param {CanvasRenderingContext2D} context @param {Drawn} drawn @param {Camera} camera */
  blit(context, drawn, camera) {
    const scale = camera.zoom / drawn.camera.zoom;
    const x = (drawn.camera.x - camera.x) * camera.zoom;
    const y = (drawn.camera.y - camera.y) * camera.zoom;
    context.imageSmoothingEnabled = scale !== 1;
    context.drawImage(drawn.canvas, x, y, drawn.canvas.width * scale, drawn.canvas.height * scale);
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {OpenImage} image @param {number[]} ids
   * @param {Camera} camera @param {number} density
   */
  strokeAll(context, image, ids, camera, density) {
    /** @type {Map<string, Outline[]>} */
    const byColour = new Map();
    for (const id of ids) {
      const outline = image.outlines.get(id);
      if (!outline || this.hidden.has(id)) continue;
      const dim = this.filter && !this.filter.has(id);
      const colour = (outline.ignore ? IGNORED : classColour(outline.label)) + (dim ? "40" : "");
      const same = byColour.get(colour);
      if (same) same.push(outline);
      else byColour.set(colour, [outline]);
    }
    context.lineWidth = this.width * density;
    context.lineJoin = "round";
    for (const [colour, outlines] of byColour) {
      context.strokeStyle = colour;
      context.beginPath();
      for (const outline of outlines) trace(context, outline.rings(camera.zoom), camera);
      context.stroke();
    }
  }
}

/**
 * Rings as closed paths.
 * @param {CanvasRenderingContext2D} context
 * @param {import("./geometry.js").Ring[]} rings
 * @param {Camera} camera
 */
export function trace(context, rings, camera) {
  const { x, y, zoom } = camera;
  for (const ring of rings) {
    context.moveTo((ring[0] - x) * zoom, (ring[1] - y) * zoom);
    for (let i = 2; i < ring.length; i += 2) context.lineTo((ring[i] - x) * zoom, (ring[i + 1] - y) * zoom);
    context.closePath();
  }
}
