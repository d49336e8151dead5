"""The pages in a real browser: accessible, at home on a phone, driven by the keyboard, and forgetting nothing typed."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from dashboard.models import Command
from hits.models import Assignment
from tests.cast import Lab, make_lab

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).parent.parent / "assets" / "axe-core-4.14.1" / "axe.min.js").read_text()
ACCOUNT_PAGES = ["overview", "queue", "hits", "activity", "drift", "audit", "account_settings", "batches", "workers",
                 "qualifications", "panels", "blocks", "messages", "open_findings", "reasons", "marked_upload",
                 "bonus_upload", "qualification_new", "message_new", "compensations"]  # fmt: skip
OTHER_PAGES = ["accounts", "profile", "mfa_index", "account_change_password"]


@pytest.fixture
def lab(transactional_db: None, marketplace_server: Any) -> Lab:
    lab = make_lab(marketplace_server)
    hit = lab.hit(MaxAssignments=5)
    for total in ("12.40", "12.40", "1", "<script>alert(1)</script>"):
        lab.answer(hit, total=total)
    lab.sync()
    return lab


@pytest.fixture
def desk(lab: Lab, live_server: Any, page: Any) -> Any:
    """A page of somebody who is signed in as approver; `desk.at(url name, …)` opens a page."""
    client = Client()
    client.force_login(lab.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page.at = lambda name, *args: page.goto(live_server.url + reverse(name, args=args))
    return page


def first_waiting(lab: Lab) -> Assignment:
    return Assignment.objects.of(lab.account).awaiting_review().oldest_deadline_first()[0]


def serious(page: Any) -> list[str]:
    """What axe-core finds on the page as it stands, without the merely moderate."""
    page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{page.url}: {row['id']}: {row['nodes'][0]['html'][:200]}"
        for row in found
        if row["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("width", "colours"), [(1280, "dark"), (360, "light")])
def test_no_page_has_a_serious_barrier_or_scrolls_sideways(desk: Any, lab: Lab, width: int, colours: str) -> None:
    desk.set_viewport_size({"width": width, "height": 800})
    desk.emulate_media(color_scheme=colours)
    slug = lab.account.slug
    places: list[tuple[str, ...]] = [(name, slug) for name in ACCOUNT_PAGES] + [(name,) for name in OTHER_PAGES]
    waiting = first_waiting(lab)
    places += [("assignment", slug, waiting.assignment_id), ("hit", slug, waiting.hit.hit_id)]
    problems = []
    for place in places:
        desk.at(*place)
        assert desk.evaluate("document.documentElement.dataset.bsTheme") == colours
        problems += serious(desk)
        if desk.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append(f"{desk.url} scrolls sideways at {width} px")
    assert problems == []


def test_the_sign_in_page_has_no_serious_barrier(page: Any, live_server: Any, lab: Lab) -> None:
    page.goto(live_server.url + reverse("account_login"))
    assert page.get_by_role("button", name="Sign in").is_visible()
    assert serious(page) == []


def test_a_key_decides_and_the_next_answer_is_there_and_the_decision_can_be_undone(desk: Any, lab: Lab) -> None:
    lab.account.undo_seconds = 60
    lab.account.save(update_fields=["undo_seconds"])
    first = first_waiting(lab)
    desk.at("assignment", lab.account.slug, first.assignment_id)
    desk.keyboard.press("a")
    desk.wait_for_url(lambda url: first.assignment_id not in url, wait_until="commit")
    command = Command.objects.get(assignment_id=first.assignment_id)
    assert command.state == "queued"
    expect(desk.locator("[data-key=u]")).to_contain_text("s")  # counting down
    desk.keyboard.press("u")
    desk.wait_for_url(lambda url: first.assignment_id in url, wait_until="commit")
    command.refresh_from_db()
    assert command.state == "cancelled"


def test_keys_are_letters_while_somebody_types_and_the_text_survives_a_reload(desk: Any, lab: Lab) -> None:
    desk.at("assignment", lab.account.slug, first_waiting(lab).assignment_id)
    desk.keyboard.press("r")
    reason = desk.locator("#reject-feedback")
    expect(reason).to_be_focused()
    desk.keyboard.type("a jar of jam?")
    assert reason.input_value() == "a jar of jam?"
    desk.reload()
    expect(reason).to_have_value("a jar of jam?")
    assert not Command.objects.exists()


def test_a_double_click_sends_one_decision(desk: Any, lab: Lab) -> None:
    first = first_waiting(lab)
    sent: list[str] = []
    desk.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    desk.at("assignment", lab.account.slug, first.assignment_id)
    desk.evaluate("() => { const button = document.querySelector('.bar .btn-good'); button.click(); button.click(); }")
    desk.wait_for_url(lambda url: first.assignment_id not in url, wait_until="commit")
    assert len(sent) == 1
    assert Command.objects.count() == 1


def test_shift_and_click_choose_a_run_of_rows_and_the_bar_says_what_they_cost(desk: Any, lab: Lab) -> None:
    desk.at("queue", lab.account.slug)
    boxes = desk.locator("[data-select]")
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    assert desk.locator("[data-selection-count]").first.text_content() == "3"
    # Three rewards of $0.10 with the fee of $0.02 each.
    assert desk.locator("[data-selection-amount]").first.text_content() == "$0.36"
    assert desk.locator("[data-selection-workers]").first.text_content() == "3 workers"


def test_the_list_of_keys_names_what_the_page_offers(desk: Any, lab: Lab) -> None:
    desk.at("assignment", lab.account.slug, first_waiting(lab).assignment_id)
    desk.keyboard.press("?")
    keys = desk.locator("#keys dt").all_text_contents()
    assert {"a", "r", "b", "j", "/", "?"} <= set(keys)
    desk.keyboard.press("Escape")
    expect(desk.locator("#keys")).to_be_hidden()


def test_the_chosen_colours_are_remembered(desk: Any, lab: Lab) -> None:
    desk.at("overview", lab.account.slug)
    for _ in range(2):
        desk.locator("[data-theme-next]").click()
    desk.reload()
    assert desk.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_live_money_is_said_on_every_page_of_the_account(desk: Any, lab: Lab) -> None:
    lab.account.environment = "production"
    lab.account.save(update_fields=["environment"])
    for name in ACCOUNT_PAGES:
        desk.at(name, lab.account.slug)
        assert desk.locator(".live-banner").is_visible(), name


def test_a_decision_needs_no_script(lab: Lab, live_server: Any, browser: Any) -> None:
    client = Client()
    client.force_login(lab.people["reviewer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    plain = context.new_page()
    first = first_waiting(lab)
    plain.goto(live_server.url + reverse("assignment", args=[lab.account.slug, first.assignment_id]))
    plain.locator("summary", has_text="Reject").click()
    plain.locator("#reject-feedback").fill("The total is missing.")
    plain.get_by_role("button", name="Reject", exact=True).click()
    plain.wait_for_load_state()
    context.close()
    assert Command.objects.get(assignment_id=first.assignment_id).kind == "RejectAssignment"
