"""Bulk work: a selection becomes a Job, the Job becomes Commands, and people steer it as one thing.

    dry run -> ask -> prepare (chunks, in a worker) -> run -> done
                                 └ waits for release     └ pause, resume, cancel the rest, try failed ones again

Nothing of a job can be claimed before its last row is written: the job's own state is part of what makes a command due.
What a worker leaves behind when it dies is found by `sweep`, and preparing goes on behind the last chunk.
"""

import contextlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from dashboard import audit, commands
from dashboard.commands import Kind
from dashboard.models import OPEN_STATES, Account, Command, Job, JobState, Role, State, User
from dashboard.permissions import Denied, check_can_release, check_role

CHUNK = 1000
#: A preparing worker writes a chunk in a fraction of this; one that is silent for longer has died.
SILENT = timedelta(seconds=30)


@dataclass(frozen=True)
class Wish:
    """What one row becomes: the columns of its Command."""

    params: dict[str, Any]
    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    assignment_id: str = ""
    hit_id: str = ""
    worker_id: str = ""
    exclusive_key: str = ""


@dataclass
class DryRun:
    """What a job would do: how many commands, for how many workers, how much, and what is left out and why."""

    count: int = 0
    workers: int = 0
    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return self.amount + self.fee


class Bulk:
    """One thing that can be done to a selection. Subclasses are found by `name` (see `register`)."""

    name: ClassVar[str]
    kind: ClassVar[type[Kind]]
    #: "Approve", as a heading and a button say it.
    words: ClassVar[str]
    role: ClassVar[Role] = Role.REVIEWER
    #: Whose rows it takes, and so whose filters select them: "assignments" or "hits".
    about: ClassVar[str] = "assignments"
    #: Names of the options its form asks for.
    options: ClassVar[tuple[str, ...]] = ()

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Any]:
        """The rows the selection names, refused ones included."""
        raise NotImplementedError

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        """Which rows cannot be done, and the sentence why; the first that fits counts."""
        raise NotImplementedError

    def weigh(self, row: Any, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        """What a row becomes; `identity` will be its command's id. Denied leaves it out."""
        raise NotImplementedError

    def dry_run(self, account: Account, rows: QuerySet[Any], options: dict[str, Any]) -> DryRun:
        """Counts and money of the rows that can be done, in a few queries whatever their number."""
        raise NotImplementedError

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options as they are kept (JSON), or Denied with what is wrong."""
        return {}

    def for_work(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With the related rows `weigh` looks at."""
        return rows

    def mark(self, made: list[tuple[Any, Command]]) -> None:
        """Change the mirror as asking singly would: each row has got its command."""

    def unmark(self, cancelled: QuerySet[Command]) -> None:
        """Take `mark` back for commands that end without effect."""

    def needs_release(self, user: User, account: Account, options: dict[str, Any], cost: Decimal) -> bool:
        return False


_bulks: dict[str, Bulk] = {}


def register(bulk: type[Bulk]) -> type[Bulk]:
    """Class decorator: make a Bulk known by its name."""
    if bulk.name in _bulks:
        raise ValueError(f"two bulk actions are called {bulk.name}")
    _bulks[bulk.name] = bulk()
    return bulk


def bulk_named(name: str) -> Bulk:
    """The Bulk of that name; Denied where there is none, since names come from addresses."""
    if name not in _bulks:
        raise Denied("There is no such bulk action.")
    return _bulks[name]


def bulk_of(job: Job) -> Bulk:
    return _bulks[job.options["bulk"]]


# --- before ---------------------------------------------------------------------------------------------------------


def _sorted_out(bulk: Bulk, rows: QuerySet[Any], options: dict[str, Any]) -> tuple[QuerySet[Any], dict[str, int]]:
    """The rows that can be done, and how many cannot for which reason."""
    reasons = bulk.refusals(options)
    if not reasons:
        return rows, {}
    why = Case(*[When(condition, then=Value(sentence)) for condition, sentence in reasons], default=Value(""))
    counted = dict(
        rows.order_by().annotate(why=why).values_list("why").annotate(rows=Count("pk")).values_list("why", "rows")
    )
    counted.pop("", None)
    return _possible(bulk, rows, options), counted


def _rows(bulk: Bulk, account: Account, selection: dict[str, Any]) -> QuerySet[Any]:
    """The selection; once a job is asked for it ends with the last row there was then."""
    rows = bulk.select(account, selection)
    return rows.filter(pk__lte=selection["until"]) if "until" in selection else rows


def _possible(bulk: Bulk, rows: QuerySet[Any], options: dict[str, Any]) -> QuerySet[Any]:
    for condition, _ in bulk.refusals(options):
        rows = rows.exclude(condition)
    return rows


def look_ahead(name: str, *, account: Account, selection: dict[str, Any], options: dict[str, Any]) -> DryRun:
    """What asking for this job would do; changes nothing."""
    bulk = bulk_named(name)
    possible, refused = _sorted_out(bulk, _rows(bulk, account, selection), options)
    found = bulk.dry_run(account, possible, options)
    found.refused = refused
    return found


def needs_release(name: str, *, by: User, account: Account, ahead: DryRun, options: dict[str, Any]) -> bool:
    """Whether somebody else has to let it go: for what it is, or because it costs more than the account's limit."""
    if bulk_named(name).needs_release(by, account, options, ahead.total):
        return True
    return account.release_job_above is not None and ahead.total > account.release_job_above


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
    _tell_a_worker(job)
    return job


def _tell_a_worker(job: Job) -> None:
    def publish() -> None:
        # Without a broker the sweep finds it.
        with contextlib.suppress(Exception):
            current_app.send_task("dashboard.tasks.work_on_job", (str(job.pk),), retry=False)

    transaction.on_commit(publish)


# --- preparing ------------------------------------------------------------------------------------------------------


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
    named = _rows(bulk, job.account, job.selection).filter(pk__gt=int(job.cursor or 0))
    rows = list(
        bulk.for_work(_possible(bulk, named, job.options)).order_by("pk").select_for_update(of=("self",))[:CHUNK]
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


# --- steering -------------------------------------------------------------------------------------------------------


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
    _tell_a_worker(job)


@transaction.atomic
def cancel(job: Job, *, by: User) -> None:
    """Nothing more of it is sent from now on; its rows are freed by a worker, chunk by chunk."""
    job = _locked(job)
    _check_mine_or_approver(job, by, "cancel a job")
    if job.state not in (JobState.PREPARING, JobState.PROPOSED, JobState.RUNNING, JobState.PAUSED):
        raise Denied(f"There is nothing to cancel: it is {job.state_label}.")
    _become(job, JobState.CANCELLED, by=by, event="cancelled", finished_at=timezone.now())
    _tell_a_worker(job)


def free_rest(job_id: uuid.UUID) -> None:
    """End what a cancelled or declined job has not sent, and free its rows."""
    while _free_chunk(job_id):
        pass


@transaction.atomic
def _free_chunk(job_id: uuid.UUID) -> bool:
    job = Job.objects.select_for_update(of=("self",)).get(pk=job_id)
    if job.state not in (JobState.CANCELLED, JobState.DECLINED):
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


# --- finding what was left behind -----------------------------------------------------------------------------------


def sweep() -> list[uuid.UUID]:
    """End finished jobs, and name those a worker has to go on with: preparing ones gone silent, rests to be freed."""
    now = timezone.now()
    still_open = Command.objects.filter(job=OuterRef("pk"), state__in=OPEN_STATES)
    Job.objects.filter(state=JobState.RUNNING).filter(~Exists(still_open)).update(state=JobState.DONE, finished_at=now)
    silent = Q(state=JobState.PREPARING, beat_at__lt=now - SILENT)
    to_free = Q(state__in=[JobState.CANCELLED, JobState.DECLINED]) & Exists(
        Command.objects.filter(job=OuterRef("pk"), state=State.QUEUED, first_sent_at=None)
    )
    return list(Job.objects.filter(silent | to_free).values_list("pk", flat=True))


def work_on(job_id: uuid.UUID) -> None:
    """Whatever the job needs of a worker now."""
    prepare(job_id)
    free_rest(job_id)


# --- showing --------------------------------------------------------------------------------------------------------


def progress(job: Job) -> dict[str, Any]:
    """Counts by state from the rows, rate and time left from the last minute."""
    now = timezone.now()
    rows = Command.objects.filter(job=job).order_by()
    counts = dict(rows.values_list("state").annotate(rows=Count("pk")))
    done = counts.get(State.DONE, 0)
    minute = max(now - timedelta(minutes=1), job.started_at or now)
    recent = rows.filter(state=State.DONE, settled_at__gte=minute).count() if job.state == JobState.RUNNING else 0
    seconds = (now - minute).total_seconds()
    rate = recent / seconds if seconds > 1 else 0.0
    rest = counts.get(State.QUEUED, 0) + counts.get(State.SENDING, 0)
    return {
        "counts": counts,
        "done": done,
        "queued": rest,
        "failed": counts.get(State.FAILED, 0),
        "unknown": counts.get(State.UNKNOWN, 0),
        "attention": counts.get(State.ATTENTION, 0),
        "cancelled": counts.get(State.CANCELLED, 0),
        "rate": round(rate, 1),
        "seconds_left": int(rest / rate) if rate else None,
    }


def outcomes(job: Job) -> Iterator[list[str]]:
    """One list of cells per command, the header first."""
    yield [
        "command",
        "kind",
        "assignment",
        "hit",
        "worker",
        "amount",
        "fee",
        "state",
        "error_code",
        "error",
        "settled_at",
    ]
    rows: Iterable[Command] = Command.objects.filter(job=job).order_by("pk").defer("params", "response")
    for row in rows.iterator(chunk_size=1000):  # type: ignore[attr-defined]
        yield [
            str(row.pk), row.kind, row.assignment_id, row.hit_id, row.worker_id, f"{row.amount:.2f}", f"{row.fee:.2f}",
            row.state, row.error_code, row.error_message, row.settled_at.isoformat() if row.settled_at else "",
        ]  # fmt: skip
