"""Many processes at once, and processes that are killed: every payment that was asked for is made once.

Each test has its own database (SQLite, then PostgreSQL) and real processes, as in production.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.dashboard.programs import Program, Programs


class Desk:
    """A dashboard of its own: data folder, database, broker and a marketplace, driven by short programs."""

    def __init__(self, data: Path, market: servers.Marketplace, programs: Programs, env: dict[str, str]) -> None:
        self.data, self.market, self.programs, self.env = data, market, programs, env
        self.key = f"AKIA{uuid.uuid4().hex[:16].upper()}"

    def start(self, program: str) -> Program:
        return self.programs.start(program, self.market.url, self.key)

    def run(self, program: str) -> Any:
        """Run a program to its end; what it printed, as JSON."""
        return self.start(program).end()

    def worker(self) -> servers.Server:
        """The real worker, as `make run` starts it."""
        command = [sys.executable, "-m", "celery", "-A", "dashboard", "worker", "--pool=threads", "--concurrency=4",
                   "--without-gossip", "--without-mingle", "--loglevel=INFO", "--queues=hitdesk"]  # fmt: skip
        worker = servers.Server(command, log=self.data / "worker.log", env=self.env)
        ready = worker.output.count(" ready.")
        worker.wait_until(lambda: worker.output.count(" ready.") > ready)
        return worker

    def paid(self, kind: str) -> list[str]:
        """The assignment of every payment in the marketplace's own ledger."""
        rows = self.market.control("ledger")
        return sorted(row["assignment"] for row in rows if (row["kind"], row["requester"]) == (kind, self.key))


@contextlib.contextmanager
def programs_of(data: Path, **env: str) -> Iterator[tuple[Programs, dict[str, str]]]:
    """Where short programs with this data folder come from, and the environment they have."""
    env = {"HITDESK_DATA": str(data), "UNDO_SECONDS": "0", "DJANGO_SETTINGS_MODULE": "dashboard.settings", **env}
    programs = Programs(data, env)
    try:
        yield programs, env
    finally:
        programs.close()


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Programs, dict[str, str]]]:
    with programs_of(tmp_path_factory.mktemp("desk-sqlite")) as made:
        yield made


@pytest.fixture(scope="module")
def on_postgresql(
    migrated_postgres: servers.Postgres, redis_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Programs, dict[str, str]]]:
    data = tmp_path_factory.mktemp("desk-postgresql")
    with programs_of(data, DATABASE_URL=migrated_postgres.url("crashes"), REDIS_URL=redis_server) as made:
        yield made


BOTH = [pytest.param(which, marks=pytest.mark.xdist_group(f"matrix {which}")) for which in ("sqlite", "postgresql")]


@pytest.fixture(params=BOTH)
def desk(request: Any, marketplace_server: servers.Marketplace) -> Iterator[Desk]:
    programs, env = request.getfixturevalue(f"on_{request.param}")
    data = Path(env["HITDESK_DATA"])
    if request.param == "postgresql":
        request.getfixturevalue("migrated_postgres").database("crashes", template="migrated")
    else:
        for old in data.glob("dashboard.sqlite3*"):
            old.unlink()
        servers.empty_database("dashboard", data / "dashboard.sqlite3")
    shutil.rmtree(data / "broker" / "messages", ignore_errors=True)
    (data / "broker" / "messages").mkdir(parents=True)
    yield Desk(data, marketplace_server, programs, env)
    marketplace_server.control("faults", method="DELETE")


def test_workers_that_deliver_sweep_and_sync_side_by_side_pay_everything_once(desk: Desk) -> None:
    asked = desk.run("""
rows = submitted(15)
for row in rows:
    approve(assignment=row, by=people["reviewer"])
    pay_bonus(assignment=row, by=people["approver"], amount=Decimal("0.10"), reason="Fine")
print(json.dumps(sorted(row.assignment_id for row in rows)))
""")
    desk.market.control("faults", {"operation": "SendBonus", "mode": "drop_after", "rate": 0.2, "seed": 3})
    desk.market.control("faults", {"operation": "ApproveAssignment", "mode": "throttle", "rate": 0.2, "seed": 4})
    delivering = """
from contextlib import suppress
from django.db import OperationalError
end = time.monotonic() + 8
while time.monotonic() < end and Command.objects.open().exists():
    with suppress(OperationalError):  # this script's own haste: many rows at once, in no order, may meet another's
        Command.objects.filter(state__in=["queued", "unknown"]).update(not_before=timezone.now())
    commands.resolve_unknown(account.pk)
    commands.deliver_due(account.pk)
    commands.sweep()
"""
    syncing = """
while Command.objects.open().exists():
    run = tasks.begin_sync(account)
    if run is not None:
        tasks.run_sync(run)
        assert run.error == "", run.error
"""
    running = [desk.start(program) for program in (delivering, delivering)]
    time.sleep(1)
    desk.market.control("faults", method="DELETE")
    running.append(desk.start(syncing))
    for program in running:
        program.end()
    assert desk.paid("reward") == asked
    assert desk.paid("bonus") == asked
    left = desk.run("""
run = tasks.begin_sync(account); tasks.run_sync(run)
print(json.dumps([list(Command.objects.exclude(state="done").values_list("state", "error_message")),
    Assignment.objects.exclude(status="Approved").count(), faults()]))
""")
    assert left == [[], 0, []]


def test_taking_back_races_with_sending_and_each_has_one_outcome(desk: Desk) -> None:
    outcomes = desk.run("""
asked = [approve(assignment=row, by=people["reviewer"]) for row in submitted(30)]
cancelled = set()
def take_back(part):
    def job():
        for command in part:
            try:
                commands.cancel(Command.objects.select_related("account").get(pk=command.pk), by=people["reviewer"])
            except Denied:
                continue
            cancelled.add(command.assignment_id)
    return job
def send():
    while commands.deliver_due(account.pk): pass
failures = all_at_once(take_back(asked[::2]), take_back(asked[1::2]), send, send)
commands.deliver_due(account.pk)
states = dict(Command.objects.values_list("assignment_id", "state"))
waiting = list(Assignment.objects.awaiting_review().values_list("assignment_id", flat=True))
print(json.dumps([failures, states, sorted(cancelled), sorted(waiting), faults()]))
""")
    failures, states, cancelled, waiting, faults = outcomes
    assert failures == faults == []
    assert set(states.values()) <= {"done", "cancelled"}
    assert sorted(key for key, state in states.items() if state == "cancelled") == cancelled == waiting
    assert desk.paid("reward") == sorted(key for key, state in states.items() if state == "done")


def test_two_reviewers_with_overlapping_selections_decide_each_assignment_once(desk: Desk) -> None:
    failures, commands, faults = desk.run("""
ids = [row.assignment_id for row in submitted(40)]
def together(by, chosen, **what):
    return lambda: decide_together(account=account, assignment_ids=chosen, by=people[by], **what)
failures = []
for start in range(0, 40, 10):
    part = ids[start:start + 10]
    failures += all_at_once(
        together("reviewer", part, verdict="approve"),
        together("approver", part[::-1], verdict="reject", feedback="No"),
        together("manager", part[5:] + part[:5], verdict="approve"),
    )
print(json.dumps([failures, list(Command.objects.values_list("assignment_id", flat=True)),
    faults()]))
""")
    assert failures == faults == []
    assert len(commands) == len(set(commands)) == 40


def test_a_double_click_in_two_threads_is_one_bonus_and_two_releases_are_one(desk: Desk) -> None:
    found = desk.run("""
(row,) = submitted(1)
made = []
for _ in range(5):
    key = uuid.uuid4()
    def click():
        made.append(pay_bonus(assignment=Assignment.objects.select_related("account", "hit").get(), form_key=key,
            by=people["reviewer"], amount=Decimal("0.25"), reason="Fine").pk)
    failures = all_at_once(click, click, click)
    assert failures == [], failures
proposals = list(Command.objects.values_list("pk", flat=True))
released = []
def release(by):
    def job():
        for pk in proposals:
            try:
                commands.release(Command.objects.select_related("account", "requested_by").get(pk=pk), by=people[by])
            except Denied:
                continue
            released.append(str(pk))
    return job
failures = all_at_once(release("approver"), release("manager"), lambda: commands.deliver_due(account.pk))
commands.deliver_due(account.pk)
failed = pay_bonus(assignment=row, by=people["reviewer"], amount=Decimal("0.05"), reason="Fine")
Command.objects.filter(pk=failed.pk).update(state="failed", decided_by=people["approver"])
def again(by):
    def job():
        try:
            commands.retry(Command.objects.select_related("account").get(pk=failed.pk), by=people[by])
        except Denied:
            return
        released.append("again")
    return job
failures += all_at_once(again("approver"), again("manager"), again("reviewer"))
commands.resolve_unknown(account.pk); commands.deliver_due(account.pk)
print(json.dumps([failures, len(set(made)), sorted(released), sorted(map(str, proposals)),
    faults()]))
""")
    failures, made, released, proposals, faults = found
    assert failures == faults == []
    assert made == 5
    assert released == sorted([*proposals, "again"])
    assert len(desk.paid("bonus")) == 5 + 1


def test_a_worker_killed_in_the_middle_of_a_hundred_bonuses_pays_each_once(desk: Desk) -> None:
    desk.market.control("faults", {"operation": "SendBonus", "mode": "latency", "latency_ms": 1000, "rate": 1.0})
    asking = desk.start("""
from django.db import transaction
rows = submitted(100)
with transaction.atomic():
    for row in rows:
        pay_bonus(assignment=row, by=people["approver"], amount=Decimal("0.10"), reason="Fine")
print(json.dumps(sorted(row.assignment_id for row in rows)))
""")
    worker = desk.worker()
    try:
        asked = asking.end()
        worker.wait_until(lambda: len(desk.paid("bonus")) >= 20, 20)
        os.killpg(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
        states = desk.run("""
from collections import Counter
print(json.dumps(Counter(Command.objects.values_list("state", flat=True))))
# Two minutes later: nobody came back for what the dead worker held.
Command.objects.filter(state="sending").update(claimed_until=timezone.now())
""")
        assert states.get("sending", 0) > 0, f"killed too late to prove anything: {states}"
        assert 20 <= len(desk.paid("bonus")) < 100
        desk.market.control("faults", method="DELETE")
        worker = desk.worker()
        # What beat does every five seconds.
        ticking = desk.start("""
end = time.monotonic() + 40
while Command.objects.open().exists() and time.monotonic() < end:
    tasks.sweep.apply_async(expires=10)
    time.sleep(0.5)
print(json.dumps([list(Command.objects.exclude(state="done").values_list("state", "error_message")),
    faults()]))
""")
        assert ticking.end() == [[], []]
    finally:
        worker.stop()
    assert desk.paid("bonus") == asked


def test_the_audit_holds_whoever_writes_at_once_and_whatever_is_written(desk: Desk) -> None:
    failures, numbers, found = desk.run("""
from django.db import transaction
odd = {"float": 0.1, "large": 1e22, "small": 1e-7, "whole": 2.0, "minus": -0.0, "none": None,
       "text": "é\\u4e2d \\U0001f600",
       "nested": {"b": [1, {"a": None}], "a": [[]]}, 10: "a key that is a number", 9: True, "big": 10**25, "": ""}
def write():
    for number in range(8):
        with transaction.atomic():
            audit.record("odd.data", account=account, by="somebody", text="ü", data={**odd, "n": number})
failures = all_at_once(write, write, write, write)
numbers = list(audit.AuditEvent.objects.filter(chain="lab").order_by("number").values_list("number", flat=True))
print(json.dumps([failures, numbers, faults()]))
""")
    assert failures == found == []
    assert numbers == list(range(1, 33))


def test_people_who_take_work_at_the_same_moment_never_hold_the_same_answer(desk: Desk) -> None:
    held, failures, left = desk.run("""
from hits.actions import take
submitted(30)
taken, failures = {}, []
def taking(who):
    def job():
        rows = Assignment.objects.of(account)
        taken[who] = take(account=account, by=people[who], rows=rows, order=("auto_approval_at", "pk"), count=12)
    return job
failures += all_at_once(*map(taking, ("reviewer", "approver", "manager")))
held = {who: sorted(Assignment.objects.filter(reviewer=people[who]).values_list("assignment_id", flat=True))
        for who in taken}
assert held == {who: sorted(ids) for who, ids in taken.items()}
print(json.dumps([held, failures, Assignment.objects.filter(reviewer=None).count()]))
""")
    assert failures == []
    ids = [one for part in held.values() for one in part]
    assert len(ids) == len(set(ids)) == 30
    assert left == 0
    assert sorted(map(len, held.values())) == [6, 12, 12]


@pytest.mark.parametrize("desk", BOTH[1:], indirect=True)  # SQLite lets nobody else write meanwhile
def test_a_bonus_is_counted_once_while_it_is_settled_listed_and_other_work_is_counted(desk: Desk) -> None:
    found = desk.run("""
from contextlib import contextmanager
from hits.models import BatchFigures
from workers.models import BonusPayment, Worker
lab = Lab(market, account)
hits = [lab.hit(MaxAssignments=3, RequesterAnnotation="BatchId:1;") for _ in range(2)]
failures = []

@contextmanager
def beside(beginning, job):
    # Begun by somebody else right after the first statement that begins so.
    other = threading.Thread(target=lambda: failures.extend(all_at_once(job)))
    def watch(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        if sql.startswith(beginning) and not other.ident:
            other.start()
            other.join(0.5)  # or it has to wait for us
        return found
    with connection.execute_wrapper(watch):
        yield
    other.join()

def pay(row):
    pay_bonus(assignment=row, by=people["approver"], amount=Decimal("0.10"), reason="Fine")

def answered(hit):
    lab.answer(hit, worker="AONE1")
    lab.sync()
    return Assignment.objects.select_related("account", "hit").get(hit__hit_id=hit)

def full_sync():
    assert tasks.run_sync(tasks.begin_sync(account, full=True)).error == ""

pay(answered(hits[0]))
tasks.digest(account.pk)
with beside('INSERT INTO "workers_bonuspayment"', full_sync):
    commands.deliver_due(account.pk)
pay(answered(hits[1]))
with beside('UPDATE "workers_worker"', lambda: tasks.digest(account.pk)):
    commands.deliver_due(account.pk)
tasks.digest(account.pk)
worker, batch = Worker.objects.get(), BatchFigures.objects.get()
print(json.dumps([failures, BonusPayment.objects.count(), str(worker.bonus_total), worker.answers, str(batch.bonuses),
    batch.answers, list(Command.objects.values_list("state", "error_message")), faults()]))
""")
    assert found == [[], 2, "0.20", 2, "0.2400", 2, [["done", ""]] * 2, []]
