"""The only place that knows the marketplace's time: the machine's clock plus an offset that tests and demos can move.

The offset is a row, read at every look, so that all threads and processes agree the moment it moves. Signature dates
and the Date header are not marketplace time; they use the machine's clock.
"""

from datetime import UTC, datetime, timedelta

from django.db.models import F

from . import prepared
from .models import Clock
from .transactions import writing

FURTHEST = timedelta(days=366 * 100)


def now() -> datetime:
    """Marketplace time, aware UTC, cut to milliseconds (what the wire carries)."""
    moved = prepared.one(Clock, pk=Clock.ONLY)
    moment = datetime.now(UTC) + timedelta(milliseconds=moved.offset_ms if moved else 0)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def advance(seconds: float) -> datetime:
    """Move time on and do, in order, everything that falls due on the way; returns the new time.

    Raises ValueError where time would go back, or further than a hundred years from the machine's clock.
    Not to be called inside a transaction: each due thing is one of its own.
    """
    from . import lifecycle  # lifecycle needs now()

    step = round(seconds * 1000)
    if step < 0:
        raise ValueError("advance_seconds must not be negative: marketplace time only goes forward.")
    with writing():
        Clock.objects.get_or_create(pk=Clock.ONLY)
        limit = FURTHEST // timedelta(milliseconds=1) - step
        if not Clock.objects.filter(pk=Clock.ONLY, offset_ms__lte=limit).update(offset_ms=F("offset_ms") + step):
            raise ValueError("advance_seconds would move marketplace time more than a hundred years ahead.")
    moment = now()
    lifecycle.run_due(moment)
    return moment


def begin_in_the_past(seconds: float) -> datetime:
    """Set the clock of a marketplace in which nothing happened yet back, so that a demo can live through a history.

    Returns the new time. Raises ValueError once there is a HIT: its times would lie in the future.
    """
    from .models import HIT

    step = round(seconds * 1000)
    if not 0 < step <= FURTHEST // timedelta(milliseconds=1):
        raise ValueError("begin_seconds_ago must be more than 0 and less than a hundred years.")
    with writing():
        Clock.objects.get_or_create(pk=Clock.ONLY)
        Clock.objects.select_for_update().get(pk=Clock.ONLY)
        if HIT.objects.exists():
            raise ValueError("Only a marketplace without any HIT can begin in the past.")
        Clock.objects.filter(pk=Clock.ONLY).update(offset_ms=-step)
    return now()


def is_behind() -> bool:
    """Whether marketplace time is behind the machine's: a history is being made."""
    return Clock.objects.filter(pk=Clock.ONLY, offset_ms__lt=0).exists()


def catch_up() -> datetime:
    """End a history: where marketplace time is behind, make it the machine's, and do what fell due."""
    from . import lifecycle

    Clock.objects.filter(pk=Clock.ONLY, offset_ms__lt=0).update(offset_ms=0)
    moment = now()
    lifecycle.run_due(moment)
    return moment
