"""QuestionFormAnswers text to values by question identifier (api:3542)."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from hits.answers.text import shown
from marketplace.documents import DocumentError, parse_answers
from marketplace.documents.answers import NAMESPACE


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file: its key, and its size in bytes where the document says it."""

    key: str
    size: int | None = None


class Given(NamedTuple):  # a tuple: millions of them are made
    """What a worker gave for one identifier. Several Answer elements of the same identifier are one Given; all is empty
    where nothing was selected."""

    texts: tuple[str, ...] = ()
    selections: tuple[str, ...] = ()
    other: str | None = None
    file: File | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """An answer document in its order. `problem` is a sentence, and `answers` empty, where it cannot be read."""

    answers: dict[str, Given] = field(default_factory=dict)
    problem: str = ""
    raw: str = ""


def parse(xml_text: str | None) -> Parsed:
    """`xml_text`, a QuestionFormAnswers document, as `Parsed`. Never raises; entities and DOCTYPEs are refused."""
    if not xml_text or not xml_text.strip():
        return Parsed(problem="The answer is empty.", raw=xml_text or "")
    # MTurk pads nothing, people's copies do: XML allows no space before its declaration.
    text = xml_text.lstrip("\ufeff \t\r\n") if xml_text[0] != "<" else xml_text
    plain = _plain(xml_text)
    if plain is not None:
        return Parsed(plain, "", xml_text)
    try:
        found = parse_answers(text)
    except DocumentError as error:
        return Parsed(problem=f"Shown as raw text: {shown(error, 300)}", raw=xml_text)
    answers: dict[str, Given] = {}
    for answer in found:
        given = Given(
            () if answer.free_text is None else (answer.free_text,),
            answer.selection_identifiers,
            answer.other_selection,
            None if answer.uploaded_file_key is None else File(answer.uploaded_file_key, answer.uploaded_file_size),
        )
        before = answers.get(answer.question_identifier)
        answers[answer.question_identifier] = given if before is None else _together(before, given)
    return Parsed(answers=answers, raw=xml_text)


def _together(before: Given, given: Given) -> Given:
    return Given(
        before.texts + given.texts if len(before.texts) < 1_000 else before.texts,
        before.selections + given.selections if len(before.selections) < 1_000 else before.selections,
        before.other if given.other is None else given.other,
        before.file or given.file,
    )


# --- the plain kind ---------------------------------------------------------------------------------------------------

# Nearly every document is as MTurk writes one for a form: FreeText and nothing else. Its whole text is held against
# this grammar, which is a small part of XML's; whatever it does not fit goes to the parser. It takes a third of the
# time.
_LONGEST = 1_000_000
_HEAD = re.compile(
    r'(?:<\?xml version="1\.0" encoding="UTF-8"(?: standalone="(?:no|yes)")?\?>[ \t\n]*)?'
    rf'<QuestionFormAnswers xmlns="{re.escape(NAMESPACE)}">[ \t\n]*'
)
_ANSWER = re.compile(
    r"<Answer>[ \t\n]*<QuestionIdentifier>([^<]*)</QuestionIdentifier>[ \t\n]*"
    r"<FreeText(?:/>|>([^<]*)</FreeText>)[ \t\n]*</Answer>[ \t\n]*"
)
_TAIL = "</QuestionFormAnswers>"
# What XML cannot hold, and a carriage return, which it reads as a line's end.
_NOT_PLAIN = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|]]>|&(?!(?:amp|lt|gt|quot|apos);)")
_FINE = bytes([9, 10, *range(32, 38), *range(39, 93), *range(94, 128)])  # without & and ]


def _plain(text: str) -> dict[str, Given] | None:
    """The answers of a plain document; None where it is of another kind, or none at all."""
    head = _HEAD.match(text)
    if head is None or len(text) > _LONGEST:
        return None
    if not (text.isascii() and not text.encode("ascii").translate(None, _FINE)) and _NOT_PLAIN.search(text):
        return None
    end = text.rfind(_TAIL)
    if end < head.end() or text[end + len(_TAIL) :].strip(" \t\n"):
        return None
    parts = _ANSWER.split(text[head.end() : end])
    # Between the answers nothing is left over.
    if any(parts[::3]):
        return None
    names, texts = parts[1::3], parts[2::3]
    if "&" in text:
        names, texts = [_unescaped(name) for name in names], [_unescaped(value) for value in texts]
    answers = {name: Given((value or "",)) for name, value in zip(names, texts, strict=True)}
    return answers if len(answers) == len(names) else None


def _unescaped(text: str | None) -> str:
    if not text or "&" not in text:
        return text or ""
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'")
    return text.replace("&amp;", "&")
