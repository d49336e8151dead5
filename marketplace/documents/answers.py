"""QuestionFormAnswers: what a worker handed in. Source: api, section QuestionFormAnswers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from .safely import UNWRITABLE, DocumentError, Element, read, split_tag
from .schemas import schema

NAMESPACE = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/QuestionFormAnswers.xsd"
# Answers carry drawings as base64, so they may be much longer than questions; real ones stay far below this.
MAX_BYTES = 4 * 1024 * 1024

_AT_ONCE = 500  # answers the schema looks at together
_WHAT = "answer document"
_ROOT = f"{{{NAMESPACE}}}QuestionFormAnswers"
_ANSWER = f"{{{NAMESPACE}}}Answer"
_IDENTIFIER = f"{{{NAMESPACE}}}QuestionIdentifier"
_FREE_TEXT = f"{{{NAMESPACE}}}FreeText"
_SELECTION = f"{{{NAMESPACE}}}SelectionIdentifier"
_OTHER = f"{{{NAMESPACE}}}OtherSelectionText"
# The reference's prose says OtherSelectionText, the schema OtherSelection: both are read.
_OTHER_TAGS = frozenset({_OTHER, f"{{{NAMESPACE}}}OtherSelection"})
_FILE_SIZE = f"{{{NAMESPACE}}}UploadedFileSizeInBytes"
_FILE_KEY = f"{{{NAMESPACE}}}UploadedFileKey"
_NSMAP: dict[Any, str] = {None: NAMESPACE}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'


@dataclass(slots=True)
class Answer:
    """The answer to one question.

    `free_text` is "" for a blank text field and None where the answer is of another kind; an answer without any content
    is a selection with nothing selected (`selection_identifiers` empty, `free_text` None).
    """

    question_identifier: str
    free_text: str | None = None
    selection_identifiers: tuple[str, ...] = ()
    other_selection: str | None = None
    uploaded_file_key: str | None = None
    uploaded_file_size: int | None = None


def parse_answers(text: str) -> list[Answer]:
    """The answers of a QuestionFormAnswers document, in its order; the same identifier may come more than once.

    Raises DocumentError for anything that is not such a document: not XML, another namespace or root, a DOCTYPE, more
    than MAX_BYTES, elements the schema does not know.
    """
    root = read(text, limit=MAX_BYTES, what=_WHAT)
    if root.tag != _ROOT:
        raise _wrong_root(root)
    return [_answer(element) for element in root]


def check_answers(text: str) -> None:
    """DocumentError if this is not a QuestionFormAnswers document as the schema has it, in order and kind as well.

    For what a worker hands in. Reading is lenient, because answers of other marketplaces have to be shown too.
    """
    root = read(text, limit=MAX_BYTES, what=_WHAT)
    if root.tag != _ROOT:
        raise _wrong_root(root)
    # Before the schema, because this stops at the first mistake. A schema lists them all and counts the siblings of
    # each: 50,000 mistakes would take it a minute.
    for element in root:
        _answer(element)
        _plain_elements(element)
    rules = schema("QuestionFormAnswers-2005-10-01")
    while len(root) > _AT_ONCE:
        some: Element = etree.Element(_ROOT)
        some.extend(root[:_AT_ONCE])  # moves them out of the root
        rules.check(some)
    rules.check(root)


def build_answers(answers: Iterable[Answer]) -> str:
    """The document of these answers, exactly as MTurk writes it: one element per line, `<FreeText/>` for blank text.

    Characters XML cannot carry (control characters, lone surrogates) become U+FFFD.
    """
    root: Element = etree.Element(_ROOT, nsmap=_NSMAP)
    root.text = "\n"
    for answer in answers:
        element = etree.SubElement(root, _ANSWER)
        element.text = "\n"
        element.tail = "\n"
        _add(element, _IDENTIFIER, answer.question_identifier)
        if answer.free_text is not None:
            _add(element, _FREE_TEXT, answer.free_text)
        for identifier in answer.selection_identifiers:
            _add(element, _SELECTION, identifier)
        if answer.other_selection is not None:
            _add(element, _OTHER, answer.other_selection)
        if answer.uploaded_file_key is not None:
            _add(element, _FILE_SIZE, str(answer.uploaded_file_size or 0))
            _add(element, _FILE_KEY, answer.uploaded_file_key)
    return _DECLARATION + etree.tostring(root, encoding="unicode")


def _add(parent: Element, tag: str, text: str) -> None:
    child = etree.SubElement(parent, tag)
    child.text = UNWRITABLE.sub("\ufffd", text) or None
    child.tail = "\n"


def _answer(element: Element) -> Answer:
    if element.tag != _ANSWER:
        raise _unexpected(element)
    identifier: str | None = None
    answer = Answer("")
    selected: list[str] = []
    for child in element:
        tag = child.tag
        if tag == _IDENTIFIER:
            identifier = child.text or ""
        elif tag == _FREE_TEXT:
            answer.free_text = child.text or ""
        elif tag == _SELECTION:
            selected.append(child.text or "")
        elif tag in _OTHER_TAGS:
            answer.other_selection = child.text or ""
        elif tag == _FILE_SIZE:
            answer.uploaded_file_size = _size(child)
        elif tag == _FILE_KEY:
            answer.uploaded_file_key = child.text or ""
        else:
            raise _unexpected(child)
        if len(child):
            raise _unexpected(child[0])
    if identifier is None:
        raise DocumentError("An Answer has no QuestionIdentifier.", element.sourceline)
    answer.question_identifier = identifier
    if selected:
        answer.selection_identifiers = tuple(selected)
    return answer


def _plain_elements(answer: Element) -> None:
    """No attributes, and no text but in the parts."""
    for element in answer.iter():
        if element.attrib:
            raise DocumentError(
                f"The attribute {split_tag(element.keys()[0])[1]} is not allowed on {split_tag(element.tag)[1]}.",
                element.sourceline,
            )
        if element.tail and not element.tail.isspace():
            raise DocumentError("Text is not allowed between the elements of an Answer.", element.sourceline)


def _size(element: Element) -> int:
    text = (element.text or "").strip()
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise DocumentError("UploadedFileSizeInBytes is not a number.", element.sourceline)
    return int(text)


def _unexpected(element: Element) -> DocumentError:
    if not isinstance(element.tag, str):  # an entity that nobody declared
        return DocumentError("The answer document refers to an entity that is not defined.", element.sourceline)
    name = split_tag(element.tag)[1]
    return DocumentError(
        f"The element {name} is not allowed here in a QuestionFormAnswers document.", element.sourceline
    )


def _wrong_root(root: Element) -> DocumentError:
    namespace, name = split_tag(root.tag)
    if name != "QuestionFormAnswers":
        return DocumentError(f"The document is a {name}, not a QuestionFormAnswers document.", root.sourceline)
    return DocumentError(
        f'The namespace of QuestionFormAnswers is "{namespace}"; it has to be "{NAMESPACE}".', root.sourceline
    )
