"""What a worker handed in, as a QuestionFormAnswers document: a given one checked, a form's fields turned into one."""

from collections.abc import Mapping

from .documents import Answer, AnswerKind, DocumentError, Kind, build_answers, check_answers, parse_question
from .documents.questions import FormQuestion, Question

# The frame's own parameters; forms post them back and they are no answers (api:2725).
RESERVED = {"assignmentId", "hitId", "turkSubmitTo", "workerId"}
Fields = Mapping[str, str | list[str]]


def checked(document: str) -> str:
    """The document, unchanged, if it is one; else DocumentError."""
    check_answers(document)
    return document


def from_fields(fields: Fields, question_document: str) -> str:
    """The document of what a form posted; a name posted twice is one answer, its values joined by `|`.

    For a QuestionForm the names are QuestionIdentifiers, and where the question offers choices each value is a
    SelectionIdentifier (or, where it has an OtherSelection, any other text). DocumentError if they do not fit.
    """
    question = parse_question(question_document)
    posted = {name: [value] if isinstance(value, str) else list(value) for name, value in fields.items()}
    answers = [] if question.kind is Kind.QUESTION_FORM else _free_texts(posted)
    if question.kind is Kind.QUESTION_FORM:
        answers = _form_answers(posted, question)
    document = build_answers(answers)
    return checked(document)  # the same bounds as for a given document


def _free_texts(posted: dict[str, list[str]]) -> list[Answer]:
    return [Answer(name, "|".join(values)) for name, values in posted.items() if name not in RESERVED]


def _form_answers(posted: dict[str, list[str]], form: Question) -> list[Answer]:
    known = {question.identifier for question in form.questions}
    # A question may really be called `workerId`; otherwise the reserved names are dropped here as well.
    if unknown := next((name for name in posted if name not in known | RESERVED), None):
        raise DocumentError(f'The question form has no question "{unknown[:100]}".')
    return [
        _form_answer(question, posted[question.identifier])
        for question in form.questions
        if question.identifier in posted
    ]


def _form_answer(question: FormQuestion, values: list[str]) -> Answer:
    if question.answer_kind is AnswerKind.FILE_UPLOAD:
        raise DocumentError(f'The question "{question.identifier}" asks for a file; files cannot be handed in here.')
    if question.answer_kind is AnswerKind.FREE_TEXT:
        return Answer(question.identifier, "|".join(values))
    offered = {selection.identifier for selection in question.selections}
    # Order and repetition of what was posted do not matter; the form's own order does.
    chosen = tuple(selection.identifier for selection in question.selections if selection.identifier in values)
    others = [value for value in values if value and value not in offered]
    if others and not question.has_other_selection:
        raise DocumentError(f'The question "{question.identifier}" has no selection "{others[0][:100]}".')
    return Answer(
        question.identifier, selection_identifiers=chosen, other_selection="|".join(others) if others else None
    )
