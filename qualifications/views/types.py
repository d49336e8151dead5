"""Qualification types: the lists, the page of one, its end, and trying its test."""

import uuid
from typing import Any

from celery import current_app
from django.contrib import messages
from django.db.models import OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.audit import ELSEWHERE
from dashboard.context import COUNT_TO
from dashboard.models import AuditEvent, Command, Membership, Role
from dashboard.numbers import whole
from dashboard.pages import page
from dashboard.permissions import Denied
from dashboard.templatetags.formats import span_words
from qualifications.actions import types as acts
from qualifications.forms.types import LISTS, TypeFilter
from qualifications.models import Compensation, QualificationRequest, QualificationType, Score, TypeKind
from qualifications.models.counting import Counted
from qualifications.questions import size_words
from qualifications.views.trying import tried

#: How often a page looks again for what a search among others' types found.
LOOKS = 8
#: Of a type's audit, the latest are looked through for what changed it; each change has three lines there at most.
SHOWN_EVENTS = 90


@require_GET
@vary_on_headers("HX-Request")
@of_account
def qualifications(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Qualification types: ours, MTurk's own, others' that can be asked for."""
    account, query = membership.account, request.GET
    filters = TypeFilter(query)
    chosen = filters.chosen()
    url = reverse("qualifications", args=[account.slug])
    rows = filters.apply(QualificationType.objects.of(account)).defer("test", "answer_key", "grading_key", "raw")
    shown = page(rows, query, column="id", descending=True)
    _count_on(shown.items)
    left = min(whole(query.get("looking", ""), digits=2) or 0, LOOKS)
    context = {
        "page": shown,
        "kind": chosen["kind"],
        "status_chips": [
            {"label": words, "url": f"{url}?kind={value}", "on": value == chosen["kind"]}
            for value, words in LISTS.items()
        ],
        "active_filters": [
            {"label": words, "remove_url": filters.link(url, **{name: ""})} for name, words in filters.labels().items()
        ],
        "filter_form": filters,
        "list_url": url,
        "filtered": bool(filters.labels()),
        "text": chosen.get("text", ""),
        "look_again": filters.link(url, looking=str(left - 1)) if left else "",
        "looked": "looking" in query,
        "requests": QualificationRequest.objects.of(account).waiting()[:COUNT_TO].count(),
        "can_change": membership.role >= Role.APPROVER,
        "can_look": membership.role >= Role.REVIEWER,
    }
    part = "#rows" if getattr(request, "htmx", False) and left else ""
    return render(request, f"qualifications/qualifications.html{part}", context)


def _count_on(rows: list[Any]) -> None:
    """How many hold each, and how many ask for it: one query for a page."""
    holders = Score.objects.granted().filter(qualification_type=OuterRef("pk"))
    asking = QualificationRequest.objects.waiting().filter(qualification_type=OuterRef("pk"))
    types = QualificationType.objects.filter(pk__in=[row.pk for row in rows]).order_by()
    counted = {
        key: (holding, waiting)
        for key, holding, waiting in types.annotate(holding_=Counted(holders), asking_=Counted(asking)).values_list(
            "pk", "holding_", "asking_"
        )
    }
    for row in rows:
        row.holders, row.asking = counted.get(row.pk, (0, 0))


@require_POST
@of_account
def qualification_search(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Look for types of other requesters; a worker reads, this page shows what it has found."""
    url = reverse("qualifications", args=[membership.account.slug])
    words = request.POST.get("text", "").replace("\0", "").strip()[:200]
    if membership.role < Role.REVIEWER:
        messages.error(request, "You need to be a reviewer of this account to look for qualifications.")
        return redirect(f"{url}?kind=other")
    if not words:
        messages.error(request, "Say which words to look for.")
        return redirect(f"{url}?kind=other")
    filters = TypeFilter({"kind": TypeKind.OTHER, "text": words})
    try:
        current_app.send_task(
            "dashboard.tasks.find_qualification_types", (membership.account.pk, words), expires=60, retry=False
        )
    except Exception:
        messages.error(request, "The message queue does not answer; no worker was told to look.")
        return redirect(filters.link(url))
    return redirect(filters.link(url, looking=str(LOOKS)))


def type_of(membership: Membership, type_id: str) -> QualificationType:
    rows = QualificationType.objects.of(membership.account).select_related("command", "panel")
    if type_id.startswith("new-"):
        # Its page was opened before MTurk gave it an id; the command that made it is the same.
        try:
            rows = rows.filter(command=uuid.UUID(type_id.removeprefix("new-")))
        except ValueError:
            raise Http404("There is no such qualification.") from None
        row = get_object_or_404(rows)
    else:
        row = get_object_or_404(rows, qualification_type_id=type_id)
    row.account = membership.account
    return row


@require_GET
@of_account
def qualification(request: HttpRequest, membership: Membership, type_id: str) -> HttpResponse:
    """One type: what it is, who gets it, what asks for it, what happened to it."""
    return _type_page(request, membership, type_of(membership, type_id))


def _type_page(
    request: HttpRequest,
    membership: Membership,
    row: QualificationType,
    *,
    problem: str = "",
    typed: str = "",
    status: int = 200,
) -> HttpResponse:
    account = membership.account
    events = AuditEvent.objects.filter(chain=account.slug, subject=row.qualification_type_id)
    # The audit knows by an index which commands were about it.
    changes = events.exclude(command_id=None).order_by("-number").values_list("command_id", flat=True)
    about = Command.objects.filter(account=account, pk__in={row.command_id, *changes[:SHOWN_EVENTS]})
    compensation = None
    if row.purpose == "compensation":
        compensation = Compensation.objects.of(account).filter(qualification_type_id=row.qualification_type_id).first()
    context: dict[str, Any] = {
        "type": row,
        "depends": acts.dependents(row),
        "commands": about.select_related("requested_by").order_by("-created_at")[:30],
        "history": events.filter(actor=ELSEWHERE)[:20],
        "why_not_change": _why_not(acts.check_can_change, membership, row),
        "why_not_delete": _why_not(acts.check_can_delete, membership, row),
        "is_new": row.qualification_type_id.startswith("new-"),
        "compensation": compensation,
        "problem_of_delete": problem,
        "typed": typed,
        "form_key": uuid.uuid4(),
        "retry_words": span_words(row.retry_delay) if row.retry_delay is not None else "",
        "test_words": span_words(row.test_duration) if row.test_duration else "",
        "size": size_words(row.test) if row.test else "",
        **tried(row.test, row.key, {}),
    }
    return render(request, "qualifications/qualification.html", context, status=status)


def _why_not(check: Any, membership: Membership, row: QualificationType) -> str:
    try:
        check(membership.user, row)
    except Denied as reason:
        return str(reason)
    return ""


@require_POST
@of_account
def qualification_delete(request: HttpRequest, membership: Membership, type_id: str) -> HttpResponse:
    """The end of a type, confirmed by its name."""
    row, typed = type_of(membership, type_id), request.POST.get("typed", "")
    try:
        acts.delete_type(row=row, by=membership.user, typed=typed, form_key=form_key(request))
    except Denied as reason:
        return _type_page(request, membership, row, problem=str(reason), typed=typed, status=422)
    messages.success(request, f"“{row}” is deleted when MTurk has answered.")
    return redirect("qualification", membership.account.slug, type_id)


@require_POST
@vary_on_headers("HX-Request")
@of_account
def qualification_try(request: HttpRequest, membership: Membership, type_id: str) -> HttpResponse:
    """What the answers filled in score; nothing is kept."""
    row = type_of(membership, type_id)
    if not row.test:
        raise Http404("It has no test.")
    context = {"type": row, **tried(row.test, row.key, dict(request.POST.lists()))}
    part = "#sheet" if getattr(request, "htmx", False) else ""
    return render(request, f"qualifications/try.html{part}", context)


def form_key(request: HttpRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.POST.get("form_key", ""))
    except ValueError:
        return None
