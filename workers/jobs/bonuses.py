"""Bulk bonuses: the same amount for every assignment of a selection, or each row of an upload its own."""

import uuid
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from dashboard.jobs import Bulk, DryRun, Wish, register
from dashboard.models import Account, Command, User
from dashboard.permissions import Denied, bonus_needs_release
from hits.models import HIT, Assignment, UploadRow
from marketplace.policies import bonus_fee
from workers.actions.bonus_rows import NOT_PAID
from workers.actions.bonuses import bonus_params, check_bonus
from workers.commands.bonuses import SendBonus
from workers.models import BonusPayment


@register
class BulkBonus(Bulk):
    name = "bonus"
    kind = SendBonus
    words = "Pay a bonus to"
    options: ClassVar[tuple[str, ...]] = ("amount", "reason", "again")

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Assignment]:
        return Assignment.objects.of(account).selected(selection)

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        refused = [(Q(gone_at__isnull=False), "Its HIT no longer exists there.")]
        if not options.get("again"):
            had = had_bonus(OuterRef("account"), OuterRef("assignment_id"))
            refused.append((had, "It has had a bonus already. Tick the box to pay another one."))
        return refused

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        try:
            amount = Decimal(str(options.get("amount", "")))
        except InvalidOperation:
            raise Denied("Say how much: dollars and cents, such as 0.50.") from None
        reason = check_bonus(amount, str(options.get("reason", "")))
        return {"amount": f"{amount:.2f}", "reason": reason, "again": bool(options.get("again"))}

    def for_work(self, rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
        return rows.only("assignment_id", "worker_id", "hit")

    def load(self, rows: list[Assignment]) -> None:
        _give_hits(rows)

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
            exclusive_key="" if options.get("again") else f"bonus:{row.assignment_id}",
        )

    def needs_release(self, user: User, account: Account, options: dict[str, Any], cost: Decimal) -> bool:
        return bonus_needs_release(user, account, Decimal(options.get("amount") or 0))


def _give_hits(rows: list[Assignment]) -> None:
    hits = HIT.objects.only("hit_id").in_bulk({row.hit_id for row in rows})
    for row in rows:
        row.hit = hits[row.hit_id]


@register
class BulkBonusRows(Bulk):
    """The bonuses of an upload, each with its own amount and reason; the selection is {"upload": id}."""

    name = "bonus_rows"
    kind = SendBonus
    words = "Pay bonuses to"
    about = "uploads"
    options: ClassVar[tuple[str, ...]] = ("upload",)

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[UploadRow]:
        return UploadRow.objects.filter(
            upload=selection["upload"],
            upload__account=account,
            action=UploadRow.Action.BONUS,
            fate=UploadRow.Fate.GO,
            command=None,
        )

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        # The largest of them decides whether a second person is needed.
        largest = UploadRow.objects.filter(upload=options["upload"], fate=UploadRow.Fate.GO).aggregate(Max("amount"))
        return {"upload": str(options["upload"]), "largest": f"{largest['amount__max'] or 0:.2f}"}

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        # `why` of a row that goes is the doubt that somebody ticked away.
        paid = had_bonus(OuterRef("upload__account"), OuterRef("assignment_name"))
        return [
            (Q(assignment__isnull=True) | Q(assignment__gone_at__isnull=False), "Its HIT no longer exists there."),
            (Q(why="") & paid, "It had no bonus when the file was read, and has had one since."),
        ]

    def load(self, rows: list[UploadRow]) -> None:
        ours = Assignment.objects.only("assignment_id", "worker_id", "hit")
        found = ours.in_bulk({row.assignment_id for row in rows if row.assignment_id})
        _give_hits(list(found.values()))
        for row in rows:
            row.assignment = found.get(row.assignment_id) if row.assignment_id else None

    def dry_run(self, account: Account, rows: QuerySet[UploadRow], options: dict[str, Any]) -> DryRun:
        found = rows.order_by().aggregate(
            count=Count("pk"), workers=Count("worker_name", distinct=True), amount=Sum("amount"), fee=Sum("fee")
        )
        return DryRun(
            count=found["count"],
            workers=found["workers"],
            amount=found["amount"] or Decimal(0),
            fee=found["fee"] or Decimal(0),
        )

    def weigh(self, row: UploadRow, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        assignment, amount = row.assignment, row.amount
        if assignment is None or amount is None:
            raise Denied("Its assignment is gone.")
        return Wish(
            params=bonus_params(assignment, amount=amount, reason=row.text, identity=identity),
            amount=amount,
            fee=bonus_fee(amount),
            assignment_id=assignment.assignment_id,
            hit_id=assignment.hit.hit_id,
            worker_id=assignment.worker_id,
            # Two files that name the same assignment, asked for in the same moment: the second has to look again.
            exclusive_key="" if row.why else f"bonus:{assignment.assignment_id}",
            note=row.text,
        )

    def mark(self, made: list[tuple[UploadRow, uuid.UUID]]) -> None:
        UploadRow.became((identity, row.pk) for row, identity in made)

    def needs_release(self, user: User, account: Account, options: dict[str, Any], cost: Decimal) -> bool:
        return bonus_needs_release(user, account, Decimal(options.get("largest") or 0))


def had_bonus(account: Any, assignment_id: Any) -> Q:
    """Whether an assignment was paid a bonus before, here or elsewhere, or one is on its way."""
    asked = Command.objects.filter(account=account, assignment_id=assignment_id, kind=SendBonus.name)
    elsewhere = BonusPayment.objects.filter(account=account, assignment_id=assignment_id, command=None)
    return Q(Exists(asked.exclude(state__in=NOT_PAID))) | Q(Exists(elsewhere))
