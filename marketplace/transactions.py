"""How work meets the database: one transaction, tried again where the database refuses it for another one's sake."""

import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction

from marketplace.errors import ServiceFault

log = logging.getLogger(__name__)

Result = TypeVar("Result")

RETRY_FOR = 2.0  # seconds


def in_transaction(work: Callable[[], Result], *, reads_only: bool = False) -> Result:
    """The result of `work`, done in one transaction; tried again for a moment where the database says to."""
    deadline = time.monotonic() + RETRY_FOR
    while True:
        try:
            with _reading() if reads_only else transaction.atomic():
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


def _worth_retrying(error: OperationalError) -> bool:
    """Locked (SQLite), deadlock or serialization failure (PostgreSQL): the same work can succeed a moment later."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state in ("40001", "40P01") or "locked" in str(error)
