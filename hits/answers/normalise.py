"""One tree from the three ways an answer arrives: plain fields, one `taskAnswers` field, dotted flattened fields."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import unquote

from hits.answers.parse import Given, Parsed
from hits.questions import Question

# How deep JSON may be hidden in strings of JSON, and how deep a tree is looked at; recordings need 3 and 6.
_NESTED = 3
_MOST_INSIDE = 2_000  # items of one list or object; no more of them are shown anyway
_MOST_IN_ORDER = 200  # names that are kept with their order
# What the text of a value that is more than text begins with; a blank field may be {}.
_OPENING = frozenset('[{"% \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0')
_make = tuple.__new__
_OPENERS = ("[", "{", '"', " ", "\n")
_INSIDE = ('"[', '"{', '"\\"', '" ', '"\\n')
DEEPEST = 24
_MOST_ENTRIES, _MOST_TASK_ENTRIES = 5_000, 2_000

_WIDGET_KEYS = {
    "boundingBoxes",
    "polygons",
    "polylines",
    "lines",
    "keypoints",
    "entities",
    "instances",
    "labelMappings",
    "labeledImage",
    "inputImageProperties",
    "label",
    "labels",
    "on",
    "workerComment",
}
_LONGEST_ODD = 200_000
_PYTHON = re.compile(r"\b(?:True|False|None)\b")
_WORDS = {"True": "true", "False": "false", "None": "null"}
_TRUTHS = {"true": True, "false": False}
_NUMBER = re.compile(r"[-+]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][-+]?\d{1,3})?\Z")


class Entry(NamedTuple):  # a tuple: millions of them are made
    """One answer under its name. `value` is text, number, truth, list, dict or None; `paths` are the identifiers (and
    places in `taskAnswers`) it came from; `given` is set where the document says more than text."""

    name: str
    value: Any
    paths: tuple[str, ...]
    encoding: str  # field, taskAnswers or flattened; radios where buttons of several names were put together
    given: Given | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """The whole answer, in the order it came. `more` counts entries beyond the bound."""

    entries: tuple[Entry, ...]
    more: int = 0


def normalise(parsed: Parsed, question: Question | None = None) -> Tree:
    """The answers of `parsed` as one tree, split at the names the question uses where it is known."""
    fields = question.fields if question else {}
    entries: list[Entry] = []
    dotted: dict[str, int] = {}  # name of a flattened group -> its place in entries
    if not fields and len(parsed.answers) <= _MOST_IN_ORDER:
        texts = _texts(parsed.answers)
        if texts is not None:
            return texts
    branches = _branches(parsed, question)
    more = max(0, len(parsed.answers) - _MOST_ENTRIES)
    for name, given in parsed.answers.items():
        if len(entries) >= _MOST_ENTRIES:
            break
        if not given.texts or given.selections or given.other is not None or given.file is not None:
            entries.append(Entry(name, list(given.texts) or None, (name,), "field", given))
            continue
        value = _value(given, name, fields)
        if name == "taskAnswers" and isinstance(value, (list, dict)):
            found, beyond = _task_answers(value)
            entries.extend(found)
            more += beyond
        elif name in branches:
            head, keys = branches[name]
            leaf = _truth(value)
            if head in dotted:
                place = dotted[head]
                before = entries[place]
                _graft(before.value, keys, leaf)
                entries[place] = Entry(head, before.value, (*before.paths, name), "flattened")
            else:
                root: dict[str, Any] = {}
                _graft(root, keys, leaf)
                dotted[head] = len(entries)
                entries.append(Entry(head, root, (name,), "flattened"))
        else:
            entries.append(Entry(name, value, (name,), "field"))
    return Tree(_ordered(entries), more)


def _texts(answers: dict[str, Given]) -> Tree | None:
    """The tree of answers that are nothing but text, as most are; None where one of them may be more."""
    entries = []
    for name, given in answers.items():
        texts = given[0]
        if len(texts) != 1 or "." in name or given[1] or given[2:] != (None, None):
            return None
        first = texts[0][:1]
        if first in _OPENING or (first > "~" and first.isspace()):
            return None
        entries.append(_make(Entry, (name, texts[0], (name,), "field", None)))
    order = _order_of(tuple(answers))
    return Tree(tuple([entries[place] for place in order]) if order else tuple(entries))


def opened(text: str, levels: int = _NESTED) -> Any:
    """`text`, or the value where it is a JSON list, object or quoted string; strings inside are opened likewise."""
    start = text[:64].lstrip()[:1]
    if start not in ("[", "{", '"', "%") or levels <= 0:
        return text
    if start == "%":
        text, given = _unquoted(text), text
        if text is given:
            return text
    elif text.rstrip()[-1:] not in ("]", "}", '"'):
        return text
    try:
        value = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        value = _misspelt(text)
        if value is None:
            return text
    if isinstance(value, str):
        # A quoted string is JSON in JSON only if it holds more; otherwise the quotes are the worker's own.
        inner = opened(value, levels - 1)
        return inner if not isinstance(inner, str) else text
    # Most JSON holds no string that could be opened, which its text tells faster than a walk.
    return _open_inside(value, levels - 1, 0) if any(mark in text for mark in _INSIDE) else value


def _unquoted(text: str) -> str:
    """JSON that a page wrote as it would stand in an address: %5B%7B%22left%22…"""
    if text[:3].upper() not in ("%5B", "%7B") or len(text) > _LONGEST_ODD:
        return text
    found = unquote(text)
    return found if found[-1:] in ("]", "}") else text


def _misspelt(text: str) -> Any:
    """JSON escaped for HTML ([{&quot;left&quot;: …) or as Python prints it ([{'left': …); None where it is neither."""
    start = text[:64].lstrip()[:8]
    if len(text) > _LONGEST_ODD or start[:1] == '"':
        return None
    if "&quot;" in start:
        text = unescape(text)
    elif start[1:2] in ("'", "{", "[") and '"' not in text and "\\" not in text:
        text = _PYTHON.sub(lambda match: _WORDS[match.group()], text.replace("'", '"'))
    else:
        return None
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def number(value: Any) -> float | None:
    """The finite number in `value`, a number or its text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.match(value):
            return None
    elif not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except (OverflowError, ValueError):
        return None
    return found if -1e15 < found < 1e15 else None


def _open_inside(value: Any, levels: int, depth: int) -> Any:
    places: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
    for place, item in list(islice(places, _MOST_INSIDE)):
        if isinstance(item, str):
            if item[:1] in _OPENERS and item:
                value[place] = opened(item, levels)
        elif depth < DEEPEST and isinstance(item, (dict, list)):
            _open_inside(item, levels, depth + 1)
    return value


def _value(given: Given, name: str, fields: dict) -> Any:
    if len(given.texts) > 1:
        return [opened(text) for text in given.texts]
    text = given.texts[0]
    field = fields.get(name)
    if text == "{}":
        # The Requester website writes {} for a blank text field; only a field known to be something else means it.
        return "" if field is None or field.control in ("text", "textarea", "number") else {}
    if field is not None:
        if "|" in text and field.control == "checkbox" and len(field.options) > 1:
            return text.split("|")
        if field.control in ("text", "textarea") and text[:1] == '"':
            return text
    return opened(text)


def _task_answers(value: Any) -> tuple[list[Entry], int]:
    """The entries of `taskAnswers`, and how many more there are; in practice it is a list of one object."""
    tasks = value if isinstance(value, list) else [value]
    named: Iterable[tuple[str, str, Any]]
    if len(tasks) == 1 and isinstance(tasks[0], dict):
        task, path = tasks[0], "taskAnswers[0]"
        if isinstance(task.get("answerContent"), dict):  # Augmented AI's envelope around the same object
            task, path = {**task, **task["answerContent"]}, f"{path}.answerContent"
            del task["answerContent"]
        named = ((key, f"{path}.{key}", item) for key, item in task.items())
        total = len(task)
    else:
        named = ((f"taskAnswers[{place}]", f"taskAnswers[{place}]", task) for place, task in enumerate(tasks))
        total = len(tasks)
    entries = [Entry(name, item, (path,), "taskAnswers") for name, path, item in islice(named, _MOST_TASK_ENTRIES)]
    return entries, max(0, total - _MOST_TASK_ENTRIES)


def _branches(parsed: Parsed, question: Question | None) -> dict[str, tuple[str, list[str]]]:
    """Which identifiers are flattened paths: identifier -> (name of the group, the keys below it)."""
    heads: dict[str, int] = {}
    candidates = []
    known = {**question.fields, **question.widgets} if question else {}
    for name, given in parsed.answers.items():
        head, dot, rest = name.partition(".")
        if not dot or not head or not rest or name in known or not given.texts or given.selections or given.file:
            continue
        candidates.append(name)
        heads[head] = heads.get(head, 0) + 1
    branches: dict[str, tuple[str, list[str]]] = {}
    for name in candidates:
        head, _, rest = name.partition(".")
        given = parsed.answers[name]
        owner = max((key for key in known if name.startswith(key + ".")), key=len, default="") if known else ""
        if owner:
            branches[name] = (owner, _keys(name[len(owner) + 1 :], given))
        elif _is_truth(given):
            branches[name] = _option(name)
        elif rest.rsplit(".", 1)[-1] in _WIDGET_KEYS or any(f".{key}." in f".{rest}." for key in _WIDGET_KEYS):
            branches[name] = (head, _keys(rest, given))
        elif heads[head] > 1:
            branches[name] = (head, rest.split(".")[:DEEPEST])
    return branches


def _keys(rest: str, given: Given) -> list[str]:
    if _is_truth(given):
        return [rest]  # the value of a button, which may be a sentence with full stops
    head, mark, label = rest.partition("labelMappings.")
    if mark and "." in label:
        label, _, last = label.rpartition(".")
        return [*filter(None, head.split(".")), "labelMappings", label, last]
    return rest.split(".")[:DEEPEST]


def _option(name: str) -> tuple[str, list[str]]:
    head, _, rest = name.partition(".")
    if " " in rest:
        return head, [rest]
    head, _, rest = name.rpartition(".")
    return head, [rest]


def _is_truth(given: Given) -> bool:
    return len(given.texts) == 1 and given.texts[0].lower() in _TRUTHS


def _truth(value: Any) -> Any:
    return _TRUTHS.get(value.lower(), value) if isinstance(value, str) and len(value) < 6 else value


def _graft(root: dict[str, Any], keys: list[str], leaf: Any) -> None:
    for key in keys[:-1]:
        below = root.get(key)
        if not isinstance(below, dict):
            below = root[key] = {} if below is None else {"": below}
        root = below
    if isinstance(root.get(keys[-1]), dict) and root[keys[-1]]:
        root[keys[-1]][""] = leaf
    else:
        root[keys[-1]] = leaf


@lru_cache(maxsize=2_048)
def _order_of(names: tuple[str, ...]) -> tuple[int, ...] | None:
    """The places of `names` in the order they are shown; None where that is the order they came in. Answers of one
    batch have the same names."""
    entries = [Entry(name, place, (), "") for place, name in enumerate(names)]
    order = tuple(entry.value for entry in _ordered(entries))
    return None if order == tuple(range(len(names))) else order


_RUN = re.compile(r"(.*?)(\d{1,9})(\D*)\Z", re.DOTALL)


def _ordered(entries: list[Entry]) -> tuple[Entry, ...]:
    """Names that differ by a number only, next to each other, in the order of their numbers (a1, a2, a10)."""
    ordered: list[Entry] = []
    run: list[tuple[int, Entry]] = []
    stem: tuple[str, str] | None = None
    for entry in entries:
        match = _RUN.match(entry.name[:200])
        this = (match.group(1), match.group(3)) if match else None
        if this is None or this != stem:
            ordered += [item for _, item in sorted(run, key=lambda pair: pair[0])]
            run, stem = [], this
        if match:
            run.append((int(match.group(2)), entry))
        else:
            ordered.append(entry)
    ordered += [item for _, item in sorted(run, key=lambda pair: pair[0])]
    return tuple(ordered)
