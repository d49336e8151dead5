"""How far two drawings cover each other, 0 to 1: shapes, masks and marked stretches of text as `values` gives them.

Everything is bounded: two answers of 500 polygons of 1,000 corners must not hold a page up.
"""

import base64
import binascii
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from math import ceil, hypot, sqrt
from typing import Any

from hits.answers.pixels import Colour, Scan, near_to, scan

Point = tuple[float, float]
Line = tuple[Point, ...]
Key = tuple[str, str]  # kind and label

_MOST_SHAPES = 500
_MOST_PAIRS = 20_000  # of one label; beyond, only shapes in the same place of the order are compared
_LINES = 128  # scan lines of two polygons
_WORK = 400_000  # crossings of scan lines and edges that one comparison may cost
_NEAR = 0.05  # of the picture's diagonal: points this far apart have nothing in common
_MOST_BYTES, _PIXELS = 2_000_000, 20_000


def shapes_overlap(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Shapes of one label and kind are paired greedily, the best overlap first (what object detection's benchmarks
    do; an optimal assignment differs only where shapes of one label crowd each other)."""
    ours, theirs = _by_label(a), _by_label(b)
    reach = _NEAR * _diagonal(a, b, ours, theirs)
    budget = [_WORK]
    total, count = 0.0, 0
    for label in sorted(set(ours) | set(theirs)):
        left, right = sorted(ours.get(label, [])), sorted(theirs.get(label, []))
        scores = _paired(label[0], left, right, reach, budget)
        total += sum(scores)
        count += len(left) + len(right) - len(scores)
    return total / count if count else 1.0


def spans_overlap(a: dict[str, Any], b: dict[str, Any]) -> float:
    """F1 of the stretches that are in both with the same ends and label."""
    ours, theirs = _stretches(a), _stretches(b)
    both = sum((ours & theirs).values())
    total = sum(ours.values()) + sum(theirs.values())
    return 2 * both / total if total else 1.0


def mask_overlap(a: dict[str, Any], b: dict[str, Any]) -> float:
    """The mean over the labels of either mask of the IoU of their pixels (instances of one label taken together), on
    a grid of at most 20,000 of them. A mask that cannot be read agrees with its own copy alone."""
    if a.get("png") == b.get("png") and a.get("labels") == b.get("labels"):
        return 1.0
    first, second = str(a.get("png") or ""), str(b.get("png") or "")
    ours, theirs = _pixels(first), _pixels(second)
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return 0.0
    left, right = _classes(ours[1], a), _classes(theirs[1], b)
    cells = Counter(
        (left[here], right[there]) for here, there in zip(ours[1], theirs[1], strict=True) if left[here] or right[there]
    )
    either: Counter[str] = Counter()
    both: Counter[str] = Counter()
    for (here, there), count in cells.items():
        for label in filter(None, {here, there}):
            either[label] += count
        if here == there:
            both[here] += count
    return sum(both[label] / count for label, count in either.items()) / len(either) if either else 1.0


def _by_label(drawing: dict[str, Any]) -> dict[Key, list[Line]]:
    found: dict[Key, list[Line]] = {}
    shapes = drawing.get("shapes")
    for shape in shapes[:_MOST_SHAPES] if isinstance(shapes, list) else ():
        # Known answers may come out of a file, so their form is not taken for granted.
        try:
            points = tuple((float(point[0]), float(point[1])) for point in shape["points"])
            key = str(shape.get("kind", "")), str(shape.get("label", ""))
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            continue
        if points and all(-1e9 < cell < 1e9 for point in points for cell in point):
            found.setdefault(key, []).append(points)
    return found


def _diagonal(a: dict[str, Any], b: dict[str, Any], *drawings: dict[Key, list[Line]]) -> float:
    for drawing in (a, b):
        try:
            width, height = float(drawing.get("width") or 0), float(drawing.get("height") or 0)
        except (TypeError, ValueError):
            continue
        if width > 0 and height > 0:
            return hypot(width, height)
    points = [point for drawing in drawings for outlines in drawing.values() for line in outlines for point in line]
    if not points:
        return 1.0
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return hypot(max(xs) - min(xs), max(ys) - min(ys)) or 1.0


def _paired(kind: str, left: list[Line], right: list[Line], reach: float, budget: list[int]) -> list[float]:
    if len(left) * len(right) > _MOST_PAIRS:
        return [_overlap(kind, one, other, reach, budget) for one, other in zip(left, right, strict=False)]
    scored: list[tuple[float, Line, Line, int, int]] = []
    for here, one in enumerate(left):
        for there, other in enumerate(right):
            score = _overlap(kind, one, other, reach, budget)
            if score > 0:
                # Ties are put in the order of the shapes themselves, whichever side these are on.
                scored.append((-score, min(one, other), max(one, other), here, there))
    used_left: set[int] = set()
    used_right: set[int] = set()
    found = []
    for score, _, _, here, there in sorted(scored):
        if here not in used_left and there not in used_right:
            used_left.add(here)
            used_right.add(there)
            found.append(-score)
    return found


def _overlap(kind: str, one: Line, other: Line, reach: float, budget: list[int]) -> float:
    if one == other:
        return 1.0
    if kind == "point":
        return max(0.0, 1.0 - hypot(one[0][0] - other[0][0], one[0][1] - other[0][1]) / reach)
    if kind == "polyline":
        here, there = _spread(one), _spread(other)
        # A line drawn from its other end is the same line.
        apart = min(
            sum(hypot(p[0] - q[0], p[1] - q[1]) for p, q in zip(here, way, strict=True)) for way in (there, there[::-1])
        )
        return max(0.0, 1.0 - apart / len(here) / reach)
    first, second = _bounds(one), _bounds(other)
    if kind == "polygon" and _share(first, second) > 0:
        cost = _LINES * (len(one) + len(other))
        if budget[0] >= cost:
            budget[0] -= cost
            return _polygon_share(one, other, first, second)
    return _share(first, second)


def _bounds(points: Line) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _share(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes."""
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    return min(1.0, both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both))


def _polygon_share(one: Line, other: Line, *bounds: tuple[float, float, float, float]) -> float:
    """IoU of two outlines (even-odd, so they may cross themselves): exact along 128 scan lines."""
    top, bottom = min(box[1] for box in bounds), max(box[3] for box in bounds)
    step = (bottom - top) / _LINES
    both = either = 0.0
    for place in range(_LINES):
        y = top + (place + 0.5) * step
        here, there = _crossings(one, y), _crossings(other, y)
        within = _length_of_both(here, there)
        both += within
        either += sum(here[1::2]) - sum(here[::2]) + sum(there[1::2]) - sum(there[::2]) - within
    return max(0.0, min(1.0, both / either)) if either > 0 else 0.0


def _crossings(points: Line, y: float) -> list[float]:
    found = []
    x1, y1 = points[-1]
    for x2, y2 in points:
        if (y1 <= y) != (y2 <= y):
            found.append(x1 + (y - y1) * (x2 - x1) / (y2 - y1))
        x1, y1 = x2, y2
    return sorted(found)


def _length_of_both(here: list[float], there: list[float]) -> float:
    total, i, j = 0.0, 0, 0
    while i + 1 < len(here) and j + 1 < len(there):
        total += max(0.0, min(here[i + 1], there[j + 1]) - max(here[i], there[j]))
        if here[i + 1] < there[j + 1]:
            i += 2
        else:
            j += 2
    return total


def _spread(points: Line, count: int = 16) -> list[Point]:
    """Points at even distances along a line."""
    lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    whole = sum(lengths)
    if not whole:
        return [points[0]] * count
    found = []
    place, passed = 0, 0.0
    for number in range(count):
        at = whole * number / (count - 1)
        while place < len(lengths) - 1 and passed + lengths[place] < at:
            passed += lengths[place]
            place += 1
        part = min(1.0, (at - passed) / lengths[place]) if lengths[place] else 0.0
        (x1, y1), (x2, y2) = points[place], points[place + 1]
        found.append((x1 + part * (x2 - x1), y1 + part * (y2 - y1)))
    return found


def _stretches(drawing: dict[str, Any]) -> Counter[tuple[str, ...]]:
    spans = drawing.get("spans")
    return Counter(
        tuple(map(str, span)) for span in (spans if isinstance(spans, list) else ()) if isinstance(span, list)
    )


@lru_cache(maxsize=32)
def _pixels(png: str) -> tuple[tuple[int, int], list[Colour | None]] | None:
    """(size, colours on a grid, None where nothing is painted) of a PNG in base64; None where it cannot be read."""
    try:
        data = base64.b64decode(png, validate=True)
        return _decoded(data) if len(data) <= _MOST_BYTES else None
    except (binascii.Error, ValueError):  # NotReadable is one
        return None


def _decoded(data: bytes) -> tuple[tuple[int, int], list[Colour | None]]:
    found = scan(data, _MOST_BYTES)
    width, height = found.width, found.height
    step = max(1, ceil(sqrt(width * height / _PIXELS)))
    colours: list[Colour | None] = []
    for line, row in enumerate(found.rows):
        if line % step == step // 2:
            for x in range(step // 2, width, step):
                colours.append(_colour(row, x, found))
    return (width, height), colours


def _colour(row: bytes, x: int, found: Scan) -> Colour | None:
    depth, channels = found.depth, found.channels
    if channels > 1:
        cell = tuple(row[x * channels : x * channels + channels])
        if channels == 2:
            return (cell[0],) * 3 if cell[1] else None
        return cell[:3] if channels == 3 or cell[3] else None
    each = 8 // depth
    index = (row[x // each] >> (depth * (each - 1 - x % each))) & ((1 << depth) - 1)
    if found.kind == 0:
        return (index * 255 // ((1 << depth) - 1),) * 3
    if index < len(found.opacity) and not found.opacity[index]:
        return None
    return tuple(found.palette[3 * index : 3 * index + 3]) or None


def _classes(pixels: list[Colour | None], mask: dict[str, Any]) -> dict[Colour | None, str]:
    """Colour -> its label, "" where no label has a colour so near."""
    named = mask.get("labels")
    known = []
    for fill, label in named.items() if isinstance(named, dict) else ():
        try:
            known.append((str(label), tuple(bytes.fromhex(str(fill).removeprefix("#")))))
        except ValueError:
            continue
    known = sorted(item for item in known if len(item[1]) == 3)
    # Looked up: a hostile picture has as many colours as pixels.
    near = near_to([fill for _, fill in known])
    found: dict[Colour | None, str] = {None: ""}
    for colour in set(pixels) - {None}:
        assert colour is not None
        place = near.get(colour, 0)
        found[colour] = known[place - 1][0] if place else ""
    return found
