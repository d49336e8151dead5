"""HIT types, HITs and assignments, the layouts HITs are made from, and what review policies found."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from .. import ids
from .people import Requester, Worker


class HITLayout(models.Model):
    """A requester's HTML with `${name}` placeholders, from which HITs are made by id and parameters."""

    layout_id = models.CharField(max_length=64, unique=True, default=ids.new_id)
    requester = models.ForeignKey(Requester, on_delete=models.CASCADE, related_name="layouts")
    name = models.CharField(max_length=200)
    html = models.TextField()
    frame_height = models.PositiveIntegerField(default=0, help_text="pixels; 0 = as high as its content")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "HIT layout"
        constraints = [models.UniqueConstraint(fields=["requester", "name"], name="one_layout_per_name")]

    def __str__(self) -> str:
        return self.name


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
    layout_id = models.CharField(max_length=64, default="", blank=True, help_text="the HITLayoutId it was made with")
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

    # Not a column: its assignment review policy is at work, and may still open a slot. Only then it is decided whether
    # the HIT has become reviewable.
    being_scored = False

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
            # What workers look for: answers the list of groups by itself, and the next HIT of a group in order.
            models.Index(
                fields=["hit_type", "id", "created_at", "expiration", "requester"],
                condition=Q(disposed_at=None, open_slots__gt=0),
                name="hits_to_take",
            ),
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


class ReviewResult(models.Model):
    """One result of a review policy: a value about a HIT or an assignment, or about a question of either."""

    class Level(models.TextChoices):
        ASSIGNMENT = "Assignment"
        HIT = "HIT"

    hit = models.ForeignKey(HIT, on_delete=models.CASCADE, related_name="review_results")
    level = models.CharField(max_length=10, choices=Level.choices, help_text="which of the two policies found it")
    result_id = models.CharField(max_length=64, unique=True, default=ids.new_id)
    subject_type = models.CharField(max_length=10, help_text="HIT or Assignment")
    subject_id = models.CharField(max_length=64)
    question_id = models.CharField(max_length=128, default="", blank=True)
    key = models.CharField(max_length=64)
    value = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["hit", "level", "id"], name="review_results_of_hit")]

    def __str__(self) -> str:
        return f"{self.key} {self.value}"


class ReviewAction(models.Model):
    """What a review policy did, or tried to do, because of its results."""

    hit = models.ForeignKey(HIT, on_delete=models.CASCADE, related_name="review_actions")
    level = models.CharField(max_length=10, choices=ReviewResult.Level.choices)
    action_id = models.CharField(max_length=64, unique=True, default=ids.new_id)
    action_name = models.CharField(max_length=32, help_text="review, approve, reject or extend")
    target_type = models.CharField(max_length=10, help_text="HIT or Assignment")
    target_id = models.CharField(max_length=64)
    status = models.CharField(max_length=10, help_text="Intended, Succeeded, Failed or Cancelled")
    completed_at = models.DateTimeField(null=True, blank=True)
    result = models.TextField(default="", blank=True)
    error_code = models.CharField(max_length=128, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["hit", "level", "id"], name="review_actions_of_hit")]

    def __str__(self) -> str:
        return f"{self.action_name} {self.target_id}"
