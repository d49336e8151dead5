"""Reviewing: reading handed-in work, approving, rejecting, overriding a rejection."""

import datetime

import pytest

from tests.marketplace.making import balance, do, invalid, new_hit, refused, state

DAY = 86_400


@pytest.fixture
def hit(mturk):
    return new_hit(mturk, MaxAssignments=3)


def test_handed_in_work_as_the_requester_sees_it(mturk, control, hit):
    assignment_id = do(control, hit, "AREADONE", colour=["red", "blue"], note="", hitId="x")
    got = mturk.get_assignment(AssignmentId=assignment_id)
    assignment = got["Assignment"]
    assert (assignment["WorkerId"], assignment["HITId"]) == ("AREADONE", hit["HITId"])
    assert assignment["AssignmentStatus"] == "Submitted"
    assert assignment["AutoApprovalTime"] - assignment["SubmitTime"] == datetime.timedelta(days=30)
    assert assignment["Deadline"] - assignment["AcceptTime"] == datetime.timedelta(minutes=10)
    assert {"ApprovalTime", "RejectionTime", "RequesterFeedback"}.isdisjoint(assignment)
    assert assignment["Answer"] == (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<QuestionFormAnswers xmlns="http://mechanicalturk.'
        'amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/QuestionFormAnswers.xsd">\n<Answer>\n'
        "<QuestionIdentifier>colour</QuestionIdentifier>\n<FreeText>red|blue</FreeText>\n</Answer>\n<Answer>\n"
        "<QuestionIdentifier>note</QuestionIdentifier>\n<FreeText/>\n</Answer>\n</QuestionFormAnswers>"
    )
    assert got["HIT"]["HITId"] == hit["HITId"]
    assert mturk.list_assignments_for_hit(HITId=hit["HITId"])["Assignments"] == [assignment]


def test_approving_pays_once(mturk, control, hit):
    assignment_id = do(control, hit, "AAPPROVED")
    assert balance(mturk) == ("9998.20", "1.80")
    mturk.approve_assignment(AssignmentId=assignment_id, RequesterFeedback="Thank you")
    assert balance(mturk) == ("9998.20", "1.20")
    assignment = mturk.get_assignment(AssignmentId=assignment_id)["Assignment"]
    assert (assignment["AssignmentStatus"], assignment["RequesterFeedback"]) == ("Approved", "Thank you")
    assert assignment["ApprovalTime"] >= assignment["SubmitTime"]
    for again in ({}, {"OverrideRejection": True}):
        with refused("InvalidAssignmentState", "^This operation can be called with a status of: Submitted"):
            mturk.approve_assignment(AssignmentId=assignment_id, **again)
    with refused("InvalidAssignmentState"):
        mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="no")
    assert balance(mturk) == ("9998.20", "1.20")
    assert state(mturk, hit) == ("Assignable", 0, 2, 1)


def test_rejecting_gives_the_money_back_and_does_not_reopen_the_hit(mturk, control):
    hit = new_hit(mturk)
    assignment_id = do(control, hit, "AREJECTED")
    mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="Blank")
    assignment = mturk.get_assignment(AssignmentId=assignment_id)["Assignment"]
    assert (assignment["AssignmentStatus"], assignment["RequesterFeedback"]) == ("Rejected", "Blank")
    assert "RejectionTime" in assignment
    assert balance(mturk) == ("10000.00", "0.00")
    assert state(mturk, hit) == ("Reviewable", 0, 0, 1)
    with refused("InvalidAssignmentState", "Submitted"):
        mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="Blank")
    with refused("InvalidAssignmentState", "Submitted"):
        mturk.approve_assignment(AssignmentId=assignment_id)


def test_a_rejection_can_be_overridden_for_thirty_days(mturk, control):
    hit = new_hit(mturk, MaxAssignments=2, LifetimeInSeconds=40 * DAY)
    early, late = do(control, hit, "AOVERONE"), do(control, hit, "AOVERTWO")
    for assignment_id in (early, late):
        mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="no")
    mturk.approve_assignment(AssignmentId=early, OverrideRejection=True)
    assignment = mturk.get_assignment(AssignmentId=early)["Assignment"]
    assert assignment["AssignmentStatus"] == "Approved"
    assert {"RejectionTime", "RequesterFeedback"}.isdisjoint(assignment)
    assert balance(mturk) == ("9999.40", "0.00")
    with refused("InvalidAssignmentState", "Submitted"):
        mturk.reject_assignment(AssignmentId=early, RequesterFeedback="no")
    control.advance(30 * DAY + 60)
    with refused("InvalidAssignmentState", "30 days"):
        mturk.approve_assignment(AssignmentId=late, OverrideRejection=True)


def test_an_override_without_the_money_changes_nothing(mturk, control):
    hit = new_hit(mturk, Reward="5000.00")
    assignment_id = do(control, hit, "APOOR")
    mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="no")
    new_hit(mturk, Reward="5000.00")
    with refused("InsufficientFunds"):
        mturk.approve_assignment(AssignmentId=assignment_id, OverrideRejection=True)
    assert mturk.get_assignment(AssignmentId=assignment_id)["Assignment"]["AssignmentStatus"] == "Rejected"
    assert balance(mturk) == ("4000.00", "6000.00")


def test_work_that_was_not_handed_in(mturk, control, hit):
    assignment_id = control.post("accept", {"HITId": hit["HITId"], "WorkerId": "AHOLDER"})["AssignmentId"]
    with refused("InvalidAssignmentState", "status of: Reviewable,Approved,Rejected"):
        mturk.get_assignment(AssignmentId=assignment_id)
    with refused("InvalidAssignmentState", "status of: Submitted"):
        mturk.approve_assignment(AssignmentId=assignment_id)
    with refused("InvalidAssignmentState", "status of: Submitted"):
        mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="no")
    with refused("AssignmentDoesNotExist"):
        mturk.send_bonus(AssignmentId=assignment_id, WorkerId="AHOLDER", BonusAmount="1", Reason="r")
    assert mturk.list_assignments_for_hit(HITId=hit["HITId"])["NumResults"] == 0


def test_somebody_elses_assignment_does_not_exist(mturk, control, marketplace, hit):
    assignment_id = do(control, hit, "AELSEWHERE")
    stranger = marketplace.client("AKIASTRANGER")
    gone = f"^Assignment {assignment_id} does not exist\\."
    with refused("AssignmentDoesNotExist", gone):
        stranger.get_assignment(AssignmentId=assignment_id)
    with refused("AssignmentDoesNotExist", gone):
        stranger.approve_assignment(AssignmentId=assignment_id)
    with refused("AssignmentDoesNotExist", gone):
        stranger.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="no")


def test_feedback_is_bounded_and_printable(mturk, control, hit):
    assignment_id = do(control, hit, "AFEEDBACK")
    with invalid("RequesterFeedback has a maximum length of 1024"):
        mturk.approve_assignment(AssignmentId=assignment_id, RequesterFeedback="é" * 1025)
    with invalid(r"RequesterFeedback contains the character U\+000B"):
        mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="a\x0bb")
    mturk.approve_assignment(AssignmentId=assignment_id, RequesterFeedback="é\n\t" * 341)


def test_a_rejection_says_why_or_at_least_says_nothing(mturk, control, hit, wire):
    assignment_id = do(control, hit, "AREJECTED")
    reply = wire.call("RejectAssignment", {"AssignmentId": assignment_id})
    assert "Value null at 'requesterFeedback' failed" in reply.json["message"]
    mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="")
    rejected = mturk.get_assignment(AssignmentId=assignment_id)["Assignment"]
    assert rejected["AssignmentStatus"] == "Rejected"
    assert "RequesterFeedback" not in rejected


def test_assignments_are_listed_by_status_in_the_order_of_submission(mturk, control):
    hit = new_hit(mturk, MaxAssignments=9)
    held = control.post("accept", {"HITId": hit["HITId"], "WorkerId": "ALISTFIRST"})["AssignmentId"]
    ids = [do(control, hit, f"ALIST{number}") for number in range(4)]
    control.post("submit", {"AssignmentId": held, "Fields": {}})
    mturk.approve_assignment(AssignmentId=ids[0])
    mturk.reject_assignment(AssignmentId=ids[1], RequesterFeedback="no")

    def listed(**filters):
        page = mturk.list_assignments_for_hit(HITId=hit["HITId"], **filters)
        return [assignment["AssignmentId"] for assignment in page["Assignments"]]

    assert listed() == [*ids, held]
    assert listed(AssignmentStatuses=["Submitted"]) == [ids[2], ids[3], held]
    assert listed(AssignmentStatuses=["Rejected", "Approved"]) == [ids[0], ids[1]]


def test_pages_lose_nothing_while_the_first_ones_are_being_reviewed(mturk, control):
    hit = new_hit(mturk, MaxAssignments=9)
    ids = [do(control, hit, f"APAGED{number}") for number in range(7)]
    wanted = {"HITId": hit["HITId"], "AssignmentStatuses": ["Submitted"], "MaxResults": 3}
    seen, token = [], {}
    while True:
        page = mturk.list_assignments_for_hit(**wanted, **token)
        for assignment in page["Assignments"]:
            seen.append(assignment["AssignmentId"])
            mturk.approve_assignment(AssignmentId=assignment["AssignmentId"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == ids
