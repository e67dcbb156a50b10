// Making elements: text is always text, never HTML.

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [properties]  class, dataset, on… listeners, others as attributes
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") made.className = value;
    else if (name === "dataset") Object.assign(made.dataset, value);
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && typeof value !== "string") /** @type {any} */ (made)[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element ${id}`);
  return /** @type {T} */ (found);
}

const PATHS = {
  select: "M5 3l13 8.2-5.7 1.1 3.3 6.3-2.4 1.2-3.2-6.3L5 17.6z",
  extremes: "M12 3.5v3M12 17.5v3M3.5 12h3M17.5 12h3M12 6.5L17.5 12 12 17.5 6.5 12z",
  click: "M12 12m-6.5 0a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0M12 10v4M10 12h4",
  box: "M4.5 6.5h15v11h-15zM4.5 6.5h0M19.5 17.5h0",
  hand: "M4 16c2-7 5-10 8-10s6 3 5 7-5 5-8 5M17 4l3 3-2 .5z",
  cut: "M5 19L19 5M7 7m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0M17 17m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
  carve: "M12 12m-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0M12 12m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
  extend: "M10 12m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0M18 5v6M15 8h6",
  refit: "M12 4a8 8 0 1 1-7 4M5 3v5h5M12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6",
  smooth: "M3 15c3-9 6-9 9-3s6 5 9-4",
  merge: "M9 12m-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0M15 12m-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0",
  delete: "M5 7h14M10 7V4.500h4V7M7 7l1 12.500h8L17 7M10.5 10.500v5.500M13.5 10.500v5.5",
  undo: "M8 5L4 9l4 4M4 9h9a6 6 0 0 1 0 12h-3",
  redo: "M16 5l4 4-4 4M20 9h-9a6 6 0 0 0 0 12h3",
  left: "M14.5 5l-7 7 7 7",
  right: "M9.5 5l7 7-7 7",
  menu: "M4 7h16M4 12h16M4 17h16",
  panel: "M4 5h16v14H4zM14.5 5v14",
  settings: "M4 7h9M19 7h1M4 17h1M11 17h9M16 7m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0M8 17m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
  theme: "M12 4a8 8 0 1 0 8 8 6 6 0 0 1-8-8z",
  export: "M12 4v11M7.5 8.5L12 4l4.5 4.5M5 15v4h14v-4",
  help: "M9 9a3 3 0 1 1 4.2 2.7c-.8.4-1.2 1-1.2 1.8v.7M12 17.5v.5",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  eye: "M2.5 12s3.5-6.5 9.5-6.5 9.5 6.5 9.5 6.5-3.5 6.5-9.5 6.5S2.5 12 2.5 12zM12 12m-2.7 0a2.7 2.7 0 1 0 5.4 0a2.7 2.7 0 1 0-5.4 0",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
};

/** @typedef {keyof typeof PATHS} Icon */

/** @param {Icon} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/**
 * A bar below the page with a sentence, for a while; once, however often it is said.
 * @param {string} sentence @param {"info" | "problem" | "lasting problem"} [kind]
 */
export function toast(sentence, kind = "info") {
  const made = element("div", { class: `toast ${kind}`, role: kind === "info" ? "status" : "alert" }, sentence);
  const place = byId("toasts");
  for (const each of [...place.children]) {
    if (each.textContent !== sentence) continue;
    if (each.classList.contains("lasting")) return;
    each.remove();
  }
  place.append(made);
  const passing = place.querySelectorAll(".toast:not(.lasting)");
  for (let i = 0; i < passing.length - 3; i++) passing[i].remove();
  if (kind !== "lasting problem") setTimeout(() => made.remove(), kind === "problem" ? 8000 : 4000);
}

/** A number in few digits. @param {number | null | undefined} value */
export function short(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e5 || (size < 1e-3 && size > 0)) return value.toExponential(1);
  return String(Number(value.toPrecision(size >= 1000 ? 4 : 3)));
}
