"""What scripts add to the worker site, in a real browser: drafts, frames, deadlines; what hostile tasks cannot."""

import http.server
import itertools
import threading
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests import servers
from tests.marketplace.site.conftest import PASSWORD
from tests.marketplace.site.test_finding_and_doing import FORM
from tests.marketplace.site.test_operator import make_user

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("worker-site")]

TASK = """<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[<!DOCTYPE html><html><head><title>T</title>HEAD</head><body>BODY</body></html>]]></HTMLContent>
<FrameHeight>0</FrameHeight></HTMLQuestion>"""
FIELDS = """<form name="mturk_form" method="post" action="https://www.mturk.com/mturk/externalSubmit">
<input type="hidden" name="assignmentId" id="assignmentId"><input name="total" aria-label="Total">
<label><input type="radio" name="kind" value="till">Till</label>
<label><input type="radio" name="kind" value="bill">Bill</label>
<textarea name="notes" aria-label="Notes"></textarea><button>Submit</button></form>"""
EXTERNAL = """<ExternalQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2006-07-14/ExternalQuestion.xsd">
<ExternalURL>ADDRESS</ExternalURL><FrameHeight>400</FrameHeight></ExternalQuestion>"""


def task(body: str = FIELDS, head: str = "") -> str:
    return TASK.replace("HEAD", head).replace("BODY", body)


class Site:
    """Somebody in a browser, signed up as a worker."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.name = f"w{uuid.uuid4().hex[:12]}"

    def sign_up(self) -> None:
        self.page.goto(f"{self.url}/accounts/signup/")
        self.page.fill("[name=username]", self.name)
        self.page.fill("[name=password1]", PASSWORD)
        self.page.select_option("[name=country]", "US")
        self.page.get_by_role("button", name="Sign up").click()
        self.page.wait_for_url("**/tasks/")

    def accept(self, hit: dict[str, Any]) -> str:
        """Takes a HIT of the group; returns the AssignmentId."""
        self.page.goto(f"{self.url}/tasks/{hit['HITGroupId']}/")
        self.page.get_by_role("button", name="Accept & work").click()
        self.page.wait_for_url("**/assignments/*/")
        return self.page.url.rstrip("/").rsplit("/", 1)[1]

    @property
    def frame(self) -> Any:
        return self.page.frame_locator("iframe")


@pytest.fixture
def site(marketplace: servers.Marketplace, page: Any) -> Site:
    found = Site(page, marketplace.url)
    found.sign_up()
    return found


def answers(mturk: Any, hit: dict[str, Any]) -> list[str]:
    return [row["Answer"] for row in mturk.list_assignments_for_hit(HITId=hit["HITId"])["Assignments"]]


def until(condition: Any, seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


def test_typed_work_survives_a_reload_and_the_next_one_comes_by_itself(site: Site, publish: Any, mturk: Any) -> None:
    title = f"Receipts {uuid.uuid4().hex[:8]}"
    first, second = publish(Title=title, Question=task()), publish(Title=title, Question=task())
    assignment_id = site.accept(first)
    site.frame.locator("[name=total]").fill("12.40")
    site.frame.get_by_label("Bill").check()
    site.frame.locator("[name=notes]").fill("a\nb")
    site.page.get_by_text("What you typed is kept in this browser.").wait_for()
    site.page.reload()
    until(lambda: site.frame.locator("[name=total]").input_value() == "12.40")
    assert site.frame.get_by_label("Bill").is_checked()
    assert site.frame.locator("[name=notes]").input_value() == "a\nb"
    with site.page.expect_response("**/assignments/next/"):
        site.page.get_by_label("Take the next one by itself").check()
    site.frame.get_by_role("button", name="Submit").click()
    site.page.wait_for_url(lambda url: "/assignments/" in url and assignment_id not in url and "next" not in url)
    [answer] = answers(mturk, first)
    assert "<FreeText>12.40</FreeText>" in answer
    assert "<FreeText>bill</FreeText>" in answer
    assert answers(mturk, second) == []
    assert site.frame.locator("[name=total]").input_value() == "", "what was typed into the first is not in the second"
    kept = site.page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('hitdesk-draft'))")
    assert kept == [], "what was handed in is kept no longer"


def test_skip_gives_another_one_and_takes_none_away(site: Site, publish: Any) -> None:
    title = f"Receipts {uuid.uuid4().hex[:8]}"
    hits = [publish(Title=title, Question=task()) for _ in range(2)]
    held = site.accept(hits[0])
    site.page.get_by_role("button", name="Skip").click()
    site.page.wait_for_url(lambda url: held not in url)
    assert f"hitId={hits[1]['HITId']}" in site.page.locator("iframe").get_attribute("src")
    site.page.goto(f"{site.url}/assignments/")
    assert site.page.locator("main").get_by_role("link", name="Go on").count() == 1


SLOW = """<QuestionForm xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/QuestionForm.xsd">
<Question><QuestionIdentifier>zip</QuestionIdentifier><QuestionContent><Text>ZIP</Text></QuestionContent>
<AnswerSpecification><FreeTextAnswer><Constraints>
<AnswerFormatRegex regex="^[0-9]{5}$" errorText="Five digits, please."/>
</Constraints></FreeTextAnswer></AnswerSpecification></Question>
<Question><QuestionIdentifier>slow</QuestionIdentifier><QuestionContent><Text>Slow</Text></QuestionContent>
<AnswerSpecification><FreeTextAnswer><Constraints><AnswerFormatRegex regex="^(a+)+$"/></Constraints></FreeTextAnswer>
</AnswerSpecification></Question></QuestionForm>"""


def test_a_pattern_is_said_by_the_browser_and_one_that_runs_for_ever_holds_nothing_up(
    site: Site, publish: Any, mturk: Any
) -> None:
    hit = publish(Question=SLOW)
    site.accept(hit)
    zip_said = "document.querySelector('[name=zip]').validationMessage"
    site.page.fill("[name=zip]", "123")
    until(lambda: site.page.evaluate(zip_said) == "Five digits, please.")
    site.page.fill("[name=slow]", "a" * 40 + "!")
    site.page.fill("[name=zip]", "12345")
    until(lambda: site.page.evaluate(zip_said) == "")
    site.page.get_by_role("button", name="Hand it in").click()
    site.page.get_by_text("Invalid input supplied.").wait_for()  # the server's own word
    assert site.page.locator("[name=slow]").input_value().endswith("a!"), "what was typed is still there"
    site.page.fill("[name=slow]", "aaa")
    until(lambda: site.page.evaluate("document.querySelector('[name=slow]').validationMessage") == "")
    site.page.get_by_role("button", name="Hand it in").click()
    site.page.wait_for_url("**/tasks/**")
    assert len(answers(mturk, hit)) == 1


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A requester's own server: a form that posts to turkSubmitTo, as api:2712 asks for."""

    asked: list[str] = []

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        Elsewhere.asked.append(self.path)
        given = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        body = (
            f'<!doctype html><form method="post" action="{given.get("turkSubmitTo")}/mturk/externalSubmit">'
            f'<input type="hidden" name="assignmentId" value="{given.get("assignmentId")}">'
            '<input name="colour" aria-label="Colour"><button>Send</button></form>'
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/task?batch=7"
    server.shutdown()
    server.server_close()


def test_a_form_of_another_site_is_called_as_mechanical_turk_does_and_hands_in(
    site: Site, publish: Any, mturk: Any, elsewhere: str
) -> None:
    hit = publish(Question=EXTERNAL.replace("ADDRESS", elsewhere))
    Elsewhere.asked.clear()
    assignment_id = site.accept(hit)
    site.frame.get_by_label("Colour").fill("green")
    looked, called = (urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query) for path in Elsewhere.asked[:2])
    assert looked == [
        ("batch", "7"),
        ("assignmentId", "ASSIGNMENT_ID_NOT_AVAILABLE"),
        ("hitId", hit["HITId"]),
        ("turkSubmitTo", site.url),
    ]
    assert [name for name, _ in called] == ["batch", "assignmentId", "hitId", "workerId", "turkSubmitTo"]
    assert dict(called)["assignmentId"] == assignment_id
    site.frame.get_by_role("button", name="Send").click()
    site.page.wait_for_url("**/tasks/**")
    [answer] = answers(mturk, hit)
    assert "<QuestionIdentifier>colour</QuestionIdentifier>\n<FreeText>green</FreeText>" in answer


def test_what_comes_too_late_is_said_and_stays_typed(site: Site, publish: Any, mturk: Any, control: Any) -> None:
    hit = publish(Question=task(), AssignmentDurationInSeconds=60)
    site.accept(hit)
    control.advance(56)
    site.page.reload()
    site.frame.locator("[name=notes]").fill("a long text")
    site.page.get_by_text("The time is over").wait_for()
    site.frame.get_by_role("button", name="Submit").click()
    site.frame.get_by_text("Not handed in").wait_for()
    site.frame.get_by_role("button", name="Back to what you typed").click()
    until(lambda: site.frame.locator("[name=notes]").input_value() == "a long text")
    assert answers(mturk, hit) == []


def test_a_form_whose_time_ends_cannot_be_sent_and_keeps_the_text(site: Site, publish: Any, control: Any) -> None:
    hit = publish(Question=FORM, AssignmentDurationInSeconds=60)
    site.accept(hit)
    control.advance(56)
    site.page.reload()
    site.page.fill("[name=age]", "44")
    site.page.get_by_text("The time is over").wait_for()
    assert site.page.get_by_role("button", name="Hand it in").is_disabled()
    assert site.page.locator("[name=age]").input_value() == "44"


def test_a_script_that_cannot_be_loaded_is_told(site: Site, publish: Any) -> None:
    head = '<script src="http://127.0.0.1:9/library.js"></script>'
    hit = publish(Question=task(head=head))
    site.accept(hit)
    site.page.get_by_text("This task could not load everything").wait_for()
    assert "http://127.0.0.1:9/library.js" in site.page.locator("[data-missing]").inner_text()


@pytest.mark.parametrize("name", ["crowd-html-elements.js", "crowd-html-elements-v2.js"])
def test_crowd_elements_come_from_this_site_and_survive_a_reload(
    site: Site, publish: Any, mturk: Any, name: str
) -> None:
    body = (
        f'<script src="https://assets.crowd.aws/{name}"></script><crowd-form answer-format="flatten-objects">'
        '<crowd-input name="total" label="Total" required></crowd-input></crowd-form>'
    )
    hit = publish(Question=task(body))
    site.accept(hit)
    site.frame.locator("crowd-input input").fill("7.30")
    site.page.get_by_text("What you typed is kept in this browser.").wait_for()
    site.page.reload()
    until(lambda: site.frame.locator("crowd-input input").input_value() == "7.30")
    site.frame.get_by_role("button", name="Submit").click()
    site.page.wait_for_url("**/tasks/**")
    [answer] = answers(mturk, hit)
    assert "7.30" in answer


ATTACK = """<p id="found">nothing yet</p>
<form id="back" method="post" action="/assignments/ID/return/" target="sink"></form>
<iframe name="sink"></iframe><script>
const found = [];
const attempt = (name, work) => {
  try { found.push(name + ": " + work()); } catch (error) { found.push(name + ": refused"); }
};
attempt("cookie", () => document.cookie || "refused");
attempt("storage", () => Object.keys(localStorage).length);
attempt("parent", () => parent.document.title);
attempt("frames", () => top.document.body.innerHTML.length);
attempt("opener", () => parent.eval("1"));
attempt("top", () => { top.location = "http://127.0.0.1:9/stolen"; return "gone"; });
attempt("window", () => window.open("http://127.0.0.1:9/popup") ? "opened" : "refused");
attempt("replace", () => { top.location.replace("javascript:alert(1)"); return "gone"; });
const id = new URLSearchParams(location.search).get("assignmentId");
document.getElementById("back").action = "/assignments/" + id + "/return/";
document.getElementById("back").submit();
fetch("/earnings/", {credentials: "include"}).then(answer => answer.text())
  .then(text => found.push("fetch: " + text.length), () => found.push("fetch: refused"));
parent.postMessage({hitdesk: 1, kind: "submitted"}, "*");
parent.postMessage({hitdesk: 1, kind: "height", height: 1e12}, "*");
parent.postMessage({hitdesk: 1, kind: "missing", url: "javascript:alert(1)"}, "*");
parent.postMessage({hitdesk: 1, kind: "__proto__"}, "*");
setTimeout(() => {
  document.getElementById("found").textContent = found.join("; ");
  setTimeout(() => { for (;;) {} }, 1500);
}, 700);
</script>"""


def test_a_hostile_task_gets_nothing_and_the_site_stays_usable(
    marketplace: servers.Marketplace, browser: Any, publish: Any, mturk: Any, control: Any
) -> None:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    try:
        site = Site(context.new_page(), marketplace.url)
        site.sign_up()
        hit = publish(Question=task(ATTACK))
        # The look at it is as hostile; the way around it is the list.
        site.page.goto(f"{site.url}/tasks/?q={urllib.parse.quote(hit['Title'])}")
        site.page.get_by_role("button", name="Accept & work").click()
        site.page.wait_for_url("**/assignments/*/")
        here = site.page.url
        found = site.frame.locator("#found", has_text="cookie").inner_text()
        for name in ("cookie", "storage", "parent", "frames", "opener", "window", "fetch"):
            assert f"{name}: refused" in found
        assert site.page.url == here, "neither the top nor `submitted` led anywhere"
        assert site.page.locator("iframe[data-task]").bounding_box()["height"] <= 8000
        assert "javascript" not in site.page.locator("[data-missing]").inner_text()
        time.sleep(2)  # it loops now, for ever
        site.page.get_by_role("button", name="Give back").click()
        site.page.get_by_text("Given back").wait_for()
        assert site.page.url.startswith(f"{site.url}/tasks/")
        assert answers(mturk, hit) == []
    finally:
        context.close()


PAGES = (
    *("/tasks/", "/assignments/", "/qualifications/", "/earnings/", "/messages/", "/profile/", "/accounts/email/"),
    *("/accounts/password/change/", "/accounts/2fa/", "/accounts/logout/", "/nowhere/"),
)
AXE = next((servers.ROOT / "tests" / "assets").glob("axe-core-*/axe.min.js"))
OUTSIDE = ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/join/x/", "/from/x/?id=1")


def look(page: Any, url: str, *looks: tuple[int, str]) -> None:
    """At each width and in each colour nothing scrolls sideways, and axe finds nothing serious around a task."""
    for place, (width, theme) in enumerate(looks or ((1280, "light"), (360, "dark"))):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        if not place:
            page.goto(url)
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE.read_text())
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{url} is {too_wide} px wider than a screen of {width}"
        options = "{resultTypes: ['violations'], iframes: false}"
        serious = [
            (issue["id"], [node["html"][:120] for node in issue["nodes"]][:3])
            for issue in page.evaluate(f"axe.run(document, {options})")["violations"]
            if issue["impact"] in ("serious", "critical")
        ]
        assert serious == [], f"{url} at {width}, {theme}"


def test_no_page_scrolls_sideways_or_has_a_serious_barrier(site: Site, publish: Any, mturk: Any) -> None:
    page = site.page
    long = "Donaudampfschifffahrtsgesellschaftskapitaenskajuetenschluesselloch"
    needs = {
        "QualificationTypeId": "00000000000000000071",
        "Comparator": "EqualTo",
        "LocaleValues": [{"Country": "DE"}],
    }
    refused = publish(
        Title=long, Description=long * 3, QualificationRequirements=[{**needs, "ActionsGuarded": "Accept"}]
    )
    form, framed = publish(Question=FORM, Title=f"{long} {site.name}"), publish(Question=task())
    kind = mturk.create_qualification_type(
        Name=f"Test {site.name}",
        Description=long,
        QualificationTypeStatus="Active",
        Test=FORM,
        TestDurationInSeconds=900,
    )["QualificationType"]["QualificationTypeId"]
    works = [f"/assignments/{site.accept(hit)}/" for hit in (form, framed)]
    page.goto(f"{site.url}/qualifications/{kind}/")
    page.get_by_role("button", name="Begin the test").click()
    page.get_by_role("button", name="Hand in the test").wait_for()
    groups = [f"/tasks/{hit['HITGroupId']}/" for hit in (refused, form, framed)]
    more = [*groups, *works, f"/tasks/{form['HITGroupId']}/contact/", f"/qualifications/{kind}/", "/tasks/?q=nothing"]
    looks = itertools.cycle([(1280, "light"), (360, "dark")])
    for path in (*PAGES, *more):
        look(page, site.url + path, next(looks))
    page.context.clear_cookies()
    for path in OUTSIDE:
        look(page, site.url + path, next(looks))


OPERATOR = (
    *("", "marketplace/requester/", "marketplace/requester/add/", "marketplace/worker/", "marketplace/worker/upload/"),
    *("marketplace/invitation/add/", "marketplace/payoutrun/", "marketplace/clock/", "marketplace/feerate/add/"),
)


def test_the_operator_s_pages_have_no_serious_barrier(marketplace: servers.Marketplace, browser: Any) -> None:
    make_user(marketplace, "--operator", "looker")
    # A context of its own: axe itself tries a style that the admin's policy refuses.
    context = browser.new_context(reduced_motion="reduce")
    try:
        page = context.new_page()
        page.goto(f"{marketplace.url}/accounts/login/")
        page.fill("[name=login]", "looker")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/operator/")
        for path, theme in zip(OPERATOR, itertools.cycle(("light", "dark"))):
            look(page, f"{marketplace.url}/operator/{path}", (1280, theme))
    finally:
        context.close()
