"""Requests for qualifications: a queue like that of reviews, one decision or many."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard import jobs as work
from dashboard.access import of_account
from dashboard.context import COUNT_TO
from dashboard.models import Membership, Role
from dashboard.pages import page
from dashboard.permissions import Denied
from dashboard.selections import ticked
from qualifications.actions import requests as acts
from qualifications.forms.requests import DecideForm, RequestFilter
from qualifications.models import QualificationRequest, QualificationType
from qualifications.questions import mark

#: A sheet of answers stands below each, so a page holds fewer than that of a table.
PAGE = 20
MOST_TICKED = 200
BULKS = {"accept": "accept-requests", "reject": "reject-requests"}


@require_GET
@of_account
def qualification_requests(request: HttpRequest, membership: Membership) -> HttpResponse:
    return _page(request, membership)


def _page(
    request: HttpRequest,
    membership: Membership,
    *,
    query: QueryDict | None = None,
    wrong: dict[str, str] | None = None,
    typed: QueryDict | None = None,
    status: int = 200,
) -> HttpResponse:
    account, query = membership.account, request.GET if query is None else query
    filters = RequestFilter(query)
    chosen = filters.chosen()
    rows = QualificationRequest.objects.of(account).matching(filters.frozen())
    shown = page(rows.for_page(), query, column="submitted_at", descending=chosen["state"] != "waiting", size=PAGE)
    kind = None
    if "type" in chosen:
        kind = QualificationType.objects.of(account).filter(
            qualification_type_id=chosen["type"].strip().upper()
        ).first()  # fmt: skip
    item: Any
    for item in shown.items:
        item.account = account
        item.sheet = mark(item.test or item.qualification_type.test, item.qualification_type.key, item.answer)
        item.decidable = item.state == "pending" and item.decision is None
        item.form_key = uuid.uuid4()
        if item.decision is not None:
            item.decision.account = account
            item.undo = item.decision.undoable() and item.decision.requested_by_id == membership.user_id
        if wrong and item.request_id in wrong:
            item.wrong, item.typed = wrong[item.request_id], typed
    pairs = [(name, str(value)) for name, value in chosen.items() if (name, value) != ("state", "waiting")]
    url = reverse("qualification_requests", args=[account.slug])

    def link(**changes: str) -> str:
        kept = {name: value for name, value in pairs if name not in changes}
        return f"{url}?{urlencode({**kept, **{name: value for name, value in changes.items() if value}})}"

    context = {
        "page": shown,
        "list_url": url,
        "count": rows.order_by()[:COUNT_TO].count(),
        "waiting": chosen["state"] == "waiting",
        "status_chips": [
            {"label": words, "url": link(state=value), "on": value == chosen["state"]}
            for value, words in RequestFilter.STATES.items()
        ],
        "active_filters": [
            {"label": words, "remove_url": link(**{name: ""})} for name, words in filters.labels(kind).items()
        ],
        "filter_form": filters,
        "filtered": bool(filters.labels(kind)),
        "query": urlencode(pairs),
        "type": kind,
        "can_decide": membership.role >= Role.REVIEWER,
    }
    return render(request, "qualifications/requests.html", context, status=status)


def _back(membership: Membership, posted: QueryDict) -> str:
    url = reverse("qualification_requests", args=[membership.account.slug])
    kept = QueryDict(posted.get("query", "")).urlencode()
    return f"{url}?{kept}" if kept else url


@require_POST
@of_account
def qualification_request(request: HttpRequest, membership: Membership, request_id: str) -> HttpResponse:
    """accept with a value, or reject with a reason."""
    row = get_object_or_404(
        QualificationRequest.objects.of(membership.account).select_related("qualification_type"), request_id=request_id
    )
    row.account = membership.account
    form = DecideForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            if said["action"] == "accept":
                acts.accept(row=row, by=membership.user, value=said["value"], form_key=said["form_key"])
                words = f"{row.worker_id} gets “{row.qualification_type}”."
            else:
                acts.reject(row=row, by=membership.user, reason=said["reason"], form_key=said["form_key"])
                words = f"{row.worker_id} does not get “{row.qualification_type}”."
        except Denied as reason:
            problem = str(reason)
        else:
            messages.success(request, words)
            return redirect(_back(membership, request.POST))
    else:
        problem = " ".join(str(error) for errors in form.errors.values() for error in errors)
    return _page(
        request,
        membership,
        query=QueryDict(request.POST.get("query", "")),
        wrong={row.request_id: problem},
        typed=request.POST,
        status=422,
    )


@require_POST
@of_account
def qualification_requests_ticked(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The ticked ones, in one transaction; what could not be done is named."""
    back, chosen = _back(membership, request.POST), ticked(request.POST, "request")[:MOST_TICKED]
    form = DecideForm(request.POST)
    if not chosen:
        messages.error(request, "Tick the requests first.")
        return redirect(back)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect(back)
    said = form.cleaned_data
    reason = said["reason"] if said["action"] == "reject" else None
    try:
        done = acts.decide_together(
            account=membership.account, by=membership.user, request_ids=chosen, value=said["value"], reason=reason
        )
    except Denied as why:
        messages.error(request, f"Nothing was decided. {why}")
        return redirect(back)
    if done.commands:
        messages.success(request, f"{len(done.commands)} decisions are on their way. Activity shows them, with undo.")
    for who, sentence in list(done.refused.items())[:5]:
        messages.error(request, f"{who}: {sentence}")
    return redirect(back)


@require_http_methods(["GET", "POST"])
@of_account
def qualification_requests_all(request: HttpRequest, membership: Membership, action: str) -> HttpResponse:
    """All that match: the dry run, and the button that begins the job."""
    if action not in BULKS:
        raise Http404("There is no such bulk action.")
    account, name = membership.account, BULKS[action]
    query = QueryDict(request.POST.get("query", "")) if request.method == "POST" else request.GET
    filters = RequestFilter(query)
    selection = {"filter": filters.frozen()}
    typed = request.POST if request.method == "POST" else request.GET
    options: dict[str, Any] = {"reason": typed.get("reason", "")}
    if action == "accept":
        by_score = typed.get("with", "score") == "score"
        options = {"value": "score" if by_score else typed.get("value", "")}
    problem = ""
    if request.method == "POST":
        try:
            key = uuid.UUID(request.POST.get("form_key", ""))
        except ValueError:
            key = None
        try:
            job = work.ask(
                name, account=account, by=membership.user, selection=selection, options=options, form_key=key
            )
        except Denied as reason:
            problem = str(reason)
        else:
            return redirect("job", account.slug, job.pk)
    try:
        options = work.bulk_named(name).check_options(options)
    except Denied:
        options = {"value": 0} if action == "accept" else {}
    pairs = [(name, str(value)) for name, value in filters.chosen().items() if (name, value) != ("state", "waiting")]
    kind = None
    if "type" in filters.chosen():
        kind = QualificationType.objects.of(account).filter(
            qualification_type_id=filters.chosen()["type"].strip().upper()
        ).first()  # fmt: skip
    context = {
        "action": action,
        "ahead": work.look_ahead(name, account=account, selection=selection, options=options),
        "filters": [RequestFilter.STATES[filters.chosen()["state"]], *filters.labels(kind).values()],
        "query": urlencode(pairs),
        "list_url": reverse("qualification_requests", args=[account.slug]),
        "problem": problem,
        "typed": typed,
        "form_key": uuid.uuid4(),
        "can_ask": membership.role >= Role.REVIEWER,
    }
    return render(request, "qualifications/requests_all.html", context, status=422 if problem else 200)
