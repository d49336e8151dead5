"""Compensations: the list, a new one, and how far one is."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.models import Command, Membership, Role, State
from dashboard.pages import page
from dashboard.permissions import Denied, bonus_needs_release
from hits.models import HIT
from qualifications.actions import compensation as acts
from qualifications.actions.compensation_hit import worker_link
from qualifications.forms.compensation import CompensationForm
from qualifications.models import Compensation, CompensationOutcome, CompensationState
from qualifications.worker_csv import worker_id_problem


def _id(request: HttpRequest, name: str) -> str:
    """An id from the address, without what no database takes."""
    return request.GET.get(name, "").replace("\0", "").strip().upper()[:64]


@require_GET
@of_account
def compensations(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Everybody who was paid, or is to be, for what they could not hand in."""
    rows = Compensation.objects.of(membership.account).select_related("requested_by")
    if worker := _id(request, "worker"):
        rows = rows.filter(worker_id=worker)
    context = {
        "page": page(rows, request.GET, column="created_at", descending=True),
        "worker": worker,
        "can_act": membership.role >= Role.REVIEWER,
    }
    return render(request, "qualifications/compensations.html", context)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@of_account
def compensation_new(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The complaint, and what is paid for it. Whom MTurk delivers no message to is said before anything begins."""
    account, url = membership.account, reverse("compensation_new", args=[membership.account.slug])
    begins = {name: _id(request, name) for name in ("worker_id", "hit_id") if name in request.GET}
    if "hit_id" in begins and (hit := HIT.objects.of(account).filter(hit_id=begins["hit_id"]).first()):
        begins["amount"] = str(hit.reward)
    form = CompensationForm(request.POST or None, initial={**begins, "form_key": uuid.uuid4()}, ask=url)
    valid = request.method == "POST" and form.is_valid()
    worker_id = form.cleaned_data.get("worker_id", "") if form.is_bound else begins.get("worker_id", "")
    if valid:
        tells = form.cleaned_data["message"] and request.POST.get("unheard", "") != worker_id
        try:
            if tells and not acts.is_heard(account, worker_id):
                raise Denied("Nothing was begun yet: read what is said about the message, then press the button again.")
            made = acts.begin(account=account, by=membership.user, **form.cleaned_data)
        except Denied as reason:
            form.add_error(None, str(reason))
        else:
            return redirect("compensation", account.slug, made.pk)
    context = {
        "form": form,
        "unheard": worker_id if worker_id_problem(worker_id) == "" and not acts.is_heard(account, worker_id) else "",
        "can_act": membership.role >= Role.REVIEWER,
        "limit": account.release_bonus_above,
        "always_waits": bonus_needs_release(membership.user, account, acts.LARGEST * 0),
    }
    part = "#reach" if getattr(request, "htmx", False) and request.method == "GET" else ""
    status = 422 if request.method == "POST" else 200
    return render(request, f"qualifications/compensation_new.html{part}", context, status=status)


def _of(membership: Membership, compensation_id: uuid.UUID) -> Compensation:
    rows = Compensation.objects.of(membership.account).select_related("requested_by")
    row = get_object_or_404(rows, pk=compensation_id)
    row.account = membership.account
    return row


@require_GET
@vary_on_headers("HX-Request")
@of_account
def compensation(request: HttpRequest, membership: Membership, compensation_id: uuid.UUID) -> HttpResponse:
    """One of them, step by step."""
    row = _of(membership, compensation_id)
    group = HIT.objects.of(membership.account).filter(hit_id=row.new_hit_id).values_list("hit_group_id", flat=True)
    group_id = group.first() if row.new_hit_id else ""
    context = {
        "row": row,
        "steps": _steps(row, membership),
        "moving": row.state != CompensationState.ENDED,
        "link": worker_link(row, group_id) if group_id else "",
        "outcome": CompensationOutcome(row.outcome).label if row.outcome else "",
        "can_act": membership.role >= Role.REVIEWER,
        "can_stop": row.state == CompensationState.WORKING
        and membership.role >= (Role.REVIEWER if row.requested_by_id == membership.user.pk else Role.APPROVER),
    }
    part = "#compensation" if getattr(request, "htmx", False) else ""
    return render(request, f"qualifications/compensation.html{part}", context)


def _steps(row: Compensation, membership: Membership) -> list[dict[str, Any]]:
    """Every step with its Command, those ahead included; what does not apply is left out."""
    commands: dict[str, Command] = {
        step.name: step.command for step in row.steps.select_related("command__requested_by")
    }
    shown = []
    for name, words in acts.STEPS.items():
        command = commands.get(name)
        if command is None and (name == "expire" or (name == "notify" and not row.message)):
            continue
        if command is None and row.state == CompensationState.ENDED:
            continue
        done = command is not None and command.state == State.DONE
        if name == "submit":
            done = bool(row.assignment_id)
            if not done and row.state != CompensationState.WORKING:
                continue
        if command is not None:
            command.account = row.account
        failures = ((command.response or {}) if command else {}).get("NotifyWorkersFailureStatuses") or []
        shown.append(
            {
                "name": name,
                "words": words,
                "command": command,
                "done": done and not failures,
                "failures": [str(failure.get("NotifyWorkersFailureMessage", "")) for failure in failures],
                "retry": command is not None
                and command.state in (State.FAILED, State.ATTENTION)
                and membership.role >= Role.REVIEWER,
                "release": command is not None
                and command.state == State.PROPOSED
                and membership.role >= Role.APPROVER
                and command.requested_by_id != membership.user_id,
            }
        )
    return shown


@require_POST
@of_account
def compensation_stop(request: HttpRequest, membership: Membership, compensation_id: uuid.UUID) -> HttpResponse:
    row = _of(membership, compensation_id)
    try:
        acts.stop(row, by=membership.user)
    except Denied as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, "It is stopped, and what was made for it goes.")
    return redirect("compensation", membership.account.slug, compensation_id)
