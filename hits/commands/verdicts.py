"""The writes that concern an assignment: approve, reject, override a rejection."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from dashboard import mturk
from dashboard.commands import Kind, Outcome, register
from dashboard.models import Command, State
from hits.models import HIT, Assignment, AssignmentStatus


def verdict_key(assignment_id: str) -> str:
    """One verdict about an assignment may be open at a time."""
    return f"verdict:{assignment_id}"


class Verdict(Kind):
    """What the three verdicts have in common: MTurk's own state check makes repeats harmless, GetAssignment tells."""

    becomes: AssignmentStatus
    may_be: frozenset[str]

    def already_done(self, error: mturk.MTurkError) -> bool:
        return error.code == "AWS.MechanicalTurk.InvalidAssignmentState"

    def ask(self, command: Command) -> Outcome:
        try:
            response, request_id = mturk.call(
                command.account, "GetAssignment", {"AssignmentId": command.assignment_id}, write=False
            )
        except mturk.Permanent as error:
            return Outcome(State.FAILED, code=error.code, message=error.message, request_id=error.request_id)
        status = response["Assignment"]["AssignmentStatus"]
        if status == self.becomes:
            return Outcome(State.DONE, request_id=request_id)
        if status in self.may_be:
            return Outcome(State.QUEUED, request_id=request_id)
        return Outcome(
            State.FAILED,
            code="AWS.MechanicalTurk.InvalidAssignmentState",
            message=f"The assignment is {status.lower()} already; somebody decided it elsewhere.",
            request_id=request_id,
        )

    def settle(self, command: Command) -> None:
        now = timezone.now()
        assignment = (
            Assignment.objects.select_for_update(of=("self",))
            .filter(account=command.account_id, assignment_id=command.assignment_id)
            .first()
        )
        if assignment is None:
            return
        was_open = assignment.status == AssignmentStatus.SUBMITTED
        changes: dict[str, Any] = {"status": self.becomes, "feedback": command.params.get("RequesterFeedback", ""),
                                   "synced_at": now}
        changes["approved_at" if self.becomes == AssignmentStatus.APPROVED else "rejected_at"] = now
        Assignment.objects.filter(pk=assignment.pk).update(verdict=None, **changes)
        if was_open:
            # The same step MTurk's count takes, so the next sync does not read this HIT again for it.
            HIT.objects.filter(pk=assignment.hit_id).update(completed=F("completed") + 1)

    def give_up(self, command: Command) -> None:
        Assignment.objects.filter(verdict=command).update(verdict=None)
        if command.state == State.FAILED:
            # MTurk's view differs from ours: read the HIT again.
            HIT.objects.filter(account=command.account_id, hit_id=command.hit_id).update(stale=True)


@register
class ApproveAssignment(Verdict):
    name = "ApproveAssignment"
    operation = "ApproveAssignment"
    verb = "approve"
    becomes = AssignmentStatus.APPROVED
    may_be = frozenset({AssignmentStatus.SUBMITTED})


@register
class RejectAssignment(Verdict):
    name = "RejectAssignment"
    operation = "RejectAssignment"
    verb = "reject"
    becomes = AssignmentStatus.REJECTED
    may_be = frozenset({AssignmentStatus.SUBMITTED})


@register
class OverrideRejection(Verdict):
    """ApproveAssignment with OverrideRejection: within 30 days of the submission, while the HIT exists (api:162)."""

    name = "OverrideRejection"
    operation = "ApproveAssignment"
    verb = "override the rejection of"
    becomes = AssignmentStatus.APPROVED
    may_be = frozenset({AssignmentStatus.REJECTED, AssignmentStatus.SUBMITTED})
