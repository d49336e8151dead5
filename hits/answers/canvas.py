"""Marks as a drawing: the picture they lie on, its size, their colours, what is odd about them, and their numbers as
SVG wants them."""

from collections.abc import Sequence
from dataclasses import replace
from math import hypot
from typing import Any

from hits.answers.corners import Point, cell, folded
from hits.answers.normalise import number
from hits.answers.outlines import Mark
from hits.answers.parts import Legend, Shape, Shapes
from hits.answers.sources import Sources
from hits.answers.text import one_line

MOST_SHAPES = 500
_TINY = 5.0  # px; a side below this is a slipped mouse (118 of 8,116 recorded boxes)
_WHOLE = 0.95
_NOUNS = {"box": "box", "polygon": "polygon", "polyline": "line", "line": "line", "point": "point", "ellipse": "circle"}
_SIZE_PAIRS: tuple[tuple[str, str], ...] = (
    ("imagewidth", "imageheight"),
    ("originalwidth", "originalheight"),
    ("imgwidth", "imgheight"),
)
_SIZE_PAIRS += (("naturalwidth", "naturalheight"), ("canvaswidth", "canvasheight"))
_SIZES = (
    "inputimageproperties",
    "imagesize",
    "imgsize",
    "originalsize",
    "naturalsize",
    "canvassize",
    "imagedimensions",
)

_TELLING = {*_SIZES, *(pair[0] for pair in _SIZE_PAIRS), "width", "w"}


def draw(
    marks: Sequence[Mark],
    path: str,
    sources: Sources,
    *,
    size: Any = None,
    total: int = 0,
    kind: str = "",
    near: str = "",
    guess: str = "",
    changed: Any = None,
) -> Shapes:
    """Marks in picture pixels as a part; coordinates are bounded and written for SVG here and nowhere else."""
    width, height = size_of(size)
    sized = 0 < width <= 100_000 and 0 < height <= 100_000
    unit = 0
    if not sized and _fractions(marks):
        unit = 1000
        marks = [mark._replace(points=[(x * unit, y * unit) for x, y in mark.points]) for mark in marks]
        width = height = float(unit)
    elif not sized:
        xs = [x for mark in marks for x, _ in mark.points]
        ys = [y for mark in marks for _, y in mark.points]
        width, height = _span(xs), _span(ys)
    elif _fractions(marks):
        marks = [mark._replace(points=[(x * width, y * height) for x, y in mark.points]) for mark in marks]
    order = sources.colours(path)
    paint = sources.paint(path)
    counts: dict[str, int] = {}
    for mark in marks:
        counts[mark.label] = counts.get(mark.label, 0) + 1
        order.setdefault(mark.label, len(order))
    legend = tuple(
        Legend(one_line(label, 80) or "no label", counts[label], at, at % 12, paint=paint.get(label, ""))
        for at, label in sorted((order[label], label) for label in counts)
    )
    shapes = tuple(
        _shape(place + 1, mark, order[mark.label], width, height, sized or unit > 0, paint.get(mark.label, ""))
        for place, mark in enumerate(marks)
    )
    kinds = {mark.kind for mark in marks} or ({kind} if kind else set())
    noun = _NOUNS.get(next(iter(kinds)), "shape") if len(kinds) == 1 else "shape"
    across, down = thumb(width, height)
    return Shapes(
        heading=heading(path, sources),
        path=one_line(path, 300),
        noun=noun,
        width=_n(width),
        height=_n(height),
        font=_n(max(width, height * 1.3) / 46),
        picture=sources.picture(path, near),
        shapes=shapes,
        legend=legend,
        sized=sized,
        guess=guess,
        more=max(0, total - len(marks)),
        flagged=sum(1 for shape in shapes if shape.flags),
        missing=tuple(one_line(label, 60) for label in sources.labels(path) if label not in counts)
        if kind == "point"
        else (),
        repeated=tuple(f"{one_line(label, 60)} ×{count}" for label, count in counts.items() if label and count > 1)
        if kind == "point"
        else (),
        unlabelled=set(counts) <= {""},
        unit=unit,
        changed=changed if isinstance(changed, bool) else None,
        thumb_width=across,
        thumb_height=down,
    )


def with_size(part: Shapes, width: float, height: float) -> Shapes:
    """A drawing on a picture whose size is said elsewhere."""
    if not (0 < width <= 100_000 and 0 < height <= 100_000):
        return part
    across, down = thumb(width, height)
    return replace(
        part,
        width=_n(width),
        height=_n(height),
        font=_n(max(width, height * 1.3) / 46),
        sized=True,
        thumb_width=across,
        thumb_height=down,
    )


def _shape(place: int, mark: Mark, index: int, width: float, height: float, known: bool, paint: str) -> Shape:
    kind, points = mark.kind, mark.points
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    flags = []
    if mark.negative:
        flags.append("negative size")
    if kind in ("box", "ellipse") and min(right - left, bottom - top) < _TINY and not (known and width < 100):
        flags.append("under 5 px")
    if known and kind in ("box", "polygon") and (right - left) * (bottom - top) > _WHOLE * width * height:
        flags.append("covers nearly everything")
    if left < -1 or top < -1 or (known and (right > width + 1 or bottom > height + 1)):
        flags.append("outside the picture")
    if mark.angle:
        flags.append(f"turned by {mark.angle:g}°, drawn upright")
    where = _where(mark, left, top, right, bottom, width * height if known else 0.0)
    outline = kind in ("polygon", "polyline", "ellipse")
    if outline:  # where its label stands
        left, top = points[0] if kind == "polyline" else min(points, key=lambda point: point[1])
    return Shape(
        number=place,
        kind="polygon" if kind == "ellipse" else kind,
        label=one_line(mark.label, 80),
        index=index,
        colour=index % 12,
        where=where,
        flags=tuple(flags),
        x=_n(left),
        y=_n(top),
        width=_n(right - left),
        height=_n(bottom - top),
        points=" ".join(f"{_n(x)},{_n(y)}" for x, y in points) if outline else "",
        more=mark.more,
        paint=paint,
        heads=_heads(points, width, height) if kind == "polyline" and len(points) > 2 else "",
    )


def _where(mark: Mark, left: float, top: float, right: float, bottom: float, whole: float) -> str:
    if mark.kind == "box":
        return f"{_n(left)}, {_n(top)} · {_n(right - left)} × {_n(bottom - top)}"
    if mark.kind == "point":
        return f"{_n(left)}, {_n(top)}"
    if mark.kind == "ellipse":
        across, down = _n((right - left) / 2), _n((bottom - top) / 2)
        radius = across if across == down else f"{across} × {down}"
        return f"centre {_n((left + right) / 2)}, {_n((top + bottom) / 2)} · radius {radius}"
    where = f"{len(mark.points)} points · {_n(left)}, {_n(top)} to {_n(right)}, {_n(bottom)}"
    if mark.kind == "polygon" and whole:
        share = 100 * _area(mark.points) / whole
        where += f" · {share:.1f} %" if share >= 0.1 else " · < 0.1 %"
    return where


def _area(points: list[Point]) -> float:
    """What an outline encloses; where it crosses itself, the parts that are turned the other way count against it."""
    doubled = 0.0
    for place, (x, y) in enumerate(points):
        after = points[(place + 1) % len(points)]
        doubled += x * after[1] - after[0] * y
    return abs(doubled) / 2


def _heads(points: list[Point], width: float, height: float) -> str:
    """An arrow's head in the middle of the last stretch of a line that is long enough to have a direction."""
    (x1, y1), (x2, y2) = points[-2:]
    length = hypot(x2 - x1, y2 - y1)
    size = min(hypot(width, height) / 45, length / 2)
    if not size:
        return ""
    across, down = (x2 - x1) / length * size, (y2 - y1) / length * size
    sides = [(x2 - across - down / 2, y2 - down + across / 2), (x2 - across + down / 2, y2 - down - across / 2)]
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in (sides[0], (x2, y2), sides[1]))


def heading(path: str, sources: Sources) -> str:
    """What a drawing is called: the task's words, else its name; of a long path the two ends."""
    label = sources.label(path)
    if label:
        return one_line(label, 200)
    ends = path.split(".")
    return one_line(f"{ends[0]} … {ends[-1]}" if len(path) > 40 and len(ends) > 2 else path, 120)


def _fractions(marks: Sequence[Mark]) -> bool:
    values = [cell for mark in marks for pair in mark.points for cell in pair]
    return bool(values) and all(0 <= cell <= 1 for cell in values) and any(cell not in (0, 1) for cell in values)


def _span(values: list[float]) -> float:
    return min(max([*values, 1.0]), 100_000.0) * 1.05 if values else 640.0


def thumb(width: float, height: float) -> tuple[int, int]:
    """The size of a small picture of a large one."""
    scale = min(112 / width, 72 / height)
    return max(16, min(112, round(width * scale))), max(16, min(72, round(height * scale)))


def _n(value: float) -> str:
    """A coordinate for SVG and for reading: at most two decimals, never beyond a million."""
    value = max(-1e6, min(1e6, value))
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


def size_of(value: Any) -> tuple[float, float]:
    """The (width, height) of the picture that a dict, or [width, height], says; 0, 0 where it says none."""
    if isinstance(value, (tuple, list)):
        if len(value) == 1:
            return size_of(value[0])
        cells = [cell(item) for item in value] if len(value) == 2 else []
        return (cells[0] or 0.0, cells[1] or 0.0) if cells and None not in cells else (0.0, 0.0)
    if not isinstance(value, dict) or len(value) > 60:
        return 0.0, 0.0
    keys = folded(value)
    if _TELLING.isdisjoint(keys):
        return 0.0, 0.0
    for name in _SIZES:
        if isinstance(keys.get(name), (dict, list)):
            inner = keys[name]
            inner = folded(inner) if isinstance(inner, dict) else inner
            found = size_of(inner) if isinstance(inner, list) else _wide_and_high(inner)
            if found != (0.0, 0.0):
                return found
    for one, other in _SIZE_PAIRS:
        if one in keys and other in keys:
            return size_of([keys[one], keys[other]])
    return _wide_and_high(keys) if set(keys) <= {"width", "height", "depth", "id", "filename", "url"} else (0.0, 0.0)


def _wide_and_high(keys: dict[str, Any]) -> tuple[float, float]:
    return number(keys.get("width", keys.get("w"))) or 0.0, number(keys.get("height", keys.get("h"))) or 0.0
