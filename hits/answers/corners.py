"""Numbers and points as people's tools write them: 12, "12", "12px", "12%", [x, y], {x, y}, "x,y x,y", an SVG path."""

import re
from functools import lru_cache
from typing import Any, TypeGuard

from hits.answers.normalise import number

MOST_POINTS = 1_000

Point = tuple[float, float]
Keys = dict[str, Any]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBER = re.compile(r"-?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:[eE][-+]?\d{1,2})?")
_PAIRS = re.compile(r"[\d\s.,;|:()\[\]eE+-]{3,20000}\Z")
_PATH = re.compile(r"\s*[Mm][\d\s.,+-][MmLlHhVvCcSsQqTtAaZz\d\s.,eE+-]{4,20000}\Z")
_STEP = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*)")
_TAKES = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "t": 2, "a": 7}


def folded(item: dict[str, Any]) -> Keys:
    """The item with its keys in one spelling; of two that become the same the first stays."""
    keys: Keys = {}
    for key, value in item.items():
        keys.setdefault(fold(key), value)
    return keys


@lru_cache(maxsize=4_096)
def fold(key: str) -> str:
    return re.sub(r"[-_. ]", "", key).lower() if len(key) <= 40 else key


@lru_cache(maxsize=1_024)
def spaced(name: str) -> str:
    """A name in which drawnLine is two words."""
    return _CAMEL.sub(" ", name[-80:])


def cell(value: Any) -> float | None:
    """A number, its text, "12px", or "12%" as the fraction it is."""
    if isinstance(value, str):
        value = value.strip()
        if value.endswith("px"):
            return number(value[:-2])
        if value.endswith("%"):
            found = number(value[:-1])
            return None if found is None else found / 100
    return number(value)


def point(value: Any) -> Point | None:
    """One point: {x, y} or [x, y]."""
    found = read_points([value]) if isinstance(value, (dict, list)) else []
    return found[0] if len(found) == 1 else None


def read_points(value: Any) -> list[Point]:
    """Points given as [[x, y]], [{x, y}], [x, y, x, y] or the steps of a path; nothing where one of them is none."""
    if not isinstance(value, list) or not value:
        return []
    if len(value) >= 4 and len(value) % 2 == 0 and all(is_plain(item) for item in value[:MOST_POINTS]):
        value = [value[place : place + 2] for place in range(0, min(len(value), 2 * MOST_POINTS), 2)]
    points: list[Point] = []
    for item in value[:MOST_POINTS]:
        pair: tuple[float | None, float | None]
        if isinstance(item, dict):
            inner = item.get("point", item)
            if isinstance(inner, list) and len(inner) == 2:
                pair = cell(inner[0]), cell(inner[1])
            else:
                item = inner if isinstance(inner, dict) else item
                pair = (
                    cell(item.get("x", item.get("X", item.get("_x")))),
                    cell(item.get("y", item.get("Y", item.get("_y")))),
                )
        elif isinstance(item, list) and len(item) == 2 and not isinstance(item[0], list):
            pair = cell(item[0]), cell(item[1])
        elif isinstance(item, list) and len(item) == 3 and isinstance(item[0], list) and len(item[0]) == 2:
            pair = cell(item[0][0]), cell(item[0][1])  # a corner and its two handles
        elif isinstance(item, list) and item and isinstance(item[0], str) and item[0] in "MLCQSTAmlcqstaZz":
            if len(item) < 3:
                continue  # the step that closes a path
            pair = cell(item[-2]), cell(item[-1])
        else:
            return []
        if pair[0] is None or pair[1] is None:
            return []
        points.append((pair[0], pair[1]))
    return points


def ring(value: Any) -> list[Point]:
    """The outer ring of [[[x, y], …], …], or of COCO's [[x, y, x, y, …]]."""
    if isinstance(value, list) and 0 < len(value) <= 20 and isinstance(value[0], list) and len(value[0]) >= 3:
        points = read_points(value[0])
        return points if len(points) >= 3 else []
    return []


def closes(path: Any) -> bool:
    """Whether the last of a path's steps is the one that closes it."""
    return isinstance(path, list) and bool(path) and isinstance(path[-1], list) and path[-1][:1] in (["Z"], ["z"])


def read_text(text: str) -> tuple[list[Point], bool]:
    """(points, whether they close) of "10,20 30,40", "10,20;30,40" or an SVG path."""
    if _PATH.match(text):
        return _path(text)
    if not _PAIRS.match(text):
        return [], False
    cells = [float(item) for item in _NUMBER.findall(text)]
    if len(cells) % 2 or not 2 <= len(cells) <= 2 * MOST_POINTS or any(abs(item) > 1e9 for item in cells):
        return [], False
    return list(zip(cells[0::2], cells[1::2], strict=True)), False


def _path(text: str) -> tuple[list[Point], bool]:
    points: list[Point] = []
    x = y = 0.0
    closed = False
    for letter, rest in _STEP.findall(text):
        kind = letter.lower()
        if kind == "z":
            closed = True
            continue
        cells = [float(item) for item in _NUMBER.findall(rest)]
        takes = _TAKES[kind]
        for place in range(0, len(cells) - takes + 1, takes):
            step = cells[place : place + takes]
            across, down = (
                (step[-1], None) if kind == "h" else (None, step[-1]) if kind == "v" else (step[-2], step[-1])
            )
            relative = letter.islower()
            x = x if across is None else x + across if relative else across
            y = y if down is None else y + down if relative else down
            points.append((x, y))
            if len(points) >= MOST_POINTS or abs(x) > 1e9 or abs(y) > 1e9:
                return points[:MOST_POINTS], closed
    return points, closed


def is_plain(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
