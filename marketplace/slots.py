"""What becomes of a HIT's assignment slots, and the money that goes with each step.

Every function here expects the HIT row to be locked (`lock_hit`, `lock_assignment`) and changes counts, assignment and
ledger together. A HIT's lock guards its assignments too: nobody changes an assignment without it.

    open ──take──▶ pending ──hand_in──▶ submitted ──approve, reject──▶ completed
      ▲              │ put_back
      └──────────────┘ (or nowhere, once the HIT has expired)

Held at any time: open slots x the HIT type's cost, plus what each pending or submitted assignment was accepted for.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from . import ledger, policies, prepared, qualifications, rates
from .models import HIT, Assignment, HITType, Worker
from .notifications import tell

DISPOSE_AFTER = timedelta(days=120)


def _review() -> Any:
    """The module that runs review policies, loaded late: what policies do, they do by the functions here."""
    from . import review

    return review


def terms(hit: HIT) -> tuple[Decimal, Decimal]:
    """(reward, fee) of one assignment, by the HIT's type and the rates of the time it was made."""
    hit_type = hit.hit_type
    fee = policies.assignment_fee(
        hit_type.reward,
        max_assignments=hit.max_assignments,
        masters=policies.asks_for_masters(hit_type.requirements),
        rates=rates.at(hit.created_at),
    )
    return hit_type.reward, fee


def cost(hit: HIT) -> Decimal:
    """What one open slot of the HIT holds."""
    return sum(terms(hit), Decimal(0))


def lock_hit(**which: Any) -> HIT | None:
    """A HIT, locked. `which` names columns of the HIT itself.

    Its type is read afterwards, never joined: having waited for the lock, PostgreSQL compares the new row with the old
    rows joined to it, and finds nothing if the type was changed meanwhile.
    """
    return prepared.one(HIT, lock=True, **which)


def lock_assignment(**which: Any) -> Assignment | None:
    """An assignment with its HIT locked, read after the lock was had."""
    assignment = prepared.one(Assignment, **which)
    hit = lock_hit(pk=assignment.hit_id) if assignment else None
    if assignment and connection.features.has_select_for_update:  # else this transaction had the database to itself
        assignment = prepared.one(Assignment, pk=assignment.pk)
    if not assignment or not hit:
        return None
    assignment.hit = hit
    return assignment


def take(hit: HIT, worker: Worker, *, at: datetime) -> Assignment:
    """A worker accepts; the caller has checked that one is open."""
    reward, fee = terms(hit)
    hit.open_slots -= 1
    hit.pending += 1
    _save(hit, at)
    assignment = Assignment.objects.create(
        hit=hit,
        worker=worker,
        reward=reward,
        fee=fee,
        auto_approval_delay=hit.hit_type.auto_approval_delay,
        accept_time=at,
        deadline=at + timedelta(seconds=hit.hit_type.assignment_duration),
    )
    tell("AssignmentAccepted", hit, assignment=assignment, at=at)
    return assignment


def hand_in(assignment: Assignment, answer: str, *, at: datetime) -> None:
    """A worker submits; what was held stays held until the review."""
    assignment.status = Assignment.Status.SUBMITTED
    assignment.answer = answer
    assignment.submit_time = at
    assignment.auto_approval_time = at + timedelta(seconds=assignment.auto_approval_delay)
    prepared.update(assignment, "status", "answer", "submit_time", "auto_approval_time")
    hit = assignment.hit
    hit.pending -= 1
    hit.submitted += 1
    tell("AssignmentSubmitted", hit, assignment=assignment, at=at)
    if hit.assignment_review_policy is not None:
        hit.being_scored = True
        _save(hit, at)
        _review().submitted(assignment, at=at)
        hit.being_scored = False
    _save(hit, at)


def put_back(assignment: Assignment, status: Assignment.Status, *, at: datetime) -> None:
    """A worker returns or abandons it: others can take the slot unless the HIT has expired meanwhile."""
    hit = assignment.hit
    assignment.status = status
    prepared.update(assignment, "status")
    hit.pending -= 1
    if hit.lapsed or hit.is_expired(at):
        ledger.release(hit, assignment.cost, at=at, assignment=assignment)
    else:
        hit.open_slots += 1
        # Never negative: retype() keeps what an accepted assignment holds at or above the cost of an open slot.
        ledger.release(hit, assignment.cost - cost(hit), at=at, assignment=assignment)
    tell(f"Assignment{status.value}", hit, assignment=assignment, at=at)
    _save(hit, at)


def approve(assignment: Assignment, *, at: datetime, feedback: str = "", automatically: bool = False) -> None:
    """Pay a submitted assignment from what is held or, after a rejection, from what is available."""
    was_submitted = assignment.status == Assignment.Status.SUBMITTED
    ledger.pay_assignment(assignment, at=at, held=was_submitted)
    assignment.status = Assignment.Status.APPROVED
    assignment.approval_time = at
    assignment.rejection_time = None
    assignment.feedback = feedback
    assignment.auto_approved = automatically
    prepared.update(assignment, "status", "approval_time", "rejection_time", "feedback", "auto_approved")
    tell("AssignmentApproved", assignment.hit, assignment=assignment, at=at)
    if was_submitted:
        _complete(assignment.hit, at)


def reject(assignment: Assignment, *, at: datetime, feedback: str) -> None:
    """Refuse a submitted assignment; it costs nothing, and the slot is not opened again."""
    ledger.release(assignment.hit, assignment.cost, at=at, assignment=assignment)
    assignment.status = Assignment.Status.REJECTED
    assignment.rejection_time = at
    assignment.feedback = feedback
    prepared.update(assignment, "status", "rejection_time", "feedback")
    tell("AssignmentRejected", assignment.hit, assignment=assignment, at=at)
    _complete(assignment.hit, at)


def lapse(hit: HIT, *, at: datetime) -> None:
    """Act on the expiry: nothing can be taken any more. Who holds an assignment may still hand it in."""
    if hit.open_slots:
        ledger.release(hit, hit.open_slots * cost(hit), at=at)
    hit.open_slots = 0
    hit.lapsed = True
    tell("HITExpired", hit, at=at)
    _save(hit, at, "lapsed")


def extend(hit: HIT, expiration: datetime, *, at: datetime) -> None:
    """Move the expiry into the future; slots that had lapsed open again, which needs money."""
    hit.expiration = expiration
    if hit.lapsed:
        hit.lapsed = False
        hit.open_slots = hit.max_assignments - hit.pending - hit.submitted - hit.completed
        ledger.hold(hit, hit.open_slots * cost(hit), at=at)
    tell("HITExtended", hit, at=at)
    _save(hit, at, "expiration", "lapsed")


def add(hit: HIT, number: int, *, at: datetime, token: str = "") -> None:
    """More assignments; on an expired HIT they open when it is extended."""
    hit.max_assignments += number
    if not hit.lapsed:
        hit.open_slots += number
        ledger.hold(hit, number * cost(hit), at=at, token=token)
    tell("HITExtended", hit, at=at)
    _save(hit, at, "max_assignments")


def retype(hit: HIT, hit_type: HITType, *, at: datetime) -> None:
    """Give a HIT the properties of another HIT type.

    Open slots hold the new cost. Submitted work keeps its terms. Who is working on it now is paid the higher of the
    accepted and the new reward: nobody's pay falls while they work. Deadlines already running stay.
    """
    before, left = hit.open_slots * cost(hit), hit.hit_type
    hit.hit_type = hit_type
    reward, fee = terms(hit)
    needed = hit.open_slots * (reward + fee) - before
    for assignment in hit.assignments.filter(status=Assignment.Status.ACCEPTED):
        held = assignment.cost
        assignment.reward, assignment.fee = max(reward, assignment.reward), max(fee, assignment.fee)
        assignment.save(update_fields=["reward", "fee"])
        needed += assignment.cost - held
    if needed > 0:
        ledger.hold(hit, needed, at=at)
    else:
        ledger.release(hit, -needed, at=at)
    hit.save(update_fields=["hit_type"])
    if left.requirements:
        qualifications.not_needed(left, at=at)


def dispose(hit: HIT, *, at: datetime) -> None:
    """Put a HIT away for good. Nothing is open, pending or submitted, so nothing is held."""
    hit.disposed_at = at
    hit.save(update_fields=["disposed_at"])
    if hit.hit_type.requirements:
        qualifications.not_needed(hit.hit_type, at=at)
    tell("HITDisposed", hit, at=at)


def settle(hit: HIT, now: datetime) -> None:
    """Do what is already due for one HIT, in order, so that a decision about it does not wait for the sweep."""
    late = hit.assignments.filter(status=Assignment.Status.ACCEPTED, deadline__lte=now).order_by("deadline", "pk")
    for assignment in late:
        assignment.hit = hit
        if not hit.lapsed and hit.is_expired(assignment.deadline):
            lapse(hit, at=hit.expiration)
        put_back(assignment, Assignment.Status.ABANDONED, at=assignment.deadline)
    if not hit.lapsed and hit.is_expired(now):
        lapse(hit, at=hit.expiration)


def _complete(hit: HIT, at: datetime) -> None:
    hit.submitted -= 1
    hit.completed += 1
    _save(hit, at)


def _save(hit: HIT, at: datetime, *more: str) -> None:
    if hit.open_slots or hit.pending:
        # Extended or given back: it is no longer reviewable, so no longer being reviewed, and its 120 days start anew.
        hit.dispose_at = None
        hit.reviewing = False
    becomes_reviewable = not (hit.open_slots or hit.pending or hit.dispose_at or hit.being_scored)
    if becomes_reviewable:
        hit.dispose_at = at + DISPOSE_AFTER
    prepared.update(hit, "open_slots", "pending", "submitted", "completed", "dispose_at", "reviewing", *more)
    if not becomes_reviewable:
        return
    if hit.hit_review_policy is not None:
        _review().reviewable(hit, at=at)
    if not hit.open_slots:  # else its policy has extended it
        tell("HITReviewable", hit, at=at)
