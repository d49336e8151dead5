"""The fault matrix: whatever breaks, the marketplace's ledger is what was asked, nothing is stuck, the audit verifies.

A cell is one fault, one kind of decision and one of two stacks, with real processes throughout. `make test` runs a
selection in which every fault, every kind and both stacks occur; `make matrix` runs all cells with MATRIX_ROWS
decisions in each. Waits are scaled (tests.dashboard.matrix.stack.SCALE), and so is "for a minute". With MATRIX_SCALE=1,
as `make matrix` runs it after that, only those cells of the selection run whose fault is total: a whole minute of it.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from dashboard.commands import delivery
from tests import servers
from tests.dashboard.matrix.stack import DAY_AND_A_MINUTE, READ_TIMEOUT, SCALE, Stack, stack

WHOLE = "MATRIX_ROWS" in os.environ
ROWS = int(os.environ.get("MATRIX_ROWS", "5"))
STACKS = ["sqlite", "postgresql"]
OPERATIONS = {"approve": "ApproveAssignment", "reject": "RejectAssignment", "override": "ApproveAssignment",
              "bonus": "SendBonus", "add assignments": "CreateAdditionalAssignmentsForHIT"}  # fmt: skip


@dataclass
class Cell:
    """One account and what will be decided in it."""

    stack: Stack
    what: str
    key: str
    ids: list[str]

    @property
    def operation(self) -> str:
        return OPERATIONS[self.what]

    def ask(self, clicks: int = 1) -> None:
        assert self.stack.desk("ask", clicks=clicks) == []

    def fault(self, mode: str, rate: float = 1.0, **more: Any) -> None:
        if mode == "timeout":
            mode, more = "latency", {"latency_ms": 1000 * (READ_TIMEOUT + 0.4)}
        self.stack.misbehave(self.operation, mode, rate, **more)

    def paid(self, kind: str) -> list[tuple[str, str]]:
        rows = self.stack.market.control("ledger")
        return sorted(
            (row["assignment"], row["amount"]) for row in rows if (row["kind"], row["requester"]) == (kind, self.key)
        )

    def happened(self) -> list[str]:
        """About which the marketplace did what was asked: each as often as it did it."""
        if self.what in ("approve", "override", "bonus"):
            return [subject for subject, _ in self.paid("bonus" if self.what == "bonus" else "reward")]
        client = self.stack.market.client(self.key)
        if self.what == "reject":
            status = {pk: client.get_assignment(AssignmentId=pk)["Assignment"]["AssignmentStatus"] for pk in self.ids}
            return sorted(pk for pk in self.ids if status[pk] == "Rejected")
        more = {pk: client.get_hit(HITId=pk)["HIT"]["MaxAssignments"] - 1 for pk in self.ids}
        return sorted(pk for pk in self.ids for _ in range(more[pk]))

    def settle(self, ticks: int = 1) -> dict[str, int]:
        longest = 60 + ROWS + 2 * delivery.BACKOFF_LONGEST * SCALE
        return self.stack.desk("wait_until_settled", ticks=ticks, seconds=longest)

    def check(self) -> None:
        """Each exactly once at the marketplace, and our side believes the same."""
        found = self.stack.desk("found")
        assert found["not done"] == []
        assert found["commands"] == len(self.ids)
        assert self.happened() == sorted(self.ids)
        rewards = [(pk, "0.10") for pk in sorted(self.ids)] if self.what in ("approve", "override") else []
        bonuses = sorted((pk, f"{0.1 + number / 100:.2f}") for number, pk in enumerate(self.ids))
        assert self.paid("reward") == rewards
        assert self.paid("bonus") == (bonuses if self.what == "bonus" else [])
        status = {"approve": ["Approved"], "override": ["Approved"], "reject": ["Rejected"], "bonus": ["Submitted"],
                  "add assignments": []}  # fmt: skip
        assert found["statuses"] == status[self.what]
        assert found["places"] == [2 if self.what == "add assignments" else len(self.ids)]
        assert (found["verdicts"], found["audit"], float(found["budget"])) == (0, [], 0.0)


def assert_it_held_some(cell: Cell) -> None:
    """And the rest, if people were still asking when it died, is queued."""
    states = cell.stack.desk("states")
    assert states.get("sending"), f"killed too late to prove anything: {states}"
    assert set(states) <= {"sending", "queued"}


def nobody_comes_back(cell: Cell) -> None:
    cell.stack.start_workers()
    cell.stack.advance(121)


def killed_before(cell: Cell) -> None:
    cell.stack.tell_to_die("before the call")
    cell.ask()
    cell.stack.wait_for_death()
    assert_it_held_some(cell)
    assert cell.happened() == []
    nobody_comes_back(cell)


def killed_during(cell: Cell) -> None:
    cell.fault("latency", latency_ms=500)
    cell.ask()
    cell.stack.desk("wait_for_calls")
    cell.stack.kill()
    assert cell.stack.desk("states").get("sending"), "killed too late to prove anything"
    cell.stack.behave()
    nobody_comes_back(cell)


def killed_after(cell: Cell) -> None:
    cell.stack.tell_to_die("after the call")
    cell.ask()
    cell.stack.wait_for_death()
    assert_it_held_some(cell)
    assert cell.happened(), "killed too early to prove anything"
    nobody_comes_back(cell)


def message_twice(cell: Cell) -> None:
    cell.fault("latency", latency_ms=200)
    cell.ask()
    cell.settle(ticks=2)


def two_workers(cell: Cell) -> None:
    cell.stack.start_workers(2)
    cell.fault("latency", latency_ms=100)
    cell.ask()
    cell.settle(ticks=2)


def two_beats(cell: Cell) -> None:
    cell.fault("error")
    cell.stack.start_beats(2)
    cell.ask()
    for beat in cell.stack.beats:
        beat.wait_until(lambda beat=beat: "Sending due task sweep" in beat.output, 20)
    cell.stack.behave()
    assert cell.settle(ticks=0) == {"done": len(cell.ids)}, "nobody else looked for what is due"
    cell.stack.stop_beats()


def double_click(cell: Cell) -> None:
    cell.ask(clicks=2)


def misbehaves(mode: str, rate: float) -> Callable[[Cell], None]:
    def play(cell: Cell) -> None:
        cell.fault(mode, rate)
        cell.ask()
        if rate < 1:
            cell.settle()
            return
        # A minute of it: everything is tried, again and again.
        cell.stack.desk("wait_until_settled", seconds=max(60 * SCALE, 3 * READ_TIMEOUT))
        tried = cell.stack.desk("wait_for_attempts")
        if mode in ("throttle", "error", "drop_before"):
            assert "done" not in tried
            assert cell.happened() == []
        cell.stack.behave()

    return play


def broker_emptied(cell: Cell) -> None:
    cell.stack.stop_workers()
    cell.ask()
    cell.stack.empty_broker()
    cell.stack.start_workers()
    time.sleep(0.5)
    assert cell.stack.desk("states") == {"queued": len(cell.ids)}, "the messages were not lost"
    cell.stack.empty_broker()  # and while a worker and beat are connected to it


def database_lost(cell: Cell) -> None:
    cell.fault("latency", latency_ms=500)
    cell.ask()
    cell.stack.desk("wait_for_calls")
    cell.stack.lose_database()
    cell.stack.behave()
    cell.stack.desk("wait_until_settled", seconds=5)
    cell.stack.advance(121)  # what could not be written down is held until its claim lapses


def a_day_between_attempts(cell: Cell) -> None:
    cell.fault("drop_before", 0.3)
    cell.fault("error", 0.3)
    cell.fault("drop_after")
    cell.ask()
    cell.stack.desk("wait_for_attempts")
    cell.stack.stop_workers()  # else some are tried again, rightly, before the day has passed
    cell.stack.behave()
    before = cell.happened()
    assert before
    cell.stack.advance(DAY_AND_A_MINUTE)
    cell.stack.start_workers()
    cell.settle()
    assert cell.happened() == (before if cell.what in ("bonus", "add assignments") else sorted(cell.ids))
    asked = cell.stack.desk("decide", happened=before)
    if cell.what == "bonus":
        assert sorted(asked) == sorted(set(cell.ids) - set(before)), "those that are listed need nobody"
    elif cell.what != "add assignments":
        assert asked == []


def clock_moved_back(cell: Cell) -> None:
    cell.fault("error", 0.5)
    cell.fault("drop_before")
    cell.ask()
    cell.stack.desk("wait_for_attempts")
    cell.stack.behave()
    cell.stack.set_clock(-3600)
    try:
        assert cell.settle() == {"done": len(cell.ids)}
    finally:
        cell.stack.set_clock(3600)


FAULTS: dict[str, Callable[[Cell], None]] = {
    "killed before the call": killed_before,
    "killed during the call": killed_during,
    "killed before settling": killed_after,
    "message twice": message_twice,
    "two workers": two_workers,
    "two beats": two_beats,
    "double click": double_click,
    **{
        f"{mode} {rate:.0%}": misbehaves(mode, rate)
        for mode in ("throttle", "error", "drop_before", "drop_after", "timeout")
        for rate in (0.2, 1.0)
    },
    "broker emptied": broker_emptied,
    "database lost": database_lost,
    "a day between attempts": a_day_between_attempts,
    "clock moved back": clock_moved_back,
}
#: What the suite runs: stack, kind. Each fault once (those that lose answers of payments on both stacks).
COVERING = {
    "killed before the call": ["sqlite approve"],
    "killed during the call": ["postgresql add assignments"],
    "killed before settling": ["sqlite bonus", "postgresql bonus"],
    "message twice": ["sqlite reject", "postgresql bonus"],
    "two workers": ["postgresql bonus"],
    "two beats": ["sqlite approve"],
    "double click": ["sqlite add assignments", "postgresql override"],
    "throttle 20%": ["sqlite override"],
    "throttle 100%": ["postgresql approve"],
    "error 20%": ["postgresql reject"],
    "error 100%": ["sqlite bonus"],
    "drop_before 20%": ["sqlite add assignments"],
    "drop_before 100%": ["postgresql override"],
    "drop_after 20%": ["postgresql approve"],
    "drop_after 100%": ["sqlite bonus", "postgresql add assignments"],
    "timeout 20%": ["sqlite bonus"],
    "timeout 100%": ["postgresql bonus"],
    "broker emptied": ["postgresql approve"],
    "database lost": ["postgresql bonus"],
    "a day between attempts": ["sqlite bonus", "postgresql add assignments"],
    "clock moved back": ["sqlite bonus"],
}


def cells(which: str) -> list[Any]:
    return [
        pytest.param(
            which,
            what,
            fault,
            id=f"{which}, {what}, {fault}",
            marks=pytest.mark.xdist_group(f"matrix {which}"),
        )
        for fault in FAULTS
        for what in OPERATIONS
        if SCALE < 1 or fault.endswith("100%")
        if WHOLE or f"{which} {what}" in COVERING[fault]
    ]


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("sqlite")) as running:
        yield running


@pytest.fixture(scope="module")
def postgresql(migrated_postgres: servers.Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("postgresql")
    with ExitStack() as ending:
        try:  # one of its own: it will be emptied
            broker = ending.enter_context(servers.redis(folder))
        except servers.Missing as reason:
            pytest.skip(str(reason))
        url = migrated_postgres.database("matrix", template="migrated")
        yield ending.enter_context(stack(folder, DATABASE_URL=url, REDIS_URL=broker))


@pytest.mark.parametrize(("which", "what", "fault"), [*cells("sqlite"), *cells("postgresql")])
def test_each_decision_arrives_exactly_once(request: Any, which: str, what: str, fault: str) -> None:
    running = request.getfixturevalue(which)
    running.start_workers(1)
    cell = Cell(running, what, **running.desk("open", what=what, rows=ROWS))
    try:
        FAULTS[fault](cell)
        running.behave()
        cell.settle()
        cell.check()
    finally:
        running.behave()
        running.stop_beats()
        (running.folder / "die-at").unlink(missing_ok=True)


@pytest.mark.xdist_group("matrix postgresql")
def test_a_panel_a_message_and_a_block_arrive_through_postgresql_and_redis(postgresql: Stack) -> None:
    """Their tests run on SQLite, without a broker; here more members than are told one by one."""
    postgresql.behave()
    postgresql.start_workers(1)
    calls = postgresql.market.control("calls").get("NotifyWorkers", 0)
    found = postgresql.desk("choose_people", rows=27)
    good = [f"ACROWD{number:03d}" for number in range(1, 27)]
    client = postgresql.market.client(found["key"])
    held = client.list_workers_with_qualification_type(QualificationTypeId=found["type"], MaxResults=100)
    assert sorted(row["WorkerId"] for row in held["Qualifications"]) == good
    assert found["panel"] == ["on", "", len(good)]
    assert found["letters"] == {"sent": len(good)}
    assert postgresql.market.control("calls")["NotifyWorkers"] == calls + 1
    assert [row["WorkerId"] for row in client.list_worker_blocks()["WorkerBlocks"]] == found["blocked"] == ["ACROWD000"]
    assert (found["not done"], found["audit"]) == ([], [])


def test_the_selection_has_every_fault_every_kind_and_both_stacks() -> None:
    assert set(COVERING) == set(FAULTS)
    assert {cell for chosen in COVERING.values() for cell in chosen} == {
        f"{which} {what}" for which in STACKS for what in OPERATIONS
    }
