"""Panels told to MTurk, where more than a few have changed: who gets the panel's qualification, and who loses it."""

import uuid
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from dashboard.jobs import Bulk, DryRun, Wish, register
from dashboard.models import Account, Command
from qualifications.commands.scores import AssociateQualificationWithWorker, DisassociateQualificationFromWorker
from qualifications.jobs.scores import on_its_way
from qualifications.models import PanelMember, score_key

TAKEN_BACK = "It was taken back before it was sent."


def grant_params(member: PanelMember) -> dict[str, Any]:
    """Quietly: a panel is nothing a worker is told of."""
    return {**revoke_params(member), "IntegerValue": 1, "SendNotification": False}


def revoke_params(member: PanelMember) -> dict[str, Any]:
    assert member.panel.qualification_type is not None
    return {
        "QualificationTypeId": member.panel.qualification_type.qualification_type_id,
        "WorkerId": member.worker_id,
    }


class BulkMembers(Bulk):
    """Selected by {"panel": key}; queue filters name none of them."""

    about = "workers"

    def due(self, members: Any) -> Any:
        raise NotImplementedError

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[PanelMember]:
        members = PanelMember.objects.filter(panel__account=account)
        return self.due(members.filter(panel=selection["panel"])) if "panel" in selection else members.none()

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        key = Concat(
            Value("score:"), OuterRef("panel__qualification_type__qualification_type_id"), Value(":"),
            OuterRef("worker_id"),
        )  # fmt: skip
        return [
            (
                Q(on_its_way(OuterRef("panel__account"), OuterRef("worker_id"), key)),
                "A change of the same is on its way.",
            )
        ]

    def for_work(self, rows: QuerySet[PanelMember]) -> QuerySet[PanelMember]:
        return rows.select_related("panel__qualification_type")

    def dry_run(self, account: Account, rows: QuerySet[PanelMember], options: dict[str, Any]) -> DryRun:
        count = rows.order_by().count()
        return DryRun(count=count, workers=count)

    def params(self, row: PanelMember) -> dict[str, Any]:
        raise NotImplementedError

    def weigh(self, row: PanelMember, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        params = self.params(row)
        return Wish(
            params=params,
            worker_id=row.worker_id,
            exclusive_key=score_key(params["QualificationTypeId"], row.worker_id),
        )

    def mark(self, made: list[tuple[PanelMember, uuid.UUID]]) -> None:
        for row, identity in made:
            row.command_id = identity
        PanelMember.objects.bulk_update([row for row, _ in made], ["command"], batch_size=500)

    def unmark(self, cancelled: QuerySet[Command]) -> None:
        # Not due again by itself: somebody did not want it.
        PanelMember.objects.filter(command__in=cancelled).update(command=None, problem=TAKEN_BACK)


@register
class PanelGrant(BulkMembers):
    name = "panel_grant"
    kind = AssociateQualificationWithWorker
    words = "Put into a panel"

    def due(self, members: Any) -> Any:
        return members.to_grant()

    def params(self, row: PanelMember) -> dict[str, Any]:
        return grant_params(row)


@register
class PanelRevoke(BulkMembers):
    name = "panel_revoke"
    kind = DisassociateQualificationFromWorker
    words = "Take out of a panel"

    def due(self, members: Any) -> Any:
        return members.to_revoke()

    def params(self, row: PanelMember) -> dict[str, Any]:
        return revoke_params(row)
