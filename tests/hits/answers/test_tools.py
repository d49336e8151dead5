"""What other people's pages and tools send: every form of a shape is drawn as what it is, and what only looks like one
stays what it says."""

import json
from urllib.parse import quote

import pytest
from django.template.loader import render_to_string
from lxml import html

from hits.answers import read
from hits.answers.parts import Fields, Mask, Shapes, Spans
from hits.answers.sources import Sources
from hits.answers.values import compare, values
from hits.views.values import shown_value

from .documents import html_question, named, part, png, task_answers, words
from .documents import page as drawn_page

PHOTO, OTHER = "https://pictures.example/a.jpg", "https://pictures.example/b.jpg"
ONE = {"image_url": PHOTO}
TEXT = "Ada Lovelace works for Acme Corp."
NER = [{"start": 0, "end": 12, "label": "PER"}, {"start": 23, "end": 32, "label": "ORG"}]
PNG = png(4, 4)


def answer(value):
    """A document: of a form where `value` is {name: text}, else with the value as JSON in one field, "result"."""
    texts = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return named(value if texts else {"result": json.dumps(value)})


def shapes(value, inputs=ONE):
    return [
        [(shape.kind, shape.label, shape.where.split(" · ")[0]) for shape in drawing.shapes]
        for drawing in read(answer(value), None, inputs).parts
        if isinstance(drawing, Shapes)
    ]


BOX = [("box", "car", "10, 20")]
TRIANGLE = [("polygon", "car", "3 points")]
RECT = {"x": 10, "y": 20, "width": 30, "height": 40}
CORNERS = [[10, 20], [40, 20], [40, 60]]
FLAT = [10, 20, 40, 20, 40, 60]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        # keys of every spelling, numbers of every kind
        ([{"Left": "10px", "Top": "20px", "Width": 30, "Height": 40, "Label": "car"}], BOX),
        ([{"top": 20, "left": 10, "bottom": 60, "right": 40, "name": "car"}], BOX),
        ([{"startX": 10, "startY": 20, "endX": 40, "endY": 60, "label": "car"}], BOX),
        ([{"x_min": 10, "y_min": 20, "x_max": 40, "y_max": 60, "class_name": "car"}], BOX),
        ([{"topLeft": {"x": 10, "y": 20}, "bottomRight": {"x": 40, "y": 60}, "label": "car"}], BOX),
        ([{"bbox": [10, 20, 30, 40], "category": "car"}], BOX),
        ([{"box": RECT, "label": {"name": "car"}}], BOX),
        ({"car": [RECT], "bus": [RECT]}, [*BOX, ("box", "bus", "10, 20")]),
        ({"rects": "[{'left': 10, 'top': 20, 'width': 30, 'height': 40, 'label': 'car', 'odd': None}]"}, BOX),
        ({"a": json.dumps([{**RECT, "label": "car"}]).replace('"', "&quot;")}, BOX),
        ({"a": quote(json.dumps([{**RECT, "label": "car"}]))}, BOX),
        # outlines, lines, points
        ([{"label": "car", "points": "10,20 40,20 40,60"}], TRIANGLE),
        ([{"label": "car", "d": "M10 20 h30 V60 Z"}], TRIANGLE),
        ([{"label": "car", "segmentation": [FLAT], "bbox": [10, 20, 30, 40], "iscrowd": 0}], TRIANGLE),
        ([{"label": "car", "mode": "dot", "data": [10, 20]}], [("point", "car", "10, 20")]),
        ([{"label": "car", "start": {"x": 10, "y": 20}, "end": {"x": 40, "y": 60}}], [("polyline", "car", "2 points")]),
        ([[{"x": 1, "y": 2}, {"x": 9, "y": 2}, {"x": 9, "y": 7}]] * 2, [("polygon", "", "3 points")] * 2),
        ([CORNERS, CORNERS], [("polygon", "", "3 points")] * 2),
        ({"polygon": json.dumps(CORNERS)}, [("polygon", "", "3 points")]),
        ({"outline": "10,20;40,20;40,60"}, [("polygon", "", "3 points")]),
        ({"clicks": "[[10,20],[40,60]]"}, [("point", "", "10, 20"), ("point", "", "40, 60")]),
        ({"clicks": '[{"x":10,"y":20,"t":1200}]'}, [("point", "", "10, 20")]),
        (
            {"face_landmarks": '{"nose":{"x":1,"y":2},"chin":[3,4]}'},
            [("point", "nose", "1, 2"), ("point", "chin", "3, 4")],
        ),
        ({"clickX": "120", "clickY": "88"}, [("point", "click", "120, 88")]),
        ({"bbox": "10, 20, 30, 40"}, [("box", "", "10, 20")]),
        ([{"x": 50, "y": 60, "r": 10, "label": "car"}], [("polygon", "car", "centre 50, 60")]),
        ({"注釈": json.dumps([{"ラベル": "犬", "座標": CORNERS}])}, [("polygon", "犬", "3 points")]),
        # tools
        (
            [
                {"shape_attributes": {"name": "rect", **RECT}, "region_attributes": {"kind": "car"}},
                {
                    "shape_attributes": {"name": "polygon", "all_points_x": [1, 9, 9], "all_points_y": [2, 2, 7]},
                    "region_attributes": {},
                },
            ],
            [*BOX, ("polygon", "", "3 points")],
        ),
        (
            {
                "shapes": [
                    {"label": "car", "points": [[10, 20], [40, 60]], "shape_type": "rectangle"},
                    {"label": "ball", "points": [[50, 60], [60, 60]], "shape_type": "circle"},
                ],
                "imageHeight": 480,
                "imageWidth": 640,
            },
            [*BOX, ("polygon", "ball", "centre 50, 60")],
        ),
        (
            {
                "images": [{"id": 1, "width": 640, "height": 480}],
                "annotations": [{"id": 7, "image_id": 1, "category_id": 2, "bbox": [10, 20, 30, 40]}],
                "categories": [{"id": 2, "name": "car"}],
            },
            BOX,
        ),
        (
            [
                {
                    "original_width": 200,
                    "original_height": 400,
                    "value": {"x": 5, "y": 5, "width": 15, "height": 10, "rectanglelabels": ["car"]},
                    "type": "rectanglelabels",
                }
            ],
            BOX,
        ),
        (
            {
                "features": [
                    {
                        "type": "Feature",
                        "properties": {"name": "car"},
                        "geometry": {"type": "Polygon", "coordinates": [CORNERS]},
                    }
                ]
            },
            TRIANGLE,
        ),
        (
            [
                {
                    "type": "Annotation",
                    "body": [{"value": "car", "purpose": "tagging"}],
                    "target": {"selector": {"type": "FragmentSelector", "value": "xywh=pixel:10,20,30,40"}},
                },
                {
                    "body": {"value": "car"},
                    "target": {"selector": {"value": '<svg><polygon points="10,20 40,20 40,60"/></svg>'}},
                },
            ],
            [*BOX, *TRIANGLE],
        ),
        (
            {
                "version": "5.3.0",
                "objects": [
                    {"type": "image", "left": 0, "top": 0, "width": 640, "height": 480, "scaleX": 1},
                    {"type": "rect", "left": 10, "top": 20, "width": 15, "height": 40, "scaleX": 2, "scaleY": 1},
                    {
                        "type": "polygon",
                        "left": 10,
                        "top": 20,
                        "points": [{"x": 0, "y": 0}, {"x": 9, "y": 0}, {"x": 9, "y": 9}],
                        "scaleX": 1,
                    },
                ],
            },
            [("box", "", "10, 20"), ("polygon", "", "3 points")],
        ),
        (
            [["Path", {"segments": [[10, 20], [[40, 20], [0, 0], [0, 0]], [40, 60]], "closed": True}]],
            [("polygon", "", "3 points")],
        ),
    ],
)
def test_a_shape_is_drawn_whoever_wrote_it(value, found):
    assert shapes(value) == [found]


@pytest.mark.parametrize(
    "value",
    [
        {"points": "10,20,30,40,50,60", "regions": "1,2,3,4", "date": "2020-01-02", "phone": "555-123-4567"},
        {"x": "120", "y": "88", "grid": "[[0,1,0],[1,0,1]]", "log": "[[12,330],[14,500],[19,820]]"},
        {"ranges": '{"age":[18,30],"income":[10,20]}', "outline": "I wrote 1,2 3,4 5,6"},
        [{"trial": 1, "rt": 400, "x": 10, "y": 3, "choice": "left"}],
        [{"id": 1, "name": "Bob", "category": "x"}],
        [{"start": 0.5, "end": 2.25, "label": "speech"}],
        {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [-74.1, 40.7]}}],
        },
        {
            "cuboids": [
                {"center-x": -2.6, "center-y": -12.4, "center-z": 0.04, "length": 3.9, "width": 2.1, "height": 1.3}
            ]
        },
    ],
)
def test_numbers_that_are_no_shapes_stay_fields(value):
    answer_ = read(answer(value), None, {})
    assert not [drawing for drawing in answer_.parts if isinstance(drawing, (Shapes, Spans, Mask))]
    assert [drawing for drawing in answer_.parts if isinstance(drawing, Fields)]


def test_what_stands_beside_a_drawing_belongs_to_it():
    # the size of the window it was drawn in, in a field of its own
    drawing = part(
        read(
            task_answers({"coordinates": json.dumps([{"mode": "dot", "data": [477, 272]}]), "imageSize": "[731, 485]"})
        ),
        Shapes,
    )
    assert (drawing.sized, drawing.width, drawing.height) == (True, "731", "485")
    # a size whose column was renamed
    renamed = {
        "r_0.boundingBoxes": json.dumps([{**RECT, "label": "car"}]),
        "r.inputImageProperties.width": "720",
        "r.inputImageProperties.height": "576",
    }
    drawing = part(read(named(renamed)), Shapes)
    assert (drawing.width, drawing.height) == ("720", "576")
    # the picture each item names, and the one at the same place of the task's list
    named_points = [
        {"url": PHOTO, "head": {"x": 1, "y": 2}, "tail": {"x": 3, "y": 4}},
        {"url": OTHER, "head": "out of frame", "tail": {"x": 5, "y": 6}},
    ]
    listed = [[{"mode": "dot", "data": [4, 7]}], [{"mode": "dot", "data": [1, 2]}]]
    for value, inputs in (
        (named_points, {"image1": PHOTO, "image2": OTHER}),
        (listed, {"img_urls": json.dumps([PHOTO, OTHER])}),
        (listed, {"urls": f"{PHOTO},{OTHER}"}),
    ):
        answer_ = read(answer(value), None, inputs)
        assert [drawing.picture.url for drawing in answer_.parts if isinstance(drawing, Shapes)] == [PHOTO, OTHER]
    assert "out of frame" in words(drawn_page(answer(named_points), None, {"image1": PHOTO, "image2": OTHER}))
    # what an item says beside its corners
    (row,) = drawn_page(answer([{**RECT, "label": "sign", "occluded": True, "text": "STOP"}])).xpath("//tbody/tr")
    assert words(row) == "1 sign occluded: yes, text: STOP 10, 20 · 30 × 40"
    # four numbers that would leave the picture as widths are corners
    drawing = part(read(task_answers({"boxes": "[[100,100,600,400]]", "imageWidth": 640, "imageHeight": 480})), Shapes)
    assert (drawing.shapes[0].where, "right, bottom" in drawing.guess) == ("100, 100 · 500 × 300", True)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (NER, [("Ada Lovelace", "PER"), ("Acme Corp", "ORG")]),
        ([[0, 12, "PER"], [23, 32, "ORG"]], [("Ada Lovelace", "PER"), ("Acme Corp", "ORG")]),
        ([{"value": {"start": 0, "end": 12, "text": "Ada Lovelace", "labels": ["PER"]}}], [("Ada Lovelace", "PER")]),
        ({"selectedTokens": [{"start": 4, "end": 11, "token": "Lovelace"}]}, [("Lovelace", "")]),
        ({"entities": [{"startOffset": "0", "endOffset": "12", "label": "PER"}]}, [("Ada Lovelace", "PER")]),
    ],
)
def test_marked_text_is_marked_whoever_wrote_it(value, found):
    spans = part(read(answer(value), None, {"text": TEXT}), Spans)
    assert [(span.text, span.label) for span in spans.spans] == found
    assert "".join(piece.text for piece in spans.pieces) == TEXT


def test_a_text_in_the_answer_serves_where_the_task_has_none():
    spans = part(read(answer({"text": TEXT, "label": [[0, 12, "PER"]]}), None, {}), Spans)
    assert (spans.spans[0].text, spans.source) == ("Ada Lovelace", "the answer")


def test_pictures_in_an_answer_lie_over_the_tasks_where_their_name_says_so():
    for value in ({"mask": PNG}, {"result": json.dumps({"mask": f"data:image/png;base64,{PNG}", "label": "dog"})}):
        mask = part(read(named(value), None, ONE), Mask)
        assert (mask.picture.url, mask.width, bool(mask.guess), mask.empty) == (PHOTO, 4, True, False)
    jpeg = "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQEASABIAAD/2w=="
    tree = drawn_page(
        named(
            {
                "signature": PNG,
                "photo": jpeg,
                "bad": "data:image/gif;base64,AAAA",
                "svg": "data:image/svg+xml;base64,AAAA",
            }
        ),
        None,
        {},
    )
    assert tree.xpath("//img/@src") == [f"data:image/png;base64,{PNG}", jpeg]


def test_two_windows_of_different_size_agree_about_one_picture():
    here = {"coordinates": json.dumps([{"mode": "polygon", "data": CORNERS}]), "imageSize": "[200, 100]"}
    there = {
        "coordinates": json.dumps([{"mode": "polygon", "data": [[2 * x, 2 * y] for x, y in CORNERS]}]),
        "imageSize": "[400, 200]",
    }
    said = [values(task_answers(fields), "", ONE)["coordinates"] for fields in (here, there)]
    assert compare(*said) > 0.97
    assert compare(*reversed(said)) > 0.97
    apart = values(task_answers({**there, "imageSize": "[200, 100]"}), "", ONE)["coordinates"]
    assert compare(said[0], apart) < 0.5


def test_a_line_has_a_direction_an_outline_its_share_and_a_turned_box_says_so():
    way = [{"label": "way", "vertices": [{"x": 0, "y": 0}, {"x": 50, "y": 0}, {"x": 50, "y": 50}]}]
    size = {"height": 100, "width": 100}
    tree = drawn_page(task_answers({"w": {"polylines": way, "inputImageProperties": size}}), html_question(""))
    way_, head = tree.xpath("//div[@class='answer-stage']//g[@data-shape]/polyline")
    assert (way_.get("points"), head.get("points").split()[1]) == ("0,0 50,0 50,50", "50,50")
    outline = part(read(task_answers({"w": {"polygons": way, "inputImageProperties": size}})), Shapes).shapes[0]
    assert outline.where.endswith("12.5 %")
    assert part(read(answer([{**RECT, "rotation": 30}])), Shapes).shapes[0].flags == ("turned by 30°, drawn upright",)


def test_a_graphs_arrows_are_said_in_the_words_of_its_nodes():
    steps = {"S": "go", "1": "lift", "G": "grab"}
    edges = {"S": ["S->1"], "1": ["1 -> G"], "G": []}
    listed = [{"id": 1, "label": "lift"}, {"id": 2, "label": "grab"}]
    tree = drawn_page(named({"nodes": json.dumps(steps), "edges": json.dumps(edges)}))
    assert "go → lift lift → grab" in words(tree)
    tree = drawn_page(task_answers({"points": listed, "links": [{"source": 1, "target": 2, "id": 3}]}))
    assert "lift → grab" in words(tree)
    for other in ('{"b": ["x -> y", "z"]}', '[{"from": "2019", "to": "2020", "employer": "Acme"}]'):
        assert "→" not in words(drawn_page(named({"a": other})))


def test_side_by_side_a_drawing_without_a_size_takes_the_pictures():
    said = values(answer([{**RECT, "label": "car"}]), "", ONE)["result"]
    drawn = shown_value(said, "result", Sources(None, ONE))
    small = html.fromstring(render_to_string("hits/value.html", {"value": drawn, "alt": "A1"}))
    (photo,) = small.xpath("//image")
    assert (photo.get("href"), photo.get("width")) == (PHOTO, None)  # its own size, which the script looks at
    assert small.xpath("//figure[@data-drawing]/svg[@data-svg][@data-sized='no']/g[@data-marks]/g/rect/@x") == ["10"]


def test_a_drawing_that_is_the_tasks_own_input_says_that_it_was_left_as_it_was():
    inputs = {**ONE, "boxes": json.dumps([{**RECT, "label": "car"}])}
    for text, changed in ((inputs["boxes"].replace(" ", ""), False), (inputs["boxes"].replace("10", "11"), None)):
        assert part(read(named({"boxes": text}), None, inputs), Shapes).changed is changed
