"""Bonuses, what the marketplace takes, and every movement of money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from .hits import HIT, Assignment
from .people import Requester, Worker


class FeeRate(models.Model):
    """Fees from a moment on, until the next row's; without any, policies.RATES hold. Rates are fractions.

    Added by rates.announce or by a form; never changed and never deleted, since what HITs hold was reckoned with them.
    """

    valid_from = models.DateTimeField(unique=True)
    base = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal("0.20"))
    many_assignments = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal("0.20"))
    many_from = models.PositiveIntegerField(default=10)
    masters = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal("0.05"))
    bonus = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal("0.20"))
    minimum = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal("0.01"))

    def __str__(self) -> str:
        return f"from {self.valid_from:%Y-%m-%d}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        from .. import rates

        if self.pk:
            raise TypeError("Fee rates are never changed; announce others for a later time.")
        super().save(*args, **kwargs)
        rates.forget()

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Fee rates are never deleted; announce others for a later time.")

    def clean(self) -> None:
        from .. import rates

        if None in (self.valid_from, *(getattr(self, name) for name in rates.NAMES)):
            return  # a field's own error says so
        try:
            rates.check(self)
        except ValueError as error:
            raise ValidationError(str(error)) from None


class Bonus(models.Model):
    """A payment beside the reward."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="bonuses")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    fee = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.TextField()
    token = models.CharField(max_length=64, default="", blank=True)
    grant_time = models.DateTimeField()

    class Meta:
        verbose_name_plural = "bonuses"

    def __str__(self) -> str:
        return f"{self.amount} for {self.assignment_id}"


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    def update(self, **changes: Any) -> NoReturn:
        raise TypeError("Ledger entries are never changed; record a movement the other way.")

    def delete(self) -> NoReturn:
        raise TypeError("Ledger entries are never deleted; record a movement the other way.")


class LedgerEntry(models.Model):
    """One movement of money. Append-only: never changed, never deleted. What each kind moves: ledger.EFFECT."""

    kind = models.CharField(max_length=8)
    requester = models.ForeignKey(Requester, on_delete=models.PROTECT, related_name="ledger")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, null=True, blank=True, related_name="earnings")
    hit = models.ForeignKey(HIT, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    token = models.CharField(max_length=64, default="", blank=True)
    at = models.DateTimeField()

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="ledger_amounts_not_negative")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise TypeError("Ledger entries are never changed; record a movement the other way.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Ledger entries are never deleted; record a movement the other way.")
