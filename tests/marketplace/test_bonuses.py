"""Bonuses: paid once, to who did the work, and listed."""

import pytest

from tests.marketplace.making import assert_ends, balance, do, invalid, new_hit, refused


@pytest.fixture
def hit(mturk):
    return new_hit(mturk, MaxAssignments=5)


@pytest.fixture
def assignment(control, hit):
    return do(control, hit, "ABONUS")


def test_a_bonus_costs_its_amount_and_a_fee(mturk, hit, assignment):
    available = balance(mturk)[0]
    mturk.send_bonus(WorkerId="ABONUS", AssignmentId=assignment, BonusAmount="1.5", Reason="Well <done>")
    assert (available, balance(mturk)[0]) == ("9997.00", "9995.20")
    (bonus,) = mturk.list_bonus_payments(AssignmentId=assignment)["BonusPayments"]
    assert bonus.pop("GrantTime")
    assert bonus == {
        "WorkerId": "ABONUS",
        "AssignmentId": assignment,
        "BonusAmount": "1.50",
        "Reason": "Well <done>",
    }


def test_the_smallest_bonus_costs_a_cent_more(mturk, assignment):
    mturk.send_bonus(WorkerId="ABONUS", AssignmentId=assignment, BonusAmount="0.01", Reason="r")
    assert balance(mturk)[0] == "9996.98"


def test_a_repeated_token_pays_nothing_more(mturk, control, assignment):
    sent = {"WorkerId": "ABONUS", "AssignmentId": assignment, "BonusAmount": "1", "Reason": "r"}
    mturk.send_bonus(**sent, UniqueRequestToken="once")
    repeated = '^The idempotency token "once" has already been processed\\.'
    with refused("DuplicateRequest", repeated):
        mturk.send_bonus(**sent, UniqueRequestToken="once")
    with refused("DuplicateRequest", repeated):
        mturk.send_bonus(**{**sent, "BonusAmount": "9"}, UniqueRequestToken="once")
    assert mturk.list_bonus_payments(AssignmentId=assignment)["NumResults"] == 1
    mturk.send_bonus(**sent)
    mturk.send_bonus(**sent)  # without a token each call is a bonus
    assert mturk.list_bonus_payments(AssignmentId=assignment)["NumResults"] == 3


def test_worker_and_assignment_have_to_belong_together(mturk, control, hit, assignment):
    other = do(control, hit, "ABONUSOTHER")
    sent = {"BonusAmount": "1", "Reason": "r"}
    with invalid("was not submitted by worker ABONUSOTHER"):
        mturk.send_bonus(WorkerId="ABONUSOTHER", AssignmentId=assignment, **sent)
    with invalid('^The value "ANOBODYKNOWS" is not valid for the parameter WorkerId\\.'):
        mturk.send_bonus(WorkerId="ANOBODYKNOWS", AssignmentId=assignment, **sent)
    with refused("AssignmentDoesNotExist"):
        mturk.send_bonus(WorkerId="ABONUS", AssignmentId="3NONE", **sent)
    assert mturk.list_bonus_payments(AssignmentId=other)["BonusPayments"] == []
    assert balance(mturk)[0] == "9997.00"


def test_no_bonus_of_nothing_or_without_the_money(mturk, assignment):
    for amount in ("0", "0.00", "10000.01"):
        with invalid("is invalid for BonusAmount. Valid values range from 0.01 to 10000.00"):
            mturk.send_bonus(WorkerId="ABONUS", AssignmentId=assignment, BonusAmount=amount, Reason="r")
    with invalid("Reason has a minimum length of 1"):
        mturk.send_bonus(WorkerId="ABONUS", AssignmentId=assignment, BonusAmount="1", Reason="")
    dear = {"WorkerId": "ABONUS", "AssignmentId": assignment, "BonusAmount": "9000", "Reason": "r"}
    with refused("InsufficientFunds"):
        mturk.send_bonus(**dear, UniqueRequestToken="dear")
    assert balance(mturk)[0] == "9997.00"
    with refused("InsufficientFunds"):  # the token is still free: nothing was paid with it
        mturk.send_bonus(**dear, UniqueRequestToken="dear")


def test_rejected_work_can_have_a_bonus_too(mturk, assignment):
    mturk.reject_assignment(AssignmentId=assignment, RequesterFeedback="no")
    mturk.send_bonus(WorkerId="ABONUS", AssignmentId=assignment, BonusAmount="1", Reason="for trying")
    assert mturk.list_bonus_payments(AssignmentId=assignment)["NumResults"] == 1


def test_bonuses_of_a_hit_in_pages(mturk, control, hit, assignment):
    other = do(control, hit, "ABONUSOTHER")
    for amount in ("1.00", "2.00", "3.00"):
        mturk.send_bonus(WorkerId="ABONUS", AssignmentId=assignment, BonusAmount=amount, Reason="r")
    mturk.send_bonus(WorkerId="ABONUSOTHER", AssignmentId=other, BonusAmount="4.00", Reason="r")
    first = mturk.list_bonus_payments(HITId=hit["HITId"], MaxResults=3)
    assert [bonus["BonusAmount"] for bonus in first["BonusPayments"]] == ["1.00", "2.00", "3.00"]
    second = mturk.list_bonus_payments(HITId=hit["HITId"], MaxResults=3, NextToken=first["NextToken"])
    assert [bonus["BonusAmount"] for bonus in second["BonusPayments"]] == ["4.00"]
    assert_ends(second, mturk.list_bonus_payments, HITId=hit["HITId"], MaxResults=3)


def test_bonuses_of_what(mturk, marketplace, assignment):
    with invalid("Either the HITId parameter or the AssignmentId parameter must be specified"):
        mturk.list_bonus_payments()
    with refused("HITDoesNotExist"):
        mturk.list_bonus_payments(HITId="3NONE")
    with refused("AssignmentDoesNotExist"):
        marketplace.client("AKIASTRANGER").list_bonus_payments(AssignmentId=assignment)


def test_no_bonus_to_who_has_done_nothing_for_half_a_year(mturk, control):
    hit = new_hit(mturk, MaxAssignments=2, LifetimeInSeconds=300 * 86_400)
    assignment = do(control, hit, "ALONGAGO")
    control.advance(184 * 86_400)
    sent = {"WorkerId": "ALONGAGO", "AssignmentId": assignment, "BonusAmount": "1", "Reason": "r"}
    with refused("DoesNotMeetRequirements", "last six months"):
        mturk.send_bonus(**sent)
    do(control, new_hit(mturk), "ALONGAGO")
    mturk.send_bonus(**sent)
