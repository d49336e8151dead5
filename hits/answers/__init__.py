"""Answers of workers: text → values → one tree → parts chosen by shape → templates in templates/answers/.

`read(answer_xml, question_text, inputs) -> Answer` is the whole way; `{% load answers %}{% answer answer %}` draws it.
"""

from hits.answers.detect import detect
from hits.answers.normalise import Entry, Tree, normalise
from hits.answers.parse import Given, Parsed, parse
from hits.answers.parts import Answer, Image
from hits.answers.reading import read, search_text, with_codes

__all__ = [
    "Answer",
    "Entry",
    "Given",
    "Image",
    "Parsed",
    "Tree",
    "detect",
    "normalise",
    "parse",
    "read",
    "search_text",
    "with_codes",
]
