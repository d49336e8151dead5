"""Graphs as people's pages send them, {"1": ["1->2"]} or [{"from": 1, "to": 2}]: each arrow a line, in words."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

from hits.answers.corners import folded
from hits.answers.normalise import Entry
from hits.answers.text import one_line

_MOST = 300
_ARROW = re.compile(r"\s*(\S.{0,79}?)\s*(?:->|→|=>)\s*(\S.{0,79}?)\s*\Z")
_ENDS = (("from", "to"), ("source", "target"), ("parent", "child"), ("head", "tail"))
_UNSAID = ("id", "key", "type")
_WORDS = ("label", "name", "text", "title", "value")

Arrow = tuple[str, str]


def arrows(value: Any, names: dict[str, str]) -> str:
    """The arrows in `value`, a line each, with the words `names` has for their ends; "" where it is no graph."""
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    found: list[Arrow] = []
    for item in _flat(items[:_MOST]):
        this = _arrow(item)
        if this is None:
            return ""
        found.append(this)
    lines = [" → ".join(one_line(names.get(end, end), 200) for end in ends) for ends in found[:_MOST]]
    return "\n".join(lines)


def names_in(entries: Iterable[Entry]) -> dict[str, str]:
    """Name -> words of the nodes in an answer: {"1": "lift arm up"} or [{"id": 1, "label": "lift arm up"}]."""
    names: dict[str, str] = {}
    for entry in entries:
        value = entry.value
        if isinstance(value, dict) and 1 < len(value) <= _MOST:
            if all(isinstance(item, str) for item in value.values()):
                names |= value
        elif isinstance(value, list) and len(value) <= _MOST and all(isinstance(item, dict) for item in value):
            for item in value:
                keys = folded(item)
                words = next((keys[key] for key in _WORDS if isinstance(keys.get(key), str)), "")
                if isinstance(keys.get("id"), (str, int)) and words:
                    names[str(keys["id"])] = words
    return names


def _flat(items: list[Any]) -> list[Any]:
    flat = (inner for item in items for inner in (item if isinstance(item, list) else [item]))
    return list(islice(flat, _MOST))


def _arrow(item: Any) -> Arrow | None:
    if isinstance(item, str):
        match = _ARROW.match(item[:200])
        return (match[1], match[2]) if match else None
    if isinstance(item, dict) and 2 <= len(item) <= 4:
        keys = folded(item)
        for one, other in _ENDS:
            if not set(keys) <= {one, other, *_UNSAID}:
                continue  # it says more than an arrow can
            if isinstance(keys.get(one), (str, int)) and isinstance(keys.get(other), (str, int)):
                return str(keys[one])[:80], str(keys[other])[:80]
    return None
