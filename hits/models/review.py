"""What a team makes of the answers: flags, gold answers, rules, reasons ready to be said, views of the queue."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dashboard.models import Account, Command
from hits.models.mirror import HIT, Assignment, Batch

_PERSON = settings.AUTH_USER_MODEL


class ReasonTemplate(models.Model):
    """A text ready to be said to a worker. It may hold {worker_id}, {title}, {reward}, {batch} and {fields}."""

    class Use(models.TextChoices):
        REJECT = "reject", "Rejecting"
        APPROVE = "approve", "Approving"
        BONUS = "bonus", "Bonus"
        MESSAGE = "message", "Message"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="reason_templates")
    use = models.CharField(max_length=8, choices=Use.choices, default=Use.REJECT)
    title = models.CharField(max_length=80)
    text = models.TextField(max_length=1024)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "use", "title"], name="reason_template_once")
        ]

    def __str__(self) -> str:
        return self.title


class SavedView(models.Model):
    """Filters and order of the queue under a name, for the whole team of an account."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True, help_text="As it stands in the queue's URL.")
    made_by = models.ForeignKey(_PERSON, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name


class RuleQuerySet(models.QuerySet["Rule"]):
    def kept(self) -> "RuleQuerySet":
        """Without those that were deleted, of which the log alone is kept."""
        return self.filter(deleted_at=None)

    def looking(self) -> "RuleQuerySet":
        """Switched on: every new answer is looked at."""
        return self.kept().filter(on=True)


class Rule(models.Model):
    """Quality control: what is looked at in each answer of a batch, when it holds, and what is then proposed."""

    class Look(models.TextChoices):
        GOLD = "gold", "Gold answers"
        PLURALITY = "plurality", "What most others said"
        ATTENTION = "attention", "Attention check"
        TIME = "time", "Time taken"
        DUPLICATE = "duplicate", "Same text again"
        EMPTY = "empty", "Fields left empty"
        CODE = "code", "Survey code"

    class Proposal(models.TextChoices):
        APPROVE = "approve", "Approve"
        REJECT = "reject", "Reject"
        FLAG = "flag", "Flag"
        BONUS = "bonus", "Bonus"
        SOFT_BLOCK = "soft_block", "Soft block"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="rules")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="rules")
    look = models.CharField(max_length=10, choices=Look.choices)
    settings = models.JSONField(default=dict, help_text="What the look needs to know: field, value, limit.")
    when_passed = models.BooleanField(
        default=False, help_text="It proposes where the check is passed, not where it is failed."
    )
    proposal = models.CharField(max_length=10, choices=Proposal.choices, default=Proposal.FLAG)
    reason = models.TextField(max_length=1024, blank=True, help_text="What the worker would read.")
    amount = models.DecimalField(max_digits=12, decimal_places=2, default=0, help_text="Of the bonus, in dollars.")
    on = models.BooleanField(default=False)
    releases_itself = models.BooleanField(default=False, help_text="Policy: what it proposes is asked for at once.")
    policy_by = models.ForeignKey(
        _PERSON,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who let it release itself; what it asks for is asked in their name.",
    )
    made_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Out of use; what it found is kept.")

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_look_display()}: {self.get_proposal_display()}"


class FindingQuerySet(models.QuerySet["Finding"]):
    def proposed(self) -> "FindingQuerySet":
        """Nobody released or dismissed these yet."""
        return self.filter(state="proposed")

    def release(self, asked: Mapping[int, uuid.UUID]) -> None:
        """These proposals were asked for: key of the assignment -> id of the command, all by one person."""
        by = Command.objects.filter(pk__in=list(asked.values())).values_list("requested_by", flat=True).first()
        findings, now = list(self.proposed().filter(assignment__in=list(asked)).only("assignment_id")), timezone.now()
        for finding in findings:
            finding.command_id, finding.decided_by_id = asked[finding.assignment_id], by
            finding.state, finding.due, finding.decided_at = Finding.State.RELEASED, False, now
        self.bulk_update(findings, ["state", "due", "command", "decided_by", "decided_at"], batch_size=200)

    def stand_again_all(self, cancelled: models.QuerySet[Command]) -> None:
        """As `stand_again`, of many."""
        self.filter(command__in=cancelled).update(state="proposed", command=None, decided_by=None, decided_at=None)

    def stand_again(self, command: Command) -> None:
        """What was asked for ended without effect: it is a proposal again, for a person."""
        self.filter(command=command).update(state="proposed", command=None, decided_by=None, decided_at=None)


class Finding(models.Model):
    """A rule that held for an assignment, why, and what became of its proposal."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        RELEASED = "released", "Released"
        DISMISSED = "dismissed", "Dismissed"
        OVERTAKEN = "overtaken", "Overtaken"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="findings")
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="findings")
    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="findings")
    evidence = models.TextField(help_text="What was seen, in one sentence.")
    beside = models.ForeignKey(
        Assignment,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text="Another answer that the evidence speaks of.",
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    note = models.CharField(max_length=300, blank=True, help_text="Why policy left it, or what overtook it.")
    due = models.BooleanField(default=False, help_text="Policy has yet to look at it.")
    command = models.ForeignKey(Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    decided_by = models.ForeignKey(_PERSON, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    found_at = models.DateTimeField(default=timezone.now)

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["rule", "assignment"], name="finding_once")]
        indexes: ClassVar = [
            models.Index(fields=["account", "-id"], condition=Q(state="proposed"), name="finding_proposed"),
            models.Index(fields=["rule", "-id"], condition=Q(state="proposed"), name="finding_proposed_rule"),
            models.Index(fields=["account", "id"], condition=Q(due=True), name="finding_due"),
            models.Index(fields=["rule", "state"], name="finding_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.evidence}"


class Flag(models.Model):
    """A mark on an assignment that somebody should look again, set by a person or by a rule."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="flags")
    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="flags")
    reason = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(_PERSON, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    rule = models.ForeignKey(Rule, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(_PERSON, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.reason or "Flagged"


class GoldAnswer(models.Model):
    """What is known to be right for one field of one HIT."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="gold_answers")
    hit = models.ForeignKey(HIT, on_delete=models.CASCADE, related_name="gold_answers")
    field = models.CharField(max_length=200)
    accepted = models.JSONField(
        default=list, help_text="Values any of which is right, as the answer's tree holds them."
    )
    made_by = models.ForeignKey(_PERSON, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["hit", "field"], name="gold_answer_once")]

    def __str__(self) -> str:
        return f"{self.field} of {self.hit}"


class SecondReviewQuerySet(models.QuerySet["SecondReview"]):
    def open_to(self, person: Any) -> "SecondReviewQuerySet":
        """Not judged yet, and decided first by somebody else."""
        return self.filter(verdict="").exclude(first_by=person)


class SecondReview(models.Model):
    """A decided assignment that a second person judges without seeing the first verdict."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="second_reviews")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="second_reviews")
    assignment = models.OneToOneField(Assignment, on_delete=models.CASCADE, related_name="second_review")
    asked_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    # As they were when it was asked; without a person where MTurk or another program decided.
    first_verdict = models.CharField(max_length=8, blank=True, choices=[("approve", "Approve"), ("reject", "Reject")])
    first_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    verdict = models.CharField(max_length=8, blank=True, choices=[("approve", "Approve"), ("reject", "Reject")])
    note = models.TextField(max_length=1024, blank=True)
    reviewed_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)

    objects = SecondReviewQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "batch", "id"], condition=Q(verdict=""), name="second_review_open"),
        ]

    def __str__(self) -> str:
        return f"second look at {self.assignment_id}"
