"""What workers do. Messages carry ids and are hints; every task may run twice, or late, without harm."""

import logging
import time
import uuid

from celery import shared_task
from django.db import IntegrityError, transaction
from django.utils import timezone

from dashboard import audit, commands, drift, heartbeat, incoming, jobs
from dashboard.alone import alone
from dashboard.models import Account, Role, SyncRun, User
from dashboard.permissions import check_role
from hits import agreement, search
from hits import digest as figures
from hits import figures as batch_figures
from hits import sync as hits_sync
from hits.actions import old_uploads
from hits.files import read_marked
from hits.models import Assignment
from hits.rules import evaluating, gold, gold_files, upkeep
from qualifications import digest as panels_digest
from qualifications import sync as qualifications_sync
from qualifications.actions import compensation, old_sheets, panel_upkeep, scores
from qualifications.sync import scores as scores_sync
from workers import digest as workers_digest
from workers import sync as workers_sync
from workers.actions import blocks as worker_blocks
from workers.actions import bonus_rows

log = logging.getLogger(__name__)

#: Who keeps figures of assignments, in the order they take new ones in.
READERS: list[figures.Reader] = [
    agreement.read,
    batch_figures.read,
    gold.score_fresh,
    evaluating.read,
    search.read,
    workers_digest.read,  # behind the others: it counts what they scored
    panels_digest.read,
]

#: Who reads files that people hand over.
FILE_READERS: dict[str, incoming.Reader] = {
    "marked": read_marked,
    "bonuses": bonus_rows.read_bonuses,
    "formula": bonus_rows.read_formula,
    "sheet": scores.read_sheet,
    "gold": gold_files.read_gold,
}

#: Seconds a thread digests before others have their turn; the next tick goes on with the rest.
PATIENCE = 20.0


@shared_task
def deliver(account_id: int) -> None:
    """One at a time for each account in a process: a second would only stand in the first one's way.

    The first claims until nothing is due; what becomes due in its last moment is found by the next tick.
    """
    with alone("deliver", account_id) as free:
        if free:
            commands.resolve_unknown(account_id)
            commands.deliver_due(account_id)


@shared_task
def work_on_job(job_id: str) -> None:
    jobs.work_on(uuid.UUID(job_id))


@shared_task
def read_file(file_id: str) -> None:
    """One file at a time in a process, so that payments always find a thread; the sweep comes back to the others."""
    with alone("files", 0) as free:
        if free:
            incoming.read_on(uuid.UUID(file_id), FILE_READERS)


@shared_task
def sweep() -> None:
    for job_id in jobs.sweep():
        work_on_job.apply_async((str(job_id),), expires=60)
    for account_id in commands.sweep():
        deliver.apply_async((account_id,), expires=30)
    fresh = Assignment.objects.fresh().order_by("account").values_list("account", flat=True).distinct()
    for account_id in {*fresh, *batch_figures.accounts_to_measure()}:
        digest.apply_async((account_id,), expires=30)
    for account_id in upkeep.waiting_accounts():
        look_back.apply_async((account_id,), expires=30)
    for account_id in panel_upkeep.accounts_with_panels():
        keep_panels.apply_async((account_id,), expires=10)
    for file_id in incoming.due():
        read_file.apply_async((str(file_id),), expires=30)
    incoming.forget_old()
    worker_blocks.propose_due()
    compensation.sweep()
    old_sheets.forget_old()
    old_uploads.forget_old()


@shared_task
def keep_panels(account_id: int) -> None:
    """Put workers into panels and out of them, and let MTurk know."""
    with alone("panels", account_id) as free:
        if free:
            panel_upkeep.keep_up(account_id)


@shared_task
def digest(account_id: int) -> None:
    """Bring the figures of an account up to date. However much there is, payments find a thread of their own."""
    account = Account.objects.filter(pk=account_id).first()
    with alone("digest", account_id) as free:
        if account is None or not free:
            return
        until = time.monotonic() + PATIENCE
        while _digest_some(account):
            if time.monotonic() > until:
                return
            time.sleep(upkeep.BREATH)
        batch_figures.measure_batches(account)
    upkeep.look_back(account, seconds=5)


def _digest_some(account: Account) -> int:
    try:
        return figures.digest(account, READERS)
    except figures.NOT_THE_ANSWERS:
        raise
    except Exception:
        log.exception("A chunk of answers could not be digested")
        return figures.digest_singly(account, READERS)


@shared_task
def look_back(account_id: int) -> None:
    """What rules have to do behind the pages."""
    account = Account.objects.filter(pk=account_id).first()
    if account is not None:
        upkeep.look_back(account)


@shared_task
def sync_account(run_id: int) -> None:
    run = SyncRun.objects.select_related("account").get(pk=run_id)
    if run.running:
        run_sync(run)


@shared_task
def sync_all() -> None:
    for account in Account.objects.all():
        start_sync(account)


@shared_task
def sync_all_fully() -> None:
    for account in Account.objects.all():
        sync_fully(account.pk)


@shared_task
def sync_fully(account_id: int, tries: int = 15) -> None:
    """The nightly full pass of one account; where it is being read already, after that."""
    account = Account.objects.filter(pk=account_id).first()
    if account is not None and start_sync(account, full=True) is None and tries:
        try:
            sync_fully.apply_async((account_id, tries - 1), countdown=60, retry=False)
        except Exception as error:
            log.warning("The broker did not take a message: %s", error)


@shared_task
def find_qualification_types(account_id: int, query: str) -> None:
    """Look among other requesters' qualification types; what is found becomes rows."""
    account = Account.objects.filter(pk=account_id).first()
    if account is not None:
        qualifications_sync.find_types(account, query)


@shared_task
def answer(question: str) -> None:
    """For `manage.py check_deployment`: a worker heard it."""
    heartbeat.touch(question)


@shared_task
def check_audit() -> None:
    for chain in audit.chains():
        if faults := audit.check(chain):
            log.error("The audit chain of %s does not hold: %s", chain, faults[0])


def begin_sync(account: Account, *, full: bool = False, by: User | None = None) -> SyncRun | None:
    """The row of a sync, which is also its lock and its progress bar; None where one is running already.

    Whoever asks for one (`by`) has to be a reviewer: reading spends calls.
    """
    if by is not None:
        check_role(by, account, Role.REVIEWER, "read it from MTurk")
    hits_sync.end_abandoned_runs(account)
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(account=account, full=full, requested_by=by)
            Account.objects.filter(pk=account.pk).update(latest_sync=run)
    except IntegrityError:
        return None
    return run


def start_sync(account: Account, *, full: bool = False, by: User | None = None) -> SyncRun | None:
    """Let a worker read an account; None where it is being read already."""
    run = begin_sync(account, full=full, by=by)
    if run is not None:
        try:
            sync_account.apply_async((run.pk,), expires=100, retry=False)
        except Exception as error:
            # Without a broker no worker will come; the row must not say that one is at it.
            log.warning("The broker did not take a message: %s", error)
            run.finished_at, run.error = (
                timezone.now(),
                "The message queue does not answer; no worker was told to read.",
            )
            run.save()
    return run


def run_sync(run: SyncRun) -> SyncRun:
    """Read an account: HITs and assignments, and in a full pass the bonuses paid elsewhere.

    What a full pass has read is then compared with what was asked here (dashboard.drift).
    """
    with hits_sync.running(run):
        hits_sync.pull_hits(run)
        hits_sync.pull_assignments(run)
        qualifications_sync.pull(run)
        if run.full:
            workers_sync.pull_bonuses(run)
        if run.full or workers_sync.blocks_are_stale(run.account):
            workers_sync.pull_blocks(run)
        if run.full:
            scores_sync.pull_scores(run)
        hits_sync.pull_balance(run)
        if run.full:
            run.step = "Comparing"
            run.save()
            drift.compare(run)
    return run
