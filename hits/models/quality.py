"""What quality control keeps for itself: digests of texts, HITs whose gold changed, looks at the past, uploads."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dashboard.models import Account, IncomingFile
from hits.models.mirror import HIT, Assignment, Batch
from hits.models.review import Rule

_PERSON = settings.AUTH_USER_MODEL


class AnswerText(models.Model):
    """A text in an answer as a digest, so that finding the same one again costs the same among a million."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, db_index=False, related_name="+")
    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, db_index=False, related_name="texts")
    worker_id = models.CharField(max_length=64)
    field = models.CharField(max_length=200)
    digest = models.BigIntegerField(help_text="Of field and text, without regard to case and blanks.")
    size = models.PositiveIntegerField(help_text="Characters, blanks squeezed.")
    submitted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["assignment", "field"], name="answer_text_once")]
        indexes: ClassVar = [
            models.Index(fields=["batch", "digest", "submitted_at"], name="answer_text_again"),
            models.Index(fields=["batch", "worker_id", "digest", "submitted_at"], name="answer_text_of_worker"),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.assignment_id}"


class GoldChange(models.Model):
    """A HIT whose gold answers changed, and how far its assignments have been scored anew."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    hit = models.OneToOneField(HIT, on_delete=models.CASCADE, related_name="gold_change")
    # Written anew with every change: whoever is scoring sees that it has to begin again.
    mark = models.UUIDField()
    cursor = models.BigIntegerField(default=0, help_text="The last assignment that was scored.")

    def __str__(self) -> str:
        return f"gold of {self.hit_id}"


class RuleRun(models.Model):
    """A look at the past by a worker: what a rule would find among all, or finding it; its own progress bar."""

    class Purpose(models.TextChoices):
        INDEX = "index", "Reading texts"
        DRY = "dry", "Dry run"
        APPLY = "apply", "Looking at what waits"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="runs")
    purpose = models.CharField(max_length=6, choices=Purpose.choices)
    cursor = models.BigIntegerField(default=0, help_text="The last assignment that was looked at.")
    until = models.BigIntegerField(default=0, help_text="The last assignment there was when it began.")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, help_text="What was found: counts, workers, money, examples.")
    asked_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["account", "id"], condition=Q(finished_at=None), name="rule_run_open"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.rule_id}"


class GoldUpload(models.Model):
    """A file of gold answers. A worker reads it, somebody looks at its rows and takes them over, a worker does that.
    What was taken over or forgotten is deleted row by row (hits.rules.gold_files)."""

    class State(models.TextChoices):
        OPEN = "open", "not taken over yet"
        TAKEN = "taken", "being taken over"
        FORGOTTEN = "forgotten", "forgotten"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    file = models.ForeignKey(IncomingFile, on_delete=models.SET_NULL, null=True, related_name="+")
    made_by = models.ForeignKey(_PERSON, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, help_text="When its last row was stored; nothing is done before.")
    rows_read = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True, help_text="Why reading ended before the file did.")

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.name


class GoldRow(models.Model):
    """One answer that a file says is right; `why` is the sentence why it cannot be used, "" where it can."""

    upload = models.ForeignKey(GoldUpload, on_delete=models.CASCADE, db_index=False, related_name="rows")
    number = models.PositiveIntegerField(help_text="As a spreadsheet counts, the header being 1.")
    hit = models.ForeignKey(HIT, on_delete=models.CASCADE, null=True, related_name="+")
    hit_name = models.CharField(max_length=64, help_text="As the file says it.")
    field = models.CharField(max_length=200)
    answer = models.TextField()
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(fields=["upload", "id"], name="gold_row_in_order"),
            models.Index(fields=["upload", "hit", "field"], condition=Q(why=""), name="gold_row_of_hit"),
        ]

    def __str__(self) -> str:
        return f"row {self.number} of {self.upload_id}"
