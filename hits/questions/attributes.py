"""What a task's attributes say: label names, and the inputs filled in."""

import re
from typing import Any

from marketplace.documents.attributes import loose

_COLOUR = re.compile(r"#[0-9a-f]{6}\Z")
_SHORT_COLOUR = re.compile(r"#[0-9a-f]{3}\Z")
_VARIABLE = re.compile(r"\$\{([^{}]{1,200})\}")


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


def colours(text: str) -> tuple[str, ...]:
    """The colours in a `label-colors` attribute, as #rrggbb; "" for one that is no such colour."""
    value = loose(text)
    found = []
    for item in value[:200] if isinstance(value, list) else ():
        colour = item.strip().lower() if isinstance(item, str) else ""
        if _SHORT_COLOUR.match(colour):
            colour = "#" + "".join(2 * digit for digit in colour[1:])
        found.append(colour if _COLOUR.match(colour) else "")
    return tuple(found)


def short_names(text: str) -> tuple[tuple[str, str], ...]:
    """Label -> its `shortDisplayName`, of labels that have one."""
    value = loose(text)
    return tuple(
        (str(item["label"]), str(item["shortDisplayName"]))
        for item in (value[:200] if isinstance(value, list) else ())
        if isinstance(item, dict) and isinstance(item.get("label"), str) and item.get("shortDisplayName")
    )


def exclusion(text: str) -> str:
    """The words of an `exclusion-category` attribute: { text: 'None of the above' }, or the bare words."""
    value = loose(text)
    if isinstance(value, dict):
        value = value.get("text", "")
    return value if isinstance(value, str) else "" if text.strip()[:1] in ("{", "[") else text.strip()


def fill(text: str, inputs: dict[str, Any] | None) -> str:
    """`text` with `${name}` replaced from the task's inputs; a name that has no input stays as it is."""
    if not inputs or "${" not in text:
        return text
    return _VARIABLE.sub(lambda match: str(inputs.get(match.group(1).strip(), match.group())), text)
