"""Qualifications as a worker meets them: asking, tests against the clock, results, waiting to ask again."""

import re
import uuid
from typing import Any

from tests.marketplace.site.conftest import Visitor
from tests.marketplace.site.test_finding_and_doing import FORM

# A test with an answer key has choices alone.
TEST = FORM[: FORM.index("<Question>")] + FORM[FORM.index("</Question>") + len("</Question>") :]
KEY = """<AnswerKey xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/AnswerKey.xsd">
<Question><QuestionIdentifier>likes</QuestionIdentifier><AnswerOption><SelectionIdentifier>tea</SelectionIdentifier>
<AnswerScore>7</AnswerScore></AnswerOption></Question></AnswerKey>"""


def make(mturk: Any, **changes: Any) -> str:
    request = {"Name": f"Q {uuid.uuid4().hex[:10]}", "Description": "d", "QualificationTypeStatus": "Active", **changes}
    return mturk.create_qualification_type(**request)["QualificationType"]["QualificationTypeId"]


def begin(worker: Visitor, type_id: str) -> str:
    """Begin the test; returns the id of the request that its form carries."""
    page = worker.post(f"/qualifications/{type_id}/ask/")
    [request_id] = re.findall(r'name="request" value="(\w+)"', page.text)
    return request_id


def test_asked_for_decided_by_the_requester_and_asked_for_again_after_the_delay(
    worker: Visitor, mturk: Any, control: Any
) -> None:
    type_id = make(mturk, RetryDelayInSeconds=3600)
    assert type_id in worker.get("/qualifications/").text
    path = f"/qualifications/{type_id}/"
    assert "The requester decides" in worker.post(f"{path}ask/").text
    assert "Ask for it" not in worker.get(path).text
    [asked] = mturk.list_qualification_requests(QualificationTypeId=type_id)["QualificationRequests"]
    mturk.reject_qualification_request(QualificationRequestId=asked["QualificationRequestId"], Reason="Not <b>yet</b>")
    text = worker.get(path).text
    assert "Not &lt;b&gt;yet&lt;/b&gt;" in text
    assert "You can ask again" in text
    assert "can be asked for again at" in worker.post(f"{path}ask/").text, "a form kept open changes nothing"
    control.advance(3601)
    assert "Ask for it" in worker.get(path).text
    worker.post(f"{path}ask/")
    [again] = mturk.list_qualification_requests(QualificationTypeId=type_id)["QualificationRequests"]
    mturk.accept_qualification_request(QualificationRequestId=again["QualificationRequestId"], IntegerValue=42)
    assert '<dd class="number">42</dd>' in worker.get(path).text
    assert type_id in worker.get("/qualifications/").text.split("To ask for")[0], "now among those the worker has"


def test_a_test_is_scored_at_once_and_taken_again_for_a_better_value(worker: Visitor, mturk: Any, control: Any) -> None:
    type_id = make(mturk, Test=TEST, AnswerKey=KEY, TestDurationInSeconds=600, RetryDelayInSeconds=60)
    path = f"/qualifications/{type_id}/"
    assert "What do you like?" not in worker.get(path).text, "the test is not shown before its time runs"
    request_id = begin(worker, type_id)
    refused = worker.post(
        f"{path}test/", [("request", request_id), *(("likes", name) for name in ("tea", "rain", "dogs"))]
    )
    assert (refused.status, "at most 2" in refused.text) == (422, True)
    done = worker.post(f"{path}test/", [("request", request_id), ("likes", "rain")])
    assert "with the value 0" in done.text
    assert "take the test again" not in done.text, "not yet"
    control.advance(61)
    assert "take the test again" in worker.get(path).text
    again = begin(worker, type_id)
    assert "with the value 7" in worker.post(f"{path}test/", [("request", again), ("likes", "tea")]).text


def test_a_test_that_ran_out_of_time_counts_for_nothing(
    worker: Visitor, another_worker: Visitor, mturk: Any, control: Any
) -> None:
    type_id = make(mturk, Test=TEST, AnswerKey=KEY, TestDurationInSeconds=60, RetryDelayInSeconds=0)
    path = f"/qualifications/{type_id}/"
    request_id = begin(worker, type_id)
    stolen = another_worker.post(f"{path}test/", [("request", request_id), ("likes", "tea")])
    assert "not begun" in stolen.text, "a test is taken by who began it"
    control.advance(61)
    late = worker.post(f"{path}test/", [("request", request_id), ("likes", "tea")])
    assert "time" in late.text
    assert "with the value" not in late.text
    fresh = begin(worker, type_id)
    assert fresh != request_id
    late = worker.post(f"{path}test/", [("request", request_id), ("likes", "tea")])
    assert "with the value" not in late.text, "an old page does not answer a new test"


def test_what_is_gone_or_closed_is_said(worker: Visitor, mturk: Any) -> None:
    type_id = make(mturk)
    mturk.update_qualification_type(QualificationTypeId=type_id, QualificationTypeStatus="Inactive")
    assert "cannot be asked for at the moment" in worker.get(f"/qualifications/{type_id}/").text
    mturk.delete_qualification_type(QualificationTypeId=type_id)
    assert worker.get(f"/qualifications/{type_id}/").status == 404
    assert worker.post(f"/qualifications/{type_id}/ask/").status == 404
