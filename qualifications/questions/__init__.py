"""Qualification tests: written by form or XML, shown, and scored. Pure."""

from qualifications.questions.draft import KINDS, MAPPINGS, STYLES, Draft, DraftQuestion, act, from_post, new_draft
from qualifications.questions.reading import NotForTheForm, read_draft
from qualifications.questions.scoring import Mark, Sheet, lay_out, mark, score_of
from qualifications.questions.showing import Shown, sheet_answers, show
from qualifications.questions.writing import best_sum, build_form, build_key, check_documents, problems, size_words

__all__ = [
    "KINDS", "MAPPINGS", "STYLES", "Draft", "DraftQuestion", "Mark", "NotForTheForm", "Sheet", "Shown", "act",
    "best_sum", "build_form", "build_key", "check_documents", "from_post", "lay_out", "mark", "new_draft", "problems",
    "read_draft", "score_of", "sheet_answers", "show", "size_words",
]  # fmt: skip
