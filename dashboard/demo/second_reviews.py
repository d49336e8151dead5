"""A sample of the demo's receipts that somebody looked at a second time, with some still waiting for the visitor."""

from collections.abc import Callable

from dashboard.models import Account, Role, User
from dashboard.permissions import Denied
from hits.actions import second_reviews
from hits.models import Batch, SecondReview

BATCH = "batch:receipt-totals"
ASKED, JUDGED = 14, 10
#: Percent of agreement below which the demo's second reviewer would not have paid.
DOUBTFUL = 65
NOTE = "Two of the fields or more are not what the receipt says."


def make(account: Account, people: dict[Role, User], say: Callable[[str], None]) -> None:
    """Ask for second reviews and give most of them; a second call adds nothing."""
    batch = Batch.objects.filter(account=account, key=BATCH).first()
    if batch is None or SecondReview.objects.filter(batch=batch).exists():
        return
    try:
        second_reviews.ask(batch=batch, by=people[Role.APPROVER], number=ASKED)
        for review in SecondReview.objects.filter(batch=batch).select_related("assignment", "account")[:JUDGED]:
            doubtful = review.assignment.agreement < DOUBTFUL
            second_reviews.judge(
                review=review,
                by=people[Role.REVIEWER if review.first_by_id != people[Role.REVIEWER].pk else Role.APPROVER],
                verdict="reject" if doubtful else "approve",
                note=NOTE if doubtful else "",
            )
    except Denied as reason:  # a person of the demo was given another role, or nothing is decided yet
        say(f"The demo's second reviews could not be made: {reason}")
