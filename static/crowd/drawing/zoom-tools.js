/** The buttons that zoom a stage, and its keys. */

import { h } from "../dom.js";
import { icon } from "../icons.js";

export const ZOOM_CSS = `
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 0.125rem 0.25rem; padding: 0.25rem 0.5rem; border-top: 1px solid var(--line); background: var(--paper-2); }
.tools .gap { flex: 1; }
.tools .group { display: inline-flex; align-items: center; gap: 0.125rem; }
.zoom-level { min-width: 3.25rem; color: var(--ink-2); font-size: 0.8125rem; text-align: center; font-variant-numeric: tabular-nums; }
@container (max-width: 30rem) { .zoom-level { display: none; } .tools .tool { min-width: 2.25rem; padding: 0 0.375rem; } .tools label { gap: 0.25rem; } }
@media (hover: none) { .tool.keys { display: none; } }
`;

/** Zoom out, how near, zoom in, the whole picture. */
export function zoomButtons(stage) {
  const level = h("span", { class: "zoom-level", "aria-live": "off" });
  const view = stage.onview;
  stage.onview = (it) => {
    level.textContent = `${Math.round(it.scale * 100)} %`;
    view(it);
  };
  const button = (name, words, act) => h("button", { type: "button", class: "tool", title: words, "aria-label": words, onclick: act }, icon(name));
  return [
    button("zoom-out", "Zoom out", () => stage.zoom(1 / 1.5)),
    level,
    button("zoom-in", "Zoom in", () => stage.zoom(1.5)),
    button("fit", "Show the whole picture", () => stage.fit()),
  ];
}

/** A row of them, for a picture that is only looked at. */
export function zoomTools(stage) {
  stage.root.addEventListener("keydown", (event) => {
    const arrows = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (zoomKey(stage, event)) {
      event.preventDefault();
    } else if (arrows[event.key] && !stage.fitted) {
      event.preventDefault();
      stage.pan(...arrows[event.key]);
    }
  });
  return h("div", { class: "tools", part: "toolbar", role: "toolbar", "aria-label": "Zoom" }, ...zoomButtons(stage));
}

/** True when the key zoomed. */
export function zoomKey(stage, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return false;
  }
  if (event.key === "+" || event.key === "=") {
    stage.zoom(1.5);
  } else if (event.key === "-") {
    stage.zoom(1 / 1.5);
  } else if (event.key === "0") {
    stage.fit();
  } else {
    return false;
  }
  return true;
}
