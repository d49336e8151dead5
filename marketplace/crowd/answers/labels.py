"""The labels of a crowd element, however its author wrote them."""

import re
from typing import Any

from ...documents.attributes import loose

MOST_LABELS = 250
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']+)'")


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
