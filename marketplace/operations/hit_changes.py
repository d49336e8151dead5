"""Changing a HIT that exists: its expiry, its number of assignments, its type, whether it is being reviewed."""

from datetime import datetime
from typing import Any

from .. import clock, rates, slots, tokens
from ..errors import ParameterValidationError, RequestError
from ..models import Requester
from . import finding, limits
from .hits import MAX_ASSIGNMENTS


def update_expiration_for_hit(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Extend a HIT, or expire it at once with a time that is not in the future; it cannot be shortened (api:1957).

    As at MTurk the increment counts from the current expiry (from now if that has passed), and the same new expiry for
    the same HIT within 24 hours is taken for a repetition. Expiring at once needs no such guard: cleaning-up scripts
    send the same long-gone time again and again, and always could.
    """
    hit = finding.hit_to_change(requester, request["HITId"])
    now, expire_at = clock.now(), _milliseconds(request["ExpireAt"])
    slots.settle(hit, now)
    if expire_at <= now:
        hit.expiration = expire_at  # stored as asked
        hit.save(update_fields=["expiration"])
        if not hit.lapsed:
            slots.lapse(hit, at=now)
        return {}
    # The recorded token is the HIT id followed by the time as Java prints a Date.
    token = hit.hit_id + expire_at.strftime("%a %b %d %H:%M:%S UTC %Y")
    try:
        tokens.claim(requester, "UpdateExpirationForHIT", token, at=now)
    except tokens.AlreadyUsed:
        raise limits.token_used(token) from None
    increment = _second(expire_at) - _second(max(hit.expiration, now))
    limits.number("ExpirationIncrementInSeconds", increment, 60, limits.YEAR)
    slots.extend(hit, expire_at, at=now)
    return {}


def create_additional_assignments_for_hit(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """More assignments for a HIT; fewer than 10 never become 10 or more, since the fee differs (api:249)."""
    hit = finding.hit_to_change(requester, request["HITId"])
    now, token = clock.now(), request.get("UniqueRequestToken") or ""
    try:
        tokens.claim(requester, "CreateAdditionalAssignmentsForHIT", token, at=now)
    except tokens.AlreadyUsed:
        raise limits.token_used(token) from None
    number = limits.number(
        "NumberOfAdditionalAssignments", request["NumberOfAdditionalAssignments"], 1, MAX_ASSIGNMENTS
    )
    total = hit.max_assignments + number
    many_from = rates.at(hit.created_at).many_from
    if hit.max_assignments < many_from <= total:
        raise RequestError(
            f"HIT {hit.hit_id} was created with fewer than {many_from} assignments and cannot be extended to "
            f"{total}: that would be {many_from} or more.",
            "AWS.MechanicalTurk.InvalidMaximumAssignmentsIncrease",
        )
    if total > MAX_ASSIGNMENTS:
        raise ParameterValidationError(f"A HIT can have at most {MAX_ASSIGNMENTS} assignments; this would be {total}.")
    slots.settle(hit, now)
    slots.add(hit, number, at=now, token=token)
    return {}


def update_hit_review_status(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Reviewable to Reviewing, or back with Revert (api:1983)."""
    hit = finding.hit_to_change(requester, request["HITId"])
    now = clock.now()
    slots.settle(hit, now)
    revert = bool(request.get("Revert"))
    needed = "Reviewing" if revert else "Reviewable"
    if hit.status(now) != needed:
        raise finding.wrong_hit_state(hit.status(now), needed)
    hit.reviewing = not revert
    hit.save(update_fields=["reviewing"])
    return {}


def update_hit_type_of_hit(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """The HIT takes on the properties of another HIT type of the same requester (api:2046)."""
    hit = finding.hit_to_change(requester, request["HITId"])
    hit_type = finding.usable_hit_type(requester, request["HITTypeId"])
    now = clock.now()
    slots.settle(hit, now)
    slots.retype(hit, hit_type, at=now)
    return {}


def _second(moment: datetime) -> int:
    """Many clients cut times to whole seconds; a minute after what they read has to be a minute here too."""
    return int(moment.timestamp())


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
