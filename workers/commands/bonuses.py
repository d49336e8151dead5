"""SendBonus."""

from decimal import Decimal

from django.utils import timezone

from dashboard import mturk
from dashboard.commands import Kind, Outcome, register, token_holds
from dashboard.inserts import insert
from dashboard.models import Command, State
from hits.models import BatchFigures, Finding
from workers.models import BonusPayment, Worker


@register
class SendBonus(Kind):
    """A bonus. The token makes a repeat harmless for a day; later the reference in the reason tells (api:1863)."""

    name = "SendBonus"
    operation = "SendBonus"
    verb = "pay a bonus for"
    takes_token = True
    # The worker reads the verdict first, and a rejection that fails may change one's mind.
    waits_for = ("ApproveAssignment", "RejectAssignment", "OverrideRejection")

    def already_done(self, error: mturk.MTurkError) -> bool:
        # MTurk answers a repeated token with an error; only the bonus itself can have used this token.
        return error.code.endswith("DuplicateRequest") or "idempotency token" in error.message

    def ask(self, command: Command) -> Outcome:
        if not command.attempts and command.first_sent_at is None:
            return Outcome(State.QUEUED)
        payment = self._find(command)
        if payment is not None:
            return Outcome(State.DONE, response={"GrantTime": str(payment.get("GrantTime"))})
        if token_holds(command):
            return Outcome(State.QUEUED)
        return Outcome(
            State.ATTENTION,
            message="MTurk lists no such bonus, but it was sent more than 23 hours ago: look before asking again.",
        )

    def _find(self, command: Command) -> dict | None:
        params = command.params
        for page in mturk.pages(command.account, "ListBonusPayments", {"AssignmentId": params["AssignmentId"]}):
            for payment in page.get("BonusPayments", []):
                # The reason ends with a reference that is this command's alone.
                if payment.get("Reason") == params["Reason"] and payment.get("WorkerId") == params["WorkerId"]:
                    return payment
        return None

    def settle(self, command: Command) -> None:
        columns = {
            "account": command.account,
            "worker_id": command.worker_id,
            "assignment_id": command.assignment_id,
            "amount": command.amount,
            "reason": command.params["Reason"],
        }
        batches = BatchFigures.objects.hold_for_bonuses(command.account, [command.assignment_id])
        # A full sync may have listed it before its answer was known.
        listed = BonusPayment.objects.filter(command=None, **columns).first()
        payment = listed or BonusPayment(granted_at=timezone.now(), **columns)
        payment.command = command
        payment.save()
        if listed is None:
            Worker.objects.paid(command.account, {command.worker_id: [command.amount]})
            BatchFigures.objects.count_bonuses(batches, [(command.assignment_id, command.amount)])

    def settle_many(self, commands: list[Command]) -> None:
        ids = {command.assignment_id for command in commands}
        account = commands[0].account
        batches = BatchFigures.objects.hold_for_bonuses(account, ids)
        if BonusPayment.objects.filter(account=account, assignment_id__in=ids, command=None).exists():
            super().settle_many(commands)
            return
        insert(
            BonusPayment(account=account, granted_at=timezone.now()),
            ("worker_id", "assignment_id", "amount", "reason", "command_id"),
            [(one.worker_id, one.assignment_id, one.amount, one.params["Reason"], one.pk) for one in commands],
        )
        amounts: dict[str, list[Decimal]] = {}
        for command in commands:
            amounts.setdefault(command.worker_id, []).append(command.amount)
        Worker.objects.paid(account, amounts)
        BatchFigures.objects.count_bonuses(batches, [(command.assignment_id, command.amount) for command in commands])

    def give_up(self, command: Command) -> None:
        # What a rule proposed, and was asked for in vain, is a proposal again.
        Finding.objects.stand_again(command)

    def subject(self, command: Command) -> str:
        return command.assignment_id
