"""Paying the workers out: what each earned and was not paid yet, as a list for whoever sends the money.

What is owed is everything the ledger says a worker earned less everything that payouts hold, both as sums over all
time. So nothing is paid twice and nothing is forgotten, in whatever order rows were written.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from . import clock
from .models import Clock, LedgerEntry, Payout, PayoutRun
from .transactions import writing

EARNED = ("reward", "bonus")


class NothingToPay(Exception):
    """No worker is owed anything."""


def owed() -> dict[int, Decimal]:
    """Primary key of the worker: dollars earned and in no payout."""
    earned = LedgerEntry.objects.filter(kind__in=EARNED, worker__isnull=False).order_by()
    held = dict(Payout.objects.order_by().values_list("worker").annotate(Sum("amount")))
    sums = earned.values_list("worker").annotate(Sum("amount"))
    return {worker: rest for worker, total in sums if (rest := total - held.get(worker, Decimal(0))) > 0}


def make(*, by: Any = None) -> PayoutRun:
    """A new payout run with everything that is owed; NothingToPay where that is nothing."""
    with writing():
        # Two operators at once: the second waits here, and then finds nothing owed any more.
        Clock.objects.get_or_create(pk=Clock.ONLY)
        Clock.objects.select_for_update().get(pk=Clock.ONLY)
        amounts = owed()
        if not amounts:
            raise NothingToPay
        run = PayoutRun.objects.create(made_at=clock.now(), made_by=by)
        Payout.objects.bulk_create(
            [Payout(run=run, worker_id=worker, amount=amount) for worker, amount in sorted(amounts.items())]
        )
    return run


def mark_paid(run: PayoutRun) -> bool:
    """Note that the money of a run was sent; False if somebody has said so before."""
    return bool(PayoutRun.objects.filter(pk=run.pk, paid_at=None).update(paid_at=clock.now()))


def rows(run: PayoutRun) -> Iterator[tuple[str, str, str, str]]:
    """(WorkerId, name, e-mail, amount) of a run, for its CSV."""
    found = run.payouts.select_related("worker__user").order_by("worker__worker_id")
    for payout in found.iterator(chunk_size=1000):
        user = payout.worker.user
        yield payout.worker.worker_id, user.username if user else "", user.email if user else "", f"{payout.amount:.2f}"
