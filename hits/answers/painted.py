"""Corrected masks: what the form or the browser's editor sends of one, checked, tidied and written as a mask again.

As text it is one JSON object:

    {"labels": {"#2ca02c": "Car", "#1f77b4": "Road"}, "gone": ["#1f77b4"], "png": "<base64, or empty>"}

`labels` are all entries of the legend, new ones too; those in `gone` are removed with their pixels. Without a `png` the
pixels are the worker's. Of a mask by class, entries of one label become one; of a mask by thing they stay two things.
"""

import base64
import binascii
import json
import re
from typing import Any

from hits.answers.pixels import (
    MOST_COLOURS,
    NEARLY_BLACK,
    TOLERANCE,
    Colour,
    NotReadable,
    apart,
    numbers,
    palette_png,
)
from hits.answers.text import shown

#: Characters of a corrected mask in base64. Recorded ones have 400, the largest 8,000.
LONGEST_MASK = 400_000
LONGEST_LABEL = 300
#: How a colour of a legend is written; an entry whose colour is none has no pixels that could be told.
COLOUR = re.compile(r"#[0-9a-f]{6}\Z")


class NotAMask(ValueError):
    """What was sent is none; the message is a sentence that says what to do."""


def is_mask(value: Any) -> bool:
    return isinstance(value, dict) and value.get("drawing") == "mask"


def as_painted(drawing: dict[str, Any], *, own: bool = False) -> str:
    """A mask as text; `read_painted` reads it back. `own`: with the worker's pixels left out, as they are known."""
    png = "" if own else drawing["png"]
    return json.dumps({"labels": drawing["labels"], "gone": [], "png": png}, ensure_ascii=False)


def fields_of_painted(text: str) -> tuple[dict[str, str], set[str], str]:
    """(labels, gone, png) of such a text, whatever it is; NotAMask where it cannot be told."""
    try:
        read = json.loads(text)
        labels, gone, png = dict(read["labels"]), set(read["gone"]), read["png"]
        if not all(isinstance(item, str) for item in (*labels, *labels.values(), *gone, png)):
            raise ValueError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NotAMask("What was sent is no mask. Load the page again.") from None
    return labels, gone, png


def read_painted(text: str, original: dict[str, Any]) -> dict[str, Any]:
    """The mask that was sent, of the size of `original`, which is the answer where nothing was changed. NotAMask."""
    labels, gone, png = fields_of_painted(text)
    labels = _checked(labels, gone, original)
    if png in ("", original["png"]):
        # A new label of which nothing was painted says nothing.
        labels = {key: label for key, label in labels.items() if key in original["labels"]}
        kept = {key: label for key, label in labels.items() if key not in gone}
        if set(kept) == set(original["labels"]) and all(key == to for key, to in _targets(kept, original).items()):
            return {**original, "labels": kept}  # names alone: the pixels need not be touched
        return _written(original["png"], {**original["labels"], **labels}, kept, original, strict=False)
    kept = {key: label for key, label in labels.items() if key not in gone}
    made = _written(png, labels, kept, original, strict=True)
    return original if made == _tidy(original) else made


def _checked(labels: dict[str, str], gone: set[str], original: dict[str, Any]) -> dict[str, str]:
    if len(labels) > MOST_COLOURS:
        raise NotAMask(f"It has {len(labels)} labels; {MOST_COLOURS} is the most.")
    known = [_rgb(key) for key in original["labels"] if COLOUR.match(key)]
    checked = {}
    for key, label in labels.items():
        if key not in original["labels"]:
            if not COLOUR.match(key):
                raise NotAMask("A colour is written #rrggbb. Load the page again.")
            colour = _rgb(key)
            near = any(apart(colour, one) <= 2 * TOLERANCE for one in known)
            if near or max(colour) <= NEARLY_BLACK + TOLERANCE:
                raise NotAMask(f"The colour {key} is too near to another one. Remove it, and add the label again.")
            known.append(colour)
        if key not in gone and (not label.strip() or len(label) > LONGEST_LABEL):
            raise NotAMask(f"A label is text of at most {LONGEST_LABEL} characters. Name it, or tick “remove”.")
        checked[key] = shown(label.strip()) if label != original["labels"].get(key) else label
    return checked


def _targets(kept: dict[str, str], original: dict[str, Any]) -> dict[str, str]:
    """Colour -> the colour its pixels get: of a mask by class the first one of its label."""
    first: dict[str, str] = {}
    return {
        key: key if original.get("instances") or not COLOUR.match(key) else first.setdefault(label, key)
        for key, label in kept.items()
    }


def _written(
    png: str, labels: dict[str, str], kept: dict[str, str], original: dict[str, Any], *, strict: bool
) -> dict[str, Any]:
    """The mask of the `kept` labels, those that have pixels, each with the exact colour it has in the legend."""
    if not original["png"]:
        raise NotAMask("The worker's picture cannot be read, so only its labels can be changed.")
    too_fine = NotAMask("It is too finely painted to be kept. Fill its larger regions, and erase single pixels.")
    if strict and len(png) > LONGEST_MASK:
        raise too_fine
    width, height = original["width"], original["height"]
    coloured = [key for key in labels if COLOUR.match(key)][:MOST_COLOURS]
    try:
        data = base64.b64decode(png, validate=True)
        pixels = numbers(data, (width, height), [_rgb(key) for key in coloured], strict=strict)
    except NotReadable as reason:
        raise NotAMask(f"The picture of the mask cannot be read. {reason}") from None
    except (binascii.Error, ValueError):
        raise NotAMask("The picture of the mask cannot be read. It is not base64.") from None
    targets = _targets(kept, original)
    present = {targets[key] for place, key in enumerate(coloured, 1) if key in targets and place in pixels}
    rank = {key: place for place, key in enumerate(original["labels"])}
    used = sorted(present, key=lambda key: rank.get(key, len(rank) + coloured.index(key)))
    places = {key: place for place, key in enumerate(used, 1)}
    table = bytes([0, *(places.get(targets.get(key, ""), 0) for key in coloured)]).ljust(256, b"\0")
    picture = palette_png(pixels.translate(table), width, height, [_rgb(key) for key in used])
    written = base64.b64encode(picture).decode()
    if len(written) > LONGEST_MASK:
        raise too_fine
    named = {key: label for key, label in kept.items() if key in places or not COLOUR.match(key)}
    return {**original, "labels": named, "png": written}


def _tidy(original: dict[str, Any]) -> dict[str, Any]:
    """The worker's mask as `_written` would write it, to see whether somebody changed anything."""
    try:
        labels = original["labels"]
        return _written(original["png"], labels, labels, original, strict=False)
    except NotAMask:
        return original


def _rgb(key: str) -> Colour:
    return tuple(bytes.fromhex(key[1:]))
