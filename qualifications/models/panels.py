"""Panels: workers chosen by what they did here, kept up to date in a private qualification of their own.

What a worker did stands in the figures of workers (Worker, WorkerBatch), so that no panel looks at assignments again.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dashboard.models import Account, Command, Job
from qualifications.models.types import QualificationType

_PERSON = settings.AUTH_USER_MODEL


class PanelState(models.TextChoices):
    STARTING = "starting", "Being made"
    FILLING = "filling", "Being filled"
    ON = "on", "Kept up to date"
    PAUSED = "paused", "Paused"
    DELETING = "deleting", "Being deleted"
    GONE = "gone", "Deleted"


class PanelQuerySet(models.QuerySet["Panel"]):
    def of(self, account: Account) -> "PanelQuerySet":
        return self.filter(account=account)

    def present(self) -> "PanelQuerySet":
        return self.exclude(state=PanelState.GONE)

    def watching(self) -> "PanelQuerySet":
        """Those whose members follow from what happens now."""
        return self.filter(state__in=[PanelState.STARTING, PanelState.FILLING, PanelState.ON])


class Panel(models.Model):
    """Workers chosen by conditions and by hand. `meaning` says what a HIT does with them: take them only, or never."""

    class Meaning(models.TextChoices):
        INCLUDE = "include", "Only these workers"
        EXCLUDE = "exclude", "Everybody but these"

    class Match(models.TextChoices):
        ALL = "all", "all of these hold"
        ANY = "any", "one of these holds"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="panels")
    name = models.CharField(max_length=100)
    meaning = models.CharField(max_length=8, choices=Meaning.choices, default=Meaning.INCLUDE)
    match = models.CharField(max_length=4, choices=Match.choices, default=Match.ALL)
    conditions = models.JSONField(default=list, help_text="See qualifications.conditions.")
    state = models.CharField(max_length=10, choices=PanelState.choices, default=PanelState.STARTING)
    problem = models.CharField(max_length=400, blank=True, help_text="Why it stands still.")
    qualification_type = models.OneToOneField(
        QualificationType, on_delete=models.PROTECT, null=True, blank=True, related_name="panel"
    )
    command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="Makes or deletes it."
    )
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="The last one it began."
    )
    made_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    # Everybody who might belong is looked at once, in chunks; this is how far that is.
    phase = models.CharField(max_length=8, blank=True)
    cursor = models.BigIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    to_look_at = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(default=timezone.now, help_text="Up to when time alone was taken into account.")

    objects = PanelQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], condition=~Q(state="gone"), name="panel_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class MemberQuerySet(models.QuerySet["PanelMember"]):
    def inside(self) -> "MemberQuerySet":
        return self.filter(wanted=True)

    def to_grant(self) -> "MemberQuerySet":
        """MTurk does not know yet that they belong, and nobody is telling it."""
        return self.filter(wanted=True, held=False, command=None, problem="")

    def to_revoke(self) -> "MemberQuerySet":
        return self.filter(wanted=False, held=True, command=None, problem="")


class PanelMember(models.Model):
    """A worker who belongs to a panel, or did, with the evidence; and what MTurk knows of it."""

    class Pinned(models.TextChoices):
        NO = "", "by the conditions"
        IN = "in", "put in by hand"
        OUT = "out", "kept out by hand"

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, related_name="members")
    worker_id = models.CharField(max_length=64)
    wanted = models.BooleanField(default=False, help_text="Belongs to it, as far as we know.")
    why = models.CharField(max_length=400, blank=True, help_text="What was seen, in one sentence.")
    pinned = models.CharField(max_length=3, blank=True, default="", choices=Pinned.choices)
    since = models.DateTimeField(null=True, blank=True, help_text="The moment from which it was so.")
    until = models.DateTimeField(null=True, blank=True, help_text="Of one who does not belong any more.")
    held = models.BooleanField(default=False, help_text="Has the panel's qualification at MTurk.")
    command = models.ForeignKey(Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    problem = models.CharField(max_length=400, blank=True, help_text="Why MTurk was not told.")

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["panel", "worker_id"], name="panel_member_once"),
        ]
        # A flag is a condition and not a column of these: of a column SQLite would not see that it is asked for.
        indexes: ClassVar = [
            models.Index(fields=["panel", "worker_id", "id"], condition=Q(wanted=True), name="panel_member_inside"),
            models.Index(fields=["panel", "worker_id", "id"], condition=Q(wanted=False), name="panel_member_left"),
            models.Index(fields=["panel", "worker_id", "id"], condition=~Q(pinned=""), name="panel_member_by_hand"),
            models.Index(fields=["panel", "worker_id", "id"], condition=~Q(problem=""), name="panel_member_untold"),
            # What MTurk has to be told, looked for every few seconds; nor does SQLite take one that says "or".
            models.Index(
                fields=["panel", "id"],
                condition=Q(wanted=True, held=False, command=None, problem=""),
                name="panel_member_to_grant",
            ),
            models.Index(
                fields=["panel", "id"],
                condition=Q(wanted=False, held=True, command=None, problem=""),
                name="panel_member_to_revoke",
            ),
            models.Index(fields=["worker_id"], name="panel_member_of_worker"),
        ]

    def __str__(self) -> str:
        return self.worker_id


class PanelDue(models.Model):
    """A worker of whom something changed, to be looked at by every panel of the account."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    worker_id = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "worker_id"], name="panel_due_once")]

    def __str__(self) -> str:
        return self.worker_id


class Upkeep(models.Model):
    """How far an account's workers were last looked at, slice by slice, again and again: whatever no event told of
    (a gold answer that was added later, a figure put right) is seen within hours."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="+")
    cursor = models.BigIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"up to {self.cursor}"
