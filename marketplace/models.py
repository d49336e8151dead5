"""The marketplace's rows. Money is Decimal US dollars; times are aware UTC, marketplace time (see clock.py).

Locking: the HIT (its lock guards its assignments too), then the requester, always `select_for_update(no_key=True)`. The
key-preserving lock matters on PostgreSQL: rows that point at a requester share-lock its key, and two transactions that
did so would otherwise wait for each other. On SQLite every transaction is IMMEDIATE: one writer, no lock needed.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q

from . import ids

OPENING_BALANCE = Decimal("10000.00")


class Clock(models.Model):
    """One row: how far marketplace time runs ahead of the machine's clock."""

    ONLY = 1
    offset_ms = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.offset_ms} ms ahead"


class Worker(models.Model):
    """Somebody who works. Locale, adult content and Masters are what the system qualifications look at."""

    worker_id = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    # Workers made through the control interface never told where they live; HITs for US workers are open to them.
    country = models.CharField(max_length=2, default="US")
    subdivision = models.CharField(max_length=2, default="", blank=True)
    accepts_adult_content = models.BooleanField(default=False)
    is_master = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.worker_id

    @classmethod
    def for_id(cls, worker_id: str) -> Worker:
        """The worker of that id, made if new. The caller has checked its form (ids.WORKER_ID)."""
        from . import clock

        worker = cls.objects.filter(worker_id=worker_id).first()
        return worker or cls.objects.get_or_create(worker_id=worker_id, defaults={"created_at": clock.now()})[0]


class Requester(models.Model):
    """Somebody who pays: one per access key. Both balances are sums of the ledger; only ledger.py sets them."""

    access_key_id = models.CharField(max_length=128, unique=True)
    # "" = any secret is accepted where signatures are not checked.
    secret_access_key = models.CharField(max_length=128, default="", blank=True)
    name = models.CharField(max_length=200, default="", blank=True)
    worker = models.OneToOneField(Worker, on_delete=models.PROTECT, null=True, blank=True, related_name="requester")
    created_at = models.DateTimeField()
    available = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal("0.00"))
    on_hold = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal("0.00"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=~Q(name=""), name="one_requester_per_name"),
            models.CheckConstraint(condition=Q(available__gte=0), name="requester_never_overdrawn"),
            models.CheckConstraint(condition=Q(on_hold__gte=0), name="requester_holds_never_negative"),
        ]

    def __str__(self) -> str:
        return self.name or self.access_key_id

    @classmethod
    def for_key(cls, access_key_id: str) -> Requester:
        """The requester of that access key, made with the opening deposit if new. Safe when two callers are first."""
        found = cls.objects.filter(access_key_id=access_key_id).first()
        return found or cls._open({"access_key_id": access_key_id}, {})

    @classmethod
    def for_name(cls, name: str) -> Requester:
        """The account of that name, a requester with keys who is also a worker; the same name, the same account."""
        found = cls.objects.filter(name=name).select_related("worker").first()
        if found:
            return found
        keys = {"access_key_id": ids.new_access_key_id(), "secret_access_key": ids.new_secret_access_key()}
        return cls._open({"name": name}, keys, with_worker=True)

    @classmethod
    def _open(cls, natural_key: dict[str, str], values: dict[str, str], *, with_worker: bool = False) -> Requester:
        from . import clock, ledger

        at = clock.now()
        try:
            with transaction.atomic():
                worker = Worker.objects.create(worker_id=ids.new_worker_id(), created_at=at) if with_worker else None
                requester = cls.objects.create(created_at=at, worker=worker, **natural_key, **values)
                ledger.deposit(requester.pk, OPENING_BALANCE, at=at)
        except IntegrityError:  # somebody else was first
            pass
        return cls.objects.select_related("worker").get(**natural_key)


class HITType(models.Model):
    """The properties HITs share. Equal properties of one requester are one row, hence one id and one HIT group."""

    hit_type_id = models.CharField(max_length=64, unique=True, default=ids.new_id)
    hit_group_id = models.CharField(max_length=64, unique=True, default=ids.new_id)
    requester = models.ForeignKey(Requester, on_delete=models.PROTECT, related_name="hit_types")
    created_at = models.DateTimeField()
    title = models.CharField(max_length=128)
    description = models.CharField(max_length=2000)
    keywords = models.CharField(max_length=1000, default="", blank=True)
    reward = models.DecimalField(max_digits=12, decimal_places=2)
    assignment_duration = models.PositiveBigIntegerField(help_text="seconds")
    auto_approval_delay = models.PositiveBigIntegerField(help_text="seconds")
    requirements: Any = models.JSONField(
        default=list, help_text="QualificationRequirement structures, defaults filled in"
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the properties above")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["requester", "digest"], name="equal_hit_types_are_one")]

    def __str__(self) -> str:
        return self.hit_type_id


class HITQuerySet(models.QuerySet["HIT"]):
    def alive(self) -> HITQuerySet:
        return self.filter(disposed_at=None)

    def reviewable(self, now: datetime, *, reviewing: bool = False) -> HITQuerySet:
        """Nothing is in a worker's hands and nothing can be taken: all submitted, or expired."""
        return self.alive().filter(Q(open_slots=0) | Q(expiration__lte=now), pending=0, reviewing=reviewing)


class HIT(models.Model):
    """One task for up to `max_assignments` workers.

    Every assignment slot is in one of five places, counted here and changed only with the row locked (slots.py):
    `open_slots` (can be taken, money held), `pending` (accepted), `submitted` (to be reviewed), `completed` (approved
    or rejected), or, once the HIT has `lapsed`, nowhere. `lapsed` says that the expiry was acted on: nothing is open,
    and what was held for it is released.
    """

    hit_id = models.CharField(max_length=64, unique=True, default=ids.new_id)
    requester = models.ForeignKey(Requester, on_delete=models.PROTECT, related_name="hits")
    hit_type = models.ForeignKey(HITType, on_delete=models.PROTECT, related_name="hits")
    created_at = models.DateTimeField()
    expiration = models.DateTimeField()
    question = models.TextField(help_text="as received, byte for byte")
    annotation = models.CharField(max_length=255, default="", blank=True)
    max_assignments = models.PositiveIntegerField()
    assignment_review_policy: Any = models.JSONField(null=True, blank=True)
    hit_review_policy: Any = models.JSONField(null=True, blank=True)

    open_slots = models.PositiveIntegerField()
    pending = models.PositiveIntegerField(default=0)
    submitted = models.PositiveIntegerField(default=0)
    completed = models.PositiveIntegerField(default=0)
    lapsed = models.BooleanField(default=False)
    reviewing = models.BooleanField(default=False)
    dispose_at = models.DateTimeField(null=True, blank=True, help_text="set while nothing is open or pending")
    disposed_at = models.DateTimeField(null=True, blank=True)

    objects = HITQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(max_assignments__gte=F("open_slots") + F("pending") + F("submitted") + F("completed")),
                name="hit_slots_within_maximum",
            ),
            models.CheckConstraint(condition=Q(lapsed=False) | Q(open_slots=0), name="lapsed_hit_has_nothing_open"),
        ]
        indexes = [
            models.Index(fields=["requester", "-id"], condition=Q(disposed_at=None), name="hits_newest_first"),
            models.Index(fields=["expiration"], condition=Q(lapsed=False, disposed_at=None), name="hits_to_expire"),
            models.Index(fields=["dispose_at"], condition=Q(disposed_at=None), name="hits_to_dispose"),
        ]

    def __str__(self) -> str:
        return self.hit_id

    def is_expired(self, now: datetime) -> bool:
        return self.expiration <= now

    def available(self, now: datetime) -> int:
        """How many assignments can be accepted at that moment, whether or not the expiry was acted on yet."""
        return 0 if self.is_expired(now) else self.open_slots

    def status(self, now: datetime) -> str:
        """Assignable, Unassignable, Reviewable, Reviewing or Disposed (HITStatus)."""
        if self.disposed_at:
            return "Disposed"
        if self.available(now):
            return "Assignable"
        if self.pending:
            return "Unassignable"
        return "Reviewing" if self.reviewing else "Reviewable"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def handed_in(self) -> AssignmentQuerySet:
        """What a requester can see: submitted, approved or rejected, of a HIT that was not disposed of."""
        return self.filter(status__in=Assignment.HANDED_IN, hit__disposed_at=None)


class Assignment(models.Model):
    """One worker's go at one HIT, on the terms (reward, fee, times) the worker accepted."""

    class Status(models.TextChoices):
        ACCEPTED = "Accepted"
        RETURNED = "Returned"
        ABANDONED = "Abandoned"
        SUBMITTED = "Submitted"
        APPROVED = "Approved"
        REJECTED = "Rejected"

    HANDED_IN = (Status.SUBMITTED, Status.APPROVED, Status.REJECTED)
    TAKEN = (Status.ACCEPTED, *HANDED_IN)

    assignment_id = models.CharField(max_length=64, unique=True, default=ids.new_id)
    hit = models.ForeignKey(HIT, on_delete=models.PROTECT, related_name="assignments")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="assignments")
    status = models.CharField(max_length=10, default=Status.ACCEPTED)
    reward = models.DecimalField(max_digits=12, decimal_places=2)
    fee = models.DecimalField(max_digits=12, decimal_places=2)
    auto_approval_delay = models.PositiveBigIntegerField(help_text="seconds")
    accept_time = models.DateTimeField()
    deadline = models.DateTimeField()
    submit_time = models.DateTimeField(null=True, blank=True)
    auto_approval_time = models.DateTimeField(null=True, blank=True)
    approval_time = models.DateTimeField(null=True, blank=True)
    rejection_time = models.DateTimeField(null=True, blank=True)
    auto_approved = models.BooleanField(default=False)
    answer = models.TextField(default="", blank=True)
    feedback = models.CharField(max_length=1024, default="", blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hit", "worker"],
                condition=Q(status__in=["Accepted", "Submitted", "Approved", "Rejected"]),
                name="one_assignment_per_worker_and_hit",
            ),
        ]
        indexes = [
            models.Index(fields=["hit", "submit_time", "id"], name="assignments_by_submission"),
            models.Index(fields=["worker", "status"], name="assignments_of_worker"),
            models.Index(fields=["deadline"], condition=Q(status="Accepted"), name="assignments_to_abandon"),
            models.Index(fields=["auto_approval_time"], condition=Q(status="Submitted"), name="assignments_to_approve"),
        ]

    def __str__(self) -> str:
        return self.assignment_id

    @property
    def cost(self) -> Decimal:
        """What is held for it: reward and fee."""
        return self.reward + self.fee


class Bonus(models.Model):
    """A payment beside the reward."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="bonuses")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    fee = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.TextField()
    token = models.CharField(max_length=64, default="", blank=True)
    grant_time = models.DateTimeField()

    class Meta:
        verbose_name_plural = "bonuses"

    def __str__(self) -> str:
        return f"{self.amount} for {self.assignment_id}"


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


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    def update(self, **changes: Any) -> NoReturn:
        raise TypeError("Ledger entries are never changed; record a movement the other way.")

    def delete(self) -> NoReturn:
        raise TypeError("Ledger entries are never deleted; record a movement the other way.")


class LedgerEntry(models.Model):
    """One movement of money. Append-only: never changed, never deleted. What each kind moves: ledger.EFFECT."""

    kind = models.CharField(max_length=8)
    requester = models.ForeignKey(Requester, on_delete=models.PROTECT, related_name="ledger")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, null=True, blank=True, related_name="earnings")
    hit = models.ForeignKey(HIT, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    token = models.CharField(max_length=64, default="", blank=True)
    at = models.DateTimeField()

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="ledger_amounts_not_negative")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise TypeError("Ledger entries are never changed; record a movement the other way.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Ledger entries are never deleted; record a movement the other way.")


def reset() -> None:
    """Empty everything: every account, HIT and payment, and time travel too."""
    with transaction.atomic():
        for model in (LedgerEntry, Bonus, UsedToken, Assignment, HIT, HITType, Requester, Worker, Clock):
            # _raw_delete: one statement, and the ledger's own refusal does not apply to forgetting the whole world.
            rows: models.QuerySet[Any] = models.QuerySet(model)
            rows._raw_delete(rows.db)
