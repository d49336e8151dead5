"""Classifiers and their image siblings, used by mouse and by keys."""

import json
from typing import Any

TEXT = """
<crowd-form {format}>
  <crowd-classifier name="category" header="What sentiment?" categories="['Positive', 'Negative', 'Neutral',]">
    <classification-target>Great <crowd-input name="why" label="Why"></crowd-input></classification-target>
    <full-instructions header="All of it"><p>Read it twice.</p></full-instructions>
    <short-instructions>Choose the category.</short-instructions>
  </crowd-classifier>
</crowd-form>
"""
SEVERAL = """
<crowd-form>
  <crowd-classifier-multi-select name="cats" header="Which?" categories="[
      // labels of the sample
      'label_a', 'label_b', 'label_c' ]" exclusion-category="{ text: 'None of the above' }">
    <classification-target>Some text</classification-target>
  </crowd-classifier-multi-select>
</crowd-form>
"""
PICTURE = """
<crowd-form {format}>
  <crowd-image-classifier name="crowd-image-classifier" src="/picture/640x480.svg" header="Is it good?"
      categories='["good", "bad"]' {attributes}>
    <worker-comment link-text="Say more" header="Your comment" placeholder="Anything"></worker-comment>
  </crowd-image-classifier>
</crowd-form>
"""


def test_a_category_is_chosen_by_mouse_and_the_target_may_hold_a_field(tasks: Any, page: Any) -> None:
    tasks.open(page, TEXT.format(format=""))
    page.get_by_role("button", name="Submit").click()
    assert page.locator("crowd-classifier .frame > .problem").inner_text() == "Please select one."
    assert not tasks.posted
    page.get_by_role("radio", name="Negative", exact=True).check()
    page.get_by_role("radio", name="Positive", exact=True).check()
    page.get_by_label("Why").fill("1 of many")
    assert tasks.answers(page) == {"category": {"label": "Positive"}, "why": "1 of many"}


def test_a_number_key_chooses_and_flattened_the_label_is_a_field(tasks: Any, page: Any) -> None:
    tasks.open(page, TEXT.format(format='answer-format="flatten-objects"'))
    page.keyboard.press("2")
    assert tasks.fields(page) == {"category.label": "Negative"}


def test_full_instructions_open_and_short_ones_are_seen(tasks: Any, page: Any) -> None:
    tasks.open(page, TEXT.format(format=""))
    assert page.get_by_text("Choose the category.").is_visible()
    assert page.get_by_text("Read it twice.").is_hidden()
    page.get_by_role("button", name="View full instructions").click()
    assert page.get_by_role("dialog", name="All of it").is_visible()
    assert page.get_by_text("Read it twice.").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_text("Read it twice.").is_hidden()


def test_several_categories_or_none_of_them(tasks: Any, page: Any) -> None:
    tasks.open(page, SEVERAL)
    page.get_by_role("button", name="Submit").click()
    assert "None of the above" in page.locator("crowd-classifier-multi-select .problem").inner_text()
    page.get_by_role("checkbox", name="None of the above", exact=True).check()
    page.get_by_role("checkbox", name="label_b", exact=True).check()
    assert not page.get_by_role("checkbox", name="None of the above", exact=True).is_checked()
    page.keyboard.press("1")
    assert tasks.answers(page) == {"cats": {"labels": ["label_a", "label_b"]}}
    tasks.open(page, SEVERAL)
    page.get_by_role("checkbox", name="None of the above", exact=True).check()
    assert tasks.answers(page) == {"cats": {"labels": []}}


def test_a_picture_is_classified_with_a_comment(tasks: Any, page: Any) -> None:
    overlay = {
        "boundingBox": {
            "labels": ["dog"],
            "value": [{"label": "dog", "left": 64, "top": 48, "width": 320, "height": 240}],
        }
    }
    tasks.open(page, PICTURE.format(format="", attributes=f"overlay='{json.dumps(overlay)}'"))
    stage = page.locator(".stage")
    stage.locator("rect").wait_for(state="attached")
    drawn, whole = stage.locator("rect").bounding_box(), page.locator(".picture").bounding_box()
    assert abs((drawn["x"] - whole["x"]) / whole["width"] - 0.1) < 0.005
    assert abs(drawn["width"] / whole["width"] - 0.5) < 0.01
    assert stage.locator(".tag").inner_text() == "dog"
    page.get_by_role("radio", name="good", exact=True).check()
    page.get_by_role("button", name="Say more").click()
    page.keyboard.type("Nearly")
    assert tasks.answers(page) == {"crowd-image-classifier": {"label": "good", "workerComment": "Nearly"}}


def test_scripts_set_categories_and_hear_what_was_chosen(tasks: Any, page: Any) -> None:
    tasks.open(page, '<crowd-form><crowd-image-classifier-multi-select name="c" src="/picture/64x48.svg" header="?">'
                     "</crowd-image-classifier-multi-select></crowd-form>")  # fmt: skip
    page.evaluate("""() => {
      const widget = document.querySelector('crowd-image-classifier-multi-select');
      widget.categories = ['x', 'y'].concat(widget.categories);
      widget.addEventListener('change', (event) => { window.heard = event.target.value; });
    }""")
    page.get_by_role("checkbox", name="y", exact=True).check()
    assert page.evaluate("heard") == {"labels": ["y"]}
    assert tasks.answers(page) == {"c": {"labels": ["y"]}}


def test_words_of_a_requester_stay_words(tasks: Any, page: Any) -> None:
    attack = "<img src=x onerror=window.hacked=1>"
    tasks.open(
        page,
        f'<crowd-form><crowd-classifier name="a" header="{attack}" categories="[\'{attack}\']"></crowd-classifier>'
        f'<crowd-button href="javascript:window.hacked=1">go</crowd-button>'
        f'<crowd-card image="javascript:window.hacked=1" heading="{attack}"></crowd-card></crowd-form>',
    )
    page.get_by_role("radio", name=attack).check()
    page.get_by_role("button", name="go").click()
    assert page.evaluate("window.hacked") is None
    assert tasks.answers(page) == {"a": {"label": attack}}


def test_a_script_builds_further_questions_on_the_chosen_label(tasks: Any, page: Any) -> None:
    """As templates of the field do: they look into the shadow root, set categories and read the event's value."""
    tasks.open(
        page,
        '<crowd-form><crowd-classifier name="c" header="?" categories="[]"><classification-target>It'
        "</classification-target></crowd-classifier><div id=more></div></crowd-form><script>"
        "document.addEventListener('all-crowd-elements-ready', () => {"
        "  const widget = document.querySelector('crowd-classifier');"
        "  const place = widget.shadowRoot.querySelector('.annotation-area .category-picker-wrapper');"
        "  customElements.whenDefined('crowd-classifier').then(() => {"
        "    place.insertAdjacentElement('afterend', Object.assign(document.createElement('crowd-card'),"
        "      { textContent: 'There may be more questions' }));"
        "    widget.categories = ['Landscape', 'Portrait'];"
        "    widget.addEventListener('change', (e) => { more.innerHTML = "
        "      '<crowd-checkbox name=why value=' + e.target.value + '>Seen</crowd-checkbox>'; }); }); });</script>",
    )
    assert page.get_by_text("There may be more questions").is_visible()
    page.get_by_role("radio", name="Portrait").check()
    page.get_by_role("checkbox", name="Seen").click()
    assert tasks.answers(page) == {"c": {"label": "Portrait"}, "why": {"Portrait": True}}


def test_a_widget_that_a_script_builds_piece_by_piece_shows_its_regions(tasks: Any, page: Any) -> None:
    tasks.open(page, "<crowd-form></crowd-form>")
    page.evaluate("""() => {
      const widget = document.createElement('crowd-classifier');
      document.querySelector('crowd-form').form.prepend(widget);
      widget.setAttribute('name', 'c');
      widget.setAttribute('categories', "['x', 'y']");
      for (const [name, text] of [['classification-target', 'The target'], ['short-instructions', 'In short']]) {
        widget.append(Object.assign(document.createElement(name), { textContent: text }));
      }
    }""")
    assert page.get_by_text("The target").is_visible()
    assert page.get_by_text("In short").is_visible()
    page.get_by_role("radio", name="x").check()
    assert tasks.answers(page) == {"c": {"label": "x"}}
