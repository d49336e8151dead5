"""Rows that a request selects: ticked one by one, or by the filters of a table. How to read these is registered by the
app whose table it is, so that other apps can act on "all that match" without knowing its forms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from dashboard.models import Account
from dashboard.permissions import Denied


@dataclass(frozen=True)
class Selected:
    """The rows; the filters as words for chips, and as name and value for a form to carry along."""

    rows: QuerySet[Any]
    words: list[str]
    pairs: list[tuple[str, str]]


Reader = Callable[[Account, QueryDict], Selected]

_readers: dict[str, Reader] = {}


def register(name: str) -> Callable[[Reader], Reader]:
    """Decorator: make the filters of a table known under a name, such as "workers"."""

    def add(reader: Reader) -> Reader:
        if name in _readers:
            raise ValueError(f"two tables are called {name}")
        _readers[name] = reader
        return reader

    return add


def read(name: str, account: Account, query: QueryDict) -> Selected:
    """What the filters in `query` select of this account's rows. Denied where no such table is known."""
    if name not in _readers:
        raise Denied("There is no such table.")
    return _readers[name](account, query)


def ticked(query: QueryDict, name: str) -> list[str]:
    """The ids ticked in a table, each once; what no database takes is nobody's id."""
    return list(dict.fromkeys(each for each in query.getlist(name) if "\0" not in each))


def named(query: QueryDict, name: str) -> str:
    """The one id that is given; "" for what no database takes."""
    return (ticked(query, name) or [""])[-1]
