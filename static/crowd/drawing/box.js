/** crowd-bounding-box. */

import { svg } from "../dom.js";
import { Annotator } from "./annotator.js";
import { slide, toPath, whole } from "./geometry.js";

const CURSORS = { nw: "nwse-resize", n: "ns-resize", ne: "nesw-resize", e: "ew-resize", se: "nwse-resize", s: "ns-resize", sw: "nesw-resize", w: "ew-resize" };

function corners({ left, top, width, height }) {
  return [
    { x: left, y: top },
    { x: left + width, y: top },
    { x: left + width, y: top + height },
    { x: left, y: top + height },
  ];
}

function between(one, two) {
  return { left: Math.min(one.x, two.x), top: Math.min(one.y, two.y), width: Math.abs(one.x - two.x), height: Math.abs(one.y - two.y) };
}

function holds(box, point) {
  return point.x >= box.left && point.x <= box.left + box.width && point.y >= box.top && point.y <= box.top + box.height;
}

export const BOX = {
  key: "boundingBoxes",
  noun: "box",
  nouns: "boxes",
  drags: true,
  ends: 2,
  most: 2,
  least: 2,
  tellsModified: true,
  gesture: "Choose a label and draw a box around each thing.",
  tooLittle: "This box has no area.",
  keys: [
    ["drag", "draw a box; drag the edge of a selected one to move it, its handles to change it"],
    ["click", "select a box"],
    ["← ↑ ↓ →", "without a selected box: move the cross, with Shift by one pixel"],
    ["Space", "a corner of a box at the cross, then the opposite one"],
  ],

  read(item, size) {
    const [left, top, width, height] = ["left", "top", "width", "height"].map((key) => Number(item[key]));
    if (![left, top, width, height].every(Number.isFinite)) {
      return null;
    }
    const box = between(whole({ x: left, y: top }, size), whole({ x: left + width, y: top + height }, size));
    return box.width > 0 && box.height > 0 ? box : null;
  },

  make([one, two]) {
    const box = two ? between(one, two) : null;
    return box && box.width > 0 && box.height > 0 ? box : null;
  },

  labelled: ({ left, top, width, height }, label) => ({ height, label, left, top, width }),

  anchors({ left, top, width, height }) {
    const [right, bottom, middle, centre] = [left + width, top + height, left + width / 2, top + height / 2];
    const places = { nw: [left, top], n: [middle, top], ne: [right, top], e: [right, centre], se: [right, bottom], s: [middle, bottom], sw: [left, bottom], w: [left, centre] };
    return Object.entries(places).map(([id, [x, y]]) => ({ id, x, y, cursor: CURSORS[id] }));
  },

  moveAnchor(box, id, point, before) {
    const [right, bottom] = [before.left + before.width, before.top + before.height];
    const one = { x: id.includes("w") ? point.x : before.left, y: id.includes("n") ? point.y : before.top };
    const two = { x: id.includes("e") ? point.x : right, y: id.includes("s") ? point.y : bottom };
    const made = between(one, two);
    if (made.width > 0 && made.height > 0) {
      Object.assign(box, made);
    }
  },

  move(box, before, dx, dy, size) {
    const by = slide(corners(before), dx, dy, size);
    box.left = before.left + by.dx;
    box.top = before.top + by.dy;
  },

  resize(box, dx, dy, size) {
    box.width = Math.min(size.width - box.left, Math.max(1, box.width + dx));
    box.height = Math.min(size.height - box.top, Math.max(1, box.height + dy));
  },

  distance: (box, point) => toPath(point, corners(box), true),

  pick(boxes, point) {
    return boxes.filter((box) => holds(box, point)).sort((one, two) => one.width * one.height - two.width * two.height)[0] ?? null;
  },

  draw(box, { colour, selected }) {
    return svg("rect", {
      x: box.left, y: box.top, width: box.width, height: box.height,
      fill: colour, "fill-opacity": selected ? 0.22 : 0.1, stroke: colour, "stroke-width": selected ? 3 : 2, "vector-effect": "non-scaling-stroke",
    });
  },

  sketch(points, rubber, colour) {
    const box = between(points[0], points[1] ?? rubber ?? points[0]);
    return svg("rect", { x: box.left, y: box.top, width: box.width, height: box.height, fill: colour, "fill-opacity": 0.15, stroke: colour, "stroke-width": 2, "stroke-dasharray": "6 4", "vector-effect": "non-scaling-stroke" });
  },

  tagAt: ({ left, top }) => ({ x: left, y: top }),
  describe: (box) => `left ${box.left}, top ${box.top}, ${box.width} wide, ${box.height} high`,
  short: (box) => `${box.width} × ${box.height}`,
};

export class CrowdBoundingBox extends Annotator {
  kind = BOX;
}
