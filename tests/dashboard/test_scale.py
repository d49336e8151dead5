"""What is large costs no more statements than what is small, and what can be done side by side is."""

import time
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import commands, jobs, mturk
from dashboard.jobs import preparing
from dashboard.models import Account, Command, JobState, State
from hits.actions import approve
from hits.forms import QueueFilter
from hits.models import HIT, Assignment
from tests.cast import Lab, meanwhile
from workers.actions import pay_bonus  # noqa: F401 -- registers SendBonus


def answers(lab: Lab, count: int, **hit: Any) -> list[Assignment]:
    hit_id = lab.hit(MaxAssignments=count, **hit)
    ids = [lab.answer(hit_id) for _ in range(count)]
    lab.sync()
    return list(Assignment.objects.filter(assignment_id__in=ids))


def without_answer(lab: Lab, count: int) -> list[Command]:
    """Approvals that were sent and whose answer never came."""
    made = [approve(assignment=one, by=lab.people["reviewer"]) for one in answers(lab, count)]
    long_ago = timezone.now()
    Command.objects.filter(account=lab.account).update(
        state=State.UNKNOWN, not_before=long_ago, first_sent_at=long_ago, sent_at=long_ago
    )
    return made


def statements_to_prepare(lab: Lab, name: str, options: dict[str, str], count: int) -> int:
    ids = [one.assignment_id for one in answers(lab, count)]
    job = jobs.ask(name, account=lab.account, by=lab.people["approver"], selection={"ids": ids}, options=options)
    with CaptureQueriesContext(connection) as queries:
        jobs.prepare(job.pk)
    job.refresh_from_db()
    assert (job.state, job.total, Command.objects.filter(job=job).count()) == (JobState.RUNNING, count, count)
    return len(queries)


@pytest.mark.parametrize(
    ("name", "options"), [("approve", {}), ("bonus", {"amount": "0.10", "reason": "Thank you for this"})]
)
def test_preparing_three_takes_as_many_statements_as_one(lab: Lab, name: str, options: dict[str, str]) -> None:
    # Without its title: executemany is one statement, and each of its rows none of its own.
    assert statements_to_prepare(lab, name, options, 3) == statements_to_prepare(lab, name, options, 1)


def test_commands_of_a_job_hold_all_that_a_single_one_holds(lab: Lab) -> None:
    alone, bulk = answers(lab, 2)
    single = approve(assignment=alone, by=lab.people["approver"], feedback="Well done")
    job = jobs.ask(
        "approve", account=lab.account, by=lab.people["approver"], selection={"ids": [bulk.assignment_id]},
        options={"feedback": "Well done"},
    )  # fmt: skip
    jobs.prepare(job.pk)
    made = Command.objects.get(job=job)
    differing = {"id", "job_id", "assignment_id", "worker_id", "params", "exclusive_key", "form_key"}
    times = {"created_at", "not_before"}
    for field in Command._meta.concrete_fields:
        if field.attname not in differing | times:
            assert getattr(made, field.attname) == getattr(single, field.attname), field.attname
    assert made.params == {"AssignmentId": bulk.assignment_id, "RequesterFeedback": "Well done"}
    assert single.params == {"AssignmentId": alone.assignment_id, "RequesterFeedback": "Well done"}
    assert made.exclusive_key == single.exclusive_key.replace(alone.assignment_id, bulk.assignment_id)
    bulk.refresh_from_db()
    assert bulk.verdict_id == made.pk


def test_two_workers_on_one_job_write_each_row_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "CHUNK", 2)
    answers(lab, 5)
    selection = {"filter": {"status": "waiting"}}
    job = jobs.ask("approve", account=lab.account, by=lab.people["reviewer"], selection=selection, options={})
    first, second = preparing._look_for_more(job.pk), preparing._look_for_more(job.pk)
    assert first == second
    assert preparing._prepare_chunk(job.pk, first)
    assert preparing._prepare_chunk(job.pk, second)
    jobs.prepare(job.pk)
    assert not preparing._prepare_chunk(job.pk, first)
    job.refresh_from_db()
    assert (job.state, job.total, Command.objects.filter(job=job).count()) == (JobState.RUNNING, 5, 5)


def test_a_row_that_was_decided_while_a_job_is_prepared_is_left_out(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "CHUNK", 2)
    rows = answers(lab, 3)
    selection = {"filter": {"status": "waiting"}}
    job = jobs.ask("approve", account=lab.account, by=lab.people["reviewer"], selection=selection, options={})
    ahead = preparing._look_for_more(job.pk)
    decided = rows[1]
    single = approve(assignment=decided, by=lab.people["reviewer"])
    while preparing._prepare_chunk(job.pk, ahead):
        pass
    jobs.prepare(job.pk)
    job.refresh_from_db()
    assert (job.state, job.total) == (JobState.RUNNING, 2)
    assert list(Command.objects.filter(assignment_id=decided.assignment_id)) == [single]
    assert (job.expected, job.skipped, job.skipped_why) == (3, 1, {preparing.OVERTAKEN: 1}), "and told"


def test_a_job_that_meets_another_one_goes_on_at_once(lab: Lab) -> None:
    one = answers(lab, 3)[1]
    job = jobs.ask(
        "approve",
        account=lab.account,
        by=lab.people["reviewer"],
        selection={"filter": {"status": "waiting"}},
        options={},
    )
    # As another job's command, written since this one looked. It is taken back with the chunk that fails.
    same = approve(assignment=one, by=lab.people["reviewer"])
    columns = {field.attname: getattr(same, field.attname) for field in Command._meta.concrete_fields}
    Assignment.objects.update(verdict=None)
    same.delete()
    with meanwhile(lambda: Command.objects.create(**columns), table="hits_hit"):
        jobs.prepare(job.pk)
    job.refresh_from_db()
    assert (job.state, job.total, job.skipped) == (JobState.RUNNING, 3, 0)


def test_what_has_no_answer_is_asked_about_side_by_side(lab: Lab) -> None:
    without_answer(lab, 8)
    lab.server.control("faults", {"operation": "GetAssignment", "mode": "latency", "latency_ms": 500, "rate": 1.0})
    try:
        start = time.perf_counter()
        assert commands.resolve_unknown(lab.account.pk) == 8
        assert time.perf_counter() - start < 8 * 0.5, "one after the other takes that long"
    finally:
        lab.server.control("faults", method="DELETE")
    # MTurk shows none of them as approved, so each may be sent again.
    assert set(Command.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_questions_keep_to_the_accounts_rate(lab: Lab) -> None:
    without_answer(lab, 5)
    Account.objects.filter(pk=lab.account.pk).update(rate_cap=2)
    assert commands.resolve_unknown(lab.account.pk) == 2
    assert Command.objects.filter(state=State.UNKNOWN).count() == 3


def test_a_dead_endpoint_ends_the_asking(lab: Lab) -> None:
    without_answer(lab, 3)
    Account.objects.filter(pk=lab.account.pk).update(endpoint_url="http://127.0.0.1:9")
    assert commands.resolve_unknown(lab.account.pk) >= 1
    assert set(Command.objects.values_list("state", flat=True)) == {State.UNKNOWN}
    lab.account.refresh_from_db()
    assert "Nothing answers" in lab.account.problem
    assert commands.resolve_unknown(lab.account.pk) == 0, "it is asked again when the pause is over"


def test_answers_follow_their_hit_into_another_batch(lab: Lab) -> None:
    (answer,) = answers(lab, 1)
    assert answer.batch_id == HIT.objects.get().batch_id
    other = lab.mturk.create_hit_type(
        AssignmentDurationInSeconds=600, Reward="0.10", Title="Another one", Description="Read it again"
    )["HITTypeId"]
    lab.mturk.update_hit_type_of_hit(HITId=HIT.objects.get().hit_id, HITTypeId=other)
    lab.sync()
    hit = HIT.objects.get()
    assert hit.batch.key == f"type:{other}"
    found = QueueFilter(QueryDict(f"batch={hit.batch_id}")).apply(Assignment.objects.of(lab.account))
    assert [row.assignment_id for row in found] == [answer.assignment_id]
    before = QueueFilter(QueryDict(f"batch={answer.batch_id}")).apply(Assignment.objects.of(lab.account))
    assert not before.exists()


def test_clients_of_settings_that_were_changed_do_not_pile_up(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mturk, "MOST_CLIENTS", 4)
    for number in range(9):
        lab.account.access_key_id = f"KEY{number}"
        mturk.call(lab.account, "GetAccountBalance", {}, write=False)
    assert len(mturk._clients) <= 4
    assert mturk.client_for(lab.account, write=False) is mturk.client_for(lab.account, write=False)
