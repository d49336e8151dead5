"""What a person can do with HITs and assignments."""

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
    "OVERRIDE_WITHIN", "Together", "approve", "check_can_decide", "check_can_override", "decide_together",
    "override_rejection", "reject",
]  # fmt: skip
