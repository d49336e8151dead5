"""Blocks: soft ones, which are rows of ours and nothing else, and hard ones, which are writes to MTurk."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from dashboard import audit, commands, proposals
from dashboard.models import OPEN_STATES, Account, Command, Role, User
from dashboard.permissions import Denied, block_needs_release, check_role
from hits.models import Assignment, Batch, HITType
from workers.actions.notes import WORKER_ID, check_worker_id, plain_text, tell
from workers.commands import CreateWorkerBlock, DeleteWorkerBlock, block_key
from workers.models import SoftBlock, Worker, WorkerBlock

REASON_LONGEST = 1000
#: Blocks that the sweep proposes to lift at a time.
_MOST_PROPOSED = 100


# --- soft -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def soft_block(
    *,
    account: Account,
    worker_ids: Iterable[str],
    by: User,
    reason: str,
    batch: Batch | None = None,
    hit_type: HITType | None = None,
    until: datetime | None = None,
) -> list[SoftBlock]:
    """Say that we do not want more work of these people, in a batch, in HITs of a type, or at all; who is blocked to
    that extent already is left alone. Returns the new blocks."""
    check_role(by, account, Role.REVIEWER, "soft block workers")
    reason = plain_text(reason, most=REASON_LONGEST, what="reason")
    if not reason:
        raise Denied("Say why: whoever looks at this worker later wants to know.")
    if batch is not None and hit_type is not None:
        raise Denied("A soft block is for a batch or for a HIT type, not for both.")
    if until is not None and until <= timezone.now():
        raise Denied("The day to look at it again has passed. Choose a later one, or none.")
    wanted = Worker.objects.make_known(account, [check_worker_id(each) for each in worker_ids])
    standing = SoftBlock.objects.of(account).standing().filter(batch=batch, hit_type=hit_type)

    def make() -> list[SoftBlock]:
        have = set(standing.filter(worker_id__in=list(wanted)).values_list("worker_id", flat=True))
        missing = [
            SoftBlock(
                account=account, worker_id=each, batch=batch, hit_type=hit_type, reason=reason, made_by=by, until=until
            )
            for each in wanted
            if each not in have
        ]
        with transaction.atomic():
            return SoftBlock.objects.bulk_create(missing)

    try:
        new = make()
    except IntegrityError:  # somebody else blocked one of them since we looked; now theirs is seen
        new = make()
    _mark(account, wanted)
    extent = new[0].extent if new else ""
    tell("worker.soft_blocked", account, by, [row.worker_id for row in new], reason, extent=extent)
    return new


@transaction.atomic
def lift_soft_block(*, block: SoftBlock, by: User) -> None:
    check_role(by, block.account, Role.REVIEWER, "lift soft blocks")
    if not SoftBlock.objects.filter(pk=block.pk, lifted_at=None).update(lifted_at=timezone.now(), lifted_by=by):
        raise Denied("Somebody lifted it a moment ago.")
    _mark(block.account, [block.worker_id])
    audit.record(
        "worker.soft_block_lifted", account=block.account, by=by, subject=block.worker_id, text=block.reason,
        data={"extent": block.extent},
    )  # fmt: skip


def _mark(account: Account, worker_ids: Iterable[str]) -> None:
    standing = SoftBlock.objects.standing().filter(account=OuterRef("account"), worker_id=OuterRef("worker_id"))
    Worker.objects.filter(account=account, worker_id__in=list(worker_ids)).update(soft_blocked=Exists(standing))


@proposals.register("soft_block")
def soft_block_for_batch(
    *, account: Account, assignment_id: str, worker_id: str, by: User, reason: str, amount: Decimal
) -> Command | None:
    """What a rule proposes: no more of this worker in the batch of the answer it held for."""
    assignment = Assignment.objects.of(account).select_related("batch").filter(assignment_id=assignment_id).first()
    if assignment is None:
        raise Denied("There is no such assignment in this account.")
    soft_block(account=account, worker_ids=[worker_id], by=by, reason=reason, batch=assignment.batch)
    return None


@proposals.register_for_workers("soft_block")
def soft_block_many_for_batch(
    *, account: Account, worker_ids: list[str], batch: Batch, by: User, reason: str
) -> list[str]:
    """The same for everybody a rule found; one with an id that is none stops no others."""
    good = [each for each in worker_ids if WORKER_ID.fullmatch(each)]
    if good:
        soft_block(account=account, worker_ids=good, by=by, reason=reason, batch=batch)
    return [each for each in worker_ids if each not in set(good)]


# --- hard -----------------------------------------------------------------------------------------------------------


def check_can_block(by: User, account: Account, worker_id: str) -> None:
    """Raise Denied with the reason why this person cannot ask for this block now."""
    check_role(by, account, Role.REVIEWER, "propose to block a worker")
    commands.raise_who_was_first(account, block_key(worker_id))
    if WorkerBlock.objects.of(account).standing().filter(worker_id=worker_id).exists():
        raise Denied(f"{worker_id} is blocked already.")


def check_block_reason(reason: str) -> str:
    reason = plain_text(reason, most=REASON_LONGEST, what="reason")
    if not reason:
        raise Denied("Say why: a block can cost a person their account, and somebody may ask you.")
    return reason


def check_until(until: datetime | None) -> None:
    if until is not None and until <= timezone.now():
        raise Denied("The day to lift it has passed. Choose a later one, or none.")


@transaction.atomic
def block(
    *,
    account: Account,
    worker_id: str,
    by: User,
    reason: str,
    until: datetime | None = None,
    form_key: uuid.UUID | None = None,
) -> Command:
    """Ask MTurk to keep a worker from all our HITs. A reviewer's wish is a proposal; by policy everybody's is."""
    worker_id, reason = check_worker_id(worker_id), check_block_reason(reason)
    check_until(until)
    said = {"worker_id": worker_id, "note": reason}
    earlier = commands.made_before(CreateWorkerBlock, account=account, by=by, form_key=form_key, **said)
    if earlier is not None:
        return earlier
    check_can_block(by, account, worker_id)
    proposed = block_needs_release(by, account)
    command = commands.ask(
        CreateWorkerBlock,
        account=account,
        by=by,
        params={"WorkerId": worker_id, "Reason": reason},
        proposed=proposed,
        form_key=form_key,
        exclusive_key=block_key(worker_id),
        **said,
    )
    remember_until(account, [worker_id], until=until, by=by)
    if not proposed:
        commands.wake(account, after=commands.undo_window(account))
    return command


def remember_until(account: Account, worker_ids: list[str], *, until: datetime | None, by: User) -> None:
    """When blocks that were just asked for should be lifted; the rows are here before MTurk has made them."""
    if until is None:
        return
    rows = [WorkerBlock(account=account, worker_id=each, until=until, until_by=by) for each in worker_ids]
    WorkerBlock.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["account", "worker_id"],
        update_fields=["until", "until_by", "reminded_at"],
    )


@transaction.atomic
def set_until(*, block: WorkerBlock, by: User, until: datetime | None) -> None:
    """Change or forget the day on which a block should be lifted."""
    check_role(by, block.account, Role.REVIEWER, "change a block")
    check_until(until)
    WorkerBlock.objects.filter(pk=block.pk).update(until=until, until_by=by if until else None, reminded_at=None)
    text = f"To be lifted on {until:%Y-%m-%d}." if until else "No day to lift it."
    audit.record("worker.block_reminder", account=block.account, by=by, subject=block.worker_id, text=text)


@transaction.atomic
def unblock(
    *, account: Account, worker_id: str, by: User, reason: str = "", form_key: uuid.UUID | None = None
) -> Command:
    """Ask MTurk to let a worker accept our HITs again. It does nobody harm, so nobody has to release it."""
    return _unblock(account, worker_id, by, reason=reason, proposed=False, form_key=form_key)


def _unblock(
    account: Account, worker_id: str, by: User, *, reason: str, proposed: bool, form_key: uuid.UUID | None = None
) -> Command:
    worker_id, reason = check_worker_id(worker_id), plain_text(reason, most=REASON_LONGEST, what="reason")
    said = {"worker_id": worker_id, "note": reason}
    earlier = commands.made_before(DeleteWorkerBlock, account=account, by=by, form_key=form_key, **said)
    if earlier is not None:
        return earlier
    check_role(by, account, Role.REVIEWER, "unblock workers")
    commands.raise_who_was_first(account, block_key(worker_id))
    if not WorkerBlock.objects.of(account).standing().filter(worker_id=worker_id).exists():
        raise Denied(f"{worker_id} is not blocked, as far as we know. Sync fully if another program blocked them.")
    command = commands.ask(
        DeleteWorkerBlock,
        account=account,
        by=by,
        params={"WorkerId": worker_id, **({"Reason": reason} if reason else {})},
        proposed=proposed,
        form_key=form_key,
        exclusive_key=block_key(worker_id),
        **said,
    )
    if not proposed:
        commands.wake(account, after=commands.undo_window(account))
    return command


def propose_due() -> int:
    """Of blocks whose day has come, propose the lifting in the name of whoever chose the day: once, and not by itself.

    Returns how many were proposed.
    """
    open_change = Command.objects.filter(
        account=OuterRef("account"), worker_id=OuterRef("worker_id"), state__in=OPEN_STATES,
        kind__in=[CreateWorkerBlock.name, DeleteWorkerBlock.name],
    )  # fmt: skip
    due = (
        WorkerBlock.objects.due()
        .filter(~Exists(open_change), reminded_at=None, until_by__isnull=False)
        .select_related("account", "until_by")
    )
    proposed = 0
    for row in due[:_MOST_PROPOSED]:
        assert row.until_by is not None
        with transaction.atomic():
            # Marked first: what cannot be proposed is not tried again every few seconds.
            if not WorkerBlock.objects.filter(pk=row.pk, reminded_at=None).update(reminded_at=timezone.now()):
                continue
            try:
                with transaction.atomic():
                    words = "The day on which it was to be lifted has come."
                    _unblock(row.account, row.worker_id, row.until_by, reason=words, proposed=True)
            except Denied:
                continue
            proposed += 1
    return proposed


def waiting(account: Account, worker_ids: Iterable[str]) -> dict[str, Command]:
    """Changes of these workers' blocks that are on their way."""
    rows: Any = Command.objects.open().filter(
        account=account, worker_id__in=list(worker_ids), kind__in=[CreateWorkerBlock.name, DeleteWorkerBlock.name]
    )
    return {command.worker_id: command for command in rows.select_related("requested_by")}
