"""Calls that wait to write on SQLite at the same time share one transaction, and none of them can tell."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection

from marketplace import clock, transactions
from marketplace.errors import RequestError
from marketplace.models import Worker
from marketplace.transactions import in_transaction

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL lets many write at once"),
]


def together(*works):
    """How works ended that had to wait while somebody else wrote: their results or errors."""
    begun, queued = threading.Event(), threading.Event()

    def hold():
        begun.set()
        assert queued.wait(10)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        holding = pool.submit(in_transaction, hold)
        assert begun.wait(10)
        waiting = []
        for work in works:
            waiting.append(pool.submit(in_transaction, work))
            while len(transactions._queue) < len(waiting):
                time.sleep(0.001)
        queued.set()
        holding.result()
        return [one.exception() or one.result() for one in waiting]


def write(name, then=lambda: None):
    """Work that makes a worker and says who did it."""

    def work():
        Worker.objects.create(worker_id=name, created_at=clock.now())
        then()
        return name, threading.get_ident()

    return work


def written():
    return Counter(Worker.objects.values_list("worker_id", flat=True))


def test_whoever_waits_is_done_by_the_first_of_them_and_gets_his_own_result():
    ends = together(*(write(f"A{number}") for number in range(5)))
    assert [name for name, _ in ends] == [f"A{number}" for number in range(5)]
    assert len({thread for _, thread in ends}) == 1
    assert written() == Counter(f"A{number}" for number in range(5))


def test_more_than_may_share_a_transaction_are_all_done():
    number = 2 * transactions.SHARE + 3
    ends = together(*(write(f"A{one}") for one in range(number)))
    assert sorted(Counter(thread for _, thread in ends).values()) == [3, transactions.SHARE, transactions.SHARE]
    assert written() == Counter(f"A{one}" for one in range(number))


def test_what_is_refused_is_undone_alone():
    def refuse():
        raise RequestError("No.", "AWS.MechanicalTurk.No")

    ends = together(write("A1"), write("A2", refuse), write("A3"), write("A4", lambda: {}["a mistake"]))
    assert [type(end) for end in ends] == [tuple, RequestError, tuple, KeyError]
    assert written() == Counter(["A1", "A3"])


def test_each_sees_what_those_before_him_did():
    def count():
        return Worker.objects.count()

    assert together(count, write("A1"), count, write("A2"), count)[::2] == [0, 1, 2]


def test_a_transaction_that_breaks_is_done_again_for_all_of_them_and_once():
    """On a full disk SQLite takes back the whole transaction, savepoints and all."""
    times = Counter()

    def break_once():
        times["broken"] += 1
        if times["broken"] == 1:
            connection.connection.rollback()
            raise OperationalError("database or disk is full")

    ends = together(write("A1"), write("A2", break_once), write("A3"))
    assert [name for name, _ in ends] == ["A1", "A2", "A3"]
    assert times["broken"] == 2
    assert written() == Counter(["A1", "A2", "A3"])


def test_a_refusal_by_what_never_happened_is_asked_again():
    times = Counter()

    def only_if_nobody_is_there():
        times["asked"] += 1
        if Worker.objects.exists():
            raise RequestError("Somebody is there.", "AWS.MechanicalTurk.No")
        return "welcome"

    def break_always():
        connection.connection.rollback()
        raise RequestError("Never.", "AWS.MechanicalTurk.No")

    ends = together(write("A1"), only_if_nobody_is_there, write("A2", break_always))
    assert times["asked"] > 1
    assert isinstance(ends[2], Exception)
    assert written() == Counter(["A1"])


def test_the_queue_goes_on_after_an_error():
    def fail():
        raise OperationalError("disk I/O error")

    with pytest.raises(OperationalError, match="disk I/O"):
        in_transaction(write("A1", fail))
    assert in_transaction(write("A2"))[0] == "A2"
    assert written() == Counter(["A2"])
