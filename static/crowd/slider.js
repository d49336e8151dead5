/** crowd-slider and crowd-slider-label. */

import { h, setAttribute, tell } from "./dom.js";
import { CrowdElement } from "./element.js";
import { Field } from "./field.js";

export class CrowdSlider extends Field {
  static observedAttributes = ["min", "max", "step", "value", "pin", "editable", "required", "disabled", "secondary-progress", "label", "aria-label"];
  static settable = ["value", "min", "max", "step", "disabled", "required"];
  static css = `
:host { display: block; margin: 0.5rem 0; max-width: 40rem; }
.row { display: flex; align-items: flex-start; gap: 0.75rem; }
.track { position: relative; flex: 1; min-width: 0; }
input[type="range"] { appearance: none; display: block; width: 100%; height: 2.5rem; margin: 0; background: none; cursor: pointer; }
input[type="range"]::-webkit-slider-runnable-track { height: 0.375rem; border-radius: 1rem; background: linear-gradient(to right, var(--accent) var(--at), var(--accent-soft) var(--at), var(--accent-soft) var(--second), var(--line) var(--second)); }
input[type="range"]::-moz-range-track { height: 0.375rem; border-radius: 1rem; background: linear-gradient(to right, var(--accent) var(--at), var(--accent-soft) var(--at), var(--accent-soft) var(--second), var(--line) var(--second)); }
input[type="range"]::-webkit-slider-thumb { appearance: none; width: 1.5rem; height: 1.5rem; margin-top: -0.5625rem; border: 2px solid var(--paper); border-radius: 50%; background: var(--accent); box-shadow: 0 1px 4px rgb(0 0 0 / 35%); }
input[type="range"]::-moz-range-thumb { width: 1.25rem; height: 1.25rem; border: 2px solid var(--paper); border-radius: 50%; background: var(--accent); box-shadow: 0 1px 4px rgb(0 0 0 / 35%); }
.untouched input[type="range"]::-webkit-slider-thumb { background: var(--line-2); }
input:disabled { opacity: 0.5; cursor: default; }
output { margin-top: 0.1875rem; min-width: 2.5rem; padding: 0.25rem 0.5rem; border-radius: 6px; background: var(--paper-2); font-weight: 600; text-align: center; font-variant-numeric: tabular-nums; }
.exact { width: 5.5rem; min-height: 2.5rem; padding: 0.25rem 0.5rem; border: 1px solid var(--line-2); border-radius: 6px; background: var(--paper); }
.ends { display: flex; justify-content: space-between; margin: -0.5rem 0 0.25rem; color: var(--ink-2); font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
.marks { position: relative; height: 1.5rem; margin-top: -0.5rem; }
`;
  #touched = false;

  build() {
    this.control = h("input", { type: "range", part: "slider", oninput: () => this.#moved("input"), onchange: () => this.#moved("change"), onpointerdown: () => this.#held(), onkeydown: (event) => event.key !== "Tab" && this.#held() });
    this.output = h("output", { part: "value" });
    this.exact = h("input", { type: "number", class: "exact", part: "input", "aria-label": "Exact value", onchange: () => this.#typed() });
    this.ends = h("div", { class: "ends", "aria-hidden": "true" });
    this.marks = h("div", { class: "marks" }, h("slot", { name: "mark" }));
    this.row = h("div", { class: "row" }, h("div", { class: "track" }, this.control, this.ends, this.marks), this.output, this.exact);
    this.shadowRoot.append(this.row, h("slot", { onslotchange: () => this.#placeMarks() }));
  }

  #moved(type) {
    this.#touched = true;
    this.show();
    if (this.hasProblem) {
      this.check();
    }
    if (type === "change") {
      tell(this, "change");
    }
  }

  /** Whoever takes hold of it where it stands has answered, too. */
  #held() {
    if (!this.#touched) {
      this.#touched = true;
      this.show();
    }
  }

  #typed() {
    const value = Number.parseFloat(this.exact.value);
    if (Number.isFinite(value)) {
      this.value = value;
      this.#moved("input");
      tell(this, "input", "change");
    }
    this.show();
  }

  update(name) {
    const low = this.min;
    const control = this.control;
    control.min = low;
    control.max = Math.max(low, this.max);
    control.step = this.step;
    control.disabled = this.disabled;
    setAttribute(control, "aria-label", this.getAttribute("label") ?? this.getAttribute("aria-label") ?? (this.name || "Slider"));
    setAttribute(control, "aria-required", this.required ? "true" : null);
    for (const bound of ["min", "max", "step"]) {
      this.exact[bound] = control[bound];
    }
    this.exact.disabled = this.disabled;
    this.exact.hidden = !this.hasAttribute("editable");
    this.output.hidden = this.hasAttribute("editable");
    if (name === "value" || !this.#touched) {
      control.value = this.attrNumber("value", low);
    }
    this.ends.replaceChildren(h("span", {}, String(low)), h("span", {}, String(control.max)));
    this.#placeMarks();
    this.show();
  }

  /** Labels stand below their places. */
  #placeMarks() {
    const low = Number(this.control.min);
    const span = Number(this.control.max) - low || 1;
    const marks = [...this.children].filter((child) => child.localName === "crowd-slider-label");
    for (const mark of marks) {
      mark.slot = "mark";
      const at = (Number.parseFloat(mark.getAttribute("position") ?? low) - low) / span;
      // The knob's middle never reaches the ends of the track.
      mark.style.left = `calc(0.75rem + ${Math.min(1, Math.max(0, at || 0))} * (100% - 1.5rem))`;
    }
    this.ends.hidden = marks.length > 0;
    this.marks.hidden = marks.length === 0;
  }

  show() {
    const low = Number(this.control.min);
    const span = Number(this.control.max) - low || 1;
    const part = (value) => `${Math.min(100, Math.max(0, ((value - low) / span) * 100))}%`;
    const value = Number(this.control.value);
    this.control.style.setProperty("--at", part(value));
    this.control.style.setProperty("--second", part(Math.max(value, this.attrNumber("secondary-progress", low))));
    this.output.textContent = this.control.value;
    this.exact.value = this.control.value;
    this.row.classList.toggle("untouched", !this.#touched && !this.hasAttribute("value"));
  }

  get min() {
    return this.attrNumber("min", 0);
  }

  set min(value) {
    this.setAttribute("min", value);
  }

  get max() {
    return this.attrNumber("max", 100);
  }

  set max(value) {
    this.setAttribute("max", value);
  }

  get step() {
    const step = this.attrNumber("step", 1);
    return step > 0 ? step : 1;
  }

  set step(value) {
    this.setAttribute("step", value);
  }

  get value() {
    return this.control ? Number(this.control.value) : this.attrNumber("value", this.min);
  }

  set value(value) {
    this.#touched = true;
    this.control.value = String(value);
    this.show();
  }

  answer() {
    return this.value;
  }

  /** A slider always stands somewhere; "required" asks that it was moved there. */
  problem() {
    return this.required && !this.disabled && !this.#touched ? "Please set the slider." : "";
  }

  get draft() {
    return this.#touched ? this.value : null;
  }

  set draft(what) {
    if (typeof what === "number") {
      this.value = what;
    }
  }

  reset() {
    this.#touched = false;
    this.control.value = this.attrNumber("value", this.min);
    this.hasProblem = false;
    this.showProblem("");
    this.show();
  }
}

export class CrowdSliderLabel extends CrowdElement {
  static observedAttributes = ["position"];
  static css = ":host { position: absolute; transform: translateX(-50%); color: var(--ink-2); font-size: 0.8125rem; text-align: center; white-space: nowrap; }";

  build() {
    this.shadowRoot.append(h("slot"));
  }

  update() {
    if (!this.textContent.trim()) {
      this.textContent = this.attr("position");
    }
  }
}
