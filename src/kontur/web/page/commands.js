// Every command of the page with its keys; buttons and the help are made of this list.

import { byId } from "./elements.js";
import { openExport } from "./export.js";
import { showHelp } from "./keys.js";
import { DRAWING, TOOLS } from "./tools.js";

/** @typedef {import("./keys.js").Command} Command */
/** @typedef {import("./keys.js").Group} Group */
/** @typedef {import("./language.js").Word} Word */
/** @typedef {import("./tools.js").Tool} Tool */

/** @type {Record<Tool, string>} */
const TOOL_KEYS = { select: "v", extremes: "e", click: "c", box: "b", hand: "f", cut: "x", carve: "h", extend: "a" };
const STEP = 2; // pixels by which the reach changes
const FAR = 80; // pixels of the page that an arrow moves the view
const TOLERANCE = 0.5; // pixels by which a simplified outline may move

/**
 * @param {{work: import("./work.js").Work, tools: import("./tools.js").Tools, header: import("./header.js").Header,
 *   footer: import("./footer.js").Footer, tabs: import("./tabs.js").Tabs, settings: import("./settings.js").Settings,
 *   objects: import("./panel_objects.js").ObjectsPanel, models: import("./panel_model.js").ModelPanel}} page
 * @returns {Command[]}
 */
export function commandsOf({ work, tools, header, footer, tabs, settings, objects, models }) {
  const { viewer, selection } = work;
  /** @param {number} dx @param {number} dy */
  const nudge = (dx, dy) => (selection.ids.size ? work.editSelected({ move: "shift", by: [dx, dy] }) : viewer.pan(-FAR * dx, -FAR * dy));
  const escape = () => tools.cancel() || (tools.tool !== "select" ? tools.choose("select") : selection.clear());
  /** @param {string[]} keys @param {Word} word @param {Group} group @param {() => void} run @returns {Command} */
  const command = (keys, word, group, run) => ({ keys, word, group, run });
  /** @type {Command[]} */
  const commands = [
    ...TOOLS.map((tool) => command([TOOL_KEYS[tool]], /** @type {Word} */ (`tool_${tool}`), DRAWING.has(tool) ? "drawing" : "correcting", () => tools.choose(tool))),
    command(["z"], "snake_closes", "drawing", () => byId("closing").click()),
    command(["escape"], "cancel", "drawing", escape),
    command(["ctrl+z"], "undo", "correcting", () => work.step("undo")),
    command(["ctrl+shift+z", "ctrl+y"], "redo", "correcting", () => work.step("redo")),
    command(["delete", "backspace"], "delete", "correcting", () => work.editSelected({ move: "delete" })),
    command(["r"], "refit", "correcting", () => work.editSelected({ move: "refit", model: work.model })),
    command(["s"], "smooth", "correcting", () => work.editSelected({ move: "smooth", window: Math.max(2, tools.radius / 2) })),
    command(["i"], "simplify", "correcting", () => work.editSelected({ move: "simplify", tolerance: TOLERANCE })),
    command(["m"], "merge", "correcting", () => work.editSelected({ move: "merge" })),
    command(["o"], "fill_holes", "correcting", () => work.editSelected({ move: "fill_holes" })),
    command(["["], "smaller_reach", "correcting", () => footer.setRadius(tools.radius - STEP)),
    command(["]"], "larger_reach", "correcting", () => footer.setRadius(tools.radius + STEP)),
    ...Array.from({ length: 9 }, (_, i) => command([String(i + 1)], "class_n", i ? "unlisted" : "correcting", () => work.classify(i))),
    command(["ctrl+a"], "select_all", "correcting", () => selection.set(work.image?.outlines.keys() ?? [])),
    command(["q"], "next_uncertain", "correcting", () => objects.showNextUncertain()),
    command(["arrowleft"], "nudge", "moving", () => nudge(-1, 0)),
    command(["arrowright"], "nudge", "unlisted", () => nudge(1, 0)),
    command(["arrowup"], "nudge", "unlisted", () => nudge(0, -1)),
    command(["arrowdown"], "nudge", "unlisted", () => nudge(0, 1)),
    command(["+", "="], "zoom_in", "moving", () => viewer.zoomBy(1.25)),
    command(["-"], "zoom_out", "moving", () => viewer.zoomBy(0.8)),
    command(["0"], "fit", "moving", () => viewer.fit()),
    command(["n", "pagedown"], "next_image", "images", () => header.go(1)),
    command(["p", "pageup"], "previous_image", "images", () => header.go(-1)),
    command(["."], "next_plane", "images", () => work.goPlane(1)),
    command([","], "previous_plane", "images", () => work.goPlane(-1)),
    command(["d"], "mark_done", "images", () => work.toggleDone()),
    command(["g"], "outline_image", "images", () => models.predict(true)),
    command(["shift+g"], "outline_all", "images", () => models.predict(false)),
    command(["ctrl+s"], "export", "images", () => openExport(work)),
    command(["w"], "show_outlines", "looking", () => footer.toggleOutlines()),
    command(["alt+1"], "objects", "looking", () => tabs.choose("objects")),
    command(["alt+2"], "model", "looking", () => tabs.choose("model")),
    command(["alt+3"], "image", "looking", () => tabs.choose("image")),
    command(["l"], "language", "looking", () => settings.nextLanguage()),
    command(["t"], "theme", "looking", () => settings.nextTheme()),
    command(["?"], "help", "looking", () => showHelp(commands)),
  ];
  return commands;
}
