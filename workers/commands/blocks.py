"""CreateWorkerBlock and DeleteWorkerBlock. MTurk's own list tells whether either happened."""

from typing import ClassVar

from django.utils import timezone

from dashboard import mturk
from dashboard.commands import Kind, Outcome, register
from dashboard.models import Command, State
from workers.models import Worker, WorkerBlock


def block_key(worker_id: str) -> str:
    """One change of a worker's block may be open at a time."""
    return f"block:{worker_id}"


class BlockChange(Kind):
    """What both have in common. Sent twice, either leaves what the first one made."""

    #: Whether the worker is in MTurk's list when it happened.
    listed: ClassVar[bool]

    def subject(self, command: Command) -> str:
        return command.worker_id

    def ask(self, command: Command) -> Outcome:
        for page in mturk.pages(command.account, "ListWorkerBlocks"):
            if any(block.get("WorkerId") == command.worker_id for block in page.get("WorkerBlocks", [])):
                return Outcome(State.DONE if self.listed else State.QUEUED)
        return Outcome(State.QUEUED if self.listed else State.DONE)

    def settle(self, command: Command) -> None:
        now = timezone.now()
        # Known to us from now on, though the person may never have worked here.
        Worker.objects.make_known(command.account, [command.worker_id])
        Worker.objects.filter(account=command.account_id, worker_id=command.worker_id).update(blocked=self.listed)
        block, _ = WorkerBlock.objects.select_for_update().get_or_create(
            account=command.account, worker_id=command.worker_id
        )
        block.command, block.stale = command, True
        if self.listed:
            block.reason, block.blocked_at, block.lifted_at = command.params.get("Reason", ""), now, None
        else:
            block.lifted_at, block.until, block.until_by = now, None, None
        block.reminded_at = None
        block.save()

    def give_up(self, command: Command) -> None:
        if command.state == State.FAILED:
            # MTurk's view may differ from ours: its list is read again.
            WorkerBlock.objects.filter(account=command.account_id, worker_id=command.worker_id).update(stale=True)


@register
class CreateWorkerBlock(BlockChange):
    name = "CreateWorkerBlock"
    operation = "CreateWorkerBlock"
    verb = "block"
    listed = True


@register
class DeleteWorkerBlock(BlockChange):
    name = "DeleteWorkerBlock"
    operation = "DeleteWorkerBlock"
    verb = "unblock"
    listed = False
