"""What a task's attributes say: label names, and the inputs filled in."""

import re
from typing import Any

from marketplace.documents.attributes import loose

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


def fill(text: str, inputs: dict[str, Any] | None) -> str:
    """`text` with `${name}` replaced from the task's inputs; a name that has no input stays as it is."""
    if not inputs or "${" not in text:
        return text
    return _VARIABLE.sub(lambda match: str(inputs.get(match.group(1).strip(), match.group())), text)
