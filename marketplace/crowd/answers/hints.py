"""What is right in a task, and how to be wrong about it.

A task may carry it as a comment anywhere in the question, invisible to people and ignored by browsers:

    <!-- crowd-hint: {"total": {"truth": "14.80", "slips": ["13.70"]}} -->

One entry per field or widget name: `truth` (text, number, true/false, a list, or what the widget hands in), `slips`
(what the careless write), `spread` (how far a number may be off), `least` and `most` (of a number in a text field),
`texts` and `lazy` (what the attentive and the lazy write into free text), `weights` (how popular each choice of a
survey is), `width` and `height` (of the picture, in pixels). Gold answers are the same, or only the truth:
{"total": "14.80"}.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

Hints = dict[str, dict[str, Any]]
Gold = Mapping[str, Any]

_COMMENT = re.compile(r"<!--\s*crowd-hint:(.*?)-->", re.DOTALL)
_KEYS = {"truth", "slips", "spread", "least", "most", "texts", "lazy", "weights", "width", "height"}


def hints_in(question: str) -> Hints:
    """The hints in a question's comment; what is none is passed over."""
    found = _COMMENT.search(question)
    if found is None:
        return {}
    try:
        hints = json.loads(found[1])
    except (ValueError, RecursionError):
        return {}
    if not isinstance(hints, dict):
        return {}
    return {name: hint for name, hint in hints.items() if isinstance(hint, dict)}


def hints_of(gold: Gold) -> Hints:
    """Gold answers as hints. What forms post is understood as well: `mood.label`, `flags.blurry`, and `taskAnswers`."""
    hints: Hints = {}
    for name, value in {**gold, **_task_answers(gold.get("taskAnswers"))}.items():
        is_hint = isinstance(value, dict) and bool(value) and set(value) <= _KEYS
        hints[name] = dict(value) if is_hint else {"truth": value}
        widget, _, part = name.rpartition(".")
        if widget and not is_hint:
            truth = hints.setdefault(widget, {"truth": {}}).get("truth")
            if isinstance(truth, dict):
                truth[part] = value
    return hints


def _task_answers(text: Any) -> dict[str, Any]:
    """The answers in what a crowd-form posts in one field, `[{name: …}]`."""
    if not isinstance(text, str):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    found = found[0] if isinstance(found, list) and found else found
    return found if isinstance(found, dict) else {}


def chosen_in(truth: Any, options: list[str]) -> list[str]:
    """Which of these options a truth means: one text, a list, `a|b`, {"label": …}, {"labels": […]}, {option: true}."""
    if isinstance(truth, dict):
        if "label" in truth or "labels" in truth:
            return chosen_in(truth.get("labels", truth.get("label")), options)
        truth = [name for name, is_chosen in truth.items() if is_chosen is True or is_chosen in ("true", "on")]
    elif isinstance(truth, bool):
        truth = options[:1] if truth and len(options) == 1 else []
    elif not isinstance(truth, (list, tuple)):
        whole = "" if truth is None else str(truth)
        truth = [whole] if whole in options else _listed(whole)
    meant = {str(each) for each in truth}
    return [option for option in options if option in meant]


def _listed(text: str) -> list[Any]:
    if text.startswith("["):  # as a flattened form posts a list
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return []
        return found if isinstance(found, list) else []
    return text.split("|")
