"""Pay somebody who could not hand in: a qualification that only they have, and a HIT that only it opens.

    qualification ─▶ grant ─▶ publish ─▶ tell ─▶ (the worker hands in) ─▶ approve ─▶ delete the HIT ─▶ the qualification

Each step is a Command, asked for when the one before is done. What is next is worked out from the rows each time, under
the lock of the compensation's row: whoever calls `advance`, however often, after any crash, asks for no step twice.
"""

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import audit, commands, proposals
from dashboard.models import Account, Command, Role, State, User
from dashboard.permissions import Denied, bonus_needs_release, check_role
from hits.models import HIT, Assignment, AssignmentStatus
from marketplace.policies import assignment_fee
from qualifications.actions.compensation_hit import annotation, hit_params, worker_link
from qualifications.models import (
    Compensation,
    CompensationOutcome,
    CompensationState,
    CompensationStep,
    QualificationType,
)
from workers.models import Message, MessageRecipient, Worker

LARGEST = Decimal("9999.99")
LONGEST_COMPLAINT, LONGEST_MESSAGE = 4000, 3500
MOST_DAYS = 90
#: A worker's id (facts 4.4).
_WORKER = re.compile(r"A[A-Z0-9]{1,63}")
#: Steps in their order, and what a page says of each.
STEPS = {
    "qualification": "A qualification of its own",
    "grant": "It is given to this worker alone",
    "publish": "A HIT that only this qualification opens",
    "notify": "The worker is told",
    "submit": "The worker hands in",
    "approve": "Approved and paid",
    "expire": "Nobody can take it any more",
    "delete_hit": "The HIT is deleted",
    "delete_qualification": "The qualification is deleted",
}
#: Steps that the worker's page tells of.
_ON_THEIR_PAGE = ("qualification", "grant", "publish", "notify")
_SUBJECT = "A HIT to pay you for work you could not hand in"
_NOT_DONE = (State.CANCELLED, State.DECLINED)


def check_said(*, worker_id: str, complaint: str, amount: Decimal | None, message: str, days: int) -> dict[str, str]:
    """What is wrong with it: field -> sentence."""
    found = {}
    if not _WORKER.fullmatch(worker_id):
        found["worker_id"] = "A worker's id begins with A and has letters and digits only. Copy it whole."
    if not complaint.strip():
        found["complaint"] = "Say what happened: whoever releases or reads this later has nothing else."
    if len(complaint) > LONGEST_COMPLAINT:
        found["complaint"] = f"{len(complaint):,} characters are too many; {LONGEST_COMPLAINT:,} is the most."
    within = amount is not None and amount.is_finite() and Decimal(0) < amount <= LARGEST
    if amount is None or not within or amount != amount.quantize(Decimal("0.01")):
        found["amount"] = f"Between $0.01 and ${LARGEST:,}, in whole cents."
    if len(message) > LONGEST_MESSAGE:
        found["message"] = f"{len(message):,} characters are too many; {LONGEST_MESSAGE:,} is the most."
    if not 1 <= days <= MOST_DAYS:
        found["days"] = f"From 1 to {MOST_DAYS} days."
    return found


def is_heard(account: Account, worker_id: str) -> bool:
    """Whether MTurk would deliver a message of ours, as far as our history tells (api: NotifyWorkers)."""
    return Worker.objects.of(account).filter(worker_id=worker_id, decided__gt=0).exists()


@transaction.atomic
def begin(
    *,
    account: Account,
    by: User,
    worker_id: str,
    complaint: str,
    amount: Decimal,
    message: str = "",
    hit_id: str = "",
    days: int = 14,
    form_key: uuid.UUID | None = None,
) -> Compensation:
    """Begin one. A reviewer's waits for an approver's release, and so does one above the account's limit for bonuses.

    The same form sent twice is one; the same worker has one at a time for the same HIT.
    """
    check_role(by, account, Role.REVIEWER, "compensate a worker")
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if form_key is not None and (earlier := Compensation.objects.of(account).filter(form_key=form_key).first()):
        said = (by.pk, worker_id, hit_id, amount, days, complaint.strip(), message.strip())
        its = (
            earlier.requested_by_id, earlier.worker_id, earlier.hit_id, earlier.amount, earlier.days,
            earlier.complaint, earlier.message,
        )  # fmt: skip
        if said != its:
            raise Denied(
                f"This form was sent before, and began the compensation of {earlier.worker_id}. Nothing else was "
                "begun: open it again and fill it in anew."
            )
        return earlier
    wrong = check_said(worker_id=worker_id, complaint=complaint, amount=amount, message=message, days=days)
    if wrong:
        raise Denied(next(iter(wrong.values())))
    same = Compensation.objects.of(account).filter(worker_id=worker_id, hit_id=hit_id)
    if same.open().exists():
        raise Denied("One is under way for this worker already. Look at it first, or name another HIT.")
    if hit_id and same.filter(outcome=CompensationOutcome.PAID).exists():
        raise Denied("This worker was paid for this very HIT already.")
    compensation = Compensation.objects.create(
        account=account,
        worker_id=worker_id,
        complaint=complaint.strip(),
        hit_id=hit_id,
        message=message.strip(),
        amount=amount,
        fee=assignment_fee(amount, max_assignments=1, masters=False),
        days=days,
        requested_by=by,
        form_key=form_key,
    )
    _ask(
        compensation,
        "qualification",
        "CreateQualificationType",
        {
            "Name": f"Compensation {compensation.reference}",
            "Description": "Opens one HIT that pays you for work you could not hand in.",
            "QualificationTypeStatus": "Active",
        },
        proposed=bonus_needs_release(by, account, amount),
        note=f"Compensation of ${amount} and ${compensation.fee} fee for {worker_id}: {complaint.strip()[:500]}",
        exclusive_key=f"compensation:{compensation.reference}",
    )
    audit.record(
        "compensation.begun",
        account=account,
        by=by,
        subject=worker_id,
        text=compensation.complaint,
        data={"amount": str(amount), "fee": str(compensation.fee), "hit": hit_id, "reference": compensation.reference},
    )
    return compensation


@transaction.atomic
def stop(compensation: Compensation, *, by: User) -> None:
    """End it: what was not sent is taken back, what was made is cleaned up. Work that is handed in is paid all the
    same."""
    check_role(by, compensation.account, Role.REVIEWER, "stop a compensation")
    row = Compensation.objects.select_for_update(of=("self",)).select_related("account").get(pk=compensation.pk)
    if row.state != CompensationState.WORKING:
        raise Denied("It is over already, or being cleaned up.")
    if row.requested_by_id != by.pk:
        check_role(by, row.account, Role.APPROVER, "stop what somebody else began")
    for step in row.steps.select_related("command"):
        if step.command.state in (State.QUEUED, State.PROPOSED) and step.command.first_sent_at is None:
            step.command.account = row.account
            commands.cancel(step.command, by=by)
    _end(row, CompensationOutcome.STOPPED, by=by)


def sweep() -> None:
    """Bring every open compensation on; called by the dashboard's sweep, which is its only clock."""
    for pk in list(Compensation.objects.open().values_list("pk", flat=True)):
        advance(pk)


@transaction.atomic
def advance(pk: uuid.UUID) -> None:
    """Ask for whatever is due next. Changes nothing where something is still on its way, or waits for a person."""
    row = (
        Compensation.objects.select_for_update(of=("self",))
        .select_related("account", "requested_by")
        .filter(pk=pk)
        .exclude(state=CompensationState.ENDED)
        .first()
    )
    if row is None:
        return
    before = row.problem
    row.problem = ""
    try:
        with transaction.atomic():
            _bring_on(row)
    except Denied as reason:
        row.problem = str(reason)
    if row.problem != before:
        row.save(update_fields=["problem"])


def _bring_on(row: Compensation) -> None:
    steps = {step.name: step.command for step in row.steps.select_related("command")}
    if row.state == CompensationState.WORKING:
        _work(row, steps)
    if row.state == CompensationState.CLEANING:
        _clean(row, steps)


def _work(row: Compensation, steps: dict[str, Command]) -> None:
    for name in ("qualification", "grant", "publish"):
        command = steps.get(name)
        if command is None:
            _ask_for(row, name)
            return
        if command.state in _NOT_DONE:
            _end(row, CompensationOutcome.STOPPED)
            return
        if command.state != State.DONE:
            _note_trouble(row, command)
            return
        _take_in(row, name, command)
    if row.message and "notify" not in steps:
        _tell(row)
    _follow_hit(row, steps)


def _take_in(row: Compensation, name: str, command: Command) -> None:
    """The ids MTurk gave; a person may have said that it happened, and then the mirror has to know them."""
    response = command.response or {}
    if name == "qualification" and not row.qualification_type_id:
        made = (response.get("QualificationType") or {}).get("QualificationTypeId", "")
        if not made:
            named = QualificationType.objects.of(row.account).own().present()
            found = named.filter(name=command.params["Name"]).first()
            made = found.qualification_type_id if found else ""
        if not made:
            raise Denied("MTurk did not say which qualification it made. It goes on after the next full sync.")
        row.qualification_type_id = made
        row.save(update_fields=["qualification_type_id"])
        QualificationType.objects.of(row.account).filter(qualification_type_id=made).update(purpose="compensation")
    if name == "publish" and not row.new_hit_id:
        made = (response.get("HIT") or {}).get("HITId", "")
        if not made:
            hit = HIT.objects.of(row.account).filter(annotation=annotation(row)).first()
            made = hit.hit_id if hit else ""
        if not made:
            raise Denied("MTurk did not say which HIT it made. It goes on after the next sync.")
        row.new_hit_id = made
        row.save(update_fields=["new_hit_id"])


def _follow_hit(row: Compensation, steps: dict[str, Command]) -> None:
    """From the HIT being there to its payment, as the mirror sees it."""
    hit = HIT.objects.of(row.account).filter(hit_id=row.new_hit_id).first()
    if hit is None:
        return  # the next sync has it
    assignment = _assignment(row)
    if assignment is None:
        if hit.gone_at is not None or (hit.is_over and not hit.pending):
            _end(row, CompensationOutcome.LAPSED)
        return
    if assignment.status == AssignmentStatus.APPROVED:
        _end(row, CompensationOutcome.PAID)
    elif assignment.status == AssignmentStatus.REJECTED:
        _end(row, CompensationOutcome.REJECTED)
    else:
        _approve(row, steps, assignment)


def _assignment(row: Compensation) -> Assignment | None:
    found = Assignment.objects.filter(account=row.account, hit__hit_id=row.new_hit_id).order_by("pk").first()
    if found is not None and not row.assignment_id:
        row.assignment_id = found.assignment_id
        row.save(update_fields=["assignment_id"])
    return found


def _approve(row: Compensation, steps: dict[str, Command], assignment: Assignment) -> None:
    command = steps.get("approve")
    if command is not None and command.state not in _NOT_DONE:
        _note_trouble(row, command)
        return
    if assignment.verdict_id is not None or command is not None:
        return  # somebody is deciding it, or took our approval back: then it is theirs, or MTurk's in three days
    asked = proposals.carry_out(
        "approve",
        account=row.account,
        assignment_id=assignment.assignment_id,
        worker_id=assignment.worker_id,
        by=row.requested_by,
        reason="",
        amount=row.amount,
    )
    if asked is not None:
        CompensationStep.objects.create(compensation=row, name="approve", command=asked)


def _clean(row: Compensation, steps: dict[str, Command]) -> None:
    for name in ("qualification", "grant", "publish"):
        command = steps.get(name)
        if command is not None and command.is_open:
            return  # it may still make something that has to go
        if command is not None and command.state == State.DONE:
            _take_in(row, name, command)
    if row.new_hit_id and not _hit_is_gone(row, steps):
        return
    if row.qualification_type_id and not _qualification_is_gone(row, steps):
        return
    row.state, row.finished_at = CompensationState.ENDED, timezone.now()
    row.save(update_fields=["state", "finished_at", "outcome"])
    audit.record(
        f"compensation.{row.outcome}",
        account=row.account,
        by=audit.SYSTEM,
        subject=row.worker_id,
        data={"reference": row.reference, "amount": str(row.amount)},
    )


def _hit_is_gone(row: Compensation, steps: dict[str, Command]) -> bool:
    hit = HIT.objects.of(row.account).filter(hit_id=row.new_hit_id).first()
    if hit is None or hit.gone_at is not None:
        return hit is not None
    assignment = _assignment(row)
    if assignment is not None and assignment.status == AssignmentStatus.SUBMITTED:
        _approve(row, steps, assignment)  # handed in at the last moment: it is paid
        return False
    if assignment is not None and assignment.status == AssignmentStatus.APPROVED:
        if row.outcome != CompensationOutcome.PAID:
            row.outcome = CompensationOutcome.PAID
            row.save(update_fields=["outcome"])
    elif not hit.is_over and assignment is None:
        if "expire" not in steps:
            # "Now" as a moment that has surely passed at MTurk.
            past = (timezone.now() - timedelta(minutes=5)).replace(microsecond=0)
            params = {"HITId": hit.hit_id, "ExpireAt": past.isoformat()}
            _ask(row, "expire", "ExpireHIT", params, hit_id=hit.hit_id, exclusive_key=f"end:{hit.hit_id}")
        else:
            _note_trouble(row, steps["expire"])
        return False
    if hit.pending:
        return False  # a worker is on it, and may still hand in
    if "delete_hit" not in steps:
        _ask(
            row, "delete_hit", "DeleteHIT", {"HITId": hit.hit_id},
            hit_id=hit.hit_id, exclusive_key=f"delete:{hit.hit_id}",
        )  # fmt: skip
        return False
    return _is_done(row, steps["delete_hit"])


def _qualification_is_gone(row: Compensation, steps: dict[str, Command]) -> bool:
    if "delete_qualification" not in steps:
        its = QualificationType.objects.of(row.account).filter(qualification_type_id=row.qualification_type_id).first()
        if its is not None and its.gone_at is not None:
            return True
        params = {"QualificationTypeId": row.qualification_type_id}
        key = f"qualification:{row.qualification_type_id}"
        _ask(row, "delete_qualification", "DeleteQualificationType", params, exclusive_key=key)
        return False
    return _is_done(row, steps["delete_qualification"])


def _is_done(row: Compensation, command: Command) -> bool:
    if command.state == State.DONE:
        return True
    _note_trouble(row, command)
    return False


def _note_trouble(row: Compensation, command: Command) -> None:
    if command.state in (State.FAILED, State.ATTENTION):
        row.problem = f"{commands.kind_of(command).verb.capitalize()}: {command.error_message}"
    elif command.state in _NOT_DONE:
        row.problem = "Somebody took this step back. Do it by hand on the pages of the HIT and the qualification."


def _end(row: Compensation, outcome: str, *, by: User | None = None) -> None:
    row.state, row.outcome = CompensationState.CLEANING, outcome
    row.save(update_fields=["state", "outcome"])
    if by is not None:
        audit.record(
            "compensation.stopped",
            account=row.account,
            by=by,
            subject=row.worker_id,
            data={"reference": row.reference},
        )


# --- asking for a step ----------------------------------------------------------------------------------------------


def _ask(row: Compensation, step: str, kind: str, params: dict[str, Any], **columns: Any) -> Command:
    command = commands.ask(
        commands.kind_named(kind),
        account=row.account,
        by=row.requested_by,
        params=params,
        worker_id=row.worker_id if step in _ON_THEIR_PAGE else "",
        **columns,
    )
    CompensationStep.objects.create(compensation=row, name=step, command=command)
    commands.wake(row.account, after=commands.undo_window(row.account))
    return command


def _ask_for(row: Compensation, name: str) -> None:
    type_id = row.qualification_type_id
    if name == "grant":
        _ask(
            row, name, "AssociateQualificationWithWorker",
            {"QualificationTypeId": type_id, "WorkerId": row.worker_id, "IntegerValue": 1, "SendNotification": False},
            exclusive_key=f"score:{type_id}:{row.worker_id}",
        )  # fmt: skip
    elif name == "publish":
        _ask(row, name, "CreateHIT", hit_params(row), exclusive_key=f"compensation-hit:{row.reference}")
    else:
        raise Denied("Its first step is missing. Begin it anew.")


def _tell(row: Compensation) -> None:
    hit = HIT.objects.of(row.account).filter(hit_id=row.new_hit_id).only("hit_group_id").first()
    text = row.message + (f"\n\nYou find it here: {worker_link(row, hit.hit_group_id)}" if hit else "")
    params = {"Subject": _SUBJECT, "MessageText": text, "WorkerIds": [row.worker_id]}
    message = Message.objects.create(account=row.account, subject=_SUBJECT, text=text, made_by=row.requested_by)
    command = _ask(row, "notify", "NotifyWorkers", params)
    MessageRecipient.objects.create(account=row.account, message=message, worker_id=row.worker_id, command=command)
