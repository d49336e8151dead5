"""Signing up and in as a worker: openly, by invitation, or by a signed link from another platform."""

import hashlib
import hmac
import time
from typing import Any
from urllib.parse import quote, urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.http import HttpRequest
from django.urls import reverse
from django_countries import countries

from marketplace import clock, ids, requirements
from marketplace.models import ExternalIdentity, Invitation, Worker
from marketplace.transactions import writing

INVITATION = "invitation"  # key in the session
LINK_LIFE = 24 * 3600  # seconds a signed link from another platform is good for
STATES = sorted(requirements.STATES)


def origin(request: HttpRequest) -> str:
    """Where this site is for links that leave it: never what a Host header says, which anybody can send."""
    return settings.PUBLIC_URL or f"http://127.0.0.1:{request.META.get('SERVER_PORT', '')}"


def open_invitation(token: str) -> Invitation | None:
    """The invitation of that token if it can still be used."""
    good = Q(expires_at=None) | Q(expires_at__gt=clock.now())
    left = Q(uses_left=None) | Q(uses_left__gt=0)
    return Invitation.objects.filter(good, left, token=token).first()


class AccountAdapter(DefaultAccountAdapter):
    """allauth's rules of this site."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.OPEN_SIGNUP or open_invitation(request.session.get(INVITATION, "")) is not None

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if request.user.is_staff and not Worker.objects.filter(user=request.user.pk).exists():
            return reverse("admin:index")
        return super().get_login_redirect_url(request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        # allauth joins user and key with a dash, as its URL does; it would build the origin from the Host header.
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return origin(self.request) + path.replace("UID-KEY", quote(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return origin(request) + reverse("account_confirm_email", args=[emailconfirmation.key])


class SignupForm(AllauthSignupForm):
    """A name, a password, and what decides which tasks somebody sees."""

    country = forms.ChoiceField(
        label="Country you live in", help_text="Some tasks are for people of certain countries.", initial=""
    )
    subdivision = forms.ChoiceField(label="State, in the United States", required=False)
    adult = forms.BooleanField(label="I am at least 18 and also want to see tasks with adult content", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country: Any = self.fields["country"]
        country.choices = [("", "Choose…"), *countries]
        subdivision: Any = self.fields["subdivision"]
        subdivision.choices = [("", "None"), *((name, name) for name in STATES)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("country") != "US":
            cleaned["subdivision"] = ""
        return cleaned

    def save(self, request: HttpRequest) -> AbstractBaseUser:
        """The user and their worker, or neither; an invitation is used up in the same transaction."""
        with writing():
            invited = open_invitation(request.session.get(INVITATION, ""))
            if invited and invited.uses_left is not None:
                used = Invitation.objects.filter(pk=invited.pk, uses_left__gt=0).update(uses_left=F("uses_left") - 1)
                if not used and not settings.OPEN_SIGNUP:
                    raise forms.ValidationError("This invitation was used up a moment ago.")
            user = super().save(request)
            new_worker(
                user,
                country=self.cleaned_data["country"],
                subdivision=self.cleaned_data.get("subdivision", ""),
                adult=self.cleaned_data["adult"],
            )
        request.session.pop(INVITATION, None)
        return user


def new_worker(user: Any, *, country: str = "US", subdivision: str = "", adult: bool = False) -> Worker:
    """The worker behind a new user; the id is made up until it is nobody's."""
    while True:
        try:
            with transaction.atomic():
                return Worker.objects.create(
                    worker_id=ids.new_worker_id(),
                    user=user,
                    created_at=clock.now(),
                    country=country,
                    subdivision=subdivision,
                    accepts_adult_content=adult,
                )
        except IntegrityError:
            if Worker.objects.filter(user=user).exists():
                raise


# --- people from other platforms --------------------------------------------------------------------------------------


def platform_key(platform: str) -> str:
    """What a platform signs its links with: made of this marketplace's secret, good for that platform's links alone."""
    return hashlib.sha256(f"worker link {platform} {settings.SECRET_KEY}".encode()).hexdigest()


def signature(platform: str, external_id: str, expires: int) -> str:
    """HMAC-SHA256 in hex, by the platform's key."""
    signed = f"{platform}\n{external_id}\n{expires}"
    return hmac.new(platform_key(platform).encode(), signed.encode(), "sha256").hexdigest()


def link_for(platform: str, external_id: str, base: str, *, life: int = LINK_LIFE) -> str:
    """A link that signs in whoever the platform knows as `external_id`, for `life` seconds."""
    expires = int(time.time()) + life
    query = {"id": external_id, "expires": expires, "signature": signature(platform, external_id, expires)}
    return f"{base}{reverse('from_platform', args=[platform])}?{urlencode(query)}"


def worker_from(platform: str, external_id: str) -> User:
    """The user of that external id, made with a worker at the first visit; without a password: the link is the key."""
    with writing():
        known = ExternalIdentity.objects.select_related("worker__user").filter(
            platform=platform, external_id=external_id
        )
        if found := known.first():
            if found.worker.user is None:
                found.worker.user = _user_without_password()
                found.worker.save(update_fields=["user"])
            return found.worker.user
        user = _user_without_password()
        worker = new_worker(user, country="")  # they say where they live at their first visit; nothing is guessed
        ExternalIdentity.objects.create(platform=platform, external_id=external_id, worker=worker)
    return user


def _user_without_password() -> User:
    user = User(username=f"guest-{ids.new_worker_id()[1:].lower()}")
    user.set_unusable_password()
    user.save()
    return user
