/** crowd-input and crowd-text-area. */

import { h, freshId, replace, setAttribute, tell } from "./dom.js";
import { Field } from "./field.js";

const LONGEST = 100_000;
const TYPES = new Set(["text", "search", "url", "tel", "email", "password", "number", "date", "time", "month", "week", "datetime-local", "color"]);

class TextField extends Field {
  static observedAttributes = [
    "label", "placeholder", "value", "type", "disabled", "required", "readonly", "max-length", "maxlength", "min-length", "minlength",
    "allowed-pattern", "error-message", "rows", "max-rows", "char-counter", "aria-label", "min", "max", "step", "pattern", "auto-validate", "invalid",
  ];
  static settable = ["value", "disabled", "required"];
  static css = `
:host { display: block; margin: 0.5rem 0; }
label { display: block; margin-bottom: 0.25rem; font-size: 0.9375rem; font-weight: 550; overflow-wrap: anywhere; }
.needed { color: var(--red); }
input, textarea { display: block; width: 100%; min-height: 2.5rem; padding: 0.4375rem 0.75rem; border: 1px solid var(--line-2); border-radius: var(--radius); background: var(--paper); font: inherit; }
input[type="color"] { width: 5rem; padding: 0.25rem; }
textarea { resize: vertical; min-height: 4.5rem; line-height: 1.5; }
input::placeholder, textarea::placeholder { color: var(--ink-2); opacity: 0.85; }
input:focus-visible, textarea:focus-visible { outline: 2px solid var(--accent); outline-offset: -1px; border-color: transparent; }
input:disabled, textarea:disabled { background: var(--paper-2); opacity: 0.7; }
[aria-invalid="true"] { border-color: var(--red); }
.count { margin-top: 0.25rem; color: var(--ink-2); font-size: 0.8125rem; text-align: right; font-variant-numeric: tabular-nums; }
`;
  #touched = false;

  /** @abstract */
  makeControl() {}

  build() {
    const id = freshId("field");
    this.control = this.makeControl();
    this.control.id = id;
    this.labelBox = h("label", { for: id, part: "label" });
    this.counter = h("div", { class: "count", part: "counter", hidden: true });
    this.shadowRoot.append(this.labelBox, this.control, this.counter);
    this.problemBox = h("div", { class: "problem", part: "problem", role: "alert", hidden: true });
    // What follows a tag that was closed with "/>" ends up inside it, and still has to be seen.
    this.shadowRoot.append(this.problemBox, h("slot"));
    this.control.addEventListener("input", () => {
      this.#touched = true;
      this.#filter();
      this.count();
      if (this.hasProblem || this.hasAttribute("auto-validate")) {
        this.check();
      }
    });
    // `input` crosses the shadow root by itself, `change` does not.
    this.control.addEventListener("change", () => {
      if (this.hasAttribute("auto-validate")) {
        this.check();
      }
      tell(this, "change");
    });
    this.control.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.control.localName === "input" && !event.isComposing && !event.ctrlKey && !event.metaKey) {
        this.#enter();
      }
    });
    if (this.hasAttribute("auto-focus") || this.hasAttribute("autofocus")) {
      queueMicrotask(() => this.focus());
    }
  }

  update(name) {
    const control = this.control;
    const label = this.attr("label");
    replace(this.labelBox, label, this.required && label ? h("span", { class: "needed", "aria-hidden": "true" }, " *") : null);
    this.labelBox.hidden = !label;
    setAttribute(control, "aria-label", label ? null : (this.getAttribute("aria-label") ?? (this.attr("placeholder") || this.name || null)));
    setAttribute(control, "name", this.getAttribute("name"));
    setAttribute(control, "placeholder", this.getAttribute("placeholder"));
    setAttribute(control, "maxlength", this.#bound("max-length", "maxlength"));
    control.disabled = this.disabled;
    control.readOnly = this.hasAttribute("readonly");
    setAttribute(control, "aria-required", this.required ? "true" : null);
    if (name === "value" || name === "") {
      if (name === "value" || !this.#touched) {
        control.value = this.attr("value").slice(0, LONGEST);
      }
    }
    if (name === "invalid" && this.hasAttribute("invalid")) {
      this.hasProblem = true;
      this.showProblem(this.attr("error-message", "Please look at this answer again."));
    }
    this.count();
  }

  /** As in any form without a submit button of its own: Enter submits from the only line of text, not from one of many. */
  #enter() {
    const form = this.closest("crowd-form");
    const lines = form?.fields.filter((field) => field.localName === "crowd-input" || (field.localName === "input" && TYPES.has(field.type)));
    if (lines?.length === 1) {
      form.requestSubmit();
    }
  }

  #bound(...names) {
    for (const name of names) {
      const value = this.attrNumber(name, NaN);
      if (value >= 0) {
        return Math.floor(value);
      }
    }
    return null;
  }

  /** `allowed-pattern`: what one typed character may be. */
  #filter() {
    const pattern = this.getAttribute("allowed-pattern");
    if (!pattern || pattern.length > 200) {
      return;
    }
    let allowed;
    try {
      allowed = new RegExp(`^(?:${pattern})$`, "u");
    } catch {
      return;
    }
    const kept = [...this.control.value].filter((character) => allowed.test(character)).join("");
    if (kept !== this.control.value) {
      this.control.value = kept;
    }
  }

  count() {
    this.counter.hidden = !this.hasAttribute("char-counter");
    if (!this.counter.hidden) {
      const most = this.#bound("max-length", "maxlength");
      this.counter.textContent = most === null ? `${this.control.value.length}` : `${this.control.value.length} / ${most}`;
    }
  }

  get value() {
    return this.control ? this.control.value : this.attr("value");
  }

  set value(text) {
    this.#touched = true;
    if (this.control) {
      this.control.value = String(text ?? "").slice(0, LONGEST);
      this.count();
    } else {
      this.setAttribute("value", String(text ?? ""));
    }
  }

  answer() {
    return this.value === "" ? undefined : this.value;
  }

  problem() {
    const own = this.getAttribute("error-message");
    const value = this.value;
    if (this.disabled) {
      return "";
    }
    if (value.trim() === "") {
      return this.required ? own || "Please fill this in." : "";
    }
    const least = this.#bound("min-length", "minlength");
    if (least !== null && value.length < least) {
      return own || `Please write at least ${least} characters; there are ${value.length}.`;
    }
    const most = this.#bound("max-length", "maxlength");
    if (most !== null && value.length > most) {
      return own || `Please write at most ${most} characters; there are ${value.length}.`;
    }
    return this.control.validity.valid ? "" : own || this.control.validationMessage;
  }

  set draft(what) {
    if (typeof what === "string") {
      this.value = what;
    }
  }

  get draft() {
    return this.value;
  }

  reset() {
    this.#touched = false;
    this.control.value = this.attr("value");
    this.hasProblem = false;
    this.showProblem("");
    this.count();
  }
}

export class CrowdInput extends TextField {
  makeControl() {
    return h("input", { part: "input", type: "text" });
  }

  update(name) {
    const type = this.attr("type", "text").trim().toLowerCase();
    const wanted = TYPES.has(type) ? type : "text";
    if (this.control.type !== wanted) {
      this.control.type = wanted;
    }
    for (const bound of ["min", "max", "pattern"]) {
      setAttribute(this.control, bound, this.getAttribute(bound));
    }
    setAttribute(this.control, "step", this.getAttribute("step") ?? (wanted === "number" ? "any" : null));
    super.update(name);
  }
}

export class CrowdTextArea extends TextField {
  makeControl() {
    return h("textarea", { part: "textarea" });
  }

  update(name) {
    const rows = Math.min(60, Math.max(2, this.attrNumber("rows", 3)));
    const most = Math.min(200, this.attrNumber("max-rows", 0));
    this.control.rows = rows;
    // It grows with what is written, from `rows` to `max-rows`.
    this.control.style.setProperty("field-sizing", most > rows ? "content" : "fixed");
    this.control.style.minHeight = `calc(${rows}lh + 1rem)`;
    this.control.style.maxHeight = most > 0 ? `calc(${Math.max(most, rows)}lh + 1rem)` : "";
    super.update(name);
  }
}
