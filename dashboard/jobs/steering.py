"""What people do with a job that exists, and what is found that a dead worker left behind."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from dashboard import audit, commands
from dashboard.jobs.bulk import bulk_of
from dashboard.jobs.preparing import prepare, tell_a_worker
from dashboard.models import OPEN_STATES, STOPPED_JOBS, Command, Job, JobState, Role, State, User
from dashboard.permissions import Denied, check_can_release, check_role

#: A preparing worker writes a chunk in a fraction of this; one that is silent for longer has died.
SILENT = timedelta(seconds=30)


def _locked(job: Job) -> Job:
    return Job.objects.select_for_update(of=("self",)).select_related("account", "requested_by").get(pk=job.pk)


def _check_mine_or_approver(job: Job, by: User, doing: str) -> None:
    needed = Role.REVIEWER if job.requested_by_id == by.pk else Role.APPROVER
    check_role(by, job.account, needed, doing)


def _become(job: Job, state: JobState, *, by: User, event: str, **columns: Any) -> None:
    job.state = state
    job.decided_by = by
    for name, value in columns.items():
        setattr(job, name, value)
    job.save(update_fields=["state", "decided_by", *columns])
    audit.record(f"job.{event}", account=job.account, by=by, subject=str(job.pk), text=job.title)


@transaction.atomic
def pause(job: Job, *, by: User) -> None:
    job = _locked(job)
    _check_mine_or_approver(job, by, "pause a job")
    if job.state != JobState.RUNNING:
        raise Denied(f"It does not run: it is {job.state_label}.")
    _become(job, JobState.PAUSED, by=by, event="paused")


@transaction.atomic
def resume(job: Job, *, by: User) -> None:
    job = _locked(job)
    _check_mine_or_approver(job, by, "resume a job")
    if job.state != JobState.PAUSED:
        raise Denied(f"It is not paused: it is {job.state_label}.")
    _become(job, JobState.RUNNING, by=by, event="resumed")
    commands.wake(job.account)


@transaction.atomic
def release(job: Job, *, by: User) -> None:
    """A second person lets a prepared job go."""
    job = _locked(job)
    check_can_release(by, job.account, requested_by=job.requested_by)
    if job.state != JobState.PROPOSED:
        raise Denied(f"It does not wait for release: it is {job.state_label}.")
    _become(job, JobState.RUNNING, by=by, event="released", started_at=timezone.now())
    commands.wake(job.account)


@transaction.atomic
def decline(job: Job, *, by: User) -> None:
    job = _locked(job)
    check_can_release(by, job.account, requested_by=job.requested_by)
    if job.state != JobState.PROPOSED:
        raise Denied(f"It does not wait for release: it is {job.state_label}.")
    _become(job, JobState.DECLINED, by=by, event="declined", finished_at=timezone.now())
    tell_a_worker(job)


@transaction.atomic
def cancel(job: Job, *, by: User) -> None:
    """Nothing more of it is sent from now on; its rows are freed by a worker, chunk by chunk."""
    job = _locked(job)
    _check_mine_or_approver(job, by, "cancel a job")
    if job.state not in (JobState.PREPARING, JobState.PROPOSED, JobState.RUNNING, JobState.PAUSED):
        raise Denied(f"There is nothing to cancel: it is {job.state_label}.")
    _become(job, JobState.CANCELLED, by=by, event="cancelled", finished_at=timezone.now())
    tell_a_worker(job)


def free_rest(job_id: uuid.UUID) -> None:
    """End what a job that goes no further has not sent, and free its rows."""
    while _free_chunk(job_id):
        pass


@transaction.atomic
def _free_chunk(job_id: uuid.UUID) -> bool:
    job = Job.objects.select_for_update(of=("self",)).get(pk=job_id)
    if job.state not in STOPPED_JOBS:
        return False
    ids = list(
        Command.objects.filter(job=job, state=State.QUEUED, first_sent_at=None)
        .order_by("pk")
        .values_list("pk", flat=True)[:500]
    )
    if not ids:
        return False
    rest = Command.objects.filter(pk__in=ids, state=State.QUEUED, first_sent_at=None)
    bulk_of(job).unmark(rest)
    rest.update(state=State.CANCELLED, settled_at=timezone.now())
    return True


def retry_failed(job: Job, *, by: User) -> int:
    """Try again what failed, asking MTurk first; returns how many. A finished job runs again."""
    _check_mine_or_approver(job, by, "try failed ones again")
    job.refresh_from_db(fields=["state"])
    if job.state in STOPPED_JOBS:
        raise Denied(f"Nothing of it is sent any more: it is {job.state_label}. Begin a new one for what failed.")
    failed = Command.objects.filter(job=job, state=State.FAILED).select_related("account", "requested_by")
    count = 0
    for command in failed.iterator(chunk_size=500):
        try:
            commands.retry(command, by=by)
        except Denied:
            continue
        count += 1
    if count:
        Job.objects.filter(pk=job.pk, state=JobState.DONE).update(state=JobState.RUNNING, finished_at=None)
    return count


def sweep() -> list[uuid.UUID]:
    """End finished jobs, and name those a worker has to go on with: preparing ones gone silent, rests to be freed."""
    now = timezone.now()
    still_open = Command.objects.filter(job=OuterRef("pk"), state__in=OPEN_STATES)
    Job.objects.filter(state=JobState.RUNNING).filter(~Exists(still_open)).update(state=JobState.DONE, finished_at=now)
    # A sign of life from the future tells of a clock that was moved back, and not of how long ago it was.
    silent = Q(state=JobState.PREPARING) & (Q(beat_at__lt=now - SILENT) | Q(beat_at__gt=now + SILENT))
    to_free = Q(state__in=STOPPED_JOBS) & Exists(
        Command.objects.filter(job=OuterRef("pk"), state=State.QUEUED, first_sent_at=None)
    )
    return list(Job.objects.filter(silent | to_free).values_list("pk", flat=True))


def work_on(job_id: uuid.UUID) -> None:
    """Whatever the job needs of a worker now."""
    prepare(job_id)
    free_rest(job_id)
