"""The rules of a batch: the list, one rule with what it would have found, and its switches."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.models import Membership, Role
from dashboard.permissions import Denied
from hits.forms.quality import FORMS, RuleForm
from hits.models import Assignment, Batch, Finding, Rule, RuleRun
from hits.rules import keeping, past
from hits.rules.reading import fields_of
from hits.rules.words import ABOUT, ICONS, condition, proposal, sentence

MOST_FINDINGS = 20


def _batch_of(membership: Membership, batch_id: int) -> Any:
    return get_object_or_404(Batch, account=membership.account, pk=batch_id)


def _rule_of(membership: Membership, rule_id: int) -> Any:
    rules = Rule.objects.kept().select_related("batch", "made_by", "policy_by")
    rule: Any = get_object_or_404(rules, account=membership.account, pk=rule_id)
    rule.account = membership.account
    return _dressed(rule)


def _dressed(rule: Any) -> Any:
    """With what templates show beside the columns."""
    rule.sentence, rule.proposes = sentence(rule), proposal(rule)
    rule.condition = condition(rule.look, rule.settings, passed=rule.when_passed)
    rule.icon = ICONS[Rule.Look(rule.look)]
    return rule


def _may(membership: Membership, rule: Rule) -> dict[str, bool]:
    return {
        "can_change": membership.role >= (Role.APPROVER if rule.releases_itself else Role.REVIEWER),
        "can_policy": membership.role >= Role.APPROVER,
    }


def _why(form: RuleForm, membership: Membership) -> str:
    return "" if membership.role >= Role.REVIEWER else "You need to be a reviewer of this account to make rules."


@require_GET
@of_account
def rules(request: HttpRequest, membership: Membership, batch_id: int) -> HttpResponse:
    """All rules of a batch, what they found, and the kinds that can be added."""
    batch = _batch_of(membership, batch_id)
    states = Finding.State
    shown = Rule.objects.kept().filter(account=membership.account, batch=batch).select_related("policy_by")
    listed = [_dressed(rule) for rule in shown]
    counts = (
        Finding.objects.filter(rule__in=[rule.pk for rule in listed])
        .order_by()
        .values_list("rule_id", "state")
        .annotate(found=Count("pk"))
    )
    of_state: dict[tuple[int, str], int] = {(rule, state): found for rule, state, found in counts}
    for rule in listed:
        rule.open = of_state.get((rule.pk, states.PROPOSED), 0)
        rule.released = of_state.get((rule.pk, states.RELEASED), 0)
        rule.dismissed = of_state.get((rule.pk, states.DISMISSED), 0)
        rule.overtaken = of_state.get((rule.pk, states.OVERTAKEN), 0)
    context = {
        "batch": batch,
        "rules": listed,
        "open": sum(rule.open for rule in listed),
        "looks": [{"name": look, "label": look.label, "about": ABOUT[look], "icon": ICONS[look]} for look in Rule.Look],
        "gold": batch.hits.filter(gold_answers__isnull=False).values("pk").distinct().count(),
        "can_change": membership.role >= Role.REVIEWER,
        "can_policy": membership.role >= Role.APPROVER,
    }
    return render(request, "hits/rules.html", context)


@require_http_methods(["GET", "POST"])
@of_account
def rule_new(request: HttpRequest, membership: Membership, batch_id: int, look: str) -> HttpResponse:
    """Add a rule of one kind; it begins switched off, with a look at the past."""
    batch = _batch_of(membership, batch_id)
    batch.account = membership.account
    if look not in FORMS:
        raise Http404("There is no such kind of rule.")
    form = FORMS[look](request.POST if request.method == "POST" else None, fields=fields_of(batch))
    if request.method == "POST" and form.is_valid():
        try:
            made = keeping.add(batch=batch, by=membership.user, look=look, **form.said())
        except Denied as reason:
            form.add_error(None, str(reason))
        else:
            _begin_here(made)
            messages.success(request, "The rule is made, and switched off. Look at what it would have found first.")
            return redirect("rule", membership.account.slug, made.pk)
    kind = Rule.Look(look)
    context = {
        "batch": batch,
        "form": form,
        "look": {"name": look, "label": kind.label, "about": ABOUT[kind], "icon": ICONS[kind]},
        "why_not": _why(form, membership),
    }
    return render(request, "hits/rule_new.html", context, status=422 if form.errors else 200)


def _begin_here(rule: Rule) -> None:
    """A small batch is gone through at once; of a large one the first part, and a worker does the rest."""
    for run in RuleRun.objects.filter(rule=rule, finished_at=None).order_by("pk"):
        past.go_on(rule.account, only=run)


@require_http_methods(["GET", "POST"])
@of_account
def rule(request: HttpRequest, membership: Membership, rule_id: int) -> HttpResponse:
    """A rule: its form, what it would have found, and its log. POST: save it, or only try what was typed."""
    shown = _rule_of(membership, rule_id)
    kind = FORMS[shown.look]
    known = fields_of(shown.batch)
    tried = None
    form = kind(request.POST, fields=known) if request.method == "POST" else kind(initial=kind.of(shown), fields=known)
    if request.method == "POST" and form.is_valid():
        said = form.said()
        if request.POST.get("action") == "try":
            typed = Rule(**{**_columns(shown), **said})
            typed.account, typed.batch = membership.account, shown.batch
            tried = {"past": past.look_at_newest(typed), "rule": _dressed(typed)}
        else:
            try:
                keeping.change(shown, by=membership.user, **said)
            except Denied as reason:
                form.add_error(None, str(reason))
            else:
                _begin_here(shown)
                messages.success(request, "Saved. What comes from now on is looked at by it.")
                return redirect("rule", membership.account.slug, shown.pk)
    found = Finding.objects.filter(rule=shown).select_related("assignment", "command", "decided_by", "beside")
    found = found.defer("assignment__answer", "assignment__raw", "beside__answer", "beside__raw")
    context = {
        "rule": shown,
        "batch": shown.batch,
        "form": form,
        "tried": tried,
        "about": ABOUT[Rule.Look(shown.look)],
        "findings": found[:MOST_FINDINGS],
        "open": Finding.objects.proposed().filter(rule=shown).count(),
        **_may(membership, shown),
    }
    return render(request, "hits/rule.html", context, status=422 if form.errors else 200)


def _columns(rule: Rule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in ("look", "account_id", "batch_id")}


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@of_account
def rule_past(request: HttpRequest, membership: Membership, rule_id: int) -> HttpResponse:
    """What the rule would have found: among the newest while one waits, or (POST) among all, by a worker."""
    shown = _rule_of(membership, rule_id)
    if request.method == "POST":
        if membership.role < Role.REVIEWER:
            messages.error(request, "You need to be a reviewer of this account to do this.")
        else:
            past.begin(shown, RuleRun.Purpose.DRY, by=membership.user)
            _begin_here(shown)
        if not getattr(request, "htmx", False):
            return redirect("rule", membership.account.slug, shown.pk)
    runs = list(RuleRun.objects.filter(rule=shown)[:10])
    running = next((run for run in runs if run.finished_at is None), None)
    whole = next((run for run in runs if run.purpose == RuleRun.Purpose.DRY), None)
    if whole is not None and whole.finished_at and whole.done < whole.total:
        whole = None  # it was ended by another
    in_all = Assignment.objects.filter(account=membership.account, batch=shown.batch).count()
    seen = None
    if running is None or running.purpose != RuleRun.Purpose.INDEX:
        seen = past.Past.from_json(whole.result) if whole and whole.finished_at else past.look_at_newest(shown)
    context = {
        "rule": shown,
        "past": seen,
        "running": running,
        "whole": whole,
        "in_all": in_all,
        "can_change": membership.role >= Role.REVIEWER,
    }
    part = "#past" if getattr(request, "htmx", False) else ""
    return render(request, f"hits/rule_past.html{part}", context)


@require_POST
@of_account
def rule_switch(request: HttpRequest, membership: Membership, rule_id: int) -> HttpResponse:
    """on, off, policy_on, policy_off, delete."""
    shown = _rule_of(membership, rule_id)
    action = request.POST.get("action", "")
    back = redirect("rule", membership.account.slug, shown.pk)
    if QueryDict(request.POST.get("query", "")).get("from") == "list" or request.POST.get("from") == "list":
        back = redirect("rules", membership.account.slug, shown.batch_id)
    try:
        if action in ("on", "off"):
            waits = request.POST.get("what_waits") == "1"
            run = keeping.switch(shown, on=action == "on", by=membership.user, what_waits=waits)
            if run is not None:
                _begin_here(shown)
            messages.success(request, _switched(action == "on", run))
        elif action in ("policy_on", "policy_off"):
            keeping.set_policy(shown, releases_itself=action == "policy_on", by=membership.user)
            messages.success(
                request,
                "From now on what it proposes is asked for at once, in your name. What is open stays for people."
                if action == "policy_on"
                else "What it proposes waits for a person again.",
            )
        elif action == "delete":
            ended = keeping.delete(shown, by=membership.user)
            words = f" {ended} open proposals of it ended." if ended else ""
            messages.success(request, f"The rule is deleted; its log stays beside the answers.{words}")
            back = redirect("rules", membership.account.slug, shown.batch_id)
        else:
            raise Denied("This page was out of date. Try again.")
    except Denied as reason:
        messages.error(request, str(reason))
    return back


def _switched(on: bool, run: RuleRun | None) -> str:
    if not on:
        return "Switched off: new answers are no longer looked at."
    if run is None:
        return "Switched on: every new answer is looked at."
    return f"Switched on: every new answer is looked at, and the {run.total:,} that wait now."
