"""Fields that belong to a drawing by their number: bbox-3 was drawn on url-3, at scale-3, as large as imageSize-3."""

import re
from collections.abc import Iterable
from typing import Any

from hits.answers.canvas import size_of
from hits.answers.corners import folded
from hits.answers.normalise import Entry, number
from hits.answers.sources import looks_like_url

_SUFFIX = re.compile(r"(.*?)[-_. ]?(\d{1,9})\Z", re.DOTALL)
_ADDRESS = re.compile(r"(?i)(.*[-_.])?(url|img|image|src|photo|picture|link)s?\Z")
_SCALE = re.compile(r"(?i)(.*[-_.])?(scale|zoom|ratio)\Z")
_SIZE = re.compile(r"(?i)(image|img|original|natural|canvas)[-_. ]?(size|dim(ension)?s?|width|height)\Z")


class Beside:
    """What the fields of one answer say for their neighbours."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.addresses: dict[str, Entry] = {}
        self._scales: dict[str, Entry] = {}
        self._sizes: dict[str, dict[str, Any]] = {}
        self._properties: dict[str, tuple[float, float]] = {}
        for entry in entries:
            self._look_at(entry)

    def _look_at(self, entry: Entry) -> None:
        value = entry.value
        if isinstance(value, str) and not entry.name[-1:].isdigit() and not _SIZE.match(entry.name):
            return
        stem, suffix = split(entry.name)
        if isinstance(value, dict):
            if set(value) == {"inputImageProperties"}:
                self._properties[entry.name] = size_of(value)
            elif _SIZE.match(stem):
                self._sizes.setdefault(suffix, {})[stem] = value
            return
        if isinstance(value, list) or _SIZE.match(stem):
            if _SIZE.match(stem):
                self._sizes.setdefault(suffix, {})[stem] = value
            return
        if not suffix or not isinstance(value, (str, int, float)):
            return
        if _ADDRESS.match(stem) and isinstance(value, str) and looks_like_url(value):
            self.addresses.setdefault(suffix, entry)
        elif _SCALE.match(stem) and (number(value) or 0) > 0:
            self._scales.setdefault(suffix, entry)

    def address(self, name: str) -> Entry | None:
        return self.addresses.get(split(name)[1]) if self.addresses else None

    def scale(self, name: str) -> tuple[float, str]:
        """(what coordinates called `name` are divided by, the field that says so)."""
        entry = self._scales.get(split(name)[1]) if self._scales else None
        factor = (number(entry.value) or 1.0) if entry is not None else 1.0
        return (factor, entry.name) if entry is not None and 0.01 <= factor <= 100 else (1.0, "")

    def size(self, name: str) -> tuple[float, float] | None:
        """The size of the picture that `name` was drawn on, where a field says it: its own number's, or the only one.
        Widgets whose size came under another name (people rename columns) have it too."""
        if not self._sizes and not self._properties:
            return None
        said = self._sizes.get(split(name)[1]) or (self._sizes.get("") if len(self._sizes) == 1 else None)
        if said is not None:
            found = size_of(next((value for key, value in said.items() if isinstance(value, list)), said))
            if found == (0.0, 0.0):
                found = size_of(folded(said))
            if found != (0.0, 0.0):
                return found
        if len(self._properties) == 1:
            return next(iter(self._properties.values()))
        stem = split(name)[0]
        return next((size for key, size in self._properties.items() if split(key)[0] == stem), None)

    def of_a_size(self, name: str) -> bool:
        """Whether a field holds nothing but the size of a picture."""
        return name in self._properties


def split(name: str) -> tuple[str, str]:
    """A name and its number: ("bbox", "3") of bbox-3, (name, "") where it has none."""
    match = _SUFFIX.match(name)
    return (match[1], match[2]) if match else (name, "")
