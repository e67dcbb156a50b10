// The viewer: an image and its outlines under a camera that pans and zooms.

import { Emitter } from "./emitter.js";
import { OutlineLayer } from "./outline_layer.js";
import { PictureLayer } from "./picture_layer.js";

/** @typedef {import("./open_image.js").OpenImage} OpenImage */
/** @typedef {import("./geometry.js").Box} Box */

const CLOSEST = 64; // device pixels a pixel of the image
const PATIENCE = 3000; // milliseconds that other requests wait for the picture
const TIMES = 600; // frames whose times are kept

export class Viewer extends Emitter {
  /** @param {HTMLCanvasElement} canvas @param {HTMLCanvasElement} overlay */
  constructor(canvas, overlay) {
    super();
    this.canvas = canvas;
    this.overlay = overlay;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    this.over = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));
    this.picture = new PictureLayer(() => this.redraw());
    this.outlines = new OutlineLayer(() => this.redraw());
    this.camera = { x: 0, y: 0, zoom: 1 };
    /** @type {OpenImage | null} */ this.image = null;
    this.density = 1;
    this.background = "#101214";
    /** @type {number[]} */ this.times = []; // milliseconds of drawing, the newest last
    this.waiting = false;
    /** @type {((context: CanvasRenderingContext2D) => void) | null} */ this.drawOver = null;
    /** @type {(() => void)[]} */ this.waitingForPicture = [];
    this.picture.onShown = () => {
      this.emit("shown");
      for (const tell of this.waitingForPicture.splice(0)) tell();
    };
    new ResizeObserver(() => this.resize()).observe(/** @type {Element} */ (canvas.parentElement));
    this.resize();
  }

  resize() {
    const frame = /** @type {Element} */ (this.canvas.parentElement).getBoundingClientRect();
    const density = devicePixelRatio || 1;
    const width = Math.max(1, Math.round(frame.width * density));
    const height = Math.max(1, Math.round(frame.height * density));
    if (width === this.canvas.width && height === this.canvas.height && density === this.density) return;
    const centre = this.centre();
    this.density = density;
    for (const each of [this.canvas, this.overlay]) {
      each.width = width;
      each.height = height;
    }
    if (this.fitted) this.fit();
    else this.lookAt(centre[0], centre[1]);
    this.draw();
  }

  /** The middle of what is seen, in pixels of the image. @returns {[number, number]} */
  centre() {
    const { x, y, zoom } = this.camera;
    return [x + this.canvas.width / zoom / 2, y + this.canvas.height / zoom / 2];
  }

  /** @param {OpenImage} image @param {boolean} keep  whether camera and contrast stay */
  open(image, keep) {
    const styles = keep ? this.picture.styles : null;
    this.image = image;
    this.picture.open(image.key, image.page, image.picture, image.closed.signal, styles);
    this.outlines.ready = null;
    this.outlines.filter = null;
    this.outlines.hidden.clear();
    this.outlines.changed();
    if (!keep) this.fit();
  }

  /** As soon as some of the image is on the screen, or it cannot be shown; `PATIENCE` at most. */
  shown() {
    return new Promise((resolve) => {
      if (this.picture.isShown) resolve(null);
      else {
        this.waitingForPicture.push(() => resolve(null));
        setTimeout(resolve, PATIENCE, null);
      }
    });
  }

  close() {
    this.image = null;
    this.picture.close();
    this.picture.onShown();
    this.redraw();
  }

  /** Show all of the image. */
  fit() {
    const picture = this.image?.picture;
    if (!picture) return;
    const zoom = 0.96 * Math.min(this.canvas.width / picture.width, this.canvas.height / picture.height);
    this.camera.zoom = Math.min(zoom, CLOSEST);
    this.lookAt(picture.width / 2, picture.height / 2);
    this.fitted = true;
  }

  /** @param {number} x @param {number} y  pixels of the image, which come to the middle */
  lookAt(x, y) {
    const { zoom } = this.camera;
    this.camera.x = x - this.canvas.width / zoom / 2;
    this.camera.y = y - this.canvas.height / zoom / 2;
    this.moved();
  }

  /** Bring a box into view, closer where it is small. @param {Box} box */
  showBox(box) {
    const side = Math.max(box.x1 - box.x0, box.y1 - box.y0, 1);
    const wanted = (0.35 * Math.min(this.canvas.width, this.canvas.height)) / side;
    const { zoom } = this.camera;
    if (zoom < wanted / 3 || zoom > wanted * 2) this.camera.zoom = Math.min(wanted, 16 * this.density);
    this.lookAt((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2);
  }

  /** @param {number} dx @param {number} dy  pixels of the page */
  pan(dx, dy) {
    this.camera.x -= (dx * this.density) / this.camera.zoom;
    this.camera.y -= (dy * this.density) / this.camera.zoom;
    this.moved();
  }

  /** @param {number} factor @param {number} [px] @param {number} [py]  the point of the page that stays */
  zoomBy(factor, px, py) {
    const x = px === undefined ? this.canvas.width / 2 : px * this.density;
    const y = py === undefined ? this.canvas.height / 2 : py * this.density;
    const { camera } = this;
    const picture = this.image?.picture;
    const least = picture ? 0.2 * Math.min(this.canvas.width / picture.width, this.canvas.height / picture.height) : 0.01;
    const zoom = Math.min(CLOSEST, Math.max(least, camera.zoom * factor));
    camera.x += x / camera.zoom - x / zoom;
    camera.y += y / camera.zoom - y / zoom;
    camera.zoom = zoom;
    this.moved();
  }

  moved() {
    this.fitted = false;
    const picture = this.image?.picture;
    if (picture) { // the image cannot be lost from sight
      const w = this.canvas.width / this.camera.zoom;
      const h = this.canvas.height / this.camera.zoom;
      this.camera.x = Math.min(picture.width - w * 0.1, Math.max(-w * 0.9, this.camera.x));
      this.camera.y = Math.min(picture.height - h * 0.1, Math.max(-h * 0.9, this.camera.y));
    }
    this.emit("camera");
    this.redraw();
  }

  /** @param {number} px @param {number} py  pixels of the page within the canvas @returns {[number, number]} */
  toImage(px, py) {
    const { x, y, zoom } = this.camera;
    return [x + (px * this.density) / zoom, y + (py * this.density) / zoom];
  }

  /** How many pixels of the image so many pixels of the page are. @param {number} length */
  inImage(length) {
    return (length * this.density) / this.camera.zoom;
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  draw() {
    const began = performance.now();
    const { context, canvas, image, camera } = this;
    context.fillStyle = this.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    this.picture.draw(context, camera, canvas.width, canvas.height);
    if (image) this.outlines.draw(context, image, camera, canvas.width, canvas.height, this.density);
    this.over.clearRect(0, 0, this.overlay.width, this.overlay.height);
    if (image) this.drawOver?.(this.over);
    this.times.push(performance.now() - began);
    if (this.times.length > TIMES) this.times.shift();
  }
}
