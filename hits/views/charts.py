"""What charts show, as plain data: the page draws it with Chart.js, and says it in a table as well."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dashboard.templatetags.formats import took
from hits.answers.reliability import are_numbers
from hits.answers.tally import Tally, add, bars_of, median_of

#: Bars of one chart; the table beside it has as many rows.
MOST_BARS = 24
_MOST_CHOICES, _MOST_TEXTS = 15, 12
_DAYS_FROM = 24 * 5  # hours of work; longer batches are shown by the day
#: Numbers so rare at an end of the range, if they stretch it so many times, get a bar of their own.
_RARE, _FAR = 0.03, 3
Chart = dict[str, Any]
Bars = list[tuple[float, float, int]]


def histogram(numbers: Tally, words: Callable[[float], str] = "{:g}".format, *, noun: str = "answers") -> Chart | None:
    """Bars of a histogram as hits.answers.tally keeps it; neighbours share one where there would be too many."""
    found = bars_of(numbers)
    if not found:
        return None
    low, high = found[0][0], found[-1][1]
    if not numbers.get("step") and high - low < MOST_BARS and all(start % 1 == 0 for start, _, _ in found):
        known = {start: many for start, _, many in found}
        # Whole numbers have a bar each, and those that nobody gave a gap.
        found = [(low + place, low + place, known.get(low + place, 0)) for place in range(int(high - low) + 1)]
        beyond: list[tuple[int, float, int, str]] = []
    else:
        found, beyond = _without_outliers(found)
        found = _shared(found) if len(found) > 1 else found
    labels = [words(start) if start == end else f"{words(start)} to {words(end)}" for start, end, _ in found]
    counts = [many for _, _, many in found]
    for place, edge, many, word in beyond:
        labels.insert(place if place == 0 else len(labels), f"{word} {words(edge)}")
        counts.insert(place if place == 0 else len(counts), many)
    return chart("histogram", labels, counts, noun=noun)


def _without_outliers(bars: Bars) -> tuple[Bars, list[tuple[int, float, int, str]]]:
    """The bars that nearly all is in, and what lies far below or beyond them as (place, edge, how many, word): one
    absurd number must not squeeze all others into one bar."""
    total, low, high = sum(many for *_, many in bars), bars[0][0], bars[-1][1]
    within, seen = [], 0
    for bar in bars:
        if seen + bar[2] > total * _RARE and seen < total * (1 - _RARE):
            within.append(bar)
        seen += bar[2]
    if not within or high - low <= _FAR * (within[-1][1] - within[0][0]):
        return bars, []
    beyond = []
    if below := sum(many for start, _, many in bars if start < within[0][0]):
        beyond.append((0, within[0][0], below, "below"))
    if above := sum(many for start, _, many in bars if start > within[-1][0]):
        beyond.append((1, within[-1][1], above, "over"))
    return within, beyond


def _shared(bars: Bars) -> Bars:
    """The same numbers on at most MOST_BARS bars of one width, 1, 2 or 5 times a power of ten; empty ones included."""
    low, high = bars[0][0], bars[-1][1]
    step = next(
        wider
        for power in range(-12, 17)
        for factor in (1, 2, 5)
        if (high - low) / (wider := float(f"{factor}e{power}")) <= MOST_BARS - 2
    )
    counts: Counter[int] = Counter()
    for start, _, many in bars:
        counts[int(start / step + 1e-9) if start >= 0 else -int(-start / step + 1 - 1e-9)] += many
    places = range(min(counts), max(counts) + 1)
    return [(round(place * step, 12), round((place + 1) * step, 12), counts[place]) for place in places]


def chart(kind: str, labels: list[str], counts: list[int], *, noun: str = "answers") -> Chart:
    """`rows` are the table: label, count, percent of all."""
    total = sum(counts) or 1
    rows = [(label, count, round(100 * count / total)) for label, count in zip(labels, counts, strict=True)]
    return {"kind": kind, "labels": labels, "counts": counts, "rows": rows, "noun": noun}


def field_charts(tally: Tally, words: dict[str, str], answers: int) -> list[tuple[str, Chart]]:
    """(heading, chart) of what a field's answers say; `words` are an option's words by its value, `answers` how many
    there are in the batch: a box that is not ticked is not in an answer."""
    found: list[tuple[str, Chart]] = []
    if set(tally.get("values", {})) == {"yes"} and answers:
        ticked = tally["values"]["yes"]
        return [("", chart("bar", ["ticked", "not ticked"], [ticked, max(0, answers - ticked)]))]
    if labels := tally.get("labels"):
        ranked = sorted(labels.items(), key=lambda pair: -pair[1])[:_MOST_CHOICES]
        found.append(
            ("Marked, by label", chart("bar", [name for name, _ in ranked], [n for _, n in ranked], noun="marks"))
        )
    if numbers := tally.get("numbers"):
        heading = "Marked in one answer" if tally.get("drawings") else ""
        made = histogram(numbers)
        found += [(heading, made)] if made else []
    values = tally.get("values", {})
    if values and not words and not tally.get("several") and are_numbers(values):
        typed: Tally = {}
        for value, many in values.items():
            for _ in range(min(many, 10_000)):
                add(typed, float(value))
        made = histogram(typed)
        found += [("", made)] if made else []
    elif values:
        found.append(("", _values(tally, values, words)))
    return found


def _values(tally: Tally, values: dict[str, int], words: dict[str, str]) -> Chart:
    ranked = sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))
    choice = is_choice(tally)
    shown = ranked[: _MOST_CHOICES if choice else _MOST_TEXTS]
    if choice and all(_is_number(value) for value, _ in shown):
        shown.sort(key=lambda pair: float(pair[0]))  # the steps of a scale, in their order
    made = chart("bar", [words.get(value, value) for value, _ in shown], [many for _, many in shown])
    said = tally.get("said", 0) or 1
    # Several can be ticked, so percents are of the answers and not of the ticks.
    made["rows"] = [(label, many, round(100 * many / said)) for label, many, _ in made["rows"]]
    beyond = sum(many for _, many in ranked[len(shown) :]) + tally.get("others", 0)
    made |= {
        "more": len(ranked) - len(shown),
        "beyond": beyond,
        "table_only": not choice,
        "dropped": bool(tally.get("others")),
    }
    return made


def is_choice(tally: Tally) -> bool:
    """Whether few values were given so often that they must have been offered."""
    values = tally.get("values", {})
    return bool(tally.get("several")) or (len(values) <= _MOST_CHOICES and sum(values.values()) >= 2 * len(values))


def _is_number(text: str) -> bool:
    try:
        return -1e9 < float(text) < 1e9
    except ValueError:
        return False


def seconds_chart(numbers: Tally) -> Chart | None:
    return histogram(numbers, took)


def median_seconds(numbers: Tally) -> int | None:
    middle = median_of(numbers)
    return None if middle is None else round(middle)


def timeline(hours: dict[str, int]) -> Chart | None:
    """Answers over time, by the hour while the batch is short and by the day after; labels are ISO times in UTC."""
    if not hours:
        return None
    moments = sorted((datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC), many) for hour, many in hours.items())
    first, last = moments[0][0], moments[-1][0]
    by_day = (last - first).total_seconds() > _DAYS_FROM * 3600
    size = 86400 if by_day else 3600
    begin = int(first.timestamp()) // size
    counts: Counter[int] = Counter()
    for moment, many in moments:
        counts[int(moment.timestamp()) // size] += many
    end = max(counts)
    if end - begin > 400:  # a batch with a gap of years has bars only where there is work
        places = sorted(counts)[-400:]
    else:
        places = list(range(begin, end + 1))
    made = chart(
        "time", [datetime.fromtimestamp(place * size, UTC).isoformat() for place in places], [counts[p] for p in places]
    )
    busy = [(datetime.fromtimestamp(place * size, UTC), counts[place]) for place in places if counts[place]]
    return made | {"by_day": by_day, "rows": [], "times": busy[-200:]}


def pace(hours: dict[str, int]) -> tuple[float, float] | None:
    """Answers in an hour of work and in a day, over the span in which there were any."""
    if not hours:
        return None
    total, ordered = sum(hours.values()), sorted(hours)
    first, last = (datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC) for hour in (ordered[0], ordered[-1]))
    spanned = (last - first).total_seconds() / 3600 + 1
    return total / spanned, total / max(1.0, spanned / 24)
