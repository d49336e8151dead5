"""Remote to rows: HITs and assignments. A sync costs what changed: ListHITs carries the counts, so only HITs that moved
are asked for their assignments."""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dashboard import audit, mturk
from dashboard.commands import clear_problem, note_problem
from dashboard.models import Account, Command, State, SyncRun
from hits.models import HIT, Assignment, AssignmentStatus, Batch, HITType

log = logging.getLogger(__name__)

ABANDONED_AFTER = timedelta(minutes=2)
_BATCH_ID = re.compile(r"BatchId:([^;]{1,80})")
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
#: A verdict never goes back, so a page read before our own approval cannot undo it.
_RANK: dict[str, int] = {AssignmentStatus.SUBMITTED: 0, AssignmentStatus.REJECTED: 1, AssignmentStatus.APPROVED: 2}


# --- a run ----------------------------------------------------------------------------------------------------------


def end_abandoned_runs(account: Account) -> None:
    """A run without a sign of life belongs to a worker that died; it ends so that another can begin."""
    SyncRun.objects.filter(account=account, finished_at=None, beat_at__lt=timezone.now() - ABANDONED_AFTER).update(
        finished_at=timezone.now(), error="The worker that read stopped before it was done."
    )


@contextmanager
def running(run: SyncRun) -> Iterator[None]:
    """Keep the row true whatever happens; a refusal becomes the account's problem, never an exception."""
    try:
        yield
    except mturk.MTurkError as error:
        run.error = error.message
        if isinstance(error, mturk.Refused):
            note_problem(run.account_id, error.message)
    except Exception as error:
        run.error = f"An error of HITdesk itself: {error}"
        log.exception("The sync of %s stopped", run.account)
    else:
        clear_problem(run.account)
    run.finished_at = timezone.now()
    run.step = ""
    run.save()


def _beat(run: SyncRun, *, at_least: float = 0.5) -> None:
    """Show progress, at most twice a second."""
    now = timezone.now()
    if (now - run.beat_at).total_seconds() >= at_least:
        run.beat_at = now
        run.save()


# --- HITs -----------------------------------------------------------------------------------------------------------


def pull_hits(run: SyncRun) -> None:
    """ListHITs, all pages: new and moved HITs are written and marked stale; those that vanished are marked gone."""
    run.step = "Reading HITs"
    run.save()
    started = timezone.now()
    seen: set[str] = set()
    known = _Known(run.account)
    for page in mturk.pages(run.account, "ListHITs"):
        run.calls += 1
        remote = page.get("HITs", [])
        seen.update(hit["HITId"] for hit in remote)
        run.hits_seen = len(seen)
        _store_hits(run.account, remote, known)
        _beat(run)
    _mark_gone(run.account, seen, started)
    if run.full:
        HIT.objects.filter(account=run.account).present().update(stale=True)


class _Known:
    """HIT types and batches of an account by their remote names, read once per run."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.types = {row.hit_type_id: row for row in HITType.objects.filter(account=account)}
        self.batches = {row.key: row for row in Batch.objects.filter(account=account)}

    def hit_type(self, hit: dict[str, Any]) -> HITType:
        columns = {
            "title": hit.get("Title", ""),
            "description": hit.get("Description", ""),
            "keywords": hit.get("Keywords", ""),
            "reward": Decimal(hit.get("Reward", "0")),
            "assignment_duration": timedelta(seconds=hit.get("AssignmentDurationInSeconds", 0)),
            "auto_approval_delay": timedelta(seconds=hit.get("AutoApprovalDelayInSeconds", 0)),
            "qualification_requirements": hit.get("QualificationRequirements", []),
        }
        row = self.types.get(hit["HITTypeId"])
        if row is None:
            row, _ = HITType.objects.update_or_create(
                account=self.account, hit_type_id=hit["HITTypeId"], defaults=columns
            )
            self.types[row.hit_type_id] = row
        return row

    def batch(self, hit: dict[str, Any]) -> Batch:
        found = _BATCH_ID.search(hit.get("RequesterAnnotation", ""))
        key = f"batch:{found[1].strip()}" if found else f"type:{hit['HITTypeId']}"
        row = self.batches.get(key)
        if row is None:
            row, _ = Batch.objects.get_or_create(
                account=self.account,
                key=key,
                defaults={"name": hit.get("Title", ""), "created_at": hit["CreationTime"]},
            )
            self.batches[key] = row
        return row


def _store_hits(account: Account, remote: list[dict[str, Any]], known: _Known) -> None:
    ids = [hit["HITId"] for hit in remote]
    ours = {row.hit_id: row for row in HIT.objects.filter(account=account, hit_id__in=ids).defer("question", "raw")}
    now = timezone.now()
    rows = []
    for hit in remote:
        old = ours.get(hit["HITId"])
        new = _hit_row(account, hit, known, now)
        if old is not None:
            new.stale = old.stale or _moved(old, new)
            if not new.stale and _shown(old) == _shown(new):
                continue
        rows.append(new)
    with transaction.atomic():
        HIT.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["account", "hit_id"],
            update_fields=[
                "hit_type", "batch", "hit_group_id", "question", "status", "review_status", "reward",
                "max_assignments", "available", "pending", "completed", "expires_at", "annotation", "raw", "stale",
                "synced_at", "gone_at",
            ],
        )  # fmt: skip


def _hit_row(account: Account, hit: dict[str, Any], known: _Known, now: datetime) -> HIT:
    hit_type = known.hit_type(hit)
    return HIT(
        account=account,
        hit_id=hit["HITId"],
        hit_type=hit_type,
        batch=known.batch(hit),
        hit_group_id=hit.get("HITGroupId", ""),
        question=hit.get("Question", ""),
        status=hit.get("HITStatus", ""),
        review_status=hit.get("HITReviewStatus", ""),
        reward=Decimal(hit.get("Reward", "0")),
        max_assignments=hit.get("MaxAssignments", 1),
        available=hit.get("NumberOfAssignmentsAvailable", 0),
        pending=hit.get("NumberOfAssignmentsPending", 0),
        completed=hit.get("NumberOfAssignmentsCompleted", 0),
        created_at=hit["CreationTime"],
        expires_at=hit.get("Expiration"),
        annotation=hit.get("RequesterAnnotation", ""),
        raw={name: value for name, value in hit.items() if name != "Question"},
        stale=True,
        synced_at=now,
    )


def _moved(old: HIT, new: HIT) -> bool:
    """Whether its assignments may have changed. Accepting moves one from available to pending: the sum stands."""
    if old.gone_at is not None:
        return True
    return _signature(old) != _signature(new)


def _signature(hit: HIT) -> tuple[Any, ...]:
    return (hit.available + hit.pending, hit.max_assignments, hit.completed, hit.status, hit.expires_at)


def _shown(hit: HIT) -> tuple[Any, ...]:
    return (
        hit.available, hit.pending, hit.completed, hit.status, hit.review_status, hit.expires_at, hit.hit_type_id,
        hit.batch_id, hit.max_assignments, hit.annotation, hit.reward, hit.gone_at,
    )  # fmt: skip


def _mark_gone(account: Account, seen: set[str], started: datetime) -> None:
    """A HIT the whole list did not name is gone; what was unreviewed can no longer be reviewed there."""
    gone = [
        (pk, hit_id)
        for pk, hit_id in HIT.objects.filter(account=account, synced_at__lt=started)
        .present()
        .values_list("pk", "hit_id")
        .iterator()
        if hit_id not in seen
    ]
    for start in range(0, len(gone), 500):
        part = gone[start : start + 500]
        with transaction.atomic():
            # Assignments before HITs, the order in which a verdict settles; else the two could wait for each other.
            Assignment.objects.filter(hit__in=[pk for pk, _ in part], gone_at=None).update(gone_at=timezone.now())
            HIT.objects.filter(pk__in=[pk for pk, _ in part]).update(gone_at=timezone.now(), stale=False)
            audit.record_many(
                account,
                [
                    {"kind": "hit.gone", "actor": audit.ELSEWHERE, "subject": hit_id, "text": "No longer listed."}
                    for _, hit_id in part
                ],
            )


# --- assignments ----------------------------------------------------------------------------------------------------


def pull_assignments(run: SyncRun) -> None:
    """ListAssignmentsForHIT for every stale HIT, side by side. A HIT stays stale until its last page is stored."""
    stale = list(
        HIT.objects.filter(account=run.account)
        .stale()
        .only("pk", "hit_id", "account_id", "available", "pending", "max_assignments", "completed")
    )
    known_to_have = set(
        Assignment.objects.filter(hit__in=[hit.pk for hit in stale]).values_list("hit_id", flat=True).distinct()
        if len(stale) <= 500
        else Assignment.objects.filter(hit__account=run.account, hit__stale=True).values_list("hit_id", flat=True)
    )
    # Nothing was handed in, says the count: nothing to read.
    empty = [hit.pk for hit in stale if not hit.submitted and hit.pk not in known_to_have]
    for start in range(0, len(empty), 500):
        HIT.objects.filter(pk__in=empty[start : start + 500]).update(stale=False)
    skipped = set(empty)
    to_read = [hit for hit in stale if hit.pk not in skipped]
    run.step, run.total, run.done = "Reading assignments", len(to_read), 0
    run.save()
    requests = (((hit.pk, hit.hit_id), {"HITId": hit.hit_id}) for hit in to_read)
    by_pk = {hit.pk: hit for hit in to_read}
    for page in mturk.pages_of_many(run.account, "ListAssignmentsForHIT", requests):
        run.calls += 1
        hit = by_pk[page.key[0]]
        if page.error is not None:
            log.info("HIT %s could not be read: %s", hit.hit_id, page.error.message)
            run.error = f"HIT {hit.hit_id}: {page.error.message}"
        else:
            remote = page.response.get("Assignments", [])
            behind = _store_assignments(run.account, hit, remote)
            run.assignments_seen += len(remote)
            if page.last and not behind:
                HIT.objects.filter(pk=hit.pk).update(stale=False)
        if page.last:
            run.done += 1
        _beat(run)


def _store_assignments(account: Account, hit: HIT, remote: list[dict[str, Any]]) -> bool:
    """Write what is new or changed. True if the page is older than what we know, so the HIT must be read again."""
    behind = False
    rows, elsewhere = [], []
    with transaction.atomic():
        ours = {
            row.assignment_id: row
            for row in Assignment.objects.order_by("pk")
            .select_for_update()
            .filter(account=account, assignment_id__in=[item["AssignmentId"] for item in remote])
            .only("assignment_id", "worker_id", "status", "submitted_at", "verdict_id", "gone_at", "auto_approval_at")
        }
        for item in remote:
            old = ours.get(item["AssignmentId"])
            status = item.get("AssignmentStatus", AssignmentStatus.SUBMITTED)
            if old is not None and old.worker_id == item["WorkerId"] and old.submitted_at == item["SubmitTime"]:
                if old.status == status and old.gone_at is None:
                    continue
                if _RANK.get(old.status, 0) > _RANK.get(status, 0):
                    behind = True
                    continue
                if old.status != status and old.verdict_id is None:
                    elsewhere.append((item, old))
            rows.append(_assignment_row(account, hit, item))
        Assignment.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["account", "assignment_id"],
            update_fields=[
                "hit", "worker_id", "status", "accepted_at", "submitted_at", "auto_approval_at", "approved_at",
                "rejected_at", "deadline", "feedback", "answer", "raw", "synced_at", "gone_at",
            ],
        )  # fmt: skip
        audit.record_many(account, _events_elsewhere(account, elsewhere))
    return behind


def _assignment_row(account: Account, hit: HIT, item: dict[str, Any]) -> Assignment:
    answer = item.get("Answer", "")
    return Assignment(
        account=account,
        hit_id=hit.pk,
        assignment_id=item["AssignmentId"],
        worker_id=item["WorkerId"],
        status=item.get("AssignmentStatus", AssignmentStatus.SUBMITTED),
        accepted_at=item.get("AcceptTime"),
        submitted_at=item["SubmitTime"],
        auto_approval_at=item.get("AutoApprovalTime") or _NEVER,
        approved_at=item.get("ApprovalTime"),
        rejected_at=item.get("RejectionTime"),
        deadline=item.get("Deadline"),
        feedback=item.get("RequesterFeedback", ""),
        answer=answer,
        raw={name: value for name, value in item.items() if name != "Answer"},
        synced_at=timezone.now(),
    )


def _events_elsewhere(account: Account, changes: Iterable[tuple[dict[str, Any], Assignment]]) -> list[dict[str, Any]]:
    """Verdicts nobody here asked for: auto-approval, or somebody else's script."""
    changes = list(changes)
    ids = [item["AssignmentId"] for item, _ in changes]
    ours = (
        set(
            Command.objects.filter(
                Q(kind__in=["ApproveAssignment", "RejectAssignment", "OverrideRejection"]),
                account=account,
                assignment_id__in=ids,
                state=State.DONE,
            ).values_list("assignment_id", flat=True)
        )
        if ids
        else set()
    )
    events = []
    for item, old in changes:
        status = item["AssignmentStatus"]
        if item["AssignmentId"] in ours and status != old.status and old.status == AssignmentStatus.SUBMITTED:
            continue
        approved = item.get("ApprovalTime")
        automatic = status == AssignmentStatus.APPROVED and approved is not None and approved >= old.auto_approval_at
        events.append(
            {
                "kind": f"assignment.{status.lower()}",
                "actor": audit.ELSEWHERE,
                "subject": item["AssignmentId"],
                "text": "Approved automatically: its time was up." if automatic else "Decided outside this dashboard.",
            }
        )
    return events


# --- the balance ----------------------------------------------------------------------------------------------------


def pull_balance(run: SyncRun) -> None:
    """GetAccountBalance, when something was read or the last one is old: an unchanged account costs no extra call."""
    account = Account.objects.get(pk=run.account_id)
    fresh = account.balance_at is not None and account.balance_at > timezone.now() - timedelta(minutes=10)
    if fresh and not run.done and not run.full:
        return
    response, _ = mturk.call(account, "GetAccountBalance", {}, write=False)
    run.calls += 1
    Account.objects.filter(pk=account.pk).update(
        available_balance=_money(response.get("AvailableBalance")),
        on_hold_balance=_money(response.get("OnHoldBalance")),
        balance_at=timezone.now(),
    )


def _money(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None
