"""One shape by its own keys: which of them hold its corners, what kind it is and what it is called."""

import re
from collections.abc import Iterable
from math import cos, hypot, pi, radians, sin
from typing import Any, NamedTuple

from hits.answers.corners import Keys, Point, cell, fold, point, read_points, read_text, ring, spaced
from hits.answers.text import one_line

MOST_KEYS = 60
_ROUND = 32  # corners that stand for a circle


class Mark(NamedTuple):
    """A shape in the picture's pixels. `kind` is box, polygon, polyline, point or ellipse; a box has two corners."""

    kind: str
    label: str
    points: list[Point]
    negative: bool = False  # its size was given as less than nothing
    more: str = ""  # what else its item says
    angle: float = 0.0  # it was turned by so many degrees, which is not drawn


LABELS: tuple[str, ...] = (
    "label",
    "labels",
    "class",
    "classname",
    "category",
    "categoryname",
    "objectname",
    "name",
    "tag",
    "tags",
)
LABELS += ("type", "text", "title", "caption", "object", "objecttype", "classid", "categoryid", "labelid", "id")
THEIR_LABELS = ("rectanglelabels", "polygonlabels", "keypointlabels", "ellipselabels", "brushlabels")
POINTS: tuple[str, ...] = (
    "vertices",
    "points",
    "data",
    "polygon",
    "coordinates",
    "coords",
    "path",
    "line",
    "segmentation",
    "segments",
)
POINTS += ("polyline", "outline", "contour", "corners", "d")
CORNERS: tuple[tuple[str, str, str, str], ...] = (
    ("xmin", "ymin", "xmax", "ymax"),
    ("x1", "y1", "x2", "y2"),
    ("left", "top", "right", "bottom"),
)
CORNERS += (("startx", "starty", "endx", "endy"), ("x0", "y0", "x1", "y1"), ("minx", "miny", "maxx", "maxy"))
SIZES: tuple[tuple[str, str, str, str], ...] = (
    ("left", "top", "width", "height"),
    ("x", "y", "width", "height"),
    ("x", "y", "w", "h"),
)
SIZES += (("startx", "starty", "w", "h"), ("startx", "starty", "width", "height"), ("left", "top", "w", "h"))
ENDS = (("topleft", "bottomright"), ("upperleft", "lowerright"), ("lefttop", "rightbottom"), ("tl", "br"))
LINE_ENDS = (("start", "end"), ("p1", "p2"), ("from", "to"))
INSIDE = ("bbox", "box", "boundingbox", "rect", "rectangle", "bounds", "shape", "geometry", "position", "location")
CENTRES = (("cx", "cy"), ("x", "y"), ("centerx", "centery"), ("centrex", "centrey"))
RADII = (("r", "r"), ("radius", "radius"), ("rx", "ry"), ("radiusx", "radiusy"))
KINDS = ("mode", "shapetype", "type", "shape", "tool", "kind", "geometrytype")
#: What may stand beside x and y without its being something else than a point.
_BESIDE_A_POINT = {"z", "v", "visible", "visibility", "confidence", "score", "index", "order", "number", "color"}
_BESIDE_A_POINT |= {"colour", "comment", "note", "attributes"}
_POINT_KEYS = {"x", "y", "cx", "cy", *LABELS, *_BESIDE_A_POINT}
_MODES = {"bbox": "box", "box": "box", "rect": "box", "rectangle": "box", "boundingbox": "box", "square": "box"}
_MODES |= dict.fromkeys(("dot", "point", "keypoint", "marker", "click"), "point")
_MODES |= dict.fromkeys(("line", "link", "polyline", "path", "linestring", "linestrip", "arrow", "stroke"), "polyline")
_MODES |= {"polygon": "polygon", "freehand": "polygon", "circle": "ellipse", "ellipse": "ellipse"}
NO_SHAPES = {"image", "text", "itext", "textbox", "activeselection"}  # that canvas libraries keep beside the shapes

LINE_NAME = re.compile(
    r"(?i)(?<![a-z])(poly)?lines?(?![a-z])|stroke|scribble|trace|trajector|curve|arrow|edges?(?![a-z])"
)
POINT_NAME = re.compile(
    r"(?i)click|(?<![a-z])dots?(?![a-z])|gaze|fixation|marker|landmark|key[ _-]?points?|joint|pose(?![a-z])|skeleton"
)


def label_of(keys: Keys) -> str:
    for key in (*THEIR_LABELS, *LABELS):
        found = words_of(keys.get(key))
        if found and not (key in ("type", "name") and fold(found) in _MODES):
            return found
    return ""


def words_of(value: Any) -> str:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return one_line(value, 200)
    if isinstance(value, dict) and len(value) <= 12:
        inner = next((value[key] for key in ("label", "name", "value", "text") if key in value), None)
        return one_line(inner, 200) if isinstance(inner, (str, int)) and not isinstance(inner, bool) else ""
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value[:5]):
        return one_line(", ".join(value[:5]), 200)
    return ""


def kind_word(keys: Keys) -> str:
    for key in KINDS:
        value = keys.get(key)
        if isinstance(value, str) and fold(value[:40]) in _MODES:
            return _MODES[fold(value[:40])]
    return ""


def plain_shape(keys: Keys, label: str, kind: str, name: str) -> Mark | None:
    mark = None
    if kind in ("", "box"):
        mark = box_of(keys, label)
        if mark is not None and not kind:
            word = kind_word(keys)
            ends = four(keys, CORNERS)
            if ends is not None and (word == "polyline" or (not word and LINE_NAME.search(spaced(name)))):
                return Mark("polyline", label, [ends[:2], ends[2:]])
            if word == "ellipse" and len(mark.points) == 2:
                return ellipse_in(mark)
            angle = cell(keys.get("rotation", keys.get("angle"))) or 0.0
            mark = mark._replace(angle=angle) if angle % 360 else mark
    if mark is None and kind == "":
        mark = _circle(keys, label)
    if mark is None and kind in ("", "polygon", "polyline", "line"):
        mark = _outline_of(keys, label, kind)
    if mark is None and kind in ("", "point"):
        x, y = _first(keys, (("x", "y"), ("cx", "cy")) if not kind else (("x", "y"),))
        if x is not None and y is not None and (kind or set(keys) <= _POINT_KEYS or POINT_NAME.search(spaced(name))):
            mark = Mark("point", label, [(x, y)])
    return mark


def box_of(keys: Keys, label: str) -> Mark | None:
    """A box by the names of its sides or corners."""
    sizes = four(keys, SIZES)
    if sizes is not None:
        return box(label, *sizes)
    ends = four(keys, CORNERS)
    if ends is not None:
        return box(label, ends[0], ends[1], ends[2] - ends[0], ends[3] - ends[1])
    for one, other in ENDS:
        first, second = point(keys.get(one)), point(keys.get(other))
        if first and second:
            return box(label, *first, second[0] - first[0], second[1] - first[1])
    return None


def box(label: str, x: float, y: float, width: float, height: float) -> Mark:
    corners = [(min(x, x + width), min(y, y + height)), (max(x, x + width), max(y, y + height))]
    return Mark("box", label, corners, width < 0 or height < 0)


def _outline_of(keys: Keys, label: str, kind: str) -> Mark | None:
    closed = keys.get("closed")
    points: list[Point] = []
    for key in POINTS:
        value = keys.get(key)
        if isinstance(value, str):
            points, closes = read_text(value)
            closed = True if closes else closed
        else:
            points = read_points(value) or ([] if kind else ring(value))
        if points:
            break
    word = "" if kind else kind_word(keys)
    if not points and not kind:
        for one, other in LINE_ENDS:
            first, second = point(keys.get(one)), point(keys.get(other))
            if first and second:
                points, word = [first, second], word or "polyline"
                break
        else:
            single = point(keys.get("point", keys.get("position")))
            if single is None and word == "point":
                single = point(keys.get("data", keys.get("coordinates")))
            points = [single] if single else []
    if not points:
        return None
    drawn = ("polyline" if kind == "line" else kind) or word or "polygon"
    if closed is True and drawn == "polyline" and not kind:
        drawn = "polygon"
    if drawn == "point" or len(points) == 1:
        return Mark("point", label, points[:1])
    if drawn == "ellipse":
        radius = hypot(points[1][0] - points[0][0], points[1][1] - points[0][1])  # LabelMe: centre, a point on it
        return Mark("ellipse", label, ellipse(*points[0], radius, radius))
    if drawn == "box":
        (x, y), (right, bottom) = points[0], points[-1] if len(points) < 4 else points[2]
        return box(label, x, y, right - x, bottom - y)
    return Mark("polyline" if len(points) == 2 else drawn, label, points)


def _circle(keys: Keys, label: str) -> Mark | None:
    across, down = _first(keys, RADII)
    if across is None or down is None or across <= 0 or down <= 0 or ("g" in keys and "b" in keys):
        return None  # r, g and b are a colour
    x, y = _first(keys, CENTRES)
    if x is None or y is None:
        centre = point(keys.get("center", keys.get("centre")))
        if centre is None:
            return None
        x, y = centre
    return Mark("ellipse", label, ellipse(x, y, across, down, cell(keys.get("theta")) or 0.0))


def ellipse(x: float, y: float, across: float, down: float, angle: float = 0.0) -> list[Point]:
    """Corners on an ellipse; `angle` in radians."""
    found = []
    for place in range(_ROUND):
        at = 2 * pi * place / _ROUND
        right, below = across * cos(at), down * sin(at)
        found.append((x + right * cos(angle) - below * sin(angle), y + right * sin(angle) + below * cos(angle)))
    return found


def ellipse_in(mark: Mark) -> Mark:
    (left, top), (right, bottom) = mark.points
    middle = (left + right) / 2, (top + bottom) / 2
    return mark._replace(kind="ellipse", points=ellipse(*middle, (right - left) / 2, (bottom - top) / 2))


def turned(points: list[Point], around: Point, degrees: float) -> list[Point]:
    angle = radians(degrees)
    (x, y), cosine, sine = around, cos(angle), sin(angle)
    return [(x + (px - x) * cosine - (py - y) * sine, y + (px - x) * sine + (py - y) * cosine) for px, py in points]


def rectangle(mark: Mark) -> list[Point]:
    (left, top), (right, bottom) = mark.points
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def four(keys: Keys, names: Iterable[tuple[str, ...]]) -> tuple[float, float, float, float] | None:
    for group in names:
        if group[0] in keys:
            found = [cell(keys.get(key)) for key in group]
            if None not in found:
                return tuple(found)  # type: ignore[return-value]
    return None


def _first(keys: Keys, names: Iterable[tuple[str, str]]) -> tuple[float | None, float | None]:
    for one, other in names:
        first, second = cell(keys.get(one)), cell(keys.get(other))
        if first is not None and second is not None:
            return first, second
    return None, None
