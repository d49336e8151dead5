"""NotifyWorkers: one call for up to a hundred workers who get the same words.

MTurk takes no token with it and lists no messages. What was sent and never answered stays unknown until a person says
what became of it, and nothing sends it a second time.
"""

from typing import Any

from dashboard.commands import Kind, Outcome, register
from dashboard.models import Command, State
from workers.models import MessageRecipient

#: Workers of one call (api: NotifyWorkers).
MOST_AT_ONCE = 100


@register
class NotifyWorkers(Kind):
    name = "NotifyWorkers"
    operation = "NotifyWorkers"
    verb = "send a message to"
    repeatable = False

    def ask(self, command: Command) -> Outcome:
        return Outcome(
            State.ATTENTION,
            message="MTurk does not tell which messages it sent. Ask one of the workers, or let it rest: it is not "
            "sent again by itself, because it may have arrived.",
        )

    def subject(self, command: Command) -> str:
        return command.worker_id or str(command.pk)

    def settle(self, command: Command) -> None:
        """Sent to all but those MTurk names."""
        rows = MessageRecipient.objects.filter(command=command)
        failures = _failures(command.response or {})
        rows.exclude(worker_id__in=failures).update(outcome=MessageRecipient.Outcome.SENT, why="")
        for worker_id, (outcome, why) in failures.items():
            rows.filter(worker_id=worker_id).update(outcome=outcome, why=why)

    def give_up(self, command: Command) -> None:
        why = command.error_message or f"It was {command.state_label} before it was sent."
        MessageRecipient.objects.filter(command=command).update(outcome=MessageRecipient.Outcome.REFUSED, why=why)


def _failures(response: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """WorkerId -> (outcome, MTurk's words), whatever else an endpoint may say there."""
    found = {}
    members = response.get("NotifyWorkersFailureStatuses")
    for failure in members if isinstance(members, list) else []:
        if isinstance(failure, dict) and isinstance(failure.get("WorkerId"), str):
            soft = failure.get("NotifyWorkersFailureCode") == "SoftFailure"
            words = str(failure.get("NotifyWorkersFailureMessage") or "MTurk gave no reason.")[:1000]
            outcome = MessageRecipient.Outcome.SOFT if soft else MessageRecipient.Outcome.HARD
            found[failure["WorkerId"]] = (str(outcome), words)
    return found
