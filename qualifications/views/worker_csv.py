"""The worker file of the Requester website, made of our own tables, a few hundred workers at a time."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboard import csv_files
from dashboard.access import of_account
from dashboard.models import Account, Membership
from hits.models import Assignment
from qualifications.actions.scores import block_status
from qualifications.models import QualificationType, Score, values_of
from qualifications.worker_csv import header, line
from workers.models import Worker, WorkerBlock

CHUNK = 500
_LATELY = (timedelta(days=30), timedelta(days=7))


@require_GET
@of_account
def workers_csv(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Everybody who worked here, was given a qualification, or is blocked."""
    account = membership.account
    rows = csv_files.lines(worker_rows(account), exact=True)
    return csv_files.download(f"User_{account.slug}_workers.csv", rows)


def types_in_file(account: Account) -> list[QualificationType]:
    """One's own types in the order they were made; those of panels are the panels' business."""
    rows = (
        QualificationType.objects.of(account)
        .own()
        .present()
        .filter(purpose="")
        .exclude(status__in=["Creating", "Failed"])
    )
    return list(rows.order_by("pk").only("pk", "name"))


def worker_rows(account: Account) -> Iterator[list[str]]:
    types = types_in_file(account)
    yield header(row.name for row in types)
    for chunk in _everybody(account):
        held = values_of(account, chunk, [row.pk for row in types])
        counts = _counts(account, chunk)
        blocks = dict(WorkerBlock.objects.of(account).filter(worker_id__in=chunk).values_list("worker_id", "lifted_at"))
        for worker_id in chunk:
            scores = [held.get((row.pk, worker_id)) for row in types]
            yield line(worker_id, counts.get(worker_id, (0,) * 6), scores, block_status(blocks, worker_id))


def _everybody(account: Account) -> Iterator[list[str]]:
    """Ids in order, from three lists that each have an index of them; nobody twice."""
    after = ""
    while True:
        chunk: set[str] = set()
        for rows in (
            Worker.objects.of(account),
            Score.objects.of(account).granted(),
            WorkerBlock.objects.of(account),
        ):
            ids = rows.filter(worker_id__gt=after).order_by("worker_id").values_list("worker_id", flat=True)
            chunk.update(ids.distinct()[:CHUNK])
        if not chunk:
            return
        # Of each list the first so many: further than the first so many of all nothing may be left out.
        found = sorted(chunk)[:CHUNK]
        yield found
        after = found[-1]


def _counts(account: Account, worker_ids: list[str]) -> dict[str, tuple[int, ...]]:
    """Decided and approved: ever, in the last 30 days, in the last 7 days."""
    now = timezone.now()
    ever = {
        worker_id: (decided, approved)
        for worker_id, decided, approved in Worker.objects.of(account)
        .filter(worker_id__in=worker_ids)
        .values_list("worker_id", "decided", "approved")
    }
    counts = {}
    for days, since in enumerate(now - span for span in _LATELY):
        approved, rejected = Q(approved_at__gte=since, status="Approved"), Q(rejected_at__gte=since, status="Rejected")
        counts[f"decided{days}"] = Count("pk", filter=approved | rejected)
        counts[f"approved{days}"] = Count("pk", filter=approved)
    lately = {
        row["worker_id"]: (row["decided0"], row["approved0"], row["decided1"], row["approved1"])
        for row in Assignment.objects.of(account)
        .filter(worker_id__in=worker_ids)
        .exclude(status="Submitted")
        .order_by()
        .values("worker_id")
        .annotate(**counts)
    }
    return {worker_id: (*both, *lately.get(worker_id, (0, 0, 0, 0))) for worker_id, both in ever.items()}
