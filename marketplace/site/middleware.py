"""Between a request of the worker site and its view."""

import zoneinfo
from collections.abc import Callable
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.utils import timezone


def time_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Times are shown in the browser's zone (a cookie set by times.js)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with timezone.override(_zone(request.COOKIES.get("tz", ""))):
            return get_response(request)

    return middleware


@lru_cache(maxsize=700)
def _zone(name: str) -> zoneinfo.ZoneInfo:
    # A cookie is anybody's text; only names the time zone database has are used.
    return zoneinfo.ZoneInfo(name if name in _names() else "UTC")


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
