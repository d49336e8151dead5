"""Attribute values of crowd elements. They look like JSON and hardly ever are: single quotes, bare keys, comments."""

import json
import re
from functools import lru_cache
from typing import Any

import json5

MOST_LABELS = 250
# json5 is a slow, recursive parser, and label lists are short. Beyond this only strict JSON is tried, then quotes.
_LONGEST = 4_000
_MOST_BRACKETS = 300
_DEEPEST = 12
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']+)'")


@lru_cache(maxsize=256)
def loose(text: str) -> Any:
    """The value written in an attribute, or None where it cannot be read. Never raises."""
    text = text.strip()
    if not text or text[0] not in "[{\"'":
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if len(text) > _LONGEST or text.count("[") + text.count("{") > _MOST_BRACKETS or _depth(text) > _DEEPEST:
        return None
    try:
        return json5.loads(text)
    except (ValueError, RecursionError, AttributeError, TypeError):
        return None


def labels(text: str | None) -> list[str]:
    """The names in a `labels` or `categories` attribute: texts, or objects that hold one. At most MOST_LABELS."""
    value = loose(text or "")
    if value is None:
        value = [double or single for double, single in _QUOTED.findall((text or "")[:20_000])]
    found: dict[str, None] = {}
    for item in value[:MOST_LABELS] if isinstance(value, list) else []:
        name = name_of(item)
        if name:
            found[name[:1000]] = None
    return list(found)


def name_of(item: Any) -> str:
    """The text of one label; "" where it has none."""
    if isinstance(item, dict):
        item = next((item[key] for key in ("label", "text", "name", "Name") if item.get(key) is not None), None)
    return str(item) if isinstance(item, (str, int, float)) and not isinstance(item, bool) else ""


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest
