"""The table of HITs, the page of one, and what it asks: shown to people, harmless to them."""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from dashboard import pages
from hits.models import HIT
from tests.cast import Lab, make_lab

QUESTION_FORM = """<QuestionForm xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/QuestionForm.xsd">
<Overview><Text>About &lt;script&gt;parent.seen = 1&lt;/script&gt; birds</Text></Overview>
<Question><QuestionIdentifier>bird</QuestionIdentifier><IsRequired>true</IsRequired>
<QuestionContent><Text>Which bird is it?</Text></QuestionContent>
<AnswerSpecification><SelectionAnswer><Selections>
<Selection><SelectionIdentifier>owl</SelectionIdentifier><Text>An owl</Text></Selection>
<Selection><SelectionIdentifier>tit</SelectionIdentifier><Text>A tit</Text></Selection>
</Selections></SelectionAnswer></AnswerSpecification></Question></QuestionForm>"""
EXTERNAL_QUESTION = """<ExternalQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2006-07-14/ExternalQuestion.xsd">
<ExternalURL>https://tasks.example.org/birds?a=1&amp;b=2</ExternalURL><FrameHeight>500</FrameHeight></ExternalQuestion>"""


def html_question(page: str) -> str:
    return (
        '<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/'
        f'HTMLQuestion.xsd"><HTMLContent><![CDATA[{page}]]></HTMLContent><FrameHeight>300</FrameHeight></HTMLQuestion>'
    )


def client_of(lab: Lab, role: str = "approver") -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def shown(lab: Lab, **query: str) -> str:
    response = client_of(lab, "viewer").get(reverse("hits", args=["lab"]), query)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def page_of(lab: Lab, hit_id: str, role: str = "approver") -> str:
    return html.unescape(client_of(lab, role).get(reverse("hit", args=["lab", hit_id])).content.decode())


# --- the table ------------------------------------------------------------------------------------------------------


def test_the_table_filters_by_status_batch_type_end_and_words(lab: Lab) -> None:
    birds = lab.hit(Title="Count the birds", RequesterAnnotation="BatchId:birds;", LifetimeInSeconds=1800)
    worked = lab.hit(MaxAssignments=1, LifetimeInSeconds=86400 * 3)
    lab.answer(worked)
    lab.sync()
    row = HIT.objects.get(hit_id=birds)
    ids = {birds, worked}

    def found(**query: str) -> set[str]:
        text = shown(lab, **query)
        return {hit_id for hit_id in ids if f"row-{hit_id}" in text}

    assert found() == ids
    assert found(status="assignable") == {birds}
    assert found(status="reviewable") == {worked}
    assert found(status="gone") == set()
    assert found(batch=str(row.batch_id)) == {birds}
    assert found(type=row.hit_type.hit_type_id) == {birds}
    assert found(text="BIRDS") == {birds}
    assert found(ends="1h") == {birds}
    assert found(ends="over") == set()
    HIT.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    assert found(ends="over") == {birds}
    assert found(ends="open") == {worked}
    first, second = (shown(lab, sort=sort).index(f"row-{birds}") for sort in ("ends", "ended"))
    assert first < second
    assert "No HIT matches these filters" in shown(lab, text="nothing is called so")


def test_an_account_without_hits_is_told_how_to_get_some(lab: Lab) -> None:
    assert "No HITs yet" in shown(lab)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("query", ["", "status=reviewable&text=receipt", "batch=999&type=X&ends=24h&sort=ends"])
def test_the_table_costs_at_most_six_queries(
    lab: Lab, rows: int, query: str, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    # With pages of two, three rows are more than one page, which has to be counted as well.
    defaults: Any = pages.page.__kwdefaults__
    monkeypatch.setitem(defaults, "size", 2)
    for _ in range(rows):
        lab.answer(lab.hit(MaxAssignments=1))
    lab.sync()
    client = client_of(lab)
    client.get("/healthz")  # once per process: is there any user at all?
    with django_assert_max_num_queries(6):
        assert client.get(reverse("hits", args=["lab"]) + f"?{query}").status_code == 200


@pytest.mark.parametrize(
    "query", ["after=%00_x", "status=%3Cscript%3E", "batch=9999999999999999999999", "sort=drop", "ends=1y", "text=%00",
              "type=" + "A" * 300, "sort=ends&after=2026-13-45_1"],
)  # fmt: skip
def test_whatever_stands_in_the_url_the_table_opens(lab: Lab, query: str) -> None:
    lab.hit()
    lab.sync()
    assert client_of(lab, "viewer").get(reverse("hits", args=["lab"]) + f"?{query}").status_code == 200


def test_the_workbench_and_the_search_lead_to_the_hit(lab: Lab) -> None:
    hit = lab.hit()
    assignment = lab.answer(hit)
    lab.sync()
    url = reverse("hit", args=["lab", hit])
    client = client_of(lab)
    assert client.get(reverse("search", args=["lab"]), {"q": hit})["Location"] == url
    assert url in client.get(reverse("assignment", args=["lab", assignment])).content.decode()
    assert reverse("hits", args=["lab"]) in client.get(reverse("overview", args=["lab"])).content.decode()


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_says_how_far_it_is_and_who_may_take_it(lab: Lab) -> None:
    hit = lab.hit(
        QualificationRequirements=[
            {"QualificationTypeId": "000000000000000000L0", "Comparator": "GreaterThanOrEqualTo",
             "IntegerValues": [95], "ActionsGuarded": "DiscoverPreviewAndAccept"},
            {"QualificationTypeId": "00000000000000000071", "Comparator": "In",
             "LocaleValues": [{"Country": "DE"}, {"Country": "US", "Subdivision": "CA"}]},
        ]
    )  # fmt: skip
    lab.sync()
    text = page_of(lab, hit)
    assert "3 workers asked for in all" in text
    assert "3 workers can still take it" in text
    assert "NumberOfAssignmentsAvailable" in text
    assert "0 answers wait for review" in text
    assert "Approval rate in percent: at least 95 (others do not see it)" in text
    assert "Lives in DE or US-CA" in text
    assert "Nobody has handed anything in yet." in text


def test_the_page_lists_its_assignments(lab: Lab) -> None:
    hit = lab.hit()
    ids = [lab.answer(hit), lab.answer(hit, total="<script>alert(1)</script>")]
    lab.sync()
    page = client_of(lab).get(reverse("hit", args=["lab", hit])).content.decode()
    assert all(reverse("assignment", args=["lab", name]) in page for name in ids)
    assert "2 answers wait for review" in page
    assert "<script>alert(1)" not in page


# --- the preview ----------------------------------------------------------------------------------------------------


def policy_of(response: Any) -> dict[str, list[str]]:
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


def test_a_page_of_html_is_shown_as_it_is_from_an_origin_that_is_nobodys(lab: Lab) -> None:
    hit = lab.hit(Question=html_question("<script>x()</script><form action='https://www.mturk.com/'></form>"))
    lab.sync()
    response = client_of(lab, "viewer").get(reverse("hit_preview", args=["lab", hit]))
    task = "<script>x()</script><form action='https://www.mturk.com/'></form>"
    # Before it one script of ours, which names what could not be loaded.
    assert response.content.decode() == f'<script src="http://testserver/static/js/frame.js"></script>{task}'
    policy = policy_of(response)
    assert set(policy["sandbox"]) == {"allow-scripts", "allow-forms"}
    assert policy["frame-ancestors"] == ["'self'"]
    assert policy["form-action"] == ["'none'"]
    assert "X-Frame-Options" not in response
    assert not response.cookies
    frame = page_of(lab, hit)
    assert 'sandbox="allow-scripts allow-forms"' in frame
    assert "assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE" in frame
    for name in ("hit", "hits"):
        other = client_of(lab).get(reverse(name, args=["lab", hit] if name == "hit" else ["lab"]))
        assert other["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in other["Content-Security-Policy"]


def test_a_question_form_is_drawn_plainly_and_its_words_are_text(lab: Lab) -> None:
    hit = lab.hit(Question=QUESTION_FORM)
    lab.sync()
    response = client_of(lab).get(reverse("hit_preview", args=["lab", hit]))
    text = response.content.decode()
    assert "Which bird is it?" in text
    assert "An owl" in text
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert policy_of(response)["default-src"] == ["'none'"]
    assert "allow-scripts" not in policy_of(response)["sandbox"]


def test_an_external_page_is_a_link_and_is_not_loaded_by_itself(lab: Lab) -> None:
    hit = lab.hit(Question=EXTERNAL_QUESTION)
    lab.sync()
    page = client_of(lab).get(reverse("hit", args=["lab", hit])).content.decode()
    assert "<iframe" not in page
    assert 'href="https://tasks.example.org/birds?a=1&amp;b=2" target="_blank" rel="noopener noreferrer"' in page
    assert "<strong>tasks.example.org</strong>" in page
    preview = client_of(lab).get(reverse("hit_preview", args=["lab", hit])).content.decode()
    assert "src=" not in preview
    assert "href=" not in preview


@pytest.mark.parametrize(
    "question", ["<script>alert(1)</script>", "", "\x00", "<!DOCTYPE x [<!ENTITY a 'b'>]><a>&a;</a>"]
)
def test_a_question_nobody_can_read_is_shown_as_text_with_the_reason(lab: Lab, question: str) -> None:
    hit = lab.hit()
    lab.sync()
    HIT.objects.update(question=question.replace("\x00", "�"))
    response = client_of(lab).get(reverse("hit_preview", args=["lab", hit]))
    assert response.status_code == 200
    assert "<script" not in response.content.decode()
    assert "cannot be shown as a task" in page_of(lab, hit)


CURIOUS = """<!DOCTYPE html><html><body><p id="said"></p>
<form method="post" action="/never"><button>Send</button></form>
<script>
  const said = [];
  const attempt = (name, deed) => {
    try { deed(); said.push(name + " worked"); } catch { said.push(name + " failed"); }
  };
  attempt("cookie", () => document.cookie);
  attempt("storage", () => localStorage.length);
  attempt("popup", () => { if (!open("about:blank")) throw 0; });
  if (parent !== window) {
    attempt("parent", () => parent.document.title);
    attempt("top", () => { top.location = "about:blank"; });
  }
  fetch("/profile/", { credentials: "include" }).then((answer) => answer.text()).then(
    (text) => said.push("profile " + (text.includes("approver-lab") ? "read" : "unread")),
    () => said.push("profile unread"),
  ).then(() => { document.getElementById("said").textContent = said.join(", "); });
</script></body></html>"""


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_hostile_task_reaches_neither_the_page_nor_the_person(
    transactional_db: None, marketplace_server: Any, live_server: Any, browser: Any
) -> None:
    # A context of its own: what the browser refuses here is the point, where elsewhere it fails a test.
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    lab = make_lab(marketplace_server)
    hit = lab.hit(Question=html_question(CURIOUS))
    lab.sync()
    cookie = client_of(lab).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    url = live_server.url + reverse("hit", args=["lab", hit])
    page.goto(url)
    said = page.frame_locator("iframe.preview").locator("#said")
    expect(said).to_have_text("cookie failed, storage failed, popup failed, parent failed, top failed, profile unread")
    page.frame_locator("iframe.preview").get_by_role("button", name="Send").click()
    page.wait_for_timeout(200)
    assert page.url == url
    expect(said).to_contain_text("parent failed")
    assert not [frame.url for frame in page.frames if "/never" in frame.url]
    # Opened by itself, without a frame around it, it is as harmless.
    page.goto(live_server.url + reverse("hit_preview", args=["lab", hit]))
    expect(page.locator("#said")).to_have_text("cookie failed, storage failed, popup failed, profile unread")
    context.close()
