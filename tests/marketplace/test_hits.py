"""Making, reading, listing and disposing of HITs."""

import datetime
import re

import pytest

from tests.marketplace.making import (
    EXTERNAL,
    FORM,
    HTML,
    KIND,
    assert_ends,
    balance,
    do,
    invalid,
    new_hit,
    refused,
    state,
)


def test_a_new_hit_answers_everything_it_was_given_and_the_defaults(mturk):
    hit = new_hit(
        mturk,
        Keywords="pictures, compare",
        RequesterAnnotation="batch 7",
        MaxAssignments=3,
        QualificationRequirements=[
            {
                "QualificationTypeId": "00000000000000000071",
                "Comparator": "EqualTo",
                "LocaleValues": [{"Country": "US"}],
            }
        ],
    )
    assert re.fullmatch(r"3[A-Z0-9]{29}", hit["HITId"])
    assert re.fullmatch(r"3[A-Z0-9]{29}", hit["HITTypeId"])
    assert re.fullmatch(r"3[A-Z0-9]{29}", hit["HITGroupId"])
    assert hit["Question"] == HTML
    assert hit["Reward"] == "0.50"
    assert hit["RequesterAnnotation"] == "batch 7"
    assert hit["AutoApprovalDelayInSeconds"] == 2_592_000
    assert hit["HITReviewStatus"] == "NotReviewed"
    assert hit["Expiration"] - hit["CreationTime"] == datetime.timedelta(hours=1)
    assert hit["QualificationRequirements"] == [
        {
            "QualificationTypeId": "00000000000000000071",
            "Comparator": "EqualTo",
            "LocaleValues": [{"Country": "US"}],
            "RequiredToPreview": False,
            "ActionsGuarded": "Accept",
        }
    ]
    assert mturk.get_hit(HITId=hit["HITId"])["HIT"] == hit
    assert state(mturk, hit) == ("Assignable", 0, 3, 0)


def test_what_was_not_given_is_not_in_the_answer(mturk):
    hit = new_hit(mturk, MaxAssignments=None)
    assert hit["MaxAssignments"] == 1
    assert {"Keywords", "RequesterAnnotation", "HITLayoutId"}.isdisjoint(hit)
    assert hit["QualificationRequirements"] == []


@pytest.mark.parametrize("question", [HTML, EXTERNAL, FORM, FORM.replace("2005-10-01", "2017-11-06")])
def test_every_kind_of_question_comes_back_byte_for_byte(mturk, question):
    assert new_hit(mturk, Question=question)["Question"] == question


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("who what?", "not well-formed"),
        ("<QuestionForm/>", "namespace"),
        (HTML.replace("2011-11-11", "2011-11-12"), "namespace"),
        (f'<!DOCTYPE x [<!ENTITY e "1">]>{HTML}', "DOCTYPE"),
        (HTML.replace("600", "tall"), "FrameHeight"),
        (EXTERNAL.replace("https:", "javascript:"), "ExternalURL"),
        (EXTERNAL.replace("https:", "http:"), "ExternalURL.*HTTPS"),
        (EXTERNAL.replace("https://tasks", "http://127.0.0.1.tasks"), "ExternalURL.*HTTPS"),
        (FORM.replace("<SelectionIdentifier>a</SelectionIdentifier>", ""), "line 15"),
        (HTML.replace("</html>", "x" * 65_535), "65535"),
        (HTML.replace("</html>", "\x01"), "not well-formed"),
    ],
)
def test_a_bad_question_is_refused_with_the_reason_and_nothing_is_made(mturk, question, sentence):
    with invalid(f"There was an error parsing the XML question or answer data in your request.*Details: .*{sentence}"):
        new_hit(mturk, Question=question)
    assert mturk.list_hits()["NumResults"] == 0


@pytest.mark.parametrize(
    "site", ["http://localhost:5000/ad", "http://127.0.0.1/ad", "http://[::1]:80/ad", "HTTPS://a.b/"]
)
def test_an_external_page_under_development_may_be_on_the_same_machine(mturk, site):
    question = EXTERNAL.replace("https://tasks.example.org/do", site)
    assert new_hit(mturk, Question=question)["Question"] == question


def test_the_code_of_a_bad_question(wire):
    reply = wire.call("CreateHIT", {**KIND, "LifetimeInSeconds": 60, "Question": "<x/>"})
    assert (reply.status, reply.json["__type"]) == (400, "ParameterValidationError")
    assert reply.json["TurkErrorCode"] == "AWS.MechanicalTurk.XMLParseError"


def test_a_question_or_a_layout_but_not_both(mturk):
    with invalid("Either a Question parameter or a HITLayoutId"):
        new_hit(mturk, Question=None)
    with invalid("not both"):
        new_hit(mturk, HITLayoutId="3ABC")
    with refused("HITLayoutDoesNotExist", "HITLayout 3ABC does not exist"):
        new_hit(mturk, Question=None, HITLayoutId="3ABC")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"LifetimeInSeconds": 29},
            "The value 29 is invalid for LifetimeInSeconds. Valid values range from 30 to 31536000.",
        ),
        ({"AssignmentDurationInSeconds": 31_536_001}, "AssignmentDurationInSeconds"),
        ({"AutoApprovalDelayInSeconds": 2_592_001}, "AutoApprovalDelayInSeconds"),
        ({"AutoApprovalDelayInSeconds": -1}, "AutoApprovalDelayInSeconds"),
        ({"MaxAssignments": 0}, "MaxAssignments"),
        ({"MaxAssignments": 1_000_000_001}, "MaxAssignments"),
        ({"Title": ""}, "Title has a minimum length of 1"),
        ({"Title": "t" * 129}, "Title has a maximum length of 128"),
        ({"Title": "bell \x07"}, r"Title contains the character U\+0007"),
        ({"Description": "d" * 2001}, "Description"),
        ({"Keywords": "k" * 1001}, "Keywords"),
        ({"RequesterAnnotation": "a" * 256}, "RequesterAnnotation"),
        ({"Reward": "9" * 60}, "Reward"),
        ({"HITReviewPolicy": {"PolicyName": "Nonsense/1"}}, "SimplePlurality/2011-09-01"),
    ],
)
def test_limits(mturk, change, sentence):
    with invalid(sentence):
        new_hit(mturk, **change)


def test_no_hit_without_the_money_and_nothing_is_written(mturk):
    with refused("InsufficientFunds", "^This Requester has insufficient funds in their account"):
        new_hit(mturk, Reward="8333.34", UniqueRequestToken="dear")
    assert balance(mturk) == ("10000.00", "0.00")
    assert mturk.list_hits()["HITs"] == []
    # Neither was the token used up.
    assert new_hit(mturk, Reward="8333.33", UniqueRequestToken="dear")["HITStatus"] == "Assignable"
    assert balance(mturk) == ("0.00", "10000.00")


def test_a_hit_is_its_requesters_alone(mturk, marketplace):
    hit = new_hit(mturk)
    stranger = marketplace.client("AKIASTRANGER")
    for call in (stranger.get_hit, stranger.delete_hit, stranger.list_assignments_for_hit):
        with refused("HITDoesNotExist", f"^Hit {hit['HITId']} does not exist\\. \\(\\d{{13}}\\)$"):
            call(HITId=hit["HITId"])
    with invalid('The value ".*" is not valid for the parameter HITTypeId'):
        stranger.create_hit_with_hit_type(HITTypeId=hit["HITTypeId"], LifetimeInSeconds=60, Question=HTML)


def test_list_hits_pages_from_the_newest_and_stays_right_while_hits_are_added(mturk):
    made = [new_hit(mturk)["HITId"] for _ in range(5)]
    first = mturk.list_hits(MaxResults=2)
    assert [hit["HITId"] for hit in first["HITs"]] == made[:2:-1]
    assert first["NextToken"].startswith("p1:")
    new_hit(mturk)
    second = mturk.list_hits(MaxResults=2, NextToken=first["NextToken"])
    assert [hit["HITId"] for hit in second["HITs"]] == [made[2], made[1]]
    third = mturk.list_hits(MaxResults=2, NextToken=second["NextToken"])
    assert [hit["HITId"] for hit in third["HITs"]] == [made[0]]
    assert third["NumResults"] == 1
    assert_ends(third, mturk.list_hits, MaxResults=2)


def test_ten_results_by_default_and_a_token_that_says_whether_there_is_more(mturk):
    for _ in range(10):
        new_hit(mturk)
    assert mturk.list_hits()["NextToken"].startswith("end:")
    new_hit(mturk)
    page = mturk.list_hits()
    assert page["NumResults"] == len(page["HITs"]) == 10
    assert page["NextToken"].startswith("p1:")


def test_a_list_that_is_empty_has_no_token(mturk):
    assert_ends({"NextToken": None}, mturk.list_hits)


def test_programs_that_take_the_token_until_a_page_is_empty_read_everything(mturk, control):
    """As oTree reads its payments, and scripts their HITs: without asking whether there is a token."""
    hit = new_hit(mturk, MaxAssignments=5)
    done = {do(control, hit, f"ATAKES{number}") for number in range(5)}
    found, wanted = [], {"HITId": hit["HITId"], "MaxResults": 5}
    while (page := mturk.list_assignments_for_hit(**wanted))["Assignments"]:
        found += [assignment["AssignmentId"] for assignment in page["Assignments"]]
        wanted["NextToken"] = page["NextToken"]
    assert len(found) == 5
    assert set(found) == done

    page, hits = mturk.list_hits(MaxResults=100), []
    while page["NumResults"] > 0:
        hits += page["HITs"]
        page = mturk.list_hits(MaxResults=100, NextToken=page["NextToken"])
    assert [one["HITId"] for one in hits] == [hit["HITId"]]


def test_who_reads_on_from_the_last_page_later_sees_what_came_meanwhile(mturk, control):
    hit = new_hit(mturk, MaxAssignments=2)
    do(control, hit, "AFIRSTONE")
    last = mturk.list_assignments_for_hit(HITId=hit["HITId"])["NextToken"]
    second = do(control, hit, "ASECONDONE")
    page = mturk.list_assignments_for_hit(HITId=hit["HITId"], NextToken=last)
    assert [one["AssignmentId"] for one in page["Assignments"]] == [second]


def test_a_token_from_elsewhere_is_an_error(mturk, marketplace):
    hits = [new_hit(mturk) for _ in range(2)]
    token = mturk.list_hits(MaxResults=1)["NextToken"]
    for wrong in ("nonsense", "p1:", "end:", "p1:AAAA", "end:AAAA", token[:-4] + "AAAA", token[1:]):
        with invalid("NextToken is not valid here"):
            mturk.list_hits(NextToken=wrong)
    with invalid("NextToken is not valid here"):
        mturk.list_assignments_for_hit(HITId=hits[0]["HITId"], NextToken=token)
    with invalid("NextToken is not valid here"):
        marketplace.client("AKIASTRANGER").list_hits(NextToken=token)


def test_reviewable_hits_by_status_and_type_the_oldest_first(mturk, control):
    one, two = new_hit(mturk), new_hit(mturk)
    other = new_hit(mturk, Title="Another kind")
    new_hit(mturk)  # nobody does this one
    for number, hit in enumerate((one, two, other)):
        do(control, hit, f"AREVIEWABLE{number}")

    def ids(**filters):
        return [hit["HITId"] for hit in mturk.list_reviewable_hits(**filters)["HITs"]]

    assert ids() == [one["HITId"], two["HITId"], other["HITId"]]
    assert ids(HITTypeId=other["HITTypeId"]) == [other["HITId"]]
    mturk.update_hit_review_status(HITId=two["HITId"])
    assert ids() == [one["HITId"], other["HITId"]]
    assert ids(Status="Reviewing") == [two["HITId"]]
    with invalid("HITTypeId"):
        ids(HITTypeId="3NONE")


def test_delete_hit_needs_everything_reviewed_and_is_final(mturk, control):
    hit = new_hit(mturk)
    assignable = "^This HIT is currently in the state 'Assignable'.  This operation can be called with a status of: "
    with refused("InvalidHITState", f"{assignable}Reviewing, Reviewable"):
        mturk.delete_hit(HITId=hit["HITId"])
    accepted = control.post("accept", {"HITId": hit["HITId"], "WorkerId": "ADELETER"})["AssignmentId"]
    with refused("InvalidHITState", "'Unassignable'"):
        mturk.delete_hit(HITId=hit["HITId"])
    control.post("submit", {"AssignmentId": accepted, "Fields": {}})
    with refused("InvalidHITState", "'Reviewable'"):
        mturk.delete_hit(HITId=hit["HITId"])
    mturk.approve_assignment(AssignmentId=accepted)
    mturk.send_bonus(AssignmentId=accepted, WorkerId="ADELETER", BonusAmount="1", Reason="thanks")
    mturk.delete_hit(HITId=hit["HITId"])

    with refused("HITDoesNotExist"):
        mturk.get_hit(HITId=hit["HITId"])
    with refused("InvalidHITState", "'Disposed'"):
        mturk.delete_hit(HITId=hit["HITId"])
    with refused("HITDoesNotExist"):
        mturk.list_bonus_payments(HITId=hit["HITId"])
    with refused("HITDoesNotExist"):
        mturk.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=0)
    gone = f"^Assignment {accepted} does not exist"
    with refused("AssignmentDoesNotExist", gone):
        mturk.get_assignment(AssignmentId=accepted)
    with refused("AssignmentDoesNotExist", gone):
        mturk.approve_assignment(AssignmentId=accepted, OverrideRejection=True)
    with refused("AssignmentDoesNotExist", gone):
        mturk.send_bonus(AssignmentId=accepted, WorkerId="ADELETER", BonusAmount="1", Reason="thanks")
    assert mturk.list_hits()["HITs"] == []
    assert mturk.list_reviewable_hits()["HITs"] == []


def test_a_hit_of_an_existing_type_has_its_properties(mturk):
    type_id = mturk.create_hit_type(**KIND)["HITTypeId"]
    hit = mturk.create_hit_with_hit_type(HITTypeId=type_id, LifetimeInSeconds=60, MaxAssignments=2, Question=HTML)[
        "HIT"
    ]
    assert hit["HITTypeId"] == type_id
    assert (hit["Title"], hit["Reward"], hit["MaxAssignments"]) == ("Compare", "0.50", 2)
    assert new_hit(mturk)["HITGroupId"] == hit["HITGroupId"]
