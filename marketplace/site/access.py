"""Who a page is for: `@for_workers` gives a view the worker who is signed in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.models import Worker


def worker_of(request: HttpRequest) -> Worker | None:
    """The worker who is signed in; read once per request. Operators need not be workers."""
    if not hasattr(request, "_worker"):
        request._worker = Worker.objects.filter(user=request.user.pk).first()  # type: ignore[attr-defined]
    return request._worker  # type: ignore[attr-defined]


def for_workers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view is called with (request, worker, …); others sign in first, or read why it is not for them."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        worker = worker_of(request)
        if worker is None:
            return render(request, "site/no_worker.html", status=403)
        return view(request, worker, *args, **kwargs)

    return guarded
