"""The writes that concern a HIT: its end, how many may do it, whether it is in review, its type, its deletion."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.utils import timezone

from dashboard import mturk
from dashboard.commands import Kind, Outcome, register, token_holds
from dashboard.models import Command, State
from hits.models import HIT, Assignment, HITType

_NO_HIT = "AWS.MechanicalTurk.HITDoesNotExist"
_WRONG_STATE = "AWS.MechanicalTurk.InvalidHITState"
#: MTurk answers an end with the second it was asked for, and for a HIT that was over with one a little off.
_NEARLY = timedelta(seconds=30)


class HITChange(Kind):
    """What changes of a HIT have in common: GetHIT tells whether it happened, and one of a sort is open at a time."""

    #: Two open commands of the same aspect of a HIT would contradict each other.
    aspect: ClassVar[str]

    @classmethod
    def key(cls, hit_id: str) -> str:
        return f"{cls.aspect}:{hit_id}"

    def subject(self, command: Command) -> str:
        return command.hit_id

    def ask(self, command: Command) -> Outcome:
        try:
            answer, request_id = mturk.call(command.account, "GetHIT", {"HITId": command.hit_id}, write=False)
        except mturk.Permanent as error:
            return self.without_hit(error)
        state, why = self.judge(command, answer["HIT"])
        code = _WRONG_STATE if state == State.FAILED else ""
        return Outcome(state, code=code, message=why, request_id=request_id)

    def without_hit(self, error: mturk.Permanent) -> Outcome:
        return Outcome(State.FAILED, code=error.code, message=error.message, request_id=error.request_id)

    def judge(self, command: Command, remote: dict[str, Any]) -> tuple[State, str]:
        """From what GetHIT says: DONE, QUEUED (it did not happen) or FAILED (it cannot any more), and why."""
        raise NotImplementedError

    def settle(self, command: Command) -> None:
        hit = (
            HIT.objects.select_for_update()
            .filter(account=command.account_id, hit_id=command.hit_id)
            .defer("raw", "question")
            .first()
        )
        if hit is not None:
            self.change(hit, command)

    def change(self, hit: HIT, command: Command) -> None:
        """Change the locked row as MTurk changed its own, so that pages need not wait for the next sync."""

    def give_up(self, command: Command) -> None:
        if command.state == State.FAILED:
            # MTurk's view differs from ours: read the HIT again.
            HIT.objects.filter(account=command.account_id, hit_id=command.hit_id, gone_at=None).update(stale=True)


def end_of(command: Command) -> datetime:
    """The ExpireAt of a command; JSON keeps it as text in whole seconds, which is what goes over the wire."""
    return datetime.fromisoformat(command.params["ExpireAt"])


def in_whole_seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def _open_places(hit: HIT) -> int:
    return max(0, hit.max_assignments - hit.pending - Assignment.objects.filter(hit=hit).count())


@register
class ExtendHIT(HITChange):
    """A later end. MTurk takes the same one for the same HIT once in 24 hours, which is its guard against repeats."""

    name = "ExtendHIT"
    operation = "UpdateExpirationForHIT"
    verb = "extend the time of"
    aspect = "end"

    def send(self, command: Command) -> tuple[dict[str, Any], str]:
        if end_of(command) <= timezone.now():
            # Sent now, it would end the HIT instead of extending it.
            raise mturk.Permanent("The new end passed while this waited, so it was not sent. Ask for a later one.")
        try:
            return super().send(command)
        except mturk.Permanent as error:
            if not error.code.endswith("DuplicateRequest"):
                raise
            # The very end was asked for before: by this command, whose answer was lost, or by another and then undone.
            outcome = self.ask(command)
            if outcome.state == State.DONE:
                return {}, outcome.request_id
            raise mturk.Permanent(
                "MTurk takes the same end for a HIT only once in 24 hours, and it is not in force any more. "
                "Ask for one that is a minute later.",
                error.code,
                error.request_id,
            ) from error

    def judge(self, command: Command, remote: dict[str, Any]) -> tuple[State, str]:
        if remote["Expiration"] >= end_of(command) - _NEARLY:
            return State.DONE, ""
        if end_of(command) <= timezone.now():
            return State.FAILED, "MTurk did not take the new end, and it has passed meanwhile. Ask for a later one."
        return State.QUEUED, ""

    def change(self, hit: HIT, command: Command) -> None:
        hit.expires_at = end_of(command)
        hit.available = _open_places(hit)
        if hit.available:
            hit.status = "Assignable"
        elif hit.status == "Reviewing":
            hit.status = "Reviewable"
        hit.save(update_fields=["expires_at", "available", "status"])


@register
class ExpireHIT(HITChange):
    """An end in the past, which MTurk takes as "now", as often as it is sent."""

    name = "ExpireHIT"
    operation = "UpdateExpirationForHIT"
    verb = "end"
    aspect = "end"

    def judge(self, command: Command, remote: dict[str, Any]) -> tuple[State, str]:
        return (State.DONE if remote["Expiration"] <= timezone.now() else State.QUEUED), ""

    def change(self, hit: HIT, command: Command) -> None:
        hit.expires_at = end_of(command)
        hit.available = 0
        if hit.status == "Assignable":
            hit.status = "Unassignable" if hit.pending else "Reviewable"
        hit.save(update_fields=["expires_at", "available", "status"])


@register
class AddAssignments(HITChange):
    """More workers for a HIT. The token makes a repeat harmless for a day, and answers for the first one."""

    name = "CreateAdditionalAssignmentsForHIT"
    operation = "CreateAdditionalAssignmentsForHIT"
    verb = "ask more workers for"
    takes_token = True
    aspect = "assignments"

    def send(self, command: Command) -> tuple[dict[str, Any], str]:
        try:
            return super().send(command)
        except mturk.Permanent as error:
            # The token is this command's alone: whoever used it was this command.
            if error.code.endswith("DuplicateRequest") or "idempotency token" in error.message:
                return {}, error.request_id
            raise

    def judge(self, command: Command, remote: dict[str, Any]) -> tuple[State, str]:
        # How many there were before may have been changed by others, so their number proves nothing; the token does.
        if token_holds(command):
            return State.QUEUED, ""
        return State.ATTENTION, (
            f"It was sent more than 23 hours ago. MTurk says that {remote['MaxAssignments']} workers are asked for in "
            f"all: look whether the {command.params['NumberOfAdditionalAssignments']} more are among them."
        )

    def change(self, hit: HIT, command: Command) -> None:
        number = command.params["NumberOfAdditionalAssignments"]
        hit.max_assignments += number
        if not hit.is_over:  # else they open when it is extended
            hit.available += number
            hit.status = "Assignable"
        hit.save(update_fields=["max_assignments", "available", "status"])


class ReviewStatus(HITChange):
    """UpdateHITReviewStatus; MTurk's own state check makes repeats harmless."""

    operation = "UpdateHITReviewStatus"
    aspect = "reviewing"
    becomes: ClassVar[str]
    needs: ClassVar[str]

    def already_done(self, error: mturk.MTurkError) -> bool:
        return error.code == _WRONG_STATE and f"'{self.becomes}'" in error.message

    def judge(self, command: Command, remote: dict[str, Any]) -> tuple[State, str]:
        status = remote["HITStatus"]
        if status == self.becomes:
            return State.DONE, ""
        if status == self.needs:
            return State.QUEUED, ""
        return State.FAILED, f"The HIT is {status} at MTurk, and this needs one that is {self.needs}."

    def change(self, hit: HIT, command: Command) -> None:
        hit.status = self.becomes
        hit.save(update_fields=["status"])


@register
class StartReviewing(ReviewStatus):
    name = "StartReviewing"
    verb = "set to Reviewing"
    becomes, needs = "Reviewing", "Reviewable"


@register
class StopReviewing(ReviewStatus):
    name = "StopReviewing"
    verb = "set back to Reviewable"
    becomes, needs = "Reviewable", "Reviewing"


@register
class DeleteHIT(HITChange):
    """Disposes of a HIT whose assignments are all decided; afterwards no bonus and no second thought (api:941)."""

    name = "DeleteHIT"
    operation = "DeleteHIT"
    verb = "delete"
    aspect = "delete"

    def already_done(self, error: mturk.MTurkError) -> bool:
        return error.code == _NO_HIT or (error.code == _WRONG_STATE and "'Disposed'" in error.message)

    def without_hit(self, error: mturk.Permanent) -> Outcome:
        if error.code == _NO_HIT:
            return Outcome(State.DONE, request_id=error.request_id)
        return super().without_hit(error)

    def judge(self, command: Command, remote: dict[str, Any]) -> tuple[State, str]:
        return (State.DONE if remote["HITStatus"] == "Disposed" else State.QUEUED), ""

    def settle(self, command: Command) -> None:
        now = timezone.now()
        its_hit = {"account": command.account_id, "hit_id": command.hit_id}
        # Assignments before the HIT, the order in which a verdict settles; else the two could wait for each other.
        Assignment.objects.filter(
            hit__account=command.account_id, hit__hit_id=command.hit_id, gone_at=None
        ).update(gone_at=now)  # fmt: skip
        HIT.objects.filter(**its_hit).update(status="Disposed", gone_at=now, stale=False, available=0)


@register
class UpdateHITTypeOfHIT(HITChange):
    """Another HIT type; asking for the one it has changes nothing."""

    name = "UpdateHITTypeOfHIT"
    operation = "UpdateHITTypeOfHIT"
    verb = "change the type of"
    aspect = "type"

    def judge(self, command: Command, remote: dict[str, Any]) -> tuple[State, str]:
        return (State.DONE if remote["HITTypeId"] == command.params["HITTypeId"] else State.QUEUED), ""

    def change(self, hit: HIT, command: Command) -> None:
        hit_type = HITType.objects.filter(
            account=command.account_id, hit_type_id=command.params["HITTypeId"]
        ).first()  # fmt: skip
        if hit_type is not None:
            hit.hit_type, hit.reward = hit_type, hit_type.reward
            hit.save(update_fields=["hit_type", "reward"])
