"""Blocks of many: each worker's is a write of its own."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from dashboard.jobs import Bulk, DryRun, Wish, register
from dashboard.models import OPEN_STATES, Account, Command, Role, User
from dashboard.permissions import block_needs_release
from workers.actions.blocks import check_block_reason, check_until, remember_until
from workers.commands import CreateWorkerBlock, DeleteWorkerBlock, block_key
from workers.models import Worker


class BulkBlockChange(Bulk):
    about = "workers"
    role = Role.REVIEWER

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Worker]:
        return Worker.objects.of(account).selected(selection)

    def on_its_way(self) -> tuple[Q, str]:
        rows = Command.objects.filter(
            account=OuterRef("account"), worker_id=OuterRef("worker_id"), state__in=OPEN_STATES,
            kind__in=[CreateWorkerBlock.name, DeleteWorkerBlock.name],
        )  # fmt: skip
        return Q(Exists(rows)), "A change of their block is on its way."

    def dry_run(self, account: Account, rows: QuerySet[Worker], options: dict[str, Any]) -> DryRun:
        count = rows.order_by().count()
        return DryRun(count=count, workers=count)


@register
class BulkBlock(BulkBlockChange):
    """`options`: reason, until (a moment in text, or "")."""

    name, kind = "block", CreateWorkerBlock
    words = "Block"

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        return [(Q(blocked=True), "They are blocked already."), self.on_its_way()]

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        reason = check_block_reason(options.get("reason", ""))
        check_until(datetime.fromisoformat(options["until"]) if options.get("until") else None)
        return {"reason": reason, "until": options.get("until", "")}

    def weigh(self, row: Worker, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        return Wish(
            params={"WorkerId": row.worker_id, "Reason": options["reason"]},
            worker_id=row.worker_id,
            exclusive_key=block_key(row.worker_id),
        )

    def mark(self, made: list[tuple[Worker, uuid.UUID]]) -> None:
        if not made:
            return
        job = Command.objects.select_related("job__requested_by", "account").get(pk=made[0][1])
        assert job.job is not None
        until = job.job.options.get("until")
        if until:
            remember_until(
                job.account, [row.worker_id for row, _ in made], until=datetime.fromisoformat(until),
                by=job.job.requested_by,
            )  # fmt: skip

    def needs_release(self, user: User, account: Account, options: dict[str, Any], cost: Decimal) -> bool:
        return block_needs_release(user, account)


@register
class BulkUnblock(BulkBlockChange):
    name, kind = "unblock", DeleteWorkerBlock
    words = "Unblock"

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        return [(Q(blocked=False), "They are not blocked, as far as we know."), self.on_its_way()]

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"reason": str(options.get("reason", ""))[:1000]}

    def weigh(self, row: Worker, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        params = {"WorkerId": row.worker_id, **({"Reason": options["reason"]} if options["reason"] else {})}
        return Wish(params=params, worker_id=row.worker_id, exclusive_key=block_key(row.worker_id))
