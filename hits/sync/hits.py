"""HITs with their counts, the types and batches they belong to, and those that are gone."""

import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import audit, mturk
from dashboard.models import Account, SyncRun
from hits.models import HIT, Assignment, Batch, HITType
from hits.sync.members import Unreadable, identity, moment, money, needed_moment, number, span, text
from hits.sync.runs import beat, note_unread

_BATCH_ID = re.compile(r"BatchId:([^;]{1,80})")


def pull_hits(run: SyncRun) -> None:
    """ListHITs, all pages: new and moved HITs are written and marked stale; those that vanished are marked gone."""
    run.step = "Reading HITs"
    run.save()
    started = timezone.now()
    seen: set[str] = set()
    complete = True
    known = _Known(run.account)
    for page in mturk.pages(run.account, "ListHITs"):
        run.calls += 1
        remote, complete = _named(run, page.get("HITs"), complete)
        seen.update(remote)
        run.hits_seen = len(seen)
        _store_hits(run, remote, known)
        beat(run)
    if complete:
        _mark_gone(run.account, seen, started)
    if run.full:
        HIT.objects.filter(account=run.account).present().update(stale=True)


def _named(run: SyncRun, page: Any, complete: bool) -> tuple[dict[str, dict[str, Any]], bool]:
    """The HITs of a page by id, and whether all pages up to this one named theirs: else nothing may be called gone."""
    if not isinstance(page, list):
        # No list at all is not an empty list, after which everything would be gone.
        raise mturk.Refused(mturk.NOT_THE_API, "NoList")
    named = {}
    for hit in page:
        try:
            named[identity(hit, "HITId")] = hit
        except Unreadable as reason:
            note_unread(run, "A HIT", reason)
            complete = False
    return named, complete


def store_hit(account: Account, hit: dict[str, Any]) -> None:
    """One HIT as the API gives it, such as one just made here; Unreadable where it cannot be a row."""
    # The run only carries the account, and is never saved.
    _store_hits(SyncRun(account=account), {identity(hit, "HITId"): hit}, _Known(account))


class _Known:
    """HIT types and batches of an account by their remote names; those of a page are read, or made, together."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.types: dict[str, HITType] = {}
        self.batches: dict[str, Batch] = {}

    def add(self, types: dict[str, HITType], batches: dict[str, Batch]) -> None:
        """Take in the types and batches that a page names, unsaved."""
        types = {key: row for key, row in types.items() if key not in self.types}
        batches = {key: row for key, row in batches.items() if key not in self.batches}
        stored_types = HITType.objects.filter(account=self.account, hit_type_id__in=types)
        stored_batches = Batch.objects.filter(account=self.account, key__in=batches)
        # Twice at most: read, make what was not there, read that.
        for _ in range(2):
            if types:
                self.types |= {row.hit_type_id: row for row in stored_types.all()}
                types = {key: row for key, row in types.items() if key not in self.types}
                HITType.objects.bulk_create(types.values(), ignore_conflicts=True)
            if batches:
                self.batches |= {row.key: row for row in stored_batches.all()}
                batches = {key: row for key, row in batches.items() if key not in self.batches}
                Batch.objects.bulk_create(batches.values(), ignore_conflicts=True)


def _hit_type(account: Account, hit: dict[str, Any]) -> HITType:
    requirements = hit.get("QualificationRequirements") or []
    return HITType(
        account=account,
        hit_type_id=identity(hit, "HITTypeId"),
        title=text(hit, "Title"),
        description=text(hit, "Description"),
        keywords=text(hit, "Keywords"),
        reward=money(hit, "Reward"),
        assignment_duration=span(hit, "AssignmentDurationInSeconds"),
        auto_approval_delay=span(hit, "AutoApprovalDelayInSeconds"),
        qualification_requirements=requirements,
    )


def _batch(account: Account, hit: dict[str, Any]) -> Batch:
    found = _BATCH_ID.search(text(hit, "RequesterAnnotation"))
    key = f"batch:{found[1].strip()}" if found else f"type:{identity(hit, 'HITTypeId')}"
    return Batch(account=account, key=key, name=text(hit, "Title"), created_at=needed_moment(hit, "CreationTime"))


def _store_hits(run: SyncRun, remote: dict[str, dict[str, Any]], known: _Known) -> None:
    account, now = run.account, timezone.now()
    ours = {row.hit_id: row for row in HIT.objects.filter(account=account, hit_id__in=remote).defer("question", "raw")}
    read: list[tuple[HIT, str, str]] = []
    types: dict[str, HITType] = {}
    batches: dict[str, Batch] = {}
    for hit_id, hit in remote.items():
        try:
            row, hit_type, batch = _hit_row(account, hit, now), _hit_type(account, hit), _batch(account, hit)
        except Unreadable as reason:
            note_unread(run, f"HIT {hit_id}", reason)
            continue
        read.append((row, hit_type.hit_type_id, batch.key))
        types[hit_type.hit_type_id] = hit_type
        batches.setdefault(batch.key, batch)
    known.add(types, batches)
    rows = []
    regrouped: dict[int, list[int]] = {}
    for new, hit_type_id, key in read:
        new.hit_type, new.batch = known.types[hit_type_id], known.batches[key]
        old = ours.get(new.hit_id)
        if old is not None:
            new.stale = old.stale or _moved(old, new)
            if not new.stale and _shown(old) == _shown(new):
                continue
            if old.batch_id != new.batch_id:
                regrouped.setdefault(new.batch_id, []).append(old.pk)
        rows.append(new)
    with transaction.atomic():
        # Assignments before HITs, the order in which a verdict settles.
        for batch_id, hits in regrouped.items():
            Assignment.objects.filter(hit__in=hits).update(batch=batch_id)
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


def _hit_row(account: Account, hit: dict[str, Any], now: datetime) -> HIT:
    return HIT(
        account=account,
        hit_id=identity(hit, "HITId"),
        hit_group_id=text(hit, "HITGroupId", longest=64),
        question=text(hit, "Question"),
        status=text(hit, "HITStatus", longest=16),
        review_status=text(hit, "HITReviewStatus", longest=24),
        reward=money(hit, "Reward"),
        max_assignments=number(hit, "MaxAssignments", 1),
        available=number(hit, "NumberOfAssignmentsAvailable"),
        pending=number(hit, "NumberOfAssignmentsPending"),
        completed=number(hit, "NumberOfAssignmentsCompleted"),
        created_at=needed_moment(hit, "CreationTime"),
        expires_at=moment(hit, "Expiration"),
        annotation=text(hit, "RequesterAnnotation"),
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
