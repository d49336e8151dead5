/** crowd-semantic-segmentation: each pixel has a label, however many things of that label there are. */

import { h, replace } from "../dom.js";
import { hex, maskColour } from "../drawing/colours.js";
import { labelButtons } from "../labels.js";
import { Segmenter } from "./segmenter.js";

export class CrowdSemanticSegmentation extends Segmenter {
  #active = 0;

  restart() {
    this.entries = this.labels.slice(0, 255).map((label, index) => ({ label, colour: maskColour(index) }));
  }

  relabel() {
    this.restart();
  }

  /** Labels keep the colours they were given. */
  adopt(value) {
    this.restart();
    const mappings = value.labelMappings ?? {};
    const taken = new Set();
    for (const entry of this.entries) {
      const colour = Object.hasOwn(mappings, entry.label) ? hex(mappings[entry.label]?.color) : "";
      if (colour && colour !== "#000000" && !taken.has(colour)) {
        entry.colour = colour;
        entry.given = true;
        taken.add(colour);
      }
    }
    // The others get colours that are still free.
    let next = 0;
    for (const entry of this.entries.filter(({ given }) => !given)) {
      while (taken.has(maskColour(next))) {
        next += 1;
      }
      entry.colour = maskColour(next);
      taken.add(entry.colour);
    }
    this.entries.forEach((entry) => delete entry.given);
  }

  current() {
    return this.entries.length ? this.#active + 1 : 0;
  }

  #press(index) {
    this.#active = index;
    if (this.tool === "eraser") {
      this.choose("brush");
    }
    this.say(this.entries[index].label);
    this.show();
  }

  digit(index) {
    if (index >= this.entries.length) {
      return false;
    }
    this.#press(index);
    return true;
  }

  showLabels(counts) {
    if (!this.mask && !this.entries.length) {
      this.restart();
    }
    this.#active = Math.min(this.#active, Math.max(0, this.entries.length - 1));
    replace(this.labelBox, labelButtons(this.entries.map(({ label, colour }) => ({ text: label, colour, count: 0 })), this.#active, (index) => this.#press(index)));
    const whole = this.mask?.data.length ?? 1;
    replace(
      this.list,
      this.entries.flatMap(({ label, colour }, index) => {
        const part = (100 * counts[index + 1]) / whole;
        if (!counts[index + 1]) {
          return [];
        }
        const swatch = h("i");
        swatch.style.background = colour;
        return [h("li", {}, h("div", { class: "go" }, swatch, h("span", {}, label), h("small", {}, part < 0.1 ? "< 0.1 %" : `${part.toFixed(1)} %`)))];
      }),
    );
  }

  answer() {
    if (!this.mask) {
      return undefined;
    }
    const { used, png } = this.painted();
    const answer = {
      inputImageProperties: this.size_,
      labelMappings: Object.fromEntries(used.map(({ label, colour }) => [label, { color: colour }])),
      labeledImage: { pngImageData: png },
    };
    if (this.hasInitial) {
      answer.initialValueModified = this.mask.past.length > 0;
    }
    return answer;
  }
}
