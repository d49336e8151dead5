"""Qualification types and the requests that wait, as MTurk lists them."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import audit, mturk
from dashboard.models import Account, SyncRun
from qualifications.models import QualificationRequest, QualificationType, RequestState, TypeKind, search_text
from qualifications.questions import score_of

log = logging.getLogger(__name__)

#: An account that moves all the time is read every few seconds; its types and requests no oftener than this.
AGAIN = timedelta(seconds=60)
#: Of a search among everybody's types; who looks for something finds it on the first pages or says more words.
MOST_FOUND = 200
#: Status of a row whose CreateQualificationType has not been answered.
CREATING = "Creating"
_NUMBER_MOST = 2**31 - 1

#: Ids, names and what they mean (facts 4.5; api: QualificationRequirement). No operation lists them all.
SYSTEM_TYPES = {
    "00000000000000000040": (
        "Number of HITs approved",
        "How many of a worker's assignments were ever approved, by all requesters together.",
    ),
    "000000000000000000L0": (
        "Approval rate in percent",
        "What share of a worker's assignments was approved, by all requesters together. It is 100 until a worker has "
        "handed in 100, so ask for more than 100 approved HITs as well.",
    ),
    "00000000000000000071": ("Location", "The country, or the state of the US, in the worker's postal address."),
    "00000000000000000060": (
        "Adult content",
        "1 for a worker who is over 18 and agreed to see content that may offend, else 0.",
    ),
    "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH": (
        "Masters",
        "Workers whom MTurk chose for consistently good work. Asking for it costs 5 % more.",
    ),
    "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6": ("Masters (sandbox)", "Masters, by the id the sandbox has for them."),
}


def pull(run: SyncRun) -> None:
    """What `dashboard.tasks.run_sync` calls: one page of each normally, and only now and then."""
    if run.full or run.requested_by_id is not None or is_due(run.account):
        pull_types(run)
        pull_requests(run)


def is_due(account: Account) -> bool:
    last = QualificationType.objects.filter(account=account, kind=TypeKind.SYSTEM).order_by("pk").first()
    return last is None or last.synced_at is None or last.synced_at < timezone.now() - AGAIN


def pull_types(run: SyncRun) -> None:
    """ListQualificationTypes of one's own; those it no longer names are marked gone."""
    run.step = "Reading qualification types"
    run.save()
    started = timezone.now()
    seen = _read(
        run, "ListQualificationTypes", "QualificationTypes", "QualificationTypeId",
        {"MustBeRequestable": False, "MustBeOwnedByCaller": True},
        lambda rows: store_types(run.account, rows, TypeKind.OWN),
    )  # fmt: skip
    store_system_types(run.account)
    if seen is not None:
        _mark_types_gone(run.account, seen, started)


def pull_requests(run: SyncRun) -> None:
    """ListQualificationRequests: what waits for a decision of ours; what is no longer there was decided elsewhere."""
    run.step = "Reading requests for qualifications"
    run.save()
    started = timezone.now()
    seen = _read(
        run, "ListQualificationRequests", "QualificationRequests", "QualificationRequestId", {},
        lambda rows: store_requests(run.account, rows),
    )  # fmt: skip
    if seen is not None:
        QualificationRequest.objects.filter(
            account=run.account, state=RequestState.PENDING, decision=None, synced_at__lt=started
        ).update(state=RequestState.GONE, decided_at=timezone.now())


def find_types(account: Account, query: str) -> int:
    """Other requesters' types that can be asked for and match, added to ours; returns how many were found."""
    found = 0
    request = {"Query": query, "MustBeRequestable": True, "MustBeOwnedByCaller": False}
    for page in mturk.pages(account, "ListQualificationTypes", request):
        rows = [row for row in page.get("QualificationTypes") or [] if isinstance(row, dict)]
        found += store_types(account, rows, TypeKind.OTHER)
        if found >= MOST_FOUND:
            break
    return found


def _read(
    run: SyncRun,
    operation: str,
    member: str,
    identity: str,
    request: dict[str, Any],
    store: Callable[[list[dict[str, Any]]], int],
) -> set[str] | None:
    """Every page given to `store`; the ids seen, or None where the list was not read to its end."""
    seen: set[str] = set()
    complete = True
    try:
        for page in mturk.pages(run.account, operation, request):
            run.calls += 1
            rows = page.get(member)
            if not isinstance(rows, list):
                complete = complete and not page.get("NumResults")
                rows = []
            named = [row for row in rows if isinstance(row, dict) and _identity(row, identity)]
            complete = complete and len(named) == len(rows)
            store(named)
            seen.update(row[identity] for row in named)
    except mturk.Permanent as error:
        run.error = run.error or f"{operation} could not be read: {error.message}"
        return None
    return seen if complete else None


def _identity(row: dict[str, Any], name: str) -> bool:
    value = row.get(name)
    return isinstance(value, str) and 0 < len(value) <= 64


def store_types(account: Account, remote: list[dict[str, Any]], kind: str) -> int:
    """Types as the API gives them become rows; returns how many. One's own are never taken for somebody else's."""
    now = timezone.now()
    rows = [type_row(account, item, kind, now) for item in remote if _identity(item, "QualificationTypeId")]
    ids = [row.qualification_type_id for row in rows]
    known = QualificationType.objects.filter(account=account, qualification_type_id__in=ids)
    known_ids = set(known.values_list("qualification_type_id", flat=True))
    if kind == TypeKind.OTHER:
        mine = set(known.exclude(kind=TypeKind.OTHER).values_list("qualification_type_id", flat=True))
        rows = [row for row in rows if row.qualification_type_id not in mine | SYSTEM_TYPES.keys()]
    elif kind == TypeKind.OWN:
        # Its command is still to be answered: that gives our row its id.
        creating = QualificationType.objects.filter(account=account, status=CREATING)
        names = set(creating.values_list("name", flat=True))
        rows = [row for row in rows if row.name not in names or row.qualification_type_id in known_ids]
    QualificationType.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["account", "qualification_type_id"],
        update_fields=[
            "kind", "name", "description", "keywords", "searched", "status", "test", "answer_key", "test_duration",
            "retry_delay", "auto_granted", "auto_granted_value", "is_requestable", "created_at", "raw", "synced_at",
            "gone_at",
        ],
    )  # fmt: skip
    return len(rows)


def type_row(account: Account, item: dict[str, Any], kind: str, now: datetime) -> QualificationType:
    """A row, unsaved. An endpoint may say anything: what is not of its kind is left empty."""
    name, description, keywords = (_text(item, member) for member in ("Name", "Description", "Keywords"))
    created = item.get("CreationTime")
    return QualificationType(
        account=account,
        qualification_type_id=item["QualificationTypeId"],
        kind=kind,
        name=name,
        description=description,
        keywords=keywords,
        searched=search_text(name, description, keywords),
        status=_text(item, "QualificationTypeStatus")[:12] or "Active",
        test=_text(item, "Test"),
        answer_key=_text(item, "AnswerKey"),
        test_duration=_count(item, "TestDurationInSeconds"),
        retry_delay=_count(item, "RetryDelayInSeconds"),
        auto_granted=item.get("AutoGranted") is True,
        auto_granted_value=whole(item.get("AutoGrantedValue")),
        is_requestable=item.get("IsRequestable") is not False,
        created_at=created if isinstance(created, datetime) else None,
        raw={member: value for member, value in item.items() if member not in ("Test", "AnswerKey")},
        synced_at=now,
        gone_at=None,
    )


def store_system_types(account: Account) -> None:
    """MTurk's own types, which no list of ours names: rows like all others, so that pages treat them alike."""
    now = timezone.now()
    QualificationType.objects.bulk_create(
        [
            QualificationType(
                account=account,
                qualification_type_id=type_id,
                kind=TypeKind.SYSTEM,
                name=name,
                description=description,
                searched=search_text(name, description),
                is_requestable=False,
                synced_at=now,
            )
            for type_id, (name, description) in SYSTEM_TYPES.items()
        ],
        update_conflicts=True,
        unique_fields=["account", "qualification_type_id"],
        update_fields=["kind", "name", "description", "searched", "is_requestable", "synced_at"],
    )


def _mark_types_gone(account: Account, seen: set[str], started: datetime) -> None:
    rows = QualificationType.objects.filter(account=account, kind=TypeKind.OWN, synced_at__lt=started).present()
    gone = [row for row in rows.exclude(status=CREATING) if row.qualification_type_id not in seen]
    if not gone:
        return
    with transaction.atomic():
        QualificationType.objects.filter(pk__in=[row.pk for row in gone]).update(gone_at=timezone.now())
        asked = {row.pk for row in gone if row.status == "Disposing"}
        audit.record_many(
            account,
            [
                {
                    "kind": "qualification.gone",
                    "actor": audit.ELSEWHERE,
                    "subject": row.qualification_type_id,
                    "text": f"{row.name}: no longer listed.",
                }
                for row in gone
                if row.pk not in asked
            ],
        )


def store_requests(account: Account, remote: list[dict[str, Any]]) -> int:
    """Requests as the API gives them, scored by our key where the type has one; returns how many."""
    now = timezone.now()
    types = {
        row.qualification_type_id: row
        for row in QualificationType.objects.filter(
            account=account, qualification_type_id__in={_text(item, "QualificationTypeId") for item in remote}
        )
    }
    rows = []
    for item in remote:
        kind, submitted = types.get(_text(item, "QualificationTypeId")), item.get("SubmitTime")
        if kind is None or not _identity(item, "WorkerId"):
            log.warning("A request for a qualification of %s could not be read", account)
            continue
        answer = _text(item, "Answer")
        rows.append(
            QualificationRequest(
                account=account,
                request_id=item["QualificationRequestId"],
                qualification_type=kind,
                worker_id=item["WorkerId"],
                test=_text(item, "Test"),
                answer=answer,
                submitted_at=submitted if isinstance(submitted, datetime) else now,
                score=score_of(kind.key, answer),
                raw={member: value for member, value in item.items() if member not in ("Test", "Answer")},
                synced_at=now,
            )
        )
    QualificationRequest.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["account", "request_id"],
        update_fields=["test", "answer", "submitted_at", "score", "synced_at"],
    )
    # Listed again: it was not decided after all.
    listed = [row.request_id for row in rows]
    QualificationRequest.objects.filter(account=account, request_id__in=listed, state=RequestState.GONE).update(
        state=RequestState.PENDING, decided_at=None
    )
    return len(rows)


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _count(item: dict[str, Any], name: str) -> int | None:
    value = item.get(name)
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _NUMBER_MOST
    return value if good else None


def whole(value: Any) -> int | None:
    """A qualification's value: a whole number of 32 bits."""
    good = isinstance(value, int) and not isinstance(value, bool) and -_NUMBER_MOST <= value <= _NUMBER_MOST
    return value if good else None


def rescore(row: QualificationType) -> None:
    """After its key changed: what waits is scored by the new one."""
    waiting = list(row.requests.filter(state=RequestState.PENDING).only("answer", "score"))
    for request in waiting:
        request.score = score_of(row.key, request.answer)
    QualificationRequest.objects.bulk_update(waiting, ["score"], batch_size=500)
