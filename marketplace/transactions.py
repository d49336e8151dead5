"""How work meets the database: one transaction, tried again where the database refuses it for another one's sake."""

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

# SQLite lets one writer in, and the others only look every now and then, up to 0.1 s apart, whether it has left: the
# file idles while all of them sleep, and the unlucky wait for seconds. In this process they queue here and are woken.
_next_writer = threading.RLock()


def in_transaction(work: Callable[[], Result], *, reads_only: bool = False) -> Result:
    """The result of `work`, done in one transaction; tried again for a moment where the database says to."""
    deadline = time.monotonic() + RETRY_FOR
    while True:
        try:
            with _reading() if reads_only else writing():
                return work()
        except OperationalError as error:
            if not _worth_retrying(error):
                raise
            if time.monotonic() > deadline:
                log.error("The database stayed locked: %s", error)
                raise ServiceFault("The database is busy. Please try again.") from error
            reads_only = False  # a reader that turned out to write has to queue with the writers
            time.sleep(random.uniform(0.005, 0.05))  # noqa: S311


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
    # Only for order's sake: whoever has waited too long, behind a lock of another process, tries his luck at the file.
    queued = connection.vendor == "sqlite" and _next_writer.acquire(timeout=QUEUE_FOR)
    try:
        with transaction.atomic():
            yield
    finally:
        if queued:
            _next_writer.release()


def _worth_retrying(error: OperationalError) -> bool:
    """Locked (SQLite), deadlock or serialization failure (PostgreSQL): the same work can succeed a moment later."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state in ("40001", "40P01") or "locked" in str(error)
