"""Input checked against the service model, in the words AWS uses.

A shape is compiled once into a function `check(value, path, problems) -> value`; what comes back is what operations
receive: known members only, nulls dropped, timestamps as aware UTC datetimes. Wrong JSON types raise
SerializationException at once; broken constraints are collected and told together, as AWS does.
"""

import datetime
import json
import re
from collections.abc import Callable
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from marketplace.errors import SerializationError, ValidationError
from marketplace.service import OPERATIONS

Check = Callable[[Any, str, list[str]], Any]

MAX_DEPTH = 32  # the deepest request of the model has 7 levels
MAX_TOLD = 10  # constraint violations told in one answer
MAX_SHOWN = 256  # characters of a refused value that are quoted back

_JSON_KINDS = {
    bool: "BOOLEAN_VALUE",
    str: "STRING_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
    list: "START_ARRAY",
    dict: "START_OBJECT",
}


def parse(body: bytes) -> dict:
    """The JSON object in a request's body; an empty body is an empty object."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise SerializationError("The request body is not UTF-8.") from None
    except RecursionError:
        raise SerializationError("The request body is nested too deeply.") from None
    except ValueError as error:  # also integers of more than 4,300 digits
        raise SerializationError(f"The request body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise SerializationError("The request body must be a JSON object.")
    if _deeper_than(value, MAX_DEPTH):
        raise SerializationError("The request body is nested too deeply.")
    return value


def validate(operation: str, request: dict) -> dict:
    """The request as the operation may read it, or ValidationException / SerializationException."""
    problems: list[str] = []
    value = _CHECKS[operation](request, "", problems)
    if problems:
        raise ValidationError(_told(problems))
    return value


def _told(problems: list[str]) -> str:
    count = len(problems)
    heading = f"{count} validation error{'s' if count > 1 else ''} detected: "
    return heading + "; ".join(problems[:MAX_TOLD])


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def _wrong_type(value: Any, wanted: str, path: str) -> SerializationError:
    kind = _JSON_KINDS.get(type(value), "VALUE")
    where = f" at '{path}'" if path else ""
    return SerializationError(f"{kind} can not be converted to {wanted}{where}")


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        text = "[" + ", ".join(str(item) for item in value) + "]"
    else:
        text = str(value)
    # Control characters would let a value forge lines in somebody's log.
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return "'" + (text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…") + "'"


def _problem(value: Any, path: str, constraint: str) -> str:
    return f"Value {_shown(value)} at '{path}' failed to satisfy constraint: {constraint}"


def _lower_camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _size_constraints(shape: Shape, what: str) -> list[tuple[Callable[[Any], bool], str]]:
    """(is broken, sentence) for `min` and `max`; `what` is "length" or "value"."""

    def measure(value: Any) -> int:
        return len(value) if what == "length" else int(value)

    constraints: list[tuple[Callable[[Any], bool], str]] = []
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None:
        constraints.append(
            (lambda value: measure(value) < low, f"Member must have {what} greater than or equal to {low}")
        )
    if high is not None:
        constraints.append(
            (lambda value: measure(value) > high, f"Member must have {what} less than or equal to {high}")
        )
    return constraints


def _leaf_constraints(shape: Shape) -> list[tuple[Callable[[Any], bool], str]]:
    if shape.type_name in ("integer", "long"):
        return _size_constraints(shape, "value")
    if shape.type_name != "string":
        return []
    constraints = _size_constraints(shape, "length")
    constraints.append((lambda value: "\0" in value, "Member must not contain the null character"))
    pattern = shape.metadata.get("pattern")
    if pattern is not None:
        full_match = re.compile(pattern).fullmatch  # `$` alone would let a trailing newline through
        constraints.append(
            (lambda value: full_match(value) is None, f"Member must satisfy regular expression pattern: {pattern}")
        )
    enum = getattr(shape, "enum", None)
    if enum:
        allowed = frozenset(enum)
        constraints.append(
            (lambda value: value not in allowed, f"Member must satisfy enum value set: [{', '.join(enum)}]")
        )
    return constraints


def _leaf(shape: Shape) -> Check:
    convert = _CONVERTERS[shape.type_name]
    constraints = _leaf_constraints(shape)

    def check(value: Any, path: str, problems: list[str]) -> Any:
        value = convert(value, path)
        for broken, sentence in constraints:
            if broken(value):
                problems.append(_problem(value, path, sentence))
        return value

    return check


def _structure(shape: StructureShape) -> Check:
    members = {name: (_lower_camel(name), _compile(member)) for name, member in shape.members.items()}
    required = tuple(shape.required_members)

    def check(value: Any, path: str, problems: list[str]) -> dict:
        if not isinstance(value, dict):
            raise _wrong_type(value, shape.name, path)
        for name in required:
            if value.get(name) is None:
                problems.append(_problem(None, _join(path, members[name][0]), "Member must not be null"))
        checked = {}
        for name, given in value.items():
            if given is not None and name in members:
                member_path, check_member = members[name]
                checked[name] = check_member(given, _join(path, member_path), problems)
        return checked

    return check


def _list(shape: ListShape) -> Check:
    member = shape.member
    sizes = _size_constraints(shape, "length")
    nested = member.type_name in ("structure", "list")
    check_member = _compile(member)
    convert = None if nested else _CONVERTERS[member.type_name]
    constraints = [] if nested else _leaf_constraints(member)

    def check(value: Any, path: str, problems: list[str]) -> list:
        if not isinstance(value, list):
            raise _wrong_type(value, "a list", path)
        for broken, sentence in sizes:
            if broken(value):
                problems.append(_problem(value, path, sentence))
        checked = []
        for number, given in enumerate(value, start=1):
            member_path = f"{path}.{number}.member"
            if given is None:
                problems.append(_problem(None, member_path, "Member must not be null"))
            elif convert is None:
                checked.append(check_member(given, member_path, problems))
            else:
                checked.append(convert(given, member_path))
        # For lists of plain values AWS quotes the whole list and names everything a member must satisfy.
        if any(broken(item) for item in checked for broken, _ in constraints):
            sentences = ", ".join(sentence for _, sentence in constraints if "null character" not in sentence)
            problems.append(_problem(value, path, f"Member must satisfy constraint: [{sentences}]"))
        return checked

    return check


def _string(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong_type(value, "a String", path)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair, which no database stores
        raise SerializationError(f"The text at '{path}' is not valid Unicode.") from None
    return value


def _whole(bits: int, wanted: str) -> Callable[[Any, str], int]:
    def convert(value: Any, path: str) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is not int or not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            raise _wrong_type(value, wanted, path)
        return value

    return convert


def _boolean(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(value, "a Boolean", path)
    return value


def _timestamp(value: Any, path: str) -> datetime.datetime:
    """Epoch seconds, whole or not, as AWS clients send; or ISO 8601 text (no zone: UTC)."""
    try:
        if type(value) in (int, float):
            return datetime.datetime.fromtimestamp(value, datetime.UTC)
        if isinstance(value, str):
            moment = datetime.datetime.fromisoformat(value)
            return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise _wrong_type(value, "a Timestamp", path)


_CONVERTERS: dict[str, Callable[[Any, str], Any]] = {
    "string": _string,
    "integer": _whole(32, "an Integer"),
    "long": _whole(64, "a Long"),
    "boolean": _boolean,
    "timestamp": _timestamp,
}

_compiled: dict[str, Check] = {}


def _compile(shape: Shape) -> Check:
    """One function per shape however many operations use it (the model has no shape that contains itself)."""
    if shape.name not in _compiled:
        if isinstance(shape, StructureShape):
            _compiled[shape.name] = _structure(shape)
        elif isinstance(shape, ListShape):
            _compiled[shape.name] = _list(shape)
        else:
            _compiled[shape.name] = _leaf(shape)
    return _compiled[shape.name]


_CHECKS: dict[str, Check] = {name: _compile(operation.input) for name, operation in OPERATIONS.items()}
