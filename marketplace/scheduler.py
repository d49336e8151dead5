"""The thread that does what time does: once a second everything due (expiry, abandonment, auto-approval, disposal).

It also sees to it that notifications and letters go out, in threads of their own: a queue or a mail server that does
not answer delays no expiry.

Doing due things twice is harmless; one leader among several processes only spares the others the work. The leader
holds a lock that the system takes back when its process dies: a file's on SQLite, an advisory one on PostgreSQL.
"""

import contextlib
import fcntl
import logging
import threading
from typing import IO

from django.conf import settings
from django.db import DatabaseError, connection

from marketplace import letters, lifecycle, sending

log = logging.getLogger(__name__)

PERIOD = 1.0  # seconds
ADVISORY_LOCK = 0x48495464  # any number nobody else in the same database uses


def start(stop: threading.Event | None = None) -> threading.Thread:
    """Starts the thread; it ends with the process, or soon after `stop` is set."""
    thread = threading.Thread(target=_run, args=(stop or threading.Event(),), name="scheduler", daemon=True)
    thread.start()
    return thread


def _run(stop: threading.Event) -> None:
    leadership, sender, postman = _Leadership(), sending.Sender(), letters.Postman()
    while not stop.wait(PERIOD):
        try:
            if leadership.held():
                lifecycle.run_due()
                sender.nudge()
                postman.nudge()
        except Exception:
            log.exception("What is due could not be done; trying again")
            leadership.give_up()
    leadership.give_up()


class _Leadership:
    """Whether this process is the one that does the work. Used by one thread only."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None
        self._advisory = False

    def held(self) -> bool:
        return self._by_advisory_lock() if connection.vendor == "postgresql" else self._by_file()

    def give_up(self) -> None:
        if self._advisory:
            self._advisory = False
            with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
                # Closing only hands the session back to the pool, lock and all; a dead session lost it anyway.
                cursor.execute("SELECT pg_advisory_unlock_all()")
        connection.close()
        if self._file:
            self._file.close()
            self._file = None

    def _by_file(self) -> bool:
        if self._file:
            return True
        handle = (settings.DATA_DIR / "marketplace-scheduler.lock").open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._file = handle
        return True

    def _by_advisory_lock(self) -> bool:
        # Held by the database session: this thread keeps its connection for as long as it leads.
        if not self._advisory:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
                self._advisory = bool(cursor.fetchone()[0])
        return self._advisory
