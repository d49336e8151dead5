"""The workbench by its keys, in a browser: each does its own thing, and the next answer is there at once."""

import json
import sys
import time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from dashboard.models import Command
from dashboard.shortcuts import DEFAULTS
from hits.models import Assignment
from tests.cast import Lab, make_lab

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Every click that a key causes is noted and goes no further.
RECORD = """() => {
  window.pressed = [];
  window.addEventListener("click", (event) => {
    const element = event.target.closest("[data-key]");
    window.pressed.push(element ? element.dataset.key : event.target.outerHTML);
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
}"""
DISPATCH = """([key, more]) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true, ...more }))"""
TWICE = """(key) => [1, 2].forEach(() => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true })))"""
# From the key's event to the frame in which another answer is on the screen, in milliseconds.
MEASURE = """() => {
  const before = document.getElementById("workbench").dataset.assignment;
  window.felt = new Promise((done) => addEventListener("keydown", () => {
    const start = performance.now();
    const look = () => document.getElementById("workbench").dataset.assignment === before
      ? requestAnimationFrame(look)
      : requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    look();
  }, { capture: true, once: true }));
}"""


@pytest.fixture
def lab(transactional_db: None, marketplace_server: Any) -> Lab:
    lab = make_lab(marketplace_server, undo_seconds=30)
    hit = lab.hit(MaxAssignments=6)
    for number in range(6):
        lab.answer(hit, total=f"1{number}.40", remark="A line of words. " * 5)
    lab.sync()
    return lab


@pytest.fixture
def rows(lab: Lab) -> list[str]:
    return [row.assignment_id for row in Assignment.objects.oldest_deadline_first()]


@pytest.fixture
def desk(lab: Lab, live_server: Any, page: Any) -> Any:
    client = Client()
    client.force_login(lab.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])

    def at(name: str, *args: str) -> None:
        page.goto(live_server.url + reverse(name, args=args))
        expect(page.locator(".htmx-request")).to_have_count(0)  # the parts that come after the page

    page.at = at
    return page


def shown(page: Any) -> str:
    return page.get_attribute("#workbench", "data-assignment")


def ready(page: Any) -> None:
    """The next one is there, and a moment has passed in which this one could be seen."""
    page.locator("#workbench[data-ahead=here]").wait_for()
    page.wait_for_timeout(200)


def test_every_key_does_its_own_thing_and_nothing_fires_on_a_wrong_one(desk: Any, lab: Lab, rows: list[str]) -> None:
    person = lab.people["approver"]
    person.keys = {"approve": "y", "next": ";"}
    person.save()
    desk.at("assignment", "lab", rows[1])
    desk.evaluate(RECORD)
    pressed = lambda: desk.evaluate("window.pressed.splice(0)")  # noqa: E731
    time.sleep(0.2)
    keys = DEFAULTS | person.keys
    there = {"approve", "reject", "bonus", "usable", "unusable", "unsure", "corrected", "flag", "next", "previous",
             "list", "take", "compare", "replay", "question"}  # fmt: skip
    for action in sorted(there):
        desk.keyboard.press(keys[action])
        assert pressed() == [keys[action]], action
    for key in ("a", "j", "x", "m", "Z", "0", "Enter", " ", "Tab", "F1", "ArrowDown", "Delete"):
        desk.keyboard.press(key)
        assert pressed() == [], key
        desk.evaluate("document.activeElement.blur()")
    for key in (keys["approve"], keys["reject"], keys["unusable"]):
        # With Shift a letter is another one; a digit is what some keyboards write it with.
        for chord in [f"{held}+{key}" for held in ("Control", "Alt", "Meta", "Shift")][: 4 if key.isalpha() else 3]:
            desk.keyboard.press(chord)
            assert pressed() == [], chord
        for more in ({"repeat": True}, {"isComposing": True}, {"keyCode": 229}, {"modifierAltGraph": True}):
            desk.evaluate(DISPATCH, [key, more])
            assert pressed() == [], more
    # Held down, only stepping goes on.
    desk.evaluate(DISPATCH, [keys["next"], {"repeat": True}])
    assert pressed() == [keys["next"]]

    # While something is typed, chosen or asked, letters are letters.
    desk.evaluate("document.querySelector('#reject-feedback').closest('details').open = true")
    for selector in ("#reject-feedback", "#bonus-amount"):
        desk.evaluate(
            "name => { const box = document.querySelector(name); box.closest('details').open = true; box.focus(); }",
            selector,
        )
        desk.keyboard.type("yr12")
        assert desk.input_value(selector) == "yr12"
        desk.evaluate("document.activeElement.blur()")
    assert pressed() == []
    desk.keyboard.press("?")
    assert desk.locator("#keys").is_visible()
    listed = desk.locator("#keys dt").all_inner_texts()
    assert {keys[action] for action in there} <= set(listed)
    for key in (keys["approve"], keys["reject"], "1"):
        desk.keyboard.press(key)
    assert pressed() == []
    desk.keyboard.press("Escape")
    assert Command.objects.count() == 0


def test_the_next_answer_is_painted_before_the_decision_is_recorded_and_what_fails_comes_back(
    desk: Any, lab: Lab, rows: list[str], capsys: Any
) -> None:
    posts: list[str] = []
    desk.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    desk.at("assignment", "lab", rows[0])
    held: list[Any] = []
    desk.route("**/decide/", lambda route: held.append(route))
    figures = []
    for number in (0, 1):
        ready(desk)
        desk.evaluate(MEASURE)
        # Once with the key, once with a double tap, which decides nothing about the next one.
        if number == 0:
            desk.keyboard.press("a")
        else:
            desk.evaluate(TWICE, "a")
        figures.append(desk.evaluate("window.felt"))
        assert shown(desk) == rows[number + 1], "painted while the decision is still on its way"
        assert len(posts) == number + 1
        assert rows[number] in posts[number]
        if number == 1:
            # Pressed before the server knows of the decision, undo waits for it, and takes back that one.
            desk.keyboard.press("u")
            ready(desk)
            desk.evaluate("document.querySelector('#workbench form[data-ahead]').requestSubmit()")
            assert (shown(desk), len(posts)) == (rows[2], 2), "nothing is decided on the way back"
            assert [command.assignment_id for command in Command.objects.all()] == rows[:1]
        held.pop().continue_()
        if number == 0:
            desk.locator("#bench-undo form").wait_for()
    with capsys.disabled():
        sys.stdout.write(f"\nkey press to next answer painted: {', '.join(f'{took:.0f} ms' for took in figures)}\n")

    # Undo brought back what was decided last, and paid nobody; what was decided before stands, and can be undone too.
    desk.locator(f"#workbench[data-assignment='{rows[1]}']").wait_for()
    assert list(Command.objects.order_by("created_at").values_list("assignment_id", "state")) == [
        (rows[0], "queued"),
        (rows[1], "cancelled"),
    ]
    expect(desk.locator("#bench-place")).to_have_text("1 of 5")

    # Likewise where the next one was not here yet, so that htmx sends the decision: not what was decided before it.
    ready(desk)
    desk.evaluate("document.getElementById('workbench').dataset.next = ''")
    desk.evaluate("['a', 'u'].forEach((key) => document.body.dispatchEvent("
                  "new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })))")  # fmt: skip
    desk.wait_for_function("document.querySelector('#workbench .btn-undo').getAttribute('aria-busy')")
    held.pop().continue_()
    desk.locator(f"#workbench[data-assignment='{rows[2]}']").wait_for()
    desk.locator(f"#workbench[data-assignment='{rows[1]}']").wait_for()
    assert Command.objects.get(assignment_id=rows[0]).state == "queued"
    assert [command.state for command in Command.objects.filter(assignment_id=rows[1])] == ["cancelled"] * 2

    # A server that does not answer: the answer comes back with what was typed, and saying it again says it once.
    desk.unroute("**/decide/")
    ready(desk)
    desk.route("**/decide/", lambda route: route.abort())
    desk.keyboard.press("r")
    desk.locator("#reject-feedback").fill("The total is wrong.")
    desk.keyboard.press("Control+Enter")
    desk.locator(".note-error").wait_for()
    assert shown(desk) == rows[1]
    assert desk.input_value("#reject-feedback") == "The total is wrong."
    assert rows[1] in desk.url
    assert not Command.objects.filter(kind="RejectAssignment").exists()
    desk.unroute("**/decide/")
    desk.keyboard.press("Escape")
    if not desk.locator("#reject-feedback").is_visible():
        desk.keyboard.press("r")
    desk.locator("#reject-feedback").focus()
    desk.keyboard.press("Control+Enter")
    desk.locator(f"#workbench[data-assignment='{rows[2]}']").wait_for()
    deadline = time.monotonic() + 10
    while not Command.objects.filter(kind="RejectAssignment").exists() and time.monotonic() < deadline:
        desk.wait_for_timeout(50)  # the next answer is there before the server has recorded it
    desk.locator("#bench-undo form").wait_for()
    rejected = Command.objects.get(kind="RejectAssignment")
    assert (rejected.assignment_id, rejected.note) == (rows[1], "The total is wrong.")

    # Somebody else was first: the server's word counts, and it is said.
    from hits.actions import approve

    ready(desk)
    approve(assignment=Assignment.objects.get(assignment_id=rows[2]), by=lab.people["reviewer"])
    desk.keyboard.press("a")
    expect(desk.locator(".note-error").last).to_contain_text("reviewer-lab was first")
    assert shown(desk) == rows[2]
    assert Command.objects.filter(assignment_id=rows[2]).count() == 1

    # Two on their way, of which the second fails: what can be undone is the first, and nothing is decided meanwhile.
    desk.keyboard.press("j")
    desk.locator(f"#workbench[data-assignment='{rows[3]}']").wait_for()
    desk.unroute("**/decide/")
    held.clear()
    desk.route("**/decide/", lambda route: held.append(route))
    for number in (3, 4):
        ready(desk)
        desk.keyboard.press("a")
        desk.locator(f"#workbench[data-assignment='{rows[number + 1]}']").wait_for()
    with desk.expect_response("**/decide/"):
        held[0].continue_()
    held[1].abort()
    desk.locator(f"#workbench[data-assignment='{rows[4]}']").wait_for()
    ready(desk)
    count = len(posts)
    desk.route("**/activity/*/", lambda route: held.append(route))
    desk.keyboard.press("u")
    desk.locator("#bench-undo form[aria-busy]").wait_for()
    desk.evaluate("document.querySelector('#workbench form[data-ahead]').requestSubmit()")
    assert (shown(desk), len(posts)) == (rows[4], count + 1)
    held[2].continue_()
    desk.locator(f"#workbench[data-assignment='{rows[3]}']").wait_for()
    assert Command.objects.get(assignment_id=rows[3]).state == "cancelled"
    assert not Command.objects.filter(assignment_id=rows[4]).exists()
    assert json.loads(desk.evaluate("sessionStorage.getItem('decisions on their way')")) == []
