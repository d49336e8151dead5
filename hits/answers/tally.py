"""Counting what answers say without keeping them: distributions of a bounded size, brought up to date one by one."""

from collections.abc import Iterable
from math import floor
from typing import Any

from hits.answers.text import one_line
from hits.answers.values import is_blank, is_drawing

#: Values of a field that are kept apart; where a field has more, the rarest of them become "others".
MOST_VALUES, KEPT_VALUES = 400, 200
#: Bars of a histogram; where there are more different numbers, they share bars, wider and wider ones.
MOST_BARS = 120
_LONGEST = 160
_STEPS = (1, 2, 5)
Tally = dict[str, Any]


def count(tally: Tally, value: Any) -> None:
    """Take one value of a field (as `values` gives it) into its tally: JSON that begins as {}."""
    if value is False:
        return _one_more(tally, "no")
    if is_drawing(value):
        return _drawing(tally, value)
    if is_blank(value):
        tally["blank"] = tally.get("blank", 0) + 1
        return None
    tally["said"] = tally.get("said", 0) + 1
    if isinstance(value, bool):
        tally["said"] -= 1
        return _one_more(tally, "yes")
    if isinstance(value, str):
        return _text(tally, value)
    if isinstance(value, (int, float)):
        return add(tally.setdefault("numbers", {}), value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        tally["several"] = tally.get("several", 0) + 1
        for item in value[:100]:
            _text(tally, item)
        return None
    tally["other"] = tally.get("other", 0) + 1
    return None


def _one_more(tally: Tally, word: str) -> None:
    tally["said"] = tally.get("said", 0) + 1
    _text(tally, word)


def _text(tally: Tally, text: str) -> None:
    found = tally.setdefault("values", {})
    key = one_line(text, _LONGEST)
    found[key] = found.get(key, 0) + 1
    if len(found) > MOST_VALUES:
        kept = sorted(found.items(), key=lambda pair: -pair[1])
        tally["values"] = dict(kept[:KEPT_VALUES])
        tally["others"] = tally.get("others", 0) + sum(number for _, number in kept[KEPT_VALUES:])


def _drawing(tally: Tally, value: dict[str, Any]) -> None:
    tally["drawings"] = tally.get("drawings", 0) + 1
    tally["said"] = tally.get("said", 0) + 1
    labels = tally.setdefault("labels", {})
    marks = [*_labels_of(value)]
    for label in marks:
        key = one_line(label, 80) or "no label"
        if key in labels or len(labels) < KEPT_VALUES:
            labels[key] = labels.get(key, 0) + 1
        else:
            tally["others"] = tally.get("others", 0) + 1
    add(tally.setdefault("numbers", {}), len(marks))


def _labels_of(value: dict[str, Any]) -> Iterable[str]:
    if value["drawing"] == "shapes":
        return (str(shape.get("label", "")) for shape in value["shapes"])
    if value["drawing"] == "spans":
        return (str(span[2]) for span in value["spans"])
    return map(str, value["labels"].values())


def add(numbers: Tally, value: float) -> None:
    """Take a number into a histogram: {"n", "sum", "min", "max", "step" (0: each number has its bar), "bars"}."""
    value = max(-1e15, min(1e15, value))
    numbers["n"] = numbers.get("n", 0) + 1
    numbers["sum"] = numbers.get("sum", 0) + value
    numbers["min"] = min(numbers.get("min", value), value)
    numbers["max"] = max(numbers.get("max", value), value)
    bars = numbers.setdefault("bars", {})
    step = numbers.setdefault("step", 0)
    _bar(bars, value, step, 1)
    while len(bars) > MOST_BARS:
        step = _wider(step, numbers["max"] - numbers["min"])
        narrow, bars = bars, {}
        for place, many in narrow.items():
            _bar(bars, float(place), step, many)
        numbers["bars"], numbers["step"] = bars, step


def _bar(bars: dict[str, int], value: float, step: float, many: int) -> None:
    # A little more than nothing, or a bar that lies on a step's edge would slip below it when steps are widened.
    place = floor(value / step + 1e-9) * step if step else value
    key = f"{place:.12g}"
    bars[key] = bars.get(key, 0) + many


def _wider(step: float, span: float) -> float:
    """The next step of 1, 2, 5, 10, 20, 50 … that leaves at most MOST_BARS bars."""
    power = -12
    while True:
        for factor in _STEPS:
            wider = float(f"{factor}e{power}")
            if wider > step and span / wider < MOST_BARS:
                return wider
        power += 1


def bars_of(numbers: Tally) -> list[tuple[float, float, int]]:
    """(from, to, how many) of each bar that has any, in order; from and to are one where numbers have their own bar."""
    step = numbers.get("step", 0)
    places = sorted((float(place), many) for place, many in numbers.get("bars", {}).items())
    return [(place, place + step, many) for place, many in places]


def median_of(numbers: Tally) -> float | None:
    """The middle number; where numbers share bars, the middle of its bar."""
    half, seen = numbers.get("n", 0) / 2, 0
    for start, end, many in bars_of(numbers):
        seen += many
        if seen >= half:
            return (start + end) / 2
    return None
