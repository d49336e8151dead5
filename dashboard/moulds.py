"""Rows of a table, drawn by their template once for each kind of row and cast in that mould for all others.

A template takes longer for fifty rows than the database for finding them, however little differs between two. So it
draws one with marks in the places of the values, for each kind there is on the page; the values are put in afterwards.
"""

import re
import secrets
from html import escape  # what Django's own does, without asking whether the text is a lazy one
from typing import Any

from django.http import HttpRequest
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

# Nobody can have written it into a value: it is made anew with each process.
_MARK = secrets.token_hex(8)
_PLACE = re.compile(f"{_MARK}-(\\w+)-{_MARK}")


class Moulds:
    """`template` draws `row` from texts and truths. It may ask of each whether there is one, print it, and nothing
    else: what it says about a row has to be decided by these. All else it shows is the page's (`context`)."""

    def __init__(self, template: str, context: dict[str, Any], request: HttpRequest) -> None:
        self.template = get_template(template)
        self.context = context
        self.request = request
        self.made: dict[tuple[str, ...], list[str]] = {}

    def cast(self, row: dict[str, Any]) -> SafeString:
        kind = tuple([name for name, value in row.items() if value])
        parts = self.made.get(kind)
        if parts is None:
            parts = self.made[kind] = self._make(kind)
        drawn = parts.copy()
        for place in range(1, len(drawn), 2):
            value = row[drawn[place]]
            drawn[place] = value if isinstance(value, SafeString) else escape(value)
        return mark_safe("".join(drawn))  # noqa: S308 - the template's own, and values that were escaped

    def _make(self, kind: tuple[str, ...]) -> list[str]:
        """What the template says of such a row, cut at its values: text, name, text, name, … text."""
        marks = {name: mark_safe(f"{_MARK}-{name}-{_MARK}") for name in kind}  # noqa: S308 - letters and digits
        return _PLACE.split(self.template.render({**self.context, "row": marks}, self.request))
