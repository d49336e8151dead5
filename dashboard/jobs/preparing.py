"""A job is asked for, and a worker writes its commands chunk by chunk."""

import contextlib
import json
import logging
import time
import uuid
from bisect import bisect_right
from dataclasses import fields, replace
from decimal import Decimal
from operator import attrgetter
from typing import Any

from celery import current_app
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from dashboard import audit, commands, inserts
from dashboard.jobs.bulk import Wish, bulk_named, bulk_of, look_ahead, needs_release, possible, rows_of
from dashboard.models import Account, Command, Job, JobState, User
from dashboard.permissions import Denied, check_role

log = logging.getLogger(__name__)

CHUNK = 1000
#: Keys of rows that are found at once: some megabytes.
LOOK_AHEAD = 100_000
#: Times in a row that a chunk is tried again at once, where somebody else was quicker with one of its rows.
AGAIN = 5
#: Why a row that could be done when the job was asked for was left out, where the row itself does not tell.
OVERTAKEN = "Decided, or taken up by something else, before this job came to it."
#: Seconds between two chunks, so that on SQLite others who wait to write find the moment in which they can.
BREATH = 0.02
#: The columns in which the commands of a job differ: their key, and what a Wish holds.
ITS_OWN = ("id", *(field.name for field in fields(Wish)))
#: What filters of a selection make of "within a day" when a form is sent.
_MOMENTS = ("before", "since", "held_after", "ends_after", "ends_until")
_columns = attrgetter(*ITS_OWN[1:])


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
    options = bulk.check_options(options)
    if form_key is not None and (earlier := Job.objects.filter(account=account, form_key=form_key).first()):
        return _sent_before(earlier, name, by=by, selection=selection, options=options)
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
        earlier = Job.objects.get(account=account, form_key=form_key)
        return _sent_before(earlier, name, by=by, selection=selection, options=options)
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


def _sent_before(earlier: Job, name: str, *, by: User, selection: dict[str, Any], options: dict[str, Any]) -> Job:
    """The job this form began when it was sent before. Denied where it says anything else now: what somebody asks for
    by going back and changing the form is not done, and must not look as if it were."""
    its, new = _meant(earlier.selection, earlier.options), _meant(selection, {**options, "bulk": name})
    # A file's key is its own, so two people who begin it mean the same job.
    if its != new or ("upload" not in selection and earlier.requested_by_id != by.pk):
        raise Denied(
            f"This form was sent before, by {earlier.requested_by.get_username()}, and began “{earlier.title}”. "
            "Nothing else was begun: open it again and fill it in anew."
        )
    return earlier


def _meant(selection: dict[str, Any], options: dict[str, Any]) -> tuple[Any, ...]:
    """What a form says, without what is reckoned anew each time: moments, where its rows ended, a message's own row."""
    filters = {name: "" if name in _MOMENTS else said for name, said in selection.get("filter", {}).items()}
    named = {name: said for name, said in selection.items() if name not in ("until", "filter")}
    asked = {name: said for name, said in options.items() if name != "message"}
    # As a row keeps it.
    return filters, *json.loads(json.dumps([named, asked], cls=DjangoJSONEncoder))


def tell_a_worker(job: Job) -> None:
    def publish() -> None:
        # Without a broker the sweep finds it.
        with contextlib.suppress(Exception):
            current_app.send_task("dashboard.tasks.work_on_job", (str(job.pk),), retry=False)

    transaction.on_commit(publish)


def prepare(job_id: uuid.UUID) -> None:
    """Write the job's commands, chunk by chunk; any number of workers may call it, at any time, after any crash."""
    try:
        while ahead := _look_for_more(job_id):
            while _try_chunk(job_id, ahead):
                time.sleep(BREATH)
    except (OperationalError, InterfaceError, IntegrityError):
        raise  # the database is away: whoever comes next goes on
    except Exception as error:
        log.exception("Job %s cannot be prepared", job_id)
        _give_up(job_id, error)


@transaction.atomic
def _give_up(job_id: uuid.UUID, error: Exception) -> None:
    """It would fail again whenever a worker came to it, and say for ever that it is being prepared."""
    job = Job.objects.select_for_update(of=("self",)).select_related("account").get(pk=job_id)
    if job.state != JobState.PREPARING:
        return
    job.state, job.finished_at = JobState.FAILED, timezone.now()
    job.error = f"An error of HITdesk itself: {type(error).__name__}: {error}"[:1000]
    job.save(update_fields=["state", "finished_at", "error"])
    audit.record("job.failed", account=job.account, by=audit.SYSTEM, subject=str(job.pk), text=job.error)


def _look_for_more(job_id: uuid.UUID) -> list[int]:
    """The keys of rows behind the cursor, in order. Found once for many chunks: each of them would have to go through
    all that is left. Each still looks at its own rows again. Where there are none, the job is ready."""
    job = Job.objects.select_related("account").get(pk=job_id)
    if job.state != JobState.PREPARING:
        return []
    bulk = bulk_of(job)
    named = rows_of(bulk, job.account, job.selection).filter(pk__gt=int(job.cursor or 0))
    found = list(possible(bulk, named, job.options).order_by("pk").values_list("pk", flat=True)[:LOOK_AHEAD])
    if not found:
        _start(job_id, job.cursor)
    return found


def _try_chunk(job_id: uuid.UUID, ahead: list[int]) -> bool:
    """A chunk, and once more where another job took up the same rows in the same moment: on PostgreSQL the second one
    learns it from the unique key, or from a deadlock, and then finds them refused."""
    for times in range(AGAIN):
        try:
            return _prepare_chunk(job_id, ahead)
        except (OperationalError, IntegrityError) as error:
            log.info("Job %s: a chunk is tried again (%s)", job_id, error)
            time.sleep(BREATH * 2**times)
    return _prepare_chunk(job_id, ahead)


@transaction.atomic
def _prepare_chunk(job_id: uuid.UUID, ahead: list[int]) -> bool:
    """One chunk in one transaction with the cursor behind it; False when nothing of `ahead` is left to prepare."""
    job = Job.objects.select_for_update(of=("self",)).select_related("account", "requested_by").get(pk=job_id)
    if job.state != JobState.PREPARING:
        return False
    start = bisect_right(ahead, int(job.cursor or 0))  # another worker may have gone on meanwhile
    chunk = ahead[start : start + CHUNK]
    if not chunk:
        return False
    bulk = bulk_of(job)
    named = rows_of(bulk, job.account, job.selection).filter(pk__in=chunk)
    rows = list(bulk.for_work(possible(bulk, named, job.options)).order_by("pk").select_for_update(of=("self",)))
    bulk.load(rows)
    made: list[tuple[Any, uuid.UUID]] = []
    wishes: list[tuple[uuid.UUID, Wish]] = []
    amount, fee = Decimal(0), Decimal(0)
    for row in rows:
        identity = inserts.new_key()
        try:
            wish = bulk.weigh(row, job.options, identity)
        except Denied as reason:
            job.skipped_why[str(reason)] = job.skipped_why.get(str(reason), 0) + 1
            job.skipped += 1
            continue
        wishes.append((identity, wish))
        made.append((row, identity))
        amount, fee = amount + wish.amount, fee + wish.fee
    made, wishes = bulk.together(made, wishes)
    _write(job, wishes)
    bulk.mark(made)
    job.cursor = str(chunk[-1])
    job.looked_at += len(rows)
    job.total, job.amount, job.fee = job.total + len(wishes), job.amount + amount, job.fee + fee
    job.beat_at = timezone.now()
    job.save(update_fields=["cursor", "looked_at", "total", "amount", "fee", "skipped", "skipped_why", "beat_at"])
    return True


def _write(job: Job, wishes: list[tuple[uuid.UUID, Wish]]) -> None:
    alike = Command(
        account=job.account,
        job=job,
        kind=bulk_of(job).kind.name,
        note=str(job.options.get("feedback") or job.options.get("reason") or ""),
        requested_by=job.requested_by,
    )
    if alike.note:
        wishes = [(identity, wish if wish.note else replace(wish, note=alike.note)) for identity, wish in wishes]
    inserts.insert(alike, ITS_OWN, [(identity, *_columns(wish)) for identity, wish in wishes])


@transaction.atomic
def _start(job_id: uuid.UUID, cursor: str) -> None:
    """The last row is written: one UPDATE lets all of them go, or asks for a second person first."""
    job = Job.objects.select_for_update(of=("self",)).select_related("account").get(pk=job_id)
    if (job.state, job.cursor) != (JobState.PREPARING, cursor):
        return  # another worker is at it
    job.state = JobState.PROPOSED if job.needs_release else JobState.RUNNING
    job.started_at = None if job.needs_release else timezone.now()
    job.title = bulk_of(job).title(job)
    if job.looked_at < job.expected:
        job.skipped_why[OVERTAKEN] = job.expected - job.looked_at
        job.skipped += job.skipped_why[OVERTAKEN]
    job.save(update_fields=["state", "started_at", "title", "skipped", "skipped_why"])
    if job.state == JobState.RUNNING:
        commands.wake(job.account)
