"""A clock that is moved back delays nothing by more than the longest wait, and never makes an old token young."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from celery import Celery
from django.utils import timezone

from dashboard import commands, jobs
from dashboard.beat import Scheduler
from dashboard.models import Account, Command, Job, State, SyncRun
from dashboard.tasks import begin_sync
from hits.actions import approve
from hits.models import Assignment
from tests.cast import Lab
from workers.actions import pay_bonus

HOUR = timedelta(hours=1)


def submitted(lab: Lab) -> Assignment:
    lab.answer(lab.hit(MaxAssignments=1))
    lab.sync()
    return Assignment.objects.get()


def test_beat_goes_on_when_the_clock_is_moved_back(tmp_path: Path) -> None:
    class Movable(Celery):
        moved = timedelta()

        def now(self) -> datetime:
            return super().now() + self.moved

    app = Movable("beat", broker="memory://")
    app.conf.beat_schedule = {
        name: {"task": name, "schedule": seconds} for name, seconds in (("often", 5.0), ("rarely", 3600.0))
    }
    beat = Scheduler(app, schedule_filename=str(tmp_path / "schedule"))
    try:
        sent = []
        beat.apply_entry = lambda entry, producer=None: sent.append(entry.name)

        def run() -> list[str]:
            sent.clear()
            while beat.tick() == 0:
                pass
            # Celery has an entry of its own, for four in the morning.
            return sorted(name for name in sent if not name.startswith("celery."))

        assert run() == []
        app.moved += timedelta(seconds=6)
        assert run() == ["often"]
        app.moved -= HOUR
        assert run() == []
        app.moved += timedelta(seconds=6)
        assert run() == ["often"]
        app.moved += HOUR
        assert run() == ["often", "rarely"]
    finally:
        beat.close()


def test_waits_counted_by_a_clock_that_was_ahead_are_no_longer_than_any(lab: Lab, settings: Any) -> None:
    command = approve(assignment=submitted(lab), by=lab.people["reviewer"])
    rows = Command.objects.filter(pk=command.pk)

    def swept(**columns: Any) -> Command:
        rows.update(**{"state": State.QUEUED, "attempts": 0, "waiting_for": "", **columns})
        commands.sweep()
        return rows.get()

    later = timezone.now() + HOUR
    lab.account.undo_seconds = 7
    lab.account.save()
    assert swept(not_before=later).not_before < timezone.now() + timedelta(seconds=7), "its undo window begins anew"
    assert swept(not_before=later, attempts=1).not_before <= timezone.now() + timedelta(minutes=5)
    assert swept(not_before=later, state=State.UNKNOWN).not_before <= timezone.now() + timedelta(minutes=5)
    assert swept(not_before=later, waiting_for="the budget").not_before <= timezone.now() + timedelta(minutes=10)
    held = swept(state=State.SENDING, claimed_until=later, sent_at=later, first_sent_at=later)
    assert timezone.now() < held.claimed_until <= timezone.now() + timedelta(minutes=2)
    Account.objects.update(retry_at=later)
    soon = timezone.now() + timedelta(minutes=4)
    assert swept(not_before=soon, attempts=1).not_before == soon, "what is no longer than any wait stays as it is"
    lab.account.refresh_from_db()
    assert lab.account.retry_at <= timezone.now() + timedelta(minutes=1)


def test_a_job_whose_worker_died_before_the_clock_was_moved_back_is_gone_on_with(lab: Lab) -> None:
    selection = {"ids": [submitted(lab).assignment_id]}
    job = jobs.ask("approve", account=lab.account, by=lab.people["approver"], selection=selection, options={})
    Job.objects.update(beat_at=timezone.now() + timedelta(seconds=5))
    assert jobs.sweep() == [], "clocks of two machines may be that far apart"
    Job.objects.update(beat_at=timezone.now() + HOUR)
    assert jobs.sweep() == [job.pk]
    jobs.work_on(job.pk)
    assert jobs.sweep() == []
    assert Command.objects.get().job == job


def test_a_sync_whose_worker_died_before_the_clock_was_moved_back_keeps_no_other_from_reading(lab: Lab) -> None:
    died = begin_sync(lab.account)
    assert died is not None
    SyncRun.objects.update(beat_at=timezone.now() + timedelta(seconds=30))
    assert begin_sync(lab.account) is None, "clocks of two machines may be that far apart"
    SyncRun.objects.update(beat_at=timezone.now() + HOUR)
    assert begin_sync(lab.account) is not None


def test_a_bonus_sent_far_in_the_future_is_looked_for_before_it_is_sent_again(lab: Lab) -> None:
    command = pay_bonus(assignment=submitted(lab), by=lab.people["approver"], amount=Decimal("0.50"), reason="Fine")
    lab.server.control("calls", method="DELETE")
    ahead = timezone.now() + 3 * HOUR
    Command.objects.update(attempts=1, first_sent_at=ahead, sent_at=ahead, not_before=timezone.now())
    commands.deliver_due(lab.account.pk)
    Command.objects.update(not_before=timezone.now())
    commands.resolve_unknown(lab.account.pk)
    commands.deliver_due(lab.account.pk)
    assert lab.server.control("calls").get("SendBonus", 0) == 0
    command.refresh_from_db()
    assert command.state == State.ATTENTION, "nobody knows how old its token is"
