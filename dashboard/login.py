"""Signing in: accounts are made by a manager, so nobody signs up; axes counts failures."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm as AllauthLoginForm
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class LoginForm(AllauthLoginForm):
    def user_credentials(self) -> dict[str, Any]:
        # axes files failures under one name, whichever of name and address was typed.
        credentials = super().user_credentials()
        credentials["login"] = credentials.get("username") or credentials.get("email")
        return credentials
