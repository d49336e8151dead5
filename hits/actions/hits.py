"""What a person can do with a HIT. Each change is weighed first: what MTurk would be asked, what it costs, or why not.

Setting to Reviewing and back is a reviewer's. What costs, ends or destroys is an approver's: time, workers, type,
deletion.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import commands
from dashboard.models import Account, Command, Role, User
from dashboard.permissions import Denied, check_role
from hits.actions.verdicts import Together
from hits.commands import (
    AddAssignments,
    DeleteHIT,
    ExpireHIT,
    ExtendHIT,
    HITChange,
    StartReviewing,
    StopReviewing,
    UpdateHITTypeOfHIT,
    in_whole_seconds,
)
from hits.models import HIT, Assignment, AssignmentStatus, HITType
from marketplace.policies import RATES

SHORTEST, LONGEST = timedelta(seconds=60), timedelta(seconds=31_536_000)
MOST_ASSIGNMENTS = 1_000_000_000
_ONCE_IN = timedelta(hours=24)
#: "Now" is sent as a moment that has surely passed at MTurk: with clocks further apart it would refuse our signature.
_CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True)
class Weighed:
    """What one change of one HIT would ask of MTurk, and what it would set aside, in US dollars.

    Nothing is paid by it: assignments that are added cost when they are approved, and are counted then.
    """

    params: dict[str, Any]
    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    exclusive_key: str = ""


def _extend(hit: HIT, *, by_time: timedelta | None = None, until: datetime | None = None) -> Weighed:
    """Either `by_time`, counted from the present end (from now where that has passed), or `until` a moment."""
    now = timezone.now()
    base = max(hit.expires_at or now, now)
    if (by_time is None) == (until is None):
        raise Denied("Say by how long, or until when.")
    try:
        end = until if until is not None else base + (by_time or timedelta())
        # The first and the last day of the calendar have no time in UTC that could be written down.
        end = end.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise Denied("A HIT can be extended by a year at a time.") from None
    if end - base < SHORTEST - timedelta(seconds=1):
        raise Denied("The new end has to be at least a minute later than the present one; MTurk shortens no HIT.")
    if end - base > LONGEST:
        raise Denied("A HIT can be extended by a year at a time.")
    params = {"HITId": hit.hit_id, "ExpireAt": in_whole_seconds(end)}
    repeated = Command.objects.filter(
        account=hit.account_id,
        hit_id=hit.hit_id,
        kind=ExtendHIT.name,
        state="done",
        params=params,
        first_sent_at__gt=now - _ONCE_IN,
    )
    if repeated.exists():
        raise Denied("MTurk takes the same end for a HIT only once in 24 hours. Choose one that is a minute later.")
    return Weighed(params)


def _expire(hit: HIT) -> Weighed:
    if hit.is_over:
        raise Denied("Its time is over already.")
    return Weighed({"HITId": hit.hit_id, "ExpireAt": in_whole_seconds(timezone.now() - _CLOCKS_APART)})


def _add(hit: HIT, *, number: int) -> Weighed:
    if not 1 <= number <= MOST_ASSIGNMENTS - hit.max_assignments:
        raise Denied("Say how many more workers: a whole number from 1 on.")
    total = hit.max_assignments + number
    if hit.max_assignments < RATES.many_from <= total:
        room = RATES.many_from - 1 - hit.max_assignments
        raise Denied(
            f"MTurk charges a higher fee from {RATES.many_from} workers on, so a HIT published with fewer stays below: "
            + (f"{room} more is the most for this one." if room else "this one has as many as it can.")
        )
    return Weighed(
        {"HITId": hit.hit_id, "NumberOfAdditionalAssignments": number},
        amount=hit.reward * number,
        fee=hit.fee * number,
    )


def _start_reviewing(hit: HIT) -> Weighed:
    if hit.status_now != "Reviewable":
        raise Denied("Only a HIT that is ready to review can be set to Reviewing: all handed in, or its time over.")
    return Weighed({"HITId": hit.hit_id, "Revert": False})


def _stop_reviewing(hit: HIT) -> Weighed:
    if hit.status_now != "Reviewing":
        raise Denied("It is not set to Reviewing.")
    return Weighed({"HITId": hit.hit_id, "Revert": True})


def _delete(hit: HIT) -> Weighed:
    if hit.status_now not in ("Reviewable", "Reviewing"):
        raise Denied("Workers can still take it or are on it. Expire it, and delete it when the last one is done.")
    waiting = Assignment.objects.filter(hit=hit, status=AssignmentStatus.SUBMITTED, gone_at=None).count()
    if waiting:
        answers = "1 answer waits" if waiting == 1 else f"{waiting:,} answers wait"
        raise Denied(f"{answers} for a decision. Approve or reject first: MTurk keeps what nobody has decided.")
    others = Command.objects.open().filter(account=hit.account_id, hit_id=hit.hit_id)
    if others.exclude(exclusive_key=DeleteHIT.key(hit.hit_id)).exists():
        raise Denied("Something about it is still on its way to MTurk. Delete it when that is done.")
    return Weighed({"HITId": hit.hit_id})


def _retype(hit: HIT, *, hit_type: HITType) -> Weighed:
    if hit_type.account_id != hit.account_id:
        raise Denied("There is no such HIT type in this account.")
    if hit_type.pk == hit.hit_type_id:
        raise Denied("It has this type already.")
    return Weighed({"HITId": hit.hit_id, "HITTypeId": hit_type.hit_type_id})


@dataclass(frozen=True)
class Change:
    """One thing that can be done to a HIT: its kind of Command, who may, and how it is weighed."""

    kind: type[HITChange]
    role: Role
    weigh: Callable[..., Weighed]


CHANGES = {
    "extend": Change(ExtendHIT, Role.APPROVER, _extend),
    "expire": Change(ExpireHIT, Role.APPROVER, _expire),
    "add": Change(AddAssignments, Role.APPROVER, _add),
    "review": Change(StartReviewing, Role.REVIEWER, _start_reviewing),
    "unreview": Change(StopReviewing, Role.REVIEWER, _stop_reviewing),
    "delete": Change(DeleteHIT, Role.APPROVER, _delete),
    "retype": Change(UpdateHITTypeOfHIT, Role.APPROVER, _retype),
}


def check_can_change(name: str, *, hit: HIT, by: User) -> None:
    """Raise Denied with the reason why this person cannot do that to this HIT now, whatever the details are."""
    check_role(by, hit.account, CHANGES[name].role, CHANGES[name].kind.verb + " a HIT")
    _check_free(name, hit)
    if name not in ("extend", "add", "retype"):
        CHANGES[name].weigh(hit)
    elif name == "add" and hit.max_assignments == RATES.many_from - 1:
        CHANGES[name].weigh(hit, number=1)


def _check_free(name: str, hit: HIT) -> None:
    if hit.gone_at is not None:
        raise Denied("It no longer exists there; this is our archived copy.")
    commands.raise_who_was_first(hit.account, CHANGES[name].kind.key(hit.hit_id))
    commands.raise_who_was_first(hit.account, DeleteHIT.key(hit.hit_id))


def weigh(name: str, hit: HIT, **details: Any) -> Weighed:
    """What this change of this HIT would ask and cost; Denied with the sentence why it cannot be made.

    `name` is one of CHANGES; details: extend `by_time` or `until`, add `number`, retype `hit_type`. Writes nothing and
    asks for no role, so that a job can call it for each of many HITs (with `account` and `hit_type` loaded).
    """
    _check_free(name, hit)
    weighed = CHANGES[name].weigh(hit, **details)
    return Weighed(weighed.params, weighed.amount, weighed.fee, CHANGES[name].kind.key(hit.hit_id))


@transaction.atomic
def change_hit(name: str, *, hit: HIT, by: User, form_key: uuid.UUID | None = None, **details: Any) -> Command:
    """Ask for one of CHANGES; MTurk hears of it after the undo window."""
    change = CHANGES[name]
    hit = (
        HIT.objects.select_for_update(of=("self",))
        .select_related("hit_type", "account")
        .defer("raw", "question")
        .get(pk=hit.pk)
    )
    earlier = commands.made_before(change.kind, account=hit.account, by=by, form_key=form_key)
    if earlier is not None:
        number = earlier.params.get("NumberOfAdditionalAssignments")
        if earlier.hit_id != hit.hit_id or number != details.get("number"):
            raise Denied("This form was sent before and meant something else. Open it again and fill it in anew.")
        return earlier
    check_role(by, hit.account, change.role, change.kind.verb + " a HIT")
    weighed = weigh(name, hit, **details)
    command = commands.ask(
        change.kind,
        account=hit.account,
        by=by,
        params=weighed.params,
        form_key=form_key,
        exclusive_key=weighed.exclusive_key,
        hit_id=hit.hit_id,
    )
    commands.wake(hit.account, after=commands.undo_window(hit.account))
    return command


@transaction.atomic
def change_together(name: str, *, account: Account, hit_ids: Iterable[str], by: User, **details: Any) -> Together:
    """The same change of several HITs in one transaction; what cannot be changed is named and left alone."""
    check_role(by, account, CHANGES[name].role, CHANGES[name].kind.verb + " a HIT")
    done = Together()
    chosen = list(dict.fromkeys(hit_ids))
    # All locked before anything is written, and in one order: two overlapping selections wait for each other.
    wanted = HIT.objects.of(account).filter(hit_id__in=chosen).only("pk", "hit_id").order_by("pk").select_for_update()
    rows = {row.hit_id: row for row in wanted}
    for hit_id in chosen:
        if hit_id not in rows:
            done.refused[hit_id] = "There is no such HIT in this account."
            continue
        try:
            with transaction.atomic():
                done.commands.append(change_hit(name, hit=rows[hit_id], by=by, **details))
        except Denied as reason:
            done.refused[hit_id] = str(reason)
    return done
