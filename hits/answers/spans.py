"""Entities marked in a text: character offsets, the end exclusive."""

from itertools import pairwise
from typing import Any

from hits.answers.parts import Legend, Piece, Span, Spans
from hits.answers.shapes import heading
from hits.answers.sources import Sources
from hits.answers.text import one_line, shown

_MOST = 1_000
_LONGEST = 100_000


def entities(value: Any, path: str, sources: Sources) -> tuple[Spans, set[str]] | None:
    """Entities as crowd-entity-annotation gives them, with the keys they used."""
    if not isinstance(value, dict) or not isinstance(value.get("entities"), list):
        return None
    found = []
    for item in value["entities"][:_MOST]:
        if not isinstance(item, dict):
            return None
        start, end = item.get("startOffset", item.get("start")), item.get("endOffset", item.get("end"))
        if type(start) is not int or type(end) is not int:
            return None
        found.append((start, end, str(item.get("label", item.get("type", "")))))
    return spans(found, path, sources, more=max(0, len(value["entities"]) - _MOST)), {"entities"}


def pairs(value: Any, path: str, sources: Sources) -> Spans | None:
    """Pairs of offsets, where the task has a text of the answer's own name that they fit."""
    if not isinstance(value, list) or not value or len(value) > _MOST:
        return None
    found = []
    for item in value:
        if not (isinstance(item, list) and len(item) == 2 and type(item[0]) is int and type(item[1]) is int):
            return None
        if not 0 <= item[0] < item[1]:
            return None
        found.append((item[0], item[1], ""))
    if not sources.named_text(path, max(end for _, end, _ in found)):
        return None
    return spans(found, path, sources, guess="pairs of numbers read as character positions")


def spans(found: list[tuple[int, int, str]], path: str, sources: Sources, *, more: int = 0, guess: str = "") -> Spans:
    """Marked stretches over the text they were marked in, where that is known and long enough."""
    furthest = max((end for _, end, _ in found), default=0)
    text, source = sources.text(path, furthest) if furthest < _LONGEST else ("", "")
    order = sources.colours(path)
    counts: dict[str, int] = {}
    for _, _, label in found:
        counts[label] = counts.get(label, 0) + 1
        order.setdefault(label, len(order))
    problem = ""
    at = _positions(text, found) if text else None
    if text and at is None:
        problem = "A marked stretch lies beyond the text, so the text is not marked here."
    rows = []
    for start, end, label in sorted(
        found, key=lambda item: (max(-1, min(item[0], 10**9)), item[1] if item[1] < 10**9 else 10**9)
    ):
        words = text[at[start] : at[end]] if at is not None else ""
        flag = "" if 0 <= start < end else "not a stretch of text"
        rows.append(
            Span(_small(start), _small(end), one_line(label, 80), order[label] % 12, one_line(words, 120), flag)
        )
    return Spans(
        heading=heading(path, sources),
        pieces=_pieces(text, at, found, order) if at is not None else (),
        spans=tuple(rows),
        legend=tuple(
            Legend(one_line(label, 80) or "marked", counts[label], order[label], order[label] % 12)
            for label in sorted(counts, key=order.__getitem__)
        ),
        source=source if at is not None else "",
        guess=guess,
        problem=problem,
        more=more,
    )


class _Same(dict[int, int]):
    def __missing__(self, key: int) -> int:
        return key


def _positions(text: str, found: list[tuple[int, int, str]]) -> dict[int, int] | None:
    """Recorded offset -> place in `text`, or None where an offset is beyond it.

    Widgets run in a browser, where a character outside the basic plane counts two; recorded consumers count one. With
    such characters in the text, the reading whose stretches begin and end at the edges of words wins.
    """
    offsets = {offset for start, end, _ in found for offset in (start, end)}
    if any(offset < 0 for offset in offsets) or any(start >= end for start, end, _ in found):
        return None
    plain = _Same() if all(offset <= len(text) for offset in offsets) else None
    if text.isascii() or max(text, default="") < "\U00010000":
        return plain
    units: dict[int, int] = {}
    position = 0
    for place, character in enumerate(text):
        units[position] = place
        position += 2 if character >= "\U00010000" else 1
    units[position] = len(text)
    if not all(offset in units for offset in offsets):
        return plain
    if plain is None:
        return units
    return units if _edges(text, units, offsets) > _edges(text, plain, offsets) else plain


def _edges(text: str, at: dict[int, int], offsets: set[int]) -> int:
    """How many offsets stand at the edge of a word."""
    score = 0
    for offset in offsets:
        place = at[offset]
        before, after = text[place - 1 : place], text[place : place + 1]
        score += before.isalnum() != after.isalnum()
    return score


def _pieces(
    text: str, at: dict[int, int], found: list[tuple[int, int, str]], order: dict[str, int]
) -> tuple[Piece, ...]:
    marks = sorted((at[start], at[end], label) for start, end, label in found)
    edges = sorted({0, len(text), *(start for start, _, _ in marks), *(end for _, end, _ in marks)})
    pieces = []
    active: list[tuple[int, str]] = []
    upcoming = 0
    for left, right in pairwise(edges):
        active = [(end, label) for end, label in active if end > left]
        while upcoming < len(marks) and marks[upcoming][0] <= left:
            active.append((marks[upcoming][1], marks[upcoming][2]))
            upcoming += 1
        labels = [label for _, label in active]
        first = labels[0] if labels else ""
        pieces.append(
            Piece(
                text=shown(text[left:right]),
                label=(one_line(first, 80) or "marked") if labels else "",
                colour=order[first] % 12 if labels else 0,
                index=order[first] if labels else 0,
                ends=tuple(one_line(label, 40) for end, label in active if end == right and label),
                also=tuple(one_line(label, 40) for label in labels[1:6]),
            )
        )
    return tuple(pieces)


def _small(value: int) -> int:
    return max(-(10**9), min(10**9, value))
