"""What an answer says, field by field, in a form in which two workers' answers can be compared.

Values are plain JSON: text, number, truth, a list of texts (options chosen, sorted), a list as it came, or a drawing:

    {"drawing": "shapes", "width": 640.0, "height": 480.0,
     "shapes": [{"kind": "box", "label": "Hand", "points": [[275.0, 146.0], [352.0, 229.0]]}]}
    {"drawing": "mask", "width": 640, "height": 480, "png": "<base64>", "labels": {"#2ca02c": "Car"}}
                                    (and "instances": true where each colour is one thing and labels repeat)
    {"drawing": "spans", "spans": [[0, 6, "person"]]}
"""

import json
import re
from typing import Any

from hits.answers.beside import Beside
from hits.answers.canvas import size_of, with_size
from hits.answers.detect import address_in, found_in, grouped, is_choice, listed
from hits.answers.normalise import Entry, normalise, number
from hits.answers.overlap import mask_overlap, shapes_overlap, spans_overlap
from hits.answers.parse import Given, parse
from hits.answers.parts import Mask, Part, Shapes, Spans
from hits.answers.rows import is_technical
from hits.answers.sources import Sources
from hits.answers.text import shown
from hits.questions import Field, read_question

#: Two drawings that overlap by at least this much say the same (see `compare`): object detection's usual threshold.
SAME_DRAWING = 0.5

MOST_FIELDS = 400
_LONGEST, _MOST_ITEMS = 20_000, 500
_DEEPEST = 6
# A number in text only where nothing is lost by it: 007 and a survey code of twenty digits stay text.
PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,12})?\Z")


def values(answer_xml: str, question_text: str = "", inputs: dict[str, Any] | None = None) -> dict[str, Any]:
    """Field name -> what `answer_xml` says there, in the order of the answer; see the module for the kinds of value.

    Fields that no person filled in (telemetry, tokens, copies of the task) are left out, a field left blank is None.
    At most MOST_FIELDS fields. Never raises: an answer that cannot be read says nothing, {}.
    """
    parsed = parse(answer_xml)
    if parsed.problem:
        return {}
    try:
        question = read_question(question_text)
        sources = Sources(question, inputs)
        return _Reading(sources).of(grouped(list(normalise(parsed, question).entries), sources))
    except (RecursionError, ValueError, OverflowError):
        return {}


def is_blank(value: Any) -> bool:
    """Whether a value says nothing: no answer, blank text, nothing chosen, not ticked, nothing drawn."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, dict):
        return not (value.get("shapes") or value.get("spans") or value.get("labels"))
    return value is None or value is False or value == []


def is_drawing(value: Any) -> bool:
    return isinstance(value, dict) and value.get("drawing") in ("shapes", "mask", "spans")


def same(a: Any, b: Any) -> bool:
    """Whether two values say the same: text and options exactly (outer blanks aside), numbers by their worth, drawings
    where `compare` is at least SAME_DRAWING. Saying nothing in two ways (blank, not ticked) is the same."""
    if is_drawing(a) or is_drawing(b):
        return compare(a, b) >= SAME_DRAWING
    return key_of(a) == key_of(b)


def compare(a: Any, b: Any) -> float:
    """How much two values agree, 0 to 1.

    Text, a number and a truth agree wholly or not at all; options chosen by the share they have in common (Jaccard).
    Shapes are paired label by label, the best overlap first, and the overlaps (IoU of boxes and polygons, nearness of
    points and lines) are divided by the pairs and the shapes left alone. Masks: the mean IoU of their labels' pixels.
    Marked stretches of text: F1 of those that are exactly the same.
    """
    if is_drawing(a) or is_drawing(b):
        if is_blank(a) and is_blank(b):
            return 1.0
        if not (is_drawing(a) and is_drawing(b)) or a["drawing"] != b["drawing"]:
            return 0.0
        if a["drawing"] == "shapes":
            b = _on_the_same_scale(a, b)
        overlap = {"shapes": shapes_overlap, "mask": mask_overlap, "spans": spans_overlap}[a["drawing"]]
        return overlap(a, b)
    if _are_options(a) and _are_options(b):
        ours, theirs = {item.strip() for item in a}, {item.strip() for item in b}
        return len(ours & theirs) / len(ours | theirs) if ours | theirs else 1.0
    return 1.0 if key_of(a) == key_of(b) else 0.0


def _on_the_same_scale(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """`b` as large as `a`: each worker's window may have shown the picture at a size of its own."""
    try:
        sizes = [float(this.get(side) or 0) for this in (a, b) for side in ("width", "height")]
        if not all(1 <= size <= 1e6 for size in sizes) or sizes[:2] == sizes[2:]:
            return b
        across, down = sizes[0] / sizes[2], sizes[1] / sizes[3]
        # A picture has one shape; where the two differ in it, at least one of the sizes is not the picture's.
        if not 0.97 < across / down < 1.03:
            return b
        shapes = [
            {**shape, "points": [[x * across, y * down] for x, y in shape["points"]]} for shape in b.get("shapes", [])
        ]
    except (TypeError, ValueError, KeyError):
        return b
    return {**b, "shapes": shapes, "width": sizes[0], "height": sizes[1]}


def key_of(value: Any) -> str:
    """A text that two values have in common where they say the same; of drawings only where they are identical."""
    if is_blank(value):
        return ""
    if value is True:
        return "true"
    if isinstance(value, str):
        text = tidy(value)
        # A worker's page may send 5 as a number or as text; both are five.
        return _number_key(float(text)) if PLAIN_NUMBER.match(text) else text
    if isinstance(value, (int, float)):
        found = number(value)
        return str(value) if found is None else _number_key(found)
    if _are_options(value):
        return json.dumps(sorted(tidy(item) for item in value), ensure_ascii=False)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def tidy(text: str) -> str:
    """Text as it is compared: without outer blanks, with one kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _number_key(found: float) -> str:
    return str(int(found)) if found == int(found) else repr(found)


def _are_options(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


class _Reading:
    """One pass over an answer; drawings are found by their shape, as they are for showing."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.found: dict[str, Any] = {}
        self.steps = 0
        self.beside = Beside(())

    def of(self, entries: list[Entry]) -> dict[str, Any]:
        self.beside = Beside(entries)
        for entry in entries:
            if len(self.found) >= MOST_FIELDS:
                break
            if is_technical(entry, self.sources) or self.beside.of_a_size(entry.name):
                continue
            field = self.sources.question.fields.get(entry.name)
            if entry.given is not None:
                self.put(entry.name, _given(entry.given, field))
                continue
            part = self.drawing(entry.value, entry.name, "") if isinstance(entry.value, str) else None
            if part is not None:
                self.put(entry.name, _drawn(part))
            else:
                self.read(entry.name, entry.value, field, 0)
        return self.found

    def put(self, name: str, value: Any) -> None:
        name = shown(name, 200)
        if len(self.found) < MOST_FIELDS and (name not in self.found or self.found[name] is None):
            self.found[name] = value

    def drawing(self, value: Any, name: str, near: str, size: Any = None) -> Part | None:
        address = self.beside.address(name)
        near = near or (address.value if address is not None else "")
        scale = self.beside.scale(name)[0]
        return listed(value, name, self.sources, near, scale, size or self.beside.size(name))[0]

    def read(self, name: str, value: Any, field: Field | None, depth: int, near: str = "", size: Any = None) -> None:
        """Put what `value` says under `name`, and under dotted names what a dict holds beside its drawing."""
        self.steps += 1
        if depth > _DEEPEST or self.steps > 5_000 or not isinstance(value, (dict, list)):
            self.put(name, _plain(value, field) if not isinstance(value, (dict, list)) else _cut(value))
        elif isinstance(value, list):
            self.read_list(name, value, field, depth, near, size)
        else:
            self.read_dict(name, value, depth, near, size)

    def read_list(
        self, name: str, value: list[Any], field: Field | None, depth: int, near: str = "", size: Any = None
    ) -> None:
        part = self.drawing(value, name, near, size)
        if part is not None:
            self.put(name, _drawn(part))
        elif not value:
            self.put(name, None)
        elif all(isinstance(item, str) for item in value[:_MOST_ITEMS]):
            texts = [tidy(shown(item, 2_000)) for item in value[:_MOST_ITEMS]]
            offered = field is not None and field.options
            # Options have no order; a list without options may be a ranking, so its order stays.
            self.put(name, sorted(filter(None, texts)) if offered else texts)
        elif len(value) <= 20 and any(isinstance(item, (dict, list)) for item in value) and _may_hold_drawings(value):
            for place, item in enumerate(value):
                self.read(f"{name}[{place}]", item, None, depth + 1, near, size)
        else:
            self.put(name, _cut(value))

    def read_dict(self, name: str, value: dict[str, Any], depth: int, near: str = "", size: Any = None) -> None:
        if value and is_choice(value):
            return self.put(name, _ticked(value))
        address = address_in(value)
        near = address or near
        said = size_of(value)
        size = said if said != (0.0, 0.0) else size
        used: set[str] = set()
        for part, keys in found_in(value, name, self.sources, near, compared=True):
            self.put(name if name not in self.found else f"{name}.{min(keys)}", _drawn(self.sized(part, name)))
            used |= keys
        if used:
            rest = {key: item for key, item in value.items() if key not in used and not (address and item == address)}
        elif not value:
            return self.put(name, None)
        elif set(value) <= {"label", "labels", "workerComment"}:
            self.put(name, _classified(value))
            rest = {key: item for key, item in value.items() if key == "workerComment"}
        else:
            rest = value
        for key in list(rest)[:MOST_FIELDS]:
            self.read(f"{name}.{key}", rest[key], None, depth + 1, near, size)
        return None

    def sized(self, part: Part, name: str) -> Part:
        size = None if not isinstance(part, Shapes) or part.sized or part.unit else self.beside.size(name)
        return with_size(part, *size) if size is not None and isinstance(part, Shapes) else part


def _may_hold_drawings(value: list[Any]) -> bool:
    """Whether a list is worth reading item by item: one of dicts, or one with dicts in its lists (one per picture)."""
    return any(
        isinstance(item, dict) or (isinstance(item, list) and any(isinstance(inner, dict) for inner in item[:20]))
        for item in value
    )


def _given(given: Given, field: Field | None) -> Any:
    if given.file is not None:
        return shown(given.file.key, 300)
    chosen = sorted(tidy(shown(item, 2_000)) for item in given.selections)
    chosen += [tidy(shown(text, 2_000)) for text in (given.other, *given.texts) if text and text.strip()]
    if len(chosen) == 1 and field is not None and field.control in ("radio", "select"):
        return chosen[0]
    return chosen or None


def _ticked(value: dict[str, bool]) -> Any:
    if len(value) == 1 and "on" in value:
        return value["on"]
    return sorted(tidy(shown(key, 300)) for key, ticked in list(value.items())[:_MOST_ITEMS] if ticked)


def _classified(value: dict[str, Any]) -> Any:
    if isinstance(value.get("label"), str):
        return _text(value["label"])
    labels = value.get("labels")
    return sorted(_text(str(item)) for item in labels[:_MOST_ITEMS]) if isinstance(labels, list) else None


def _plain(value: Any, field: Field | None) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str):
        found = number(value)
        return shown(value, 60) if found is None else _worth(found)
    text = _text(value)
    control = field.control if field else ""
    if control in ("checkbox", "toggle") and field and len(field.options) <= 1:
        return bool(text)
    if text == "on" and not control:
        return True
    if control == "checkbox" and field and field.options and text:
        return [text]
    if control not in ("text", "textarea", "radio", "select") and PLAIN_NUMBER.match(text):
        return _worth(float(text))
    return text or None


def _text(value: str) -> str:
    return tidy(shown(value, _LONGEST))


def is_cut(value: Any) -> bool:
    """Whether it is the beginning of a text that is longer than the values of an answer are."""
    return isinstance(value, str) and len(value) > _LONGEST // 2 and value.endswith("…")


def _worth(found: float) -> int | float:
    return int(found) if found == int(found) else found


def _cut(value: Any, depth: int = 0) -> Any:
    """JSON of a bounded size, for values that have no form of their own."""
    if isinstance(value, dict):
        if depth > _DEEPEST:
            return "…"
        return {shown(key, 200): _cut(item, depth + 1) for key, item in list(value.items())[:100]}
    if isinstance(value, list):
        return "…" if depth > _DEEPEST else [_cut(item, depth + 1) for item in value[:100]]
    return _plain(value, None) if depth == 0 or not isinstance(value, str) else _text(value)[:2_000]


def _drawn(part: Part) -> dict[str, Any]:
    if isinstance(part, Mask):
        png = part.data.removeprefix("data:image/png;base64,")
        labels = {entry.fill or f"no colour {entry.index}": _bare(entry.label, part) for entry in part.legend}
        drawing = {"drawing": "mask", "width": part.width, "height": part.height, "png": png, "labels": labels}
        return {**drawing, "instances": True} if part.instances else drawing
    if isinstance(part, Spans):
        return {"drawing": "spans", "spans": sorted([span.start, span.end, span.label] for span in part.spans)}
    assert isinstance(part, Shapes)
    shapes = []
    for shape in part.shapes:
        x, y = float(shape.x), float(shape.y)
        if shape.kind == "box":
            points = [[x, y], [x + float(shape.width), y + float(shape.height)]]
        elif shape.points:
            points = [[float(cell) for cell in pair.split(",")] for pair in shape.points.split()]
        else:
            points = [[x, y]]
        shapes.append({"kind": shape.kind, "label": shape.label, "points": points})
    size = (float(part.width), float(part.height)) if part.sized or part.unit else (0.0, 0.0)
    return {"drawing": "shapes", "width": size[0], "height": size[1], "shapes": shapes}


def _bare(label: str, part: Mask) -> str:
    """The label of an instance without the number that the legend adds where there are several of one label."""
    stem, _, last = label.rpartition(" ")
    return stem if stem and last.isdigit() and f"{stem} 1" in {entry.label for entry in part.legend} else label
