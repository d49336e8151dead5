"""Blocks: soft ones, which are ours alone, and hard ones, which are MTurk's."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dashboard.models import Account, Command
from hits.models import Assignment, Batch, HITType

_PERSON = settings.AUTH_USER_MODEL


class SoftBlockQuerySet(models.QuerySet["SoftBlock"]):
    def of(self, account: Account) -> "SoftBlockQuerySet":
        return self.filter(account=account)

    def standing(self) -> "SoftBlockQuerySet":
        """Not lifted. One whose day has come stands until somebody lifts it: the day is a reminder."""
        return self.filter(lifted_at=None)

    def due(self, now: datetime | None = None) -> "SoftBlockQuerySet":
        """Somebody wanted to look at these again by now."""
        return self.standing().filter(until__lte=now or timezone.now())

    def concerning(self, assignment: Assignment) -> "SoftBlockQuerySet":
        """Those that stand against the worker of this assignment for the work it is a part of."""
        extent = Q(batch=None, hit_type=None) | Q(batch=assignment.batch_id) | Q(hit_type=assignment.hit.hit_type_id)
        return self.standing().filter(extent, account=assignment.account_id, worker_id=assignment.worker_id)


class SoftBlock(models.Model):
    """We do not want this worker's work in a batch, in HITs of a type, or at all. MTurk and the worker know nothing.

    Marks later answers at review, and keeps the worker out where an exclusion panel is made of it.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="soft_blocks")
    worker_id = models.CharField(max_length=64)
    batch = models.ForeignKey(
        Batch, on_delete=models.CASCADE, null=True, blank=True, related_name="+", help_text="Only in this batch."
    )
    hit_type = models.ForeignKey(
        HITType, on_delete=models.CASCADE, null=True, blank=True, related_name="+", help_text="Only in this HIT type."
    )
    reason = models.TextField(max_length=1000, blank=True)
    made_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(
        null=True, blank=True, help_text="When to look at it again; it does not end by itself."
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = SoftBlockQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # A null is no equal of another null, so each extent has a rule of its own.
            models.UniqueConstraint(
                fields=["account", "worker_id"],
                condition=Q(lifted_at=None, batch=None, hit_type=None),
                name="soft_block_once",
            ),
            models.UniqueConstraint(
                fields=["account", "worker_id", "batch"],
                condition=Q(lifted_at=None, batch__isnull=False),
                name="soft_block_of_batch_once",
            ),
            models.UniqueConstraint(
                fields=["account", "worker_id", "hit_type"],
                condition=Q(lifted_at=None, hit_type__isnull=False),
                name="soft_block_of_type_once",
            ),
            models.CheckConstraint(condition=Q(batch=None) | Q(hit_type=None), name="soft_block_of_batch_or_type"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "worker_id"], name="soft_block_by_worker"),
            models.Index(fields=["account", "made_at", "id"], condition=Q(lifted_at=None), name="soft_block_standing"),
            models.Index(fields=["account", "until"], condition=Q(lifted_at=None), name="soft_block_due"),
        ]

    def __str__(self) -> str:
        return f"{self.worker_id}, {self.extent}"

    @property
    def extent(self) -> str:
        if self.batch is not None:
            return f"in {self.batch}"
        return f"in HITs of type {self.hit_type}" if self.hit_type is not None else "everywhere here"


class WorkerBlockQuerySet(models.QuerySet["WorkerBlock"]):
    def of(self, account: Account) -> "WorkerBlockQuerySet":
        return self.filter(account=account)

    def standing(self) -> "WorkerBlockQuerySet":
        return self.filter(blocked_at__isnull=False, lifted_at=None)

    def due(self, now: datetime | None = None) -> "WorkerBlockQuerySet":
        """Somebody wanted these lifted by now."""
        return self.standing().filter(until__lte=now or timezone.now())


class WorkerBlock(models.Model):
    """A hard block, as MTurk lists it (api: CreateWorkerBlock). One row for a worker; a lifted one stays as history."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="worker_blocks")
    worker_id = models.CharField(max_length=64)
    reason = models.TextField(blank=True, help_text="Ours; the worker does not see it.")
    blocked_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Of one made elsewhere: when it was first seen. Empty: asked for, not yet made.",
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="Empty: made elsewhere."
    )
    until = models.DateTimeField(null=True, blank=True, help_text="When to lift it; nothing lifts it by itself.")
    until_by = models.ForeignKey(
        _PERSON,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who wants it lifted then.",
    )
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="When its lifting was proposed.")
    synced_at = models.DateTimeField(null=True, help_text="When MTurk's own list last named it.")
    stale = models.BooleanField(default=False, help_text="Changed since MTurk's list was last read.")

    objects = WorkerBlockQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "worker_id"], name="worker_block_once")]
        indexes: ClassVar = [
            models.Index(
                fields=["account", "blocked_at", "id"],
                condition=Q(blocked_at__isnull=False, lifted_at=None),
                name="worker_block_standing",
            ),
            models.Index(fields=["account", "until"], condition=Q(lifted_at=None), name="worker_block_due"),
            models.Index(fields=["account"], condition=Q(stale=True), name="worker_block_stale"),
        ]

    def __str__(self) -> str:
        return self.worker_id

    @property
    def stands(self) -> bool:
        return self.blocked_at is not None and self.lifted_at is None

    @property
    def status(self) -> str:
        """As the Requester website's worker file says it."""
        if self.blocked_at is None:
            return "Never Blocked"
        return "Blocked" if self.lifted_at is None else "Unblocked"
