"""The figures of batches: each new answer is counted once, and what has to look at many is measured on a sample."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from django.db.models import Avg, Count, F, Model
from django.utils import timezone

from dashboard.models import Account, Command, State
from hits.agreement import first_answers, inputs_of
from hits.answers import tally
from hits.answers.agreement import free_text
from hits.answers.reliability import MOST_RATERS, measure
from hits.answers.values import values
from hits.commands import ApproveAssignment, OverrideRejection, RejectAssignment
from hits.digest import NOT_THE_ANSWERS
from hits.models import (
    HIT,
    NOTHING_TO_COMPARE,
    Assignment,
    AssignmentStatus,
    BatchFigures,
    FieldFigures,
    ReviewerFigures,
)

log = logging.getLogger(__name__)

#: Fields of one batch that figures are kept of; a hostile worker invents names.
MOST_FIELDS = 400
#: HITs of a batch that kappa and alpha are measured on.
SAMPLE = 250
#: Hours of work that are kept apart; of longer batches those before become days.
MOST_HOURS = 24 * 31
_SETTLED = timedelta(minutes=10)
_PAUSE = 600.0  # seconds; whoever decides nothing for so long did something else
_VERDICTS = (ApproveAssignment.name, RejectAssignment.name, OverrideRejection.name)
_COUNTED = {
    "submitted", "approved", "rejected", "elsewhere", "cost", "first_at", "last_at", "took", "hours", "tally",
    "reversed", "in_bulk", "gaps",
}  # fmt: skip
_COLUMN: dict[str, str] = {
    AssignmentStatus.SUBMITTED: "submitted",
    AssignmentStatus.APPROVED: "approved",
    AssignmentStatus.REJECTED: "rejected",
}


def read(account: Account, rows: list[Assignment]) -> None:
    """Count new answers and changed statuses of a chunk (hits.digest): a fixed number of statements."""
    changed = [row for row in rows if row.counted != row.status]
    if not changed:
        return
    wanted = {row.batch_id for row in changed}
    # Bonuses are counted in the same rows, and whoever does that locks them in this order, too.
    held = BatchFigures.objects.select_for_update(of=("self",)).order_by("pk")
    batches = held.in_bulk(wanted)
    if missing := wanted.difference(batches):
        # A bonus that settles in this moment makes the row, too.
        new = [BatchFigures(batch_id=pk, account=account) for pk in sorted(missing)]
        BatchFigures.objects.bulk_create(new, ignore_conflicts=True)
        batches = held.in_bulk(wanted)
    for row in changed:
        _count(batches[row.batch_id], row)
    _write(BatchFigures, batches.values(), wanted)
    _fields([row for row in changed if not row.counted])
    _reviewers(account, [row for row in changed if row.status != AssignmentStatus.SUBMITTED], batches)


def _write(model: type[Model], objects: Iterable[Any], known: set[Any]) -> None:
    """Only what is counted: what is measured may be written by somebody else meanwhile."""
    objects = list(objects)
    columns = [column.name for column in model._meta.concrete_fields if column.name in _COUNTED]
    model._default_manager.bulk_create([this for this in objects if this.pk not in known])
    model._default_manager.bulk_update([this for this in objects if this.pk in known], columns, batch_size=50)


def _count(figures: BatchFigures, row: Assignment) -> None:
    if row.counted:
        before = _COLUMN[row.counted]
        setattr(figures, before, max(0, getattr(figures, before) - 1))
    now = _COLUMN[row.status]
    setattr(figures, now, getattr(figures, now) + 1)
    if row.status == AssignmentStatus.APPROVED:
        figures.cost += row.hit.reward + row.hit.fee
    if row.counted:
        return
    figures.first_at = min(figures.first_at or row.submitted_at, row.submitted_at)
    figures.last_at = max(figures.last_at or row.submitted_at, row.submitted_at)
    hour = row.submitted_at.astimezone(UTC).strftime("%Y-%m-%dT%H")
    figures.hours[hour] = figures.hours.get(hour, 0) + 1
    if len(figures.hours) > MOST_HOURS:
        figures.hours = _in_days(figures.hours)
    if row.work_seconds is not None:
        tally.add(figures.took, row.work_seconds)


def _in_days(hours: dict[str, int]) -> dict[str, int]:
    """The older half as days, which stand as their first hour."""
    ordered = sorted(hours.items())
    days: dict[str, int] = defaultdict(int)
    for hour, number in ordered[: len(ordered) // 2]:
        days[f"{hour[:10]}T00"] += number
    for hour, number in ordered[len(ordered) // 2 :]:
        days[hour] += number
    return dict(days)


def _fields(rows: list[Assignment]) -> None:
    """Count what new answers say in each field."""
    inputs = inputs_of({row.hit_id for row in rows})
    said = [(row.batch_id, values(row.answer, row.hit.question, inputs.get(row.hit_id, {}))) for row in rows]
    found = {(this.batch_id, this.name): this for this in FieldFigures.objects.filter(batch__in={b for b, _ in said})}
    old = {this.pk for this in found.values()}
    many: dict[int, int] = defaultdict(int)
    for batch, _ in found:
        many[batch] += 1
    touched: dict[tuple[int, str], FieldFigures] = {}
    for batch, answer in said:
        for name, value in answer.items():
            key = (batch, name[:200])
            if key not in found:
                if many[batch] >= MOST_FIELDS:
                    continue
                many[batch] += 1
                found[key] = FieldFigures(batch_id=batch, name=key[1])
            tally.count(found[key].tally, value)
            touched[key] = found[key]
    _write(FieldFigures, touched.values(), old)


def _reviewers(account: Account, rows: list[Assignment], batches: dict[int, BatchFigures]) -> None:
    """Count who decided what, by the Commands that did; what none of them did was decided elsewhere."""
    decided = {row.assignment_id: row for row in rows}
    done = (
        Command.objects.filter(account=account, assignment_id__in=decided, kind__in=_VERDICTS, state=State.DONE)
        .order_by("created_at", "pk")
        .values("assignment_id", "kind", "requested_by", "created_at", "job")
    )
    asked = list(done) if decided else []
    found = {
        (this.batch_id, this.person_id): this
        for this in ReviewerFigures.objects.filter(batch__in={row.batch_id for row in rows})
    }
    old, touched = {this.pk for this in found.values()}, {}

    def of(batch: int, person: int) -> ReviewerFigures:
        key = (batch, person)
        if key not in found:
            found[key] = ReviewerFigures(batch_id=batch, person_id=person)
        touched[key] = found[key]
        return found[key]

    rejecters: dict[str, int] = {}
    here = set()
    for this in asked:
        row = decided[this["assignment_id"]]
        here.add(row.assignment_id)
        if this["kind"] == OverrideRejection.name:
            if row.assignment_id in rejecters:
                of(row.batch_id, rejecters[row.assignment_id]).reversed += 1
            continue
        if this["kind"] == RejectAssignment.name:
            rejecters[row.assignment_id] = this["requested_by"]
        if row.counted in ("", AssignmentStatus.SUBMITTED):
            _decided(of(row.batch_id, this["requested_by"]), this)
    for row in rows:
        if row.assignment_id not in here:
            batches[row.batch_id].elsewhere += 1
    _write(ReviewerFigures, touched.values(), old)
    outside = {row.batch_id for row in rows if row.assignment_id not in here}
    BatchFigures.objects.bulk_update([batches[pk] for pk in outside], ["elsewhere"])


def _decided(figures: ReviewerFigures, command: Any) -> None:
    if command["kind"] == RejectAssignment.name:
        figures.rejected += 1
    else:
        figures.approved += 1
    if command["job"] is not None:
        figures.in_bulk += 1
        return
    at: datetime = command["created_at"]
    if figures.last_at is not None:
        gap = (at - figures.last_at).total_seconds()
        if 0 < gap <= _PAUSE:
            tally.add(figures.gaps, round(gap, 1))
    figures.last_at = max(at, figures.last_at or at)


# --- what is measured on a sample -----------------------------------------------------------------------------------


def accounts_to_measure() -> set[int]:
    """Accounts with batches that `measure_batches` would measure."""
    rows = BatchFigures.objects.to_measure(late=timezone.now() - _SETTLED)
    return set(rows.order_by().values_list("account", flat=True).distinct())


def measure_batches(account: Account, *, most: int = 20) -> int:
    """Measure the agreement of batches that grew by a tenth since, or that grew and were not measured of late.

    Called when nothing is left to digest, and by the sweep for batches that have gone quiet since; how many were
    measured. While answers pour in, a batch costs a few times what its last measurement does, and not one measurement
    for each sync; when no more come, its figures are those of all of them within minutes.
    """
    due = BatchFigures.objects.filter(account=account).to_measure(late=timezone.now() - _SETTLED)
    found = list(due.order_by(F("measured_at").asc(nulls_first=True), "pk")[:most])
    for figures in found:
        try:
            measure_batch(figures)
        except NOT_THE_ANSWERS:
            raise
        except Exception:
            log.exception("The agreement of batch %s cannot be measured", figures.pk)
            _measured(figures)  # or every sweep would try
    return len(found)


def measure_batch(figures: BatchFigures) -> None:
    """Percent, alpha and kappa of each field, on at most SAMPLE HITs that several people answered."""
    batch = figures.batch_id
    its_own = Assignment.objects.filter(batch=batch).order_by()
    several = its_own.values("hit_id").annotate(answers=Count("pk")).filter(answers__gte=2).order_by("hit_id")
    hits: list[int] = list(several.values_list("hit_id", flat=True))
    # The same ones each time, or figures would move though nothing has.
    chosen = hits if len(hits) <= SAMPLE else sorted(Random(batch).sample(hits, SAMPLE))  # noqa: S311 -- no secret
    questions = dict(HIT.objects.filter(pk__in=chosen).values_list("pk", "question"))
    inputs = inputs_of(chosen)
    items: dict[int, list[dict[str, Any]]] = defaultdict(list)
    free: set[str] = set()
    for _, hit, _, answer in first_answers(chosen, MOST_RATERS):
        items[hit].append(values(answer, questions[hit], inputs.get(hit, {})))
    for question in set(questions.values()):
        free |= free_text(question)
    mean = its_own.filter(agreement__lt=NOTHING_TO_COMPARE).aggregate(mean=Avg("agreement"))["mean"]
    _measured(
        figures,
        agreement=None if mean is None else round(mean),
        reliability={"items": len(chosen), "of": len(hits), "fields": measure(list(items.values()), free)},
    )


def _measured(figures: BatchFigures, **found: Any) -> None:
    """Of the answers there were when its row was read: those that came since make it one to be measured again."""
    now = timezone.now()
    BatchFigures.objects.filter(pk=figures.pk).update(measured_answers=figures.answers, measured_at=now, **found)
