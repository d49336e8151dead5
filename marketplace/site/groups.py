"""HIT groups as a worker finds them: the open HITs of one HIT type, what they pay, and whether the worker qualifies."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from django_countries import countries

from marketplace import qualifications, requirements
from marketplace.models import HIT, Assignment, HITType, QualificationType, Worker, WorkerBlock
from marketplace.system_types import ADULT, APPROVED, LOCALE, MASTERS, MASTERS_SANDBOX, PERCENT

# Written into the query: with a parameter SQLite has to look at each row for what the index `hits_to_take` knows by
# being what it is, and takes ten times as long.
_ZERO = RawSQL("0", ())
MOST_GROUPS = 500  # looked at for one page of the list; the newest first


@dataclass(slots=True)
class Group:
    """One HIT type with HITs this worker could take: `left` of them. `unmet`: what the worker would need, in words."""

    hit_type: HITType
    left: int
    newest: datetime
    ends: datetime
    unmet: list["Unmet"]
    can_preview: bool

    @property
    def qualified(self) -> bool:
        return not self.unmet


@dataclass(frozen=True, slots=True)
class Unmet:
    """A requirement the worker does not meet: in words, and the qualification type to ask for, if one can be."""

    words: str
    type_id: str = ""


def open_hits(worker: Worker, now: datetime) -> QuerySet[HIT]:
    """HITs that could be accepted: open, not done by this worker before, and of no requester who blocked them."""
    taken = Assignment.objects.filter(hit=OuterRef("pk"), worker=worker, status__in=Assignment.TAKEN)
    return _open(worker, now).filter(~Exists(taken))


def _open(worker: Worker, now: datetime) -> QuerySet[HIT]:
    blocked = list(WorkerBlock.objects.filter(worker=worker).values_list("requester", flat=True))
    rows = HIT.objects.alive().filter(open_slots__gt=_ZERO, expiration__gt=now)
    return rows.exclude(requester__in=blocked) if blocked else rows


def groups_for(worker: Worker, now: datetime, *, hit_type: HITType | None = None) -> list[Group]:
    """The groups the worker may discover, the newest first; a fixed number of queries however many there are."""
    rows = _open(worker, now)
    if hit_type is not None:
        rows = rows.filter(hit_type=hit_type)
    # Counted for everybody from an index alone, then less what this worker had: asking of each HIT whether the worker
    # had it takes ten times as long.
    counted = (
        rows.order_by()
        .values("hit_type")
        .annotate(left=Count("pk"), newest=Max("created_at"), ends=Min("expiration"))
        .order_by("-newest")[:MOST_GROUPS]
    )
    found = {row["hit_type"]: row for row in counted}
    mine = rows.filter(assignments__worker=worker, assignments__status__in=Assignment.TAKEN).order_by()
    for pk, count in mine.values_list("hit_type").annotate(Count("pk")):
        if pk in found:
            found[pk]["left"] -= count
    found = {pk: row for pk, row in found.items() if row["left"] > 0}
    types = {kind.pk: kind for kind in HITType.objects.filter(pk__in=found).select_related("requester")}
    values = qualifications.values_of(worker, requirements.type_ids(*(kind.requirements for kind in types.values())))
    names = names_of(types.values())
    groups = []
    for pk, row in found.items():
        kind = types[pk]
        if not requirements.may_discover(kind.requirements, worker, values):
            continue
        unmet = requirements.unmet(kind.requirements, worker, values)
        groups.append(
            Group(
                kind,
                row["left"],
                row["newest"],
                row["ends"],
                unmet=[_in_words(requirement, names) for requirement in unmet],
                can_preview=requirements.may_preview(kind.requirements, worker, values),
            )
        )
    return groups


def may_find(worker: Worker, hit_type: HITType) -> bool:
    """Whether the worker may know of the group at all, whatever is left of it."""
    asked = hit_type.requirements
    return requirements.may_discover(asked, worker, qualifications.values_of(worker, requirements.type_ids(asked)))


def next_hit(worker: Worker, hit_type: HITType, now: datetime, *, after: HIT | None = None) -> HIT | None:
    """The oldest HIT of the group that the worker could take; with `after` the one that follows it, in a circle."""
    rows = open_hits(worker, now).filter(hit_type=hit_type).order_by("pk")
    if after is None:
        return rows.first()
    return rows.filter(pk__gt=after.pk).first() or rows.exclude(pk=after.pk).first()


def names_of(types: Iterable[HITType]) -> dict[str, QualificationType]:
    """The requesters' own qualification types that these HIT types ask about, by id."""
    wanted = requirements.type_ids(*(kind.requirements for kind in types))
    rows = QualificationType.objects.filter(qualification_type_id__in=wanted)
    return {row.qualification_type_id: row for row in rows}


def requirements_in_words(hit_type: HITType) -> list[str]:
    """Everything a HIT type asks for, a sentence each."""
    names = names_of([hit_type])
    return [_in_words(requirement, names).words for requirement in hit_type.requirements]


_COMPARED = {
    "LessThan": "less than",
    "LessThanOrEqualTo": "at most",
    "GreaterThan": "more than",
    "GreaterThanOrEqualTo": "at least",
    "EqualTo": "exactly",
    "NotEqualTo": "anything but",
    "In": "one of",
    "NotIn": "none of",
}


def _in_words(requirement: dict[str, Any], names: dict[str, QualificationType]) -> Unmet:
    type_id, comparator = requirement["QualificationTypeId"], requirement["Comparator"]
    compared = _COMPARED.get(comparator, "")
    numbers = ", ".join(str(value) for value in requirement.get("IntegerValues") or [])
    if type_id == LOCALE:
        places = ", ".join(_place(locale) for locale in requirement.get("LocaleValues") or [])
        inside = "You live in" if comparator in {"EqualTo", "In"} else "You do not live in"
        return Unmet(f"{inside} {places}" if places else "You said where you live")
    if type_id == ADULT:
        return Unmet("You agreed to see adult content (Profile)")
    if type_id in (MASTERS, MASTERS_SANDBOX):
        return Unmet("You are a Masters worker" if comparator != "DoesNotExist" else "You are no Masters worker")
    if type_id == APPROVED:
        return Unmet(f"Approved assignments: {compared} {numbers}")
    if type_id == PERCENT:
        return Unmet(f"Approval rate in percent: {compared} {numbers}")
    kind = names.get(type_id)
    name = f"“{kind.name}”" if kind else "A qualification that no longer exists"
    can_ask = type_id if kind and kind.is_active and kind.deleted_at is None else ""
    if comparator == "DoesNotExist":
        return Unmet(f"You do not have {name}")
    if comparator == "Exists":
        return Unmet(f"You have {name}", can_ask)
    return Unmet(f"{name}: {compared} {numbers}", can_ask)


def _place(locale: dict[str, str]) -> str:
    name = countries.name(locale["Country"]) or locale["Country"]
    return f"{locale['Subdivision']}, {name}" if locale.get("Subdivision") else str(name)
