"""crowd-form and its fields, used by hand in a frame of opaque origin, and what is posted."""

import json
from typing import Any

import pytest

FIELDS = """
<crowd-form {format}>
  <crowd-input name="tag1" label="First tag" required></crowd-input>
  <crowd-input name="tag2" label="Second tag" max-length="5"></crowd-input>
  <crowd-input name="blank" label="Blank"></crowd-input>
  <crowd-text-area name="textInput1" label="Text" rows="3"></crowd-text-area>
  <crowd-checkbox name="image_attributes" value="blurry">Blurry</crowd-checkbox>
  <crowd-checkbox name="image_attributes" value="dim">Dim</crowd-checkbox>
  <crowd-checkbox name="image_attributes" value="exposed" checked>Exposed</crowd-checkbox>
  <crowd-checkbox name="likeBirds">I like birds</crowd-checkbox>
  <crowd-radio-group>
    <crowd-radio-button name="btn1" value="yes">Yes</crowd-radio-button>
    <crowd-radio-button name="btn2" value="no">No</crowd-radio-button>
  </crowd-radio-group>
  <crowd-toggle-button name="theToggler">Toggle</crowd-toggle-button>
  <crowd-slider name="howMuch" min="0" max="10" label="How much"></crowd-slider>
  <label><input type="radio" name="candidate1" value="1"> one</label>
  <label><input type="radio" name="candidate1" value="2"> two</label>
  <label><input type="checkbox" name="sure"> sure</label>
  <select name="choice" aria-label="Choice"><option>a</option><option>b</option></select>
  <input type="range" name="fluency-1" aria-label="Fluency" value="20">
  <input type="hidden" name="start_timestamp" value="1619724639.63">
</crowd-form>
"""
TREE = {
    "tag1": "blue",
    "tag2": "red",
    "textInput1": "line one\nline two",
    "image_attributes": {"blurry": True, "dim": True, "exposed": False},
    "likeBirds": {"on": True},
    "btn1": {"yes": False},
    "btn2": {"no": True},
    "theToggler": {"on": True},
    "howMuch": 7,
    "candidate1": {"1": False, "2": True},
    "sure": {"on": True},
    "choice": "b",
    "fluency-1": "49",
    "start_timestamp": "1619724639.63",
}


def fill_in(page: Any) -> None:
    page.get_by_label("First tag").fill("blue")
    page.get_by_label("Second tag").press_sequentially("redred")
    page.get_by_label("Second tag").press("Backspace")
    page.get_by_label("Second tag").press("Backspace")
    page.get_by_label("Text").click()
    page.keyboard.type("line one")
    page.keyboard.press("Enter")
    page.keyboard.type("line two")
    for name in ("Blurry", "Dim", "Exposed"):
        page.get_by_role("checkbox", name=name).click()
    page.get_by_role("checkbox", name="I like birds").focus()
    page.keyboard.press("Space")
    page.get_by_role("radio", name="Yes").click()
    page.keyboard.press("ArrowDown")
    page.get_by_role("switch", name="Toggle").click()
    page.get_by_role("slider", name="How much").focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    page.get_by_label("two").check()
    page.get_by_label("sure").check()
    page.get_by_label("Choice").select_option("b")
    page.get_by_label("Fluency").fill("49")


def test_every_field_is_answered_by_hand_and_posted_as_one_json(tasks: Any, page: Any) -> None:
    tasks.open(page, FIELDS.format(format=""))
    fill_in(page)
    assert tasks.answers(page) == TREE


def test_flattened_every_leaf_is_a_field_of_its_own(tasks: Any, page: Any) -> None:
    tasks.open(page, FIELDS.format(format='answer-format="flatten-objects"'))
    fill_in(page)
    assert tasks.fields(page) == {
        "tag1": "blue",
        "tag2": "red",
        "textInput1": "line one\r\nline two",  # as every form posts a line break
        "image_attributes.blurry": "true",
        "image_attributes.dim": "true",
        "image_attributes.exposed": "false",
        "likeBirds.on": "true",
        "btn1.yes": "false",
        "btn2.no": "true",
        "theToggler.on": "true",
        "howMuch": "7",
        "candidate1.1": "false",
        "candidate1.2": "true",
        "sure.on": "true",
        "choice": "b",
        "fluency-1": "49",
        "start_timestamp": "1619724639.63",
    }


def test_what_is_missing_is_said_beside_the_field_and_nothing_is_sent(tasks: Any, page: Any) -> None:
    tasks.open(
        page,
        "<crowd-form><crowd-input name=a label=Name required></crowd-input>"
        "<crowd-text-area name=b label=Story min-length=5></crowd-text-area>"
        "<crowd-checkbox name=c required>I agree</crowd-checkbox>"
        "<crowd-slider name=d label=Level required></crowd-slider></crowd-form>",
    )
    page.get_by_label("Story").fill("abc")
    page.get_by_role("button", name="Submit").click()
    assert page.locator("crowd-form").get_by_text("4 answers above need a look.").is_visible()
    assert page.locator("crowd-input .problem").inner_text() == "Please fill this in."
    assert "at least 5 characters; there are 3" in page.locator("crowd-text-area .problem").inner_text()
    assert page.locator("crowd-checkbox .problem").inner_text() == "Please tick this box."
    assert "set the slider" in page.locator("crowd-slider .problem").inner_text()
    page.keyboard.type("typed where the focus was put")
    assert page.get_by_label("Name").input_value() == "typed where the focus was put"
    assert page.locator("crowd-input .problem").is_hidden()
    assert not tasks.posted


def test_enter_in_a_field_submits_once(tasks: Any, page: Any) -> None:
    tasks.open(page, "<crowd-form><crowd-input name=a label=Name></crowd-input></crowd-form>")
    page.get_by_label("Name").fill("x")
    page.evaluate("addEventListener('crowd-form-sent', (event) => console.info('sent by ' + event.target.localName))")
    with page.expect_console_message(lambda message: message.text == "sent by crowd-form"):
        page.keyboard.press("Enter")
    page.wait_for_url("**/mturk/externalSubmit")
    assert [json.loads(posted["taskAnswers"][0]) for posted in tasks.posted] == [[{"a": "x"}]]


def test_enter_in_one_field_of_several_sends_nothing(tasks: Any, page: Any) -> None:
    tasks.open(page, "<crowd-form><crowd-input name=a label=Name></crowd-input><input name=b></crowd-form>")
    page.get_by_label("Name").fill("x")
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert not tasks.posted
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/mturk/externalSubmit")


def test_a_preview_shows_the_answer_and_sends_nothing(tasks: Any, page: Any) -> None:
    tasks.open(page, "<crowd-form><crowd-input name=a label=Name></crowd-input></crowd-form>", preview=True)
    page.get_by_label("Name").fill("<img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Submit").click()
    shown = page.locator("#answers-box").inner_text()
    assert "nothing was sent" in shown
    assert '"a": "<img src=x onerror=alert(1)>"' in shown
    assert not tasks.posted


SCRIPTED = """
<crowd-form><p>Why?</p><crowd-input name="a" label="Name"></crowd-input>
<input type="hidden" name="late" value=""></crowd-form>
<script>
  window.seen = [];
  document.querySelector('crowd-form').onsubmit = (e) => {
    seen.push('onsubmit');
    const value = document.querySelector('crowd-input').value;
    if (value === 'no') { e.preventDefault(); return; }
    document.querySelector('[name=late]').value = 'set by the handler';
  };
  document.querySelector('crowd-form').addEventListener('submit', () => seen.push('listener'));
  document.querySelector('crowd-input').addEventListener('change', (e) => seen.push('change ' + e.target.value));
  document.querySelector('crowd-input').addEventListener('input', (e) => seen.push(e.target.localName));
</script>
"""


def test_scripts_listen_object_and_add_to_the_answer(tasks: Any, page: Any) -> None:
    tasks.open(page, SCRIPTED)
    page.get_by_label("Name").fill("no")
    page.get_by_role("button", name="Submit").click()
    assert page.evaluate("seen") == ["crowd-input", "change no", "onsubmit", "listener"]
    assert not tasks.posted
    page.get_by_label("Name").fill("yes")
    assert tasks.answers(page) == {"a": "yes", "late": "set by the handler"}


def test_scripts_find_what_they_rely_on(tasks: Any, page: Any) -> None:
    tasks.open(page, FIELDS.format(format=""))
    found = page.evaluate("""() => {
      const crowd = document.querySelector('crowd-form');
      const inner = crowd.querySelector('form');
      return {
        same: crowd.form === inner, action: inner.action.endsWith('/mturk/externalSubmit'), method: inner.method,
        last: inner.lastElementChild.matches(
          'crowd-button[form-action=submit][variant=primary][data-testid=crowd-submit]'),
        real: crowd.querySelector('crowd-input').shadowRoot.querySelector('input').name,
        keys: Object.keys(crowd._serializeForm()), box: Boolean(crowd.shadowRoot.querySelector('#answers-box')),
      };
    }""")
    assert found.pop("method") == "post"
    assert found.pop("real") == "tag1"
    assert found.pop("keys") == ["taskAnswers"]
    assert found == {"same": True, "action": True, "last": True, "box": True}


def test_a_host_may_take_over_the_last_step_and_scripts_may_submit(tasks: Any, page: Any) -> None:
    tasks.open(page, "<crowd-form><crowd-input name=a value=1 required></crowd-input></crowd-form>")
    page.evaluate("""() => {
      const crowd = document.querySelector('crowd-form');
      crowd._submitHelperForm = () => { window.taken = crowd._serializeForm(); };
      crowd.submit();
    }""")
    assert page.evaluate("taken") == {"taskAnswers": '[{"a":"1"}]'}
    assert not tasks.posted


@pytest.mark.parametrize(
    "how", ["document.querySelector('form').submit()", "document.querySelector('crowd-form').submit()"]
)
def test_a_script_that_submits_sends_all_answers(tasks: Any, page: Any, how: str) -> None:
    tasks.open(page, '<crowd-form><crowd-input name="submit" value="1"></crowd-input></crowd-form>')
    page.evaluate(how)
    page.wait_for_url("**/mturk/externalSubmit")
    assert json.loads(tasks.posted[0]["taskAnswers"][0]) == [{"submit": "1"}]


def test_work_is_put_back_from_a_draft(tasks: Any, page: Any) -> None:
    tasks.open(page, FIELDS.format(format=""))
    fill_in(page)
    draft = page.evaluate("JSON.parse(JSON.stringify(document.querySelector('crowd-form').draft))")
    tasks.open(page, FIELDS.format(format=""))
    page.evaluate("(draft) => { document.querySelector('crowd-form').draft = draft; }", draft)
    assert tasks.answers(page) == TREE


def test_tags_closed_with_a_slash_still_work(tasks: Any, page: Any) -> None:
    """HTML knows no such thing: what follows becomes a child."""
    tasks.open(
        page,
        '<crowd-form><crowd-input name="a" label="A"/><crowd-checkbox name="b" />One'
        '<crowd-checkbox name="c" />Two</crowd-form>',
    )
    page.get_by_label("A").fill("x")
    page.locator("crowd-checkbox[name=c] .mark").click()
    assert tasks.answers(page) == {"a": "x", "b": {"on": False}, "c": {"on": True}}


def test_of_values_with_one_name_the_last_one_holds(tasks: Any, page: Any) -> None:
    """Templates drop what only their scripts need with a hidden field of the same name."""
    tasks.open(
        page,
        '<crowd-form><select name="_"><option>x</option></select><crowd-checkbox name="_">y</crowd-checkbox>'
        '<input type="hidden" name="_" value="_"></crowd-form>',
    )
    assert tasks.answers(page) == {"_": "_"}


def test_a_form_of_the_page_inside_the_form_does_not_lead_away(tasks: Any, page: Any) -> None:
    tasks.open(page, '<crowd-form><form action="/elsewhere"><input name="a" aria-label="Name"></form></crowd-form>')
    page.get_by_label("Name").fill("x")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mturk/externalSubmit")
    assert json.loads(tasks.posted[0]["taskAnswers"][0]) == [{"a": "x"}]


def test_a_slider_that_is_required_is_answered_by_taking_hold_of_it(tasks: Any, page: Any) -> None:
    tasks.open(
        page,
        '<crowd-form><crowd-slider name="accuracy" min="1" max="5" step="1" pin="true" required label="Accuracy">'
        '<crowd-slider-label position="1">bad</crowd-slider-label><crowd-slider-label position="5">good'
        "</crowd-slider-label></crowd-slider></crowd-form>",
    )
    bad, good = page.get_by_text("bad").bounding_box(), page.get_by_text("good").bounding_box()
    track = page.get_by_role("slider", name="Accuracy").bounding_box()
    assert bad["x"] < track["x"] + 30
    assert good["x"] + good["width"] > track["x"] + track["width"] - 30
    page.mouse.click(track["x"] + 12, track["y"] + track["height"] / 2)
    assert tasks.answers(page) == {"accuracy": 1}
