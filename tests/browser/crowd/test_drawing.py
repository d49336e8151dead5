"""Boxes, polygons, lines and points, drawn by mouse, finger and keys; recorded answers are drawn again."""

import html
import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.crowd.pictures import Picture, widget

FLAT = 'answer-format="flatten-objects"'


def of(name: str, key: str, shapes: list[Any], width: int = 640, height: int = 480, **more: Any) -> dict[str, Any]:
    return {name: {"inputImageProperties": {"height": height, "width": width}, key: shapes, **more}}


def test_boxes_are_drawn_changed_moved_and_deleted_by_mouse(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-bounding-box", ["Dog", "Cat"]))
    picture = Picture(page)
    picture.drag((100, 50), (200, 150))
    page.get_by_role("button", name="Cat").click()
    picture.drag((400, 300), (301, 201))  # from the lower right
    picture.drag((301, 201), (280, 180))  # its corner
    picture.drag((350, 400), (500, 460))
    page.get_by_role("button", name="Delete Cat 2").click()
    picture.click(150, 100)
    picture.drag((150, 50), (170, 80))  # its edge is in the middle a handle, so it becomes less high
    picture.drag((120, 80), (130, 90))  # elsewhere the edge moves it
    assert tasks.answers(page) == of("annotatedResult", "boundingBoxes", [
        {"height": 70, "label": "Dog", "left": 110, "top": 90, "width": 100},
        {"height": 120, "label": "Cat", "left": 280, "top": 180, "width": 120},
    ])  # fmt: skip


def test_a_box_is_drawn_and_changed_by_keys_alone(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-bounding-box", ["Dog", "Cat"], form=FLAT))
    page.locator(".stage").focus()
    for key in ["2", "Space", "Space", *["Shift+ArrowRight"] * 30, *["Shift+ArrowDown"] * 20, "Space"]:
        page.keyboard.press(key)
    for key in ["ArrowLeft", "Shift+ArrowUp", "Alt+ArrowRight", "Alt+Shift+ArrowDown"]:
        page.keyboard.press(key)
    assert tasks.fields(page) == {
        "annotatedResult.boundingBoxes": '[{"height":30,"label":"Cat","left":319,"top":230,"width":31}]',
        "annotatedResult.inputImageProperties.height": "480",
        "annotatedResult.inputImageProperties.width": "640",
    }


def test_undo_and_redo(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-bounding-box", ["Dog"]))
    picture = Picture(page)
    picture.drag((10, 10), (60, 60))
    picture.drag((100, 100), (160, 160))
    page.keyboard.press("Delete")
    for key in ["Control+z", "Control+z", "Control+z", "Control+y"]:
        page.keyboard.press(key)
    assert [box["left"] for box in tasks.answers(page)["annotatedResult"]["boundingBoxes"]] == [10]


def test_nothing_to_label_has_to_be_said(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-bounding-box", ["Dog"]))
    page.get_by_role("button", name="Submit").click()
    assert "Nothing is marked yet" in page.locator("crowd-bounding-box .frame > .problem").inner_text()
    assert not tasks.posted
    page.get_by_label("Nothing to label").check()
    assert tasks.answers(page) == of("annotatedResult", "boundingBoxes", [])


def test_a_box_stays_within_the_picture_and_near_ones_need_zoom(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-bounding-box", ["Dog"], src="/picture/3000x2000.svg"))
    picture = Picture(page)
    before = picture.scale
    picture.drag((2800, 1900), (3400, 2300))
    page.locator(".stage").focus()
    for _ in range(6):
        page.keyboard.press("+")
    assert picture.scale > before * 8
    page.keyboard.press("Escape")
    picture.drag((1500, 1000), (1517, 1004))
    boxes = tasks.answers(page)["annotatedResult"]["boundingBoxes"]
    assert [(box["left"], box["top"], box["width"], box["height"]) for box in boxes] == [
        (2800, 1900, 200, 100),
        (1500, 1000, 17, 4),
    ]


def test_a_polygon_is_clicked_closed_and_its_corner_moved(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-polygon", ["dog", "cat"]))
    picture = Picture(page)
    for point in [(100, 100), (300, 100), (300, 300), (100, 100)]:
        picture.click(*point)
    picture.drag((300, 300), (320, 280))
    page.keyboard.press("2")
    for point in [(400, 200), (500, 200), (550, 250), (510, 300)]:
        picture.click(*point)
    page.keyboard.press("Backspace")
    picture.click(450, 320)
    page.keyboard.press("Enter")
    assert tasks.answers(page) == of("annotatedResult", "polygons", [
        {"label": "dog", "vertices": [{"x": 100, "y": 100}, {"x": 300, "y": 100}, {"x": 320, "y": 280}]},
        {"label": "cat", "vertices": [
            {"x": 400, "y": 200}, {"x": 500, "y": 200}, {"x": 550, "y": 250}, {"x": 450, "y": 320}]},
    ])  # fmt: skip


def test_what_is_not_finished_is_not_sent(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-polygon", ["dog"]))
    picture = Picture(page)
    for point in [(100, 100), (300, 100), (300, 300)]:
        picture.click(*point)
    page.get_by_role("button", name="Submit").click()
    assert "not finished" in page.locator("crowd-polygon .frame > .problem").inner_text()
    page.get_by_role("button", name="Finish").click()
    assert len(tasks.answers(page)["annotatedResult"]["polygons"]) == 1


def test_lines_are_dragged_or_clicked_at_both_ends(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-line", ["yardline", "sideline"], name="crowdLine", form=FLAT))
    picture = Picture(page)
    picture.drag((58, 95), (342, 198))
    page.keyboard.press("2")
    picture.click(400, 310)
    picture.click(480, 200)
    assert json.loads(tasks.fields(page)["crowdLine.lines"]) == [
        {"label": "yardline", "vertices": [{"x": 58, "y": 95}, {"x": 342, "y": 198}]},
        {"label": "sideline", "vertices": [{"x": 400, "y": 310}, {"x": 480, "y": 200}]},
    ]


def test_a_point_is_placed_by_key_and_one_is_dragged(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-keypoint", ["dog", "cat"], name="crowdKeypoint"))
    picture = Picture(page)
    picture.click(155, 275)
    picture.drag((155, 275), (160, 280))
    page.keyboard.press("Escape")
    for key in ["2", "ArrowRight", "Shift+ArrowRight", "Enter"]:
        page.keyboard.press(key)
    assert tasks.answers(page) == of("crowdKeypoint", "keypoints", [
        {"label": "dog", "x": 160, "y": 280}, {"label": "cat", "x": 321, "y": 240}])  # fmt: skip


def test_flattened_each_widget_is_a_list_and_a_size(tasks: Any, page: Any) -> None:
    src = "/picture/200x100.svg"
    others = "".join(
        f'<{element} name="{name}" header="{name}" src="{src}" categories="[\'x\', \'y\']"></{element}>'
        for element, name in [
            ("crowd-image-classifier", "one"),
            ("crowd-image-classifier-multi-select", "many"),
            ("crowd-classifier-multi-select", "text"),
        ]
    )
    points = widget("crowd-keypoint", ["a b"], name="points", src=src, form=FLAT, inside=others)
    lines = widget("crowd-polyline", ["c"], name="lines", src=src).replace("<crowd-form >", "")
    tasks.open(page, points.replace("</crowd-form>", "") + lines)
    for name, role in [("one", "radio"), ("many", "checkbox"), ("text", "checkbox")]:
        page.get_by_role("region", name=name).get_by_role(role, name="y").check()
    Picture(page, "crowd-keypoint").click(20, 30)
    picture = Picture(page, "crowd-polyline")
    picture.clicks([(10, 10), (50, 60), (90, 10)])
    page.keyboard.press("Enter")
    size = {"height": "100", "width": "200"}
    assert tasks.fields(page) == {
        "one.label": "y",
        "many.labels": '["y"]',
        "text.labels": '["y"]',
        "points.keypoints": '[{"label":"a b","x":20,"y":30}]',
        **{f"points.inputImageProperties.{side}": length for side, length in size.items()},
        "lines.polylines": '[{"label":"c","vertices":[{"x":10,"y":10},{"x":50,"y":60},{"x":90,"y":10}]}]',
        **{f"lines.inputImageProperties.{side}": length for side, length in size.items()},
    }


@pytest.mark.parametrize(
    ("element", "initial", "key"),
    [
        ("crowd-bounding-box", [{"label": "a", "left": 10, "top": 20, "width": 30, "height": 40}], "boundingBoxes"),
        ("crowd-line", {"lines": [{"label": "a", "vertices": [{"x": 1, "y": 2}, {"x": 30, "y": 40}]}]}, "lines"),
        (
            "crowd-polyline",
            {"polylines": [{"label": "a", "vertices": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}]},
            "polylines",
        ),
    ],
)
def test_an_initial_value_is_kept_and_it_is_told_whether_it_was_changed(
    tasks: Any, page: Any, element: str, initial: Any, key: str
) -> None:
    shapes = initial if isinstance(initial, list) else initial[key]
    body = widget(element, ["a"], more=f'initial-value="{html.escape(json.dumps(initial))}"')
    tasks.open(page, body)
    Picture(page)
    assert tasks.answers(page) == of("annotatedResult", key, shapes, initialValueModified=False)
    tasks.open(page, body)
    Picture(page)
    page.get_by_role("button", name="Delete a 1").click()
    page.get_by_label("Nothing to label").check()
    assert tasks.answers(page) == of("annotatedResult", key, [], initialValueModified=True)


def test_handlers_add_keys_to_live_boxes_and_ask_in_both_idioms(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-bounding-box", ["a"]))
    picture = Picture(page)
    picture.drag((10, 10), (60, 60))
    page.evaluate("""() => {
      const widget = document.querySelector('crowd-bounding-box');
      widget.labels = widget.labels.concat(['b']);
      document.querySelector('crowd-form').onsubmit = () => {
        const boxes = widget.value.boundingBoxes || widget._submittableValue.boundingBoxes;
        boxes.forEach((box, index) => { box.id = index; });
        window.same = widget._submittableValue.boundingBoxes === widget.value.boundingBoxes;
      };
    }""")
    page.keyboard.press("2")
    picture.drag((100, 100), (160, 160))
    assert [(box["id"], box["label"]) for box in tasks.answers(page)["annotatedResult"]["boundingBoxes"]] == [
        (0, "a"),
        (1, "b"),
    ]


def test_a_picture_that_does_not_load_is_said_and_nothing_is_sent(tasks: Any, page: Any) -> None:
    tasks.open(page, widget("crowd-bounding-box", ["a"], src="/picture/none.svg"))
    page.get_by_text("The picture could not be loaded.").wait_for()
    page.get_by_role("button", name="Submit").click()
    assert "did not load" in page.locator("crowd-bounding-box .frame > .problem").inner_text()
    assert not tasks.posted


def recorded(samples: Path, file: str) -> dict[str, Any]:
    return json.loads((samples / file).read_text())


@pytest.mark.parametrize(
    "file", ["a01_bbox_six_labels_plus_radios.json", "a03_bbox_misclick.json", "a08_bbox_640x480_hands.json"]
)
def test_recorded_boxes_are_drawn_again(tasks: Any, page: Any, samples: Path, file: str) -> None:
    answers = recorded(samples, file)["answers"]
    boxes = json.loads(answers["annotatedResult.boundingBoxes"])
    width, height = (answers[f"annotatedResult.inputImageProperties.{side}"] for side in ("width", "height"))
    choices = [name.split(".") for name in answers if not name.startswith("annotatedResult")]
    buttons = [
        f'<crowd-radio-button name="{name}" value="{value}">{name}</crowd-radio-button>' for name, value in choices
    ]
    groups = "".join(
        f"<crowd-radio-group>{''.join(button for button in buttons if question in button)}</crowd-radio-group>"
        for question in ("_1monitor", "_2cursor")
    )
    labels = list(dict.fromkeys(box["label"] for box in boxes))
    tasks.open(
        page, widget("crowd-bounding-box", labels, src=f"/picture/{width}x{height}.svg", form=FLAT, inside=groups)
    )
    picture = Picture(page)
    for box in boxes:
        page.keyboard.press(str(labels.index(box["label"]) + 1))
        left, top = box["left"], box["top"]
        picture.zoom_for(min(box["width"], box["height"]), (left + box["width"] / 2, top + box["height"] / 2))
        picture.drag((left, top), (left + box["width"], top + box["height"]))
    for name, value in choices:
        if answers[f"{name}.{value}"].upper() == "TRUE":
            page.get_by_role("radio", name=name).click()
    posted = tasks.fields(page)
    # The file was saved by a spreadsheet, which writes truth in capitals.
    truths = {"true": "TRUE", "false": "FALSE"}
    assert {name: truths.get(value, value) for name, value in posted.items()} == answers


def test_recorded_polygons_are_drawn_again(tasks: Any, page: Any, samples: Path) -> None:
    answers = recorded(samples, "a05_polygon_left_right_hand.json")["answers"]
    tasks.open(page, widget("crowd-polygon", ["Left Hand", "Right Hand"], form=FLAT))
    picture = Picture(page)
    picture.zoom_for(10, (320, 150))
    for shape in json.loads(answers["annotatedResult.polygons"]):
        page.get_by_role("button", name=shape["label"], exact=True).click()
        for vertex in shape["vertices"]:
            picture.click(vertex["x"], vertex["y"])
        page.keyboard.press("Enter")
    assert tasks.fields(page) == answers


@pytest.mark.parametrize(
    ("file", "element", "key"),
    [
        ("d01_keypoint.json", "crowd-keypoint", "keypoints"),
        ("d02_line.json", "crowd-line", "lines"),
        ("d03_polyline.json", "crowd-polyline", "polylines"),
    ],
)
def test_documented_answers_are_drawn(tasks: Any, page: Any, samples: Path, file: str, element: str, key: str) -> None:
    (tree,) = recorded(samples, file)["payload"]
    ((name, value),) = tree.items()
    size = value["inputImageProperties"]
    labels = list(dict.fromkeys(shape["label"] for shape in value[key]))
    tasks.open(page, widget(element, labels, name=name, src=f"/picture/{size['width']}x{size['height']}.svg"))
    picture = Picture(page)
    for shape in value[key]:
        page.keyboard.press(str(labels.index(shape["label"]) + 1))
        for vertex in shape.get("vertices", [shape]):
            picture.click(vertex["x"], vertex["y"])
        page.keyboard.press("Enter" if element == "crowd-polyline" else "Escape")
    assert tasks.answers(page) == tree
