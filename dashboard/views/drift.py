"""Where MTurk and our record disagree."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard import drift, statistics
from dashboard.access import of_account
from dashboard.models import Drift, Membership, Role
from dashboard.pages import page
from dashboard.permissions import Denied

SHOWN = {"": "Open", "dismissed": "Dismissed", "gone": "Gone"}


@require_GET
@of_account
def differences(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Every difference of the account, the newest first; the open ones unless another sort is asked for."""
    account = membership.account
    show = request.GET.get("show", "")
    show = show if show in SHOWN else ""
    ours = Drift.objects.filter(account=account)
    rows = {"": ours.open, "dismissed": ours.dismissed, "gone": ours.gone}[show]()
    shown = page(
        rows.select_related("command", "dismissed_by"), request.GET, column="found_at", descending=True
    )  # fmt: skip
    chips = [
        {
            "label": label,
            "url": "?" + urlencode({"show": value} if value else {}),
            "on": value == show,
            "count": None if value else ours.open().order_by()[: statistics.COUNT_TO].count(),
        }
        for value, label in SHOWN.items()
    ]
    context = {
        "page": shown,
        "chips": chips,
        "show": show,
        "comparison": drift.last_comparison(account),
        "can_dismiss": membership.role >= Role.APPROVER,
    }
    return render(request, "dashboard/drift.html", context)


@require_POST
@vary_on_headers("HX-Request")
@of_account
def dismiss(request: HttpRequest, membership: Membership, drift_id: int) -> HttpResponse:
    """Answers the row, or goes back to the list."""
    row = get_object_or_404(
        Drift.objects.select_related("command", "dismissed_by"), account=membership.account, pk=drift_id
    )
    why, error = request.POST.get("why", ""), ""
    try:
        drift.dismiss(row, by=membership.user, why=why)
    except Denied as reason:
        error = str(reason)
    if request.htmx:  # type: ignore[attr-defined]
        row.refresh_from_db()
        context = {"row": row, "row_error": error, "why": why, "can_dismiss": membership.role >= Role.APPROVER}
        return render(request, "dashboard/drift.html#row", context, status=422 if error else 200)
    if error:
        messages.error(request, error)
    return redirect("drift", membership.account.slug)
