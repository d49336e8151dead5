"""What rules found: beside one answer in the workbench, and all open proposals as a table."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard import jobs
from dashboard.access import of_account
from dashboard.context import COUNT_TO
from dashboard.models import Account, Membership, Role, State, User
from dashboard.numbers import all_whole, whole
from dashboard.pages import page
from dashboard.permissions import Denied
from hits.answers.values import is_blank
from hits.forms.quality import FindingFilter
from hits.models import HIT, Assignment, Batch, Finding, GoldAnswer, Rule
from hits.rules import deciding
from hits.rules.gold_files import as_text
from hits.rules.reading import in_words, meets, said
from hits.rules.words import proposal, sentence

#: Released or dismissed at once by one request; all of a rule's go as a job.
MOST = 100
VERDICTS = {Rule.Proposal.APPROVE: "release_approve", Rule.Proposal.REJECT: "release_reject"}
#: What releases all of a rule as a job; soft blocks ask nothing of MTurk, and are done at once.
RELEASES = {**VERDICTS, Rule.Proposal.BONUS: "release_bonus"}
MOST_RULES = 12
_MOST_FIELDS = 40


def _findings(account: Account) -> QuerySet[Finding]:
    hits = HIT.objects.select_related("hit_type").defer("raw", "question")
    rows = Finding.objects.filter(account=account).select_related(
        "rule__batch", "rule__policy_by", "assignment", "beside", "command", "decided_by"
    )
    rows = rows.defer("assignment__answer", "assignment__raw", "beside__answer", "beside__raw", "command__params")
    return rows.prefetch_related(Prefetch("assignment__hit", hits))


def _dressed(finding: Any, account: Account) -> Any:
    """With what templates show beside the columns."""
    finding.account = finding.assignment.account = account
    finding.sentence, finding.proposes = sentence(finding.rule), proposal(finding.rule)
    finding.price = sum(deciding.cost_of(finding.rule, finding.assignment), Decimal(0))
    finding.became = _became(finding)
    finding.open = finding.state == Finding.State.PROPOSED
    return finding


def _became(finding: Finding) -> str:
    """What became of a proposal, in a few words."""
    who = finding.decided_by.get_username() if finding.decided_by else ""
    if finding.state == Finding.State.PROPOSED:
        return finding.note
    if finding.state == Finding.State.RELEASED:
        if finding.rule.proposal == Rule.Proposal.FLAG:
            return "Flagged"
        command = finding.command
        state = f"; {command.state_label}" if command is not None and command.state != State.DONE else ""
        by_policy = finding.rule.releases_itself and finding.rule.policy_by_id == finding.decided_by_id
        return f"Released by {who}{' (policy)' if by_policy else ''}{state}"
    if finding.state == Finding.State.DISMISSED:
        return f"Dismissed by {who}" if who else "Dismissed"
    return finding.note or "Overtaken"


# --- beside one answer ----------------------------------------------------------------------------------------------


def _assignment_of(membership: Membership, assignment_id: str) -> Any:
    rows = Assignment.objects.of(membership.account).select_related("hit__hit_type", "batch").defer("raw", "hit__raw")
    found: Any = get_object_or_404(rows, assignment_id=assignment_id)
    found.account = found.hit.account = membership.account
    return found


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@of_account
def findings(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    """What rules found in an answer and what became of it. POST: action=release|dismiss, finding."""
    assignment = _assignment_of(membership, assignment_id)
    problem = ""
    if request.method == "POST":
        rows = _findings(membership.account).filter(assignment=assignment)
        finding: Any = get_object_or_404(rows, pk=whole(request.POST.get("finding", "")))
        try:
            _act(finding, request.POST.get("action", ""), membership.user)
        except Denied as reason:
            problem = str(reason)
            if not getattr(request, "htmx", False):
                messages.error(request, problem)
        if not getattr(request, "htmx", False):
            return redirect("assignment", membership.account.slug, assignment_id)
    response = beside(request, membership, assignment, problem)
    if request.method == "POST" and not problem and finding.rule.proposal in VERDICTS:
        # The bar below offers what can no longer be done: the page comes anew, and with it all that changed.
        response["HX-Refresh"] = "true"
    return response


def beside(request: HttpRequest, membership: Membership, assignment: Any, problem: str = "") -> HttpResponse:
    """The fragment: findings and gold of an answer."""
    shown = [
        _dressed(finding, membership.account) for finding in _findings(membership.account).filter(assignment=assignment)
    ]
    context = {
        "assignment": assignment,
        "findings": shown,
        "problem": problem,
        "can_decide": membership.role >= Role.REVIEWER,
        "gold": _gold_lines(assignment),
    }
    return render(request, "hits/findings_beside.html", context)


def _gold_lines(assignment: Any) -> list[dict[str, Any]]:
    """Each field with what the answer says and whether gold says so, too."""
    gold = dict(GoldAnswer.objects.filter(hit=assignment.hit).values_list("field", "accepted"))
    answer = said(assignment)
    lines = []
    for name in [*answer, *(name for name in gold if name not in answer)][:_MOST_FIELDS]:
        value, accepted = answer.get(name), gold.get(name)
        if is_blank(value) and accepted is None:
            continue
        lines.append(
            {
                "field": name,
                "words": in_words(value),
                "gold": "" if accepted is None else ", ".join(as_text(one)[:80] for one in accepted[:3]),
                "met": None if accepted is None else any(meets(value, one) for one in accepted),
            }
        )
    return lines


def _act(finding: Finding, action: str, by: User) -> None:
    if action == "release":
        deciding.release(finding, by=by)
    elif action == "dismiss":
        deciding.dismiss(finding, by=by)
    else:
        raise Denied("This page was out of date. Try again.")


# --- all that is open -----------------------------------------------------------------------------------------------


@require_GET
@of_account
def open_findings(request: HttpRequest, membership: Membership) -> HttpResponse:
    """What rules propose and nobody decided, newest first; filters for batch, rule and state."""
    account = membership.account
    chosen = FindingFilter(request.GET).chosen()
    rows = Finding.objects.filter(account=account)
    if chosen["state"] != "all":
        rows = rows.filter(state=chosen["state"])
    rule = batch = None
    if "rule" in chosen:
        rows = rows.filter(rule=chosen["rule"])
        rule = Rule.objects.filter(account=account, pk=chosen["rule"]).select_related("batch").first()
    if "batch" in chosen:
        of_batch = Rule.objects.filter(account=account, batch=chosen["batch"])
        rows = rows.filter(rule__in=list(of_batch.values_list("pk", flat=True)))
        batch = Batch.objects.filter(account=account, pk=chosen["batch"]).first()
    keys = page(rows.only("pk"), request.GET, column="id", descending=True)
    by_pk = {finding.pk: finding for finding in _findings(account).filter(pk__in=[key.pk for key in keys.items])}
    shown = [_dressed(by_pk[key.pk], account) for key in keys.items if key.pk in by_pk]
    url = reverse("open_findings", args=[account.slug])

    def link(**changes: str) -> str:
        pairs = {name: str(value) for name, value in {**chosen, **changes}.items() if value}
        if pairs.get("state") == Finding.State.PROPOSED:
            del pairs["state"]
        return f"{url}?{urlencode(pairs)}"

    context = {
        "page": keys,
        "findings": shown,
        "count": rows.order_by("-pk")[:COUNT_TO].count(),
        "rule": rule,
        "rule_sentence": sentence(rule) if rule else "",
        "batch": batch or (rule.batch if rule else None),
        "query": urlencode(chosen),
        "chips": [
            {"label": label, "url": link(state=value), "on": value == chosen["state"]}
            for value, label in [*Finding.State.choices, ("all", "All")]
        ],
        "rule_off_url": link(rule=""),
        "batch_off_url": link(batch="", rule=""),
        "can_decide": membership.role >= Role.REVIEWER,
        "rules": [] if rule or not shown else _rules_with_open(account, link, batch),
        "whole_rule": rule is not None and chosen["state"] == Finding.State.PROPOSED,
    }
    return render(request, "hits/findings.html", context)


def _rules_with_open(account: Account, link: Any, batch: Batch | None) -> list[dict[str, str]]:
    """Rules that propose something now, to choose one and release all of it."""
    still = Finding.objects.proposed().filter(rule=OuterRef("pk"))
    rules = Rule.objects.kept().filter(Exists(still), account=account).select_related("batch")
    rules = rules.filter(batch=batch) if batch else rules
    return [
        {"label": f"{proposal(rule)}, {rule.batch}", "title": sentence(rule), "url": link(rule=str(rule.pk))}
        for rule in rules.order_by("-pk")[:MOST_RULES]
    ]


@dataclass
class Ahead:
    """What releasing or dismissing a selection would do."""

    count: int = 0
    workers: set[str] = field(default_factory=set)
    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    kinds: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> Decimal:
        return self.amount + self.fee


def _look_ahead(chosen: list[Finding], verdict: str, by: User) -> Ahead:
    ahead = Ahead()
    for finding in chosen:
        try:
            if verdict == "release":
                deciding.check_can_release(finding, by)
            elif finding.state != Finding.State.PROPOSED:
                raise Denied(f"It is {finding.get_state_display().lower()} already.")
        except Denied as reason:
            ahead.refused[str(reason)] += 1
            continue
        ahead.count += 1
        ahead.workers.add(finding.assignment.worker_id)
        ahead.kinds[proposal(finding.rule)] += 1
        if verdict == "release":
            amount, fee = deciding.cost_of(finding.rule, finding.assignment)
            ahead.amount, ahead.fee = ahead.amount + amount, ahead.fee + fee
    return ahead


@require_POST
@of_account
def findings_decide(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Release or dismiss the ticked ones: first what it would do, then, with confirm=1, that."""
    account, verdict = membership.account, request.POST.get("action", "")
    back = reverse("open_findings", args=[account.slug])
    if query := request.POST.get("query", ""):
        back = f"{back}?{QueryDict(query).urlencode()}"
    keys = set(all_whole(request.POST.getlist("finding")))
    if verdict not in ("release", "dismiss") or not keys:
        messages.error(request, "Tick the proposals first.")
        return redirect(back)
    if len(keys) > MOST:
        messages.error(request, f"At most {MOST} at once. To release all of a rule, choose the rule first.")
        return redirect(back)
    chosen = [_dressed(finding, account) for finding in _findings(account).filter(pk__in=keys).order_by("assignment")]
    if request.POST.get("confirm") != "1":
        ahead = _look_ahead(chosen, verdict, membership.user)
        context = {
            "verdict": verdict,
            "ahead": ahead,
            "kinds": ahead.kinds.most_common(),
            "refused": ahead.refused.most_common(),
            "findings": chosen,
            "query": request.POST.get("query", ""),
            "back": back,
        }
        return render(request, "hits/findings_decide.html", context)
    if membership.role < Role.REVIEWER:
        messages.error(request, "You need to be a reviewer of this account to decide what rules propose.")
        return redirect(back)
    came = deciding.decide_together(chosen, by=membership.user, verdict=verdict)
    if came.done:
        total = sum((command.amount + command.fee for command in came.commands), Decimal(0))
        money = f" for ${total:,.2f}, fees included" if total else ""
        messages.success(request, f"{'Released' if verdict == 'release' else 'Dismissed'} {came.done}{money}.")
    for sentence_, count in list(came.refused.items())[:5]:
        messages.error(request, f"{count} not: {sentence_}")
    return redirect(back)


@require_http_methods(["GET", "POST"])
@of_account
def rule_release(request: HttpRequest, membership: Membership, rule_id: int) -> HttpResponse:
    """All open proposals of one rule: what releasing them would do, and the job that does it."""
    account = membership.account
    rule: Any = get_object_or_404(Rule.objects.kept().select_related("batch"), account=account, pk=rule_id)
    rule.account = account
    name = RELEASES.get(Rule.Proposal(rule.proposal))
    back = reverse("open_findings", args=[account.slug]) + f"?rule={rule.pk}"
    if name is None:
        return _release_here(request, membership, rule, back)
    selection, options = {"rule": rule.pk}, {"feedback": rule.reason}
    if rule.proposal == Rule.Proposal.BONUS:
        options = {"amount": str(rule.amount), "reason": rule.reason, "rule": rule.pk}
    if request.method == "POST":
        try:
            key = forms.UUIDField(required=False).clean(request.POST.get("form_key", ""))
            job = jobs.ask(
                name, account=account, by=membership.user, selection=selection, options=options, form_key=key
            )
        except Denied as reason:
            messages.error(request, str(reason))
            return redirect(back)
        except forms.ValidationError:
            messages.error(request, "This page was out of date. Try again.")
            return redirect(back)
        return redirect("job", account.slug, job.pk)
    ahead = jobs.look_ahead(name, account=account, selection=selection, options=options)
    context = {
        "rule": rule,
        "sentence": sentence(rule),
        "ahead": ahead,
        "needs_release": jobs.needs_release(name, by=membership.user, account=account, ahead=ahead, options=options),
        "back": back,
        "form_key": uuid.uuid4(),
        "can_decide": membership.role >= Role.REVIEWER,
    }
    return render(request, "hits/rule_release.html", context)


def _release_here(request: HttpRequest, membership: Membership, rule: Rule, back: str) -> HttpResponse:
    """The same for proposals that are about workers and ask nothing of MTurk: done at once."""
    if request.method == "POST":
        try:
            count, without, more = deciding.release_for_workers(rule, by=membership.user)
        except Denied as reason:
            messages.error(request, str(reason))
        else:
            rest = f" Left out: {without:,}, whose id is not one of MTurk's." if without else ""
            rest += " There are more: release them again." if more else ""
            messages.success(request, f"{proposal(rule)}: done for {count:,} worker{'' if count == 1 else 's'}.{rest}")
        return redirect(back)
    found = Finding.objects.proposed().filter(rule=rule).order_by()
    ahead = found.aggregate(count=Count("pk"), workers=Count("assignment__worker_id", distinct=True))
    context = {
        "rule": rule,
        "sentence": sentence(rule),
        "ahead": ahead,
        "needs_release": False,
        "back": back,
        "can_decide": membership.role >= Role.REVIEWER,
    }
    return render(request, "hits/rule_release.html", context)
