"""What workers draw: boxes, outlines, points, masks and marked text, found by shape, over the task's own picture."""

import json

import pytest

from hits.answers import read
from hits.answers.parts import Mask, Shapes, Spans
from hits.questions import read_question

from .documents import html_question, named, page, part, plain, png, task_answers, words

SIZE = {"height": 480, "width": 640}
HAND = {"height": 83, "label": "Hand", "left": 275, "top": 146, "width": 77}
PHOTO = "https://pictures.example/hands.jpg"
TASK = html_question(
    '<crowd-form><crowd-bounding-box name="any name" src="${image_url}" header="Draw each hand"'
    " labels=\"['Face', 'Hand',]\"></crowd-bounding-box></crowd-form>"
)


def boxes(*items, size=SIZE, name="any name"):
    return task_answers({name: {"boundingBoxes": list(items), "inputImageProperties": size}})


def test_boxes_are_drawn_over_the_tasks_picture_in_its_pixels():
    tree = page(boxes(HAND), TASK, {"image_url": PHOTO})
    (svg,) = tree.xpath("//div[@class='answer-stage']/svg")
    assert svg.get("viewbox") == "0 0 640 480"
    (picture,) = svg.xpath("./image")
    assert (picture.get("href"), picture.get("width"), picture.get("height")) == (PHOTO, "640", "480")
    (box,) = svg.xpath(".//g[@data-shape]/rect")
    assert [box.get(key) for key in ("x", "y", "width", "height")] == ["275", "146", "77", "83"]
    assert svg.xpath("string(.//g[@data-shape]/text)") == "Hand"
    assert "Draw each hand" in words(tree)


def test_a_label_has_one_colour_a_count_and_a_toggle_and_the_table_lists_every_box():
    tree = page(boxes(HAND, {**HAND, "label": "Face"}, {**HAND, "left": 1}), TASK, {"image_url": PHOTO})
    legend = [words(item) for item in tree.xpath("//ul[@class='answer-legend']/li")]
    assert legend == ["Face 1", "Hand 2"]  # in the order the task offers them
    colours = [shape.get("class").split()[2] for shape in tree.xpath("//div[@class='answer-stage']//g[@data-shape]")]
    assert colours == ["c1", "c0", "c1"]
    assert len(tree.xpath("//input[@type='checkbox'][@data-toggle]")) == 2
    assert words(tree.xpath("//tbody/tr")[0]) == "1 Hand 275, 146 · 77 × 83"
    assert len(tree.xpath("//tbody/tr")) == 3


def test_slips_of_the_mouse_and_boxes_around_everything_are_flagged():
    answer = read(
        boxes(
            {**HAND, "width": 4},
            {**HAND, "left": 0, "top": 0, "width": 640, "height": 470},
            {**HAND, "left": 600},
            HAND,
        )
    )
    flags = [shape.flags for shape in part(answer, Shapes).shapes]
    assert flags == [("under 5 px",), ("covers nearly everything",), ("outside the picture",), ()]


def test_no_box_is_a_state_of_its_own():
    tree = page(boxes(), TASK, {"image_url": PHOTO})
    assert "Nothing to label" in words(tree)
    assert tree.xpath("//div[@class='answer-stage']/svg/image[@href]")
    assert read(boxes()).summary == "nothing to label"


def test_without_a_picture_the_shapes_stand_on_a_canvas_of_the_recorded_size():
    tree = page(boxes(HAND))
    assert tree.xpath("//div[@class='answer-stage']/svg[@viewbox='0 0 640 480']//rect[@x='275']")
    assert not tree.xpath("//image")
    assert "names no picture" in words(tree)


def test_each_widget_of_a_task_has_its_own_picture_by_number():
    tree = page(
        task_answers(
            {f"result_{place}": {"boundingBoxes": [HAND], "inputImageProperties": SIZE} for place in range(3)}
        ),
        None,
        {f"image_url_{place}": f"https://pictures.example/{place}.png" for place in range(3)},
    )
    found = [image.get("href")[-5:] for image in tree.xpath("//div[@class='answer-stage']/svg/image")]
    assert found == ["0.png", "1.png", "2.png"]


def test_a_picture_that_only_the_worker_names_is_a_link_and_is_not_loaded():
    answers = {"bbox-3": "[[1,2,30,40]]", "url-3": "https://tracker.example/pixel.png"}
    tree = page(named(answers))
    assert not tree.xpath("//image[@href] | //img[@src]")
    (link,) = tree.xpath("//a[@href='https://tracker.example/pixel.png']")
    assert link.get("rel") == "noopener noreferrer nofollow"
    assert "Only the worker names this picture" in words(tree)
    assert [(image.source, image.url) for image in read(named(answers)).images] == [
        ("worker", "https://tracker.example/pixel.png")
    ]


def test_the_same_address_is_loaded_where_the_requester_named_it_too():
    answers = {"bbox-3": "[[1,2,30,40]]", "url-3": "https://pictures.example/a.png"}
    tree = page(
        named(answers), None, {"image7": "https://pictures.example/a.png", "image8": "https://pictures.example/b.png"}
    )
    assert tree.xpath("//div[@class='answer-stage']/svg/image[@href='https://pictures.example/a.png']")


def test_rows_of_four_numbers_are_boxes_by_guess_and_say_so():
    part_ = part(read(task_answers({"bbox-0": json.dumps(json.dumps([[16, 32, 160, 80]])), "scale-0": "1.6"})), Shapes)
    assert part_.guess
    (box,) = part_.shapes
    assert (box.x, box.y, box.width, box.height) == ("10", "20", "100", "50")
    assert "guess" in words(page(plain(box="[[1,2,3,4]]")))


def test_rows_of_four_numbers_without_a_picture_or_a_name_for_it_stay_numbers():
    answer = read(plain(matrix="[[0,1,0,1],[1,0,1,0]]"))
    assert not [part for part in answer.parts if isinstance(part, Shapes)]


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ([{"left": 28, "top": 92, "width": 237, "height": 260, "label": "coat"}], ["box"]),
        ([{"x": 1, "y": 2, "w": 30, "h": 40, "class": "car"}], ["box"]),
        ([{"xmin": 1, "ymin": 2, "xmax": 30, "ymax": 40}], ["box"]),
        ([{"class": "a", "mode": "polygon", "data": [[1, 2], [30, 4], [5, 60]]}], ["polygon"]),
        (
            [{"class": "a", "mode": "bbox", "data": [[1, 2], [30, 40]]}, {"mode": "dot", "data": [[5, 6]]}],
            ["box", "point"],
        ),
        ([{"class": "a", "mode": "link", "data": [[1, 2], [30, 40]]}], ["polyline"]),
        ([{"label": "a", "points": [1, 2, 30, 4, 5, 60]}], ["polygon"]),
        ([{"label": "nose", "x": 1, "y": 2}], ["point"]),
    ],
)
def test_shapes_of_other_peoples_tools_are_drawn(value, kinds):
    drawing = part(read(plain(result=json.dumps(value))), Shapes)
    assert [shape.kind for shape in drawing.shapes] == kinds
    assert not drawing.sized


@pytest.mark.parametrize(
    ("value", "kind", "noun"),
    [
        (
            {"polygons": [{"label": "dog", "vertices": [{"x": 1, "y": 2}, {"x": 9, "y": 2}, {"x": 9, "y": 7}]}]},
            "polygon",
            "polygon",
        ),
        (
            {"polylines": [{"label": "way", "vertices": [{"x": 1, "y": 2}, {"x": 9, "y": 2}, {"x": 9, "y": 7}]}]},
            "polyline",
            "line",
        ),
        ({"lines": [{"label": "edge", "vertices": [{"x": 1, "y": 2}, {"x": 9, "y": 2}]}]}, "polyline", "line"),
        ({"keypoints": [{"label": "nose", "x": 4, "y": 5}]}, "point", "point"),
    ],
)
def test_every_drawing_widget_is_drawn(value, kind, noun):
    xml = task_answers({"w": {**value, "inputImageProperties": SIZE}})
    drawing = part(read(xml), Shapes)
    assert (drawing.shapes[0].kind, drawing.noun) == (kind, noun)
    tag = {"point": "path"}.get(kind, kind)
    assert page(xml).xpath(f"//div[@class='answer-stage']//g[@data-shape]/{tag}")


def test_a_lone_box_is_a_box_and_an_item_with_its_box_and_its_outline_is_one_shape():
    box = {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}
    assert [shape.kind for shape in part(read(task_answers({"boundingBox": box})), Shapes).shapes] == ["box"]
    outline = [{"x": 0.1, "y": 0.2}, {"x": 0.4, "y": 0.2}, {"x": 0.4, "y": 0.6}]
    blocks = [{"geometry": {"boundingBox": box, "polygon": outline}, "text": "Name:", "confidence": 38.4}]
    (shape,) = part(read(task_answers({"blocks": blocks})), Shapes).shapes
    assert (shape.kind, shape.label, shape.more) == ("polygon", "Name:", "confidence: 38.4")


def test_the_size_of_a_window_is_no_box():
    answer = read(plain(viewport='{"x":0,"y":0,"width":1280,"height":900}'))
    assert not [part for part in answer.parts if isinstance(part, Shapes)]


def test_fractions_of_a_picture_are_drawn_as_fractions():
    drawing = part(read(plain(result=json.dumps([{"x": 0.25, "y": 0.5, "width": 0.1, "height": 0.1}]))), Shapes)
    assert drawing.unit == 1000
    assert (drawing.shapes[0].x, drawing.shapes[0].y) == ("250", "500")


def test_keypoints_the_worker_left_out_are_named():
    question = html_question(
        '<crowd-form><crowd-keypoint name="k" labels="[\'nose\', \'left ear\']" src="https://p.example/a.png"></crowd-keypoint></crowd-form>'
    )
    xml = task_answers({"k": {"keypoints": [{"label": "nose", "x": 4, "y": 5}], "inputImageProperties": SIZE}})
    assert "Not marked: left ear" in words(page(xml, question))


def test_a_drawing_deep_inside_json_in_a_string_is_found_and_the_rest_is_kept():
    content = json.dumps({"boundingBoxes": [HAND], "inputImageProperties": SIZE})
    xml = task_answers({"dataset": 1, "annotations": [{"by": "me", "data": {"content": content}}]}, {"dataset": 2})
    tree = page(xml)
    assert tree.xpath("//g[@data-shape]/rect[@x='275']")
    assert "me" in words(tree)


def test_a_mask_lies_over_the_picture_with_a_legend_by_colour():
    question = html_question(
        f'<crowd-form><crowd-instance-segmentation name="m" src="{PHOTO}"></crowd-instance-segmentation></crowd-form>'
    )
    value = {
        "labeledImage": {"pngImageData": png(640, 480)},
        "instances": [{"color": "#2ca02c", "label": "cow"}, {"color": "#1f77b4", "label": "cow"}],
        "inputImageProperties": SIZE,
    }
    tree = page(task_answers({"m": value}), question)
    photo, mask = tree.xpath("//div[@class='answer-stage']/svg/image")
    assert photo.get("href") == PHOTO
    assert mask.get("href").startswith("data:image/png;base64,")
    assert [words(item) for item in tree.xpath("//ul[@class='answer-legend']/li")] == ["cow 1", "cow 2"]
    assert tree.xpath("//ul[@class='answer-legend']//rect/@fill") == ["#2ca02c", "#1f77b4"]
    assert read(task_answers({"m": value})).summary == "mask: cow ×2"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "not a PNG"),
        ("<script>alert(1)</script>", "not base64"),
        (png(60_000, 60_000), "60000 × 60000"),
        ("A" * 5_000_000, "too large"),
    ],
)
def test_a_mask_that_is_no_honest_png_is_refused_in_words(data, sentence):
    value = {"labeledImage": {"pngImageData": data}, "instances": [{"color": "#2ca02c", "label": "cow"}]}
    if len(data) > 4_000_000:
        from hits.answers.masks import png as checked

        assert sentence in checked(data)[3]
        return
    xml = task_answers({"m": value})
    assert part(read(xml), Mask).data == ""
    tree = page(xml)
    assert sentence in words(tree)
    assert not tree.xpath("//image")


def test_a_mask_of_another_size_than_the_picture_is_told():
    value = {"labeledImage": {"pngImageData": png(3, 2)}, "instances": [], "inputImageProperties": SIZE}
    assert "The mask is 3 × 2, the picture 640 × 480 pixels." in words(page(task_answers({"m": value})))


def test_entities_are_marked_in_the_tasks_text():
    question = html_question(
        '<crowd-entity-annotation name="ner" text="${text}"'
        " labels=\"[{label: 'per', fullDisplayName: 'Person'}, {label: 'org'}]\">"
        "</crowd-entity-annotation>"
    )
    text = "Ada works <i>for</i>\n  Acme & Co."
    entities = [
        {"startOffset": 0, "endOffset": 3, "label": "per"},
        {"startOffset": 23, "endOffset": 27, "label": "org"},
    ]
    tree = page(task_answers({"ner": {"entities": entities}}), question, {"text": text})
    marks = tree.xpath("//mark")
    assert [mark.text for mark in marks] == ["Ada", "Acme"]
    for mark in tree.xpath("//mark/sup"):
        mark.drop_tree()
    (shown,) = tree.xpath("//p[@class='answer-text']")
    assert shown.text_content() == text


def test_entities_without_their_text_are_a_table():
    tree = page(task_answers({"ner": {"entities": [{"startOffset": 47, "endOffset": 54, "label": "person"}]}}))
    assert [words(row) for row in tree.xpath("//tbody/tr")] == ["person 47 54"]
    assert not tree.xpath("//mark")


def test_an_offset_beyond_the_text_warns_instead_of_marking_something_else():
    question = html_question('<crowd-entity-annotation name="ner" text="short"></crowd-entity-annotation>')
    tree = page(task_answers({"ner": {"entities": [{"startOffset": 2, "endOffset": 99, "label": "x"}]}}), question)
    assert "beyond the text" in words(tree)
    assert not tree.xpath("//mark")


@pytest.mark.parametrize(("start", "end"), [(4, 7), (5, 8)])
def test_offsets_are_right_whether_an_emoji_counts_as_one_or_as_two(start, end):
    question = html_question('<crowd-entity-annotation name="ner" text="🐕 a dog runs"></crowd-entity-annotation>')
    xml = task_answers({"ner": {"entities": [{"startOffset": start, "endOffset": end, "label": "x"}]}})
    assert page(xml, question).xpath("//mark")[0].text == "dog"


def test_overlapping_stretches_keep_the_text_whole():
    found = [{"startOffset": 12, "endOffset": 21, "label": "a"}, {"startOffset": 12, "endOffset": 32, "label": "b"}]
    text = "0123456789 a marked part and another one"
    answer = part(read(task_answers({"ner": {"entities": found}}), None, {"text": text}), Spans)
    assert "".join(piece.text for piece in answer.pieces) == text
    assert [piece.also for piece in answer.pieces if piece.label] == [("b",), ()]


def test_pairs_of_numbers_are_stretches_of_the_input_of_that_name():
    text = "He took the last slice of the cake."
    answer = part(read(plain(situation="[[3,7],[12,22]]"), None, {"situation": text, "other": text}), Spans)
    assert [span.text for span in answer.spans] == ["took", "last slice"]
    assert answer.guess


def test_thumbnails_draw_the_boxes_and_hold_no_link_and_no_control():
    from django.template import engines

    template = engines["django"].from_string("{% load answers %}{% answer_thumbnail answer %}")
    small = template.render({"answer": read(boxes(HAND, {**HAND, "label": "Face"}), TASK, {"image_url": PHOTO})})
    assert small.count("<rect ") == 2
    assert f'src="{PHOTO}"' in small
    assert 'loading="lazy"' in small
    assert "<a" not in small
    assert "<input" not in small
    assert "2 boxes: Face, Hand" in small


def test_the_question_is_read_once_for_many_answers():
    assert read_question(TASK) is read_question(TASK)


def test_keypoints_name_what_is_missing_and_what_came_twice() -> None:
    question = html_question("<crowd-keypoint name=\"k\" labels=\"['nose', 'tail', 'ear']\"></crowd-keypoint>")
    points = [{"label": label, "x": 5, "y": place} for place, label in enumerate(["nose", "ear", "ear"])]
    said = words(page(task_answers({"k": {"keypoints": points, "inputImageProperties": SIZE}}), question))
    assert "Not marked: tail" in said
    assert "Marked more than once: ear ×2" in said


def test_what_a_task_showed_on_its_picture_is_shown_with_the_judgement_of_it() -> None:
    def asked(overlay: str) -> str:
        widget = f"<crowd-image-classifier name=q src='{PHOTO}' categories=\"['Good', 'Bad']\" overlay=\"{overlay}\">"
        return html_question(f"<crowd-form>{widget}</crowd-image-classifier></crowd-form>")

    xml = task_answers({"q": {"label": "Bad"}})
    boxes = asked("{boundingBox: {labels: ['cat'], value: [{left: 1, top: 2, width: 30, height: 40, label: 'cat'}]}}")
    tree = page(xml, boxes)
    assert "what was judged" in words(tree)
    assert tree.xpath("//div[@class='answer-stage']/svg/image/@href") == [PHOTO]
    assert tree.xpath("//div[@class='answer-stage']//g[@data-shape]/rect/@width") == ["30"]
    assert read(xml, boxes).summary == "Bad"  # the worker drew nothing
    mask = "https://pictures.example/mask.png"
    painted = f"{{semanticSegmentation: {{labelMappings: {{cat: {{color: '#2ca02c'}}}}, src: '{mask}'}}}}"
    assert page(xml, asked(painted)).xpath("//div[@class='answer-stage']/svg/image/@href") == [PHOTO, mask]
    # Without the task's page, an input that could only be an overlay is it, over the input's picture.
    inputs = {
        "image_url": PHOTO,
        "shown": "{'boundingBox': {labels: ['cat'], value: [{left:1,top:2,width:3,height:4}]},}",
    }
    (drawing,) = [
        part for part in read(named({"category.label": "Bad"}), None, inputs).parts if isinstance(part, Shapes)
    ]
    assert (drawing.judged, drawing.picture.url, len(drawing.shapes)) == (True, PHOTO, 1)
    tree = page(named({"a.label": "x", "b.label": "y"}), None, {"image_url": PHOTO})
    assert tree.xpath("//img[@class='answer-photo']/@src") == [PHOTO]  # once for both
    for odd in ("{boundingBox: 7}", "{semanticSegmentation: {src: 'javascript:alert(1)'}}", "[", "{}"):
        (seen,) = page(xml, asked(odd)).xpath("//img[@class='answer-photo']/@src")
        assert seen == PHOTO


def test_colours_short_names_and_the_way_out_are_those_the_task_chose() -> None:
    line = {"vertices": [{"x": 1, "y": 2}, {"x": 9, "y": 2}]}
    question = html_question(
        "<crowd-line name=l labels=\"['a', 'b', 'c']\" label-colors=\"['#F00', 'red;x', '#12ab34',]\"></crowd-line>"
        "<crowd-entity-annotation name=n text='Ada works' labels=\"[{label: 'person', shortDisplayName: 'per'}]\">"
        "</crowd-entity-annotation><crowd-classifier-multi-select name=m categories=\"['x', 'y']\""
        " exclusion-category=\"{ text: 'None of them' }\"></crowd-classifier-multi-select>"
    )
    lines = [{**line, "label": label} for label in "abcd"]
    entities = {"entities": [{"startOffset": 0, "endOffset": 3, "label": "person"}]}
    tree = page(task_answers({"l": {"lines": lines}, "n": entities, "m": {"labels": ["None of them"]}}), question)
    drawn = tree.xpath("//div[@class='answer-stage']//g[@data-shape]")
    assert [shape.get("color") for shape in drawn] == ["#ff0000", None, "#12ab34", None]
    assert ["is-painted" in shape.get("class") for shape in drawn] == [True, False, True, False]
    assert words(tree.xpath("//mark/sup")[0]) == "per"
    options = [words(item) for item in tree.xpath("//ul[@class='answer-options']/li")]
    assert options == ["x", "y", "chosen: None of them"]


@pytest.mark.parametrize(
    ("changed", "said"), [(True, "changed what the task had drawn"), (False, "left what the task")]
)
def test_whether_the_worker_changed_what_was_there_is_said(changed, said) -> None:
    drawn = {"boundingBoxes": [HAND], "inputImageProperties": SIZE, "initialValueModified": changed}
    painted = {"labeledImage": {"pngImageData": png(4, 4)}, "instances": [], "initialValueModified": changed}
    flattened = {"w.boundingBoxes": json.dumps([HAND]), "w.initialValueModified": str(changed).lower()}
    for xml in (task_answers({"w": drawn}), task_answers({"w": painted}), named(flattened)):
        assert said in words(page(xml))
    assert "the task had" not in words(page(boxes(HAND)))


def test_pointing_at_an_outline_has_its_corners_to_show() -> None:
    outline = {"label": "dog", "vertices": [{"x": 1, "y": 2}, {"x": 9, "y": 2}, {"x": 9, "y": 7}]}
    tree = page(task_answers({"w": {"polygons": [outline], "inputImageProperties": SIZE}}))
    assert tree.xpath("//g[@data-shape]/path[@class='corners']/@d") == ["M 1,2 h 0 M 9,2 h 0 M 9,7 h 0"]


def test_a_page_that_shows_its_picture_by_script_names_it_all_the_same() -> None:
    legacy = named({"annotation_data": json.dumps([HAND])})
    script = f'<script src="https://x.example/a.js"></script><script>start("{PHOTO}", "{PHOTO}");</script>'
    assert part(read(legacy, html_question(script)), Shapes).picture.url == PHOTO
    two = html_question(f"{script}<style>p {{ background: url('https://x.example/good.png') }}</style>")
    assert part(read(legacy, two), Shapes).picture.url == ""
    assert (
        part(read(legacy, html_question(script), {"image_url": "https://x.example/b.png"}), Shapes).picture.source
        == "input"
    )
