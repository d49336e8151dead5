"""The mirror of what the marketplace holds: HIT types, HITs, assignments, and the batches we group them by.

An assignment's row also carries what was made of it here (its verdict about the data, its agreement, who looks at it):
what the queue filters and sorts by has to stand in one table.
"""

from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any, ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboard.models import Account, Command
from hits.answers import read
from hits.models.filters import matching
from marketplace.policies import asks_for_masters, assignment_fee


class HITType(models.Model):
    """What HITs of one kind share (api: CreateHITType)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="hit_types")
    hit_type_id = models.CharField(max_length=64)
    title = models.TextField(blank=True)
    description = models.TextField(blank=True)
    keywords = models.TextField(blank=True)
    reward = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    assignment_duration = models.DurationField(null=True)
    auto_approval_delay = models.DurationField(null=True)
    qualification_requirements = models.JSONField(default=list)

    class Meta:
        verbose_name = "HIT type"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "hit_type_id"], name="hit_type_once")]

    def __str__(self) -> str:
        return self.title or self.hit_type_id


class Batch(models.Model):
    """HITs that belong together: the website's BatchId in the annotation, else the HIT type."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="batches")
    key = models.CharField(max_length=120, help_text="batch:<BatchId> or type:<HITTypeId>.")
    name = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "batches"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "key"], name="batch_once")]

    def __str__(self) -> str:
        return self.name or self.key


class HITQuerySet(models.QuerySet["HIT"]):
    def of(self, account: Account) -> "HITQuerySet":
        return self.filter(account=account)

    def present(self) -> "HITQuerySet":
        return self.filter(gone_at=None)

    def stale(self) -> "HITQuerySet":
        """Moved since their assignments were last read."""
        return self.filter(stale=True, gone_at=None)

    def matching(self, filters: dict[str, Any]) -> "HITQuerySet":
        """What the HIT table's filters leave; `filters` as HITFilter.frozen gives them."""
        rows, status = self, filters.get("status")
        if status == "gone":
            rows = rows.exclude(gone_at=None)
        elif status:
            rows = rows.present().filter(status=status.capitalize())
        if "batch" in filters:
            rows = rows.filter(batch=filters["batch"])
        if "type" in filters:
            rows = rows.filter(hit_type__hit_type_id=filters["type"].strip().upper())
        if "text" in filters:
            # Few types, many HITs: the words are looked for in the former.
            rows = rows.filter(hit_type__in=HITType.objects.filter(title__icontains=filters["text"]).values("pk"))
        if "ends_after" in filters:
            rows = rows.filter(expires_at__gt=datetime.fromisoformat(filters["ends_after"]))
        if "ends_until" in filters:
            rows = rows.filter(expires_at__lte=datetime.fromisoformat(filters["ends_until"]))
        return rows

    def selected(self, selection: dict[str, Any]) -> "HITQuerySet":
        """The rows a job is about: {"ids": [HITId, …]} or {"filter": …}."""
        if "ids" in selection:
            return self.filter(hit_id__in=selection["ids"])
        return self.matching(selection["filter"])

    def for_page(self) -> "HITQuerySet":
        """With all a row shows, and no more: `handed_in` and `waiting` are counts of its assignments."""
        its_own = Assignment.objects.filter(hit=models.OuterRef("pk")).order_by().values("hit")
        waiting = its_own.filter(status=AssignmentStatus.SUBMITTED)
        return (
            self.select_related("hit_type", "batch")
            .defer("raw", "question")
            .annotate(handed_in=_count(its_own), waiting=_count(waiting))
        )


def _count(rows: "models.QuerySet[Assignment, Any]") -> Coalesce:
    return Coalesce(models.Subquery(rows.annotate(number=models.Count("pk")).values("number")), 0)


class HIT(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="hits")
    hit_id = models.CharField(max_length=64)
    hit_type = models.ForeignKey(HITType, on_delete=models.PROTECT, related_name="hits")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="hits")
    hit_group_id = models.CharField(max_length=64, blank=True)
    question = models.TextField(blank=True)
    status = models.CharField(max_length=16)
    review_status = models.CharField(max_length=24, blank=True)
    reward = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    max_assignments = models.PositiveIntegerField(default=1)
    available = models.IntegerField(default=0)
    pending = models.IntegerField(default=0)
    completed = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    annotation = models.TextField(blank=True)
    raw = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="The answer of the API as it came.")
    stale = models.BooleanField(default=True)
    synced_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True, help_text="No longer there remotely; our copy is the archive.")

    objects = HITQuerySet.as_manager()

    class Meta:
        verbose_name = "HIT"
        verbose_name_plural = "HITs"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "hit_id"], name="hit_once")]
        indexes: ClassVar = [
            models.Index(fields=["account"], condition=Q(stale=True, gone_at=None), name="hit_stale"),
            models.Index(fields=["account", "-created_at", "-id"], name="hit_by_time"),
            models.Index(fields=["batch", "-created_at"], name="hit_by_batch"),
            models.Index(fields=["account", "status", "-created_at", "-id"], name="hit_by_status"),
            models.Index(fields=["account", "expires_at", "id"], name="hit_by_end"),
            models.Index(fields=["hit_id"], name="hit_by_name"),
        ]

    def __str__(self) -> str:
        return self.hit_id

    @property
    def title(self) -> str:
        return self.hit_type.title

    @property
    def fee(self) -> Decimal:
        """What the marketplace takes for one approved assignment, in US dollars."""
        return assignment_fee(
            self.reward,
            max_assignments=self.max_assignments,
            masters=asks_for_masters(self.hit_type.qualification_requirements),
        )

    @property
    def is_over(self) -> bool:
        """Nobody can take it any more."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def status_now(self) -> str:
        """HITStatus as it has to be by now, since an end needs no sync to be known; "Gone" for our archived copy."""
        if self.gone_at is not None:
            return "Gone" if self.status != "Disposed" else self.status
        if self.status == "Assignable" and self.is_over:
            return "Unassignable" if self.pending else "Reviewable"
        return self.status

    @property
    def submitted(self) -> int:
        """Assignments handed in so far, reviewed or not (facts 4.3)."""
        return max(0, self.max_assignments - self.available - self.pending)


class AssignmentStatus(models.TextChoices):
    SUBMITTED = "Submitted", "Submitted"
    APPROVED = "Approved", "Approved"
    REJECTED = "Rejected", "Rejected"


class DataVerdict(models.TextChoices):
    """What an answer is worth as data; whether it is paid is another question."""

    USABLE = "usable", "Usable"
    UNUSABLE = "unusable", "Unusable"
    UNSURE = "unsure", "Unsure"
    CORRECTED = "corrected", "Corrected"


#: Assignment.agreement of one that nobody else did, or that holds nothing to compare; sorts behind all others.
NOTHING_TO_COMPARE = 101


_ROW = (
    "hit", "assignment_id", "worker_id", "status", "accepted_at", "submitted_at", "auto_approval_at", "answer",
    "data_verdict", "flagged", "reviewer", "handed_until", "agreement", "gold_score", "shuffled", "verdict",
)  # fmt: skip


class _Written(models.Value):
    """A word of ours that stands in the statement itself. SQLite asks no row for what its index says of all it holds,
    if the statement says the same in the same words; where they are a parameter, it reads each row that it counts."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        assert self.value.isalpha()
        return f"'{self.value}'", []


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def of(self, account: Account) -> "AssignmentQuerySet":
        return self.filter(account=account)

    def awaiting_review(self) -> "AssignmentQuerySet":
        """Submitted, and nobody here has decided yet."""
        return self.filter(status=_Written(AssignmentStatus.SUBMITTED.value), verdict=None, gone_at=None)

    def decided_as(self, status: str) -> "AssignmentQuerySet":
        """Approved, or rejected; said so that databases see that the indexes of what is decided will do."""
        return self.filter(status=status).exclude(status=AssignmentStatus.SUBMITTED)

    def fresh(self) -> "AssignmentQuerySet":
        """New or changed since the figures were last brought up to date (hits.digest)."""
        return self.filter(fresh=True)

    def auto_approving_before(self, moment: datetime) -> "AssignmentQuerySet":
        return self.filter(auto_approval_at__lt=moment)

    def oldest_deadline_first(self) -> "AssignmentQuerySet":
        return self.order_by("auto_approval_at", "pk")

    def matching(self, filters: dict[str, Any]) -> "AssignmentQuerySet":
        """What the review queue's filters leave (hits.models.filters); `filters` as QueueFilter.frozen gives them."""
        return matching(self, filters)

    def selected(self, selection: dict[str, Any]) -> "AssignmentQuerySet":
        """The rows a job is about: {"ids": [AssignmentId, …]} or {"filter": …}."""
        if "ids" in selection:
            return self.filter(assignment_id__in=selection["ids"])
        return self.matching(selection["filter"])

    def median_seconds(self, *, of: int = 201) -> int | None:
        """How long the latest of these took, in seconds; more of them would not change what a median says."""
        rows = self.exclude(accepted_at=None).order_by("-submitted_at")
        times = [row.work_seconds or 0 for row in rows.only("accepted_at", "submitted_at")[:of]]
        return int(median(times)) if times else None

    def for_page(self) -> "AssignmentQuerySet":
        """With all that the page of one shows."""
        return self.select_related("hit__hit_type", "hit__batch", "verdict__requested_by").defer("raw", "hit__raw")

    def for_rows(self) -> "AssignmentQuerySet":
        """With what a row of the queue shows of the answer itself, and is sorted by, and no more."""
        return self.only(*_ROW)


class Assignment(models.Model):
    # No index of its own: every other begins with it.
    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False, related_name="assignments")
    hit = models.ForeignKey(HIT, on_delete=models.PROTECT, related_name="assignments")
    # The HIT's, copied by the sync: a few answers of one batch among a million are found by an index in any order.
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_index=False, related_name="assignments")
    assignment_id = models.CharField(max_length=64)
    worker_id = models.CharField(max_length=64)
    status = models.CharField(max_length=12)
    accepted_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField()
    # Never null: the queue is sorted by it, and a null would fall out of a keyset.
    auto_approval_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)
    deadline = models.DateTimeField(null=True)
    feedback = models.TextField(blank=True)
    answer = models.TextField(blank=True, help_text="The QuestionFormAnswers document as it came.")
    raw = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder, help_text="The API's answer without the Answer member."
    )
    # The verdict asked here and not yet settled; kept beside the row so that the queue needs no join to skip it.
    # No index over all rows: nearly all hold nothing, and SQLite would look for that instead of the queue's order.
    verdict = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="verdict_of"
    )
    synced_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    # What people here made of it. The sync never writes these.
    data_verdict = models.CharField(max_length=10, blank=True, default="", choices=DataVerdict.choices)
    corrected = models.JSONField(null=True, blank=True, help_text="Field name: value as a reviewer corrected it.")
    data_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )
    data_at = models.DateTimeField(null=True, blank=True)
    flagged = models.BooleanField(default=False, help_text="Has a Flag that nobody cleared.")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )
    handed_until = models.DateTimeField(null=True, blank=True, help_text="Until then it is the reviewer's alone.")

    # What the digest made of it.
    fresh = models.BooleanField(default=True, help_text="Figures have not yet seen it, or its present status.")
    counted = models.CharField(
        max_length=12, blank=True, default="", help_text="The status figures have counted; empty: not counted yet."
    )
    agreement = models.PositiveSmallIntegerField(
        default=NOTHING_TO_COMPARE, help_text="Percent of its fields on which it says what most of its HIT's say."
    )
    gold_score = models.PositiveSmallIntegerField(null=True, help_text="Percent of the gold answers that it met.")
    # Of both, what the figures of its worker have counted: they change with what others answer, and with the gold.
    counted_agreement = models.PositiveSmallIntegerField(null=True)
    counted_gold = models.PositiveSmallIntegerField(null=True)
    shuffled = models.PositiveIntegerField(
        default=0, help_text="A number out of its id, for a random order that stays."
    )

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "assignment_id"], name="assignment_once"),
        ]
        indexes: ClassVar = [
            # The queue, in the order it is worked: what auto-approves first comes first.
            models.Index(
                fields=["account", "auto_approval_at", "id"],
                condition=Q(status="Submitted", verdict=None, gone_at=None),
                name="assignment_waiting",
            ),
            models.Index(
                fields=["account", "submitted_at", "id"],
                condition=Q(status="Submitted", verdict=None, gone_at=None),
                name="assignment_waiting_new",
            ),
            # What is on its way: few rows among all, so each index holds those alone.
            models.Index(fields=["verdict"], condition=Q(verdict__isnull=False), name="assignment_of_verdict"),
            models.Index(
                fields=["account", "auto_approval_at", "id"],
                condition=Q(verdict__isnull=False),
                name="assignment_deciding",
            ),
            models.Index(
                fields=["account", "submitted_at", "id"],
                condition=Q(verdict__isnull=False),
                name="assignment_deciding_new",
            ),
            # Further orders of the queue are for what waits alone.
            models.Index(
                fields=["account", "agreement", "id"],
                condition=Q(status="Submitted", verdict=None, gone_at=None),
                name="assignment_waiting_agreement",
            ),
            models.Index(
                fields=["account", "worker_id", "id"],
                condition=Q(status="Submitted", verdict=None, gone_at=None),
                name="assignment_waiting_worker",
            ),
            models.Index(
                fields=["account", "shuffled", "id"],
                condition=Q(status="Submitted", verdict=None, gone_at=None),
                name="assignment_waiting_shuffled",
            ),
            # Further filters of the queue: each holds the few it is about.
            models.Index(fields=["account", "id"], condition=Q(flagged=True), name="assignment_flagged"),
            models.Index(
                fields=["account", "data_verdict", "id"], condition=~Q(data_verdict=""), name="assignment_by_data"
            ),
            models.Index(
                fields=["account", "gold_score", "id"], condition=Q(gold_score__isnull=False), name="assignment_by_gold"
            ),
            models.Index(
                fields=["account", "reviewer", "handed_until", "id"],
                condition=Q(reviewer__isnull=False),
                name="assignment_by_reviewer",
            ),
            # Only what is in somebody's hands now, or was until a while ago.
            models.Index(
                fields=["account", "handed_until", "reviewer"],
                condition=Q(handed_until__isnull=False),
                name="assignment_handed",
            ),
            # Small, because it is emptied all the time.
            models.Index(fields=["account", "id"], condition=Q(fresh=True), name="assignment_fresh"),
            models.Index(
                fields=["account", "status", "auto_approval_at", "id"],
                condition=~Q(status="Submitted"),
                name="assignment_decided_deadline",
            ),
            models.Index(fields=["account", "auto_approval_at", "id"], name="assignment_all_deadline"),
            models.Index(
                fields=["account", "status", "submitted_at", "id"],
                condition=~Q(status="Submitted"),
                name="assignment_decided_new",
            ),
            models.Index(fields=["account", "submitted_at", "id"], name="assignment_all_submission"),
            # Last the status, so that what of a worker's is approved or rejected is counted in the index alone.
            models.Index(fields=["account", "worker_id", "submitted_at", "id", "status"], name="assignment_of_worker"),
            models.Index(fields=["account", "batch", "auto_approval_at", "id"], name="assignment_batch_deadline"),
            models.Index(fields=["account", "batch", "submitted_at", "id"], name="assignment_batch_submission"),
            models.Index(
                fields=["account", "batch", "status", "auto_approval_at", "id"], name="assignment_batch_by_deadline"
            ),
            models.Index(
                fields=["account", "batch", "status", "submitted_at", "id"], name="assignment_batch_by_submission"
            ),
        ]

    def __str__(self) -> str:
        return self.assignment_id

    @property
    def work_seconds(self) -> int | None:
        """Submit minus accept: includes time the task lay in the worker's queue (facts 4.10)."""
        if self.accepted_at is None:
            return None
        return max(0, int((self.submitted_at - self.accepted_at).total_seconds()))

    @property
    def reward(self) -> Decimal:
        return self.hit.reward

    @property
    def summary(self) -> str:
        """One line of the answer, for lists; read when it is shown, so that a sync does not pay for it."""
        return read(self.answer).summary
