"""What happened: AuditEvent and its chain, SyncRun, and Drift, where the two sides disagree."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dashboard.models.commands import Command
from dashboard.models.people import Account, User


class AppendOnly(Exception):
    """Audit rows are written once; a correction is a further row."""


class AuditEvent(models.Model):
    """Who, when, what, why. No foreign keys: the record outlives what it speaks of.

    `hash` covers every other column and the hash before it in the same chain (dashboard.audit).
    """

    chain = models.CharField(max_length=40, help_text="The account's slug, or 'server'.")
    number = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=150, help_text="A user name; 'system'; or 'elsewhere'.")
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True)
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    command_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=80, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["-number"]
        indexes: ClassVar = [
            models.Index(fields=["chain", "subject"], name="audit_by_subject"),
            models.Index(fields=["chain", "actor", "-number"], name="audit_by_actor"),
            models.Index(fields=["chain", "kind", "-number"], name="audit_by_kind"),
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["chain", "number"], name="audit_number_once")]

    def __str__(self) -> str:
        return f"{self.chain} #{self.number} {self.kind}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("Audit events are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("Audit events are never deleted.")


class AuditHead(models.Model):
    """The end of each chain; the row that is locked, last, to append."""

    chain = models.CharField(max_length=40, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
    # What the last walk along the whole chain found; `fault` is a sentence, or empty where it holds.
    checked_at = models.DateTimeField(null=True)
    checked_number = models.PositiveBigIntegerField(default=0)
    fault = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.chain} #{self.number}"


class SyncRun(models.Model):
    """One reading of the remote side; the row is the progress bar."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sync_runs")
    full = models.BooleanField(default=False, help_text="Every HIT, not only those that moved; bonuses too.")
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now, help_text="Last sign of life.")
    finished_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=60, blank=True)
    total = models.PositiveIntegerField(default=0, help_text="HITs whose assignments are to be read.")
    done = models.PositiveIntegerField(default=0)
    hits_seen = models.PositiveIntegerField(default=0)
    assignments_seen = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-started_at"]
        indexes: ClassVar = [models.Index(fields=["account", "-started_at"], name="syncrun_by_time")]
        constraints: ClassVar = [
            # Two beats, a button and a command may ask at once; one reads.
            models.UniqueConstraint(
                fields=["account"], condition=Q(finished_at__isnull=True), name="one_running_sync_per_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def running(self) -> bool:
        return self.finished_at is None


class DriftQuerySet(models.QuerySet["Drift"]):
    def open(self) -> "DriftQuerySet":
        """Still true, and nobody has said that it may be."""
        return self.filter(gone_at=None, dismissed_at=None)

    def dismissed(self) -> "DriftQuerySet":
        return self.filter(gone_at=None).exclude(dismissed_at=None)

    def gone(self) -> "DriftQuerySet":
        return self.exclude(gone_at=None)


class Drift(models.Model):
    """One difference between what was asked here and what MTurk did. Written by dashboard.drift alone."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="drift")
    key = models.CharField(max_length=200, help_text="The same difference found again is the same row.")
    kind = models.CharField(max_length=40)
    command = models.ForeignKey(Command, on_delete=models.SET_NULL, null=True, related_name="drift")
    assignment_id = models.CharField(max_length=64, blank=True)
    hit_id = models.CharField(max_length=64, blank=True)
    worker_id = models.CharField(max_length=64, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, help_text="US dollars it is about.")
    sentence = models.TextField(help_text="What differs.")
    advice = models.TextField(help_text="What to do about it.")
    found_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, help_text="The last comparison that found it.")
    gone_at = models.DateTimeField(null=True, help_text="The first comparison that no longer found it.")
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    dismissed_why = models.TextField(blank=True)

    objects = DriftQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "drift"
        ordering: ClassVar = ["-found_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["account", "-found_at", "-id"], name="drift_by_time"),
            models.Index(
                fields=["account", "-found_at", "-id"],
                condition=Q(gone_at=None, dismissed_at=None),
                name="drift_open",
            ),
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "key"], name="drift_once")]

    def __str__(self) -> str:
        return self.sentence

    @property
    def is_open(self) -> bool:
        return self.gone_at is None and self.dismissed_at is None
