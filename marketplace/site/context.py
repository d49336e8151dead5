"""What every page of the worker site shows around its content."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from marketplace import clock
from marketplace.models import Assignment, Message
from marketplace.site.access import worker_of

MOST_COUNTED = 100
SOON = timedelta(minutes=10)  # before a deadline, every page says so


def shell(request: HttpRequest) -> dict[str, Any]:
    """`worker` (None where nobody or an operator is signed in), what waits for them, what is due first, the time."""
    known: dict[str, Any] = {"open_signup": settings.OPEN_SIGNUP, "worker": None}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return known
    worker = worker_of(request)
    if worker is not None:
        now = clock.now()
        held = list(
            Assignment.objects.filter(worker=worker, status=Assignment.Status.ACCEPTED, deadline__gt=now)
            .order_by("deadline")
            .values("assignment_id", "deadline", "hit__hit_type__title")[:MOST_COUNTED]
        )
        known |= {
            "worker": worker,
            "in_hand": len(held),
            "due": held[0] if held else None,
            "due_soon": bool(held) and held[0]["deadline"] - now <= SOON,
            "unread": Message.objects.filter(worker=worker, read_at=None).count(),
            "marketplace_now": now,
        }
    return known
