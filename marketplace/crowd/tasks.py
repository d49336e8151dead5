"""Which HITs simulated workers take, and how they take them and hand them in: as a person does, by the same rules.

A HIT invites the crowd by `Crowd:demo` in its RequesterAnnotation, so that nobody's real tasks are touched; a crowd can
be told to take any open HIT, or certain ones. The fields of an ExternalQuestion cannot be read; such a HIT is left
alone unless its annotation names them: `CrowdFields:code,rating;`.
"""

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from marketplace import clock, policies, requirements, work
from marketplace.crowd.answers import CannotAnswer, Fields, Gold, answer, seconds_needed
from marketplace.crowd.gold import ALL
from marketplace.crowd.people import Person
from marketplace.models import HIT, Assignment, HITType, Worker, WorkerBlock
from marketplace.transactions import in_transaction

log = logging.getLogger(__name__)

INVITATION = "Crowd:demo"
CANDIDATES = 200  # open HITs looked at when a worker chooses; more would be a slow query for no livelier demo
KINDS_TRIED = 5  # until one is found that the worker qualifies for
MOST_LEFT_ALONE = 1000
_NAMED = re.compile(r"CrowdFields:([^;]+)")


@dataclass
class Tasks:
    """The HITs a crowd may take: those named, or any that is open, or else those that invite it.

    `gold` says what is right: {HITId or "*": {field: value}}. `left_alone` collects what could not be done: HITId to a
    sentence. `seed`: the same worker does the same task in the same way, whenever and in whatever order.
    """

    any_open: bool = False
    hit_ids: frozenset[str] = frozenset()
    gold: Mapping[str, Gold] = field(default_factory=dict)
    seed: int = 7
    left_alone: dict[str, str] = field(default_factory=dict)

    def open_hits(self) -> QuerySet[HIT]:
        """Those that could be taken now by somebody."""
        hits = HIT.objects.alive().filter(open_slots__gt=0, expiration__gt=clock.now())
        if self.hit_ids:
            hits = hits.filter(hit_id__in=self.hit_ids)
        elif not self.any_open:
            hits = hits.filter(annotation__contains=INVITATION)
        return hits.exclude(hit_id__in=list(self.left_alone)) if self.left_alone else hits

    def leave_alone(self, hit: HIT, reason: str) -> None:
        log.warning("The crowd leaves HIT %s alone: %s", hit.hit_id, reason)
        if len(self.left_alone) >= MOST_LEFT_ALONE:
            self.left_alone.pop(next(iter(self.left_alone)))
        self.left_alone[hit.hit_id] = reason

    def gold_of(self, hit: HIT) -> dict[str, Any]:
        """What is right in a HIT by its own review policy, overruled by what was said to the crowd."""
        return {**_known_answers(hit), **self.gold.get(ALL, {}), **self.gold.get(hit.hit_id, {})}


def _known_answers(hit: HIT) -> dict[str, Any]:
    if hit.assignment_review_policy is None:
        return {}
    try:
        key = policies.known_answers(hit.assignment_review_policy).key
    except policies.PolicyError:
        return {}
    return {name: next(iter(values)) if len(values) == 1 else sorted(values) for name, values in key.items()}


@dataclass(frozen=True)
class Taken:
    """A task in a worker's hands: what will be handed in, and after how many seconds of work."""

    hit: HIT
    assignment_id: str
    fields: Fields
    needed: float


def open_to(person: Person, tasks: Tasks, rng: Random) -> HIT | None:
    """A task this worker could accept now; None if there is none."""
    unqualified: list[int] = []
    for _ in range(KINDS_TRIED):
        hit = _candidate(person, tasks, rng, unqualified)
        if hit is None or _qualifies(person, hit.hit_type):
            return hit
        unqualified.append(hit.hit_type_id)
    return None


def _candidate(person: Person, tasks: Tasks, rng: Random, passed_over: list[int]) -> HIT | None:
    taken = Assignment.objects.filter(
        hit=OuterRef("pk"), worker__worker_id=person.worker_id, status__in=Assignment.TAKEN
    )
    blocked = WorkerBlock.objects.filter(worker__worker_id=person.worker_id).values("requester")
    hits = tasks.open_hits().filter(~Exists(taken)).exclude(requester__in=blocked).exclude(hit_type__in=passed_over)
    groups: dict[int, list[int]] = {}
    for pk, hit_type in hits.order_by("pk").values_list("pk", "hit_type_id")[:CANDIDATES]:
        groups.setdefault(hit_type, []).append(pk)
    if not groups:
        return None
    # First a kind of task, then one of them: people like variety, and a batch of 50 HITs must not drown one of 1. The
    # square root still lets large batches have more visitors.
    kinds = list(groups.values())
    chosen = rng.choices(kinds, [len(kind) ** 0.5 for kind in kinds])[0]
    return HIT.objects.select_related("hit_type").filter(pk=rng.choice(chosen)).first()


def _qualifies(person: Person, hit_type: HITType) -> bool:
    if not hit_type.requirements:
        return True
    worker = in_transaction(lambda: Worker.for_id(person.worker_id))
    return requirements.may_accept(hit_type.requirements, worker)


def take(person: Person, tasks: Tasks, rng: Random) -> Taken | None:
    """Let a worker take a task; None if there was nothing to take."""
    hit = open_to(person, tasks, rng)
    return accept(hit, person, tasks) if hit is not None else None


def accept(hit: HIT, person: Person, tasks: Tasks) -> Taken | None:
    """Let a worker take this HIT, having thought of an answer; None if there is none, or somebody was quicker."""
    seen = hashlib.sha256(hit.question.encode("utf-8", "replace")).hexdigest()
    rng = Random(f"{tasks.seed}:{person.worker_id}:{seen}")  # noqa: S311
    honest = rng.random() < person.honesty
    named = _NAMED.search(hit.annotation)
    gold = tasks.gold_of(hit)
    try:
        fields = answer(
            hit.question,
            skill=person.skill,
            rng=rng,
            gold=gold,
            style=person.style,
            honest=honest,
            fields=[name.strip() for name in named[1].split(",")] if named else (),
        )
    except CannotAnswer as reason:
        tasks.leave_alone(hit, str(reason))
        return None
    needed = seconds_needed(fields, skill=person.skill if honest else 0.0, rng=rng, speed=person.speed)
    try:
        assignment = in_transaction(lambda: work.accept(hit.hit_id, person.worker_id))
    except work.Refused as refused:  # somebody was quicker, or the requester blocked this worker
        log.info("%s could not accept HIT %s: %s", person.worker_id, hit.hit_id, refused)
        return None
    # The deadline is on the page while people work, and they hurry.
    return Taken(hit, assignment.assignment_id, fields, min(needed, 0.9 * hit.hit_type.assignment_duration))


def finish(person: Person, taken: Taken, tasks: Tasks, rng: Random) -> str:
    """End a task: "submitted", "returned", "abandoned" (once its time is up) or "refused"."""
    fate = rng.random()
    if fate < person.forgets:
        return "abandoned"
    try:
        if fate < person.forgets + person.gives_back:
            in_transaction(lambda: work.give_back(assignment_id=taken.assignment_id))
            return "returned"
        in_transaction(lambda: work.submit(taken.assignment_id, answer=None, fields=taken.fields))
        return "submitted"
    except work.Refused as refused:
        log.info("%s could not hand in %s: %s", person.worker_id, taken.assignment_id, refused)
        if refused.code == "bad_answer":  # nobody's would be taken, so nobody is to hold it until its time is up
            tasks.leave_alone(taken.hit, refused.message)
            in_transaction(lambda: work.give_back(assignment_id=taken.assignment_id))
        return "refused"
