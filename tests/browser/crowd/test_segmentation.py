"""Masks painted with brush, polygon, eraser and keys; the PNG is read by the tests' own reader."""

import html
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.browser.crowd import masks
from tests.browser.crowd.pictures import Picture, widget

INSTANCES, SEMANTIC = "crowd-instance-segmentation", "crowd-semantic-segmentation"
FLAT = 'answer-format="flatten-objects"'


def rectangle(left: int, top: int, right: int, bottom: int) -> set[tuple[int, int]]:
    return {(x, y) for x in range(left, right) for y in range(top, bottom)}


def polygon(picture: Picture, corners: list[tuple[int, int]]) -> None:
    """Alt, so that a corner counts however near it is to another."""
    picture.page.keyboard.down("Alt")
    picture.clicks(corners)
    picture.page.keyboard.up("Alt")
    picture.page.keyboard.press("Enter")


def finest_brush(page: Any) -> None:
    page.get_by_role("slider", name="Size of the brush").fill("0")
    page.locator(".stage").focus()


def check(png: masks.PalettePng, colours: list[str], size: tuple[int, int]) -> None:
    assert (png.width, png.height) == size
    assert png.palette == ["#000000", *colours]
    assert png.alpha == [0] + [255] * len(colours)
    assert png.depth == {0: 1, 1: 1, 2: 2, 3: 2}.get(len(colours), 4)


def test_things_are_painted_with_brush_polygon_and_eraser(tasks: Any, page: Any) -> None:
    tasks.open(page, widget(INSTANCES, ["dog", "cat"], src="/picture/64x48.svg"))
    picture = Picture(page)
    finest_brush(page)
    picture.drag((3.5, 5.5), (8.5, 5.5), steps=3)
    page.keyboard.press("g")
    page.keyboard.press("2")
    polygon(picture, [(20, 10), (40, 10), (40, 20), (20, 20)])
    page.get_by_role("button", name="dog").first.click()
    polygon(picture, [(50, 30), (60, 30), (60, 40), (50, 40)])
    page.keyboard.press("e")
    picture.drag((20.5, 15.5), (39.5, 15.5), steps=3)
    assert page.get_by_role("button", name="Go on with dog 2").is_visible()
    answer = tasks.answers(page)["annotatedResult"]
    assert answer["inputImageProperties"] == {"height": 48, "width": 64}
    assert answer["instances"] == [
        {"color": "#2ca02c", "label": "dog"},
        {"color": "#1f77b4", "label": "cat"},
        {"color": "#ff7f0e", "label": "dog"},
    ]
    png = masks.read(answer["labeledImage"]["pngImageData"])
    check(png, ["#2ca02c", "#1f77b4", "#ff7f0e"], (64, 48))
    assert png.pixels("#2ca02c") == rectangle(3, 5, 9, 6)
    assert png.pixels("#1f77b4") == rectangle(20, 10, 40, 20) - rectangle(20, 15, 40, 16)
    assert png.pixels("#ff7f0e") == rectangle(50, 30, 60, 40)


def test_a_thing_is_painted_by_keys_alone_and_undone(tasks: Any, page: Any) -> None:
    tasks.open(page, widget(SEMANTIC, ["Sky", "Dog"], src="/picture/64x48.svg", form=FLAT))
    Picture(page)
    finest_brush(page)
    for key in ["2", "Space", "Space", *["Shift+ArrowRight"] * 4, "Space", "Shift+ArrowDown", "1", "Space", "Space"]:
        page.keyboard.press(key)
    page.keyboard.press("Control+z")
    fields = tasks.fields(page)
    assert fields.pop("annotatedResult.labelMappings.Dog.color") == "#1f77b4"
    png = masks.read(fields.pop("annotatedResult.labeledImage.pngImageData"))
    check(png, ["#1f77b4"], (64, 48))
    assert png.pixels("#1f77b4") == rectangle(32, 24, 37, 25)
    assert fields == {
        "annotatedResult.inputImageProperties.height": "48",
        "annotatedResult.inputImageProperties.width": "64",
    }


def test_nothing_painted_has_to_be_said_and_is_a_transparent_png(tasks: Any, page: Any) -> None:
    tasks.open(page, widget(INSTANCES, ["dog"], src="/picture/64x48.svg"))
    picture = Picture(page)
    picture.drag((5, 5), (20, 20))
    page.get_by_role("button", name="Delete dog 1").click()
    page.get_by_role("button", name="Submit").click()
    assert "Nothing is painted yet" in page.locator(f"{INSTANCES} .frame > .problem").inner_text()
    page.get_by_label("Nothing to label").check()
    answer = tasks.answers(page)["annotatedResult"]
    assert answer["instances"] == []
    check(masks.read(answer["labeledImage"]["pngImageData"]), [], (64, 48))


def test_an_initial_mask_is_kept_and_a_draft_is_put_back(tasks: Any, page: Any) -> None:
    blank = widget(SEMANTIC, ["Cat", "Dog"], src="/picture/64x48.svg")
    tasks.open(page, blank)
    picture = Picture(page)
    page.keyboard.press("g")
    page.keyboard.press("2")
    polygon(picture, [(20, 10), (40, 10), (40, 20), (20, 20)])
    draft = page.evaluate("JSON.parse(JSON.stringify(document.querySelector('crowd-form').draft))")
    tasks.open(page, blank)
    page.evaluate("(draft) => { document.querySelector('crowd-form').draft = draft; }", draft)
    page.get_by_text("6.5 %").wait_for()
    first = tasks.answers(page)["annotatedResult"]
    assert first["labelMappings"] == {"Dog": {"color": "#1f77b4"}}

    src = f"data:image/png;base64,{first['labeledImage']['pngImageData']}"
    initial = html.escape(json.dumps({"labelMappings": {"Dog": {"color": "#1f77b4"}}, "src": src}))
    body = widget(SEMANTIC, ["Cat", "Dog"], src="/picture/64x48.svg", more=f'initial-value="{initial}"')
    tasks.open(page, body)
    page.get_by_text("6.5 %").wait_for()
    assert tasks.answers(page)["annotatedResult"] == {**first, "initialValueModified": False}
    tasks.open(page, body)
    page.get_by_text("6.5 %").wait_for()
    picture = Picture(page)
    page.keyboard.press("1")
    picture.drag((5, 5), (15, 5))
    again = tasks.answers(page)["annotatedResult"]
    assert again["initialValueModified"] is True
    assert set(again["labelMappings"]) == {"Cat", "Dog"}
    assert masks.read(again["labeledImage"]["pngImageData"]).pixels("#1f77b4") == rectangle(20, 10, 40, 20)


@pytest.mark.parametrize("file", ["a09_instance_seg_one.json", "a11_instance_seg_eight.json"])
def test_recorded_things_are_painted_again(tasks: Any, page: Any, samples: Path, file: str) -> None:
    answers = json.loads((samples / file).read_text())["answers"]
    recorded = masks.read(answers["annotatedResult.labeledImage.pngImageData"])
    instances = json.loads(answers["annotatedResult.instances"])
    tasks.open(page, widget(INSTANCES, [instances[0]["label"]], src="/picture/500x375.svg", form=FLAT))
    picture = Picture(page)
    page.keyboard.press("g")
    holes: list[tuple[int, int]] = []
    for instance in instances:
        page.keyboard.press("1")
        outlines = masks.outlines(recorded.pixels(instance["color"]))
        for outline in outlines:
            if not masks.is_hole(outline):
                polygon(picture, outline)
        holes += [min(outline) for outline in outlines if masks.is_hole(outline)]
    page.keyboard.press("e")
    finest_brush(page)
    for hole in holes:  # a pixel each
        picture.zoom_for(3, hole)
        picture.click(hole[0] + 0.5, hole[1] + 0.5)
    posted = tasks.fields(page)
    again = masks.read(posted.pop("annotatedResult.labeledImage.pngImageData"))
    del answers["annotatedResult.labeledImage.pngImageData"]
    assert posted == answers
    assert again.depth == recorded.depth
    assert set(again.palette) == set(recorded.palette)
    for colour in recorded.palette:
        assert again.pixels(colour) == recorded.pixels(colour)


def test_a_mask_from_a_browser_that_adds_noise_is_read_as_it_was_meant(tasks: Any, page: Any, samples: Path) -> None:
    answers = json.loads((samples / "a35_instance_seg_noisy_canvas.json").read_text())["answers"]
    png = answers["annotatedResult.labeledImage.pngImageData"]
    recorded = masks.read(png)
    initial = {"instances": json.loads(answers["annotatedResult.instances"]), "src": f"data:image/png;base64,{png}"}
    more = f'initial-value="{html.escape(json.dumps(initial))}"'
    tasks.open(page, widget(INSTANCES, ["person"], src="/picture/500x375.svg", more=more))
    page.get_by_role("button", name="Go on with person 1").wait_for()
    answer = tasks.answers(page)["annotatedResult"]
    assert answer["instances"] == [{"color": "#2ca02c", "label": "person"}]
    again = masks.read(answer["labeledImage"]["pngImageData"])
    check(again, ["#2ca02c"], (500, 375))
    near = set().union(*(recorded.pixels(colour) for colour in ("#2ca02c", "#2ca02d", "#2da02c", "#2ca12c")))
    assert again.pixels("#2ca02c") == near


def test_labels_of_a_semantic_answer_are_painted_again(tasks: Any, page: Any, samples: Path) -> None:
    (tree,) = json.loads((samples / "s01_semantic_segmentation.json").read_text())["payload"]
    value = tree["annotatedResult"]
    recorded = masks.read(value["labeledImage"]["pngImageData"])
    tasks.open(page, widget(SEMANTIC, ["Bird", "Cat", "Dog"], src="/picture/16x12.svg"))
    picture = Picture(page)
    page.keyboard.press("g")
    for label, mapping in value["labelMappings"].items():
        page.get_by_role("button", name=label).click()
        for outline in masks.outlines(recorded.pixels(mapping["color"])):
            polygon(picture, outline)
    again = tasks.answers(page)["annotatedResult"]
    png = masks.read(again.pop("labeledImage")["pngImageData"])
    assert again == {key: part for key, part in value.items() if key != "labeledImage"}
    for colour in recorded.palette:
        assert png.pixels(colour) == recorded.pixels(colour)


@pytest.mark.parametrize(("width", "height", "colours"), [(1, 1, 0), (7, 3, 1), (13, 5, 3), (33, 9, 15), (21, 17, 200)])
def test_any_mask_is_written_so_that_others_read_it(
    tasks: Any, page: Any, width: int, height: int, colours: int
) -> None:
    tasks.open(page, "")
    chance = random.Random(width)
    pixels = [chance.randint(0, colours) for _ in range(width * height)]
    pixels[: width * 2] = [colours] * min(width * 2, len(pixels))  # also runs
    palette = [[0, 0, 0], *([index, 255 - index, index // 2] for index in range(1, colours + 1))]
    encoded = page.evaluate(
        "async ([pixels, width, height, palette]) => { const { palettePng } = "
        "await import('/static/crowd/segmentation/png.js'); "
        "return palettePng(Uint8Array.from(pixels), width, height, palette); }",
        [pixels, width, height, palette],
    )
    png = masks.read(encoded)
    assert (png.width, png.height) == (width, height)
    assert [value for row in png.rows for value in row] == pixels
    assert png.palette == ["#" + bytes(entry).hex() for entry in palette]
