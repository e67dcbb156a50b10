// The footer: what lies under the pointer, the plane of a stack, the reach of a drag, and the zoom.

import { byId, short } from "./elements.js";

/** @typedef {import("./work.js").Work} Work */
/** @typedef {import("./tools.js").Tools} Tools */

const FARTHEST = 200; // pixels of the image that a drag reaches at most

export class Footer {
  /** @param {Work} work @param {Tools} tools */
  constructor(work, tools) {
    this.work = work;
    this.tools = tools;
    const { viewer } = work;
    for (const name of ["picture", "cannot-show"]) work.on(name, () => this.drawPages());
    tools.on("pointer", () => this.drawPointer());
    viewer.on("camera", () => {
      byId("zoom").textContent = `${Math.round((100 * viewer.camera.zoom) / viewer.density)} %`;
    });
    byId("radius").addEventListener("input", () => this.setRadius(Number(/** @type {HTMLInputElement} */ (byId("radius")).value)));
    const page = /** @type {HTMLInputElement} */ (byId("page"));
    page.addEventListener("input", () => work.image && work.open(work.image.key, Number(page.value)));
    /** @type {[string, () => void][]} */
    const clicks = [
      ["fit", () => viewer.fit()], ["zoom-in", () => viewer.zoomBy(1.25)], ["zoom-out", () => viewer.zoomBy(0.8)],
      ["outlines-visible", () => this.toggleOutlines()],
    ];
    for (const [id, run] of clicks) byId(id).addEventListener("click", run);
    this.setRadius(tools.radius);
  }

  drawPages() {
    const { image } = this.work;
    const pages = image?.picture?.pages ?? 1;
    byId("pages").hidden = pages < 2;
    const slider = /** @type {HTMLInputElement} */ (byId("page"));
    slider.max = String(pages - 1);
    slider.value = String(image?.page ?? 0);
    byId("page-number").textContent = `${(image?.page ?? 0) + 1} / ${pages}`;
  }

  drawPointer() {
    const { tools } = this;
    const { viewer, selection } = this.work;
    const at = tools.pointer;
    const values = at ? viewer.picture.valuesAt(...at) : null;
    byId("place").textContent = at ? `${at[0].toFixed(1)}, ${at[1].toFixed(1)}` : "";
    byId("values").textContent = values ? values.map(short).join("  ") : "";
    viewer.overlay.dataset.over = tools.tool !== "select" || !at ? "" : tools.grabbed(at) ? "vertex" : selection.hovered !== null ? "object" : "";
  }

  /** @param {number} radius  pixels of the image within which neighbours follow a drag */
  setRadius(radius) {
    this.tools.radius = Math.max(0, Math.min(FARTHEST, radius));
    /** @type {HTMLInputElement} */ (byId("radius")).value = String(this.tools.radius);
    byId("radius-value").textContent = `${this.tools.radius} px`;
    this.work.viewer.redraw();
  }

  toggleOutlines() {
    const { viewer } = this.work;
    viewer.outlines.visible = !viewer.outlines.visible;
    byId("outlines-visible").setAttribute("aria-pressed", String(viewer.outlines.visible));
    viewer.redraw();
  }
}
