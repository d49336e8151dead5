"""Boxes, polygons, lines and points: where they really are, and how a worker of some skill draws them."""

import math
from dataclasses import dataclass
from random import Random
from typing import Any

from .hand import Hand

Size = tuple[int, int]
Point = tuple[float, float]
MOST_SHAPES = 500
MOST_POINTS = 2_000


@dataclass(frozen=True)
class Kind:
    """A kind of shape: `points` of the least and most that are made up for it, and whether it encloses something."""

    points: tuple[int, int]
    is_closed: bool = False
    is_point: bool = False


SHAPES = {
    "boundingBoxes": Kind((2, 2)),
    "polygons": Kind((5, 9), is_closed=True),
    "polylines": Kind((3, 6)),
    "lines": Kind((2, 2)),
    "keypoints": Kind((1, 1), is_point=True),
}


def boxes(kind: Kind, name: str, labels: list[str], right: list[Any] | None, size: Size, hand: Hand) -> list[Any]:
    """Boxes as crowd-bounding-box hands them in. `right` None: where they are is made up."""
    (width, height), rng, sloppy = size, hand.rng, 1 - hand.skill
    truth = _made_up_boxes(name, labels, size, hand) if right is None else right[:MOST_SHAPES]
    names = list(dict.fromkeys(str(box["label"]) for box in truth)) or labels or ["Object"]
    found: list[tuple[str, float, float, float, float]] = []
    for box in truth:
        left, top, wide, tall = (float(box[side]) for side in ("left", "top", "width", "height"))
        if rng.random() < sloppy * 0.45:
            continue  # overlooked
        shift = 0.02 + sloppy * 0.22
        dx, dy = rng.gauss(0, shift) * wide, rng.gauss(0, shift) * tall
        grow = 1 + abs(rng.gauss(0, shift)) * rng.choice([1, 1, -0.6])
        label = str(box["label"]) if rng.random() > sloppy * 0.3 else rng.choice(names)
        found.append((label, left + dx, top + dy, wide * grow, tall * grow))
    if rng.random() < sloppy * 0.35:  # a click that was meant for something else
        found.append((names[0], rng.uniform(0, width), rng.uniform(0, height), 3, 2))
    if rng.random() < sloppy * 0.3:  # something that is not there
        found.append((names[-1], rng.uniform(0, width), rng.uniform(0, height), 70, 46))
    if not hand.honest or (hand.skill < 0.35 and rng.random() < 0.3):  # one box over everything
        found = [(names[0], 2, 2, width - 5, height - 4)]
    return [_inside(box, width, height) for box in found]


def _made_up_boxes(name: str, labels: list[str], size: Size, hand: Hand) -> list[dict[str, Any]]:
    made = []
    for label, centre, radius in places(labels, size, hand.agreed(name)):
        wide, tall = radius * 2, radius * 1.5
        made.append({"label": label, "left": centre[0] - wide / 2, "top": centre[1] - tall / 2})
        made[-1] |= {"width": wide, "height": tall}
    return made


def _inside(box: tuple[str, float, float, float, float], width: int, height: int) -> dict[str, Any]:
    label, left, top, wide, tall = box
    x0, y0 = min(max(0, round(left)), width - 1), min(max(0, round(top)), height - 1)
    x1, y1 = min(width, round(left + wide)), min(height, round(top + tall))
    return {"height": max(1, y1 - y0), "label": label, "left": x0, "top": y0, "width": max(1, x1 - x0)}


def places(labels: list[str], size: Size, agreed: Random) -> list[tuple[str, Point, float]]:
    """(label, centre, radius) of one to three things in the picture, the same for whoever looks at it."""
    width, height = size
    least = min(width, height)
    found = []
    for _ in range(agreed.randint(1, 3)):
        radius = max(1.0, least * agreed.uniform(0.06, 0.2))
        centre = (
            agreed.uniform(radius, max(radius, width - radius)),
            agreed.uniform(radius, max(radius, height - radius)),
        )
        found.append((agreed.choice(labels or ["Object"]), centre, radius))
    return found


def drawn(kind: Kind, name: str, labels: list[str], right: list[Any] | None, size: Size, hand: Hand) -> list[Any]:
    """Polygons, polylines, lines or keypoints as their widgets hand them in."""
    rng, sloppy = hand.rng, 1 - hand.skill
    truth = (
        _made_up(kind, name, labels, size, hand)
        if right is None
        else [_read(kind, item) for item in right[:MOST_SHAPES]]
    )
    names = list(dict.fromkeys(label for label, _ in truth)) or labels or ["Object"]
    found: list[tuple[str, list[Point]]] = []
    for label, points in truth:
        if rng.random() < sloppy * 0.4:
            continue  # overlooked
        # A hand trembles by a part of what it follows, and by a pixel or two at least.
        extent = max(max(at[axis] for at in points) - min(at[axis] for at in points) for axis in (0, 1))
        tremble = 1.0 + (0.01 + sloppy * 0.12) * (extent or min(size) * 0.2)
        label = label if rng.random() > sloppy * 0.3 else rng.choice(names)
        found.append((label, [(x + rng.gauss(0, tremble), y + rng.gauss(0, tremble)) for x, y in points]))
    if not hand.honest or rng.random() < sloppy * 0.2:  # anything, anywhere
        made = _some(kind, size, rng)
        found = [(names[0], made)] if not hand.honest else [*found, (rng.choice(names), made)]
    return [_written(kind, label, points, size) for label, points in found]


def _made_up(kind: Kind, name: str, labels: list[str], size: Size, hand: Hand) -> list[tuple[str, list[Point]]]:
    agreed = hand.agreed(name)
    if kind.is_point:  # each label once, as far as it can be seen
        return [(label, [_anywhere(size, agreed)]) for label in labels if agreed.random() < 0.85]
    return [(label, _around(kind, centre, radius, agreed)) for label, centre, radius in places(labels, size, agreed)]


def _some(kind: Kind, size: Size, rng: Random) -> list[Point]:
    return [_anywhere(size, rng)] if kind.is_point else _around(kind, _anywhere(size, rng), min(size) * 0.1, rng)


def _anywhere(size: Size, rng: Random) -> Point:
    return rng.uniform(0, size[0] - 1), rng.uniform(0, size[1] - 1)


def _around(kind: Kind, centre: Point, radius: float, rng: Random) -> list[Point]:
    count = rng.randint(*kind.points)
    if kind.is_closed:
        turns = [2 * math.pi * number / count for number in range(count)]
        far = [radius * rng.uniform(0.7, 1.3) for _ in turns]
        return [
            (centre[0] + r * math.cos(turn), centre[1] + r * math.sin(turn)) for turn, r in zip(turns, far, strict=True)
        ]
    step = 2 * radius / max(1, count - 1)
    return [(centre[0] - radius + step * at, centre[1] + rng.uniform(-radius, radius) / 2) for at in range(count)]


def _read(kind: Kind, item: Any) -> tuple[str, list[Point]]:
    points = [item] if kind.is_point else item["vertices"][:MOST_POINTS]
    found = [(float(at["x"]), float(at["y"])) for at in points]
    if not found:
        raise ValueError("a shape without points")
    return str(item["label"]), found


def _written(kind: Kind, label: str, points: list[Point], size: Size) -> dict[str, Any]:
    whole = [{"x": _clipped(x, size[0]), "y": _clipped(y, size[1])} for x, y in points]
    return {"label": label, **whole[0]} if kind.is_point else {"label": label, "vertices": whole}


def _clipped(value: float, side: int) -> int:
    return min(max(0, round(value)), side - 1)
