/** crowd-instructions, and the instruction regions inside the widgets. */

import { dialog } from "./dialog.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { Opener } from "./layout.js";

const TABS = [
  ["summary", "Summary", ["short-summary"]],
  ["detailed", "Detailed instructions", ["detailed-instructions"]],
  ["examples", "Examples", ["positive-example", "negative-example"]],
];

export class CrowdInstructions extends Opener {
  static words = "Click for instructions";
  static css = `
[role="tablist"] { display: flex; flex-wrap: wrap; gap: 0.25rem; margin: -0.5rem 0 1rem; border-bottom: 1px solid var(--line); }
[role="tab"] { min-height: 2.5rem; padding: 0.375rem 0.875rem; border: 0; border-bottom: 3px solid transparent; background: none; color: var(--ink-2); font-weight: 600; cursor: pointer; }
[role="tab"][aria-selected="true"] { border-color: var(--accent); color: var(--accent); }
.examples { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); gap: 1.25rem; }
h3 { display: flex; gap: 0.5rem; align-items: center; margin: 0 0 0.5rem; font-size: 1rem; }
.good h3 { color: var(--green); }
.bad h3 { color: var(--red); }
::slotted(*) { display: block; margin-bottom: 1rem; overflow-wrap: anywhere; }
`;
  title_ = "Instructions";
  #at = 0;

  content() {
    for (const child of this.children) {
      this.#assign(child);
    }
    new MutationObserver(() => {
      [...this.children].forEach((child) => this.#assign(child));
      this.#show();
    }).observe(this, { childList: true });
    this.tabs = h("div", { role: "tablist", onkeydown: (event) => this.#key(event) });
    this.panels = {
      summary: h("div", { role: "tabpanel" }, h("slot", { name: "short-summary" }), h("slot")),
      detailed: h("div", { role: "tabpanel" }, h("slot", { name: "detailed-instructions" })),
      examples: h(
        "div",
        { role: "tabpanel", class: "examples" },
        h("div", { class: "good" }, h("h3", {}, icon("done"), "Good examples"), h("slot", { name: "positive-example" })),
        h("div", { class: "bad" }, h("h3", {}, icon("none"), "Bad examples"), h("slot", { name: "negative-example" })),
      ),
    };
    return [this.tabs, ...Object.values(this.panels)];
  }

  update() {
    super.update();
    this.#show();
  }

  #assign(child) {
    if (TABS.some(([, , names]) => names.includes(child.localName))) {
      child.slot = child.localName;
    }
  }

  /** Only tabs that hold something; one alone needs none. */
  #show() {
    const present = TABS.filter(([key, , names]) => names.some((name) => this.querySelector(`:scope > ${name}`)) || (key === "summary" && this.#hasLoose()));
    this.#at = Math.min(this.#at, Math.max(0, present.length - 1));
    replace(
      this.tabs,
      present.map(([key, words], index) =>
        h(
          "button",
          { type: "button", role: "tab", "aria-selected": String(index === this.#at), tabindex: index === this.#at ? "0" : "-1", onclick: () => this.#select(index) },
          words,
        ),
      ),
    );
    this.tabs.hidden = present.length < 2;
    for (const [key, panel] of Object.entries(this.panels)) {
      panel.hidden = present[this.#at]?.[0] !== key;
      panel.setAttribute("aria-label", TABS.find(([name]) => name === key)[1]);
    }
    for (const side of ["positive", "negative"]) {
      const slot = this.panels.examples.querySelector(`slot[name="${side}-example"]`);
      slot.parentElement.hidden = !this.querySelector(`:scope > ${side}-example`);
    }
  }

  #hasLoose() {
    return [...this.childNodes].some((node) => (node.nodeType === Node.TEXT_NODE ? node.data.trim() : node.nodeType === Node.ELEMENT_NODE && !node.slot));
  }

  #select(index) {
    this.#at = index;
    this.#show();
    this.tabs.children[index]?.focus();
  }

  #key(event) {
    const count = this.tabs.children.length;
    const to = { ArrowRight: this.#at + 1, ArrowLeft: this.#at - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.#select((to + count) % count);
    }
  }
}

/**
 * The two regions of a widget: short instructions stay in sight, full ones open. Both stay in the page's own tree, so
 * its styles apply to them.
 * @param {HTMLElement} widget
 */
export function instructions(widget) {
  const full = dialog("Instructions", h("slot", { name: "full-instructions" }));
  full.classList.add("awsui-modal-dialog"); // where scripts look for it, as for the box below
  const more = h("button", { type: "button", class: "link", part: "instructions-link", onclick: () => full.open_by(more) }, "View full instructions");
  const short = h("slot", { name: "short-instructions" });
  const box = h("div", { class: "instructions awsui-app-layout__navigation", part: "instructions" }, short, more, full);
  const look = () => {
    const found = {};
    for (const child of widget.children) {
      if (child.localName === "full-instructions" || child.localName === "short-instructions") {
        child.slot = child.localName;
        found[child.localName] = child;
      }
    }
    full.titled(found["full-instructions"]?.getAttribute("header") || "Instructions");
    more.hidden = !found["full-instructions"];
    box.hidden = !found["full-instructions"] && !found["short-instructions"];
  };
  look();
  new MutationObserver(look).observe(widget, { childList: true });
  return box;
}

export const INSTRUCTIONS_CSS = `
.instructions { padding: 0.75rem 1rem; border-bottom: 1px solid var(--line); font-size: 0.9375rem; overflow-wrap: anywhere; }
.instructions ::slotted(short-instructions) { display: block; max-height: 16rem; overflow: auto; margin-bottom: 0.375rem; }
`;
