"""Buttons, alerts, cards, tabs, dialogs: what answers nothing and still has to work; and work without eyes or mouse."""

from typing import Any

import pytest

from tests.browser.crowd.pictures import Picture, widget
from tests.servers import ROOT

AXE = ROOT / "tests" / "assets" / "axe-core-4.14.1" / "axe.min.js"


def test_tabs_are_turned_by_mouse_and_by_arrows(tasks: Any, page: Any) -> None:
    tasks.open(
        page, "<crowd-tabs><crowd-tab header=One>First</crowd-tab><crowd-tab header=Two>Second</crowd-tab></crowd-tabs>"
    )
    assert page.get_by_text("First").is_visible()
    page.get_by_role("tab", name="Two").click()
    assert page.get_by_text("Second").is_visible()
    assert page.get_by_text("First").is_hidden()
    page.keyboard.press("ArrowLeft")
    assert page.get_by_text("First").is_visible()


def test_instructions_open_with_a_tab_for_each_region(tasks: Any, page: Any) -> None:
    tasks.open(
        page,
        '<crowd-instructions link-text="How" link-type="button"><short-summary>In short</short-summary>'
        "<detailed-instructions>At length</detailed-instructions><positive-example>Like this</positive-example>"
        "<negative-example>Not this</negative-example></crowd-instructions>",
    )
    assert page.get_by_text("In short").is_hidden()
    page.get_by_role("button", name="How").click()
    assert page.get_by_role("dialog", name="Instructions").is_visible()
    assert page.get_by_text("In short").is_visible()
    page.get_by_role("tab", name="Examples").click()
    assert page.get_by_text("Not this").is_visible()
    assert page.get_by_text("In short").is_hidden()
    page.get_by_role("button", name="Close").click()
    assert page.get_by_text("Not this").is_hidden()


def test_a_modal_holds_fields_of_the_form(tasks: Any, page: Any) -> None:
    tasks.open(
        page, "<crowd-form><crowd-modal><crowd-input name=a label=Name></crowd-input></crowd-modal></crowd-form>"
    )
    page.get_by_role("button", name="Click to open modal").click()
    page.get_by_label("Name").fill("inside")
    page.keyboard.press("Escape")
    assert tasks.answers(page) == {"a": "inside"}


def test_an_alert_made_by_a_script_shows_and_goes(tasks: Any, page: Any) -> None:
    tasks.open(page, "<div id=place></div>")
    page.evaluate(
        "document.querySelector('#place').innerHTML = '<crowd-alert type=error dismissible>Too many</crowd-alert>'"
    )
    assert page.get_by_role("alert").is_visible()
    page.get_by_role("button", name="Dismiss").click()
    assert page.get_by_text("Too many").is_hidden()


def test_a_toast_goes_by_itself_and_a_card_shows_what_it_holds(tasks: Any, page: Any) -> None:
    tasks.open(
        page,
        '<crowd-card heading="Title" image="/picture/60x40.svg">Content</crowd-card>'
        "<crowd-toast text=Saved duration=300></crowd-toast>",
    )
    assert page.get_by_role("heading", name="Title").is_visible()
    assert page.get_by_text("Content").is_visible()
    page.get_by_text("Saved").wait_for(state="hidden")


def test_in_a_tall_frame_a_toast_shows_where_the_worker_is(tasks: Any, page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 3000})
    try:
        tasks.open(page, "<crowd-toast text=Saved duration=100></crowd-toast><crowd-button>Save</crowd-button>")
        page.mouse.click(600, 400)
        page.evaluate("Object.assign(document.querySelector('crowd-toast'), { duration: 0 }).show()")
        assert 400 < page.get_by_text("Saved").bounding_box()["y"] < 600
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})


def test_a_badge_sits_on_its_target(tasks: Any, page: Any) -> None:
    tasks.open(page, "<p>Text</p><crowd-button id=b>Button</crowd-button><crowd-badge for=b label=12345></crowd-badge>")
    page.wait_for_timeout(50)
    badge, button = page.locator("crowd-badge").bounding_box(), page.locator("crowd-button").bounding_box()
    assert page.locator("crowd-badge span").inner_text() == "123"
    assert button["x"] + button["width"] / 2 < badge["x"] < button["x"] + button["width"]
    assert abs(badge["y"] - button["y"]) < 20


def test_a_disabled_or_loading_button_does_nothing(tasks: Any, page: Any) -> None:
    tasks.open(
        page,
        "<crowd-button id=one onclick='window.n = (window.n || 0) + 1'>One</crowd-button>"
        "<crowd-icon-button icon=icons:delete onclick='window.n = (window.n || 0) + 10'></crowd-icon-button>"
        "<crowd-fab icon=add title=Add onclick='window.n = (window.n || 0) + 100'></crowd-fab>",
    )
    page.get_by_role("button", name="One").click()
    page.get_by_role("button", name="delete").click()
    page.get_by_role("button", name="Add").click()
    assert page.evaluate("n") == 111
    page.evaluate("document.querySelector('#one').disabled = true")
    page.get_by_role("button", name="One").click(force=True)
    page.evaluate("document.querySelector('#one').click()")
    page.evaluate("Object.assign(document.querySelector('#one'), { disabled: false, loading: true })")
    page.get_by_role("button", name="One").click(force=True)
    assert page.evaluate("n") == 111


def test_reset_empties_and_an_own_submit_button_is_the_only_one(tasks: Any, page: Any) -> None:
    tasks.open(
        page,
        "<crowd-form><crowd-input name=a label=Name></crowd-input><crowd-checkbox name=b>Tick</crowd-checkbox>"
        "<crowd-button form-action=reset>Start again</crowd-button>"
        '<crowd-button form-action="submit">Submit this</crowd-button></crowd-form>',
    )
    page.get_by_label("Name").fill("x")
    page.get_by_role("checkbox", name="Tick").click()
    page.get_by_role("button", name="Start again").click()
    assert page.get_by_role("button", name="Submit").count() == 1
    assert tasks.answers(page) == {"b": {"on": False}}


def test_both_names_of_the_file_load_the_same_elements_once(tasks: Any, page: Any) -> None:
    """Also when a script adds it late."""
    tasks.open(
        page,
        "",
        whole="<!doctype html><title>t</title><script>document.addEventListener('all-crowd-elements-ready', "
        "() => { window.ready = (window.ready || 0) + 1; });</script>"
        "<crowd-form><crowd-input name=a label=Name></crowd-input></crowd-form><script>"
        "for (const name of ['crowd-html-elements-v2.js', 'crowd-html-elements.js']) {"
        "  document.head.append(Object.assign(document.createElement('script'), { src: '/static/crowd/' + name })); }"
        "</script>",
    )
    page.get_by_label("Name").fill("x")
    assert tasks.answers(page) == {"a": "x"}


EVERYTHING = (
    "<main><h1>Task</h1><crowd-form><crowd-alert type=warning dismissible>Careful</crowd-alert>"
    "<crowd-card heading=Card><crowd-input name=a label=Name required></crowd-input>"
    "<crowd-text-area name=b placeholder=Story char-counter></crowd-text-area></crowd-card>"
    "<crowd-checkbox name=c>Tick</crowd-checkbox><crowd-radio-group aria-label=Which>"
    "<crowd-radio-button name=d value=1>One</crowd-radio-button><crowd-radio-button name=e value=2>Two"
    "</crowd-radio-button></crowd-radio-group><crowd-toggle-button name=f>Switch</crowd-toggle-button>"
    "<crowd-slider name=g editable label=Level></crowd-slider><crowd-tabs><crowd-tab header=Tab>Words</crowd-tab>"
    "</crowd-tabs><crowd-modal>Hidden</crowd-modal><crowd-instructions><short-summary>Short</short-summary>"
    "</crowd-instructions><crowd-icon-button icon=add></crowd-icon-button><crowd-fab icon=add title=Add></crowd-fab>"
    "<crowd-classifier name=h header=Class categories=\"['x','y']\"><classification-target>It</classification-target>"
    "<short-instructions>Do</short-instructions></crowd-classifier><crowd-image-classifier name=i header=Picture "
    'src="/picture/64x48.svg" categories="[\'x\']"><worker-comment></worker-comment></crowd-image-classifier>'
    "<crowd-entity-annotation name=j header=Text text='Ada met Bob' labels=\"['per']\" "
    "initial-value=\"[{label:'per',startOffset:0,endOffset:3}]\"></crowd-entity-annotation></crowd-form></main>"
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_checker_of_accessibility_finds_nothing_serious(tasks: Any, page: Any, scheme: str) -> None:
    more = (
        "".join(
            widget(element, ["a", "b"], name=element, src="/picture/64x48.svg")
            for element in ("crowd-bounding-box", "crowd-polygon", "crowd-semantic-segmentation")
        )
        .replace("<crowd-form >", "")
        .replace("</crowd-form>", "")
    )
    page.emulate_media(color_scheme=scheme)
    style = f"<style>html {{ color-scheme: {scheme}; background: Canvas; color: CanvasText; }}</style>"
    tasks.open(page, style + EVERYTHING.replace("</crowd-form>", more + "</crowd-form>"))
    page.get_by_role("button", name="Submit").click()  # so that problems are shown, too
    page.evaluate("document.documentElement.lang = 'en'")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    serious = [
        (rule["id"], [node["target"] for node in rule["nodes"]])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_a_page_that_changes_its_width_hears_of_no_error(tasks: Any, page: Any) -> None:
    """Templates show `window.onerror` to workers."""
    tasks.open(page, "<script>window.heard = []; window.onerror = (text) => heard.push(text);</script>"
               + widget("crowd-bounding-box", ["a"]))  # fmt: skip
    picture = Picture(page)
    before = picture.scale
    page.set_viewport_size({"width": 500, "height": 900})
    page.wait_for_function("(before) => widget.stage.scale < before", arg=before)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("(before) => Math.abs(widget.stage.scale - before) < 0.01", arg=before)
    assert page.evaluate("heard") == []


def test_fingers_draw_zoom_and_move_at_phone_width(tasks: Any, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    try:
        tasks.open(page, widget("crowd-bounding-box", ["a"], src="/picture/720x480.svg"))
        page.wait_for_function("document.querySelector('crowd-bounding-box').stage.isReady")
        wide = "document.documentElement.scrollWidth <= innerWidth"
        assert page.evaluate(wide), "the page is wider than the phone"
        page.locator(".stage").scroll_into_view_if_needed()
        hand = context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            touches = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        def place(x: float, y: float) -> tuple[float, float]:
            at = page.evaluate(
                "([x, y]) => { const { stage } = document.querySelector('crowd-bounding-box'); "
                "const box = stage.root.getBoundingClientRect(); const at = stage.toStage({ x, y }); "
                "return [box.left + at.x, box.top + at.y]; }",
                [x, y],
            )
            return at[0], at[1]

        before = page.evaluate("document.querySelector('crowd-bounding-box').stage.scale")
        touch("touchStart", place(300, 200))
        touch("touchStart", place(300, 200), place(400, 200))
        touch("touchMove", place(200, 200), place(500, 200))
        touch("touchEnd")
        scale = page.evaluate("document.querySelector('crowd-bounding-box').stage.scale")
        assert scale == pytest.approx(before * 3, rel=0.1)
        assert page.evaluate(
            "scrollY + document.querySelector('crowd-bounding-box').value.boundingBoxes.length"
        ) == page.evaluate("scrollY"), "two fingers drew"
        start, end = place(340, 190), place(380, 230)
        touch("touchStart", start)
        touch("touchMove", ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        touch("touchMove", end)
        touch("touchEnd")
        (box,) = tasks.answers(page)["annotatedResult"]["boundingBoxes"]
        assert box == {"height": 40, "label": "a", "left": 340, "top": 190, "width": 40}
    finally:
        context.close()
