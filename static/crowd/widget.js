/** The frame around every annotation widget: title, instructions, a large place for the work, a panel beside it. */

import { h } from "./dom.js";
import { Field } from "./field.js";
import { INSTRUCTIONS_CSS, instructions } from "./instructions.js";

export const MOST_LABELS = 250;
const REGIONS = new Set(["full-instructions", "short-instructions", "classification-target", "worker-comment"]);

export class Widget extends Field {
  static css = `
:host { display: block; margin: 0.75rem 0; container-type: inline-size; }
.frame { border: 1px solid var(--line); border-radius: 12px; background: var(--paper); overflow: clip; }
.head { margin: 0; padding: 0.75rem 1rem; border-bottom: 1px solid var(--line); font-size: 1.0625rem; font-weight: 650; line-height: 1.35; overflow-wrap: anywhere; }
.body { display: grid; grid-template-columns: minmax(0, 1fr); }
.work { min-width: 0; }
.first { min-width: 0; padding: 0.75rem 1rem; border-bottom: 1px solid var(--line); }
.panel { min-width: 0; padding: 0.75rem 1rem 1rem; border-top: 1px solid var(--line); }
.panel-title { margin: 0 0 0.5rem; color: var(--ink-2); font-size: 0.8125rem; font-weight: 600; }
@container (min-width: 46rem) {
  .body { grid-template-columns: minmax(0, 1fr) minmax(13rem, 17rem); grid-template-rows: auto 1fr; }
  .work { grid-row: 1 / 3; border-right: 1px solid var(--line); }
  .first { grid-column: 2; padding-bottom: 0; border-bottom: 0; }
  .panel { grid-column: 2; border-top: 0; }
  .body:not(:has(.first)) .panel { grid-row: 1 / 3; }
}
.frame > .problem { margin: 0; padding: 0.625rem 1rem; border-top: 1px solid var(--line); background: var(--red-soft); }
${INSTRUCTIONS_CSS}
`;

  /** @abstract What is worked on, and what stands beside it; `first` stands above it where there is no room beside. */
  buildWork() {
    return { first: [], work: [], panel: [] };
  }

  build() {
    this.headline = h("h2", { class: "head", part: "header" });
    const { first = [], work, panel } = this.buildWork();
    this.problemBox = h("div", { class: "problem", part: "problem", role: "alert", hidden: true });
    this.frame = h(
      "section",
      { class: "frame", part: "frame", tabindex: "-1" },
      this.headline,
      instructions(this),
      h(
        "div",
        // The second names are those that scripts of the field look for inside the original.
        { class: "body annotation-area" },
        first.length ? h("div", { class: "first" }, ...first) : null,
        h("div", { class: "work", part: "work" }, ...work),
        h("div", { class: "panel", part: "panel" }, ...panel),
      ),
      this.problemBox,
    );
    this.shadowRoot.append(this.frame);
    this.rest = h("slot");
    this.shadowRoot.append(this.rest);
    this.#assignRegions();
    new MutationObserver(() => this.#assignRegions()).observe(this, { childList: true });
  }

  /** Regions have a place of their own; where this widget has none for one, it is not shown as if it were content. */
  #assignRegions() {
    for (const child of this.children) {
      if (REGIONS.has(child.localName) && !child.slot) {
        child.slot = child.localName;
      }
    }
  }

  update() {
    const header = this.attr("header");
    this.headline.textContent = header;
    this.headline.hidden = !header;
    this.frame.setAttribute("aria-label", header || this.name || this.localName.replace("crowd-", "").replaceAll("-", " "));
  }

  focus(options) {
    (this.control ?? this.frame)?.focus(options);
  }
}

/** Names in a `labels` or `categories` value: texts, or objects that hold one. At most MOST_LABELS of them. */
export function names(value) {
  const found = [];
  for (const item of Array.isArray(value) ? value.slice(0, MOST_LABELS) : []) {
    const text = typeof item === "object" && item !== null ? (item.label ?? item.text ?? item.name ?? item.Name) : item;
    if (["string", "number"].includes(typeof text)) {
      found.push(String(text).slice(0, 1000));
    }
  }
  return [...new Set(found)];
}
