"""One shape in somebody's envelope: VIA, Label Studio, GeoJSON, W3C annotations, objects of a canvas library."""

import re
from typing import Any

from hits.answers.corners import MOST_POINTS, Keys, Point, cell, closes, fold, folded, read_points
from hits.answers.normalise import number
from hits.answers.outlines import (
    CORNERS,
    MOST_KEYS,
    THEIR_LABELS,
    Mark,
    box,
    ellipse,
    ellipse_in,
    four,
    kind_word,
    label_of,
    plain_shape,
    rectangle,
    turned,
    words_of,
)
from hits.answers.text import one_line

_FRAGMENT = re.compile(r"xywh=(pixel:|percent:)?([\d.,-]{7,80})")
_SVG = re.compile(r"<(polygon|polyline|path|rect|circle|ellipse|line)\b([^<>]{1,20000})>")
_ATTRIBUTE = re.compile(r"([\w:-]{1,20})\s*=\s*[\"']([^\"']{0,20000})[\"']")


def foreign(keys: Keys) -> list[Mark] | None:
    """The shapes of an item of a known tool; None where it is of none of them."""
    if isinstance(keys.get("shapeattributes"), dict):
        return _via(keys)
    if "scalex" in keys or "originx" in keys:
        return _on_canvas(keys)
    inner = keys.get("value")
    if any(key in keys for key in THEIR_LABELS) or (isinstance(inner, dict) and "originalwidth" in keys):
        return _percent(keys, folded(inner) if isinstance(inner, dict) else keys)
    if isinstance(inner, dict) and any(fold(key) in THEIR_LABELS for key in inner):
        return _percent(keys, folded(inner))
    if "target" in keys and ("body" in keys or "bodies" in keys or keys.get("type") == "Annotation"):
        return _w3c(keys)
    geometry = keys.get("geometry") if keys.get("type") == "Feature" else keys
    if isinstance(geometry, dict) and str(geometry.get("type"))[:20] in _GEOJSON and "coordinates" in geometry:
        return _geojson(geometry, keys.get("properties"))
    return None


def _via(keys: Keys) -> list[Mark]:
    inner = folded(keys["shapeattributes"])
    word = str(inner.pop("name", ""))[:40]
    across, down = inner.get("allpointsx"), inner.get("allpointsy")
    if isinstance(across, list) and isinstance(down, list) and len(across) == len(down):
        inner = {"points": [list(pair) for pair in zip(across[:MOST_POINTS], down[:MOST_POINTS], strict=True)]}
    said = keys.get("regionattributes")
    values = list(said.items())[:12] if isinstance(said, dict) else []
    words = [
        ", ".join(str(key) for key, ticked in value.items() if ticked) if isinstance(value, dict) else words_of(value)
        for _, value in values
    ]
    label = next(filter(None, words), "")
    mark = plain_shape({**inner, "type": word}, label, "", "")
    if mark is None:
        return []
    rest = [f"{key}: {text}" for (key, _), text in zip(values, words, strict=True) if text and text != label]
    return [mark._replace(label=one_line(label, 200), more=one_line(", ".join(rest), 300))]


def _percent(keys: Keys, inner: Keys) -> list[Mark]:
    """Label Studio gives percents of the picture, whose size stands beside them."""
    wide, high = cell(keys.get("originalwidth")), cell(keys.get("originalheight"))
    across, down = (wide or 1.0) / 100, (high or 1.0) / 100
    label = label_of({key: inner.get(key, keys.get(key)) for key in THEIR_LABELS}) or words_of(inner.get("labels"))
    radii = [cell(inner.get(key)) for key in ("radiusx", "radiusy")]
    points = read_points(inner.get("points"))
    x, y = cell(inner.get("x")), cell(inner.get("y"))
    if points:
        kind = "polygon" if len(points) > 2 else "polyline"
        return [Mark(kind, label, [(px * across, py * down) for px, py in points])]
    if x is None or y is None:
        return []
    if None not in radii:
        return [Mark("ellipse", label, ellipse(x * across, y * down, radii[0] * across, radii[1] * down))]  # type: ignore[operator]
    size = [cell(inner.get(key)) for key in ("width", "height")]
    if size[0] is None or size[1] is None or "keypointlabels" in inner:
        return [Mark("point", label, [(x * across, y * down)])]
    mark = box(label, x * across, y * down, size[0] * across, size[1] * down)
    angle = cell(inner.get("rotation")) or 0.0
    if angle % 360:
        mark = mark._replace(kind="polygon", points=turned(rectangle(mark), mark.points[0], angle))
    return [mark]


_GEOJSON = {"Polygon", "MultiPolygon", "LineString", "MultiLineString", "Point", "MultiPoint"}


def _geojson(geometry: Keys, properties: Any) -> list[Mark]:
    label = label_of(folded(properties)) if isinstance(properties, dict) and len(properties) <= MOST_KEYS else ""
    kind, value = geometry["type"], geometry["coordinates"]
    if not isinstance(value, list):
        return []
    lists = {"Polygon": value[:1], "LineString": [value], "Point": [[value]], "MultiPoint": [[item] for item in value]}
    if kind == "MultiPolygon":
        lists[kind] = [item[0] for item in value[:50] if isinstance(item, list) and item]
    found = []
    for item in lists.get(kind, value)[:50]:
        points = read_points(item)
        if points and not _on_earth(points):
            drawn = "polygon" if "Polygon" in kind else "polyline" if "Line" in kind else "point"
            found.append(Mark(drawn, label, points))
    return found


def _on_earth(points: list[Point]) -> bool:
    """Whether points are a map's degrees rather than a picture's pixels."""
    return all(abs(x) <= 180 and abs(y) <= 90 for x, y in points) and any(x % 1 or y % 1 for x, y in points)


def _w3c(keys: Keys) -> list[Mark]:
    bodies = keys.get("body", keys.get("bodies"))
    bodies = bodies if isinstance(bodies, list) else [bodies]
    label = ", ".join(filter(None, (words_of(body) for body in bodies[:5] if isinstance(body, dict))))
    target = keys["target"][0] if isinstance(keys["target"], list) and keys["target"] else keys["target"]
    selectors = target.get("selector") if isinstance(target, dict) else None
    for selector in selectors[:5] if isinstance(selectors, list) else [selectors]:
        if not isinstance(selector, dict):
            continue
        value = selector.get("value")
        mark = None
        if isinstance(value, str):
            mark = _fragment(value, label) or _svg(value, label)
        elif isinstance(selector.get("geometry"), dict):
            mark = plain_shape(folded({**selector["geometry"], "type": selector.get("type")}), label, "", "")
        if mark is not None:
            return [mark._replace(label=one_line(label, 200))]
    return []


def _fragment(text: str, label: str) -> Mark | None:
    match = _FRAGMENT.search(text[:400])
    cells = [number(item) for item in match[2].split(",")] if match else []
    if match is None or len(cells) != 4 or None in cells:
        return None
    by = 100.0 if match[1] == "percent:" else 1.0
    return box(label, *((item or 0.0) / by for item in cells))


def _svg(text: str, label: str) -> Mark | None:
    match = _SVG.search(text[:30_000])
    if match is None:
        return None
    keys = folded(dict(_ATTRIBUTE.findall(match[2])))
    return plain_shape({**keys, "type": match[1]}, label, "", "")


def _on_canvas(keys: Keys) -> list[Mark]:
    """An object of a canvas library (fabric.js): moved, scaled and turned after it was drawn."""
    label, word = label_of(keys), kind_word(keys)
    wide, high = cell(keys.get("scalex")), cell(keys.get("scaley"))
    wide, high = 1.0 if wide is None else wide, 1.0 if high is None else high
    values = [cell(keys.get(key)) or 0.0 for key in ("left", "top", "width", "height", "angle")]
    left, top, width, height, angle = values
    width, height = width * abs(wide), height * abs(high)
    left -= width / 2 if keys.get("originx") == "center" else 0.0
    top -= height / 2 if keys.get("originy") == "center" else 0.0
    points = next(filter(None, (read_points(keys.get(key)) for key in ("points", "path"))), [])
    if points and word in ("polygon", "polyline", ""):
        first = min(x for x, _ in points), min(y for _, y in points)
        moved = [((x - first[0]) * abs(wide) + left, (y - first[1]) * abs(high) + top) for x, y in points]
        closed = word == "polygon" or keys.get("path") is None or closes(keys.get("path"))
        kind = "polygon" if closed and word != "polyline" and len(points) > 2 else "polyline"
        return [Mark(kind, label, turned(moved, (left, top), angle))]
    ends = four(keys, CORNERS[1:2])
    if word == "polyline" and ends is not None:
        down = (ends[2] - ends[0]) * (ends[3] - ends[1]) >= 0
        line = [(left, top), (left + width, top + height)]
        line = line if down else [(left, top + height), (left + width, top)]
        return [Mark("polyline", label, turned(line, (left, top), angle))]
    mark = box(label, left, top, width, height)
    if word == "ellipse":
        mark = ellipse_in(mark)
        return [mark._replace(points=turned(mark.points, (left, top), angle))]
    if angle % 360:
        mark = mark._replace(kind="polygon", points=turned(rectangle(mark), (left, top), angle))
    return [mark] if width or height else []
