"""What workers do: accept, hand in, give back. Each call is a transaction of its own."""

from django.db import transaction

from . import answers, clock, requirements, slots
from .documents import DocumentError
from .ids import ENTITY_ID, WORKER_ID
from .models import Assignment, Worker, WorkerBlock
from .refusals import Refused as Refused

ACCEPTED = Assignment.Status.ACCEPTED


@transaction.atomic
def accept(hit_id: str, worker_id: str) -> Assignment:
    """A worker, made if new, takes an assignment of a HIT. Of two workers after the last one, one is refused."""
    worker = _worker(worker_id)
    hit = slots.lock_hit(hit_id=hit_id, disposed_at=None) if ENTITY_ID.fullmatch(hit_id) else None
    if hit is None:
        raise Refused("no_such_hit", f"There is no HIT {hit_id[:64]}.")
    now = clock.now()
    slots.settle(hit, now)
    earlier = hit.assignments.filter(worker=worker, status__in=Assignment.TAKEN).first()
    if earlier and earlier.status == ACCEPTED:
        raise Refused("already_accepted", f"Worker {worker_id} is working on this HIT already.")
    if earlier:
        raise Refused("already_done", f"Worker {worker_id} has done this HIT already.")
    # Read with the HIT's lock held: what was blocked before this worker's turn came counts.
    if WorkerBlock.objects.filter(requester=hit.requester_id, worker=worker).exists():
        raise Refused("blocked", f"Worker {worker_id} cannot accept HITs of this requester.")
    if not hit.available(now):
        reason = "it has expired" if hit.is_expired(now) else "all its assignments are taken"
        raise Refused("unavailable", f"The HIT cannot be accepted: {reason}.")
    if unmet := requirements.unmet(hit.hit_type.requirements, worker):
        ids = ", ".join(requirement["QualificationTypeId"] for requirement in unmet)
        raise Refused("unqualified", f"Worker {worker_id} does not meet the requirements of this HIT for {ids}.")
    return slots.take(hit, worker, at=now)


@transaction.atomic
def submit(assignment_id: str, *, answer: str | None = None, fields: answers.Fields | None = None) -> Assignment:
    """A worker hands in a QuestionFormAnswers document, or what a form posted; allowed after the HIT's expiry too."""
    assignment = _accepted(assignment_id)
    now = clock.now()
    if assignment.deadline <= now:
        raise Refused("too_late", f"The time for assignment {assignment_id} is over.")
    if (answer is None) == (fields is None):
        raise Refused("bad_answer", "Hand in either an Answer document or Fields.")
    try:
        if answer is not None:
            document = answers.checked(answer)
        else:
            document = answers.from_fields(fields or {}, assignment.hit.question)
    except DocumentError as error:
        raise Refused("bad_answer", str(error)) from error
    slots.hand_in(assignment, document, at=now)
    return assignment


@transaction.atomic
def give_back(
    assignment_id: str | None = None, *, hit_id: str | None = None, worker_id: str | None = None
) -> Assignment:
    """A worker returns an assignment, named by its id or by HIT and worker."""
    if assignment_id is None:
        accepted = Assignment.objects.filter(hit__hit_id=hit_id, worker__worker_id=worker_id, status=ACCEPTED)
        well_formed = ENTITY_ID.fullmatch(hit_id or "") and WORKER_ID.fullmatch(worker_id or "")
        assignment_id = accepted.values_list("assignment_id", flat=True).first() if well_formed else None
        if assignment_id is None:
            raise Refused("not_accepted", f"Worker {worker_id} holds no assignment of HIT {hit_id}.")
    assignment = _accepted(assignment_id)
    now = clock.now()
    if assignment.deadline <= now:
        slots.settle(assignment.hit, now)  # abandoned before it could be returned; the outcome is the same
        assignment.refresh_from_db(fields=["status"])
        return assignment
    slots.put_back(assignment, Assignment.Status.RETURNED, at=now)
    return assignment


def _worker(worker_id: str) -> Worker:
    if not WORKER_ID.fullmatch(worker_id):
        raise Refused(
            "bad_worker_id", "A WorkerId begins with A; capital letters and digits follow, at most 64 in all."
        )
    return Worker.for_id(worker_id)


def _accepted(assignment_id: str) -> Assignment:
    known = ENTITY_ID.fullmatch(assignment_id)
    assignment = slots.lock_assignment(assignment_id=assignment_id, hit__disposed_at=None) if known else None
    if assignment is None:
        raise Refused("no_such_assignment", f"There is no assignment {assignment_id[:64]}.")
    if assignment.status != ACCEPTED:
        raise Refused("not_accepted", f"Assignment {assignment_id} is {assignment.status.lower()}, not accepted.")
    return assignment
