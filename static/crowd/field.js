/** A field of a form: what it answers, whether that will do, and how it is put back. */

import { h, replace } from "./dom.js";
import { CrowdElement } from "./element.js";

export class Field extends CrowdElement {
  hasProblem = false;

  /** @abstract What the form collects under the field's name; undefined where there is nothing. */
  answer() {
    return undefined;
  }

  /** @abstract A sentence that says what is wrong, or "". */
  problem() {
    return "";
  }

  /** Look, and say beside the field what is wrong. Returns the sentence, "" when all is well. */
  check() {
    const sentence = this.isBuilt ? this.problem() : "";
    this.hasProblem = sentence !== "";
    this.showProblem(sentence);
    return sentence;
  }

  showProblem(sentence) {
    if (!this.problemBox) {
      this.problemBox = h("div", { class: "problem", part: "problem", role: "alert" });
      this.shadowRoot.append(this.problemBox);
    }
    this.problemBox.hidden = !sentence;
    replace(this.problemBox, h("span", {}, sentence));
    this.control?.setAttribute("aria-invalid", sentence ? "true" : "false");
  }

  /** Under another name in scripts that were written for the original. */
  get _submittableValue() {
    return this.answer();
  }

  get draft() {
    return this.answer();
  }

  set draft(_what) {}

  reset() {}

  validate() {
    return this.check() === "";
  }

  focus(options) {
    this.control?.focus(options);
  }
}
