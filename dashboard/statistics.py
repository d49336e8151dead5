"""The numbers of the overview, from our own tables, each with a bound."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import TruncHour
from django.urls import reverse
from django.utils import timezone

from dashboard import budget
from dashboard.models import Account, Command, Drift, State
from hits.models import HIT, Assignment, AssignmentStatus, Batch
from marketplace.policies import asks_for_masters, assignment_fee
from qualifications.models import QualificationRequest
from workers.models import SoftBlock, WorkerBlock

COUNT_TO = 1001
SHOWN_BATCHES = 12
CLOSING = timedelta(hours=4)


def needs(account: Account) -> dict[str, int]:
    """What waits for a person, each count stopped at 1001."""
    waiting = Assignment.objects.of(account).awaiting_review()
    commands = Command.objects.filter(account=account).order_by()
    return {
        "review": waiting[:COUNT_TO].count(),
        "closing": waiting.auto_approving_before(timezone.now() + CLOSING)[:COUNT_TO].count(),
        "attention": commands.filter(state=State.ATTENTION)[:COUNT_TO].count(),
        "release": commands.filter(state=State.PROPOSED)[:COUNT_TO].count(),
        "failed": commands.filter(state=State.FAILED)[:COUNT_TO].count(),
        "blocks": WorkerBlock.objects.of(account)
        .due()
        .values("pk")
        .union(SoftBlock.objects.of(account).due().values("pk"), all=True)
        .count(),
        "qualifications": QualificationRequest.objects.of(account).waiting().order_by()[:COUNT_TO].count(),
        "drift": Drift.objects.open().filter(account=account).order_by()[:COUNT_TO].count(),
    }


def batches(account: Account) -> tuple[list[dict[str, Any]], bool]:
    """The batches with the newest HITs and how far each is; and whether there are more of them."""
    newest = list(
        Batch.objects.filter(account=account)
        .annotate(newest=Max("hits__created_at"), ends=Max("hits__expires_at"), total=Sum("hits__max_assignments"))
        .annotate(bonuses=F("figures__bonuses"))
        .exclude(newest=None)
        .order_by("-newest")[: SHOWN_BATCHES + 1]
    )
    shown = newest[:SHOWN_BATCHES]
    counts = {
        row["hit__batch"]: row
        for row in Assignment.objects.filter(hit__batch__in=shown)
        .order_by()
        .values("hit__batch")
        .annotate(
            done=Count("pk"),
            waiting=Count("pk", filter=Q(status=AssignmentStatus.SUBMITTED)),
            approved=Count("pk", filter=Q(status=AssignmentStatus.APPROVED)),
            rejected=Count("pk", filter=Q(status=AssignmentStatus.REJECTED)),
        )
    }
    costs = _costs(shown)
    url = reverse("queue", args=[account.slug])
    rows = [
        {
            "name": str(batch),
            "url": f"{url}?batch={batch.pk}&status=all",
            "total": batch.total,
            "done": 0,
            "waiting": 0,
            "approved": 0,
            "rejected": 0,
            **counts.get(batch.pk, {}),
            "cost": costs[batch.pk],
            "ends": batch.ends if batch.ends and batch.ends > timezone.now() else None,
        }
        for batch in shown
    ]
    return rows, len(newest) > SHOWN_BATCHES


def _costs(shown: Sequence[Any]) -> dict[int, Decimal]:
    """Rewards of what was approved and bonuses, with their fees, per batch, in US dollars."""
    costs = {batch.pk: batch.bonuses or Decimal(0) for batch in shown}
    approved = (
        HIT.objects.filter(batch__in=shown)
        .order_by()
        .values("batch", "reward", "max_assignments", "hit_type__qualification_requirements")
        .annotate(approved=Count("assignments", filter=Q(assignments__status=AssignmentStatus.APPROVED)))
        .filter(approved__gt=0)
    )
    for row in approved:
        masters = asks_for_masters(row["hit_type__qualification_requirements"])
        fee = assignment_fee(row["reward"], max_assignments=row["max_assignments"], masters=masters)
        costs[row["batch"]] += (row["reward"] + fee) * row["approved"]
    return costs


def work_per_hour(account: Account, *, days: int = 7) -> list[tuple[datetime, int]]:
    """Submissions of each hour of the last days, oldest first, hours without any included."""
    now = timezone.localtime().replace(minute=0, second=0, microsecond=0)
    first = now - timedelta(hours=24 * days - 1)
    counted = dict(
        Assignment.objects.of(account)
        .filter(submitted_at__gte=first)
        .order_by()
        .annotate(hour=TruncHour("submitted_at"))
        .values_list("hour")
        .annotate(Count("pk"))
    )
    hours = (first + timedelta(hours=step) for step in range(24 * days))
    return [(hour, counted.get(hour, 0)) for hour in hours]


def money(account: Account) -> dict[str, Decimal | None]:
    """The balance as last read; what was spent through this desk and what still may be, fees included."""
    # Of what is committed all is spent that is not open any more: so a million commands that are done need no look.
    cost = F("amount") + F("fee")
    rows = Command.objects.open().filter(account=account).order_by()
    sums = rows.aggregate(waiting=Sum(cost), on_its_way=Sum(cost, filter=Q(state__in=budget.COUNTED)))
    return {
        "available": account.available_balance,
        "on_hold": account.on_hold_balance,
        "spent": account.committed - (sums["on_its_way"] or Decimal(0)),
        "waiting": sums["waiting"] or Decimal(0),
    }
