"""Qualification tests: written by form or XML, shown, and scored. Pure."""

from qualifications.questions.draft import KINDS, MAPPINGS, STYLES, Draft, act, from_post, new_draft
from qualifications.questions.reading import NotForTheForm, read_draft
from qualifications.questions.scoring import Mark, Sheet, lay_out, mark, score_of
from qualifications.questions.writing import build_form, build_key, check_documents, problems, size_words

__all__ = [
    "KINDS", "MAPPINGS", "STYLES", "Draft", "Mark", "NotForTheForm", "Sheet", "act", "build_form", "build_key",
    "check_documents", "from_post", "lay_out", "mark", "new_draft", "problems", "read_draft", "score_of", "size_words",
]  # fmt: skip
