// What is said on the image: the next step of a tool, and why nothing is shown.

import { byId, element } from "./elements.js";
import { t } from "./language.js";

/** @typedef {import("./work.js").Work} Work */
/** @typedef {import("./tools.js").Tools} Tools */
/** @typedef {import("./language.js").Word} Word */

export class Hint {
  /** @param {Work} work @param {Tools} tools */
  constructor(work, tools) {
    this.work = work;
    this.tools = tools;
    this.doing = ""; // what a person waits for
    for (const name of ["tool", "points"]) tools.on(name, () => this.draw());
    for (const name of ["open", "objects"]) work.on(name, () => this.draw());
    work.on("busy", (on) => {
      byId("frame").setAttribute("aria-busy", String(on));
      this.waitFor(on ? t("closing_in") : "");
    });
    work.on("job", (job) => {
      if (job.kind !== "predict") return; // a training takes long: the panel shows it
      const active = job.state === "running" || job.state === "waiting";
      this.waitFor(!active ? "" : job.total > 1 ? `${t("outlining")} ${job.done} / ${job.total}` : t("outlining"));
    });
    work.on("picture", () => { byId("message").hidden = true; });
    work.on("cannot-show", (sentence) => this.message(t("cannot_show"), sentence));
  }

  /** @param {string} text  "" where nothing goes on any more */
  waitFor(text) {
    this.doing = text;
    this.draw();
  }

  draw() {
    const text = this.doing || this.ofTool();
    byId("hint").hidden = !text;
    byId("hint").textContent = text;
  }

  ofTool() {
    const { tool, points } = this.tools;
    const { image } = this.work;
    if (tool === "select") return image?.picture && image.loaded && image.outlines.size === 0 && image.undoable === 0 ? t("hint_empty") : "";
    return tool === "extremes" ? t("hint_extremes", { n: 4 - points.length }) : t(/** @type {Word} */ (`hint_${tool}`));
  }

  /** In place of the image. @param {string} title @param {string} text */
  message(title, text) {
    const place = byId("message");
    place.hidden = false;
    place.replaceChildren(element("b", {}, title), element("span", {}, text));
  }
}
