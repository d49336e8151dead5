"""What makes a worker a member of a panel: conditions over what is known of one worker. Pure.

A condition is a dict (JSON) with "look" and what that look needs:

    {"look": "batches", "batches": [1, 2], "how": "every" | "any"}      did work in these batches
    {"look": "gold", "is": "above" | "below", "percent": 90, "least": 3}       of at least 3 gold answers
    {"look": "agreement", "is": "above" | "below", "percent": 80, "least": 5}
    {"look": "approved", "number": 10}                                  at least so many approved
    {"look": "rate", "is": "above" | "below", "percent": 95, "least": 10}      of at least 10 decided
    {"look": "recent", "is": "active" | "idle", "days": 30}
    {"look": "holds", "is": "has" | "has_not", "type": "3X…", "least": 80 | None}
    {"look": "blocked", "batch": 7 | None}                              soft-blocked in that batch, or everywhere here
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Condition = Mapping[str, Any]
Names = Mapping[Any, str]

#: What is offered, in this order: look -> words.
LOOKS = {
    "batches": "Did work in batches",
    "gold": "Gold answers",
    "agreement": "Agreement with others",
    "approved": "Approved answers",
    "rate": "Approval rate here",
    "recent": "When they worked last",
    "holds": "Holds a qualification",
    "blocked": "Is soft-blocked",
}
_SHOWN_BATCHES = 3


@dataclass
class Facts:
    """What is known of one worker; sums are of percent."""

    worker_id: str
    answers: int = 0
    approved: int = 0
    rejected: int = 0
    gold_sum: int = 0
    gold_count: int = 0
    agreement_sum: int = 0
    agreement_count: int = 0
    last_at: datetime | None = None
    #: Key of a batch -> when the first answer came, and how many there are.
    batches: dict[int, tuple[datetime, int]] = field(default_factory=dict)
    #: QualificationTypeId -> value.
    held: dict[str, int] = field(default_factory=dict)
    #: Keys of the batches the worker is soft-blocked in; None: everywhere here.
    blocked: set[int | None] = field(default_factory=set)


@dataclass(frozen=True)
class Evidence:
    """That a condition holds: why, in one sentence, and since when where that is a moment."""

    words: str
    since: datetime | None = None


def judge(match: str, conditions: Sequence[Condition], facts: Facts, names: Names, now: datetime) -> Evidence | None:
    """Whether a worker belongs: all conditions hold, or one does, and why. Nobody meets no conditions."""
    found = [holds(condition, facts, names, now) for condition in conditions]
    met = [each for each in found if each is not None]
    if not met or (match == "all" and len(met) < len(found)):
        return None
    moments = [each.since for each in met if each.since is not None]
    since = None
    if len(moments) == len(met):
        since = max(moments) if match == "all" else min(moments)
    return Evidence("; ".join(each.words for each in met), since)


def holds(condition: Condition, facts: Facts, names: Names, now: datetime) -> Evidence | None:
    """Why one condition holds for a worker; None where it does not. `names`: of batches and of types, by their keys."""
    look = condition["look"]
    if look == "batches":
        return _did(condition, facts, names)
    if look in ("gold", "agreement"):
        total, count = getattr(facts, f"{look}_sum"), getattr(facts, f"{look}_count")
        what = "gold answers right" if look == "gold" else "agreement with others"
        return _share(condition, total, 100 * count, count, what)
    if look == "rate":
        decided = facts.approved + facts.rejected
        return _share(condition, 100 * facts.approved, 100 * decided, decided, "of the decided answers approved")
    if look == "approved":
        return Evidence(f"{facts.approved:,} approved") if facts.approved >= condition["number"] else None
    if look == "recent":
        return _recent(condition, facts, now)
    if look == "holds":
        return _holds(condition, facts, names)
    if look == "blocked":
        meant = facts.blocked & {None, condition.get("batch")}
        return Evidence("soft-blocked" + ("" if None in meant else " in that batch")) if meant else None
    return None


def _did(condition: Condition, facts: Facts, names: Names) -> Evidence | None:
    wanted = condition["batches"]
    done = [batch for batch in wanted if batch in facts.batches]
    if not done or (condition["how"] == "every" and len(done) < len(wanted)):
        return None
    firsts = [facts.batches[batch][0] for batch in done]
    each = [f"{facts.batches[batch][1]:,} in “{names.get(batch, batch)}”" for batch in done[:_SHOWN_BATCHES]]
    more = f" and {len(done) - _SHOWN_BATCHES} more batches" if len(done) > _SHOWN_BATCHES else ""
    return Evidence(f"did {', '.join(each)}{more}", max(firsts) if condition["how"] == "every" else min(firsts))


def _share(condition: Condition, part: int, whole: int, count: int, what: str) -> Evidence | None:
    if not whole or count < condition["least"]:
        return None
    # In whole numbers: 90 % of gold answers is not above 90.
    percent, limit = 100 * part, condition["percent"] * whole
    if percent > limit if condition["is"] == "above" else percent < limit:
        return Evidence(f"{percent / whole:.3g} % {what}, of {count:,}")
    return None


def _recent(condition: Condition, facts: Facts, now: datetime) -> Evidence | None:
    if facts.last_at is None:
        return None
    span = timedelta(days=condition["days"])
    lately = facts.last_at > now - span
    day = f"{facts.last_at:%Y-%m-%d}"
    if condition["is"] == "active":
        return Evidence(f"worked on {day}", facts.last_at) if lately else None
    return None if lately else Evidence(f"last worked on {day}", facts.last_at + span)


def _holds(condition: Condition, facts: Facts, names: Names) -> Evidence | None:
    value, name = facts.held.get(condition["type"]), names.get(condition["type"], condition["type"])
    enough = value is not None and (condition.get("least") is None or value >= condition["least"])
    if condition["is"] == "has_not":
        return Evidence(f"does not hold “{name}”") if not enough and facts.answers else None
    return Evidence(f"holds “{name}” with {value}") if enough else None


def words(condition: Condition, names: Names) -> str:
    """A condition as a sentence, for whoever reads the panel's page."""
    look, limit = condition["look"], f"{condition.get('is')} {condition.get('percent')} %"
    if look == "batches":
        shown = ", ".join(f"“{names.get(batch, batch)}”" for batch in condition["batches"])
        if len(condition["batches"]) == 1:
            return f"Did work in {shown}"
        return f"Did work in {'every one' if condition['how'] == 'every' else 'any'} of {shown}"
    if look == "gold":
        return f"Gold answers right: {limit}, over at least {condition['least']}"
    if look == "agreement":
        return f"Agreement with others: {limit}, over at least {condition['least']} answers"
    if look == "rate":
        return f"Approval rate here: {limit}, over at least {condition['least']} decided"
    if look == "approved":
        return f"At least {condition['number']:,} approved here"
    if look == "recent":
        days = "day" if condition["days"] == 1 else f"{condition['days']} days"
        return f"{'Worked' if condition['is'] == 'active' else 'Did not work'} here in the last {days}"
    if look == "holds":
        least = f" with at least {condition['least']}" if condition.get("least") is not None else ""
        verb = "Holds" if condition["is"] == "has" else "Worked here and does not hold"
        return f"{verb} “{names.get(condition['type'], condition['type'])}”{least}"
    batch = condition.get("batch")
    return f"Is soft-blocked {f'in “{names.get(batch, batch)}” or ' if batch else ''}everywhere here"


def batches_in(conditions: Sequence[Condition]) -> set[int]:
    """Keys of the batches that conditions ask about."""
    keys: set[int] = set()
    for condition in conditions:
        keys.update(condition.get("batches", []))
        if condition.get("batch"):
            keys.add(condition["batch"])
    return keys


def types_in(conditions: Sequence[Condition]) -> set[str]:
    """Ids of the qualification types that conditions ask about."""
    return {condition["type"] for condition in conditions if condition["look"] == "holds"}


def asks(conditions: Sequence[Condition], *looks: str) -> bool:
    return any(condition["look"] in looks for condition in conditions)
