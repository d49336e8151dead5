"""Call and settle: a pool of connections that is kept busy, and answers written down as they come."""

import logging
import random
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Q
from django.utils import timezone

from dashboard import audit, mturk, rate
from dashboard.commands import claiming
from dashboard.commands.kinds import Outcome, kind_of, others_wait_for, token_holds
from dashboard.commands.states import move, move_together
from dashboard.models import Account, Command, State

log = logging.getLogger(__name__)

Answer = tuple[Command, Outcome]

#: In units of MTURK_RETRY_SECONDS: how long MTurk has until it is asked about a lost answer; the longest backoff.
ASK_AFTER, BACKOFF_LONGEST = 5.0, 300.0
#: Of an account that is refused, until the next call.
LONGEST_PAUSE = timedelta(seconds=60)
#: Seconds a task goes on at the pace of a limited account before it leaves the rest to the next tick.
PATIENCE = 50.0
#: Calls that are out or next, for each connection: while answers are written down, none of them stands idle.
AHEAD = 4
#: Answers are written down so many at a time, which costs little more than one does, once the first of them has waited
#: so many seconds for the others.
TOGETHER, GATHER = 32, 0.1


def deliver_due(account_id: int, *, patience: float = PATIENCE) -> int:
    """Send everything that is due for an account; returns how many calls were answered.

    Where the account's rate is limited it sleeps between calls, `patience` seconds in all.
    """
    delivery = _Delivery(account_id)
    end = time.monotonic() + patience
    with ThreadPoolExecutor(settings.MTURK_CONNECTIONS, thread_name_prefix="mturk") as pool:
        try:
            while True:
                pause = delivery.claim() if delivery.wants_more(time.monotonic() < end) else None
                delivery.call(pool)
                if delivery.running:
                    delivery.settle(timeout=pause)
                elif pause is not None:
                    time.sleep(min(pause, max(0.0, end - time.monotonic())))
                elif not delivery.waiting:
                    return delivery.answered
        except BaseException:
            # The pool ends when what stands in it has ended: without new calls.
            delivery.refused = True
            raise


class _Delivery:
    """What one `deliver_due` holds: claimed rows, and calls that are out or next in the pool.

    The database is used by its own thread alone. A refusal (dead endpoint, bad key) concerns the whole account: what
    was not sent yet goes back to the queue, and calls still standing in the pool are not made.
    """

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id
        self.waiting: list[Command] = []
        self.running: dict[Future[Outcome], Command] = {}
        self.answered = 0
        self.refused = False
        self.dry = False

    def wants_more(self, in_time: bool) -> bool:
        if self.refused or not in_time or len(self.waiting) >= settings.MTURK_CONNECTIONS:
            return False
        # After a claim that found nothing: again when all that is out has come back.
        return not self.dry or not self.running

    def claim(self) -> float | None:
        taken = claiming.take(self.account_id)
        self.waiting += taken.commands
        self.dry = len(taken.commands) < claiming.CHUNK and taken.pause is None
        return taken.pause

    def call(self, pool: ThreadPoolExecutor) -> None:
        if self.refused and self.waiting:
            claiming.hand_back(self.waiting)
            self.waiting = []
        space = AHEAD * settings.MTURK_CONNECTIONS - len(self.running)
        if self.waiting and space >= settings.MTURK_CONNECTIONS:
            batch, self.waiting = self.waiting[:space], self.waiting[space:]
            for command in claiming.mark_sent(batch):
                self.running[pool.submit(self._send, command)] = command

    def _send(self, command: Command) -> Outcome:
        # A call has to be over before its claim lapses: whoever comes then would ask about it while it is under way.
        begin_by = command.claimed_until and command.claimed_until - _longest_call()
        if self.refused or (begin_by and timezone.now() >= begin_by):
            return Outcome(State.QUEUED, untouched=True)
        outcome = send(command)
        self.refused = self.refused or outcome.refused
        return outcome

    def settle(self, *, timeout: float | None) -> None:
        wait(self.running, timeout=timeout, return_when=FIRST_COMPLETED)
        wait(list(islice(self.running, TOGETHER)), timeout=GATHER)
        finished = [future for future in self.running if future.done()]
        answers = [(self.running.pop(future), future.result()) for future in finished]
        if answers:
            settle_many(answers)
            self.answered += len(answers)


def _longest_call() -> timedelta:
    return timedelta(seconds=settings.MTURK_CONNECT_TIMEOUT + settings.MTURK_READ_TIMEOUT)


def send(command: Command) -> Outcome:
    """One call, in a pool thread, its errors turned into outcomes."""
    kind = kind_of(command)
    if kind.takes_token and not token_holds(command):
        # MTurk forgot its token, which no longer stops a second payment: look for the first one instead.
        return Outcome(State.UNKNOWN, message="It was sent a day ago and is looked for before it is sent again.")
    try:
        response, request_id = kind.send(command)
    except mturk.Refused as error:
        return _outcome(State.QUEUED, error, refused=True, untouched=True)
    except mturk.ServerFault as error:
        return _outcome(State.QUEUED if kind.repeatable else State.UNKNOWN, error)
    except mturk.Temporary as error:
        return _outcome(State.QUEUED, error, untouched=True, throttled=isinstance(error, mturk.Throttled))
    except mturk.Unknown as error:
        return _outcome(State.UNKNOWN, error)
    except mturk.MTurkError as error:
        if kind.already_done(error):
            return ask_remote(command, error)
        return _outcome(State.FAILED, error)
    except Exception as error:
        log.exception("Sending %s went wrong", command.pk)
        return Outcome(State.UNKNOWN, code=type(error).__name__, message=f"An error of HITdesk itself: {error}")
    return Outcome(State.DONE, response=response, request_id=request_id)


def ask_remote(command: Command, error: mturk.MTurkError | None = None) -> Outcome:
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
    wait = timedelta(seconds=settings.MTURK_RETRY_SECONDS * 2.0 ** min(attempts, 10))
    return min(longest_backoff(), wait) * random.uniform(0.5, 1.0)  # noqa: S311


def longest_backoff() -> timedelta:
    return timedelta(seconds=settings.MTURK_RETRY_SECONDS * BACKOFF_LONGEST)


def settle(command: Command, outcome: Outcome) -> bool:
    """Write down what came of a claimed command; see `settle_many`. False where somebody else took over."""
    return settle_many([(command, outcome)]) == 1


def settle_many(answers: list[Answer]) -> int:
    """Write down what came of claimed commands of one account: rows, mirror and, last, the audit, in one transaction.

    Returns how many. Where a claim lapsed and somebody else took over, nothing is changed. One answer that cannot be
    written does not keep back the others: its row stays claimed, and MTurk is asked about it later.
    """
    try:
        return _settle_together(answers)
    except Exception as error:
        if isinstance(error, InterfaceError) or len(answers) == 1:
            raise
        log.warning("%d answers are written down one by one: %s", len(answers), error)
    settled = 0
    for answer in answers:
        try:
            settled += _settle_together([answer])
        except (DatabaseError, ValueError, LookupError, TypeError, AttributeError):
            log.exception("The answer to %s could not be written down", answer[0].pk)
    return settled


def _settle_together(answers: list[Answer]) -> int:
    now = timezone.now()
    copies = [(command, dict(command.__dict__)) for command, _ in answers]
    account = answers[0][0].account
    try:
        with transaction.atomic():
            # In one order, so that two workers never wait for each other.
            answers = sorted(answers, key=lambda answer: answer[0].pk)
            moved = _move_the_usual(answers, now)
            together = {command.pk for command, _ in moved}
            for command, outcome in answers:
                if command.pk in together:
                    continue
                columns = _columns(command, outcome, now)
                if move(command, outcome.state, where=Q(claim=command.claim), **columns):
                    moved.append((command, outcome))
                else:
                    log.warning("Command %s was taken over by another worker", command.pk)
            if any(outcome.throttled for _, outcome in moved):
                _slow_down(account.pk)
            finish(moved)
    except BaseException:
        for command, copy in copies:
            command.__dict__.update(copy)
        raise
    refusals = [outcome.message for _, outcome in moved if outcome.refused]
    if refusals:
        note_problem(account.pk, refusals[0])
    elif any(outcome.request_id or outcome.state == State.DONE for _, outcome in moved):
        clear_problem(account)
    return len(moved)


def _move_the_usual(answers: list[Answer], now: Any) -> list[Answer]:
    """Those that were done and have nothing to tell, in two statements however many; nearly all are such."""
    usual = [
        (command, outcome)
        for command, outcome in answers
        if outcome.state == State.DONE
        and not (outcome.response or outcome.code or outcome.message)
        and command.state == State.SENDING
    ]
    if len(usual) < 2:
        return []
    columns = _columns(*usual[0], now)
    del columns["request_id"]
    commands = [command for command, _ in usual]
    request_ids = [outcome.request_id[:80] for _, outcome in usual]
    moved = {command.pk for command in move_together(commands, State.DONE, request_ids=request_ids, **columns)}
    return [answer for answer in usual if answer[0].pk in moved]


def _columns(command: Command, outcome: Outcome, now: Any) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "error_code": outcome.code[:120],
        "error_message": outcome.message,
        "request_id": outcome.request_id[:80],
        "claim": None,
        "claimed_until": None,
    }
    if outcome.state == State.QUEUED:
        if outcome.untouched and command.first_sent_at == command.sent_at:
            columns["first_sent_at"] = None  # no call of it ever did anything, so it can still be taken back
        columns["not_before"] = now + backoff(command.attempts)
        columns["waiting_for"] = "MTurk to take it: " + outcome.message[:160] if outcome.message else ""
    elif outcome.state == State.UNKNOWN:
        columns["not_before"] = now + timedelta(seconds=ASK_AFTER * settings.MTURK_RETRY_SECONDS)
    else:
        columns["settled_at"] = now
        columns["response"] = outcome.response
    return columns


def _slow_down(account_id: int) -> None:
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    if rate.halve(account, timezone.now()):
        account.save(update_fields=rate.COLUMNS)


def finish(answers: list[Answer]) -> None:
    """The mirror and the audit for commands of one account that have come to an end (or need a person)."""
    ended = [
        (command, outcome)
        for command, outcome in answers
        if command.state in (State.DONE, State.FAILED, State.ATTENTION)
    ]
    if not ended:
        return
    done: dict[str, list[Command]] = {}
    for command, _ in ended:
        if command.state == State.DONE:
            done.setdefault(command.kind, []).append(command)
        elif command.state == State.FAILED:
            kind_of(command).give_up(command)
    for commands in done.values():
        kind_of(commands[0]).settle_many(commands)
    ahead = [command for command, _ in ended if command.state != State.ATTENTION and others_wait_for(command)]
    if ahead:
        claiming.let_followers_go(ahead[0].account, ahead)
    audit.record_many(
        ended[0][0].account,
        [
            {
                "kind": f"{command.kind}.{command.state}",
                "actor": audit.SYSTEM,
                "subject": kind_of(command).subject(command),
                "text": outcome.message,
                "data": {"code": outcome.code} if outcome.code else {},
                "command_id": command.pk,
                "request_id": outcome.request_id[:80],
            }
            for command, outcome in ended
        ],
    )


def note_problem(account_id: int, message: str) -> None:
    """One sentence for the account's page; delivery pauses and tries again by itself."""
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        if account.problem == message and account.retry_at and account.retry_at > timezone.now():
            return  # sixteen connections refused at once are one refusal
        account.problem_count += 1
        account.problem = message
        account.problem_since = account.problem_since or timezone.now()
        account.retry_at = timezone.now() + min(backoff(account.problem_count), LONGEST_PAUSE)
        account.save(update_fields=["problem", "problem_since", "problem_count", "retry_at"])


def clear_problem(account: Account) -> None:
    if account.problem or account.retry_at:
        Account.objects.filter(pk=account.pk).update(problem="", problem_since=None, problem_count=0, retry_at=None)
        account.problem, account.retry_at = "", None
