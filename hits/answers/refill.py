"""What a task's fields are filled with again, from the answer that was handed in."""

import json
from math import isfinite
from typing import Any

from hits.answers.normalise import normalise
from hits.answers.parse import parse
from hits.questions import Question

_DEEPEST = 60


def refill(answer_xml: str | None, question: Question | None = None) -> dict[str, dict[str, Any]]:
    """`fields`: identifier -> text, or texts where there were several; `tree`: name -> value, with `taskAnswers` and
    dotted names taken apart. Both empty where the answer cannot be read."""
    parsed = parse(answer_xml)
    fields: dict[str, Any] = {}
    for name, given in parsed.answers.items():
        texts = [*given.texts, *given.selections, *([given.other] if given.other else [])]
        fields[name] = texts[0] if len(texts) == 1 else texts
    # The tree also opens JSON that is written as text; a field that holds text gets it as it came.
    literal = _literal(fields.get("taskAnswers"))
    tree = {entry.name: literal.get(entry.name, entry.value) for entry in normalise(parsed, question).entries}
    if literal:
        fields.pop("taskAnswers", None)
    return {"fields": fields, "tree": _readable(tree)}


def _readable(value: Any, depth: int = 0) -> Any:
    """`value` as JSON that a browser reads: without numbers beyond all numbers, and not deeper than anybody looks."""
    if isinstance(value, dict):
        return {key: _readable(item, depth + 1) for key, item in value.items()} if depth < _DEEPEST else None
    if isinstance(value, list):
        return [_readable(item, depth + 1) for item in value] if depth < _DEEPEST else None
    return value if not isinstance(value, float) or isfinite(value) else str(value)


def _literal(text: Any) -> dict[str, Any]:
    """The names in `taskAnswers` with their values as they were written."""
    if not isinstance(text, str):
        return {}
    try:
        value = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return {}
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        return {}
    inner = value.get("answerContent")
    return {**value, **inner} if isinstance(inner, dict) else value
