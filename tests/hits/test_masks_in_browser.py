"""A mask is painted in a browser: brush, fill, eraser and undo, by keys that do nothing else, and no pixel is lost."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from dashboard.models import Command
from hits.models import Assignment
from tests.cast import make_lab
from tests.dashboard.test_look import serious
from tests.hits.test_masks import BLUE, GREEN, RED, painted, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUESTION = """<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/\
HTMLQuestion.xsd"><HTMLContent><![CDATA[<!DOCTYPE html><html><body><crowd-form><crowd-semantic-segmentation name="m"
header="Mark it" labels="['Car', 'Road', 'Sky']" src=""></crowd-semantic-segmentation></crowd-form></body></html>]]>\
</HTMLContent><FrameHeight>0</FrameHeight></HTMLQuestion>"""
ROWS = ["1" * 16 + "0" * 16] * 12 + ["2" * 32] * 12


def test_a_mask_is_painted_kept_and_shown(
    transactional_db: None, marketplace_server: Any, live_server: Any, page: Any
) -> None:
    lab = make_lab(marketplace_server, undo_seconds=60)
    given = {
        "inputImageProperties": {"width": 32, "height": 24},
        "labeledImage": {"pngImageData": picture(*ROWS, colours=(GREEN, BLUE))},
        "labelMappings": {"Car": {"color": "#2ca02c"}, "Road": {"color": "#1f77b4"}},
    }
    lab.answer(lab.hit(Question=QUESTION), taskAnswers=json.dumps([{"m": given}]))
    lab.sync()
    drawn = Assignment.objects.get()
    client = Client()
    client.force_login(lab.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page.goto(live_server.url + reverse("assignment", args=["lab", drawn.assignment_id]))
    page.keyboard.press("4")
    canvas, form = page.locator("[data-mask-canvas]"), page.locator("form[data-correct]")
    shares = page.locator("[data-mask-share]")
    expect(shares).to_have_text(["25.0 %", "50.0 %"])
    expect(canvas).to_be_focused()
    assert serious(page) == []

    def at(x: float, y: float) -> tuple[float, float]:
        box = canvas.bounding_box()
        return box["x"] + (x + 0.5) * box["width"] / 32, box["y"] + (y + 0.5) * box["height"] / 24

    def stroke(*places: tuple[float, float]) -> None:
        page.mouse.move(*at(*places[0]))
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*at(*place))
        page.mouse.up()

    # The finest brush: a line of the first label, one pixel thick, where nothing was.
    for _ in range(20):
        page.keyboard.press("[")
    stroke((20, 2), (27, 2))
    expect(shares).to_have_text(["26.0 %", "50.0 %"])
    page.keyboard.press("z")
    expect(shares).to_have_text(["25.0 %", "50.0 %"])
    # Keys of the workbench, of nothing, and with a modifier: nobody hears them.
    for key in ("a", "j", "k", "u", "1", "2", "q", "r", "g", "x", "Alt+e", "Shift+E"):
        page.keyboard.press(key)
    page.keyboard.press("y")
    expect(shares).to_have_text(["26.0 %", "50.0 %"])
    # A label the task offers and nobody used yet; a region of another label becomes it, and a corner is erased.
    form.get_by_role("button", name="Add the label").click()
    page.keyboard.press("f")
    page.mouse.click(*at(3, 3))
    page.keyboard.press("e")
    stroke((0, 23), (0, 23))
    expect(shares).to_have_text(["1.0 %", "49.9 %", "25.0 %"])
    # The page is left by mistake, and nothing is lost.
    expect(page.locator("[data-mask-draft]")).not_to_have_value("")
    page.reload()
    page.keyboard.press("4")
    expect(shares).to_have_text(["1.0 %", "49.9 %", "25.0 %"])
    page.locator("[data-mask-label]").nth(1).select_option("Sky")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bench-head")).to_contain_text("Corrected")
    drawn.refresh_from_db()
    kept = drawn.corrected["m"]
    assert kept["labels"] == {"#2ca02c": "Car", "#1f77b4": "Sky"}, "two labels of one name are one"
    above = "2" * 16 + "0" * 16
    line = "2" * 16 + "0" * 4 + "1" * 8 + "0" * 4
    rows = [above, above, line, *[above] * 9, *["2" * 32] * 11, "0" + "2" * 31]
    assert painted(kept, GREEN, BLUE, RED) == bytes(int(cell) for row in rows for cell in row)
    assert Command.objects.count() == 0
    drafts = page.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('draft '))")
    assert drafts == [], "what was accepted is no draft any more"
    expect(page.locator(".bench-answer [data-share]")).to_have_text(["1.0 %", "74.9 %", "25.0 %", "50.0 %"])
