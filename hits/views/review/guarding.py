"""Before a rejection: how often this worker and this batch have been rejected, and what this one makes of it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dashboard.access import of_account
from dashboard.models import OPEN_STATES, Account, Command, Membership
from dashboard.selections import ticked
from hits.commands import RejectAssignment
from hits.forms import QueueFilter, WhoseForm
from hits.models import Assignment, AssignmentStatus, Batch, Finding, UploadRow

#: Of a batch this many percent rejected is a lot: rates like that are talked about where workers meet.
LOUD_PERCENT = 10
#: Decided ones counted of each; a rate of more than that is told as what it is at most.
COUNT_TO = 20_000
_SHOWN = 3


@dataclass(frozen=True)
class Rate:
    """Of `decided` ones `rejected` were, with those this rejection adds."""

    name: str
    rejected: int
    decided: int
    adds: int

    @property
    def percent(self) -> int:
        return round(100 * self.rejected / self.decided) if self.decided else 0

    @property
    def loud(self) -> bool:
        return self.rejected > 1 and 100 * self.rejected > LOUD_PERCENT * self.decided

    @property
    def first(self) -> bool:
        """Nobody here has rejected any before."""
        return self.rejected == self.adds


@require_GET
@of_account
def guard(request: HttpRequest, membership: Membership) -> HttpResponse:
    """For the assignments named in the URL, those an upload or a rule wants rejected, or all that match its filters."""
    account = membership.account
    rows = Assignment.objects.of(account).awaiting_review()
    if "assignment" in request.GET:
        rows = rows.filter(assignment_id__in=ticked(request.GET, "assignment")[:500])
    elif form := WhoseForm(request.GET).named():
        rows = rows.filter(pk__in=_wanted(account, **form))
    else:
        rows = rows.matching(QueueFilter(request.GET).frozen())
    by_batch, by_worker = _counted(rows, "batch_id"), _counted(rows, "worker_id")
    names = Batch.objects.in_bulk([pk for pk, _ in by_batch.most_common(_SHOWN)])
    batches = [
        _rate(account, str(names[pk]), count, batch=pk) for pk, count in by_batch.most_common(_SHOWN) if pk in names
    ]
    workers = [_rate(account, worker, count, worker_id=worker) for worker, count in by_worker.most_common(_SHOWN)]
    context = {
        "batches": batches,
        "workers": workers,
        "more_batches": max(0, len(by_batch) - _SHOWN),
        "more_workers": max(0, len(by_worker) - _SHOWN),
        "count": sum(by_worker.values()),
        "loud_percent": LOUD_PERCENT,
        "loud": any(rate.loud for rate in batches),
    }
    return render(request, "hits/guard.html", context)


def _wanted(account: Account, *, upload: Any = None, rule: Any = None) -> QuerySet[Any]:
    """Keys of the assignments that an upload wants rejected, or an open proposal of a rule."""
    if upload:
        marked = UploadRow.objects.filter(upload=upload, upload__account=account, fate=UploadRow.Fate.GO)
        return marked.filter(action=UploadRow.Action.REJECT).values("assignment")
    return Finding.objects.proposed().filter(account=account, rule=rule).values("assignment")


def _counted(rows: Any, column: str) -> Counter[Any]:
    return Counter(dict(rows.order_by().values_list(column).annotate(rows=Count("pk")).values_list(column, "rows")))


def _rate(account: Account, name: str, adds: int, **which: Any) -> Rate:
    """Counted in the index of a batch's or a worker's decided ones; what is on its way counts as decided."""
    these = Assignment.objects.of(account).filter(**which).order_by()
    approved = these.filter(status=AssignmentStatus.APPROVED)[:COUNT_TO].count()
    rejected = these.filter(status=AssignmentStatus.REJECTED)[:COUNT_TO].count()
    ahead = these.filter(verdict__isnull=False)
    kinds = dict(
        Command.objects.filter(state__in=OPEN_STATES, pk__in=ahead.values("verdict")[:COUNT_TO])
        .order_by()
        .values_list("kind")
        .annotate(rows=Count("pk"))
        .values_list("kind", "rows")
    )
    rejecting = kinds.pop(RejectAssignment.name, 0)
    rejected += rejecting + adds
    return Rate(name, rejected, approved + rejected + sum(kinds.values()), adds)
