"""Bonuses: each that we recorded as paid is in MTurk's list, and each in the list was asked for here."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, QuerySet

from dashboard.drift import SHOWN_WITHIN, Comparison, Difference, Evidence, check, last_read, witness
from dashboard.models import OPEN_STATES, Command, State
from hits.models import HIT, Assignment
from workers.commands import SendBonus
from workers.models import BonusPayment

CHUNK = 500


@check
def paid_but_not_listed(comparison: Comparison) -> Iterator[Difference]:
    """Bonuses that are done here and that the list just read does not name."""
    account = comparison.account
    done = Command.objects.filter(
        account=account, kind=SendBonus.name, state=State.DONE, settled_at__lt=comparison.before
    ).order_by()
    comparison.compared["bonuses asked here"] = done.count()
    # A HIT that is gone has no list any more, and one that is stale was not read to its end.
    read = HIT.objects.filter(account=account, hit_id=OuterRef("hit_id"), gone_at=None, stale=False)
    listed = BonusPayment.objects.filter(command=OuterRef("pk"), listed_at__gte=comparison.run.started_at)
    missing = done.filter(Exists(read), ~Exists(listed))
    for command in _in_chunks(missing):
        how = " (by a person's word)" if command.decided_by_id and not command.request_id else ""
        yield Difference(
            key=f"bonus_missing:{command.pk}",
            kind="bonus_missing",
            sentence=f"We recorded a bonus of ${command.amount} to {command.worker_id} as paid{how}; MTurk lists none.",
            advice="Look at its story. If it is still owed, ask for it again and dismiss this one.",
            command=command,
            assignment_id=command.assignment_id,
            hit_id=command.hit_id,
            worker_id=command.worker_id,
            amount=command.amount,
        )


@check
def listed_but_not_asked(comparison: Comparison) -> Iterator[Difference]:
    """Payments in MTurk's list that no command of ours explains."""
    account = comparison.account
    listed = BonusPayment.objects.filter(account=account, listed_at__gte=comparison.run.started_at).order_by()
    comparison.compared["bonuses MTurk lists"] = listed.count()
    strange = listed.filter(command=None)
    comparison.explained["bonuses paid before this account was connected"] = strange.filter(
        granted_at__lt=account.created_at
    ).count()
    rows = strange.filter(granted_at__gte=account.created_at)
    last = 0
    while part := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        last = part[-1].pk
        yield from _explain(comparison, part)


def _explain(comparison: Comparison, payments: list[BonusPayment]) -> Iterator[Difference]:
    account = comparison.account
    ids = {payment.assignment_id for payment in payments}
    hits = dict(
        Assignment.objects.of(account).filter(assignment_id__in=ids).values_list("assignment_id", "hit__hit_id")
    )
    asked: dict[tuple[str, str, str], Command] = {}
    bonuses = Command.objects.filter(account=account, kind=SendBonus.name, assignment_id__in=ids)
    for command in bonuses.select_related("requested_by"):
        asked[command.assignment_id, command.worker_id, command.params.get("Reason", "")] = command
    for payment in payments:
        asked_for = asked.get((payment.assignment_id, payment.worker_id, payment.reason))
        if asked_for is not None and asked_for.state in OPEN_STATES:
            tally = comparison.explained
            tally["bonuses still being asked about"] = tally.get("bonuses still being asked about", 0) + 1
            continue
        paid = f"MTurk paid ${payment.amount} to {payment.worker_id}"
        if asked_for is None:
            kind = "bonus_unasked"
            sentence = f"{paid} that nobody here asked for (reason “{payment.reason[:200]}”)."
            advice = "If another program of yours pays bonuses, dismiss it; else find out who else holds the key."
        elif asked_for.state == State.DONE:
            kind = "bonus_twice"
            sentence = f"{paid} once more than was asked: its reference belongs to a bonus that is done."
            advice = (
                "Compare both in MTurk's list: another program may have sent a copy. Money paid cannot be taken back."
            )
        else:
            kind = "bonus_after_all"
            sentence = (
                f"{paid}; our record says that this bonus of {asked_for.requested_by} is {asked_for.state_label}."
            )
            advice = "Do not pay it again. Press Try again in its story: MTurk is asked first, and it becomes done."
        yield Difference(
            key=f"{kind}:{payment.pk}",
            kind=kind,
            sentence=sentence,
            advice=advice,
            command=asked_for,
            assignment_id=payment.assignment_id,
            hit_id=hits.get(payment.assignment_id, ""),
            worker_id=payment.worker_id,
            amount=payment.amount,
        )


def _in_chunks(commands: QuerySet[Command]) -> Iterator[Command]:
    """Sought once, since what is missing is rare and the search is long; then read by key, with no cursor left open."""
    keys = list(commands.values_list("pk", flat=True))
    for start in range(0, len(keys), CHUNK):
        yield from Command.objects.select_related("requested_by").filter(pk__in=keys[start : start + CHUNK])


@witness
def listed_bonuses(command: Command) -> Iterator[Evidence]:
    """What MTurk's list says about a bonus: its own reference, or others for the same assignment."""
    if command.kind != SendBonus.name:
        return
    account, reason = command.account, command.params.get("Reason", "")
    reference = reason[reason.rfind("[ref ") :] if "[ref " in reason else f"“{reason[:80]}”"
    read = last_read(account, full=True)
    others = 0
    listed = BonusPayment.objects.filter(account=account, assignment_id=command.assignment_id).exclude(listed_at=None)
    mine = False
    for payment in listed.order_by("-granted_at")[:20]:
        if payment.reason == reason and payment.worker_id == command.worker_id:
            mine = True
            yield Evidence(
                True, f"MTurk lists ${payment.amount} with the reference of this very bonus.", payment.granted_at
            )
        else:
            others += 1
            yield Evidence(
                None,
                f"MTurk lists another bonus for this assignment: ${payment.amount}, “{payment.reason[:200]}”.",
                payment.granted_at,
            )
    if mine:
        return
    if read is None or (command.sent_at is not None and read.started_at < command.sent_at + SHOWN_WITHIN):
        yield Evidence(
            None,
            "Bonuses have not been read since MTurk must show it. Read again to see whether it is in the list.",
            read.finished_at if read else None,
        )
    else:
        if others:
            words = f"MTurk lists {others} for this assignment, and none carries {reference}."
        else:
            words = f"No bonus that MTurk lists for this assignment carries {reference}."
        yield Evidence(False, words, read.finished_at)
