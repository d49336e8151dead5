"""Recorded submissions of forms: the task is built again and done by hand, and what is posted is compared."""

import html
import json
from pathlib import Path
from typing import Any

from tests.browser.crowd.pictures import Picture, widget

FLAT = 'answer-format="flatten-objects"'


def recorded(samples: Path, file: str) -> dict[str, Any]:
    return json.loads((samples / file).read_text())


def test_fields_that_a_page_of_its_own_fills_are_one_compact_json_with_sorted_keys(
    tasks: Any, page: Any, samples: Path
) -> None:
    text = recorded(samples, "a13_taskanswers_double_encoded_boxes.json")["answers"]["taskAnswers"]
    (tree,) = json.loads(text)
    names = sorted(tree, key=lambda name: (name.split("-")[0], int(name.split("-")[1])))
    tasks.open(
        page, "<crowd-form>" + "".join(f'<input type="hidden" name="{name}">' for name in names) + "</crowd-form>"
    )
    page.evaluate(
        "(tree) => { for (const name in tree) document.getElementsByName(name)[0].value = tree[name]; }", tree
    )
    assert tasks.fields(page) == {"taskAnswers": text}


def test_radio_buttons_and_checkboxes_of_the_page_say_what_was_not_chosen(tasks: Any, page: Any, samples: Path) -> None:
    answers = recorded(samples, "a19_wikihow_flattened_radios.json")["answers"]
    # The collection added a column for each question; the submission has the dotted ones.
    submitted = {name: value.lower() for name, value in answers.items() if "." in name}
    controls = []
    for path in submitted:
        name, value = path.split(".")
        kind = "checkbox" if value == "on" else "radio"
        said = "" if value == "on" else f'value="{value}"'
        controls.append(f'<input type="{kind}" name="{name}" {said} aria-label="{path}">')
    tasks.open(page, f"<crowd-form {FLAT}>{''.join(controls)}</crowd-form>")
    for path, value in submitted.items():
        if value == "true":
            page.get_by_label(path, exact=True).click()
    assert tasks.fields(page) == submitted


def test_sliders_of_the_page_are_text(tasks: Any, page: Any, samples: Path) -> None:
    answers = recorded(samples, "a27_sliders_numeric.json")["answers"]
    sliders = [name for name in answers if name.startswith("fluency")]
    tasks.open(
        page,
        f"<crowd-form {FLAT}>"
        + "".join(f'<input type="range" name="{name}" aria-label="{name}">' for name in sliders)
        + "".join(
            f'<input type="hidden" name="{name}" value="{answers[name]}">' for name in answers if name not in sliders
        )
        + "</crowd-form>",
    )
    for name in sliders:
        page.get_by_label(name).focus()
        away = int(answers[name]) - 50
        for _ in range(abs(away)):
            page.keyboard.press("ArrowRight" if away > 0 else "ArrowLeft")
    assert tasks.fields(page) == answers


def test_boxes_of_a_ground_truth_job(tasks: Any, page: Any, samples: Path) -> None:
    for item in recorded(samples, "a31_gt_bbox_annotation_string.json")["payload"]:
        tree = json.loads(item["annotations"][0]["annotationData"]["content"])
        value = tree["annotatedResult"]
        size = value["inputImageProperties"]
        src = f"/picture/{size['width']}x{size['height']}.svg"
        tasks.open(page, widget("crowd-bounding-box", ["Red", "Green"], src=src))
        picture = Picture(page)
        for box in value["boundingBoxes"]:
            page.get_by_role("button", name=box["label"]).first.click()
            left, top = box["left"], box["top"]
            picture.drag((left, top), (left + box["width"], top + box["height"]))
        assert tasks.answers(page) == tree


def test_categories_of_the_documentation_and_of_a_recording(tasks: Any, page: Any, samples: Path) -> None:
    (tree,) = recorded(samples, "d06_classifiers.json")["payload"]
    world = recorded(samples, "a29_a2i_multi_select.json")["payload"]
    tree = {**tree, "again": world["category"]}

    def classifier(element: str, name: str, categories: list[str]) -> str:
        offered = html.escape(json.dumps(categories))
        comment = "<worker-comment></worker-comment>"
        return f'<{element} name="{name}" header="{name}" categories="{offered}">{comment}</{element}>'

    tasks.open(
        page,
        "<crowd-form>"
        + classifier("crowd-classifier", "category", ["Positive", "Negative"])
        + classifier("crowd-classifier-multi-select", "cats", ["label_a", "label_b", "label_c"])
        + classifier("crowd-classifier-multi-select", "again", ["World", "Sports"])
        + classifier("crowd-image-classifier", "crowd-image-classifier", ["good", "bad"])
        + "</crowd-form>",
    )
    for role, name in [("radio", "Positive"), ("checkbox", "label_b"), ("checkbox", "label_a"), ("checkbox", "World")]:
        page.get_by_role(role, name=name).check()
    page.get_by_role("radio", name="good").check()
    page.get_by_role("button", name="Add a comment.").click()
    page.keyboard.type(tree["crowd-image-classifier"]["workerComment"])
    assert tasks.answers(page) == tree


def test_fields_of_the_documentation(tasks: Any, page: Any, samples: Path) -> None:
    (tree,) = recorded(samples, "d05_checkbox_radio_toggle_text.json")["payload"]
    boxes = "".join(
        f'<crowd-checkbox name="image_attributes" value="{value}">{value}</crowd-checkbox>'
        for value in tree["image_attributes"]
    )
    tasks.open(
        page,
        f"<crowd-form>{boxes}<crowd-radio-group>"
        '<crowd-radio-button name="btn1" value="yes">Yes</crowd-radio-button>'
        '<crowd-radio-button name="btn2" value="no">No</crowd-radio-button></crowd-radio-group>'
        '<crowd-toggle-button name="theToggler">Toggle</crowd-toggle-button>'
        '<crowd-text-area name="textInput1" label="Text" max-rows="3"></crowd-text-area>'
        '<crowd-input name="tag1" label="One"></crowd-input><crowd-input name="tag2" label="Two"></crowd-input>'
        "</crowd-form>",
    )
    for value, ticked in tree["image_attributes"].items():
        if ticked:
            page.get_by_role("checkbox", name=value).click()
    page.get_by_role("radio", name="Yes").click()
    page.get_by_role("switch", name="Toggle").click()
    page.get_by_label("Text").fill(tree["textInput1"])
    page.get_by_label("One").fill(tree["tag1"])
    page.get_by_label("Two").fill(tree["tag2"])
    assert tasks.answers(page) == tree
