"""Boxes, polygons, lines and points, found by shape: Amazon's widgets, the old image tagger and people's own tools."""

import re
from typing import Any

from hits.answers.canvas import MOST_SHAPES, draw, size_of
from hits.answers.corners import MOST_POINTS, Point, cell, folded, is_plain, read_points, read_text, spaced
from hits.answers.marks import is_no_shape, marks, marks_in
from hits.answers.outlines import LINE_NAME, POINT_NAME, Mark, box
from hits.answers.parts import Shapes
from hits.answers.sources import Sources
from hits.answers.text import one_line

WIDGETS = {
    "boundingBoxes": "box",
    "polygons": "polygon",
    "polylines": "polyline",
    "lines": "line",
    "keypoints": "point",
}
_BOXY = re.compile(r"(?i)(?<!check)(?<!text)box|rect|region|crop|annot")
_OUTLINED = re.compile(
    r"(?i)poly|outline|contour|segment|vert(ex|ices)|boundar|perimeter|lasso|silhouette|annot|region|mask"
    r"|(?<![a-z])(shapes?|coords?|coordinates|points|paths?)(?![a-z])"
)
# For numbers without brackets around their pairs, which are less sure to be any.
_BOX = re.compile(r"(?i)(?<!check)(?<!text)box|rect|crop")
_CORNERED = re.compile(r"(?i)poly|outline|contour|vert(ex|ices)|boundar|perimeter|lasso|silhouette")
_CORNERED_OVER_A_PICTURE = re.compile(
    r"(?i)shapes?(?![a-z])|coords?(?![a-z])|coordinates|(?<![a-z])(points|paths?)(?![a-z])"
)
# Names that are no labels where {name: shapes} is read as {label: shapes}.
_NO_LABEL = re.compile(r"(?i)box|rect|poly|line|point|shape|annot|region|coord|object|item|list|data|result|mark")


def widget_shapes(value: Any, path: str, sources: Sources, near: str = "") -> tuple[Shapes, set[str]] | None:
    """Shapes in a dict as a crowd widget gives it, with the keys they used."""
    if not isinstance(value, dict):
        return None
    used = {key for key in WIDGETS if isinstance(value.get(key), list)}
    if not used or not all(marks_in(value[key][:20], WIDGETS[key]) or not value[key] for key in used):
        return None
    found: list[Mark] = []
    total = 0
    for key in WIDGETS:
        if key in used:
            total += len(value[key])
            found += marks_in(value[key][: MOST_SHAPES - len(found)], WIDGETS[key])
    kinds = {WIDGETS[key] for key in used}
    part = draw(
        found,
        path,
        sources,
        size=size_of(value),
        total=total,
        kind=kinds.pop() if len(kinds) == 1 else "",
        near=near,
        changed=value.get("initialValueModified"),
    )
    return part, used | {"inputImageProperties", "initialValueModified"}


def listed_shapes(value: Any, path: str, sources: Sources, near: str = "", size: Any = None) -> Shapes | None:
    """A list of boxes, outlines or points as the old image tagger and people's own tools give it."""
    if not isinstance(value, list) or not value:
        return None
    if not all(isinstance(item, dict) for item in value[:20]) and not _on_paper(value):
        return None
    name = _name(path)
    if len(value) > 2 and all(isinstance(item, dict) and set(item) == {"x", "y"} for item in value[:MOST_POINTS]):
        return _row_of_points(read_points(value), name, path, sources, near, size)
    items = [item for item in value[: MOST_SHAPES * 2] if not is_no_shape(item)]
    if not items or not all(marks(item, "", name) for item in items[:20]):
        return _in_other_words(items, path, sources, near, size)
    found = marks_in(items[:MOST_SHAPES], "", name)[:MOST_SHAPES]
    total = max(len(found), len(value) - (len(value[: MOST_SHAPES * 2]) - len(items)))
    return draw(found, path, sources, size=size or size_of(items[0]), total=total, near=near)


def _in_other_words(items: list[Any], path: str, sources: Sources, near: str, size: Any) -> Shapes | None:
    """Outlines under names that are not English: each item has one list of pairs, and there is a picture."""
    found = []
    for item in items[:MOST_SHAPES]:
        if not isinstance(item, dict) or len(item) > 12:
            return None
        rows = [read_points(value) for value in item.values() if isinstance(value, list)]
        rows = [row for row in rows if len(row) > 2]
        if len(rows) != 1:
            return None
        texts = [value for value in item.values() if isinstance(value, str) and 0 < len(value) <= 60]
        found.append(Mark("polygon", one_line(texts[0], 200) if len(texts) == 1 else "", rows[0]))
    if not found or not _has_picture(path, sources, near):
        return None
    guess = "lists of pairs read as the corners of outlines"
    return draw(found, path, sources, size=size, total=len(items), near=near, guess=guess)


def _on_paper(value: list[Any]) -> bool:
    return all(
        isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], dict)
        for item in value[:20]
    )


def _row_of_points(
    points: list[Point], name: str, path: str, sources: Sources, near: str, size: Any, guess: str = ""
) -> Shapes | None:
    """Points without a word between them: one outline, one line, or as many points, as the name says."""
    if not points:
        return None
    kind = "point" if POINT_NAME.search(name) else "polyline" if LINE_NAME.search(name) else "polygon"
    if kind == "point":
        found = [Mark("point", "", [here]) for here in points[:MOST_SHAPES]]
        return draw(found, path, sources, size=size, total=len(points), near=near, guess=guess)
    kind = kind if len(points) > 2 else "polyline"
    return draw([Mark(kind, "", points)], path, sources, size=size, total=1, near=near, guess=guess)


def guessed_shapes(
    value: Any, path: str, sources: Sources, near: str = "", scale: float = 1.0, size: Any = None
) -> Shapes | None:
    """Bare numbers, where the name or a picture speaks for their being shapes; marked as a guess."""
    if isinstance(value, str):
        return _written(value, path, sources, near, size)
    if not isinstance(value, list):
        return None
    name = _name(path)
    flat = [cell(item) for item in value] if len(value) == 4 else []
    if len(flat) == 4 and None not in flat and all(map(is_plain, value)) and _BOX.search(name):
        value = [value]
    if value == [] or is_quads(value):
        return _quads(value, path, sources, near, scale, size)
    few = len(value) < 3 and not POINT_NAME.search(name)
    if value and not few and all(isinstance(item, list) and len(item) == 2 for item in value[:MOST_POINTS]):
        if POINT_NAME.search(name) or LINE_NAME.search(name) or _OUTLINED.search(name):
            points = [(x / scale, y / scale) for x, y in read_points(value)]
            return _row_of_points(points, name, path, sources, near, size, "pairs of numbers read as points")
        return None
    rows = [read_points(item) for item in value[:MOST_SHAPES] if isinstance(item, list)]
    if rows and len(rows) == len(value[:MOST_SHAPES]) and all(len(row) > 1 for row in rows):
        sure = all(isinstance(item[0], dict) for item in value[:MOST_SHAPES])
        if not sure and not (_OUTLINED.search(name) or LINE_NAME.search(name) or _has_picture(path, sources, near)):
            return None
        kind = "polyline" if LINE_NAME.search(name) else "polygon"
        found = [
            Mark(kind if len(row) > 2 else "polyline", "", [(x / scale, y / scale) for x, y in row]) for row in rows
        ]
        guess = "" if sure else "lists of pairs read as the corners of outlines"
        return draw(found, path, sources, size=size, total=len(value), near=near, guess=guess)
    return None


def _quads(value: list[Any], path: str, sources: Sources, near: str, scale: float, size: Any) -> Shapes | None:
    if not _BOXY.search(path) and (value == [] or not _has_picture(path, sources, near)):
        return None
    # `is_quads` has seen the first rows only.
    rows = [[found for found in map(cell, row) if found is not None] for row in value[:MOST_SHAPES] if _is_row(row)]
    rows = [row for row in rows if len(row) == 4]
    corners = _are_corners(rows, size_of(size))
    found = []
    for row in rows:
        x, y, width, height = (here / scale for here in row)
        found.append(box("", x, y, width - x, height - y) if corners else box("", x, y, width, height))
    note = "four numbers read as left, top, " + ("right, bottom" if corners else "width, height")
    if scale != 1.0:
        note += f", divided by the scale {scale:g}"
    return draw(found, path, sources, size=size, total=len(value), near=near, kind="box", guess=note)


def _are_corners(rows: list[list[float]], size: tuple[float, float]) -> bool:
    """Whether four numbers are two corners: as widths they would leave the picture, as corners they do not."""
    width, height = size
    if not rows or not width or not height or not all(x < right and y < low for x, y, right, low in rows):
        return False
    leaves = any(x + right > width + 2 or y + low > height + 2 for x, y, right, low in rows)
    return leaves and all(right <= width + 2 and low <= height + 2 for _, _, right, low in rows)


def _written(text: str, path: str, sources: Sources, near: str, size: Any) -> Shapes | None:
    """Coordinates in one text: "10,20 30,40 50,60", an SVG path, or four numbers under the name of a box."""
    name = _name(path)
    points, closes = read_text(text)
    if not points:
        return None
    seen = _has_picture(path, sources, near)
    if len(points) == 2 and _BOX.search(name):
        row = [points[0][0], points[0][1], points[1][0], points[1][1]]
        return _quads([row], path, sources, near, 1.0, size)
    line = bool(LINE_NAME.search(name)) and not closes
    if line and seen and len(points) > 1:
        return _row_of_points(points, name, path, sources, near, size, "numbers read as points")
    if len(points) > 2 and (closes or _CORNERED.search(name) or (seen and _CORNERED_OVER_A_PICTURE.search(name))):
        if not (seen or _CORNERED.search(name)):
            return None
        mark = Mark("polygon", "", points)
        return draw([mark], path, sources, size=size, total=1, near=near, guess="numbers read as corners")
    if seen and POINT_NAME.search(name):
        return _row_of_points(points, name, path, sources, near, size, "numbers read as points")
    return None


def _has_picture(path: str, sources: Sources, near: str) -> bool:
    picture = sources.picture(path, near)
    return bool(picture.url) or picture.link is not None


def is_quads(value: Any) -> bool:
    """Whether `value` is a list of rows of four numbers each."""
    return (
        isinstance(value, list) and bool(value) and all(_is_row(row) and all(map(is_plain, row)) for row in value[:50])
    )


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4


def one_shape(value: Any, path: str, sources: Sources, near: str = "") -> tuple[Shapes, set[str]] | None:
    """A single shape that is not in a list, where its name, its label or a picture speaks for it; pages report windows
    like this."""
    if not isinstance(value, dict) or not 1 < len(value) <= 40:
        return None
    found = marks(value, "", _name(path))
    if len(found) != 1:
        return None
    kind = found[0].kind
    said = (
        _BOXY.search(path) if kind == "box" else POINT_NAME.search(_name(path)) if kind == "point" else found[0].label
    )
    if not said and not _has_picture(path, sources, near):
        return None
    used = {key for key, item in value.items() if not isinstance(item, dict) or key == "geometry"}
    used |= {key for key in value if marks({key: value[key]}, "")}
    return draw(found, path, sources, size=size_of(value), total=1, near=near), used


def named_points(value: Any, path: str, sources: Sources, near: str = "") -> tuple[Shapes, set[str]] | None:
    """Points under their names, {"left eye": {"x": 1, "y": 2}, …}, where a name or a picture speaks for it."""
    if not isinstance(value, dict) or not 0 < len(value) <= 200:
        return None
    if not any(isinstance(item, (dict, list)) for item in value.values()):
        return None
    hinted = bool(POINT_NAME.search(_name(path)))
    found: dict[str, Mark] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            mark = marks(item, "", "point") if {"x", "y"} <= set(folded(item)) and len(item) <= 8 else []
        elif hinted and isinstance(item, list) and 2 <= len(item) <= 3:
            mark = marks({"point": item[:2]}, "")
        else:
            mark = []
        if len(mark) == 1 and mark[0].kind == "point":
            found[key] = mark[0]._replace(label=one_line(key, 200))
    if not found or (len(found) < 2 and not hinted and not near):
        return None
    if not hinted and not _has_picture(path, sources, near):
        return None
    part = draw(list(found.values()), path, sources, size=size_of(value), total=len(found), near=near)
    return part, set(found)


def by_label(value: Any, path: str, sources: Sources, near: str = "") -> tuple[Shapes, set[str]] | None:
    """Lists of shapes under their labels, {"car": [[10, 20, 30, 40]], "dog": […]}, as one drawing."""
    if not isinstance(value, dict) or not 1 < len(value) <= 60:
        return None
    if not all(isinstance(item, list) for item in value.values()) or any(map(_NO_LABEL.search, value)):
        return None
    found: list[Mark] = []
    guess = ""
    for key, items in value.items():
        if not items:
            continue
        rows = marks_in(items[:MOST_SHAPES], "", key) if all(isinstance(item, dict) for item in items[:20]) else []
        if not rows and is_quads(items) and (_BOXY.search(path) or _has_picture(path, sources, near)):
            rows = [box("", *(cell(here) or 0.0 for here in row)) for row in items[:MOST_SHAPES] if _is_row(row)]
            guess = "four numbers read as left, top, width, height"
        if len(rows) < len(items[:MOST_SHAPES]):
            return None
        found += [row._replace(label=row.label or one_line(key, 200)) for row in rows]
    if not found:
        return None
    total = sum(len(items) for items in value.values())
    return draw(found[:MOST_SHAPES], path, sources, total=total, near=near, guess=guess), set(value)


def coco(value: Any, path: str, sources: Sources, near: str = "") -> tuple[Shapes, set[str]] | None:
    """Annotations beside the categories and the picture they name by number."""
    if not isinstance(value, dict) or not isinstance(value.get("annotations"), list) or not value["annotations"]:
        return None
    categories, images = value.get("categories"), value.get("images")
    if not isinstance(categories, list) and not isinstance(images, list):
        return None
    names = {
        item.get("id"): one_line(item.get("name", ""), 200)
        for item in (categories if isinstance(categories, list) else [])[:1_000]
        if isinstance(item, dict) and isinstance(item.get("id"), (str, int))
    }
    found: list[Mark] = []
    for item in value["annotations"][:MOST_SHAPES]:
        here = marks(item, "")
        category = item.get("category_id") if isinstance(item, dict) else None
        label = names.get(category, "") if isinstance(category, (str, int)) else ""
        found += [mark._replace(label=label or mark.label) for mark in here]
    if not found:
        return None
    first = images[0] if isinstance(images, list) and len(images) == 1 else None
    part = draw(found, path, sources, size=first, total=max(len(value["annotations"]), len(found)), near=near)
    return part, {"annotations", "categories"}


def _name(path: str) -> str:
    """The last name of a path, its words apart: what a list of bare numbers is called."""
    return spaced(path.split("[")[0].rsplit(".", 1)[-1] if not path.endswith("]") else path.rsplit(".", 1)[-1])
