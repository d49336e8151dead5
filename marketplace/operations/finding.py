"""Finding what a request names, for this requester, or the error that says it does not exist; and state errors."""

from ..errors import ParameterValidationError, RequestError
from ..models import HIT, Assignment, HITType, QualificationType, Requester, Worker
from ..qualifications import lock_type
from ..requirements import check_usable, unknown_type
from ..slots import lock_assignment, lock_hit
from ..system_types import SYSTEM_TYPES


def hit(requester: Requester, hit_id: str) -> HIT:
    """A HIT that was not disposed of, to read."""
    found = HIT.objects.alive().select_related("hit_type").filter(requester=requester, hit_id=hit_id).first()
    if found is None:
        raise no_hit(hit_id)
    return found


def hit_to_change(requester: Requester, hit_id: str) -> HIT:
    """The same, locked."""
    found = lock_hit(requester=requester, hit_id=hit_id, disposed_at=None)
    if found is None:
        raise no_hit(hit_id)
    return found


def hit_type(requester: Requester, hit_type_id: str) -> HITType:
    found = HITType.objects.filter(requester=requester, hit_type_id=hit_type_id).first()
    if found is None:
        raise ParameterValidationError(f'The value "{hit_type_id}" is not valid for the parameter HITTypeId.')
    return found


def usable_hit_type(requester: Requester, hit_type_id: str) -> HITType:
    """One that HITs can be made of: the qualification types it asks for were neither deleted nor made inactive."""
    found = hit_type(requester, hit_type_id)
    check_usable(found.requirements, requester)
    return found


def assignment_to_change(requester: Requester, assignment_id: str) -> Assignment:
    """An assignment of this requester, in any state, its HIT locked."""
    found = lock_assignment(hit__requester=requester, hit__disposed_at=None, assignment_id=assignment_id)
    # Asked again after the lock: the HIT may have been disposed of while waiting for it.
    if found is None or found.hit.disposed_at:
        raise no_assignment(assignment_id)
    return found


def qualification_type(requester: Requester, type_id: str) -> QualificationType:
    """One of the requester's own types, deleted ones too as long as HITs need them; to read."""
    _own(type_id)
    found = QualificationType.objects.filter(
        requester=requester, qualification_type_id=type_id, disposed_at=None
    ).first()
    if found is None:
        raise unknown_type(type_id)
    return found


def qualification_type_to_change(requester: Requester, type_id: str) -> QualificationType:
    """The same, locked."""
    _own(type_id)
    found = lock_type(requester=requester, qualification_type_id=type_id, disposed_at=None)
    if found is None:
        raise unknown_type(type_id)
    return found


def _own(type_id: str) -> None:
    if type_id in SYSTEM_TYPES:
        raise RequestError(
            f"This user is not authorized to perform the requested operation. {SYSTEM_TYPES[type_id].name} belongs to "
            "the marketplace.",
            "AWS.MechanicalTurk.PermissionDeniedException",
        )


def worker(worker_id: str) -> Worker:
    """A worker this marketplace has seen."""
    found = Worker.objects.filter(worker_id=worker_id).first()
    if found is None:
        raise ParameterValidationError(f'The value "{worker_id}" is not valid for the parameter WorkerId.')
    return found


def no_hit(hit_id: str) -> RequestError:
    return RequestError(f"Hit {hit_id} does not exist.", "AWS.MechanicalTurk.HITDoesNotExist")


def no_assignment(assignment_id: str) -> RequestError:
    return RequestError(f"Assignment {assignment_id} does not exist.", "AWS.MechanicalTurk.AssignmentDoesNotExist")


def wrong_assignment_state(allowed: str) -> RequestError:
    return RequestError(
        f"This operation can be called with a status of: {allowed}", "AWS.MechanicalTurk.InvalidAssignmentState"
    )


def wrong_hit_state(status: str, allowed: str) -> RequestError:
    return RequestError(
        f"This HIT is currently in the state '{status}'.  This operation can be called with a status of: {allowed}",
        "AWS.MechanicalTurk.InvalidHITState",
    )
