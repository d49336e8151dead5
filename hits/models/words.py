"""The words of each answer in a table of their own, which databases have an index of: see hits/search.py."""

from django.db import models

from hits.models.mirror import Assignment


class AnswerWords(models.Model):
    """What a search looks through: names and values of an answer in small letters, a line each.

    SQLite's triggers keep an FTS5 table beside it (migration 0013). A later change of this table has to make them anew:
    there Django builds a table again to alter it.
    """

    assignment = models.OneToOneField(Assignment, on_delete=models.CASCADE, primary_key=True, related_name="words")
    text = models.TextField()

    def __str__(self) -> str:
        return self.text[:80]
