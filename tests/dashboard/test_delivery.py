"""The write path against a real marketplace: what is asked happens once, whatever breaks on the way."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from dashboard import audit, commands, mturk
from dashboard.models import Account, AuditEvent, Command, State
from dashboard.permissions import Denied
from hits.actions import approve, decide_together, override_rejection, reject
from hits.models import Assignment
from tests.cast import Lab
from workers.actions import pay_bonus
from workers.models import BonusPayment


def submitted(lab: Lab, count: int = 1) -> list[Assignment]:
    hit = lab.hit(MaxAssignments=count)
    ids = [lab.answer(hit) for _ in range(count)]
    lab.sync()
    return [Assignment.objects.get(assignment_id=pk) for pk in ids]


def deliver(lab: Lab) -> int:
    """Deliver as if time had passed: backoff and waits are over."""
    Account.objects.filter(pk=lab.account.pk).update(retry_at=None)
    Command.objects.filter(account=lab.account, state__in=[State.QUEUED, State.UNKNOWN]).update(
        not_before=timezone.now()
    )
    commands.resolve_unknown(lab.account.pk)
    return commands.deliver_due(lab.account.pk)


def settled(command: Command) -> Command:
    command.refresh_from_db()
    return command


def test_an_approval_is_paid_once_and_settles_row_mirror_and_audit(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"], feedback="Thank you")
    assert lab.paid(assignment.assignment_id) == []

    assert deliver(lab) == 1

    assert settled(command).state == State.DONE
    assert (command.amount, command.fee) == (Decimal("0.10"), Decimal("0.02"))
    assert lab.paid(assignment.assignment_id) == ["0.10"]
    assignment.refresh_from_db()
    assert (assignment.status, assignment.verdict, assignment.feedback) == ("Approved", None, "Thank you")
    kinds = AuditEvent.objects.filter(chain="lab", subject=assignment.assignment_id).values_list("kind", flat=True)
    assert list(kinds) == ["ApproveAssignment.done", "ApproveAssignment.asked"]
    assert list(audit.verify("lab")) == []


def test_nothing_is_sent_inside_the_undo_window_and_undo_leaves_no_trace_at_the_marketplace(lab: Lab) -> None:
    lab.account.undo_seconds = 10
    lab.account.save()
    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"])
    assert command.undoable()
    assert commands.deliver_due(lab.account.pk) == 0

    commands.cancel(command, by=lab.people["reviewer"])

    assert deliver(lab) == 0
    assert lab.paid(assignment.assignment_id) == []
    assert lab.remote_status(assignment.assignment_id) == "Submitted"
    assert Assignment.objects.awaiting_review().filter(pk=assignment.pk).exists()


def test_undo_comes_too_late_once_it_was_sent(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"])
    deliver(lab)
    with pytest.raises(Denied, match="Too late to undo: it is done"):
        commands.cancel(settled(command), by=lab.people["reviewer"])
    assert lab.paid(assignment.assignment_id) == ["0.10"]


def test_a_rejection_needs_a_reason_pays_nothing_and_can_be_overridden_once(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    with pytest.raises(Denied, match="Say why"):
        reject(assignment=assignment, by=lab.people["reviewer"], feedback="  ")
    reject(assignment=assignment, by=lab.people["reviewer"], feedback="Not a number")
    deliver(lab)
    assignment.refresh_from_db()
    assert (assignment.status, lab.remote_status(assignment.assignment_id)) == ("Rejected", "Rejected")
    assert lab.ledger("reward", "bonus") == []

    command = override_rejection(assignment=assignment, by=lab.people["reviewer"])
    deliver(lab)

    assert settled(command).state == State.DONE
    assert lab.paid(assignment.assignment_id) == ["0.10"]
    assignment.refresh_from_db()
    assert assignment.status == "Approved"


def test_the_second_reviewer_is_told_who_was_first(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    approve(assignment=assignment, by=lab.people["reviewer"])
    with pytest.raises(Denied, match="reviewer-lab was first: asked to approve this"):
        reject(assignment=assignment, by=lab.people["approver"], feedback="No")
    deliver(lab)
    with pytest.raises(Denied, match=r"approved already. reviewer-lab decided it"):
        reject(assignment=assignment, by=lab.people["approver"], feedback="No")
    assert lab.paid(assignment.assignment_id) == ["0.10"]


def test_a_double_click_is_one_decision(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    key = uuid.uuid4()
    first = approve(assignment=assignment, by=lab.people["reviewer"], form_key=key)
    assert approve(assignment=assignment, by=lab.people["reviewer"], form_key=key) == first
    bonus_key = uuid.uuid4()
    for _ in range(2):
        pay_bonus(
            assignment=assignment, by=lab.people["approver"], amount=Decimal("0.50"), reason="Fine", form_key=bonus_key
        )
    deliver(lab)
    assert Command.objects.count() == 2
    assert lab.paid(assignment.assignment_id, "bonus") == ["0.50"]


def test_a_viewer_decides_nothing(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    for act in (
        lambda: approve(assignment=assignment, by=lab.people["viewer"]),
        lambda: reject(assignment=assignment, by=lab.people["viewer"], feedback="No"),
        lambda: pay_bonus(assignment=assignment, by=lab.people["viewer"], amount=Decimal(1), reason="x"),
    ):
        with pytest.raises(Denied, match="You need to be a reviewer"):
            act()
    assert deliver(lab) == 0
    assert Command.objects.count() == 0


def test_a_reviewers_bonus_waits_for_somebody_else_with_the_right_to_release(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = pay_bonus(assignment=assignment, by=lab.people["reviewer"], amount=Decimal("1.00"), reason="Great")
    assert command.state == State.PROPOSED
    assert deliver(lab) == 0
    with pytest.raises(Denied, match="approver"):
        commands.release(command, by=lab.people["reviewer"])

    commands.release(command, by=lab.people["approver"])
    deliver(lab)

    assert settled(command).state == State.DONE
    assert lab.paid(assignment.assignment_id, "bonus") == ["1.00"]
    payment = BonusPayment.objects.get()
    assert payment.command == command
    assert payment.reason.startswith("Great [ref ")


def test_nobody_releases_what_they_proposed_themselves(lab: Lab) -> None:
    lab.account.release_bonus_above = Decimal("5.00")
    lab.account.save()
    (assignment,) = submitted(lab)
    command = pay_bonus(assignment=assignment, by=lab.people["manager"], amount=Decimal("5.01"), reason="Great")
    assert command.state == State.PROPOSED
    with pytest.raises(Denied, match="You asked for this yourself"):
        commands.release(command, by=lab.people["manager"])
    commands.decline(command, by=lab.people["approver"], reason="Too much")
    assert deliver(lab) == 0
    assert lab.paid(assignment.assignment_id, "bonus") == []


@pytest.mark.parametrize("amount", ["0", "-1", "0.005", "10000"])
def test_a_bonus_that_is_no_amount_of_money_is_refused(lab: Lab, amount: str) -> None:
    (assignment,) = submitted(lab)
    with pytest.raises(Denied, match="between"):
        pay_bonus(assignment=assignment, by=lab.people["approver"], amount=Decimal(amount), reason="x")
    assert Command.objects.count() == 0


@pytest.mark.parametrize("mode", ["throttle", "error", "drop_before", "drop_after"])
@pytest.mark.parametrize("operation", ["ApproveAssignment", "SendBonus"])
def test_a_broken_answer_never_pays_twice_and_never_loses(lab: Lab, faults: Any, mode: str, operation: str) -> None:
    (assignment,) = submitted(lab)
    faults(operation, mode)
    if operation == "SendBonus":
        command = pay_bonus(assignment=assignment, by=lab.people["approver"], amount=Decimal("0.25"), reason="x")
    else:
        command = approve(assignment=assignment, by=lab.people["reviewer"])
    commands.deliver_due(lab.account.pk)
    waiting = State.UNKNOWN if mode.startswith("drop") else State.QUEUED
    assert settled(command).state == waiting
    assert command.not_before > timezone.now() - timedelta(seconds=1)

    lab.server.control("faults", method="DELETE")
    for _ in range(3):
        deliver(lab)

    assert settled(command).state == State.DONE
    kind = "bonus" if operation == "SendBonus" else "reward"
    assert lab.paid(assignment.assignment_id, kind) == [f"{command.amount:.2f}"]


def test_a_worker_that_died_before_the_call_delays_it_and_one_that_died_after_is_asked_about(lab: Lab) -> None:
    first, second = submitted(lab, 2)
    before = approve(assignment=first, by=lab.people["reviewer"])
    after = approve(assignment=second, by=lab.people["reviewer"])
    claimed = commands.claim(lab.account.pk)
    assert {command.pk for command in claimed} == {before.pk, after.pk}
    # `after` left: its time of sending is committed and the marketplace did it; then the worker was killed.
    sent = next(command for command in claimed if command.pk == after.pk)
    commands.mark_sent([sent])
    mturk.call(lab.account, "ApproveAssignment", sent.params, write=True)
    Command.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))

    assert commands.sweep() == [lab.account.pk]

    assert settled(before).state == State.QUEUED
    assert settled(after).state == State.UNKNOWN
    deliver(lab)
    assert settled(before).state == settled(after).state == State.DONE
    for assignment in (first, second):
        assert lab.paid(assignment.assignment_id) == ["0.10"]


def test_two_workers_never_claim_the_same_command(lab: Lab) -> None:
    for assignment in submitted(lab, 3):
        approve(assignment=assignment, by=lab.people["reviewer"])
    first, second = commands.claim(lab.account.pk, limit=2), commands.claim(lab.account.pk, limit=2)
    assert len(first) == 2
    assert len(second) == 1
    assert not {command.pk for command in first} & {command.pk for command in second}


def test_a_worker_whose_claim_lapsed_changes_nothing(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"])
    (stale,) = commands.claim(lab.account.pk)
    Command.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    commands.sweep()
    assert commands.mark_sent([stale]) == []
    assert not commands.settle(stale, commands.Outcome(State.DONE))
    assert settled(command).state == State.QUEUED


def test_no_call_begins_that_may_not_be_over_before_its_claim_lapses(lab: Lab, settings: Any) -> None:
    (assignment,) = submitted(lab)
    approve(assignment=assignment, by=lab.people["reviewer"])
    settings.MTURK_CONNECT_TIMEOUT, settings.MTURK_READ_TIMEOUT = 60.0, 61.0  # longer than a claim
    commands.deliver_due(lab.account.pk)
    assert Command.objects.get().state == State.QUEUED
    assert Command.objects.get().first_sent_at is None, "it can still be taken back"
    assert lab.paid(assignment.assignment_id) == []
    settings.MTURK_CONNECT_TIMEOUT, settings.MTURK_READ_TIMEOUT = 5.0, 30.0
    deliver(lab)
    assert lab.paid(assignment.assignment_id) == ["0.10"]


def test_an_assignment_decided_elsewhere_fails_in_words_and_frees_the_row(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"])
    lab.mturk.reject_assignment(AssignmentId=assignment.assignment_id, RequesterFeedback="elsewhere")
    deliver(lab)
    assert settled(command).state == State.FAILED
    assert "decided it elsewhere" in command.error_message
    lab.sync()
    assignment.refresh_from_db()
    assert (assignment.status, assignment.verdict) == ("Rejected", None)
    assert lab.paid(assignment.assignment_id) == []


def test_what_was_approved_elsewhere_meanwhile_is_already_done(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"])
    lab.mturk.approve_assignment(AssignmentId=assignment.assignment_id)
    deliver(lab)
    assert settled(command).state == State.DONE
    assert lab.paid(assignment.assignment_id) == ["0.10"]


def test_a_dead_endpoint_is_one_sentence_and_everything_stays_queued(lab: Lab) -> None:
    assignments = submitted(lab, 3)
    asked = [approve(assignment=assignment, by=lab.people["reviewer"]) for assignment in assignments]
    Account.objects.filter(pk=lab.account.pk).update(endpoint_url="http://127.0.0.1:9")

    deliver(lab)

    lab.account.refresh_from_db()
    assert lab.account.problem.startswith("Nothing answers at http://127.0.0.1:9")
    assert {settled(command).state for command in asked} == {State.QUEUED}
    assert commands.claim(lab.account.pk) == [], "delivery pauses while the endpoint is dead"

    Account.objects.filter(pk=lab.account.pk).update(endpoint_url=lab.server.url)
    deliver(lab)
    assert {settled(command).state for command in asked} == {State.DONE}
    lab.account.refresh_from_db()
    assert lab.account.problem == ""
    assert all(lab.paid(assignment.assignment_id) == ["0.10"] for assignment in assignments)


def test_a_refused_key_leaves_the_queue_as_it_is(lab: Lab, tmp_path: Any) -> None:
    from tests import servers

    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"])
    with servers.marketplace(tmp_path, "--strict") as strict:
        Account.objects.filter(pk=lab.account.pk).update(endpoint_url=strict.url)
        deliver(lab)
    lab.account.refresh_from_db()
    assert "access key is not known" in lab.account.problem
    assert settled(command).state == State.QUEUED


def test_a_failed_command_is_asked_about_before_it_is_sent_again(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = pay_bonus(assignment=assignment, by=lab.people["approver"], amount=Decimal("9999.00"), reason="Fortune")
    deliver(lab)
    assert settled(command).state == State.FAILED
    assert "insufficient funds" in command.error_message.lower()
    commands.retry(command, by=lab.people["approver"])
    assert settled(command).state == State.UNKNOWN
    deliver(lab)
    assert settled(command).state == State.FAILED
    assert lab.paid(assignment.assignment_id, "bonus") == []


def test_an_old_unknown_bonus_is_never_sent_again_by_itself(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = pay_bonus(assignment=assignment, by=lab.people["approver"], amount=Decimal("0.50"), reason="x")
    Command.objects.filter(pk=command.pk).update(
        state=State.UNKNOWN, first_sent_at=timezone.now() - timedelta(hours=24, minutes=1), not_before=timezone.now()
    )
    deliver(lab)
    assert settled(command).state == State.ATTENTION
    assert lab.paid(assignment.assignment_id, "bonus") == []
    commands.decide(command, by=lab.people["approver"], happened=False, reason="The list does not show it.")
    assert settled(command).state == State.FAILED


def test_an_old_unknown_bonus_that_was_paid_is_recognised_by_its_reference(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = pay_bonus(assignment=assignment, by=lab.people["approver"], amount=Decimal("0.50"), reason="x")
    mturk.call(lab.account, "SendBonus", {**command.params, "UniqueRequestToken": str(command.pk)}, write=True)
    Command.objects.filter(pk=command.pk).update(
        state=State.UNKNOWN, first_sent_at=timezone.now() - timedelta(hours=25), not_before=timezone.now()
    )
    deliver(lab)
    assert settled(command).state == State.DONE
    assert lab.paid(assignment.assignment_id, "bonus") == ["0.50"]


def test_a_selection_is_decided_together_and_what_cannot_be_is_named(lab: Lab) -> None:
    first, second, third = submitted(lab, 3)
    approve(assignment=second, by=lab.people["approver"])
    done = decide_together(
        account=lab.account,
        assignment_ids=[first.assignment_id, second.assignment_id, third.assignment_id, "3NOTHERE"],
        by=lab.people["reviewer"],
        verdict="approve",
    )
    assert len(done.commands) == 2
    assert "approver-lab was first" in done.refused[second.assignment_id]
    assert "no such assignment" in done.refused["3NOTHERE"]
    deliver(lab)
    assert [lab.paid(row.assignment_id) for row in (first, second, third)] == [["0.10"]] * 3


def test_another_accounts_assignment_cannot_be_decided_through_this_one(lab: Lab, marketplace_server: Any) -> None:
    from tests.cast import make_lab

    other = make_lab(marketplace_server, "other")
    (theirs,) = submitted(other)
    done = decide_together(
        account=lab.account, assignment_ids=[theirs.assignment_id], by=lab.people["manager"], verdict="approve"
    )
    assert done.commands == []
    with pytest.raises(Denied):
        approve(assignment=theirs, by=lab.people["manager"])


def test_every_transition_that_is_not_in_the_table_is_refused(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"])
    with pytest.raises(ValueError, match="cannot become done"):
        commands.move(command, State.DONE)
    assert set(commands.TRANSITIONS) == set(State)
