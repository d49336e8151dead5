"""Sending the event documents that notifications.py wrote: at least once, later and again where it does not work.

A pass takes what is due and tries one document of each destination first; where that fails, all that goes there waits,
so that a queue that is gone costs one attempt at a time however much piles up for it. After GIVE_UP_AFTER a document is
given up; the row keeps the last error. Times here are the machine's: what is tried again is a real connection.
"""

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F, QuerySet

from . import destinations
from .models import Notification
from .transactions import writing

log = logging.getLogger(__name__)

BATCH = 200
AT_ONCE = 8  # connections
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=24)
KEEP = timedelta(days=7)  # what was sent or given up

_Failure = tuple[Notification, str]


class Sender:
    """A thread that is there while something is to be sent. `nudge` is called again and again, by one thread."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def nudge(self) -> None:
        """Send what is due, without waiting for it."""
        if (self._thread and self._thread.is_alive()) or not _due(datetime.now(UTC)).exists():
            return
        self._thread = threading.Thread(target=_run, name="notifications", daemon=True)
        self._thread.start()


def _run() -> None:
    try:
        send_due()
    except Exception:
        log.exception("Notifications could not be sent; trying again")
    finally:
        connection.close()


def send_due() -> int:
    """Send everything due and say how many documents arrived."""
    sent = 0
    while rows := list(_due(datetime.now(UTC)).order_by("not_before", "pk")[:BATCH]):
        sent += _send(rows)
    _forget()
    return sent


def _due(now: datetime) -> QuerySet[Notification]:
    return Notification.objects.filter(sent_at=None, given_up_at=None, not_before__lte=now)


def _send(rows: list[Notification]) -> int:
    first: dict[tuple[str, str], Notification] = {}
    for row in rows:
        first.setdefault((row.transport, row.destination), row)
    failures = _attempt(first.values())
    dead = {(row.transport, row.destination) for row, _ in failures}
    tried = {row.pk for row in first.values()}
    others = [row for row in rows if row.pk not in tried and (row.transport, row.destination) not in dead]
    failures += _attempt(others)
    failed = {row.pk for row, _ in failures}
    arrived = [row.pk for row in (*first.values(), *others) if row.pk not in failed]
    now = datetime.now(UTC)
    with writing():
        Notification.objects.filter(pk__in=arrived).update(sent_at=now, attempts=F("attempts") + 1, error="")
        for row, error in failures:
            _put_off(row, error, now)
    return len(arrived)


def _attempt(rows: Iterable[Notification]) -> list[_Failure]:
    """Send each once, AT_ONCE at a time; those that did not arrive, and why.

    Daemon threads and no ThreadPoolExecutor: at its end the process would wait for those until the last time-out.
    """
    waiting = deque(rows)
    failures: list[_Failure] = []

    def work() -> None:
        with contextlib.suppress(IndexError):
            while row := waiting.popleft():
                if error := _error(row):
                    failures.append((row, error))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(AT_ONCE, len(waiting)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def _error(row: Notification) -> str:
    """Sends one; the reason it did not arrive, or nothing."""
    try:
        destinations.deliver(row.transport, row.destination, row.body)
    except destinations.Undelivered as undelivered:
        return str(undelivered)[:500]
    except Exception as error:  # whatever it is, the others still go out
        log.exception("Sending notification %s failed", row.pk)
        return type(error).__name__
    return ""


def _put_off(row: Notification, error: str, now: datetime) -> None:
    """Later, and with it all that goes to the same destination; what has waited too long is given up."""
    waiting = Notification.objects.filter(
        transport=row.transport, destination=row.destination, sent_at=None, given_up_at=None
    )
    later = now + min(FIRST_WAIT * 2 ** min(row.attempts, 20), LONGEST_WAIT)
    Notification.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
    waiting.filter(not_before__lte=later).update(not_before=later, error=error)
    if waiting.filter(created_at__lte=now - GIVE_UP_AFTER).update(given_up_at=now):
        log.error("Notifications to %s %s were given up: %s", row.transport, row.destination, error)


def _forget() -> None:
    """Drop old rows that are done, the oldest first and not too many at once."""
    oldest = list(Notification.objects.order_by("pk").values_list("pk", flat=True)[:BATCH])
    before = datetime.now(UTC) - KEEP
    with writing():
        Notification.objects.filter(pk__in=oldest, sent_at__lt=before).delete()
        Notification.objects.filter(pk__in=oldest, given_up_at__lt=before).delete()
