"""Who has which qualification: workers ask and take tests, requesters grant, reject and take away.

    ask ──▶ idle (a test was begun) ──hand in──▶ pending ──accept, reject──▶ granted, rejected
     │         └─ time is over: rejected            ▲
     ├─ no test ────────────────────────────────────┘      a test with an AnswerKey is scored and granted at once
     └─ AutoGranted: granted at once

Requests change under the lock of their qualification type. What workers do is a transaction of its own; what requesters
and time do expects to be inside one.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, QuerySet

from . import answers, clock
from .documents import DocumentError, parse_answer_key, parse_answers
from .ids import ENTITY_ID, WORKER_ID
from .models import (
    HIT,
    Assignment,
    HITType,
    Message,
    Qualification,
    QualificationRequest,
    QualificationType,
    RequiredQualification,
    Worker,
)
from .refusals import Refused
from .system_types import ADULT, APPROVED, LOCALE, MASTERS, MASTERS_SANDBOX, PERCENT, SYSTEM_TYPES

IDLE, PENDING = QualificationRequest.State.IDLE, QualificationRequest.State.PENDING
GRANTED, REJECTED = QualificationRequest.State.GRANTED, QualificationRequest.State.REJECTED
# Below this many submissions a single rejection would say nothing, so the rate counts as 100 % (api:4768).
MEANINGFUL = 100
TIME_IS_OVER = "The time for the test is over."
TYPE_DELETED = "The qualification type was deleted."


def values_of(worker: Worker, type_ids: Iterable[str]) -> dict[str, int | None]:
    """The worker's value of each of these types; None without that qualification. A known locale counts as 1.

    One query for requesters' own types, one for what the worker did, each only if somebody asks for it.
    """
    wanted = set(type_ids)
    values: dict[str, int | None] = dict.fromkeys(wanted)
    if own := wanted - SYSTEM_TYPES.keys():
        held = Qualification.objects.filter(
            worker=worker, status=Qualification.Status.GRANTED, qualification_type__qualification_type_id__in=own
        )
        values |= dict(held.values_list("qualification_type__qualification_type_id", "value"))
    known = {
        LOCALE: 1 if worker.country else None,
        ADULT: int(worker.accepts_adult_content),
        MASTERS: 1 if worker.is_master else None,
        MASTERS_SANDBOX: 1 if worker.is_master else None,
    }
    values |= {type_id: value for type_id, value in known.items() if type_id in wanted}
    if wanted & {APPROVED, PERCENT}:
        approved, handed_in = _record(worker)
        record = {APPROVED: approved, PERCENT: 100 if handed_in < MEANINGFUL else approved * 100 // handed_in}
        values |= {type_id: value for type_id, value in record.items() if type_id in wanted}
    return values


def _record(worker: Worker) -> tuple[int, int]:
    """How many assignments of the worker were approved, and how many were handed in."""
    # Answered from the index on worker and status alone: 200,000 assignments take some 20 ms.
    done = worker.assignments.filter(status__in=Assignment.HANDED_IN).values_list("status")
    counts = dict(done.annotate(Count("pk")).order_by())
    return counts.get(Assignment.Status.APPROVED, 0), sum(counts.values())


def lock_type(**which: object) -> QualificationType | None:
    """A qualification type, locked."""
    return QualificationType.objects.select_for_update(no_key=True).filter(**which).first()


def lock_request(**which: object) -> QualificationRequest | None:
    """A request with its type locked, read after the lock was had."""
    found = QualificationRequest.objects.filter(**which).values_list("pk", "qualification_type_id").first()
    kind = lock_type(pk=found[1]) if found else None
    request = QualificationRequest.objects.select_related("worker").filter(pk=found[0]).first() if found else None
    if request and kind:
        request.qualification_type = kind
    return request


@transaction.atomic
def ask(type_id: str, worker_id: str) -> QualificationRequest:
    """A worker, made if new, asks for a qualification; with a test begun already, the answer is that same request."""
    kind, worker = _kind(type_id), _worker(worker_id)
    now = clock.now()
    idle = _open_request(kind, worker, now)
    if idle:
        if idle.state == PENDING:
            raise Refused("has_request", f"Worker {worker_id} has asked for this qualification already.")
        return idle
    check_may_ask(kind, worker, now)
    return _new_request(kind, worker, now)


def check_may_ask(kind: QualificationType, worker: Worker, now: datetime) -> None:
    """Refused where the worker cannot ask for it at that moment: unavailable, has_qualification or no_retry."""
    if kind.status != "Active":
        raise Refused("unavailable", f'The qualification "{kind.name}" cannot be asked for at present.')
    last = kind.requests.filter(worker=worker).order_by("-pk").first()
    # From the asking, not from the answer (api:818).
    retry_at = last.created_at + timedelta(seconds=kind.retry_delay) if last and kind.retry_delay is not None else None
    may_retry = last is None or (retry_at is not None and retry_at <= now)
    held = kind.qualifications.filter(worker=worker, status=Qualification.Status.GRANTED).exists()
    # Who has it may take a test again for a better score (api:4965); there is nothing else to be had.
    if held and not (kind.test and last and may_retry):
        raise Refused("has_qualification", f'Worker {worker.worker_id} has the qualification "{kind.name}" already.')
    if not may_retry and retry_at is None:
        raise Refused("no_retry", f'The qualification "{kind.name}" can be asked for only once.')
    if not may_retry:
        raise Refused(
            "no_retry", f'The qualification "{kind.name}" can be asked for again at {retry_at:%Y-%m-%d %H:%M:%S} UTC.'
        )


@transaction.atomic
def hand_in(
    type_id: str,
    worker_id: str,
    *,
    answer: str | None = None,
    fields: answers.Fields | None = None,
    request_id: str | None = None,
) -> QualificationRequest:
    """A worker hands in the test: a QuestionFormAnswers document, or what a form posted.

    With `request_id` it is the answer to that request, or too late: a page has to give it, or a worker who took too
    long would answer a new request, in no time. Without, the test is begun if it was not yet.
    """
    if (answer is None) == (fields is None):
        raise Refused("bad_answer", "Hand in either an Answer document or Fields.")
    if request_id is not None:
        begun = QualificationRequest.objects.filter(request_id=request_id, worker__worker_id=worker_id, state=IDLE)
        if not begun.filter(deadline__gt=clock.now()).exists():
            raise Refused("too_late", TIME_IS_OVER)
    request = ask(type_id, worker_id)
    if request_id is not None and request.request_id != request_id:
        raise Refused("too_late", TIME_IS_OVER)
    if not request.test:
        raise Refused("bad_answer", "This qualification has no test: ask for it without an answer.")
    try:
        if answer is not None:
            request.answer = answers.checked(answer)
        else:
            request.answer = answers.from_fields(fields or {}, request.test)
    except DocumentError as error:
        raise Refused("bad_answer", str(error)) from error
    now = clock.now()
    request.state, request.submit_time = PENDING, now
    request.save(update_fields=["answer", "state", "submit_time"])
    if request.answer_key:
        accept(request, parse_answer_key(request.answer_key).score(parse_answers(request.answer)), at=now)
    return request


def latest_request(type_id: str, worker_id: str) -> tuple[QualificationRequest | None, Qualification | None]:
    """What became of the worker's last request, and the qualification itself if the worker has it now.

    Of a type that is gone, too: that its deletion rejected a request is what the worker wants to know.
    """
    kind = QualificationType.objects.filter(qualification_type_id=type_id).first()
    if kind is None:
        raise _no_type(type_id)
    request = (
        QualificationRequest.objects.filter(qualification_type=kind, worker__worker_id=worker_id)
        .order_by("-pk")
        .first()
    )
    held = Qualification.objects.filter(
        qualification_type=kind, worker__worker_id=worker_id, status=Qualification.Status.GRANTED
    ).first()
    if request is None and held is None:
        raise Refused("no_such_request", f"Worker {worker_id[:64]} has not asked for this qualification.")
    return request, held


def give(kind: QualificationType, worker: Worker, value: int, *, at: datetime) -> Qualification:
    """The worker has the qualification with this value, whatever was before."""
    given = {"status": Qualification.Status.GRANTED, "value": value, "grant_time": at, "revoked_at": None, "reason": ""}
    return Qualification.objects.update_or_create(qualification_type=kind, worker=worker, defaults=given)[0]


def take_away(held: Qualification, *, reason: str, at: datetime) -> None:
    """The worker has it no more; told so only where there is a reason (api:1071)."""
    held.status, held.revoked_at, held.reason = Qualification.Status.REVOKED, at, reason
    held.save(update_fields=["status", "revoked_at", "reason"])
    if reason:
        kind = held.qualification_type
        tell(kind, held.worker, f'You do not have the qualification "{kind.name}" any more', reason, at=at)


def accept(request: QualificationRequest, value: int, *, at: datetime) -> None:
    """Grant a request."""
    request.state, request.decided_at, request.value = GRANTED, at, value
    request.save(update_fields=["state", "decided_at", "value"])
    give(request.qualification_type, request.worker, value, at=at)


def reject(request: QualificationRequest, *, reason: str, at: datetime) -> None:
    """Refuse a request; a qualification the worker has already stays."""
    request.state, request.decided_at, request.reason = REJECTED, at, reason
    request.save(update_fields=["state", "decided_at", "reason"])


def tell(kind: QualificationType, worker: Worker, subject: str, text: str, *, at: datetime) -> None:
    """A message to the worker, from the owner of the type. Names are cut to what a subject holds."""
    Message.objects.create(requester_id=kind.requester_id, worker=worker, subject=subject[:200], text=text, sent_at=at)


def tell_granted(kind: QualificationType, worker: Worker, value: int, *, at: datetime) -> None:
    """That the worker has the qualification now."""
    text = f"{kind.name}\n{kind.description}\n\nYour value: {value}"
    tell(kind, worker, f'You have the qualification "{kind.name}"', text, at=at)


def delete_type(kind: QualificationType, *, at: datetime) -> None:
    """Nobody can ask for it or make HITs with it any more; gone, with its name free, once no HIT needs it."""
    kind.deleted_at = at
    kind.save(update_fields=["deleted_at"])
    waiting = kind.requests.filter(state__in=QualificationRequest.OPEN)
    waiting.update(state=REJECTED, decided_at=at, reason=TYPE_DELETED)
    _dispose_unneeded(kind, at)


def not_needed(hit_type: HITType, *, at: datetime) -> None:
    """A HIT of that type was disposed of or got another type: deleted qualification types may have waited for it."""
    own = {requirement["QualificationTypeId"] for requirement in hit_type.requirements} - SYSTEM_TYPES.keys()
    if not own:
        return
    # Locked before anybody looks whether they are deleted: a deletion under way and the last HIT put away see each
    # other, and of the last two HITs put away at once the second sees that the first is gone.
    kinds = QualificationType.objects.filter(qualification_type_id__in=own, disposed_at=None)
    for kind in kinds.select_for_update(no_key=True).order_by("pk"):
        if kind.deleted_at:
            _dispose_unneeded(kind, at)


def hits_using(type_id: str) -> QuerySet[HIT]:
    """HITs, not disposed of, that ask for a qualification type."""
    types = RequiredQualification.objects.filter(qualification_type_id=type_id).values("hit_type")
    return HIT.objects.alive().filter(hit_type__in=types)


def end_test(pk: int, until: datetime) -> bool:
    """End a test that was begun and whose time is over by then; False if it is not so any more."""
    late = lock_request(pk=pk)
    if not late or late.state != IDLE or not late.deadline or late.deadline > until:
        return False
    _end_test(late)
    return True


def _dispose_unneeded(kind: QualificationType, at: datetime) -> None:
    if not hits_using(kind.qualification_type_id).exists():
        kind.disposed_at = at
        kind.save(update_fields=["disposed_at"])


def _no_type(type_id: str) -> Refused:
    return Refused("no_such_qualification_type", f"There is no qualification type {type_id[:64]}.")


def _kind(type_id: str) -> QualificationType:
    """The type a worker asks for, locked."""
    if type_id in SYSTEM_TYPES:
        raise Refused("unavailable", "Qualifications of the system cannot be asked for: it assigns them by itself.")
    found = lock_type(qualification_type_id=type_id, disposed_at=None) if ENTITY_ID.fullmatch(type_id) else None
    if found is None:
        raise _no_type(type_id)
    return found


def _worker(worker_id: str) -> Worker:
    if not WORKER_ID.fullmatch(worker_id):
        raise Refused(
            "bad_worker_id", "A WorkerId begins with A; capital letters and digits follow, at most 64 in all."
        )
    return Worker.for_id(worker_id)


def _open_request(kind: QualificationType, worker: Worker, now: datetime) -> QualificationRequest | None:
    """The worker's open request; a test whose time is over is none."""
    found = kind.requests.filter(worker=worker, state__in=QualificationRequest.OPEN).first()
    if found and found.state == IDLE and found.deadline and found.deadline <= now:
        _end_test(found)
        return None
    return found


def _end_test(request: QualificationRequest) -> None:
    reject(request, reason=TIME_IS_OVER, at=request.deadline or request.created_at)


def _new_request(kind: QualificationType, worker: Worker, now: datetime) -> QualificationRequest:
    request = QualificationRequest(qualification_type=kind, worker=worker, created_at=now)
    if kind.test:
        request.state, request.test, request.answer_key = IDLE, kind.test, kind.answer_key
        request.deadline = now + timedelta(seconds=kind.test_duration or 0)
    else:
        request.state, request.submit_time = PENDING, now
    request.save(force_insert=True)
    if kind.auto_granted:
        accept(request, kind.auto_granted_value, at=now)
    return request
