"""What every page of the worker site shows around its content."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from marketplace import clock
from marketplace.models import Assignment, Message
from marketplace.site.access import worker_of


def shell(request: HttpRequest) -> dict[str, Any]:
    """`worker` (None where nobody or an operator is signed in), how much waits for them, and marketplace time."""
    known: dict[str, Any] = {"open_signup": settings.OPEN_SIGNUP, "worker": None}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return known
    worker = worker_of(request)
    if worker is not None:
        known |= {
            "worker": worker,
            "in_hand": Assignment.objects.filter(worker=worker, status=Assignment.Status.ACCEPTED).count(),
            "unread": Message.objects.filter(worker=worker, read_at=None).count(),
            "marketplace_now": clock.now(),
        }
    return known
