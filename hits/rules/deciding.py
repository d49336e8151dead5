"""What becomes of a proposal: a person releases or dismisses it, or policy releases it in the name of a person."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone

from dashboard import audit, proposals
from dashboard.models import Account, Command, Role, State, User
from dashboard.permissions import Denied, check_role
from hits import actions
from hits.models import Assignment, AssignmentStatus, Finding, Rule
from marketplace.policies import bonus_fee

log = logging.getLogger(__name__)

CONTRADICTED = "Another rule proposes to reject it. Dismiss that first, or decide it yourself."
#: Policy's releases of one transaction's worth of looking; a worker does the next ones after it.
CHUNK = 100
A_DAY = timedelta(days=1)
_ENDED_WITHOUT = (State.CANCELLED, State.DECLINED, State.FAILED)


def cost_of(rule: Rule, assignment: Assignment) -> tuple[Decimal, Decimal]:
    """What releasing a proposal pays: to the worker, and as a fee."""
    if rule.proposal == Rule.Proposal.APPROVE:
        return assignment.hit.reward, assignment.hit.fee
    if rule.proposal == Rule.Proposal.BONUS:
        return rule.amount, bonus_fee(rule.amount)
    return Decimal(0), Decimal(0)


def contradicting(proposal: str) -> QuerySet[Finding]:
    """Open proposals for the assignment of an outer row to do the opposite."""
    return Finding.objects.proposed().filter(rule__proposal=proposal, assignment=OuterRef("assignment"))


def check_can_release(finding: Finding, by: User) -> None:
    """Raise Denied with the reason why this person cannot release this proposal now; changes nothing."""
    assignment, proposal = finding.assignment, finding.rule.proposal
    if finding.state != Finding.State.PROPOSED:
        raise Denied(f"It is {finding.get_state_display().lower()} already.")
    if proposal in (Rule.Proposal.APPROVE, Rule.Proposal.REJECT):
        actions.check_can_decide(by, assignment)
    else:
        check_role(by, finding.account, Role.REVIEWER, "release what rules propose")
    if proposal == Rule.Proposal.APPROVE and _proposed_too(assignment, Rule.Proposal.REJECT):
        raise Denied(CONTRADICTED)
    if proposal == Rule.Proposal.BONUS and assignment.gone_at is not None:
        raise Denied("Its HIT no longer exists there, so MTurk cannot pay a bonus for it.")


def _proposed_too(assignment: Assignment, proposal: str) -> bool:
    return Finding.objects.proposed().filter(assignment=assignment, rule__proposal=proposal).exists()


def _locked(finding: Finding) -> Finding:
    """The finding as it is now, held until the transaction ends; its assignment first, as everybody locks them."""
    Assignment.objects.select_for_update(of=("self",)).only("pk").get(pk=finding.assignment_id)
    return (
        Finding.objects.select_for_update(of=("self",))
        .select_related("rule", "account", "assignment__account", "assignment__hit__hit_type")
        .defer("assignment__raw", "assignment__answer", "assignment__hit__raw", "assignment__hit__question")
        .get(pk=finding.pk)
    )


@transaction.atomic
def release(finding: Finding, *, by: User) -> Command | None:
    """Ask for what a rule proposed, in this person's name; Denied where it cannot be asked for."""
    finding = _locked(finding)
    check_can_release(finding, by)
    return _carry_out(finding, by=by)


def _carry_out(finding: Finding, *, by: User, policy: bool = False) -> Command | None:
    rule, assignment = finding.rule, finding.assignment
    command: Command | None
    if rule.proposal == Rule.Proposal.APPROVE:
        command = actions.approve(assignment=assignment, by=by, feedback=rule.reason)
    elif rule.proposal == Rule.Proposal.REJECT:
        command = actions.reject(assignment=assignment, by=by, feedback=rule.reason)
    else:
        command = proposals.carry_out(
            rule.proposal,
            account=finding.account,
            assignment_id=assignment.assignment_id,
            worker_id=assignment.worker_id,
            by=by,
            reason=rule.reason,
            amount=rule.amount,
        )
    finding.state, finding.command, finding.due, finding.note = Finding.State.RELEASED, command, False, ""
    finding.decided_by, finding.decided_at = by, timezone.now()
    finding.save(update_fields=["state", "command", "due", "note", "decided_by", "decided_at"])
    audit.record(
        "rule.released",
        account=finding.account,
        by=by,
        subject=assignment.assignment_id,
        text=finding.evidence,
        data={"rule": rule.pk, "proposal": rule.proposal, "by_policy": policy},
        command=command,
    )
    return command


@transaction.atomic
def dismiss(finding: Finding, *, by: User) -> None:
    """Say no to a proposal; the finding stays in the log."""
    check_role(by, finding.account, Role.REVIEWER, "dismiss what rules propose")
    finding = _locked(finding)
    if finding.state != Finding.State.PROPOSED:
        raise Denied(f"It is {finding.get_state_display().lower()} already.")
    finding.state, finding.due = Finding.State.DISMISSED, False
    finding.decided_by, finding.decided_at = by, timezone.now()
    finding.save(update_fields=["state", "due", "decided_by", "decided_at"])
    audit.record(
        "rule.dismissed",
        account=finding.account,
        by=by,
        subject=finding.assignment.assignment_id,
        text=finding.evidence,
        data={"rule": finding.rule_id, "proposal": finding.rule.proposal},
    )


@dataclass
class Together:
    """What came of deciding several: how many were done, and how many could not be and why."""

    done: int = 0
    commands: list[Command] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)


@transaction.atomic
def decide_together(findings: Iterable[Finding], *, by: User, verdict: str) -> Together:
    """Release or dismiss several in one transaction; what cannot be done is counted and left alone."""
    came = Together()
    for finding in sorted(findings, key=lambda one: (one.assignment_id, one.pk)):
        try:
            with transaction.atomic():
                if verdict == "release":
                    command = release(finding, by=by)
                    came.commands += [command] if command else []
                else:
                    dismiss(finding, by=by)
                came.done += 1
        except Denied as reason:
            came.refused[str(reason)] = came.refused.get(str(reason), 0) + 1
    return came


#: Workers whose proposals are released in one transaction, and in one request.
SOME_WORKERS, MOST_WORKERS = 200, 5_000
NO_WORKER = "The worker's id is not one of MTurk's."


def release_for_workers(rule: Rule, *, by: User) -> tuple[int, int, bool]:
    """Release all a rule proposes where it is about workers and asks nothing of MTurk: how many workers it was done
    for, how many were left out since MTurk has no such worker, and whether some are left for another time. What was
    left out stays a proposal with the reason beside it."""
    check_role(by, rule.account, Role.REVIEWER, "release what rules propose")
    still = Finding.objects.proposed().filter(rule=rule)
    names = list(still.order_by().values_list("assignment__worker_id", flat=True).distinct()[: MOST_WORKERS + 1])
    without = 0
    for start in range(0, min(len(names), MOST_WORKERS), SOME_WORKERS):
        some = names[start : min(start + SOME_WORKERS, MOST_WORKERS)]
        with transaction.atomic():
            odd = proposals.carry_out_for_workers(
                rule.proposal, account=rule.account, worker_ids=some, batch=rule.batch, by=by, reason=rule.reason
            )
            without += len(odd)
            still.filter(assignment__worker_id__in=odd).update(due=False, note=NO_WORKER)
            done = [name for name in some if name not in set(odd)]
            count = still.filter(assignment__worker_id__in=done).update(
                state=Finding.State.RELEASED, due=False, note="", decided_by=by, decided_at=timezone.now()
            )
            audit.record(
                "rule.released_for_workers", account=rule.account, by=by, subject=str(rule.pk), text=rule.reason,
                data={"proposal": rule.proposal, "findings": count, "workers": done, "left_out": odd},
            )  # fmt: skip
    return min(len(names), MOST_WORKERS) - without, without, len(names) > MOST_WORKERS


# --- policy ---------------------------------------------------------------------------------------------------------


def release_due(account: Account) -> int:
    """Ask for what rules that release themselves have found; how many were looked at. Each is one transaction, and
    what cannot be asked for stays a proposal with the reason beside it."""
    due = list(Finding.objects.filter(account=account, due=True).order_by("pk").values_list("pk", flat=True)[:CHUNK])
    for pk in due:
        _by_policy(pk)
    return len(due)


@transaction.atomic
def _by_policy(pk: int) -> None:
    found = Finding.objects.filter(pk=pk, due=True).first()
    if found is None:
        return
    finding = _locked(found)
    if finding.state != Finding.State.PROPOSED:
        Finding.objects.filter(pk=pk).update(due=False)
    if not finding.due or finding.state != Finding.State.PROPOSED:
        return
    try:
        with transaction.atomic():
            by = _check_policy(finding)
            _carry_out(finding, by=by, policy=True)
    except Denied as reason:
        Finding.objects.filter(pk=pk).update(due=False, note=str(reason)[:300])


def _check_policy(finding: Finding) -> User:
    """In whose name policy may ask for this; Denied with what leaves it to a person."""
    rule, assignment = finding.rule, finding.assignment
    if not (rule.on and rule.releases_itself and rule.deleted_at is None) or rule.policy_by is None:
        raise Denied("The rule no longer releases itself.")
    check_role(rule.policy_by, finding.account, Role.APPROVER, "let a rule release itself")
    opposite = {Rule.Proposal.APPROVE: Rule.Proposal.REJECT, Rule.Proposal.REJECT: Rule.Proposal.APPROVE}
    if rule.proposal in opposite and _proposed_too(assignment, opposite[Rule.Proposal(rule.proposal)]):
        raise Denied("Two rules contradict each other: a person decides.")
    if rule.proposal == Rule.Proposal.BONUS and assignment.status == AssignmentStatus.REJECTED:
        raise Denied("The answer was rejected meanwhile: a person decides about the bonus.")
    check_can_release(finding, rule.policy_by)
    limit = finding.account.release_job_above
    if limit is not None:
        # Many small ones are a bulk job in all but name, and that needs a second person above the limit.
        cost = sum(cost_of(rule, assignment), Decimal(0))
        if cost and asked_lately(rule) + cost > limit:
            raise Denied(f"Policy has asked for ${limit:,.2f} within a day, the account's limit for bulk work.")
    return rule.policy_by


def asked_lately(rule: Rule) -> Decimal:
    """What a rule's findings have asked for within a day, with fees."""
    asked = (
        Command.objects.filter(
            Exists(Finding.objects.filter(rule=rule, command=OuterRef("pk"))),
            account=rule.account_id,
            created_at__gte=timezone.now() - A_DAY,
        )
        .exclude(state__in=_ENDED_WITHOUT)
        .aggregate(amount=Sum("amount"), fee=Sum("fee"))
    )
    return (asked["amount"] or Decimal(0)) + (asked["fee"] or Decimal(0))
