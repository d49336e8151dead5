"""Tests are built by form or XML, without losing what was typed; what they score is told before anybody takes them."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard.models import Command
from marketplace import documents
from qualifications.models import QualificationType
from qualifications.questions import (
    Draft,
    NotForTheForm,
    act,
    build_form,
    build_key,
    check_documents,
    from_post,
    mark,
    new_draft,
    problems,
    read_draft,
    score_of,
)
from tests.cast import Lab
from tests.qualifications.test_types import send

ABOUT = {
    "name": "Reader", "description": "Reads.", "keywords": "", "status": "Active", "how": "test", "again": "again",
    "retry_number": "2", "retry_unit": "hours", "test_number": "30", "test_unit": "minutes", "key_at": "mturk",
}  # fmt: skip
TEST = {
    "test_way": "form", "test-mapping": "percentage", "test-maximum": "20",
    "q0-kind": "one", "q0-text": "2 + 2?", "q0-required": "on",
    "q0o0-text": "4", "q0o0-score": "10", "q0o1-text": "5",
    "q1-kind": "several", "q1-text": "Even?", "q1-score": "10",
    "q1o0-text": "2", "q1o0-right": "on", "q1o1-text": "4", "q1o1-right": "on", "q1o2-text": "5",
}  # fmt: skip
HOSTILE = "</textarea><script>alert(1)</script>\"'&"


def draft() -> Draft:
    return from_post(TEST)


def answers(*given: tuple[str, tuple[str, ...]]) -> str:
    return documents.build_answers([documents.Answer(name, selection_identifiers=ids) for name, ids in given])


def test_a_draft_becomes_documents_and_comes_back() -> None:
    made = draft()
    made.title, made.text = "Numbers <1>", "Read & think."
    made.questions[0].picture = "https://example.org/a.png?b=1&c=2"
    act(made, "add-question")
    made.questions[2].kind, made.questions[2].text = "number", "How many?"
    made.questions[2].min_value, made.questions[2].max_value = "-1", "9"
    assert problems(made, keyed=True) == {"q2-kind": problems(made, keyed=True)["q2-kind"]}
    assert not problems(made, keyed=True, words=True)
    test, key = build_form(made), build_key(made)
    assert check_documents(test, "") == ("", "")
    again = read_draft(test, key)
    assert (build_form(again), build_key(again)) == (test, key)
    with pytest.raises(NotForTheForm, match="XML only"):
        read_draft(test.replace("<Text>4</Text>", "<FormattedContent><![CDATA[<b>4</b>]]></FormattedContent>"), key)
    pair = "<SelectionIdentifier>a1</SelectionIdentifier><SelectionIdentifier>a2</SelectionIdentifier>"
    more = f"<AnswerOption>{pair}<AnswerScore>3</AnswerScore></AnswerOption>"
    rich = key.replace("</AnswerOption>", f"</AnswerOption>{more}", 1)
    with pytest.raises(NotForTheForm, match="XML only"):
        read_draft(test, rich)
    with pytest.raises(NotForTheForm, match="line"):
        read_draft(test.replace("</Question>", "", 1), key)


@pytest.mark.parametrize(
    ("mapping", "value"),
    [
        ({"test-mapping": "percentage", "test-maximum": "25"}, 40),
        ({"test-mapping": "scale", "test-multiplier": "2.5"}, 25),
        ({"test-mapping": ""}, 10),
        ({"test-mapping": "range", "r0-low": "0", "r0-high": "9", "r0-value": "1", "r1-low": "10", "r1-high": "20",
          "r1-value": "7", "test-out_of_range": "0"}, 7),
    ],
)  # fmt: skip
def test_each_mapping_gives_the_value_mturk_would(mapping: dict[str, str], value: int) -> None:
    made = from_post({**TEST, **mapping})
    assert not problems(made, keyed=True)
    test, key = build_form(made), build_key(made)
    sheet = mark(test, key, answers(("q1", ("a1",)), ("q2", ("a1",))))
    assert (sheet.total, sheet.value, [row.right for row in sheet.marks]) == (10, value, [True, False])
    assert sheet.marks[1].wanted == ["2 and 4"]
    assert score_of(key, "") == documents.parse_answer_key(key).score([])


def test_what_is_missing_is_said_beside_its_field() -> None:
    made = from_post({"q0-kind": "one", "q0o0-text": "a", "q0o0-score": "1.5", "q0o1-picture": "javascript:alert(1)"})
    found = problems(made, keyed=True)
    assert "Say what is asked" in found["q0-text"]
    assert "whole number" in found["q0o0-score"]
    assert "https://" in found["q0o1-picture"]
    assert not act(made, "remove-option-0-77")
    assert not act(made, "nonsense")
    odd = from_post({"q0-text": "x" * 50_000, "q999-text": "last", "q5-evil": "1", "qx-text": "no"})
    assert [len(row.text) for row in odd.questions] == [20_000, 4]
    many = new_draft()
    for _ in range(200):
        act(many, "copy-0")
    assert len(many.questions) == 100


@pytest.fixture
def approver(lab: Lab, client: Client) -> Client:
    client.force_login(lab.people["approver"])
    return client


def post(lab: Lab, client: Client, action: str, **said: str) -> Any:
    url = reverse("qualification_new", args=[lab.account.slug])
    return client.post(url, {**ABOUT, **TEST, **said, "action": action})


def test_every_button_keeps_all_that_was_typed(lab: Lab, approver: Client) -> None:
    page = post(lab, approver, "add-question", name=HOSTILE, **{"q1-text": HOSTILE, "q1o1-text": HOSTILE})
    text = page.content.decode()
    assert page.status_code == 200
    assert "<script>alert" not in text
    assert text.count("&lt;/textarea&gt;&lt;script&gt;") >= 3
    assert 'name="q2-text"' in text
    assert 'value="30"' in text
    # Kinds and mappings that hide a field bring its text back.
    page = post(lab, approver, "redraw", **{"q0-kind": "text", "test-mapping": "scale", "q0-prefilled": "kept"})
    text = page.content.decode()
    assert 'name="q0o0-score" value="10"' in text
    assert 'name="test-maximum" value="20"' in text
    page = post(lab, approver, "up-1").content.decode()
    assert page.index("Even?") < page.index("2 + 2?")
    part = approver.post(
        reverse("qualification_new", args=[lab.account.slug]), {**ABOUT, **TEST, "action": "remove-0"},
        headers={"HX-Request": "true"},
    ).content.decode()  # fmt: skip
    assert part.lstrip().startswith("<form")
    assert "2 + 2?" not in part
    assert 'name="q0o2-text"' in post(lab, approver, "add-option-0").content.decode()
    for place in ("²", "9" * 5_000, "99"):
        assert post(lab, approver, f"add-option-{place}").status_code == 200, place


def test_by_form_by_xml_and_what_it_scores(lab: Lab, approver: Client) -> None:
    text = post(lab, approver, "score", **{"sheet-0": "a1", "sheet-1": "a1"}).content.decode()
    assert 'This answer sheet scores <strong class="number">50</strong>' in text
    xml = post(lab, approver, "to-xml")
    test, key = xml.context["test"].xml, xml.context["test"].key_xml
    assert (test, key) == (build_form(draft()), build_key(draft()))
    broken = {"test_way": "xml", "test_xml": test.replace("</Text>", "", 1), "key_xml": key}
    text = post(lab, approver, "save", **broken).content.decode()
    assert "(line " in text
    assert "&lt;QuestionIdentifier&gt;q1" in text
    rich = test.replace("<Text>Even?</Text>", "<FormattedContent><![CDATA[<p>Even<b>?</b></p>]]></FormattedContent>")
    page = post(lab, approver, "to-form", test_way="xml", test_xml=rich, key_xml=key)
    assert "XML only" in page.content.decode()
    assert "<p>Even<b>?</b></p>" in page.content.decode(), "the preview shows it"
    hostile = rich.replace("<b>?</b>", '<b onclick="alert(1)">?</b><script>alert(1)</script>')
    page = post(lab, approver, "check", test_way="xml", test_xml=hostile, key_xml=key).content.decode()
    assert "<script>alert" not in page
    assert "<b onclick" not in page
    entity = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + test
    page = post(lab, approver, "check", test_way="xml", test_xml=entity, key_xml=key).content.decode()
    assert "DOCTYPE" in page
    assert "root:" not in page
    assert not Command.objects.exists()
    page = post(lab, approver, "save", test_way="xml", test_xml=rich, key_xml=key)
    row = QualificationType.objects.get()
    assert page.url == reverse("qualification", args=[lab.account.slug, row.qualification_type_id])
    send(lab)
    row.refresh_from_db()
    assert "Reader" in approver.get(page.url).content.decode(), "the address from before it had an id leads to it"
    there = lab.mturk.get_qualification_type(QualificationTypeId=row.qualification_type_id)["QualificationType"]
    assert (there["Test"], there["TestDurationInSeconds"], there["RetryDelayInSeconds"]) == (rich, 1800, 7200)
    # What MTurk's own marking gives is what was told.
    taken = {"WorkerId": "ATESTTAKER1", "Fields": {"q1": "a1", "q2": "a1"}}
    asked = {"QualificationTypeId": row.qualification_type_id, **taken}
    done = lab.server.control("qualification-requests", asked)
    assert (done["state"], done["IntegerValue"]) == ("granted", 50)
    url = reverse("qualification_try", args=[lab.account.slug, row.qualification_type_id])
    tried = approver.post(url, {"sheet-0": "a1", "sheet-1": "a1"})
    assert 'scores <strong class="number">50</strong>' in tried.content.decode()


def test_pages_of_types_cost_the_same_for_one_and_three(lab: Lab, approver: Client) -> None:
    url = reverse("qualifications", args=[lab.account.slug])
    assert "No qualifications yet" in approver.get(url).content.decode()
    counts = []
    for number in range(3):
        QualificationType.objects.create(
            account=lab.account, qualification_type_id=f"3T{number}", name=f"Type {number}"
        )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert f"Type {number}" in approver.get(url).content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[2]
    assert approver.get(reverse("qualification", args=[lab.account.slug, "3NOPE"])).status_code == 404
    page = approver.get(reverse("qualification", args=[lab.account.slug, "3T1"]))
    assert "Nobody here has changed it" in page.content.decode()
    wrong = approver.post(reverse("qualification_delete", args=[lab.account.slug, "3T1"]), {"typed": "Type"})
    assert wrong.status_code == 422
    assert "exactly" in wrong.content.decode()
    assert not Command.objects.exists()
