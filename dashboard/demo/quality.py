"""What the demo's people do about quality: gold answers for some HITs, and rules that look at every answer."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import transaction

from dashboard.demo.batches import batches
from dashboard.models import Account, Role, User
from hits.models import Batch, GoldAnswer, Rule
from hits.rules import gold, keeping, upkeep

#: Every second sentence and receipt is known.
GOLD = {
    "how-does-the-writer-feel": (("sentiment",), 2),
    "receipt-totals": (("total", "items", "paid"), 2),
}
TOO_QUICK = "Handed in faster than the task can be read."
#: Batch, look, what it needs to know, what it proposes.
RULES: tuple[tuple[str, Rule.Look, dict[str, Any], dict[str, Any]], ...] = (
    (
        "receipt-totals",
        Rule.Look.GOLD,
        {"of": "answer", "percent": 60, "least": 3},
        {"proposal": Rule.Proposal.REJECT, "reason": "Two or more of total, items and payment are wrong."},
    ),
    (
        "receipt-totals",
        Rule.Look.PLURALITY,
        {"field": "total", "others": 3, "percent": 50},
        {"proposal": Rule.Proposal.FLAG},
    ),
    (
        "receipt-totals",
        Rule.Look.TIME,
        {"percent_of_median": 30},
        {"proposal": Rule.Proposal.FLAG},
    ),
    (
        "receipt-totals",
        Rule.Look.GOLD,
        {"of": "answer", "percent": 100, "least": 3},
        {"proposal": Rule.Proposal.APPROVE, "when_passed": True},
    ),
    (
        "how-does-the-writer-feel",
        Rule.Look.TIME,
        {"seconds": 4},
        {"proposal": Rule.Proposal.REJECT, "reason": TOO_QUICK},
    ),
    (
        "how-does-the-writer-feel",
        Rule.Look.GOLD,
        {"of": "worker", "percent": 60, "least": 2},
        {"proposal": Rule.Proposal.SOFT_BLOCK, "reason": "Less than 60 % of the gold met in sentences."},
    ),
    (
        "which-translation-is-better",
        Rule.Look.DUPLICATE,
        {"field": "why", "characters": 20, "whose": "any"},
        {"proposal": Rule.Proposal.FLAG},
    ),
    (
        "which-translation-is-better",
        Rule.Look.TIME,
        {"seconds": 60},
        {
            "proposal": Rule.Proposal.BONUS,
            "when_passed": True,
            "amount": Decimal("0.05"),
            "reason": "You took your time with the comparison. Thank you.",
        },
    ),
    (
        "getting-around-town",
        Rule.Look.EMPTY,
        {"fields": ["change"]},
        {"proposal": Rule.Proposal.FLAG},
    ),
)


def make(account: Account, people: dict[Role, User], say: Callable[[str], None]) -> None:
    """Gold and rules that are not there yet, and what they find in what waits."""
    there = {batch.key: batch for batch in Batch.objects.filter(account=account)}
    known = _gold(there, people[Role.REVIEWER])
    made = 0
    for key, look, settings, more in RULES:
        batch = there.get(f"batch:{key}")
        if batch is None or Rule.objects.filter(batch=batch, look=look, settings=settings).exists():
            continue
        batch.account = account
        said = {"when_passed": False, **more}
        rule = keeping.add(batch=batch, by=people[Role.APPROVER], look=look, settings=settings, **said)
        keeping.switch(rule, on=True, by=people[Role.APPROVER], what_waits=True)
        made += 1
    upkeep.look_back(account)
    if known or made:
        say(f"The demo's people know {known} answers, and {made} rules look at every new one.")


@transaction.atomic
def _gold(there: dict[str, Batch], by: User) -> int:
    """What the demo's rows say is right becomes gold; for batches that have none yet."""
    known = 0
    for batch in batches():
        mirrored = there.get(f"batch:{batch.key}")
        if batch.key not in GOLD or mirrored is None or GoldAnswer.objects.filter(hit__batch=mirrored).exists():
            continue
        names, every = GOLD[batch.key]
        for hit in mirrored.hits.select_related("account").defer("raw", "question"):
            row = re.search(r";Row:(\d+);", hit.annotation)
            if row and int(row[1]) % every == 1 and int(row[1]) <= len(batch.rows):
                hint = batch.rows[int(row[1]) - 1]["hint"]
                for name in names:
                    gold.set_gold(hit=hit, name=name, accepted=[str(hint[name]["truth"])], by=by)
                    known += 1
    return known
