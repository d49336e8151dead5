"""Every command of an account, and what people do with them."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from dashboard import commands, statistics
from dashboard.access import back_to, of_account
from dashboard.forms import ActivityFilter
from dashboard.models import Command, Membership, Role, State
from dashboard.pages import page
from dashboard.permissions import Denied
from dashboard.views.evidence import story
from hits import views as hits_views

ACTIVITY_STATES = {
    "": "All",
    State.PROPOSED: "To release",
    State.ATTENTION: "Need a person",
    State.FAILED: "Failed",
    State.QUEUED: "Queued",
    State.UNKNOWN: "No answer yet",
    State.DONE: "Done",
    State.CANCELLED: "Cancelled",
}
COUNTED_STATES = (State.PROPOSED, State.ATTENTION, State.FAILED, State.QUEUED, State.UNKNOWN)


@require_GET
@vary_on_headers("HX-Request")
@of_account
def activity(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Every command of the account, newest first."""
    account = membership.account
    rows = Command.objects.filter(account=account).select_related("requested_by", "decided_by")
    job = _uuid(request.GET.get("job", ""))
    filters = ActivityFilter(request.GET)
    filters.is_valid()  # a bad value in a URL is no filter, not an error page
    state, person = (filters.cleaned_data.get(name, "") for name in ("state", "person"))
    if state in ACTIVITY_STATES and state:
        rows = rows.filter(state=state)
    if job:
        rows = rows.filter(job=job)
    if person:
        rows = rows.filter(requested_by__username=person)
    shown = page(rows, request.GET, column="created_at", descending=True)
    for command in shown.items:
        _offer(command, membership)
    open_rows = Command.objects.filter(account=account).order_by()
    chips = [
        {
            "label": label,
            "url": "?" + urlencode(({"state": value} if value else {}) | ({"job": str(job)} if job else {})),
            "on": value == (state if state in ACTIVITY_STATES else ""),
            "count": open_rows.filter(state=value)[: statistics.COUNT_TO].count() if value in COUNTED_STATES else None,
        }
        for value, label in ACTIVITY_STATES.items()
    ]
    back = "?" + urlencode({"state": state})
    active = [{"label": "One job", "remove_url": back}] if job else []
    active += [{"label": f"Asked by {person}", "remove_url": back}] if person else []
    context = {"page": shown, "chips": chips, "active_filters": active}
    return render(request, "dashboard/activity.html", context)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _offer(command: Any, membership: Membership) -> None:
    """What this person may do with this command now: the buttons of its row."""
    command.account = membership.account
    mine, approver = command.requested_by_id == membership.user_id, membership.role >= Role.APPROVER
    offers = set()
    if command.state == State.PROPOSED and approver and not mine:
        offers |= {"release", "decline"}
    if command.state in (State.PROPOSED, State.QUEUED) and command.first_sent_at is None and (mine or approver):
        offers.add("undo")
    if command.state == State.FAILED and (mine or approver):
        offers.add("retry")
    if command.state == State.ATTENTION and approver:
        offers |= {"ask", "happened", "not_happened"}
    command.offers = offers if membership.role >= Role.REVIEWER else set()


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@of_account
def command_act(request: HttpRequest, membership: Membership, command_id: Any) -> HttpResponse:
    """The page of a command; and undo, release, decline, retry, ask, happened, not_happened, which answer the row, the
    workbench or the page they came from."""
    rows = Command.objects.select_related("requested_by", "decided_by", "account", "job")
    command = get_object_or_404(rows, account=membership.account, pk=command_id)
    if request.method != "POST":
        _offer(command, membership)
        return story(request, membership, command)
    error = ""
    try:
        _act(command, request.POST.get("action", ""), membership, request.POST.get("reason", ""))
    except Denied as reason:
        error = str(reason)
    came_from, query = request.POST.get("from", ""), QueryDict(request.POST.get("query", "")).urlencode()
    slug = membership.account.slug
    if request.htmx and came_from == "activity":  # type: ignore[attr-defined]
        fresh = rows.get(pk=command.pk)
        _offer(fresh, membership)
        return render(request, "dashboard/activity.html#row", {"command": fresh, "row_error": error})
    if came_from == "story":
        if not error:
            return redirect("command_act", slug, command.pk)
        command = rows.get(pk=command.pk)
        _offer(command, membership)
        return story(request, membership, command, error=error, reason=request.POST.get("reason", ""))
    if error:
        messages.error(request, error)
    if came_from in ("queue", "workbench") and command.assignment_id:
        # The row and the workbench are drawn by the views of hits; they show what this changed.
        if request.htmx and came_from == "queue":  # type: ignore[attr-defined]
            return hits_views.row(request, membership, command.assignment_id, error)
        url = reverse("assignment", args=[slug, command.assignment_id]) + (f"?{query}" if query else "")
        if request.htmx:  # type: ignore[attr-defined]
            return hits_views.workbench_of(request, membership, command.assignment_id, QueryDict(query), error)
        return redirect(url if came_from == "workbench" else reverse("queue", args=[slug]) + f"?{query}")
    return redirect(back_to(request, reverse("activity", args=[slug])))


def _act(command: Command, action: str, membership: Membership, reason: str) -> None:
    if membership.role < Role.REVIEWER:
        raise Denied("You need to be a reviewer of this account to do this.")
    by = membership.user
    if action == "undo":
        commands.cancel(command, by=by)
    elif action == "release":
        commands.release(command, by=by)
    elif action == "decline":
        commands.decline(command, by=by, reason=reason)
    elif action in ("retry", "ask"):
        commands.retry(command, by=by)
    elif action in ("happened", "not_happened"):
        commands.decide(command, by=by, happened=action == "happened", reason=reason)
    else:
        raise Denied("This page was out of date. Try again.")
