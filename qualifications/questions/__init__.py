"""Qualification tests: written by form or XML, and scored. Pure."""

from qualifications.questions.scoring import Mark, Sheet, mark, score_of

__all__ = ["Mark", "Sheet", "mark", "score_of"]
