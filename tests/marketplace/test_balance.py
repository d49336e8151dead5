"""Balances: what a requester can spend and what is held, as HITs come and go."""

from tests.marketplace.making import balance, do, new_hit


def test_everybody_begins_with_ten_thousand(mturk):
    assert balance(mturk) == ("10000.00", "0.00")


def test_a_hit_holds_reward_and_fee_of_every_assignment(mturk):
    new_hit(mturk, Reward="0.05", MaxAssignments=9)
    assert balance(mturk) == ("9999.46", "0.54")
    new_hit(mturk, Reward="0.05", MaxAssignments=10)
    assert balance(mturk) == ("9998.76", "1.24")


def test_reward_of_nothing_still_costs_the_least_fee(mturk, control):
    assignment = do(control, new_hit(mturk, Reward="0"), "AFORFREE")
    mturk.approve_assignment(AssignmentId=assignment)
    assert balance(mturk) == ("9999.99", "0.00")


def test_every_movement_is_in_the_ledger(mturk, control, access_key):
    hit = new_hit(mturk, UniqueRequestToken="make")
    assignment = do(control, hit, "ALEDGER")
    mturk.approve_assignment(AssignmentId=assignment)
    mturk.send_bonus(WorkerId="ALEDGER", AssignmentId=assignment, BonusAmount="2", Reason="r", UniqueRequestToken="pay")
    rows = [row for row in control.get("ledger") if row["requester"] == access_key]
    for row in rows:
        assert set(row) == {"kind", "requester", "worker", "assignment", "hit", "amount", "token", "time"}
        assert abs(row["time"] - control.now()) < 60
    about = ("kind", "amount", "worker", "assignment", "hit", "token")
    assert [tuple(row[name] for name in about) for row in rows] == [
        ("deposit", "10000.00", None, None, None, None),
        ("hold", "0.60", None, None, hit["HITId"], "make"),
        ("release", "0.60", None, assignment, hit["HITId"], None),
        ("reward", "0.50", "ALEDGER", assignment, hit["HITId"], None),
        ("fee", "0.10", None, assignment, hit["HITId"], None),
        ("bonus", "2.00", "ALEDGER", assignment, hit["HITId"], "pay"),
        ("fee", "0.40", None, assignment, hit["HITId"], "pay"),
    ]
    assert balance(mturk) == ("9997.00", "0.00")
