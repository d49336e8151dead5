"""What a rule can propose, by name: the app an action belongs to registers it, so that rules need not know that app."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from dashboard.models import Account, Command, User
from dashboard.permissions import Denied

#: Called with account, assignment_id, worker_id, by, reason and amount (dollars); gives the Command asked for, if any.
Proposal = Callable[..., Command | None]

_proposals: dict[str, Proposal] = {}


def register(name: str) -> Callable[[Proposal], Proposal]:
    """Decorator: make an action known under the name that rules propose it by."""

    def add(proposal: Proposal) -> Proposal:
        if name in _proposals:
            raise ValueError(f"two actions are proposed as {name}")
        _proposals[name] = proposal
        return proposal

    return add


#: Called with account, worker_ids, batch, by and reason: what costs nothing and is no call, done for many at once. It
#: gives the ids for which it cannot be done, since MTurk has no such worker.
ForWorkers = Callable[..., list[str]]

_for_workers: dict[str, ForWorkers] = {}


def register_for_workers(name: str) -> Callable[[ForWorkers], ForWorkers]:
    """Decorator: as `register`, for what is done for many workers of a batch in one transaction."""

    def add(act: ForWorkers) -> ForWorkers:
        _for_workers[name] = act
        return act

    return add


def carry_out_for_workers(
    name: str, *, account: Account, worker_ids: list[str], batch: Any, by: User, reason: str
) -> list[str]:
    """Do what was proposed for these workers; the ids that were left out, since MTurk has no such worker. Denied with
    the sentence why it cannot be done."""
    if name not in _for_workers:
        raise Denied("This can only be released one by one.")
    return _for_workers[name](account=account, worker_ids=worker_ids, batch=batch, by=by, reason=reason)


def carry_out(
    name: str, *, account: Account, assignment_id: str, worker_id: str, by: User, reason: str, amount: Decimal
) -> Command | None:
    """Do what was proposed, in the caller's transaction. Denied with the sentence why it cannot be done."""
    if name not in _proposals:
        raise Denied("Nobody here knows how to do this.")
    return _proposals[name](
        account=account, assignment_id=assignment_id, worker_id=worker_id, by=by, reason=reason, amount=amount
    )
