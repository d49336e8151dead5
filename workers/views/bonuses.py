"""The bonus panel of the workbench."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseLocation

from dashboard.access import of_account
from dashboard.models import Command, Membership
from dashboard.permissions import Denied
from hits.models import Assignment
from workers.actions import pay_bonus
from workers.forms import BonusForm


@require_POST
@of_account
def bonus(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    """Ask for a bonus; what is wrong is said beside the field, and what was typed stays."""
    assignment = get_object_or_404(
        Assignment.objects.of(membership.account).select_related("hit"), assignment_id=assignment_id
    )
    assignment.account = membership.account
    query = QueryDict(request.POST.get("query", "")).urlencode()
    url = reverse("assignment", args=[membership.account.slug, assignment_id]) + (f"?{query}" if query else "")
    form = BonusForm(request.POST)
    command: Command | None = None
    if form.is_valid():
        try:
            command = pay_bonus(assignment=assignment, by=membership.user, **form.cleaned_data)
        except Denied as reason:
            form.add_error(None, str(reason))
    if command is None:
        context = {"assignment": assignment, "form": form, "form_key": uuid.uuid4(), "query": query, "back_url": url}
        part = "#form" if request.htmx else ""  # type: ignore[attr-defined]
        return render(request, f"workers/bonus.html{part}", context, status=422)
    words = "proposed; an approver releases it" if command.state == "proposed" else "on its way"
    messages.success(request, f"Bonus of ${command.amount} for {assignment.worker_id} {words}.")
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseLocation(url, target="#workbench", swap="outerHTML")
    return redirect(url)
