"""Whether a deployment works, found out by using it: what `manage.py check_deployment` says line by line."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from dashboard import heartbeat, mturk
from dashboard.models import Account, Heartbeat

#: Puts a question into the broker; the worker that takes it touches the Heartbeat of that name.
Ask = Callable[[str], object]
MOST_DIFFERENCE = timedelta(minutes=1)


@dataclass(frozen=True)
class Finding:
    """One line: what was tried, what came of it, and what to do where it failed."""

    what: str
    said: str
    hint: str = ""

    @property
    def ok(self) -> bool:
        return not self.hint


def findings(*, ask: Ask, wait: float) -> Iterator[Finding]:
    """Each in turn, as soon as it is known; a worker has `wait` seconds to do what `ask` tells the broker."""
    yield from settings_are_safe()
    database = database_works()
    yield database
    if not database.ok:
        yield Finding("everything else", "was not tried, since all of it stands in the database", "Repair that first.")
        return
    yield worker_answers(ask, wait)
    yield beat_is_alive()
    yield from endpoints_answer()


def settings_are_safe() -> Iterator[Finding]:
    """What `manage.py check --deploy` says, with our own checks."""
    found = [m for m in checks.run_checks(include_deployment_checks=True) if not m.is_silenced()]
    bad = [message for message in found if message.level >= checks.WARNING]
    for message in bad:
        yield Finding(
            "settings", f"{message.id}: {_one_line(message.msg)}", _one_line(message.hint or "See docs/settings.md.")
        )
    if not bad:
        yield Finding("settings", "nothing unsafe found")


def database_works() -> Finding:
    """It can be written, and its tables are those of this version."""
    what = "database"
    try:
        with transaction.atomic():
            heartbeat.touch("written")
            Heartbeat.objects.filter(pk="written").delete()
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, ImproperlyConfigured, OSError) as error:
        hint = "Check DATABASE_URL and that the server runs; then run: manage.py migrate"
        return Finding(what, f"cannot be written: {_one_line(error)}", hint)
    if missing:
        return Finding(what, f"{len(missing)} migrations are not applied", "Run: manage.py migrate")
    return Finding(what, f"{connection.vendor}, can be written, up to date")


def worker_answers(ask: Ask, wait: float) -> Finding:
    """A message goes through the broker to a worker, which answers by a row."""
    what, question = "broker and worker", f"question:{uuid.uuid4()}"
    start = time.monotonic()
    try:
        ask(question)
    except Exception as error:  # whatever a broker's library raises
        hint = "Check REDIS_URL and that Redis runs; without it, that HITDESK_DATA can be written."
        return Finding(what, f"the broker takes no message: {_one_line(error)}", hint)
    while time.monotonic() - start < wait:
        if Heartbeat.objects.filter(pk=question).delete()[0]:
            return Finding(what, f"a worker answered after {time.monotonic() - start:.1f} s")
        time.sleep(0.1)
    seen = heartbeat.last_seen(heartbeat.WORKER)
    if seen is not None and timezone.now() - seen <= heartbeat.MISSED_AFTER:
        hint = "It is busy, or it listens to another broker than this command: compare REDIS_URL and HITDESK_DATA."
        return Finding(what, f"a worker runs, but did not answer within {wait:g} s", hint)
    return Finding(what, f"no worker answered within {wait:g} s", f"{heartbeat.START[heartbeat.WORKER]}.")


def beat_is_alive() -> Finding:
    seen = heartbeat.last_seen(heartbeat.BEAT)
    if seen is None:
        return Finding("beat", "was never seen", f"{heartbeat.START[heartbeat.BEAT]}.")
    silent = timezone.now() - seen
    if silent > heartbeat.MISSED_AFTER:
        return Finding(
            "beat", f"was last seen {silent.total_seconds():.0f} s ago", f"{heartbeat.START[heartbeat.BEAT]}."
        )
    return Finding("beat", f"was seen {max(silent.total_seconds(), 0):.0f} s ago")


def endpoints_answer() -> Iterator[Finding]:
    """Every account's endpoint takes its credentials, and its clock and ours agree: signatures end after minutes."""
    for account in Account.objects.all():
        what = f"account {account.slug}"
        try:
            difference = mturk.clock_difference(account)
        except mturk.MTurkError as error:
            hint = f"Repair the connection on its settings page: /a/{account.slug}/settings/"
            yield Finding(what, _one_line(error), hint)
            continue
        if difference is None:
            yield Finding(what, "answers, but does not tell its time")
        elif abs(difference) > MOST_DIFFERENCE:
            ahead = "ahead of" if difference > timedelta(0) else "behind"
            said = f"its clock is {abs(difference).total_seconds():.0f} s {ahead} ours"
            yield Finding(what, said, "Set this machine's clock by NTP; if it is right, tell who runs the endpoint.")
        else:
            yield Finding(what, f"{mturk.endpoint_of(account)} answers, clocks agree")


def prove(*, ask: Ask, wait: float, say: Callable[[str], Any]) -> bool:
    """Say every finding in a line, with what to do below one that failed; True where none did."""
    good = True
    for finding in findings(ask=ask, wait=wait):
        say(f"{'ok    ' if finding.ok else 'FAILED'}  {finding.what}: {finding.said}")
        if not finding.ok:
            say(f"        {finding.hint}")
        good = good and finding.ok
    return good


def _one_line(text: object) -> str:
    return " ".join(str(text).split()) or type(text).__name__
