"""Which state may follow which, and the one way to go from one to another."""

import uuid
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

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
    _took(command, to, columns)
    return True


def move_together(commands: list[Command], to: State, *, request_ids: list[str], **columns: Any) -> list[Command]:
    """The same move of claimed commands that are in one state, in two statements; returns those that moved.

    Rows whose claim is another one's by now stay as they are. Call it in a transaction: the rows are locked first.
    """
    if not commands:
        return []
    before = commands[0].state
    if to not in TRANSITIONS[State(before)] or any(command.state != before for command in commands):
        raise ValueError(f"Commands that are {before} cannot become {to} together.")
    rows = Command.objects.filter(pk__in=[command.pk for command in commands], state=before)
    claims = dict(rows.select_for_update().order_by("pk").values_list("pk", "claim"))
    mine = {
        command.pk: sent
        for command, sent in zip(commands, request_ids, strict=True)
        if claims.get(command.pk) == command.claim
    }
    if not mine:
        return []
    Command.objects.filter(pk__in=mine).update(state=to, request_id=_each_its_own(mine), **columns)
    moved = [command for command in commands if command.pk in mine]
    for command in moved:
        _took(command, to, {**columns, "request_id": mine[command.pk]})
    return moved


def _each_its_own(request_ids: dict[uuid.UUID, str]) -> RawSQL:
    """Which row gets which. Written out: a Case of a When for each row costs more than everything else together."""
    key = Command._meta.pk
    words = " ".join(["WHEN %s THEN %s"] * len(request_ids))
    values = [part for pk, text in request_ids.items() for part in (key.get_db_prep_value(pk, connection), text)]
    return RawSQL(f"CASE id {words} END", values)  # noqa: S611 -- the words are ours alone


def _took(command: Command, to: State, columns: dict[str, Any]) -> None:
    counted = (to in budget.COUNTED) - (command.state in budget.COUNTED)
    for name, value in {"state": to, **columns}.items():
        setattr(command, name, value)
    if counted and command.total:
        budget.shift(command.account, counted * command.total)
