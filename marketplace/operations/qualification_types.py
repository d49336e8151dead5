"""Making, changing, reading, searching and deleting qualification types."""

from typing import Any

from django.db import IntegrityError, transaction

from .. import clock, qualifications, requirements
from ..documents import DocumentError, parse_answer_key, parse_question_form
from ..errors import ParameterValidationError, RequestError
from ..models import QualificationType, Requester
from ..system_types import SYSTEM_TYPES
from . import finding, limits, shapes
from .pages import page

FEW = 500
# Name, description, keywords and what is between them; a case-folded character may be three. Longer queries find
# nothing, and SQLite would not look for them.
LONGEST_SEARCHED = 3 * (200 + 2000 + 1000 + 2)
FOREVER = 2_147_483_647  # seconds; the reference sets no limit to a retry delay


def create_qualification_type(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """A new type, its name different from the requester's others (api:769)."""
    kind = QualificationType(
        requester=requester,
        created_at=clock.now(),
        name=limits.text("Name", request["Name"], 1, 200),
        description=limits.text("Description", request["Description"], 1, 2000),
        keywords=limits.text("Keywords", request.get("Keywords") or "", 0, 1000),
        is_active=request["QualificationTypeStatus"] == "Active",
        retry_delay=_retry_delay(request),
    )
    _set_test(kind, request)
    _set_auto_grant(kind, request)
    kind.searched = "\n".join((kind.name, kind.description, kind.keywords)).casefold()
    try:
        with transaction.atomic():
            kind.save(force_insert=True)
    except IntegrityError:
        raise RequestError(
            "You have already created a QualificationType with this name. A QualificationType's name must be unique "
            "among all of the QualificationTypes created by the same user.",
            "AWS.MechanicalTurk.QualificationTypeAlreadyExists",
        ) from None
    return _answer(kind)


def update_qualification_type(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Change what is given, never the name or the keywords; a test goes with its duration and key (api:2083)."""
    kind = finding.qualification_type_to_change(requester, request["QualificationTypeId"])
    if kind.deleted_at:
        raise requirements.wrong_type_state("Active,Inactive")
    if "Description" in request:
        kind.description = limits.text("Description", request["Description"], 1, 2000)
    if "QualificationTypeStatus" in request:
        kind.is_active = request["QualificationTypeStatus"] == "Active"
    if "RetryDelayInSeconds" in request:
        kind.retry_delay = _retry_delay(request)
    if not request.get("Test") and request.get("TestDurationInSeconds") is not None:
        raise ParameterValidationError(
            "TestDurationInSeconds cannot be changed alone: specify Test, with the same questions if they stay."
        )
    _set_test(kind, request)
    _set_auto_grant(kind, request)
    kind.searched = "\n".join((kind.name, kind.description, kind.keywords)).casefold()
    kind.save()
    return _answer(kind)


def get_qualification_type(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """One of the requester's own types or of the system's (api:1227)."""
    type_id = request["QualificationTypeId"]
    if type_id in SYSTEM_TYPES:
        return _answer(next(row for row in _system_rows() if row.qualification_type_id == type_id))
    return _answer(finding.qualification_type(requester, type_id))


def delete_qualification_type(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Open requests are rejected; the type is gone once no HIT needs it any more (api:978)."""
    kind = finding.qualification_type_to_change(requester, request["QualificationTypeId"])
    if kind.deleted_at:
        raise requirements.wrong_type_state("Active,Inactive")
    qualifications.delete_type(kind, at=clock.now())
    return {}


def list_qualification_types(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Types whose name, description or keywords hold the query: the system's, then everybody's, the oldest first
    (api:1481).

    Of others' types only what workers see is told, and only of those that can be asked for.
    """
    query, own_only = (request.get("Query") or "").casefold(), bool(request.get("MustBeOwnedByCaller"))
    rows = QualificationType.objects.filter(requester=requester)
    if not own_only:
        rows |= QualificationType.objects.filter(is_active=True, deleted_at=None)
    rows = rows.filter(disposed_at=None)
    if len(query) > LONGEST_SEARCHED:
        rows = rows.none()
    elif query:
        rows = rows.filter(searched__contains=query)
    system = (
        [] if own_only or request["MustBeRequestable"] else [row for row in _system_rows() if query in row.searched]
    )
    scope = f"ListQualificationTypes {own_only} {bool(request['MustBeRequestable'])} {query}"
    found, answer = page(rows, requester, request, scope, before=system)
    return {**answer, "QualificationTypes": [_shape(row, requester) for row in found]}


def list_hits_for_qualification_type(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """The requester's HITs that ask for a type, of any status, the newest first (api:1405)."""
    type_id = request["QualificationTypeId"]
    if type_id not in SYSTEM_TYPES:
        finding.qualification_type(requester, type_id)
    rows = qualifications.hits_using(type_id)
    # In search of a few HITs among very many, the newest first, a database may look at all; named, they are at hand.
    few = list(rows.values_list("pk", flat=True)[: FEW + 1])
    rows = rows.filter(pk__in=few) if len(few) <= FEW else rows
    rows = rows.filter(requester=requester).select_related("hit_type")
    found, answer = page(rows, requester, request, f"ListHITsForQualificationType {type_id}", order=("-pk",))
    now = clock.now()
    return {**answer, "HITs": [shapes.hit(row, now) for row in found]}


def _answer(kind: QualificationType) -> dict[str, Any]:
    return {"QualificationType": shapes.qualification_type(kind)}


def _shape(kind: QualificationType, requester: Requester) -> dict[str, Any]:
    """The answer key, and the questions before somebody asks for them, are the owner's business."""
    shape = shapes.qualification_type(kind)
    if kind.requester_id != requester.pk:
        shape.pop("Test", None)
        shape.pop("AnswerKey", None)
    return shape


def _system_rows() -> list[QualificationType]:
    """The system's types as rows that are in no table; their keys, below 0, put them before all others."""
    return [
        QualificationType(
            pk=number - len(SYSTEM_TYPES),
            qualification_type_id=kind.type_id,
            name=kind.name,
            description=kind.description,
            searched=f"{kind.name}\n{kind.description}".casefold(),
        )
        for number, kind in enumerate(SYSTEM_TYPES.values())
    ]


def _retry_delay(request: dict[str, Any]) -> int | None:
    delay = request.get("RetryDelayInSeconds")
    return None if delay is None else limits.number("RetryDelayInSeconds", delay, 0, FOREVER)


def _set_test(kind: QualificationType, request: dict[str, Any]) -> None:
    """Test, duration and key are set together or not at all."""
    test, key, duration = request.get("Test"), request.get("AnswerKey"), request.get("TestDurationInSeconds")
    if not test:
        if key:
            raise ParameterValidationError("An AnswerKey needs a Test: specify both.")
        return
    if duration is None:
        raise ParameterValidationError("A Test needs TestDurationInSeconds: specify both.")
    kind.test_duration = limits.number("TestDurationInSeconds", duration, 1, limits.YEAR)
    try:
        form = parse_question_form(test)
        if key:
            parse_answer_key(key).check(form)
    except DocumentError as error:
        raise limits.bad_document(error) from error
    kind.test, kind.answer_key = test, key or ""


def _set_auto_grant(kind: QualificationType, request: dict[str, Any]) -> None:
    wanted, value = request.get("AutoGranted"), request.get("AutoGrantedValue")
    if wanted is not None:
        kind.auto_granted = wanted
    if kind.auto_granted and kind.test:
        raise ParameterValidationError("A QualificationType cannot have both a Test and AutoGranted: choose one.")
    if value is not None:
        kind.auto_granted_value = value
    elif wanted:
        kind.auto_granted_value = 1
