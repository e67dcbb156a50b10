// The picture: tiles of stored numbers, to which contrast and colours are given here.

import { rgbOf } from "./colours.js";
import { request } from "./server.js";

/** @typedef {{name: string, choice: number | string, low: number, high: number, black: number, white: number, colour: string, histogram: number[]}} Channel */
/** @typedef {{height: number, width: number, pages: number, bits: 8 | 16, tile: number,
 *   levels: [number, number][], colour: boolean, pixel_size: number | null, channels: Channel[]}} Picture */
/** @typedef {{black: number, white: number, colour: string, visible: boolean}} ChannelStyle */
/** @typedef {{x: number, y: number, zoom: number}} Camera */
/** @typedef {{width: number, height: number, values: Uint8Array | Uint16Array | null,
 *   canvas: HTMLCanvasElement | null, version: number, failed: boolean}} Tile */

const AT_ONCE = 6; // requests
const COMPOSED = 3; // milliseconds a frame to give tiles their colours
const KEPT = 400; // tiles

export class PictureLayer {
  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
    /** @type {Picture | null} */ this.picture = null;
    /** @type {ChannelStyle[]} */ this.styles = [];
    /** @type {Map<string, Tile>} */ this.tiles = new Map();
    /** @type {string[]} */ this.wanted = [];
    this.running = 0;
    this.version = 0;
    this.path = "";
    this.signal = new AbortController().signal;
    this.isShown = false; // whether a tile was drawn
    this.onShown = () => {};
  }

  /**
   * @param {string} key @param {number} page @param {Picture} picture
   * @param {AbortSignal} signal @param {ChannelStyle[] | null} styles  those of the plane before, to keep
   */
  open(key, page, picture, signal, styles) {
    this.picture = picture;
    this.isShown = false;
    this.path = `images/${key}/tiles`;
    this.query = `?page=${page}`;
    this.signal = signal;
    this.tiles.clear();
    this.wanted = [];
    this.running = 0;
    this.styles = styles && styles.length === picture.channels.length ? styles : this.firstStyles();
    this.version++;
  }

  close() {
    this.picture = null;
    this.tiles.clear();
  }

  /** @returns {ChannelStyle[]} */
  firstStyles() {
    const { channels } = /** @type {Picture} */ (this.picture);
    return channels.map(({ black, white, colour }) => ({ black, white, colour, visible: true }));
  }

  /** @param {number} channel @param {Partial<ChannelStyle>} change */
  setStyle(channel, change) {
    Object.assign(this.styles[channel], change);
    this.version++;
    this.redraw();
  }

  /**
   * @param {CanvasRenderingContext2D} context  in pixels of the device
   * @param {Camera} camera  zoom in pixels of the device a pixel of the image
   * @param {number} width @param {number} height
   */
  draw(context, camera, width, height) {
    const picture = this.picture;
    if (!picture) return;
    const last = picture.levels.length - 1;
    const level = Math.min(last, Math.max(0, Math.floor(-Math.log2(camera.zoom) + 0.3)));
    const until = performance.now() + COMPOSED;
    context.imageSmoothingEnabled = camera.zoom < 3;
    context.imageSmoothingQuality = "low";
    const visible = this.visible(level, camera, width, height);
    this.wanted = [];
    /** @type {Set<string>} */
    const drawn = new Set();
    for (const place of visible) {
      const tile = this.tiles.get(place.key);
      if (tile?.canvas || tile?.values) continue;
      if (!tile) this.wanted.push(place.key);
      for (let up = level + 1; up <= last; up++) {
        const shift = up - level;
        const key = `${up}/${place.column >> shift}/${place.row >> shift}`;
        const coarse = this.tiles.get(key);
        if (coarse?.values || coarse?.canvas) {
          if (!drawn.has(key)) this.drawTile(context, camera, key, coarse, until);
          drawn.add(key);
          break;
        }
        if (up === last && !coarse) this.wanted.unshift(key);
      }
    }
    for (const place of visible) {
      const tile = this.tiles.get(place.key);
      if (tile?.values) this.drawTile(context, camera, place.key, tile, until);
    }
    this.fetchMore();
  }

  /** @param {number} level @param {Camera} camera @param {number} width @param {number} height */
  visible(level, camera, width, height) {
    const { tile, levels } = /** @type {Picture} */ (this.picture);
    const [rows, columns] = levels[level].map((side) => Math.ceil(side / tile));
    const side = tile * 2 ** level;
    const clamp = (/** @type {number} */ v, /** @type {number} */ n) => Math.min(n - 1, Math.max(0, Math.floor(v)));
    const places = [];
    for (let row = clamp(camera.y / side, rows); row <= clamp((camera.y + height / camera.zoom) / side, rows); row++) {
      for (let column = clamp(camera.x / side, columns); column <= clamp((camera.x + width / camera.zoom) / side, columns); column++) {
        places.push({ key: `${level}/${column}/${row}`, column, row });
      }
    }
    return places;
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {Camera} camera
   * @param {string} key @param {Tile} tile @param {number} until
   */
  drawTile(context, camera, key, tile, until) {
    if (tile.version !== this.version) {
      if (!tile.canvas || performance.now() < until) this.compose(tile);
      else this.redraw(); // in the next frame; the old colours show for now
    }
    const { tile: side } = /** @type {Picture} */ (this.picture);
    const [level, column, row] = key.split("/").map(Number);
    const scale = 2 ** level;
    const x = (column * side * scale - camera.x) * camera.zoom;
    const y = (row * side * scale - camera.y) * camera.zoom;
    const w = tile.width * scale * camera.zoom;
    const h = tile.height * scale * camera.zoom;
    // whole pixels, so that no line shows between two tiles
    const left = Math.round(x);
    const top = Math.round(y);
    context.drawImage(
      /** @type {HTMLCanvasElement} */ (tile.canvas), left, top, Math.round(x + w) - left, Math.round(y + h) - top,
    );
    if (!this.isShown) {
      this.isShown = true;
      performance.mark("picture-drawn");
      this.onShown();
    }
  }

  /** Give the numbers of a tile their colours. @param {Tile} tile */
  compose(tile) {
    const { width, height } = tile;
    const values = /** @type {Uint8Array | Uint16Array} */ (tile.values);
    const canvas = tile.canvas ?? document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const image = context.createImageData(width, height);
    const out = new Uint32Array(image.data.buffer);
    const size = width * height;
    const shown = this.styles.map((style, i) => ({ style, i })).filter(({ style }) => style.visible);
    const tables = shown.map(({ style }) => this.table(style));
    if (shown.length === 1) {
      const first = shown[0].i * size;
      const table = packed(tables[0]);
      for (let k = 0; k < size; k++) out[k] = table[values[first + k]];
    } else if (this.isPlainColour(shown)) {
      const [r, g, b] = tables;
      for (let k = 0; k < size; k++) {
        out[k] = 0xff000000 | (b[values[2 * size + k] * 3 + 2] << 16) | (g[values[size + k] * 3 + 1] << 8) | r[values[k] * 3];
      }
    } else {
      const sum = new Uint16Array(size * 3);
      shown.forEach(({ i }, n) => {
        const table = tables[n];
        for (let k = 0, at = i * size; k < size; k++, at++) {
          const v = values[at] * 3;
          sum[3 * k] += table[v];
          sum[3 * k + 1] += table[v + 1];
          sum[3 * k + 2] += table[v + 2];
        }
      });
      for (let k = 0; k < size; k++) {
        out[k] = 0xff000000 | (Math.min(255, sum[3 * k + 2]) << 16) | (Math.min(255, sum[3 * k + 1]) << 8) | Math.min(255, sum[3 * k]);
      }
    }
    context.putImageData(image, 0, 0);
    tile.canvas = canvas;
    tile.version = this.version;
  }

  /** @param {{style: ChannelStyle, i: number}[]} shown */
  isPlainColour(shown) {
    const picture = /** @type {Picture} */ (this.picture);
    return picture.colour && shown.length === 3 && shown.every(({ style, i }) => style.colour === picture.channels[i].colour);
  }

  /** Red, green and blue of every value of a channel. @param {ChannelStyle} style */
  table(style) {
    const { bits } = /** @type {Picture} */ (this.picture);
    const count = 2 ** bits;
    const [r, g, b] = rgbOf(style.colour);
    const table = new Uint8Array(count * 3);
    const span = Math.max(style.white - style.black, 1e-6);
    for (let v = 0; v < count; v++) {
      const share = Math.min(1, Math.max(0, (v - style.black) / span));
      table[3 * v] = share * r;
      table[3 * v + 1] = share * g;
      table[3 * v + 2] = share * b;
    }
    return table;
  }

  fetchMore() {
    while (this.running < AT_ONCE) {
      const key = this.wanted.shift();
      if (!key) return;
      if (!this.tiles.has(key)) this.fetch(key);
    }
  }

  /** @param {string} key */
  async fetch(key) {
    const { tile: side, levels, bits } = /** @type {Picture} */ (this.picture);
    const [level, column, row] = key.split("/").map(Number);
    const [height, width] = levels[level];
    /** @type {Tile} */
    const tile = {
      width: Math.min(side, width - column * side),
      height: Math.min(side, height - row * side),
      values: null, canvas: null, version: -1, failed: false,
    };
    this.tiles.set(key, tile);
    while (this.tiles.size > KEPT) this.tiles.delete(/** @type {string} */ (this.tiles.keys().next().value));
    this.running++;
    const signal = this.signal;
    try {
      const answer = await request("GET", `${this.path}/${key}${this.query}`, undefined, signal);
      const buffer = await answer.arrayBuffer();
      tile.values = bits === 8 ? new Uint8Array(buffer) : new Uint16Array(buffer);
    } catch {
      tile.failed = true;
    }
    if (signal !== this.signal) return; // another image is open by now
    this.running--;
    this.redraw();
    this.fetchMore();
  }

  /** The value under a point of the image, as stored, one a channel; null where it is not loaded. */
  /** @param {number} x @param {number} y @returns {number[] | null} */
  valuesAt(x, y) {
    const picture = this.picture;
    if (!picture || x < 0 || y < 0 || x >= picture.width || y >= picture.height) return null;
    const { tile: side } = picture;
    const tile = this.tiles.get(`0/${Math.floor(x / side)}/${Math.floor(y / side)}`);
    if (!tile?.values) return null;
    const at = (Math.floor(y) % side) * tile.width + (Math.floor(x) % side);
    const top = 2 ** picture.bits - 1;
    return picture.channels.map((channel, i) => {
      const sent = /** @type {Uint8Array} */ (tile.values)[i * tile.width * tile.height + at];
      return channel.low + (sent / top) * (channel.high - channel.low);
    });
  }
}

/** @param {Uint8Array} table */
function packed(table) {
  const out = new Uint32Array(table.length / 3);
  for (let v = 0; v < out.length; v++) {
    out[v] = 0xff000000 | (table[3 * v + 2] << 16) | (table[3 * v + 1] << 8) | table[3 * v];
  }
  return out;
}
