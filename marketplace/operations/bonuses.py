"""SendBonus and ListBonusPayments."""

from datetime import datetime, timedelta
from typing import Any

from .. import clock, ledger, policies, prepared, rates, tokens
from ..errors import ParameterValidationError, RequestError
from ..models import Assignment, Bonus, Requester, Worker
from . import finding, limits, shapes
from .pages import page

RECENTLY = timedelta(days=183)  # "the last six months"
LARGEST = "10000.00"


def send_bonus(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Pay a worker beside the reward, for an assignment that worker handed in, whatever its review said (api:1863)."""
    now, token = clock.now(), request.get("UniqueRequestToken") or ""
    try:
        tokens.claim(requester, "SendBonus", token, at=now)
    except tokens.AlreadyUsed:
        raise limits.token_used(token) from None
    amount = limits.money("BonusAmount", request["BonusAmount"], "0.01", LARGEST)
    reason = limits.text("Reason", request["Reason"], 1, 4096)
    worker = prepared.one(Worker, worker_id=request["WorkerId"])
    if worker is None:
        raise ParameterValidationError(f'The value "{request["WorkerId"]}" is not valid for the parameter WorkerId.')
    # Locked, so that a bonus and the HIT's disposal cannot pass each other.
    assignment = finding.assignment_to_change(requester, request["AssignmentId"])
    if assignment.status not in Assignment.HANDED_IN:
        raise finding.no_assignment(request["AssignmentId"])
    if assignment.worker_id != worker.pk:
        raise ParameterValidationError(
            f"Assignment {assignment.assignment_id} was not submitted by worker {worker.worker_id}."
        )
    if not _worked_lately(assignment, now - RECENTLY):
        raise RequestError(
            f"Worker {worker.worker_id} has not completed an assignment for you in the last six months.",
            "AWS.MechanicalTurk.DoesNotMeetRequirements",
        )
    bonus = Bonus(
        assignment=assignment,
        amount=amount,
        fee=policies.bonus_fee(amount, rates=rates.at(now)),
        reason=reason,
        token=token,
        grant_time=now,
    )
    prepared.insert([bonus])
    ledger.pay_bonus(bonus, at=now)
    return {}


def _worked_lately(assignment: Assignment, since: datetime) -> bool:
    """Whether the worker handed anything in to this requester since then: mostly this very assignment."""
    if assignment.submit_time and assignment.submit_time >= since:
        return True
    others = Assignment.objects.filter(worker=assignment.worker_id, hit__requester=assignment.hit.requester_id)
    return others.filter(submit_time__gte=since, status__in=Assignment.HANDED_IN).exists()


def list_bonus_payments(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Bonuses of a HIT or of an assignment, in the order they were paid (api:1314)."""
    hit_id, assignment_id = request.get("HITId"), request.get("AssignmentId")
    if hit_id is None and assignment_id is None:
        raise ParameterValidationError("Either the HITId parameter or the AssignmentId parameter must be specified.")
    rows = Bonus.objects.select_related("assignment__worker")
    if hit_id is not None:
        rows = rows.filter(assignment__hit=finding.hit(requester, hit_id))
    if assignment_id is not None:
        assignment = (
            Assignment.objects.handed_in().filter(hit__requester=requester, assignment_id=assignment_id).first()
        )
        if assignment is None:
            raise finding.no_assignment(assignment_id)
        rows = rows.filter(assignment=assignment)
    found, answer = page(rows, requester, request, f"ListBonusPayments {hit_id} {assignment_id}")
    return {**answer, "BonusPayments": [shapes.bonus(row) for row in found]}
