"""A health check for monitors, and errors: pages for browsers, JSON for programs."""

import logging
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

log = logging.getLogger(__name__)


def health(request: HttpRequest) -> HttpResponse:
    """200 {"status": "ok"} while the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        log.exception("The database does not answer")
        return JsonResponse({"status": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ok"})


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if _is_browser(request):
        return render(request, "404.html", status=404)
    return _error(404, "not_found", "There is nothing here. API calls need the header X-Amz-Target.")


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: a page for browsers; programs that post to no address of ours learn that it is none."""
    if _is_browser(request):
        return render(request, "403_csrf.html", status=403)
    return not_found(request)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _error(400, "bad_request", "The request could not be understood.")


def failed(request: HttpRequest) -> HttpResponse:
    return _error(500, "internal", "The marketplace failed; its log says why.")


def _is_browser(request: HttpRequest) -> bool:
    return "text/html" in request.META.get("HTTP_ACCEPT", "")


def _error(status: int, code: str, message: str) -> HttpResponse:
    return JsonResponse({"error": code, "message": message}, status=status)
