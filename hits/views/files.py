"""Results for download: the website's file, or a fuller one."""

import re
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from dashboard import csv_files
from dashboard.access import of_account
from dashboard.models import Account, Membership
from hits.files import full_lines, json_lines, result_rows
from hits.files.full import usable
from hits.forms import QueueFilter
from hits.models import Assignment, Batch


@require_GET
@of_account
def results_csv(request: HttpRequest, membership: Membership, batch_id: int) -> HttpResponse:
    """Every answer of a batch."""
    batch = get_object_or_404(Batch, account=membership.account, pk=batch_id)
    rows = Assignment.objects.of(membership.account).filter(batch=batch)
    named = re.fullmatch(r"batch:(\w{1,40})", batch.key)
    return _download(request, membership.account, rows, f"Batch_{named[1] if named else batch.pk}_batch_results")


@require_GET
@of_account
def queue_csv(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Every answer that the review queue's filters leave, on however many pages."""
    rows = QueueFilter(request.GET).apply(Assignment.objects.of(membership.account))
    return _download(request, membership.account, rows, f"{membership.account.slug}_results")


def _download(request: HttpRequest, account: Account, rows: "QuerySet[Assignment, Any]", name: str) -> Any:
    """`format`: nothing for the website's own CSV, "full" for ours, "json" for JSON lines. These two leave out what
    was called unusable, unless `unusable` is "yes"."""
    wanted = request.GET.get("format", "")
    if wanted in ("full", "json") and request.GET.get("unusable") != "yes":
        rows = usable(rows)
    if wanted == "full":
        return csv_files.download(f"{name}_full.csv", full_lines(account, rows))
    if wanted == "json":
        return csv_files.download(
            f"{name}.jsonl", json_lines(account, rows), content_type="application/x-ndjson; charset=utf-8"
        )
    return csv_files.download(f"{name}.csv", csv_files.lines(result_rows(account, rows), exact=True))
