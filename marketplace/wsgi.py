"""The marketplace as a WSGI application, for the built-in server and for any other (gunicorn marketplace.wsgi)."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from waitress.channel import ClientDisconnected  # type: ignore[import-untyped]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

_django = get_wsgi_application()


class ConnectionCut(ClientDisconnected):
    """Close the connection now, without an answer. waitress does exactly that for its own ClientDisconnected, which
    it raises where the client is gone; here it is the client who is to believe that we are."""


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django, except that a fault can cut the connection (outside Django, which would make an error page of it) and
    that nothing is written after the head of an answer to HEAD."""
    head: list[Any] = []

    def begin(*given: Any) -> Callable[[bytes], object]:
        head.append(given)
        return lambda data: None  # the old way of writing, which Django does not use

    answer = _django(environ, begin)
    if environ.get("marketplace.cut"):
        _close(answer)
        raise ConnectionCut
    start_response(*head[-1])
    if environ["REQUEST_METHOD"] == "HEAD":
        _close(answer)
        return []
    return answer


def _close(answer: Iterable[bytes]) -> None:
    close = getattr(answer, "close", None)  # ends Django's request: signals, database connections
    if close:
        close()
