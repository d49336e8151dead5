"""Many at once, over HTTP, on both databases: whatever is done twice at the same moment happens once."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial

import botocore.exceptions
import pytest

from tests import servers
from tests.marketplace.conftest import Control
from tests.marketplace.making import HTML, KIND, balance, do, new_hit, state

AT_ONCE = 8

# Together, so that its two servers are started once.
pytestmark = pytest.mark.xdist_group("crowded")


@pytest.fixture
def control(crowded):
    return Control(crowded)


@pytest.fixture
def mturk(crowded, access_key):
    return crowded.client(access_key)


def at_once(*calls):
    """How the calls ended, started at the same moment: their results, or codes of their refusals."""
    gate = threading.Barrier(len(calls))

    def one(call):
        gate.wait()
        try:
            return call()
        except servers.ControlRefused as refused:
            return str(refused).split(":")[0].split()[-1]
        except botocore.exceptions.ClientError as error:
            return error.response.get("TurkErrorCode", error.response["Error"]["Code"])

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def rows(control, access_key, *kinds):
    return [row for row in control.get("ledger") if row["requester"] == access_key and row["kind"] in kinds]


def test_workers_after_the_last_assignments(mturk, control):
    hit = new_hit(mturk, MaxAssignments=2)
    outcomes = at_once(
        *(
            lambda worker=number: control.post("accept", {"HITId": hit["HITId"], "WorkerId": f"ALAST{worker}"})
            for number in range(AT_ONCE)
        )
    )
    assert outcomes.count("unavailable") == AT_ONCE - 2
    assert state(mturk, hit) == ("Unassignable", 2, 0, 0)


def test_one_worker_accepting_in_many_windows(mturk, control):
    hit = new_hit(mturk, MaxAssignments=AT_ONCE)
    accept = {"HITId": hit["HITId"], "WorkerId": "AWINDOWS"}
    outcomes = at_once(*[lambda: control.post("accept", accept)] * AT_ONCE)
    assert outcomes.count("already_accepted") == AT_ONCE - 1
    assert state(mturk, hit) == ("Assignable", 1, AT_ONCE - 1, 0)


def test_approving_at_once_pays_once(mturk, control, access_key):
    assignment = do(control, new_hit(mturk), "ATWICE")
    outcomes = at_once(*[lambda: mturk.approve_assignment(AssignmentId=assignment)] * AT_ONCE)
    assert outcomes.count("AWS.MechanicalTurk.InvalidAssignmentState") == AT_ONCE - 1
    assert [row["amount"] for row in rows(control, access_key, "reward")] == ["0.50"]
    assert balance(mturk) == ("9999.40", "0.00")


def test_approving_against_rejecting_is_one_decision(mturk, control, access_key):
    for number in range(5):
        assignment = do(control, new_hit(mturk), f"AUNDECIDED{number}")
        outcomes = at_once(
            partial(mturk.approve_assignment, AssignmentId=assignment),
            partial(mturk.reject_assignment, AssignmentId=assignment, RequesterFeedback="no"),
        )
        assert outcomes.count("AWS.MechanicalTurk.InvalidAssignmentState") == 1
        status = mturk.get_assignment(AssignmentId=assignment)["Assignment"]["AssignmentStatus"]
        paid = [row for row in rows(control, access_key, "reward") if row["assignment"] == assignment]
        assert (status, len(paid)) in {("Approved", 1), ("Rejected", 0)}


def test_a_bonus_with_one_token_is_paid_once(mturk, control, access_key):
    assignment = do(control, new_hit(mturk), "ABONUSONCE")
    sent = {"WorkerId": "ABONUSONCE", "AssignmentId": assignment, "BonusAmount": "1", "Reason": "r"}
    outcomes = at_once(*[lambda: mturk.send_bonus(**sent, UniqueRequestToken="one")] * AT_ONCE)
    assert outcomes.count("AWS.MechanicalTurk.DuplicateRequest") == AT_ONCE - 1
    assert [row["amount"] for row in rows(control, access_key, "bonus")] == ["1.00"]


def test_a_hit_with_one_token_is_made_once(mturk):
    outcomes = at_once(*[lambda: new_hit(mturk, UniqueRequestToken="one")["HITId"]] * AT_ONCE)
    assert Counter(outcomes)["AWS.MechanicalTurk.HitAlreadyExists"] == AT_ONCE - 1
    assert mturk.list_hits()["NumResults"] == 1
    assert balance(mturk) == ("9999.40", "0.60")


def test_equal_hit_types_made_at_once_are_one_and_so_is_a_new_requester(crowded, access_key, control):
    clients = [crowded.client(access_key) for _ in range(AT_ONCE)]
    outcomes = at_once(*(lambda client=client: client.create_hit_type(**KIND)["HITTypeId"] for client in clients))
    assert len(set(outcomes)) == 1
    assert [row["amount"] for row in rows(control, access_key, "deposit")] == ["10000.00"]


def test_money_cannot_be_spent_twice(mturk, control, access_key):
    def spend():
        return new_hit(mturk, Reward="2500.00")["HITId"]  # 3000.00 with its fee

    outcomes = at_once(*[spend] * AT_ONCE)
    assert outcomes.count("AWS.MechanicalTurk.InsufficientFunds") == AT_ONCE - 3
    assert balance(mturk) == ("1000.00", "9000.00")
    assert len(rows(control, access_key, "hold")) == 3


def test_everything_at_once_keeps_the_books(mturk, control, access_key):
    """Workers, reviewers, bonuses, extensions and time travel on the same HITs; then every cent is found again."""
    type_id = mturk.create_hit_type(**{**KIND, "AutoApprovalDelayInSeconds": 30})["HITTypeId"]
    hits = [
        mturk.create_hit_with_hit_type(HITTypeId=type_id, LifetimeInSeconds=3600, MaxAssignments=12, Question=HTML)[
            "HIT"
        ]
        for _ in range(2)
    ]
    dearer = mturk.create_hit_type(**{**KIND, "Reward": "0.80"})["HITTypeId"]

    def worker(number):
        for hit in hits:
            assignment = do(control, hit, f"ABUSY{number}")
            worker_id = f"ABUSY{number}"
            if number % 2:
                mturk.approve_assignment(AssignmentId=assignment)
            mturk.send_bonus(AssignmentId=assignment, WorkerId=worker_id, BonusAmount="0.10", Reason="r")
        return "done"

    def requester():
        for hit in hits:
            mturk.create_additional_assignments_for_hit(HITId=hit["HITId"], NumberOfAdditionalAssignments=3)
            mturk.update_hit_type_of_hit(HITId=hit["HITId"], HITTypeId=dearer)
        return "done"

    def time():
        for _ in range(4):
            control.advance(20)
        return "done"

    calls = [lambda number=number: worker(number) for number in range(6)]
    outcomes = at_once(*calls, requester, time)
    # A sweep may approve before the reviewer does; nothing else may fail.
    assert set(outcomes) <= {"done", "AWS.MechanicalTurk.InvalidAssignmentState"}

    totals = Counter()
    for row in rows(control, access_key, "deposit", "hold", "release", "reward", "bonus", "fee"):
        totals[row["kind"]] += Decimal(row["amount"])
    available, on_hold = (Decimal(amount) for amount in balance(mturk))
    assert totals["deposit"] == available + on_hold + totals["reward"] + totals["bonus"] + totals["fee"]
    assert on_hold == totals["hold"] - totals["release"]
    rewarded = Counter(row["assignment"] for row in rows(control, access_key, "reward"))
    assert set(rewarded.values()) <= {1}
    control.advance(200 * 86_400)
    assert balance(mturk)[1] == "0.00"
