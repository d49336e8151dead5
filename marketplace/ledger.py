"""Every movement of money. Rows are appended, never changed; a requester's two balances are their sums.

    deposit  outside  -> available            release  held      -> available
    hold     available -> held                reward   available -> a worker
    bonus    available -> a worker            fee      available -> the marketplace

An approval releases what was held for the assignment and pays reward and fee in the same transaction, so money is in
exactly one place at any time: deposits = available + held + paid to workers + fees.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from . import prepared
from .errors import RequestError
from .models import HIT, Assignment, Bonus, LedgerEntry, Requester

# kind: (effect on available, effect on held)
EFFECT = {
    "deposit": (1, 0),
    "hold": (-1, 1),
    "release": (1, -1),
    "reward": (-1, 0),
    "bonus": (-1, 0),
    "fee": (-1, 0),
}


def insufficient_funds() -> RequestError:
    return RequestError(
        "This Requester has insufficient funds in their account to complete this transaction. Please visit "
        "https://requester.mturk.com/prepayments/new to purchase Prepaid HITs.",
        "AWS.MechanicalTurk.InsufficientFunds",
    )


def deposit(requester_id: int, amount: Decimal, *, at: datetime) -> None:
    """Money comes in from outside."""
    _move(requester_id, at, [("deposit", amount, {})])


def hold(hit: HIT, amount: Decimal, *, at: datetime, token: str = "") -> None:
    """Set money aside for assignments of a HIT; InsufficientFunds if there is not enough."""
    if amount:
        _move(hit.requester_id, at, [("hold", amount, {"hit": hit, "token": token})])


def release(hit: HIT, amount: Decimal, *, at: datetime, assignment: Assignment | None = None) -> None:
    """Give back what was held for work that will not be paid."""
    if amount:
        _move(hit.requester_id, at, [("release", amount, {"hit": hit, "assignment": assignment})])


def pay_assignment(assignment: Assignment, *, at: datetime, held: bool) -> None:
    """Pay reward and fee: out of what is held for it or, overriding a rejection, out of what is available."""
    hit = assignment.hit
    about = {"hit": hit, "assignment": assignment}
    movements: list[tuple[str, Decimal, dict[str, Any]]] = [
        ("reward", assignment.reward, {**about, "worker_id": assignment.worker_id}),
        ("fee", assignment.fee, about),
    ]
    if held:
        movements.insert(0, ("release", assignment.cost, about))
    _move(hit.requester_id, at, movements)


def pay_bonus(bonus: Bonus, *, at: datetime) -> None:
    """Pay a bonus and its fee out of what is available."""
    assignment = bonus.assignment
    about = {"hit": assignment.hit, "assignment": assignment, "token": bonus.token}
    _move(
        assignment.hit.requester_id,
        at,
        [("bonus", bonus.amount, {**about, "worker_id": assignment.worker_id}), ("fee", bonus.fee, about)],
    )


def balance(requester: Requester) -> tuple[Decimal, Decimal]:
    """(available, on hold) as they stand in the database now."""
    return Requester.objects.values_list("available", "on_hold").get(pk=requester.pk)


def entries() -> list[dict[str, Any]]:
    """Every movement in the order it happened, as `GET /control/ledger` answers; what does not apply is null."""
    rows = LedgerEntry.objects.order_by("pk").values_list(
        "kind",
        "requester__access_key_id",
        "worker__worker_id",
        "assignment__assignment_id",
        "hit__hit_id",
        "amount",
        "token",
        "at",
    )
    return [
        {
            "kind": kind,
            "requester": requester,
            "worker": worker,
            "assignment": assignment,
            "hit": hit,
            "amount": str(amount),
            "token": token or None,
            "time": at.timestamp(),
        }
        for kind, requester, worker, assignment, hit, amount, token, at in rows.iterator()
    ]


def _move(requester_id: int, at: datetime, movements: list[tuple[str, Decimal, dict[str, Any]]]) -> None:
    """Append the movements and bring the requester's balances up to date, under a lock on the requester.

    The new balances are reckoned in Decimal here rather than in SQL because SQLite would do it in floating point.
    """
    requester = prepared.one(Requester, lock=True, pk=requester_id)
    assert requester is not None
    for kind, amount, _ in movements:
        on_available, on_held = EFFECT[kind]
        requester.available += on_available * amount
        requester.on_hold += on_held * amount
    if requester.available < 0:
        raise insufficient_funds()
    prepared.update(requester, "available", "on_hold")
    prepared.insert(
        [
            LedgerEntry(kind=kind, requester_id=requester_id, amount=amount, at=at, **about)
            for kind, amount, about in movements
        ]
    )
