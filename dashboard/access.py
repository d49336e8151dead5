"""From a URL to what this person may see: the first line of every view of an account."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard.models import Membership, User

View = Callable[..., HttpResponse]


def memberships_of(request: HttpRequest) -> list[Membership]:
    """All memberships of the signed-in person with their accounts, read once per request."""
    if not hasattr(request, "memberships"):
        assert isinstance(request.user, User)
        rows = Membership.objects.filter(user=request.user).select_related("account__latest_sync")
        request.memberships = list(rows.order_by("account__name"))  # type: ignore[attr-defined]
        for membership in request.memberships:  # type: ignore[attr-defined]
            membership.user = request.user
    return request.memberships  # type: ignore[attr-defined]


def of_account(view: View) -> View:
    """Give the view the person's Membership for the slug in its URL; another account's is 404, as if it did not exist.

    Every view under /a/<slug>/ carries it (a test looks), directly below its method decorator.
    """

    @wraps(view)
    def within_account(request: HttpRequest, account_slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if any("\0" in str(value) for value in kwargs.values()):
            raise Http404("No id holds such a character, and no database takes it.")
        for membership in memberships_of(request):
            if membership.account.slug == account_slug:
                request.membership = membership  # type: ignore[attr-defined]
                return view(request, membership, *args, **kwargs)
        raise Http404("There is no such account, or you are not a member of it.")

    within_account.of_account = True  # type: ignore[attr-defined]
    return within_account


def back_to(request: HttpRequest, otherwise: str) -> str:
    """Where the person came from, if that was a page of ours."""
    referer = urlsplit(request.headers.get("Referer", ""))
    if referer.netloc != request.get_host():
        return otherwise
    back = f"{referer.path}?{referer.query}" if referer.query else referer.path
    # A path that begins with two slashes is another host's address.
    return back if back and url_has_allowed_host_and_scheme(back, allowed_hosts=None) else otherwise
