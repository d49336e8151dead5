"""What one call leaves for later ones: tokens that did their work, and notifications still to be sent."""

from __future__ import annotations

from typing import Any

from django.db import models

from .hits import HITType
from .people import Requester


class UsedToken(models.Model):
    """A UniqueRequestToken that did its work; the unique constraint decides between two calls at once."""

    requester = models.ForeignKey(Requester, on_delete=models.CASCADE, related_name="tokens")
    operation = models.CharField(max_length=64)
    token = models.CharField(max_length=128)
    used_at = models.DateTimeField()
    made = models.CharField(
        max_length=64, default="", blank=True, help_text="id of what the first call made, if anything"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["requester", "operation", "token"], name="a_token_works_once")]

    def __str__(self) -> str:
        return self.token


class NotificationSetting(models.Model):
    """Where the events of a HIT type go (UpdateNotificationSettings)."""

    hit_type = models.OneToOneField(HITType, on_delete=models.CASCADE, related_name="notification_setting")
    destination = models.CharField(max_length=2048, help_text="URL of an SQS queue, ARN of an SNS topic, or an address")
    transport = models.CharField(max_length=8, help_text="SQS, SNS or Email")
    version = models.CharField(max_length=16)
    event_types: Any = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.transport} {self.destination}"


class Notification(models.Model):
    """An event document on its way to a queue or topic: written with what it tells of, sent later, tried again."""

    requester = models.ForeignKey(Requester, on_delete=models.CASCADE, related_name="notifications")
    transport = models.CharField(max_length=8)
    destination = models.CharField(max_length=2048)
    body = models.TextField()
    created_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    # The machine's clock, not marketplace time: what is tried again is a real connection.
    not_before = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["not_before"],
                condition=models.Q(sent_at=None, given_up_at=None),
                name="notifications_to_send",
            )
        ]

    def __str__(self) -> str:
        return f"{self.transport} {self.destination}"
