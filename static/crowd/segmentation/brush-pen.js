/** What pointers and keys do to a mask: brush, eraser, polygon. The widget keeps the mask and says what to paint with. */

import { distance, whole } from "../drawing/geometry.js";

export class BrushPen {
  /** @param segmenter see segmenter.js: `stage`, `tool`, `size`, `begin()`, `paint(rect)`, `end()`, `ink()`, `mask` */
  constructor(segmenter) {
    this.owner = segmenter;
    this.reset();
  }

  reset() {
    this.last = null; // where the brush is, while it paints
    this.at = null; // where it would paint
    this.draft = null; // corners of a polygon
    this.cursor = null; // the keyboard's place
    this.pressed = null;
    this.isDown = false; // the keyboard's brush
  }

  get paints() {
    return this.owner.tool !== "polygon";
  }

  down(point) {
    this.lift();
    this.cursor = null;
    this.at = point;
    if (this.paints) {
      if (!this.owner.begin()) {
        return;
      }
      this.last = point;
      this.#paint(point);
    } else {
      this.pressed = point;
    }
  }

  move(point) {
    this.at = point;
    if (this.last) {
      this.#paint(point);
    }
    this.owner.draw();
  }

  up(point, event) {
    this.at = point;
    if (this.last) {
      this.last = null;
      this.owner.end();
    } else if (this.pressed) {
      this.pressed = null;
      // With Alt exactly there, however near to another corner.
      const reach = event?.altKey ? 0 : event?.pointerType === "touch" ? 22 : 10;
      this.corner(whole(point, this.owner.stage), reach / this.owner.stage.scale);
    }
    if (event?.pointerType === "touch") {
      this.at = null;
    }
    this.owner.draw();
  }

  cancel() {
    this.pressed = null;
    if (this.last) {
      this.last = null;
      this.owner.abandon();
    }
  }

  hover(point) {
    this.at = point;
    this.owner.draw();
  }

  #paint(to) {
    const { owner } = this;
    owner.paint(owner.mask.stroke(this.last, to, owner.size, owner.ink()));
    this.last = to;
  }

  // ---- polygon

  corner(at, near = 0) {
    if (!this.draft) {
      this.draft = [at];
    } else if (this.draft.length >= 3 && (distance(this.draft[0], at) <= near || distance(this.draft.at(-1), at) <= Math.min(near, 3 / this.owner.stage.scale))) {
      this.finish();
      return;
    } else if (distance(this.draft.at(-1), at) > 0 && this.draft.length < 5_000) {
      this.draft.push(at);
    }
    this.owner.drafting();
    this.owner.draw();
  }

  finish() {
    const { owner, draft } = this;
    if (!draft || draft.length < 3) {
      owner.say("A polygon needs at least three corners.");
      return;
    }
    this.draft = null;
    if (owner.begin()) {
      owner.paint(owner.mask.polygon(draft, owner.ink()));
      owner.end();
    }
    owner.drafting();
    owner.draw();
  }

  back() {
    this.draft.pop();
    if (!this.draft.length) {
      this.draft = null;
    }
    this.owner.drafting();
    this.owner.draw();
  }

  leave() {
    this.draft = null;
    this.lift();
    this.owner.drafting();
    this.owner.draw();
  }

  // ---- keys

  key(event) {
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (arrow) {
      this.#arrow(arrow, event.shiftKey);
    } else if (event.key === " ") {
      this.#press();
    } else if (event.key === "Enter" && this.draft) {
      this.finish();
    } else if (event.key === "Escape" && (this.draft || this.isDown || this.cursor)) {
      this.cursor = this.draft || this.isDown ? this.cursor : null;
      this.leave();
    } else if ((event.key === "Backspace" || event.key === "Delete") && this.draft) {
      this.back();
    } else {
      return false;
    }
    return true;
  }

  #arrow([dx, dy], fine) {
    const { stage } = this.owner;
    const step = fine ? 1 : Math.max(1, Math.round(12 / stage.scale));
    const from = this.cursor;
    this.cursor = from ? whole({ x: from.x + dx * step, y: from.y + dy * step }, stage) : whole({ x: stage.width / 2, y: stage.height / 2 }, stage);
    this.at = this.cursor;
    if (this.isDown && from) {
      this.last = from;
      this.#paint(this.cursor);
    }
    stage.reveal(this.cursor);
    this.owner.say(`${this.cursor.x}, ${this.cursor.y}`);
    this.owner.draw();
  }

  /** The brush goes down or up; a polygon gets a corner. */
  #press() {
    const { owner } = this;
    if (!this.cursor) {
      this.#arrow([0, 0], true);
    } else if (!this.paints) {
      this.corner(this.cursor);
    } else if (this.isDown) {
      this.lift();
      owner.say("The brush is up.");
    } else if (owner.begin()) {
      this.isDown = true;
      this.last = this.cursor;
      this.#paint(this.cursor);
      owner.say("The brush is down: arrow keys paint.");
    }
    owner.draw();
  }

  /** The keyboard's brush comes up. */
  lift() {
    if (this.isDown) {
      this.isDown = false;
      this.last = null;
      this.owner.end();
    }
  }
}
