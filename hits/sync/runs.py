"""One reading of an account: its row, its progress, its end; and the balance, which every reading may fetch."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from dashboard import mturk
from dashboard.commands import clear_problem, note_problem
from dashboard.models import Account, SyncRun
from hits.sync.members import Unreadable, money

log = logging.getLogger(__name__)

ABANDONED_AFTER = timedelta(minutes=2)


def end_abandoned_runs(account: Account) -> None:
    """A run without a sign of life belongs to a worker that died; it ends so that another can begin.

    So does one whose sign of life lies in the future: the clock was moved back since, and nobody knows how long ago.
    """
    now = timezone.now()
    silent = Q(beat_at__lt=now - ABANDONED_AFTER) | Q(beat_at__gt=now + ABANDONED_AFTER)
    SyncRun.objects.filter(silent, account=account, finished_at=None).update(
        finished_at=now, error="The worker that read stopped before it was done."
    )


@contextmanager
def running(run: SyncRun) -> Iterator[None]:
    """Keep the row true whatever happens; a refusal becomes the account's problem, never an exception."""
    try:
        yield
    except mturk.MTurkError as error:
        run.error = error.message
        if isinstance(error, mturk.Refused):
            note_problem(run.account_id, error.message)
    except Exception as error:
        run.error = f"An error of HITdesk itself: {error}"
        log.exception("The sync of %s stopped", run.account)
    else:
        clear_problem(run.account)
    run.finished_at = timezone.now()
    run.step = ""
    run.save()


def beat(run: SyncRun, *, at_least: float = 0.5) -> None:
    """Show progress, at most twice a second."""
    now = timezone.now()
    if abs((now - run.beat_at).total_seconds()) >= at_least:  # also after the clock was moved back
        run.beat_at = now
        run.save()


def note_unread(run: SyncRun, what: str, why: object) -> None:
    """Something could not be read: the first is named, the rest is counted, and the reading goes on."""
    first, more = getattr(run, "unread", ("", -1))
    first, more = first or f"{what} could not be read: {why}.", more + 1
    run.unread = (first, more)  # type: ignore[attr-defined]
    run.error = f"{first} And {more} more like it." if more else first
    log.warning("%s of %s could not be read: %s", what, run.account, why)


def pull_balance(run: SyncRun) -> None:
    """GetAccountBalance, when something was read or the last one is old: an unchanged account costs no extra call."""
    account = Account.objects.get(pk=run.account_id)
    fresh = account.balance_at is not None and account.balance_at > timezone.now() - timedelta(minutes=10)
    if fresh and not run.done and not run.full:
        return
    response, _ = mturk.call(account, "GetAccountBalance", {}, write=False)
    run.calls += 1
    Account.objects.filter(pk=account.pk).update(
        available_balance=_dollars(response, "AvailableBalance"),
        on_hold_balance=_dollars(response, "OnHoldBalance"),
        balance_at=timezone.now(),
    )


def _dollars(response: dict[str, Any], name: str) -> Decimal | None:
    try:
        return money(response, name) if name in response else None
    except Unreadable:
        return None
