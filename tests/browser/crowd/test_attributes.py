"""Attribute values look like JSON and hardly ever are; some are meant to harm."""

import html
import json
from typing import Any

import pytest

from tests.browser.crowd.pictures import Picture, widget

WRITTEN = {
    "['Dog', 'Cat']": ["Dog", "Cat"],
    '["Dog", "Cat",]': ["Dog", "Cat"],
    "[\n // first\n 'a', /* second */ \"b\"\n]": ["a", "b"],
    "{text: 'None of the above'}": {"text": "None of the above"},
    "[{label:'x', left:.5, top:-1e2, width:+3, 'height':0x10}]": [
        {"label": "x", "left": 0.5, "top": -100, "width": 3, "height": 16}
    ],
    r"['it\'s', 'A\u0042\x43', 'two\
 lines']": ["it's", "ABC", "two lines"],
    "[True, False, None, true, null]": [True, False, None, True, None],
    '{"a": {"__proto__": {"hacked": 1}, \'b\': 2}}': {"a": {"b": 2}},
    "{a: {__proto__: {hacked: 1}, b: 2}}": {"a": {"b": 2}},
    " 'word' ; ": "word",
    "[]": [],
}
UNREADABLE = [
    "",
    "  ",
    "Dog, Cat",
    "[",
    "['a'",
    "{a}",
    "['a' 'b']",
    "[alert(1)]",
    "['a'] + ['b']",
    "'\\u00'",
    "/* open",
]


def read(page: Any, texts: list[str]) -> list[Any]:
    return page.evaluate(
        "async (texts) => { const { loose } = await import('/static/crowd/loose.js'); "
        "return texts.map((text) => loose(text, 'unreadable')); }",
        texts,
    )


def test_what_people_write_is_read(tasks: Any, page: Any) -> None:
    tasks.open(page, "")
    assert read(page, list(WRITTEN)) == list(WRITTEN.values())
    assert page.evaluate("({}).hacked") is None


def test_what_cannot_be_read_is_told_from_what_can_and_takes_no_time(tasks: Any, page: Any) -> None:
    tasks.open(page, "")
    assert read(page, UNREADABLE) == ["unreadable"] * len(UNREADABLE)
    started = page.evaluate("performance.now()")
    deep, wide = "[" * 500_000, "[" + "/*" * 500_000
    closed = "[" * 5_000 + "]" * 5_000
    assert read(page, [deep, wide, closed, "'" + "\\" * 900_001, "[" + "1," * 600_000 + "x]"]) == ["unreadable"] * 5
    assert page.evaluate("performance.now()") - started < 5_000


def test_far_too_much_is_cut_down(tasks: Any, page: Any) -> None:
    labels = [f"label {number}" for number in range(5_000)]
    boxes = [{"label": "label 1", "left": 1, "top": 1, "width": 5, "height": 5}] * 20_000
    tasks.open(page, widget("crowd-bounding-box", labels, more=f'initial-value="{html.escape(json.dumps(boxes))}"'))
    Picture(page)
    assert page.locator(".label").count() == 250
    assert len(tasks.answers(page)["annotatedResult"]["boundingBoxes"]) == 2_000


@pytest.mark.parametrize(
    "initial",
    [
        "[{label: 'a', left: 'x', top: NaN}, null, 7, {label: 'a', left: 600, top: 400, width: 1e9, height: 1e9}]",
        "{boundingBoxes: [{label: 'a', left: 600, top: 400, width: 100, height: 100}, {left: 1, top: 1, width: 9}]}",
        "[{label: {}, left: 1, top: 1}, {label: 'a', left: 640, top: 480, width: -40, height: -80},]",
    ],
)
def test_of_an_initial_value_only_what_makes_sense_is_taken(tasks: Any, page: Any, initial: str) -> None:
    tasks.open(page, widget("crowd-bounding-box", ["a"], more=f'initial-value="{html.escape(initial)}"'))
    Picture(page)
    boxes = tasks.answers(page)["annotatedResult"]["boundingBoxes"]
    assert boxes in ([], [{"height": 80, "label": "a", "left": 600, "top": 400, "width": 40}])


def test_drawings_choices_and_marks_are_put_back_from_a_draft(tasks: Any, page: Any) -> None:
    inside = (
        "<crowd-classifier name=c header=C categories=\"['x', 'y']\"></crowd-classifier>"
        "<crowd-classifier-multi-select name=m header=M categories=\"['p']\" exclusion-category=\"{text: 'none'}\">"
        "</crowd-classifier-multi-select>"
        "<crowd-entity-annotation name=e header=E text='Ada met Bob' labels=\"['per']\"></crowd-entity-annotation>"
    )
    body = widget("crowd-polygon", ["a"], inside=inside)
    draft = [
        ["c", {"labels": ["y"]}],
        ["m", {"labels": [], "excluded": True}],
        ["e", {"entities": [{"startOffset": 0, "endOffset": 3, "label": "per"}, {"startOffset": 5, "endOffset": 99}]}],
        [
            "annotatedResult",
            {"polygons": [{"label": "a", "vertices": [{"x": 1, "y": 1}, {"x": 9, "y": 1}, {"x": 5, "y": 8}]}]},
        ],
    ]
    tasks.open(page, body)
    page.evaluate("(draft) => { document.querySelector('crowd-form').draft = draft; }", draft)
    Picture(page)
    assert page.evaluate("document.querySelector('crowd-form').draft.map(([name]) => name)") == [
        name for name, _ in draft
    ]
    assert tasks.answers(page) == {
        "c": {"label": "y"},
        "m": {"labels": []},
        "e": {"entities": [{"endOffset": 3, "label": "per", "startOffset": 0}]},
        "annotatedResult": {**draft[3][1], "inputImageProperties": {"height": 480, "width": 640}},
    }
