"""Lists of changes, carried out: the lines of a sheet that ask for one thing become one job."""

import uuid
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from dashboard.commands import Kind, kind_of
from dashboard.jobs import Bulk, DryRun, Wish, register
from dashboard.models import OPEN_STATES, Account, Command, User
from dashboard.permissions import block_needs_release
from qualifications.commands.scores import AssociateQualificationWithWorker, DisassociateQualificationFromWorker
from qualifications.models import Line

#: What begins the job of an act, by its name.
BULK_OF = {act: f"sheet_{act}" for act in Line.Act.values}


def on_its_way(account: Any, worker_id: Any, key: Any) -> Exists:
    """Whether an open command about the worker holds this exclusive key; all may be expressions. By the worker, since
    SQLite does not see that the keys' own index, which holds open commands alone, would do."""
    about = Command.objects.filter(account=account, worker_id=worker_id)
    return Exists(about.filter(exclusive_key=key, state__in=OPEN_STATES))


class BulkLines(Bulk):
    """The lines of a sheet with one act. Selected by {"sheet": key, "act": …}; queue filters name none of them."""

    about = "workers"
    act: str

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Line]:
        lines = Line.objects.filter(sheet__account=account, act=self.act)
        return lines.filter(sheet=selection["sheet"]) if "sheet" in selection else lines.none()

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        return [
            (Q(command__isnull=False), "It was asked for already."),
            (Q(verdict=Line.Verdict.SAME), "Nothing would change."),
            (Q(verdict=Line.Verdict.BAD), "The line cannot be carried out as it is."),
            (
                Q(on_its_way(OuterRef("sheet__account"), OuterRef("worker_id"), OuterRef("key"))),
                "A change of the same is on its way.",
            ),
        ]

    def for_work(self, rows: QuerySet[Line]) -> QuerySet[Line]:
        return rows.select_related("qualification_type", "sheet")

    def dry_run(self, account: Account, rows: QuerySet[Line], options: dict[str, Any]) -> DryRun:
        rows = rows.order_by()
        return DryRun(count=rows.count(), workers=rows.values("worker_id").distinct().count())

    def mark(self, made: list[tuple[Line, uuid.UUID]]) -> None:
        for row, identity in made:
            row.command_id = identity
        Line.objects.bulk_update([row for row, _ in made], ["command"], batch_size=500)

    def unmark(self, cancelled: QuerySet[Command]) -> None:
        Line.objects.filter(command__in=cancelled).update(command=None)

    def wish(self, row: Line, params: dict[str, Any]) -> Wish:
        # The worker's page says which qualification it was, as where one is given singly.
        note = row.qualification_type.name[:200] if row.qualification_type is not None else row.reason
        return Wish(
            params={"WorkerId": row.worker_id, **params}, worker_id=row.worker_id, exclusive_key=row.key, note=note
        )


@register
class SheetGrant(BulkLines):
    name, act = "sheet_grant", Line.Act.GRANT
    kind = AssociateQualificationWithWorker
    words = "Grant a qualification to"

    def weigh(self, row: Line, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        assert row.qualification_type is not None
        return self.wish(
            row,
            {
                "QualificationTypeId": row.qualification_type.qualification_type_id,
                "IntegerValue": row.value,
                "SendNotification": row.sheet.notify,
            },
        )


@register
class SheetRevoke(BulkLines):
    name, act = "sheet_revoke", Line.Act.REVOKE
    kind = DisassociateQualificationFromWorker
    words = "Take a qualification from"

    def weigh(self, row: Line, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        assert row.qualification_type is not None
        params = {"QualificationTypeId": row.qualification_type.qualification_type_id}
        if row.sheet.reason:
            params["Reason"] = row.sheet.reason
        return self.wish(row, params)


class _Named(BulkLines):
    """Of a kind that another app registers, known by its name."""

    kind_name: str

    @property
    def kind(self) -> type[Kind]:  # type: ignore[override]
        return type(kind_of(Command(kind=self.kind_name)))


@register
class SheetBlock(_Named):
    name, act, kind_name = "sheet_block", Line.Act.BLOCK, "CreateWorkerBlock"
    words = "Block"

    def weigh(self, row: Line, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        return self.wish(row, {"Reason": row.reason})

    def needs_release(self, user: User, account: Account, options: dict[str, Any], cost: Any) -> bool:
        return block_needs_release(user, account)


@register
class SheetUnblock(_Named):
    name, act, kind_name = "sheet_unblock", Line.Act.UNBLOCK, "DeleteWorkerBlock"
    words = "Unblock"

    def weigh(self, row: Line, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        return self.wish(row, {"Reason": row.reason} if row.reason else {})
