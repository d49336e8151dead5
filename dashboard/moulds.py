"""Rows of a table, drawn by their template once for each kind of row and cast in that mould for all others.

A template takes longer for fifty rows than the database for finding them, however little differs between two. So it
draws one with marks in the places of the values, for each kind there is; the values are put in afterwards. Moulds are
kept, since the next page has the same kinds of rows.
"""

import re
import secrets
from functools import lru_cache
from html import escape  # what Django's own does, without asking whether the text is a lazy one
from typing import Any, cast

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

# Nobody can have written it into a value: it is made anew with each process.
_MARK = secrets.token_hex(8)
_PLACE = re.compile(f"{_MARK}-(\\w+)-{_MARK}")
_TOKEN = "csrf_token"  # noqa: S105 - the name of a value beside those of the row


class Moulds:
    """`template` draws `row` from texts and truths. It may ask of each whether there is one, print it, and nothing
    else: what it says about a row has to be decided by these. All else it shows is `context`, plain values which many
    pages share, and the request's token."""

    def __init__(self, template: str, context: dict[str, Any], request: HttpRequest) -> None:
        self.template = cast(Any, get_template(template))
        self.context = context
        self.token = get_token(request)
        # A template that was changed while somebody works on it is another object.
        self.made = _kept(self.template.template, repr(context))

    def cast(self, row: dict[str, Any]) -> SafeString:
        kind = tuple([name for name, value in row.items() if value])
        parts = self.made.get(kind)
        if parts is None:
            parts = self.made[kind] = self._make(kind)
        drawn = parts.copy()
        for place in range(1, len(drawn), 2):
            name = drawn[place]
            value = self.token if name == _TOKEN else row[name]
            drawn[place] = value if isinstance(value, SafeString) else escape(value)
        return mark_safe("".join(drawn))  # noqa: S308 - the template's own, and values that were escaped

    def _make(self, kind: tuple[str, ...]) -> list[str]:
        """What the template says of such a row, cut at its values: text, name, text, name, … text."""
        marks = {name: mark_safe(f"{_MARK}-{name}-{_MARK}") for name in (*kind, _TOKEN)}  # noqa: S308 - letters, digits
        token = marks.pop(_TOKEN)
        return _PLACE.split(self.template.render({**self.context, _TOKEN: token, "row": marks}))


@lru_cache(maxsize=100)
def _kept(template: object, context: str) -> dict[tuple[str, ...], list[str]]:
    return {}
