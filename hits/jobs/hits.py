"""Bulk changes of HITs: extend, expire, more workers, Reviewing and back, another type, delete."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from dashboard.jobs import Bulk, DryRun, Wish, register
from dashboard.models import OPEN_STATES, Account, Command
from dashboard.permissions import Denied
from hits.actions import CHANGES, weigh
from hits.commands import DeleteHIT
from hits.models import HIT, Assignment, AssignmentStatus, HITType
from marketplace.policies import RATES, asks_for_masters, assignment_fee

MOST_HOURS, MOST_MORE = 24 * 365, 10_000


class BulkHIT(Bulk):
    """One of hits.actions.CHANGES for every HIT of a selection; `name` is its name there."""

    about = "hits"

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[HIT]:
        return HIT.objects.of(account).selected(selection)

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        on_its_way = Command.objects.filter(
            account=OuterRef("account"), hit_id=OuterRef("hit_id"), kind__in=[self.kind.name, DeleteHIT.name],
            state__in=OPEN_STATES,
        )  # fmt: skip
        return [
            (Q(gone_at__isnull=False), "It no longer exists there."),
            (Q(Exists(on_its_way)), "The same, or its deletion, is on its way."),
            *self.cannot(options),
        ]

    def cannot(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        """What of this change can be told without looking at each HIT; `weigh` tells the rest."""
        return []

    def details(self, options: dict[str, Any]) -> dict[str, Any]:
        return {}

    def for_work(self, rows: QuerySet[HIT]) -> QuerySet[HIT]:
        return rows.select_related("hit_type", "account").defer("raw", "question")

    def dry_run(self, account: Account, rows: QuerySet[HIT], options: dict[str, Any]) -> DryRun:
        return DryRun(count=rows.order_by().count())

    def weigh(self, row: HIT, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        weighed = weigh(self.name, row, **self.details(options))
        return Wish(
            params=weighed.params,
            hit_id=row.hit_id,
            exclusive_key=weighed.exclusive_key,
        )


def _whole(options: dict[str, Any], name: str, most: int, words: str) -> int:
    text = str(options.get(name, "")).strip()
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise Denied(f"Say {words}: a whole number from 1 to {most:,}.")
    return int(text)


@register
class BulkExtend(BulkHIT):
    name, kind, role = "extend", CHANGES["extend"].kind, CHANGES["extend"].role
    words = "Extend"
    options: ClassVar[tuple[str, ...]] = ("hours",)

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"hours": _whole(options, "hours", MOST_HOURS, "by how many hours")}

    def details(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"by_time": timedelta(hours=options["hours"])}


@register
class BulkExpire(BulkHIT):
    name, kind, role = "expire", CHANGES["expire"].kind, CHANGES["expire"].role
    words = "Expire now"

    def cannot(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        return [(Q(expires_at__lte=timezone.now()), "Its time is over already.")]


@register
class BulkAdd(BulkHIT):
    name, kind, role = "add", CHANGES["add"].kind, CHANGES["add"].role
    words = "Ask for more workers on"
    options: ClassVar[tuple[str, ...]] = ("number",)

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"number": _whole(options, "number", MOST_MORE, "how many more workers for each")}

    def cannot(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        room = RATES.many_from - int(options.get("number") or 0)
        crosses = Q(max_assignments__lt=RATES.many_from, max_assignments__gte=room)
        return [(crosses, f"It was published with fewer than {RATES.many_from} workers and has to stay below.")]

    def details(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"number": options["number"]}

    def dry_run(self, account: Account, rows: QuerySet[HIT], options: dict[str, Any]) -> DryRun:
        found, number = DryRun(), int(options.get("number") or 0)
        kinds = (
            rows.order_by()
            .values_list("reward", "max_assignments", "hit_type__qualification_requirements")
            .annotate(rows=Count("pk"))
        )
        for reward, most, requirements, count in kinds:
            fee = assignment_fee(reward, max_assignments=most, masters=asks_for_masters(requirements))
            found.count += count
            found.amount += reward * count * number
            found.fee += fee * count * number if number else Decimal(0)
        return found


@register
class BulkReview(BulkHIT):
    name, kind, role = "review", CHANGES["review"].kind, CHANGES["review"].role
    words = "Set to Reviewing"


@register
class BulkUnreview(BulkHIT):
    name, kind, role = "unreview", CHANGES["unreview"].kind, CHANGES["unreview"].role
    words = "Set back to Reviewable"

    def cannot(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        return [(~Q(status="Reviewing"), "It is not set to Reviewing.")]


@register
class BulkRetype(BulkHIT):
    name, kind, role = "retype", CHANGES["retype"].kind, CHANGES["retype"].role
    words = "Change the type of"
    options: ClassVar[tuple[str, ...]] = ("hit_type",)

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        if not options.get("hit_type"):
            raise Denied("Choose the HIT type they are to have.")
        return {"hit_type": str(options["hit_type"])}

    def cannot(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        return [(Q(hit_type__hit_type_id=options.get("hit_type", "")), "It has this type already.")]

    def weigh(self, row: HIT, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        wanted = HITType.objects.filter(account=row.account, hit_type_id=options["hit_type"]).first()
        if wanted is None:
            raise Denied("There is no such HIT type in this account.")
        weighed = weigh(self.name, row, hit_type=wanted)
        return Wish(params=weighed.params, hit_id=row.hit_id, exclusive_key=weighed.exclusive_key)


@register
class BulkDelete(BulkHIT):
    name, kind, role = "delete", CHANGES["delete"].kind, CHANGES["delete"].role
    words = "Delete"

    def cannot(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        undecided = Assignment.objects.filter(hit=OuterRef("pk"), status=AssignmentStatus.SUBMITTED, gone_at=None)
        return [(Q(Exists(undecided)), "Answers of it wait for a decision. Approve or reject first.")]
