"""What a person can do with requests for a qualification: accept with a value, reject with a reason."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from dashboard import commands
from dashboard.models import Account, Command, Role, User
from dashboard.permissions import Denied, check_role, check_text_for_worker
from qualifications.commands.requests import (
    AcceptQualificationRequest,
    RejectQualificationRequest,
    RequestDecision,
    request_key,
)
from qualifications.models import QualificationRequest, RequestState

VALUE_LARGEST = 2**31 - 1


@dataclass
class Together:
    """What came of a selection."""

    commands: list[Command] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def check_value(value: int | None) -> int:
    if value is None:
        raise Denied("Say with which value: a whole number.")
    if not -VALUE_LARGEST <= value <= VALUE_LARGEST:
        raise Denied("A value is a whole number of 32 bits.")
    return value


def note_of(row: QualificationRequest, reason: str = "") -> str:
    """What the worker's page says of a decision: about which qualification, and why."""
    name = row.qualification_type.name[:200]
    return f"{name}: {reason}" if reason else name


def check_can_decide(by: User, row: QualificationRequest) -> None:
    """Raise Denied with the reason why this person cannot decide this request now."""
    check_role(by, row.account, Role.REVIEWER, "decide requests for qualifications")
    commands.raise_who_was_first(row.account, request_key(row.qualification_type.qualification_type_id, row.request_id))
    if row.state == RequestState.GONE:
        raise Denied("It is no longer open at MTurk: it was decided elsewhere, or its qualification type is gone.")
    if row.state != RequestState.PENDING:
        raise Denied(f"It is {row.get_state_display().lower()} already.")


@transaction.atomic
def accept(*, row: QualificationRequest, by: User, value: int | None, form_key: uuid.UUID | None = None) -> Command:
    """Grant it with a value; None: the score of our key."""
    value = check_value(row.score if value is None else value)
    params: dict[str, Any] = {"QualificationRequestId": row.request_id, "IntegerValue": value}
    return _decide(AcceptQualificationRequest, row, by, params, note_of(row), form_key)


@transaction.atomic
def reject(*, row: QualificationRequest, by: User, reason: str = "", form_key: uuid.UUID | None = None) -> Command:
    """Refuse it; the worker reads the reason."""
    reason = check_text_for_worker(reason)
    params: dict[str, Any] = {"QualificationRequestId": row.request_id}
    if reason:
        params["Reason"] = reason
    return _decide(RejectQualificationRequest, row, by, params, note_of(row, reason), form_key)


def _decide(
    kind: type[RequestDecision],
    row: QualificationRequest,
    by: User,
    params: dict[str, Any],
    note: str,
    form_key: uuid.UUID | None,
) -> Command:
    row = (
        QualificationRequest.objects.select_for_update(of=("self",))
        .select_related("qualification_type", "account")
        .get(pk=row.pk)
    )
    earlier = commands.made_before(
        kind, account=row.account, by=by, form_key=form_key, worker_id=row.worker_id, note=note
    )
    if earlier is not None:
        return earlier
    check_can_decide(by, row)
    command = commands.ask(
        kind,
        account=row.account,
        by=by,
        params=params,
        form_key=form_key,
        worker_id=row.worker_id,
        note=note,
        exclusive_key=request_key(row.qualification_type.qualification_type_id, row.request_id),
    )
    row.decision = command
    row.save(update_fields=["decision"])
    commands.wake(row.account, after=commands.undo_window(row.account))
    return command


@transaction.atomic
def decide_together(
    *, account: Account, by: User, request_ids: Iterable[str], value: int | None, reason: str | None
) -> Together:
    """The same decision about several; `reason` None accepts, with `value` or each one's own score."""
    done = Together()
    chosen = list(dict.fromkeys(request_ids))
    rows = {
        row.request_id: row
        for row in QualificationRequest.objects.of(account)
        .filter(request_id__in=chosen)
        .select_related("qualification_type", "account")
        .order_by("pk")
    }
    for request_id in chosen:
        if request_id not in rows:
            done.refused[request_id] = "There is no such request in this account."
            continue
        try:
            with transaction.atomic():
                row = rows[request_id]
                if reason is None:
                    done.commands.append(accept(row=row, by=by, value=value))
                else:
                    done.commands.append(reject(row=row, by=by, reason=reason))
        except Denied as why:
            done.refused[rows[request_id].worker_id] = str(why)
    return done
