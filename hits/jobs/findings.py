"""Bulk releases: what one rule proposes about the payment of many, asked for as one job."""

import uuid
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet

from dashboard.jobs import register
from dashboard.models import Account, Command
from hits.jobs.verdicts import BulkApprove, BulkReject, BulkVerdict
from hits.models import Assignment, Finding, Rule


class BulkRelease(BulkVerdict):
    """Assignments with an open finding of a rule, {"rule": its key}; the findings go with their commands."""

    about = "findings"  # not for the form that starts other jobs: its words come from the rule
    proposal: ClassVar[Rule.Proposal]

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Assignment]:
        found = Finding.objects.proposed().filter(
            account=account, rule=selection["rule"], rule__proposal=self.proposal, rule__deleted_at=None
        )
        return Assignment.objects.of(account).filter(pk__in=found.values("assignment"))

    def mark(self, made: list[tuple[Assignment, uuid.UUID]]) -> None:
        super().mark(made)
        Finding.objects.filter(rule__proposal=self.proposal).release({row.pk: identity for row, identity in made})

    def unmark(self, cancelled: QuerySet[Command]) -> None:
        super().unmark(cancelled)
        Finding.objects.stand_again_all(cancelled)


@register
class ReleaseApprovals(BulkRelease, BulkApprove):
    name = "release_approve"
    proposal = Rule.Proposal.APPROVE

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        against = Finding.objects.proposed().filter(assignment=OuterRef("pk"), rule__proposal=Rule.Proposal.REJECT)
        return [*super().refusals(options), (Q(Exists(against)), "Another rule proposes to reject it.")]


@register
class ReleaseRejections(BulkRelease, BulkReject):
    name = "release_reject"
    proposal = Rule.Proposal.REJECT
