"""crowd-entity-annotation: text is marked by mouse and by keys; it is a form of its own."""

import html
import json
import random
from pathlib import Path
from typing import Any

import pytest

LABELS = """[{'label': 'per', 'fullDisplayName': 'Person'},
  {label: 'loc', shortDisplayName: 'L', fullDisplayName: 'Location'}]"""
TEXT = "Ada Lovelace was born in London &amp; met Charles Babbage there.\n  She wrote 🐦 programs."


def widget(text: str = TEXT, labels: str = LABELS, name: str = "crowd-entity-annotation", more: str = "") -> str:
    return (
        f'<crowd-entity-annotation name="{name}" header="Mark" text="{text}" labels="{html.escape(labels)}" {more}>'
        "</crowd-entity-annotation>"
    )


def drag(page: Any, start: int, end: int) -> None:
    """Selects `start`-`end` with the mouse, from the left edge of the first letter to the right edge of the last."""
    ends = page.evaluate(
        """([start, end]) => {
          const box = document.querySelector('crowd-entity-annotation').shadowRoot.querySelector('.text');
          const place = (offset, last) => {
            const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
            for (let seen = 0, node; (node = walker.nextNode()); seen += node.length) {
              if (offset < seen + node.length) {
                const range = document.createRange();
                range.setStart(node, offset - seen);
                range.setEnd(node, offset - seen + 1);
                range.startContainer.parentElement.scrollIntoViewIfNeeded?.();
                const rect = range.getBoundingClientRect();
                return { x: last ? rect.right - 0.5 : rect.left + 0.5, y: rect.top + rect.height / 2 };
              }
            }
          };
          const range = place(start, false);
          window.scrollBy(0, range.y - 300);
          return [place(start, false), place(end - 1, true)];
        }""",
        [start, end],
    )
    page.mouse.move(ends[0]["x"], ends[0]["y"])
    page.mouse.down()
    page.mouse.move(ends[1]["x"], ends[1]["y"])
    page.mouse.up()


def test_text_is_marked_by_mouse_and_by_keys(tasks: Any, page: Any) -> None:
    tasks.open(page, widget())
    drag(page, 0, 12)
    page.get_by_role("button", name="Location").click()
    drag(page, 24, 31)  # " London": blanks at the ends are left away
    page.get_by_role("textbox", name="Text to annotate").focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator(".cursor").inner_text() == "Charles Babbage"
    page.keyboard.press("1")
    assert page.locator("mark").all_inner_texts() == ["Ada Lovelace", "London", "Charles Babbage"]
    assert tasks.answers(page) == {
        "crowd-entity-annotation": {
            "entities": [
                {"endOffset": 12, "label": "per", "startOffset": 0},
                {"endOffset": 31, "label": "loc", "startOffset": 25},
                {"endOffset": 53, "label": "per", "startOffset": 38},
            ]
        }
    }


def test_marks_are_removed_relabelled_and_undone(tasks: Any, page: Any) -> None:
    initial = html.escape(
        json.dumps(
            [{"label": "per", "startOffset": 0, "endOffset": 3}, {"label": "loc", "startOffset": 25, "endOffset": 31}]
        )
    )
    tasks.open(page, widget(more=f'initial-value="{initial}"'))
    page.get_by_role("button", name="Remove Person: Ada").click()
    assert page.locator("mark").count() == 1
    page.keyboard.press("Control+z")
    assert page.locator("mark").count() == 2
    page.locator("mark").nth(0).click()
    page.get_by_role("button", name="Location").first.click()
    drag(page, 16, 31)  # over London: what it covers loses its label
    assert tasks.answers(page)["crowd-entity-annotation"]["entities"] == [
        {"endOffset": 3, "label": "loc", "startOffset": 0},
        {"endOffset": 31, "label": "loc", "startOffset": 17},
    ]


def test_nothing_marked_is_an_answer_and_scripts_append_questions(tasks: Any, page: Any) -> None:
    tasks.open(page, widget())
    page.evaluate("""() => {
      const form = document.querySelector('crowd-entity-annotation').shadowRoot.querySelector('crowd-form').form;
      form.appendChild(Object.assign(document.createElement('crowd-input'), { name: 'more' }));
      form.querySelector('crowd-input').setAttribute('label', 'More');
    }""")
    page.get_by_label("More").fill("yes")
    assert tasks.answers(page) == {"crowd-entity-annotation": {"entities": []}, "more": "yes"}


def test_inside_a_form_it_is_one_of_its_fields(tasks: Any, page: Any) -> None:
    inside = widget(name="ner") + "<input type=hidden name=a value=1>"
    tasks.open(page, f"<crowd-form answer-format=flatten-objects>{inside}</crowd-form>")
    drag(page, 0, 3)
    page.evaluate("""() => {
      const inner = document.querySelector('crowd-entity-annotation').shadowRoot.querySelector('crowd-form');
      inner.form.append(Object.assign(document.createElement('crowd-input'), { name: 'more' }));
    }""")
    page.get_by_label("more").fill("yes")
    page.keyboard.press("Enter")  # sends all, not only what is in the inner form
    page.wait_for_url("**/mturk/externalSubmit")
    posted = {name: values[0] for name, values in tasks.posted[0].items() if name not in ("path", "assignmentId")}
    assert posted == {"ner.entities": '[{"endOffset":3,"label":"per","startOffset":0}]', "more": "yes", "a": "1"}


def test_words_are_tapped_and_labelled_with_a_finger(tasks: Any, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    try:
        tasks.open(page, widget())

        def tap(start: int) -> None:
            at = page.evaluate(
                """(start) => {
                  const box = document.querySelector('crowd-entity-annotation').shadowRoot.querySelector('.text');
                  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
                  for (let seen = 0, node; (node = walker.nextNode()); seen += node.length) {
                    if (start < seen + node.length) {
                      const range = document.createRange();
                      range.setStart(node, start - seen);
                      range.setEnd(node, start - seen + 1);
                      const rect = range.getBoundingClientRect();
                      return [rect.left + rect.width / 2, rect.top + rect.height / 2];
                    }
                  }
                }""",
                start,
            )
            page.touchscreen.tap(*at)

        tap(1)
        tap(6)  # Ada … Lovelace
        page.get_by_role("button", name="Person").first.tap()
        tap(27)
        page.get_by_role("button", name="Location").first.tap()
        assert page.locator("mark").all_inner_texts() == ["Ada Lovelace", "London"]
        assert tasks.answers(page)["crowd-entity-annotation"]["entities"] == [
            {"endOffset": 12, "label": "per", "startOffset": 0},
            {"endOffset": 31, "label": "loc", "startOffset": 25},
        ]
    finally:
        context.close()


def recorded(samples: Path, file: str) -> tuple[str, list[dict[str, Any]]]:
    payload = json.loads((samples / file).read_text())["payload"]
    tree = json.loads(payload["taskAnswers_as_recorded"])[0] if isinstance(payload, dict) else payload[0]
    ((name, value),) = tree.items()
    return name, value["entities"]


@pytest.mark.parametrize("file", ["a33_ner_recorded_many.json", "d04_entity.json"])
def test_a_recorded_answer_is_made_again(tasks: Any, page: Any, samples: Path, file: str) -> None:
    """The recordings keep no text: one of the same places is made, with a word where a word was marked."""
    name, entities = recorded(samples, file)
    chance = random.Random(7)
    text = list("x" * (entities[-1]["endOffset"] + 20))
    at = 0
    while (at := at + chance.randint(3, 9)) < len(text):
        text[at] = " "
    for entity in entities:
        start, end = entity["startOffset"], entity["endOffset"]
        text[start:end] = "e" * (end - start)
        if text[end] != "e" and end not in [other["startOffset"] for other in entities]:
            text[end] = " "
    labels = sorted({entity["label"] for entity in entities})
    tasks.open(page, widget("".join(text), json.dumps(labels), name))
    for entity in entities:
        page.keyboard.press(str(labels.index(entity["label"]) + 1))
        drag(page, entity["startOffset"], entity["endOffset"])
    assert tasks.answers(page) == {name: {"entities": entities}}
