"""What a browser or a monitor sees: the front page, a health check, and errors in JSON."""

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import format_html

log = logging.getLogger(__name__)

_FRONT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>HITdesk marketplace</title>
<h1>HITdesk marketplace</h1>
<p>This is a service for crowd work that speaks the Mechanical Turk requester API (version 2017-01-17).
Scripts written for it work here when their client is pointed at this address:</p>
<pre>import boto3

mturk = boto3.client(
    "mturk",
    endpoint_url="{origin}",
    region_name="us-east-1",
    aws_access_key_id="{key}",
    aws_secret_access_key="{secret}",
)
print(mturk.get_account_balance()["AvailableBalance"])</pre>
<p>{keys}</p>
</html>
"""


def front(request: HttpRequest) -> HttpResponse:
    """Says what this is and how to use it."""
    if request.method not in ("GET", "HEAD"):
        return not_found(request)
    if settings.STRICT:
        key, secret = "YOUR_ACCESS_KEY_ID", "YOUR_SECRET_ACCESS_KEY"
        keys = "Signatures are verified here: ask whoever runs this marketplace for a pair of keys."
    else:
        key, secret = "any-name", "anything"
        keys = "Any pair of keys is accepted here: each access key is a requester of its own, with money to spend."
    # The Host header is whatever the client wrote, so the address shown is the configured one or this server's own.
    origin = settings.PUBLIC_URL or f"http://127.0.0.1:{request.META.get('SERVER_PORT', '')}"
    response = HttpResponse(format_html(_FRONT, origin=origin, key=key, secret=secret, keys=keys))
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


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
    return _error(404, "not_found", "There is nothing here. API calls need the header X-Amz-Target.")


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _error(400, "bad_request", "The request could not be understood.")


def failed(request: HttpRequest) -> HttpResponse:
    return _error(500, "internal", "The marketplace failed; its log says why.")


def _error(status: int, code: str, message: str) -> HttpResponse:
    return JsonResponse({"error": code, "message": message}, status=status)
