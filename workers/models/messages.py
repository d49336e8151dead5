"""Messages to workers: what was sent to whom, and what came of it for each."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from dashboard.models import Account, Command, Job

_PERSON = settings.AUTH_USER_MODEL
SUBJECT_LONGEST, TEXT_LONGEST = 200, 4096


class Message(models.Model):
    """What somebody wrote to one worker or to many; the variables in it still unfilled."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="messages")
    subject = models.TextField(max_length=1000)
    text = models.TextField(max_length=10_000)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, null=True, blank=True, related_name="message")
    made_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-made_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["account", "-made_at", "-id"], name="message_by_time")]

    def __str__(self) -> str:
        return self.subject


class MessageRecipient(models.Model):
    """One worker a message is for. Several with the same words share a Command, and each has an outcome of its own."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "on its way"
        SENT = "sent", "sent"
        REFUSED = "refused", "not sent"
        SOFT = "soft", "could not be sent"
        HARD = "hard", "cannot be sent"
        UNKNOWN = "unknown", "nobody knows"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="recipients")
    worker_id = models.CharField(max_length=64)
    command = models.ForeignKey(Command, on_delete=models.PROTECT, null=True, blank=True, related_name="recipients")
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    why = models.TextField(blank=True, help_text="MTurk's words, where it was not sent.")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "worker_id"], name="message_recipient_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "worker_id", "-made_at"], name="message_by_worker"),
            models.Index(fields=["message", "outcome"], name="message_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to {self.worker_id}"
