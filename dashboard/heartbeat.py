"""Signs of life of the processes nobody looks at: a decision waits silently where no worker or no beat runs."""

import logging
import threading
import time
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.utils import timezone

from dashboard.models import Heartbeat

WORKER, BEAT = "worker", "beat"
EVERY_SECONDS = 10
MISSED_AFTER = timedelta(minutes=1)
START = {
    WORKER: "Start one with “celery -A dashboard worker”",
    BEAT: "Start it with “celery -A dashboard beat”",
}
#: All processes start together, and the others need a moment for their first sign of life.
STARTED = timezone.now()
log = logging.getLogger(__name__)
_touched: dict[str, float] = {}


def touch(name: str) -> None:
    """Note that `name` is alive now."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def touch_sometimes(name: str) -> None:
    """`touch`, but at most every ten seconds, and a database that does not answer only costs a line in the log."""
    now = time.monotonic()
    if now - _touched.get(name, -EVERY_SECONDS) < EVERY_SECONDS:
        return
    _touched[name] = now
    try:
        close_old_connections()
        touch(name)
    except DatabaseError as error:
        log.warning("The sign of life could not be noted: %s", error)


def keep_touching(name: str) -> threading.Event:
    """Touch `name` from a thread of its own, so that it counts as alive however busy its pool is, until the event."""
    over = threading.Event()

    def beat() -> None:
        while not over.is_set():
            touch_sometimes(name)
            close_old_connections()
            over.wait(EVERY_SECONDS / 4)

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
    return over


def last_seen(name: str) -> datetime | None:
    return Heartbeat.objects.filter(pk=name).values_list("at", flat=True).first()


def silence() -> str:
    """What does not run, as a sentence with what to do; empty where both were seen within the minute."""
    now = timezone.now()
    if now - STARTED < MISSED_AFTER:
        return ""
    seen = dict(Heartbeat.objects.filter(pk__in=(WORKER, BEAT)).values_list("name", "at"))
    for name, what, who in (
        (WORKER, "Nothing is being sent", "no worker"),
        (BEAT, "What was missed is not being looked for, and nothing is read", "no beat"),
    ):
        at = seen.get(name)
        if at is None or now - at > MISSED_AFTER:
            since = "" if at is None else f" for {_words(now - at)}"
            return f"{what}: {who} has been seen{since}. {START[name]}, or tell whoever runs this server."
    return ""


def _words(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
