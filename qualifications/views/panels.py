"""Panels: all of an account, one with its members, and the page on which one is made or changed."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.models import Membership, Role
from dashboard.numbers import whole
from dashboard.pages import page
from dashboard.permissions import Denied
from dashboard.templatetags.formats import capped
from hits.text import requirements_words
from qualifications.actions import panels as acts
from qualifications.actions.members import all_conditions, names_of
from qualifications.actions.types import dependents
from qualifications.conditions import words
from qualifications.forms.panels import Conditions, MemberFilter, PanelForm, PinForm
from qualifications.forms.requirements import Builder, of_panel
from qualifications.models import Panel, PanelMember, PanelState, Score
from qualifications.models.counting import COUNT_TO, Counted
from qualifications.requirements import as_boto3, as_json

SHOWN_REFUSED = 5
_PINNED = {"in": "put in", "out": "kept out", "": "left to the conditions again"}
_MOVING = (PanelState.STARTING, PanelState.FILLING, PanelState.DELETING)


@require_GET
@of_account
def panels(request: HttpRequest, membership: Membership) -> HttpResponse:
    """All panels of the account, with how many belong to each."""
    account = membership.account
    shown = page(
        Panel.objects.of(account).present().select_related("made_by"), request.GET, column="id", descending=True
    )
    counted = Panel.objects.filter(pk__in=[panel.pk for panel in shown.items]).order_by()
    members = PanelMember.objects.inside().filter(panel=OuterRef("pk")).order_by("worker_id", "pk")
    inside = dict(counted.annotate(inside=Counted(members)).values_list("pk", "inside"))
    names = names_of(account, all_conditions(shown.items))
    item: Any
    for item in shown.items:
        item.inside = inside.get(item.pk, 0)
        item.sentences = [words(condition, names) for condition in item.conditions]
    return render(request, "qualifications/panels.html", {"page": shown, "can_keep": membership.role >= Role.APPROVER})


def _place(text: str) -> int:
    place = whole(text, digits=3)
    return -1 if place is None else place


def _panel_of(membership: Membership, panel_id: int) -> Panel:
    rows = Panel.objects.of(membership.account).present().select_related("qualification_type", "made_by", "job")
    panel = get_object_or_404(rows, pk=panel_id)
    panel.account = membership.account
    if panel.qualification_type is not None:
        panel.qualification_type.account = membership.account
    return panel


@require_GET
@vary_on_headers("HX-Request")
@of_account
def panel(request: HttpRequest, membership: Membership, panel_id: int) -> HttpResponse:
    """A panel: who is in it and why, what it asks for, and how a HIT asks for it."""
    return _panel_page(request, membership, _panel_of(membership, panel_id))


def _panel_page(
    request: HttpRequest, membership: Membership, shown: Panel, *, form: PinForm | None = None,
    refused: list[str] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    account, filters = membership.account, MemberFilter(request.GET)
    chosen = filters.chosen()
    url = reverse("panel", args=[account.slug, shown.pk])
    counts = _counts(shown)
    labels = [("in", f"In it {_shown(counts['inside'])}"), ("out", "Not in it any more")]
    if counts["hand"]:
        labels.append(("hand", f"By hand {_shown(counts['hand'])}"))
    if counts["untold"]:
        labels.append(("untold", f"MTurk not told {_shown(counts['untold'])}"))
    requirements = of_panel(shown)
    names = names_of(account, shown.conditions)
    members = filters.apply(PanelMember.objects.filter(panel=shown)).select_related("command")
    context = {
        "panel": shown,
        "counts": counts,
        "sentences": [words(condition, names) for condition in shown.conditions],
        "page": page(members, request.GET, column="worker_id"),
        "list_url": url,
        "status_chips": [
            {
                "label": label,
                "url": f"{url}?{urlencode({'show': value, 'worker': chosen['worker']})}",
                "on": value == chosen["show"],
            }
            for value, label in labels
        ],
        "active_filters": (
            [{"label": f"Worker {chosen['worker']}…", "remove_url": f"{url}?show={chosen['show']}"}]
            if chosen["worker"]
            else []
        ),
        "filter_form": filters,
        "requirements": requirements,
        "requirement_words": requirements_words(requirements),
        "json": as_json(requirements),
        "boto3": as_boto3(requirements),
        "dependents": dependents(shown.qualification_type) if shown.qualification_type else {},
        "moving": shown.state in _MOVING,
        "can_keep": membership.role >= Role.APPROVER,
        "pin": form or PinForm(),
        "refused": (refused or [])[:SHOWN_REFUSED],
        "more_refused": max(0, len(refused or []) - SHOWN_REFUSED),
        "form_key": uuid.uuid4(),
    }
    part = "#state" if getattr(request, "htmx", False) else ""
    response = render(request, f"qualifications/panel.html{part}", context, status=status)
    if part and not context["moving"]:
        response["HX-Refresh"] = "true"  # it has come to rest, and with it all else on the page
    return response


def _counts(panel: Panel) -> dict[str, int]:
    """What its page says of its members; each count has an index, and ends at COUNT_TO."""
    members = PanelMember.objects.filter(panel=panel).order_by("worker_id", "pk")
    of_type = Score.objects.granted().filter(qualification_type=panel.qualification_type_id or 0)
    counted: dict[str, Any] = {
        "inside": members.inside(),
        "told": of_type,
        "to_tell": members.to_grant().order_by("pk"),
        "to_take": members.to_revoke().order_by("pk"),
        "hand": members.exclude(pinned=PanelMember.Pinned.NO),
        "untold": members.exclude(problem=""),
    }
    return {name: rows[:COUNT_TO].count() for name, rows in counted.items()}


def _shown(count: int) -> str:
    return capped(count, COUNT_TO - 1)


@require_POST
@of_account
def panel_act(request: HttpRequest, membership: Membership, panel_id: int) -> HttpResponse:
    """pause, resume, tell (once more), delete, and pin: put workers in or out by hand."""
    shown, by, action = _panel_of(membership, panel_id), membership.user, request.POST.get("action", "")
    try:
        if action == "pin":
            form = PinForm(request.POST)
            if not form.is_valid():
                return _panel_page(request, membership, shown, form=form, status=422)
            said = form.cleaned_data
            count, refused = acts.pin(panel=shown, by=by, text=said["ids"], into=said["into"])
            messages.success(request, f"{count:,} worker{'' if count == 1 else 's'} {_PINNED[said['into']]}.")
            if refused:
                return _panel_page(request, membership, _panel_of(membership, panel_id), refused=refused)
        elif action == "pause":
            acts.pause(panel=shown, by=by)
        elif action == "resume":
            acts.resume(panel=shown, by=by)
        elif action == "tell":
            acts.tell_again(panel=shown, by=by)
        elif action == "delete":
            acts.delete(panel=shown, by=by)
            messages.success(request, f"“{shown.name}” is being deleted.")
            return redirect("panels", membership.account.slug)
        else:
            raise Denied("This page was out of date. Try again.")
    except Denied as reason:
        messages.error(request, str(reason))
    return redirect("panel", membership.account.slug, panel_id)


@require_http_methods(["GET", "POST"])
@of_account
def panel_new(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Say who belongs, look how many that are, and make it."""
    return _edit(request, membership, None)


@require_http_methods(["GET", "POST"])
@of_account
def panel_edit(request: HttpRequest, membership: Membership, panel_id: int) -> HttpResponse:
    return _edit(request, membership, _panel_of(membership, panel_id))


def _edit(request: HttpRequest, membership: Membership, kept: Panel | None) -> HttpResponse:
    account, posted = membership.account, request.POST if request.method == "POST" else None
    initial = {"form_key": uuid.uuid4(), "meaning": "exclude" if request.GET.get("meaning") == "exclude" else "include"}
    if kept is not None:
        initial |= {"name": kept.name, "meaning": kept.meaning, "match": kept.match}
    form = PanelForm(posted, initial=initial)
    conditions = Conditions(account, said=posted, kept=kept.conditions if kept is not None else [])
    ahead, status = None, 200
    if posted is not None:
        if "add" in posted or "remove" in posted:
            # Only the conditions change; what else was typed stays, and is not judged yet.
            form = PanelForm(initial={name: posted.get(name) for name in PanelForm.base_fields})
            if "add" in posted:
                conditions.add(posted.get("new_look", ""))
            else:
                conditions.remove(_place(posted["remove"]))
        else:
            both = [form.is_valid(), conditions.is_valid()]
            if conditions.is_valid():
                ahead = acts.preview(account, posted.get("match", "all"), conditions.conditions)
            status = 422
            if all(both) and "save" in posted:
                said = form.cleaned_data
                what = {name: said[name] for name in ("name", "meaning", "match")}
                try:
                    if kept is None:
                        made = acts.create(
                            account=account, by=membership.user, conditions=conditions.conditions,
                            form_key=said["form_key"], **what,
                        )  # fmt: skip
                    else:
                        made = acts.change(panel=kept, by=membership.user, conditions=conditions.conditions, **what)
                except Denied as reason:
                    form.add_error(None, str(reason))
                else:
                    return redirect("panel", account.slug, made.pk)
            elif all(both):
                status = 200
    context = {
        "panel": kept,
        "form": form,
        "conditions": conditions,
        "ahead": ahead,
        "can_keep": membership.role >= Role.APPROVER,
        "inside": PanelMember.objects.filter(panel=kept).inside()[:COUNT_TO].count() if kept is not None else None,
    }
    return render(request, "qualifications/panel_edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@of_account
def requirements(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The requirement builder: a page of its own, and for other pages its rows with one more or one less."""
    account = membership.account
    if request.method == "GET":
        asked = whole(request.GET.get("panel", ""))
        found = Panel.objects.of(account).present().select_related("qualification_type")
        chosen = found.filter(pk=asked).first() if asked is not None else None
        builder = Builder(account, requirements=of_panel(chosen) if chosen else [])
        if builder.rows:
            builder.is_valid()
    else:
        builder = Builder(account, said=request.POST)
        if "add" in request.POST:
            builder.add()
        elif "remove" in request.POST:
            builder.remove(_place(request.POST["remove"]))
        else:
            builder.is_valid()
    if getattr(request, "htmx", False):
        return render(request, "qualifications/requirements.html", {"builder": builder})
    words_now = requirements_words(builder.requirements)
    for type_id, name in builder.known.items():
        words_now = [sentence.replace(f"Qualification {type_id}", f"“{name}”") for sentence in words_now]
    context = {"builder": builder, "words": words_now}
    return render(request, "qualifications/requirement_builder.html", context, status=422 if builder.wrong else 200)
