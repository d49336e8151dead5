"""Flags: somebody should look at this answer again. Set by a person or proposed by a rule, cleared by a person."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import audit
from dashboard.models import Role, User
from dashboard.permissions import Denied, check_role
from hits.models import Assignment, Flag, Rule

SET, CLEARED, TAKEN_BACK = "flag.set", "flag.cleared", "flag.taken_back"
LONGEST_REASON = 200


def check_can_flag(by: User, assignment: Assignment) -> None:
    """Raise Denied with the reason why this person cannot flag answers or clear flags."""
    check_role(by, assignment.account, Role.REVIEWER, "flag an answer")


@transaction.atomic
def flag(*, assignment: Assignment, by: User, reason: str = "", rule: Rule | None = None) -> Flag:
    """Mark an answer. The same reason again is the flag that stands already."""
    reason = " ".join(reason.split())
    if len(reason) > LONGEST_REASON:
        raise Denied(f"The reason has {len(reason)} characters; {LONGEST_REASON} is the most.")
    assignment = _locked(assignment)
    check_can_flag(by, assignment)
    standing = Flag.objects.filter(assignment=assignment, cleared_at=None, reason=reason).first()
    if standing is not None:
        return standing
    made = Flag.objects.create(account=assignment.account, assignment=assignment, reason=reason, made_by=by, rule=rule)
    Assignment.objects.filter(pk=assignment.pk).update(flagged=True)
    audit.record(
        SET, account=assignment.account, by=by, subject=assignment.assignment_id, text=reason, data={"flags": [made.pk]}
    )
    return made


@transaction.atomic
def clear_flags(*, assignment: Assignment, by: User) -> int:
    """Clear all flags of an answer; how many stood."""
    assignment = _locked(assignment)
    check_can_flag(by, assignment)
    standing = list(Flag.objects.filter(assignment=assignment, cleared_at=None).values_list("pk", flat=True))
    if not standing:
        return 0
    Flag.objects.filter(pk__in=standing).update(cleared_at=timezone.now(), cleared_by=by)
    Assignment.objects.filter(pk=assignment.pk).update(flagged=False)
    audit.record(CLEARED, account=assignment.account, by=by, subject=assignment.assignment_id, data={"flags": standing})
    return len(standing)


@transaction.atomic
def take_back(*, assignment: Assignment, by: User, kind: str, said: dict[str, Any]) -> None:
    """Undo what an event of `flag` or `clear_flags` says: clear that flag, or let the cleared ones stand again."""
    assignment = _locked(assignment)
    check_can_flag(by, assignment)
    flags = Flag.objects.filter(assignment=assignment, pk__in=said["flags"])
    if kind == SET:
        changed = flags.filter(cleared_at=None).update(cleared_at=timezone.now(), cleared_by=by)
    else:
        changed = flags.exclude(cleared_at=None).update(cleared_at=None, cleared_by=None)
    if not changed:
        raise Denied("The flags were changed since, so this cannot be undone.")
    standing = Flag.objects.filter(assignment=assignment, cleared_at=None).exists()
    Assignment.objects.filter(pk=assignment.pk).update(flagged=standing)
    audit.record(
        TAKEN_BACK, account=assignment.account, by=by, subject=assignment.assignment_id, data={"flags": said["flags"]}
    )


def _locked(assignment: Assignment) -> Assignment:
    return (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("account")
        .only("assignment_id", "account", "flagged")
        .get(pk=assignment.pk)
    )
