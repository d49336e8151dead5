"""What a page says something will cost is what the marketplace's ledger shows it cost, to the cent."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from dashboard import commands
from dashboard.models import Command
from hits.actions import decide_together
from hits.models import HIT, Assignment
from marketplace.policies import MASTERS_TYPES
from tests.cast import Lab
from tests.dashboard.test_delivery import deliver
from workers.actions import pay_bonus

REWARDS = ["0.01", "0.02", "0.03", "0.04", "0.05", "0.07", "0.08", "0.10", "0.12", "0.13", "0.18", "0.23", "0.25",
           "0.33", "0.50", "0.99", "1.00", "1.01", "1.23", "2.50", "3.33", "4.99", "5.00"]  # fmt: skip
MASTERS = [{"QualificationTypeId": sorted(MASTERS_TYPES)[0], "Comparator": "Exists"}]


def taken(lab: Lab) -> dict[tuple[str, str], Decimal]:
    """(assignment, kind) -> what really left the requester."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in lab.ledger("reward", "bonus", "fee"):
        sums[row["assignment"], row["kind"]] += Decimal(row["amount"])
    return sums


@pytest.mark.parametrize("masters", [False, True], ids=["anybody", "masters"])
@pytest.mark.parametrize("assignments", [1, 9, 10])
def test_an_approval_costs_what_was_said(lab: Lab, assignments: int, masters: bool) -> None:
    requirements: Any = {"QualificationRequirements": MASTERS} if masters else {}
    for reward in REWARDS:
        hit = lab.hit(Reward=reward, MaxAssignments=assignments, **requirements)
        if not masters:
            lab.answer(hit, worker="AWORKER0000001")
    run = lab.sync()
    assert run.error == ""
    if masters:
        # Nobody holds the qualification here; what creating such a HIT reserves is what it will cost.
        holds = {row["hit"]: Decimal(row["amount"]) for row in lab.ledger("hold")}
        rows = HIT.objects.select_related("hit_type")
        said = {hit.hit_id: (hit.reward + hit.fee) * assignments for hit in rows}
        assert said == holds
        return
    ids = list(Assignment.objects.values_list("assignment_id", flat=True))
    done = decide_together(account=lab.account, assignment_ids=ids, by=lab.people["manager"], verdict="approve")
    assert len(done.commands) == len(REWARDS)
    deliver(lab)
    real = taken(lab)
    for command in Command.objects.all():
        assert command.state == "done"
        assert real[command.assignment_id, "reward"] == command.amount, command.amount
        assert real[command.assignment_id, "fee"] == command.fee, command.amount


def test_a_bonus_costs_what_was_said(lab: Lab) -> None:
    hit = lab.hit(MaxAssignments=len(REWARDS))
    for _ in REWARDS:
        lab.answer(hit)
    lab.sync()
    for amount, assignment in zip(REWARDS, Assignment.objects.select_related("account", "hit"), strict=True):
        pay_bonus(assignment=assignment, by=lab.people["manager"], amount=Decimal(amount), reason="Fine")
    deliver(lab)
    commands.deliver_due(lab.account.pk)
    real = taken(lab)
    for command in Command.objects.all():
        assert command.state == "done"
        assert real[command.assignment_id, "bonus"] == command.amount
        assert real[command.assignment_id, "fee"] == command.fee, command.amount
