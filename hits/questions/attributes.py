"""Attribute values of crowd elements. They look like JSON and hardly ever are: single quotes, bare keys, comments."""

import json
import re
from functools import lru_cache
from typing import Any

import json5

# json5 is a slow, recursive parser; label lists are short. Beyond this only strict JSON is tried.
_LONGEST = 6_000
_DEEPEST = 12
_VARIABLE = re.compile(r"\$\{([^{}]{1,200})\}")


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
    if len(text) > _LONGEST or text.count("[") + text.count("{") > 400 or _depth(text) > _DEEPEST:
        return None
    try:
        return json5.loads(text)
    except (ValueError, RecursionError, AttributeError, TypeError):
        return None


def labels(text: str) -> tuple[str, ...]:
    """The label names in a `labels` or `categories` attribute: strings, or objects with `label` or `text`."""
    value = loose(text)
    found = []
    for item in value[:200] if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            item = item.get("label", item.get("text", item.get("fullDisplayName")))
        if isinstance(item, (str, int, float)) and not isinstance(item, bool):
            found.append(str(item))
    return tuple(found)


def fill(text: str, inputs: dict[str, Any] | None) -> str:
    """`text` with `${name}` replaced from the task's inputs; a name that has no input stays as it is."""
    if not inputs or "${" not in text:
        return text
    return _VARIABLE.sub(lambda match: str(inputs.get(match.group(1).strip(), match.group())), text)


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest
