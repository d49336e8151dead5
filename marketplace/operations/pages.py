"""Pages of a list: opaque NextTokens over a key, so that a list stays right while rows are added and change.

Every page with rows has a token, and the list ends with an empty page that has none, as it did at MTurk: programs that
take `response["NextToken"]` until a page is empty (oTree does, and many a script) would fail on a last page without.
The token of a page behind which there is nothing begins with another word, so that who knows it need not ask in vain.

A token carries the key of the last row shown, signed together with the caller, the operation and its filters, so one
from elsewhere is an error and not a wrong page.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from ..errors import ParameterValidationError
from ..models import Requester

DEFAULT_SIZE = 10
_MORE, _NO_MORE = "p1:", "end:"
_SIGNATURE = 16


def page(
    rows: QuerySet[Any],
    requester: Requester,
    request: dict[str, Any],
    scope: str,
    *,
    order: tuple[str, ...] = ("pk",),
    before: Sequence[Model] = (),
) -> tuple[list[Any], dict[str, Any]]:
    """One page of `rows` and the members every list answer has: NumResults and, unless that is 0, NextToken.

    `order` names fields, ascending or descending ("-pk"), the last of them unique; datetimes among them are whole
    milliseconds, as all marketplace times are. `scope` is whatever else decides which rows these are. `before` are rows
    that are in no table and come first; they need the usual order, and keys below 0 in it.
    """
    size = request.get("MaxResults") or DEFAULT_SIZE
    context = f"{requester.pk} {scope}".encode()
    token = request.get("NextToken")
    if token:
        key = _open(token, context, len(order))
        rows = rows.filter(_after(order, key))
        before = [row for row in before if row.pk > key[0]]
    found = [*before[: size + 1], *rows.order_by(*order)[: max(0, size + 1 - len(before))]]
    shown = found[:size]
    answer: dict[str, Any] = {"NumResults": len(shown)}
    if shown:
        key = [_number(shown[-1], name.removeprefix("-")) for name in order]
        answer["NextToken"] = _seal(key, context, more=len(found) > size)
    return shown, answer


def page_of_several(
    lists: Sequence[QuerySet[Any]], requester: Requester, request: dict[str, Any], scope: str, *, size: int
) -> tuple[list[list[Any]], dict[str, Any]]:
    """One page over several lists, one behind the other, each by its rows' ids: the rows of each, and NextToken if
    there is more. `size` holds where the request has no MaxResults.
    """
    room = request.get("MaxResults") or size
    context = f"{requester.pk} {scope}".encode()
    token = request.get("NextToken")
    first, after = _open(token, context, 2) if token else (0, 0)
    shown: list[list[Any]] = [[] for _ in lists]
    for place, rows in enumerate(lists):
        if place < first:
            continue
        behind = after if place == first else 0
        found = list(rows.filter(pk__gt=behind).order_by("pk")[: room + 1])
        shown[place] = found[:room]
        if len(found) > room:
            last = shown[place][-1].pk if shown[place] else behind
            return shown, {"NextToken": _seal([place, last], context)}
        room -= len(found)
    return shown, {}


def _number(row: Model, name: str) -> int:
    value = getattr(row, name)
    return round(value.timestamp() * 1000) if isinstance(value, datetime) else value


def _after(order: tuple[str, ...], key: list[int]) -> Q:
    """Rows behind the key: (a > x) or (a = x and b > y) …"""
    condition, equal, bound = Q(), Q(), Q()
    for name, number in zip(order, key, strict=True):
        field = name.removeprefix("-")
        value: Any = number
        if field.endswith("_time"):
            value = _moment(number)
        side = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{side}": value})
        equal &= Q(**{field: value})
        # Says nothing new, but without it no database begins at the key: it would read all the rows before it.
        bound = bound or Q(**{f"{field}__{side}e": value})
    return bound & condition


def _moment(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def _sign(payload: bytes, context: bytes) -> bytes:
    key = hashlib.sha256(b"NextToken " + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(key, payload + b"\n" + context, "sha256")[:_SIGNATURE]


def _seal(key: list[int], context: bytes, *, more: bool = True) -> str:
    payload = ".".join(map(str, key)).encode()
    return (_MORE if more else _NO_MORE) + base64.b64encode(_sign(payload, context) + payload).decode()


def _open(token: str, context: bytes, length: int) -> list[int]:
    try:
        raw = base64.b64decode(token.partition(":")[2], validate=True) if token.startswith((_MORE, _NO_MORE)) else b""
    except (binascii.Error, ValueError):
        raw = b""
    signature, payload = raw[:_SIGNATURE], raw[_SIGNATURE:]
    if not hmac.compare_digest(signature, _sign(payload, context)):
        raise ParameterValidationError(
            "The NextToken is not valid here. Pass a token unchanged, to the same operation with the same parameters."
        )
    key = [int(part) for part in payload.decode().split(".")]
    if len(key) != length:
        raise ParameterValidationError("The NextToken comes from an older version. Begin again without a token.")
    return key
