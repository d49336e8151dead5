/** Puts shapes, handles, what is being drawn and the keyboard's place onto the stage. */

import { h, replace, svg } from "../dom.js";

const MOST_TAGS = 150;

/** @param {(colour: string) => string} ink what can be read on a colour */
export function paint(annotator, ink) {
  const { stage, kind, pen, shapes, selected } = annotator;
  const unit = 1 / stage.scale;
  const nodes = [];
  for (const shape of shapes) {
    nodes.push(kind.draw(shape, { colour: annotator.colourOf(shape), selected: shape === selected, unit }));
  }
  if (selected && shapes.includes(selected)) {
    for (const anchor of kind.anchors(selected)) {
      nodes.push(handle(anchor, annotator.colourOf(selected), unit));
    }
  }
  const colour = annotator.colourOf({ label: annotator.activeLabel });
  if (pen.action?.ends) {
    nodes.push(kind.sketch(pen.action.ends, null, colour, unit));
  } else if (pen.draft) {
    nodes.push(kind.sketch(pen.draft, pen.rubber, colour, unit));
    pen.draft.forEach((vertex, index) => nodes.push(handle(vertex, colour, unit, index === 0 && kind.closed && pen.draft.length > 2)));
  }
  if (pen.cursor) {
    nodes.push(crosshair(pen.cursor, unit));
  }
  replace(stage.shapes, nodes);
  tags(annotator, ink);
}

function handle({ x, y }, colour, unit, large = false) {
  return svg("circle", { cx: x, cy: y, r: (large ? 8 : 5.5) * unit, fill: large ? colour : "#ffffff", stroke: large ? "#ffffff" : colour, "stroke-width": 2 * unit });
}

function crosshair({ x, y }, unit) {
  const [gap, arm] = [4 * unit, 18 * unit];
  const d = `M${x - arm} ${y}H${x - gap}M${x + gap} ${y}H${x + arm}M${x} ${y - arm}V${y - gap}M${x} ${y + gap}V${y + arm}`;
  return svg(
    "g",
    {},
    svg("path", { d, stroke: "#ffffff", "stroke-width": 5 * unit, "stroke-linecap": "round" }),
    svg("path", { d, stroke: "#10151c", "stroke-width": 2 * unit, "stroke-linecap": "round" }),
  );
}

function tags({ stage, kind, shapes, colourOf, colours }, ink) {
  const room = stage.root.clientWidth;
  const list = shapes.slice(0, MOST_TAGS).map((shape) => {
    const { x, y } = stage.toStage(kind.tagAt(shape));
    const colour = colourOf.call({ colours }, shape);
    const tag = h("div", { class: "tag", part: "tag" }, shape.label);
    tag.style.background = colour;
    tag.style.color = ink(colour);
    tag.style.transform = `translate(${Math.min(room - 24, Math.max(0, x + (kind.tagShift?.x ?? -1.25)))}px, ${Math.max(0, y + (kind.tagShift?.y ?? -18))}px)`;
    return tag;
  });
  replace(stage.tags, list);
}
