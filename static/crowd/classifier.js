/** crowd-classifier and crowd-classifier-multi-select; the image classifiers are built on them. */

import { CATEGORIES_CSS, Categories, shortcuts } from "./categories.js";
import { h, tell } from "./dom.js";
import { Widget, names } from "./widget.js";

export class CrowdClassifier extends Widget {
  static observedAttributes = ["categories", "header", "exclusion-category"];
  static settable = ["categories", "value"];
  static css = `${CATEGORIES_CSS}
.target { padding: 1rem; overflow-wrap: anywhere; }
`;
  static multiple = false;

  #given = null;

  /** What is to be classified. */
  target() {
    return [h("div", { class: "target", part: "target" }, h("slot", { name: "classification-target" }))];
  }

  buildWork() {
    this.categoriesBox = new Categories({
      multiple: this.constructor.multiple,
      onchange: () => {
        if (this.hasProblem) {
          this.check();
        }
        tell(this, "input", "change");
      },
    });
    shortcuts(this, (event) => this.categoriesBox.press(event));
    return { work: this.target(), panel: [h("div", { class: "category-picker-wrapper" }, this.categoriesBox.root)] };
  }

  update(name) {
    super.update(name);
    if (name === "categories") {
      this.#given = null;
    }
    const exclusion = this.constructor.multiple ? this.attrLoose("exclusion-category") : undefined;
    const text = typeof exclusion === "object" && exclusion !== null ? exclusion.text : exclusion;
    this.categoriesBox.offer(this.categories, typeof text === "string" ? text.slice(0, 1000) : "");
  }

  get categories() {
    return names(this.#given ?? this.attrLoose("categories", []));
  }

  set categories(list) {
    this.#given = typeof list === "string" ? null : list;
    if (typeof list === "string") {
      this.setAttribute("categories", list);
    }
    this.isBuilt && this.update("");
  }

  /** The chosen label, "" while there is none; scripts compare it with the categories. */
  get value() {
    return this.categoriesBox.chosen[0] ?? "";
  }

  set value(value) {
    const labels = typeof value === "object" && value !== null ? (value.labels ?? [value.label]) : [value];
    this.categoriesBox.choose(Array.isArray(labels) ? labels : []);
  }

  answer() {
    const [label] = this.categoriesBox.chosen;
    return label === undefined ? undefined : { label };
  }

  problem() {
    return this.categoriesBox.chosen.length || !this.categories.length ? "" : "Please select one.";
  }

  get draft() {
    return { labels: this.categoriesBox.chosen, excluded: this.categoriesBox.isExcluded };
  }

  set draft(what) {
    if (Array.isArray(what?.labels)) {
      this.categoriesBox.choose(what.labels, what.excluded === true);
    }
  }

  reset() {
    this.categoriesBox.choose([]);
    this.hasProblem = false;
    this.showProblem("");
  }

  focus(options) {
    (this.categoriesBox.inputs.find((input) => input.checked) ?? this.categoriesBox.inputs[0])?.focus(options);
  }
}

export class CrowdClassifierMultiSelect extends CrowdClassifier {
  static multiple = true;

  /** `{labels}` as they are now. */
  get value() {
    return this.answer();
  }

  set value(value) {
    super.value = value;
  }

  answer() {
    return { labels: this.categoriesBox.chosen };
  }

  /** With a way to say "none of them", saying nothing is no answer; without one, it is. */
  problem() {
    const { chosen, exclusion, isExcluded } = this.categoriesBox;
    return chosen.length || !exclusion || isExcluded ? "" : `Please select all that apply, or “${exclusion}”.`;
  }
}
