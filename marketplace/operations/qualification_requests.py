"""Requests of workers for qualifications: reading, granting and rejecting them."""

from typing import Any

from .. import clock, qualifications
from ..errors import RequestError
from ..models import QualificationRequest, Requester
from . import finding, limits, shapes
from .pages import page


def list_qualification_requests(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Submitted requests that wait for a decision, of one type or of all the requester's, the oldest first
    (api:1449).
    """
    rows = QualificationRequest.objects.filter(state=qualifications.PENDING)
    type_id = request.get("QualificationTypeId")
    if type_id:
        rows = rows.filter(qualification_type=finding.qualification_type(requester, type_id))
    else:
        rows = rows.filter(qualification_type__requester=requester)
    rows = rows.select_related("worker", "qualification_type")
    scope = f"ListQualificationRequests {type_id or ''}"
    found, answer = page(rows, requester, request, scope, order=("submit_time", "pk"))
    return {**answer, "QualificationRequests": [shapes.qualification_request(row) for row in found]}


def accept_qualification_request(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Grant it; a value the worker has already is replaced (api:78)."""
    asked = _pending(requester, request["QualificationRequestId"])
    now, given = clock.now(), request.get("IntegerValue")
    value = 1 if given is None else given
    qualifications.accept(asked, value, at=now)
    qualifications.tell_granted(asked.qualification_type, asked.worker, value, at=now)
    return {}


def reject_qualification_request(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Refuse it; the worker can see the reason (api:1826)."""
    reason = limits.text("Reason", request.get("Reason") or "", 0, 1024)
    asked = _pending(requester, request["QualificationRequestId"])
    now = clock.now()
    qualifications.reject(asked, reason=reason, at=now)
    subject = f'You did not get the qualification "{asked.qualification_type.name}"'
    text = reason or "The requester gave no reason."
    qualifications.tell(asked.qualification_type, asked.worker, subject, text, at=now)
    return {}


def _pending(requester: Requester, request_id: str) -> QualificationRequest:
    """A submitted request for one of the requester's types, locked. A test only begun is the worker's own business."""
    found = qualifications.lock_request(request_id=request_id[:65], qualification_type__requester=requester)
    if found is None or found.state == qualifications.IDLE:
        raise RequestError(
            f"QualificationRequest [{request_id[:64]}] does not exist.",
            "AWS.MechanicalTurk.QualificationRequestDoesNotExist",
        )
    if found.state != qualifications.PENDING:
        raise RequestError(
            "This operation can be called with a status of: Submitted",
            "AWS.MechanicalTurk.InvalidQualificationRequestState",
        )
    return found
