"""Paying somebody who could not hand in: a qualification and a HIT for one worker, and every step on the way."""

import uuid
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dashboard.models import Account, Command, User


class CompensationState(models.TextChoices):
    WORKING = "working", "under way"
    CLEANING = "cleaning", "cleaning up"
    ENDED = "ended", "over"


class CompensationOutcome(models.TextChoices):
    PAID = "paid", "paid"
    LAPSED = "lapsed", "not taken"
    REJECTED = "rejected", "rejected"
    STOPPED = "stopped", "stopped"


class CompensationQuerySet(models.QuerySet["Compensation"]):
    def of(self, account: Account) -> "CompensationQuerySet":
        return self.filter(account=account)

    def open(self) -> "CompensationQuerySet":
        return self.exclude(state=CompensationState.ENDED)


class Compensation(models.Model):
    """One complaint of one worker, and what it takes to pay for it. Written by qualifications.actions.compensation.

    Which step is next is worked out from the rows each time (a step and its Command are one), so a crash at any place
    is only a delay.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="compensations")
    worker_id = models.CharField(max_length=64)
    complaint = models.TextField(help_text="What happened, in the worker's or our own words.")
    hit_id = models.CharField(max_length=64, blank=True, help_text="The HIT they could not hand in.")
    message = models.TextField(blank=True, help_text="What the worker is told; empty: not told by us.")
    amount = models.DecimalField(max_digits=12, decimal_places=2, help_text="US dollars to the worker.")
    fee = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    days = models.PositiveSmallIntegerField(default=14, help_text="How long the worker has to take it.")
    state = models.CharField(max_length=10, choices=CompensationState.choices, default=CompensationState.WORKING)
    outcome = models.CharField(max_length=10, choices=CompensationOutcome.choices, blank=True, default="")
    qualification_type_id = models.CharField(max_length=64, blank=True)
    new_hit_id = models.CharField(max_length=64, blank=True, help_text="The HIT published for this worker alone.")
    assignment_id = models.CharField(max_length=64, blank=True, help_text="What the worker handed in for it.")
    problem = models.TextField(blank=True, help_text="Why it stands still, where a person has to do something.")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="compensations")
    form_key = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = CompensationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "form_key"], condition=Q(form_key__isnull=False), name="one_compensation_per_form"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0) & Q(fee__gte=0), name="compensation_pays"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-created_at", "-id"], name="compensation_by_time"),
            models.Index(fields=["account", "worker_id"], name="compensation_by_worker"),
            models.Index(fields=["account"], condition=~Q(state="ended"), name="compensation_open"),
        ]

    def __str__(self) -> str:
        return f"{self.worker_id}, ${self.amount}"

    @property
    def reference(self) -> str:
        """Short and its own: stands in the names of what is made for it."""
        return self.id.hex[:10].upper()

    @property
    def total(self) -> Decimal:
        return self.amount + self.fee


class CompensationStep(models.Model):
    """One step of a compensation and the Command that does it; each step exists once."""

    compensation = models.ForeignKey(Compensation, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=20)
    command = models.OneToOneField(Command, on_delete=models.PROTECT, related_name="compensation_step")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["compensation", "name"], name="compensation_step_once")
        ]

    def __str__(self) -> str:
        return self.name
