"""One field's value as templates/hits/value.html shows it: words, options, or a picture of what was drawn."""

from collections import Counter
from typing import Any

from hits.answers.painted import COLOUR
from hits.answers.sources import Sources
from hits.answers.spans import spans
from hits.answers.text import one_line, shown
from hits.answers.values import is_blank, is_drawing

_SHORT, _LONG = 280, 4_000
_MOST_MARKS = 120


def shown_value(value: Any, name: str, sources: Sources) -> dict[str, Any]:
    """A value as a template draws it: {"kind": blank, text, options or drawing, …}."""
    if is_drawing(value):
        return _drawing(value, name, sources)
    if value is True or value is False:
        return {"kind": "text", "text": "yes" if value else "no", "rest": ""}
    if is_blank(value):
        return {"kind": "blank"}
    field = sources.question.fields.get(name)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        words = [one_line(field.text_of(item) if field else item, 200) for item in value[:40]]
        return {"kind": "options", "options": words, "more": max(0, len(value) - 40)}
    text = shown(field.text_of(value) if field and isinstance(value, str) else value, _LONG)
    return {"kind": "text", "text": text[:_SHORT], "rest": text[_SHORT:]}


def _drawing(value: dict[str, Any], name: str, sources: Sources) -> dict[str, Any]:
    drawn: dict[str, Any] = {"kind": value["drawing"], "picture": sources.picture(name)}
    order = sources.colours(name)
    if value["drawing"] == "spans":
        marked = spans([(start, end, label) for start, end, label in value["spans"][:_MOST_MARKS]], name, sources)
        labels = [span.label for span in marked.spans]
        return drawn | {"spans": marked.spans, "words": _words(labels, "marked stretch", "marked stretches")}
    if value["drawing"] == "mask":
        labels = list(value["labels"].values())
        image = f"data:image/png;base64,{value['png']}" if value["png"] else ""
        size = {"width": value["width"], "height": value["height"]}
        words = _words(labels, "label", "labels")
        return drawn | size | {"mask": image, "words": words, "legend": legend(value["labels"])[:_MOST_MARKS]}
    shapes = value["shapes"]
    corners = [point for shape in shapes for point in shape["points"]]
    width = value["width"] or max([point[0] for point in corners] + [1.0]) * 1.05
    height = value["height"] or max([point[1] for point in corners] + [1.0]) * 1.05
    marks = []
    for shape in shapes[:_MOST_MARKS]:
        xs, ys = [point[0] for point in shape["points"]], [point[1] for point in shape["points"]]
        colour = order.setdefault(shape["label"], len(order)) % 12
        box = {"x": _n(min(xs)), "y": _n(min(ys)), "width": _n(max(xs) - min(xs)), "height": _n(max(ys) - min(ys))}
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape["points"])
        marks.append({"kind": shape["kind"], "label": shape["label"], "colour": colour, "points": path, **box})
    nouns = {"box": ("box", "boxes"), "polygon": ("polygon", "polygons"), "point": ("point", "points")}
    kinds = {shape["kind"] for shape in shapes}
    noun = nouns.get(kinds.pop(), ("shape", "shapes")) if len(kinds) == 1 else ("shape", "shapes")
    return drawn | {
        "width": _n(width),
        "height": _n(height),
        "sized": bool(value["width"]),
        "font": _n(max(width, height * 1.3) / 24),
        "marks": marks,
        "words": _words([shape["label"] for shape in shapes], *noun),
    }


def legend(labels: dict[str, str]) -> list[dict[str, Any]]:
    """The entries of a mask's legend; those that share a label are told apart by a number."""
    many, seen = Counter(labels.values()), Counter[str]()
    entries = []
    for place, (key, label) in enumerate(labels.items()):
        seen[label] += 1
        fill = key if COLOUR.match(key) else ""
        words = one_line(label, 80) + (f" {seen[label]}" if many[label] > 1 else "")
        entries.append({"key": key, "label": words, "fill": fill, "colour": place % 12, "index": place})
    return entries


def _words(labels: list[str], one: str, many: str) -> str:
    if not labels:
        return "nothing marked"
    counts = Counter(label for label in labels if label)
    listed = ", ".join(
        f"{one_line(label, 40)} ×{n}" if n > 1 else one_line(label, 40) for label, n in list(counts.items())[:6]
    )
    return f"{len(labels)} {one if len(labels) == 1 else many}" + (f": {listed}" if listed else "")


def _n(value: float) -> str:
    return f"{max(-1e6, min(1e6, value)):.2f}".rstrip("0").rstrip(".")
