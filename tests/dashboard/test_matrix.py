"""The fault matrix: whatever the marketplace does, the ledger is what was asked, nothing is stuck, the audit verifies.

`make matrix` runs every cell with MATRIX_ROWS decisions instead of a handful; the suite runs those where all calls are
hit, and a few where a fifth is.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from dashboard import audit, budget, commands, mturk
from dashboard.models import Account, Command, State
from hits.actions import approve, override_rejection, reject
from hits.models import Assignment
from tests.cast import Lab
from workers.actions import pay_bonus

WHOLE = "MATRIX_ROWS" in os.environ
ROWS = int(os.environ.get("MATRIX_ROWS", "5"))
FAULTS = ["throttle", "error", "drop_before", "drop_after", "timeout"]
OPERATIONS = {"approve": "ApproveAssignment", "reject": "RejectAssignment", "override": "ApproveAssignment",
              "bonus": "SendBonus"}  # fmt: skip


CELLS = [
    pytest.param(what, fault, rate, id=f"{what}, {fault} {rate:.0%}")
    for what in OPERATIONS
    for fault in FAULTS
    for rate in (0.2, 1.0)
    if WHOLE or rate == 1.0 or (what, fault) in {("approve", "throttle"), ("bonus", "drop_after"), ("bonus", "error")}
]


def ask_for(lab: Lab, what: str, rows: list[Assignment]) -> None:
    ask: dict[str, Callable[[Assignment], Any]] = {
        "approve": lambda row: approve(assignment=row, by=lab.people["reviewer"]),
        "reject": lambda row: reject(assignment=row, by=lab.people["reviewer"], feedback="Not a number"),
        "override": lambda row: override_rejection(assignment=row, by=lab.people["reviewer"]),
        "bonus": lambda row: pay_bonus(assignment=row, by=lab.people["approver"], amount=row.hit.reward, reason="Fine"),
    }
    for row in rows:
        ask[what](row)


def tick(lab: Lab) -> None:
    """What beat does every few seconds, as if every wait were over."""
    Account.objects.filter(pk=lab.account.pk).update(retry_at=None, rate_now=None)
    Command.objects.filter(state__in=[State.QUEUED, State.UNKNOWN]).update(not_before=timezone.now())
    commands.sweep()
    commands.resolve_unknown(lab.account.pk)
    commands.deliver_due(lab.account.pk)


@pytest.fixture
def short_timeout(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MTURK_READ_TIMEOUT = 0.5
    monkeypatch.setattr(mturk, "_clients", {})  # those of other tests wait for longer


@pytest.mark.parametrize(("what", "fault", "rate"), CELLS)
def test_each_decision_arrives_exactly_once(
    lab: Lab, faults: Any, short_timeout: None, what: str, fault: str, rate: float
) -> None:
    hit = lab.hit(MaxAssignments=ROWS)
    ids = sorted(lab.answer(hit) for _ in range(ROWS))
    if what == "override":
        for assignment_id in ids:
            lab.mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="At first")
    lab.sync()
    rows = list(Assignment.objects.select_related("account", "hit"))
    ask_for(lab, what, rows)
    mode = {"mode": "latency", "latency_ms": 900} if fault == "timeout" else {"mode": fault}
    faults(OPERATIONS[what], rate=rate, seed=11, **mode)
    tick(lab)
    if rate == 1.0:
        assert not Command.objects.filter(state=State.DONE).exists(), "the fault hits every call"
    tick(lab)
    lab.server.control("faults", method="DELETE")
    for _ in range(4):
        tick(lab)
        if not Command.objects.exclude(state=State.DONE).exists():
            break

    assert set(Command.objects.values_list("state", flat=True)) == {State.DONE}
    paid = {kind: sorted(row["assignment"] for row in lab.ledger(kind)) for kind in ("reward", "bonus")}
    assert paid == {"reward": ids if what in ("approve", "override") else [], "bonus": ids if what == "bonus" else []}
    status = {"approve": "Approved", "override": "Approved", "reject": "Rejected", "bonus": "Submitted"}[what]
    assert {lab.remote_status(assignment_id) for assignment_id in ids} == {status}
    assert set(Assignment.objects.values_list("status", "verdict")) == {(status, None)}
    assert list(audit.verify("lab")) == []
    lab.account.refresh_from_db()
    assert lab.account.committed == budget.recount(lab.account.pk)
