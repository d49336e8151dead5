"""What is wrong, too much or too late is refused in one sentence, changes nothing, and what was typed stays there."""

import urllib.request
import uuid
from typing import Any

from tests.marketplace.site.conftest import Page, Visitor
from tests.marketplace.site.test_finding_and_doing import FORM, accept

SUBMIT = "/mturk/externalSubmit"


def count(mturk: Any, hit: dict[str, Any]) -> int:
    return mturk.list_assignments_for_hit(HITId=hit["HITId"])["NumResults"]


def post_raw(visitor: Visitor, body: bytes, content_type: str) -> Page:
    headers = {"Accept": "text/html", "Content-Type": content_type}
    return visitor._open(urllib.request.Request(visitor.url + SUBMIT, body, headers))


def test_an_answer_too_large_to_be_one_is_refused_with_a_sentence(worker: Visitor, publish: Any, mturk: Any) -> None:
    hit = publish()
    assignment_id = accept(worker, hit)
    stranger = Visitor(worker.url)
    for fields in ({"total": "x" * 9_000_000}, {f"f{number}": "x" for number in range(12_000)}):
        page = stranger.post(SUBMIT, {"assignmentId": assignment_id, **fields})
        assert page.status in (409, 413)
        assert "Not handed in" in page.text
    assert count(mturk, hit) == 0
    assert stranger.post(SUBMIT, {"assignmentId": assignment_id, "total": "ä" * 20_000}).status == 200


def test_files_and_broken_bodies_are_refused_with_a_sentence(worker: Visitor, publish: Any, mturk: Any) -> None:
    hit = publish()
    assignment_id = accept(worker, hit)
    edge = uuid.uuid4().hex
    part = f'--{edge}\r\nContent-Disposition: form-data; name="assignmentId"\r\n\r\n{assignment_id}\r\n'
    file = f'--{edge}\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nx\r\n--{edge}--\r\n'
    page = post_raw(worker, (part + file).encode(), f"multipart/form-data; boundary={edge}")
    assert (page.status, "Files cannot be handed in" in page.text) == (400, True)
    for body, kind in ((b"x", "multipart/form-data"), (b"\xff\xfe=%", "text/plain"), (b"[]", "application/json")):
        page = post_raw(worker, body, kind)
        assert page.status in (400, 413)
        assert "Not handed in" in page.text
    assert count(mturk, hit) == 0


def test_control_characters_and_strange_names_stay_text(worker: Visitor, publish: Any, mturk: Any) -> None:
    hit = publish()
    assignment_id = accept(worker, hit)
    odd = {"a\x00b": "x\x0by", "<Answer>": "</Answer>&amp;", "": "nameless", "ü 🎈": "\ud7ff\uffff"}
    page = Visitor(worker.url).post(SUBMIT, {"assignmentId": assignment_id, **odd})
    assert page.status in (200, 409)
    if page.status == 409:  # refused as a whole, in words
        assert "could not be handed in" in page.text
        assert count(mturk, hit) == 0
        return
    [handed_in] = mturk.list_assignments_for_hit(HITId=hit["HITId"])["Assignments"]
    assert "&lt;Answer&gt;" in handed_in["Answer"]
    assert "\x0b" not in handed_in["Answer"]


def test_a_form_s_wrong_answers_come_back_with_everything_typed(worker: Visitor, publish: Any, mturk: Any) -> None:
    hit = publish(Question=FORM)
    assignment_id = accept(worker, hit)
    typed = '12"><script>x</script>'
    page = worker.post(
        f"/assignments/{assignment_id}/submit/", [("age", typed), ("likes", "nonsense"), ("likes", "tea")]
    )
    assert page.status == 422
    assert "&quot;&gt;&lt;script&gt;" in page.text
    assert "<script>x" not in page.text
    assert "data-posted" in page.text, "what was kept in the browser is older"
    assert worker.post(f"/assignments/{assignment_id}/submit/", [("age", "4" * 5000)]).status == 422
    assert count(mturk, hit) == 0


def test_too_late_for_a_form_shows_what_was_typed(worker: Visitor, publish: Any, mturk: Any, control: Any) -> None:
    hit = publish(Question=FORM, AssignmentDurationInSeconds=60)
    assignment_id = accept(worker, hit)
    control.advance(61)
    page = worker.post(f"/assignments/{assignment_id}/submit/", [("age", "37"), ("likes", "tea")])
    assert page.status == 409
    assert "Nothing was handed in now" in page.text
    assert "<dd>37</dd>" in page.text
    assert count(mturk, hit) == 0


def test_blocked_or_expired_while_working_the_work_is_still_taken(
    worker: Visitor, another_worker: Visitor, publish: Any, mturk: Any
) -> None:
    """Accepted work may be finished (api: UpdateExpirationForHIT); what is blocked is the next one."""
    hit = publish(MaxAssignments=3)
    first, second = accept(worker, hit), accept(another_worker, hit)
    mturk.create_worker_block(WorkerId=worker.worker_id, Reason="r")
    assert worker.get(f"/assignments/{first}/").status == 200
    assert Visitor(worker.url).post(SUBMIT, {"assignmentId": first, "total": "1"}).status == 200
    mturk.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=0)
    assert Visitor(worker.url).post(SUBMIT, {"assignmentId": second, "total": "2"}).status == 200
    assert count(mturk, hit) == 2
    assert worker.post(f"/tasks/{hit['HITGroupId']}/accept/").status == 409


def test_the_button_pressed_twice_takes_one(worker: Visitor, publish: Any) -> None:
    title = f"Twice {uuid.uuid4().hex[:8]}"
    hit, _ = publish(Title=title), publish(Title=title)
    assert accept(worker, hit) == accept(worker, hit)


def test_addresses_of_mechanical_turk_s_worker_site_lead_to_the_group(worker: Visitor, publish: Any) -> None:
    hit = publish()
    for path in (
        f"/mturk/preview?groupId={hit['HITGroupId']}",
        f"/mturk/preview?groupId={hit['HITTypeId']}",
        f"/projects/{hit['HITGroupId']}/tasks",
    ):
        assert hit["Title"] in worker.get(path).text
    for path in ("/mturk/preview", "/mturk/preview?groupId=//example.org"):
        assert worker.get(path).path == "/tasks/"


def test_a_requester_gets_no_flood_of_letters(worker: Visitor, publish: Any) -> None:
    path = f"/tasks/{publish()['HITGroupId']}/contact/"
    statuses = [worker.post(path, {"text": f"Question {number}"}).status for number in range(21)]
    assert statuses == [200] * 20 + [422]
    assert "Question 20" in worker.post(path, {"text": "Question 20"}).text, "what was typed is still there"


def test_odd_queries_are_no_errors(worker: Visitor, publish: Any) -> None:
    hit = publish()
    for path in (
        "/tasks/?q=%00&reward=x&sort=nonsense&page=-1",
        "/tasks/?page=99999999999",
        "/tasks/?reward=NaN&page=1e3",
        f"/tasks/{hit['HITGroupId']}/?skip=%00",
        f"/tasks/{hit['HITGroupId']}/?skip={hit['HITId']}",
        "/earnings/?page=%C2%B2",
        "/qualifications/?q=%00%25",
    ):
        assert worker.get(path).status == 200, path
    for path in ("/tasks/%00/", "/assignments/%00/", "/frame/%00/", "/qualifications/%00/"):
        assert worker.get(path).status == 404, path
