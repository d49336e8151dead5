/** What the pen of a segmentation shows on the stage: the ring of the brush, or the polygon that is being drawn. */

import { replace, svg } from "../dom.js";

export function paintPen(segmenter) {
  const { pen, stage, tool, size, entries } = segmenter;
  const unit = 1 / stage.scale;
  const nodes = [];
  const colour = entries[segmenter.current() - 1]?.colour ?? "#ffffff";
  if (pen.draft) {
    const corners = pen.at ? [...pen.draft, pen.at] : pen.draft;
    const points = corners.map(({ x, y }) => `${x},${y}`).join(" ");
    nodes.push(svg("polyline", { points, fill: colour, "fill-opacity": 0.2, stroke: colour, "stroke-width": 2.5 * unit }));
    pen.draft.forEach(({ x, y }, index) => {
      const [fill, stroke] = index ? ["#ffffff", colour] : [colour, "#ffffff"];
      nodes.push(svg("circle", { cx: x, cy: y, r: (index ? 5 : 8) * unit, fill, stroke, "stroke-width": 2 * unit }));
    });
  }
  if (pen.at && !stage.grabs && (tool !== "polygon" || pen.cursor)) {
    const { x, y } = pen.at;
    const r = tool === "polygon" ? 4 * unit : Math.max(size / 2, 2 * unit);
    const ring = tool === "eraser" ? "#10151c" : colour;
    const dashes = pen.isDown ? "none" : `${4 * unit} ${2 * unit}`;
    nodes.push(
      svg("circle", { cx: x, cy: y, r, fill: "none", stroke: "#ffffff", "stroke-width": 3 * unit }),
      svg("circle", { cx: x, cy: y, r, fill: "none", stroke: ring, "stroke-width": 1.5 * unit, "stroke-dasharray": dashes }),
    );
  }
  replace(stage.shapes, nodes);
}
