"""The marketplace as a WSGI application, for the built-in server and for any other (gunicorn marketplace.wsgi)."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from waitress.channel import ClientDisconnected

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

_django = get_wsgi_application()

from django.db import close_old_connections  # noqa: E402 # these need the settings

from marketplace import protocol  # noqa: E402


class ConnectionCut(ClientDisconnected):
    """Close the connection now, without an answer. waitress does exactly that for its own ClientDisconnected, which
    it raises where the client is gone; here it is the client who is to believe that we are."""


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The API, or Django for everything else.

    A call is recognised before any URL is looked at, because clients post to `/` and old scripts to whatever path they
    were given. It needs nothing of what Django does for a page, which would cost as much as the payment itself.
    """
    if not protocol.is_call(environ):
        return _page(environ, start_response)
    try:
        answer = protocol.answer(environ)
    finally:
        close_old_connections()  # as Django does at the end of its requests: back to the pool, or dropped if broken
    if answer.cut:
        raise ConnectionCut
    start_response(answer.status, answer.headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]


def _page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django, except that nothing is written after the head of an answer to HEAD."""
    answer = _django(environ, start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        return answer
    close = getattr(answer, "close", None)  # ends Django's request: signals, database connections
    if close:
        close()
    return []
