"""Keyset pages: the next page costs as much as the first, however deep, and rows that arrive meanwhile move nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

Row = TypeVar("Row", bound=Model)
PAGE = 50


@dataclass(frozen=True)
class Page(Generic[Row]):
    items: list[Row]
    newer_url: str
    older_url: str


def bound(column: str, value: Any, pk: Any, *, descending: bool) -> Q:
    """Rows behind (value, pk). The redundant first bound lets the index start there, or cost would grow with depth."""
    past = "lt" if descending else "gt"
    return Q(**{f"{column}__{past}e": value}) & (
        Q(**{f"{column}__{past}": value}) | Q(**{column: value, f"pk__{past}": pk})
    )


def until(column: str, value: Any, pk: Any, *, descending: bool) -> Q:
    """Rows up to and with (value, pk): the other half of `bound`."""
    past = "gt" if descending else "lt"
    return Q(**{f"{column}__{past}e": value}) & (
        Q(**{f"{column}__{past}": value}) | Q(**{column: value, f"pk__{past}e": pk})
    )


def ordering(column: str, *, descending: bool) -> tuple[str, str]:
    sign = "-" if descending else ""
    return f"{sign}{column}", f"{sign}pk"


def cursor_of(row: Model, column: str) -> str:
    """Where a page ends, as the URL of the next one carries it."""
    value = getattr(row, column)
    return f"{value.isoformat() if isinstance(value, datetime) else value}_{row.pk}"


def read_cursor(cursor: str, rows: QuerySet[Row], column: str) -> tuple[Any, Any] | None:
    """A cursor is text from a URL: whatever does not read as one is no cursor."""
    value, _, pk = cursor.rpartition("_")
    try:
        fields: Any = rows.model._meta
        parsed = fields.get_field(column).to_python(value)
        if isinstance(parsed, datetime) and parsed.tzinfo is None:
            return None
        return parsed, fields.pk.to_python(pk)
    except Exception:
        return None


def page(
    rows: QuerySet[Row], query: QueryDict, *, column: str, descending: bool = False, size: int = PAGE
) -> Page[Row]:
    """One page of `rows` by (column, pk); `query` is the request's, of which `after` and `before` are the cursors."""
    kept = [(name, value) for name, values in query.lists() for value in values if name not in ("after", "before")]

    def url(**cursor: str) -> str:
        return "?" + urlencode([*kept, *cursor.items()])

    before = read_cursor(query.get("before", ""), rows, column) if "before" in query else None
    after = read_cursor(query.get("after", ""), rows, column) if "after" in query and before is None else None
    if before is not None:
        found = list(
            rows.filter(bound(column, *before, descending=not descending)).order_by(
                *ordering(column, descending=not descending)
            )[: size + 1]
        )
        items = found[:size][::-1]
        newer, older = len(found) > size, bool(items)
    else:
        rows = rows.order_by(*ordering(column, descending=descending))
        if after is not None:
            rows = rows.filter(bound(column, *after, descending=descending))
        found = list(rows[: size + 1])
        items = found[:size]
        newer, older = after is not None, len(found) > size
    return Page(
        items,
        url(before=cursor_of(items[0], column)) if newer and items else (url() if newer else ""),
        url(after=cursor_of(items[-1], column)) if older and items else "",
    )
