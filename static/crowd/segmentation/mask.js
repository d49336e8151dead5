/** The pixels of a segmentation: one number for each, 0 for nothing; brush, polygon, and what can be undone. */

export const MOST_PIXELS = 36_000_000;
const MOST_KEPT = 96_000_000; // bytes of earlier pixels

export class Mask {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height);
    this.version = 0;
    this.past = [];
    this.future = [];
    this.base = null;
  }

  // ---- painting; every call returns the rectangle it may have changed

  /** All pixels within `size / 2` of the way from `from` to `to` become `value`. */
  stroke(from, to, size, value) {
    // The finest brush paints the pixel a point is in, wherever in it the point is.
    const [a, b] = size <= 1 ? [middle(from), middle(to)] : [from, to];
    const radius = size <= 1 ? 0.5 : size / 2;
    const rect = this.#rect(Math.min(a.x, b.x) - radius, Math.min(a.y, b.y) - radius, Math.max(a.x, b.x) + radius, Math.max(a.y, b.y) + radius);
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const length = dx * dx + dy * dy;
    const reach = radius * radius;
    for (let y = rect.top; y < rect.bottom; y += 1) {
      for (let x = rect.left, at = y * this.width + rect.left; x < rect.right; x += 1, at += 1) {
        const [px, py] = [x + 0.5 - a.x, y + 0.5 - a.y];
        const t = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
        const [ex, ey] = [px - t * dx, py - t * dy];
        if (ex * ex + ey * ey <= reach) {
          this.data[at] = value;
        }
      }
    }
    return this.#touched(rect);
  }

  /** Pixels whose middle lies inside the polygon (even-odd) become `value`. */
  polygon(vertices, value) {
    const xs = vertices.map(({ x }) => x);
    const ys = vertices.map(({ y }) => y);
    const rect = this.#rect(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
    for (let y = rect.top; y < rect.bottom; y += 1) {
      const level = y + 0.5;
      const cuts = [];
      vertices.forEach((a, index) => {
        const b = vertices[(index + 1) % vertices.length];
        if (a.y > level !== b.y > level) {
          cuts.push(a.x + ((level - a.y) / (b.y - a.y)) * (b.x - a.x));
        }
      });
      cuts.sort((one, two) => one - two);
      for (let index = 0; index + 1 < cuts.length; index += 2) {
        const from = Math.max(rect.left, Math.ceil(cuts[index] - 0.5));
        const to = Math.min(rect.right, Math.ceil(cuts[index + 1] - 0.5));
        if (to > from) {
          this.data.fill(value, y * this.width + from, y * this.width + to);
        }
      }
    }
    return this.#touched(rect);
  }

  /** Everything that has `value` becomes nothing. */
  clear(value) {
    for (let at = this.data.indexOf(value); at >= 0; at = this.data.indexOf(value, at + 1)) {
      this.data[at] = 0;
    }
    return this.#touched(this.all);
  }

  set(data) {
    this.data = data;
    this.version += 1;
  }

  get all() {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  #rect(left, top, right, bottom) {
    return {
      left: Math.max(0, Math.floor(left)),
      top: Math.max(0, Math.floor(top)),
      right: Math.min(this.width, Math.ceil(right) + 1),
      bottom: Math.min(this.height, Math.ceil(bottom) + 1),
    };
  }

  #touched(rect) {
    this.version += 1;
    if (rect.right <= rect.left || rect.bottom <= rect.top) {
      return rect;
    }
    if (this.base) {
      const dirty = this.dirty ?? rect;
      this.dirty = {
        left: Math.min(dirty.left, rect.left),
        top: Math.min(dirty.top, rect.top),
        right: Math.max(dirty.right, rect.right),
        bottom: Math.max(dirty.bottom, rect.bottom),
      };
    }
    return rect;
  }

  /** How many pixels each number has. */
  counts() {
    if (this.counted?.version !== this.version) {
      const found = new Uint32Array(256);
      for (const value of this.data) {
        found[value] += 1;
      }
      this.counted = { version: this.version, found };
    }
    return this.counted.found;
  }

  // ---- undo: the earlier pixels of the rectangle that was changed, and whatever `extra` goes with them

  begin(extra) {
    this.base = this.data.slice();
    this.extra = extra;
    this.dirty = null;
  }

  /** End of a stroke. `keep` false when nothing is to be undone. */
  end() {
    const { base, dirty, extra } = this;
    this.base = this.dirty = null;
    if (!dirty) {
      return false;
    }
    this.past.push({ rect: dirty, pixels: cut(base, this.width, dirty), extra });
    this.future = [];
    let kept = 0;
    for (let index = this.past.length - 1; index >= 0; index -= 1) {
      kept += this.past[index].pixels.length;
      if (kept > MOST_KEPT && index < this.past.length - 1) {
        this.past.splice(0, index + 1);
        break;
      }
    }
    return true;
  }

  /** Take back what was begun. Returns the rectangle to be painted again. */
  abandon() {
    const rect = this.dirty;
    if (this.base) {
      this.data = this.base;
      this.version += 1;
    }
    this.base = this.dirty = null;
    return rect;
  }

  /** `way` is "undo" or "redo". Returns `{rect, extra}`, or null when there is nothing. */
  step(way, extra) {
    const [from, to] = way === "undo" ? [this.past, this.future] : [this.future, this.past];
    const entry = from.pop();
    if (!entry) {
      return null;
    }
    to.push({ rect: entry.rect, pixels: cut(this.data, this.width, entry.rect), extra });
    paste(this.data, this.width, entry.rect, entry.pixels);
    this.version += 1;
    return entry;
  }
}

function middle({ x, y }) {
  return { x: Math.floor(x) + 0.5, y: Math.floor(y) + 0.5 };
}

function cut(data, width, { left, top, right, bottom }) {
  const pixels = new Uint8Array((right - left) * (bottom - top));
  for (let y = top, at = 0; y < bottom; y += 1, at += right - left) {
    pixels.set(data.subarray(y * width + left, y * width + right), at);
  }
  return pixels;
}

function paste(data, width, { left, top, right, bottom }, pixels) {
  const length = right - left;
  for (let y = top, at = 0; y < bottom; y += 1, at += length) {
    data.set(pixels.subarray(at, at + length), y * width + left);
  }
}
