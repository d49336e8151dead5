"""The XML documents that requesters and workers exchange: read safely, written exactly. Pure: lxml, no Django.

`parse_question(text) -> Question`, `parse_answers(text) -> list[Answer]`, `build_answers(answers) -> str` read and
write; `check_question`, `parse_question_form` (a qualification test), `parse_answer_key` and `check_answers` take in
what somebody hands in, by the schemas in `xsd/`. Whatever cannot be used raises `DocumentError(message, line)`. Every
document is a stranger's: size and depth are bounded, a DOCTYPE is refused, entities are never expanded, nothing is
ever fetched.
"""

from .answer_keys import AnswerKey, parse_answer_key
from .answers import Answer, build_answers, check_answers, parse_answers
from .layouts import Layout, parse_layout
from .questions import AnswerKind, FormQuestion, Kind, Question, Selection, parse_question
from .safely import DocumentError, Language
from .strict import check_question, parse_question_form

__all__ = [
    "Answer",
    "AnswerKey",
    "AnswerKind",
    "DocumentError",
    "FormQuestion",
    "Kind",
    "Language",
    "Layout",
    "Question",
    "Selection",
    "build_answers",
    "check_answers",
    "check_question",
    "parse_answer_key",
    "parse_answers",
    "parse_layout",
    "parse_question",
    "parse_question_form",
]
