/** crowd-instance-segmentation: every single thing has a colour of its own, and labels repeat. */

import { h, replace } from "../dom.js";
import { hex, maskColour } from "../drawing/colours.js";
import { icon } from "../icons.js";
import { labelButtons } from "../labels.js";
import { names } from "../widget.js";
import { Segmenter } from "./segmenter.js";

const MOST = 255;

export class CrowdInstanceSegmentation extends Segmenter {
  #active = 0; // the label of the next thing
  #chosen = 0; // the number of the thing that is being painted; 0 begins a new one

  restart() {
    this.entries = [];
    this.#chosen = 0;
  }

  adopt(value) {
    const taken = new Set();
    this.entries = [];
    for (const item of Array.isArray(value.instances) ? value.instances.slice(0, MOST) : []) {
      const colour = hex(item?.color);
      if (colour && colour !== "#000000" && !taken.has(colour)) {
        taken.add(colour);
        this.entries.push({ label: String(item.label ?? "").slice(0, 1000), colour });
      }
    }
    this.#chosen = 0;
  }

  current() {
    return this.#chosen || (this.offered.length ? this.entries.length + 1 : 0);
  }

  get offered() {
    return names(this.labels);
  }

  /** Painting without a thing chosen begins a new one. */
  begin() {
    const isNew = !this.#chosen && this.tool !== "eraser";
    if (isNew && this.entries.length >= MOST) {
      this.say("There are too many already.");
      return false;
    }
    if (!super.begin()) {
      return false;
    }
    if (isNew) {
      const used = new Set(this.entries.map(({ colour }) => colour));
      let index = 0;
      while (used.has(maskColour(index))) {
        index += 1;
      }
      this.entries.push({ label: this.offered[this.#active], colour: maskColour(index) });
      this.#chosen = this.entries.length;
    }
    return true;
  }

  abandon() {
    const { extra } = this.mask;
    super.abandon();
    this.entries = JSON.parse(extra);
    this.#keepChosen();
    this.show();
  }

  #keepChosen() {
    if (this.#chosen > this.entries.length) {
      this.#chosen = 0;
    }
  }

  #next(index) {
    this.pen.leave();
    this.#active = index;
    this.#chosen = 0;
    if (this.tool === "eraser") {
      this.tool = "brush";
    }
    this.say(`A new ${this.offered[index]}`);
    this.show();
  }

  digit(index) {
    if (index >= this.offered.length) {
      return false;
    }
    this.#next(index);
    return true;
  }

  #remove(value) {
    this.pen.leave();
    this.mask.begin(JSON.stringify(this.entries));
    this.repaint(this.mask.clear(value));
    this.#chosen = this.#chosen === value ? 0 : this.#chosen;
    this.end();
    this.say("Deleted");
  }

  showLabels(counts) {
    const offered = this.offered;
    this.#keepChosen();
    this.#active = Math.min(this.#active, Math.max(0, offered.length - 1));
    this.labelTitle.textContent = "Labels: press one for each new thing";
    // The colour of a label is the one its next thing will have.
    const next = maskColour(this.entries.length);
    replace(
      this.labelBox,
      labelButtons(
        offered.map((label) => ({ text: label, colour: next, count: this.entries.filter((entry, index) => entry.label === label && counts[index + 1]).length })),
        this.#chosen ? -1 : this.#active,
        (index) => this.#next(index),
      ),
    );
    const seen = new Map();
    replace(
      this.list,
      this.entries.flatMap((entry, index) => {
        const value = index + 1;
        if (!counts[value] && value !== this.#chosen) {
          return [];
        }
        const number = (seen.get(entry.label) ?? 0) + 1;
        seen.set(entry.label, number);
        return [this.#row(entry, value, `${entry.label} ${number}`, counts[value])];
      }),
    );
  }

  #row({ colour }, value, name, count) {
    const swatch = h("i");
    swatch.style.background = colour;
    const chosen = value === this.#chosen;
    const go = h(
      "button",
      { type: "button", class: "go", "aria-pressed": String(chosen), "aria-label": `Go on with ${name}`, onclick: () => {
        this.pen.leave();
        this.#chosen = chosen ? 0 : value;
        this.show();
      } },
      swatch,
      h("span", {}, name),
      h("small", {}, `${count.toLocaleString("en")} px`),
    );
    return h("li", { class: chosen ? "chosen" : null }, go, h("button", { type: "button", class: "tool", "aria-label": `Delete ${name}`, title: "Delete", onclick: () => this.#remove(value) }, icon("close")));
  }

  answer() {
    if (!this.mask) {
      return undefined;
    }
    const { used, png } = this.painted();
    return {
      inputImageProperties: this.size_,
      instances: used.map(({ label, colour }) => ({ color: colour, label })),
      labeledImage: { pngImageData: png },
    };
  }
}
