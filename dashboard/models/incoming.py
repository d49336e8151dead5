"""Files that people handed over, until a worker has read them (dashboard.incoming)."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from dashboard.models.people import Account

#: How often a worker may end within the same chunk before nobody tries again.
MOST_TRIES = 4


class IncomingFile(models.Model):
    """One file. Its bytes are `parts`; both are deleted when it was read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    reader = models.CharField(max_length=20, blank=True, help_text="Which function reads it; empty until it is whole.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes, as they came.")
    position = models.PositiveBigIntegerField(default=0, help_text="Bytes that were read.")
    created_at = models.DateTimeField(default=timezone.now)
    claim = models.UUIDField(null=True, help_text="Of the worker that reads; whoever holds another one has to stop.")
    claimed_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Claims since it last went on.")

    class Meta:
        ordering: ClassVar = ["created_at"]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def state(self) -> str:
        """For pages: "waiting" for a worker, "reading", or "stuck", where nobody tries again."""
        if self.claimed_until is not None and self.claimed_until > timezone.now():
            return "reading"
        return "stuck" if self.tries >= MOST_TRIES else "waiting"

    @property
    def percent(self) -> int:
        return min(99, self.position * 100 // self.size) if self.size else 0


class IncomingPart(models.Model):
    """A piece of a file, compressed."""

    file = models.ForeignKey(IncomingFile, on_delete=models.CASCADE, db_index=False, related_name="parts")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["file", "number"], name="incoming_part_once")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.file_id}"
