"""What time alone does: HITs expire, assignments are abandoned, submitted work is approved, old HITs are disposed of,
tests that nobody handed in end.

Everything is found by its due time and done in that order, each thing under the HIT's lock and only if it is still due
then, so any number of sweeps at once do it once. `at` of what is written is the due time, not when the sweep came.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from . import clock, qualifications, slots
from .models import HIT, Assignment, QualificationRequest
from .transactions import writing

BATCH = 50
# Seconds between two batches on SQLite, for others to have their turn as its one writer: without a gap, a year done at
# once would keep them all out until they give up.
GAP = 0.03


def run_due(until: datetime | None = None) -> int:
    """Do everything due up to then (default: now) and say how many things that were."""
    until = until or clock.now()
    done, before = 0, None
    while (batch := _next_batch(until)) and batch != before:  # the same again: somebody else holds what is due
        if before and not connection.features.has_select_for_update:
            time.sleep(GAP)
        done += _do(batch, until)
        before = batch
    return done


def next_due() -> datetime | None:
    """When the next thing falls due; None if nothing ever will."""
    first = [kind.due().values_list(kind.when, flat=True).first() for kind in KINDS]
    return min(filter(None, first), default=None)


def _expire(pk: int, until: datetime) -> bool:
    hit = slots.lock_hit(pk=pk, lapsed=False, disposed_at=None, expiration__lte=until)
    if hit:
        slots.lapse(hit, at=hit.expiration)
    return hit is not None


def _dispose(pk: int, until: datetime) -> bool:
    hit = slots.lock_hit(pk=pk, disposed_at=None, submitted=0, dispose_at__lte=until)
    if hit:
        slots.dispose(hit, at=hit.dispose_at or until)
    return hit is not None


def _abandon(pk: int, until: datetime) -> bool:
    assignment = slots.lock_assignment(pk=pk)
    if not assignment or assignment.status != Assignment.Status.ACCEPTED or assignment.deadline > until:
        return False
    slots.put_back(assignment, Assignment.Status.ABANDONED, at=assignment.deadline)
    return True


def _approve(pk: int, until: datetime) -> bool:
    assignment = slots.lock_assignment(pk=pk)
    if not assignment or assignment.status != Assignment.Status.SUBMITTED:
        return False
    if not assignment.auto_approval_time or assignment.auto_approval_time > until:
        return False
    slots.approve(assignment, at=assignment.auto_approval_time, automatically=True)
    return True


@dataclass(frozen=True)
class _Kind:
    """One thing that time does: the rows waiting for it (first due first), their due time, and the doing."""

    rows: Callable[[], QuerySet]
    when: str
    act: Callable[[int, datetime], bool]

    def due(self) -> QuerySet:
        return self.rows().order_by(self.when, "pk")


# Where two things fall due at the same moment this is their order.
KINDS = (
    _Kind(lambda: Assignment.objects.filter(status="Accepted"), "deadline", _abandon),
    _Kind(lambda: HIT.objects.filter(lapsed=False, disposed_at=None), "expiration", _expire),
    _Kind(lambda: Assignment.objects.filter(status="Submitted"), "auto_approval_time", _approve),
    _Kind(lambda: HIT.objects.filter(disposed_at=None, submitted=0, dispose_at__isnull=False), "dispose_at", _dispose),
    _Kind(lambda: QualificationRequest.objects.filter(state="idle"), "deadline", qualifications.end_test),
)


@dataclass(frozen=True, order=True)
class _Event:
    due: datetime
    kind: int
    pk: int
    act: Callable[[int, datetime], bool] = field(compare=False)


def _next_batch(until: datetime) -> list[_Event]:
    """The next things due, in order; only as far as nothing else can come in between."""
    events: list[_Event] = []
    horizon = until
    for number, kind in enumerate(KINDS):
        rows = kind.due().filter(**{f"{kind.when}__lte": until}).values_list(kind.when, "pk")[:BATCH]
        found = [_Event(due, number, pk, kind.act) for due, pk in rows]
        if len(found) == BATCH:
            horizon = min(horizon, found[-1].due)
        events += found
    events.sort()
    if events:
        # Doing one of them can make a disposal due, no sooner than this; it would then have its place in the order.
        horizon = min(horizon, events[0].due + slots.DISPOSE_AFTER)
    return [event for event in events if event.due <= horizon]


def _do(batch: list[_Event], until: datetime) -> int:
    # With row locks each thing is a transaction of its own, or the locks of many HITs could meet another caller's the
    # wrong way round. SQLite has one writer and pays a disk flush per transaction, so there a batch is one.
    alone = connection.features.has_select_for_update
    done = 0
    with nullcontext() if alone else writing():
        for event in batch:
            with transaction.atomic() if alone else nullcontext():
                done += event.act(event.pk, until)
    return done
