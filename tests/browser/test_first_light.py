"""The main job, done as its people do it: with keys, in a browser, against a live demo."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Demo


def ids_in_queue(page: Any, demo: Demo) -> list[str]:
    page.goto(f"{demo.dashboard}/a/lab/review/?deadline=3d")
    return [
        row.removeprefix("row-") for row in page.eval_on_selector_all("tr[data-row]", "rows => rows.map(r => r.id)")
    ]


def until(condition: Any, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)


def paid(demo: Demo, assignment_id: str) -> list[tuple[str, str]]:
    return [row for row in demo.ledger(assignment_id) if row[0] in ("reward", "bonus")]


def test_a_reviewer_approves_rejects_and_undoes_and_an_approver_pays_each_exactly_once(
    demo: Demo, sign_in: Any
) -> None:
    page = sign_in("reviewer")
    first = ids_in_queue(page, demo)[0]

    # Approve with `a`; the next one is there at once.
    page.goto(f"{demo.dashboard}/a/lab/review/{first}/")
    page.keyboard.press("a")
    page.wait_for_url(lambda url: first not in url)
    second = page.url.split("/review/")[1].split("/")[0]

    # Reject with `r` and a reason.
    page.keyboard.press("r")
    reason = page.locator("#reject-feedback")
    reason.wait_for(state="visible")
    reason.fill("The total is not the one on the receipt.")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: second not in url)
    third = page.url.split("/review/")[1].split("/")[0]

    # Approve a third and take it back with `u`. A key that follows too soon is a double tap.
    page.wait_for_timeout(400)
    page.keyboard.press("a")
    page.wait_for_url(lambda url: third not in url)
    page.keyboard.press("u")
    page.wait_for_url(lambda url: third in url)
    page.locator("[data-key=a]").wait_for()

    until(lambda: paid(demo, first))
    page.goto(f"{demo.dashboard}/a/lab/review/{second}/")
    until(lambda: page.reload() and "Rejected" in page.locator(".bench-head").inner_text())
    assert [kind for kind, _ in paid(demo, first)] == ["reward"]
    assert paid(demo, second) == []
    assert paid(demo, third) == []

    # An approver pays a bonus for the first.
    page = sign_in("approver")
    page.goto(f"{demo.dashboard}/a/lab/review/{first}/")
    page.keyboard.press("b")
    page.locator("#bonus-amount").fill("0.35")
    page.locator("#bonus-reason").fill("Quick and right.")
    page.get_by_role("button", name="Pay the bonus").click()
    page.get_by_text(re.compile(r"Bonus of \$0\.35 for .* on its way")).wait_for()
    until(lambda: ("bonus", "0.35") in demo.ledger(first))
    assert [row for row in paid(demo, first) if row[0] == "bonus"] == [("bonus", "0.35")]


def test_a_reviewers_bonus_waits_until_somebody_else_releases_it(demo: Demo, sign_in: Any) -> None:
    page = sign_in("reviewer")
    chosen = ids_in_queue(page, demo)[3]
    page.goto(f"{demo.dashboard}/a/lab/review/{chosen}/")
    page.keyboard.press("b")
    page.locator("#bonus-amount").fill("0.15")
    page.locator("#bonus-reason").fill("Above and beyond.")
    page.get_by_role("button", name="Propose the bonus").click()
    page.get_by_text("proposed; an approver releases it").wait_for()
    page.goto(f"{demo.dashboard}/a/lab/activity/?state=proposed")
    assert page.get_by_role("button", name=re.compile("Release")).count() == 0

    page = sign_in("approver")
    page.goto(f"{demo.dashboard}/a/lab/activity/?state=proposed")
    row = page.locator("tr", has_text="Above and beyond.")
    row.get_by_role("button", name=re.compile("Release")).click()
    until(lambda: ("bonus", "0.15") in demo.ledger(chosen))
    assert paid(demo, chosen) == [("bonus", "0.15")]


def test_a_rejection_without_words_comes_back_open_with_what_is_wrong(demo: Demo, sign_in: Any) -> None:
    page = sign_in("reviewer")
    chosen = ids_in_queue(page, demo)[0]
    page.goto(f"{demo.dashboard}/a/lab/review/{chosen}/")
    page.keyboard.press("r")
    page.locator("#reject-feedback").fill("   ")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Say why: the worker reads the reason.", exact=True).wait_for(state="visible")
    assert paid(demo, chosen) == []


def test_a_wrong_bonus_is_said_beside_the_field_and_nothing_typed_is_lost(demo: Demo, sign_in: Any) -> None:
    page = sign_in("approver")
    chosen = ids_in_queue(page, demo)[0]
    page.goto(f"{demo.dashboard}/a/lab/review/{chosen}/")
    page.keyboard.press("b")
    page.locator("#bonus-amount").fill("99999")
    page.locator("#bonus-reason").fill("Typed with care")
    page.get_by_role("button", name="Pay the bonus").click()
    page.locator("[data-form-error]").first.wait_for()
    assert page.locator("#bonus-reason").input_value() == "Typed with care"
    assert paid(demo, chosen) == []


PAGES = ["", "review/", "review/?status=all&sort=newest", "activity/", "audit/", "settings/", "search/?q=nothing1"]


@pytest.mark.parametrize(("width", "theme"), [(360, "light")])
def test_no_page_scrolls_sideways_or_has_a_serious_barrier(demo: Demo, sign_in: Any, theme: str, width: int) -> None:
    page = sign_in("manager")
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.emulate_media(color_scheme=theme)
    axe = next((pytest_root() / "tests" / "assets").glob("axe-core-*/axe.min.js")).read_text()
    workbench = f"review/{ids_in_queue(page, demo)[0]}/"
    for path in [*[f"/a/lab/{part}" for part in [*PAGES, workbench]], "/all/", "/profile/", "/accounts/2fa/"]:
        page.goto(demo.dashboard + path)
        expect(page.locator(".htmx-request")).to_have_count(0)  # the parts that come after the page
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{path} is {too_wide} px wider than the screen"
        page.evaluate(axe)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        serious = [
            (issue["id"], [node["html"][:120] for node in issue["nodes"]][:3])
            for issue in found
            if issue["impact"] in ("serious", "critical")
        ]
        assert serious == [], path


def pytest_root() -> Any:
    from tests.servers import ROOT

    return ROOT


def test_every_kind_of_answer_opens_without_a_complaint(demo: Demo, sign_in: Any) -> None:
    page = sign_in("viewer")
    page.goto(f"{demo.dashboard}/a/lab/")
    batches = page.eval_on_selector_all("a[href*='batch=']", "links => links.map(link => link.href)")
    assert len(set(batches)) >= 5
    opened = 0
    for url in dict.fromkeys(batches):
        page.goto(f"{url}&status=all")
        if not page.locator("[data-row-open]").count():
            continue  # published by another test, and nobody has handed anything in
        opened += 1
        page.goto(demo.dashboard + page.locator("[data-row-open]").first.get_attribute("href"))
        assert page.locator(".bench-answer").is_visible()
        # What the crowd or time decided meanwhile has no such button at all; a viewer may press none either way.
        assert page.locator(".bench [data-key=a], .bench [data-key=r], .bench [data-key=b]").count() == 0
    assert opened >= 5
    page.goto(batches[-1])
