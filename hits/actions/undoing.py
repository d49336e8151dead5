"""The last thing a person did in the workbench, as long as it can be taken back: a verdict, a judgement, a flag."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from dashboard import commands
from dashboard.models import Account, AuditEvent, Command, State, User
from dashboard.permissions import Denied
from hits.actions import data, flags
from hits.models import Assignment, DataVerdict

#: Where the window between a decision and the call is shorter or nothing, what stays between us can still be undone.
SHORTEST_SECONDS = 10
_RECENT = 12
_OURS = (data.JUDGED, data.TAKEN_BACK, flags.SET, flags.CLEARED, flags.TAKEN_BACK)
_DONE_WITH = (data.TAKEN_BACK, flags.TAKEN_BACK)


@dataclass(frozen=True)
class Undo:
    """What can be taken back until when; `command` for what MTurk would hear of, else `event`."""

    assignment_id: str
    until: datetime
    words: str
    command: Command | None = None
    event: AuditEvent | None = None


def last_undo(*, account: Account, by: User) -> Undo | None:
    now = timezone.now()
    command = (
        Command.objects.filter(
            account=account, requested_by=by, state=State.QUEUED, first_sent_at=None, not_before__gt=now
        )
        .order_by("-created_at")
        .first()
    )
    recent = AuditEvent.objects.filter(chain=account.slug, actor=by.get_username()).order_by("-number")[:_RECENT]
    event = next((event for event in recent if event.kind in _OURS), None)
    if event is not None and command is not None and command.created_at > event.at:
        event = None
    if event is not None:
        until = event.at + max(commands.undo_window(account), timedelta(seconds=SHORTEST_SECONDS))
        if event.kind not in _DONE_WITH and until > now:
            return Undo(event.subject, until, _words(event), event=event)
    return Undo(command.assignment_id, command.not_before, "", command=command) if command else None


def _words(event: AuditEvent) -> str:
    if event.kind == data.JUDGED:
        verdict = event.data["verdict"]
        return DataVerdict(verdict).label if verdict else "Not judged"
    return "Flagged" if event.kind == flags.SET else "Flag cleared"


def take_back(*, account: Account, by: User, number: int) -> Assignment:
    """Undo the judgement or flag that event `number` of the account's record tells of; only its own maker can."""
    found = last_undo(account=account, by=by)
    if found is None or found.event is None or found.event.number != number:
        raise Denied("Its time to be undone is over.")
    event = found.event
    assignment = Assignment.objects.filter(account=account, assignment_id=event.subject).first()
    if assignment is None:
        raise Denied("There is no such assignment in this account.")
    if event.kind == data.JUDGED:
        return data.take_back(assignment=assignment, by=by, said=event.data)
    flags.take_back(assignment=assignment, by=by, kind=event.kind, said=event.data)
    return assignment
