/** crowd-entity-annotation: parts of a text, each with a label. A form of its own where no form is around it. */

import { shortcuts } from "./categories.js";
import { h, replace, tell } from "./dom.js";
import { hex, ink, strong } from "./drawing/colours.js";
import { History, historyKey } from "./history.js";
import { icon } from "./icons.js";
import { LABELS_CSS, labelButtons } from "./labels.js";
import { offsetAt, range, words } from "./text-range.js";
import { MOST_LABELS, Widget } from "./widget.js";

const LONGEST = 300_000;
const MOST_SPANS = 5_000;

export class CrowdEntityAnnotation extends Widget {
  static observedAttributes = ["header", "labels", "text", "initial-value"];
  static settable = ["labels", "value", "text"];
  static css = `${LABELS_CSS}
.text { padding: 1rem 1.125rem 1.25rem; min-height: 8rem; font-size: 1.0625rem; line-height: 2.1; white-space: pre-wrap; overflow-wrap: anywhere; cursor: text; }
.text:focus-visible { outline: 3px solid var(--accent); outline-offset: -3px; }
mark { padding: 0.125rem 0.1875rem; border-radius: 4px; color: inherit; background: color-mix(in srgb, var(--c) 20%, transparent); box-shadow: inset 0 -2px 0 var(--c); cursor: pointer; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
mark.last::after { content: attr(data-short); margin-left: 0.3em; padding: 0 0.3em; border-radius: 3px; background: var(--c); color: var(--c-ink); font-size: 0.6875rem; font-weight: 700; line-height: 1.4; vertical-align: 0.15em; }
mark.chosen { box-shadow: inset 0 0 0 2px var(--c); }
.cursor { background: light-dark(#fff1b8, #55480f); border-radius: 3px; }
.found { margin: 1rem 0 0; padding: 0; list-style: none; max-height: 20rem; overflow: auto; }
.found li { display: flex; align-items: center; gap: 0.25rem; }
.found .go { flex: 1; min-width: 0; min-height: 2.25rem; padding: 0.25rem 0.5rem; border: 0; border-radius: 6px; background: none; text-align: left; cursor: pointer; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 0.875rem; }
.found .go:hover, .found .chosen .go { background: var(--paper-2); }
.found .go b { font-weight: 600; }
.found .tool { min-width: 2.25rem; min-height: 2.25rem; padding: 0; }
.hint { margin: 0.75rem 0 0; color: var(--ink-2); font-size: 0.8125rem; }
`;

  #given = null;
  #spans = [];
  #active = 0;
  #chosen = null;
  #cursor = null;
  #byFinger = false;
  #kept = null;

  get isOwnForm() {
    return !this.outer;
  }

  build() {
    super.build();
    this.outer = this.closest("crowd-form") ?? this.getRootNode().host?.closest?.("crowd-form") ?? null;
    // Scripts append their own questions to `shadowRoot.querySelector('crowd-form').form`.
    this.innerForm = h("crowd-form", { "without-submit": Boolean(this.outer), "answer-format": this.getAttribute("answer-format") }, this.frame, this.rest);
    this.shadowRoot.append(this.innerForm);
    this.history = new History({ take: () => structuredClone(this.#spans), put: (spans) => (this.#spans = spans) });
    shortcuts(this, (event) => this.#key(event));
  }

  buildWork() {
    this.control = h("div", {
      class: "text",
      part: "text",
      tabindex: "0",
      role: "textbox",
      "aria-readonly": "true",
      "aria-multiline": "true",
      "aria-label": "Text to annotate",
      onpointerdown: (event) => {
        this.#byFinger = event.pointerType === "touch";
        this.#kept = null;
      },
      onpointerup: (event) => this.#pointer(event),
    });
    // A finger's selection is gone by the time its press on a label arrives.
    document.addEventListener("selectionchange", () => {
      const selected = this.#byFinger && this.isConnected ? range(this.control, this.shadowRoot) : null;
      this.#kept = selected && selected.end > selected.start ? selected : this.#kept;
    });
    this.labelBox = h("div");
    this.found = h("ol", { class: "found", "aria-label": "What is marked" });
    this.said = h("div", { class: "unseen", role: "status" });
    const tools = h(
      "div",
      { class: "label-tools", role: "toolbar", "aria-label": "Tools" },
      (this.undoButton = h("button", { type: "button", class: "tool", title: "Undo", "aria-label": "Undo", onclick: () => this.#undo("undo") }, icon("undo"))),
      (this.redoButton = h("button", { type: "button", class: "tool", title: "Redo", "aria-label": "Redo", onclick: () => this.#undo("redo") }, icon("redo"))),
    );
    const hint = h("p", { class: "hint" }, "Choose a label, then select text. With a finger: tap the first and the last word, then a label. With keys: arrows go from word to word, Shift makes the selection longer, a number marks it, Delete removes.");
    return { first: [h("div", { class: "panel-title" }, "Labels"), this.labelBox], work: [this.control], panel: [tools, this.found, hint, this.said] };
  }

  update(name) {
    super.update(name);
    if (name === "labels") {
      this.#given = null;
    }
    if (name === "" || name === "initial-value" || name === "text") {
      this.history.clear();
      this.#spans = this.#clean(this.attrLoose("initial-value", []));
    }
    this.#show();
  }

  get text() {
    return this.attr("text").slice(0, LONGEST);
  }

  set text(words) {
    this.setAttribute("text", words);
  }

  /** `[{label, short, full, colour}]`. */
  get offered() {
    const given = this.#given ?? this.attrLoose("labels", []);
    const found = [];
    for (const item of Array.isArray(given) ? given.slice(0, MOST_LABELS) : []) {
      const label = typeof item === "object" && item !== null ? item.label : item;
      if (typeof label !== "string" && typeof label !== "number") {
        continue;
      }
      const full = item?.fullDisplayName ?? item?.longDisplayName ?? label;
      const index = found.length;
      found.push({
        label: String(label),
        short: String(item?.shortDisplayName ?? label).slice(0, 40),
        full: String(full).slice(0, 300),
        colour: hex(item?.color) || strong(index),
      });
    }
    return found;
  }

  get labels() {
    return this.#given ?? this.attrLoose("labels", []);
  }

  set labels(list) {
    this.#given = Array.isArray(list) ? list : null;
    this.isBuilt && this.#show();
  }

  /** Within the text, in order, none over another. */
  #clean(list) {
    const length = this.text.length;
    const spans = [];
    for (const item of Array.isArray(list) ? list.slice(0, MOST_SPANS) : []) {
      const [startOffset, endOffset] = [Math.floor(Number(item?.startOffset)), Math.floor(Number(item?.endOffset))];
      if (startOffset >= 0 && endOffset > startOffset && endOffset <= length && typeof item.label === "string") {
        if (!spans.some((span) => span.startOffset < endOffset && startOffset < span.endOffset)) {
          spans.push({ ...item, startOffset, endOffset });
        }
      }
    }
    return spans.sort((one, two) => one.startOffset - two.startOffset);
  }

  get value() {
    return { entities: this.#spans };
  }

  set value(value) {
    this.#spans = this.#clean(value?.entities);
    this.isBuilt && this.#show();
  }

  answer() {
    return this.value;
  }

  set draft(what) {
    this.value = what;
  }

  get draft() {
    return this.value;
  }

  reset() {
    this.update("initial-value");
  }

  /** Give `from`–`to` a label; what it covers loses its own. */
  mark(from, to, label) {
    let [startOffset, endOffset] = [from, to];
    while (startOffset < endOffset && /\s/.test(this.text[startOffset])) {
      startOffset += 1;
    }
    while (startOffset < endOffset && /\s/.test(this.text[endOffset - 1])) {
      endOffset -= 1;
    }
    if (startOffset >= endOffset || !label || this.#spans.length >= MOST_SPANS) {
      return;
    }
    this.history.keep();
    const kept = this.#spans.filter((span) => span.endOffset <= startOffset || span.startOffset >= endOffset);
    const span = { endOffset, label: label.label, startOffset };
    this.#spans = [...kept, span].sort((one, two) => one.startOffset - two.startOffset);
    this.#chosen = null;
    this.#changed(`${label.full}: ${this.text.slice(startOffset, endOffset).slice(0, 80)}`);
  }

  #remove(span) {
    this.history.keep();
    this.#spans = this.#spans.filter((other) => other !== span);
    this.#chosen = null;
    this.#changed("Removed");
    this.control.focus({ preventScroll: true });
  }

  #undo(way) {
    if (this.history[way]()) {
      this.#chosen = null;
      this.#changed(way === "undo" ? "Undone" : "Done again");
    }
  }

  #changed(words) {
    this.#show();
    this.said.textContent = words;
    tell(this, "input", "change");
  }

  /** A label was pressed: it is given to what is selected, or is the next one. */
  #press(index) {
    this.#active = index;
    const label = this.offered[index];
    const marked = range(this.control, this.shadowRoot);
    const selected = marked && marked.end > marked.start ? marked : (this.#kept ?? this.#cursor);
    this.#kept = null;
    if (this.#chosen) {
      this.history.keep();
      this.#chosen.label = label.label;
      this.#changed(`Now ${label.full}`);
    } else if (selected && selected.end > selected.start) {
      document.getSelection()?.removeAllRanges();
      this.#cursor = null;
      this.mark(selected.start, selected.end, label);
    } else {
      this.#show();
    }
  }

  #pointer(event) {
    const selected = range(this.control, this.shadowRoot);
    if (selected && selected.end > selected.start) {
      // A finger goes on to move the ends of its selection; a label pressed afterwards takes it.
      if (event.pointerType !== "touch") {
        document.getSelection()?.removeAllRanges();
        this.#cursor = null;
        this.mark(selected.start, selected.end, this.offered[this.#active]);
      }
      return;
    }
    const index = Number(event.target.closest?.("mark")?.dataset.index ?? -1);
    this.#chosen = this.#spans[index] === this.#chosen ? null : (this.#spans[index] ?? null);
    this.#cursor = event.pointerType === "touch" && !this.#chosen && index < 0 ? this.#tapped(event) : null;
    this.#show();
  }

  /** A tap takes a word, the next one goes on to another; a tap on what is taken lets go. */
  #tapped(event) {
    const at = offsetAt(event, this.control, this.shadowRoot);
    const word = at === null ? null : words(this.text).find(({ start, end }) => start <= at && at <= end);
    const taken = this.#cursor;
    if (!word || (taken && taken.start <= word.start && word.end <= taken.end)) {
      return null;
    }
    return taken ? { start: Math.min(taken.start, word.start), end: Math.max(taken.end, word.end) } : word;
  }

  #key(event) {
    if (historyKey(event)) {
      this.#undo(historyKey(event));
      return true;
    }
    if (event.ctrlKey || event.metaKey) {
      return false;
    }
    if (/^[1-9]$/.test(event.key) && this.offered[Number(event.key) - 1]) {
      this.#press(Number(event.key) - 1);
      return true;
    }
    if (!event.composedPath().includes(this.control)) {
      return false;
    }
    if ((event.key === "Delete" || event.key === "Backspace") && (this.#chosen || this.#under())) {
      this.#remove(this.#chosen ?? this.#under());
    } else if (event.key === "Enter" && this.#cursor) {
      this.#press(this.#active);
    } else if (event.key === "Escape" && (this.#chosen || this.#cursor)) {
      this.#chosen = this.#cursor = null;
      this.#show();
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      this.#walk(event.key === "ArrowRight", event.shiftKey, event.altKey);
    } else {
      return false;
    }
    return true;
  }

  /** The span the keyboard's selection touches. */
  #under() {
    return this.#cursor && this.#spans.find((span) => span.startOffset < this.#cursor.end && this.#cursor.start < span.endOffset);
  }

  #walk(forward, longer, byLetter) {
    const list = words(this.text);
    const at = this.#cursor ?? { start: 0, end: 0 };
    const next = list.find((word) => (forward ? word.end > at.end : false)) ?? null;
    const before = list.findLast((word) => (longer ? word.end < at.end : word.start < at.start)) ?? null;
    const step = (offset) => Math.min(this.text.length, Math.max(at.start + 1, offset));
    if (longer && byLetter) {
      this.#cursor = { start: at.start, end: step(at.end + (forward ? 1 : -1)) };
    } else if (longer) {
      const end = forward ? next?.end : before?.end;
      this.#cursor = { start: at.start, end: end === undefined ? at.end : step(end) };
    } else {
      this.#cursor = forward ? (list.find((word) => word.start >= at.end) ?? at) : (before ?? at);
    }
    this.#chosen = null;
    this.#show();
    this.said.textContent = this.text.slice(this.#cursor.start, this.#cursor.end);
    this.control.querySelector(".cursor")?.scrollIntoView({ block: "nearest" });
  }

  #show() {
    const offered = this.offered;
    this.#active = Math.min(this.#active, Math.max(0, offered.length - 1));
    const colours = new Map(offered.map((label) => [label.label, label]));
    replace(this.control, this.#pieces(colours));
    const counts = new Map();
    this.#spans.forEach((span) => counts.set(span.label, (counts.get(span.label) ?? 0) + 1));
    replace(
      this.labelBox,
      labelButtons(offered.map(({ label, full, colour }) => ({ text: full, colour, count: counts.get(label) ?? 0 })), this.#active, (index) => this.#press(index)),
    );
    replace(this.found, this.#spans.map((span) => this.#row(span, colours)));
    this.undoButton.disabled = !this.history.past.length;
    this.redoButton.disabled = !this.history.future.length;
  }

  #row(span, colours) {
    const words = this.text.slice(span.startOffset, span.endOffset);
    const name = colours.get(span.label)?.full ?? span.label;
    const go = h("button", { type: "button", class: "go", title: words.slice(0, 300), onclick: () => {
      this.#chosen = this.#chosen === span ? null : span;
      this.#show();
      this.control.querySelector("mark.chosen")?.scrollIntoView({ block: "nearest" });
    } }, h("b", {}, words.slice(0, 60)), ` ${name}`);
    return h("li", { class: span === this.#chosen ? "chosen" : null }, go, h("button", { type: "button", class: "tool", "aria-label": `Remove ${name}: ${words.slice(0, 60)}`, onclick: () => this.#remove(span) }, icon("close")));
  }

  /** The text in pieces, cut where a span or the keyboard's selection begins or ends. */
  #pieces(colours) {
    const text = this.text;
    const cursor = this.#cursor ?? { start: 0, end: 0 };
    const cuts = [...new Set([0, text.length, cursor.start, cursor.end, ...this.#spans.flatMap((span) => [span.startOffset, span.endOffset])])];
    cuts.sort((one, two) => one - two);
    const pieces = [];
    let at = 0;
    for (let index = 0; index + 1 < cuts.length; index += 1) {
      const [from, to] = [cuts[index], cuts[index + 1]];
      while (this.#spans[at] && this.#spans[at].endOffset <= from) {
        at += 1;
      }
      const span = this.#spans[at]?.startOffset <= from ? this.#spans[at] : null;
      const inCursor = from >= cursor.start && to <= cursor.end;
      const words = text.slice(from, to);
      if (!span) {
        pieces.push(inCursor ? h("span", { class: "cursor" }, words) : words);
        continue;
      }
      const label = colours.get(span.label);
      const colour = label?.colour ?? "#64748b";
      const mark = h("mark", { class: `${to === span.endOffset ? "last" : ""}${span === this.#chosen ? " chosen" : ""}`, "data-index": at, "data-short": label?.short ?? span.label.slice(0, 40), title: label?.full ?? span.label }, inCursor ? h("span", { class: "cursor" }, words) : words);
      mark.style.setProperty("--c", colour);
      mark.style.setProperty("--c-ink", ink(colour));
      pieces.push(mark);
    }
    return pieces;
  }
}

