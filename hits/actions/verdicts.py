"""What a person can do with assignments. Each function is one transaction; MTurk hears of it after the undo window."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import commands, proposals
from dashboard.models import Account, Command, Role, User
from dashboard.permissions import Denied, check_role, check_text_for_worker, rejection_needs_release
from hits.actions.reasons import check_reason_template, filled
from hits.commands import ApproveAssignment, OverrideRejection, RejectAssignment, Verdict, verdict_key
from hits.models import Assignment, AssignmentStatus

OVERRIDE_WITHIN = timedelta(days=30)


def check_can_decide(by: User, assignment: Assignment) -> None:
    """Raise Denied with the reason why this person cannot approve or reject this assignment now."""
    check_role(by, assignment.account, Role.REVIEWER, "review work")
    commands.raise_who_was_first(assignment.account, verdict_key(assignment.assignment_id))
    if assignment.gone_at is not None:
        raise Denied("Its HIT no longer exists there; this is our archived copy.")
    if assignment.status != AssignmentStatus.SUBMITTED:
        raise Denied(f"It is {assignment.status.lower()} already.{_last_decision(assignment)}")


def check_can_override(by: User, assignment: Assignment) -> None:
    """Raise Denied with the reason why this rejection cannot be overridden by this person now."""
    check_role(by, assignment.account, Role.REVIEWER, "override a rejection")
    commands.raise_who_was_first(assignment.account, verdict_key(assignment.assignment_id))
    if assignment.gone_at is not None:
        raise Denied("Its HIT no longer exists there, so the rejection stands.")
    if assignment.status != AssignmentStatus.REJECTED:
        raise Denied("Only a rejection can be overridden.")
    if assignment.submitted_at < timezone.now() - OVERRIDE_WITHIN:
        raise Denied("MTurk overrides a rejection only within 30 days of the submission.")


def _last_decision(assignment: Assignment) -> str:
    last = (
        Command.objects.filter(
            account=assignment.account_id,
            assignment_id=assignment.assignment_id,
            kind__in=[ApproveAssignment.name, RejectAssignment.name, OverrideRejection.name],
            state="done",
        )
        .select_related("requested_by")
        .first()
    )
    return f" {last.requested_by.get_username()} decided it." if last else " It was not decided here."


@transaction.atomic
def approve(*, assignment: Assignment, by: User, feedback: str = "", form_key: uuid.UUID | None = None) -> Command:
    """Ask for the payment of an assignment."""
    return _decide(ApproveAssignment, assignment, by, feedback=check_text_for_worker(feedback), form_key=form_key)


@proposals.register("approve")
def approve_named(
    *, account: Account, assignment_id: str, worker_id: str, by: User, reason: str, amount: Decimal
) -> Command:
    """`approve` for apps that know hits' rows alone; `amount` is what the HIT pays, whatever is said."""
    row = Assignment.objects.of(account).filter(assignment_id=assignment_id, worker_id=worker_id).first()
    if row is None:
        raise Denied("There is no such assignment in this account.")
    return approve(assignment=row, by=by, feedback=reason)


@transaction.atomic
def reject(*, assignment: Assignment, by: User, feedback: str, form_key: uuid.UUID | None = None) -> Command:
    """Refuse an assignment; the worker reads the reason and is not paid."""
    feedback = check_text_for_worker(feedback)
    if not feedback:
        raise Denied("Say why: the worker reads the reason.")
    proposed = rejection_needs_release(by, assignment.account)
    return _decide(RejectAssignment, assignment, by, feedback=feedback, form_key=form_key, proposed=proposed)


@transaction.atomic
def override_rejection(
    *, assignment: Assignment, by: User, feedback: str = "", form_key: uuid.UUID | None = None
) -> Command:
    """Pay an assignment that was rejected."""
    return _decide(OverrideRejection, assignment, by, feedback=check_text_for_worker(feedback), form_key=form_key)


def _decide(
    kind: type[Verdict],
    assignment: Assignment,
    by: User,
    *,
    feedback: str,
    form_key: uuid.UUID | None,
    proposed: bool = False,
) -> Command:
    assignment = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("hit__hit_type", "account")
        .defer("answer", "raw", "hit__raw", "hit__question")
        .get(pk=assignment.pk)
    )
    said = {"assignment_id": assignment.assignment_id, "note": feedback}
    earlier = commands.made_before(kind, account=assignment.account, by=by, form_key=form_key, **said)
    if earlier is not None:
        return earlier
    (check_can_override if kind is OverrideRejection else check_can_decide)(by, assignment)
    params: dict[str, Any] = {"AssignmentId": assignment.assignment_id}
    if feedback:
        params["RequesterFeedback"] = feedback
    if kind is OverrideRejection:
        params["OverrideRejection"] = True
    pays = kind is not RejectAssignment
    command = commands.ask(
        kind,
        account=assignment.account,
        by=by,
        params=params,
        proposed=proposed,
        form_key=form_key,
        exclusive_key=verdict_key(assignment.assignment_id),
        assignment_id=assignment.assignment_id,
        hit_id=assignment.hit.hit_id,
        worker_id=assignment.worker_id,
        amount=assignment.hit.reward if pays else 0,
        fee=assignment.hit.fee if pays else 0,
        note=feedback,
    )
    # Whoever decides has it from now on, whoever held it before.
    Assignment.objects.filter(pk=assignment.pk).update(verdict=command, reviewer=by, handed_until=None)
    commands.wake(assignment.account, after=commands.undo_window(assignment.account))
    return command


@dataclass
class Together:
    """What came of deciding several: the commands made, and a sentence for each one that could not be decided."""

    commands: list[Command] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def decide_together(
    *, account: Account, assignment_ids: Iterable[str], by: User, verdict: str, feedback: str = ""
) -> Together:
    """Approve or reject a selection in one transaction; what cannot be decided is named and left alone. Variables in
    the feedback are filled in for each of them."""
    check_role(by, account, Role.REVIEWER, "review work")
    feedback = check_reason_template(feedback) if feedback.strip() else ""
    done = Together()
    chosen = list(dict.fromkeys(assignment_ids))
    # All locked before anything is written, and in one order: two overlapping selections wait for each other instead of
    # stopping each other half way, the one with the audit's end in its hand and the other with an assignment.
    wanted = Assignment.objects.of(account).filter(assignment_id__in=chosen).order_by("pk")
    wanted = wanted.select_related("hit__hit_type", "hit__batch").defer("raw", "hit__raw")
    wanted = wanted.select_for_update(of=("self",))
    rows = {row.assignment_id: row for row in wanted}
    for assignment_id in chosen:
        assignment = rows.get(assignment_id)
        if assignment is None:
            done.refused[assignment_id] = "There is no such assignment in this account."
            continue
        try:
            with transaction.atomic():
                act, said = approve if verdict == "approve" else reject, filled(feedback, assignment)
                done.commands.append(act(assignment=assignment, by=by, feedback=said))
        except Denied as reason:
            if verdict == "reject" and not feedback.strip():
                raise
            done.refused[assignment_id] = str(reason)
    return done
