"""How work meets the database: one transaction, tried again where the database refuses it for another one's sake.

SQLite lets one writer in, and each commit waits for the disk. Calls that wait for their turn at the same time therefore
share a transaction: whoever comes first does the work of all of them, each behind a savepoint of its own, and commits
once. Nobody is answered before that commit, so what was answered survives a power cut as if each had waited alone.
"""

import collections
import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction

from marketplace.errors import ServiceFault

log = logging.getLogger(__name__)

Result = TypeVar("Result")

RETRY_FOR = 2.0  # seconds
QUEUE_FOR = 10.0  # seconds
SHARE = 16  # calls in one transaction at most: the first of them waits for the last

# The others would only look every now and then, up to 0.1 s apart, whether SQLite's writer has left: the file idles
# while all of them sleep, and the unlucky wait for seconds. In this process they queue here and are woken.
_next_writer = threading.RLock()


def in_transaction(work: Callable[[], Result], *, reads_only: bool = False) -> Result:
    """The result of `work`, done in one transaction; tried again for a moment where the database says to.

    On SQLite, work that writes may be done by another thread, in that thread's connection.
    """
    deadline = time.monotonic() + RETRY_FOR
    while True:
        try:
            if reads_only:
                with _reading():
                    return work()
            if connection.vendor == "sqlite" and not connection.in_atomic_block:
                return _in_turn(work)
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if not _worth_retrying(error):
                raise
            if time.monotonic() > deadline:
                log.error("The database stayed locked: %s", error)
                raise ServiceFault("The database is busy. Please try again.") from error
            reads_only = False  # a reader that turned out to write has to queue with the writers
            time.sleep(random.uniform(0.005, 0.05))  # noqa: S311


class _Turn:
    """Work that waits until somebody does it. `woken`: it is done, or its own thread is to go on with the queue."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.woken = threading.Event()
        self.done = False
        self.result: Any = None
        self.error: Exception | None = OperationalError("database is locked: nobody did the work")  # until it is done


_queue: collections.deque[_Turn] = collections.deque()
_queue_lock = threading.Lock()
_somebody_works = False


def _in_turn(work: Callable[[], Result]) -> Result:
    global _somebody_works
    turn = _Turn(work)
    with _queue_lock:
        _queue.append(turn)
        first, _somebody_works = not _somebody_works, True
    if not first:
        turn.woken.wait()
    if not turn.done:
        _work_off()
    if turn.error is not None:
        raise turn.error
    return turn.result


def _work_off() -> None:
    """Do what waits, this thread's own among it, and leave the rest of the queue to the next."""
    global _somebody_works
    taken: list[_Turn] = []
    try:
        with _queued():
            with _queue_lock:
                taken += [_queue.popleft() for _ in range(min(len(_queue), SHARE))]
            _do(taken)
    finally:
        with _queue_lock:
            if _queue:
                _queue[0].woken.set()
            else:
                _somebody_works = False
        for turn in taken:
            turn.done = True
            turn.woken.set()


def _do(taken: list[_Turn]) -> None:
    """All of it in one transaction; what fails is undone alone and says so to its own caller."""
    try:
        with transaction.atomic():
            ends = [_end_of(turn.work, alone=len(taken) == 1) for turn in taken]
    except Exception as error:
        # Nothing has happened, and what was refused was perhaps refused for the sake of something that did not happen.
        if len(taken) > 1 and not isinstance(error, OperationalError):
            log.exception("A shared transaction failed; its calls are tried again")
            error = OperationalError("database is locked: the shared transaction failed")
        ends = [(None, error)] * len(taken)
    for turn, (result, ended_by) in zip(taken, ends, strict=True):
        turn.result, turn.error = result, ended_by


def _end_of(work: Callable[[], Any], *, alone: bool) -> tuple[Any, Exception | None]:
    """(result, None) or (None, error)."""
    if alone:  # there is nobody to be protected from its error
        return work(), None
    try:
        with transaction.atomic():
            return work(), None
    except Exception as error:
        if connection.needs_rollback:  # not even its savepoint could be restored
            raise OperationalError("database is locked: the shared transaction is broken") from error
        return None, error


@contextlib.contextmanager
def _queued() -> Iterator[None]:
    # Only for order's sake: whoever has waited too long, behind a lock of another process, tries his luck at the file.
    queued = _next_writer.acquire(timeout=QUEUE_FOR)
    try:
        yield
    finally:
        if queued:
            _next_writer.release()


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """A transaction that sees one state of the database and, on SQLite, does not queue for the one writer's lock."""
    if connection.vendor != "sqlite":
        with transaction.atomic():
            yield
        return
    connection.ensure_connection()  # the attribute is only there once connected
    wrapper: Any = connection  # `connection` is a proxy; the attribute belongs to this thread's SQLite connection
    usual = wrapper.transaction_mode
    wrapper.transaction_mode = "DEFERRED"
    try:
        with transaction.atomic():
            wrapper.transaction_mode = usual
            yield
    finally:
        wrapper.transaction_mode = usual


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """A transaction that writes; on SQLite this process has one at a time."""
    with _queued() if connection.vendor == "sqlite" else contextlib.nullcontext(), transaction.atomic():
        yield


def _worth_retrying(error: OperationalError) -> bool:
    """Locked (SQLite), deadlock or serialization failure (PostgreSQL): the same work can succeed a moment later."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state in ("40001", "40P01") or "locked" in str(error)
