"""Output written as the service model says: known members, times as JSON numbers with milliseconds, compact JSON.

Enums are the one thing not checked: a deleted qualification type is `Disposing`, which the model does not know.
"""

import datetime
import json
import logging
from collections.abc import Callable
from typing import Any

from botocore.model import ListShape, Shape, StructureShape
from django.conf import settings

from marketplace.service import OPERATIONS

log = logging.getLogger(__name__)

Write = Callable[[Any], Any]
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MILLISECOND = datetime.timedelta(milliseconds=1)


def serialize(operation: str, response: dict) -> bytes:
    """The body of a successful answer; `{}` where there is nothing to say."""
    return json.dumps(_WRITERS[operation](response), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def seconds(moment: datetime.datetime) -> float:
    """Epoch seconds cut (never rounded up into the future) to milliseconds."""
    return (moment - _EPOCH) // _MILLISECOND / 1000


def _structure(shape: StructureShape) -> Write:
    writers = {name: _compile(member) for name, member in shape.members.items()}

    def write(value: dict) -> dict:
        written = {}
        for name, given in value.items():
            if given is None:
                continue
            writer = writers.get(name)
            if writer is None:
                _unknown(shape.name, name)
            else:
                written[name] = writer(given)
        return written

    return write


def _unknown(shape: str, member: str) -> None:
    if settings.CHECK_OUTPUT:
        raise TypeError(f"{shape} has no member {member}")
    log.error("%s has no member %s: left out of the answer", shape, member)


def _list(shape: ListShape) -> Write:
    writer = _compile(shape.member)
    return lambda value: [writer(item) for item in value]


def _timestamp(value: datetime.datetime) -> float:
    if not isinstance(value, datetime.datetime) or value.tzinfo is None:
        raise TypeError(f"{value!r} is not an aware datetime")
    return seconds(value)


def _exactly(kind: type) -> Write:
    def write(value: Any) -> Any:
        if type(value) is not kind:
            # str subclasses (Django's choices) are their text; anything else is a mistake of ours.
            if kind is str and isinstance(value, str):
                return str(value)
            raise TypeError(f"{value!r} is not {kind.__name__}")
        return value

    return write


_LEAVES: dict[str, Write] = {
    "string": _exactly(str),
    "integer": _exactly(int),
    "long": _exactly(int),
    "boolean": _exactly(bool),
    "timestamp": _timestamp,
}

_compiled: dict[str, Write] = {}


def _compile(shape: Shape) -> Write:
    if shape.name not in _compiled:
        if isinstance(shape, StructureShape):
            _compiled[shape.name] = _structure(shape)
        elif isinstance(shape, ListShape):
            _compiled[shape.name] = _list(shape)
        else:
            _compiled[shape.name] = _LEAVES[shape.type_name]
    return _compiled[shape.name]


_WRITERS: dict[str, Write] = {name: _compile(operation.output) for name, operation in OPERATIONS.items()}
