"""Who holds which qualification; and the lists by which people change that, line by line."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dashboard.models import Account, Command, IncomingFile
from qualifications.models.types import QualificationType
from workers.models import begins

_PERSON = settings.AUTH_USER_MODEL


def score_key(type_id: str, worker_id: str) -> str:
    """One change of a worker's score of a type may be open at a time."""
    return f"score:{type_id}:{worker_id}"


class ScoreStatus(models.TextChoices):
    GRANTED = "Granted", "Has it"
    REVOKED = "Revoked", "Had it"


class ScoreQuerySet(models.QuerySet["Score"]):
    def of(self, account: Account) -> "ScoreQuerySet":
        return self.filter(account=account)

    def granted(self) -> "ScoreQuerySet":
        return self.filter(status=ScoreStatus.GRANTED)

    def matching(self, filters: Mapping[str, Any]) -> "ScoreQuerySet":
        """What the filters of the list leave; `filters` as ScoreFilter.chosen gives them."""
        rows = self
        if "status" in filters:
            rows = rows.filter(status=filters["status"])
        if "worker" in filters:
            rows = rows.filter(begins("worker_id", filters["worker"].strip().upper()))
        if "value_from" in filters:
            rows = rows.filter(value__gte=filters["value_from"])
        if "value_to" in filters:
            rows = rows.filter(value__lte=filters["value_to"])
        return rows

    def write(
        self, qualification_type: QualificationType, values: Mapping[str, int], *, status: str, at: datetime
    ) -> None:
        """These workers have it with these values, or had it; one statement. `values`: worker id to value."""
        self.bulk_create(
            [
                Score(
                    account_id=qualification_type.account_id,
                    qualification_type=qualification_type,
                    worker_id=worker_id,
                    value=value,
                    status=status,
                    granted_at=at,
                    synced_at=at,
                )
                for worker_id, value in values.items()
            ],
            update_conflicts=True,
            unique_fields=["qualification_type", "worker_id"],
            update_fields=["value", "status", "granted_at", "synced_at"],
        )


class Score(models.Model):
    """A worker's qualification with its value (api: Qualification)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False, related_name="scores")
    qualification_type = models.ForeignKey(
        QualificationType, on_delete=models.CASCADE, db_index=False, related_name="scores"
    )
    worker_id = models.CharField(max_length=64)
    value = models.IntegerField(default=1)
    status = models.CharField(max_length=8, choices=ScoreStatus.choices, default=ScoreStatus.GRANTED)
    # Never null: the list is sorted by it, and a null would fall out of a keyset.
    granted_at = models.DateTimeField()
    synced_at = models.DateTimeField(null=True)

    objects = ScoreQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["qualification_type", "worker_id"], name="score_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["qualification_type", "status", "worker_id", "id"], name="score_by_worker"),
            models.Index(fields=["qualification_type", "status", "-granted_at", "-id"], name="score_by_time"),
            models.Index(fields=["qualification_type", "status", "value", "id"], name="score_by_value"),
            models.Index(fields=["account", "worker_id"], name="score_of_worker"),
        ]

    def __str__(self) -> str:
        return f"{self.worker_id}: {self.value}"


class Sheet(models.Model):
    """What somebody wants changed for many workers: pasted, from a file, or from a selection. Nothing happens before
    its lines were looked at."""

    class Source(models.TextChoices):
        PASTE = "paste", "pasted list"
        FILE = "file", "file"
        SELECTION = "selection", "selection of workers"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sheets")
    source = models.CharField(max_length=10, choices=Source.choices)
    name = models.CharField(max_length=200, help_text="Name of the file, or words for the selection.")
    #: Where only one type is meant; a worker file names several.
    qualification_type = models.ForeignKey(
        QualificationType, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    notify = models.BooleanField(default=False, help_text="Workers who are granted a qualification are told.")
    reason = models.TextField(max_length=1024, blank=True, help_text="Told to those it is taken from; empty: nothing.")
    made_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    file = models.ForeignKey(IncomingFile, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    complete = models.BooleanField(default=False, help_text="All its lines are here.")
    notes = models.JSONField(default=list, help_text="Sentences about the file as a whole.")

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.name


class LineQuerySet(models.QuerySet["Line"]):
    def ready(self) -> "LineQuerySet":
        """Can be asked for, and was not."""
        return self.filter(verdict=Line.Verdict.READY, command=None)


class Line(models.Model):
    """One wish of a sheet about one worker, and what was thought of it."""

    class Act(models.TextChoices):
        GRANT = "grant", "Grant"
        REVOKE = "revoke", "Revoke"
        BLOCK = "block", "Block"
        UNBLOCK = "unblock", "Unblock"

    class Verdict(models.TextChoices):
        READY = "ready", "Can be done"
        SAME = "same", "Nothing to do"
        BAD = "bad", "Cannot be done"

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField(help_text="Which line of the list or file.")
    act = models.CharField(max_length=8, choices=Act.choices)
    worker_id = models.CharField(max_length=100, help_text="As typed, where it is no worker's id.")
    qualification_type = models.ForeignKey(
        QualificationType, on_delete=models.CASCADE, null=True, blank=True, db_index=False, related_name="+"
    )
    column = models.CharField(max_length=240, blank=True, help_text="Of a file: the column it stood in.")
    typed = models.CharField(max_length=200, blank=True, help_text="What stood there.")
    value = models.IntegerField(null=True, blank=True)
    reason = models.TextField(max_length=1024, blank=True)
    verdict = models.CharField(max_length=6, choices=Verdict.choices)
    sentence = models.CharField(max_length=400, help_text="What would happen, or why it cannot.")
    key = models.CharField(max_length=140, blank=True, help_text="The command's exclusive key.")
    command = models.ForeignKey(Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = LineQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(fields=["sheet", "verdict", "id"], name="line_by_verdict"),
            models.Index(fields=["sheet", "key"], condition=~Q(key=""), name="line_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.sentence}"


def values_of(account: Account, worker_ids: Iterable[str], type_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    """What these workers hold now of these types: (key of the type, worker id) to value; one query."""
    rows = Score.objects.of(account).granted().filter(worker_id__in=list(worker_ids))
    rows = rows.filter(qualification_type__in=list(type_ids))
    found: Any = rows.values_list("qualification_type", "worker_id", "value")
    return {(kind, worker): value for kind, worker, value in found}
