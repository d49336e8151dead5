"""Boxes, polygons, lines and points, found by shape: Amazon's widgets, the old image tagger and people's own tools."""

import re
from collections.abc import Iterable
from typing import Any

from hits.answers.normalise import number
from hits.answers.parts import Legend, Shape, Shapes
from hits.answers.sources import Sources
from hits.answers.text import one_line

MOST_SHAPES = 500
_MOST_POINTS = 1_000
_TINY = 5.0  # px; a side below this is a slipped mouse (118 of 8,116 recorded boxes)
_WHOLE = 0.95

WIDGETS = {
    "boundingBoxes": "box",
    "polygons": "polygon",
    "polylines": "polyline",
    "lines": "line",
    "keypoints": "point",
}
_NOUNS = {"box": "box", "polygon": "polygon", "polyline": "line", "line": "line", "point": "point"}
_LABELS = ("label", "class", "category", "name", "tag", "type", "className", "text", "id")
_POINTS = ("vertices", "points", "data", "polygon", "coordinates", "coords", "path", "line", "segmentation")
_CORNERS = (("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"), ("x_min", "y_min", "x_max", "y_max"))
_SIZES = (("left", "top", "width", "height"), ("x", "y", "width", "height"), ("x", "y", "w", "h"))
_BOXY = re.compile(r"(?i)(?<!check)(?<!text)box|rect|region|crop|annot")
_MODES = {"bbox": "box", "box": "box", "rect": "box", "rectangle": "box", "dot": "point", "point": "point"}
_MODES |= {"keypoint": "point", "line": "polyline", "link": "polyline", "polyline": "polyline", "path": "polyline"}

Mark = tuple[str, str, list[tuple[float, float]], bool]  # kind, label, points (a box: corner, corner), negative size


def widget_shapes(value: Any, path: str, sources: Sources) -> tuple[Shapes, set[str]] | None:
    """Shapes in a dict as a crowd widget gives it, with the keys they used."""
    if not isinstance(value, dict):
        return None
    used = {key for key in WIDGETS if isinstance(value.get(key), list)}
    if not used or not all(_marks_in(value[key][:20], WIDGETS[key]) or not value[key] for key in used):
        return None
    size = value.get("inputImageProperties")
    marks: list[Mark] = []
    total = 0
    for key in WIDGETS:
        if key in used:
            total += len(value[key])
            marks += _marks_in(value[key][: MOST_SHAPES - len(marks)], WIDGETS[key])
    kinds = {WIDGETS[key] for key in used}
    part = draw(marks, path, sources, size=size, total=total, kind=kinds.pop() if len(kinds) == 1 else "")
    return part, used | {"inputImageProperties", "initialValueModified"}


def listed_shapes(value: Any, path: str, sources: Sources, near: str = "") -> Shapes | None:
    """A list of boxes or outlines as the old image tagger and people's own tools give it."""
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value[:20]):
        return None
    if len(value) > 2 and all(set(item) == {"x", "y"} for item in value[:_MOST_POINTS]):
        points = _points(value)  # corners without a label each are one outline
        return draw([("polygon", "", points, False)], path, sources, total=1, near=near) if points else None
    sample = _marks_in(value[:20], "")
    if len(sample) < len(value[:20]):
        return None
    return draw(_marks_in(value[:MOST_SHAPES], ""), path, sources, total=len(value), near=near)


def one_box(value: Any, path: str, sources: Sources) -> tuple[Shapes, set[str]] | None:
    """A single box that is not in a list, where its name or a picture speaks for it; pages report windows like this."""
    if not isinstance(value, dict) or not 4 <= len(value) <= 8:
        return None
    mark = _box_of(value, _label(value))
    if mark is None or not (_BOXY.search(path) or sources.picture(path).url):
        return None
    return draw([mark], path, sources, total=1), set(value)


def is_quads(value: Any) -> bool:
    """Whether `value` is a list of rows of four numbers each."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, list) and len(row) == 4 and all(_plain(cell) for cell in row) for row in value[:50])
    )


def guessed_boxes(value: Any, path: str, sources: Sources, near: str = "", scale: float = 1.0) -> Shapes | None:
    """Rows of four numbers read as left, top, width, height, where the name or a picture speaks for it."""
    empty = value == []
    if not (is_quads(value) or (empty and _BOXY.search(path))):
        return None
    picture = sources.picture(path, near)
    if not _BOXY.search(path) and picture.link is None and not picture.url:
        return None
    marks: list[Mark] = []
    for row in value[:MOST_SHAPES]:
        cells = [number(cell) for cell in row] if isinstance(row, list) and len(row) == 4 else [None]
        if None not in cells:
            x, y, width, height = (cell / scale for cell in cells if cell is not None)
            marks.append(_box("", x, y, width, height))
    note = "four numbers read as left, top, width, height"
    if scale != 1.0:
        note += f", divided by the scale {scale:g}"
    return draw(marks, path, sources, total=len(value), near=near, kind="box", guess=note)


def draw(
    marks: list[Mark],
    path: str,
    sources: Sources,
    *,
    size: Any = None,
    total: int = 0,
    kind: str = "",
    near: str = "",
    guess: str = "",
) -> Shapes:
    """Marks in picture pixels as a part; coordinates are bounded and written for SVG here and nowhere else."""
    width = (number(size.get("width")) or 0.0) if isinstance(size, dict) else 0.0
    height = (number(size.get("height")) or 0.0) if isinstance(size, dict) else 0.0
    sized = 0 < width <= 100_000 and 0 < height <= 100_000
    unit = 0
    if not sized and _fractions(marks):
        unit = 1000
        marks = [(k, label, [(x * unit, y * unit) for x, y in points], bad) for k, label, points, bad in marks]
        width = height = float(unit)
    elif not sized:
        xs = [x for _, _, points, _ in marks for x, _ in points]
        ys = [y for _, _, points, _ in marks for _, y in points]
        width, height = _span(xs), _span(ys)
    order = sources.colours(path)
    counts: dict[str, int] = {}
    for _, label, _, _ in marks:
        counts[label] = counts.get(label, 0) + 1
        order.setdefault(label, len(order))
    legend = tuple(
        Legend(one_line(label, 80) or "no label", counts[label], order[label], order[label] % 12)
        for label in sorted(counts, key=order.__getitem__)
    )
    shapes = tuple(
        _shape(place + 1, mark, order[mark[1]], width, height, sized or unit > 0) for place, mark in enumerate(marks)
    )
    kinds = {mark[0] for mark in marks} or ({kind} if kind else set())
    noun = _NOUNS.get(next(iter(kinds)), "shape") if len(kinds) == 1 else "shape"
    across, down = _thumb(width, height)
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
        thumb_width=across,
        thumb_height=down,
    )


def _marks_in(items: Iterable[Any], kind: str) -> list[Mark]:
    marks = []
    for item in items:
        mark = _mark(item, kind)
        if mark is not None:
            marks.append(mark)
    return marks


def _mark(item: Any, kind: str) -> Mark | None:
    """One item of a list as a mark; `kind` is what its widget draws, "" where only its own keys can tell."""
    if not isinstance(item, dict):
        return None
    label = _label(item)
    mark = None
    if kind in ("", "box"):
        mark = _box_of(item, label)
    if mark is None and kind in ("", "polygon", "polyline", "line"):
        mark = _outline_of(item, label, kind)
    if mark is None and kind in ("", "point"):
        x, y = number(item.get("x")), number(item.get("y"))
        if x is not None and y is not None and (kind or set(item) <= {"x", "y", *_LABELS}):
            mark = ("point", label, [(x, y)], False)
    return mark


def _box_of(item: dict[str, Any], label: str) -> Mark | None:
    for keys in (*_SIZES, *_CORNERS):
        values = [value for value in (number(item.get(key)) for key in keys) if value is not None]
        if len(values) == 4:
            x, y, across, down = values
            return _box(label, x, y, across, down) if keys in _SIZES else _box(label, x, y, across - x, down - y)
    return None


def _outline_of(item: dict[str, Any], label: str, kind: str) -> Mark | None:
    points = next(filter(None, (_points(item.get(key)) for key in _POINTS)), [])
    if not points:
        return None
    if kind:
        drawn = "polyline" if kind == "line" else kind
    else:
        drawn = _MODES.get(str(item.get("mode", item.get("type", "")))[:20].lower(), "polygon")
    if drawn == "point" or len(points) == 1:
        return "point", label, points[:1], False
    if drawn == "box":
        (x, y), (right, bottom) = points[0], points[-1] if len(points) < 4 else points[2]
        return _box(label, x, y, right - x, bottom - y)
    return ("polyline" if len(points) == 2 else drawn), label, points, False


def _box(label: str, x: float, y: float, width: float, height: float) -> Mark:
    return (
        "box",
        label,
        [(min(x, x + width), min(y, y + height)), (max(x, x + width), max(y, y + height))],
        width < 0 or height < 0,
    )


def _points(value: Any) -> list[tuple[float, float]]:
    """Points given as [[x, y]], [{x, y}] or [x, y, x, y]; nothing where one of them is not a point."""
    if not isinstance(value, list) or not value:
        return []
    if len(value) >= 4 and len(value) % 2 == 0 and all(_plain(cell) for cell in value[:_MOST_POINTS]):
        value = [value[place : place + 2] for place in range(0, min(len(value), 2 * _MOST_POINTS), 2)]
    points = []
    for item in value[:_MOST_POINTS]:
        if isinstance(item, dict):
            pair = number(item.get("x", item.get("X"))), number(item.get("y", item.get("Y")))
        elif isinstance(item, list) and len(item) == 2:
            pair = number(item[0]), number(item[1])
        else:
            return []
        if pair[0] is None or pair[1] is None:
            return []
        points.append((pair[0], pair[1]))
    return points


def _shape(place: int, mark: Mark, index: int, width: float, height: float, known: bool) -> Shape:
    kind, label, points, negative = mark
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    flags = []
    if negative:
        flags.append("negative size")
    if kind == "box" and min(right - left, bottom - top) < _TINY and not (known and width < 100):
        flags.append("under 5 px")
    if known:
        if kind in ("box", "polygon") and (right - left) * (bottom - top) > _WHOLE * width * height:
            flags.append("covers nearly everything")
        if left < -1 or top < -1 or right > width + 1 or bottom > height + 1:
            flags.append("outside the picture")
    if kind == "box":
        where = f"{_n(left)}, {_n(top)} · {_n(right - left)} × {_n(bottom - top)}"
    elif kind == "point":
        where = f"{_n(left)}, {_n(top)}"
    else:
        where = f"{len(points)} points · {_n(left)}, {_n(top)} to {_n(right)}, {_n(bottom)}"
    if kind in ("polygon", "polyline"):
        left, top = (
            min(points, key=lambda point: point[1]) if kind == "polygon" else points[0]
        )  # where its label stands
    return Shape(
        number=place,
        kind=kind,
        label=one_line(label, 80),
        index=index,
        colour=index % 12,
        where=where,
        flags=tuple(flags),
        x=_n(left),
        y=_n(top),
        width=_n(right - left),
        height=_n(bottom - top),
        points=" ".join(f"{_n(x)},{_n(y)}" for x, y in points) if kind in ("polygon", "polyline") else "",
    )


def _label(item: dict[str, Any]) -> str:
    for key in _LABELS:
        value = item.get(key)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != "":
            return one_line(value, 200)
        if isinstance(value, list) and value and isinstance(value[0], str):
            return one_line(", ".join(str(part) for part in value[:5]), 200)
    return ""


def heading(path: str, sources: Sources) -> str:
    """What a drawing is called: the task's words, else its name; of a long path the two ends."""
    label = sources.label(path)
    if label:
        return one_line(label, 200)
    ends = path.split(".")
    return one_line(f"{ends[0]} … {ends[-1]}" if len(path) > 40 and len(ends) > 2 else path, 120)


def _fractions(marks: list[Mark]) -> bool:
    values = [cell for _, _, points, _ in marks for pair in points for cell in pair]
    return bool(values) and all(0 <= cell <= 1 for cell in values) and any(cell not in (0, 1) for cell in values)


def _span(values: list[float]) -> float:
    return min(max([*values, 1.0]), 100_000.0) * 1.05 if values else 640.0


def _thumb(width: float, height: float) -> tuple[int, int]:
    scale = min(112 / width, 72 / height)
    return max(16, min(112, round(width * scale))), max(16, min(72, round(height * scale)))


def _n(value: float) -> str:
    """A coordinate for SVG and for reading: at most two decimals, never beyond a million."""
    value = max(-1e6, min(1e6, value))
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


def _plain(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
