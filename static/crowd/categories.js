/** A list of categories to choose from, one or several, with a number key for each of the first nine. */

import { focused, freshId, h, isTyping, replace } from "./dom.js";

export const CATEGORIES_CSS = `
fieldset { min-width: 0; margin: 0; padding: 0; border: 0; }
legend { padding: 0; margin: 0 0 0.5rem; color: var(--ink-2); font-size: 0.8125rem; font-weight: 600; }
.category { display: flex; align-items: center; gap: 0.75rem; min-height: 2.75rem; margin-bottom: 0.375rem; padding: 0.4375rem 0.75rem; border: 1px solid var(--line-2); border-radius: var(--radius); cursor: pointer; touch-action: manipulation; }
.category:hover { background: var(--paper-2); }
.category:has(:checked) { border-color: var(--accent); background: var(--accent-soft); box-shadow: inset 0 0 0 1px var(--accent); }
.category:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
.category input { flex: none; width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent); }
.category input:focus-visible { outline: none; }
.category span { flex: 1; min-width: 0; overflow-wrap: anywhere; font-weight: 500; }
.category kbd { flex: none; }
.exclusion { margin-top: 0.75rem; border-style: dashed; }
@media (hover: none) { .category kbd { display: none; } }
`;

export class Categories {
  /**
   * @param {{multiple: boolean, onchange: () => void}} options
   */
  constructor({ multiple, onchange }) {
    this.multiple = multiple;
    this.onchange = onchange;
    this.list = h("div");
    this.legend = h("legend", {}, multiple ? "Select all that apply" : "Select one");
    this.root = h("fieldset", { part: "categories" }, this.legend, this.list);
    this.offered = [];
    this.exclusion = "";
    this.group = freshId("category");
  }

  /** Offer these; what was chosen and is still there stays chosen. */
  offer(offered, exclusion = "") {
    const chosen = this.chosen;
    this.offered = offered;
    this.exclusion = exclusion;
    const rows = offered.map((text, index) => this.#row(text, index, ""));
    if (exclusion) {
      rows.push(this.#row(exclusion, offered.length, "exclusion"));
    }
    replace(this.list, rows);
    this.choose(chosen);
  }

  #row(text, index, kind) {
    const input = h("input", {
      type: this.multiple ? "checkbox" : "radio",
      name: this.group,
      onchange: () => this.#changed(input),
    });
    return h("label", { class: `category ${kind}`, part: "category" }, input, h("span", {}, text), index < 9 ? h("kbd", { "aria-hidden": "true" }, String(index + 1)) : null);
  }

  get inputs() {
    return [...this.list.querySelectorAll("input")];
  }

  /** The texts that are chosen; the exclusion is not among them. */
  get chosen() {
    const inputs = this.inputs;
    return this.offered.filter((_, index) => inputs[index]?.checked);
  }

  get isExcluded() {
    return Boolean(this.exclusion) && this.inputs.at(-1).checked;
  }

  choose(texts, excluded = false) {
    const inputs = this.inputs;
    this.offered.forEach((text, index) => {
      inputs[index].checked = texts.includes(text);
    });
    if (this.exclusion) {
      inputs.at(-1).checked = excluded && texts.length === 0;
    }
  }

  #changed(input) {
    if (this.exclusion && input.checked) {
      // "None of them" and one of them cannot both be so.
      const last = this.inputs.at(-1);
      for (const other of this.inputs) {
        other.checked = other === input || (other.checked && input !== last && other !== last);
      }
    }
    this.onchange();
  }

  /** A number key. True when it chose something. */
  press(event) {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const input = plain && /^[1-9]$/.test(event.key) ? this.inputs[Number(event.key) - 1] : null;
    if (!input) {
      return false;
    }
    input.checked = this.multiple ? !input.checked : true;
    this.#changed(input);
    return true;
  }
}

const listening = new Set();

/**
 * Number keys for `widget`: while the focus is in it, or nowhere in particular and it is the only one on the page that
 * listens. `handle(event)` returns whether it used the key.
 */
export function shortcuts(widget, handle) {
  if (!listening.size) {
    document.addEventListener("keydown", dispatch);
  }
  listening.add({ widget, handle });
}

function dispatch(event) {
  if (event.defaultPrevented || isTyping()) {
    return;
  }
  const present = [...listening].filter(({ widget }) => widget.isConnected);
  const within = present.find(({ widget }) => event.composedPath().includes(widget));
  const nowhere = focused() === null || focused() === document.body || focused() === document.documentElement;
  const one = within ?? (nowhere && present.length === 1 ? present[0] : null);
  if (one?.handle(event)) {
    event.preventDefault();
  }
}
