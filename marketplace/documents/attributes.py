"""Attribute values of crowd elements. They look like JSON and hardly ever are: single quotes, bare keys, comments."""

import json
from functools import lru_cache
from typing import Any

import json5

# json5 is a slow, recursive parser; label lists are short. Beyond this only strict JSON is tried.
_LONGEST = 6_000
_MOST_BRACKETS = 400
_DEEPEST = 12


@lru_cache(maxsize=512)
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


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest
