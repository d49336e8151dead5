"""The bonus: what may be paid, and the asking for it."""

import uuid
from decimal import Decimal

from django.db import transaction

from dashboard import commands, proposals
from dashboard.models import Account, Command, Role, User
from dashboard.permissions import Denied, bonus_needs_release, check_role, check_text_for_worker
from hits.models import Assignment
from marketplace.policies import bonus_fee
from workers.commands.bonuses import SendBonus

LARGEST_BONUS = Decimal("9999.99")


def check_can_bonus(by: User, assignment: Assignment) -> None:
    """Raise Denied with the reason why this person cannot ask for a bonus for this assignment."""
    check_role(by, assignment.account, Role.REVIEWER, "propose a bonus")
    if assignment.gone_at is not None:
        raise Denied("Its HIT no longer exists there, so MTurk cannot pay a bonus for it.")


def check_bonus(amount: Decimal, reason: str) -> str:
    """The reason as MTurk takes it; Denied where amount or reason is none."""
    reason = check_text_for_worker(reason)
    if not reason:
        raise Denied("Say what the bonus is for: the worker reads it.")
    # The limit first: what has more digits than arithmetic keeps cannot be rounded.
    within = amount.is_finite() and Decimal(0) < amount <= LARGEST_BONUS
    if not within or amount != amount.quantize(Decimal("0.01")):
        raise Denied(f"A bonus is between $0.01 and ${LARGEST_BONUS:,}, in whole cents.")
    return reason


def bonus_params(assignment: Assignment, *, amount: Decimal, reason: str, identity: uuid.UUID) -> dict[str, str]:
    """The API's request for a bonus whose command is `identity`."""
    return {
        "WorkerId": assignment.worker_id,
        "AssignmentId": assignment.assignment_id,
        "BonusAmount": f"{amount:.2f}",
        # MTurk lists bonuses without our token; the reference makes this one findable for ever. A key begins with the
        # moment it was made; its end is random.
        "Reason": f"{reason} [ref {identity.hex[-10:]}]",
    }


@transaction.atomic
def pay_bonus(
    *, assignment: Assignment, by: User, amount: Decimal, reason: str, form_key: uuid.UUID | None = None
) -> Command:
    """Ask for a bonus. A reviewer's is a proposal; so is one above the account's limit."""
    account = assignment.account
    check_can_bonus(by, assignment)
    reason = check_bonus(amount, reason)
    identity = uuid.uuid4()
    proposed = bonus_needs_release(by, account, amount)
    command = commands.ask(
        SendBonus,
        account=account,
        by=by,
        id=identity,
        params=bonus_params(assignment, amount=amount, reason=reason, identity=identity),
        proposed=proposed,
        form_key=form_key,
        assignment_id=assignment.assignment_id,
        hit_id=assignment.hit.hit_id,
        worker_id=assignment.worker_id,
        amount=amount,
        fee=bonus_fee(amount),
        note=reason,
    )
    if not proposed:
        commands.wake(account, after=commands.undo_window(account))
    return command


@proposals.register("bonus")
def release_bonus(
    *, account: Account, assignment_id: str, worker_id: str, by: User, reason: str, amount: Decimal
) -> Command:
    """The bonus that a rule proposed."""
    rows = Assignment.objects.select_related("account", "hit")
    assignment = rows.get(account=account, assignment_id=assignment_id, worker_id=worker_id)
    return pay_bonus(assignment=assignment, by=by, amount=amount, reason=reason)
