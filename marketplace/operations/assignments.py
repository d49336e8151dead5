"""Reading and reviewing what workers handed in."""

from datetime import timedelta
from typing import Any

from .. import clock, slots
from ..errors import RequestError
from ..models import Assignment, Requester
from . import finding, limits, shapes
from .pages import page

OVERRIDE_WITHIN = timedelta(days=30)
SUBMITTED, APPROVED, REJECTED = Assignment.HANDED_IN


def list_assignments_for_hit(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Handed-in assignments of a HIT in the order they were submitted; all three states by default (api:1259)."""
    hit = finding.hit(requester, request["HITId"])
    statuses = sorted(set(request.get("AssignmentStatuses") or Assignment.HANDED_IN))
    rows = Assignment.objects.filter(hit=hit, status__in=statuses).select_related("worker")
    scope = f"ListAssignmentsForHIT {hit.hit_id} {' '.join(statuses)}"
    found, answer = page(rows, requester, request, scope, order=("submit_time", "pk"))
    return {**answer, "Assignments": [shapes.assignment(row, hit.hit_id) for row in found]}


def get_assignment(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """One handed-in assignment and its HIT (api:1117)."""
    found = (
        Assignment.objects.filter(
            hit__requester=requester, hit__disposed_at=None, assignment_id=request["AssignmentId"]
        )
        .select_related("worker", "hit__hit_type")
        .first()
    )
    if found is None:
        raise finding.no_assignment(request["AssignmentId"])
    if found.status not in Assignment.HANDED_IN:
        raise finding.wrong_assignment_state("Reviewable,Approved,Rejected")
    return {
        "Assignment": shapes.assignment(found, found.hit.hit_id),
        "HIT": shapes.hit(found.hit, clock.now()),
    }


def approve_assignment(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Pay a submitted assignment; with OverrideRejection also a rejected one, 30 days from submission (api:117)."""
    feedback = limits.text("RequesterFeedback", request.get("RequesterFeedback") or "", 0, 1024)
    assignment = finding.assignment_to_change(requester, request["AssignmentId"])
    now = clock.now()
    overriding = assignment.status == REJECTED and request.get("OverrideRejection")
    if assignment.status != SUBMITTED and not overriding:
        raise finding.wrong_assignment_state("Submitted")
    if overriding and assignment.submit_time and assignment.submit_time < now - OVERRIDE_WITHIN:
        raise RequestError(
            f"The rejection of assignment {assignment.assignment_id} cannot be overridden any more: the assignment was "
            f"submitted more than {OVERRIDE_WITHIN.days} days ago.",
            "AWS.MechanicalTurk.InvalidAssignmentState",
        )
    slots.approve(assignment, at=now, feedback=feedback)
    return {}


def reject_assignment(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Refuse a submitted assignment, telling the worker why (api:1774).

    The model demands a feedback but no text in it, and platforms that never ask for a reason send an empty one.
    """
    feedback = limits.text("RequesterFeedback", request["RequesterFeedback"], 0, 1024)
    assignment = finding.assignment_to_change(requester, request["AssignmentId"])
    if assignment.status != SUBMITTED:
        raise finding.wrong_assignment_state("Submitted")
    slots.reject(assignment, at=clock.now(), feedback=feedback)
    return {}
