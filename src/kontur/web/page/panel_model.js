// The panel of the model: which one, running it, and training on what was corrected.

import { byId, element, icon, short, toast } from "./elements.js";
import { t } from "./language.js";
import { get, send } from "./server.js";
import { tell } from "./work.js";

/** @typedef {{name: string, kind: string, classes: string[], scores: Record<string, number | null>, outlines: boolean, about: Record<string, string>, images: number | null, channel: number | string | null}} Model */
/** @typedef {{number: number, kind: "predict" | "train", state: "waiting" | "running" | "done" | "failed" | "cancelled", done: number, total: number, message: string, image: string, result: any}} Job  with the name of its image, where it is about one alone */

const SVG = "http://www.w3.org/2000/svg";
const MINUTES = [1, 5, 15, 60, 240];
const ORDER = ["waiting", "running", "done", "failed", "cancelled"]; // in which a job goes through its states

export class ModelPanel {
  /** @param {import("./work.js").Work} work */
  constructor(work) {
    this.root = byId("model");
    this.work = work;
    /** @type {Model[]} */ this.models = [];
    /** @type {Map<number, Job>} */ this.jobs = new Map();
    this.asked = false; // for a prediction or a training, whose end is heard of later
    this.trainable = { corrected: 0, learned: 0, held_out: 0 };
    this.minutes = 5;
    this.half = false;
    /** @type {number | null} */ this.score = null;
    /** @type {Promise<void> | undefined} */ this.choosing = undefined; // a contrast
    work.on("picture", () => this.drawChannels());
    work.on("model", () => {
      this.drawModels();
      this.drawChannels();
      for (const job of this.jobs.values()) this.drawJob(job);
    });
    this.build();
  }

  build() {
    this.choice = element("select", { id: "model-choice", "aria-label": t("model"), onchange: () => this.work.choose(/** @type {HTMLSelectElement} */ (this.choice).value) });
    this.channels = element("div", { class: "field" });
    const contrast = element("input", { type: "text", id: "contrast", title: t("contrast_hint"), placeholder: t("model_decides"), "aria-label": t("contrast"), onchange: () => { this.choosing = this.work.choose(this.work.model, { contrast: contrast.value }); } });
    this.contrast = contrast;
    this.about = element("p", { class: "quiet" });
    const threshold = element("input", { type: "range", min: "0", max: "100", "aria-label": t("threshold"), oninput: () => this.setScore(Number(threshold.value) / 100) });
    this.threshold = threshold;
    this.thresholdValue = element("output", {});
    this.decide = element("button", { class: "plain", id: "model-decides", title: t("threshold_default"), "aria-label": t("threshold_default"), onclick: () => this.setScore(null) }, icon("undo"));
    this.setScore(this.score);
    const one = element("button", { class: "primary", id: "predict-one", onclick: () => this.predict(true) }, t("outline_image"));
    const all = element("button", { id: "predict-all", onclick: () => this.predict(false) }, t("outline_all"));
    this.predicting = element("div", { class: "group" });
    this.training = element("div", { class: "group" });
    this.trainJob = element("div", { class: "group" });
    this.root.replaceChildren(
      element("div", { class: "group" }, element("h2", {}, t("model")), this.choice, this.channels, element("label", { class: "field" }, element("span", {}, t("contrast")), contrast), this.about),
      element("div", { class: "group" }, element("div", { class: "row" }, one, all), element("div", { class: "field" }, element("span", {}, t("threshold")), element("span", { class: "row tight" }, threshold, this.thresholdValue, this.decide)), this.predicting),
      this.training, this.trainJob,
    );
    this.drawModels();
    this.drawChannels();
    this.drawTraining();
    for (const job of this.jobs.values()) this.drawJob(job);
  }

  /** @param {number | null} score  from which outlines are kept; null for what the model has learned */
  setScore(score) {
    const { threshold, thresholdValue, decide } = this;
    if (!threshold || !thresholdValue || !decide) return;
    this.score = score;
    threshold.value = String(100 * (score ?? 0.5));
    thresholdValue.textContent = score?.toFixed(2) ?? t("model_decides");
    decide.disabled = score === null;
  }

  async load() {
    this.models = await get("models");
    this.drawModels();
    this.drawChannels();
    await this.loadTraining();
    for (const job of await get("jobs")) this.told(job);
  }

  async loadTraining() {
    this.trainable = await get("training");
    this.drawTraining();
  }

  drawModels() {
    const { choice, about, contrast } = this;
    if (!choice || !about || !contrast) return;
    contrast.value = this.work.contrast;
    choice.replaceChildren(...this.models.map((m) => element("option", { value: m.name, selected: m.name === this.work.model }, m.name)));
    const model = this.current();
    const ap = model?.scores.AP;
    about.textContent = model ? [model.about.what, ap ? `AP ${ap.toFixed(2)}` : "", model.images ? t("learned_from", { n: model.images }) : ""].filter(Boolean).join(" · ") : "";
  }

  /** The range of all images is being measured. @param {number} done @param {number} total */
  measuring(done, total) {
    if (done === total) this.drawModels();
    else if (this.about) this.about.textContent = t("measuring", { done, total });
  }

  /** Of several stains a model sees one; of colours too where it learned from one channel. */
  drawChannels() {
    const { picture } = this.work.viewer.picture;
    const learned = this.current()?.channel ?? null;
    const several = picture && picture.channels.length > 1 && (!picture.colour || learned !== null);
    if (!this.channels) return;
    if (!several) return this.channels.replaceChildren();
    const { channel: seen, model } = this.work;
    const last = picture.channels.length - 1;
    const nearest = typeof seen === "number" && seen !== learned ? Math.min(seen, last) : seen; // as the server takes it
    const number = typeof nearest === "number" ? (nearest <= last ? nearest : -1) : picture.channels.findIndex(({ choice }) => choice === nearest);
    const missing = number < 0 ? [element("option", { value: "", selected: true, disabled: true }, t("not_in_image", { channel: typeof nearest === "number" ? `channel ${nearest}` : nearest }))] : []; // of other images
    const choice = element("select", { id: "channel", "aria-label": t("seen_channel"), onchange: () => this.work.choose(model, { channel: picture.channels[Number(choice.value)].choice }) },
      ...missing, ...picture.channels.map(({ name }, i) => element("option", { value: String(i), selected: i === number }, name)));
    this.channels.replaceChildren(element("span", {}, t("seen_channel")), choice);
  }

  current() {
    return this.models.find((m) => m.name === this.work.model) ?? null;
  }

  /** @param {boolean} one  the open image alone */
  async predict(one) {
    const { image, model } = this.work;
    if (one && !image) return;
    await this.choosing; // a contrast that was typed a moment ago holds already
    this.asked = true;
    try {
      this.told(await send("POST", "predict", { model, images: one ? [image?.key] : null, page: one ? image?.page : "all", score: this.score }));
    } catch (error) {
      tell(error);
    }
  }

  async train() {
    this.asked = true;
    try {
      this.told(await send("POST", "training", { model: this.work.model, minutes: this.minutes, curve: this.half }));
    } catch (error) {
      tell(error);
    }
  }

  drawTraining() {
    const { corrected, learned, held_out: held } = this.trainable;
    const minutes = element("select", { "aria-label": t("minutes"), onchange: (/** @type {Event} */ e) => { this.minutes = Number(/** @type {HTMLSelectElement} */ (e.target).value); } });
    minutes.append(...MINUTES.map((m) => element("option", { value: String(m), selected: m === this.minutes }, t("n_minutes", { n: m }))));
    const half = element("label", {}, element("input", { type: "checkbox", checked: this.half, onchange: (/** @type {Event} */ e) => { this.half = /** @type {HTMLInputElement} */ (e.target).checked; } }), ` ${t("learning_curve")}`);
    const canTrain = this.work.folder?.can_train ?? false;
    const size = this.work.folder?.train_size;
    const install = t("teach_install", { command: this.work.folder?.train_install ?? "" }) + (size ? t("teach_large", { size }) : "");
    const ready = corrected >= 2 && canTrain;
    const start = element("button", { class: "primary", id: "train", disabled: !ready, onclick: () => this.train() }, t("train"));
    this.training?.replaceChildren(
      element("h2", {}, t("teach")),
      element("p", {}, ready ? t("teach_ready", { n: corrected, learned, held }) : canTrain ? t("teach_more", { n: corrected }) : install),
      element("div", { class: "row" }, start, minutes), half,
    );
  }

  /** A job has begun, gone on, or ended. @param {Job} job */
  told(job) {
    const before = this.jobs.get(job.number);
    if (before && ORDER.indexOf(job.state) < ORDER.indexOf(before.state)) return; // the answer came after the event
    this.jobs.set(job.number, job);
    this.drawJob(job);
    this.work.emit("job", job);
    const ended = before && before.state !== job.state && job.state === "done";
    if (ended && job.kind === "train") {
      this.load();
      toast(t("training_done"));
    }
    if (before && before.state !== "failed" && job.state === "failed") toast(named(job), "problem");
  }

  /** @param {Job} job */
  drawJob(job) {
    const place = job.kind === "train" ? this.trainJob : this.predicting;
    if (!place || [...this.jobs.values()].some((each) => each.kind === job.kind && each.number > job.number)) return;
    if (job.state === "cancelled") {
      place.replaceChildren();
      return;
    }
    const active = job.state === "running" || job.state === "waiting";
    const title = element("b", {}, t(active ? (job.kind === "train" ? "training" : "outlining") : job.state === "failed" ? "failed" : "finished"));
    const stop = active ? element("button", { class: "cancel", onclick: () => send("DELETE", `jobs/${job.number}`).catch(tell) }, t("stop")) : null;
    const box = element("div", { class: "job", dataset: { state: job.state } }, element("div", { class: "row" }, title, stop));
    if (active) {
      const bar = element("progress", { max: Math.max(job.total, 1e-9), "aria-label": t("progress") });
      if (job.total) bar.value = job.done;
      box.append(bar, element("span", { class: "message" }, messageOf(job)));
    }
    if (job.kind === "train") this.drawResult(job, box);
    else if (job.state === "done") box.append(element("span", { class: "message" }, job.image ? t("predicted_image", { image: job.image, n: job.result.objects }) : t("predicted_result", { n: job.result.objects, m: job.result.images })), ...job.result.failed.map((/** @type {string} */ why) => element("span", { class: "message bad" }, why)), ...job.result.hints.map((/** @type {string} */ why) => element("span", { class: "message" }, why)));
    if (job.state === "failed") box.append(element("span", { class: "message bad" }, named(job)));
    place.replaceChildren(box);
  }

  /** @param {Job} job @param {HTMLElement} box */
  drawResult(job, box) {
    const { result } = job;
    if (result?.curve?.length > 1) box.append(curveOf(result.curve), element("div", { class: "ends" }, element("span", {}, t("loss")), element("span", {}, t("step_n", { n: result.curve[result.curve.length - 1].step }))));
    if (job.state !== "done") return;
    const better = result.after >= result.before;
    box.append(
      element("p", { class: "quiet" }, t("held_out_ap", { n: result.held_out }), result.before === 1 ? ` ${t("held_out_untouched")}` : ""),
      element("div", { class: "versus" },
        element("span", {}, element("b", {}, result.before.toFixed(2)), t("before")),
        element("span", { class: "quiet" }, "→"),
        element("span", {}, element("b", { class: better ? "better" : "worse" }, result.after.toFixed(2)), t("after")),
      ),
    );
    if (result.advice) box.append(element("p", {}, t(result.advice === "more" ? "more_helps" : "more_does_not"), ` (${result.points.map((/** @type {any} */ p) => `${p.images}: ${short(p.ap)}`).join(" → ")})`));
    if (this.work.model !== result.name) {
      box.append(element("button", { class: better ? "primary" : "", id: "use-model", onclick: () => this.work.choose(result.name) }, t("use_model")));
    } else {
      box.append(element("p", { class: "row" }, icon("check"), t("in_use", { name: result.name })));
    }
  }
}

/** Why a job failed, and on which image. @param {Job} job */
const named = ({ image, message }) => (image && !message.includes(image) ? `${image}: ${message}` : message);

/** How far a job is. @param {Job} job */
function messageOf(job) {
  if (job.kind === "predict") return job.total > 1 ? `${job.done} / ${job.total} · ${job.message}` : job.message;
  const left = job.result?.seconds_left;
  if (left === undefined) return "";
  if (left <= 0) return t("comparing");
  return left < 100 ? t("seconds_left", { n: left }) : t("minutes_left", { n: Math.round(left / 60) });
}

/** The loss over the steps, and the AP where it was validated. @param {{step: number, loss: number | null, ap: number | null}[]} rows */
function curveOf(rows) {
  const root = document.createElementNS(SVG, "svg");
  root.setAttribute("class", "curve");
  root.setAttribute("viewBox", "0 0 100 100");
  root.setAttribute("preserveAspectRatio", "none");
  const last = rows[rows.length - 1].step || 1;
  const most = Math.max(...rows.map((r) => r.loss ?? 0)) || 1;
  for (const [kind, value] of /** @type {const} */ ([["loss", (/** @type {any} */ r) => (r.loss === null ? null : r.loss / most)], ["ap", (/** @type {any} */ r) => r.ap]])) {
    const points = rows.filter((r) => value(r) !== null).map((r) => `${((100 * r.step) / last).toFixed(2)},${(96 - 92 * value(r)).toFixed(2)}`);
    if (points.length < 2) continue;
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", `M${points.join("L")}`);
    if (kind === "ap") path.setAttribute("class", "second");
    root.append(path);
  }
  return root;
}
