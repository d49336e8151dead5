"""Remote to rows: bonuses paid elsewhere, and who is blocked. No count reveals either, so only the full pass looks; at
the blocks also whichever pass comes after we changed one."""

from collections import Counter
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from dashboard import audit, mturk
from dashboard.models import Account, SyncRun
from hits.models import HIT, BatchFigures
from workers.models import BonusPayment, Worker, WorkerBlock

CHUNK = 500
ID_LONGEST = 64
Identity = tuple[str, str, Decimal, str]


def pull_bonuses(run: SyncRun) -> None:
    """ListBonusPayments for every HIT that somebody worked on. What we paid is recognised by its reason's reference."""
    run.step = "Reading bonuses"
    run.save()
    worked_on = HIT.objects.filter(account=run.account, assignments__isnull=False).present().distinct()
    requests = ((hit_id, {"HITId": hit_id}) for hit_id in list(worked_on.values_list("hit_id", flat=True)))
    accounted: dict[str, Counter[Identity]] = {}
    for page in mturk.pages_of_many(run.account, "ListBonusPayments", requests):
        run.calls += 1
        if page.error is None:
            _store(run, page.response.get("BonusPayments", []), accounted.setdefault(page.key, Counter()))
        else:
            # Not read to its end: nothing about it can be called missing, and it is read again.
            HIT.objects.filter(account=run.account, hit_id=page.key).update(stale=True)
            run.error = run.error or f"Bonuses of HIT {page.key} could not be read: {page.error.message.rstrip('.')}."
        if page.last:
            accounted.pop(page.key, None)


def _store(run: SyncRun, remote: list[dict[str, Any]], accounted: "Counter[Identity]") -> None:
    """Add the payments we do not have. They carry no id, so equal ones are counted, not matched one to one."""
    if not remote:
        return
    with transaction.atomic():
        ids = {payment["AssignmentId"] for payment in remote}
        batches = BatchFigures.objects.hold_for_bonuses(run.account, ids)
        ours = BonusPayment.objects.filter(account=run.account, assignment_id__in=ids)
        have: dict[Identity, list[int]] = {}
        # Those we paid come first: of two equal payments, the one that is too many is the other.
        for row in ours.order_by(F("command").asc(nulls_last=True), "pk"):
            have.setdefault((row.assignment_id, row.worker_id, row.amount, row.reason), []).append(row.pk)
        new, listed, now = [], [], timezone.now()
        for payment in remote:
            amount, reason = Decimal(payment["BonusAmount"]), payment.get("Reason", "")
            identity = (payment["AssignmentId"], payment["WorkerId"], amount, reason)
            accounted[identity] += 1
            known = have.get(identity, [])
            if accounted[identity] <= len(known):
                listed.append(known[accounted[identity] - 1])
                continue
            have.setdefault(identity, []).append(0)
            new.append(
                BonusPayment(
                    account=run.account,
                    worker_id=payment["WorkerId"],
                    assignment_id=payment["AssignmentId"],
                    amount=amount,
                    reason=reason,
                    granted_at=payment["GrantTime"],
                    listed_at=now,
                )
            )
        BonusPayment.objects.bulk_create(new)
        amounts: dict[str, list[Decimal]] = {}
        for row in new:
            amounts.setdefault(row.worker_id, []).append(row.amount)
        Worker.objects.paid(run.account, amounts)
        BatchFigures.objects.count_bonuses(batches, [(row.assignment_id, row.amount) for row in new])
        BonusPayment.objects.filter(pk__in=listed).update(listed_at=now)
        audit.record_many(
            run.account,
            [
                {
                    "kind": "bonus.paid",
                    "actor": audit.ELSEWHERE,
                    "subject": row.assignment_id,
                    "text": row.reason,
                    "data": {"amount": str(row.amount), "worker": row.worker_id},
                }
                for row in new
            ],
        )


def blocks_are_stale(account: Account) -> bool:
    """Whether we changed a block since MTurk's list was last read."""
    return WorkerBlock.objects.of(account).filter(stale=True).exists()


def pull_blocks(run: SyncRun) -> None:
    """ListWorkerBlocks: who is blocked and why; what others blocked or unblocked is told in the audit as theirs."""
    run.step = "Reading blocks"
    run.save()
    listed: dict[str, str] = {}
    for page in mturk.pages(run.account, "ListWorkerBlocks"):
        run.calls += 1
        for item in page.get("WorkerBlocks", []):
            worker_id, reason = item.get("WorkerId"), item.get("Reason") or ""
            if isinstance(worker_id, str) and 0 < len(worker_id) <= ID_LONGEST and isinstance(reason, str):
                listed[worker_id] = reason
    ids = sorted(listed)
    for start in range(0, len(ids), CHUNK):
        _store_blocks(run, {worker_id: listed[worker_id] for worker_id in ids[start : start + CHUNK]})
    _lift_unlisted(run)


def _store_blocks(run: SyncRun, listed: dict[str, str]) -> None:
    account, now = run.account, timezone.now()
    with transaction.atomic():
        ours = {
            row.worker_id: row
            for row in WorkerBlock.objects.of(account).filter(worker_id__in=listed).select_for_update().order_by("pk")
        }
        known = [row.pk for row in ours.values() if not _changed_since(row, run)]
        new, again = [], []
        for worker_id, reason in listed.items():
            row = ours.get(worker_id)
            if row is None:
                new.append(
                    WorkerBlock(account=account, worker_id=worker_id, reason=reason, blocked_at=now, synced_at=now)
                )
            elif not row.stands and not _changed_since(row, run):
                again.append(row)
                if row.blocked_at is not None:  # else we have asked for it, and the answer is not here yet
                    row.until = row.until_by = row.reminded_at = None
                row.reason, row.blocked_at, row.lifted_at, row.command = reason, now, None, None
        WorkerBlock.objects.bulk_create(new)
        columns = ["reason", "blocked_at", "lifted_at", "command", "until", "until_by", "reminded_at"]
        WorkerBlock.objects.bulk_update(again, columns, batch_size=100)
        WorkerBlock.objects.filter(pk__in=known).update(synced_at=now, stale=False)
        blocked = [row.worker_id for row in (*new, *again)]
        Worker.objects.make_known(account, blocked)
        Worker.objects.filter(account=account, worker_id__in=blocked).update(blocked=True)
        _tell_elsewhere(account, "worker.blocked", {row.worker_id: row.reason for row in (*new, *again)})


def _lift_unlisted(run: SyncRun) -> None:
    """What stands here and was not in the list just read, somebody lifted elsewhere."""
    account, now = run.account, timezone.now()
    with transaction.atomic():
        rows = WorkerBlock.objects.of(account).select_for_update().order_by("pk")
        unlisted = rows.filter(Q(synced_at=None) | Q(synced_at__lt=run.started_at))
        lifted = [row for row in unlisted.standing() if not _changed_since(row, run)]
        WorkerBlock.objects.filter(pk__in=[row.pk for row in lifted]).update(lifted_at=now, stale=False)
        # One of ours that is lifted, and was not in the list: as it should be.
        settled = [row.pk for row in unlisted.filter(stale=True) if not _changed_since(row, run)]
        WorkerBlock.objects.filter(pk__in=settled).update(stale=False)
        ids = [row.worker_id for row in lifted]
        Worker.objects.filter(account=account, worker_id__in=ids).update(blocked=False)
        _tell_elsewhere(account, "worker.unblocked", {row.worker_id: row.reason for row in lifted})


def _changed_since(row: WorkerBlock, run: SyncRun) -> bool:
    """Changed by us while the list was read: it may have been read before that."""
    return any(at is not None and at >= run.started_at for at in (row.blocked_at, row.lifted_at))


def _tell_elsewhere(account: Account, kind: str, reasons: dict[str, str]) -> None:
    audit.record_many(
        account,
        [
            {"kind": kind, "actor": audit.ELSEWHERE, "subject": worker_id, "text": reason}
            for worker_id, reason in reasons.items()
        ],
    )
