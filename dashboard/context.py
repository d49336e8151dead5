"""What the shell around every page shows: the account, its environment, how much waits, the last sync."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from dashboard import heartbeat
from dashboard.access import memberships_of
from dashboard.models import Membership
from dashboard.shortcuts import keys_of
from hits.models import Assignment

#: Counts on pages stop here: "1,000+" is as good as any number above it, and never scans a table.
COUNT_TO = 1001


def shell(request: HttpRequest) -> dict[str, Any]:
    """For templates/base.html. What costs a query is a function, so a fragment that shows none of it asks nothing."""
    membership: Membership | None = getattr(request, "membership", None)
    if membership is None:
        return {"now": timezone.now(), "keys": keys_of(getattr(request, "user", None))}
    account = membership.account
    return {
        "now": timezone.now(),
        "keys": keys_of(membership.user),
        "account": account,
        "membership": membership,
        "accounts": lambda: [row.account for row in memberships_of(request)],
        "latest_sync": account.latest_sync,
        "silence": heartbeat.silence,
        # In the queue's order: by its index, and no other, they are counted without a look at the rows.
        "review_count": cache(
            lambda: Assignment.objects.of(account).awaiting_review().oldest_deadline_first()[:COUNT_TO].count()
        ),
    }
