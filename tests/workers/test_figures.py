"""The figures of workers: exact after every change, and as cheap for a veteran as for a newcomer."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard import commands, tasks
from hits import actions
from hits.models import Assignment
from tests.cast import Lab
from workers.actions import pay_bonus
from workers.models import BonusPayment, Worker, WorkerBatch, times

BUSY, ONCE = "ABUSYWORKER001", "AONCEWORKER001"


def worker(lab: Lab, worker_id: str) -> Worker:
    return Worker.objects.get(account=lab.account, worker_id=worker_id)


def digest(lab: Lab) -> None:
    tasks.digest(lab.account.pk)


@contextmanager
def counted() -> Iterator[list[int]]:
    number: list[int] = []
    with CaptureQueriesContext(connection) as seen:
        yield number
    number.append(len(seen))


def test_figures_follow_every_change_and_count_nothing_twice(lab: Lab) -> None:
    first, second = lab.hit(RequesterAnnotation="BatchId:1;"), lab.hit(RequesterAnnotation="BatchId:2;")
    ids = [lab.answer(first, BUSY), lab.answer(second, BUSY), lab.answer(first, ONCE)]
    lab.sync()
    digest(lab)
    busy = worker(lab, BUSY)
    assert (busy.answers, busy.submitted, busy.decided, busy.approval) == (2, 2, 0, -1)
    assert busy.last_at == Assignment.objects.get(assignment_id=ids[1]).submitted_at
    assert busy.timed == 2
    assert busy.typical_seconds >= 0

    by = lab.people["approver"]
    rows = {row.assignment_id: row for row in Assignment.objects.select_related("hit__hit_type", "account")}
    actions.approve(assignment=rows[ids[0]], by=by)
    actions.reject(assignment=rows[ids[1]], by=by, feedback="Not a receipt.")
    pay_bonus(assignment=rows[ids[0]], by=by, amount=Decimal("0.30"), reason="Thank you.")
    for _ in range(2):  # the bonus waits for the verdict
        commands.deliver_due(lab.account.pk)
    lab.sync(full=True)
    for _ in range(2):
        digest(lab)
    busy = worker(lab, BUSY)
    assert (busy.answers, busy.submitted, busy.approved, busy.rejected, busy.approval) == (2, 0, 1, 1, 500)
    assert (busy.bonus_total, busy.bonus_count) == (Decimal("0.30"), 1), "and the full pass, which lists it, adds none"
    assert list(
        WorkerBatch.objects.filter(worker=busy).order_by("batch__key").values_list("approved", "rejected", "timed")
    ) == [(1, 0, 1), (0, 1, 1)]

    actions.override_rejection(assignment=Assignment.objects.get(assignment_id=ids[1]), by=by)
    commands.deliver_due(lab.account.pk)
    lab.mturk.send_bonus(WorkerId=ONCE, AssignmentId=ids[2], BonusAmount="0.05", Reason="Elsewhere")
    lab.sync(full=True)
    digest(lab)
    busy = worker(lab, BUSY)
    assert (busy.approved, busy.rejected, busy.approval) == (2, 0, 1000)
    assert worker(lab, ONCE).bonus_total == Decimal("0.05"), "paid by another program: found by the full pass"
    assert BonusPayment.objects.count() == 2


def test_scores_are_counted_as_they_change_also_of_others(lab: Lab) -> None:
    hit = lab.hit()
    early, late = lab.answer(hit, ONCE), lab.answer(hit, BUSY, total="9")
    lab.sync()
    digest(lab)
    Assignment.objects.filter(assignment_id=early).update(agreement=40, gold_score=80)
    Assignment.objects.filter(assignment_id=late).update(agreement=60)
    # Whoever hands in next brings the HIT's other answers with it.
    lab.answer(hit, "ATHIRDWORKER01")
    lab.sync()
    tasks.figures.digest(lab.account, [tasks.workers_digest.read])
    assert [(worker(lab, each).agreement, worker(lab, each).gold) for each in (ONCE, BUSY)] == [(40, 80), (60, -1)]
    Assignment.objects.filter(assignment_id=early).update(agreement=101, gold_score=None, fresh=True)
    tasks.figures.digest(lab.account, [tasks.workers_digest.read])
    assert (worker(lab, ONCE).agreement_count, worker(lab, ONCE).gold_count) == (0, 0)


def test_one_more_answer_costs_the_same_whatever_came_before(lab: Lab) -> None:
    def one_more() -> int:
        lab.answer(lab.hit(), BUSY)
        lab.sync()
        with counted() as number:
            tasks.figures.digest(lab.account, [tasks.workers_digest.read])
        return number[0]

    first = one_more()
    for _ in range(5):
        lab.answer(lab.hit(), BUSY)
    lab.sync()
    digest(lab)
    assert one_more() <= first
    assert worker(lab, BUSY).answers == 7


@pytest.mark.parametrize("values", [[1], [30, 30, 31], [5, 60, 61, 62, 4000], [0, 0, 0], list(range(20, 400, 7))])
def test_a_median_is_read_off_a_scale(values: list[int]) -> None:
    scale: times.Scale = {}
    for value in values:
        times.count(scale, value)
    true = sorted(values)[(len(values) - 1) // 2]
    found = times.median(scale)
    assert found is not None
    assert abs(found - max(true, 1)) <= max(1, true * 0.11)
    assert times.median({}) is None
