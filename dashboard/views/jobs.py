"""Bulk work: look ahead, begin, watch, steer, download what came of it."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard import csv_files, selections
from dashboard import jobs as work
from dashboard.access import of_account
from dashboard.forms import JobForm
from dashboard.models import Command, Job, JobState, Membership, Role, State
from dashboard.pages import page
from dashboard.permissions import Denied
from hits.actions.reasons import has_variables, reasons_of
from hits.forms import HIT_STATUSES, STATUSES, HITFilter, QueueFilter
from hits.models import Batch, ReasonTemplate

MOST_TROUBLE = 20
#: Bulk actions that cost money; of some the amount is only known once the form says more.
PRICED, ASKS_FOR_PRICE = ("approve", "override", "bonus", "add"), ("bonus", "add")
#: What a bulk action is about -> the parameter that names rows one by one, instead of a filter.
_TICKED = {"assignments": "assignment", "hits": "hit"}
MOST_TICKED = 1000
#: Bulk action -> whose texts are offered for what the workers read.
USES = {
    "approve": ReasonTemplate.Use.APPROVE,
    "override": ReasonTemplate.Use.APPROVE,
    "reject": ReasonTemplate.Use.REJECT,
    "bonus": ReasonTemplate.Use.BONUS,
}
MOVING = (JobState.PREPARING, JobState.RUNNING)


def _job_of(membership: Membership, job_id: uuid.UUID) -> Any:
    rows = Job.objects.select_related("requested_by", "decided_by")
    job = get_object_or_404(rows, account=membership.account, pk=job_id)
    job.account = membership.account
    return job


@require_GET
@of_account
def jobs(request: HttpRequest, membership: Membership) -> HttpResponse:
    rows = Job.objects.filter(account=membership.account).select_related("requested_by")
    shown = page(rows, request.GET, column="created_at", descending=True)
    return render(request, "dashboard/jobs.html", {"page": shown})


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@of_account
def job_new(request: HttpRequest, membership: Membership, bulk: str) -> HttpResponse:
    """The dry run of a bulk action on all that match the review queue's filters, and the button that begins it."""
    try:
        chosen = work.bulk_named(bulk)
    except Denied as reason:
        raise Http404(str(reason)) from None
    if chosen.about not in _TICKED:
        raise Http404("It has a page of its own.")
    query = QueryDict(request.POST.get("query", "")) if request.method == "POST" else request.GET
    filters: Any = HITFilter(query) if chosen.about == "hits" else QueueFilter(query)
    # Also where nothing that was ticked can be anybody's: that is none, and not all that match.
    by_hand = _TICKED[chosen.about] in query
    ticked = selections.ticked(query, _TICKED[chosen.about])[:MOST_TICKED]
    selection: dict[str, Any] = {"ids": ticked} if by_hand else {"filter": filters.frozen()}
    typed = request.POST if request.method == "POST" else request.GET
    begun = request.method == "POST" or any(name in typed for name in chosen.options)
    form = JobForm(
        typed if begun else None,
        options=chosen.options,
        account=membership.account,
        reject=bulk == "reject",
        initial={"form_key": uuid.uuid4()},
    )
    said = form.said() if begun and form.is_valid() else {}
    if request.method == "POST" and form.is_valid():
        try:
            job = work.ask(
                bulk,
                account=membership.account,
                by=membership.user,
                selection=selection,
                options=said,
                form_key=form.cleaned_data["form_key"],
            )
        except Denied as reason:
            form.add_error(None, str(reason))
        else:
            return redirect("job", membership.account.slug, job.pk)
    pairs = [(name, value) for name, value in filters.chosen().items() if name != "sort"]
    pairs += [(_TICKED[chosen.about], name) for name in ticked or [""]] if by_hand else []
    try:
        options = chosen.check_options(said) if said else {}
    except Denied:
        options = {}  # what is refused has no price, and no button that names one
    ahead = work.look_ahead(bulk, account=membership.account, selection=selection, options=options)
    context = {
        "bulk": chosen,
        "ahead": ahead,
        "needs_release": work.needs_release(
            bulk, by=membership.user, account=membership.account, ahead=ahead, options=options
        ),
        "form": form,
        "query": urlencode(pairs),
        "query_pairs": pairs,
        "filters": [f"{len(ticked)} ticked"] if by_hand else _words(filters, membership),
        "ticked": by_hand,
        "list_url": reverse("hits" if chosen.about == "hits" else "queue", args=[membership.account.slug]),
        "priced": bulk in PRICED and (bulk not in ASKS_FOR_PRICE or bool(options)),
        "asks_for_price": bulk in ASKS_FOR_PRICE,
        "can_ask": membership.role >= chosen.role,
        "reasons": _reasons(membership, bulk),
    }
    part = "#ahead" if getattr(request, "htmx", False) and request.method == "GET" else ""
    return render(request, f"dashboard/job_new.html{part}", context, status=422 if request.method == "POST" else 200)


def _reasons(membership: Membership, bulk: str) -> list[ReasonTemplate]:
    """The team's texts for what these workers read."""
    use = USES.get(bulk)
    found = [row for row in reasons_of(membership.account) if row.use == use] if use else []
    # The reason of a bonus in bulk is the same for all.
    return [row for row in found if not has_variables(row.text)] if bulk == "bonus" else found


@require_GET
@vary_on_headers("HX-Request")
@of_account
def job(request: HttpRequest, membership: Membership, job_id: uuid.UUID) -> HttpResponse:
    return _job_page(request, membership, _job_of(membership, job_id))


def _words(filters: Any, membership: Membership) -> list[str]:
    """The selection as chips: the status, then every other filter."""
    chosen = filters.chosen()
    pk = chosen.get("batch")
    batch = Batch.objects.filter(account=membership.account, pk=pk).first() if pk else None
    statuses = HIT_STATUSES if isinstance(filters, HITFilter) else STATUSES
    return [statuses[chosen.get("status", "")], *filters.labels(batch).values()]


def _job_page(request: HttpRequest, membership: Membership, shown: Job) -> HttpResponse:
    trouble = Command.objects.filter(job=shown, state__in=[State.FAILED, State.ATTENTION, State.UNKNOWN])
    context = {
        "job": shown,
        "progress": work.progress(shown),
        "trouble": trouble.order_by("-settled_at")[:MOST_TROUBLE],
        "moving": shown.state in MOVING,
        "offers": _offers(shown, membership),
    }
    part = "#job" if getattr(request, "htmx", False) else ""
    return render(request, f"dashboard/job.html{part}", context)


def _offers(shown: Job, membership: Membership) -> set[str]:
    """What this person may do with this job now."""
    mine, approver = shown.requested_by_id == membership.user_id, membership.role >= Role.APPROVER
    offers = set()
    if shown.state == JobState.PROPOSED and approver and not mine:
        offers |= {"release", "decline"}
    if membership.role >= Role.REVIEWER and (mine or approver):
        if shown.state == JobState.RUNNING:
            offers.add("pause")
        if shown.state == JobState.PAUSED:
            offers.add("resume")
        if shown.state in (JobState.PREPARING, JobState.PROPOSED, JobState.RUNNING, JobState.PAUSED):
            offers.add("cancel")
        if shown.state in (JobState.RUNNING, JobState.DONE):
            offers.add("retry")
    return offers


@require_POST
@of_account
def job_act(request: HttpRequest, membership: Membership, job_id: uuid.UUID) -> HttpResponse:
    """pause, resume, cancel, release, decline, retry."""
    shown = _job_of(membership, job_id)
    acts = {
        "pause": work.pause,
        "resume": work.resume,
        "cancel": work.cancel,
        "release": work.release,
        "decline": work.decline,
    }
    action = request.POST.get("action", "")
    try:
        if action == "retry":
            count = work.retry_failed(shown, by=membership.user)
            messages.info(request, f"{count} are asked about and tried again." if count else "Nothing failed.")
        elif action in acts:
            acts[action](shown, by=membership.user)
        else:
            raise Denied("This page was out of date. Try again.")
    except Denied as reason:
        messages.error(request, str(reason))
    if getattr(request, "htmx", False):
        return _job_page(request, membership, _job_of(membership, job_id))
    return redirect("job", membership.account.slug, job_id)


@require_GET
@of_account
def job_outcome(request: HttpRequest, membership: Membership, job_id: uuid.UUID) -> HttpResponse:
    """Every row of the job and what came of it, as CSV, streamed."""
    shown = _job_of(membership, job_id)
    return csv_files.download(f"job-{shown.pk}.csv", csv_files.lines(work.outcomes(shown)))
