"""A worker without a mouse, who may hear the page instead of seeing it: what has the focus says what it is."""

import urllib.parse
from typing import Any

import pytest

from tests.marketplace.site.test_finding_and_doing import FORM
from tests.marketplace.site.test_in_browser import Site, answers, site, task

__all__ = ["site"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("worker-site")]

CLASSIFIER = """<script src="https://assets.crowd.aws/crowd-html-elements.js"></script><crowd-form>
<crowd-classifier name="feeling" categories="['Joy', 'Anger', 'Neither']" header="How does the writer feel?">
<classification-target>What a day!</classification-target>
<full-instructions header="How to decide">Go by the words alone.</full-instructions>
<short-instructions>Choose one.</short-instructions></crowd-classifier></crowd-form>"""


def said(page: Any) -> list[dict[str, Any]]:
    """The accessibility tree, what is in the innermost frame first."""
    frames = [page, *page.frames[1:]]
    return [
        node
        for frame in reversed(frames)
        for node in page.context.new_cdp_session(frame).send("Accessibility.getFullAXTree")["nodes"]
    ]


def heard(page: Any) -> dict[str, str]:
    """Role and name of what has the focus, as a screen reader says them; through frames and shadow roots."""
    for node in said(page):
        has = {item["name"]: item["value"].get("value") for item in node.get("properties", [])}
        role = node.get("role", {}).get("value", "")
        if has.get("focused") and role not in ("RootWebArea", "Iframe"):
            return {"role": role, "name": node.get("name", {}).get("value", "")}
    return {"role": "", "name": ""}


def tab_to(page: Any, name: str) -> dict[str, str]:
    """Tab until what has the focus is called that."""
    for _ in range(40):
        page.keyboard.press("Tab")
        found = heard(page)
        if name in found["name"]:
            return found
    raise AssertionError(f"the keyboard does not reach {name}")


def test_a_question_form_is_done_with_the_keyboard_alone(site: Site, publish: Any, mturk: Any) -> None:
    hit = publish(Question=FORM)
    page = site.page
    page.goto(f"{site.url}/tasks/?q={urllib.parse.quote(hit['Title'])}")
    tab_to(page, "Accept & work")
    page.keyboard.press("Enter")
    page.wait_for_url("**/assignments/*/")
    tab_to(page, "How old are you?")
    page.keyboard.type("12")
    for name in ("Tea", "Rain", "Dogs"):
        tab_to(page, name)
        page.keyboard.press("Space")
    tab_to(page, "Hand it in")
    page.keyboard.press("Enter")  # the browser keeps both: 18 at least, and two at most
    assert not page.evaluate("document.querySelector('[name=age]').validity.valid")
    assert page.evaluate("document.querySelector('[value=tea]').validationMessage") == "Please choose at most 2."
    assert answers(mturk, hit) == []
    page.get_by_text("What you typed is kept in this browser.").wait_for()
    page.reload()
    assert page.locator("[name=age]").input_value() == "12"
    assert page.locator("[value=dogs]").is_checked()
    tab_to(page, "How old are you?")
    page.keyboard.press("Control+A")
    page.keyboard.type("34")
    tab_to(page, "Dogs")
    page.keyboard.press("Space")
    tab_to(page, "Hand it in")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tasks/**")
    [answer] = answers(mturk, hit)
    assert "<FreeText>34</FreeText>" in answer
    assert "<SelectionIdentifier>rain</SelectionIdentifier>" in answer
    assert "dogs" not in answer


def test_a_classifier_is_found_done_and_handed_in_by_ear(site: Site, publish: Any, mturk: Any) -> None:
    hit = publish(Question=task(CLASSIFIER))
    page = site.page
    page.goto(f"{site.url}/tasks/?q={urllib.parse.quote(hit['Title'])}")
    assert tab_to(page, "Accept & work")["role"] == "button"
    page.keyboard.press("Enter")
    page.wait_for_url("**/assignments/*/")
    site.frame.get_by_text("What a day!").wait_for()
    assert tab_to(page, "Joy")["role"] == "radio"
    around = {
        node.get("name", {}).get("value") for node in said(page) if node.get("role", {}).get("value") != "StaticText"
    }
    assert {"How does the writer feel?", "Select one"} <= around
    page.keyboard.press("ArrowDown")
    assert heard(page)["name"].startswith("Anger")
    page.keyboard.press("Space")
    assert tab_to(page, "Submit")["role"] == "button"
    page.keyboard.press("Enter")
    page.wait_for_url("**/tasks/**")
    [answer] = answers(mturk, hit)
    assert '"label":"Anger"' in answer.replace("&quot;", '"')
