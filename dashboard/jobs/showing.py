"""How far a job is, and what came of each of its rows."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from dashboard.models import Command, Job, JobState, State


def progress(job: Job) -> dict[str, Any]:
    """Counts by state from the rows, rate and time left from the last minute."""
    now = timezone.now()
    rows = Command.objects.filter(job=job).order_by()
    counts = dict(rows.values_list("state").annotate(rows=Count("pk")))
    done = counts.get(State.DONE, 0)
    minute = max(now - timedelta(minutes=1), job.started_at or now)
    recent = rows.filter(state=State.DONE, settled_at__gte=minute).count() if job.state == JobState.RUNNING else 0
    seconds = (now - minute).total_seconds()
    rate = recent / seconds if seconds > 1 else 0.0
    rest = counts.get(State.QUEUED, 0) + counts.get(State.SENDING, 0)
    return {
        "counts": counts,
        "done": done,
        "queued": rest,
        "failed": counts.get(State.FAILED, 0),
        "unknown": counts.get(State.UNKNOWN, 0),
        "attention": counts.get(State.ATTENTION, 0),
        "cancelled": counts.get(State.CANCELLED, 0),
        "rate": round(rate, 1),
        "seconds_left": int(rest / rate) if rate else None,
    }


def outcomes(job: Job) -> Iterator[list[str]]:
    """One list of cells per command, the header first."""
    yield [
        "command",
        "kind",
        "assignment",
        "hit",
        "worker",
        "amount",
        "fee",
        "state",
        "error_code",
        "error",
        "settled_at",
    ]
    rows: Iterable[Command] = Command.objects.filter(job=job).order_by("pk").defer("params", "response")
    for row in rows.iterator(chunk_size=1000):  # type: ignore[attr-defined]
        yield [
            str(row.pk), row.kind, row.assignment_id, row.hit_id, row.worker_id, f"{row.amount:.2f}", f"{row.fee:.2f}",
            row.state, row.error_code, row.error_message, row.settled_at.isoformat() if row.settled_at else "",
        ]  # fmt: skip
