"""Bulk bonuses: the same amount for every assignment of a selection."""

import uuid
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django.db.models import Prefetch, Q, QuerySet

from dashboard.jobs import Bulk, DryRun, Wish, register
from dashboard.models import Account, User
from dashboard.permissions import Denied, bonus_needs_release
from hits.models import HIT, Assignment
from marketplace.policies import bonus_fee
from workers.actions.bonuses import bonus_params, check_bonus
from workers.commands.bonuses import SendBonus


@register
class BulkBonus(Bulk):
    name = "bonus"
    kind = SendBonus
    words = "Pay a bonus to"
    options: ClassVar[tuple[str, ...]] = ("amount", "reason")

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Assignment]:
        return Assignment.objects.of(account).selected(selection)

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        return [(Q(gone_at__isnull=False), "Its HIT no longer exists there.")]

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        try:
            amount = Decimal(str(options.get("amount", "")))
        except InvalidOperation:
            raise Denied("Say how much: dollars and cents, such as 0.50.") from None
        reason = check_bonus(amount, str(options.get("reason", "")))
        return {"amount": f"{amount:.2f}", "reason": reason}

    def for_work(self, rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
        hits = Prefetch("hit", HIT.objects.only("hit_id"))
        return rows.only("assignment_id", "worker_id", "hit").prefetch_related(hits)

    def dry_run(self, account: Account, rows: QuerySet[Assignment], options: dict[str, Any]) -> DryRun:
        count = rows.order_by().count()
        each = Decimal(str(options.get("amount") or 0))
        return DryRun(
            count=count,
            workers=rows.order_by().values("worker_id").distinct().count(),
            amount=each * count,
            fee=bonus_fee(each) * count if each else Decimal(0),
        )

    def weigh(self, row: Assignment, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        amount = Decimal(options["amount"])
        return Wish(
            params=bonus_params(row, amount=amount, reason=options["reason"], identity=identity),
            amount=amount,
            fee=bonus_fee(amount),
            assignment_id=row.assignment_id,
            hit_id=row.hit.hit_id,
            worker_id=row.worker_id,
        )

    def needs_release(self, user: User, account: Account, options: dict[str, Any], cost: Decimal) -> bool:
        return bonus_needs_release(user, account, Decimal(options.get("amount") or 0))
