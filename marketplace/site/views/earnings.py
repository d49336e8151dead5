"""What a worker earned, and for what."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace import clock
from marketplace.models import Assignment, Bonus, LedgerEntry, Payout, Worker
from marketplace.payouts import EARNED
from marketplace.site.access import for_workers
from marketplace.site.forms import page_number

DAYS = 30
PAGE = 50


@require_safe
@for_workers
def earnings(request: HttpRequest, worker: Worker) -> HttpResponse:
    """Sums over all time, a line per day of the last month, and each assignment with what became of it."""
    now = clock.now()
    by_status = {
        row["status"]: row
        for row in Assignment.objects.filter(worker=worker, status__in=Assignment.HANDED_IN)
        .order_by()
        .values("status")
        .annotate(count=Count("pk"), reward=Sum("reward"))
    }
    entries = LedgerEntry.objects.filter(worker=worker, kind__in=EARNED).order_by()
    sums = dict(entries.values_list("kind").annotate(Sum("amount")))
    earned = sum(sums.values(), Decimal(0))
    paid = Payout.objects.filter(worker=worker, run__paid_at__isnull=False).aggregate(sum=Sum("amount"))["sum"]
    days = (
        entries.filter(at__gte=now - timedelta(days=DAYS))
        .annotate(day=TruncDate("at"))
        .values("day")
        .annotate(sum=Sum("amount"), count=Count("pk"))
        .order_by("-day")
    )
    page = page_number(request)
    rows = (
        Assignment.objects.filter(worker=worker, status__in=Assignment.HANDED_IN)
        .select_related("hit__hit_type__requester")
        .order_by("-submit_time", "-pk")[page * PAGE : page * PAGE + PAGE + 1]
    )
    found = list(rows)
    shown = found[:PAGE]
    _add_bonuses(shown)
    context: dict[str, Any] = {
        "by_status": {
            name: by_status.get(name, {"count": 0, "reward": Decimal(0)})
            for name in ("Submitted", "Approved", "Rejected")
        },
        "bonuses": sums.get("bonus", Decimal(0)),
        "earned": earned,
        "paid": paid or Decimal(0),
        "owed": earned - (paid or Decimal(0)),
        "days": days,
        "rows": shown,
        "older": page + 1 if len(found) > PAGE else None,
        "newer": page - 1 if page else None,
    }
    return render(request, "site/earnings.html", context)


def _add_bonuses(assignments: list[Assignment]) -> None:
    """Puts each one's bonuses beside it, in one query."""
    found: dict[int, list[Bonus]] = {}
    for bonus in Bonus.objects.filter(assignment__in=assignments).order_by("pk"):
        found.setdefault(bonus.assignment_id, []).append(bonus)
    for assignment in assignments:
        assignment.shown_bonuses = found.get(assignment.pk, [])  # type: ignore[attr-defined]
