"""Pace, budget, order and fairness: what is due, and still has to wait its turn."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from dashboard import actions, budget, commands, jobs, rate
from dashboard.commands import claiming
from dashboard.forms import PolicyForm
from dashboard.models import Account, AuditEvent, Command, Environment, Job, JobState, State
from hits.actions import approve, reject
from hits.models import Assignment
from tests.cast import Lab
from workers.actions import pay_bonus

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def submitted(lab: Lab, count: int = 1, **hit: Any) -> list[Assignment]:
    hit_id = lab.hit(MaxAssignments=count, **hit)
    ids = [lab.answer(hit_id) for _ in range(count)]
    lab.sync()
    return [Assignment.objects.get(assignment_id=pk) for pk in ids]


def approved(lab: Lab, count: int = 1, **hit: Any) -> list[Command]:
    return [approve(assignment=row, by=lab.people["reviewer"]) for row in submitted(lab, count, **hit)]


def changed(lab: Lab, **columns: Any) -> None:
    """As the manager's form saves it."""
    before = Account.objects.get(pk=lab.account.pk)
    data = {name: getattr(before, name) for name in PolicyForm.Meta.fields}
    form = PolicyForm(
        {name: "" if value is None else value for name, value in {**data, **columns}.items()},
        instance=Account.objects.get(pk=lab.account.pk),
    )
    assert form.is_valid(), form.errors
    actions.change_account(account=form.save(commit=False), by=lab.people["manager"], before=before)
    lab.account.refresh_from_db()


def committed(lab: Lab) -> Decimal:
    lab.account.refresh_from_db()
    return lab.account.committed


# --- pace -----------------------------------------------------------------------------------------------------------


def test_an_account_at_aws_begins_at_ten_calls_a_second_and_ours_without_a_limit() -> None:
    ours, aws = Account(), Account(environment=Environment.PRODUCTION)
    assert rate.take(ours, 1000, NOON) == 1000
    assert [rate.take(aws, 100, later(seconds)) for seconds in (0, 0, 0.5, 0.5, 120)] == [10, 0, 5, 0, 10]


def test_throttling_halves_once_a_second_and_the_rate_creeps_up_to_the_cap() -> None:
    account = Account(rate_cap=8)
    assert rate.take(account, 100, NOON) == 8
    assert rate.halve(account, NOON)
    assert not rate.halve(account, later(0.9))
    assert account.rate_now == 4
    assert rate.take(account, 100, later(1)) == 4
    for second in range(60):
        rate.take(account, 100, later(1 + second))
    assert account.rate_now == pytest.approx(4 * 1.1, rel=0.03)
    for second in range(0, 1200, 10):
        rate.take(account, 100, later(61 + second))
    assert account.rate_now == 8


def test_an_endpoint_of_ones_own_is_unlimited_again_after_a_while_and_never_slower_than_the_floor() -> None:
    account = Account()
    for second in range(30):
        rate.halve(account, later(2 * second))
    assert account.rate_now == rate.SLOWEST
    assert rate.take(account, 5, later(3600)) == 5, "an hour later it has crept up"
    rate.take(account, 5, later(7200))
    assert account.rate_now is None


def test_a_clock_that_is_moved_back_gives_no_calls_away() -> None:
    account = Account(rate_cap=10)
    assert rate.take(account, 100, NOON) == 10
    assert rate.take(account, 100, later(-3600)) == 0
    assert rate.take(account, 100, later(-3599)) == 10


def test_two_workers_share_the_rate_and_delivery_goes_on_at_its_pace(lab: Lab) -> None:
    approved(lab, 8)
    changed(lab, rate_cap=4)
    first, second = claiming.take(lab.account.pk), claiming.take(lab.account.pk)
    assert (len(first.commands), len(second.commands)) == (4, 0)
    assert second.pause is not None
    claiming.hand_back(first.commands)
    start = timezone.now()
    assert commands.deliver_due(lab.account.pk) == 8
    assert timedelta(seconds=1.5) < timezone.now() - start < timedelta(seconds=6)
    assert len(lab.ledger("reward")) == 8


def test_a_task_out_of_patience_leaves_the_rest_to_the_next_tick(lab: Lab) -> None:
    approved(lab, 3)
    changed(lab, rate_cap=1)
    assert commands.deliver_due(lab.account.pk, patience=0) == 0
    assert commands.deliver_due(lab.account.pk, patience=0.5) == 1
    assert Command.objects.filter(state=State.QUEUED).count() == 2


def test_a_throttled_account_slows_down_and_loses_nothing(lab: Lab, faults: Any) -> None:
    approved(lab, 3)
    faults("ApproveAssignment", "throttle")
    commands.deliver_due(lab.account.pk)
    lab.account.refresh_from_db()
    assert lab.account.rate_now is not None
    assert lab.account.rate_now <= rate.OPEN_FROM / 2
    assert set(Command.objects.values_list("state", "first_sent_at")) == {(State.QUEUED, None)}


# --- budget ---------------------------------------------------------------------------------------------------------


def test_what_does_not_fit_the_budget_waits_in_words_lets_cheaper_ones_by_and_goes_on_when_it_rises(lab: Lab) -> None:
    changed(lab, budget_cap="0.40")
    dear = approved(lab, 1, Reward="0.50")
    cheap = approved(lab, 4)
    commands.deliver_due(lab.account.pk)

    assert committed(lab) == Decimal("0.36")
    assert Command.objects.filter(pk__in=[command.pk for command in cheap], state=State.DONE).count() == 3
    dear[0].refresh_from_db()
    assert dear[0].state == State.QUEUED
    assert dear[0].waiting_for.startswith("the budget: $0.")
    assert dear[0].waiting_for.endswith(" of $0.40 is used, this needs $0.60")
    left = Command.objects.get(pk__in=[command.pk for command in cheap], state=State.QUEUED)
    assert left.waiting_for == "the budget: $0.36 of $0.40 is used, this needs $0.12"
    commands.deliver_due(lab.account.pk)
    assert Command.objects.get(pk=left.pk).not_before == left.not_before, "not written again at every tick"
    assert not left.undoable()

    changed(lab, budget_cap="1.08")
    commands.deliver_due(lab.account.pk)

    assert committed(lab) == Decimal("1.08") == budget.recount(lab.account.pk)
    assert sorted(row["amount"] for row in lab.ledger("reward")) == ["0.10"] * 4 + ["0.50"]
    told = AuditEvent.objects.filter(kind="account.changed").first()
    assert told is not None
    assert told.data == {"budget_cap": ["0.40", "1.08"]}


def test_money_comes_back_from_what_fails_and_from_what_never_left(lab: Lab, faults: Any) -> None:
    changed(lab, budget_cap="0.12")
    first, second = approved(lab, 2)
    (held,) = commands.claim(lab.account.pk)
    assert committed(lab) == Decimal("0.12")
    Command.objects.filter(pk=held.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    commands.sweep()
    assert committed(lab) == 0
    lab.mturk.reject_assignment(AssignmentId=held.assignment_id, RequesterFeedback="elsewhere")

    for _ in range(2):
        commands.deliver_due(lab.account.pk)

    states = {command.pk: Command.objects.get(pk=command.pk).state for command in (first, second)}
    other = second if held.pk == first.pk else first
    assert states == {held.pk: State.FAILED, other.pk: State.DONE}
    assert committed(lab) == Decimal("0.12") == budget.recount(lab.account.pk)


def test_after_a_storm_the_counter_is_what_the_rows_say(lab: Lab, faults: Any) -> None:
    approved(lab, 12)
    for mode in ("throttle", "error", "drop_before", "drop_after"):
        faults("ApproveAssignment", mode, rate=0.5, seed=7)
        for _ in range(2):
            Command.objects.filter(state__in=[State.QUEUED, State.UNKNOWN]).update(not_before=timezone.now())
            commands.resolve_unknown(lab.account.pk)
            commands.deliver_due(lab.account.pk)
            kept = committed(lab)
            assert kept == budget.recount(lab.account.pk)


def test_a_saved_form_does_not_undo_what_workers_counted_meanwhile(lab: Lab) -> None:
    before = Account.objects.get(pk=lab.account.pk)
    approved(lab)
    commands.deliver_due(lab.account.pk)
    stale = Account.objects.get(pk=lab.account.pk)
    stale.committed, stale.name = Decimal(0), "Another"
    actions.change_account(account=stale, by=lab.people["manager"], before=before)
    assert committed(lab) == Decimal("0.12")


# --- order and fairness ---------------------------------------------------------------------------------------------


def test_a_bonus_waits_for_an_older_decision_about_its_assignment(lab: Lab) -> None:
    (row,) = submitted(lab)
    verdict = reject(assignment=row, by=lab.people["reviewer"], feedback="No")
    Command.objects.filter(pk=verdict.pk).update(not_before=timezone.now() + timedelta(minutes=5))
    bonus = pay_bonus(assignment=row, by=lab.people["approver"], amount=Decimal("0.30"), reason="For the time")
    assert commands.deliver_due(lab.account.pk) == 0
    bonus.refresh_from_db()
    assert bonus.waiting_for == claiming.WAITS_FOR_VERDICT

    Command.objects.filter(pk=verdict.pk).update(not_before=timezone.now())
    assert commands.deliver_due(lab.account.pk) == 2
    assert lab.paid(row.assignment_id, "bonus") == ["0.30"]


def test_a_bonus_goes_when_the_decision_before_it_is_taken_back(lab: Lab) -> None:
    (row,) = submitted(lab)
    verdict = approve(assignment=row, by=lab.people["reviewer"])
    Command.objects.filter(pk=verdict.pk).update(not_before=timezone.now() + timedelta(minutes=5))
    verdict.refresh_from_db()
    pay_bonus(assignment=row, by=lab.people["approver"], amount=Decimal("0.30"), reason="For the time")
    assert commands.deliver_due(lab.account.pk) == 0
    commands.cancel(verdict, by=lab.people["reviewer"])
    assert commands.deliver_due(lab.account.pk) == 1
    assert lab.ledger("reward") == []


def test_jobs_share_a_claim_and_single_decisions_go_first(lab: Lab) -> None:
    def command(job: Job | None) -> Command:
        columns = {"job": job, "requested_by": lab.people["reviewer"], "account": lab.account}
        return Command(kind="ApproveAssignment", params={}, amount=Decimal("0.10"), **columns)

    running = [
        Job.objects.create(
            account=lab.account, kind="ApproveAssignment", selection={}, requested_by=lab.people["reviewer"],
            state=state,
        )
        for state in (JobState.RUNNING, JobState.RUNNING, JobState.PAUSED)
    ]  # fmt: skip
    for job in running:
        Command.objects.bulk_create(command(job) for _ in range(30))
    Command.objects.bulk_create(command(None) for _ in range(3))
    taken = [claimed.job for claimed in commands.claim(lab.account.pk, limit=20)]
    assert taken[:3] == [None] * 3
    assert {job: taken.count(job) for job in running} == {running[0]: 9, running[1]: 8, running[2]: 0}


def test_a_cancelled_job_still_sends_what_may_have_reached_mturk(lab: Lab, faults: Any) -> None:
    submitted(lab, 2)
    job = jobs.ask(
        "approve", account=lab.account, by=lab.people["reviewer"], selection={"filter": {"status": "waiting"}},
        options={},
    )  # fmt: skip
    jobs.prepare(job.pk)
    faults("ApproveAssignment", "error")
    commands.deliver_due(lab.account.pk)
    assert set(Command.objects.values_list("state", flat=True)) == {State.QUEUED}
    lab.server.control("faults", method="DELETE")
    jobs.cancel(job, by=lab.people["reviewer"])
    jobs.work_on(job.pk)
    Command.objects.update(not_before=timezone.now())
    commands.deliver_due(lab.account.pk)
    assert set(Command.objects.values_list("state", flat=True)) == {State.DONE}


def test_many_that_wait_do_not_keep_back_one_that_need_not_whatever_the_rate(lab: Lab) -> None:
    rows = submitted(lab, 12)
    for row in rows[:11]:
        verdict = approve(assignment=row, by=lab.people["reviewer"])
        Command.objects.filter(pk=verdict.pk).update(not_before=timezone.now() + timedelta(minutes=5))
        pay_bonus(assignment=row, by=lab.people["approver"], amount=Decimal("0.05"), reason="Fine")
    free = approve(assignment=rows[11], by=lab.people["reviewer"])
    changed(lab, rate_cap=1)
    assert [command.pk for command in commands.claim(lab.account.pk)] == [free.pk]
