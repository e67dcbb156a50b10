// The panel of objects: classes, a histogram to choose by, and the table.

import { classColour } from "./colours.js";
import { byId, element, short } from "./elements.js";
import { Histogram } from "./histogram.js";
import { t } from "./language.js";
import { get } from "./server.js";

/** @typedef {import("./open_image.js").OpenImage} OpenImage */
/** @typedef {import("./open_image.js").Outline} Outline */
/** @typedef {import("./selection.js").Selection} Selection */
/** @typedef {{name: string, unit: string, meaning: string, values: Map<number, number | null>}} Column */

const ROW = 28; // pixels
const PAUSE = 700; // milliseconds after an edit until measurements are asked for

export class ObjectsPanel {
  /** @param {import("./work.js").Work} work @param {(label: number) => void} nameClass */
  constructor(work, nameClass) {
    this.root = byId("objects");
    this.work = work;
    this.selection = work.selection;
    this.nameClass = nameClass;
    /** @type {OpenImage | null} */ this.image = null;
    /** @type {Map<string, Column>} */ this.measured = new Map();
    this.measuredAt = -1;
    this.column = "area";
    this.sortBy = "id";
    this.descending = false;
    this.label = -1;
    /** @type {[number, number] | null} */ this.range = null;
    /** @type {Outline[]} */ this.rows = [];
    this.timer = 0;
    this.busy = false;
    this.build();
    this.selection.on("change", () => this.drawRows());
    work.on("open", (image) => this.open(image));
    work.on("objects", (image) => {
      if (this.image === image) this.refresh();
    });
    work.on("classes", () => this.refresh());
  }

  build() {
    this.classes = element("div", { class: "classes" });
    this.columnChoice = element("select", { "aria-label": t("measurement"), onchange: () => this.chooseColumn() });
    this.classChoice = element("select", { "aria-label": t("class"), onchange: () => this.chooseClass() });
    this.histogram = new Histogram((range, ended) => this.brush(range, ended));
    this.ends = element("div", { class: "ends" });
    this.head = element("div", { class: "head", role: "row" });
    this.space = element("div", { class: "space" });
    this.scroller = element("div", { class: "rows", role: "rowgroup", tabindex: "0", "aria-label": t("objects"), onscroll: () => this.drawRows(), onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e) }, this.space);
    this.count = element("span", { class: "quiet" });
    const next = element("button", { onclick: () => this.showNextUncertain(), title: t("next_uncertain") }, t("next_uncertain"));
    this.root.replaceChildren(
      element("div", { class: "group" }, this.classes),
      element("div", { class: "group" }, element("div", { class: "row" }, this.columnChoice, this.classChoice), this.histogram.root, this.ends),
      element("div", { class: "row" }, this.count, element("span", { class: "spring" }), next),
      element("div", { class: "table", role: "table", "aria-label": t("objects") }, this.head, this.scroller),
    );
    if (!this.watch) {
      this.watch = new ResizeObserver(() => this.drawRows());
    }
    this.watch.observe(this.scroller);
    this.refresh();
  }

  /** @param {OpenImage | null} image */
  open(image) {
    this.image = image;
    this.measured.clear();
    this.measuredAt = -1;
    this.range = null;
    this.histogram?.clear();
    this.refresh();
  }

  /** The columns that can be chosen: two are known here, all others are measured by the server. */
  columns() {
    /** @type {Map<string, Column>} */
    const all = new Map();
    const outlines = [...(this.image?.outlines.values() ?? [])];
    all.set("score", { name: "score", unit: "", meaning: "", values: new Map(outlines.map((o) => [o.id, o.score])) });
    if (!this.measured.has("area")) all.set("area", { name: "area", unit: "px²", meaning: "", values: new Map(outlines.map((o) => [o.id, o.area])) });
    for (const [name, column] of this.measured) all.set(name, column);
    return all;
  }

  refresh() {
    const columns = this.columns();
    if (!columns.has(this.column)) this.column = "area";
    const { columnChoice, classChoice } = this;
    if (!columnChoice || !classChoice) return;
    const names = [...columns.keys()].join();
    if (columnChoice.dataset.names !== names) {
      columnChoice.dataset.names = names;
      columnChoice.replaceChildren(...[...columns.values()].map((c) => element("option", { value: c.name, title: c.meaning }, c.unit ? `${c.name} (${c.unit})` : c.name)));
    }
    columnChoice.value = this.column;
    const classes = this.work.classes;
    classChoice.replaceChildren(element("option", { value: "-1" }, t("all_classes")), ...classes.map((name, i) => element("option", { value: String(i), selected: i === this.label }, name)));
    this.drawClasses(classes);
    this.sortRows(columns);
    clearTimeout(this.timer);
    if (this.image && this.image.revision !== this.measuredAt && this.root.offsetParent) {
      this.timer = setTimeout(() => this.measure(), PAUSE);
    }
  }

  async measure() {
    const image = this.image;
    if (!image || this.busy || image.outlines.size === 0) return;
    this.busy = true;
    try {
      const { model } = this.work;
      const table = await get(`images/${image.key}/table?page=${image.page}&model=${encodeURIComponent(model)}`, image.closed.signal);
      if (image !== this.image) return;
      this.measured = new Map(table.columns.map((/** @type {any} */ c) => [c.name, { ...c, values: new Map(table.ids.map((/** @type {number} */ id, /** @type {number} */ i) => [id, c.values[i]])) }]));
      this.measuredAt = table.revision;
      this.refresh();
    } catch {
      // what cannot be measured has no column; the outlines are there all the same
    } finally {
      this.busy = false;
    }
  }

  /** @param {string[]} classes */
  drawClasses(classes) {
    const items = classes.map((name, i) =>
      element(
        "button",
        { class: "class", "aria-pressed": String(i === this.work.drawingClass), title: `${name}. ${t("class_hint")}`, onclick: () => this.work.classify(i), ondblclick: () => this.nameClass(i) },
        swatch(i), element("span", {}, name), i < 9 ? element("kbd", {}, String(i + 1)) : null,
      ),
    );
    this.classes?.replaceChildren(...items, element("button", { class: "class", title: t("add_class"), onclick: () => this.nameClass(classes.length) }, `+ ${t("class")}`));
  }

  chooseColumn() {
    this.column = /** @type {HTMLSelectElement} */ (this.columnChoice).value;
    this.range = null;
    this.histogram?.clear();
    this.sortBy = "value";
    this.refresh();
  }

  chooseClass() {
    this.label = Number(/** @type {HTMLSelectElement} */ (this.classChoice).value);
    this.refresh();
  }

  /** @param {[number, number] | null} range @param {boolean} ended */
  brush(range, ended) {
    this.range = range;
    this.sortRows(this.columns());
    if (ended) this.selection.set(range ? this.rows.map((o) => o.id) : []);
  }

  /** @param {Map<string, Column>} columns */
  sortRows(columns) {
    const outlines = [...(this.image?.outlines.values() ?? [])].filter((o) => this.label < 0 || o.label === this.label);
    const column = /** @type {Column} */ (columns.get(this.column));
    const value = (/** @type {Outline} */ o) => column.values.get(o.id) ?? null;
    this.histogram?.show(outlines.map(value), this.range);
    const span = this.histogram?.span;
    this.ends?.replaceChildren(element("span", {}, span ? short(span[0]) : ""), element("span", {}, this.range ? `${short(this.range[0])} – ${short(this.range[1])}` : ""), element("span", {}, span ? short(span[1]) : ""));
    const { range } = this;
    this.rows = range ? outlines.filter((o) => { const v = value(o); return v !== null && v >= range[0] && v <= range[1]; }) : outlines;
    const classes = this.work.classes;
    const keys = /** @type {Record<string, (o: Outline) => number | string | null>} */ ({
      id: (o) => o.id, class: (o) => classes[o.label] ?? "", score: (o) => o.score, value,
    });
    const key = keys[this.sortBy];
    const sign = this.descending ? -1 : 1;
    this.rows.sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return Number(x === null) - Number(y === null); // missing ones last
      return (x < y ? -1 : x > y ? 1 : a.id - b.id) * sign;
    });
    const filtered = range !== null || this.label >= 0;
    this.work.viewer.outlines.setFilter(filtered ? new Set(this.rows.map((o) => o.id)) : null);
    if (this.count) this.count.textContent = filtered ? t("n_of_m_objects", { n: this.rows.length, m: this.image?.outlines.size ?? 0 }) : t("n_objects", { n: this.rows.length });
    this.value = value;
    this.drawHead(column);
    this.drawRows();
  }

  /** @param {Column} column */
  drawHead(column) {
    const names = /** @type {[string, string][]} */ ([["id", t("id")], ["class", t("class")], ["score", t("score")], ["value", column.name]]);
    this.head?.replaceChildren(...names.map(([key, name]) =>
      element("div", { role: "columnheader", "aria-sort": this.sortBy === key ? (this.descending ? "descending" : "ascending") : null }, element("button", {
        class: key === "class" ? "" : "number", title: key === "value" ? column.meaning || name : name,
        onclick: () => {
          this.descending = this.sortBy === key ? !this.descending : false;
          this.sortBy = key;
          this.refresh();
        },
      }, name + (this.sortBy === key ? (this.descending ? " ↓" : " ↑") : ""))),
    ));
  }

  drawRows() {
    const { scroller, space } = this;
    if (!scroller || !space) return;
    space.style.height = `${this.rows.length * ROW}px`;
    const first = Math.max(0, Math.floor(scroller.scrollTop / ROW) - 4);
    const last = Math.min(this.rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / ROW) + 4);
    const classes = this.work.classes;
    space.replaceChildren(...this.rows.slice(first, last).map((o, k) => {
      const row = element("div", {
        class: "object", role: "row", "aria-selected": String(this.selection.ids.has(o.id)), dataset: { id: String(o.id) },
        onclick: (/** @type {MouseEvent} */ event) => (event.shiftKey || event.ctrlKey || event.metaKey ? this.selection.toggle(o.id) : this.work.show(o.id)),
      },
      element("span", { class: `number${o.by === "hand" ? " by-hand" : ""}`, role: "cell" }, String(o.id)),
      element("span", { class: "class-name", role: "cell", title: classes[o.label] }, swatch(o.label), element("span", {}, classes[o.label] ?? "")),
      element("span", { class: "number", role: "cell" }, o.score === null ? "–" : o.score.toFixed(2)),
      element("span", { class: "number", role: "cell" }, short(this.value?.(o))));
      row.style.top = `${(first + k) * ROW}px`;
      return row;
    }));
  }

  /** Up and down in the table. @param {KeyboardEvent} event */
  key(event) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || !this.rows.length) return;
    event.preventDefault();
    event.stopPropagation();
    const at = this.rows.findIndex((o) => o.id === this.selection.single);
    const next = this.rows[Math.min(this.rows.length - 1, Math.max(0, at + step))];
    this.work.show(next.id);
    this.reveal(next.id);
  }

  /** Scroll the row of an object into view. @param {number} id */
  reveal(id) {
    const at = this.rows.findIndex((o) => o.id === id);
    const { scroller } = this;
    if (at < 0 || !scroller) return;
    if (at * ROW < scroller.scrollTop || (at + 1) * ROW > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = at * ROW - scroller.clientHeight / 2;
    }
  }

  showNextUncertain() {
    const id = this.work.nextUncertain((o) => this.sureness(o));
    if (id !== null) this.reveal(id);
  }

  /** How sure a model is of an object: its predicted quality, else its score. @param {Outline} o */
  sureness(o) {
    return this.measured.get("quality")?.values.get(o.id) ?? o.score ?? 1;
  }
}

/** @param {number} label */
function swatch(label) {
  const made = element("span", { class: "swatch" });
  made.style.background = classColour(label);
  return made;
}
