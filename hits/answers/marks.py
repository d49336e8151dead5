"""One shape as somebody's tool wrote it: which keys hold its corners, what kind it is and what it is called.

Amazon's widgets, the old image tagger, VIA, LabelMe, COCO, Label Studio, GeoJSON, W3C annotations, canvas libraries and
pages of people's own differ in names and nesting only, so everything goes by shape; names of keys are compared without
capitals and underscores.
"""

from collections.abc import Iterable
from typing import Any

from hits.answers.corners import MOST_POINTS, cell, fold, folded, is_plain, read_points
from hits.answers.envelopes import foreign
from hits.answers.outlines import (
    CENTRES,
    CORNERS,
    ENDS,
    INSIDE,
    KINDS,
    LABELS,
    LINE_ENDS,
    MOST_KEYS,
    NO_SHAPES,
    POINTS,
    RADII,
    SIZES,
    Mark,
    box,
    label_of,
    plain_shape,
)
from hits.answers.text import one_line


def marks_in(items: Iterable[Any], kind: str, name: str = "") -> list[Mark]:
    """The shapes of a list's items; `kind` is what their widget draws, "" where only their own keys can tell."""
    return [mark for item in items for mark in marks(item, kind, name)]


def marks(item: Any, kind: str, name: str = "") -> list[Mark]:
    """The shapes of one item, none where it is something else."""
    if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], dict):
        item = {"type": item[0], **item[1]}  # paper.js: ["Path", {…}]
    if not isinstance(item, dict) or not 0 < len(item) <= MOST_KEYS:
        return []
    if len(item) <= 5 and kind in ("", "box"):
        usual = _usual_box(item)
        if usual is not None:
            return [usual]
    if len(item) == 2 and kind in ("", "point") and is_plain(item.get("x")) and is_plain(item.get("y")):
        x, y = cell(item["x"]), cell(item["y"])
        return [] if x is None or y is None else [Mark("point", "", [(x, y)])]
    keys = folded(item)
    if not kind and _TELLING.isdisjoint(keys):
        return []
    if not kind:
        found = foreign(keys)
        if found is not None:
            return found
    label = label_of(keys)
    plain = plain_shape(keys, label, kind, name)
    if plain is None and not kind:
        for inner in INSIDE:
            plain = _inside(keys.get(inner), label, name)
            if plain is not None:
                break
    if plain is None and kind in ("", "point"):
        return _triples(keys.get("keypoints"), "" if label.isdigit() else label)
    if plain is None:
        return []
    more = _said_beside(item, label)
    return [plain._replace(more=more) if more else plain]


def _usual_box(item: dict[str, Any]) -> Mark | None:
    """A box as nearly all of them come, in a third of the time."""
    label = item.get("label", "")
    sides = [item.get("left"), item.get("top"), item.get("width"), item.get("height")]
    if len(item) != 4 + ("label" in item) or type(label) is not str:
        return None
    numbers = [side for side in sides if is_plain(side) and -1e15 < side < 1e15]
    return box(one_line(label, 200) if label else "", *numbers) if len(numbers) == 4 else None


def is_no_shape(item: Any) -> bool:
    """Whether an item of a canvas is a picture or a text that stands on it."""
    return isinstance(item, dict) and fold(str(item.get("type", ""))[:40]) in NO_SHAPES


def _inside(value: Any, label: str, name: str) -> Mark | None:
    """A shape under a name of its own: {"bbox": [10, 20, 30, 40], "label": "dog"}."""
    if isinstance(value, dict) and 0 < len(value) <= MOST_KEYS:
        keys = folded(value)
        found = plain_shape(keys, label or label_of(keys), "", name)
        return found._replace(label=label or found.label) if found is not None else None
    if isinstance(value, list) and len(value) == 4 and all(cell(item) is not None for item in value):
        return box(label, *(cell(item) or 0.0 for item in value))
    if isinstance(value, list) and len(value) == 2:
        points = read_points(value)
        if len(points) == 2:
            return box(label, *points[0], points[1][0] - points[0][0], points[1][1] - points[0][1])
    return None


def _triples(value: Any, label: str) -> list[Mark]:
    """Key points as COCO lists them: x, y and how visible it is; 0, 0, 0 is one that is not there."""
    if not isinstance(value, list) or not 3 <= len(value) <= 3 * MOST_POINTS or len(value) % 3:
        return []
    cells = [cell(item) for item in value]
    if None in cells or any(seen not in (0, 1, 2) for seen in cells[2::3]):
        return []
    found = zip(cells[0::3], cells[1::3], cells[2::3], strict=True)
    return [
        Mark("point", f"{label} {place + 1}".strip(), [(x or 0.0, y or 0.0)])
        for place, (x, y, seen) in enumerate(found)
        if seen
    ]


#: Keys without one of which nothing is a shape.
_TELLING = {keys[0] for keys in (*SIZES, *CORNERS, *CENTRES, *RADII, *ENDS, *LINE_ENDS)} | {*POINTS, *INSIDE}
_TELLING |= {"point", "keypoints", "shapeattributes", "value", "target", "scalex", "originx"}
_GEOMETRY = {key for keys in (*SIZES, *CORNERS, *CENTRES, *RADII, *ENDS, *LINE_ENDS) for key in keys}
_GEOMETRY |= {*POINTS, *INSIDE, *KINDS, *LABELS, "closed", "keypoints", "rotation", "angle", "theta", "id", "area"}
_GEOMETRY |= {"originx", "originy", "scalex", "scaley", "imageid", "originalwidth", "originalheight", "fromname"}
_GEOMETRY |= {"toname", "imagerotation", "iscrowd", "groupid", "fill", "stroke", "strokewidth", "url", "src", "image"}


def _said_beside(item: dict[str, Any], label: str) -> str:
    """What an item says beside its shape, for the list: "occluded: yes, text: STOP"."""
    said = []
    for name, value in item.items():
        key = fold(name)
        if key in _GEOMETRY and (key not in ("text", "title", "caption") or value == label):
            continue
        if isinstance(value, bool):
            said.append(f"{name}: {'yes' if value else 'no'}")
        elif (isinstance(value, str) and 0 < len(value) <= 400) or isinstance(value, (int, float)):
            said.append(f"{name}: {one_line(value, 120)}")
        if len(said) >= 6:
            break
    return one_line(", ".join(said), 300)
