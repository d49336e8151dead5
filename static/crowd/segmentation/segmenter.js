/** The base of both segmentations: brush, polygon and eraser on a mask over the picture, undo, zoom, and the answer. */

import { shortcuts } from "../categories.js";
import { h, tell } from "../dom.js";
import { rgb } from "../drawing/colours.js";
import { LIST_CSS } from "../drawing/shape-list.js";
import { STAGE_CSS, Stage } from "../drawing/stage.js";
import { ZOOM_CSS, zoomKey } from "../drawing/zoom-tools.js";
import { historyKey } from "../history.js";
import { LABELS_CSS } from "../labels.js";
import { Widget, names } from "../widget.js";
import { BrushPen } from "./brush-pen.js";
import { MOST_PIXELS, Mask } from "./mask.js";
import { paintPen } from "./paint-pen.js";
import { palettePng } from "./png.js";
import { readMask } from "./read-mask.js";
import { COVER_CSS, TOOLS, coverSlider, toolbar } from "./tools.js";

export class Segmenter extends Widget {
  static observedAttributes = ["header", "labels", "src", "initial-value"];
  static settable = ["labels", "value", "src"];
  static css = `${STAGE_CSS}${ZOOM_CSS}${LABELS_CSS}${LIST_CSS}
.mask { opacity: var(--mask, 0.6); }
.stage.draws { cursor: none; }
.stage.draws.pointing, .stage.draws.grabs { cursor: crosshair; }
${COVER_CSS}
`;

  tool = "brush";
  size = 10;
  none = false;
  mask = null;
  entries = []; // what the numbers 1, 2, … of the mask mean: {label, colour}

  #given = null;
  #pending = null;
  #cached = { version: -1 };
  #frame = 0;
  #busy = 0;
  hasInitial = false;

  build() {
    super.build();
    shortcuts(this, (event) => this.#key(event));
  }

  buildWork() {
    this.pen = new BrushPen(this);
    this.stage = new Stage({
      label: "Picture: paint the things you see. Press ? for the keys.",
      draws: true,
      pen: this.pen,
      onready: () => this.#ready(),
      onview: () => this.draw(),
    });
    this.control = this.stage.root;
    this.control.addEventListener("blur", () => this.pen.lift());
    this.canvas = h("canvas", { class: "layer mask", width: 1, height: 1 });
    this.stage.picture.after(this.canvas);
    const tools = toolbar(this);
    this.labelTitle = h("div", { class: "panel-title" }, "Labels");
    this.labelBox = h("div");
    this.noneBox = h("input", { type: "checkbox", onchange: () => {
      this.none = this.noneBox.checked;
      this.changed();
    } });
    this.noneRow = h("label", { class: "none", part: "nothing" }, this.noneBox, h("span", {}, "Nothing to label"));
    this.list = h("ol", { class: "shapes", part: "list", "aria-label": "What is painted" });
    this.said = h("div", { class: "unseen", role: "status" });
    return { first: [this.labelTitle, this.labelBox], work: [this.stage.root, tools], panel: [this.noneRow, this.list, coverSlider(this), this.said] };
  }

  update(name) {
    super.update(name);
    if (name === "labels") {
      this.#given = null;
      this.relabel();
    }
    if (name === "src" || name === "") {
      this.stage.load(this.getAttribute("src"));
    } else if (name === "initial-value" && this.mask) {
      this.#takeInitial();
    }
    this.show();
  }

  #ready() {
    const { width, height } = this.stage;
    this.pen.reset();
    if (width * height > MOST_PIXELS) {
      this.mask = null;
      this.showProblem(`The picture is too large to be painted on: ${width} × ${height} pixels.`);
      return;
    }
    this.mask = new Mask(width, height);
    this.canvas.width = width;
    this.canvas.height = height;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.stage.zoom(1);
    this.setSize(40);
    const pending = this.#pending;
    this.#pending = null;
    pending ? this.restore(pending) : this.#takeInitial();
    this.show();
  }

  #takeInitial() {
    const given = this.attrLoose("initial-value");
    this.hasInitial = typeof given === "object" && given !== null;
    this.entries = [];
    this.mask.set(new Uint8Array(this.mask.width * this.mask.height));
    this.startVersion = this.mask.version;
    this.restart();
    if (this.hasInitial) {
      this.restore({ ...given, src: given.src });
    }
  }

  /** @abstract Set `entries` for an empty mask. */
  restart() {}

  /** @abstract Set `entries` from an answer or an initial value. */
  adopt(_value) {}

  /** Show an earlier mask: an answer, a draft or an initial value. */
  async restore(value) {
    const png = value?.labeledImage?.pngImageData;
    const src = typeof png === "string" ? `data:image/png;base64,${png}` : value?.src;
    this.none = value?.none === true;
    if (!src) {
      this.show();
      return;
    }
    const { mask } = this;
    this.#busy += 1;
    try {
      this.adopt(value);
      const data = await readMask(src, mask.width, mask.height, this.entries.map(({ colour }) => colour));
      if (mask === this.mask) {
        mask.past = [];
        mask.future = [];
        mask.set(data);
        this.startVersion = mask.version;
      }
    } catch {
      this.showProblem("The mask that was given could not be read: its server does not let other pages do so.");
    } finally {
      this.#busy -= 1;
    }
    this.repaint(mask.all);
    this.show();
  }

  get labels() {
    return this.#given ?? names(this.attrLoose("labels", []));
  }

  set labels(list) {
    this.#given = Array.isArray(list) ? list : null;
    if (this.isBuilt) {
      this.relabel();
      this.show();
    }
  }

  /** The labels are others now; what is painted stays. */
  relabel() {}

  // ---- painting

  /** @abstract The number to paint with; 0 when nothing can be painted. */
  current() {
    return 0;
  }

  ink() {
    return this.tool === "eraser" ? 0 : this.current();
  }

  /** Before a stroke. False when there is nothing to paint with. */
  begin() {
    if (!this.mask || this.#busy) {
      return false;
    }
    const extra = JSON.stringify(this.entries);
    if (this.tool !== "eraser" && !this.current()) {
      this.say("Choose a label first.");
      return false;
    }
    this.mask.begin(extra);
    return true;
  }

  paint(rect) {
    this.repaint(rect);
    this.draw();
  }

  end() {
    if (this.mask.end()) {
      this.none = false;
      this.changed();
    }
  }

  abandon() {
    const rect = this.mask.abandon();
    rect && this.repaint(rect);
    this.draw();
  }

  step(way) {
    if (this.pen.draft && way === "undo") {
      this.pen.back();
      return;
    }
    this.pen.lift();
    const entry = this.mask?.step(way, JSON.stringify(this.entries));
    if (entry) {
      this.entries = JSON.parse(entry.extra);
      this.repaint(entry.rect);
      this.changed(way === "undo" ? "Undone" : "Done again");
    }
  }

  /** Colours of a part of the mask onto the canvas over the picture. */
  repaint({ left, top, right, bottom }) {
    const [width, height] = [right - left, bottom - top];
    if (width <= 0 || height <= 0) {
      return;
    }
    const colours = new Uint32Array(256);
    this.entries.forEach(({ colour }, index) => {
      const [r, g, b] = rgb(colour);
      colours[index + 1] = (255 << 24) | (b << 16) | (g << 8) | r;
    });
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let y = 0, out = 0; y < height; y += 1) {
      for (let x = 0, at = (top + y) * this.mask.width + left; x < width; x += 1, at += 1, out += 1) {
        pixels[out] = colours[this.mask.data[at]];
      }
    }
    this.canvas.getContext("2d").putImageData(image, left, top);
  }

  /** `position` 0 to 100: from one pixel to a quarter of the picture, with finer steps for finer brushes. */
  setSize(position) {
    const most = Math.max(8, Math.max(this.stage.width, this.stage.height) / 4);
    this.size = Math.max(1, Math.round(most ** (position / 100)));
    this.sizeInput.value = String(position);
    this.sizeInput.setAttribute("aria-valuetext", `${this.size} pixels`);
    this.draw();
  }

  choose(tool) {
    this.pen.leave();
    this.tool = tool;
    this.say(TOOLS.find(([name]) => name === tool)[1]);
    this.show();
  }

  hand() {
    const on = !this.stage.grabs;
    this.handButton.setAttribute("aria-pressed", String(on));
    this.stage.grab(on);
  }

  /** @abstract Number keys and what else chooses. */
  digit(_index) {
    return false;
  }

  #key(event) {
    const way = historyKey(event);
    if (way) {
      this.step(way);
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return false;
    }
    const tool = TOOLS.find(([, , key]) => key === event.key.toLowerCase());
    if (tool) {
      this.choose(tool[0]);
    } else if (/^[1-9]$/.test(event.key)) {
      return this.digit(Number(event.key) - 1);
    } else if (event.key === "[" || event.key === "]") {
      this.setSize(Math.min(100, Math.max(0, Number(this.sizeInput.value) + (event.key === "]" ? 5 : -5))));
      this.say(`Brush of ${this.size} pixels`);
    } else if (event.key === "?") {
      this.help.open_by(this.control);
    } else if (!event.composedPath().includes(this.control) || !this.mask) {
      return false;
    } else if (event.key === "h") {
      this.hand();
    } else {
      return zoomKey(this.stage, event) || this.pen.key(event);
    }
    return true;
  }

  // ---- what is seen

  changed(words = "") {
    if (this.hasProblem) {
      this.check();
    }
    words && this.say(words);
    this.show();
    tell(this, "input", "change");
  }

  say(words) {
    this.said.textContent = words;
  }

  drafting() {
    const active = Boolean(this.pen.draft);
    this.finishButton.hidden = this.leaveButton.hidden = !active;
    this.undoButton.disabled = !active && !this.mask?.past.length;
  }

  /** @abstract The labels, and the rows of the list. */
  showLabels(_counts) {}

  show() {
    if (!this.isBuilt) {
      return;
    }
    const counts = this.mask ? this.mask.counts() : new Uint32Array(256);
    this.isEmpty = !this.mask || counts[0] === this.mask.data.length;
    this.showLabels(counts);
    this.toolButtons.forEach((button, index) => button.setAttribute("aria-pressed", String(TOOLS[index][0] === this.tool)));
    this.noneRow.hidden = !this.isEmpty;
    this.noneBox.checked = this.none;
    this.redoButton.disabled = !this.mask?.future.length;
    this.control.classList.toggle("pointing", this.tool === "polygon");
    this.drafting();
    this.draw();
  }

  draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      paintPen(this);
    });
  }

  // ---- the answer

  /** The used entries, `[{label, colour}]`, and the PNG of them. */
  painted() {
    if (this.#cached.version !== this.mask.version) {
      const counts = this.mask.counts();
      const used = this.entries.map((entry, index) => ({ ...entry, value: index + 1 })).filter(({ value }) => counts[value] > 0);
      const places = new Uint8Array(256);
      used.forEach(({ value }, index) => (places[value] = index + 1));
      const pixels = this.mask.data.map((value) => places[value]);
      const palette = [[0, 0, 0], ...used.map(({ colour }) => rgb(colour))];
      this.#cached = { version: this.mask.version, used, png: palettePng(pixels, this.mask.width, this.mask.height, palette) };
    }
    return this.#cached;
  }

  get size_() {
    return { height: this.mask.height, width: this.mask.width };
  }

  problem() {
    if (!this.mask) {
      return this.stage.failed || this.stage.isReady ? "The picture cannot be painted on. Reload the page, or return this task." : "Please wait until the picture is there.";
    }
    if (this.pen.draft) {
      return "A polygon is not finished yet: press Finish, or Cancel.";
    }
    return !this.isEmpty || this.none ? "" : "Nothing is painted yet. If there is nothing to paint, tick “Nothing to label”.";
  }

  get value() {
    return this.answer();
  }

  set value(value) {
    this.draft = value;
  }

  set draft(what) {
    if (typeof what === "object" && what !== null) {
      this.mask ? this.restore(what) : (this.#pending = what);
    }
  }

  get draft() {
    return this.mask ? { ...this.answer(), none: this.none } : null;
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
    if (this.mask) {
      this.mask.past = [];
      this.mask.future = [];
      this.#takeInitial();
      this.repaint(this.mask.all);
    }
    this.hasProblem = false;
    this.showProblem("");
    this.show();
  }
}
