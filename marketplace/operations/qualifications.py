"""Giving qualifications to workers, taking them away, and reading who has them."""

from typing import Any

from .. import clock, qualifications
from ..errors import RequestError
from ..models import Qualification, QualificationType, Requester
from ..system_types import SYSTEM_TYPES
from . import finding, limits, shapes
from .pages import page


def associate_qualification_with_worker(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """The worker has the qualification from now on, asked for or not; an open request stays open (api:183)."""
    kind = finding.qualification_type(requester, request["QualificationTypeId"])
    worker = finding.worker(request["WorkerId"])
    now, given = clock.now(), request.get("IntegerValue")
    value = 1 if given is None else given
    qualifications.give(kind, worker, value, at=now)
    if request.get("SendNotification") is not False:
        qualifications.tell_granted(kind, worker, value, at=now)
    return {}


def disassociate_qualification_from_worker(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Take a granted qualification away; a reason is told to the worker (api:1043)."""
    reason = limits.text("Reason", request.get("Reason") or "", 0, 1024)
    kind = finding.qualification_type(requester, request["QualificationTypeId"])
    finding.worker(request["WorkerId"])
    qualifications.take_away(_held(kind, request["WorkerId"], lock=True), reason=reason, at=clock.now())
    return {}


def get_qualification_score(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """A worker's value of a type of the requester's; those of the system's types are nobody's to ask (api:1185)."""
    if request["QualificationTypeId"] in SYSTEM_TYPES:
        raise _none()
    kind = finding.qualification_type(requester, request["QualificationTypeId"])
    return {"Qualification": shapes.qualification(_held(kind, request["WorkerId"]))}


def list_workers_with_qualification_type(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Who has a qualification or, with Status Revoked, had it; in the order they first got it (api:1696)."""
    kind = finding.qualification_type(requester, request["QualificationTypeId"])
    status = request.get("Status") or Qualification.Status.GRANTED
    rows = kind.qualifications.filter(status=status).select_related("worker", "qualification_type")
    scope = f"ListWorkersWithQualificationType {kind.qualification_type_id} {status}"
    found, answer = page(rows, requester, request, scope)
    return {**answer, "Qualifications": [shapes.qualification(row) for row in found]}


def _held(kind: QualificationType, worker_id: str, *, lock: bool = False) -> Qualification:
    rows = Qualification.objects.filter(qualification_type=kind, worker__worker_id=worker_id)
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    found = rows.select_related("worker", "qualification_type").first()
    if found is None:
        raise _none()
    if found.status != Qualification.Status.GRANTED:
        raise RequestError(
            "This operation can be called with a status of: Granted", "AWS.MechanicalTurk.InvalidQualificationState"
        )
    return found


def _none() -> RequestError:
    return RequestError(
        "You requested a Qualification that does not exist.", "AWS.MechanicalTurk.QualificationDoesNotExist"
    )
