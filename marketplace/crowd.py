"""Simulated workers for demos and tests: they take tasks that invite them, need a plausible time, and are not all good.

A HIT invites the crowd by `Crowd:demo` in its RequesterAnnotation, so nobody's real tasks are touched. What a worker
fills in is decided by `crowd_answers`; everything else goes through `work`, as a person's clicks do, and obeys the
same rules.

`start` keeps a crowd at work beside the server. `work_through` makes it live through past days at once, for a demo that
begins with a history.
"""

import hashlib
import heapq
import itertools
import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from django.db import close_old_connections
from django.db.models import Exists, OuterRef

from marketplace import clock, work
from marketplace.crowd_answers import CannotAnswer, Fields, answer, seconds_needed
from marketplace.models import HIT, Assignment
from marketplace.transactions import in_transaction

log = logging.getLogger(__name__)

INVITATION = "Crowd:demo"
CANDIDATES = 200  # open HITs looked at when a worker chooses; more would be a slow query for no livelier demo
# A lively minute for whoever has just started the demo, then slower and slower, so that its HITs last for hours.
FIRST_GAP, LAST_GAP, SLOWS_BY = 3.0, 45.0, 60.0  # seconds, seconds, seconds of uptime per second of gap
PEOPLE_PER_PLACE = 5  # the crowd is larger than the number at work at once: people come and go
SHORTEST, LONGEST = 4.0, 60.0  # seconds a task takes in the demo, whatever it would take a person
REST = 30.0  # seconds without anything to do, or after something went wrong


@dataclass(frozen=True)
class Person:
    """A simulated worker: `skill` from 0 (careless) to 1 (perfect), and how often tasks are given back or forgotten."""

    worker_id: str
    skill: float
    gives_back: float
    forgets: float


def people(count: int, *, seed: int = 7) -> list[Person]:
    """The first `count` of a crowd that is the same at every start: most are good, some are hasty, a few are
    hopeless.
    """
    crowd = []
    for number in range(count):
        rng = Random(f"{seed}:{number}")  # noqa: S311
        worker_id = "A" + hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()[:13].upper()
        kind = rng.random()
        if kind < 0.7:
            skill = rng.uniform(0.86, 0.99)
        elif kind < 0.9:
            skill = rng.uniform(0.55, 0.8)
        else:
            skill = rng.uniform(0.1, 0.35)
        crowd.append(Person(worker_id, skill, gives_back=rng.uniform(0, 0.08), forgets=rng.uniform(0, 0.03)))
    return crowd


def open_to(person: Person, rng: Random) -> HIT | None:
    """A task this worker could accept now, any of the inviting ones; None if there is none."""
    taken = Assignment.objects.filter(
        hit=OuterRef("pk"), worker__worker_id=person.worker_id, status__in=Assignment.TAKEN
    )
    hits = HIT.objects.alive().filter(annotation__contains=INVITATION, open_slots__gt=0, expiration__gt=clock.now())
    groups: dict[int, list[int]] = {}
    for pk, hit_type in hits.filter(~Exists(taken)).order_by("pk").values_list("pk", "hit_type_id")[:CANDIDATES]:
        groups.setdefault(hit_type, []).append(pk)
    if not groups:
        return None
    # First a kind of task, then one of them: people like variety, and a batch of 50 HITs must not drown one of 1. The
    # square root still lets large batches have more visitors.
    kinds = list(groups.values())
    chosen = rng.choices(kinds, [len(kind) ** 0.5 for kind in kinds])[0]
    return HIT.objects.get(pk=rng.choice(chosen))


def accept(person: Person, rng: Random) -> tuple[str, Fields] | None:
    """Let a worker take a task: the AssignmentId and what will be handed in; None if there was nothing to take."""
    hit = open_to(person, rng)
    if hit is None:
        return None
    try:
        fields = answer(hit.question, skill=person.skill, rng=rng)
        return in_transaction(lambda: work.accept(hit.hit_id, person.worker_id)).assignment_id, fields
    except CannotAnswer as reason:
        log.warning("The crowd leaves HIT %s alone: %s", hit.hit_id, reason)
    except work.Refused as refused:  # somebody was quicker, or the requester blocked this worker
        log.info("%s could not accept HIT %s: %s", person.worker_id, hit.hit_id, refused)
    return None


def finish(person: Person, assignment_id: str, fields: Fields, rng: Random) -> str:
    """End a task: "submitted", "returned", "forgotten" (it will be abandoned when its time is up) or "refused"."""
    fate = rng.random()
    if fate < person.forgets:
        return "forgotten"
    try:
        if fate < person.forgets + person.gives_back:
            in_transaction(lambda: work.give_back(assignment_id=assignment_id))
            return "returned"
        in_transaction(lambda: work.submit(assignment_id, answer=None, fields=fields))
        return "submitted"
    except work.Refused as refused:
        log.info("%s could not hand in %s: %s", person.worker_id, assignment_id, refused)
        return "refused"


# Beside the server


def start(count: int, *, stop: threading.Event | None = None) -> threading.Thread:
    """Put a crowd to work in a thread of its own, at most `count` of them at the same time.

    It ends with the process, or soon after `stop` is set.
    """
    thread = threading.Thread(target=_run, args=(count, stop or threading.Event()), name="crowd", daemon=True)
    thread.start()
    return thread


def _run(count: int, stop: threading.Event) -> None:
    rng = Random()  # noqa: S311  # who does what differs from start to start; who they are does not
    crowd = people(count * PEOPLE_PER_PLACE)
    busy: dict[str, Person] = {}
    due: list[tuple[float, int, str, str, Fields]] = []  # when (monotonic), tie breaker, WorkerId, AssignmentId, fields
    numbers = itertools.count()
    began = time.monotonic()
    arrival = began + FIRST_GAP
    while not stop.wait(max(0.05, min([arrival, *(entry[0] for entry in due[:1])]) - time.monotonic())):
        now = time.monotonic()
        try:
            while due and due[0][0] <= now:
                _, _, worker_id, assignment_id, fields = heapq.heappop(due)
                finish(busy.pop(worker_id), assignment_id, fields, rng)
            if arrival <= now:
                gap = min(LAST_GAP, FIRST_GAP + (now - began) / SLOWS_BY)
                arrival = now + rng.uniform(0.5, 1.5) * gap
                idle = [person for person in crowd if person.worker_id not in busy]
                # While marketplace time is behind, its history is being made (work_through).
                if len(busy) >= count or clock.is_behind():
                    continue
                person = rng.choice(idle)
                taken = accept(person, rng)
                if taken is None:
                    arrival = max(arrival, now + rng.uniform(0.5, 1.5) * gap)
                    continue
                needed = seconds_needed(taken[1], skill=person.skill, rng=rng)
                busy[person.worker_id] = person
                heapq.heappush(
                    due, (now + min(LONGEST, max(SHORTEST, needed)), next(numbers), person.worker_id, *taken)
                )
        except Exception:
            log.exception("The crowd stumbled; it goes on in %s seconds", REST)
            arrival = time.monotonic() + REST
        finally:
            close_old_connections()


# Through the past

# One history at a time: two would move the clock past each other, and past the machine's. Control paths, the only
# callers, live in one process.
_living = threading.Lock()


def work_through(*, count: int, assignments: int, seconds: float | None = None) -> int:
    """Let a crowd of `count` work from marketplace time until `seconds` later, and never beyond the machine's time.

    About `assignments` tasks are taken; returns how many were handed in. Time moves with them, so what falls due on the
    way (auto-approval, abandonment) happens when it should. Without `seconds` marketplace time ends up exactly at the
    machine's. Not to be called inside a transaction.
    """
    with _living:
        begin, present = clock.now(), datetime.now(UTC)
        end = present if seconds is None else min(present, begin + timedelta(seconds=seconds))
        rng = Random(f"{begin:%Y-%m-%d}:{count}:{assignments}")  # noqa: S311
        crowd = people(count)
        submitted = 0
        for moment in _moments(begin, end, assignments, rng):
            _advance_to(moment)
            person = rng.choice(crowd)
            taken = accept(person, rng)
            if taken is None:
                continue
            needed = seconds_needed(taken[1], skill=person.skill, rng=rng)
            _advance_to(min(end, clock.now() + timedelta(seconds=needed)))
            submitted += finish(person, *taken, rng) == "submitted"
        _advance_to(end)
        if seconds is None:
            clock.catch_up()
        return submitted


def _moments(begin: datetime, end: datetime, count: int, rng: Random) -> Iterable[datetime]:
    """Random moments in order, fewer of them at night (UTC)."""
    if end <= begin:
        return []
    moments: list[datetime] = []
    while len(moments) < count:
        moment = begin + (end - begin) * rng.random()
        if rng.random() < (0.15 if moment.hour < 6 else 1.0):
            moments.append(moment)
    return sorted(moments)


def _advance_to(moment: datetime) -> None:
    ahead = (moment - clock.now()).total_seconds()
    if ahead > 0:
        clock.advance(ahead)
