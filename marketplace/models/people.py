"""Who works and who pays, and whom a requester does not want any more."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q

from .. import ids

OPENING_BALANCE = Decimal("10000.00")


class Worker(models.Model):
    """Somebody who works. Locale, adult content and Masters are what the system qualifications look at."""

    worker_id = models.CharField(max_length=64, unique=True)
    # Who signs in as this worker; nobody where the worker came through the control paths or is simulated.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="worker"
    )
    created_at = models.DateTimeField()
    # Workers made through the control interface never told where they live; HITs for US workers are open to them.
    country = models.CharField(max_length=2, default="US")
    subdivision = models.CharField(max_length=2, default="", blank=True)
    accepts_adult_content = models.BooleanField(default=False)
    is_master = models.BooleanField(default=False)
    wants_letters = models.BooleanField(default=True, help_text="messages also come by e-mail, where there is one")

    def __str__(self) -> str:
        return self.worker_id

    @classmethod
    def for_id(cls, worker_id: str) -> Worker:
        """The worker of that id, made if new. The caller has checked its form (ids.WORKER_ID)."""
        from .. import clock

        worker = cls.objects.filter(worker_id=worker_id).first()
        return worker or cls.objects.get_or_create(worker_id=worker_id, defaults={"created_at": clock.now()})[0]


class Requester(models.Model):
    """Somebody who pays: one per access key. Both balances are sums of the ledger; only ledger.py sets them."""

    access_key_id = models.CharField(max_length=128, unique=True)
    # "" = any secret is accepted where signatures are not checked.
    secret_access_key = models.CharField(max_length=128, default="", blank=True)
    name = models.CharField(max_length=200, default="", blank=True)
    email = models.EmailField(default="", blank=True, help_text="where workers' inquiries are sent to")
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
        from .. import clock, ledger

        at = clock.now()
        try:
            with transaction.atomic():
                worker = Worker.objects.create(worker_id=ids.new_worker_id(), created_at=at) if with_worker else None
                requester = cls.objects.create(created_at=at, worker=worker, **natural_key, **values)
                ledger.deposit(requester.pk, OPENING_BALANCE, at=at)
        except IntegrityError:  # somebody else was first
            pass
        return cls.objects.select_related("worker").get(**natural_key)


class WorkerBlock(models.Model):
    """A worker who cannot accept this requester's HITs any more; unblocking removes the row."""

    requester = models.ForeignKey(Requester, on_delete=models.CASCADE, related_name="blocks")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="blocks")
    reason = models.TextField(help_text="for the requester; the worker never sees it")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["requester", "worker"], name="a_worker_is_blocked_once")]

    def __str__(self) -> str:
        return f"{self.worker_id} by {self.requester_id}"


class Message(models.Model):
    """What a worker was told: by a requester (NotifyWorkers) or about a qualification."""

    requester = models.ForeignKey(Requester, on_delete=models.CASCADE, related_name="messages")
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="messages")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    sent_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    to_mail = models.BooleanField(default=True, help_text="a letter is still to be sent, where one is wanted")

    class Meta:
        indexes = [
            models.Index(fields=["worker", "-id"], name="messages_newest_first"),
            models.Index(fields=["id"], condition=Q(to_mail=True), name="messages_to_mail"),
        ]

    def __str__(self) -> str:
        return self.subject
