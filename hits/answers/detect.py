"""From the tree to parts: what can be drawn is drawn, found by its shape and never by its name; the rest is rows."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hits.answers.masks import mask
from hits.answers.normalise import Entry, Tree, number
from hits.answers.parts import Fields, More, Part, Picture, Row, Seen, Technical
from hits.answers.rows import is_technical, row
from hits.answers.shapes import guessed_boxes, listed_shapes, one_box, widget_shapes
from hits.answers.sources import Sources, looks_like_url
from hits.answers.spans import entities, pairs
from hits.answers.text import one_line, shown

_MOST_DRAWINGS, _MOST_MARKS = 40, 3_000
_MOST_ROWS = 400
_DEEPEST, _MOST_STEPS = 10, 20_000
_NOTHING = object()

# What a dict may hold, tried in turn; each takes (value, path, sources) and gives the part and the keys it used.
WIDGETS: list[Callable[[Any, str, Sources], tuple[Part, set[str]] | None]] = [widget_shapes, mask, entities, one_box]

_SUFFIX = re.compile(r"(.*?)[-_. ]?(\d{1,9})\Z", re.DOTALL)
_ADDRESS = re.compile(r"(?i)(.*[-_.])?(url|img|image|src|photo|picture|link)s?\Z")
_SCALE = re.compile(r"(?i)(.*[-_.])?(scale|zoom|ratio)\Z")


def detect(tree: Tree, sources: Sources) -> tuple[Part, ...]:
    """The parts of an answer: drawings first, then rows in the order of the answer, then what is technical."""
    return _Detection(tree, sources).parts()


class _Detection:
    """One pass over a tree. Everything a hostile answer could blow up has its budget here."""

    def __init__(self, tree: Tree, sources: Sources) -> None:
        self.tree = tree
        self.sources = sources
        self.drawings: list[Part] = []
        self.left_out = 0
        self.marks = 0
        self.steps = 0
        self.used: set[str] = set()
        # Fields that belong to a drawing by their number: bbox-3 was drawn on url-3, at scale-3.
        self.addresses: dict[str, Entry] = {}
        self.scales: dict[str, Entry] = {}
        for entry in tree.entries:
            match = _SUFFIX.match(entry.name) if isinstance(entry.value, (str, int, float)) else None
            if match is None:
                continue
            if _ADDRESS.match(match[1]) and isinstance(entry.value, str) and looks_like_url(entry.value):
                self.addresses.setdefault(match[2], entry)
            elif _SCALE.match(match[1]) and (number(entry.value) or 0) > 0:
                self.scales.setdefault(match[2], entry)

    def parts(self) -> tuple[Part, ...]:
        left: list[Entry] = []
        for entry in self.tree.entries:
            if not isinstance(entry.value, (dict, list)) or entry.given is not None:
                left.append(entry)
                continue
            rest = self.draw(entry.value, entry.name, 0)
            if rest is not _NOTHING:
                left.append(entry if rest is entry.value else entry._replace(value=rest))
        rows: list[Row] = []
        technical: list[Row] = []
        beside = self.pictures_beside(left)
        for entry in grouped(left, self.sources):
            if entry.name in self.used:
                continue
            self.judged(entry)
            if is_technical(entry, self.sources):
                technical.append(row(entry, self.sources))
                continue
            this, picture = row(entry, self.sources), beside.get(entry.name)
            rows.append(this if picture is None else replace(this, picture=picture))
        rows = blanks_last([*without_repeats(rows), *self.unanswered()])
        parts = self.drawings
        if self.left_out:
            parts.append(More(f"{self.left_out:,} more drawings are not shown; they are in the raw answer."))
        if rows:
            parts.append(Fields(tuple(rows[:_MOST_ROWS])))
        hidden = max(0, len(rows) - _MOST_ROWS) + self.tree.more
        if hidden:
            parts.append(More(f"{hidden:,} more fields are not shown; they are in the raw answer."))
        if technical:
            parts.append(Technical(tuple(technical[:_MOST_ROWS])))
        return tuple(parts)

    def draw(self, value: Any, path: str, depth: int) -> Any:
        """Take the drawings out of `value`; gives what is left of it, _NOTHING where nothing is."""
        self.steps += 1
        if self.steps > _MOST_STEPS or depth > _DEEPEST:
            return value
        if isinstance(value, dict):
            return self.draw_dict(value, path, depth)
        part = self.listed(value, path)
        if part is not None:
            self.add(part)
            return _NOTHING
        if len(value) > 500 or not any(isinstance(item, (dict, list)) for item in value[:500]):
            return value
        before = len(self.drawings) + self.left_out
        rest = []
        for place, item in enumerate(value):
            left = self.draw(item, f"{path}[{place}]", depth + 1) if isinstance(item, (dict, list)) else item
            if left is not _NOTHING:
                rest.append(left)
        if len(self.drawings) + self.left_out == before:
            return value
        return rest or _NOTHING

    def draw_dict(self, value: dict[str, Any], path: str, depth: int) -> Any:
        used: set[str] = set()
        for find in WIDGETS:
            found = find(value, path, self.sources)
            if found is not None:
                self.add(found[0])
                used |= found[1]
        before = len(self.drawings) + self.left_out
        rest = {}
        for count, (key, item) in enumerate(value.items()):
            if key in used:
                continue
            deeper = isinstance(item, (dict, list)) and count < 500
            left = self.draw(item, f"{path}.{key}", depth + 1) if deeper else item
            if left is not _NOTHING:
                rest[key] = left
        if not used and len(self.drawings) + self.left_out == before:
            return value
        return rest or _NOTHING

    def listed(self, value: list[Any], path: str) -> Part | None:
        match = _SUFFIX.match(path)
        address = self.addresses.get(match[2]) if match else None
        scale = self.scales.get(match[2]) if match else None
        near = address.value if address else ""
        factor = (number(scale.value) or 1.0) if scale else 1.0
        part = listed_shapes(value, path, self.sources, near) or pairs(value, path, self.sources)
        if part is None:
            part = guessed_boxes(value, path, self.sources, near, factor if 0.01 <= factor <= 100 else 1.0)
            if part is not None and scale:
                self.used.add(scale.name)
        if part is not None and address:
            self.used.add(address.name)
        return part

    def add(self, part: Part) -> None:
        size = len(getattr(part, "shapes", ())) + len(getattr(part, "spans", ()))
        if len(self.drawings) >= _MOST_DRAWINGS or self.marks + size > _MOST_MARKS:
            self.left_out += 1
            return
        self.marks += size
        self.drawings.append(part)

    def judged(self, entry: Entry) -> None:
        """Show the picture or text a classifier was about, beside its answer."""
        widget = self.sources.question.widgets.get(entry.name)
        if widget is None or "classifier" not in widget.element or len(self.drawings) >= _MOST_DRAWINGS:
            return
        picture = self.sources.picture(entry.name) if widget.src else None
        text = self.sources.target(widget)
        if (picture and picture.link) or (picture and picture.url) or text:
            self.drawings.append(
                Seen(one_line(self.sources.label(entry.name) or entry.name, 200), picture, shown(text, 4_000))
            )

    def pictures_beside(self, entries: list[Entry]) -> dict[str, Picture]:
        """Name -> the picture its answer is about, where a field of the same number holds an address (class-3, url-3)
        that the requester named as well. Those addresses need no row of their own."""
        found: dict[str, Picture] = {}
        for entry in entries:
            match = _SUFFIX.match(entry.name) if isinstance(entry.value, (str, dict)) and entry.value else None
            address = self.addresses.get(match[2]) if match else None
            if address is None or address.name in (entry.name, *self.used) or len(found) >= _MOST_DRAWINGS:
                continue
            picture = self.sources.picture("", address.value)
            if picture.url and picture.link and not is_technical(entry, self.sources):
                found[entry.name] = picture
        self.used |= {self.addresses[match[2]].name for name in found if (match := _SUFFIX.match(name))}
        return found

    def unanswered(self) -> list[Row]:
        """Questions the task asks and the answer does not mention, where the two belong together at all."""
        question = self.sources.question
        answered = {entry.name for entry in self.tree.entries}
        if not answered & set(question.fields):
            return []
        rows: list[Row] = []
        for name, field in question.fields.items():
            if name in answered or len(rows) >= 100 or "${" in name:
                continue
            if (
                field.control in ("radio", "select", "checkbox", "toggle")
                or field.required
                or question.kind == "QuestionForm"
            ):
                text = "not ticked" if field.control in ("checkbox", "toggle") else "not answered"
                label = one_line(self.sources.label(name), 600) or one_line(name, 160)
                rows.append(Row("blank", label, one_line(name, 160), text))
        return rows


def without_repeats(rows: list[Row]) -> list[Row]:
    """Rows that do not say again what one of the same name said: some forms send a summary beside every button."""
    said: set[tuple[object, ...]] = set()
    kept = []
    for this in rows:
        key = (this.name, this.text, this.options)
        if (this.options and key in said) or (this.kind == "blank" and (this.name,) in said):
            continue
        said |= {key, (this.name,)}
        kept.append(this)
    return kept


def blanks_last(rows: list[Row]) -> list[Row]:
    """Many blank fields in one line at the end: a form of fifty optional fields should not bury the one filled in."""
    blank = [row for row in rows if row.kind == "blank"]
    if len(blank) <= 5:
        return rows
    names = ", ".join(row.label for row in blank[:100])
    return [
        *(row for row in rows if row.kind != "blank"),
        Row("blanks", f"{len(blank)} left blank", "", one_line(names, 2_000)),
    ]


_STEM = re.compile(r"(.*\D)?(\d{1,6})\Z", re.DOTALL)


def grouped(entries: list[Entry], sources: Sources) -> list[Entry]:
    """Radio buttons of different names are one question: by the task's crowd-radio-group, else a1, a2, a3 in a row."""
    owner = {name: place for place, names in enumerate(sources.question.groups) for name in names}
    result: list[Entry] = []
    open_key: Any = None
    members: list[Entry] = []

    def close() -> None:
        nonlocal members
        if len(members) > 1:
            result.append(_together(members, sources))
        else:
            result.extend(members)
        members = []

    for entry in entries:
        key: Any = None
        if (
            isinstance(entry.value, dict)
            and len(entry.value) == 1
            and isinstance(next(iter(entry.value.values())), bool)
        ):
            match = _STEM.match(entry.name)
            if entry.name in owner:
                key = owner[entry.name]
            elif match and match[1]:
                key = match[1]
        if key is None or key != open_key:
            close()
            open_key = key
        if key is None:
            result.append(entry)
        else:
            members.append(entry)
    close()
    return result


def _together(members: list[Entry], sources: Sources) -> Entry:
    keys = [next(iter(entry.value)) for entry in members]
    distinct = len(set(keys)) == len(keys)
    value: dict[str, bool] = {}
    for entry, key in zip(members, keys, strict=True):
        field = sources.question.fields.get(entry.name)
        words = field.text_of(key) if field else key
        words = key if words == entry.name else words
        number_of = _STEM.match(entry.name)
        # Buttons that all say "on" or "yes" are told apart by their name's number.
        text = (
            words if distinct or (words != key and words not in value) else (number_of[2] if number_of else entry.name)
        )
        value[text if text not in value else entry.name] = entry.value[key]
    match = _STEM.match(members[0].name)
    name = (match[1] or "").rstrip("-_. ") if match else members[0].name
    return Entry(
        name or members[0].name, value, tuple(path for entry in members for path in entry.paths), members[0].encoding
    )
