"""What a team knows of its workers: notes, tags, a soft block, and a message that is on its way."""

from collections.abc import Callable

from dashboard.models import Account, Role, User
from dashboard.tasks import digest
from workers import actions
from workers.actions.messages import send_message
from workers.models import Message, SoftBlock, Worker, WorkerNote

SUBJECT = "Thank you, and what comes next"
TEXT = """Hello {worker_id},

we have approved {approved} of your answers to “{batch}”. Thank you for the careful work.

A longer survey about getting around town opens next week; it pays by the same rates.

{account}"""


def make(account: Account, people: dict[Role, User], say: Callable[[str], None]) -> None:
    """Notes, tags, a soft block and a message; nothing of it twice."""
    digest(account.pk)
    reviewer, approver = people[Role.REVIEWER], people[Role.APPROVER]
    known = list(Worker.objects.of(account).order_by("-approved", "pk")[:12])
    if not known:
        return
    if not WorkerNote.objects.filter(account=account).exists():
        best, *rest = known
        note = "Asked by mail whether overlapping birds count as two. They do; three tasks were done again."
        actions.add_note(account=account, worker_id=best.worker_id, by=reviewer, text=note)
        actions.tag(account=account, worker_ids=[row.worker_id for row in known[:5]], by=reviewer, name="careful")
        actions.tag(account=account, worker_ids=[row.worker_id for row in rest[3:6]], by=approver, name="german")
    if not SoftBlock.objects.of(account).exists():
        hasty = Worker.objects.of(account).filter(rejected__gt=0).order_by("-rejected", "pk").first() or known[-1]
        reason = "Same box in the middle of every picture. Rejected twice; look before approving more."
        actions.soft_block(account=account, worker_ids=[hasty.worker_id], by=reviewer, reason=reason)
    if not Message.objects.filter(account=account).exists():
        written = [row.worker_id for row in known if row.decided][:8]
        if written:
            send_message(account=account, by=approver, selection={"ids": written}, subject=SUBJECT, words=TEXT)
            say(f"A message to {len(written)} workers is on its way.")
