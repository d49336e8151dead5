"""What a person can do with HITs and assignments."""

from hits.actions.data import check_can_judge, judge
from hits.actions.flags import check_can_flag, clear_flags, flag
from hits.actions.handing import held_by, held_by_others, keep, release, take
from hits.actions.hits import CHANGES, Weighed, change_hit, change_together, check_can_change, weigh
from hits.actions.saved import delete_view, rename_view, save_view
from hits.actions.undoing import Undo, last_undo, take_back
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
    "CHANGES", "OVERRIDE_WITHIN", "Together", "Undo", "Weighed", "approve", "change_hit", "change_together",
    "check_can_change", "check_can_decide", "check_can_flag", "check_can_judge", "check_can_override", "clear_flags",
    "decide_together", "delete_view", "flag", "held_by", "held_by_others", "judge", "keep", "last_undo",
    "override_rejection", "reject", "release", "rename_view", "save_view", "take", "take_back", "weigh",
]  # fmt: skip
