"""What was asked: Command, and the Job of many of them."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dashboard.models.people import Account, User


class State(models.TextChoices):
    """States of a Command; dashboard.commands.TRANSITIONS says which may follow which."""

    PROPOSED = "proposed", "waits for release"
    QUEUED = "queued", "queued"
    SENDING = "sending", "being sent"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    UNKNOWN = "unknown", "no answer yet"
    ATTENTION = "attention", "needs a person"
    CANCELLED = "cancelled", "cancelled"
    DECLINED = "declined", "declined"


#: States in which a command may still change something at MTurk.
OPEN_STATES = (State.PROPOSED, State.QUEUED, State.SENDING, State.UNKNOWN, State.ATTENTION)


class JobState(models.TextChoices):
    """States of a Job; its commands have states of their own."""

    PREPARING = "preparing", "being prepared"
    PROPOSED = "proposed", "waits for release"
    RUNNING = "running", "running"
    PAUSED = "paused", "paused"
    DONE = "done", "done"
    CANCELLED = "cancelled", "cancelled"
    DECLINED = "declined", "declined"
    FAILED = "failed", "could not be prepared"


#: States of a job of which nothing new is ever sent.
STOPPED_JOBS = (JobState.CANCELLED, JobState.DECLINED, JobState.FAILED)


class Job(models.Model):
    """One bulk action: a selection, what to do with it, and the Commands it became.

    Its commands are written in chunks while it is preparing and cannot be claimed before it runs: one UPDATE of this
    row lets all of them go, or stops them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="jobs")
    kind = models.CharField(max_length=40, help_text="The kind of its commands.")
    title = models.CharField(max_length=200)
    selection = models.JSONField(help_text="Which rows: a filter as in a URL, or a list of ids.")
    options = models.JSONField(default=dict, help_text="What to do with each: feedback, amount, reason …")
    state = models.CharField(max_length=12, default=JobState.PREPARING)
    needs_release = models.BooleanField(default=False)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="jobs_requested")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="jobs_decided")
    form_key = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now, help_text="Last sign of life of whoever prepares it.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expected = models.PositiveIntegerField(default=0, help_text="How many the dry run counted.")
    cursor = models.CharField(max_length=80, blank=True, help_text="Where preparing goes on after an interruption.")
    looked_at = models.PositiveIntegerField(default=0, help_text="Rows that preparing came to, and could do till then.")
    total = models.PositiveIntegerField(default=0, help_text="Commands made.")
    skipped = models.PositiveIntegerField(default=0)
    skipped_why = models.JSONField(default=dict, help_text="Sentence -> how many were left out for it.")
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    fee = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["account", "state", "-created_at"], name="job_by_state")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "form_key"], condition=Q(form_key__isnull=False), name="one_job_per_form"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def state_label(self) -> str:
        return JobState(self.state).label

    @property
    def cost(self) -> Any:
        return self.amount + self.fee


class CommandQuerySet(models.QuerySet["Command"]):
    def open(self) -> "CommandQuerySet":
        return self.filter(state__in=OPEN_STATES)

    def due(self, now: datetime) -> "CommandQuerySet":
        """Queued, past the undo window and past any backoff; oldest first."""
        may_go = Q(job=None) | Q(job__state=JobState.RUNNING)
        return self.filter(may_go, state=State.QUEUED, not_before__lte=now).order_by("not_before", "created_at", "pk")

    def lapsed(self, now: datetime) -> "CommandQuerySet":
        """Claimed by a worker that did not come back."""
        return self.filter(state=State.SENDING, claimed_until__lt=now)


class Command(models.Model):
    """One write to MTurk: a row before it is a call, and the record of it afterwards.

    Rows are made by Kind.ask and changed only by dashboard.commands; nothing else writes `state`.
    """

    # Sent as UniqueRequestToken where the operation takes one, so it is made once and never again.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="commands")
    kind = models.CharField(max_length=40)
    params = models.JSONField(help_text="Exactly the API's request.")
    assignment_id = models.CharField(max_length=64, blank=True)
    hit_id = models.CharField(max_length=64, blank=True)
    worker_id = models.CharField(max_length=64, blank=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2, default=0, help_text="US dollars to the worker.")
    fee = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    note = models.TextField(blank=True, help_text="Why, in the words of whoever asked.")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True, related_name="commands")
    state = models.CharField(max_length=12, default=State.QUEUED)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="commands_requested")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="commands_decided")
    # Two open commands with the same key cannot exist: one verdict per assignment at a time.
    exclusive_key = models.CharField(max_length=120, blank=True)
    # One per filled-in form: a double click is one decision.
    form_key = models.UUIDField(null=True, blank=True)

    not_before = models.DateTimeField(default=timezone.now)
    waiting_for = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    asks = models.PositiveSmallIntegerField(default=0, help_text="How often MTurk was asked in vain what became of it.")
    claim = models.UUIDField(null=True, help_text="Which claiming worker holds it.")
    claimed_until = models.DateTimeField(null=True)
    first_sent_at = models.DateTimeField(null=True, help_text="Age of the idempotency token at MTurk.")
    sent_at = models.DateTimeField(null=True, help_text="Committed just before the call of this claim.")
    error_code = models.CharField(max_length=120, blank=True)
    error_message = models.TextField(blank=True)
    request_id = models.CharField(max_length=80, blank=True)
    response = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects = CommandQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            # What is due for an account; small, because settled rows leave it.
            models.Index(fields=["account", "not_before"], condition=Q(state="queued"), name="command_due"),
            models.Index(fields=["claimed_until"], condition=Q(state="sending"), name="command_sending"),
            models.Index(fields=["account", "state", "-created_at", "-id"], name="command_by_state"),
            models.Index(fields=["account", "-created_at", "-id"], name="command_by_time"),
            models.Index(fields=["account", "assignment_id"], name="command_by_assignment"),
            models.Index(fields=["account", "worker_id"], name="command_by_worker"),
            models.Index(fields=["account", "hit_id"], name="command_by_hit"),
            models.Index(fields=["job", "state"], name="command_by_job"),
            # What is due of one job: several share an account, each gets its part of a claim.
            models.Index(fields=["account", "job", "not_before"], condition=Q(state="queued"), name="command_due_job"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "exclusive_key"],
                condition=Q(state__in=["proposed", "queued", "sending", "unknown", "attention"]) & ~Q(exclusive_key=""),
                name="one_open_command_per_key",
            ),
            models.UniqueConstraint(
                fields=["account", "form_key"], condition=Q(form_key__isnull=False), name="one_command_per_form"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0) & Q(fee__gte=0), name="command_money_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.assignment_id or self.worker_id or self.hit_id}: {self.state}"

    @property
    def total(self) -> Any:
        return self.amount + self.fee

    @property
    def state_label(self) -> str:
        return State(self.state).label

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    def undoable(self, now: datetime | None = None) -> bool:
        """True while nothing was sent and the undo window is open; what waits for something can be cancelled."""
        waits = self.state != State.QUEUED or self.first_sent_at is not None or bool(self.waiting_for)
        return not waits and self.not_before > (now or timezone.now())
