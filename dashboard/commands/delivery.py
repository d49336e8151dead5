"""Claim, call, settle; ask where no answer came; find what dead workers left behind."""

import logging
import random
import uuid
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboard import audit, mturk
from dashboard.commands.kinds import TOKEN_LIFE, Outcome, kind_of
from dashboard.commands.states import move
from dashboard.models import Account, Command, State

log = logging.getLogger(__name__)

CHUNK = 100
CLAIM_FOR = timedelta(minutes=2)
ASK_AFTER = timedelta(seconds=5)
ASK_AT_MOST = 6
BACKOFF_LONGEST = 300.0


def claim(account_id: int, *, limit: int = CHUNK) -> list[Command]:
    """Take up to `limit` due commands of an account. Whoever else claims meanwhile gets others."""
    now = timezone.now()
    with transaction.atomic():
        # no_key: a new command refers to the account and need not wait for this.
        account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
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
                for command in mark_sent(batch):
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


def mark_sent(batch: list[Command]) -> list[Command]:
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
    if kind.takes_token and command.first_sent_at and timezone.now() - command.first_sent_at > TOKEN_LIFE:
        # MTurk forgot its token, which no longer stops a second payment: look for the first one instead.
        return Outcome(State.UNKNOWN, message="It was sent a day ago and is looked for before it is sent again.")
    try:
        response, request_id = kind.send(command)
    except mturk.Refused as error:
        return _outcome(State.QUEUED, error, refused=True, untouched=True)
    except mturk.ServerFault as error:
        return _outcome(State.QUEUED if kind.repeatable else State.UNKNOWN, error)
    except mturk.Temporary as error:
        return _outcome(State.QUEUED, error, untouched=True)
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


def _outcome(state: State, error: mturk.MTurkError, **more: Any) -> Outcome:
    return Outcome(state, code=error.code, message=error.message, request_id=error.request_id, **more)


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
        if outcome.untouched and command.first_sent_at == command.sent_at:
            columns["first_sent_at"] = None  # no call of it ever did anything, so it can still be taken back
        columns["not_before"] = now + backoff(command.attempts)
        columns["waiting_for"] = "MTurk to take it: " + outcome.message[:160] if outcome.message else ""
    elif state == State.UNKNOWN:
        columns["not_before"] = now + ASK_AFTER
    else:
        columns["settled_at"] = now
        columns["response"] = outcome.response
    with transaction.atomic():
        if not move(command, state, where=Q(claim=command.claim), **columns):
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
        if move(command, state, **columns) and state != State.QUEUED:
            _finish(command, Outcome(state, code=outcome.code, message=message, request_id=outcome.request_id))


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
