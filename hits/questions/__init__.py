"""Read the question of a HIT, so that its answers can be shown with the requester's own words and pictures."""

import re
from functools import lru_cache

from hits.questions.attributes import fill
from hits.questions.model import Field, Question, Widget, filled
from hits.questions.page import read_page, visible_text
from marketplace import documents

__all__ = ["Field", "Question", "Widget", "fill", "filled", "question_words", "read_question"]

LONGEST = 1_000_000  # MTurk refuses a question above 65,535 bytes; a layout's HTML may be longer
_URL = re.compile(r"https?://[^\s\"'<>\\]{4,2000}")
_HTML = re.compile(r"(?i)<(!doctype html|html|head|body|script|crowd-|form|div|p|link|style|section|!--|h[1-6])\b|<!--")


def read_question(text: str | None) -> Question:
    """The `Question` a HIT's Question text describes: a QuestionForm, HTMLQuestion or ExternalQuestion document, or
    the bare HTML of a layout. Never raises; what cannot be read says so in `problem`."""
    if not text or not text.strip():
        return Question(kind="")
    if len(text) > LONGEST:
        return Question(kind="", problem="The question is too long to read.")
    return _read(text)


def question_words(text: str | None) -> str:
    """What the task says to the worker, as plain lines, "" where only its own server or a script knows. Never raises.

    Apart from `read_question`, because a list of fifty answers has no use for it.
    """
    if not text or len(text) > LONGEST:
        return ""
    try:
        document = documents.parse_question(text)
    except documents.DocumentError:
        return visible_text(text) if _HTML.match(text.strip()) else ""
    if document.kind is documents.Kind.HTML_QUESTION:
        return visible_text(document.html)
    return document.overview[:4000]


# A queue page shows many assignments of few questions.
@lru_cache(maxsize=64)
def _read(text: str) -> Question:
    text = text.strip().lstrip("\ufeff")
    # Addresses in XML are escaped (&amp;), in the HTML inside CDATA they may be: both spellings are the requester's.
    urls = frozenset(spelling for url in _URL.findall(text)[:5_000] for spelling in (url, url.replace("&amp;", "&")))
    try:
        document = documents.parse_question(text)
    except documents.DocumentError as error:
        return read_page(text, urls) if _HTML.match(text) else Question(kind="", problem=str(error), urls=urls)
    if document.kind is documents.Kind.HTML_QUESTION:
        return read_page(document.html, urls)
    if document.kind is documents.Kind.EXTERNAL_QUESTION:
        return Question(kind="ExternalQuestion", url=document.url, urls=urls)
    fields = {question.identifier: _field(question) for question in document.questions}
    return Question(kind="QuestionForm", fields=fields, urls=urls, text=document.overview[:4000])


def _field(question: documents.FormQuestion) -> Field:
    control = "text"
    if question.answer_kind is documents.AnswerKind.SELECTION:
        control = "checkbox" if question.max_selections != 1 else "radio"
    elif question.answer_kind is documents.AnswerKind.FILE_UPLOAD:
        control = "file"
    return Field(
        name=question.identifier,
        control=control,
        label=(question.text or question.display_name)[:2000],
        options=tuple((selection.identifier, selection.text) for selection in question.selections),
        required=question.is_required,
    )
