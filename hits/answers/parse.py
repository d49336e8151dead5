"""QuestionFormAnswers text to values by question identifier (api:3542)."""

from dataclasses import dataclass, field

from hits.answers.text import shown
from marketplace.documents import DocumentError, parse_answers


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file: its key, and its size in bytes where the document says it."""

    key: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
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
