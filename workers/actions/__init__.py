"""What a person can do for or to a worker."""

from typing import Any

from dashboard.models import Account, User
from dashboard.permissions import Denied
from workers.actions.blocks import (
    block,
    check_block_reason,
    check_can_block,
    lift_soft_block,
    propose_due,
    set_until,
    soft_block,
    unblock,
)
from workers.actions.blocks import waiting as waiting_blocks
from workers.actions.bonuses import LARGEST_BONUS, bonus_params, check_bonus, check_can_bonus, pay_bonus
from workers.actions.notes import WORKER_ID, add_note, check_worker_id, ids_of, tag, untag

__all__ = [
    "LARGEST_BONUS", "WORKER_ID", "act_on_many", "add_note", "block", "bonus_params", "check_block_reason",
    "check_bonus", "check_can_block", "check_can_bonus", "check_worker_id", "ids_of", "lift_soft_block", "pay_bonus",
    "propose_due", "set_until", "soft_block", "tag", "unblock", "untag", "waiting_blocks",
]  # fmt: skip


def act_on_many(
    action: str, *, account: Account, selection: dict[str, Any], by: User, tag: str = "", reason: str = ""
) -> str:
    """tag, untag or soft_block for a selection of the table, in one transaction; returns what was done, in words."""
    ids = ids_of(account, selection)
    if action == "tag":
        done = _tag(account=account, worker_ids=ids, by=by, name=tag)
        return f"Tagged {done:,} of {len(ids):,}." if done < len(ids) else f"Tagged {done:,}."
    if action == "untag":
        return f"Taken off {untag(account=account, worker_ids=ids, by=by, name=tag):,} of {len(ids):,}."
    if action == "soft_block":
        new = soft_block(account=account, worker_ids=ids, by=by, reason=reason)
        already = f" {len(ids) - len(new):,} were already." if len(new) < len(ids) else ""
        return f"Soft blocked {len(new):,}. Their later answers are marked at review.{already}"
    raise Denied("This page was out of date. Try again.")


_tag = tag
