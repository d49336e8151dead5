/** crowd-checkbox, crowd-radio-button, crowd-radio-group, crowd-toggle-button. */

import { h, setAttribute, tell } from "./dom.js";
import { CrowdElement } from "./element.js";
import { Field } from "./field.js";
import { icon } from "./icons.js";

const INTERACTIVE = "a[href], button, input, select, textarea, label, iframe, video, audio, summary";

class Choice extends Field {
  static observedAttributes = ["checked", "disabled", "required", "invalid", "aria-label"];
  static settable = ["checked", "disabled", "required", "value"];
  static css = `
:host { display: inline-block; vertical-align: top; margin: 0.125rem 0.75rem 0.125rem 0; max-width: 100%; }
.choice { display: inline-flex; align-items: flex-start; gap: 0.625rem; min-height: 2.5rem; padding: 0.5rem 0.5rem 0.5rem 0.25rem; border-radius: 6px; cursor: pointer; max-width: 100%; touch-action: manipulation; }
.choice:hover .mark { border-color: var(--accent); }
.mark { display: inline-flex; align-items: center; justify-content: center; flex: none; width: 1.375rem; height: 1.375rem; margin-top: 0.0625rem; border: 1.5px solid var(--line-2); border-radius: 4px; background: var(--paper); color: transparent; }
.mark .icon { width: 1rem; height: 1rem; stroke-width: 3; }
.round { border-radius: 50%; }
.round::after { content: ""; width: 0.625rem; height: 0.625rem; border-radius: 50%; background: currentColor; }
[aria-checked="true"] .mark { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
[aria-checked="true"] .mark.round { background: var(--paper); color: var(--accent); }
.words { min-width: 0; overflow-wrap: anywhere; }
[aria-disabled="true"] { opacity: 0.55; cursor: default; }
[aria-invalid="true"] .mark { border-color: var(--red); }
.rail { flex: none; display: inline-flex; align-items: center; width: 2.5rem; height: 1.5rem; padding: 0.125rem; border: 1.5px solid var(--line-2); border-radius: 1rem; background: var(--paper-2); }
.rail::after { content: ""; width: 1.0625rem; height: 1.0625rem; border-radius: 50%; background: var(--line-2); }
[aria-checked="true"] .rail { justify-content: flex-end; border-color: var(--accent); background: var(--accent); }
[aria-checked="true"] .rail::after { background: var(--on-accent); }
@media (prefers-reduced-motion: no-preference) { .mark, .rail { transition: background-color 0.12s, border-color 0.12s; } }
`;
  static role = "checkbox";

  #checked = false;
  #touched = false;

  /** @abstract */
  makeMark() {}

  build() {
    this.words = h("slot");
    this.control = h(
      "div",
      {
        class: "choice",
        part: "choice",
        role: this.constructor.role,
        tabindex: "0",
        onkeydown: (event) => this.key(event),
      },
      this.makeMark(),
      h("span", { class: "words", part: "label" }, this.words),
    );
    this.shadowRoot.append(this.control);
    // On the element, so that a script's `element.click()` works too; what lies inside the words and has a meaning of
    // its own (a link, or the next element after a tag closed with "/>") is left alone.
    this.addEventListener("click", (event) => {
      if (!this.#inside(event)) {
        this.press();
      }
    });
  }

  #inside(event) {
    for (const element of event.composedPath()) {
      if (element === this) {
        return false;
      }
      if (element instanceof CrowdElement || (element instanceof Element && element.getRootNode() !== this.shadowRoot && element.matches(INTERACTIVE))) {
        return true;
      }
    }
    return false;
  }

  key(event) {
    if (event.key === " " || (event.key === "Enter" && !event.ctrlKey && !event.metaKey)) {
      event.preventDefault();
      this.press();
    }
  }

  press() {
    if (!this.disabled) {
      this.turn(!this.#checked);
    }
  }

  /** By the worker's hand: the page is told. */
  turn(checked) {
    if (checked !== this.#checked) {
      this.#touched = true;
      this.checked = checked;
      tell(this, "input", "change");
    }
  }

  update(name) {
    if (name === "checked" || (name === "" && !this.#touched)) {
      this.#checked = this.hasAttribute("checked");
    }
    this.show();
  }

  show() {
    this.control.setAttribute("aria-checked", String(this.#checked));
    setAttribute(this.control, "aria-disabled", this.disabled ? "true" : null);
    setAttribute(this.control, "aria-required", this.required ? "true" : null);
    setAttribute(this.control, "aria-label", this.getAttribute("aria-label") ?? (this.textContent.trim() ? null : this.value === "on" ? this.name || null : this.value));
    this.control.tabIndex = this.disabled ? -1 : 0;
  }

  get checked() {
    return this.isBuilt ? this.#checked : this.hasAttribute("checked");
  }

  set checked(value) {
    this.#checked = Boolean(value);
    this.#touched = true;
    if (this.isBuilt) {
      this.show();
    }
  }

  get value() {
    return this.getAttribute("value") ?? "on";
  }

  set value(text) {
    this.setAttribute("value", text);
  }

  answer() {
    return { [this.value]: this.checked };
  }

  get draft() {
    return this.checked;
  }

  set draft(what) {
    if (typeof what === "boolean") {
      this.checked = what;
    }
  }

  reset() {
    this.#touched = false;
    this.update("checked");
    this.hasProblem = false;
    this.showProblem("");
  }
}

export class CrowdCheckbox extends Choice {
  makeMark() {
    return h("span", { class: "mark", part: "mark" }, icon("check"));
  }

  /** One of several boxes of a name is enough: who asks for any of them asks for one answer. */
  problem() {
    if (!this.required || this.disabled || this.checked) {
      return "";
    }
    const form = this.closest("crowd-form");
    const others = [...(form?.querySelectorAll("crowd-checkbox") ?? [])].filter((other) => other !== this && other.name === this.name);
    if (others.some((other) => other.checked)) {
      return "";
    }
    return others.length ? "Please tick at least one." : "Please tick this box.";
  }
}

export class CrowdToggleButton extends Choice {
  static role = "switch";

  makeMark() {
    return h("span", { class: "rail", part: "mark" });
  }

  problem() {
    return this.required && !this.disabled && !this.checked ? "Please switch this on." : "";
  }
}

/** Buttons of one question have different names, so it is the group that makes them exclude each other. Without one,
    buttons of the same name do. */
export class CrowdRadioButton extends Choice {
  static role = "radio";

  makeMark() {
    return h("span", { class: "mark round", part: "mark" });
  }

  update(name) {
    super.update(name);
    this.siblings.forEach((button) => button !== this && button.isBuilt && button.show());
  }

  get siblings() {
    const group = this.closest("crowd-radio-group");
    if (group) {
      return [...group.querySelectorAll("crowd-radio-button")].filter((button) => button.closest("crowd-radio-group") === group);
    }
    const all = (this.closest("crowd-form") ?? this.getRootNode()).querySelectorAll("crowd-radio-button");
    return [...all].filter((button) => button === this || (this.name && button.name === this.name && !button.closest("crowd-radio-group")));
  }

  press() {
    if (!this.disabled) {
      this.turn(true);
    }
  }

  get checked() {
    return super.checked;
  }

  set checked(value) {
    super.checked = value;
    for (const button of this.isBuilt && value ? this.siblings : []) {
      if (button !== this && button.checked) {
        button.checked = false;
      }
    }
    for (const button of this.isBuilt ? this.siblings : []) {
      button.isBuilt && button.show();
    }
  }

  show() {
    super.show();
    // One stop for the whole question; arrows go on from there.
    const usable = this.siblings.filter((button) => !button.disabled);
    const stop = usable.find((button) => button.checked) ?? usable[0];
    this.control.tabIndex = this === stop ? 0 : -1;
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) {
      super.key(event);
      return;
    }
    event.preventDefault();
    const usable = this.siblings.filter((button) => !button.disabled);
    const next = usable[(usable.indexOf(this) + step + usable.length) % usable.length];
    next?.turn(true);
    next?.focus();
  }
}

export class CrowdRadioGroup extends CrowdElement {
  static css = ":host { display: block; margin: 0.25rem 0; }";
  static observedAttributes = ["aria-label", "label"];

  build() {
    this.shadowRoot.append(h("slot", { onslotchange: () => this.#settle() }));
  }

  update() {
    this.setAttribute("role", "radiogroup");
    if (this.hasAttribute("label") && !this.hasAttribute("aria-label")) {
      this.setAttribute("aria-label", this.attr("label"));
    }
  }

  /** Buttons that came later take part; of several that say `checked`, the last one holds. */
  #settle() {
    const buttons = [...this.querySelectorAll("crowd-radio-button")].filter((button) => button.isBuilt);
    const chosen = buttons.filter((button) => button.checked).at(-1);
    if (chosen) {
      chosen.checked = true;
    } else {
      buttons.forEach((button) => button.show());
    }
  }

  /** The value of the chosen button, as far as scripts ask the group. */
  get selected() {
    return [...this.querySelectorAll("crowd-radio-button")].find((button) => button.checked)?.value ?? "";
  }
}
