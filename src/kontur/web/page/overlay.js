// What is drawn above the outlines: selection, vertices, and the gesture that is being made.

import { classColour } from "./colours.js";
import { trace } from "./outline_layer.js";

/** @typedef {import("./tools.js").Tools} Tools */
/** @typedef {import("./viewer.js").Viewer} Viewer */
/** @typedef {import("./selection.js").Selection} Selection */
/** @typedef {import("./geometry.js").Ring} Ring */

const VERTEX = 3.2; // pixels of the page
const CLOSE = 6; // pixels of the page between two vertices, below which they are not shown
const MOST = 2000; // selected objects that are drawn one by one

/** @param {Viewer} viewer @param {Tools} tools @param {Selection} selection */
export function overlayOf(viewer, tools, selection) {
  /** @param {CanvasRenderingContext2D} context */
  return (context) => {
    const image = viewer.image;
    if (!image) return;
    const { camera, density } = viewer;
    context.lineJoin = "round";
    const hovered = selection.hovered === null ? null : image.outlines.get(selection.hovered);
    if (hovered && !selection.ids.has(hovered.id)) {
      context.strokeStyle = "#ffffffb0";
      context.lineWidth = 3 * density;
      context.beginPath();
      trace(context, hovered.rings(camera.zoom), camera);
      context.stroke();
    }
    let drawn = 0;
    for (const id of selection.ids) {
      const outline = image.outlines.get(id);
      if (!outline || ++drawn > MOST) continue;
      const live = tools.live && viewer.outlines.hidden.has(id) ? tools.live.flat() : null;
      drawSelected(context, live ?? outline.rings(camera.zoom), classColour(outline.label), viewer);
    }
    const single = selection.single === null ? null : image.outlines.get(selection.single);
    if (single && tools.tool === "select") {
      const parts = tools.live && viewer.outlines.hidden.has(single.id) ? tools.live : single.parts;
      drawVertices(context, parts.flat(), viewer);
    }
    if (tools.tool === "select" && tools.gesture?.kind === "vertex" && tools.pointer) {
      drawRadius(context, tools, viewer);
    }
    drawGesture(context, tools, viewer);
  };
}

/** @param {CanvasRenderingContext2D} context @param {Ring[]} rings @param {string} colour @param {Viewer} viewer */
function drawSelected(context, rings, colour, viewer) {
  context.beginPath();
  trace(context, rings, viewer.camera);
  context.fillStyle = `${colour}26`;
  context.fill("evenodd");
  context.strokeStyle = "#000000a0";
  context.lineWidth = 4.5 * viewer.density;
  context.stroke();
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2.6 * viewer.density;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = 1.4 * viewer.density;
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Ring[]} rings @param {Viewer} viewer */
function drawVertices(context, rings, viewer) {
  const { x, y, zoom } = viewer.camera;
  const size = VERTEX * viewer.density;
  context.fillStyle = "#ffffff";
  context.strokeStyle = "#10121480";
  context.lineWidth = viewer.density;
  for (const ring of rings) {
    let lastX = Infinity;
    let lastY = Infinity;
    for (let i = 0; i < ring.length; i += 2) {
      const px = (ring[i] - x) * zoom;
      const py = (ring[i + 1] - y) * zoom;
      if (Math.hypot(px - lastX, py - lastY) < CLOSE * viewer.density) continue;
      lastX = px;
      lastY = py;
      context.beginPath();
      context.arc(px, py, size, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }
}

/** @param {CanvasRenderingContext2D} context @param {Tools} tools @param {Viewer} viewer */
function drawRadius(context, tools, viewer) {
  const [x, y] = /** @type {[number, number]} */ (tools.pointer);
  const { camera, density } = viewer;
  context.setLineDash([4 * density, 4 * density]);
  context.strokeStyle = "#ffffff90";
  context.lineWidth = density;
  context.beginPath();
  context.arc((x - camera.x) * camera.zoom, (y - camera.y) * camera.zoom, tools.radius * camera.zoom, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} context @param {Tools} tools @param {Viewer} viewer */
function drawGesture(context, tools, viewer) {
  const { camera, density } = viewer;
  const at = (/** @type {[number, number]} */ p) => /** @type {const} */ ([(p[0] - camera.x) * camera.zoom, (p[1] - camera.y) * camera.zoom]);
  const points = tools.points.map(at);
  const pointer = tools.pointer ? at(tools.pointer) : null;
  if (!points.length) return;
  context.lineWidth = 2 * density;
  context.strokeStyle = tools.tool === "cut" || tools.tool === "carve" ? "#ff7a33" : "#4cc3ff";
  context.fillStyle = "#4cc3ff22";
  if (tools.tool === "box" && pointer) {
    const [a, b] = [points[0], pointer];
    context.fillRect(a[0], a[1], b[0] - a[0], b[1] - a[1]);
    context.strokeRect(a[0], a[1], b[0] - a[0], b[1] - a[1]);
  } else if (tools.tool === "extremes") {
    context.setLineDash([5 * density, 5 * density]);
    context.beginPath();
    points.forEach((p, i) => (i ? context.lineTo(...p) : context.moveTo(...p)));
    if (pointer) context.lineTo(...pointer);
    context.stroke();
    context.setLineDash([]);
    for (const p of points) cross(context, p[0], p[1], 6 * density);
  } else {
    context.beginPath();
    points.forEach((p, i) => (i ? context.lineTo(...p) : context.moveTo(...p)));
    if (pointer) context.lineTo(...pointer);
    context.stroke();
    if (tools.tool !== "cut") {
      context.closePath();
      context.fill();
    }
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} size */
function cross(context, x, y, size) {
  context.beginPath();
  context.moveTo(x - size, y);
  context.lineTo(x + size, y);
  context.moveTo(x, y - size);
  context.lineTo(x, y + size);
  context.stroke();
}
