"""A wish becomes a row; a worker is told that there is one."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from dashboard import audit
from dashboard.commands.kinds import Kind, kind_of
from dashboard.models import Account, Command, State, User
from dashboard.permissions import Denied

log = logging.getLogger(__name__)


def ask(
    kind: type[Kind],
    *,
    account: Account,
    by: User,
    params: dict[str, Any],
    proposed: bool = False,
    form_key: uuid.UUID | None = None,
    **columns: Any,
) -> Command:
    """Write down a wish. Call inside the transaction that changes the mirror; MTurk hears of it after the undo window.

    The same form sent again returns the command it made the first time. Raises Denied where its `form_key` was used
    for something else, and where another open command holds the same `exclusive_key`, naming who was first.
    """
    earlier = made_before(kind, account=account, by=by, form_key=form_key, **columns)
    if earlier is not None:
        return earlier
    now = timezone.now()
    command = Command(
        account=account,
        kind=kind.name,
        params=params,
        requested_by=by,
        form_key=form_key,
        state=State.PROPOSED if proposed else State.QUEUED,
        waiting_for="an approver's release" if proposed else "",
        not_before=now + undo_window(account),
        **columns,
    )
    try:
        with transaction.atomic():
            command.save(force_insert=True)
    except IntegrityError:
        # The two clicks of a double click may have come to this line side by side.
        earlier = made_before(kind, account=account, by=by, form_key=form_key, **columns)
        if earlier is not None:
            return earlier
        raise_who_was_first(account, command.exclusive_key)
        raise
    audit.record(
        f"{kind.name}.{'proposed' if proposed else 'asked'}",
        account=account,
        by=by,
        subject=kind_of(command).subject(command),
        text=command.note,
        data={"amount": str(command.amount), "fee": str(command.fee)} if command.amount else {},
        command=command,
    )
    return command


def made_before(
    kind: type[Kind], *, account: Account, by: User, form_key: uuid.UUID | None, **columns: Any
) -> Command | None:
    """The command this form made when it was sent before. Denied where its key was used for anything else."""
    if form_key is None:
        return None
    earlier = Command.objects.filter(account=account, form_key=form_key).first()
    if earlier is None:
        return None
    same = earlier.kind == kind.name and earlier.requested_by_id == by.pk
    said = {name: columns[name] for name in ("assignment_id", "worker_id", "amount", "note") if name in columns}
    if not same or any(getattr(earlier, name) != value for name, value in said.items()):
        raise Denied(
            f"The form was sent before by {earlier.requested_by.get_username()} to {kind_of(earlier).verb} something, "
            f"and that is {earlier.state_label}. Open it again and fill it in anew."
        )
    return earlier


def raise_who_was_first(account: Account, exclusive_key: str) -> None:
    first = (
        Command.objects.open()
        .select_related("requested_by")
        .filter(account=account, exclusive_key=exclusive_key)
        .exclude(exclusive_key="")
        .first()
    )
    if first is not None:
        raise Denied(
            f"{first.requested_by.get_username()} was first: asked to {kind_of(first).verb} this, "
            f"and that is {first.state_label}."
        )


def undo_window(account: Account) -> timedelta:
    return timedelta(seconds=settings.UNDO_SECONDS if account.undo_seconds is None else account.undo_seconds)


def wake(account: Account, *, after: timedelta = timedelta()) -> None:
    """Tell a worker, once this transaction is committed, that something is due. Only a hint: beat finds it anyway."""

    def publish() -> None:
        try:
            current_app.send_task(
                "dashboard.tasks.deliver", (account.pk,), countdown=after.total_seconds() + 0.1, retry=False
            )
        except Exception as error:
            # A broker that is down delays delivery until beat's next tick after it is back; nothing is lost.
            log.warning("The broker did not take a message: %s", error)

    waiting = transaction.get_connection().run_on_commit
    if any(getattr(hook[1], "wakes", None) == account.pk for hook in waiting):
        return  # a selection of a hundred needs one message
    publish.wakes = account.pk  # type: ignore[attr-defined]
    transaction.on_commit(publish)
