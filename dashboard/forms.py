"""What people say about accounts, members, policy and themselves."""

import secrets
import zoneinfo
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from dashboard.audit import SERVER_CHAIN
from dashboard.models import Account, Credentials, Environment, Membership, Role, User
from dashboard.permissions import Denied, check_address_is_free
from hits.models import HITType


class ConnectionForm(forms.ModelForm):
    """Where the account is and how to sign in there. The secret is written only, never shown."""

    environment = forms.ChoiceField(choices=Environment.choices)
    endpoint_url = forms.CharField(
        required=False,
        label="Endpoint",
        max_length=200,
        help_text="Such as http://127.0.0.1:8001. Empty means the environment's own.",
    )
    credentials = forms.ChoiceField(choices=Credentials.choices, initial=Credentials.KEYS)
    secret = forms.CharField(
        required=False,
        label="Secret access key",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted and never shown again. Empty leaves the one that is stored.",
    )

    class Meta:
        model = Account
        fields = ["name", "environment", "endpoint_url", "region", "credentials", "credentials_reference",
                  "access_key_id"]  # fmt: skip
        labels = {"credentials_reference": "Profile, role or prefix", "access_key_id": "Access key id"}
        help_texts = {
            "region": "us-east-1 everywhere but at endpoints of your own.",
            "credentials_reference": "Only where the credentials are not kept here.",
            "access_key_id": "For the marketplace that comes with HITdesk leave key and secret empty: they are made.",
        }

    def clean_endpoint_url(self) -> str:
        url = self.cleaned_data["endpoint_url"].strip().rstrip("/")
        if url:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValidationError("An address such as http://127.0.0.1:8001 or https://mturk.example.org.")
            if parts.username or parts.password or parts.query or parts.fragment:
                raise ValidationError("Only scheme, host, port and path; no user name, query or fragment.")
        return url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        url = cleaned.get("endpoint_url", "")
        if cleaned.get("environment") == Environment.PRODUCTION and url.startswith("http:"):
            self.add_error("endpoint_url", "Real money needs https.")
        ours = cleaned.get("environment") == Environment.MARKETPLACE and not url
        if cleaned.get("credentials") == Credentials.KEYS:
            if ours and not cleaned.get("access_key_id") and not cleaned.get("secret"):
                # The marketplace that comes with HITdesk takes any key: each is a requester of its own.
                cleaned["access_key_id"] = f"HITDESK{secrets.token_hex(8).upper()}"
                cleaned["secret"] = secrets.token_urlsafe(30)
            if not cleaned.get("access_key_id"):
                self.add_error("access_key_id", "Enter the access key id.")
            if not cleaned.get("secret") and not self.instance.secret_encrypted:
                self.add_error("secret", "Enter the secret access key.")
        elif not cleaned.get("credentials_reference"):
            self.add_error("credentials_reference", "Say which profile, role or prefix.")
        return cleaned

    def save(self, commit: bool = True) -> Account:
        account = super().save(commit=False)
        if self.cleaned_data["secret"]:
            account.secret_access_key = self.cleaned_data["secret"]
        if not account.slug:
            account.slug = free_slug(account.name)
        if commit:
            account.save()
        return account


def free_slug(name: str) -> str:
    """A slug for the URL that no other account has."""
    base = slugify(name)[:32] or "account"
    slug, number = base, 1
    # An account's slug names its chain in the audit, and the server has one too.
    while slug == SERVER_CHAIN or Account.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


class PolicyForm(forms.ModelForm):
    """What waits, and what needs a second person."""

    class Meta:
        model = Account
        fields = ["undo_seconds", "release_rejections", "release_blocks", "release_bonus_above", "release_job_above",
                  "budget_cap", "rate_cap"]  # fmt: skip
        labels = {
            "undo_seconds": "Undo window, in seconds",
            "release_rejections": "Rejections wait for an approver",
            "release_blocks": "Blocking a worker at MTurk needs a second person",
            "release_bonus_above": "Bonuses above this many dollars need a second person",
            "release_job_above": "Bulk jobs above this many dollars need a second person",
            "budget_cap": "Budget, in dollars",
            "rate_cap": "Calls a second at most",
        }
        help_texts = {
            "undo_seconds": "How long a decision can be taken back before it is sent. Empty: as the server is set, 10.",
            "release_rejections": "",
            "release_blocks": "A reviewer's block needs one always: it can cost a worker their account.",
            "release_bonus_above": "Empty: no limit. A reviewer's bonus needs one always.",
            "release_job_above": "With fees. Empty: no limit.",
            "budget_cap": "All that is ever paid through HITdesk from this account, fees included. What does not fit "
            "waits, and goes on by itself when you raise this. Empty: no cap.",
            "rate_cap": "Empty: as fast as MTurk takes them. HITdesk slows down by itself when MTurk asks for it.",
        }

    def clean_undo_seconds(self) -> int | None:
        seconds = self.cleaned_data["undo_seconds"]
        if seconds is not None and seconds > 3600:
            raise ValidationError("An hour (3600) is the longest.")
        return seconds


class MemberForm(forms.Form):
    """Add a person by user name or e-mail address."""

    person = forms.CharField(max_length=150, label="User name or e-mail")
    role = forms.TypedChoiceField(choices=Role.choices, coerce=lambda value: Role(int(value)), initial=Role.REVIEWER)
    password = forms.CharField(
        required=False,
        label="First password, for somebody new",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, data: Any = None, *, account: Account) -> None:
        super().__init__(data)
        self.account = account

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        person, password = cleaned.get("person", "").strip(), cleaned.get("password", "")
        if not person:
            return cleaned
        same_name = User.objects.filter(username__iexact=person)
        people = list(same_name or User.objects.filter(email__iexact=person, email__gt="")[:2])
        found = people[0] if people else None
        if len(people) > 1:
            self.add_error("person", "Several people have this address. Give the user name.")
            return cleaned
        if found is None:
            if not password:
                self.add_error("person", "Nobody here is called that. Give a first password to add somebody new.")
                return cleaned
            found = User(username=person)
            try:
                User.username_validator(person)
                validate_password(password, found)
            except ValidationError as error:
                self.add_error("person" if password == "" else None, error)
                return cleaned
            found.set_password(password)
        elif password:
            self.add_error("password", f"{found.username} has a password already; leave this empty.")
        elif Membership.objects.filter(account=self.account, user=found).exists():
            self.add_error("person", f"{found.username} is a member already.")
        cleaned["user"] = found
        return cleaned


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(required=False, help_text="Empty means what the browser says.")

    class Meta:
        model = User
        fields = ["time_zone", "email"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones()) if "/" in name]
        self.fields["time_zone"].choices = [("", "as the browser says"), ("UTC", "UTC"), *zones]  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip()
        try:
            check_address_is_free(email, self.instance)
        except Denied as reason:
            raise ValidationError(str(reason)) from None
        return email


class SetupForm(forms.Form):
    """The first visit: the manager, and nothing else yet."""

    username = forms.CharField(max_length=150, validators=[User.username_validator], label="User name")
    email = forms.EmailField(required=False, label="E-mail (may be empty)")
    password = forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    again = forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), label="Password again")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("password") and cleaned.get("again") and cleaned["password"] != cleaned["again"]:
            self.add_error("again", "The two passwords differ.")
        elif cleaned.get("password"):
            try:
                validate_password(cleaned["password"], User(username=cleaned.get("username", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class HITTypeField(forms.ModelChoiceField):
    """One of an account's HIT types; titles repeat, so reward and id stand beside them."""

    def label_from_instance(self, obj: Any) -> str:
        return f"${obj.reward}, {obj.title[:60]}, {obj.hit_type_id}"


class JobForm(forms.Form):
    """What a bulk action needs to know besides its selection; `options` names the fields that are asked for."""

    feedback = forms.CharField(required=False, max_length=1024, widget=forms.Textarea(attrs={"rows": 3}))
    amount = forms.DecimalField(required=False, max_digits=12, decimal_places=2, label="Amount for each, in dollars")
    reason = forms.CharField(
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}), label="Reason (the workers read it)"
    )
    again = forms.BooleanField(required=False, label="Also those that have had a bonus already")
    hours = forms.IntegerField(required=False, min_value=1, label="By how many hours")
    number = forms.IntegerField(required=False, min_value=1, label="How many more workers for each")
    hit_type = HITTypeField(HITType.objects.none(), required=False, to_field_name="hit_type_id", label="New HIT type")
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, options: tuple[str, ...], account: Account, reject: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        hit_type: Any = self.fields["hit_type"]
        hit_type.queryset = HITType.objects.filter(account=account).order_by("-pk")
        for name in ("feedback", "amount", "reason", "again", "hours", "number", "hit_type"):
            if name not in options:
                del self.fields[name]
        if "feedback" in self.fields:
            self.fields["feedback"].label = "Reason (each worker reads it)" if reject else "Message to the workers"
            self.fields["feedback"].required = reject
        for name in ("amount", "reason", "hours", "number", "hit_type"):
            if name in self.fields:
                self.fields[name].required = True

    def said(self) -> dict[str, str]:
        """The options as text; what is not filled in yet is empty."""
        said = {name: str(value or "") for name, value in self.cleaned_data.items() if name != "form_key"}
        if self.cleaned_data.get("hit_type"):
            said["hit_type"] = self.cleaned_data["hit_type"].hit_type_id
        return said


class ActivityFilter(forms.Form):
    state = forms.CharField(required=False, max_length=12)
    kind = forms.CharField(required=False, max_length=40)
    person = forms.CharField(required=False, max_length=150)
    subject = forms.CharField(required=False, max_length=64)


class AuditFilter(forms.Form):
    actor = forms.CharField(required=False, max_length=150, label="Who")
    kind = forms.CharField(required=False, max_length=60, label="Kind of entry")
    subject = forms.CharField(required=False, max_length=120, label="About which id")
