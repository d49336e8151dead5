"""Any JSON as a list of steps that a template can draw without recursion: open, leaf, close."""

from typing import Any

from hits.answers.parts import Node
from hits.answers.sources import Sources, looks_like_url
from hits.answers.text import one_line, shown

MOST_NODES = 300
_DEEPEST = 12
_EXPANDED = 24  # a tree of at most this many nodes is shown open


def tree(value: Any, sources: Sources) -> tuple[Node, ...]:
    """The steps of drawing `value`, a dict or list: at most MOST_NODES of them, the rest counted."""
    steps: list[Node] = []
    _walk(value, "", 0, steps, sources, size(value, _EXPANDED + 1) <= _EXPANDED)
    return tuple(steps)


def size(value: Any, limit: int) -> int:
    """How many values are in `value`, counted up to `limit`."""
    count, waiting = 0, [value]
    while waiting and count < limit:
        item = waiting.pop()
        count += 1
        if isinstance(item, dict):
            waiting.extend(list(item.values())[:limit])
        elif isinstance(item, list):
            waiting.extend(item[:limit])
    return count


def words(value: Any, limit: int) -> list[str]:
    """The keys and values of `value` as texts for a search, up to about `limit` characters, in their order."""
    found: list[str] = []
    length, waiting = 0, [value]
    while waiting and length < limit:
        item = waiting.pop()
        if isinstance(item, dict):
            for key, below in reversed(list(item.items())[:200]):
                waiting.append(below)
                waiting.append(str(key))
        elif isinstance(item, list):
            waiting.extend(reversed(item[:200]))
        elif isinstance(item, str) and item:
            found.append(shown(item, limit))
            length += len(found[-1]) + 1
        elif item is not None and not isinstance(item, bool):
            found.append(shown(item, 40))
            length += len(found[-1]) + 1
    return found


def _walk(value: Any, key: str, depth: int, steps: list[Node], sources: Sources, expanded: bool) -> None:
    if isinstance(value, (dict, list)):
        items: list[tuple[str, Any]]
        if isinstance(value, dict):
            items = [(one_line(name, 120), item) for name, item in list(value.items())[:MOST_NODES]]
        else:
            items = [(str(place + 1), item) for place, item in enumerate(value[:MOST_NODES])]
        noun = ("field" if isinstance(value, dict) else "item") + ("" if len(value) == 1 else "s")
        if not value or depth >= _DEEPEST:
            text = "empty" if not value else f"{len(value):,} {noun}, too deep to show"
            steps.append(Node("leaf", key, text, "none"))
            return
        if isinstance(value, list) and len(value) <= 16 and all(_short(item) for item in value):
            steps.append(Node("leaf", key, ", ".join(shown(item) for item in value), "text"))
            return
        steps.append(Node("open", key, f"{len(value):,} {noun}", expanded=expanded or depth == 0))
        drawn = 0
        for name, item in items:
            if len(steps) >= MOST_NODES:
                break
            _walk(item, name, depth + 1, steps, sources, expanded)
            drawn += 1
        if drawn < len(value):
            steps.append(Node("leaf", "", f"{len(value) - drawn:,} more", "more"))
        steps.append(Node("close"))
        return
    steps.append(_leaf(value, key, sources))


def _short(item: Any) -> bool:
    """Whether an item of a list can stand in a line with its neighbours."""
    if isinstance(item, str):
        return 0 < len(item) <= 40 and "\n" not in item and not looks_like_url(item)
    return isinstance(item, (int, float)) and not isinstance(item, bool) and abs(item) < 1e15


def _leaf(value: Any, key: str, sources: Sources) -> Node:
    if value is None:
        return Node("leaf", key, "nothing", "none")
    if isinstance(value, bool):
        return Node("leaf", key, "yes" if value else "no", "truth")
    if isinstance(value, (int, float)):
        return Node("leaf", key, shown(value, 60), "number")
    if value == "":
        return Node("leaf", key, "blank", "none")
    if looks_like_url(value):
        return Node("leaf", key, shown(value, 300), "link", sources.link(value, key))
    return Node("leaf", key, shown(value, 2_000), "text")
