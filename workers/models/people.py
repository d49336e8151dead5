"""The people who work here, and what a team knows of each: figures, tags, notes.

A worker is known by the id MTurk gives; tables that other apps fill or read hold that text, so that nothing of theirs
depends on whether a row stands here yet.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboard.models import Account
from hits.models import Batch

_PERSON = settings.AUTH_USER_MODEL
#: Worker.last_at of somebody who is known here but never handed anything in. Not null: tables are sorted by it.
NEVER_SEEN = datetime(1970, 1, 1, tzinfo=UTC)
#: A figure of which nothing is known yet; sorts below all others.
NOTHING_YET = -1
TAG_LONGEST = 40


# In the order of every collation, what is no id of MTurk's aside.
_OF_IDS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def begins(column: str, beginning: str) -> Q:
    """Ids that begin so: as a range, which the index of ids answers to. It ends before the next beginning there is;
    "everything up to ~" would be nothing where the database sorts as a language does."""
    stem = beginning.rstrip("Z")
    if not set(beginning) <= set(_OF_IDS):
        return Q(**{f"{column}__startswith": beginning})
    if not stem:
        return Q(**{f"{column}__gte": beginning})
    following = stem[:-1] + _OF_IDS[_OF_IDS.index(stem[-1]) + 1]
    return Q(**{f"{column}__gte": beginning, f"{column}__lt": following})


_ROW = (
    "worker_id", "answers", "submitted", "approved", "rejected", "decided", "approval", "last_at", "typical_seconds",
    "gold", "agreement", "bonus_total", "bonus_count", "note_count", "blocked", "soft_blocked",
)  # fmt: skip


class WorkerQuerySet(models.QuerySet["Worker"]):
    def of(self, account: Account) -> "WorkerQuerySet":
        return self.filter(account=account)

    def matching(self, filters: dict[str, Any]) -> "WorkerQuerySet":
        """What the filters of the table leave; `filters` as WorkerFilter.frozen gives them."""
        rows = self
        for name, value in filters.items():
            if name in CONDITIONS:
                rows = rows.filter(CONDITIONS[name](value))
        return rows

    def narrowed(self, account: Account, filters: dict[str, Any], *, order: str) -> tuple["WorkerQuerySet", int | None]:
        """`matching` for a page, and how many where that is known; more than FEW are FEW + 1. Where one filter's own
        index names few, those alone are looked at, whatever the order: an order's index would be gone through to its
        end for them."""
        among = Worker.objects.filter(account=account)
        chosen = [name for name in CONDITIONS if name in filters]
        for name in chosen:
            keys = list(_by_index(name, filters[name], account, among)[: FEW + 1])
            if len(keys) <= FEW:
                # Without the account, which they have: SQLite would go through all of it in the order's index for them.
                rows = self.filter(pk__in=keys).matching({other: filters[other] for other in chosen if other != name})
                return rows, len(keys) if len(chosen) == 1 else rows.count()
        rows = self.filter(account=account)._gone_through(filters, order)
        return rows, FEW + 1 if len(chosen) == 1 else None

    def _gone_through(self, filters: dict[str, Any], order: str) -> "WorkerQuerySet":
        """`matching` in words that no index but the order's answers to: SQLite would take it, and sort all it finds."""
        hidden_ones = {name for name, (column, _) in RANGES.items() if column != order}
        rows = self.matching({name: value for name, value in filters.items() if name not in hidden_ones})
        for name, (column, condition) in RANGES.items():
            if name in filters and name in hidden_ones:
                hidden = f"seen_{column}"
                rows = rows.alias(**{hidden: Coalesce(column, column)}).filter(condition(hidden, filters[name]))
        return rows

    def for_rows(self) -> "WorkerQuerySet":
        """With what a row of the table shows, and no more; their tags are `tags_there`."""
        return self.only(*_ROW).prefetch_related(models.Prefetch("tags", to_attr="tags_there"))

    def selected(self, selection: dict[str, Any]) -> "WorkerQuerySet":
        """The rows a job is about: {"ids": [WorkerId, …]} or {"filter": …}."""
        if "ids" in selection:
            return self.filter(worker_id__in=selection["ids"])
        return self.matching(selection["filter"])

    def make_known(self, account: Account, worker_ids: Iterable[str]) -> dict[str, "Worker"]:
        """The rows of these workers; whoever was not known gets one. Two statements, or three."""
        wanted = sorted(set(worker_ids))
        known = {row.worker_id: row for row in self.filter(account=account, worker_id__in=wanted)}
        if missing := [worker_id for worker_id in wanted if worker_id not in known]:
            self.bulk_create([Worker(account=account, worker_id=each) for each in missing], ignore_conflicts=True)
            known |= {row.worker_id: row for row in self.filter(account=account, worker_id__in=missing)}
        return known

    def paid(self, account: Account, amounts: dict[str, list[Decimal]]) -> None:
        """Count bonuses: WorkerId -> what was paid just now. Call it where the payments are written."""
        # Locked in one order, so that two workers that settle bonuses of the same people never wait for each other.
        rows = self.filter(account=account, worker_id__in=amounts).select_for_update(of=("self",)).order_by("pk")
        known = dict(rows.values_list("worker_id", "pk"))
        if missing := amounts.keys() - known.keys():
            known |= {worker_id: row.pk for worker_id, row in self.make_known(account, missing).items()}
        alike: dict[tuple[Decimal, int], list[int]] = {}
        for worker_id, sums in amounts.items():
            alike.setdefault((sum(sums, Decimal(0)), len(sums)), []).append(known[worker_id])
        for (total, count), keys in sorted(alike.items()):
            self.filter(pk__in=keys).update(bonus_total=F("bonus_total") + total, bonus_count=F("bonus_count") + count)


class Worker(models.Model):
    """Somebody who ever worked for this account, with figures that hits.digest keeps exact (workers.digest)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="workers")
    worker_id = models.CharField(max_length=64)

    # Of our own history alone: what others think of this person, MTurk does not say.
    answers = models.PositiveIntegerField(default=0, help_text="Handed in, whatever became of them.")
    submitted = models.PositiveIntegerField(default=0, help_text="Handed in and not yet decided.")
    approved = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    decided = models.PositiveIntegerField(default=0, help_text="Approved or rejected.")
    approval = models.SmallIntegerField(default=NOTHING_YET, help_text="Approved of those decided, in thousandths.")
    first_at = models.DateTimeField(default=NEVER_SEEN)
    last_at = models.DateTimeField(default=NEVER_SEEN)
    seconds = models.PositiveBigIntegerField(default=0, help_text="Sum of the time taken.")
    timed = models.PositiveIntegerField(default=0, help_text="How many answers the sum is of.")
    took = models.JSONField(default=dict, help_text="Step of the scale of times: how many answers took that long.")
    typical_seconds = models.IntegerField(default=NOTHING_YET, help_text="The median, to within a step of the scale.")
    gold_sum = models.PositiveBigIntegerField(default=0, help_text="Sum of Assignment.gold_score.")
    gold_count = models.PositiveIntegerField(default=0)
    gold = models.SmallIntegerField(default=NOTHING_YET, help_text="Percent, on average.")
    agreement_sum = models.PositiveBigIntegerField(default=0, help_text="Sum of Assignment.agreement.")
    agreement_count = models.PositiveIntegerField(default=0)
    agreement = models.SmallIntegerField(default=NOTHING_YET, help_text="Percent, on average.")

    bonus_total = models.DecimalField(max_digits=14, decimal_places=2, default=0, help_text="US dollars, without fees.")
    bonus_count = models.PositiveIntegerField(default=0)
    note_count = models.PositiveIntegerField(default=0)
    blocked = models.BooleanField(default=False, help_text="Has a WorkerBlock that stands.")
    soft_blocked = models.BooleanField(default=False, help_text="Has a SoftBlock that stands, of whatever extent.")

    objects = WorkerQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "worker_id"], name="worker_once")]
        indexes: ClassVar = [
            # One for each order of the table.
            models.Index(fields=["account", "last_at", "id"], name="worker_by_last"),
            models.Index(fields=["account", "answers", "id"], name="worker_by_answers"),
            models.Index(fields=["account", "decided", "id"], name="worker_by_decided"),
            models.Index(fields=["account", "approval", "id"], name="worker_by_approval"),
            models.Index(fields=["account", "rejected", "id"], name="worker_by_rejected"),
            models.Index(fields=["account", "typical_seconds", "id"], name="worker_by_time"),
            models.Index(fields=["account", "gold", "id"], name="worker_by_gold"),
            models.Index(fields=["account", "agreement", "id"], name="worker_by_agreement"),
            models.Index(fields=["account", "bonus_total", "id"], name="worker_by_bonus"),
            # Few among all, in the order the table has by itself.
            models.Index(fields=["account", "last_at", "id"], condition=Q(blocked=True), name="worker_blocked_last"),
            models.Index(
                fields=["account", "last_at", "id"], condition=Q(soft_blocked=True), name="worker_soft_blocked_last"
            ),
        ]

    def __str__(self) -> str:
        return self.worker_id

    @property
    def was_seen(self) -> bool:
        return self.last_at > NEVER_SEEN

    @property
    def may_be_notified(self) -> bool:
        """MTurk writes only to people whose work was approved or rejected before (api:1744)."""
        return self.decided > 0

    @property
    def mean_seconds(self) -> int | None:
        return round(self.seconds / self.timed) if self.timed else None


#: Name of a filter of a figure -> its column, and the condition for column and value.
RANGES: dict[str, tuple[str, Callable[[str, Any], Q]]] = {
    # What begins so is a range, too.
    "q": ("worker_id", begins),
    "decided": ("decided", lambda column, least: Q(**{f"{column}__gte": least})),
    "at_most": ("approval", lambda column, most: Q(**{f"{column}__gt": NOTHING_YET, f"{column}__lte": most * 10})),
    "at_least": ("approval", lambda column, least: Q(**{f"{column}__gte": least * 10})),
    "since": ("last_at", lambda column, at: Q(**{f"{column}__gte": datetime.fromisoformat(at)})),
    "before": (
        "last_at",
        lambda column, at: Q(**{f"{column}__lt": datetime.fromisoformat(at), f"{column}__gt": NEVER_SEEN}),
    ),
}
#: Name of a filter -> the condition for its value, those that leave least first.
CONDITIONS: dict[str, Callable[[Any], Q]] = {
    "q": partial(RANGES["q"][1], RANGES["q"][0]),
    "tag": lambda name: Q(Exists(WorkerTag.objects.filter(worker=OuterRef("pk"), name=name))),
    "status": lambda status: Q(blocked=True) if status == "blocked" else Q(soft_blocked=True),
    "batch": lambda batch: Q(Exists(WorkerBatch.objects.filter(worker=OuterRef("pk"), batch=batch))),
    **{name: partial(condition, column) for name, (column, condition) in RANGES.items() if name != "q"},
}
#: As many workers as a filter's index may name before it counts as few.
FEW = 2_000


def _by_index(name: str, value: Any, account: Account, among: WorkerQuerySet) -> models.QuerySet[Any, Any]:
    """The keys of the workers that one filter leaves, as its own index finds them."""
    if name == "tag":
        return WorkerTag.objects.filter(account=account, name=value).order_by().values_list("worker", flat=True)
    if name == "batch":
        return WorkerBatch.objects.filter(batch=value, account=account).order_by().values_list("worker", flat=True)
    return among.filter(CONDITIONS[name](value)).order_by().values_list("pk", flat=True)


class WorkerBatch(models.Model):
    """What one worker did in one batch, counted with the worker's own figures."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="batches")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="+")
    submitted = models.PositiveIntegerField(default=0)
    approved = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    seconds = models.PositiveBigIntegerField(default=0)
    timed = models.PositiveIntegerField(default=0)
    took = models.JSONField(default=dict)
    typical_seconds = models.IntegerField(default=NOTHING_YET)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "worker batches"
        constraints: ClassVar = [models.UniqueConstraint(fields=["worker", "batch"], name="worker_batch_once")]
        indexes: ClassVar = [models.Index(fields=["batch", "worker"], name="worker_batch_workers")]

    def __str__(self) -> str:
        return f"{self.worker} in {self.batch}"


class BatchTimes(models.Model):
    """How long answers of a batch took, on the scale that medians are read off."""

    batch = models.OneToOneField(Batch, on_delete=models.CASCADE, related_name="times")
    took = models.JSONField(default=dict)
    timed = models.PositiveIntegerField(default=0)
    typical_seconds = models.IntegerField(default=NOTHING_YET)

    class Meta:
        verbose_name_plural = "batch times"

    def __str__(self) -> str:
        return f"times of {self.batch}"


class WorkerTag(models.Model):
    """A word a team puts on a worker."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="worker_tags")
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=TAG_LONGEST)
    made_by = models.ForeignKey(_PERSON, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["worker", "name"], name="worker_tag_once")]
        indexes: ClassVar = [models.Index(fields=["account", "name", "worker"], name="worker_tag_workers")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def in_use(cls, account: Account, most: int = 30) -> list[str]:
        """The first of the tags there are, for suggestions; in one leap along the index for each, not row by row."""
        table = cls._meta.db_table
        statement = f"""
            WITH RECURSIVE used(name) AS (
                SELECT min(name) FROM {table} WHERE account_id = %s
                UNION ALL
                SELECT (SELECT min(name) FROM {table} WHERE account_id = %s AND name > used.name)
                FROM used WHERE used.name IS NOT NULL
            ) SELECT name FROM used WHERE name IS NOT NULL LIMIT %s"""  # noqa: S608 -- a constant
        with connection.cursor() as cursor:
            cursor.execute(statement, [account.pk, account.pk, most])
            return [name for (name,) in cursor.fetchall()]


class WorkerNote(models.Model):
    """What somebody of the team wrote down about a worker. Workers never see it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="worker_notes")
    worker_id = models.CharField(max_length=64)
    text = models.TextField(max_length=2000)
    made_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-made_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["account", "worker_id", "-made_at"], name="worker_note_by_worker")]

    def __str__(self) -> str:
        return f"{self.worker_id}: {self.text[:60]}"
