"""A worker's record."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.models import Command, Membership
from hits.models import Assignment, AssignmentStatus
from workers.commands import SendBonus


@require_GET
@vary_on_headers("HX-Request")
@of_account
def record(request: HttpRequest, membership: Membership, worker_id: str) -> HttpResponse:
    """What this worker did for this account; a fragment in the workbench, a page of its own elsewhere."""
    work = Assignment.objects.of(membership.account).filter(worker_id=worker_id)
    counts = work.aggregate(
        approved=Count("pk", filter=Q(status=AssignmentStatus.APPROVED)),
        rejected=Count("pk", filter=Q(status=AssignmentStatus.REJECTED)),
        waiting=Count("pk", filter=Q(status=AssignmentStatus.SUBMITTED)),
    )
    context = {
        "worker_id": worker_id,
        "record": {**counts, "median_seconds": work.median_seconds()},
        "bonuses": Command.objects.filter(
            account=membership.account, worker_id=worker_id, kind=SendBonus.name
        ).order_by("-created_at")[:5],
    }
    part = "#record" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"workers/record.html{part}", context)
