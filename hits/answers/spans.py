"""Entities marked in a text: character offsets, the end exclusive."""

import re
from itertools import pairwise
from typing import Any

from hits.answers.canvas import heading
from hits.answers.corners import folded
from hits.answers.outlines import label_of
from hits.answers.parts import Legend, Piece, Span, Spans
from hits.answers.sources import Sources
from hits.answers.text import one_line, shown

_MOST = 1_000
_LONGEST = 100_000


_ENDS: tuple[tuple[str, str], ...] = (
    ("startoffset", "endoffset"),
    ("start", "end"),
    ("begin", "end"),
    ("startindex", "endindex"),
)
_ENDS += (("startchar", "endchar"), ("charstart", "charend"), ("from", "to"), ("beginoffset", "endoffset"))
_WORDS = ("text", "token", "word", "phrase", "surface", "mention", "quote", "substring", "string", "value")
_MARKED = re.compile(r"(?i)span|entit|highlight|mention|token|annot|ner(?![a-z])|phrase|select|label|evidence")

Found = tuple[int, int, str]


def entities(value: Any, path: str, sources: Sources, near: str = "") -> tuple[Spans, set[str]] | None:
    """Entities as crowd-entity-annotation gives them, with the keys they used; also a text with its marks,
    {"text": …, "label": [[0, 3, "x"]]}, as text annotation tools keep it."""
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("entities"), list):
        found = _found(value["entities"])
        if found is None:
            return None
        more = max(0, len(value["entities"]) - _MOST)
        return spans([item[:3] for item in found], path, sources, more=more), {"entities"}
    own = value.get("text")
    for key in ("label", "labels", "spans", "annotations"):
        items = value.get(key)
        if isinstance(own, str) and isinstance(items, list) and items:
            found = _found(items)
            if found is not None and all(end <= len(own) for _, end, _, _ in found):
                part = spans([item[:3] for item in found], f"{path}.{key}", sources, own=own)
                return part, {key, "text"} if part.source == "the answer" else {key}
    return None


def listed_spans(value: Any, path: str, sources: Sources) -> Spans | None:
    """Marked stretches as people's own tools list them, [{"start": 0, "end": 3, "label": "x"}] or [[0, 3, "x"]], where
    the task has a text that they fit, or they say their words themselves."""
    if not isinstance(value, list) or not value:
        return None
    found = _found(value)
    if not found:
        return None
    plain = [item[:3] for item in found]
    furthest = max(end for _, end, _ in plain)
    text = sources.text(path, furthest)[0] if furthest < _LONGEST else ""
    said = [(start, end, words) for start, end, _, words in found if words]
    if text and said:
        # Some count the last character in, some do not; the words tell.
        if all(text[start : end + 1] == words for start, end, words in said):
            plain = [(start, end + 1, label) for start, end, label in plain]
        elif not any(text[start:end].strip() == words.strip() for start, end, words in said):
            text = ""
    if not (text or (said and _MARKED.search(path))):
        return None
    return spans(plain, path, sources, more=max(0, len(value) - _MOST), words={item[:2]: item[3] for item in found})


def _found(items: list[Any]) -> list[tuple[int, int, str, str]] | None:
    """(start, end, label, its words where they are said) of each item; None where one is no stretch."""
    found = []
    for item in items[:_MOST]:
        this = _stretch(item)
        if this is None:
            return None
        found.append(this)
    return found


def _stretch(item: Any) -> tuple[int, int, str, str] | None:
    if isinstance(item, list):
        if len(item) != 3 or type(item[0]) is not int or type(item[1]) is not int or not isinstance(item[2], str):
            return None
        return (item[0], item[1], item[2], "") if 0 <= item[0] < item[1] else None
    if not isinstance(item, dict) or not 1 <= len(item) <= 40:
        return None
    keys = folded(item)
    if isinstance(keys.get("value"), dict):  # Label Studio
        keys = folded(keys["value"])
    for one, other in _ENDS:
        start, end = _offset(keys.get(one)), _offset(keys.get(other))
        if start is not None and end is not None:
            words = next((keys[key] for key in _WORDS if isinstance(keys.get(key), str)), "")
            label = label_of({key: here for key, here in keys.items() if key not in ("text", "id", "name")})
            return start, end, label, words
    return None


def _offset(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if type(value) is int else None


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


def spans(
    found: list[Found],
    path: str,
    sources: Sources,
    *,
    more: int = 0,
    guess: str = "",
    own: str = "",
    words: dict[tuple[int, int], str] | None = None,
) -> Spans:
    """Marked stretches over the text they were marked in, where that is known and long enough. `own` is a text in the
    answer, for where the task has none; `words` are the words of stretches as the answer says them."""
    furthest = max((end for _, end, _ in found), default=0)
    text, source = sources.text(path, furthest) if furthest < _LONGEST else ("", "")
    if not text and own:
        text, source = own[:_LONGEST], "the answer"
    said = words or {}
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
        here = text[at[start] : at[end]] if at is not None else said.get((start, end), "")
        flag = "" if 0 <= start < end else "not a stretch of text"
        rows.append(Span(_small(start), _small(end), one_line(label, 80), order[label] % 12, one_line(here, 120), flag))
    return Spans(
        heading=heading(path, sources),
        pieces=_pieces(text, at, found, order, sources.short(path)) if at is not None else (),
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
    text: str, at: dict[int, int], found: list[Found], order: dict[str, int], short: dict[str, str]
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
                ends=tuple(one_line(short.get(label, label), 40) for end, label in active if end == right and label),
                also=tuple(one_line(label, 40) for label in labels[1:6]),
            )
        )
    return tuple(pieces)


def _small(value: int) -> int:
    return max(-(10**9), min(10**9, value))
