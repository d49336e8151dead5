"""The front page, and the ways in: an invitation, a link from another platform."""

import hmac
import re
import time

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from marketplace.site.accounts import INVITATION, open_invitation, origin, signature, worker_from

LONGEST_LINK = 366 * 86400  # seconds ahead; one that is good for ever is a password nobody can change
_EXTERNAL_ID = re.compile(r"[\x21-\x7e]{1,128}")


def front(request: HttpRequest) -> HttpResponse:
    """Says what this is: for workers, who sign in here, and for requesters, who point a client at it."""
    if request.method not in ("GET", "HEAD"):
        from marketplace.pages import not_found

        return not_found(request)
    if request.user.is_authenticated:
        return redirect("groups")
    context = {"origin": origin(request), "strict": settings.STRICT}
    return render(request, "site/front.html", context)


@require_safe
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation link: remembered while its reader signs up."""
    if request.user.is_authenticated:
        return redirect("groups")
    if open_invitation(token) is None:
        return render(request, "site/no_invitation.html", status=404)
    request.session[INVITATION] = token
    return redirect("account_signup")


@require_safe
def from_platform(request: HttpRequest, platform: str) -> HttpResponse:
    """`?id=…&expires=…&signature=…`: signs in whoever another platform knows by that id. See accounts.link_for."""
    external_id, given = request.GET.get("id", ""), request.GET.get("signature", "")
    try:
        expires = int(request.GET.get("expires", ""))
    except ValueError:
        expires = 0
    good = _EXTERNAL_ID.fullmatch(external_id) and len(platform) <= 64 and 0 < expires < 10**11
    if not good or not hmac.compare_digest(signature(platform, external_id, expires).encode(), given.encode()):
        return render(request, "site/bad_link.html", {"why": "changed"}, status=403)
    if expires < time.time() or expires > time.time() + LONGEST_LINK:
        return render(request, "site/bad_link.html", {"why": "old"}, status=403)
    user = worker_from(platform, external_id)
    if not user.is_active:
        return render(request, "site/bad_link.html", {"why": "closed"}, status=403)
    if request.user != user:
        logout(request)
    to = "groups"
    if not user.worker.country:
        messages.info(request, "Welcome. Say where you live: some tasks are for people of certain countries.")
        to = "profile"
    # Not Django's login(): who has set up a second step is asked for it here, too.
    return perform_login(request, user, email_verification="none", redirect_url=reverse(to))
