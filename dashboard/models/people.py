"""Who may do what where: User, Account, Membership."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from dashboard.keys import decrypt, encrypt


class User(AbstractUser):
    """A person who signs in. What they may do is decided per account, by Membership."""

    time_zone = models.CharField(
        max_length=64, blank=True, help_text="An IANA name such as Europe/Vienna; empty means the browser's."
    )
    keys = models.JSONField(default=dict, blank=True, help_text="Action of the workbench: the key this person chose.")


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

    release_blocks = models.BooleanField(
        default=False, help_text="Blocking a worker waits for an approver's release, whoever asks."
    )
    release_job_above = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Bulk jobs that cost more than this, fees included, need a second person whoever asks.",
    )

    # Money this desk may commit. `committed` is all it ever spent plus what is on its way; it is changed only where
    # commands are claimed and settled, in the same transaction (dashboard.budget).
    budget_cap = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="US dollars with fees that may be spent through this desk. Empty: no cap.",
    )
    committed = models.DecimalField(max_digits=14, decimal_places=2, default=0)

    # The rate of calls, shared by all workers: a token bucket that halves when MTurk throttles and creeps up again.
    rate_cap = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.1)],
        help_text="Calls a second at most. Empty: as fast as the endpoint allows; at AWS it begins at 10.",
    )
    rate_now = models.FloatField(null=True, help_text="Empty: not limited.")
    rate_tokens = models.FloatField(default=0)
    rate_at = models.DateTimeField(null=True)
    rate_halved_at = models.DateTimeField(null=True)

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
