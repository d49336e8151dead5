"""Reconciliation: every kind of difference is found once, and is gone when it is mended; a normal day has none."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from dashboard import audit, commands, drift
from dashboard.models import Account, AuditEvent, Command, Drift, State
from dashboard.permissions import Denied
from hits.actions import approve, override_rejection, reject
from hits.models import HIT, Assignment
from tests.cast import Lab
from tests.dashboard.test_delivery import deliver, submitted
from tests.dashboard.test_sync import calls_of
from workers.actions import pay_bonus
from workers.models import BonusPayment


def age(lab: Lab) -> None:
    """As if a quarter of an hour had passed since everything that is done was done: MTurk has to show it by now."""
    quarter = timedelta(minutes=15)
    Command.objects.filter(settled_at__gt=timezone.now() - quarter).update(settled_at=F("settled_at") - quarter)
    Assignment.objects.update(synced_at=timezone.now() - quarter)


def compare(lab: Lab) -> list[Drift]:
    """What a full sync leaves open."""
    age(lab)
    run = lab.sync(full=True)
    assert run.error == ""
    return list(Drift.objects.open().filter(account=lab.account))


def bonus(lab: Lab, assignment: Assignment, amount: str = "0.50") -> Command:
    return pay_bonus(assignment=assignment, by=lab.people["approver"], amount=Decimal(amount), reason="Fine work")


def wrongly(lab: Lab, command: Command, *, happened: bool) -> Command:
    """Somebody settles a command by their own word, and is wrong."""
    Command.objects.filter(pk=command.pk).update(state=State.ATTENTION, attempts=1)
    command.refresh_from_db()
    commands.decide(command, by=lab.people["approver"], happened=happened, reason="I think so")
    return command


def send_ourselves(lab: Lab, command: Command) -> None:
    lab.mturk.send_bonus(**command.params)


def test_a_normal_days_mix_is_no_drift_and_comparing_costs_no_call(alone: Lab) -> None:
    lab = alone
    one, two, three, four, five, _ = submitted(lab, 6)
    approve(assignment=one, by=lab.people["reviewer"])
    reject(assignment=two, by=lab.people["reviewer"], feedback="No")
    reject(assignment=three, by=lab.people["reviewer"], feedback="No")
    bonus(lab, one)
    deliver(lab)
    three.refresh_from_db()
    override_rejection(assignment=three, by=lab.people["reviewer"])
    deliver(lab)
    lab.mturk.approve_assignment(AssignmentId=four.assignment_id)  # elsewhere, and a sync sees it
    lab.sync()
    lab.mturk.approve_assignment(AssignmentId=two.assignment_id, OverrideRejection=True)
    waiting = approve(assignment=five, by=lab.people["reviewer"])

    age(lab)
    calls = calls_of(lab, lambda: lab.sync(full=True))

    assert list(Drift.objects.all()) == []
    assert calls["ListAssignmentsForHIT"] == 1
    assert calls["ListBonusPayments"] == 1
    others = ["ListHITs", "GetAccountBalance", "ListQualificationTypes", "ListQualificationRequests"]
    others += ["ListWorkerBlocks"]
    assert {name: calls[name] for name in set(calls) - {"ListAssignmentsForHIT", "ListBonusPayments"}} == dict.fromkeys(
        others, 1
    )
    said = drift.last_comparison(lab.account)
    assert said is not None
    assert said.text == "Everything we recorded agrees with MTurk."
    assert said.data["compared"]["verdicts asked here"] == 4
    assert said.data["compared"]["bonuses asked here"] == 1
    assert said.data["explained"]["approvals elsewhere that the audit tells of"] == 1
    assert said.data["explained"]["rejections overridden elsewhere"] == 1
    assert waiting.is_open
    assert list(audit.verify("lab")) == []


def test_auto_approvals_are_explained(alone: Lab) -> None:
    lab = alone
    hit = lab.hit(AutoApprovalDelayInSeconds=1)
    lab.answer(hit)
    lab.server.control("clock", {"advance_seconds": 3600})
    assert compare(lab) == []
    said = drift.last_comparison(lab.account)
    assert said is not None
    assert said.data["explained"]["auto-approvals"] == 1


def test_a_bonus_recorded_as_paid_that_mturk_does_not_list(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = wrongly(lab, bonus(lab, assignment), happened=True)

    (row,) = compare(lab)

    assert row.kind == "bonus_missing"
    assert row.command == command
    assert f"bonus of $0.50 to {assignment.worker_id} as paid" in row.sentence
    assert "MTurk lists none" in row.sentence
    assert "ask for it again" in row.advice
    assert lab.paid(assignment.assignment_id, "bonus") == []

    assert compare(lab) == [row], "the same difference is the same row"
    assert Drift.objects.count() == 1

    send_ourselves(lab, command)
    assert compare(lab) == []
    row.refresh_from_db()
    assert row.gone_at is not None


def test_a_bonus_that_nobody_here_asked_for_is_dismissed_and_stays_so(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    lab.mturk.send_bonus(
        WorkerId=assignment.worker_id, AssignmentId=assignment.assignment_id, BonusAmount="1.00", Reason="<b>hi</b>"
    )
    (row,) = compare(lab)
    assert row.kind == "bonus_unasked"
    assert row.sentence.startswith(f"MTurk paid $1.00 to {assignment.worker_id} that nobody here asked for")
    with pytest.raises(Denied, match="Say why"):
        drift.dismiss(row, by=lab.people["approver"], why=" ")
    with pytest.raises(Denied, match="need to be an approver"):
        drift.dismiss(row, by=lab.people["reviewer"], why="Ours")

    drift.dismiss(row, by=lab.people["approver"], why="The script of the other project")

    assert compare(lab) == []
    with pytest.raises(Denied, match="no longer open"):
        drift.dismiss(row, by=lab.people["approver"], why="Again")
    event = AuditEvent.objects.get(kind="drift.dismissed")
    assert event.subject == assignment.assignment_id
    assert "other project" in event.text


def test_what_was_paid_before_the_account_was_connected_is_not_ours_to_explain(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    lab.mturk.send_bonus(
        WorkerId=assignment.worker_id, AssignmentId=assignment.assignment_id, BonusAmount="1.00", Reason="Before"
    )
    lab.mturk.approve_assignment(AssignmentId=assignment.assignment_id)
    Assignment.objects.all().delete()
    Account.objects.filter(pk=lab.account.pk).update(created_at=timezone.now() + timedelta(minutes=1))
    lab.account.refresh_from_db()
    assert compare(lab) == []


def test_a_bonus_called_failed_that_mturk_paid_becomes_done_by_trying_again(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = bonus(lab, assignment)
    send_ourselves(lab, command)
    wrongly(lab, command, happened=False)

    (row,) = compare(lab)
    assert row.kind == "bonus_after_all"
    assert "is failed" in row.sentence

    commands.retry(command, by=lab.people["approver"])
    deliver(lab)
    assert Command.objects.get(pk=command.pk).state == State.DONE
    assert compare(lab) == []
    assert lab.paid(assignment.assignment_id, "bonus") == ["0.50"]


def test_a_copy_of_a_bonus_of_ours_is_named_as_one_too_many(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = bonus(lab, assignment)
    deliver(lab)
    send_ourselves(lab, command)
    (row,) = compare(lab)
    assert row.kind == "bonus_twice"
    assert "once more than was asked" in row.sentence
    assert BonusPayment.objects.count() == 2


def test_an_approval_recorded_as_done_that_mturk_does_not_show(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    wrongly(lab, approve(assignment=assignment, by=lab.people["reviewer"]), happened=True)

    (row,) = compare(lab)
    assert row.kind == "verdict"
    assert "MTurk shows it as submitted" in row.sentence

    assignment.refresh_from_db()
    approve(assignment=assignment, by=lab.people["reviewer"])
    deliver(lab)
    assert compare(lab) == []
    assert lab.paid(assignment.assignment_id) == ["0.10"]


def test_an_approval_called_failed_that_mturk_paid_becomes_done_by_trying_again(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"])
    Command.objects.filter(pk=command.pk).update(first_sent_at=timezone.now())
    lab.mturk.approve_assignment(AssignmentId=assignment.assignment_id)
    wrongly(lab, command, happened=False)
    Assignment.objects.update(synced_at=timezone.now() - timedelta(minutes=15))
    lab.sync(full=True)
    (row,) = Drift.objects.open()
    assert row.kind == "approved_after_all"

    commands.retry(command, by=lab.people["approver"])
    deliver(lab)
    assert compare(lab) == []
    assert lab.paid(assignment.assignment_id) == ["0.10"]


def test_approvals_that_no_sync_saw_are_one_difference_for_each_hit(lab: Lab) -> None:
    hit = lab.hit()
    for _ in range(2):
        lab.mturk.approve_assignment(AssignmentId=lab.answer(hit))
    (row,) = compare(lab)
    assert row.kind == "approvals_unasked"
    assert f"MTurk paid 2 assignments of HIT {hit} ($0.20)" in row.sentence
    drift.dismiss(row, by=lab.people["manager"], why="My script")
    assert compare(lab) == []

    lab.mturk.approve_assignment(AssignmentId=lab.answer(hit))
    (again,) = compare(lab)
    assert again.pk == row.pk, "what was dismissed were two of them"
    assert "3 assignments" in again.sentence


def test_a_hit_that_was_not_read_to_its_end_proves_nothing(lab: Lab, faults: Any) -> None:
    (assignment,) = submitted(lab)
    missing = wrongly(lab, bonus(lab, assignment), happened=True)
    (row,) = compare(lab)
    send_ourselves(lab, missing)
    faults("ListBonusPayments", "error")
    assert lab.sync(full=True).error
    assert list(Drift.objects.open()) == [row], "nothing was compared"
    lab.server.control("faults", method="DELETE")
    run = lab.sync(full=True)
    Drift.objects.update(gone_at=None)
    BonusPayment.objects.update(listed_at=None)
    HIT.objects.update(stale=True)
    assert drift.compare(run).found == 0
    assert list(Drift.objects.open()) == [row], "nobody could have found it, so it is not gone"
    assert compare(lab) == []


def test_a_difference_of_a_hit_that_is_gone_stands_until_somebody_dismisses_it(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    approve(assignment=assignment, by=lab.people["reviewer"])
    deliver(lab)
    wrongly(lab, bonus(lab, assignment), happened=True)
    (row,) = compare(lab)
    hit_id = HIT.objects.get().hit_id
    lab.mturk.update_expiration_for_hit(HITId=hit_id, ExpireAt=0)
    lab.mturk.delete_hit(HITId=hit_id)
    assert compare(lab) == [row]


def test_a_hit_that_was_deleted_here_and_is_still_there(lab: Lab) -> None:
    from hits.commands import DeleteHIT

    hit = lab.hit(MaxAssignments=1)
    lab.sync()
    command = commands.ask(
        DeleteHIT, account=lab.account, by=lab.people["manager"], params={"HITId": hit}, hit_id=hit
    )  # fmt: skip
    wrongly(lab, command, happened=True)
    (row,) = compare(lab)
    assert row.kind == "hit_deletehit"
    assert f"asked to delete HIT {hit}; MTurk says that it is Assignable" in row.sentence
    lab.mturk.update_expiration_for_hit(HITId=hit, ExpireAt=0)
    lab.mturk.delete_hit(HITId=hit)
    assert compare(lab) == []


def test_the_command_says_what_differs_and_ends_with_1(lab: Lab, capsys: Any) -> None:
    (assignment,) = submitted(lab)
    call_command("reconcile", "lab")
    assert "lab: everything agrees. Compared: " in capsys.readouterr().out
    lab.mturk.send_bonus(
        WorkerId=assignment.worker_id, AssignmentId=assignment.assignment_id, BonusAmount="1.00", Reason="Who?"
    )
    with pytest.raises(CommandError, match="differ"):
        call_command("reconcile")
    out = capsys.readouterr().out
    assert "lab: 1 difference." in out
    assert "nobody here asked for" in out
    with pytest.raises(CommandError, match="no account called nothing"):
        call_command("reconcile", "nothing")
