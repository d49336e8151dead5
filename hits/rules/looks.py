"""The conditions: what each kind of rule makes of one answer and the facts around it.

A look gives `Seen` with the evidence in one sentence, or None where there is nothing to judge by: too few others, no
gold answer, no such field.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hits.answers.text import one_line
from hits.answers.values import is_blank, is_drawing, key_of, same
from hits.models import Assignment, AssignmentStatus, Rule
from hits.questions import read_question
from hits.rules.facts import Facts
from hits.rules.reading import field_of, in_words, listed, meets_loosely, said, seconds_in_words

_MOST_DRAWINGS = 9


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look saw: whether the check was failed, the evidence, and another answer it speaks of."""

    failed: bool
    evidence: str
    beside: int | None = None


Look = Callable[[dict[str, Any], Assignment, Facts], Seen | None]
LOOKS: dict[str, Look] = {}


def look(name: Rule.Look) -> Callable[[Look], Look]:
    def add(condition: Look) -> Look:
        LOOKS[name] = condition
        return condition

    return add


def judge(rule: Rule, row: Assignment, facts: Facts) -> Seen | None:
    """What a rule sees in one answer."""
    return LOOKS[rule.look](rule.settings, row, facts)


def holds(rule: Rule, seen: Seen | None) -> bool:
    """Whether the rule proposes something for what was seen."""
    return seen is not None and seen.failed != rule.when_passed


@look(Rule.Look.GOLD)
def gold(settings: dict[str, Any], row: Assignment, facts: Facts) -> Seen | None:
    percent, least = settings["percent"], settings["least"]
    if settings.get("of") == "worker":
        record = facts.records.get((row.batch_id, row.worker_id))
        if record is None or record.answers < least:
            return None
        mean = int(record.mean)
        words = f"This worker met {mean} % of the gold answers in {_counted(record.answers, 'task')} of the batch"
        return Seen(mean < percent, f"{words}; {percent} % are asked for.")
    score = facts.scores.get(row.pk)
    if score is None or score.total < least:
        return None
    words = f"Met {score.met} of {score.total} gold answers ({score.percent} %)"
    wrong = [
        f"{one_line(name, 40)} is {in_words(field_of(said(row), name), 40)}, not {in_words(accepted[0], 40)}"
        for name, accepted in score.missed[:2]
    ]
    return Seen(score.percent < percent, "; ".join([words, *wrong]) + ".")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@look(Rule.Look.PLURALITY)
def plurality(settings: dict[str, Any], row: Assignment, facts: Facts) -> Seen | None:
    others = [
        said(other)
        for other in facts.of_hit.get(row.hit_id, [])
        if other.pk != row.pk and other.status != AssignmentStatus.REJECTED
    ]
    if len(others) < max(1, settings["others"]):
        return None
    mine = said(row)
    if settings.get("field"):
        name = settings["field"]
        given = [other[name] for other in others if name in other]
        found = _majority(given) if len(given) >= settings["others"] else None
        if found is None:
            return None
        value, count = found
        if same(mine.get(name), value):
            return Seen(False, f"Says {in_words(value)} in {one_line(name, 40)}, as {count} of {len(given)} others do.")
        return Seen(
            True,
            f"Says {in_words(mine.get(name))} in {one_line(name, 40)}, where {count} of {len(given)} others say "
            f"{in_words(value)}.",
        )
    compared, against = 0, []
    for name in mine:
        found = _majority([other.get(name) for other in others])
        if found is None:
            continue
        compared += 1
        if not same(mine[name], found[0]):
            against.append(name)
    if not compared:
        return None
    words = f"Disagrees with most of {len(others)} others in {len(against)} of {compared} fields"
    names = f": {listed(against)}" if against else ""
    return Seen(100 * len(against) > settings["percent"] * compared, f"{words}{names}.")


def _majority(given: list[Any]) -> tuple[Any, int] | None:
    """What more than half said, and how many; None where they said nothing, or nothing in common."""
    if any(is_drawing(value) for value in given):
        some = given[:_MOST_DRAWINGS]
        for value in some[: len(some) // 2 + 1]:
            count = sum(same(value, other) for other in some)
            if 2 * count > len(some):
                return None if is_blank(value) else (value, count)
        return None
    if not given:
        return None
    key, count = Counter(map(key_of, given)).most_common(1)[0]
    if not key or 2 * count <= len(given):
        return None
    return next(value for value in given if key_of(value) == key), count


@look(Rule.Look.ATTENTION)
def attention(settings: dict[str, Any], row: Assignment, facts: Facts) -> Seen | None:
    name, accepted = settings["field"], settings["accepted"]
    value = field_of(said(row), name)
    passed = any(meets_loosely(value, one) for one in accepted)
    words = f"Says {in_words(value)} in {one_line(name, 40)}"
    if passed:
        return Seen(False, f"{words}, as it should.")
    return Seen(True, f"{words}, where it should be {' or '.join(in_words(one, 40) for one in accepted[:3])}.")


@look(Rule.Look.TIME)
def time_taken(settings: dict[str, Any], row: Assignment, facts: Facts) -> Seen | None:
    took, median = row.work_seconds, facts.medians.get(row.batch_id)
    if took is None:
        return None
    beside = f"the batch's median is {seconds_in_words(median)}" if median is not None else ""
    if settings.get("percent_of_median"):
        if median is None:
            return None
        limit = median * settings["percent_of_median"] / 100
        return Seen(took < limit, f"Took {seconds_in_words(took)}; {beside}.")
    least = settings["seconds"]
    words = f"Took {seconds_in_words(took)}; at least {seconds_in_words(least)} are expected"
    return Seen(took < least, f"{words}{', and ' + beside if beside else ''}.")


@look(Rule.Look.DUPLICATE)
def duplicate(settings: dict[str, Any], row: Assignment, facts: Facts) -> Seen | None:
    field, least = settings.get("field"), settings["characters"]
    texts = [text for text in facts.texts.get(row.pk, []) if text.size >= least and (not field or text.field == field)]
    if not texts:
        return None
    for text in texts:
        where = f"the same {text.size} characters in {one_line(text.field, 40)}"
        if settings["whose"] in ("own", "any") and text.own is not None:
            return Seen(True, f"Has {where} as this worker gave for another task before.", text.own)
        if settings["whose"] in ("others", "any") and text.other is not None:
            return Seen(True, f"Has {where} as {one_line(text.other_worker, 64)} handed in before.", text.other)
    return Seen(False, f"Nobody handed in the same {listed([text.field for text in texts])} before.")


@look(Rule.Look.EMPTY)
def empty(settings: dict[str, Any], row: Assignment, facts: Facts) -> Seen | None:
    names = settings.get("fields") or [
        field.name for field in read_question(row.hit.question).fields.values() if field.required
    ]
    if not names:
        return None
    answer = said(row)
    blank = [name for name in names if is_blank(field_of(answer, name))]
    if blank:
        return Seen(True, f"Left {len(blank)} of {len(names)} fields empty: {listed(blank)}.")
    return Seen(False, f"Filled in {listed(names)}.")


@look(Rule.Look.CODE)
def survey_code(settings: dict[str, Any], row: Assignment, facts: Facts) -> Seen | None:
    name = settings["field"]
    value = field_of(said(row), name)
    field = one_line(name, 40)
    if is_blank(value):
        return Seen(True, f"Has no code in {field}.")
    code = tidy_code(str(value))
    codes, pattern = settings.get("codes"), settings.get("pattern")
    if codes and code not in known_codes(tuple(codes)):
        return Seen(True, f"The code {in_words(value)} is not among the {len(codes):,} expected ones.")
    if pattern and not pattern_of(pattern).fullmatch(code):
        return Seen(True, f"The code {in_words(value)} is not of the form {one_line(pattern, 60)}.")
    if settings.get("once"):
        again = next((text for text in facts.texts.get(row.pk, []) if text.field == name), None)
        if again is not None and (again.other is not None or again.own is not None):
            who = one_line(again.other_worker, 64) if again.other is not None else "this worker"
            return Seen(True, f"The code {in_words(value)} was handed in before by {who}.", again.other or again.own)
    return Seen(False, f"The code {in_words(value)} is a good one.")


def tidy_code(text: str) -> str:
    """A code as it is compared: people add blanks and forget capitals."""
    return "".join(text.split()).casefold()


@lru_cache(maxsize=16)
def known_codes(codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(tidy_code, codes))


@lru_cache(maxsize=64)
def pattern_of(pattern: str) -> re.Pattern[str]:
    """`#` is a digit, `@` a letter, `*` either; all else is itself. No expression a worker's text could make slow."""
    signs = {"#": "[0-9]", "@": "[a-z]", "*": "[0-9a-z]"}
    return re.compile("".join(signs.get(sign) or re.escape(sign) for sign in tidy_code(pattern)))
