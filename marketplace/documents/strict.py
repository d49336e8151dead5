"""What a requester hands in, checked against the schemas before anybody works on it.

Reading (questions.py) is lenient, because what was once accepted has to be shown; this is where it is accepted.
"""

from urllib.parse import urlsplit

from .formatted_content import check_formatted_content
from .html5 import check_html
from .questions import MAX_BYTES, AnswerKind, FormQuestion, Kind, Question, read_question, version
from .safely import DocumentError, Element, read, split_tag
from .schemas import schema

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def check_question(text: str) -> Question:
    """The question of a HIT, if it is fit to be published; else DocumentError with the line and the reason."""
    root = read(text, limit=MAX_BYTES, what="question document")
    question = read_question(root)
    _check_schema(root)
    if question.kind is Kind.EXTERNAL_QUESTION:
        _check_address(question.url)
    elif question.kind is Kind.HTML_QUESTION:
        check_html(question.html)
    else:
        _check_form(root, question)
    return question


def parse_question_form(text: str) -> Question:
    """A qualification test: a QuestionForm, and one that asks for no files (api:861, api:3452)."""
    root = read(text, limit=MAX_BYTES, what="test")
    name = split_tag(root.tag)[1]
    if name != Kind.QUESTION_FORM:
        raise DocumentError(f"The root element is {name}; a test has to be a QuestionForm.", root.sourceline)
    form = read_question(root)
    _check_schema(root)
    _check_form(root, form)
    if asks := next((one for one in form.questions if one.answer_kind is AnswerKind.FILE_UPLOAD), None):
        raise DocumentError(f'The question "{asks.identifier[:100]}" asks for a file, which a test cannot do.')
    return form


def _check_schema(root: Element) -> None:
    namespace, name = split_tag(root.tag)
    schema(f"{name}-{version(namespace)}").check(root)


def _check_address(address: str) -> None:
    """An external page needs HTTPS (api:2648), unless it is on this machine: browsers take that for secure as well."""
    parts = urlsplit(address)
    if parts.scheme.lower() != "https" and parts.hostname not in _LOOPBACK:
        raise DocumentError(f'ExternalURL is "{address[:200]}"; it has to use the HTTPS protocol.')


def _check_form(root: Element, form: Question) -> None:
    """What a schema cannot say about a form."""
    if not form.questions:
        raise DocumentError("The QuestionForm has no Question.", root.sourceline)
    for question in form.questions:
        if question.answer_kind is AnswerKind.SELECTION:
            _check_selections(question)
    for element in root.iter(f"{{{split_tag(root.tag)[0]}}}FormattedContent"):
        check_formatted_content(element.text or "", element.sourceline)


def _check_selections(question: FormQuestion) -> None:
    named = f'The question "{question.identifier[:100]}"'
    seen: set[str] = set()
    for selection in question.selections:
        if selection.identifier in seen:
            raise DocumentError(f'{named} has the SelectionIdentifier "{selection.identifier[:100]}" more than once.')
        seen.add(selection.identifier)
    offered = len(question.selections) + question.has_other_selection
    if question.min_selections > min(question.max_selections, offered):
        raise DocumentError(
            f"{named} asks for at least {question.min_selections} selections; it allows {question.max_selections} and "
            f"offers {offered}."
        )
