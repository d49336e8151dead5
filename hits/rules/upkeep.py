"""What workers do for rules behind the pages, and which accounts have something of it to do."""

from dashboard.models import Account
from hits.models import Finding, GoldChange, RuleRun
from hits.rules import deciding, gold, past


def waiting_accounts() -> set[int]:
    """Accounts with gold that changed, a look at the past under way, or findings that policy has yet to look at."""
    return {
        account
        for rows in (
            GoldChange.objects.all(),
            RuleRun.objects.filter(finished_at=None),
            Finding.objects.filter(due=True),
        )
        for account in rows.order_by().values_list("account", flat=True).distinct()
    }


def look_back(account: Account) -> None:
    """All of it for one account, in short transactions; any number of workers may, at any time."""
    while gold.rescore_some(account):
        pass
    while past.go_on(account):
        pass
    while deciding.release_due(account):
        pass
