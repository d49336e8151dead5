"""What people do with a command that exists: take it back, release, decline, try again, say what happened."""

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from dashboard import audit
from dashboard.commands.asking import raise_who_was_first, undo_window, wake
from dashboard.commands.claiming import let_followers_go
from dashboard.commands.kinds import kind_of, others_wait_for
from dashboard.commands.states import move
from dashboard.models import STOPPED_JOBS, Command, Job, Role, State, User
from dashboard.permissions import Denied, check_can_release, check_role


def _check_mine_or_approver(command: Command, by: User, doing: str) -> None:
    """One's own command as a reviewer, anybody's as an approver; a former member has neither."""
    if command.requested_by_id == by.pk:
        check_role(by, command.account, Role.REVIEWER, f"{doing} this")
    else:
        check_role(by, command.account, Role.APPROVER, f"{doing} what somebody else asked for")


def _end(command: Command, to: State, *, by: User, event: str, text: str = "", where: Q | None = None) -> None:
    if not move(command, to, where=where, decided_by=by, decided_at=timezone.now(), settled_at=timezone.now()):
        command.refresh_from_db()
        raise Denied(f"Too late: it is {command.state_label}.")
    kind = kind_of(command)
    kind.give_up(command)
    if others_wait_for(command):
        let_followers_go(command.account, [command])
    audit.record(
        f"{command.kind}.{event}",
        account=command.account,
        by=by,
        subject=kind.subject(command),
        text=text,
        command=command,
    )


@transaction.atomic
def cancel(command: Command, *, by: User) -> None:
    """Take back what has not been sent. The asker undoes their own; approvers cancel anybody's."""
    _check_mine_or_approver(command, by, "cancel")
    if command.state not in (State.QUEUED, State.PROPOSED):
        raise Denied(f"Too late to undo: it is {command.state_label}.")
    if command.first_sent_at is not None:
        raise Denied("Too late to undo: it may have reached MTurk already, so it is sent until MTurk says what it did.")
    _end(command, State.CANCELLED, by=by, event="cancelled", where=Q(first_sent_at=None))


@transaction.atomic
def release(command: Command, *, by: User) -> None:
    """A second person lets a proposal go."""
    check_can_release(by, command.account, requested_by=command.requested_by)
    now = timezone.now()
    moved = command.state == State.PROPOSED and move(
        command,
        State.QUEUED,
        decided_by=by,
        decided_at=now,
        not_before=now + undo_window(command.account),
        waiting_for="",
    )
    if not moved:
        command.refresh_from_db()
        raise Denied(f"It no longer waits for release: it is {command.state_label}.")
    audit.record(
        f"{command.kind}.released",
        account=command.account,
        by=by,
        subject=kind_of(command).subject(command),
        data={"amount": str(command.amount), "requested_by": command.requested_by.get_username()},
        command=command,
    )
    wake(command.account, after=undo_window(command.account))


@transaction.atomic
def decline(command: Command, *, by: User, reason: str = "") -> None:
    """A second person says no to a proposal."""
    check_can_release(by, command.account, requested_by=command.requested_by)
    if command.state != State.PROPOSED:
        raise Denied(f"It no longer waits for release: it is {command.state_label}.")
    _end(command, State.DECLINED, by=by, event="declined", text=reason)


@transaction.atomic
def retry(command: Command, *, by: User) -> None:
    """Try again what failed or could not be decided: MTurk is asked first whether it happened after all."""
    if command.state not in (State.FAILED, State.ATTENTION):
        raise Denied(f"There is nothing to try again: it is {command.state_label}.")
    from_failure = command.state == State.FAILED
    if from_failure:
        _check_mine_or_approver(command, by, "try again")
        # What MTurk never did begins anew, and of such a job nothing new is sent.
        if command.job_id and Job.objects.filter(pk=command.job_id, state__in=STOPPED_JOBS).exists():
            raise Denied("Its job goes no further, so nothing of it is sent any more. Ask for it anew.")
    else:
        check_role(by, command.account, Role.APPROVER, "settle what MTurk could not say")
    try:
        with transaction.atomic():
            moved = move(
                command,
                State.UNKNOWN,
                not_before=timezone.now(),
                asks=0,
                settled_at=None,
                decided_by=by,
                decided_at=timezone.now(),
                # A failure is an answer: MTurk did nothing, so the token's age starts anew. (A bonus is looked for
                # all the same: the failure may have been a person's word.)
                **({"first_sent_at": None} if from_failure else {}),
            )
    except IntegrityError:
        raise_who_was_first(command.account, command.exclusive_key)
        raise
    if not moved:
        raise Denied("Somebody else decided this a moment ago.")
    audit.record(
        f"{command.kind}.retried",
        account=command.account,
        by=by,
        subject=kind_of(command).subject(command),
        command=command,
    )
    wake(command.account)


@transaction.atomic
def decide(command: Command, *, by: User, happened: bool, reason: str) -> None:
    """A person says what MTurk could not: it happened (done), or it did not (given up; ask anew if still wanted)."""
    check_role(by, command.account, Role.APPROVER, "settle what MTurk could not say")
    if command.state != State.ATTENTION:
        raise Denied(f"There is nothing to decide: it is {command.state_label}.")
    if not reason.strip():
        raise Denied("Say how you know; it goes into the audit.")
    now = timezone.now()
    if not move(command, State.DONE if happened else State.FAILED, decided_by=by, decided_at=now, settled_at=now):
        raise Denied("Somebody else decided this a moment ago.")
    kind = kind_of(command)
    (kind.settle if happened else kind.give_up)(command)
    if others_wait_for(command):
        let_followers_go(command.account, [command])
    audit.record(
        f"{command.kind}.decided",
        account=command.account,
        by=by,
        subject=kind.subject(command),
        text=reason,
        data={"happened": happened},
        command=command,
    )
