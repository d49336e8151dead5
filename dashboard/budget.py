"""What an account may spend through this desk, and what of it is spent or on its way.

`Account.committed` is the sum of its commands in COUNTED states. It is changed where a command enters or leaves those
states, in the same transaction; `recount` works it out from the rows.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from dashboard.models import Account, Command, State

#: Money that is spent, or may have been: everything between a claim and a certain no.
COUNTED = frozenset({State.SENDING, State.UNKNOWN, State.ATTENTION, State.DONE})
#: What does not fit is looked at again after this, and at once when the cap rises or money comes back.
AGAIN = timedelta(minutes=10)
_WORDS = "the budget: "
#: Rows put aside, or taken up again, in one statement.
MANY = 5000


def room(account: Account) -> Decimal | None:
    """What may still be committed; None: no cap. Below zero where the cap was lowered."""
    return None if account.budget_cap is None else account.budget_cap - account.committed


def sentence(account: Account, cost: Decimal) -> str:
    """Why a command waits, to be read behind "waits for"."""
    return f"{_WORDS}${account.committed:,.2f} of ${account.budget_cap:,.2f} is used, this needs ${cost:,.2f}"


def shift(account: Account, money: Decimal) -> None:
    """Add to what is committed, or (below zero) give back; what waits for money gets its turn."""
    Account.objects.filter(pk=account.pk).update(committed=F("committed") + money)
    if money < 0 and account.budget_cap is not None:
        let_go(account.pk, at_most=100)


def put_aside(account: Account, sources: list[Command], now: datetime) -> None:
    """Those of one price that do not fit leave the queue of what is due, `MANY` at a time, with a sentence."""
    for amount, fee in {(command.amount, command.fee) for command in sources}:
        alike = Command.objects.filter(
            account=account, state=State.QUEUED, not_before__lte=now, amount=amount, fee=fee,
            job__in={command.job_id for command in sources if command.job_id},
        ).order_by("not_before")  # fmt: skip
        single = [command.pk for command in sources if (command.amount, command.fee) == (amount, fee)]
        columns = {"waiting_for": sentence(account, amount + fee), "not_before": now + AGAIN}
        Command.objects.filter(pk__in=alike.values("pk")[:MANY], state=State.QUEUED).update(**columns)
        Command.objects.filter(pk__in=single, state=State.QUEUED).update(**columns)


def let_go(account_id: int, *, at_most: int | None = None) -> None:
    """What waits for money is due now, oldest first."""
    waiting = Command.objects.filter(account=account_id, state=State.QUEUED, waiting_for__startswith=_WORDS)
    if at_most is not None:
        waiting = Command.objects.filter(pk__in=waiting.order_by("not_before").values("pk")[:at_most])
    waiting.filter(state=State.QUEUED).update(not_before=timezone.now(), waiting_for="")


@transaction.atomic
def recount(account_id: int) -> Decimal:
    """Derive what is committed from the rows, and keep it; all this desk ever spent for the account counts."""
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    rows = Command.objects.filter(account=account, state__in=COUNTED).order_by()
    sums = rows.aggregate(amount=Sum("amount"), fee=Sum("fee"))
    account.committed = ((sums["amount"] or Decimal(0)) + (sums["fee"] or Decimal(0))).quantize(Decimal("0.01"))
    account.save(update_fields=["committed"])
    return account.committed
