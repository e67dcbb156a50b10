// The page: what belongs together is joined here.

import { listenToKeys, openDialog, showHelp } from "./commands.js";
import { byId, element, icon, short, toast } from "./elements.js";
import { Gallery } from "./gallery.js";
import { currentLanguage, nextLanguage, t, translate } from "./language.js";
import { OpenImage } from "./open_image.js";
import { overlayOf } from "./overlay.js";
import { ImagePanel } from "./panel_image.js";
import { ModelPanel } from "./panel_model.js";
import { ObjectsPanel } from "./panel_objects.js";
import { Selection } from "./selection.js";
import { listen, Refusal, request, send, token, windowName } from "./server.js";
import { DRAWING, Tools, TOOLS } from "./tools.js";
import { Viewer } from "./viewer.js";

/** @typedef {import("./tools.js").Tool} Tool */
/** @typedef {import("./language.js").Word} Word */

const selection = new Selection();
const viewer = new Viewer(byId("picture"), byId("overlay"));
const gallery = new Gallery((key) => open(key));
const imagePanel = new ImagePanel(viewer);
/** @type {any} */
let folder = null;
/** @type {OpenImage | null} */
let image = null;
let drawingClass = 0;
/** @type {Set<number>} */
let visited = new Set(); // of the least certain objects

const tools = new Tools(viewer, selection, {
  edit: (edit) => image?.edit(edit) ?? Promise.resolve(null),
  outline: (prompt) => outline(prompt),
  fits: () => /** @type {HTMLInputElement} */ (byId("closing")).checked,
});
viewer.drawOver = overlayOf(viewer, tools, selection);

const models = new ModelPanel({
  current: () => image?.key ?? null,
  page: () => image?.page ?? 0,
  canTrain: () => folder?.can_train ?? false,
  chosen: () => prepare(),
});
const objects = new ObjectsPanel(selection, {
  show: (id) => show(id),
  classify: (label) => classify(label),
  addClass: () => nameClass(folder.classes.length),
  renameClass: (label) => nameClass(label),
  next: () => nextUncertain(),
  filter: (ids) => {
    viewer.outlines.filter = ids;
    viewer.outlines.changed();
  },
  model: () => models.model,
  drawingClass: () => drawingClass,
});

/** @param {Record<string, any>} prompt */
async function outline(prompt) {
  const on = image; // another one may be open when the answer comes
  if (!on) return;
  const label = Math.min(drawingClass, Math.max(0, on.classes.length - 1));
  const edit = prompt.ring ? { move: "add", ring: prompt.ring, label } : { move: "outline", model: models.model, label, ...prompt };
  busy(true);
  const fresh = await on.edit(edit);
  busy(false);
  if (image === on && fresh?.length) selection.set(fresh);
}

/** @param {boolean} on */
function busy(on) {
  byId("frame").setAttribute("aria-busy", String(on));
  hint(on ? t("closing_in") : toolHint(tools.tool));
}

/** @param {number} id */
function show(id) {
  const shown = image?.outlines.get(id);
  if (!shown) return;
  selection.set([id]);
  viewer.showBox(shown.box);
}

/** @param {number} label */
function classify(label) {
  if (!image || label >= image.classes.length) return;
  drawingClass = label;
  if (selection.ids.size) image.edit({ move: "classify", objects: [...selection.ids], label });
  objects.refresh();
}

/** Ask for the name of a class. @param {number} label */
function nameClass(label) {
  const input = element("input", { type: "text", maxlength: "80", value: folder.classes[label] ?? "", "aria-label": t("class_name") });
  const save = async () => {
    const names = folder.classes.length ? [...folder.classes] : [];
    names[label] = input.value;
    try {
      folder.classes = (await send("PUT", "classes", { names })).names;
      dialog.close();
      if (image) image.classes = folder.classes;
      objects.refresh();
    } catch (error) {
      tell(error);
    }
  };
  const form = element("form", { class: "row", method: "dialog", onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); save(); } }, input, element("button", { class: "primary" }, t("save")));
  const dialog = openDialog(t(folder.classes[label] === undefined ? "add_class" : "rename_class"), form);
  input.focus();
}

function nextUncertain() {
  if (!image) return;
  const waiting = [...image.outlines.values()].filter((o) => o.by === "model" && !visited.has(o.id)).sort((a, b) => objects.sureness(a) - objects.sureness(b));
  if (!waiting.length) {
    toast(t("none_uncertain"));
    visited = new Set();
    return;
  }
  visited.add(waiting[0].id);
  show(waiting[0].id);
  objects.reveal(waiting[0].id);
}

/** @param {Record<string, unknown>} edit  of the selected objects, or the one under the pointer */
function editSelected(edit) {
  const ids = selection.ids.size ? [...selection.ids] : selection.hovered === null ? [] : [selection.hovered];
  if (!ids.length) toast(t("select_first"));
  else image?.edit({ ...edit, objects: ids });
}

/** @param {string} key @param {number} [page] */
async function open(key, page = 0) {
  const same = image?.key === key;
  if (same && image?.page === page) return;
  image?.close();
  tools.cancel();
  selection.clear();
  visited = new Set();
  const opened = new OpenImage(key, page);
  image = opened;
  gallery.mark(key);
  history.replaceState(null, "", `#${key}`); // Back leaves the page, and not one image after the other
  drawHeader();
  byId("gallery").classList.remove("open");
  opened.on("picture", () => {
    byId("message").hidden = true;
    viewer.open(opened, same);
    imagePanel.draw();
    drawPages();
  });
  opened.on("objects", () => {
    folder.classes = opened.classes.length ? opened.classes : folder.classes;
    gallery.update({ key, status: /** @type {any} */ (opened.status), objects: opened.picture?.pages > 1 ? gallery.byKey.get(key)?.objects ?? null : opened.outlines.size });
    if (image !== opened) return; // a late answer, of an image that was left
    selection.keepOnly(opened.outlines);
    viewer.outlines.changed();
    hint(toolHint(tools.tool));
    drawHeader();
  });
  opened.on("saving", drawSaved);
  opened.on("refused", tell);
  objects.open(opened);
  try {
    await opened.load();
    prepare();
  } catch (error) {
    if (image !== opened || opened.closed.signal.aborted) return;
    viewer.close();
    imagePanel.draw();
    message(t("cannot_show"), error instanceof Error ? error.message : String(error));
  }
  send("PUT", "look", { window: windowName, image: key }).catch(() => {});
}

/** Let the server compute the features of the image, so that the first outline comes at once. */
function prepare() {
  if (!image?.picture || !models.model) return;
  send("POST", `images/${image.key}/look?page=${image.page}`, { name: models.model }).catch(() => {});
}

/** @param {string} title @param {string} text */
function message(title, text) {
  const place = byId("message");
  place.hidden = false;
  place.replaceChildren(element("b", {}, title), element("span", {}, text));
}

/** @param {unknown} error */
function tell(error) {
  if (error instanceof Refusal) toast(error.message, error.reason === "conflict" ? "info" : "problem");
  else toast(t("no_connection"), "problem");
}

function drawHeader() {
  const entry = gallery.entries.find((e) => e.key === image?.key);
  const place = entry ? gallery.entries.indexOf(entry) + 1 : 0;
  byId("image-name").textContent = entry?.name ?? "";
  byId("image-number").textContent = entry ? `${place} / ${gallery.entries.length}` : "";
  byId("image-name").title = entry?.name ?? "";
  document.title = entry ? `${entry.name} · Kontur` : "Kontur";
  /** @type {HTMLButtonElement} */ (byId("previous")).disabled = !gallery.neighbour(-1);
  /** @type {HTMLButtonElement} */ (byId("next")).disabled = !gallery.neighbour(1);
  /** @type {HTMLButtonElement} */ (byId("undo")).disabled = !image?.undoable;
  /** @type {HTMLButtonElement} */ (byId("redo")).disabled = !image?.redoable;
  const isDone = image?.status === "done";
  const done = byId("done");
  done.hidden = !image;
  done.setAttribute("aria-pressed", String(isDone));
  done.replaceChildren(icon("check"), element("span", {}, t(isDone ? "done" : "mark_done")));
  drawSaved();
}

function drawSaved() {
  const saved = byId("saved");
  saved.classList.toggle("problem", Boolean(image?.failure));
  saved.textContent = !image ? "" : image.waiting ? t("saving") : image.failure ? t("not_saved") : image.revision > 0 ? t("saved") : "";
}

function drawPages() {
  const pages = image?.picture?.pages ?? 1;
  byId("pages").hidden = pages < 2;
  const slider = /** @type {HTMLInputElement} */ (byId("page"));
  slider.max = String(pages - 1);
  slider.value = String(image?.page ?? 0);
  byId("page-number").textContent = `${(image?.page ?? 0) + 1} / ${pages}`;
}

function drawPointer() {
  const at = tools.pointer;
  const values = at ? viewer.picture.valuesAt(...at) : null;
  byId("place").textContent = at ? `${at[0].toFixed(1)}, ${at[1].toFixed(1)}` : "";
  byId("values").textContent = values ? values.map(short).join("  ") : "";
  const over = tools.tool !== "select" || !at ? "" : tools.grabbed(at) ? "vertex" : selection.hovered !== null ? "object" : "";
  viewer.overlay.dataset.over = over;
}

/** @param {Tool} tool */
function toolHint(tool) {
  if (tool === "select") return image?.picture && image.outlines.size === 0 ? t("hint_empty") : "";
  const n = tools.points.length;
  return tool === "extremes" ? t("hint_extremes", { n: 4 - n }) : t(/** @type {Word} */ (`hint_${tool}`));
}

/** @param {string} text */
function hint(text) {
  byId("hint").hidden = !text;
  byId("hint").textContent = text;
}

function drawTools() {
  const place = byId("tools");
  place.replaceChildren();
  for (const tool of TOOLS) {
    if (tool === "extremes" || tool === "cut") place.append(element("span", { class: "gap" }));
    const key = /** @type {Record<Tool, string>} */ ({ select: "V", extremes: "E", click: "C", box: "B", hand: "F", cut: "X", carve: "H", extend: "A" })[tool];
    place.append(element("button", { class: "plain", id: `tool-${tool}`, "aria-pressed": String(tools.tool === tool), title: `${t(/** @type {Word} */ (`tool_${tool}`))} (${key})`, "aria-label": t(/** @type {Word} */ (`tool_${tool}`)), onclick: () => tools.choose(tool) }, icon(tool)));
  }
  place.append(element("span", { class: "gap" }));
  for (const name of /** @type {const} */ (["refit", "smooth", "merge", "delete"])) {
    const command = /** @type {import("./commands.js").Command} */ (commands.find((each) => each.word === name));
    const title = `${t(name)} (${command.keys[0] === "delete" ? "Del" : command.keys[0].toUpperCase()})`;
    place.append(element("button", { class: "plain", id: `act-${name}`, title, "aria-label": t(name), onclick: () => command.run(new KeyboardEvent("keydown")) }, icon(name)));
  }
  drawActions();
}

/** What is done to selected objects can only be done where some are. */
function drawActions() {
  for (const name of ["refit", "smooth", "merge", "delete"]) {
    /** @type {HTMLButtonElement} */ (byId(`act-${name}`)).disabled = selection.ids.size < (name === "merge" ? 2 : 1);
  }
}

/** @param {"objects" | "model" | "image"} name */
function chooseTab(name) {
  for (const each of /** @type {const} */ (["objects", "model", "image"])) {
    byId(`tab-${each}`).setAttribute("aria-selected", String(each === name));
    byId(`tab-${each}`).tabIndex = each === name ? 0 : -1;
    byId(each).hidden = each !== name;
  }
  if (name === "objects") objects.refresh();
  if (name === "image") imagePanel.draw();
  if (name === "model") models.loadTraining().catch(tell);
}

/** Show which formats there are, and save one. */
function exportDialog() {
  const all = element("input", { type: "checkbox", id: "export-all" });
  const buttons = folder.formats.map((/** @type {string} */ format) => element("button", { dataset: { format }, onclick: () => save(format, all.checked) }, format));
  openDialog(t("export"), element("p", { class: "quiet" }, t("export_hint")), element("label", {}, all, ` ${t("export_all")}`), element("div", { class: "formats" }, ...buttons));
}

/** @param {string} format @param {boolean} all */
async function save(format, all) {
  try {
    const answer = await request("POST", "export", { format, images: all || !image ? null : [image.key] });
    const name = decodeURIComponent((answer.headers.get("Content-Disposition") ?? "").split("''")[1] ?? "outlines");
    const losses = decodeURIComponent(answer.headers.get("X-Kontur-Losses") ?? "");
    const link = element("a", { href: URL.createObjectURL(await answer.blob()), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    toast(losses ? t("exported_with_losses", { name, losses }) : t("exported", { name }));
  } catch (error) {
    tell(error);
  }
}

async function toggleDone() {
  if (!image) return;
  try {
    await send("PUT", `images/${image.key}/status`, { status: image.status === "done" ? "corrected" : "done" });
    await image.catchUp();
  } catch (error) {
    tell(error);
  }
}

function step(/** @type {"undo" | "redo"} */ direction) {
  if (image && (direction === "undo" ? image.undoable : image.redoable)) image.step(direction);
}

/** @param {number} by */
function go(by) {
  const key = gallery.neighbour(by);
  if (key) open(key);
}

/** @param {number} by */
function goPlane(by) {
  const pages = image?.picture?.pages ?? 1;
  const page = (image?.page ?? 0) + by;
  if (image && page >= 0 && page < pages) open(image.key, page);
}

/** @param {number} radius */
function setRadius(radius) {
  tools.radius = Math.max(0, Math.min(200, radius));
  /** @type {HTMLInputElement} */ (byId("radius")).value = String(tools.radius);
  byId("radius-value").textContent = `${tools.radius} px`;
  viewer.redraw();
}

/** @param {string} name  of the theme */
function setTheme(name) {
  document.documentElement.dataset.theme = name;
  localStorage.setItem("kontur-theme", name);
  viewer.background = name === "light" ? "#c9ced4" : "#101214";
  viewer.redraw();
}

/** @param {number} dx @param {number} dy */
const nudge = (dx, dy) => (selection.ids.size ? editSelected({ move: "shift", by: [dx, dy] }) : viewer.pan(-80 * dx, -80 * dy));
const escape = () => tools.cancel() || (tools.tool !== "select" ? tools.choose("select") : selection.clear());

/** @type {import("./commands.js").Command[]} */
const commands = [
  ...TOOLS.map((tool) => /** @type {const} */ ({ keys: [{ select: "v", extremes: "e", click: "c", box: "b", hand: "f", cut: "x", carve: "h", extend: "a" }[tool]], word: /** @type {Word} */ (`tool_${tool}`), group: DRAWING.has(tool) ? "drawing" : "correcting", run: () => tools.choose(tool) })),
  { keys: ["z"], word: "snake_closes", group: "drawing", run: () => byId("closing").click() },
  { keys: ["escape"], word: "cancel", group: "drawing", run: escape },
  { keys: ["ctrl+z"], word: "undo", group: "correcting", run: () => step("undo") },
  { keys: ["ctrl+shift+z", "ctrl+y"], word: "redo", group: "correcting", run: () => step("redo") },
  { keys: ["delete", "backspace"], word: "delete", group: "correcting", run: () => editSelected({ move: "delete" }) },
  { keys: ["r"], word: "refit", group: "correcting", run: () => editSelected({ move: "refit", model: models.model }) },
  { keys: ["s"], word: "smooth", group: "correcting", run: () => editSelected({ move: "smooth", window: Math.max(2, tools.radius / 2) }) },
  { keys: ["i"], word: "simplify", group: "correcting", run: () => editSelected({ move: "simplify", tolerance: 0.5 }) },
  { keys: ["m"], word: "merge", group: "correcting", run: () => editSelected({ move: "merge" }) },
  { keys: ["o"], word: "fill_holes", group: "correcting", run: () => editSelected({ move: "fill_holes" }) },
  { keys: ["["], word: "smaller_reach", group: "correcting", run: () => setRadius(tools.radius - 2) },
  { keys: ["]"], word: "larger_reach", group: "correcting", run: () => setRadius(tools.radius + 2) },
  ...Array.from({ length: 9 }, (_, i) => /** @type {const} */ ({ keys: [String(i + 1)], word: "class_n", group: i ? "page" : "correcting", run: () => classify(i) })),
  { keys: ["ctrl+a"], word: "select_all", group: "correcting", run: () => selection.set(image?.outlines.keys() ?? []) },
  { keys: ["q"], word: "next_uncertain", group: "correcting", run: nextUncertain },
  { keys: ["arrowleft"], word: "nudge", group: "moving", run: () => nudge(-1, 0) },
  { keys: ["arrowright"], word: "nudge", group: "moving", run: () => nudge(1, 0) },
  { keys: ["arrowup"], word: "nudge", group: "moving", run: () => nudge(0, -1) },
  { keys: ["arrowdown"], word: "nudge", group: "moving", run: () => nudge(0, 1) },
  { keys: ["+", "="], word: "zoom_in", group: "moving", run: () => viewer.zoomBy(1.25) },
  { keys: ["-"], word: "zoom_out", group: "moving", run: () => viewer.zoomBy(0.8) },
  { keys: ["0"], word: "fit", group: "moving", run: () => viewer.fit() },
  { keys: ["n", "pagedown"], word: "next_image", group: "images", run: () => go(1) },
  { keys: ["p", "pageup"], word: "previous_image", group: "images", run: () => go(-1) },
  { keys: ["."], word: "next_plane", group: "images", run: () => goPlane(1) },
  { keys: [","], word: "previous_plane", group: "images", run: () => goPlane(-1) },
  { keys: ["d"], word: "mark_done", group: "images", run: toggleDone },
  { keys: ["g"], word: "outline_image", group: "images", run: () => models.predict(true) },
  { keys: ["shift+g"], word: "outline_all", group: "images", run: () => models.predict(false) },
  { keys: ["ctrl+s"], word: "export", group: "images", run: exportDialog },
  { keys: ["w"], word: "show_outlines", group: "looking", run: () => byId("outlines-visible").click() },
  { keys: ["alt+1"], word: "objects", group: "looking", run: () => chooseTab("objects") },
  { keys: ["alt+2"], word: "model", group: "looking", run: () => chooseTab("model") },
  { keys: ["alt+3"], word: "image", group: "looking", run: () => chooseTab("image") },
  { keys: ["l"], word: "language", group: "looking", run: () => changeLanguage() },
  { keys: ["t"], word: "theme", group: "looking", run: () => byId("theme").click() },
  { keys: ["?"], word: "help", group: "looking", run: () => showHelp(shownCommands()) },
];

/** One line of the help for keys that do alike. */
function shownCommands() {
  const once = commands.filter((c) => c.group !== "page");
  const arrows = once.filter((c) => c.word === "nudge");
  const rest = once.filter((c) => c.word !== "nudge");
  return [...rest, { ...arrows[0], keys: ["arrowleft", "arrowright"] }];
}

function changeLanguage() {
  nextLanguage();
  drawWords();
}

/** Everything that has words, in the language that is chosen. */
function drawWords() {
  translate();
  byId("language").textContent = currentLanguage() === "en" ? "中文" : "EN";
  byId("language").title = t("language");
  drawTools();
  objects.build();
  models.build();
  imagePanel.draw();
  for (const entry of gallery.entries) gallery.paint(entry, /** @type {HTMLElement} */ (gallery.items.get(entry.key)));
  gallery.drawHead();
  drawHeader();
  hint(toolHint(tools.tool));
}

function listenToPage() {
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-icon]"))) each.append(icon(/** @type {any} */ (each.dataset.icon)));
  const clicks = /** @type {Record<string, () => void>} */ ({
    previous: () => go(-1), next: () => go(1), done: toggleDone, undo: () => step("undo"), redo: () => step("redo"),
    export: exportDialog, language: changeLanguage, help: () => showHelp(shownCommands()), fit: () => viewer.fit(),
    "zoom-in": () => viewer.zoomBy(1.25), "zoom-out": () => viewer.zoomBy(0.8),
    theme: () => setTheme(document.documentElement.dataset.theme === "light" ? "dark" : "light"),
    "show-gallery": () => byId("gallery").classList.toggle("open"), "show-panel": () => byId("panel").classList.toggle("open"),
    "tab-objects": () => chooseTab("objects"), "tab-model": () => chooseTab("model"), "tab-image": () => chooseTab("image"),
    "outlines-visible": () => {
      viewer.outlines.visible = !viewer.outlines.visible;
      byId("outlines-visible").setAttribute("aria-pressed", String(viewer.outlines.visible));
      viewer.redraw();
    },
  });
  for (const [id, run] of Object.entries(clicks)) byId(id).addEventListener("click", run);
  document.querySelector(".tabs")?.addEventListener("keydown", (event) => {
    const names = /** @type {const} */ (["objects", "model", "image"]);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[/** @type {KeyboardEvent} */ (event).key] ?? 0;
    const at = names.findIndex((name) => byId(`tab-${name}`).getAttribute("aria-selected") === "true");
    if (step) {
      chooseTab(names[(at + step + 3) % 3]);
      byId(`tab-${names[(at + step + 3) % 3]}`).focus();
    }
  });
  byId("radius").addEventListener("input", (event) => setRadius(Number(/** @type {HTMLInputElement} */ (event.target).value)));
  byId("page").addEventListener("input", (event) => image && open(image.key, Number(/** @type {HTMLInputElement} */ (event.target).value)));
  addEventListener("keydown", (event) => {
    if (event.key === " " && event.target === viewer.overlay) { tools.space = true; event.preventDefault(); }
  });
  addEventListener("keyup", (event) => {
    if (event.key === " ") tools.space = false;
  });
  viewer.on("camera", () => { byId("zoom").textContent = `${Math.round((100 * viewer.camera.zoom) / viewer.density)} %`; });
  tools.on("pointer", drawPointer);
  tools.on("points", () => hint(toolHint(tools.tool)));
  tools.on("problem", (word) => toast(t(word)));
  tools.on("tool", (tool) => {
    for (const each of TOOLS) byId(`tool-${each}`).setAttribute("aria-pressed", String(each === tool));
    hint(toolHint(tool));
  });
  selection.on("change", () => {
    drawActions();
    viewer.redraw();
  });
  selection.on("hover", () => viewer.redraw());
  listenToKeys(commands);
}

/** @param {any} event  of the server */
async function told(event) {
  if (event.kind === "job") models.told(event.job);
  else if (event.kind === "edit") {
    gallery.update({ key: event.image, status: event.status, objects: event.objects });
    if (image && event.image === image.key && event.page === image.page && event.window !== windowName && event.revision > image.revision) {
      await image.catchUp();
      if (event.window) toast(t("changed_elsewhere"));
    }
  } else if (event.kind === "status") {
    gallery.update({ key: event.image, status: event.status });
  } else if (event.kind === "classes") {
    folder.classes = event.classes;
    if (image) image.classes = event.classes;
    objects.refresh();
  } else if (event.kind === "model") {
    models.model = event.name;
    models.drawModels();
  } else if (event.kind === "problem") {
    toast(event.message, "problem");
  } else if (event.kind === "windows" && image && event.counts[image.key] > 1) {
    toast(t("two_windows"));
  }
}

async function start() {
  setTheme(localStorage.getItem("kontur-theme") ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark"));
  listenToPage();
  setRadius(10);
  drawWords();
  chooseTab("objects");
  tools.choose("select");
  if (!token) {
    message(t("no_token"), t("no_token_hint"));
    return;
  }
  try {
    folder = await send("POST", "folder/refresh"); // files may have come since the start
  } catch (error) {
    message(t("cannot_open"), error instanceof Error ? error.message : String(error));
    return;
  }
  models.model = folder.model;
  byId("folder-name").textContent = folder.name;
  byId("folder-name").title = folder.name;
  gallery.fill(folder.images);
  drawHeader();
  for (const problem of folder.problems) toast(problem, "problem");
  const wanted = location.hash.slice(1);
  const first = gallery.byKey.has(wanted) ? wanted : folder.images[0]?.key;
  if (first) open(first);
  else message(t("empty_folder"), t("empty_folder_hint"));
  models.load().catch(tell);
  let was = true;
  listen(told, (connected) => {
    if (connected && !was) {
      toast(t("connected_again"));
      image?.catchUp().catch(tell);
    }
    if (connected && image) send("PUT", "look", { window: windowName, image: image.key }).catch(() => {});
    if (!connected && was) toast(t("no_connection"), "problem");
    was = connected;
  });
}

start();
Object.assign(window, { kontur: { viewer, tools, selection, models, image: () => image } }); // for tests
