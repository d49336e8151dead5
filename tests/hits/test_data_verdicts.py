"""Two verdicts: what an answer is worth as data is said beside its pay, and MTurk never hears of it."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dashboard import audit
from dashboard.models import AuditEvent, Command
from dashboard.permissions import Denied
from hits import actions
from hits.actions import undoing
from hits.actions.data import LONGEST_VALUE
from hits.answers.typed import NotADrawing, as_lines, read_lines
from hits.models import Assignment, Flag
from tests.cast import Lab

HTMX = {"HX-Request": "true"}
ATTACK = '"><script>alert(1)</script>'


def client_of(lab: Lab, role: str = "reviewer") -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def answer(lab: Lab) -> Assignment:
    hit = lab.hit()
    first = lab.answer(hit, total="12.40", shop="Harbour Books", remark=ATTACK)
    lab.answer(hit, total="12.90", shop="Harbour Books", remark="")
    lab.sync()
    return Assignment.objects.get(assignment_id=first)


def url_of(name: str, answer: Assignment) -> str:
    return reverse(name, args=["lab", answer.assignment_id])


def test_a_judgement_is_kept_recorded_shown_and_undone_and_nothing_is_sent(lab: Lab, answer: Assignment) -> None:
    client, calls = client_of(lab), lab.server.control("calls")
    page = client.post(url_of("data_verdict", answer), {"verdict": "unusable"}, headers=HTMX).content.decode()
    answer.refresh_from_db()
    assert (answer.data_verdict, answer.data_by, answer.status) == ("unusable", lab.people["reviewer"], "Submitted")
    assert f'data-assignment="{answer.assignment_id}"' in page, "pay is still to be decided: the answer stays"
    assert re.search(r'aria-pressed="true"[^>]*data-key-label="as data: unusable"', page)
    queue = client.get(reverse("queue", args=["lab"]) + "?data=unusable").content.decode()
    assert queue.count("data-row-open") == 1
    assert "Unusable" in queue
    event = AuditEvent.objects.get(kind="data.judged")
    assert (event.actor, event.subject, event.data["before"]["verdict"]) == ("reviewer-lab", answer.assignment_id, "")

    client.post(url_of("data_verdict", answer), {"verdict": "unsure"}, headers=HTMX)
    last = AuditEvent.objects.filter(kind="data.judged").first()
    undone = client.post(reverse("undo_own", args=["lab", last.number]), {"query": ""}, headers=HTMX)
    assert undone.status_code == 200
    answer.refresh_from_db()
    assert answer.data_verdict == "unusable"
    client.post(reverse("undo_own", args=["lab", last.number]), {"query": ""}, headers=HTMX)
    answer.refresh_from_db()
    assert answer.data_verdict == "unusable", "one thing is undone once"

    client.post(url_of("data_verdict", answer), {"verdict": ""}, headers=HTMX)
    answer.refresh_from_db()
    assert (answer.data_verdict, answer.data_by, answer.data_at) == ("", None, None)
    assert Command.objects.count() == 0
    assert lab.server.control("calls") == calls
    assert not list(audit.verify("lab"))


def test_corrected_values_stand_beside_the_original_which_never_changes(lab: Lab, answer: Assignment) -> None:
    client, url, before = client_of(lab), url_of("data_verdict", answer), answer.answer
    form = client.get(url, headers=HTMX).content.decode()
    assert "<script>alert" not in form
    assert 'value="12.90"' in form, "what others of the HIT said is offered"
    names = [name for name in ("total", "shop", "remark") if f'value="{name}"' in form]
    assert len(names) == 3
    said = {
        "verdict": "corrected",
        "field-0": "total",
        "value-0": "12.40",
        "field-1": "shop",
        "value-1": "Harbour Books",
    }
    refused = client.post(url, said, headers=HTMX)
    assert refused.status_code == 422
    assert "Correct at least one value" in refused.content.decode()
    assert client.post(url, {"verdict": "corrected"}, headers=HTMX).status_code == 422
    made_up = {"verdict": "corrected", "field-0": "of no answer", "value-0": "1"}
    assert client.post(url, made_up, headers=HTMX).status_code == 422
    assert Assignment.objects.exclude(data_verdict="").count() == 0

    page = client.post(url, {**said, "value-0": f"12.90{ATTACK}"}, headers=HTMX).content.decode()
    answer.refresh_from_db()
    assert answer.corrected == {"total": f"12.90{ATTACK}"}
    assert (answer.data_verdict, answer.answer) == ("corrected", before)
    assert "<script>alert" not in page
    assert "12.90&quot;&gt;&lt;script&gt;" in page
    client.post(url, {**said, "value-0": "12.90"}, headers=HTMX)
    answer.refresh_from_db()
    assert answer.corrected in ({"total": "12.90"}, {"total": 12.9})


def test_what_nobody_touched_is_no_correction_and_nothing_typed_is_cut_off(lab: Lab) -> None:
    said = {"total": "12.40", "ratings": "[3, 5]", "lines": '["a\\nb", "", " c"]', "essay": "x" * 20_001}
    lab.answer(lab.hit(), **said, **{f"long{n:02}": "y" * 19_000 for n in range(15)})
    lab.sync()
    answer = Assignment.objects.get()
    client, url = client_of(lab), url_of("data_verdict", answer)
    fields = client.get(url).context["fields"]
    # Nothing of which the end would be lost; and all of it together has to fit into one form.
    assert [field["name"] for field in fields] == ["total", "ratings", "lines", *(f"long{n:02}" for n in range(13))]

    def post(**typed: str) -> Any:
        boxes = {f"field-{n}": field["name"] for n, field in enumerate(fields)}
        boxes |= {f"value-{n}": typed.get(field["name"], field["value"]) for n, field in enumerate(fields)}
        return client.post(url, {"verdict": "corrected", **boxes})

    page = post(total="9" * (LONGEST_VALUE + 1))
    assert (page.status_code, "100,001 characters are too many" in page.content.decode()) == (422, True)
    assert "9" * (LONGEST_VALUE + 1) in page.content.decode()
    post(total="12.50")
    answer.refresh_from_db()
    assert list(answer.corrected) == ["total"]
    post(ratings="3\r\n4")
    answer.refresh_from_db()
    assert answer.corrected == {"ratings": [3, 4]}


def test_a_drawing_is_corrected_as_json_with_a_picture_of_what_was_typed(lab: Lab) -> None:
    boxes = [{"label": ATTACK, "left": 10, "top": 20, "width": 30, "height": 40},
             {"label": "Dog", "left": 50, "top": 60, "width": 5.5, "height": 5}]  # fmt: skip
    size = {"width": 100, "height": 80}
    lab.answer(lab.hit(), taskAnswers=json.dumps([{"w": {"boundingBoxes": boxes, "inputImageProperties": size}}]))
    lab.sync()
    drawn = Assignment.objects.get()
    client, url, before = client_of(lab), url_of("data_verdict", drawn), drawn.answer
    form = client.get(url, headers=HTMX).content.decode()
    assert "<script>alert" not in form
    given = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", form, re.DOTALL)[1])
    assert json.loads(given)[1] == {"kind": "box", "label": "Dog", "points": [[50, 60], [55.5, 65]]}
    assert form.count("<rect x=") == 2
    said = {"verdict": "corrected", "field-0": "w"}
    assert client.post(url, {**said, "value-0": given}, headers=HTMX).status_code == 422, "nothing was changed"
    for typed, sentence in (
        (given.replace("}", "", 1), "It cannot be read at line"),
        ('{"kind": "box"}', "It begins with ["),
        ('[{"kind": "box", "label": "a", "points": [[1, 2]]}]', "Shape 1: a box has two corners"),
        ('[{"kind": "point", "label": "a", "points": [[NaN, 2]]}]', "Shape 1: points are pairs of numbers"),
        ('[{"kind": "svg", "label": "a", "points": []}]', "a kind is box, polygon, polyline, point"),
        ("[" * 20_000, "too many brackets"),
        (f"[{'9' * 5_000}]", "It cannot be read"),
        (f"[{', '.join(['1'] * 501)}]", "500 is the most"),
    ):
        for wish in ({}, {"action": "look"}):
            answered = client.post(url, {**said, **wish, "value-0": typed}, headers=HTMX)
            page = html.unescape(answered.content.decode())
            assert sentence in page, typed[:40]
            assert typed in page, "nothing typed is lost"
            assert answered.status_code == (200 if wish else 422)
            assert answered.headers.get("HX-Retarget") == (None if wish else "this")
    odd = '[{"kind": "box", "label": "\\ud800\\u0000", "points": [[1, 1], [2, 2]]}]'
    assert client.post(url, {**said, "value-0": odd}, headers=HTMX).status_code == 200
    drawn.refresh_from_db()
    assert drawn.corrected["w"]["shapes"][0]["label"] == "[U+D800][U+0000]"
    client.post(url, {"verdict": ""}, headers=HTMX)
    better = given.replace("[[50, 60], [55.5, 65]]", "[[56, 66], [48, 58]]")
    looked = client.post(url, {**said, "action": "look", "value-0": better}, headers=HTMX).content.decode()
    assert looked.count("<rect x=") == 4
    assert '<rect x="48" y="58" width="8" height="8"/>' in looked
    assert not Assignment.objects.exclude(data_verdict="").exists(), "looking keeps nothing"
    page = client.post(url, {**said, "value-0": better}, headers=HTMX).content.decode()
    drawn.refresh_from_db()
    assert (drawn.data_verdict, drawn.answer) == ("corrected", before)
    assert drawn.corrected["w"]["shapes"][1]["points"] == [[48.0, 58.0], [56.0, 66.0]]
    assert (drawn.corrected["w"]["drawing"], drawn.corrected["w"]["width"]) == ("shapes", 100.0)
    assert '<rect x="48" y="58" width="8" height="8"/>' in page
    assert "<script>alert" not in page
    assert as_lines(drawn.corrected["w"]) == as_lines(read_lines(better, drawn.corrected["w"]))


def test_of_marked_stretches_what_is_typed_is_checked_too() -> None:
    spans = {"drawing": "spans", "spans": [[0, 3, "per"]]}
    assert read_lines(as_lines(spans).replace("3", "7"), spans)["spans"] == [[0, 7, "per"]]
    for typed in ('[[3, 0, "per"]]', "[[0, 3, 4]]"):
        with pytest.raises(NotADrawing):
            read_lines(typed, spans)


def test_where_pay_is_decided_a_judgement_goes_on_to_the_next(lab: Lab, answer: Assignment) -> None:
    Assignment.objects.update(status="Approved")
    first, second = Assignment.objects.order_by("auto_approval_at", "pk")
    response = client_of(lab).post(
        url_of("data_verdict", first), {"verdict": "usable", "query": "status=approved"}, headers=HTMX
    )
    assert second.assignment_id in response["HX-Push-Url"]


def test_nobody_undoes_what_is_not_theirs_or_was_changed_since_or_is_long_ago(lab: Lab, answer: Assignment) -> None:
    people = lab.people
    actions.judge(assignment=answer, by=people["reviewer"], verdict="usable")
    number = AuditEvent.objects.get(kind="data.judged").number
    with pytest.raises(Denied, match="over"):
        actions.take_back(account=lab.account, by=people["approver"], number=number)
    actions.judge(assignment=answer, by=people["approver"], verdict="unsure")
    with pytest.raises(Denied, match="judged anew since"):
        actions.take_back(account=lab.account, by=people["reviewer"], number=number)
    actions.judge(assignment=answer, by=people["approver"], verdict="usable")
    AuditEvent.objects.filter(kind="data.judged").update(at=answer.submitted_at - timedelta(hours=1))
    assert undoing.last_undo(account=lab.account, by=people["approver"]) is None
    # What is undone is what was done last, whichever of the two it is.
    actions.judge(assignment=answer, by=people["reviewer"], verdict="unusable")
    type(lab.account).objects.update(undo_seconds=20)
    lab.account.refresh_from_db()
    answer.refresh_from_db()
    command = actions.approve(assignment=answer, by=people["reviewer"])
    found = undoing.last_undo(account=lab.account, by=people["reviewer"])
    assert found is not None
    assert found.command == command
    actions.flag(assignment=answer, by=people["reviewer"])
    found = undoing.last_undo(account=lab.account, by=people["reviewer"])
    assert found is not None
    assert (found.command, found.words) == (None, "Flagged")


def test_a_flag_is_set_found_cleared_and_undone(lab: Lab, answer: Assignment) -> None:
    client, url = client_of(lab), url_of("flag", answer)
    page = client.post(url, {"action": "set", "reason": f"odd {ATTACK}"}, headers=HTMX).content.decode()
    assert "<script>alert" not in page
    assert "odd &quot;&gt;&lt;script&gt;" in page
    client.post(url, {"action": "set", "reason": f"odd {ATTACK}"}, headers=HTMX)
    assert Flag.objects.count() == 1, "the same flag twice is one"
    queue = client.get(reverse("queue", args=["lab"]) + "?flags=yes").content.decode()
    assert queue.count("data-row-open") == 1
    long = client.post(url, {"action": "set", "reason": "x" * 201}, headers=HTMX)
    assert long.status_code == 422
    assert "x" * 201 in long.content.decode(), "nothing typed is lost"
    client.post(url, {"action": "clear"}, headers=HTMX)
    answer.refresh_from_db()
    assert not answer.flagged
    cleared = AuditEvent.objects.get(kind="flag.cleared")
    client.post(reverse("undo_own", args=["lab", cleared.number]), {"query": ""}, headers=HTMX)
    answer.refresh_from_db()
    assert answer.flagged
    assert Flag.objects.get().cleared_at is None
    assert not list(audit.verify("lab"))


@pytest.mark.parametrize("name", ["data_verdict", "flag"])
def test_a_viewer_judges_and_flags_nothing(lab: Lab, answer: Assignment, name: str) -> None:
    said: dict[str, Any] = {"verdict": "usable", "action": "set"}
    response = client_of(lab, "viewer").post(url_of(name, answer), said, headers=HTMX)
    assert response.status_code == 422
    assert "You need to be a reviewer of this account" in response.content.decode()
    answer.refresh_from_db()
    assert (answer.data_verdict, answer.flagged) == ("", False)
    assert AuditEvent.objects.filter(chain="lab", kind__in=["data.judged", "flag.set"]).count() == 0


def test_lists_numbers_and_truths_are_corrected_as_what_they_are() -> None:
    from hits.actions.data import as_text, as_typed

    for value in (["a", "b"], 3, 2.5, True, False, "text", "007", None, []):
        assert as_typed(as_text(value), value) == value, json.dumps(value)
    assert as_typed("a\r\n\r\n c ", ["x"]) == ["a", "c"]
    assert as_typed("twelve", 12) == "twelve"
    for unfit in ("NaN", "-Infinity", "1e400", "[" * 99_000):
        assert as_typed(unfit, 12) == unfit
    assert as_typed("a\x00b", "text") == "a[U+0000]b"
    assert as_typed("no", True) is False
