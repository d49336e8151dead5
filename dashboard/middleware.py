"""Three small things between a request and its view: the first visit, a login that ran out, the person's time zone."""

import zoneinfo
from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from dashboard.models import User

Handler = Callable[[HttpRequest], HttpResponse]


class FirstVisitMiddleware:
    """A server without any user sends whoever comes to the page that creates the manager."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.has_users = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Users are never all deleted again, so one yes is enough for the life of the process.
        self.has_users = self.has_users or User.objects.exists()
        open_paths = (reverse("setup"), "/static/", "/healthz")
        if not self.has_users and not request.path.startswith(open_paths):
            return redirect("setup")
        return self.get_response(request)


class HtmxLoginMiddleware:
    """A fragment asked for after the session ended must not show the login form inside a table row."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        location = response.get("Location", "")
        if (
            getattr(request, "htmx", False)
            and response.status_code == 302
            and location.startswith(reverse("account_login"))
        ):
            back = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(f"{reverse('account_login')}?{urlencode({'next': back})}")
        return response


class TimeZoneMiddleware:
    """Times are shown in the person's zone: the one they chose, else the browser's (a cookie set by times.js)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "time_zone", "") or request.COOKIES.get("tz", "")
        with timezone.override(_zone(chosen)):
            return self.get_response(request)


def _zone(name: str) -> zoneinfo.ZoneInfo:
    # A cookie is anybody's text; only names the time zone database has are used.
    return zoneinfo.ZoneInfo(name if name in _names() else "UTC")


def _names() -> set[str]:
    if not _cache:
        _cache.update(zoneinfo.available_timezones())
    return _cache


_cache: set[str] = set()
