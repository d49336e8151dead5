"""Making rules, changing them, switching them on and off, and letting one release itself."""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dashboard import audit
from dashboard.models import Role, User
from dashboard.permissions import Denied, check_role
from hits.models import Batch, Finding, Rule, RuleRun
from hits.rules import past, texts
from hits.rules.words import sentence

MOST_RULES = 40
DELETED = "The rule was deleted."
_CHANGING = "change the rules of a batch"


def check_can_change(by: User, rule: Rule) -> None:
    """What a rule that releases itself asks for is asked in a person's name: only who may do that changes it."""
    if rule.releases_itself:
        check_role(by, rule.account, Role.APPROVER, "change a rule that releases itself")
    else:
        check_role(by, rule.account, Role.REVIEWER, _CHANGING)
    if rule.deleted_at is not None:
        raise Denied("This rule was deleted; what it found is kept.")


def _locked(rule: Rule) -> Rule:
    return Rule.objects.select_for_update(of=("self",)).select_related("account", "batch").get(pk=rule.pk)


def _record(rule: Rule, event: str, by: User, **data: Any) -> None:
    audit.record(
        f"rule.{event}",
        account=rule.account,
        by=by,
        subject=rule.batch.key,
        text=sentence(rule),
        data={"rule": rule.pk, **data},
    )


@transaction.atomic
def add(
    *,
    batch: Batch,
    by: User,
    look: str,
    settings: dict[str, Any],
    when_passed: bool,
    proposal: str,
    reason: str = "",
    amount: Decimal = Decimal(0),
) -> Rule:
    """A new rule, switched off. One about texts has those of the batch read first."""
    check_role(by, batch.account, Role.REVIEWER, _CHANGING)
    if Rule.objects.kept().filter(batch=batch).count() >= MOST_RULES:
        raise Denied(f"A batch has at most {MOST_RULES} rules. Delete one that is no longer used.")
    rule = Rule.objects.create(
        account=batch.account,
        batch=batch,
        look=look,
        settings=settings,
        when_passed=when_passed,
        proposal=proposal,
        reason=reason,
        amount=amount,
        made_by=by,
    )
    _index(rule, by)
    _record(rule, "added", by)
    return rule


def _index(rule: Rule, by: User) -> None:
    """Have the texts of the past read; those of a field with codes always, since a code may be no text."""
    if rule.look not in texts.WATCHERS:
        return
    before = RuleRun.objects.filter(
        rule__batch=rule.batch_id, rule__deleted_at=None, purpose=RuleRun.Purpose.INDEX, finished_at__isnull=False
    )
    # Since such a run every new answer was read as it came.
    if rule.look == Rule.Look.CODE or not before.filter(done__gte=F("total")).exists():
        past.begin(rule, RuleRun.Purpose.INDEX, by=by)


@transaction.atomic
def change(
    rule: Rule,
    *,
    by: User,
    settings: dict[str, Any],
    when_passed: bool,
    proposal: str,
    reason: str = "",
    amount: Decimal = Decimal(0),
) -> Rule:
    """What is proposed already keeps its words; what comes from now on is looked at anew."""
    rule = _locked(rule)
    check_can_change(by, rule)
    before = sentence(rule)
    if rule.proposal != proposal and Finding.objects.filter(rule=rule).exists():
        raise Denied(
            "It has found something already, and its log would then say something else. Delete it and add another."
        )
    field = rule.settings.get("field")
    rule.settings, rule.when_passed, rule.proposal = settings, when_passed, proposal
    rule.reason, rule.amount = reason, amount
    if rule.releases_itself:
        rule.policy_by = by  # what it asks for from now on is what this person made of it
    rule.save()
    if settings.get("field") != field:
        _index(rule, by)
    _record(rule, "changed", by, before=before)
    return rule


@transaction.atomic
def switch(rule: Rule, *, on: bool, by: User, what_waits: bool = False) -> RuleRun | None:
    """On: every new answer is looked at, and with `what_waits` those that wait already, by a worker."""
    rule = _locked(rule)
    check_can_change(by, rule)
    if rule.on != on:
        rule.on = on
        if on and rule.releases_itself:
            rule.policy_by = by
        rule.save(update_fields=["on", "policy_by"])
        _record(rule, "switched_on" if on else "switched_off", by)
    return past.begin(rule, RuleRun.Purpose.APPLY, by=by) if on and what_waits else None


@transaction.atomic
def set_policy(rule: Rule, *, releases_itself: bool, by: User) -> None:
    """From now on what the rule proposes is asked for at once, in this person's name; or no longer."""
    rule = _locked(rule)
    check_role(by, rule.account, Role.APPROVER, "let a rule release itself")
    check_can_change(by, rule)
    if releases_itself and rule.proposal == Rule.Proposal.FLAG:
        raise Denied("A flag is set at once; there is nothing to release.")
    if rule.releases_itself == releases_itself:
        return
    rule.releases_itself = releases_itself
    rule.policy_by = by if releases_itself else None
    rule.save(update_fields=["releases_itself", "policy_by"])
    _record(rule, "policy_on" if releases_itself else "policy_off", by)


@transaction.atomic
def delete(rule: Rule, *, by: User) -> int:
    """Out of use: its open proposals end, and its log stays beside the decisions. How many ended."""
    rule = _locked(rule)
    check_can_change(by, rule)
    rule.deleted_at, rule.on, rule.releases_itself, rule.policy_by = timezone.now(), False, False, None
    rule.save(update_fields=["deleted_at", "on", "releases_itself", "policy_by"])
    ended = Finding.objects.proposed().filter(rule=rule).update(state=Finding.State.OVERTAKEN, note=DELETED, due=False)
    RuleRun.objects.filter(rule=rule, finished_at=None).update(finished_at=timezone.now())
    _record(rule, "deleted", by, ended=ended)
    return ended
