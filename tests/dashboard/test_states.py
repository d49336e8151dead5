"""People, workers, the marketplace and time do anything in any order: nothing is paid that was not asked, nor twice.

A hypothesis state machine. The marketplace is a real one over HTTP; a worker is driven step by step, so that it can die
between any two. STATES_EXAMPLES makes more of it; `make matrix` does.
"""

import os
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.retries.standard import ExponentialBackoff
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dashboard import audit, budget, commands, jobs
from dashboard.commands import claiming, delivery
from dashboard.models import OPEN_STATES, Account, Command, Job, JobState, State
from dashboard.permissions import Denied
from hits.actions import approve, change_hit, override_rejection, reject
from hits.models import HIT, Assignment
from tests import servers
from tests.cast import Lab, make_lab
from tests.dashboard.matrix.transitions import every_change_of_state_noted, forget, seen
from workers.actions import pay_bonus

EXAMPLES = int(os.environ.get("STATES_EXAMPLES", "10"))
STEPS = 40
MONTH = 30 * 24 * 3600
ROWS = 4
MODES = ["throttle", "error", "drop_before", "drop_after"]
OPERATIONS = ["ApproveAssignment", "SendBonus", "*"]
LEGAL = {(str(before), str(after)) for before, afters in commands.TRANSITIONS.items() for after in afters}
#: States in which nothing may have reached the marketplace; a queued one only before its first call.
UNSENT = {State.PROPOSED, State.CANCELLED, State.DECLINED}


class Time:
    """The dashboard's clock and the marketplace's, moved together."""

    def __init__(self, market: servers.Marketplace) -> None:
        self.market, self.ahead, self.machine = market, timedelta(), timezone.now

    def now(self) -> Any:
        return self.machine() + self.ahead

    def pass_(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)
        self.market.control("clock", {"advance_seconds": seconds})


@dataclass
class Worker:
    """What one worker process holds in its memory, and what it will do next."""

    step: str = "claim"
    held: list[Command] = field(default_factory=list)
    answers: list[tuple[Command, commands.Outcome]] = field(default_factory=list)


def machine_of(market: servers.Marketplace, time: Time, taken: set[tuple[str, str]]) -> type[RuleBasedStateMachine]:
    """The machine; it adds each transition it has seen to `taken`."""
    numbers = st.integers(0, 11)

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.undo_all = transaction.savepoint()
            self.lab: Lab = make_lab(market, "lab", undo_seconds=0)
            self.endpoint = self.lab.account.endpoint_url
            lives = {"LifetimeInSeconds": 12 * MONTH, "AutoApprovalDelayInSeconds": MONTH}
            self.hit_id = self.lab.hit(MaxAssignments=ROWS, **lives)
            self.ids = [self.lab.answer(self.hit_id) for _ in range(ROWS)]
            self.lab.sync()
            self.workers = [Worker(), Worker()]
            self.elsewhere: dict[str, str] = {}
            self.cents = 0
            self.days = 0
            self.form: tuple[str, dict[str, Any]] | None = None
            self.back = 0
            self.faulty = False
            self.movements: list[dict[str, Any]] | None = None  # the ledger, until something may have changed it

        # People

        def row(self, number: int) -> Assignment:
            return Assignment.objects.select_related("account", "hit").get(assignment_id=self.ids[number % ROWS])

        def ask(self, what: str, **details: Any) -> None:
            self.form = (what, {**details, "form_key": uuid.uuid4()})
            self.send_form()

        def send_form(self) -> None:
            if self.form is None:
                return
            what, details = self.form
            details = dict(details)
            by = self.lab.people[details.pop("by")]
            with suppress(Denied):
                if what == "add":
                    change_hit("add", hit=HIT.objects.get(hit_id=self.hit_id), by=by, number=1, **details)
                    return
                row = self.row(details.pop("number"))
                ask = {"approve": approve, "reject": reject, "override": override_rejection, "bonus": pay_bonus}[what]
                ask(assignment=row, by=by, **details)

        @rule(number=numbers, what=st.sampled_from(["approve", "reject", "override"]))
        def asks_for_a_verdict(self, number: int, what: str) -> None:
            if what == "override" and self.days > 27:
                return  # MTurk takes it for thirty days
            details = {"feedback": "Not a number"} if what == "reject" else {}
            self.ask(what, number=number, by="reviewer", **details)

        @rule(number=numbers, by=st.sampled_from(["reviewer", "approver"]))
        def asks_for_a_bonus(self, number: int, by: str) -> None:
            self.cents += 1
            self.ask("bonus", number=number, by=by, amount=Decimal(self.cents) / 100, reason="Fine")

        # Preconditions look at what these rules keep, never at a table: which calls misbehave hangs on ids that are
        # random, and Hypothesis wants a choice to be there again when it tries the same steps again.

        @rule()
        def asks_for_more_workers(self) -> None:
            if HIT.objects.get(hit_id=self.hit_id).max_assignments < 9:
                self.ask("add", by="approver")

        @rule()
        def clicks_again(self) -> None:
            self.send_form()

        @rule(name=st.sampled_from(["approve", "reject"]), by=st.sampled_from(["reviewer", "approver"]))
        def asks_for_a_job(self, name: str, by: str) -> None:
            options = {"feedback": "Not a number"} if name == "reject" else {}
            with suppress(Denied):
                job = jobs.ask(
                    name,
                    account=self.lab.account,
                    by=self.lab.people[by],
                    selection={"filter": {"status": "waiting"}},
                    options=options,
                )
                jobs.prepare(job.pk)

        @rule(number=numbers, what=st.sampled_from(["pause", "resume", "cancel", "release", "decline"]))
        def steers_a_job(self, number: int, what: str) -> None:
            rows = list(Job.objects.order_by("created_at"))
            if not rows:
                return
            job = rows[number % len(rows)]
            with suppress(Denied):
                getattr(jobs, what)(job, by=self.lab.people["manager"])
                jobs.work_on(job.pk)

        @rule(number=numbers, what=st.sampled_from(["cancel", "release", "decline", "retry"]))
        def decides_about_a_command(self, number: int, what: str) -> None:
            meant = {"cancel": State.QUEUED, "retry": State.FAILED}.get(what, State.PROPOSED)
            rows = list(Command.objects.select_related("account", "requested_by").order_by("-created_at"))
            rows = [row for row in rows if row.state == meant] or rows  # else one that has to be refused
            if rows:
                with suppress(Denied):
                    getattr(commands, what)(rows[number % len(rows)], by=self.lab.people["manager"])

        @precondition(lambda self: not self.faulty)
        @rule()
        def says_what_happened(self) -> None:
            for command in Command.objects.select_related("account", "requested_by").filter(state=State.ATTENTION):
                happened = self.happened(command)
                commands.decide(command, by=self.lab.people["manager"], happened=happened, reason="MTurk's page")

        # Workers

        @rule(which=st.integers(0, 1), limit=st.sampled_from([1, 3, 100]), steps=st.integers(1, 5))
        def a_worker_goes_on(self, which: int, limit: int, steps: int) -> None:
            """Some steps of: claim, commit that calls leave, call, settle."""
            for _ in range(steps):
                self.go_on(self.workers[which], limit)

        def go_on(self, worker: Worker, limit: int) -> None:
            if worker.step == "claim":
                worker.held = commands.claim(self.lab.account.pk, limit=limit)
                worker.step = "mark" if worker.held else "claim"
            elif worker.step == "mark":
                worker.held = commands.mark_sent(worker.held)
                worker.step = "call" if worker.held else "claim"
            elif worker.step == "call":
                self.movements = None
                worker.answers = [(command, delivery.send(command)) for command in worker.held]
                worker.step = "settle"
            else:
                commands.settle_many(worker.answers)
                worker.step = "claim"

        @rule()
        def a_worker_hands_back(self) -> None:
            for worker in self.workers:
                if worker.step == "mark":
                    claiming.hand_back(worker.held)
                    worker.step = "claim"

        @rule(which=st.integers(0, 1))
        def a_worker_dies(self, which: int) -> None:
            self.workers[which] = Worker()

        @rule()
        def a_worker_does_all_that_is_due(self) -> None:
            self.tick()

        @rule()
        def beat_finds_what_was_left_behind(self) -> None:
            commands.sweep()
            commands.resolve_unknown(self.lab.account.pk)
            for job_id in jobs.sweep():
                jobs.work_on(job_id)

        @rule()
        def a_sync_reads_the_account(self) -> None:
            self.lab.sync()

        # The marketplace

        @rule(operation=st.sampled_from(OPERATIONS), mode=st.sampled_from(MODES))
        def it_begins_to_misbehave(self, operation: str, mode: str) -> None:
            self.faulty = True
            market.control("faults", {"operation": operation, "mode": mode, "rate": 1.0, "seed": 1})

        @rule()
        def it_behaves(self) -> None:
            self.faulty = False
            market.control("faults", method="DELETE")
            Account.objects.update(endpoint_url=self.endpoint)
            self.lab.account.refresh_from_db()

        @rule()
        def nothing_answers(self) -> None:
            Account.objects.update(endpoint_url="http://127.0.0.1:9")

        @precondition(lambda self: not self.faulty)
        @rule(number=numbers, verdict=st.sampled_from(["Approved", "Rejected"]))
        def somebody_decides_elsewhere(self, number: int, verdict: str) -> None:
            self.movements = None
            pk = self.ids[number % ROWS]
            if self.remote(pk) != "Submitted":
                return
            if verdict == "Approved":
                self.client.approve_assignment(AssignmentId=pk)
            else:
                self.client.reject_assignment(AssignmentId=pk, RequesterFeedback="Elsewhere")
            self.elsewhere[pk] = verdict

        # Time

        @rule(seconds=st.sampled_from([1, 11, 121, 3600]))
        def time_passes(self, seconds: int) -> None:
            time.pass_(seconds)

        @precondition(lambda self: self.days < 25)
        @rule()
        def a_day_and_a_minute_pass(self) -> None:
            self.days += 1
            time.pass_(24 * 3600 + 60)

        @precondition(lambda self: self.back < 3)
        @rule()
        def the_clock_is_moved_back(self) -> None:
            self.back += 1
            time.ahead -= timedelta(minutes=10)

        # What must hold

        @property
        def client(self) -> Any:
            return market.client(self.lab.account.access_key_id)

        def remote(self, assignment_id: str) -> str:
            return self.client.get_assignment(AssignmentId=assignment_id)["Assignment"]["AssignmentStatus"]

        def paid(self, kind: str) -> list[tuple[str, Decimal]]:
            if self.movements is None:
                self.movements = self.lab.ledger("reward", "bonus")
            return [(row["assignment"], Decimal(row["amount"])) for row in self.movements if row["kind"] == kind]

        def added(self) -> int:
            return self.client.get_hit(HITId=self.hit_id)["HIT"]["MaxAssignments"] - ROWS

        def happened(self, command: Command) -> bool:
            if command.kind == "SendBonus":
                return (command.assignment_id, command.amount) in self.paid("bonus")
            if command.kind == "CreateAdditionalAssignmentsForHIT":
                return self.added() > Command.objects.filter(kind=command.kind, state=State.DONE).count()
            return self.remote(command.assignment_id) == commands.kind_of(command).becomes

        @invariant()
        def every_transition_is_in_the_table(self) -> None:
            taken.update(seen())
            assert taken <= LEGAL, f"from, to: {taken - LEGAL}"

        @invariant()
        def what_is_paid_was_asked_and_once(self) -> None:
            sent = [
                command
                for command in Command.objects.all()
                if command.state not in UNSENT and not (command.state == State.QUEUED and command.first_sent_at is None)
            ]
            bonuses = Counter((row.assignment_id, row.amount) for row in sent if row.kind == "SendBonus")
            assert set(bonuses.values()) <= {1}
            assert not Counter(self.paid("bonus")) - bonuses
            may_be = {row.assignment_id for row in sent if row.kind in ("ApproveAssignment", "OverrideRejection")}
            may_be |= {pk for pk, verdict in self.elsewhere.items() if verdict == "Approved"}
            assert not Counter(pk for pk, _ in self.paid("reward")) - Counter(may_be)

        @invariant()
        def what_is_committed_is_counted(self) -> None:
            account = Account.objects.get(pk=self.lab.account.pk)
            counted = Command.objects.filter(state__in=budget.COUNTED)
            assert account.committed == sum((row.total for row in counted), Decimal(0))

        # The end

        def tick(self) -> None:
            self.movements = None
            commands.sweep()
            for job_id in jobs.sweep():
                jobs.work_on(job_id)
            commands.resolve_unknown(self.lab.account.pk)
            commands.deliver_due(self.lab.account.pk, patience=0.05)

        def teardown(self) -> None:
            try:
                self.it_all_ends_well()
            finally:
                market.control("faults", method="DELETE")
                time.ahead += self.back * timedelta(minutes=10)
                transaction.savepoint_rollback(self.undo_all)

        def it_all_ends_well(self) -> None:
            """Whatever it was: once nothing is broken any more, everything that was let go happens, exactly once."""
            self.it_behaves()
            manager = self.lab.people["manager"]
            for job in Job.objects.filter(state=JobState.PAUSED):
                jobs.resume(job, by=manager)
            for proposed in (Job.objects.filter(state=JobState.PROPOSED), Command.objects.filter(state=State.PROPOSED)):
                for number, row in enumerate(proposed.order_by("created_at")):
                    module = jobs if isinstance(row, Job) else commands
                    (module.decline if number % 2 else module.release)(row, by=manager)
            for _ in range(12):
                self.tick()
                self.says_what_happened()
                if not Command.objects.filter(state__in=OPEN_STATES).exists():
                    break
                time.pass_(310)
            stuck = Command.objects.filter(state__in=OPEN_STATES)
            assert not stuck, [(row.kind, row.state, row.waiting_for, row.error_message) for row in stuck]
            jobs.sweep()
            assert set(Job.objects.values_list("state", flat=True)) <= {
                JobState.DONE, JobState.CANCELLED, JobState.DECLINED,
            }  # fmt: skip

            self.what_is_paid_was_asked_and_once()
            for command in Command.objects.exclude(state__in=UNSENT):
                if command.state == State.FAILED:
                    assert not self.was_done(command), f"{command} failed, and happened: {command.error_message}"
                else:
                    assert self.was_done(command), f"{command} is done, and did not happen"
            adds = Command.objects.filter(kind="CreateAdditionalAssignmentsForHIT", state=State.DONE).count()
            assert self.added() == adds
            assert Assignment.objects.exclude(verdict=None).count() == 0
            assert list(audit.verify("lab")) == []
            self.every_transition_is_in_the_table()
            self.what_is_committed_is_counted()

        def was_done(self, command: Command) -> bool:
            if command.kind == "SendBonus":
                return self.paid("bonus").count((command.assignment_id, command.amount)) == 1
            if command.kind == "CreateAdditionalAssignmentsForHIT":
                return command.state == State.DONE  # all of them are counted together
            if command.state == State.FAILED:
                return False  # another decision, ours or somebody else's, may have had the same effect
            status = self.remote(command.assignment_id)
            overridden = Command.objects.filter(
                assignment_id=command.assignment_id, kind="OverrideRejection", state=State.DONE
            )
            becomes = commands.kind_of(command).becomes
            return status == becomes or (command.kind == "RejectAssignment" and overridden.exists())

        @initialize(mode=st.sampled_from(["drop_before", "drop_after", "throttle", ""]))
        def something_is_asked_and_perhaps_lost(self, mode: str) -> None:
            forget()
            for number in range(ROWS):
                self.asks_for_a_bonus(number=number, by="approver" if number else "reviewer")
            self.asks_for_a_verdict(number=0, what="approve")
            if mode:
                self.it_begins_to_misbehave(operation="*", mode=mode)
                self.a_worker_goes_on(which=0, limit=3, steps=4)

    return Machine


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Marketplace]:
    """One of its own: its clock is moved."""
    with servers.marketplace(tmp_path_factory.mktemp("states")) as running:
        yield running


@pytest.mark.skipif(connection.vendor != "sqlite", reason="The trigger is written in SQLite's words.")
def test_nothing_is_paid_that_was_not_asked_nor_twice_whatever_happens(
    db: Any, market: servers.Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Time(market)
    taken: set[tuple[str, str]] = set()
    monkeypatch.setattr(timezone, "now", time.now)
    # Reading is repeated by botocore; its pauses are real ones.
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *args: 0)
    with every_change_of_state_noted():
        run_state_machine_as_test(
            machine_of(market, time, taken),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    # What was tried is worth something: answers were lost and found again.
    ways = "sending-done sending-queued sending-unknown unknown-done unknown-queued proposed-queued queued-cancelled"
    missing = {tuple(way.split("-")) for way in ways.split()} - taken
    assert not missing, f"never seen: {missing}"
