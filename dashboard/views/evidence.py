"""One command: its whole story, and what is known where only a person can say whether it happened."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import drift
from dashboard.commands import kind_of
from dashboard.models import AuditEvent, Command, Drift, Membership, State

#: Members of the API's requests in words; those that say nothing to a person are left out.
WORDS = {
    "AssignmentId": "Assignment",
    "WorkerId": "Worker",
    "HITId": "HIT",
    "BonusAmount": "Bonus, US dollars",
    "Reason": "Reason",
    "RequesterFeedback": "Feedback",
    "ExpireAt": "New end",
    "NumberOfAdditionalAssignments": "More workers",
    "HITTypeId": "New HIT type",
    "Subject": "Subject",
    "MessageText": "Text",
    "WorkerIds": "Workers",
}
SHOWN_EVENTS = 50
#: States in which something will happen by itself.
MOVING = (State.QUEUED, State.SENDING, State.UNKNOWN)


def story(
    request: HttpRequest, membership: Membership, command: Command, *, error: str = "", reason: str = ""
) -> HttpResponse:
    """The page of a command; with `error` it is answered beside what was typed."""
    account = membership.account
    command.account = account
    events = AuditEvent.objects.filter(chain=account.slug, subject=kind_of(command).subject(command))
    known = drift.evidence(command) if command.state != State.DONE else []
    context: dict[str, Any] = {
        "command": command,
        "verb": kind_of(command).verb,
        "said": [
            (WORDS[name], ", ".join(map(str, value)) if isinstance(value, list) else value)
            for name, value in command.params.items()
            if name in WORDS
        ],
        "happened": [one for one in known if one.happened is True],
        "not_happened": [one for one in known if one.happened is False],
        "neither": [one for one in known if one.happened is None],
        "weigh": command.state in (State.ATTENTION, State.UNKNOWN, State.FAILED) and bool(known),
        "events": events[:SHOWN_EVENTS],
        "differences": Drift.objects.open().filter(account=account, command=command),
        "moving": command.state in MOVING,
        "error": error,
        "reason": reason,
    }
    return render(request, "dashboard/command.html", context, status=422 if error else 200)
