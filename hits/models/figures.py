"""Figures of batches, kept up to date as answers come in: a page about 100,000 answers reads a few rows."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from dashboard.models import Account
from hits.models.mirror import HIT, Assignment, Batch
from marketplace.policies import bonus_fee

_PERSON = settings.AUTH_USER_MODEL


_ANSWERS = F("submitted") + F("approved") + F("rejected")
_MEASURED = models.Q(measured_answers=_ANSWERS)


class BatchFiguresQuerySet(models.QuerySet["BatchFigures"]):
    def to_measure(self, *, late: datetime) -> "BatchFiguresQuerySet":
        """Got answers since they were measured, and grew by a tenth by them or were last measured before `late`."""
        much = models.Q(GreaterThan(_ANSWERS * 10, F("measured_answers") * 11))
        return self.filter(~_MEASURED).filter(much | models.Q(measured_at=None) | models.Q(measured_at__lt=late))

    def hold_for_bonuses(self, account: Account, names: Iterable[str]) -> dict[str, int]:
        """AssignmentId -> batch, of those that are known. The figures of these batches are locked from now on.

        Whoever writes payments does this before looking which there are: one that MTurk lists while its answer is
        written down is written once. And before touching workers, as those who count answers do.
        """
        named = Assignment.objects.filter(account=account, assignment_id__in=set(names))
        batches: dict[str, int] = dict(named.values_list("assignment_id", "batch_id"))
        rows = self.filter(pk__in=set(batches.values())).select_for_update().order_by("pk").values_list("pk", flat=True)
        if missing := set(batches.values()).difference(rows):
            self.bulk_create([BatchFigures(batch_id=pk, account=account) for pk in missing], ignore_conflicts=True)
            list(rows.all())
        return batches

    def count_bonuses(self, batches: dict[str, int], payments: Iterable[tuple[str, Decimal]]) -> None:
        """Add bonuses that were paid just now, (AssignmentId, amount), to the figures that are held."""
        sums: dict[int, Decimal] = {}
        for name, amount in payments:
            if name in batches:
                sums[batches[name]] = sums.get(batches[name], Decimal(0)) + amount + bonus_fee(amount)
        for pk, total in sorted(sums.items()):
            self.filter(pk=pk).update(bonuses=F("bonuses") + total)


class BatchFigures(models.Model):
    """A batch in numbers. The JSON columns are tallies (hits.answers.tally)."""

    batch = models.OneToOneField(Batch, on_delete=models.CASCADE, primary_key=True, related_name="figures")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="batch_figures")
    submitted = models.PositiveIntegerField(default=0, help_text="Waiting for a decision.")
    approved = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    elsewhere = models.PositiveIntegerField(default=0, help_text="Decided by another program, or by itself in time.")
    cost = models.DecimalField(max_digits=14, decimal_places=4, default=0, help_text="Rewards paid, with their fees.")
    bonuses = models.DecimalField(max_digits=14, decimal_places=4, default=0, help_text="Paid, with their fees.")
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    took = models.JSONField(default=dict, help_text="Seconds from accepting to handing in.")
    hours = models.JSONField(default=dict, help_text="Answers handed in per hour: 2026-11-22T13 (UTC) to how many.")

    # Measured now and then, over a sample, when enough has come in since.
    agreement = models.PositiveSmallIntegerField(null=True, help_text="Mean percent of its answers' agreement.")
    reliability = models.JSONField(default=dict, help_text="Of each field: percent, alpha, kappa.")
    measured_answers = models.PositiveIntegerField(default=0, help_text="Answers there were when it was measured.")
    measured_at = models.DateTimeField(null=True)

    objects = BatchFiguresQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "figures of batches"
        # Few of all, and every sweep asks for them.
        indexes: ClassVar = [models.Index(fields=["account"], condition=~_MEASURED, name="batch_figures_grown")]

    def __str__(self) -> str:
        return f"figures of {self.batch}"

    @property
    def answers(self) -> int:
        return self.submitted + self.approved + self.rejected

    @property
    def spent(self) -> Decimal:
        """Rewards, bonuses and fees."""
        return self.cost + self.bonuses


class FieldFigures(models.Model):
    """What the answers of a batch say in one field."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="fields")
    name = models.CharField(max_length=200)
    tally = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "name"], name="field_figures_once")]

    def __str__(self) -> str:
        return self.name


class ReviewerFigures(models.Model):
    """What one person decided in a batch."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="reviewers")
    person = models.ForeignKey(_PERSON, on_delete=models.CASCADE, related_name="+")
    approved = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    reversed = models.PositiveIntegerField(default=0, help_text="Rejections of theirs that were taken back.")
    in_bulk = models.PositiveIntegerField(default=0, help_text="Of all, those that a bulk job carried out.")
    gaps = models.JSONField(default=dict, help_text="Seconds between two decisions, pauses left out.")
    last_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "person"], name="reviewer_figures_once")]

    def __str__(self) -> str:
        return f"{self.person} in {self.batch}"

    @property
    def decided(self) -> int:
        return self.approved + self.rejected


class MajorityTaken(models.Model):
    """One press that decided answers of a HIT together: what it made and what was there before, for undoing.

    Where the answers were only approved or rejected, `majority` and `before` are empty.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    hit = models.ForeignKey(HIT, on_delete=models.CASCADE, related_name="majorities")
    by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    majority = models.JSONField(default=dict, help_text="Field: what most said.")
    commands = models.JSONField(default=list, help_text="Ids of the approvals asked for.")
    before = models.JSONField(default=dict, help_text="Of each assignment: data verdict, corrected, by, at.")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"majority of {self.hit}"
