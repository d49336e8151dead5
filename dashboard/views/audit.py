"""The record of decisions."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dashboard.access import of_account
from dashboard.forms import AuditFilter
from dashboard.models import AuditEvent, AuditHead, Membership
from dashboard.pages import page
from dashboard.templatetags.formats import exact_words


@require_GET
@of_account
def audit_log(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Who, when, what, why."""
    chain = membership.account.slug
    form = AuditFilter(request.GET or None)
    form.is_valid()
    chosen = {name: value for name, value in getattr(form, "cleaned_data", {}).items() if value}
    rows = AuditEvent.objects.filter(chain=chain, **chosen)
    labels = {"actor": "Who: {}", "kind": "Kind: {}", "subject": "About {}"}
    head = AuditHead.objects.filter(chain=chain).first()
    context = {
        "page": page(rows, request.GET, column="number", descending=True),
        "filter_form": form,
        "active_filters": [
            {
                "label": labels[name].format(value),
                "remove_url": "?" + urlencode({key: other for key, other in chosen.items() if key != name}),
            }
            for name, value in chosen.items()
        ],
        "head": head,
        "checked": _checked(head),
    }
    return render(request, "dashboard/audit.html", context)


def _checked(head: AuditHead | None) -> dict[str, Any] | None:
    """What the last walk along the chain found, in words; None before the first."""
    if head is None or head.checked_at is None:
        return None
    sentence = head.fault or f"All {head.checked_number} entries up to {exact_words(head.checked_at)} are as written."
    return {"at": head.checked_at, "ok": not head.fault, "sentence": sentence}
