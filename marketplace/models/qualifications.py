"""Qualification types requesters make, who asks for one, and who has one. The system's own are in requirements.py."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .. import ids
from .hits import HITType
from .people import Requester, Worker


class QualificationType(models.Model):
    """A requester's qualification type. Deleted (`deleted_at`) it is Disposing while HITs need it, then gone
    (`disposed_at`).
    """

    qualification_type_id = models.CharField(max_length=64, unique=True, default=ids.new_id)
    requester = models.ForeignKey(Requester, on_delete=models.PROTECT, related_name="qualification_types")
    created_at = models.DateTimeField()
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=2000)
    keywords = models.CharField(max_length=1000, default="", blank=True)
    is_active = models.BooleanField(default=True, help_text="can be requested (QualificationTypeStatus)")
    retry_delay = models.PositiveBigIntegerField(null=True, blank=True, help_text="seconds; empty: asked for once only")
    test = models.TextField(default="", blank=True, help_text="QuestionForm, byte for byte")
    test_duration = models.PositiveBigIntegerField(null=True, blank=True, help_text="seconds")
    answer_key = models.TextField(default="", blank=True, help_text="AnswerKey, byte for byte")
    auto_granted = models.BooleanField(default=False)
    auto_granted_value = models.IntegerField(default=1)
    deleted_at = models.DateTimeField(null=True, blank=True)
    disposed_at = models.DateTimeField(null=True, blank=True)
    # SQLite compares only the letters of ASCII without their case, so what a search looks through is kept folded.
    searched = models.TextField(default="", blank=True, help_text="name, description and keywords, case folded")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["requester", "name"], condition=Q(disposed_at=None), name="one_qualification_type_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> str:
        """QualificationTypeStatus; Disposing is not among the model's values, yet what MTurk answered."""
        if self.deleted_at:
            return "Disposing"
        return "Active" if self.is_active else "Inactive"


class RequiredQualification(models.Model):
    """A HIT type asks for a qualification type, a system one too: the way from a qualification type to its HITs."""

    hit_type = models.ForeignKey(HITType, on_delete=models.CASCADE, related_name="required_qualifications")
    qualification_type_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["qualification_type_id", "hit_type"], name="a_qualification_is_required_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hit_type_id} {self.qualification_type_id}"


class Qualification(models.Model):
    """A worker's value of a qualification type. Taken away it stays as a row, so that everybody can say so."""

    class Status(models.TextChoices):
        GRANTED = "Granted"
        REVOKED = "Revoked"

    qualification_type = models.ForeignKey(QualificationType, on_delete=models.PROTECT, related_name="qualifications")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="qualifications")
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.GRANTED)
    value = models.IntegerField(null=True, blank=True)
    grant_time = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=1024, default="", blank=True, help_text="why it was taken away")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["qualification_type", "worker"], name="a_worker_has_a_qualification_once")
        ]
        indexes = [models.Index(fields=["qualification_type", "status", "id"], name="holders_of_a_qualification")]

    def __str__(self) -> str:
        return f"{self.qualification_type_id} {self.value}"


class QualificationRequest(models.Model):
    """A worker asks for a qualification. Idle: its test was begun; pending: it waits for the requester."""

    class State(models.TextChoices):
        IDLE = "idle"
        PENDING = "pending"
        GRANTED = "granted"
        REJECTED = "rejected"

    OPEN = (State.IDLE, State.PENDING)

    request_id = models.CharField(max_length=64, unique=True, default=ids.new_id)
    qualification_type = models.ForeignKey(QualificationType, on_delete=models.PROTECT, related_name="requests")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="qualification_requests")
    state = models.CharField(max_length=8, choices=State.choices)
    created_at = models.DateTimeField()
    deadline = models.DateTimeField(null=True, blank=True, help_text="when the time for the test is over")
    submit_time = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    test = models.TextField(default="", blank=True, help_text="the test as it was then")
    answer_key = models.TextField(default="", blank=True, help_text="its key as it was then")
    answer = models.TextField(default="", blank=True)
    value = models.IntegerField(null=True, blank=True)
    reason = models.CharField(max_length=1024, default="", blank=True, help_text="why it was rejected")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["qualification_type", "worker"],
                condition=Q(state__in=["idle", "pending"]),
                name="one_open_request_per_worker",
            )
        ]
        indexes = [
            models.Index(
                fields=["qualification_type", "submit_time", "id"],
                condition=Q(state="pending"),
                name="pending_requests",
            ),
            models.Index(fields=["deadline"], condition=Q(state="idle"), name="tests_to_end"),
        ]

    def __str__(self) -> str:
        return self.request_id
