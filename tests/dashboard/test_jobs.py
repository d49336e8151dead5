"""Bulk work: never half, steerable as one thing, and each row exactly once."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard import commands, jobs
from dashboard.commands import delivery
from dashboard.jobs import preparing
from dashboard.models import Account, Command, Job, JobState, State
from dashboard.permissions import Denied
from hits.actions import approve
from hits.models import Assignment
from tests.cast import Lab

WAITING = {"filter": {"status": "waiting"}}


@pytest.fixture
def busy(lab: Lab) -> Lab:
    """Seven answers of three workers wait."""
    for _ in range(3):
        hit = lab.hit(MaxAssignments=3)
        for number in range(3):
            lab.answer(hit, worker=f"AWORKER{number}")
    lab.answer(lab.hit(Reward="1.00", MaxAssignments=1), worker="AWORKER9")
    lab.sync()
    return lab


def asked(lab: Lab, name: str = "approve", by: str = "reviewer", **more: Any) -> Job:
    said = {"selection": WAITING, "options": {}, **more}
    return jobs.ask(name, account=lab.account, by=lab.people[by], **said)


def prepared(lab: Lab, name: str = "approve", **more: Any) -> Job:
    job = asked(lab, name, **more)
    jobs.prepare(job.pk)
    job.refresh_from_db()
    return job


def deliver(lab: Lab) -> None:
    Command.objects.filter(account=lab.account, state=State.QUEUED).update(not_before=timezone.now())
    commands.deliver_due(lab.account.pk)
    jobs.sweep()


def test_a_dry_run_says_how_many_how_much_and_what_cannot_be_done(busy: Lab) -> None:
    first, second, _ = Assignment.objects.filter(worker_id="AWORKER0")
    approve(assignment=first, by=busy.people["reviewer"])
    busy.mturk.reject_assignment(AssignmentId=second.assignment_id, RequesterFeedback="x")
    busy.sync()
    ahead = jobs.look_ahead("approve", account=busy.account, selection={"filter": {"status": "all"}}, options={})
    assert (ahead.count, ahead.workers) == (8, 4)
    assert (ahead.amount, ahead.fee) == (Decimal("1.70"), Decimal("0.34"))
    assert ahead.refused == {"A decision about it is on its way.": 1, "It is rejected already.": 1}
    assert Command.objects.count() == 1
    assert Job.objects.count() == 0


def test_a_job_approves_every_row_of_a_filter_exactly_once(busy: Lab) -> None:
    job = prepared(busy)
    assert (job.state, job.total, job.amount, job.fee) == (JobState.RUNNING, 10, Decimal("1.90"), Decimal("0.38"))
    assert not Assignment.objects.awaiting_review().exists()
    deliver(busy)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert sorted(row["amount"] for row in busy.ledger("reward")) == ["0.10"] * 9 + ["1.00"]
    assert set(Assignment.objects.values_list("status", "verdict")) == {("Approved", None)}


def test_a_crash_while_preparing_leaves_nothing_claimable_and_another_worker_goes_on(
    busy: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "CHUNK", 4)
    job = asked(busy)
    assert preparing._prepare_chunk(job.pk, preparing._look_for_more(job.pk))
    Command.objects.update(not_before=timezone.now() - timedelta(hours=1))
    assert Command.objects.count() == 4
    assert commands.claim(busy.account.pk) == []
    assert jobs.sweep() == [], "it may still be at work"
    Job.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    assert jobs.sweep() == [job.pk]

    jobs.work_on(job.pk)

    job.refresh_from_db()
    assert (job.state, job.total) == (JobState.RUNNING, 10)
    assert Command.objects.values("assignment_id").distinct().count() == 10


def test_a_job_that_cannot_be_prepared_says_so_and_frees_its_rows(
    busy: Lab, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "CHUNK", 4)
    job = asked(busy)
    assert preparing._prepare_chunk(job.pk, preparing._look_for_more(job.pk))
    Job.objects.update(options={**job.options, "feedback": 7})
    jobs.work_on(job.pk)
    job.refresh_from_db()
    assert (job.state, job.total) == (JobState.FAILED, 4)
    deliver(busy)
    assert jobs.sweep() == []
    assert busy.ledger("reward") == []
    assert Assignment.objects.awaiting_review().count() == 10
    client.force_login(busy.people["reviewer"])
    page = client.get(reverse("job", args=["lab", job.pk])).content.decode()
    assert "It could not be prepared, so nothing of it was sent" in page
    assert "every 1s" not in page


def test_answers_that_came_after_the_dry_run_are_not_paid_by_it(busy: Lab) -> None:
    job = asked(busy)
    busy.answer(busy.hit())
    busy.sync()
    jobs.prepare(job.pk)
    job.refresh_from_db()
    assert job.total == job.expected == 10
    assert Assignment.objects.awaiting_review().count() == 1


def test_a_paused_job_sends_nothing_until_it_is_resumed(busy: Lab) -> None:
    job = prepared(busy)
    jobs.pause(job, by=busy.people["reviewer"])
    deliver(busy)
    assert busy.ledger("reward") == []
    jobs.resume(job, by=busy.people["reviewer"])
    deliver(busy)
    assert len(busy.ledger("reward")) == 10


def test_cancelling_the_rest_frees_the_rows(busy: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    job = prepared(busy)
    for command in commands.claim(busy.account.pk, limit=3):
        commands.mark_sent([command])
        commands.settle(command, delivery.send(command))
    jobs.cancel(job, by=busy.people["reviewer"])
    jobs.work_on(job.pk)
    deliver(busy)
    assert len(busy.ledger("reward")) == 3
    assert jobs.progress(job)["cancelled"] == 7
    assert Assignment.objects.awaiting_review().count() == 7


def test_the_same_form_sent_twice_is_one_job(busy: Lab) -> None:
    key = uuid.uuid4()

    def within(hours: int) -> Job:
        soon = (timezone.now() + timedelta(hours=hours)).isoformat()
        return asked(busy, selection={"filter": {"status": "waiting", "before": soon}}, form_key=key)

    first = within(999)
    assert within(999) == first, "a moment that is reckoned anew is no other wish"
    assert Job.objects.count() == 1
    # Back, something else, and sent again: nobody is led to the first one as if that had been done.
    one = {"ids": [Assignment.objects.order_by("pk")[0].assignment_id]}
    for other in (
        {"name": "reject", "options": {"feedback": "All empty"}},
        {"selection": one},
        {"by": "approver"},
    ):
        with pytest.raises(Denied, match="sent before"):
            asked(busy, form_key=key, **{"selection": first.selection, **other})
    assert Job.objects.count() == 1


def test_a_bulk_rejection_needs_its_reason_and_pays_nothing(busy: Lab) -> None:
    with pytest.raises(Denied, match="Say why"):
        asked(busy, "reject")
    prepared(busy, "reject", options={"feedback": "All empty"})
    deliver(busy)
    assert busy.ledger("reward", "bonus") == []
    assert set(Assignment.objects.values_list("status", "feedback")) == {("Rejected", "All empty")}


def test_a_reviewers_bulk_bonus_waits_and_an_approver_releases_it(busy: Lab) -> None:
    options = {"amount": "0.05", "reason": "Thank you"}
    job = prepared(busy, "bonus", options=options)
    assert job.state == JobState.PROPOSED
    deliver(busy)
    assert busy.ledger("bonus") == []
    with pytest.raises(Denied):
        jobs.release(job, by=busy.people["reviewer"])
    jobs.release(job, by=busy.people["approver"])
    deliver(busy)
    assert [row["amount"] for row in busy.ledger("bonus")] == ["0.05"] * 10


def test_a_job_above_the_accounts_limit_needs_a_second_person_whoever_asks(busy: Lab) -> None:
    Account.objects.update(release_job_above=Decimal("2.00"))
    busy.account.refresh_from_db()
    job = prepared(busy, by="manager")
    assert job.state == JobState.PROPOSED
    with pytest.raises(Denied, match="yourself"):
        jobs.release(job, by=busy.people["manager"])
    jobs.decline(job, by=busy.people["approver"])
    jobs.work_on(job.pk)
    deliver(busy)
    assert busy.ledger("reward") == []
    assert Assignment.objects.awaiting_review().count() == 10


def test_failed_ones_are_tried_again_and_the_outcome_is_a_table(busy: Lab) -> None:
    job = prepared(busy)
    decided = Assignment.objects.first().assignment_id
    busy.mturk.reject_assignment(AssignmentId=decided, RequesterFeedback="elsewhere")
    deliver(busy)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert jobs.progress(job)["failed"] == 1
    assert jobs.retry_failed(job, by=busy.people["reviewer"]) == 1
    commands.resolve_unknown(busy.account.pk)
    assert jobs.progress(job)["failed"] == 1
    table = list(jobs.outcomes(job))
    assert len(table) == 11
    row = next(row for row in table if row[2] == decided)
    assert row[7] == "failed"
    assert "decided it elsewhere" in row[9]
    assert len(busy.ledger("reward")) == 9
    # Of a job that was cancelled nothing new is sent, so nothing of it is tried again either.
    Job.objects.update(state=JobState.CANCELLED)
    failed = Command.objects.get(job=job, state=State.FAILED)
    with pytest.raises(Denied, match="it is cancelled"):
        jobs.retry_failed(job, by=busy.people["reviewer"])
    with pytest.raises(Denied, match="goes no further"):
        commands.retry(failed, by=busy.people["reviewer"])
    failed.refresh_from_db()
    assert failed.state == State.FAILED


def test_nothing_to_do_is_no_job_and_a_viewer_asks_for_none(busy: Lab) -> None:
    with pytest.raises(Denied, match="reviewer"):
        asked(busy, by="viewer")
    with pytest.raises(Denied, match="Nothing in this selection"):
        jobs.ask(
            "approve",
            account=busy.account,
            by=busy.people["reviewer"],
            selection={"filter": {"status": "approved"}},
            options={},
        )
    with pytest.raises(Denied, match="no such bulk action"):
        asked(busy, "drop")
    assert Job.objects.count() == 0


def client_of(lab: Lab, role: str) -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_all_that_match_are_approved_from_the_page_with_the_dry_run(busy: Lab) -> None:
    client = client_of(busy, "reviewer")
    url = reverse("job_new", args=["lab", "approve"])
    page = client.get(url + "?worker=AWORKER1").content.decode()
    assert "Approve 3 for $0.36" in page
    begun = client.post(url, {"query": "worker=AWORKER1", "feedback": "", "form_key": str(uuid.uuid4())})
    job = Job.objects.get()
    assert begun["Location"] == reverse("job", args=["lab", job.pk])
    jobs.prepare(job.pk)
    deliver(busy)
    page = client.get(begun["Location"]).content.decode()
    assert '<strong class="number">3</strong> of <span class="number">3</span> done' in page
    assert len(busy.ledger("reward")) == 3


def test_a_bulk_rejection_without_a_reason_is_refused_beside_the_field(busy: Lab) -> None:
    url = reverse("job_new", args=["lab", "reject"])
    answer = client_of(busy, "reviewer").post(url, {"query": "", "feedback": " "})
    assert answer.status_code == 422
    assert Job.objects.count() == 0


def test_the_price_of_a_bulk_bonus_is_shown_before_it_is_asked_for(busy: Lab) -> None:
    url = reverse("job_new", args=["lab", "bonus"])
    page = client_of(busy, "approver").get(url + "?amount=0.05&reason=Fine").content.decode()
    assert "$0.50" in page
    assert "$0.60" in page
    assert Job.objects.count() == 0


def test_an_amount_that_is_refused_has_no_price(busy: Lab) -> None:
    url = reverse("job_new", args=["lab", "bonus"])
    answer = client_of(busy, "approver").post(url, {"query": "", "amount": "99999", "reason": "kept words"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "A bonus is between" in page
    assert "kept words" in page
    assert "999,9" not in page.replace("$9,999.99", "")
    assert Job.objects.count() == 0


def test_the_outcome_is_a_csv_that_no_spreadsheet_runs(busy: Lab) -> None:
    job = prepared(busy)
    Command.objects.filter(job=job).update(error_message="=cmd|'/c calc'!A1")
    answer = client_of(busy, "viewer").get(reverse("job_outcome", args=["lab", job.pk]))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 11
    assert "'=cmd" in lines[1]


def test_buttons_a_person_may_not_use_do_nothing(busy: Lab) -> None:
    job = prepared(busy)
    url = reverse("job_act", args=["lab", job.pk])
    client_of(busy, "viewer").post(url, {"action": "pause"})
    client_of(busy, "viewer").post(url, {"action": "cancel"})
    client_of(busy, "approver").post(url, {"action": "release"})
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    client_of(busy, "approver").post(url, {"action": "pause"})
    job.refresh_from_db()
    assert job.state == JobState.PAUSED
