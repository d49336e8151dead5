"""Reading the remote side: complete, cheap, and never stopped by what a worker wrote."""

import math
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dashboard import audit, commands
from dashboard.models import Account, AuditEvent, Command, SyncRun
from dashboard.tasks import begin_sync
from hits.actions import approve
from hits.models import HIT, Assignment, Batch
from hits.sync import end_abandoned_runs
from tests.cast import Lab
from workers.actions import pay_bonus
from workers.models import BonusPayment


def calls_of(lab: Lab, act: Any) -> dict[str, int]:
    before = lab.server.control("calls")
    act()
    after = lab.server.control("calls")
    return {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}


def test_hits_and_assignments_arrive_with_everything_a_page_shows(lab: Lab) -> None:
    hit = lab.hit(RequesterAnnotation="BatchId:77;OriginalHitTemplateId:9;")
    plain = lab.hit()
    ids = {lab.answer(hit, total="1"), lab.answer(hit, total="2"), lab.answer(plain)}
    run = lab.sync()
    assert run.error == ""
    assert (run.hits_seen, run.assignments_seen, run.done, run.total) == (2, 3, 2, 2)
    assert set(Assignment.objects.values_list("assignment_id", flat=True)) == ids
    row = Assignment.objects.select_related("hit__batch", "hit__hit_type").get(hit__hit_id=hit, answer__contains=">1<")
    assert row.status == "Submitted"
    assert "1" in row.summary
    assert row.auto_approval_at - row.submitted_at == timedelta(days=1)
    assert "<FreeText>1</FreeText>" in row.answer
    assert row.raw["AssignmentId"] == row.assignment_id
    assert "Answer" not in row.raw
    assert row.hit.batch.key == "batch:77"
    assert row.hit.question.startswith("<HTMLQuestion")
    assert Batch.objects.filter(key__startswith="type:").count() == 1


def test_a_sync_costs_what_changed_and_not_what_exists(alone: Lab) -> None:
    lab = alone
    hits = [lab.hit(MaxAssignments=150 if number == 0 else 1) for number in range(120)]
    for number in range(130):
        lab.answer(hits[0], worker=f"AWORKER{number:06d}")
    lab.answer(hits[1])
    bound = math.ceil(120 / 100) + math.ceil(130 / 100) + 1 + 2 + 2  # and one page of types, one of requests

    first = calls_of(lab, lab.sync)

    assert first["ListHITs"] == 2
    assert first["ListAssignmentsForHIT"] == 2 + 1
    assert sum(first.values()) <= bound
    assert Assignment.objects.count() == 131

    assert calls_of(lab, lab.sync) == {"ListHITs": 2}, "nothing moved"

    lab.answer(hits[5])
    third = calls_of(lab, lab.sync)
    assert third["ListAssignmentsForHIT"] == 1
    assert sum(third.values()) <= 2 + 1 + 2
    assert Assignment.objects.count() == 132


def test_our_own_verdicts_do_not_make_the_next_sync_read_the_hit_again(alone: Lab) -> None:
    lab = alone
    hit = lab.hit()
    lab.answer(hit)
    lab.sync()
    approve(assignment=Assignment.objects.get(), by=lab.people["reviewer"])
    Command.objects.update(not_before=timezone.now())
    commands.deliver_due(lab.account.pk)
    assert calls_of(lab, lab.sync) == {"ListHITs": 1}


def test_a_page_read_before_our_approval_cannot_bring_the_assignment_back(lab: Lab) -> None:
    from hits.sync.assignments import _rows, _store_assignments

    hit = lab.hit()
    lab.answer(hit)
    lab.sync()
    old_page = lab.mturk.list_assignments_for_hit(HITId=hit)["Assignments"]
    approve(assignment=Assignment.objects.get(), by=lab.people["reviewer"])
    Command.objects.update(not_before=timezone.now())
    commands.deliver_due(lab.account.pk)

    assert _store_assignments(lab.account, _rows(SyncRun(account=lab.account), HIT.objects.get(), old_page)) is True

    assert Assignment.objects.get().status == "Approved"
    assert not Assignment.objects.awaiting_review().exists()


def test_what_others_decided_is_recorded_as_elsewhere(lab: Lab) -> None:
    hit = lab.hit()
    first, second = lab.answer(hit), lab.answer(hit)
    lab.sync()
    lab.mturk.approve_assignment(AssignmentId=first)
    lab.mturk.reject_assignment(AssignmentId=second, RequesterFeedback="no")
    lab.sync()
    events = AuditEvent.objects.filter(chain="lab", actor="elsewhere")
    assert set(events.values_list("subject", "kind")) == {
        (first, "assignment.approved"),
        (second, "assignment.rejected"),
    }
    assert Assignment.objects.get(assignment_id=second).feedback == "no"
    assert list(audit.verify("lab")) == []


def test_a_full_sync_sees_what_counts_cannot_show(lab: Lab) -> None:
    hit = lab.hit()
    assignment = lab.answer(hit)
    lab.mturk.reject_assignment(AssignmentId=assignment, RequesterFeedback="no")
    lab.sync()
    worker = Assignment.objects.get().worker_id
    lab.mturk.approve_assignment(AssignmentId=assignment, OverrideRejection=True)
    for reason in ("same", "same", "other"):
        lab.mturk.send_bonus(WorkerId=worker, AssignmentId=assignment, BonusAmount="0.10", Reason=reason)
    lab.sync()
    assert Assignment.objects.get().status == "Rejected"
    lab.sync(full=True)
    assert Assignment.objects.get().status == "Approved"
    assert sorted(BonusPayment.objects.values_list("reason", flat=True)) == ["other", "same", "same"]
    lab.sync(full=True)
    assert BonusPayment.objects.count() == 3


def test_a_bonus_of_ours_is_not_counted_a_second_time(lab: Lab) -> None:
    hit = lab.hit()
    lab.answer(hit)
    lab.sync()
    pay_bonus(assignment=Assignment.objects.get(), by=lab.people["approver"], amount=Decimal("1.00"), reason="Fine")
    Command.objects.update(not_before=timezone.now())
    commands.deliver_due(lab.account.pk)
    lab.sync(full=True)
    assert BonusPayment.objects.count() == 1


def test_a_deleted_hit_is_marked_gone_and_kept(lab: Lab) -> None:
    hit = lab.hit(MaxAssignments=1)
    assignment = lab.answer(hit)
    lab.mturk.approve_assignment(AssignmentId=assignment)
    lab.sync()
    lab.mturk.delete_hit(HITId=hit)
    lab.sync()
    assert HIT.objects.get().gone_at is not None
    assert Assignment.objects.get().answer
    lab.sync()
    assert AuditEvent.objects.filter(kind="hit.gone").count() == 1


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "not xml at all",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        "<QuestionFormAnswers xmlns='urn:wrong'/>",
        "<a>" * 5000,
        "x" * 10_000_000,
    ],
    ids=["empty", "text", "doctype", "namespace", "deep", "ten megabytes"],
)
def test_a_hostile_answer_never_stops_a_sync_and_is_shown_as_text(lab: Lab, answer: str, client: Any) -> None:
    from django.urls import reverse

    from hits.sync.assignments import _rows, _store_assignments

    hit = lab.hit()
    lab.answer(hit)
    lab.sync()
    page = lab.mturk.list_assignments_for_hit(HITId=hit)["Assignments"]
    # The marketplace refuses such documents; another endpoint may not.
    page[0] |= {"AssignmentId": "3HOSTILE", "Answer": answer}
    _store_assignments(lab.account, _rows(SyncRun(account=lab.account), HIT.objects.get(), page))
    client.force_login(lab.people["viewer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    shown = client.get(reverse("assignment", args=["lab", "3HOSTILE"]))
    assert shown.status_code == 200
    assert client.get(reverse("queue", args=["lab"])).status_code == 200
    assert b"root:x:0" not in shown.content


def test_only_one_sync_of_an_account_runs_and_a_dead_one_is_taken_over(lab: Lab) -> None:
    run = begin_sync(lab.account)
    assert run is not None
    assert begin_sync(lab.account) is None
    SyncRun.objects.filter(pk=run.pk).update(beat_at=timezone.now() - timedelta(minutes=5))
    end_abandoned_runs(lab.account)
    assert begin_sync(lab.account) is not None


def test_a_dead_endpoint_is_a_sentence_on_the_account(lab: Lab) -> None:
    Account.objects.filter(pk=lab.account.pk).update(endpoint_url="http://127.0.0.1:9")
    lab.account.refresh_from_db()
    run = lab.sync()
    assert "Nothing answers at http://127.0.0.1:9" in run.error
    assert "Nothing answers at http://127.0.0.1:9" in lab.account.problem
    with pytest.raises(CommandError, match="Not everything"):
        call_command("sync", "lab")


def test_an_endpoint_that_speaks_something_else_is_named(lab: Lab, live_server: Any) -> None:
    Account.objects.filter(pk=lab.account.pk).update(endpoint_url=live_server.url)
    lab.account.refresh_from_db()
    run = lab.sync()
    assert "does not speak the MTurk API" in run.error
    assert "does not speak the MTurk API" in lab.account.problem


def test_an_interrupted_sync_goes_on_where_it_was(lab: Lab, faults: Any) -> None:
    hits = [lab.hit() for _ in range(4)]
    for hit in hits:
        lab.answer(hit)
    faults("ListAssignmentsForHIT", "error")
    assert lab.sync().error
    assert HIT.objects.stale().count() == 4
    lab.server.control("faults", method="DELETE")
    assert lab.sync().error == ""
    assert Assignment.objects.count() == 4
    assert HIT.objects.stale().count() == 0


def test_what_a_person_wrongly_called_done_is_corrected_by_a_later_reading(lab: Lab) -> None:
    """Not at once, MTurk may be slow to show a verdict; but not never either, and no HIT is read again for ever."""
    hit = lab.hit()
    lab.answer(hit)
    lab.sync()
    command = approve(assignment=Assignment.objects.get(), by=lab.people["reviewer"])
    Command.objects.filter(pk=command.pk).update(state="attention")
    command.refresh_from_db()
    commands.decide(command, by=lab.people["approver"], happened=True, reason="I think so")
    lab.sync(full=True)
    assert Assignment.objects.get().status == "Approved"
    assert HIT.objects.stale().count() == 1
    Assignment.objects.update(synced_at=timezone.now() - timedelta(minutes=11))
    lab.sync()
    assert Assignment.objects.awaiting_review().count() == 1
    assert HIT.objects.stale().count() == 0
    assert AuditEvent.objects.filter(kind="assignment.submitted", actor="elsewhere").count() == 1
