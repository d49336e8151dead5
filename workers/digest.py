"""The figures of workers, kept exact while work comes in: what is new costs what it is, whatever there was before."""

from operator import attrgetter
from typing import Any

from django.db.models import F, Q

from dashboard.models import Account
from hits.models import NOTHING_TO_COMPARE, Assignment, AssignmentStatus
from workers.models import NEVER_SEEN, NOTHING_YET, BatchTimes, Worker, WorkerBatch, times

_COLUMN: dict[str, str] = {
    AssignmentStatus.SUBMITTED: "submitted",
    AssignmentStatus.APPROVED: "approved",
    AssignmentStatus.REJECTED: "rejected",
}
_OF_BOTH = ["submitted", "approved", "rejected", "first_at", "last_at", "seconds", "timed", "took", "typical_seconds"]
_OF_WORKER = [
    *_OF_BOTH, "answers", "decided", "approval", "gold_sum", "gold_count", "gold", "agreement_sum", "agreement_count",
    "agreement",
]  # fmt: skip
Score = dict[str, Any]


def read(account: Account, rows: list[Assignment]) -> None:
    """Take new and changed assignments in (hits.digest), in a handful of statements whatever their number.

    Stands behind the readers that score answers: what they wrote about these HITs is counted here.
    """
    changed = [row for row in rows if row.counted != row.status]
    scored = _newly_scored(rows)
    names = {row.worker_id for row in changed} | {score["worker_id"] for score in scored}
    if not names:
        return
    people = Worker.objects.make_known(account, names)
    together = _in_batches(account, people, changed)
    for row in changed:
        person = people[row.worker_id]
        person.answers += not row.counted
        for figures in (person, together[person.pk, row.batch_id]):
            _count(figures, row)
    batches = _count_times(changed)
    for score in scored:
        _count_scores(people[score["worker_id"]], score)
    for person in people.values():
        _conclude(person)
    _write(Worker, list(people.values()), _OF_WORKER)
    _write(WorkerBatch, list(together.values()), _OF_BOTH)
    _write(BatchTimes, batches, ["took", "timed", "typical_seconds"])
    if scored:
        Assignment.objects.filter(pk__in=[score["pk"] for score in scored]).update(
            counted_agreement=F("agreement"), counted_gold=F("gold_score")
        )


def _newly_scored(rows: list[Assignment]) -> list[Score]:
    """Answers of the HITs at hand, anybody's, whose scores are not those that were counted: what somebody says changes
    how far the others agree."""
    agreement = (
        Q(counted_agreement=None, agreement__lt=NOTHING_TO_COMPARE)
        | Q(agreement__lt=F("counted_agreement"))
        | Q(agreement__gt=F("counted_agreement"))
    )
    gold = (
        Q(counted_gold=None, gold_score__isnull=False)
        | Q(counted_gold__isnull=False, gold_score=None)
        | Q(gold_score__lt=F("counted_gold"))
        | Q(gold_score__gt=F("counted_gold"))
    )
    wanted = Assignment.objects.filter(hit__in={row.hit_id for row in rows}).filter(agreement | gold)
    columns = ("pk", "worker_id", "agreement", "counted_agreement", "gold_score", "counted_gold")
    return list(wanted.order_by("pk").values(*columns))


def _in_batches(
    account: Account, people: dict[str, Worker], rows: list[Assignment]
) -> dict[tuple[int, int], WorkerBatch]:
    """The figures of each worker in each batch that these rows are of."""
    wanted = {(people[row.worker_id].pk, row.batch_id): row for row in rows}
    found = WorkerBatch.objects.filter(
        worker__in={worker for worker, _ in wanted}, batch__in={batch for _, batch in wanted}
    )
    known = {(row.worker_id, row.batch_id): row for row in found if (row.worker_id, row.batch_id) in wanted}
    for (worker, batch), row in wanted.items():
        if (worker, batch) not in known:
            at = row.submitted_at
            known[worker, batch] = WorkerBatch(
                account=account, worker_id=worker, batch_id=batch, first_at=at, last_at=at
            )
    return known


def _count(figures: Worker | WorkerBatch, row: Assignment) -> None:
    """One answer that is new, or whose status is another than was counted."""
    if row.counted:
        before = _COLUMN[row.counted]
        setattr(figures, before, max(0, getattr(figures, before) - 1))
    now = _COLUMN[row.status]
    setattr(figures, now, getattr(figures, now) + 1)
    if row.counted:
        return
    figures.last_at = max(figures.last_at, row.submitted_at)
    figures.first_at = row.submitted_at if figures.first_at == NEVER_SEEN else min(figures.first_at, row.submitted_at)
    seconds = row.work_seconds
    if seconds is not None:
        figures.seconds += seconds
        figures.timed += 1
        times.count(figures.took, seconds)
        figures.typical_seconds = times.median(figures.took) or NOTHING_YET


def _count_times(rows: list[Assignment]) -> list[BatchTimes]:
    """The times of new answers into those of their batches."""
    new = [row for row in rows if not row.counted and row.work_seconds is not None]
    known = {each.batch_id: each for each in BatchTimes.objects.filter(batch__in={row.batch_id for row in new})}
    for row in new:
        of_batch = known.setdefault(row.batch_id, BatchTimes(batch_id=row.batch_id))
        times.count(of_batch.took, row.work_seconds or 0)
        of_batch.timed += 1
    for each in known.values():
        each.typical_seconds = times.median(each.took) or NOTHING_YET
    return list(known.values())


def _count_scores(person: Worker, score: Score) -> None:
    before, after = score["counted_agreement"], score["agreement"]
    if before is not None and before < NOTHING_TO_COMPARE:
        person.agreement_sum, person.agreement_count = person.agreement_sum - before, person.agreement_count - 1
    if after < NOTHING_TO_COMPARE:
        person.agreement_sum, person.agreement_count = person.agreement_sum + after, person.agreement_count + 1
    before, after = score["counted_gold"], score["gold_score"]
    if before is not None:
        person.gold_sum, person.gold_count = person.gold_sum - before, person.gold_count - 1
    if after is not None:
        person.gold_sum, person.gold_count = person.gold_sum + after, person.gold_count + 1


def _conclude(person: Worker) -> None:
    """What follows from the counts and is sorted by."""
    person.decided = person.approved + person.rejected
    person.approval = person.approved * 1000 // person.decided if person.decided else NOTHING_YET
    person.gold = round(person.gold_sum / person.gold_count) if person.gold_count else NOTHING_YET
    person.agreement = round(person.agreement_sum / person.agreement_count) if person.agreement_count else NOTHING_YET


def _write(model: type[Worker] | type[WorkerBatch] | type[BatchTimes], rows: list[Any], columns: list[str]) -> None:
    """Old rows and new ones; of an old one nothing but these columns, since people write the others meanwhile."""
    # In one order, so that two who write some of the same rows never wait for each other.
    old, new = sorted((row for row in rows if row.pk), key=attrgetter("pk")), [row for row in rows if not row.pk]
    # An UPDATE for many rows would say each column of each as a condition of its own, and take ten times as long.
    model._default_manager.bulk_create(old, update_conflicts=True, unique_fields=["id"], update_fields=columns)
    model._default_manager.bulk_create(new)
