"""Which state may follow which, and the one way to go from one to another."""

from typing import Any

from django.db.models import Q

from dashboard import budget
from dashboard.models import Command, State

TRANSITIONS: dict[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.QUEUED, State.DECLINED, State.CANCELLED}),
    State.QUEUED: frozenset({State.SENDING, State.CANCELLED}),
    State.SENDING: frozenset({State.DONE, State.QUEUED, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.DONE, State.QUEUED, State.FAILED, State.ATTENTION}),
    State.ATTENTION: frozenset({State.DONE, State.QUEUED, State.FAILED, State.UNKNOWN}),
    State.FAILED: frozenset({State.UNKNOWN}),
    State.DONE: frozenset(),
    State.CANCELLED: frozenset(),
    State.DECLINED: frozenset(),
}


def move(command: Command, to: State, *, where: Q | None = None, **columns: Any) -> bool:
    """Move if the row still is where this copy says; the precondition stands in the UPDATE. True if it moved.

    What it costs is counted or given back with it.
    """
    if to not in TRANSITIONS[State(command.state)]:
        raise ValueError(f"A command that is {command.state} cannot become {to}.")
    rows = Command.objects.filter(pk=command.pk, state=command.state)
    if where is not None:
        rows = rows.filter(where)
    if not rows.update(state=to, **columns):
        return False
    counted = (to in budget.COUNTED) - (command.state in budget.COUNTED)
    for name, value in {"state": to, **columns}.items():
        setattr(command, name, value)
    if counted and command.total:
        budget.shift(command.account, counted * command.total)
    return True
