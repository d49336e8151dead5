/** A picture that can be looked at closely: fitted to its place, zoomed with wheel, keys, buttons or two fingers, moved.
    It turns what pointers do into points in the picture's own pixels and hands them to whoever draws. */

import { h, safeUrl, setAttribute, svg } from "../dom.js";

const TALLEST = 680; // px on the page: the rest of the task should stay in reach
const CLOSEST = 48; // px on the page for one pixel of the picture

export const STAGE_CSS = `
.stage { position: relative; width: 100%; min-height: 9rem; overflow: hidden; background: light-dark(#eceff2, #0d1218); user-select: none; -webkit-user-select: none; -webkit-touch-callout: none; touch-action: pan-x pan-y; }
.stage.draws { touch-action: none; cursor: crosshair; }
.stage.grabs { cursor: grab; }
.stage.grabbing { cursor: grabbing; }
.stage.close { touch-action: none; }
.stage:focus-visible { outline: 3px solid var(--accent); outline-offset: -3px; }
.picture, .layer { position: absolute; left: 0; top: 0; max-width: none; transform-origin: 0 0; pointer-events: none; }
.near { image-rendering: pixelated; }
.stage > svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.tags { position: absolute; inset: 0; pointer-events: none; overflow: hidden; }
.tag { position: absolute; left: 0; top: 0; max-width: 12rem; padding: 0.0625rem 0.375rem; border-radius: 3px; color: #fff; font-size: 0.75rem; font-weight: 600; line-height: 1.35; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.stage-note.is-aside { place-content: end center; pointer-events: none; }
.stage-note { position: absolute; inset: 0; display: grid; place-content: center; padding: 1rem; color: var(--ink-2); text-align: center; }
`;

export class Stage {
  /**
   * @param {object} options
   * @param {string} options.label what a screen reader calls it
   * @param {boolean} [options.draws] whether a single pointer draws (else it moves the picture)
   * @param {(stage: Stage) => void} [options.onready] the picture is there
   * @param {(stage: Stage) => void} [options.onview] zoom or place changed
   * @param {{down(p, e), move(p, e), up(p, e), cancel(), hover(p, e)}} [options.pen] who draws; points are in pixels of
   *   the picture, with fractions, and may lie outside of it
   */
  constructor({ label, draws = false, onready = () => {}, onview = () => {}, pen = null }) {
    this.onready = onready;
    this.onview = onview;
    this.pen = pen;
    this.draws = draws;
    this.grabs = false; // the hand: moves the picture instead of drawing
    this.blank = null; // {width, height}: what to stand in for a picture that does not come
    this.width = 0;
    this.height = 0;
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.fitted = true;
    this.failed = false;
    this.pointers = new Map();
    this.picture = h("img", { class: "picture", part: "picture", alt: "", draggable: "false" });
    // Nothing is drawn on it: scripts lay things over the picture by looking where this one is.
    this.upper = h("canvas", { class: "layer upper-canvas", width: 1, height: 1, "aria-hidden": "true" });
    this.shapes = svg("svg", { "aria-hidden": "true", preserveAspectRatio: "none" });
    this.tags = h("div", { class: "tags", "aria-hidden": "true" });
    this.note = h("div", { class: "stage-note", role: "status" }, "Loading the picture …");
    this.root = h(
      "div",
      { class: `stage${draws ? " draws" : ""}`, part: "stage", tabindex: "0", role: draws ? "application" : "group", "aria-label": label },
      this.picture,
      this.upper,
      this.shapes,
      this.tags,
      this.note,
    );
    this.picture.addEventListener("load", () => this.#loaded());
    this.picture.addEventListener("error", () => this.#fail("The picture could not be loaded."));
    this.#listen();
    // In the next frame: changing the height at once would have the browser report a loop to the page's scripts.
    new ResizeObserver(() => requestAnimationFrame(() => this.#resized())).observe(this.root);
  }

  get isReady() {
    return this.width > 0;
  }

  /** Show the picture at `address`. */
  load(address) {
    const url = safeUrl(address, { pictures: true });
    this.width = this.height = 0;
    this.failed = false;
    this.note.hidden = false;
    this.note.textContent = "Loading the picture …";
    this.picture.hidden = true;
    setAttribute(this.picture, "src", url || null);
    if (!url) {
      this.#fail(address ? "The picture's address cannot be used." : "There is no picture: the task names none.");
    }
  }

  /** Nothing more is drawn: a pointer moves the picture. `blank` is the size of an empty one where it does not come. */
  onlyLook(blank = null) {
    this.draws = false;
    this.pen = null;
    this.blank = blank;
    this.root.classList.remove("draws");
    this.root.setAttribute("role", "group");
    if (this.failed) {
      this.#fail(this.note.textContent);
    }
  }

  #fail(sentence) {
    this.failed = true;
    this.note.hidden = false;
    this.note.textContent = sentence;
    if (this.blank) {
      this.note.classList.add("is-aside");
      this.#sized(this.blank.width, this.blank.height);
    }
  }

  #loaded() {
    const { naturalWidth: width, naturalHeight: height } = this.picture;
    if (!width || !height) {
      this.#fail("The picture has no size.");
      return;
    }
    this.failed = false;
    this.note.hidden = true;
    this.picture.hidden = false;
    this.#sized(width, height);
  }

  #sized(width, height) {
    this.width = width;
    this.height = height;
    for (const layer of [this.picture, this.upper]) {
      layer.style.width = `${width}px`;
      layer.style.height = `${height}px`;
    }
    this.#resized();
    this.fit();
    this.onready(this);
  }

  /** As wide as there is room and not too tall; little pictures are not blown up beyond use. */
  #fitScale(room) {
    return Math.min(room / this.width, TALLEST / this.height, Math.max(2, 320 / this.width));
  }

  #resized() {
    const room = this.root.clientWidth;
    if (!this.isReady || !room) {
      return;
    }
    const height = Math.max(144, Math.round(this.#fitScale(room) * this.height));
    if (this.root.style.height !== `${height}px`) {
      this.root.style.height = `${height}px`;
    }
    if (this.fitted) {
      this.fit();
    } else {
      this.#view();
    }
  }

  fit() {
    const room = this.root.clientWidth;
    if (!this.isReady || !room) {
      return;
    }
    this.scale = this.#fitScale(room);
    this.x = (room - this.width * this.scale) / 2;
    this.y = (this.root.clientHeight - this.height * this.scale) / 2;
    this.fitted = true;
    this.#view();
  }

  /** Zoom by `factor` around a point of the stage (px), its middle if none. */
  zoom(factor, at = { x: this.root.clientWidth / 2, y: this.root.clientHeight / 2 }) {
    if (!this.isReady) {
      return;
    }
    const least = this.#fitScale(this.root.clientWidth);
    const scale = Math.min(Math.max(this.scale * factor, least), Math.max(CLOSEST, least));
    if (scale <= least * 1.001) {
      this.fit();
      return;
    }
    this.x = at.x - ((at.x - this.x) * scale) / this.scale;
    this.y = at.y - ((at.y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.#view();
  }

  pan(dx, dy) {
    if (!this.fitted) {
      this.x += dx;
      this.y += dy;
      this.#view();
    }
  }

  /** Bring a point of the picture into sight. */
  reveal(point, margin = 30) {
    const at = this.toStage(point);
    const dx = Math.max(margin - at.x, 0) || Math.min(this.root.clientWidth - margin - at.x, 0);
    const dy = Math.max(margin - at.y, 0) || Math.min(this.root.clientHeight - margin - at.y, 0);
    if (dx || dy) {
      this.pan(dx, dy);
    }
  }

  #view() {
    const { clientWidth: width, clientHeight: height } = this.root;
    const within = (offset, size, room) => (size <= room ? (room - size) / 2 : Math.min(room / 2, Math.max(room / 2 - size, offset)));
    this.x = within(this.x, this.width * this.scale, width);
    this.y = within(this.y, this.height * this.scale, height);
    const transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    for (const layer of this.root.querySelectorAll(".picture, .layer")) {
      layer.style.transform = transform;
      layer.classList.toggle("near", this.scale > 3 || layer.classList.contains("layer"));
    }
    this.shapes.setAttribute("viewBox", `${-this.x / this.scale} ${-this.y / this.scale} ${width / this.scale} ${height / this.scale}`);
    this.root.classList.toggle("close", !this.fitted);
    this.root.classList.toggle("grabs", this.grabs || (!this.draws && !this.fitted));
    this.onview(this);
  }

  /** Where a pointer is, in pixels of the picture. */
  toPicture(event) {
    const box = this.root.getBoundingClientRect();
    return { x: (event.clientX - box.left - this.x) / this.scale, y: (event.clientY - box.top - this.y) / this.scale };
  }

  toStage(point) {
    return { x: point.x * this.scale + this.x, y: point.y * this.scale + this.y };
  }

  /** The hand instead of the pen. */
  grab(on) {
    this.grabs = on;
    this.isReady && this.#view();
  }

  #listen() {
    const root = this.root;
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    root.addEventListener("pointerup", (event) => this.#up(event));
    root.addEventListener("pointercancel", (event) => this.#up(event, true));
    root.addEventListener("pointerleave", (event) => this.pointers.size || this.pen?.hover(null, event));
    root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    root.addEventListener("contextmenu", (event) => this.draws && event.preventDefault());
    root.addEventListener("dragstart", (event) => event.preventDefault());
  }

  #wheel(event) {
    if (!this.isReady) {
      return;
    }
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const box = this.root.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0022)), { x: event.clientX - box.left, y: event.clientY - box.top });
    } else if (!this.fitted) {
      // The page scrolls on when the picture has come to its end.
      const before = `${this.x} ${this.y}`;
      this.pan(-event.deltaX, -event.deltaY);
      if (before !== `${this.x} ${this.y}`) {
        event.preventDefault();
      }
    }
  }

  #down(event) {
    if (!this.isReady || (event.pointerType === "mouse" && event.button > 1)) {
      return;
    }
    if (this.draws) {
      this.root.focus({ preventScroll: true });
    }
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.draws || !this.fitted || this.pointers.size > 1) {
      try {
        this.root.setPointerCapture(event.pointerId);
      } catch {
        // A pointer that a script made up cannot be captured; it works without.
      }
    }
    if (this.pointers.size === 2) {
      this.drawing && this.pen?.cancel();
      this.drawing = false;
      this.gesture = this.#fingers();
    } else if (this.pointers.size === 1) {
      this.drawing = this.draws && !this.grabs && event.button === 0 && this.pen !== null;
      this.root.classList.toggle("grabbing", !this.drawing && !this.fitted);
      if (this.drawing) {
        event.preventDefault();
        this.pen.down(this.toPicture(event), event);
      }
    }
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.isReady && !this.grabs && this.pen?.hover(this.toPicture(event), event);
      return;
    }
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size >= 2) {
      const now = this.#fingers();
      if (this.gesture && now) {
        this.pan(now.x - this.gesture.x, now.y - this.gesture.y);
        this.zoom(now.apart / this.gesture.apart, now);
      }
      this.gesture = now;
    } else if (this.drawing) {
      for (const step of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
        this.pen.move(this.toPicture(step), event);
      }
    } else {
      this.pan(event.clientX - before.x, event.clientY - before.y);
    }
  }

  #up(event, cancelled = false) {
    if (!this.pointers.delete(event.pointerId)) {
      return;
    }
    this.root.classList.remove("grabbing");
    if (this.drawing) {
      this.drawing = false;
      cancelled ? this.pen.cancel() : this.pen.up(this.toPicture(event), event);
    }
    this.gesture = this.pointers.size >= 2 ? this.#fingers() : null;
  }

  #fingers() {
    const [one, two] = [...this.pointers.values()];
    if (!two) {
      return null;
    }
    const box = this.root.getBoundingClientRect();
    return { x: (one.x + two.x) / 2 - box.left, y: (one.y + two.y) / 2 - box.top, apart: Math.max(12, Math.hypot(one.x - two.x, one.y - two.y)) };
  }
}
