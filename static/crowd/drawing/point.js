/** crowd-keypoint. */

import { svg } from "../dom.js";
import { Annotator } from "./annotator.js";
import { distance, isPoint, whole } from "./geometry.js";

/** A point is a pixel, so the last one is one before the picture's edge. */
function pixel(point, size) {
  return whole(point, { width: size.width - 1, height: size.height - 1 });
}

export const POINT = {
  key: "keypoints",
  noun: "point",
  nouns: "points",
  single: true,
  most: 1,
  least: 1,
  gesture: "Choose a label and click each point.",
  tooLittle: "",
  keys: [
    ["click", "a point; on a point that is there: select it"],
    ["drag", "move a point"],
    ["Alt + click", "a point on top of another one"],
    ["← ↑ ↓ →", "without a selected point: move the cross, with Shift by one pixel"],
    ["Space", "a point at the cross"],
  ],

  read: (item, size) => (isPoint(item) ? pixel({ x: Number(item.x), y: Number(item.y) }, size) : null),
  make: ([point], size) => pixel(point, size),
  labelled: ({ x, y }, label) => ({ label, x, y }),
  anchors: ({ x, y }) => [{ id: 0, x, y, cursor: "grab" }],

  moveAnchor(shape, _id, point) {
    shape.x = point.x;
    shape.y = point.y;
  },

  move(shape, before, dx, dy, size) {
    Object.assign(shape, pixel({ x: before.x + dx, y: before.y + dy }, size));
  },

  distance: (shape, point) => distance(shape, point),

  pick(shapes, point, near) {
    const found = shapes.filter((shape) => distance(shape, point) <= near);
    return found.sort((one, two) => distance(one, point) - distance(two, point))[0] ?? null;
  },

  draw({ x, y }, { colour, selected, unit }) {
    return svg(
      "g",
      {},
      selected ? svg("circle", { cx: x, cy: y, r: 14 * unit, fill: colour, "fill-opacity": 0.25 }) : "",
      svg("circle", { cx: x, cy: y, r: 6 * unit, fill: colour, stroke: "#ffffff", "stroke-width": 2 * unit }),
      svg("circle", { cx: x, cy: y, r: 1.25 * unit, fill: "#ffffff" }),
    );
  },

  sketch: () => svg("g"),
  tagAt: ({ x, y }) => ({ x, y }),
  tagShift: { x: 10, y: -20 },
  describe: ({ x, y }) => `${x}, ${y}`,
  short: ({ x, y }) => `${x}, ${y}`,
};

export class CrowdKeypoint extends Annotator {
  kind = POINT;
}
