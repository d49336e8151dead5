"""Drawings as text that a person can correct, and back: one shape, marked stretch or label on each line, as JSON.

{"kind": "box", "label": "Hand", "points": [[275, 146], [352, 229]]}      shapes
[0, 6, "person"]                                                          marked stretches: from, to, label

A mask is one object with its labels and its picture: see hits.answers.painted.
"""

import json
from typing import Any

from hits.answers.painted import NotAMask, as_painted, read_painted
from hits.answers.text import shown

_MOST, _MOST_POINTS, _FARTHEST, _LONGEST_LABEL = 500, 5_000, 1_000_000, 300
#: Kind -> how many corners it has at least and at most, and the sentence for another number.
_CORNERS = {
    "box": (2, 2, "a box has two corners, [[left, top], [right, bottom]]"),
    "polygon": (3, _MOST_POINTS, "a polygon has three corners or more"),
    "polyline": (2, _MOST_POINTS, "a line has two points or more"),
    "point": (1, 1, "a point is [[x, y]]"),
}


class NotADrawing(ValueError):
    """What was typed is none; the message is a sentence that says where and what to do."""


def as_lines(drawing: dict[str, Any]) -> str:
    """A drawing (see hits.answers.values) as text; `read_lines` reads it back."""
    if drawing["drawing"] == "mask":
        return as_painted(drawing)
    if drawing["drawing"] == "spans":
        return _wrapped([_json(span) for span in drawing["spans"]])
    return _wrapped([_json(_tidy(shape)) for shape in drawing["shapes"]])


def _wrapped(lines: list[str]) -> str:
    return "[\n" + ",\n".join(lines) + "\n]" if lines else "[]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _tidy(shape: dict[str, Any]) -> dict[str, Any]:
    points = [[int(cell) if cell == int(cell) else round(cell, 2) for cell in point] for point in shape["points"]]
    return {"kind": shape["kind"], "label": shape["label"], "points": points}


def read_lines(text: str, original: dict[str, Any]) -> dict[str, Any]:
    """The drawing that was typed, of the kind and on the picture of `original`. NotADrawing where it is none."""
    if original["drawing"] == "mask":
        try:
            return read_painted(text, original)
        except NotAMask as reason:
            raise NotADrawing(str(reason)) from None
    try:
        read = json.loads(text)
    except RecursionError:
        raise NotADrawing("There are too many brackets in it.") from None
    except ValueError as error:
        place = ""  # a number of thousands of digits has none
        if isinstance(error, json.JSONDecodeError):
            place = f" at line {error.lineno}, character {error.colno}"
        raise NotADrawing(f"It cannot be read{place}. Is a comma, a bracket or a quotation mark missing?") from None
    if not isinstance(read, list):
        raise NotADrawing("It begins with [ and ends with ], with a shape on each line between.")
    if len(read) > _MOST:
        raise NotADrawing(f"It has {len(read)} entries; {_MOST} is the most.")
    if original["drawing"] == "spans":
        return {**original, "spans": sorted(_span(entry, place) for place, entry in enumerate(read, 1))}
    return {**original, "shapes": [_shape(entry, place) for place, entry in enumerate(read, 1)]}


def _label(label: Any, where: str) -> str:
    if not isinstance(label, str) or len(label) > _LONGEST_LABEL:
        raise NotADrawing(f"{where}: a label is text of at most {_LONGEST_LABEL} characters.")
    return shown(label)  # JSON can carry what neither a database nor a page takes


def _number(cell: Any) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) <= _FARTHEST


def _span(entry: Any, place: int) -> list[Any]:
    ends = entry[:2] if isinstance(entry, list) and len(entry) == 3 else []
    if not ends or not all(type(end) is int for end in ends) or not 0 <= ends[0] < ends[1] <= _FARTHEST:
        raise NotADrawing(f'Stretch {place}: write [from, to, "label"], counted in characters, the first one being 0.')
    return [*ends, _label(entry[2], f"Stretch {place}")]


def _shape(entry: Any, place: int) -> dict[str, Any]:
    where = f"Shape {place}"
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or kind not in _CORNERS or not set(entry) <= {"kind", "label", "points"}:
        raise NotADrawing(
            f'{where}: write {{"kind": "box", "label": "…", "points": [[left, top], [right, bottom]]}}; a kind is '
            f"{', '.join(_CORNERS)}."
        )
    points = entry.get("points")
    if not isinstance(points, list) or not all(
        isinstance(point, list) and len(point) == 2 and all(map(_number, point)) for point in points[:_MOST_POINTS]
    ):
        raise NotADrawing(f"{where}: points are pairs of numbers, [[x, y], …].")
    least, most, words = _CORNERS[kind]
    if not least <= len(points) <= most:
        raise NotADrawing(f"{where}: {words}.")
    pairs = [[float(x), float(y)] for x, y in points]
    if kind == "box":  # whichever corners were typed
        (left, right), (top, bottom) = sorted(x for x, _ in pairs), sorted(y for _, y in pairs)
        pairs = [[left, top], [right, bottom]]
    return {"kind": kind, "label": _label(entry.get("label", ""), where), "points": pairs}
