"""Where pictures and texts come from, and who named an address: the requester or only the worker."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from hits.answers.parts import Link, Picture
from hits.answers.text import _ODD, shown
from hits.questions import Question, Widget, fill, filled

_URL = re.compile(r"https?://[^\s\"'<>\\]{4,2000}")
_WHOLE_URL = re.compile(r"(?i)https?://[^\s\"'<>\\^`{|}]{3,2000}\Z")
_PICTURE_NAME = re.compile(r"(?i)image|img|photo|pic(ture)?s?(?![a-z])|frame|screenshot|thumb")
_PICTURE_FILE = re.compile(r"(?i)\.(png|jpe?g|gif|webp|avif|bmp|svg|tiff?)([?#.]|\Z)")
_BETWEEN = re.compile(r"[\s,;|]+(?=https?://)")
_DIGITS = re.compile(r"\d+")
_DATA = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]{8,4000000}\Z")


def link(text: str, source: str = "worker") -> Link:
    """`text` as a link where it is a plain http address with a host; else the text alone."""
    text = text.strip()
    if not _WHOLE_URL.match(text) or _ODD.search(text):
        return Link(shown(text, 500), source=source)
    try:
        host = urlsplit(text).hostname or ""
        # A look-alike host (аpple.com) is shown as the network sees it.
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return Link(shown(text, 500), source=source)
    if not host or host.startswith("."):
        return Link(shown(text, 500), source=source)
    return Link(shown(text, 300), text, host[:120], source)


def looks_like_url(text: str) -> bool:
    """Whether a short text is one web address, or pretends to be one under a scheme that is never a link."""
    return len(text) <= 2_000 and bool(_WHOLE_URL.match(text.strip()))


class Sources:
    """What the requester named for one HIT: pictures, texts and addresses from the question and its inputs."""

    def __init__(self, question: Question | None, inputs: dict[str, Any] | None) -> None:
        self.question = question or Question(kind="")
        self.inputs = {str(key): str(value) for key, value in (inputs or {}).items() if value is not None}
        self._colours: dict[str, int] = {}
        self._pictures: list[tuple[str, str]] | None = None
        self._urls: frozenset[str] | None = None
        self._only: Picture | None = None

    def who(self, url: str) -> str:
        """Who named an address: `input`, `question` or `worker`."""
        if self._urls is None:
            found = [url for value in self.inputs.values() if "://" in value for url in _URL.findall(value[:100_000])]
            self._urls = frozenset(found)
        if url in self._urls:
            return "input"
        return "question" if url in self.question.urls or url in self.question.images else "worker"

    def link(self, text: str, name: str = "") -> Link:
        """An address in an answer; `name` is what the answer calls it."""
        found = link(text, self.who(text.strip()))
        return replace(found, is_picture=True) if found.href and self.is_picture(name, found.href) else found

    def picture(self, name: str, near: str = "") -> Picture:
        """The picture an answer called `name` was drawn on. `near` is an address in the answer that belongs to it."""
        widget = self.question.widget(name)
        if widget is not None:
            src = filled(widget, self.inputs).src
            if _DATA.match(src):
                return Picture(src, "question")
            found = link(src, "question")
            if found.href and "${" not in src:
                return Picture(found.href, "question", found)
        if near:
            found = self.link(near)
            if found.href:
                return Picture("" if found.source == "worker" else found.href, found.source, found)
        candidates = self._candidates()
        chosen = _matching(name, candidates)
        if chosen is None and len(self.question.images) == 1:
            found = link(fill(self.question.images[0], self.inputs), "question")
            if found.href:
                return Picture(found.href, "question", found)
        if chosen is None:
            return self._scripted() if not candidates and not self.question.images else Picture()
        return Picture(chosen, "input", link(chosen, "input"))

    def _scripted(self) -> Picture:
        """The picture of a page that shows it by script: the only address in the page that can be one."""
        if self._only is None:
            urls = self.question.urls if self.question.kind == "HTMLQuestion" else ()
            named = {url.replace("&amp;", "&") for url in urls if _PICTURE_FILE.search(url) and "${" not in url}
            found = link(named.pop(), "question") if len(named) == 1 else Link("")
            self._only = Picture(found.href, "question", found) if found.href else Picture()
        return self._only

    def label(self, name: str) -> str:
        """The words the question has for a field, or nothing."""
        field = self.question.fields.get(name)
        if field is not None:
            return fill(field.label, self.inputs)
        widget = self.question.widgets.get(name)
        return filled(widget, self.inputs).header if widget is not None else ""

    def labels(self, name: str) -> tuple[str, ...]:
        widget = self.question.widget(name)
        return widget.labels if widget is not None else ()

    def paint(self, name: str) -> dict[str, str]:
        """Label -> #rrggbb, where the task chose its colours."""
        widget = self.question.widget(name)
        if widget is None or not widget.colours:
            return {}
        return {label: colour for label, colour in zip(widget.labels, widget.colours, strict=False) if colour}

    def short(self, name: str) -> dict[str, str]:
        """Label -> the short name the task has for it."""
        widget = self.question.widget(name)
        return dict(widget.short) if widget is not None else {}

    def colours(self, name: str) -> dict[str, int]:
        """Label -> its number, which callers add to: the order the task offers them, one order for a whole answer."""
        for label in self.labels(name):
            self._colours.setdefault(label, len(self._colours))
        return self._colours

    def target(self, widget: Widget) -> str:
        """The words a classifier's classification-target shows."""
        return filled(widget, self.inputs).text

    def text(self, name: str, length: int) -> tuple[str, str]:
        """The text entities called `name` were marked in, at least `length` long: (text, where it is from)."""
        widget = self.question.widget(name)
        if widget is not None and widget.text and widget.element == "crowd-entity-annotation":
            return filled(widget, self.inputs).text, "question"
        own = self.named_text(name, length)
        if own:
            return self.inputs[own], f"input {own}"
        enough = [(key, value) for key, value in self.inputs.items() if len(value) >= max(length, 1)]
        enough = [(key, value) for key, value in enough if " " in value.strip() and not value.startswith("http")]
        if len(enough) == 1:
            return enough[0][1], f"input {enough[0][0]}"
        named = [pair for pair in enough if re.search(r"(?i)text|sentence|passage|document|body|article|post", pair[0])]
        return (named[0][1], f"input {named[0][0]}") if len(named) == 1 else ("", "")

    def named_text(self, name: str, length: int) -> str:
        """The input that `name` is called after (situation_2 after situation_2, or after the only situation)."""
        if len(self.inputs.get(name, "")) >= length and name in self.inputs:
            return name
        stem = name.rstrip("0123456789").rstrip("-_. ")
        after = [key for key, value in self.inputs.items() if key == stem and len(value) >= max(length, 1)]
        return after[0] if stem and after else ""

    @staticmethod
    def is_picture(name: str, address: str) -> bool:
        """Whether an input that is an address seems to be one of a picture."""
        return bool(_PICTURE_FILE.search(address) or _PICTURE_NAME.search(name))

    def _candidates(self) -> list[tuple[str, str]]:
        if self._pictures is None:
            addresses = [pair for key, value in self.inputs.items() for pair in _addresses(key, value)]
            pictures = [pair for pair in addresses if self.is_picture(*pair) and link(pair[1]).href]
            # One address and nothing that says picture: the thing to draw on can only be that one.
            self._pictures = pictures or (addresses if len(addresses) == 1 and link(addresses[0][1]).href else [])
        return self._pictures


def _addresses(key: str, value: str) -> list[tuple[str, str]]:
    """The addresses an input holds: one, or a list of them (as JSON, or one after the other), each with its place."""
    value = value.strip()
    if "://" not in value or len(value) > 100_000:
        return []
    if value[0] in "[{":
        found = re.findall(r"[\"'](https?://[^\s\"'<>\\]{3,2000})[\"']", value) if value[0] == "[" else []
    else:
        found = [text for text in _BETWEEN.split(value) if text]
    if not all(map(looks_like_url, found)):
        return []
    return [(key, found[0])] if len(found) == 1 else [(f"{key}[{place}]", url) for place, url in enumerate(found[:500])]


def _matching(name: str, candidates: list[tuple[str, str]]) -> str | None:
    """The picture whose name has the same number as `name`'s; the only one where there is one."""
    if not candidates:
        return None
    if len(candidates) == 1:
        return candidates[0][1]
    numbers = _DIGITS.findall(name)
    for number in reversed(numbers):
        for key, value in candidates:
            if _DIGITS.findall(key)[-1:] == [number]:
                return value
    return None if numbers else candidates[0][1]
