"""Read the question of a HIT, so that its answers can be shown with the requester's own words and pictures."""

import re
from functools import lru_cache

from lxml import etree

from hits.questions.attributes import fill
from hits.questions.form import read_form
from hits.questions.model import Field, Question, Widget, filled
from hits.questions.page import read_page

__all__ = ["Field", "Question", "Widget", "fill", "filled", "read_question"]

LONGEST = 1_000_000  # MTurk refuses a question above 65,535 bytes; a layout's text may be longer
_URL = re.compile(r"https?://[^\s\"'<>\\]{4,2000}")


def read_question(text: str | None) -> Question:
    """The `Question` a HIT's Question text describes: a QuestionForm, HTMLQuestion or ExternalQuestion document, or
    the bare HTML of a layout. Never raises; what cannot be read says so in `problem`."""
    if not text or not text.strip():
        return Question(kind="")
    if len(text) > LONGEST:
        return Question(kind="", problem="The question is too long to read.")
    return _read(text)


# A queue page shows many assignments of few questions.
@lru_cache(maxsize=64)
def _read(text: str) -> Question:
    start = text.lstrip("\ufeff \t\r\n")
    if not start.startswith("<"):
        return Question(kind="", problem="The question is not an XML document.")
    if re.match(r"(?i)<!doctype html|<html|<body|<script|<crowd-|<form|<div|<p\b|<link|<style|<!--", start):
        return read_page(text, frozenset(_URL.findall(text)))
    try:
        root = _root(start)
    except (etree.XMLSyntaxError, ValueError) as error:
        return Question(kind="", problem=f"The question cannot be read: {error}.")
    if root.getroottree().docinfo.doctype:
        return Question(kind="", problem="The question has a DOCTYPE, which is not read.")
    kind = etree.QName(root).localname
    urls = frozenset(_URL.findall(text))
    if kind == "QuestionForm":
        return read_form(root, urls)
    if kind == "HTMLQuestion":
        return read_page(_text(root, "HTMLContent"), urls)
    if kind == "ExternalQuestion":
        return Question(kind="ExternalQuestion", url=_text(root, "ExternalURL").strip(), urls=urls)
    return Question(kind="", problem=f"A question of the kind “{kind[:60]}” is not known.", urls=urls)


def _root(text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    return etree.fromstring(text.encode("utf-8", "replace"), parser)


def _text(root: etree._Element, name: str) -> str:
    for child in root:
        if isinstance(child.tag, str) and etree.QName(child).localname == name:
            return child.text or ""
    return ""
