"""The XML documents that requesters and workers exchange: read safely, written exactly. Pure: lxml, no Django.

`parse_question(text) -> Question`, `parse_answers(text) -> list[Answer]`, `build_answers(answers) -> str`; whatever
cannot be used raises `DocumentError(message, line)`. Every document is a stranger's: size and depth are bounded, a
DOCTYPE is refused, entities are never expanded, nothing is ever fetched.
"""

from .answers import Answer, build_answers, parse_answers
from .questions import AnswerKind, FormQuestion, Kind, Question, Selection, parse_question
from .safely import DocumentError

__all__ = [
    "Answer",
    "AnswerKind",
    "DocumentError",
    "FormQuestion",
    "Kind",
    "Question",
    "Selection",
    "build_answers",
    "parse_answers",
    "parse_question",
]
