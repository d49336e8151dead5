/** What pointers and keys do to the shapes of an annotator. The annotator keeps the shapes and their history; a kind
    (box, path, point) knows its geometry. */

import { distance, whole } from "./geometry.js";

const STILL = 4; // px on the page: less is a click

export class Pen {
  /** @param annotator see annotator.js: `stage`, `kind`, `shapes`, `selected`, `select()`, `add()`, `history`, `changed()`, `draw()` */
  constructor(annotator) {
    this.owner = annotator;
    this.reset();
  }

  reset() {
    this.draft = null; // vertices of what is being drawn
    this.rubber = null; // where the next one would be
    this.cursor = null; // the keyboard's place
    this.action = null;
  }

  get stage() {
    return this.owner.stage;
  }

  get kind() {
    return this.owner.kind;
  }

  near(event) {
    return (event?.pointerType === "touch" ? 22 : 10) / this.stage.scale;
  }

  /** The handle of `shape` at `point`. */
  handle(shape, point, near) {
    let best = null;
    for (const anchor of shape ? this.kind.anchors(shape) : []) {
      const away = distance(anchor, point);
      if (away <= near && (!best || away < best.away)) {
        best = { ...anchor, away };
      }
    }
    return best;
  }

  down(point, event) {
    const { owner } = this;
    this.cursor = null;
    const near = this.near(event);
    this.action = { type: "new", from: point, moved: false, near, free: event.altKey };
    if (this.draft || event.altKey) {
      return;
    }
    const shape = owner.selected ?? (this.kind.single ? owner.at(point, near) : null);
    const anchor = this.handle(shape, point, near);
    if (anchor) {
      this.action = { ...this.action, type: "anchor", shape, id: anchor.id, before: copy(shape) };
    } else if (shape && this.kind.distance(shape, point) <= near * 0.8) {
      this.action = { ...this.action, type: "move", shape, before: copy(shape) };
    }
  }

  move(point, event) {
    const { action } = this;
    if (!action) {
      return;
    }
    if (!action.moved && distance(point, action.from) * this.stage.scale >= STILL) {
      action.moved = true;
      if (action.type === "new" && this.kind.drags && !this.draft) {
        this.owner.select(null);
      } else if (action.type !== "new") {
        this.owner.history.keep();
      }
    }
    if (!action.moved) {
      return;
    }
    const size = this.stage;
    if (action.type === "anchor") {
      this.kind.moveAnchor(action.shape, action.id, whole(point, size), action.before);
    } else if (action.type === "move") {
      this.kind.move(action.shape, action.before, point.x - action.from.x, point.y - action.from.y, size);
    } else if (this.kind.drags && !this.draft) {
      action.ends = [whole(action.from, size), whole(point, size)];
    } else {
      this.rubber = whole(point, size);
    }
    this.owner.draw();
    this.hoverCursor(point, event);
  }

  up(point, event) {
    const { action, owner, kind } = this;
    this.action = null;
    if (!action) {
      return;
    }
    if (action.moved && action.type !== "new") {
      owner.changed();
    } else if (action.ends) {
      this.finish(action.ends);
    } else if (!this.draft && !action.free && !(action.type === "new" && kind.ignoresShapes)) {
      this.#click(whole(point, this.stage), point, action, event);
    } else {
      // With Alt exactly there, however near to another corner.
      this.place(whole(point, this.stage), action.free ? 0 : action.near);
    }
    this.hoverCursor(point, event);
    owner.draw();
  }

  /** A click that places nothing yet: it chooses a shape, or begins one. */
  #click(at, point, action) {
    const { owner, kind } = this;
    const found = owner.at(point, action.near);
    if (kind.drags && !kind.steps) {
      owner.select(found, true);
    } else if (found && found !== owner.selected) {
      owner.select(found, true);
    } else if (action.type === "anchor" && kind.single) {
      owner.select(action.shape, true);
    } else {
      this.place(at, action.near);
    }
  }

  cancel() {
    const { action } = this;
    this.action = null;
    if (action?.moved && action.type !== "new") {
      Object.assign(action.shape, action.before);
      this.owner.history.forget();
    }
    this.owner.draw();
  }

  hover(point, event) {
    this.rubber = point && this.draft ? whole(point, this.stage) : this.rubber;
    if (this.draft) {
      this.owner.draw();
    }
    this.hoverCursor(point, event);
  }

  /** The pointer says what a press would do. */
  hoverCursor(point, event) {
    const root = this.stage.root;
    let name = "";
    if (point && !this.draft && !this.stage.grabs && event?.pointerType !== "touch") {
      const near = this.near(event);
      const shape = this.owner.selected ?? (this.kind.single ? this.owner.at(point, near) : null);
      const anchor = this.handle(shape, point, near);
      if (anchor) {
        name = anchor.cursor ?? "grab";
      } else if (shape && this.kind.distance(shape, point) <= near * 0.8) {
        name = "move";
      }
    }
    root.style.cursor = name;
  }

  /** A vertex, a corner or a point at `at`. */
  place(at, near = 0) {
    const { kind, owner } = this;
    if (kind.single) {
      this.finish([at]);
      return;
    }
    if (!this.draft) {
      owner.select(null);
      this.draft = [at];
    } else {
      const first = this.draft[0];
      const last = this.draft.at(-1);
      const closes = kind.closed && this.draft.length >= 3 && distance(first, at) <= near;
      const twice = distance(last, at) <= Math.min(near, 3 / this.stage.scale) && this.draft.length >= (kind.least ?? 2);
      if (closes || twice) {
        this.finish();
        return;
      }
      if (distance(last, at) > 0 && this.draft.length < kind.most) {
        this.draft.push(at);
      }
      if (this.draft.length >= kind.ends) {
        this.finish();
        return;
      }
    }
    this.rubber = at;
    owner.drafting();
    owner.draw();
  }

  /** What was drawn becomes a shape, if it is enough of one. */
  finish(points = this.draft) {
    if (!points) {
      return false;
    }
    const made = this.kind.make(points, this.stage);
    if (!made) {
      this.owner.say(this.kind.tooLittle);
      if (points !== this.draft) {
        this.owner.draw();
      }
      return false;
    }
    this.draft = this.rubber = null;
    this.owner.add(made);
    this.owner.drafting();
    return true;
  }

  /** One vertex less; without any, nothing is being drawn. */
  back() {
    this.draft.pop();
    if (!this.draft.length) {
      this.draft = this.rubber = null;
    }
    this.owner.drafting();
    this.owner.draw();
  }

  abandon() {
    this.draft = this.rubber = null;
    this.owner.drafting();
    this.owner.draw();
  }

  /** A key on the stage. True when it was used. */
  key(event) {
    const { owner } = this;
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (arrow) {
      this.#arrow(arrow, event);
    } else if (event.key === " " || event.key === "Enter") {
      this.#press(event.key);
    } else if (event.key === "Escape") {
      if (this.draft) {
        this.abandon();
      } else if (owner.selected) {
        owner.select(null);
      } else if (this.cursor) {
        this.cursor = null;
        owner.draw();
      } else {
        return false;
      }
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.draft ? this.back() : owner.remove(owner.selected);
    } else if (event.key === "n" || event.key === "]") {
      owner.selectNext(1);
    } else if (event.key === "p" || event.key === "[") {
      owner.selectNext(-1);
    } else {
      return false;
    }
    return true;
  }

  #arrow([dx, dy], event) {
    const { owner, stage, kind } = this;
    const shape = this.draft ? null : owner.selected;
    if (shape) {
      const step = event.shiftKey ? 10 : 1;
      owner.keepOnce(`arrow ${event.altKey}`);
      if (event.altKey && kind.resize) {
        kind.resize(shape, dx * step, dy * step, stage);
      } else {
        kind.move(shape, copy(shape), dx * step, dy * step, stage);
      }
      owner.changed(kind.describe(shape));
      return;
    }
    const step = event.shiftKey ? 1 : Math.max(1, Math.round(12 / stage.scale));
    const from = this.cursor ?? { x: stage.width / 2, y: stage.height / 2 };
    this.cursor = this.cursor ? whole({ x: from.x + dx * step, y: from.y + dy * step }, stage) : whole(from, stage);
    this.rubber = this.draft ? this.cursor : null;
    stage.reveal(this.cursor);
    owner.say(`${this.cursor.x}, ${this.cursor.y}`);
    owner.draw();
  }

  #press(key) {
    const { owner, kind, stage } = this;
    if (key === "Enter" && this.draft && kind.steps && !(kind.ends && this.draft.length < kind.ends)) {
      this.finish();
    } else if (!this.cursor) {
      this.cursor = whole({ x: stage.width / 2, y: stage.height / 2 }, stage);
    } else {
      this.place(this.cursor);
    }
    owner.draw();
  }
}

export function copy(shape) {
  return JSON.parse(JSON.stringify(shape));
}
