"""Bonuses as the remote side lists them."""

from typing import ClassVar

from django.db import models

from dashboard.models import Account, Command


class BonusPayment(models.Model):
    """A bonus as the remote side lists it (api: BonusPayment has no id of its own)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="bonus_payments")
    worker_id = models.CharField(max_length=64)
    assignment_id = models.CharField(max_length=64)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.TextField(blank=True)
    granted_at = models.DateTimeField()
    command = models.OneToOneField(
        Command, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: paid elsewhere."
    )
    listed_at = models.DateTimeField(null=True, help_text="When a full sync last read it in MTurk's own list.")

    class Meta:
        ordering: ClassVar = ["-granted_at"]
        indexes: ClassVar = [
            models.Index(fields=["account", "worker_id", "-granted_at"], name="bonus_by_worker"),
            models.Index(fields=["account", "assignment_id"], name="bonus_by_assignment"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} to {self.worker_id}"
