/** The base of everything that marks a picture with shapes: labels, a list, undo, zoom, and the answer. */

import { sorted } from "../answers.js";
import { shortcuts } from "../categories.js";
import { dialog } from "../dialog.js";
import { h, replace, tell } from "../dom.js";
import { History, historyKey } from "../history.js";
import { icon } from "../icons.js";
import { LABELS_CSS, labelButtons } from "../labels.js";
import { MOST_LABELS, Widget, names } from "../widget.js";
import { hex, ink, strong } from "./colours.js";
import { keysHelp } from "./keys-help.js";
import { Pen, copy } from "./pen.js";
import { paint } from "./paint.js";
import { LIST_CSS, shapeRow } from "./shape-list.js";
import { STAGE_CSS, Stage } from "./stage.js";
import { ZOOM_CSS, zoomButtons, zoomKey } from "./zoom-tools.js";

const MOST_SHAPES = 2_000;
const MOST_ROWS = 300;

export class Annotator extends Widget {
  static observedAttributes = ["header", "labels", "src", "initial-value", "label-colors"];
  static settable = ["labels", "value", "src"];
  static css = `${STAGE_CSS}${ZOOM_CSS}${LABELS_CSS}${LIST_CSS}`;

  /** @abstract See box.js, paths.js, point.js. */
  kind = null;

  #given = null;
  #active = 0;
  #fresh = false; // the selected shape was just drawn: a label pressed now is for the next one
  #once = "";
  #pending = null;
  #initial = null;
  #frame = 0;

  shapes = [];
  selected = null;
  none = false;

  build() {
    this.history = new History({ take: () => copy(this.shapes), put: (shapes) => (this.shapes = shapes) });
    super.build();
    shortcuts(this, (event) => this.#key(event));
  }

  buildWork() {
    const { nouns } = this.kind;
    this.pen = new Pen(this);
    this.stage = new Stage({
      label: `Picture: ${this.kind.gesture} Press ? for the keys.`,
      draws: true,
      pen: this.pen,
      onready: () => this.#ready(),
      onview: () => this.draw(),
    });
    this.control = this.stage.root;
    this.control.addEventListener("blur", () => (this.#once = ""));
    const tool = (name, words, act, more = {}) => h("button", { type: "button", class: "tool", title: words, "aria-label": words, onclick: act, ...more }, icon(name));
    this.undoButton = tool("undo", "Undo", () => this.step("undo"));
    this.redoButton = tool("redo", "Redo", () => this.step("redo"));
    this.deleteButton = tool("delete", "Delete the selected shape", () => this.remove(this.selected));
    this.handButton = tool("move", "Move the picture", () => this.#hand(), { "aria-pressed": "false" });
    this.finishButton = h("button", { type: "button", class: "tool strong", hidden: true, onclick: () => this.pen.finish() }, icon("check"), "Finish");
    this.abandonButton = h("button", { type: "button", class: "tool", hidden: true, onclick: () => this.pen.abandon() }, "Cancel");
    this.help = dialog("Keys", keysHelp(this.kind));
    const keys = tool("keyboard", "Keys", () => this.help.open_by(keys), { class: "tool keys" });
    const tools = h(
      "div",
      { class: "tools", part: "toolbar", role: "toolbar", "aria-label": "Tools" },
      h("span", { class: "group" }, this.undoButton, this.redoButton, this.deleteButton),
      h("span", { class: "group" }, this.finishButton, this.abandonButton),
      h("span", { class: "gap" }),
      h("span", { class: "group" }, this.handButton, ...zoomButtons(this.stage), keys),
      this.help,
    );
    this.labelTitle = h("div", { class: "panel-title" }, "Labels");
    this.labelBox = h("div");
    this.noneBox = h("input", { type: "checkbox", onchange: () => this.#setNone(this.noneBox.checked) });
    this.noneRow = h("label", { class: "none", part: "nothing" }, this.noneBox, h("span", {}, "Nothing to label"));
    this.list = h("ol", { class: "shapes", part: "list", "aria-label": `The ${nouns} so far` });
    this.said = h("div", { class: "unseen", role: "status" });
    return { first: [this.labelTitle, this.labelBox], work: [this.stage.root, tools], panel: [this.noneRow, this.list, this.said] };
  }

  update(name) {
    super.update(name);
    if (name === "labels") {
      this.#given = null;
    }
    if (name === "src" || name === "") {
      this.stage.load(this.getAttribute("src"));
    }
    if (name === "initial-value" && this.stage.isReady) {
      this.#takeInitial();
    }
    this.show();
  }

  #ready() {
    const pending = this.#pending;
    this.#pending = null;
    this.history.clear();
    this.pen.reset();
    this.#takeInitial();
    if (pending) {
      this.draft = pending;
    }
  }

  #takeInitial() {
    const given = this.attrLoose("initial-value");
    this.#initial = given === undefined ? null : JSON.stringify(sorted((this.shapes = this.#read(given))));
    if (given === undefined) {
      this.shapes = [];
    }
    this.selected = null;
    this.history.clear();
    this.show();
  }

  /** The shapes in a value or an initial value that make sense in this picture. */
  #read(given) {
    const list = Array.isArray(given) ? given : given?.[this.kind.key];
    const found = [];
    for (const item of Array.isArray(list) ? list.slice(0, MOST_SHAPES) : []) {
      const shape = typeof item === "object" && item !== null ? this.kind.read(item, this.stage) : null;
      if (shape && ["string", "number"].includes(typeof item.label)) {
        found.push({ ...item, ...shape, label: String(item.label).slice(0, 1000) });
      }
    }
    return found;
  }

  // ---- labels

  get labels() {
    return this.#given ?? names(this.attrLoose("labels", []));
  }

  set labels(list) {
    this.#given = Array.isArray(list) ? list : null;
    if (typeof list === "string") {
      this.setAttribute("labels", list);
    }
    this.isBuilt && this.show();
  }

  /** `[{label, colour}]`, as they are offered. */
  get offered() {
    const colours = this.attrLoose("label-colors", []);
    return names(this.labels)
      .slice(0, MOST_LABELS)
      .map((label, index) => ({ label, colour: hex(Array.isArray(colours) ? colours[index] : "") || strong(index) }));
  }

  colourOf(shape) {
    return this.colours.get(shape.label) ?? "#475569";
  }

  get activeLabel() {
    return this.offered[this.#active]?.label ?? "";
  }

  #press(index) {
    this.#active = index;
    const { label } = this.offered[index];
    if (this.selected && !this.#fresh && this.selected.label !== label) {
      this.history.keep();
      this.selected.label = label;
      this.changed(`Now ${label}`);
      return;
    }
    if (this.#fresh) {
      this.select(null);
    }
    this.say(label);
    this.show();
  }

  // ---- shapes

  add(made) {
    if (this.shapes.length >= MOST_SHAPES) {
      this.say("There are too many already.");
      return;
    }
    this.history.keep();
    const shape = this.kind.labelled(made, this.activeLabel);
    this.shapes.push(shape);
    this.selected = shape;
    this.#fresh = true;
    this.none = false;
    this.changed(`${shape.label}: ${this.kind.describe(shape)}`);
  }

  remove(shape) {
    if (shape) {
      this.history.keep();
      this.shapes.splice(this.shapes.indexOf(shape), 1);
      this.selected = null;
      this.changed("Deleted");
    }
  }

  select(shape, byHand = false) {
    this.selected = shape;
    this.#fresh = false;
    this.#once = "";
    if (byHand && shape) {
      this.#active = Math.max(0, this.offered.findIndex(({ label }) => label === shape.label));
      this.say(`${shape.label}: ${this.kind.describe(shape)}`);
    }
    this.show();
  }

  selectNext(step) {
    const count = this.shapes.length;
    if (count) {
      const at = this.selected ? this.shapes.indexOf(this.selected) + step : step > 0 ? 0 : -1;
      this.select(this.shapes[(at + count) % count], true);
      this.stage.reveal(this.kind.anchors(this.selected)[0]);
    }
  }

  /** The shape a click at `point` means: the nearest outline, else the smallest that holds the point. */
  at(point, near) {
    return this.kind.pick(this.shapes, point, near);
  }

  /** One step back for a whole series of arrow keys. */
  keepOnce(what) {
    if (this.#once !== what) {
      this.history.keep();
      this.#once = what;
    }
  }

  step(way) {
    if (this.pen.draft && way === "undo") {
      this.pen.back();
      return;
    }
    if (this.history[way]()) {
      this.selected = null;
      this.#once = "";
      this.changed(way === "undo" ? "Undone" : "Done again");
    }
  }

  /** Something is different now: show it, look again whether it will do, and tell the page. */
  changed(words = "") {
    if (this.hasProblem) {
      this.check();
    }
    this.say(words);
    this.show();
    tell(this, "input", "change");
  }

  say(words) {
    this.said.textContent = words;
  }

  drafting() {
    const active = this.pen.draft !== null;
    this.finishButton.hidden = !active || !this.kind.steps || Boolean(this.kind.ends && this.kind.drags);
    this.abandonButton.hidden = !active;
    this.undoButton.disabled = !active && !this.history.past.length;
  }

  #setNone(none) {
    this.none = none && !this.shapes.length;
    this.changed();
  }

  #hand() {
    const on = !this.stage.grabs;
    this.handButton.setAttribute("aria-pressed", String(on));
    this.stage.grab(on);
  }

  #key(event) {
    const way = historyKey(event);
    if (way) {
      this.step(way);
      return true;
    }
    if (event.ctrlKey || event.metaKey) {
      return false;
    }
    if (/^[1-9]$/.test(event.key) && !event.altKey && this.offered[Number(event.key) - 1]) {
      this.#press(Number(event.key) - 1);
      return true;
    }
    if (event.key === "?") {
      this.help.open_by(this.control);
      return true;
    }
    if (!event.composedPath().includes(this.control) || !this.stage.isReady) {
      return false;
    }
    if (event.key === "h") {
      this.#hand();
      return true;
    }
    return zoomKey(this.stage, event) || this.pen.key(event);
  }

  // ---- what is seen

  /** Everything beside the picture, and the picture at the next frame. */
  show() {
    if (!this.isBuilt) {
      return;
    }
    const offered = this.offered;
    this.colours = new Map(offered.map(({ label, colour }) => [label, colour]));
    this.#active = Math.min(this.#active, Math.max(0, offered.length - 1));
    const counts = new Map();
    this.shapes.forEach(({ label }) => counts.set(label, (counts.get(label) ?? 0) + 1));
    const focusedLabel = this.shadowRoot.activeElement?.closest?.(".label");
    const at = focusedLabel ? [...focusedLabel.parentElement.children].indexOf(focusedLabel) : -1;
    replace(this.labelBox, labelButtons(offered.map(({ label, colour }) => ({ text: label, colour, count: counts.get(label) ?? 0 })), this.#active, (index) => this.#press(index)));
    if (at >= 0) {
      this.labelBox.querySelectorAll(".label")[at]?.focus({ preventScroll: true });
    }
    this.labelTitle.hidden = !offered.length;
    this.noneRow.hidden = this.shapes.length > 0;
    this.noneBox.checked = this.none;
    this.deleteButton.disabled = !this.selected;
    this.redoButton.disabled = !this.history.future.length;
    const seen = new Map();
    replace(
      this.list,
      this.shapes.slice(0, MOST_ROWS).map((shape) => {
        const number = (seen.get(shape.label) ?? 0) + 1;
        seen.set(shape.label, number);
        return shapeRow(this, shape, `${shape.label} ${number}`);
      }),
    );
    this.drafting();
    this.draw();
  }

  draw() {
    if (!this.#frame) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        if (this.stage.isReady && this.colours) {
          paint(this, ink);
        }
      });
    }
  }

  // ---- the answer

  /** The live answer: scripts may add to the shapes in it. */
  get value() {
    const value = { [this.kind.key]: this.shapes };
    if (this.stage?.isReady) {
      value.inputImageProperties = { height: this.stage.height, width: this.stage.width };
    }
    if (this.kind.tellsModified && this.#initial !== null) {
      value.initialValueModified = JSON.stringify(sorted(this.shapes)) !== this.#initial;
    }
    return value;
  }

  set value(value) {
    this.draft = value;
  }

  answer() {
    return this.stage?.isReady ? this.value : undefined;
  }

  problem() {
    if (!this.stage.isReady) {
      return this.stage.failed ? "The picture did not load, so nothing can be marked. Reload the page, or return this task." : "Please wait until the picture is there.";
    }
    if (this.pen.draft) {
      return `A ${this.kind.noun} is not finished yet: press Finish, or Cancel.`;
    }
    return this.shapes.length || this.none ? "" : `Nothing is marked yet. ${this.kind.gesture} If there is nothing to mark, tick “Nothing to label”.`;
  }

  get draft() {
    return { [this.kind.key]: this.shapes, none: this.none };
  }

  set draft(what) {
    if (!this.isBuilt || !this.stage.isReady) {
      this.#pending = what;
      return;
    }
    this.shapes = this.#read(what);
    this.none = what?.none === true && !this.shapes.length;
    this.selected = null;
    this.history.clear();
    this.show();
  }

  get src() {
    return this.attr("src");
  }

  set src(value) {
    this.setAttribute("src", value);
  }

  reset() {
    this.none = false;
    this.pen.reset();
    if (this.stage.isReady) {
      this.#takeInitial();
    }
    this.hasProblem = false;
    this.showProblem("");
  }
}
