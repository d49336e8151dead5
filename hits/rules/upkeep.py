"""What workers do for rules behind the pages, and which accounts have something of it to do."""

import time

from dashboard.alone import alone
from dashboard.models import Account
from hits.models import Finding, GoldChange, GoldUpload, RuleRun
from hits.rules import deciding, gold, gold_files, past

#: Seconds between two steps, so that on SQLite others who wait to write find the moment in which they can.
BREATH = 0.01


def waiting_accounts() -> set[int]:
    """Accounts with gold that changed or that a file brings, a look at the past under way, or findings that policy has
    yet to look at."""
    return {
        account
        for rows in (
            GoldUpload.objects.exclude(state=GoldUpload.State.OPEN),
            GoldChange.objects.all(),
            RuleRun.objects.filter(finished_at=None),
            Finding.objects.filter(due=True),
        )
        for account in rows.order_by().values_list("account", flat=True).distinct()
    }


def look_back(account: Account, *, seconds: float = 20) -> None:
    """What there is to do for one account, in short transactions, for so long; the next sweep goes on with the rest.

    Any number of workers may; of one process one thread is enough, and the others have other things to do.
    """
    with alone("rules", account.pk) as free:
        until = time.monotonic() + seconds
        for step in (gold_files.finish_some, gold.rescore_some, past.go_on, deciding.release_due):
            while free and time.monotonic() < until and step(account):
                time.sleep(BREATH)
