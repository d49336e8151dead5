"""A second look at decided work by somebody who does not see the first verdict. Nothing is paid or changed by it."""

from collections import defaultdict
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import audit
from dashboard.models import Account, Command, Role, State, User
from dashboard.permissions import Denied, check_role
from hits.answers.reliability import annotation_task
from hits.commands import ApproveAssignment, OverrideRejection, RejectAssignment
from hits.models import Assignment, AssignmentStatus, Batch, SecondReview, SecondReviewQuerySet

MOST_AT_ONCE = 1_000
_WORDS = {AssignmentStatus.APPROVED: "approve", AssignmentStatus.REJECTED: "reject"}
_VERDICTS = (ApproveAssignment.name, RejectAssignment.name, OverrideRejection.name)


@dataclass
class Compared:
    """Two verdicts about each of `done`; kappa is None where chance alone would explain everything or nothing."""

    asked: int = 0
    done: int = 0
    alike: int = 0
    kappa: float | None = None
    of_person: dict[int, tuple[int, int]] = field(default_factory=dict)  # first decider -> (done, alike)

    @property
    def percent(self) -> int | None:
        return round(100 * self.alike / self.done) if self.done else None


def _candidates(batch: Batch) -> Any:
    return Assignment.objects.filter(batch=batch, status__in=list(_WORDS), second_review=None).order_by()


@transaction.atomic
def ask(*, batch: Batch, by: User, number: int = 0, percent: int = 0) -> int:
    """Pick decided assignments of a batch at random for a second look: `number` of them, or `percent` of all that
    are decided, by a person here, by another program or by itself in time. How many were picked."""
    account = batch.account
    check_role(by, account, Role.APPROVER, "ask for second reviews")
    candidates = list(_candidates(batch).values_list("pk", flat=True))
    if not candidates:
        raise Denied("There is nothing decided in this batch that was not looked at a second time already.")
    wanted = number or max(1, round(len(candidates) * percent / 100))
    if not 1 <= wanted <= MOST_AT_ONCE:
        raise Denied(f"Ask for 1 to {MOST_AT_ONCE:,} at a time.")
    chosen = SystemRandom().sample(candidates, min(wanted, len(candidates)))
    rows = list(Assignment.objects.filter(pk__in=chosen).only("assignment_id", "status"))
    deciders = _deciders(account, [row.assignment_id for row in rows])
    picked = [
        SecondReview(
            account=account,
            batch=batch,
            assignment=row,
            asked_by=by,
            first_by_id=deciders.get(row.assignment_id),
            first_verdict=_WORDS[AssignmentStatus(row.status)],
        )
        for row in rows
    ]
    SecondReview.objects.bulk_create(picked)
    audit.record(
        "second_review.asked",
        account=account,
        by=by,
        subject=batch.key,
        text=f"A second look at {len(picked)} decided assignments",
    )
    return len(picked)


def _deciders(account: Account, assignment_ids: list[str]) -> dict[str, int]:
    """AssignmentId -> who made the verdict that stands."""
    done = Command.objects.filter(
        account=account, assignment_id__in=assignment_ids, kind__in=_VERDICTS, state=State.DONE
    ).order_by("created_at", "pk")
    return dict(done.values_list("assignment_id", "requested_by"))


def open_for(batch: Batch, person: User) -> SecondReviewQuerySet:
    """What this person may judge: not yet judged, and not decided first by themselves."""
    return SecondReview.objects.filter(batch=batch).open_to(person)


def next_for(batch: Batch, person: User) -> SecondReview | None:
    """The next one for this person; several people at work begin at different ones."""
    waiting = list(
        open_for(batch, person)
        .select_related("assignment__hit__hit_type", "account")
        .defer("assignment__raw", "assignment__hit__raw")
        .order_by("pk")[:8]
    )
    return waiting[person.pk % len(waiting)] if waiting else None


@transaction.atomic
def judge(*, review: SecondReview, by: User, verdict: str, note: str = "") -> SecondReview:
    """Give the second verdict. It is written once."""
    check_role(by, review.account, Role.REVIEWER, "review work")
    if verdict not in ("approve", "reject"):
        raise Denied("Choose approve or reject.")
    if review.first_by_id == by.pk:
        raise Denied("You decided this one first; somebody else has to look a second time.")
    note = note.strip()
    if len(note) > 1024:
        raise Denied(f"The note has {len(note):,} characters; 1,024 is the most.")
    written = SecondReview.objects.filter(pk=review.pk, verdict="").update(
        verdict=verdict, note=note, reviewed_by=by, reviewed_at=timezone.now()
    )
    if not written:
        raise Denied("Somebody else gave the second verdict meanwhile. Here is the next one.")
    review.refresh_from_db()
    audit.record(
        "second_review.given",
        account=review.account,
        by=by,
        subject=review.assignment.assignment_id,
        text=f"Second verdict: {verdict}" + (f". {note}" if note else ""),
    )
    return review


def compared(batch: Batch) -> Compared:
    """The first and second verdicts of a batch, and how far they agree beyond chance (Cohen's kappa, by nltk)."""
    found = Compared()
    rated = []
    by_person: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in SecondReview.objects.filter(batch=batch).values_list("pk", "first_verdict", "verdict", "first_by"):
        pk, first, second, person = row
        found.asked += 1
        if not second:
            continue
        found.done += 1
        found.alike += first == second
        if person is not None:
            by_person[person][0] += 1
            by_person[person][1] += first == second
        rated += [("first", pk, first), ("second", pk, second)]
    found.of_person = {person: (done, alike) for person, (done, alike) in by_person.items()}
    if found.done > 1:
        found.kappa = _kappa(rated[: 2 * MOST_AT_ONCE])
    return found


def _kappa(rated: list[tuple[str, int, str]]) -> float | None:
    try:
        return round(float(annotation_task(rated).kappa()), 3)
    except (ValueError, ZeroDivisionError):
        return None
