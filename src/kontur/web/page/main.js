// The page: its parts are joined here, the folder is opened, and what the server tells is handed on.

import { nameClass } from "./class_name.js";
import { usePalette } from "./colours.js";
import { commandsOf } from "./commands.js";
import { byId, icon, toast } from "./elements.js";
import { listen } from "./event_stream.js";
import { openExport } from "./export.js";
import { Footer } from "./footer.js";
import { Gallery } from "./gallery.js";
import { Header } from "./header.js";
import { Hint } from "./hint.js";
import { listenToKeys, showHelp } from "./keys.js";
import { t, translate } from "./language.js";
import { overlayOf } from "./overlay.js";
import { ImagePanel } from "./panel_image.js";
import { ModelPanel } from "./panel_model.js";
import { ObjectsPanel } from "./panel_objects.js";
import { Selection } from "./selection.js";
import { get, send, token, windowName } from "./server.js";
import { Settings } from "./settings.js";
import { Tabs } from "./tabs.js";
import { Toolbar } from "./toolbar.js";
import { Tools } from "./tools.js";
import { Viewer } from "./viewer.js";
import { sentence, tell, Work } from "./work.js";

for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-icon]"))) each.append(icon(/** @type {any} */ (each.dataset.icon)));

const selection = new Selection();
const viewer = new Viewer(byId("picture"), byId("overlay"));
const work = new Work(viewer, selection);
const tools = new Tools(viewer, selection, {
  edit: (edit) => work.edit(edit),
  outline: (prompt) => work.outline(prompt),
  fits: () => /** @type {HTMLInputElement} */ (byId("closing")).checked,
});
viewer.drawOver = overlayOf(viewer, tools, selection);

const gallery = new Gallery((key) => work.open(key));
const header = new Header(work, gallery);
const footer = new Footer(work, tools);
const hint = new Hint(work, tools);
const imagePanel = new ImagePanel(viewer);
const models = new ModelPanel(work);
const objects = new ObjectsPanel(work, (label) => nameClass(work, label));
const tabs = new Tabs((name) => {
  if (name === "objects") objects.refresh();
  if (name === "image") imagePanel.draw();
  if (name === "model") models.loadTraining().catch(tell);
});
const settings = new Settings(viewer, footer, { words: drawWords, help: () => showHelp(commands) });
const commands = commandsOf({ work, tools, header, footer, tabs, settings, objects, models });
const toolbar = new Toolbar(tools, selection, () => commands);

/** Everything that has words, in the language that is chosen. */
function drawWords() {
  translate();
  toolbar.draw();
  objects.build();
  models.build();
  imagePanel.draw();
  gallery.draw();
  header.draw();
  hint.draw();
}

function join() {
  byId("export").addEventListener("click", () => openExport(work));
  byId("help").addEventListener("click", () => showHelp(commands));
  const firstPicture = document.getElementById("first-picture"); // came with the page
  viewer.on("shown", () => firstPicture?.remove());
  work.on("open", (opened) => {
    if (firstPicture?.dataset.key !== opened.key || opened.page) firstPicture?.remove();
    tools.cancel();
    gallery.mark(work.image?.key ?? null);
    byId("gallery").classList.remove("open");
  });
  work.on("picture", () => work.image && gallery.renew(work.image.key));
  for (const name of ["picture", "cannot-show"]) work.on(name, () => imagePanel.draw());
  work.on("objects", (opened) => gallery.update({ key: opened.key, status: opened.status, ...(opened.picture?.pages > 1 ? {} : { objects: opened.outlines.size }) }));
  tools.on("problem", (word) => toast(t(word)));
  for (const name of ["change", "hover"]) selection.on(name, () => viewer.redraw());
  listenToKeys(commands);
  addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target !== viewer.overlay) return;
    tools.space = true;
    event.preventDefault();
  });
  addEventListener("keyup", (event) => {
    if (event.key === " ") tools.space = false;
  });
}

/** @param {any} event  of the server */
async function told(event) {
  const { image } = work;
  if (event.kind === "job") models.told(event.job);
  else if (event.kind === "edit" || event.kind === "status") {
    gallery.update({ key: event.image, status: event.status, objects: event.objects });
    if (tabs.chosen === "model") models.loadTraining().catch(tell); // what there is to learn from
    if (!image || event.image !== image.key || event.window === windowName) return;
    const changed = event.kind === "edit" && event.page === image.page && event.revision > image.revision;
    if (changed || event.status !== image.status) await image.catchUp();
    if (changed && event.window) toast(t("changed_elsewhere"));
  } else if (event.kind === "classes") work.setClasses(event.classes);
  else if (event.kind === "measuring") models.measuring(event.done, event.total);
  else if (event.kind === "model") work.use(event.name, event.channel, event.contrast);
  else if (event.kind === "file") toast(t("file_changed", { file: event.file }));
  else if (event.kind === "problem") toast(event.message, "problem");
  else if (event.kind === "windows" && image && event.counts[image.key] > 1) toast(t("two_windows"));
}

/** Ask for what was missed, between two streams of events. */
async function catchUp() {
  await work.image?.catchUp();
  for (const summary of (await get("folder")).images) gallery.update(summary);
  await models.load();
}

/** What came into the folder, or went, while the window was not in front. */
async function listAgain() {
  const folder = await send("POST", "folder/refresh");
  /** @param {{key: string}[]} images */
  const keys = (images) => images.map((image) => image.key).join();
  if (keys(folder.images) === keys(gallery.images)) return;
  work.folder = folder;
  gallery.fill(folder.images);
  gallery.load();
  header.draw();
  if (!work.image && folder.images.length) work.open(folder.images[0].key, 0);
}

/** Hear what happens from now on. */
function follow() {
  listen((event) => told(event).catch(tell), ({ stream, over }) => {
    const before = work.stream;
    const unheard = before !== undefined || models.asked || models.jobs.size; // a job may have ended by then
    if (stream && stream !== before && unheard) catchUp().catch(tell);
    if (stream && before === null) toast(t("connected_again"));
    if (over) toast(t("another_server"), "lasting problem");
    else if (!stream && before !== null) toast(t("no_connection"), "problem");
    work.connect(stream);
    work.announce();
  });
  addEventListener("pagehide", () => work.leave());
  addEventListener("focus", () => work.stream && listAgain().catch(tell));
}

async function start() {
  join();
  drawWords();
  tabs.choose("objects");
  tools.choose("select");
  if (!token) {
    hint.message(t("no_token"), t("no_token_hint"));
    return;
  }
  try {
    work.folder = await send("POST", "folder/refresh"); // files may have come since the start
  } catch (error) {
    hint.message(t("cannot_open"), sentence(error));
    return;
  }
  const { folder } = work;
  if (!folder) return;
  usePalette(folder.palette);
  work.use(folder.model, folder.channel, folder.contrast);
  gallery.fill(folder.images);
  header.draw();
  for (const problem of folder.problems) toast(problem, "problem");
  const query = new URLSearchParams(location.search);
  const wanted = query.get("image") ?? "";
  const isThere = gallery.byKey.has(wanted);
  const first = isThere ? wanted : folder.images[0]?.key;
  if (first) {
    work.open(first, isThere ? Math.max(0, Math.trunc(Number(query.get("page"))) || 0) : 0);
    await viewer.shown(); // one picture before all others
    performance.mark("ready");
  } else hint.message(t("empty_folder"), t("empty_folder_hint"));
  gallery.load();
  models.load().catch(tell);
  follow();
}

start();
Object.assign(window, { kontur: { name: windowName, viewer, tools, selection, models, work, image: () => work.image } }); // for tests
