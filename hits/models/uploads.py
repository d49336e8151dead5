"""Files of decisions and bonuses, row by row as they were read, and what the rows of a task's input file said."""

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from dashboard import audit, incoming
from dashboard.incoming import Reading
from dashboard.models import Account, Command, IncomingFile
from hits.models.mirror import HIT, Assignment


class Upload(models.Model):
    """Rows that a person wants done: previewed first, then jobs. A file, or what a formula made of a selection.

    The file itself is kept until it was read: its rows say all that was in it of what is to be done.
    """

    class Kind(models.TextChoices):
        MARKED = "marked", "Marked results"
        BONUSES = "bonuses", "Bonuses"
        FORMULA = "formula", "Bonuses by formula"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="uploads")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=200, help_text="Of the file; of a formula, the formula.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(IncomingFile, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, help_text="When its last row was stored; nothing is done before.")
    rows_read = models.PositiveIntegerField(default=0)
    unmarked = models.PositiveIntegerField(default=0, help_text="Rows that ask for nothing.")
    problem = models.TextField(blank=True, help_text="Why reading ended before the file did.")

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["account", "-created_at", "-id"], name="upload_by_time")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(cls, reading: Reading) -> "Upload":
        return cls.objects.select_related("account", "made_by").get(file=reading.stored)

    @transaction.atomic
    def begin(self, stored: IncomingFile, reader: str) -> "Upload":
        """It is there now; a worker gives its file to `reader`."""
        self.file = stored
        self.save(force_insert=True)
        incoming.hand_over(stored, reader)
        return self

    @transaction.atomic
    def finish(self, reading: Reading) -> None:
        """Its rows are all there: from now on it can be looked at and done."""
        reading.finish()
        self.file, self.read_at, self.problem = None, timezone.now(), reading.problem
        self.save()
        audit.record(
            "upload.read",
            account=self.account,
            by=self.made_by,
            subject=str(self.pk),
            text=f"{self.get_kind_display()}: {self.name}",
            data={"rows": self.rows_read, "unmarked": self.unmarked},
        )

    def form_key(self, action: str) -> uuid.UUID:
        """Of the job that does this action's rows: asked for twice, it is the same job."""
        return uuid.uuid5(self.pk, action)


class UploadRow(models.Model):
    """One row that asks for something, or that could not be understood."""

    class Fate(models.TextChoices):
        GO = "go", "can be done"
        DOUBT = "doubt", "only when ticked"
        REFUSED = "refused", "cannot be done"

    class Action(models.TextChoices):
        APPROVE = "approve", "Approve"
        REJECT = "reject", "Reject"
        OVERRIDE = "override", "Approve after all"
        BONUS = "bonus", "Pay a bonus"

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, db_index=False, related_name="rows")
    number = models.PositiveIntegerField(help_text="As a spreadsheet counts, the header being 1.")
    action = models.CharField(max_length=8, choices=Action.choices, blank=True)
    fate = models.CharField(max_length=8, choices=Fate.choices)
    why = models.TextField(blank=True, help_text="The sentence why it cannot be done, or what is doubtful.")
    cells = models.JSONField(default=dict, help_text="Column: its text in the file, for the file of what failed.")
    assignment = models.ForeignKey(Assignment, on_delete=models.SET_NULL, null=True, related_name="upload_rows")
    assignment_name = models.CharField(max_length=64, blank=True, help_text="The AssignmentId that the file says.")
    worker_name = models.CharField(max_length=64, blank=True, help_text="The WorkerId that the file says.")
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    fee = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    text = models.TextField(blank=True, help_text="What the worker will read.")
    command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, db_index=False, related_name="upload_rows"
    )

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(fields=["upload", "id"], name="upload_row_in_order"),
            models.Index(fields=["upload", "fate", "action", "id"], name="upload_row_by_fate"),
        ]

    def __str__(self) -> str:
        return f"row {self.number} of {self.upload_id}"

    @classmethod
    def became(cls, pairs: Iterable[tuple[uuid.UUID, int]]) -> None:
        """Note which command each row became: (command, row)."""
        key = Command._meta.pk.get_db_prep_value
        values = [(key(command, connection), row) for command, row in pairs]
        if values:
            with connection.cursor() as cursor:
                table = cls._meta.db_table
                cursor.executemany(f"UPDATE {table} SET command_id = %s WHERE id = %s", values)  # noqa: S608 -- a constant


class HITInputQuerySet(models.QuerySet["HITInput"]):
    def of(self, hits: Iterable[int]) -> dict[int, dict[str, str]]:
        """Primary key of a HIT -> its input row, name: value, in the order of its file; of those that are known."""
        found: Any = self.filter(hit__in=hits).values_list("hit", "values")
        return {pk: {str(name): str(value) for name, value in dict(values).items()} for pk, values in found}


class HITInput(models.Model):
    """The input row a HIT was made of: known where it was published here, or came back in a results file."""

    hit = models.OneToOneField(HIT, on_delete=models.CASCADE, related_name="input")
    # Pairs, since PostgreSQL sorts the names of an object; rows of before are objects.
    values = models.JSONField(default=list, help_text="[name of the variable, its value], both text, in their order.")

    objects = HITInputQuerySet.as_manager()

    def __str__(self) -> str:
        return f"input of {self.hit_id}"
