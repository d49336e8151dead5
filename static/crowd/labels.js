/** The list of labels to work with, shared by everything that marks. */

import { h } from "./dom.js";
import { ink } from "./drawing/colours.js";

export const LABELS_CSS = `
.labels { display: flex; gap: 0.375rem; margin: -0.25rem; padding: 0.25rem; overflow-x: auto; }
.labels .label { flex: none; max-width: 14rem; }
.label { display: inline-flex; align-items: center; gap: 0.5rem; min-height: 2.5rem; max-width: 100%; padding: 0.25rem 0.625rem; border: 1px solid var(--line-2); border-radius: var(--radius); background: var(--paper); text-align: left; cursor: pointer; touch-action: manipulation; }
.label:hover { background: var(--paper-2); }
.label[aria-pressed="true"] { border-color: var(--c); box-shadow: inset 0 0 0 1px var(--c); background: color-mix(in srgb, var(--c) 10%, var(--paper)); font-weight: 600; }
.label i { flex: none; display: inline-flex; align-items: center; justify-content: center; width: 1.25rem; height: 1.25rem; border-radius: 4px; background: var(--c); color: var(--c-ink); font: 700 0.75rem/1 system-ui, sans-serif; }
.label span { min-width: 0; overflow-wrap: anywhere; }
.label b { margin-left: auto; color: var(--ink-2); font-weight: 600; font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
.label-tools { display: flex; gap: 0.25rem; margin-top: -0.25rem; }
@container (min-width: 46rem) { .labels { flex-direction: column; max-height: 24rem; overflow: auto; } .labels .label { width: 100%; max-width: none; } }
@media (hover: none) { .label i { color: transparent; } }
`;

/**
 * @param {{text: string, colour: string, count: number}[]} labels
 * @param {number} active
 * @param {(index: number) => void} press
 */
export function labelButtons(labels, active, press) {
  return h(
    "div",
    { class: "labels", part: "labels", role: "group", "aria-label": "Labels" },
    ...labels.map(({ text, colour, count }, index) => {
      const button = h(
        "button",
        { type: "button", class: "label", part: "label", "aria-pressed": String(index === active), onpointerdown: keepSelection, onclick: () => press(index) },
        h("i", { "aria-hidden": "true" }, index < 9 ? String(index + 1) : ""),
        h("span", {}, text),
        count ? h("b", { "aria-label": `${count} marked` }, String(count)) : null,
      );
      button.style.setProperty("--c", colour);
      button.style.setProperty("--c-ink", ink(colour));
      return button;
    }),
  );
}

/** Pressing a label must not take away the text that was selected for it. */
function keepSelection(event) {
  if (event.pointerType === "mouse") {
    event.preventDefault();
  }
}
