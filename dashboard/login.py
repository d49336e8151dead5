"""Signing in: accounts are made by a manager, so nobody signs up; axes counts wrong passwords, allauth wrong codes."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import AddEmailForm as AllauthAddEmailForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest

from dashboard.models import User
from dashboard.permissions import Denied, check_address_is_free


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count nothing here: axes does, and allauth's counter is for the codes of the second step."""


class LoginForm(AllauthLoginForm):
    def user_credentials(self) -> dict[str, Any]:
        credentials = super().user_credentials()
        credentials["login"] = credentials.get("username") or credentials.get("email")
        return credentials


class AddEmailForm(AllauthAddEmailForm):
    def clean_email(self) -> str:
        email = super().clean_email()
        try:
            check_address_is_free(email, self.user)
        except Denied as reason:
            raise ValidationError(str(reason)) from None
        return email


def one_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The name under which axes files a failure: one per person, or every way to write it would be eight more tries."""
    given = credentials or {}
    typed = given.get("login") or given.get("username") or given.get("email") or request.POST.get("login", "")
    name = str(typed).replace("\0", "").strip()[:150]
    known = User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name, email__gt="")).order_by("pk").first()
    return (known.get_username() if known else name).lower()
