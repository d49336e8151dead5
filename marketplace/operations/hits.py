"""Making, reading and disposing of HITs."""

from datetime import timedelta
from typing import Any

from .. import clock, ledger, notifications, review, slots, tokens
from ..errors import ParameterValidationError, RequestError
from ..models import HIT, HITType, Requester
from ..policies import PolicyError
from . import finding, limits, questions, shapes
from .hit_types import hit_type_of
from .pages import page

MAX_ASSIGNMENTS = 1_000_000_000


def create_hit(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """A new HIT of the HIT type its properties make (api:311)."""
    return _create(requester, request, "CreateHIT", lambda: hit_type_of(requester, request))


def create_hit_with_hit_type(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """A new HIT of an existing HIT type (api:628)."""
    return _create(
        requester, request, "CreateHITWithHITType", lambda: finding.usable_hit_type(requester, request["HITTypeId"])
    )


def get_hit(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    return {"HIT": shapes.hit(finding.hit(requester, request["HITId"]), clock.now())}


def list_hits(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """All HITs that were not disposed of, the newest first (api:1369)."""
    rows = HIT.objects.alive().filter(requester=requester).select_related("hit_type")
    found, answer = page(rows, requester, request, "ListHITs", order=("-pk",))
    now = clock.now()
    return {**answer, "HITs": [shapes.hit(row, now) for row in found]}


def list_reviewable_hits(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """HITs to review, the oldest first so that what becomes reviewable meanwhile is mostly still ahead (api:1543)."""
    status = request.get("Status") or "Reviewable"
    now = clock.now()
    rows = HIT.objects.reviewable(now, reviewing=status == "Reviewing").filter(requester=requester)
    scope = f"ListReviewableHITs {status} {request.get('HITTypeId', '')}"
    if request.get("HITTypeId"):
        rows = rows.filter(hit_type=finding.hit_type(requester, request["HITTypeId"]))
    found, answer = page(rows.select_related("hit_type"), requester, request, scope)
    return {**answer, "HITs": [shapes.hit(row, now) for row in found]}


def delete_hit(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Only when nothing is open, in a worker's hands or unreviewed (api:941)."""
    hit = slots.lock_hit(requester=requester, hit_id=request["HITId"])
    if hit is None:
        raise finding.no_hit(request["HITId"])
    now = clock.now()
    if not hit.disposed_at:
        slots.settle(hit, now)
    status = hit.status(now)
    if status not in {"Reviewable", "Reviewing"} or hit.submitted:
        raise finding.wrong_hit_state(status, "Reviewing, Reviewable")
    slots.dispose(hit, at=now)
    return {}


def _create(requester: Requester, request: dict[str, Any], operation: str, hit_type: Any) -> dict[str, Any]:
    now = clock.now()
    token = request.get("UniqueRequestToken") or ""
    try:
        claimed = tokens.claim(requester, operation, token, at=now)
    except tokens.AlreadyUsed as used:
        raise RequestError(
            f'The HIT with ID "{used.made}" already exists.', "AWS.MechanicalTurk.HitAlreadyExists"
        ) from None
    hit = _new_hit(requester, request, hit_type(), now)
    hit.save(force_insert=True)
    ledger.hold(hit, hit.open_slots * slots.cost(hit), at=now, token=token)
    notifications.tell("HITCreated", hit, at=now)
    if claimed:
        claimed.made = hit.hit_id
        claimed.save(update_fields=["made"])
    return {"HIT": shapes.hit(hit, now)}


def _new_hit(requester: Requester, request: dict[str, Any], hit_type: HITType, now: Any) -> HIT:
    lifetime = limits.number("LifetimeInSeconds", request["LifetimeInSeconds"], 30, limits.YEAR)
    asked = request.get("MaxAssignments")
    maximum = limits.number("MaxAssignments", 1 if asked is None else asked, 1, MAX_ASSIGNMENTS)
    return HIT(
        requester=requester,
        hit_type=hit_type,
        created_at=now,
        expiration=now + timedelta(seconds=lifetime),
        question=questions.of_hit(requester, request),
        layout_id=request.get("HITLayoutId") or "",
        annotation=limits.text("RequesterAnnotation", request.get("RequesterAnnotation") or "", 0, 255),
        max_assignments=maximum,
        open_slots=maximum,
        assignment_review_policy=_policy(request, "AssignmentReviewPolicy"),
        hit_review_policy=_policy(request, "HITReviewPolicy"),
    )


def _policy(request: dict[str, Any], name: str) -> dict[str, Any] | None:
    policy = request.get(name)
    if policy is not None:
        try:
            review.check(policy, of_hit=name == "HITReviewPolicy")
        except PolicyError as error:
            raise ParameterValidationError(str(error)) from None
    return policy
