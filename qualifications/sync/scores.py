"""Who holds what, as MTurk lists it. No count tells of a change, so every list is read in the full pass."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import mturk
from dashboard.models import Account, SyncRun
from qualifications.models import Panel, PanelMember, QualificationType, Score, ScoreStatus

log = logging.getLogger(__name__)

#: A value is an integer of 32 bits at MTurk; what is larger is no value.
LARGEST = 2**31 - 1
_CREATING = "Creating"


def pull_scores(run: SyncRun, only: list[int] | None = None) -> None:
    """ListWorkersWithQualificationType of each of the account's own types, granted and revoked, side by side.

    Whoever a complete list of holders no longer names does not hold it any more. `only`: keys of types.
    """
    run.step = "Reading who holds which qualification"
    run.save()
    types = {row.pk: row for row in _own_types(run.account, only)}
    started = timezone.now()
    requests = [
        ((pk, status), {"QualificationTypeId": row.qualification_type_id, "Status": status})
        for pk, row in types.items()
        for status in ScoreStatus.values
    ]
    broken: set[tuple[int, str]] = set()
    for page in mturk.pages_of_many(run.account, "ListWorkersWithQualificationType", requests):
        run.calls += 1
        pk, status = page.key
        if page.error is not None:
            broken.add(page.key)
            if not page.error.code.endswith("QualificationTypeDoesNotExist"):
                name = types[pk].name
                run.error = run.error or f"Who holds “{name}” could not be read: {page.error.message.rstrip('.')}."
        elif not _store(types[pk], status, page.response.get("Qualifications"), started):
            broken.add(page.key)
        if page.last and status == ScoreStatus.GRANTED and page.key not in broken:
            _mark_gone(types[pk], started)
    note_members(run.account, list(types))


def _own_types(account: Account, only: list[int] | None) -> Any:
    rows = QualificationType.objects.of(account).own().present().exclude(status=_CREATING)
    return rows if only is None else rows.filter(pk__in=only)


def _store(kind: QualificationType, status: str, remote: Any, started: datetime) -> bool:
    """Write a page; False where something in it could not be read, so that nothing may be called gone."""
    if not isinstance(remote, list):
        return remote is None
    rows, complete, now = [], True, timezone.now()
    for item in remote:
        worker = item.get("WorkerId") if isinstance(item, dict) else None
        value = item.get("IntegerValue", 1) if isinstance(item, dict) else None
        if not isinstance(worker, str) or not 0 < len(worker) <= 64:
            complete = False
            continue
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
            value = 0
        at = item.get("GrantTime")
        rows.append((worker, value, at if isinstance(at, datetime) else now))
    with transaction.atomic():
        # What we changed ourselves since this reading began is newer than its pages.
        newer = set(
            Score.objects.filter(qualification_type=kind, worker_id__in=[row[0] for row in rows], synced_at__gt=started)
            .select_for_update()
            .values_list("worker_id", flat=True)
        )
        Score.objects.bulk_create(
            [
                Score(
                    account_id=kind.account_id, qualification_type=kind, worker_id=worker, value=value, status=status,
                    granted_at=at, synced_at=started,
                )
                for worker, value, at in rows
                if worker not in newer
            ],
            update_conflicts=True,
            unique_fields=["qualification_type", "worker_id"],
            update_fields=["value", "status", "granted_at", "synced_at"],
        )  # fmt: skip
    return complete


def _mark_gone(kind: QualificationType, started: datetime) -> None:
    old = Score.objects.filter(qualification_type=kind, status=ScoreStatus.GRANTED, synced_at__lt=started)
    old.update(status=ScoreStatus.REVOKED, synced_at=timezone.now())


def note_members(account: Account, type_keys: list[int]) -> None:
    """Panels learn what MTurk has by now, so that whoever was given or lost a panel elsewhere is put right again."""
    of_panels = PanelMember.objects.filter(
        panel__account=account, panel__qualification_type__in=type_keys, command=None
    )
    for pk in list(of_panels.order_by().values_list("panel", flat=True).distinct()):
        holders = Score.objects.granted().filter(qualification_type__panel=pk).values("worker_id")
        rows = of_panels.filter(panel=pk)
        with transaction.atomic():
            # Who looks at its workers holds this, too: two that write many members would stop each other.
            Panel.objects.select_for_update(of=("self",)).get(pk=pk)
            rows.filter(held=False, worker_id__in=holders).update(held=True)
            rows.filter(held=True).exclude(worker_id__in=holders).update(held=False)
