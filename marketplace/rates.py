"""Which fees hold when: dated rows, read now and then and kept in this process.

A HIT keeps the rates of the moment it was made, whatever happens to it, so that what was held for it is exactly what is
paid or released; a bonus has those of the moment it is paid. Rows are only ever added, a minute ahead at least: by then
every process has looked again.
"""

import time
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from . import clock
from .models import HIT, FeeRate
from .policies import RATES, FeeRates

KEPT = 10.0  # seconds
AHEAD = timedelta(minutes=1)
NAMES = tuple(FeeRates.__dataclass_fields__)
_FRACTIONS = ("base", "many_assignments", "masters", "bonus")

_Known = list[tuple[datetime, FeeRates]]
_known: tuple[float, _Known] | None = None


def at(moment: datetime) -> FeeRates:
    """The rates of that moment, marketplace time; policies.RATES before the first row."""
    global _known
    known = _known
    if known is None or time.monotonic() - known[0] > KEPT:
        known = _known = (time.monotonic(), _read())
    return next((rates for valid_from, rates in known[1] if valid_from <= moment), RATES)


def forget() -> None:
    """Look again at the next question."""
    global _known
    _known = None


def announce(valid_from: datetime, **changes: Any) -> FeeRate:
    """New rates from a moment on, the others as they are until then. ValueError with a sentence if that cannot be.

    `changes`: fractions for base, many_assignments, masters and bonus, dollars for minimum, a number for many_from.
    """
    forget()
    before = at(valid_from)
    row = FeeRate(valid_from=valid_from, **{name: getattr(before, name) for name in NAMES} | changes)
    check(row)
    row.save()
    return row


def check(row: FeeRate) -> None:
    """ValueError unless these rates can be added."""
    if HIT.objects.exists() and row.valid_from < clock.now() + AHEAD:
        raise ValueError("New rates need a time at least a minute ahead: HITs that exist keep theirs.")
    if FeeRate.objects.filter(valid_from=row.valid_from).exists():
        raise ValueError("There are rates from that very time already; choose another second.")
    for name in _FRACTIONS:
        if not Decimal(0) <= getattr(row, name) <= Decimal(1):
            raise ValueError(f"{name} is a fraction from 0 to 1, for example 0.2 for 20 %.")
    if not Decimal(0) <= row.minimum <= Decimal(100):
        raise ValueError("minimum is an amount in dollars from 0 to 100.")
    if not 2 <= row.many_from <= 1_000_000_000:
        raise ValueError("many_from is a number of assignments, 2 or more.")


def _read() -> _Known:
    """The newest first."""
    return [
        (row.valid_from, FeeRates(**{name: getattr(row, name) for name in NAMES}))
        for row in FeeRate.objects.order_by("-valid_from")
    ]
