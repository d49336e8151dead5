"""Remote to rows: bonuses paid elsewhere. No count reveals them, so only the full pass looks."""

from collections import Counter
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dashboard import audit, mturk
from dashboard.models import SyncRun
from hits.models import HIT
from workers.models import BonusPayment, Worker

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
