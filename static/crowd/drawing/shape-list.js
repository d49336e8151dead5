/** The list of shapes beside the picture: each can be chosen and deleted without a pointer. */

import { h } from "../dom.js";
import { icon } from "../icons.js";

export const LIST_CSS = `
.none { display: flex; align-items: center; gap: 0.625rem; min-height: 2.5rem; cursor: pointer; font-size: 0.9375rem; }
.none input { width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent); }
.shapes { margin: 0; padding: 0; list-style: none; max-height: 18rem; overflow: auto; }
.shapes li { display: flex; align-items: center; border-radius: 6px; }
.shapes li.chosen { background: var(--accent-soft); }
.shapes .go { display: flex; flex: 1; align-items: center; gap: 0.5rem; min-width: 0; min-height: 2.25rem; padding: 0.125rem 0.375rem; border: 0; border-radius: 6px; background: none; text-align: left; font-size: 0.875rem; cursor: pointer; }
.shapes .go:hover { background: var(--paper-2); }
.shapes .go i { flex: none; width: 0.625rem; height: 0.625rem; border-radius: 3px; }
.shapes .go span { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.shapes .go small { margin-left: auto; color: var(--ink-2); font-size: 0.75rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
.shapes .tool { min-width: 2.25rem; min-height: 2.25rem; padding: 0; }
`;

export function shapeRow(annotator, shape, name) {
  const swatch = h("i");
  swatch.style.background = annotator.colourOf(shape);
  const chosen = shape === annotator.selected;
  return h(
    "li",
    { class: chosen ? "chosen" : null },
    h(
      "button",
      {
        type: "button",
        class: "go",
        "aria-pressed": String(chosen),
        "aria-label": `${name}: ${annotator.kind.describe(shape)}`,
        onclick: () => {
          annotator.select(chosen ? null : shape, true);
          if (!chosen) {
            annotator.stage.reveal(annotator.kind.anchors(shape)[0]);
            // From here on arrow keys move it.
            annotator.control.focus({ preventScroll: true });
          }
        },
      },
      swatch,
      h("span", {}, name),
      h("small", {}, annotator.kind.short(shape)),
    ),
    h("button", { type: "button", class: "tool", "aria-label": `Delete ${name}`, title: "Delete", onclick: () => annotator.remove(shape) }, icon("close")),
  );
}
