"""Who may do what where (User, Account, Membership), what was asked (Command), what happened (AuditEvent, SyncRun)."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dashboard.keys import decrypt, encrypt


class User(AbstractUser):
    """A person who signs in. What they may do is decided per account, by Membership."""

    time_zone = models.CharField(
        max_length=64, blank=True, help_text="An IANA name such as Europe/Vienna; empty means the browser's."
    )


class Environment(models.TextChoices):
    MARKETPLACE = "marketplace", "Marketplace"
    SANDBOX = "sandbox", "AWS sandbox"
    PRODUCTION = "production", "AWS production"


class Credentials(models.TextChoices):
    KEYS = "keys", "Access key and secret, kept here encrypted"
    PROFILE = "profile", "A named AWS profile on the server"
    ROLE = "role", "An AWS role to assume (ARN)"
    ENVIRONMENT = "environment", "Environment variables with a prefix"


class Account(models.Model):
    """One requester at one endpoint."""

    slug = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=80)
    environment = models.CharField(max_length=16, default=Environment.MARKETPLACE)
    endpoint_url = models.CharField(
        max_length=200, blank=True, help_text="Empty means AWS's own endpoint of the environment."
    )
    region = models.CharField(max_length=32, default="us-east-1")
    credentials = models.CharField(max_length=16, default=Credentials.KEYS)
    credentials_reference = models.CharField(
        max_length=200, blank=True, help_text="Name of the profile, ARN of the role, or prefix of the variables."
    )
    access_key_id = models.CharField(max_length=128, blank=True)
    secret_encrypted = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    # Policy: what waits, and what needs a second person.
    undo_seconds = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty means the server's default."
    )
    release_rejections = models.BooleanField(default=False, help_text="Rejections wait for an approver's release.")
    release_bonus_above = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Bonuses above this amount need a second person whoever asks. A reviewer's bonus always does.",
    )

    # What the remote side last said. `problem` is one sentence; while it stands, commands stay queued.
    available_balance = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    on_hold_balance = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    balance_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)
    problem_count = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    # Kept here so that a page finds it without a query of its own.
    latest_sync = models.ForeignKey("SyncRun", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def secret_access_key(self) -> str:
        return decrypt(self.secret_encrypted)

    @secret_access_key.setter
    def secret_access_key(self, secret: str) -> None:
        self.secret_encrypted = encrypt(secret)

    @property
    def environment_label(self) -> str:
        return Environment(self.environment).label

    @property
    def is_live_money(self) -> bool:
        return self.environment == Environment.PRODUCTION


class Role(models.IntegerChoices):
    """Each role may do all that the one before may."""

    VIEWER = 1, "viewer"
    REVIEWER = 2, "reviewer"
    APPROVER = 3, "approver"
    MANAGER = 4, "manager"


class Membership(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=Role, default=Role.REVIEWER)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "user"], name="one_role_per_account")]

    def __str__(self) -> str:
        return f"{self.user} is {Role(self.role).label} of {self.account}"


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


class CommandQuerySet(models.QuerySet["Command"]):
    def open(self) -> "CommandQuerySet":
        return self.filter(state__in=OPEN_STATES)

    def due(self, now: datetime) -> "CommandQuerySet":
        """Queued, past the undo window and past any backoff; oldest first."""
        return self.filter(state=State.QUEUED, not_before__lte=now).order_by("not_before", "created_at", "pk")

    def lapsed(self, now: datetime) -> "CommandQuerySet":
        """Claimed by a worker that did not come back."""
        return self.filter(state=State.SENDING, claimed_until__lt=now)

    def needing_a_person(self) -> "CommandQuerySet":
        return self.filter(state=State.ATTENTION)


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
        """True while nothing was sent and the undo window is open."""
        return self.state == State.QUEUED and self.first_sent_at is None and self.not_before > (now or timezone.now())


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
