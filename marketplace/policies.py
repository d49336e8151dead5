"""Arithmetic that the marketplace and the dashboard share: fees. Pure, no Django; all money is Decimal US dollars.

Source: the pricing page (20 % of reward and bonus; another 20 % of the reward from 10 assignments on; 5 % for Masters;
at least one cent), rounded half up per assignment and then multiplied, never the other way round.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
MASTERS_TYPES = frozenset({"2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6"})


@dataclass(frozen=True, slots=True)
class FeeRates:
    """Rates as fractions of the reward or bonus; `minimum` in dollars per assignment or bonus."""

    base: Decimal = Decimal("0.20")
    many_assignments: Decimal = Decimal("0.20")
    many_from: int = 10
    masters: Decimal = Decimal("0.05")
    bonus: Decimal = Decimal("0.20")
    minimum: Decimal = CENT


RATES = FeeRates()


def to_cents(amount: Decimal) -> Decimal:
    """Round half up to the cent: 0.104 is 0.10 and 0.105 is 0.11."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def assignment_fee(
    reward: Decimal, *, max_assignments: int = 1, masters: bool = False, rates: FeeRates = RATES
) -> Decimal:
    """What the marketplace takes for one approved assignment, on top of its reward."""
    rate = rates.base
    if max_assignments >= rates.many_from:
        rate += rates.many_assignments
    if masters:
        rate += rates.masters
    return max(to_cents(reward * rate), rates.minimum)


def assignment_cost(
    reward: Decimal, *, max_assignments: int = 1, masters: bool = False, rates: FeeRates = RATES
) -> Decimal:
    """Reward and fee of one assignment."""
    return reward + assignment_fee(reward, max_assignments=max_assignments, masters=masters, rates=rates)


def bonus_fee(amount: Decimal, *, rates: FeeRates = RATES) -> Decimal:
    """What the marketplace takes for one bonus, on top of it."""
    return max(to_cents(amount * rates.bonus), rates.minimum)


def bonus_cost(amount: Decimal, *, rates: FeeRates = RATES) -> Decimal:
    """A bonus and its fee."""
    return amount + bonus_fee(amount, rates=rates)


def asks_for_masters(requirements: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a list of QualificationRequirement structures makes the Masters surcharge due."""
    return any(
        requirement.get("QualificationTypeId") in MASTERS_TYPES and requirement.get("Comparator") != "DoesNotExist"
        for requirement in requirements
    )
