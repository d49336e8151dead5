"""All answers of one HIT decided at once, and what most of them say taken as its data; one step back undoes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import audit, commands
from dashboard.models import Account, Command, Role, User
from dashboard.permissions import Denied, check_role
from hits.actions.verdicts import Together, decide_together
from hits.agreement import inputs_of
from hits.answers.agreement import Agreement, agree, free_text
from hits.answers.values import is_blank, values
from hits.models import HIT, Assignment, DataVerdict, MajorityTaken

#: Answers of a HIT that one press decides; more of them are a bulk job's.
MOST_TOGETHER = 100
TAKEN, TAKEN_BACK = "data.majority", "data.majority_undone"
_SHORTEST = timedelta(seconds=10)


@dataclass(frozen=True)
class Verdicts:
    """What would become of each answer as data: assignment's pk -> (verdict, corrected fields)."""

    majority: dict[str, Any]
    of: dict[int, tuple[str, dict[str, Any] | None]]

    def count(self, verdict: str) -> int:
        return sum(this == verdict for this, _ in self.of.values())


def compared(hit: HIT, rows: Iterable[Assignment]) -> tuple[list[dict[str, Any]], Agreement]:
    """What each of `rows` says, and how far they agree."""
    inputs = inputs_of([hit.pk]).get(hit.pk, {})
    said = [values(row.answer, hit.question, inputs) for row in rows]
    return said, agree(said, free_text(hit.question))


def data_verdicts(rows: list[Assignment], said: list[dict[str, Any]], agreement: Agreement) -> Verdicts:
    """Usable is what says in every field what most say; unusable is the rest, with what most say kept beside it.

    Free text and fields without a majority are nobody's fault; where no field has one, all are unsure, and where all
    is free text nothing is said. What somebody has judged already is left alone.
    """
    counted = [
        this for this in agreement.fields if this.counted and not all(is_blank(value) for value, _ in this.counts)
    ]
    deciding = [this for this in counted if this.is_decided]
    found: dict[int, tuple[str, dict[str, Any] | None]] = {}
    for row, answer in zip(rows, said, strict=True):
        if row.data_verdict or not counted:
            continue
        if not deciding:
            found[row.pk] = (DataVerdict.UNSURE, None)
            continue
        better = {this.name: this.majority for this in deciding if not this.agrees(answer.get(this.name))}
        found[row.pk] = (DataVerdict.UNUSABLE, better) if better else (DataVerdict.USABLE, None)
    return Verdicts({this.name: this.majority for this in deciding}, found)


@transaction.atomic
def take_majority(*, hit: HIT, by: User) -> tuple[MajorityTaken, Together]:
    """Approve what is undecided, and judge as data what is unjudged by what most answers say."""
    account = hit.account
    check_role(by, account, Role.REVIEWER, "review work")
    rows = _locked(hit)
    said, agreement = compared(hit, rows)
    verdicts = data_verdicts(rows, said, agreement)
    undecided = [row.assignment_id for row in rows if row.status == "Submitted" and row.verdict_id is None]
    if not undecided and not verdicts.of:
        raise Denied("All answers of this HIT are decided and judged already.")
    done = decide_together(account=account, assignment_ids=undecided, by=by, verdict="approve")
    now = timezone.now()
    before = {}
    for row in rows:
        if row.pk not in verdicts.of:
            continue
        before[str(row.pk)] = [row.data_verdict, row.corrected, row.data_by_id, _text(row.data_at)]
        row.data_verdict, row.corrected = verdicts.of[row.pk]
        row.data_by, row.data_at = by, now
    judged = [row for row in rows if row.pk in verdicts.of]
    Assignment.objects.bulk_update(judged, ["data_verdict", "corrected", "data_by", "data_at"])
    taken = _keep(hit, by, done, at=now, majority=verdicts.majority, before=before)
    usable = verdicts.count(DataVerdict.USABLE)
    audit.record(
        TAKEN,
        account=account,
        by=by,
        subject=hit.hit_id,
        text=f"The majority taken as data: {usable} usable, {len(verdicts.of) - usable} not",
        data={
            "approved": [command.assignment_id for command in done.commands],
            "judged": {row.assignment_id: row.data_verdict for row in judged},
            "fields": sorted(verdicts.majority),
        },
    )
    return taken, done


@transaction.atomic
def decide_hit(
    *, hit: HIT, by: User, verdict: str, assignment_ids: list[str], feedback: str = ""
) -> tuple[MajorityTaken | None, Together]:
    """Approve or reject several answers of one HIT, which can then be undone together."""
    if len(assignment_ids) > MOST_TOGETHER:
        raise Denied(f"One press decides {MOST_TOGETHER} answers at most. Use the queue's “All that match…” for more.")
    its_own = set(
        Assignment.objects.filter(hit=hit, assignment_id__in=assignment_ids).values_list("assignment_id", flat=True)
    )
    done = decide_together(
        account=hit.account,
        assignment_ids=[pk for pk in assignment_ids if pk in its_own],
        by=by,
        verdict=verdict,
        feedback=feedback,
    )
    return (_keep(hit, by, done) if done.commands else None), done


def last_taken(*, account: Account, by: User) -> MajorityTaken | None:
    """The person's last press, while it can be undone."""
    last = MajorityTaken.objects.filter(account=account, by=by).select_related("hit", "account").order_by("-pk").first()
    if last is None or last.undone_at is not None or undo_until(last) <= timezone.now():
        return None
    return last


def undo_until(taken: MajorityTaken) -> datetime:
    """The end of the time in which a press can be taken back."""
    return taken.at + _window(taken.account)


@transaction.atomic
def undo(*, taken: MajorityTaken, by: User) -> int:
    """Take one press back: approvals not sent yet, judgements nobody changed since. How many were too late."""
    taken = (
        MajorityTaken.objects.select_for_update(of=("self",)).select_related("hit__account", "account").get(pk=taken.pk)
    )
    if taken.by != by:
        raise Denied("Only who decided it can undo it.")
    if taken.undone_at is not None:
        raise Denied("It is undone already.")
    if undo_until(taken) <= timezone.now():
        raise Denied("Its time to be undone is over.")
    rows = list(Assignment.objects.select_for_update(of=("self",)).filter(pk__in=taken.before).order_by("pk"))
    restored = []
    for row in rows:
        if row.data_at != taken.at or row.data_by_id != by.pk:
            continue  # somebody judged it anew since, perhaps the same person
        verdict, corrected, person, at = taken.before[str(row.pk)]
        row.data_verdict, row.corrected, row.data_by_id = verdict, corrected, person
        row.data_at = datetime.fromisoformat(at) if at else None
        restored.append(row)
    Assignment.objects.bulk_update(restored, ["data_verdict", "corrected", "data_by", "data_at"])
    late = 0
    for command in Command.objects.filter(pk__in=taken.commands).select_related("account", "requested_by"):
        try:
            with transaction.atomic():
                commands.cancel(command, by=by)
        except Denied:
            late += 1
    MajorityTaken.objects.filter(pk=taken.pk).update(undone_at=timezone.now())
    if taken.before:
        text = f"The majority is no longer its data: {len(restored)} judgements taken back"
        audit.record(TAKEN_BACK, account=taken.account, by=by, subject=taken.hit.hit_id, text=text)
    return late


def _window(account: Account) -> timedelta:
    return max(commands.undo_window(account), _SHORTEST)


def _locked(hit: HIT) -> list[Assignment]:
    rows = Assignment.objects.filter(hit=hit, gone_at=None).select_for_update(of=("self",)).defer("raw").order_by("pk")
    found = list(rows[: MOST_TOGETHER + 1])
    if not found:
        raise Denied("Nobody has handed anything in for this HIT.")
    if len(found) > MOST_TOGETHER:
        raise Denied(f"It has more than {MOST_TOGETHER} answers. Decide them as a job, from the queue of this HIT.")
    return found


def _keep(hit: HIT, by: User, done: Together, **more: Any) -> MajorityTaken:
    asked = [str(command.pk) for command in done.commands]
    return MajorityTaken.objects.create(account=hit.account, hit=hit, by=by, commands=asked, **more)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
