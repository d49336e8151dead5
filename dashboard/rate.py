"""How fast an account may be called: a token bucket that halves when MTurk throttles and creeps up again.

Pure arithmetic on an Account that is loaded under its lock; whoever calls saves `COLUMNS`. All workers share the row,
so that ten of them are no faster than one.
"""

import math
from datetime import datetime, timedelta

from dashboard.models import Account, Environment

COLUMNS = ("rate_now", "rate_tokens", "rate_at", "rate_halved_at")
#: AWS publishes no limit and throttles at a few calls a second; a stranger begins politely. Calls a second.
AWS_BEGINS_AT = 10.0
#: An endpoint of one's own that throttles is called at half of this, and without a limit once it is reached again.
OPEN_FROM = 100.0
SLOWEST = 1.0
GROWTH_A_MINUTE = 1.1
#: A second of calls may leave at once.
BURST = timedelta(seconds=1)
#: Longer without a call, and the time says nothing about what MTurk would have taken.
IDLE = timedelta(minutes=1)
#: A claim is worth its transaction from this many seconds' tokens on.
NAP = 0.2


def _beginning(account: Account) -> float | None:
    """Calls a second of an account that was never throttled; None: no limit."""
    limits = [] if account.rate_cap is None else [account.rate_cap]
    if account.environment != Environment.MARKETPLACE:
        limits.append(AWS_BEGINS_AT)
    return min(limits, default=None)


def reset(account: Account) -> None:
    """Begin anew, as after another cap was set."""
    account.rate_now = account.rate_at = account.rate_halved_at = None
    account.rate_tokens = 0.0


def _grown(account: Account, rate: float, elapsed: timedelta) -> float | None:
    grown = rate * GROWTH_A_MINUTE ** min(elapsed / timedelta(minutes=1), 60 * 24)
    beginning = _beginning(account)
    if beginning is None:
        return None if grown >= OPEN_FROM else grown
    if elapsed > IDLE:
        grown = min(grown, max(rate, beginning))
    return grown if account.rate_cap is None else min(grown, account.rate_cap)


def _refill(account: Account, now: datetime) -> None:
    if account.rate_now is None:
        account.rate_now = _beginning(account)
        account.rate_tokens = max(1.0, (account.rate_now or 0.0) * BURST.total_seconds())
    elif account.rate_at is not None:
        # A clock that was moved back gives nothing, and counts from here.
        elapsed = max(now - account.rate_at, timedelta())
        account.rate_tokens += account.rate_now * elapsed.total_seconds()
        account.rate_now = _grown(account, account.rate_now, elapsed)
    if account.rate_now is not None:
        account.rate_tokens = min(account.rate_tokens, max(1.0, account.rate_now * BURST.total_seconds()))
    account.rate_at = now


def available(account: Account, wanted: int, now: datetime) -> int:
    """How many of `wanted` calls may leave now."""
    _refill(account, now)
    return wanted if account.rate_now is None else max(0, min(wanted, math.floor(account.rate_tokens)))


def take(account: Account, wanted: int, now: datetime) -> int:
    """Spend tokens for up to `wanted` calls; returns for how many there were some."""
    taken = available(account, wanted, now)
    if account.rate_now is not None:
        account.rate_tokens -= taken
    return taken


def seconds_to_wait(account: Account) -> float:
    """Seconds until it is worth to ask again, right after a `take` that gave less than was wanted."""
    if account.rate_now is None:
        return 0.0
    return max(NAP, (1.0 - account.rate_tokens) / account.rate_now)


def halve(account: Account, now: datetime) -> bool:
    """MTurk throttled: half as fast, at most once a second, since what was out already says nothing new."""
    halved = account.rate_halved_at
    if halved is not None and timedelta() <= now - halved < timedelta(seconds=1):
        return False
    _refill(account, now)
    account.rate_now = max(min(SLOWEST, account.rate_cap or SLOWEST), (account.rate_now or OPEN_FROM) / 2)
    account.rate_tokens = 0.0
    account.rate_halved_at = now
    return True
