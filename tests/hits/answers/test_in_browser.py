"""Answers in a real browser under the strict policy: what scripts add, and that nothing of a worker's runs."""

import base64
from pathlib import Path

import pytest
from django.template import engines

from hits.answers import read

from .documents import html_question, named, png, task_answers
from .test_hostile import PAYLOADS, slots

pytestmark = pytest.mark.browser

STATIC = Path(__file__).resolve().parents[3] / "static"
AXE = Path(__file__).resolve().parents[2] / "assets" / "axe-core-4.14.1" / "axe.min.js"
SITE = "http://answers.example"
POLICY = "default-src 'self'; img-src 'self' data: https:"
PAGE = """{% load answers %}<!doctype html><html lang="en" data-bs-theme="light"><head><meta charset="utf-8">
<title>Answers</title><link rel="stylesheet" href="/static/vendor/tabler-core-1.6.1/tabler.min.css">
<link rel="stylesheet" href="/static/css/hitdesk.css"><link rel="stylesheet" href="/static/css/answers.css">
<script type="module" src="/static/js/answers.js"></script></head><body><main><h1>Answers</h1>
{% for answer in answers %}<h2>{{ forloop.counter }}</h2>{% answer_thumbnail answer %}{% answer answer %}{% endfor %}
</main></body></html>"""
SIZE = {"height": 8, "width": 10}
TASK = html_question(
    '<crowd-form><crowd-bounding-box name="w" src="https://pictures.example/${n}.png"></crowd-bounding-box>'
)


@pytest.fixture
def show(page):
    """Open a page of answers; gives the page. `page.asked` are the addresses it asked other hosts for."""

    def show(*answers):
        markup = engines["django"].from_string(PAGE).render({"answers": answers})
        page.asked = []

        def answer_request(route):
            url = route.request.url
            if url == f"{SITE}/":
                route.fulfill(body=markup, content_type="text/html", headers={"Content-Security-Policy": POLICY})
            elif url.startswith(f"{SITE}/static/"):
                route.fulfill(path=STATIC / url.removeprefix(f"{SITE}/static/"))
            elif url.startswith("https://pictures.example/") and "gone" not in url:
                page.asked.append(url)
                route.fulfill(
                    body=base64.b64decode(png(10, 8) if "large" not in url else png(20, 16)), content_type="image/png"
                )
            else:
                page.asked.append(url)
                route.abort()

        page.route("**/*", answer_request)
        page.goto(f"{SITE}/")
        page.wait_for_selector("[data-drawing][data-ready], body:not(:has([data-drawing]))")
        return page

    return show


def boxes(name, *labels, size=SIZE):
    items = [{"label": label, "left": place, "top": 1, "width": 3, "height": 6} for place, label in enumerate(labels)]
    value = {"boundingBoxes": items} | ({"inputImageProperties": size} if size else {})
    return read(task_answers({"w": value}), TASK, {"n": name})


def test_a_labels_toggle_hides_its_shapes_only(show):
    page = show(boxes("a", "Cat", "Dog", "Cat"))
    page.get_by_label("Cat").uncheck()
    assert page.locator(".answer-stage .shape:visible").count() == 1
    page.get_by_label("Cat").check()
    assert page.locator(".answer-stage .shape:visible").count() == 3


def test_pointing_at_a_row_lights_its_shape(show):
    page = show(boxes("a", "Cat", "Dog"))
    page.locator("summary", has_text="List of what was drawn").click()
    page.locator("[data-row='2']").hover()
    assert page.locator(".answer-stage .shape.is-hot").get_attribute("data-shape") == "2"
    page.locator("[data-row='1']").focus()
    assert page.locator(".answer-stage .shape.is-hot").get_attribute("data-shape") == "1"


def test_a_missing_picture_leaves_the_shapes_on_a_canvas_and_says_so(show):
    page = show(boxes("gone", "Cat"))
    page.get_by_text("The picture could not be loaded (pictures.example)").wait_for()
    assert page.locator(".answer-stage .shape:visible").count() == 1
    assert page.locator(".answer-stage .answer-photo:visible").count() == 0


def test_a_picture_of_another_size_is_stretched_and_told_and_one_of_the_recorded_size_is_no_matter(show):
    page = show(boxes("a", "Cat"), boxes("large", "Cat"))
    page.get_by_text("The picture is now 20 × 16 pixels and was 10 × 8").wait_for()
    assert [url.rpartition("/")[2] for url in page.asked] == ["a.png", "large.png"]
    assert page.locator("[data-mismatch]:visible, [data-missing]:visible").count() == 1


def test_shapes_without_a_recorded_size_take_the_pictures_and_stay_in_sight_beyond_it(show):
    page = show(boxes("large", "Cat", size=None), boxes("a", *["Cat"] * 12, size=None))
    page.wait_for_selector("[data-svg][viewBox='0 0 20 16']")
    page.get_by_text("The picture is 10 × 8 pixels and what was drawn reaches to 14, 7").wait_for()
    page.wait_for_selector("[data-svg][viewBox='0 0 14 8']")
    assert page.locator("[data-mismatch]:visible").count() == 1


def test_zooming_makes_the_picture_larger(show):
    page = show(boxes("a", "Cat"))
    before = page.locator(".answer-svg").bounding_box()["width"]
    page.get_by_role("button", name="Larger").click()
    assert page.locator(".answer-svg").bounding_box()["width"] > before


def test_a_masks_entries_tell_their_share_and_can_be_hidden(show):
    value = {
        "labeledImage": {"pngImageData": png(10, 8)},  # all of it #808080
        "instances": [{"color": "#7f8081", "label": "cow"}],  # a step off, as privacy browsers write it
        "inputImageProperties": SIZE,
    }
    page = show(read(task_answers({"w": value})))
    page.get_by_text("100.0 %").wait_for()
    before = page.locator("[data-mask]").get_attribute("href")
    page.get_by_role("checkbox", name="cow").uncheck()
    assert page.locator("[data-mask]").get_attribute("href") != before


def test_nothing_a_worker_sends_runs_or_is_loaded(show):
    dialogs = []
    answers = [
        read(*document)
        for payload in PAYLOADS
        for slot, document in slots(payload).items()
        if slot not in ("image input", "question page")  # those are the requester's
    ]
    page = show()
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page = show(*answers)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    page.wait_for_timeout(300)
    assert not dialogs
    assert page.asked == []
    assert page.evaluate("document.querySelectorAll('script').length") == 1


def test_a_workers_picture_is_not_asked_for(show):
    page = show(
        read(
            named(
                {
                    "bbox-1": "[[1,2,3,4]]",
                    "url-1": "https://tracker.example/p.png",
                    "photo": "https://tracker.example/q.png",
                }
            )
        )
    )
    page.wait_for_timeout(200)
    assert page.asked == []
    assert page.get_by_role("link").count() == 2


def test_axe_finds_nothing_serious_in_answers(show):
    text = "Ada works for a company here"
    page = show(
        boxes("a", "Cat", "Dog"),
        read(
            task_answers({"n": {"entities": [{"startOffset": 0, "endOffset": 3, "label": "per"}]}}),
            None,
            {"text": text},
        ),
        read(
            named(
                {
                    "q": "yes",
                    "long": "word " * 200,
                    "blank": "",
                    "site": "https://a.example/",
                    "tree": '{"a":{"b":[1,{"c":2}]}}',
                }
            )
        ),
        read(task_answers({"c": {"a": True, "b": False}, "k": {"label": "x"}, "number": 4, "workerId": "A1"})),
        read("<broken"),
    )
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    page.evaluate(AXE.read_text())
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        page.emulate_media(color_scheme=theme)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        serious = [
            (violation["id"], [node["html"][:200] for node in violation["nodes"]])
            for violation in found
            if violation["impact"] in ("serious", "critical")
        ]
        assert not serious, theme
