// The panel of the image: contrast and colour of every channel, and what the file says.

import { byId, element, short } from "./elements.js";
import { stillHistogram } from "./histogram.js";
import { t } from "./language.js";

/** @typedef {import("./viewer.js").Viewer} Viewer */

export class ImagePanel {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.root = byId("image");
    this.viewer = viewer;
    this.draw();
  }

  draw() {
    const { picture, styles } = this.viewer.picture;
    if (!picture) {
      this.root.replaceChildren(element("p", { class: "quiet" }, t("no_image")));
      return;
    }
    const about = element("div", { class: "group" },
      field(t("size"), `${picture.width} × ${picture.height}`),
      field(t("pixel_size"), picture.pixel_size === null ? t("unknown") : `${short(picture.pixel_size)} µm`),
    );
    const reset = element("button", { onclick: () => { this.viewer.picture.styles = this.viewer.picture.firstStyles(); this.viewer.picture.version++; this.viewer.redraw(); this.draw(); } }, t("reset_contrast"));
    this.root.replaceChildren(...styles.map((_, i) => this.channel(i)), element("div", { class: "row" }, reset), about);
  }

  /** @param {number} i */
  channel(i) {
    const layer = this.viewer.picture;
    const picture = /** @type {import("./picture_layer.js").Picture} */ (layer.picture);
    const style = layer.styles[i];
    const { name, low, high, histogram } = picture.channels[i];
    const top = 2 ** picture.bits - 1;
    const stored = (/** @type {number} */ sent) => short(low + (sent / top) * (high - low));
    const shape = element("div", {});
    const drawShape = () => shape.replaceChildren(stillHistogram(histogram, style.black / (top + 1), style.white / (top + 1)));
    const slider = (/** @type {"black" | "white"} */ which) => {
      const out = element("output", {}, stored(style[which]));
      const input = element("input", { type: "range", min: "0", max: "1000", step: "1", value: String(toSlider(style[which], top)), "aria-label": `${name}: ${t(which)}` });
      input.addEventListener("input", () => {
        const value = fromSlider(Number(input.value), top);
        layer.setStyle(i, { [which]: which === "black" ? Math.min(value, style.white - 1) : Math.max(value, style.black + 1) });
        out.textContent = stored(style[which]);
        drawShape();
      });
      return element("label", {}, element("span", {}, t(which)), input, out);
    };
    drawShape();
    const visible = element("input", { type: "checkbox", checked: style.visible, "aria-label": `${name}: ${t("visible")}`, onchange: (/** @type {Event} */ e) => layer.setStyle(i, { visible: /** @type {HTMLInputElement} */ (e.target).checked }) });
    const colour = element("input", { type: "color", value: style.colour, "aria-label": `${name}: ${t("colour")}`, oninput: (/** @type {Event} */ e) => layer.setStyle(i, { colour: /** @type {HTMLInputElement} */ (e.target).value }) });
    return element("div", { class: "channel" }, element("div", { class: "row" }, visible, element("span", { class: "name", title: name }, picture.channels.length === 1 ? t("brightness") : name), colour), shape, slider("black"), slider("white"));
  }
}

// Half of the slider is the lowest tenth of the range, where dim images have all their numbers.
const BEND = 3;
/** @param {number} value @param {number} top */
const toSlider = (value, top) => Math.round(1000 * (value / top) ** (1 / BEND));
/** @param {number} slider @param {number} top */
const fromSlider = (slider, top) => (slider / 1000) ** BEND * top;

/** @param {string} name @param {string} value */
function field(name, value) {
  return element("div", { class: "field" }, element("span", {}, name), element("span", {}, value));
}
