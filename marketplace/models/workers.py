"""How people come to the worker site, and what they were paid out."""

from __future__ import annotations

import secrets
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from .hits import HITType
from .people import Worker


def _new_token() -> str:
    return secrets.token_urlsafe(24)


class Invitation(models.Model):
    """A link with which people sign up where signing up is not open to everybody."""

    token = models.CharField(max_length=64, unique=True, default=_new_token)
    name = models.CharField(max_length=200, help_text="for the operator: who it was given to")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    uses_left = models.PositiveIntegerField(null=True, blank=True, help_text="empty: any number of people")

    def __str__(self) -> str:
        return self.name


class ExternalIdentity(models.Model):
    """The id by which another platform knows a worker, so that whoever comes back by its links is recognised."""

    platform = models.CharField(max_length=64)
    external_id = models.CharField(max_length=128)
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="external_identities")

    class Meta:
        verbose_name_plural = "external identities"
        constraints = [models.UniqueConstraint(fields=["platform", "external_id"], name="one_worker_per_external_id")]

    def __str__(self) -> str:
        return f"{self.platform} {self.external_id}"


class Inquiry(models.Model):
    """What a worker wrote to a requester, about the HITs of one HIT type."""

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="inquiries")
    hit_type = models.ForeignKey(HITType, on_delete=models.CASCADE, related_name="inquiries")
    text = models.TextField()
    sent_at = models.DateTimeField()
    to_mail = models.BooleanField(default=True, help_text="a letter is still to be sent, where there is an address")

    class Meta:
        verbose_name_plural = "inquiries"
        indexes = [
            models.Index(fields=["worker", "-id"], name="inquiries_newest_first"),
            models.Index(fields=["id"], condition=Q(to_mail=True), name="inquiries_to_mail"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class PayoutRun(models.Model):
    """One time the operator paid the workers out: everything earned by then that no earlier run holds."""

    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True, help_text="when the money was sent")

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d}"


class Payout(models.Model):
    """What one worker gets in a payout run."""

    run = models.ForeignKey(PayoutRun, on_delete=models.PROTECT, related_name="payouts")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="payouts")
    amount = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal("0.00"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "worker"], name="a_worker_is_in_a_run_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_payout_is_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"
