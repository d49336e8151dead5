"""Coordinates that a form keeps in fields of their own: x and y, or left, top, width and height."""

import re
from collections.abc import Iterable

from hits.answers.canvas import draw
from hits.answers.corners import Point
from hits.answers.normalise import Entry, number
from hits.answers.outlines import Mark, box
from hits.answers.parts import Shapes
from hits.answers.sources import Sources
from hits.answers.text import one_line

_AXES = ("x", "y", "X", "Y", "left", "top", "width", "height", "Left", "Top", "Width", "Height", "w", "h")
_BEHIND = "0123456789-_. "
# click_x, clickX, head-y-2: the words before, the axis, the number behind.
_AXIS = re.compile(
    r"(?P<stem>.*?(?:(?<![A-Za-z0-9])|(?<=[a-z0-9])(?=[A-Z])))"
    rf"(?P<axis>{'|'.join(_AXES)})(?P<place>[-_. ]?\d{{0,3}})\Z"
)
_BOXES = (("left", "top", "width", "height"), ("x", "y", "width", "height"), ("x", "y", "w", "h"))


def loose_shapes(entries: Iterable[Entry], sources: Sources) -> Shapes | None:
    """The points and boxes in fields of numbers, where the task has a picture for them. The fields stay fields."""
    groups: dict[tuple[str, str], dict[str, float]] = {}
    for entry in entries:
        if not entry.name.rstrip(_BEHIND).endswith(_AXES):
            continue
        match = _AXIS.match(entry.name) if entry.given is None and isinstance(entry.value, (str, int, float)) else None
        found = number(entry.value) if match is not None else None
        if match is None or found is None or len(groups) > 400:
            continue
        groups.setdefault((match["stem"], match["place"]), {}).setdefault(match["axis"].lower(), found)
    if not any({"x", "y"} <= set(group) or {"left", "top"} <= set(group) for group in groups.values()):
        return None
    marks = [mark for (stem, place), group in groups.items() for mark in [_mark(group, f"{stem}{place}")] if mark]
    name = next(iter(groups))[0].strip("-_. ") or "x, y"
    if not marks or not sources.picture(name).url:
        return None
    return draw(marks, name, sources, total=len(marks), guess="fields of numbers read as places on the picture")


def _mark(group: dict[str, float], name: str) -> Mark | None:
    label = one_line(name.strip("-_. "), 80)
    for keys in _BOXES:
        if set(keys) <= set(group):
            return box(label, *(group[key] for key in keys))
    where: Point | None = (group["x"], group["y"]) if {"x", "y"} <= set(group) else None
    return Mark("point", label, [where]) if where else None
