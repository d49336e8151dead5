/** The tools of a segmentation: brush, polygon, eraser, the brush's size, undo, zoom, and how much the mask covers. */

import { dialog } from "../dialog.js";
import { h } from "../dom.js";
import { keysHelp } from "../drawing/keys-help.js";
import { zoomButtons } from "../drawing/zoom-tools.js";
import { icon } from "../icons.js";

/** Name, words, key. */
export const TOOLS = [
  ["brush", "Brush", "b"],
  ["polygon", "Polygon", "g"],
  ["eraser", "Eraser", "e"],
];

const KEYS = {
  keys: [
    ["B  G  E", "brush, polygon, eraser"],
    ["[  ]", "smaller, larger brush"],
    ["click", "with the polygon: a corner; the first one again or Enter fills it"],
    ["Alt + click", "a corner exactly there, however near to another"],
    ["\u2190 \u2191 \u2193 \u2192", "move the brush, with Shift by one pixel"],
    ["Space", "brush down and up; with the polygon: a corner"],
  ],
  paints: true,
};

export const COVER_CSS = `
.tools label, .cover { display: inline-flex; align-items: center; gap: 0.5rem; min-height: 2.5rem; padding: 0 0.375rem; font-size: 0.8125rem; color: var(--ink-2); }
.tools label input { width: 5rem; accent-color: var(--accent); }
.cover { margin-top: 0.5rem; padding: 0; }
.cover input { width: 8rem; accent-color: var(--accent); }
`;

/** Sets `toolButtons`, `sizeInput`, `undoButton`, `redoButton`, `handButton`, `finishButton`, `leaveButton` and `help`. */
export function toolbar(segmenter) {
  const it = segmenter;
  const tool = (name, words, act, more = {}) =>
    h("button", { type: "button", class: "tool", title: words, "aria-label": words, onclick: act, ...more }, icon(name));
  it.toolButtons = TOOLS.map(([name, words, key]) =>
    tool(name, `${words} (${key.toUpperCase()})`, () => it.choose(name), { "aria-label": words, "aria-keyshortcuts": key }),
  );
  it.sizeInput = h("input", { type: "range", min: 0, max: 100, "aria-label": "Size of the brush", oninput: () => it.setSize(Number(it.sizeInput.value)) });
  it.undoButton = tool("undo", "Undo", () => it.step("undo"));
  it.redoButton = tool("redo", "Redo", () => it.step("redo"));
  it.handButton = tool("move", "Move the picture", () => it.hand(), { "aria-pressed": "false" });
  it.finishButton = h("button", { type: "button", class: "tool strong", hidden: true, onclick: () => it.pen.finish() }, icon("check"), "Finish");
  it.leaveButton = h("button", { type: "button", class: "tool", hidden: true, onclick: () => it.pen.leave() }, "Cancel");
  it.help = dialog("Keys", keysHelp(KEYS));
  const keys = tool("keyboard", "Keys", () => it.help.open_by(keys), { class: "tool keys" });
  return h(
    "div",
    { class: "tools", part: "toolbar", role: "toolbar", "aria-label": "Tools" },
    h("span", { class: "group" }, ...it.toolButtons, h("label", {}, "Size", it.sizeInput)),
    h("span", { class: "group" }, it.undoButton, it.redoButton, it.finishButton, it.leaveButton),
    h("span", { class: "gap" }),
    h("span", { class: "group" }, it.handButton, ...zoomButtons(it.stage), keys),
    it.help,
  );
}

export function coverSlider(segmenter) {
  const input = h("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 60,
    "aria-label": "How much the mask covers the picture",
    oninput: () => segmenter.canvas.style.setProperty("--mask", String(input.value / 100)),
  });
  return h("label", { class: "cover" }, "Mask", input);
}
