"""Handing work out: so that two people never look at the same answer, each takes a few for themselves for a while."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dashboard.models import Account, Role, User
from dashboard.permissions import Denied, check_role
from hits.models import Assignment, AssignmentQuerySet

CHUNK = 20
HELD_FOR = timedelta(minutes=30)
_TRIES = 5


def free(now: datetime) -> Q:
    """What nobody holds at that moment."""
    return Q(handed_until__isnull=True) | Q(handed_until__lte=now)


def held_by_others(user: User, account: Account, now: datetime) -> list[int]:
    """What this person is not led to: keys of what somebody else holds. A few for each person, found by an index."""
    held = Assignment.objects.of(account).filter(handed_until__isnull=False, handed_until__gt=now)
    return list(held.exclude(reviewer=user).order_by().values_list("pk", flat=True))


def take(*, account: Account, by: User, rows: AssignmentQuerySet, order: tuple[str, ...], count: int = 0) -> list[str]:
    """Hand the next `count` (or CHUNK) free ones of `rows`, in that order, to this person; their ids.

    Several people who ask at once get different ones: whoever's UPDATE finds a row taken meanwhile looks again.
    """
    check_role(by, account, Role.REVIEWER, "review work")
    count = count or CHUNK
    taken: list[str] = []
    for _ in range(_TRIES):
        taken += _take(by=by, rows=rows, order=order, count=count - len(taken))
        if len(taken) >= count or not rows.awaiting_review().filter(free(timezone.now())).exists():
            break
    return taken


@transaction.atomic
def _take(*, by: User, rows: AssignmentQuerySet, order: tuple[str, ...], count: int) -> list[str]:
    now = timezone.now()
    waiting = rows.awaiting_review().filter(free(now)).order_by(*order)
    wanted = list(waiting.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:count])
    # The condition again, in the UPDATE: without it two could hold the same row where a database locks none.
    Assignment.objects.filter(pk__in=wanted).awaiting_review().filter(free(now)).update(
        reviewer=by, handed_until=now + HELD_FOR
    )
    mine = Assignment.objects.filter(pk__in=wanted, reviewer=by, handed_until=now + HELD_FOR)
    return list(mine.order_by(*order).values_list("assignment_id", flat=True))


def held_by(user: User, account: Account) -> AssignmentQuerySet:
    """What a person holds now."""
    return (
        Assignment.objects.of(account)
        .filter(reviewer__isnull=False, reviewer=user, handed_until__gt=timezone.now())
        .awaiting_review()
    )


def keep(*, account: Account, by: User) -> None:
    """Whoever is at work keeps what they took for another while."""
    now = timezone.now()
    Assignment.objects.of(account).filter(reviewer__isnull=False, reviewer=by, handed_until__gt=now).update(
        handed_until=now + HELD_FOR
    )


@transaction.atomic
def release(*, account: Account, by: User, of: User | None = None) -> int:
    """Give back what a person holds (oneself, or as an approver anybody); how many."""
    whose = of or by
    check_role(by, account, Role.REVIEWER if whose == by else Role.APPROVER, "give back what others took")
    held = held_by(whose, account)
    if not held.exists():
        raise Denied("Nothing is held any more." if whose != by else "You hold nothing.")
    return held.update(reviewer=None, handed_until=None)
