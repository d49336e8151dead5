"""Which commands go next: what is due, in its order, at the account's pace, within its budget, fair to every job."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboard import budget, rate
from dashboard.commands.kinds import kind_of
from dashboard.models import Account, Command, Job, JobState, State

CHUNK = 100
CLAIM_FOR = timedelta(minutes=2)
#: A bonus that waits for a verdict is let go when that is settled; this is for all other ways a verdict may end.
FOLLOW_AGAIN = timedelta(minutes=1)
WAITS_FOR_VERDICT = "an older decision about the assignment"
#: How often one claim looks for others in the place of what cannot go now.
ROUNDS = 10


@dataclass
class Claim:
    """What one claim took. `pause`: seconds until the account's rate allows more; None where nothing more is due."""

    commands: list[Command] = field(default_factory=list)
    pause: float | None = None


def claim(account_id: int, *, limit: int = CHUNK) -> list[Command]:
    """Take up to `limit` due commands of an account. Whoever else claims meanwhile gets others."""
    return take(account_id, limit=limit).commands


@transaction.atomic
def take(account_id: int, *, limit: int = CHUNK) -> Claim:
    """Claim, and say when to come again. The account's row is the lock: rate and budget are settled with the claim."""
    now = timezone.now()
    # no_key: a new command refers to the account and need not wait for this.
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    if account.retry_at is not None and account.retry_at > now:
        return Claim()
    sources = _sources(account)
    allowed = rate.available(account, limit, now)
    if not allowed:
        is_due = any(_due(account, source, now).exists() for source in sources)
        return Claim(pause=rate.seconds_to_wait(account) if is_due else None)
    chosen = _choose(account, sources, allowed, now)
    rate.take(account, len(chosen), now)
    account.save(update_fields=["committed", *rate.COLUMNS])
    if not chosen:
        return Claim()
    mark = uuid.uuid4()
    Command.objects.filter(pk__in=[command.pk for command in chosen], state=State.QUEUED).update(
        state=State.SENDING, claim=mark, claimed_until=now + CLAIM_FOR, sent_at=None, waiting_for=""
    )
    taken = Command.objects.filter(claim=mark, state=State.SENDING)
    there = {command.pk: command for command in taken}
    for command in there.values():
        command.account = account
    # One that was cancelled in between is not there; its share of the budget was never used.
    missed = [command for command in chosen if command.pk not in there]
    if missed:
        budget.shift(account, -sum(command.total for command in missed))
    pause = rate.seconds_to_wait(account) if allowed < limit and len(chosen) == allowed else None
    return Claim([there[command.pk] for command in chosen if command.pk in there], pause)


def _sources(account: Account) -> list[Job | None]:
    """Single commands, each running job, and of cancelled ones what may have reached MTurk and waits for its answer."""
    half_sent = Command.objects.filter(job=OuterRef("pk"), state=State.QUEUED, first_sent_at__isnull=False)
    jobs = Job.objects.filter(
        Q(state=JobState.RUNNING) | (Q(state=JobState.CANCELLED) & Exists(half_sent)), account=account
    )
    return [None, *jobs.order_by("created_at").only("pk", "state")]


def _due(account: Account, job: Job | None, now: datetime) -> QuerySet[Command]:
    rows = Command.objects.filter(account=account, job=job, state=State.QUEUED, not_before__lte=now)
    if job is not None and job.state == JobState.CANCELLED:
        rows = rows.filter(first_sent_at__isnull=False)
    # By one column alone, so that an index gives the first hundred of a hundred thousand.
    return rows.order_by("not_before")


def _choose(account: Account, sources: list[Job | None], limit: int, now: datetime) -> list[Command]:
    """Up to `limit` that may go now; what may not is put aside with a sentence. Adds to `account.committed`."""
    chosen: dict[uuid.UUID, Command] = {}
    for _ in range(ROUNDS):
        columns = ("pk", "account_id", "kind", "assignment_id", "job_id", "amount", "fee", "created_at")
        # A whole chunk also where the rate allows one: the first may have to wait, and those behind them need not.
        lines = [list(_due(account, source, now).only(*columns)[: max(limit, CHUNK)]) for source in sources]
        candidates = [command for command in _in_turn(lines, limit) if command.pk not in chosen]
        held = _behind_a_verdict(account, candidates)
        poor = []
        for command in candidates:
            if len(chosen) == limit:
                break
            if command.pk in held:
                continue
            left = budget.room(account)
            if left is not None and command.total > max(left, 0):
                poor.append(command)
                continue
            account.committed += command.total
            chosen[command.pk] = command
        if poor:
            budget.put_aside(account, poor, now)
        if held:
            Command.objects.filter(pk__in=held, state=State.QUEUED).update(
                waiting_for=WAITS_FOR_VERDICT, not_before=now + FOLLOW_AGAIN
            )
        if len(chosen) == limit or not (poor or held):
            break
    return list(chosen.values())


def _in_turn(lines: list[list[Command]], limit: int) -> list[Command]:
    """Single commands first, up to half where jobs wait too; then one of each line in turn."""
    single, jobs = lines[0], lines[1:]
    ahead = limit - limit // 2 if any(jobs) else limit
    first, lines = single[:ahead], [single[ahead:], *jobs]
    longest = max((len(line) for line in lines), default=0)
    return first + [line[place] for place in range(longest) for line in lines if place < len(line)]


def _behind_a_verdict(account: Account, candidates: list[Command]) -> set[uuid.UUID]:
    """Those whose kind waits for others about the same assignment, where an older one of these is still open."""
    behind = {command: kind_of(command).waits_for for command in candidates if kind_of(command).waits_for}
    if not behind:
        return set()
    ahead = (
        Command.objects.open()
        .filter(
            account=account,
            assignment_id__in={command.assignment_id for command in behind},
            kind__in={name for names in behind.values() for name in names},
        )
        .order_by()
        .values_list("assignment_id", "kind")
        .annotate(first=Min("created_at"))
        .values_list("assignment_id", "kind", "first")
    )
    oldest = {(assignment_id, kind): first for assignment_id, kind, first in ahead}
    return {
        command.pk
        for command, names in behind.items()
        if any(oldest.get((command.assignment_id, name), command.created_at) < command.created_at for name in names)
    }


def let_followers_go(account: Account, settled: list[Command]) -> None:
    """What waited for one of these is due."""
    Command.objects.filter(
        account=account,
        assignment_id__in={command.assignment_id for command in settled},
        state=State.QUEUED,
        waiting_for=WAITS_FOR_VERDICT,
    ).update(not_before=timezone.now(), waiting_for="")


def mark_sent(batch: list[Command]) -> list[Command]:
    """Commit that these calls are about to leave. Rows whose claim lapsed meanwhile belong to somebody else."""
    now = timezone.now()
    mine = Q(
        pk__in=[command.pk for command in batch], state=State.SENDING, claim__in={command.claim for command in batch}
    )
    with transaction.atomic():
        marked = Command.objects.filter(mine, claimed_until__gt=now).update(
            sent_at=now,
            first_sent_at=Coalesce("first_sent_at", now),
            attempts=F("attempts") + 1,
            claimed_until=now + CLAIM_FOR,
        )
        if marked < len(batch):
            kept = set(Command.objects.filter(mine, sent_at=now).values_list("pk", flat=True))
            batch = [command for command in batch if command.pk in kept]
    for command in batch:
        command.sent_at = now
        command.first_sent_at = command.first_sent_at or now
        command.claimed_until = now + CLAIM_FOR
        command.attempts += 1
    return batch


@transaction.atomic
def hand_back(batch: list[Command]) -> None:
    """Claimed and not sent: queued again."""
    mine = Q(
        pk__in=[command.pk for command in batch],
        state=State.SENDING,
        claim__in={command.claim for command in batch},
        sent_at=None,
    )
    _requeue(list(Command.objects.select_for_update().filter(mine)))


def requeue_lapsed(now: datetime) -> None:
    """Claims of workers that died before the call."""
    with transaction.atomic():
        _requeue(list(Command.objects.select_for_update(of=("self",)).lapsed(now).filter(sent_at=None)))


def _requeue(rows: list[Command]) -> None:
    Command.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.QUEUED, claim=None, claimed_until=None)
    back: dict[Account, list[Command]] = {}
    accounts = Account.objects.in_bulk({row.account_id for row in rows})
    for row in rows:
        back.setdefault(accounts[row.account_id], []).append(row)
    for account, its in sorted(back.items(), key=lambda item: item[0].pk):
        money = sum(row.total for row in its)
        if money:
            budget.shift(account, -money)
