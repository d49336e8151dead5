"""CreateHITType, and the HIT type behind CreateHIT."""

import hashlib
import json
from typing import Any

from .. import clock, requirements
from ..models import HITType, Requester
from . import limits

AUTO_APPROVAL = 2_592_000  # 30 days: the default and the most


def create_hit_type(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Equal values give the HIT type that exists already (api:529)."""
    return {"HITTypeId": hit_type_of(requester, request).hit_type_id}


def hit_type_of(requester: Requester, request: dict[str, Any]) -> HITType:
    """The requester's HIT type of these properties, made if new; two at once make one."""
    delay = request.get("AutoApprovalDelayInSeconds")
    properties: dict[str, Any] = {
        "title": limits.text("Title", request["Title"], 1, 128),
        "description": limits.text("Description", request["Description"], 1, 2000),
        "keywords": limits.text("Keywords", request.get("Keywords") or "", 0, 1000),
        "reward": limits.money("Reward", request["Reward"], "0.00", "1000000.00"),
        "assignment_duration": limits.number(
            "AssignmentDurationInSeconds", request["AssignmentDurationInSeconds"], 30, limits.YEAR
        ),
        "auto_approval_delay": limits.number(
            "AutoApprovalDelayInSeconds", AUTO_APPROVAL if delay is None else delay, 0, AUTO_APPROVAL
        ),
        "requirements": requirements.checked(request.get("QualificationRequirements") or [], requester),
    }
    canonical = json.dumps(properties | {"reward": str(properties["reward"])}, sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    same = HITType.objects.filter(requester=requester, digest=digest).first()
    if same:
        return same
    defaults = {**properties, "created_at": clock.now()}
    made, is_new = HITType.objects.get_or_create(requester=requester, digest=digest, defaults=defaults)
    if is_new and made.requirements:
        requirements.record(made)
    return made
