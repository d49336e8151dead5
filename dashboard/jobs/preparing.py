"""A job is asked for, and a worker writes its commands chunk by chunk."""

import contextlib
import uuid
from decimal import Decimal
from typing import Any

from celery import current_app
from django.db import IntegrityError, transaction
from django.utils import timezone

from dashboard import audit, commands
from dashboard.jobs.bulk import bulk_named, bulk_of, look_ahead, needs_release, possible, rows_of
from dashboard.models import Account, Command, Job, JobState, User
from dashboard.permissions import Denied, check_role

CHUNK = 1000


@transaction.atomic
def ask(
    name: str,
    *,
    account: Account,
    by: User,
    selection: dict[str, Any],
    options: dict[str, Any],
    form_key: uuid.UUID | None = None,
) -> Job:
    """Begin a job; a worker prepares it. The same form sent twice is one job."""
    bulk = bulk_named(name)
    check_role(by, account, bulk.role, f"{bulk.words.lower()} in bulk")
    if form_key is not None and (earlier := Job.objects.filter(account=account, form_key=form_key).first()):
        return earlier
    options = bulk.check_options(options)
    last = bulk.select(account, selection).order_by("-pk").values_list("pk", flat=True).first()
    selection = {**selection, "until": last or 0}
    ahead = look_ahead(name, account=account, selection=selection, options=options)
    if not ahead.count:
        raise Denied("Nothing in this selection can be done.")
    job = Job(
        account=account,
        kind=bulk.kind.name,
        title=f"{bulk.words} {ahead.count:,}",
        selection=selection,
        options={**options, "bulk": name},
        requested_by=by,
        form_key=form_key,
        expected=ahead.count,
        skipped=sum(ahead.refused.values()),
        skipped_why=ahead.refused,
        needs_release=needs_release(name, by=by, account=account, ahead=ahead, options=options),
    )
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        return Job.objects.get(account=account, form_key=form_key)
    audit.record(
        "job.asked",
        account=account,
        by=by,
        subject=str(job.pk),
        text=job.title,
        data={"bulk": name, "expected": ahead.count, "cost": str(ahead.total)},
    )
    tell_a_worker(job)
    return job


def tell_a_worker(job: Job) -> None:
    def publish() -> None:
        # Without a broker the sweep finds it.
        with contextlib.suppress(Exception):
            current_app.send_task("dashboard.tasks.work_on_job", (str(job.pk),), retry=False)

    transaction.on_commit(publish)


def prepare(job_id: uuid.UUID) -> None:
    """Write the job's commands, chunk by chunk; any number of workers may call it, at any time, after any crash."""
    while _prepare_chunk(job_id):
        pass


@transaction.atomic
def _prepare_chunk(job_id: uuid.UUID) -> bool:
    """One chunk in one transaction with the cursor behind it; False when there is nothing left to prepare."""
    job = Job.objects.select_for_update(of=("self",)).select_related("account", "requested_by").get(pk=job_id)
    if job.state != JobState.PREPARING:
        return False
    bulk = bulk_of(job)
    named = rows_of(bulk, job.account, job.selection).filter(pk__gt=int(job.cursor or 0))
    rows = list(
        bulk.for_work(possible(bulk, named, job.options)).order_by("pk").select_for_update(of=("self",))[:CHUNK]
    )
    if not rows:
        _start(job)
        return False
    made: list[tuple[Any, Command]] = []
    amount, fee = Decimal(0), Decimal(0)
    for row in rows:
        identity = uuid.uuid4()
        try:
            wish = bulk.weigh(row, job.options, identity)
        except Denied as reason:
            job.skipped_why[str(reason)] = job.skipped_why.get(str(reason), 0) + 1
            job.skipped += 1
            continue
        command = Command(
            id=identity,
            account=job.account,
            job=job,
            kind=bulk.kind.name,
            params=wish.params,
            assignment_id=wish.assignment_id,
            hit_id=wish.hit_id,
            worker_id=wish.worker_id,
            amount=wish.amount,
            fee=wish.fee,
            note=str(job.options.get("feedback") or job.options.get("reason") or ""),
            requested_by=job.requested_by,
            exclusive_key=wish.exclusive_key,
        )
        made.append((row, command))
        amount, fee = amount + wish.amount, fee + wish.fee
    Command.objects.bulk_create([command for _, command in made])
    bulk.mark(made)
    job.cursor = str(rows[-1].pk)
    job.total, job.amount, job.fee = job.total + len(made), job.amount + amount, job.fee + fee
    job.beat_at = timezone.now()
    job.save(update_fields=["cursor", "total", "amount", "fee", "skipped", "skipped_why", "beat_at"])
    return True


def _start(job: Job) -> None:
    """The last row is written: one UPDATE lets all of them go, or asks for a second person first."""
    job.state = JobState.PROPOSED if job.needs_release else JobState.RUNNING
    job.started_at = None if job.needs_release else timezone.now()
    job.title = f"{bulk_of(job).words} {job.total:,}"
    job.save(update_fields=["state", "started_at", "title"])
    if job.state == JobState.RUNNING:
        commands.wake(job.account)
