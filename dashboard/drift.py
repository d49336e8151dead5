"""Where MTurk and our record disagree: found after every full sync, kept as rows, dismissed by people.

What is compared is said by the `reconcile.py` of each app; here is what becomes of it. A comparison makes no call: it
reads what the full sync before it has stored.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import audit
from dashboard.models import Account, AuditEvent, Command, Drift, Role, SyncRun, User
from dashboard.permissions import Denied, check_role

CHUNK = 500
#: MTurk's lists may be behind its own answers: what is younger is compared the next time.
SHOWN_WITHIN = timedelta(minutes=10)
RECONCILED = "account.reconciled"

#: Sentence -> how many; what was looked at and what the audit explains already.
Tally = dict[str, int]


@dataclass(frozen=True)
class Difference:
    """One difference. `key` names it for ever, `sentence` says what differs, `advice` what a person can do about it."""

    key: str
    kind: str
    sentence: str
    advice: str
    command: Command | None = None
    assignment_id: str = ""
    hit_id: str = ""
    worker_id: str = ""
    amount: Decimal = Decimal(0)


@dataclass
class Comparison:
    """One comparison of an account with what `run`, a full sync that came to its end, has just read."""

    run: SyncRun
    compared: Tally = field(default_factory=dict)
    explained: Tally = field(default_factory=dict)
    found: int = 0
    gone: int = 0

    @property
    def account(self) -> Account:
        return self.run.account

    @property
    def before(self) -> datetime:
        """What happened before this moment must show in what was read."""
        return self.run.started_at - SHOWN_WITHIN


Check = Callable[[Comparison], Iterator[Difference]]
Doubt = Callable[[Account, list[Drift]], set[int]]
_checks: list[Check] = []
_doubts: list[Doubt] = []


def check(function: Check) -> Check:
    """Decorator: a function that yields what differs, and tallies what it looked at and what is explained."""
    _checks.append(function)
    return function


def doubt(function: Doubt) -> Doubt:
    """Decorator: which of some rows (their pks) cannot be called gone, although nobody found them again."""
    _doubts.append(function)
    return function


def compare(run: SyncRun) -> Comparison:
    """Compare an account with what a full sync has just read: differences become rows, mended ones are marked gone.

    Running it again changes nothing but `seen_at`. Writes one audit event.
    """
    comparison, started = Comparison(run), timezone.now()
    for function in _checks:
        differences = function(comparison)
        while part := list(islice(differences, CHUNK)):
            comparison.found += len(part)
            _store(comparison.account, part)
            _alive(run)
        _alive(run)
    comparison.gone = _mark_gone(comparison.account, started)
    with transaction.atomic():
        audit.record(
            RECONCILED,
            account=run.account,
            by=run.requested_by or audit.SYSTEM,
            subject=run.account.slug,
            text=_words(comparison),
            data={
                "compared": comparison.compared,
                "explained": comparison.explained,
                "found": comparison.found,
                "gone": comparison.gone,
            },
        )
    return comparison


def _words(comparison: Comparison) -> str:
    if not comparison.found:
        return "Everything we recorded agrees with MTurk."
    return f"{comparison.found} difference{'s' if comparison.found > 1 else ''} between our record and MTurk's."


def _alive(run: SyncRun) -> None:
    """The run holds the account until this is over; without a sign of life another would take it."""
    run.beat_at = timezone.now()
    SyncRun.objects.filter(pk=run.pk).update(beat_at=run.beat_at)


_SAID = ("kind", "assignment_id", "hit_id", "worker_id", "amount", "sentence", "advice")


def _store(account: Account, found: list[Difference]) -> None:
    now = timezone.now()
    with transaction.atomic():
        keys = [difference.key for difference in found]
        known = {row.key: row for row in Drift.objects.select_for_update().filter(account=account, key__in=keys)}
        new, old = [], []
        for difference in found:
            row = known.get(difference.key)
            said = {name: getattr(difference, name) for name in _SAID}
            if row is None:
                row = Drift(account=account, key=difference.key, found_at=now)
                known[difference.key] = row
                new.append(row)
            else:
                old.append(row)
                if row.gone_at is not None:
                    row.found_at, row.gone_at = now, None
                    row.dismissed_at, row.dismissed_by, row.dismissed_why = None, None, ""
                elif row.sentence != difference.sentence:
                    # It is no longer what somebody dismissed.
                    row.dismissed_at, row.dismissed_by, row.dismissed_why = None, None, ""
            for name, value in said.items():
                setattr(row, name, value)
            row.command, row.seen_at = difference.command, now
        Drift.objects.bulk_create(new)
        changed = (*_SAID, "command", "found_at", "seen_at", "gone_at", "dismissed_at", "dismissed_by", "dismissed_why")
        Drift.objects.bulk_update([row for row in old if row.pk], changed)


def _mark_gone(account: Account, started: datetime) -> int:
    """What this comparison did not find is gone, unless nobody could have found it."""
    gone, last = 0, 0
    unseen = Drift.objects.filter(account=account, gone_at=None, seen_at__lt=started).order_by("pk")
    while rows := list(unseen.filter(pk__gt=last)[:CHUNK]):
        last = rows[-1].pk
        kept = set().union(*(function(account, rows) for function in _doubts))
        gone += Drift.objects.filter(pk__in=[row.pk for row in rows if row.pk not in kept], gone_at=None).update(
            gone_at=timezone.now()
        )
    return gone


def last_comparison(account: Account) -> AuditEvent | None:
    return AuditEvent.objects.filter(chain=account.slug, kind=RECONCILED).order_by("-number").first()


@transaction.atomic
def dismiss(row: Drift, *, by: User, why: str) -> None:
    """A person says why a difference may stand. It counts again when it changes, or comes back after it was gone."""
    check_role(by, row.account, Role.APPROVER, "dismiss a difference")
    why = why.strip()
    if not why:
        raise Denied("Say why it may stand; it goes into the audit.")
    columns: dict[str, Any] = {"dismissed_at": timezone.now(), "dismissed_by": by, "dismissed_why": why[:2000]}
    if not Drift.objects.open().filter(pk=row.pk).update(**columns):
        raise Denied("It is no longer open: somebody dismissed it a moment ago, or it is gone.")
    audit.record(
        "drift.dismissed",
        account=row.account,
        by=by,
        subject=row.assignment_id or row.hit_id or row.worker_id,
        text=f"{row.sentence} {why[:2000]}",
        command=row.command,
    )


@dataclass(frozen=True)
class Evidence:
    """One thing known about a command whose answer never came. `happened`: what it speaks for; None: for neither."""

    happened: bool | None
    sentence: str
    at: datetime | None = None


Witness = Callable[[Command], Iterator[Evidence]]
_witnesses: list[Witness] = []


def witness(function: Witness) -> Witness:
    """Decorator: a function that tells what our copy of MTurk shows about a command, if it is of its kinds."""
    _witnesses.append(function)
    return function


def evidence(command: Command) -> list[Evidence]:
    """All that speaks for "it happened", for "it did not", and for neither, from what was read of MTurk."""
    found = [] if command.attempts or command.first_sent_at else [Evidence(False, "It was never sent.")]
    return found + [one for function in _witnesses for one in function(command)]


def last_read(account: Account, *, full: bool = False) -> SyncRun | None:
    """The last sync that read everything it set out to read."""
    runs = SyncRun.objects.filter(account=account, error="").exclude(finished_at=None)
    return (runs.filter(full=True) if full else runs).order_by("-started_at").first()
