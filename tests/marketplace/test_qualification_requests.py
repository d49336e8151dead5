"""Workers ask for qualifications and take tests; requesters and answer keys decide."""

import pytest
from django.db import transaction

from marketplace import qualifications
from marketplace.models import Qualification, QualificationRequest, Requester
from marketplace.operations import OPERATIONS
from marketplace.refusals import Refused
from tests.marketplace.making import (
    ANSWER_KEY,
    ANSWERS,
    TEST,
    ask,
    assert_ends,
    invalid,
    new_tested_type,
    new_type,
    new_worker,
    refused,
    told,
)
from tests.servers import ControlRefused

RIGHT = {"tart": "lemon", "fruit": ["plum", "pear"]}


@pytest.fixture
def worker(control):
    return new_worker(control)


def state(control, kind, worker):
    """What GET says."""
    return control.get(f"qualification-requests?QualificationTypeId={kind['QualificationTypeId']}&WorkerId={worker}")


def refusal(control, kind, worker, **given):
    """(status, code) of a refused request."""
    with pytest.raises(ControlRefused) as refused:
        ask(control, kind, worker, **given)
    assert refused.value.message
    return refused.value.status, refused.value.code


def waiting(mturk, kind=None, **wanted):
    """The requests of a type, or of all, that wait for a decision."""
    which = {"QualificationTypeId": kind["QualificationTypeId"]} if kind else {}
    answer = mturk.list_qualification_requests(**which, **wanted)
    assert answer["NumResults"] == len(answer["QualificationRequests"])
    return answer["QualificationRequests"]


def score(mturk, kind, worker):
    whose = {"QualificationTypeId": kind["QualificationTypeId"], "WorkerId": worker}
    return mturk.get_qualification_score(**whose)["Qualification"]["IntegerValue"]


def test_a_request_without_a_test_waits_until_it_is_accepted(mturk, control, marketplace, worker):
    kind = new_type(mturk)
    asked = ask(control, kind, worker)
    assert (asked["state"], asked["IntegerValue"]) == ("pending", None)
    (request,) = waiting(mturk, kind)
    submitted = request.pop("SubmitTime")
    assert abs(submitted.timestamp() - control.now()) < 60
    assert request == {
        "QualificationRequestId": asked["QualificationRequestId"],
        "QualificationTypeId": kind["QualificationTypeId"],
        "WorkerId": worker,
    }
    with refused("QualificationDoesNotExist"):
        score(mturk, kind, worker)
    mturk.accept_qualification_request(QualificationRequestId=asked["QualificationRequestId"], IntegerValue=95)
    assert score(mturk, kind, worker) == 95
    assert state(control, kind, worker) == {**asked, "state": "granted", "IntegerValue": 95}
    assert waiting(mturk, kind) == []
    assert told(marketplace, worker)[0][0] == 'You have the qualification "Patience"'


def test_the_value_of_an_accepted_request_is_1_unless_said(mturk, control, worker):
    kind = new_type(mturk)
    mturk.accept_qualification_request(QualificationRequestId=ask(control, kind, worker)["QualificationRequestId"])
    assert score(mturk, kind, worker) == 1


def test_a_rejected_request_tells_the_worker_why(mturk, control, marketplace, worker):
    kind = new_type(mturk)
    asked = ask(control, kind, worker)
    with invalid("Reason has a maximum length of 1024"):
        mturk.reject_qualification_request(QualificationRequestId=asked["QualificationRequestId"], Reason="r" * 1025)
    mturk.reject_qualification_request(QualificationRequestId=asked["QualificationRequestId"], Reason="Too early.")
    assert state(control, kind, worker) == {**asked, "state": "rejected"}
    assert waiting(mturk, kind) == []
    with refused("QualificationDoesNotExist"):
        score(mturk, kind, worker)
    assert told(marketplace, worker) == [('You did not get the qualification "Patience"', "Too early.")]
    another = new_worker(control)
    mturk.reject_qualification_request(QualificationRequestId=ask(control, kind, another)["QualificationRequestId"])
    assert told(marketplace, another)[0][1] == "The requester gave no reason."


def test_a_request_is_decided_once(mturk, control):
    kind = new_type(mturk)
    for first in (mturk.accept_qualification_request, mturk.reject_qualification_request):
        worker = new_worker(control)
        request = {"QualificationRequestId": ask(control, kind, worker)["QualificationRequestId"]}
        first(**request)
        decided = state(control, kind, worker)
        for again in (mturk.accept_qualification_request, mturk.reject_qualification_request):
            with refused(
                "InvalidQualificationRequestState", r"^This operation can be called with a status of: Submitted"
            ):
                again(**request)
        assert state(control, kind, worker) == decided


def test_what_is_given_directly_leaves_the_request_open(mturk, control, worker):
    kind = new_type(mturk)
    asked = ask(control, kind, worker)
    mturk.associate_qualification_with_worker(
        QualificationTypeId=kind["QualificationTypeId"], WorkerId=worker, IntegerValue=3
    )
    assert state(control, kind, worker) == {**asked, "IntegerValue": 3}
    # Rejecting leaves the value, accepting may change it (api:191).
    mturk.reject_qualification_request(QualificationRequestId=asked["QualificationRequestId"])
    assert score(mturk, kind, worker) == 3


def test_accepting_may_change_a_value_given_before(mturk, control, worker):
    kind = new_type(mturk)
    asked = ask(control, kind, worker)
    whose = {"QualificationTypeId": kind["QualificationTypeId"], "WorkerId": worker}
    mturk.associate_qualification_with_worker(**whose, IntegerValue=3)
    mturk.accept_qualification_request(QualificationRequestId=asked["QualificationRequestId"], IntegerValue=9)
    assert score(mturk, kind, worker) == 9


def test_requests_of_all_types_are_listed_in_the_order_they_came(mturk, control):
    kinds = [new_type(mturk, Name=name) for name in ("One", "Two")]
    workers = [new_worker(control) for _ in range(4)]
    for number, worker in enumerate(workers):
        ask(control, kinds[number % 2], worker)
    assert [request["WorkerId"] for request in waiting(mturk)] == workers
    assert [request["WorkerId"] for request in waiting(mturk, kinds[1])] == workers[1::2]
    first = mturk.list_qualification_requests(MaxResults=3)
    rest = mturk.list_qualification_requests(MaxResults=3, NextToken=first["NextToken"])
    assert [one["WorkerId"] for page in (first, rest) for one in page["QualificationRequests"]] == workers
    assert (first["NumResults"], rest["NumResults"]) == (3, 1)
    assert_ends(rest, mturk.list_qualification_requests, MaxResults=3)
    with invalid("NextToken is not valid here"):
        waiting(mturk, kinds[0], NextToken=first["NextToken"])


def test_anothers_requests_do_not_exist(mturk, control, marketplace, access_key, worker):
    kind = new_type(mturk)
    asked = ask(control, kind, worker)
    other = marketplace.client(f"{access_key}B")
    assert waiting(other) == []
    with refused("QualificationTypeDoesNotExist"):
        waiting(other, kind)
    for request_id in (asked["QualificationRequestId"], "3UNKNOWN", "no id at all", "x" * 500):
        for call in (other.accept_qualification_request, other.reject_qualification_request):
            with refused("QualificationRequestDoesNotExist", r"^QualificationRequest \[.{1,64}\] does not exist\."):
                call(QualificationRequestId=request_id)
    assert state(control, kind, worker) == asked


def test_auto_granted_is_granted_at_once(mturk, control, worker):
    kind = new_type(mturk, AutoGranted=True, AutoGrantedValue=17)
    asked = ask(control, kind, worker)
    assert (asked["state"], asked["IntegerValue"]) == ("granted", 17)
    assert score(mturk, kind, worker) == 17
    assert waiting(mturk, kind) == []
    assert refusal(control, kind, worker) == (409, "has_qualification")


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        (RIGHT, 100),
        ({"tart": "lemon", "fruit": "pear"}, 25),
        ({"tart": "honey", "fruit": ["pear", "plum", "pea"]}, 0),
        ({"tart": ["honey"]}, 0),
    ],
)
def test_a_test_with_a_key_is_scored_and_granted_at_once(mturk, control, worker, fields, value):
    kind = new_tested_type(mturk)
    begun = ask(control, kind, worker)
    assert (begun["state"], begun["IntegerValue"]) == ("idle", None)
    done = ask(control, kind, worker, Fields=fields)
    assert done == {**begun, "state": "granted", "IntegerValue": value}
    assert score(mturk, kind, worker) == value
    assert waiting(mturk) == []


def test_a_test_without_a_key_waits_with_its_answers(mturk, control, worker):
    kind = new_tested_type(mturk, AnswerKey=None)
    answer = (
        f'<QuestionFormAnswers xmlns="{ANSWERS}"><Answer><QuestionIdentifier>tart</QuestionIdentifier>'
        "<SelectionIdentifier>lemon</SelectionIdentifier></Answer></QuestionFormAnswers>"
    )
    begun = ask(control, kind, worker)
    assert waiting(mturk, kind) == []  # begun, not submitted
    with refused("QualificationRequestDoesNotExist"):
        mturk.accept_qualification_request(QualificationRequestId=begun["QualificationRequestId"])
    control.advance(5)
    done = ask(control, kind, worker, Answer=answer)
    assert done == {**begun, "state": "pending"}
    (request,) = waiting(mturk, kind)
    assert (request["Test"], request["Answer"]) == (TEST, answer)
    assert abs(request["SubmitTime"].timestamp() - control.now()) < 5
    mturk.accept_qualification_request(QualificationRequestId=request["QualificationRequestId"], IntegerValue=60)
    assert score(mturk, kind, worker) == 60


def test_handing_in_without_asking_asks(mturk, control, worker):
    kind = new_tested_type(mturk)
    assert ask(control, kind, worker, Fields=RIGHT)["state"] == "granted"
    assert state(control, kind, worker)["IntegerValue"] == 100


def test_a_worker_is_judged_by_the_test_that_was_begun(mturk, control, worker):
    kind = new_tested_type(mturk)
    ask(control, kind, worker)
    stricter = ANSWER_KEY.replace("<AnswerScore>3<", "<AnswerScore>-3<")
    mturk.update_qualification_type(
        QualificationTypeId=kind["QualificationTypeId"], Test=TEST, TestDurationInSeconds=60, AnswerKey=stricter
    )
    assert ask(control, kind, worker, Fields=RIGHT)["IntegerValue"] == 100
    assert ask(control, kind, new_worker(control), Fields=RIGHT)["IntegerValue"] == -50


def test_a_bad_answer_leaves_the_test_as_it_was(mturk, control, worker):
    kind = new_tested_type(mturk)
    begun = ask(control, kind, worker)
    for given in (
        {"Fields": {"nothing": "1"}},
        {"Fields": {"tart": "vinegar"}},
        {"Answer": "<x/>"},
        {"Answer": f'<!DOCTYPE a [<!ENTITY b "c">]><QuestionFormAnswers xmlns="{ANSWERS}"/>'},
        {"Fields": {}, "Answer": "<x/>"},
        {"Fields": ["tart"]},
    ):
        status, code = refusal(control, kind, worker, **given)
        assert (status, code) in {(400, "bad_answer"), (400, "bad_request")}
    assert state(control, kind, worker) == begun
    # Where nothing was begun, a bad answer begins nothing.
    other = new_worker(control)
    assert refusal(control, kind, other, Answer="<x/>") == (400, "bad_answer")
    with pytest.raises(ControlRefused, match="has not asked"):
        state(control, kind, other)


def test_an_answer_to_no_test_is_refused(mturk, control, worker):
    kind = new_type(mturk)
    assert refusal(control, kind, worker, Fields={"tart": "lemon"}) == (400, "bad_answer")
    assert waiting(mturk, kind) == []


def test_a_test_that_takes_too_long_is_over(mturk, control, worker):
    kind = new_tested_type(mturk, TestDurationInSeconds=60)
    begun = ask(control, kind, worker)
    control.advance(30)
    assert ask(control, kind, worker) == begun  # the same test, the same time
    control.advance(31)
    assert state(control, kind, worker) == {**begun, "state": "rejected"}
    assert refusal(control, kind, worker, Fields=RIGHT) == (409, "no_retry")
    with refused("QualificationDoesNotExist"):
        score(mturk, kind, worker)


def test_without_a_retry_delay_a_qualification_is_asked_for_once(mturk, control, worker):
    kind = new_type(mturk)
    asked = ask(control, kind, worker)
    assert refusal(control, kind, worker) == (409, "has_request")
    mturk.reject_qualification_request(QualificationRequestId=asked["QualificationRequestId"])
    control.advance(86_400)
    assert refusal(control, kind, worker) == (409, "no_retry")
    # Enabled later, it holds for those who asked before, too.
    mturk.update_qualification_type(QualificationTypeId=kind["QualificationTypeId"], RetryDelayInSeconds=1)
    assert ask(control, kind, worker)["state"] == "pending"


def test_a_retry_has_to_wait_from_the_asking(mturk, control, worker):
    kind = new_type(mturk, RetryDelayInSeconds=3600)
    asked = ask(control, kind, worker)
    control.advance(3000)
    mturk.reject_qualification_request(QualificationRequestId=asked["QualificationRequestId"])
    with pytest.raises(ControlRefused, match=r"again at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"):
        ask(control, kind, worker)
    control.advance(601)
    again = ask(control, kind, worker)
    assert again["state"] == "pending"
    assert again["QualificationRequestId"] != asked["QualificationRequestId"]


def test_a_test_can_be_taken_again_for_a_better_score(mturk, control, worker):
    kind = new_tested_type(mturk, RetryDelayInSeconds=3600)
    assert ask(control, kind, worker, Fields={"tart": "lemon"})["IntegerValue"] == 25
    assert refusal(control, kind, worker) == (409, "has_qualification")
    control.advance(3601)
    assert ask(control, kind, worker)["state"] == "idle"
    assert score(mturk, kind, worker) == 25
    assert ask(control, kind, worker, Fields=RIGHT)["IntegerValue"] == 100
    assert score(mturk, kind, worker) == 100


def test_who_has_it_already_cannot_ask(mturk, control, worker):
    kind = new_type(mturk, RetryDelayInSeconds=0)
    whose = {"QualificationTypeId": kind["QualificationTypeId"], "WorkerId": worker}
    mturk.associate_qualification_with_worker(**whose, IntegerValue=4)
    assert refusal(control, kind, worker) == (409, "has_qualification")
    assert state(control, kind, worker) == {"state": "granted", "QualificationRequestId": None, "IntegerValue": 4}
    mturk.disassociate_qualification_from_worker(**whose)
    assert ask(control, kind, worker)["state"] == "pending"


def test_what_cannot_be_asked_for(mturk, control, worker):
    sleeping = new_type(mturk, QualificationTypeStatus="Inactive")
    assert refusal(control, sleeping, worker) == (409, "unavailable")
    assert refusal(control, {"QualificationTypeId": "00000000000000000071"}, worker) == (409, "unavailable")
    for unknown in ("3UNKNOWN", "../x", "x" * 1000):
        assert refusal(control, {"QualificationTypeId": unknown}, worker) == (404, "no_such_qualification_type")
    assert refusal(control, sleeping, "not a worker") == (400, "bad_worker_id")
    mturk.update_qualification_type(
        QualificationTypeId=sleeping["QualificationTypeId"], QualificationTypeStatus="Active"
    )
    assert ask(control, sleeping, worker)["state"] == "pending"


def test_the_state_of_nothing(mturk, control, worker):
    with pytest.raises(ControlRefused) as refused:
        state(control, new_type(mturk), worker)
    assert (refused.value.status, refused.value.code) == (404, "no_such_request")
    for unknown in ("3UNKNOWN", "%00x", "..%2Fx", "\u00e9".encode().hex()):
        with pytest.raises(ControlRefused) as refused:
            state(control, {"QualificationTypeId": unknown}, worker)
        assert (refused.value.status, refused.value.code) in {(404, "no_such_qualification_type"), (400, "bad_request")}
    with pytest.raises(ControlRefused, match="WorkerId is missing"):
        control.get("qualification-requests?QualificationTypeId=3X")


@pytest.mark.django_db
def test_a_page_that_was_open_too_long_does_not_answer_a_new_request():
    requester = Requester.for_key("AKIAPAGES")
    given = {"Name": "n", "Description": "d", "QualificationTypeStatus": "Active", "RetryDelayInSeconds": 0}
    test = {"Test": TEST, "AnswerKey": ANSWER_KEY, "TestDurationInSeconds": 60}
    with transaction.atomic():
        type_id = OPERATIONS["CreateQualificationType"](requester, given | test)["QualificationType"][
            "QualificationTypeId"
        ]
    begun = qualifications.ask(type_id, "APAGES")
    for request_id in ("3OTHER", begun.request_id):
        if request_id == begun.request_id:
            QualificationRequest.objects.update(deadline=begun.created_at)
        with pytest.raises(Refused, match="too_late"):
            qualifications.hand_in(type_id, "APAGES", fields=RIGHT, request_id=request_id)
    assert Qualification.objects.count() == 0
    again = qualifications.ask(type_id, "APAGES")
    assert again.request_id != begun.request_id
    assert qualifications.hand_in(type_id, "APAGES", fields=RIGHT, request_id=again.request_id).value == 100
