"""Assignments of the HITs that moved, and what others decided about them."""

import logging
from datetime import timedelta
from operator import attrgetter
from typing import Any
from zlib import crc32

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dashboard import audit, mturk
from dashboard.inserts import insert
from dashboard.models import Account, Command, State, SyncRun
from hits.models import HIT, Assignment, AssignmentStatus
from hits.sync.members import NEVER, Unreadable, identity, moment, needed_moment, text
from hits.sync.runs import beat, note_unread

log = logging.getLogger(__name__)

_VANISHED = "HITDoesNotExist"
#: A verdict never goes back, so a page read before our own approval cannot undo it; but see _decided_lately.
_RANK: dict[str, int] = {AssignmentStatus.SUBMITTED: 0, AssignmentStatus.REJECTED: 1, AssignmentStatus.APPROVED: 2}
_BELIEVE_OURS_FOR = timedelta(minutes=10)
#: What is written of an assignment that is known already, and of a new one.
_CHANGED = (
    "hit_id", "batch_id", "worker_id", "status", "accepted_at", "submitted_at", "auto_approval_at", "approved_at",
    "rejected_at", "deadline", "feedback", "answer", "raw", "synced_at", "gone_at",
)  # fmt: skip
_STORED = ("assignment_id", "shuffled", *_CHANGED)
_stored = attrgetter(*_STORED)


def pull_assignments(run: SyncRun) -> None:
    """ListAssignmentsForHIT for every stale HIT, side by side. A HIT stays stale until its last page is stored."""
    stale = list(
        HIT.objects.filter(account=run.account)
        .stale()
        .only("pk", "hit_id", "account_id", "batch_id", "available", "pending", "max_assignments", "completed")
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
            if page.error.code.endswith(_VANISHED):
                log.info("HIT %s is gone since it was listed", hit.hit_id)  # the next list will not name it
            else:
                note_unread(run, f"HIT {hit.hit_id}", page.error.message.rstrip("."))
        else:
            rows = _rows(run, hit, page.response.get("Assignments", []))
            behind = _store_assignments(run.account, rows)
            run.assignments_seen += len(rows)
            if page.last and not behind:
                HIT.objects.filter(pk=hit.pk).update(stale=False)
        if page.last:
            run.done += 1
        beat(run)


def _rows(run: SyncRun, hit: HIT, remote: list[dict[str, Any]]) -> list[Assignment]:
    """The assignments of a page as unsaved rows, each once; one that makes no sense is noted in the run."""
    rows: dict[str, Assignment] = {}
    for item in remote:
        try:
            row = _assignment_row(run.account, hit, item)
        except Unreadable as reason:
            note_unread(run, f"Assignment {str(item.get('AssignmentId'))[:70]} of HIT {hit.hit_id}", reason)
        else:
            rows[row.assignment_id] = row
    return list(rows.values())


def _store_assignments(account: Account, remote: list[Assignment]) -> bool:
    """Write what is new or changed. True if the page is older than what we know, so the HIT must be read again."""
    behind = False
    rows, elsewhere = [], []
    with transaction.atomic():
        ours = {
            row.assignment_id: row
            for row in Assignment.objects.order_by("pk")
            .select_for_update()
            .filter(account=account, assignment_id__in=[row.assignment_id for row in remote])
            .only("assignment_id", "worker_id", "status", "submitted_at", "verdict_id", "gone_at", "auto_approval_at",
                  "synced_at")
        }  # fmt: skip
        for new in remote:
            old = ours.get(new.assignment_id)
            if old is not None and old.worker_id == new.worker_id and old.submitted_at == new.submitted_at:
                if old.status == new.status and old.gone_at is None:
                    continue
                if _RANK[old.status] > _RANK[new.status] and _decided_lately(old):
                    behind = True
                    continue
                if old.status != new.status and old.verdict_id is None:
                    elsewhere.append((new, old))
            rows.append(new)
        insert(
            Assignment(account=account),
            _STORED,
            [_stored(row) for row in rows],
            unique=("account_id", "assignment_id"),
            update=(*_CHANGED, "fresh"),
        )
        audit.record_many(account, _events_elsewhere(account, elsewhere))
    return behind


def _decided_lately(ours: Assignment) -> bool:
    """Whether a page that knows less may have been read before our own verdict, or MTurk still be slow to show it.

    Later MTurk is right: somebody said "it was done", and it was not.
    """
    return ours.synced_at is not None and ours.synced_at > timezone.now() - _BELIEVE_OURS_FOR


def _assignment_row(account: Account, hit: HIT, item: dict[str, Any]) -> Assignment:
    status = text(item, "AssignmentStatus") or AssignmentStatus.SUBMITTED
    if status not in _RANK:
        raise Unreadable("AssignmentStatus is not one that exists")
    return Assignment(
        account=account,
        hit_id=hit.pk,
        batch_id=hit.batch_id,
        assignment_id=identity(item, "AssignmentId"),
        worker_id=identity(item, "WorkerId"),
        status=status,
        accepted_at=moment(item, "AcceptTime"),
        submitted_at=needed_moment(item, "SubmitTime"),
        auto_approval_at=moment(item, "AutoApprovalTime") or NEVER,
        approved_at=moment(item, "ApprovalTime"),
        rejected_at=moment(item, "RejectionTime"),
        deadline=moment(item, "Deadline"),
        feedback=text(item, "RequesterFeedback"),
        answer=text(item, "Answer"),
        raw={name: value for name, value in item.items() if name != "Answer"},
        synced_at=timezone.now(),
        # Ids of one moment look alike at MTurk, and are random here; a checksum is neither's order.
        shuffled=crc32(item["AssignmentId"].encode()) >> 1,
    )


def _events_elsewhere(account: Account, changes: list[tuple[Assignment, Assignment]]) -> list[dict[str, Any]]:
    """Verdicts nobody here asked for: auto-approval, or somebody else's script."""
    ids = [new.assignment_id for new, _ in changes]
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
    for new, old in changes:
        if new.assignment_id in ours and old.status == AssignmentStatus.SUBMITTED:
            continue
        words = "Decided outside this dashboard."
        if new.status == AssignmentStatus.SUBMITTED:
            words = "It was thought decided, and MTurk says that it is not."
        elif new.status == AssignmentStatus.APPROVED and new.approved_at and new.approved_at >= old.auto_approval_at:
            words = "Approved automatically: its time was up."
        events.append(
            {
                "kind": f"assignment.{new.status.lower()}",
                "actor": audit.ELSEWHERE,
                "subject": new.assignment_id,
                "text": words,
            }
        )
    return events
