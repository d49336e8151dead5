"""What became of commands without an answer, and what dead workers left behind."""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dashboard import budget, rate
from dashboard.commands.asking import undo_window
from dashboard.commands.claiming import CHUNK, CLAIM_FOR, requeue_lapsed
from dashboard.commands.delivery import LONGEST_PAUSE, ask_remote, backoff, finish, longest_backoff, note_problem
from dashboard.commands.kinds import Outcome, kind_of, token_holds
from dashboard.commands.states import move
from dashboard.models import Account, Command, State

ASK_AT_MOST = 6


def resolve_unknown(account_id: int) -> int:
    """Ask MTurk about commands of an account whose answer never came, side by side; returns how many were asked about.

    The first refusal (dead endpoint, bad key) ends it: it would be the answer to all.
    """
    refused = threading.Event()

    def ask(command: Command) -> Outcome | None:
        outcome = None if refused.is_set() else ask_remote(command)
        if outcome is not None and outcome.refused:
            refused.set()
        return outcome

    asked = 0
    with ThreadPoolExecutor(settings.MTURK_CONNECTIONS, thread_name_prefix="mturk") as pool:
        asking = {pool.submit(ask, command): command for command in _to_ask_about(account_id)}
        try:
            for future in as_completed(asking):
                outcome = future.result()
                if outcome is not None:
                    _settle_answer(asking[future], outcome)
                    asked += 1
        except BaseException:
            refused.set()  # the pool ends when what stands in it has ended: without new calls
            raise
    return asked


@transaction.atomic
def _to_ask_about(account_id: int) -> list[Command]:
    """What is due to be asked about, as much as the account's rate allows: a question is a call like any other."""
    now = timezone.now()
    unknown = Command.objects.filter(account=account_id, state=State.UNKNOWN, not_before__lte=now)
    if not unknown.exists():
        return []
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    if account.retry_at is not None and account.retry_at > now:
        return []
    allowed = rate.available(account, CHUNK, now)
    chosen = list(unknown.order_by("not_before").select_related("requested_by")[:allowed])
    rate.take(account, len(chosen), now)
    account.save(update_fields=rate.COLUMNS)
    for command in chosen:
        command.account = account
    return chosen


def _settle_answer(command: Command, outcome: Outcome) -> None:
    now = timezone.now()
    kind = kind_of(command)
    state, message = outcome.state, outcome.message
    if state == State.QUEUED and (not kind.repeatable or (kind.takes_token and not token_holds(command))):
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
            finish([(command, Outcome(state, code=outcome.code, message=message, request_id=outcome.request_id))])


def bring_near(now: datetime) -> None:
    """After a clock was moved back, waits that were counted by it end so far in the future as none ever lasts.

    None ends later than the longest of its sort would that begins now.
    """
    held = Command.objects.filter(state=State.SENDING, claimed_until__gt=now + CLAIM_FOR)
    if held.exists():
        held.update(claimed_until=now + CLAIM_FOR)
    Account.objects.filter(retry_at__gt=now + LONGEST_PAUSE).update(retry_at=now + LONGEST_PAUSE)
    for account in Account.objects.all():
        new = Q(state=State.QUEUED, attempts=0)
        for sort, longest in (
            (new & Q(waiting_for=""), undo_window(account)),
            (new & ~Q(waiting_for=""), budget.AGAIN),
            (Q(state=State.QUEUED, attempts__gt=0), longest_backoff()),
            (Q(state=State.UNKNOWN), longest_backoff()),
        ):
            far = Command.objects.filter(sort, account=account, not_before__gt=now + longest)
            if far.exists():
                far.update(not_before=now + longest)


def sweep() -> list[int]:
    """Free what dead workers held, and name the accounts in which something is due. Needs no message to have arrived.

    A lapsed claim whose call never left goes back to the queue; one that may have left is unknown and asked about.
    """
    now = timezone.now()
    bring_near(now)
    requeue_lapsed(now)
    Command.objects.lapsed(now).exclude(sent_at=None).update(
        state=State.UNKNOWN,
        claim=None,
        claimed_until=None,
        not_before=now,
        error_message="The worker that sent it stopped before an answer came.",
    )
    due = Command.objects.filter(state__in=[State.QUEUED, State.UNKNOWN], not_before__lte=now)
    return list(due.order_by().values_list("account_id", flat=True).distinct())
