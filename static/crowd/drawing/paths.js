/** crowd-polygon, crowd-polyline and crowd-line: vertices one after the other. */

import { svg } from "../dom.js";
import { Annotator } from "./annotator.js";
import { area, isPoint, slide, toPath, whole } from "./geometry.js";

const MOST_VERTICES = 5_000;

function points(vertices) {
  return vertices.map(({ x, y }) => `${x},${y}`).join(" ");
}

function inside(point, vertices) {
  let within = false;
  for (let index = 0, last = vertices.length - 1; index < vertices.length; last = index, index += 1) {
    const [a, b] = [vertices[index], vertices[last]];
    if (a.y > point.y !== b.y > point.y && point.x < ((b.x - a.x) * (point.y - a.y)) / (b.y - a.y) + a.x) {
      within = !within;
    }
  }
  return within;
}

/** Vertices in a row: what polygons, polylines and lines have in common. */
const PATH = {
  steps: true,
  most: MOST_VERTICES,
  least: 2,
  closed: false,

  read(item, size) {
    const list = Array.isArray(item.vertices) ? item.vertices.slice(0, MOST_VERTICES).filter(isPoint) : [];
    const vertices = list.map(({ x, y }) => whole({ x: Number(x), y: Number(y) }, size));
    return vertices.length >= this.least && vertices.length <= (this.ends ?? Infinity) ? { vertices } : null;
  },

  make(list) {
    const vertices = list.filter((vertex, index) => index === 0 || vertex.x !== list[index - 1].x || vertex.y !== list[index - 1].y);
    return vertices.length >= this.least ? { vertices: vertices.map(({ x, y }) => ({ x, y })) } : null;
  },

  labelled: ({ vertices }, label) => ({ label, vertices }),

  anchors: ({ vertices }) => vertices.map(({ x, y }, id) => ({ id, x, y })),

  moveAnchor(shape, id, point) {
    shape.vertices[id] = { x: point.x, y: point.y };
  },

  move(shape, before, dx, dy, size) {
    const by = slide(before.vertices, dx, dy, size);
    shape.vertices = before.vertices.map(({ x, y }) => ({ x: x + by.dx, y: y + by.dy }));
  },

  distance(shape, point) {
    return toPath(point, shape.vertices, this.closed);
  },

  /** The nearest outline: clicks inside a shape go on to draw. */
  pick(shapes, point, near) {
    let best = null;
    for (const shape of shapes) {
      const away = this.distance(shape, point);
      if (away <= near * 0.7 && (!best || away < best.away)) {
        best = { shape, away };
      }
    }
    return best?.shape ?? null;
  },

  draw({ vertices }, { colour, selected }) {
    return svg(this.closed ? "polygon" : "polyline", {
      points: points(vertices), fill: this.closed ? colour : "none", "fill-opacity": selected ? 0.3 : 0.18,
      stroke: colour, "stroke-width": selected ? 3.5 : 2.5, "stroke-linejoin": "round", "stroke-linecap": "round", "vector-effect": "non-scaling-stroke",
    });
  },

  sketch(vertices, rubber, colour) {
    return svg("polyline", {
      points: points(rubber ? [...vertices, rubber] : vertices), fill: this.closed ? colour : "none", "fill-opacity": 0.12,
      stroke: colour, "stroke-width": 2.5, "stroke-dasharray": "6 4", "stroke-linejoin": "round", "vector-effect": "non-scaling-stroke",
    });
  },

  tagAt: ({ vertices }) => vertices.reduce((best, vertex) => (vertex.y < best.y ? vertex : best)),
  tagShift: { x: 6, y: -20 },
};

const CROSS = ["← ↑ ↓ →", "without a selected shape: move the cross, with Shift by one pixel"];

export const POLYGON = {
  ...PATH,
  key: "polygons",
  noun: "polygon",
  nouns: "polygons",
  closed: true,
  least: 3,
  gesture: "Choose a label and click from corner to corner around each thing; end at the first one.",
  tooLittle: "A polygon needs at least three corners.",
  keys: [
    ["click", "a corner; the first one again, a double click or Enter finishes"],
    ["drag", "a corner of the selected polygon, or its edge to move it (click an edge to select)"],
    ["Alt + click", "a corner exactly there, on another shape or near another corner"],
    CROSS,
    ["Space  Enter", "a corner at the cross; finish"],
    ["Backspace", "take the last corner back"],
  ],
  make(list) {
    const made = PATH.make.call(this, list);
    return made && area(made.vertices) > 0 ? made : null;
  },
  describe: ({ vertices }) => `${vertices.length} corners, from ${vertices[0].x}, ${vertices[0].y}`,
  short: ({ vertices }) => `${vertices.length} corners`,
  holds: ({ vertices }, point) => inside(point, vertices),
};

export const POLYLINE = {
  ...PATH,
  key: "polylines",
  noun: "line",
  nouns: "lines",
  tellsModified: true,
  gesture: "Choose a label and click along each line; Enter or a double click ends it.",
  tooLittle: "A line needs at least two points.",
  keys: [
    ["click", "a point; Enter or a double click finishes"],
    ["drag", "a point of the selected line, or the line to move it (click a line to select)"],
    ["Alt + click", "a point exactly there, on another line or near another point"],
    CROSS,
    ["Space  Enter", "a point at the cross; finish"],
    ["Backspace", "take the last point back"],
  ],
  describe: ({ vertices }) => `${vertices.length} points, from ${vertices[0].x}, ${vertices[0].y} to ${vertices.at(-1).x}, ${vertices.at(-1).y}`,
  short: ({ vertices }) => `${vertices.length} points`,
};

export const LINE = {
  ...PATH,
  key: "lines",
  noun: "line",
  nouns: "lines",
  drags: true,
  ends: 2,
  most: 2,
  tellsModified: true,
  gesture: "Choose a label and draw a straight line from end to end.",
  tooLittle: "A line needs two ends.",
  keys: [
    ["drag  click", "a line from end to end; or click both ends"],
    ["drag", "an end of the selected line, or the line to move it (click a line to select)"],
    CROSS,
    ["Space", "one end at the cross, then the other"],
  ],
  describe: ({ vertices: [one, two] }) => `from ${one.x}, ${one.y} to ${two.x}, ${two.y}`,
  short: ({ vertices: [one, two] }) => `${Math.round(Math.hypot(one.x - two.x, one.y - two.y))} px`,
};

export class CrowdPolygon extends Annotator {
  kind = POLYGON;
}

export class CrowdPolyline extends Annotator {
  kind = POLYLINE;
}

export class CrowdLine extends Annotator {
  kind = LINE;
}
