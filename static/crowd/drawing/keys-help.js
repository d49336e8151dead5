/** The keys of a drawing widget, as a table to look at. */

import { h } from "../dom.js";

function shapes(kind) {
  return [
    ["Esc", "stop drawing; let go of a shape"],
    ["N  P", "next, previous shape"],
    ["← ↑ ↓ →", "move the selected shape by a pixel, with Shift by ten"],
    ...(kind.resize ? [["Alt + arrows", "make it larger or smaller"]] : []),
    ["Delete", "delete it"],
  ];
}

/** @param {{keys?: [string, string][]}} kind what is special about it */
export function keysHelp(kind) {
  const rows = [
    ["1 – 9", "the label"],
    ...kind.keys,
    ...(kind.paints ? [["Esc", "stop drawing"]] : shapes(kind)),
    ["Ctrl + Z  Ctrl + Y", "undo, redo"],
    ["+  −  0", "zoom in, out, whole picture; also Ctrl + wheel, or two fingers"],
    ["H", "move the picture instead of drawing; also the middle button"],
    ["Ctrl + Enter", "submit"],
  ];
  const table = h("table", {}, ...rows.map(([keys, words]) => h("tr", {}, h("th", { scope: "row" }, ...keys.split("  ").flatMap((key) => [h("kbd", {}, key), " "])), h("td", {}, words))));
  table.style.cssText = "border-collapse: collapse; font-size: 0.9375rem; color: inherit;";
  for (const cell of table.querySelectorAll("th, td")) {
    cell.style.cssText = "padding: 0.3rem 1rem 0.3rem 0; text-align: left; font-weight: 400; vertical-align: top;";
  }
  return h("div", {}, h("p", {}, "With the picture in focus:"), table);
}
