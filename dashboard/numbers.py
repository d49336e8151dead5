"""Whole numbers that a request names: the key of a row, a place in a list."""

from collections.abc import Iterable


def whole(text: str, *, digits: int = 18) -> int | None:
    """The number that `text` is in ASCII digits; None for anything else.

    int() takes other scripts' digits, refuses some of those str.isdigit() knows, and also what is thousands of digits
    long; and no key of a table has more than 18.
    """
    return int(text) if len(text) <= digits and text.isascii() and text.isdigit() else None


def all_whole(texts: Iterable[str]) -> list[int]:
    """The numbers among `texts`."""
    return [number for number in map(whole, texts) if number is not None]
