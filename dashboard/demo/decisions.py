"""What the demo's people have asked for when the first visitor comes: real actions, delivered like everybody's.

Each wish has a form key of its own, the same at every start, so that it is made once: approvals, a rejection,
bonuses, one bonus that waits for release, and a rejection that fails because a script had approved the work in the
meantime.
"""

import contextlib
import uuid
from collections.abc import Callable
from decimal import Decimal

from dashboard import mturk
from dashboard.models import Account, Command, Role, User
from dashboard.permissions import Denied
from hits import actions
from hits.models import Assignment, AssignmentStatus
from workers.actions import pay_bonus

NAMESPACE = uuid.UUID("5b0b7a1e-6a2f-4a38-9d55-1f4c4ad0c0de")
APPROVALS = 6
HASTY = 6  # seconds
TOO_FAST = "Handed in after {seconds} seconds, which is less than it takes to read the task."
TOO_LATE = "Two of the six fields are wrong."
GOOD_BOXES = "Every bird found, and the boxes are tight. Thank you!"
GOOD_COMMENT = "Your reasons were a great help."


def make(account: Account, people: dict[Role, User], say: Callable[[str], None]) -> None:
    """Make the wishes that were not made yet and for which there is work; tells how many."""
    made = 0
    for wish in (_approvals, _rejection, _bonuses, _proposal, _failure):
        try:
            made += wish(account, people)
        except Denied as reason:  # a person of the demo was given another role, or was quicker
            say(f"One of the demo's examples could not be made: {reason}")
    if made:
        say(f"The demo's people asked for {made} things; they are delivered as soon as the worker runs.")


def _key(wish: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, wish)


def _made(account: Account, wish: str) -> bool:
    return Command.objects.filter(account=account, form_key=_key(wish)).exists()


def _waiting(account: Account, batch: str) -> list[Assignment]:
    """Work of one batch that nobody decided about, newest first: what is due soon is left to the visitor."""
    waiting = Assignment.objects.of(account).awaiting_review().filter(hit__batch__key=f"batch:{batch}")
    return list(waiting.select_related("hit", "account").order_by("-submitted_at")[:100])


def _approvals(account: Account, people: dict[Role, User]) -> int:
    made = 0
    careful = [row for row in _waiting(account, "how-does-the-writer-feel") if (row.work_seconds or 0) >= HASTY]
    for number in range(APPROVALS):
        wish = f"approve {number}"
        if not _made(account, wish) and careful:
            actions.approve(assignment=careful.pop(0), by=people[Role.REVIEWER], form_key=_key(wish))
            made += 1
    return made


def _rejection(account: Account, people: dict[Role, User]) -> int:
    hasty = [row for row in _waiting(account, "how-does-the-writer-feel") if (row.work_seconds or 99) < HASTY]
    if _made(account, "reject") or not hasty:
        return 0
    feedback = TOO_FAST.format(seconds=hasty[0].work_seconds)
    actions.reject(assignment=hasty[0], by=people[Role.REVIEWER], feedback=feedback, form_key=_key("reject"))
    return 1


def _bonuses(account: Account, people: dict[Role, User]) -> int:
    approved = (
        Assignment.objects.of(account)
        .filter(status=AssignmentStatus.APPROVED, gone_at=None, hit__batch__key="batch:birds-in-pictures")
        .select_related("hit", "account")
        .order_by("submitted_at")
    )
    made = 0
    for number, assignment in enumerate(approved[:2]):
        wish = f"bonus {number}"
        if not _made(account, wish):
            amount = Decimal("0.25") * (number + 1)
            pay_bonus(
                assignment=assignment,
                by=people[Role.APPROVER],
                amount=amount,
                reason=GOOD_BOXES,
                form_key=_key(wish),
            )
            made += 1
    return made


def _proposal(account: Account, people: dict[Role, User]) -> int:
    waiting = _waiting(account, "which-translation-is-better")
    if _made(account, "proposal") or not waiting:
        return 0
    pay_bonus(
        assignment=waiting[0],
        by=people[Role.REVIEWER],
        amount=Decimal("0.50"),
        reason=GOOD_COMMENT,
        form_key=_key("proposal"),
    )
    return 1


def _failure(account: Account, people: dict[Role, User]) -> int:
    """A rejection that MTurk will refuse: our row still says Submitted, but a script approved the work just now."""
    waiting = _waiting(account, "receipt-totals")
    if _made(account, "failure") or not waiting:
        return 0
    assignment = waiting[0]
    # Refused where it is approved already: by an earlier start that was interrupted right here, or by time.
    with contextlib.suppress(mturk.Permanent):
        mturk.call(account, "ApproveAssignment", {"AssignmentId": assignment.assignment_id}, write=True)
    actions.reject(assignment=assignment, by=people[Role.REVIEWER], feedback=TOO_LATE, form_key=_key("failure"))
    return 1
