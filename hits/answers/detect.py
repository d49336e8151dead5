"""From the tree to parts: what can be drawn is drawn, found by its shape and never by its name; the rest is rows."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hits.answers.beside import Beside, split
from hits.answers.canvas import size_of, with_size
from hits.answers.graphs import arrows, names_in
from hits.answers.judged import overlay
from hits.answers.loose import loose_shapes
from hits.answers.masks import PAINTED, PAINTED_NAME, mask, painted
from hits.answers.normalise import Entry, Tree
from hits.answers.parts import Fields, Mask, More, Part, Picture, Row, Seen, Shapes, Technical
from hits.answers.rows import blanks_last, is_echo, is_technical, row, without_repeats
from hits.answers.shapes import by_label, coco, guessed_shapes, listed_shapes, named_points, one_shape, widget_shapes
from hits.answers.sources import Sources, looks_like_url
from hits.answers.spans import entities, listed_spans, pairs
from hits.answers.text import one_line, shown

_MOST_DRAWINGS, _MOST_COUNTED, _MOST_MARKS = 40, 500, 3_000
_MOST_ROWS = 400
_DEEPEST, _MOST_STEPS = 10, 20_000
_NOTHING = object()
_CATEGORY = {"label", "labels", "workerComment"}

# What a dict may hold, tried in turn. Each takes (value, path, sources, an address that belongs to it) and gives the
# part and the keys it used.
WIDGETS: list[Callable[[Any, str, Sources, str], tuple[Part, set[str]] | None]] = [
    widget_shapes,
    mask,
    entities,
    coco,
    painted,
    by_label,
    one_shape,
    named_points,
]
_WRITTEN = frozenset("0123456789-.([mM \n")  # what coordinates in a text begin with
_ALONE = 3  # the first so many may share a dict; one of the others has it for itself


def found_in(
    value: dict[str, Any], path: str, sources: Sources, near: str, *, compared: bool = False
) -> Iterator[tuple[Part, set[str]]]:
    """What the keys of a dict draw; `compared` leaves out what two answers cannot be compared in: a picture painted by
    somebody's own tool has no classes."""
    some = False
    for place, find in enumerate(WIDGETS):
        if some and place >= _ALONE:
            return
        found = None if compared and find is painted else find(value, path, sources, near)
        if found is not None:
            some = True
            yield found


def is_choice(value: dict[str, Any]) -> bool:
    """Whether a dict is buttons and their states, as most are, in which nothing is drawn."""
    return all(item is True or item is False for item in value.values())


def listed(
    value: Any, path: str, sources: Sources, near: str = "", scale: float = 1.0, size: Any = None
) -> tuple[Part | None, bool]:
    """(what a list, or a text of numbers, draws; whether the scale was used)."""
    if isinstance(value, str) and (len(value) < 7 or value[0] not in _WRITTEN):
        return None, False
    if isinstance(value, list):
        part = (
            listed_spans(value, path, sources)
            or listed_shapes(value, path, sources, near, size)
            or pairs(value, path, sources)
        )
        if part is not None:
            return part, False
    found = guessed_shapes(value, path, sources, near, scale, size)
    return found, found is not None


def detect(tree: Tree, sources: Sources) -> tuple[Part, ...]:
    """The parts of an answer: drawings first, then rows in the order of the answer, then what is technical."""
    return _Detection(tree, sources).parts()


def address_in(value: dict[str, Any]) -> str:
    """The one address of a picture in a dict, which its shapes were drawn on."""
    texts = [(key, item) for key, item in value.items() if isinstance(item, str) and "://" in item[:16]]
    found = {
        item for key, item in texts if looks_like_url(item) and (key in ("url", "src") or Sources.is_picture(key, item))
    }
    return found.pop() if len(found) == 1 else ""


def unchanged(part: Part) -> Part:
    """A drawing that is what the task gave to the worker."""
    return replace(part, changed=False) if isinstance(part, (Shapes, Mask)) else part


def picture_of(part: Part) -> str:
    picture = getattr(part, "picture", None)
    if not isinstance(picture, Picture):
        return ""
    return picture.url or (picture.link.href if picture.link is not None else "")


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
        self.seen: set[str] = set()  # pictures shown beside a category
        self.drawn: set[str] = set()  # fields of which a part was drawn
        self.beside = Beside(tree.entries)

    def parts(self) -> tuple[Part, ...]:
        left: list[Entry] = []
        for entry in self.tree.entries:
            if self.beside.of_a_size(entry.name):
                continue
            if entry.given is not None:
                left.append(entry)
                continue
            if not isinstance(entry.value, (dict, list)):
                if not self.written(entry):
                    left.append(entry)
                continue
            before = len(self.drawings)
            rest = self.draw(entry.value, entry.name, 0)
            if len(self.drawings) > before and is_echo(entry, self.sources):
                self.drawings[before:] = map(unchanged, self.drawings[before:])
            if rest is not entry.value:
                self.drawn.add(entry.name)
            if rest is not _NOTHING:
                left.append(entry if rest is entry.value else entry._replace(value=rest))
        loose = loose_shapes(left, self.sources)
        if loose is not None:
            self.add(loose)
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
            this, picture = self.arrowed(row(entry, self.sources), entry), beside.get(entry.name)
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

    def draw(self, value: Any, path: str, depth: int, near: str = "", size: Any = None) -> Any:
        """Take the drawings out of `value`; gives what is left of it, _NOTHING where nothing is. `near` is an address
        and `size` the size of a picture that stand beside it."""
        self.steps += 1
        if self.steps > _MOST_STEPS or depth > _DEEPEST or self.left_out > _MOST_COUNTED:
            return value
        if isinstance(value, dict):
            return self.draw_dict(value, path, depth, near, size)
        if self.listed(value, path, near, size):
            return _NOTHING
        if len(value) > 500 or not any(isinstance(item, (dict, list)) for item in value[:500]):
            return value
        before = len(self.drawings) + self.left_out
        rest = []
        for place, item in enumerate(value):
            deeper = isinstance(item, (dict, list))
            left = self.draw(item, f"{path}[{place}]", depth + 1, near, size) if deeper else item
            if left is not _NOTHING:
                rest.append(left)
        if len(self.drawings) + self.left_out == before:
            return value
        return rest or _NOTHING

    def draw_dict(self, value: dict[str, Any], path: str, depth: int, near: str, size: Any) -> Any:
        if is_choice(value):
            return value
        address = address_in(value)
        near = address or near
        said = size_of(value)
        size = said if said != (0.0, 0.0) else size
        before = len(self.drawings) + self.left_out
        used: set[str] = set()
        for part, keys in found_in(value, path, self.sources, near):
            self.add(self.sized(part, path))
            used |= keys
        rest = {}
        for count, (key, item) in enumerate(value.items()):
            if key in used:
                continue
            deeper = isinstance(item, (dict, list)) and count < 500
            left = self.draw(item, f"{path}.{key}", depth + 1, near, size) if deeper else item
            if left is not _NOTHING:
                rest[key] = left
        if not used and len(self.drawings) + self.left_out == before:
            return value
        if address and any(picture_of(part) == address for part in self.drawings[before:]):
            rest = {key: item for key, item in rest.items() if item != address}
        return rest or _NOTHING

    def sized(self, part: Part, path: str) -> Part:
        """A widget's drawing with the size of its picture, where that came under another name than its shapes."""
        if not isinstance(part, Shapes) or part.sized or part.unit:
            return part
        size = self.beside.size(path)
        return part if size is None else with_size(part, *size)

    def listed(self, value: Any, path: str, near: str, size: Any) -> bool:
        """Whether a list, or a text of numbers, was a drawing."""
        address = self.beside.address(path)
        scale, scaled_by = self.beside.scale(path)
        near = near or (address.value if address is not None else "")
        part, by_scale = listed(value, path, self.sources, near, scale, size or self.beside.size(path))
        if part is None:
            return False
        self.add(part)
        self.used |= {scaled_by} if by_scale and scaled_by else set()
        self.used |= {address.name} if address is not None else set()
        return True

    def written(self, entry: Entry) -> bool:
        """Whether a field of text was a drawing: coordinates in a row, or a picture painted over the task's."""
        if not isinstance(entry.value, str) or is_technical(entry, self.sources):
            return False
        if entry.value.startswith(PAINTED):
            named = PAINTED_NAME.search(entry.name)
            found = painted({entry.name: entry.value}, entry.name, self.sources) if named else None
            if found is not None and found[0].picture.url:
                self.add(found[0])
                return True
            return False
        return self.listed(entry.value, entry.name, "", None)

    def add(self, part: Part) -> None:
        size = len(getattr(part, "shapes", ())) + len(getattr(part, "spans", ()))
        if len(self.drawings) >= _MOST_DRAWINGS or self.marks + size > _MOST_MARKS:
            self.left_out += 1
            return
        self.marks += size
        self.drawings.append(part)

    def arrowed(self, this: Row, entry: Entry) -> Row:
        """A graph's edges in words, where a row would be a tree of them."""
        if this.kind not in ("tree", "choice") or not isinstance(entry.value, (dict, list)):
            return this
        text = arrows(entry.value, {})
        if not text:
            return this
        return Row("text", this.label, this.name, shown(arrows(entry.value, names_in(self.tree.entries)), 20_000))

    def judged(self, entry: Entry) -> None:
        """Show the picture or text a classifier was about, beside its answer."""
        widget = self.sources.question.widgets.get(entry.name)
        category = isinstance(entry.value, dict) and len(entry.value) > 0 and set(entry.value) <= _CATEGORY
        asked = "classifier" in widget.element if widget is not None else category and entry.name not in self.drawn
        if not asked or len(self.drawings) >= _MOST_DRAWINGS:
            return
        shown_with = overlay(widget, entry.name, self.sources)
        if shown_with is not None:
            self.drawings.append(shown_with)
            return
        picture = self.sources.picture(entry.name) if widget is None or widget.src else None
        text = self.sources.target(widget) if widget is not None else ""
        if widget is None and picture is not None:
            # Nobody has the task's page, so every category may be about the one picture: it is shown once.
            picture = None if picture.url in self.seen else picture
            self.seen |= {picture.url} if picture is not None else set()
        if (picture and picture.link) or (picture and picture.url) or text:
            self.drawings.append(
                Seen(one_line(self.sources.label(entry.name) or entry.name, 200), picture, shown(text, 4_000))
            )

    def pictures_beside(self, entries: list[Entry]) -> dict[str, Picture]:
        """Name -> the picture its answer is about, where a field of the same number holds an address (class-3, url-3)
        that the requester named as well. Those addresses need no row of their own."""
        found: dict[str, Picture] = {}
        for entry in entries:
            suffix = split(entry.name)[1] if isinstance(entry.value, (str, dict)) and entry.value else ""
            address = self.beside.addresses.get(suffix) if suffix else None
            if address is None or address.name in (entry.name, *self.used) or len(found) >= _MOST_DRAWINGS:
                continue
            picture = self.sources.picture("", address.value)
            if picture.url and picture.link and not is_technical(entry, self.sources):
                found[entry.name] = picture
        self.used |= {self.beside.addresses[split(name)[1]].name for name in found}
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
    return Entry(name or members[0].name, value, tuple(path for entry in members for path in entry.paths), "radios")
