"""The writes that concern an assignment: approve, reject, override a rejection."""

from collections import Counter

from django.db.models import F
from django.utils import timezone

from dashboard import mturk
from dashboard.commands import Kind, Outcome, register
from dashboard.models import Command, State
from hits.models import HIT, Assignment, AssignmentStatus, Finding


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
        self.settle_many([command])

    def settle_many(self, commands: list[Command]) -> None:
        now = timezone.now()
        said = {
            command.assignment_id: (command.params.get("RequesterFeedback", ""), command.requested_by_id)
            for command in commands
        }
        rows = (
            Assignment.objects.select_for_update(of=("self",))
            .filter(account=commands[0].account_id, assignment_id__in=said)
            .order_by("pk")
            .only("assignment_id", "hit_id", "status")
        )
        alike: dict[tuple[str, int], list[int]] = {}
        newly: Counter[int] = Counter()
        for row in rows:
            alike.setdefault(said[row.assignment_id], []).append(row.pk)
            if row.status == AssignmentStatus.SUBMITTED:
                newly[row.hit_id] += 1
        decided = "approved_at" if self.becomes == AssignmentStatus.APPROVED else "rejected_at"
        for (feedback, person), keys in alike.items():
            # Whoever decides has it from then on; what was decided singly has been theirs since they asked.
            Assignment.objects.filter(pk__in=keys).update(
                verdict=None,
                status=self.becomes,
                feedback=feedback,
                synced_at=now,
                fresh=True,
                reviewer=person,
                handed_until=None,
                **{decided: now},
            )
        if not newly:
            return
        # The same step MTurk's count takes, so the next sync does not read these HITs again for it. Locked in one
        # order, so that two workers that settle answers of the same HITs never wait for each other.
        list(HIT.objects.select_for_update(of=("self",)).filter(pk__in=newly).order_by("pk").values_list("pk"))
        for number in set(newly.values()):
            its = [pk for pk, count in newly.items() if count == number]
            HIT.objects.filter(pk__in=its).update(completed=F("completed") + number)

    def give_up(self, command: Command) -> None:
        Assignment.objects.filter(verdict=command).update(verdict=None)
        Finding.objects.stand_again(command)
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
