"""The mirror of qualification types and of the requests for them."""

from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dashboard.models import Account, Command


class TypeKind(models.TextChoices):
    """Whose it is: only one's own can be changed, given, or asked for by its tests."""

    OWN = "own", "Ours"
    SYSTEM = "system", "MTurk's own"
    OTHER = "other", "Other requesters'"


class TypeQuerySet(models.QuerySet["QualificationType"]):
    def of(self, account: Account) -> "TypeQuerySet":
        return self.filter(account=account)

    def own(self) -> "TypeQuerySet":
        return self.filter(kind=TypeKind.OWN)

    def present(self) -> "TypeQuerySet":
        return self.filter(gone_at=None)

    def holding(self, words: str) -> "TypeQuerySet":
        """Name, description, keywords or id hold these words, in any case."""
        return self.filter(Q(searched__contains=words.casefold()) | Q(qualification_type_id=words.strip().upper()))


class QualificationType(models.Model):
    """A qualification workers can have (api: QualificationType); a row is kept when it is gone there."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="qualification_types")
    qualification_type_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=TypeKind.choices, default=TypeKind.OWN)
    name = models.TextField()
    description = models.TextField(blank=True)
    keywords = models.TextField(blank=True)
    searched = models.TextField(blank=True, help_text="Name, description and keywords, case folded.")
    status = models.CharField(max_length=12, default="Active", help_text="Active, Inactive or Disposing.")
    test = models.TextField(blank=True, help_text="The QuestionForm document as it came.")
    answer_key = models.TextField(blank=True, help_text="The AnswerKey document as it came.")
    # A key sent to MTurk grades at once and nobody is asked; this one stays here, and a person decides by it.
    grading_key = models.TextField(blank=True, help_text="An AnswerKey kept here, for requests a person decides.")
    test_duration = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds for the test.")
    retry_delay = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Seconds until a worker may ask again; empty: once only."
    )
    auto_granted = models.BooleanField(default=False)
    auto_granted_value = models.IntegerField(null=True, blank=True)
    is_requestable = models.BooleanField(default=True)
    created_at = models.DateTimeField(null=True, blank=True)
    #: What made it here, and for what: a panel's or a compensation's is not offered to people as one of their own.
    purpose = models.CharField(max_length=16, blank=True, default="", help_text="panel, compensation, or empty.")
    command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="qualification_types"
    )
    raw = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    synced_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True, help_text="No longer there; our copy is the archive.")

    objects = TypeQuerySet.as_manager()

    class Meta:
        verbose_name = "qualification type"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "qualification_type_id"], name="qualification_type_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "kind", "-id"], name="qualification_type_by_kind"),
            models.Index(fields=["account", "-id"], name="qualification_type_by_time"),
        ]

    def __str__(self) -> str:
        return self.name or self.qualification_type_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.searched = search_text(self.name, self.description, self.keywords)
        super().save(*args, **kwargs)

    @property
    def is_own(self) -> bool:
        return self.kind == TypeKind.OWN

    @property
    def key(self) -> str:
        """The AnswerKey requests are scored by, ours or MTurk's; empty where there is none."""
        return self.grading_key or self.answer_key

    @property
    def status_now(self) -> str:
        return "Gone" if self.gone_at is not None else self.status


def search_text(*parts: str) -> str:
    return "\n".join(parts).casefold()


class RequestState(models.TextChoices):
    PENDING = "pending", "Waits"
    GRANTED = "granted", "Granted"
    REJECTED = "rejected", "Rejected"
    GONE = "gone", "Gone"


class RequestQuerySet(models.QuerySet["QualificationRequest"]):
    def of(self, account: Account) -> "RequestQuerySet":
        return self.filter(account=account)

    def waiting(self) -> "RequestQuerySet":
        """Handed in, and nobody here has decided yet."""
        return self.filter(state=RequestState.PENDING, decision=None)

    def matching(self, filters: dict[str, Any]) -> "RequestQuerySet":
        """What the filters of the list of requests leave; `filters` as RequestFilter.frozen gives them."""
        rows, state = self, filters.get("state", "waiting")
        if state == "waiting":
            rows = rows.waiting()
        elif state == "deciding":
            rows = rows.filter(decision__isnull=False)
        elif state in RequestState.values:
            rows = rows.filter(state=state)
        if "type" in filters:
            named = QualificationType.objects.filter(qualification_type_id=filters["type"].strip().upper())
            rows = rows.filter(qualification_type__in=list(named.values_list("pk", flat=True)))
        if "worker" in filters:
            rows = rows.filter(worker_id=filters["worker"].strip().upper())
        if filters.get("score_from") is not None:
            rows = rows.filter(score__gte=filters["score_from"])
        if filters.get("score_to") is not None:
            rows = rows.filter(score__lte=filters["score_to"])
        return rows

    def selected(self, selection: dict[str, Any]) -> "RequestQuerySet":
        """The rows a job is about: {"ids": [QualificationRequestId, …]} or {"filter": …}."""
        if "ids" in selection:
            return self.filter(request_id__in=selection["ids"])
        return self.matching(selection["filter"])

    def for_page(self) -> "RequestQuerySet":
        return self.select_related("qualification_type", "decision__requested_by").defer("raw")


class QualificationRequest(models.Model):
    """A worker asks for a qualification, with the answers to its test where it has one (api: QualificationRequest)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="qualification_requests")
    request_id = models.CharField(max_length=64)
    qualification_type = models.ForeignKey(QualificationType, on_delete=models.PROTECT, related_name="requests")
    worker_id = models.CharField(max_length=64)
    test = models.TextField(blank=True, help_text="The test as this worker saw it.")
    answer = models.TextField(blank=True, help_text="The QuestionFormAnswers document as it came.")
    submitted_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.PENDING)
    score = models.IntegerField(null=True, blank=True, help_text="What our answer key makes of the answers.")
    # The decision asked here and not yet settled.
    decision = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="qualification_requests"
    )
    value = models.IntegerField(null=True, blank=True, help_text="The value it was granted with.")
    reason = models.TextField(blank=True, help_text="Why it was rejected.")
    decided_at = models.DateTimeField(null=True, blank=True)
    raw = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    synced_at = models.DateTimeField(default=timezone.now)

    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = "request for a qualification"
        verbose_name_plural = "requests for qualifications"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "request_id"], name="qualification_request_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["account", "submitted_at", "id"],
                condition=Q(state="pending", decision=None),
                name="qualification_request_waiting",
            ),
            models.Index(fields=["account", "state", "submitted_at", "id"], name="qualification_request_state"),
            models.Index(fields=["qualification_type", "state"], name="qualification_request_type"),
            models.Index(fields=["account", "worker_id"], name="qualification_request_worker"),
        ]

    def __str__(self) -> str:
        return self.request_id
