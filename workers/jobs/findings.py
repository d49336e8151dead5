"""Bulk releases: the bonuses that one rule proposes, asked for as one job."""

import uuid
from typing import Any, ClassVar

from django.db.models import Q, QuerySet

from dashboard.jobs import Wish, register
from dashboard.models import Account, Command
from hits.models import Assignment, AssignmentStatus, Finding, Rule
from workers.jobs.bonuses import BulkBonus


@register
class ReleaseBonuses(BulkBonus):
    """Assignments with an open finding of a rule that proposes a bonus, {"rule": its key}. What a person should look at
    first is left out, and stays a proposal."""

    name = "release_bonus"
    about = "findings"
    options: ClassVar[tuple[str, ...]] = ("amount", "reason", "rule")

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Assignment]:
        found = Finding.objects.proposed().filter(
            account=account, rule=selection["rule"], rule__proposal=Rule.Proposal.BONUS, rule__deleted_at=None
        )
        return Assignment.objects.of(account).filter(pk__in=found.values("assignment"))

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**super().check_options({**options, "again": ""}), "rule": int(options["rule"])}

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        gone, (had, _) = super().refusals(options)
        return [
            gone,
            (Q(status=AssignmentStatus.REJECTED), "It was rejected. Release this one by itself, if you mean it."),
            (had, "It has had a bonus already. Release this one by itself, if you mean it."),
        ]

    def weigh(self, row: Assignment, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        row.rule_ = options["rule"]  # type: ignore[attr-defined]
        return super().weigh(row, options, identity)

    def mark(self, made: list[tuple[Assignment, uuid.UUID]]) -> None:
        if made:
            rule = made[0][0].rule_  # type: ignore[attr-defined]
            Finding.objects.filter(rule=rule).release({row.pk: identity for row, identity in made})

    def unmark(self, cancelled: QuerySet[Command]) -> None:
        Finding.objects.stand_again_all(cancelled)
