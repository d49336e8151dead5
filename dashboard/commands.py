"""The write path: every write to MTurk is a Command row before it is a call.

    ask -> (undo window) -> claim -> call -> settle

A claim is a short transaction, the call happens with none open, settling is another. What a worker leaves behind when
it dies is found by `sweep`. Which operation, what an answer means and what changes in the mirror is said by a Kind in
the `commands.py` of the app it belongs to.
"""

import logging
import random
import uuid
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboard import audit, mturk
from dashboard.models import Account, Command, Role, State, User
from dashboard.permissions import Denied, check_can_release, check_role

log = logging.getLogger(__name__)

TRANSITIONS: dict[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.QUEUED, State.DECLINED, State.CANCELLED}),
    State.QUEUED: frozenset({State.SENDING, State.CANCELLED}),
    State.SENDING: frozenset({State.DONE, State.QUEUED, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.DONE, State.QUEUED, State.FAILED, State.ATTENTION}),
    State.ATTENTION: frozenset({State.DONE, State.QUEUED, State.FAILED, State.UNKNOWN}),
    State.FAILED: frozenset({State.UNKNOWN}),
    State.DONE: frozenset(),
    State.CANCELLED: frozenset(),
    State.DECLINED: frozenset(),
}

CHUNK = 100
CLAIM_FOR = timedelta(minutes=2)
#: MTurk forgets an idempotency token after 24 hours; an hour is left for clocks that disagree.
TOKEN_LIFE = timedelta(hours=23)
ASK_AFTER = timedelta(seconds=5)
ASK_AT_MOST = 6
BACKOFF_LONGEST = 300.0


# --- what a kind of command is -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What is known after a call or a question; `state` says where the command goes."""

    state: State
    response: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    message: str = ""
    request_id: str = ""
    refused: bool = False


class Kind:
    """One kind of write. Subclasses are found by `name`; `send` and `ask` run in pool threads without a database."""

    name: ClassVar[str]
    operation: ClassVar[str]
    #: What the person did, for pages and the audit: "approve", "pay a bonus for".
    verb: ClassVar[str]
    takes_token: ClassVar[bool] = False
    #: Sending it twice does no harm: a token, or MTurk's own state check, stops the second.
    repeatable: ClassVar[bool] = True

    def already_done(self, error: mturk.MTurkError) -> bool:
        """Whether an error may mean that it was done before; then `ask` decides. Closed list, never a guess."""
        return False

    def send(self, command: Command) -> tuple[dict[str, Any], str]:
        params = dict(command.params)
        if self.takes_token:
            params["UniqueRequestToken"] = str(command.pk)
        return mturk.call(command.account, self.operation, params, write=True)

    def ask(self, command: Command) -> Outcome:
        """Ask MTurk whether it happened: DONE, QUEUED (it did not), FAILED (it cannot any more), ATTENTION."""
        raise NotImplementedError

    def settle(self, command: Command) -> None:
        """Change the mirror; runs in the settling transaction."""

    def give_up(self, command: Command) -> None:
        """Undo in the mirror what asking did; runs when a command ends without effect."""

    def subject(self, command: Command) -> str:
        return command.assignment_id or command.worker_id or command.hit_id


_kinds: dict[str, Kind] = {}


def register(kind: type[Kind]) -> type[Kind]:
    """Class decorator: make a Kind known by its name."""
    if kind.name in _kinds:
        raise ValueError(f"two kinds of command are called {kind.name}")
    _kinds[kind.name] = kind()
    return kind


def kind_of(command: Command) -> Kind:
    return _kinds[command.kind]


# --- asking ---------------------------------------------------------------------------------------------------------


def ask(
    kind: type[Kind],
    *,
    account: Account,
    by: User,
    params: dict[str, Any],
    proposed: bool = False,
    form_key: uuid.UUID | None = None,
    **columns: Any,
) -> Command:
    """Write down a wish. Call inside the transaction that changes the mirror; MTurk hears of it after the undo window.

    The same `form_key` again returns the command it made the first time. Raises Denied where another open command
    holds the same `exclusive_key`, naming who was first.
    """
    if form_key is not None:
        earlier = Command.objects.filter(account=account, form_key=form_key).first()
        if earlier is not None:
            return earlier
    now = timezone.now()
    command = Command(
        account=account,
        kind=kind.name,
        params=params,
        requested_by=by,
        form_key=form_key,
        state=State.PROPOSED if proposed else State.QUEUED,
        waiting_for="an approver's release" if proposed else "",
        not_before=now + undo_window(account),
        **columns,
    )
    try:
        with transaction.atomic():
            command.save(force_insert=True)
    except IntegrityError:
        raise_who_was_first(account, command.exclusive_key)
        raise
    audit.record(
        f"{kind.name}.{'proposed' if proposed else 'asked'}",
        account=account,
        by=by,
        subject=_kinds[kind.name].subject(command),
        text=command.note,
        data={"amount": str(command.amount), "fee": str(command.fee)} if command.amount else {},
        command=command,
    )
    return command


def raise_who_was_first(account: Account, exclusive_key: str) -> None:
    first = (
        Command.objects.open()
        .select_related("requested_by")
        .filter(account=account, exclusive_key=exclusive_key)
        .exclude(exclusive_key="")
        .first()
    )
    if first is not None:
        raise Denied(
            f"{first.requested_by.get_username()} was first: asked to {kind_of(first).verb} this, "
            f"and that is {first.state_label}."
        )


def undo_window(account: Account) -> timedelta:
    return timedelta(seconds=settings.UNDO_SECONDS if account.undo_seconds is None else account.undo_seconds)


def wake(account: Account, *, after: timedelta = timedelta()) -> None:
    """Tell a worker, once this transaction is committed, that something is due. Only a hint: beat finds it anyway."""

    def publish() -> None:
        try:
            current_app.send_task(
                "dashboard.tasks.deliver", (account.pk,), countdown=after.total_seconds() + 0.1, retry=False
            )
        except Exception as error:
            # A broker that is down delays delivery until beat's next tick after it is back; nothing is lost.
            log.warning("The broker did not take a message: %s", error)

    waiting = transaction.get_connection().run_on_commit
    if any(getattr(hook[1], "wakes", None) == account.pk for hook in waiting):
        return  # a selection of a hundred needs one message
    publish.wakes = account.pk  # type: ignore[attr-defined]
    transaction.on_commit(publish)


# --- moving between states ------------------------------------------------------------------------------------------


def _move(command: Command, to: State, *, where: Q | None = None, **columns: Any) -> bool:
    """Move if the row still is where this copy says; the precondition stands in the UPDATE. True if it moved."""
    if to not in TRANSITIONS[State(command.state)]:
        raise ValueError(f"A command that is {command.state} cannot become {to}.")
    rows = Command.objects.filter(pk=command.pk, state=command.state)
    if where is not None:
        rows = rows.filter(where)
    if not rows.update(state=to, **columns):
        return False
    for name, value in {"state": to, **columns}.items():
        setattr(command, name, value)
    return True


def _end(command: Command, to: State, *, by: User, event: str, text: str = "", where: Q | None = None) -> None:
    if not _move(command, to, where=where, decided_by=by, decided_at=timezone.now(), settled_at=timezone.now()):
        command.refresh_from_db()
        raise Denied(f"Too late: it is {command.state_label}.")
    kind = kind_of(command)
    kind.give_up(command)
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
    if command.requested_by_id != by.pk:
        check_role(by, command.account, Role.APPROVER, "cancel what somebody else asked for")
    if command.state not in (State.QUEUED, State.PROPOSED):
        raise Denied(f"Too late to undo: it is {command.state_label}.")
    _end(command, State.CANCELLED, by=by, event="cancelled", where=Q(first_sent_at=None))


@transaction.atomic
def release(command: Command, *, by: User) -> None:
    """A second person lets a proposal go."""
    check_can_release(by, command.account, requested_by=command.requested_by)
    now = timezone.now()
    moved = command.state == State.PROPOSED and _move(
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
    try:
        with transaction.atomic():
            moved = _move(
                command,
                State.UNKNOWN,
                not_before=timezone.now(),
                asks=0,
                settled_at=None,
                decided_by=by,
                decided_at=timezone.now(),
                # A failure is an answer: MTurk did nothing, so the token's age starts anew.
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
    if command.state != State.ATTENTION:
        raise Denied(f"There is nothing to decide: it is {command.state_label}.")
    if not reason.strip():
        raise Denied("Say how you know; it goes into the audit.")
    now = timezone.now()
    if not _move(command, State.DONE if happened else State.FAILED, decided_by=by, decided_at=now, settled_at=now):
        raise Denied("Somebody else decided this a moment ago.")
    kind = kind_of(command)
    (kind.settle if happened else kind.give_up)(command)
    audit.record(
        f"{command.kind}.decided",
        account=command.account,
        by=by,
        subject=kind.subject(command),
        text=reason,
        data={"happened": happened},
        command=command,
    )


# --- delivering -----------------------------------------------------------------------------------------------------


def claim(account_id: int, *, limit: int = CHUNK) -> list[Command]:
    """Take up to `limit` due commands of an account. Whoever else claims meanwhile gets others."""
    now = timezone.now()
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        if account.retry_at is not None and account.retry_at > now:
            return []
        ids = list(Command.objects.filter(account=account).due(now).values_list("pk", flat=True)[:limit])
        mark = uuid.uuid4()
        Command.objects.filter(pk__in=ids, state=State.QUEUED).update(
            state=State.SENDING, claim=mark, claimed_until=now + CLAIM_FOR, sent_at=None, waiting_for=""
        )
        commands = list(Command.objects.filter(claim=mark, state=State.SENDING).select_related("requested_by"))
    for command in commands:
        command.account = account
    order = {pk: place for place, pk in enumerate(ids)}
    return sorted(commands, key=lambda command: order[command.pk])


def deliver_due(account_id: int) -> int:
    """Send everything that is due for an account; returns how many calls were made."""
    sent = 0
    while commands := claim(account_id):
        for command, outcome in _send_all(commands):
            settle(command, outcome)
            sent += 1
    return sent


def _send_all(commands: list[Command]) -> Iterator[tuple[Command, Outcome]]:
    """Call from a pool of connections and yield outcomes as they come; the consumer settles them in this thread.

    A refusal (dead endpoint, bad key) concerns the whole account: what was not sent yet goes back to the queue.
    """
    waiting = list(commands)
    running: dict[Future[Outcome], Command] = {}
    refused = False
    with ThreadPoolExecutor(settings.MTURK_CONNECTIONS, thread_name_prefix="mturk") as pool:
        while waiting or running:
            if waiting and not refused and len(running) < settings.MTURK_CONNECTIONS:
                room = settings.MTURK_CONNECTIONS - len(running)
                batch, waiting = waiting[:room], waiting[room:]
                for command in _mark_sent(batch):
                    running[pool.submit(_send, command)] = command
            if refused and waiting:
                _hand_back(waiting)
                waiting = []
            if running:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    outcome = future.result()
                    refused = refused or outcome.refused
                    yield running.pop(future), outcome


def _mark_sent(batch: list[Command]) -> list[Command]:
    """Commit that these calls are about to leave. Rows whose claim lapsed meanwhile belong to somebody else."""
    now = timezone.now()
    mine = Q(pk__in=[command.pk for command in batch], state=State.SENDING, claim=batch[0].claim)
    with transaction.atomic():
        kept = set(Command.objects.select_for_update().filter(mine, claimed_until__gt=now).values_list("pk", flat=True))
        Command.objects.filter(pk__in=kept).update(
            sent_at=now,
            first_sent_at=Coalesce("first_sent_at", now),
            attempts=F("attempts") + 1,
            claimed_until=now + CLAIM_FOR,
        )
    for command in batch:
        command.sent_at = now
        command.first_sent_at = command.first_sent_at or now
        command.attempts += 1
    return [command for command in batch if command.pk in kept]


def _hand_back(batch: list[Command]) -> None:
    Command.objects.filter(
        pk__in=[command.pk for command in batch], state=State.SENDING, claim=batch[0].claim, sent_at=None
    ).update(state=State.QUEUED, claim=None, claimed_until=None)


def _send(command: Command) -> Outcome:
    """One call, in a pool thread, its errors turned into outcomes."""
    kind = kind_of(command)
    try:
        response, request_id = kind.send(command)
    except mturk.Refused as error:
        return _outcome(State.QUEUED, error, refused=True)
    except mturk.ServerFault as error:
        return _outcome(State.QUEUED if kind.repeatable else State.UNKNOWN, error)
    except mturk.Temporary as error:
        return _outcome(State.QUEUED, error)
    except mturk.Unknown as error:
        return _outcome(State.UNKNOWN, error)
    except mturk.MTurkError as error:
        if kind.already_done(error):
            return _ask(command, error)
        return _outcome(State.FAILED, error)
    except Exception as error:
        log.exception("Sending %s went wrong", command.pk)
        return Outcome(State.UNKNOWN, code=type(error).__name__, message=f"An error of HITdesk itself: {error}")
    return Outcome(State.DONE, response=response, request_id=request_id)


def _ask(command: Command, error: mturk.MTurkError | None = None) -> Outcome:
    """Ask MTurk what became of a command; never raises."""
    kind = kind_of(command)
    try:
        outcome = kind.ask(command)
    except mturk.Refused as refusal:
        return _outcome(State.UNKNOWN, refusal, refused=True)
    except mturk.MTurkError as failure:
        return _outcome(State.UNKNOWN, failure)
    except Exception as failure:
        log.exception("Asking about %s went wrong", command.pk)
        return Outcome(State.UNKNOWN, code=type(failure).__name__, message=f"An error of HITdesk itself: {failure}")
    if error is not None and outcome.state == State.QUEUED:
        # MTurk refused it as done and says it is not: believe neither at once, look again later.
        return Outcome(State.QUEUED, code=error.code, message=error.message, request_id=error.request_id)
    return outcome


def _outcome(state: State, error: mturk.MTurkError, *, refused: bool = False) -> Outcome:
    return Outcome(state, code=error.code, message=error.message, request_id=error.request_id, refused=refused)


def backoff(attempts: int) -> timedelta:
    """Doubling from a second to five minutes, with jitter so that a crowd of rows does not come back as one."""
    return timedelta(seconds=min(BACKOFF_LONGEST, 2.0 ** min(attempts, 10)) * random.uniform(0.5, 1.0))  # noqa: S311


def settle(command: Command, outcome: Outcome) -> bool:
    """Write down what came of a claimed command: row, mirror and, last, the audit, in one transaction.

    False where the claim lapsed and somebody else took over; then nothing is changed.
    """
    now = timezone.now()
    columns: dict[str, Any] = {
        "error_code": outcome.code[:120],
        "error_message": outcome.message,
        "request_id": outcome.request_id[:80],
        "claim": None,
        "claimed_until": None,
    }
    state = outcome.state
    if state == State.QUEUED:
        columns["not_before"] = now + backoff(command.attempts)
        columns["waiting_for"] = "MTurk to take it: " + outcome.message[:160] if outcome.message else ""
    elif state == State.UNKNOWN:
        columns["not_before"] = now + ASK_AFTER
    else:
        columns["settled_at"] = now
        columns["response"] = outcome.response
    with transaction.atomic():
        if not _move(command, state, where=Q(claim=command.claim), **columns):
            log.warning("Command %s was taken over by another worker", command.pk)
            return False
        if state in (State.DONE, State.FAILED, State.ATTENTION):
            _finish(command, outcome)
    if outcome.refused:
        note_problem(command.account_id, outcome.message)
    elif outcome.request_id or state == State.DONE:
        clear_problem(command.account)
    return True


def _finish(command: Command, outcome: Outcome) -> None:
    kind = kind_of(command)
    if command.state == State.DONE:
        kind.settle(command)
    elif command.state == State.FAILED:
        kind.give_up(command)
    audit.record(
        f"{command.kind}.{command.state}",
        account=command.account,
        by=audit.SYSTEM,
        subject=kind.subject(command),
        text=outcome.message,
        data={"code": outcome.code} if outcome.code else {},
        command=command,
        request_id=outcome.request_id,
    )


# --- after no answer ------------------------------------------------------------------------------------------------


def resolve_unknown(account_id: int) -> int:
    """Ask MTurk about every command of an account whose answer never came; returns how many were asked about."""
    now = timezone.now()
    account = Account.objects.get(pk=account_id)
    if account.retry_at is not None and account.retry_at > now:
        return 0
    unknown = Command.objects.filter(account=account, state=State.UNKNOWN, not_before__lte=now).order_by("not_before")
    asked = 0
    for command in unknown.select_related("requested_by")[:CHUNK]:
        command.account = account
        outcome = _ask(command)
        _settle_answer(command, outcome)
        asked += 1
        if outcome.refused:
            break
    return asked


def _settle_answer(command: Command, outcome: Outcome) -> None:
    now = timezone.now()
    kind = kind_of(command)
    state, message = outcome.state, outcome.message
    if state == State.QUEUED:
        age = now - command.first_sent_at if command.first_sent_at else timedelta()
        if not kind.repeatable or (kind.takes_token and age > TOKEN_LIFE):
            state = State.ATTENTION
            message = "MTurk does not show it, but it is too old to be sent again safely. Look, and decide."
    if state == State.UNKNOWN:
        # Asked in vain: a dead endpoint is asked again when it is back; anything else a few times, then a person.
        if outcome.refused or command.asks < ASK_AT_MOST:
            asks = command.asks if outcome.refused else command.asks + 1
            Command.objects.filter(pk=command.pk, state=State.UNKNOWN).update(
                not_before=now + backoff(asks + 1), asks=asks, error_message=message, error_code=outcome.code[:120]
            )
            if outcome.refused:
                note_problem(command.account_id, message)
            return
        state = State.ATTENTION
        message = f"MTurk could not say whether it happened: {message}"
    columns: dict[str, Any] = {"error_code": outcome.code[:120], "error_message": message}
    if state == State.QUEUED:
        columns |= {"not_before": now, "sent_at": None}
    elif state != State.ATTENTION:
        columns |= {"settled_at": now, "response": outcome.response}
    with transaction.atomic():
        if _move(command, state, **columns) and state != State.QUEUED:
            _finish(command, Outcome(state, code=outcome.code, message=message, request_id=outcome.request_id))


# --- the account's connection ---------------------------------------------------------------------------------------


def note_problem(account_id: int, message: str) -> None:
    """One sentence for the account's page; delivery pauses and tries again by itself."""
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        if account.problem == message and account.retry_at and account.retry_at > timezone.now():
            return  # sixteen connections refused at once are one refusal
        account.problem_count += 1
        account.problem = message
        account.problem_since = account.problem_since or timezone.now()
        account.retry_at = timezone.now() + min(backoff(account.problem_count), timedelta(seconds=60))
        account.save(update_fields=["problem", "problem_since", "problem_count", "retry_at"])


def clear_problem(account: Account) -> None:
    if account.problem or account.retry_at:
        Account.objects.filter(pk=account.pk).update(problem="", problem_since=None, problem_count=0, retry_at=None)
        account.problem, account.retry_at = "", None


# --- finding what was left behind -----------------------------------------------------------------------------------


def sweep() -> list[int]:
    """Free what dead workers held, and name the accounts in which something is due. Needs no message to have arrived.

    A lapsed claim whose call never left goes back to the queue; one that may have left is unknown and asked about.
    """
    now = timezone.now()
    lapsed = Command.objects.lapsed(now)
    lapsed.filter(sent_at=None).update(state=State.QUEUED, claim=None, claimed_until=None)
    lapsed.exclude(sent_at=None).update(
        state=State.UNKNOWN,
        claim=None,
        claimed_until=None,
        not_before=now,
        error_message="The worker that sent it stopped before an answer came.",
    )
    due = Command.objects.filter(state__in=[State.QUEUED, State.UNKNOWN], not_before__lte=now)
    return list(due.order_by().values_list("account_id", flat=True).distinct())
