/** Points, distances and bounds, in pixels of the picture. */

/** A whole pixel inside `0…width`, `0…height`. */
export function whole(point, size) {
  return {
    x: Math.min(size.width, Math.max(0, Math.round(point.x))),
    y: Math.min(size.height, Math.max(0, Math.round(point.y))),
  };
}

export function distance(one, two) {
  return Math.hypot(one.x - two.x, one.y - two.y);
}

/** From `point` to the segment `a`–`b`. */
export function toSegment(point, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const t = length ? Math.min(1, Math.max(0, ((point.x - a.x) * dx + (point.y - a.y) * dy) / length)) : 0;
  return Math.hypot(point.x - a.x - t * dx, point.y - a.y - t * dy);
}

/** From `point` to the nearest side of a path. */
export function toPath(point, vertices, closed) {
  let nearest = vertices.length === 1 ? distance(point, vertices[0]) : Infinity;
  for (let index = 0; index + 1 < vertices.length; index += 1) {
    nearest = Math.min(nearest, toSegment(point, vertices[index], vertices[index + 1]));
  }
  return closed && vertices.length > 2 ? Math.min(nearest, toSegment(point, vertices.at(-1), vertices[0])) : nearest;
}

/** How far `points` may be moved by (dx, dy) and stay inside. */
export function slide(points, dx, dy, size) {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const within = (by, low, high, most) => Math.round(Math.min(most - high, Math.max(-low, by)));
  return { dx: within(dx, Math.min(...xs), Math.max(...xs), size.width), dy: within(dy, Math.min(...ys), Math.max(...ys), size.height) };
}

/** Twice the signed area is not needed by anybody: the area itself. */
export function area(vertices) {
  let sum = 0;
  vertices.forEach((vertex, index) => {
    const next = vertices[(index + 1) % vertices.length];
    sum += vertex.x * next.y - next.x * vertex.y;
  });
  return Math.abs(sum) / 2;
}

/** Both coordinates are numbers. */
export function isPoint(value) {
  return typeof value === "object" && value !== null && Number.isFinite(Number(value.x)) && Number.isFinite(Number(value.y));
}
