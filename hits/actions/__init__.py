"""What a person can do with HITs and assignments."""

from hits.actions.hits import CHANGES, Weighed, change_hit, change_together, check_can_change, weigh
from hits.actions.verdicts import (
    OVERRIDE_WITHIN,
    Together,
    approve,
    check_can_decide,
    check_can_override,
    decide_together,
    override_rejection,
    reject,
)

__all__ = [
    "CHANGES", "OVERRIDE_WITHIN", "Together", "Weighed", "approve", "change_hit", "change_together", "check_can_change",
    "check_can_decide", "check_can_override", "decide_together", "override_rejection", "reject", "weigh",
]  # fmt: skip
