"""GetAccountBalance."""

from typing import Any

from .. import ledger
from ..models import Requester


def get_account_balance(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """What can be spent, and what is held for work that may still have to be paid (api:1093)."""
    available, on_hold = ledger.balance(requester)
    return {"AvailableBalance": str(available), "OnHoldBalance": str(on_hold)}
