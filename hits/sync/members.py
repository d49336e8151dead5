"""Members of the API's answers as values a row can hold. An endpoint may say anything; what cannot be is Unreadable."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from marketplace.policies import to_cents

ID_LONGEST = 64
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER_MOST = 2**31 - 1
_MONEY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_LONGEST_SPAN = timedelta(days=36500)

Item = dict[str, Any]


class Unreadable(Exception):
    """A member is missing or makes no sense; the message names it."""


def text(item: Item, name: str, *, longest: int | None = None) -> str:
    """A text, "" where the member is missing."""
    value = item.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{name} is not a text")
    if longest is not None and len(value) > longest:
        raise Unreadable(f"{name} is longer than {longest} characters")
    return value


def identity(item: Item, name: str) -> str:
    """An id, which is never missing."""
    value = text(item, name, longest=ID_LONGEST)
    if not value:
        raise Unreadable(f"{name} is missing")
    return value


def number(item: Item, name: str, otherwise: int = 0) -> int:
    """A count from 0 on."""
    value = item.get(name, otherwise)
    if not isinstance(value, int) or not 0 <= value <= _NUMBER_MOST:
        raise Unreadable(f"{name} is not a count")
    return value


def span(item: Item, name: str) -> timedelta:
    """A member in seconds."""
    value = item.get(name, 0)
    if not isinstance(value, int | float) or not 0 <= value <= _LONGEST_SPAN.total_seconds():
        raise Unreadable(f"{name} is not a number of seconds")
    return timedelta(seconds=value)


def money(item: Item, name: str) -> Decimal:
    """US dollars, to the cent; 0 where the member is missing."""
    value = item.get(name, "0")
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        raise Unreadable(f"{name} is not an amount of money")
    return to_cents(Decimal(value))


def moment(item: Item, name: str) -> datetime | None:
    """A time, None where the member is missing."""
    value = item.get(name)
    if value is None:
        return None
    if not isinstance(value, datetime) or not _EARLIEST <= value < NEVER:
        raise Unreadable(f"{name} is not a time")
    return value


def needed_moment(item: Item, name: str) -> datetime:
    value = moment(item, name)
    if value is None:
        raise Unreadable(f"{name} is missing or not a time")
    return value
