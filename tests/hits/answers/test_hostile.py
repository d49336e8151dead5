"""Whatever a worker sends is text: payloads in every slot, documents that are none, and answers made to be too much."""

import json
import time

import pytest
from lxml import html

from hits.answers import Answer, read, search_text
from hits.answers.parts import Shapes
from hits.answers.values import values
from marketplace.documents import Answer as Written
from marketplace.documents import build_answers

from .documents import draw, html_question, named, page, part, plain, png, task_answers, words

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    '" style="background:url(https://evil.example)" x="',
    "</title></style></textarea></pre></details><svg onload=alert(1)>",
    "</svg><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "javascript:alert(1)",
    "  JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "https://evil.example/\"onmouseover='alert(1)'",
    "{{ settings.SECRET_KEY }}{% debug %}",
    "<!--",
    "]]>",
    "&lt;script&gt;&#60;b&#62;",
    "\u202egnp.exe",
    "a\u0000b\u001b[31m",
    "x" * 3_000,
]
SIZE = {"height": 480, "width": 640}
OUR_TAGS = """div p span ul li dl dt dd details summary pre bdi code table thead tbody tr th td section header h3 svg g
    rect text polygon polyline path image title label input button b mark sup a img progress hr"""
OUR_ATTRIBUTES = """class data-answer role tabindex aria-label aria-hidden title dir href src alt loading decoding
    referrerpolicy target rel viewbox width height x y points d fill font-size preserveaspectratio scope open hidden
    checked type min max value data-drawing data-stage data-svg data-sized data-unit data-marks data-label data-shape
    data-row data-toggle data-fill data-share data-missing data-mismatch data-zoom data-zoom-tools data-opacity
    data-mask data-photo data-thumb data-little color data-mask-only"""
TAGS, ATTRIBUTES = set(OUR_TAGS.split()), set(OUR_ATTRIBUTES.split())


def slots(payload: str) -> dict[str, tuple[str, str | None, dict[str, str]]]:
    """Documents with the payload in one place each: (answer, question, inputs)."""
    box = {"label": payload, "left": 10, "top": 10, "width": 50, "height": 50}
    vertices = [{"x": 1, "y": 1}, {"x": 9, "y": 1}, {"x": 9, "y": 9}]
    form = (
        '<QuestionForm xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2017-11-06/QuestionForm.xsd">'
        "<Question><QuestionIdentifier>q</QuestionIdentifier><QuestionContent><Text>{}</Text></QuestionContent>"
        "<AnswerSpecification><SelectionAnswer><Selections><Selection><SelectionIdentifier>s</SelectionIdentifier>"
        "<Text>{}</Text></Selection></Selections></SelectionAnswer></AnswerSpecification></Question></QuestionForm>"
    )
    escaped = payload.replace("\x00", "").replace("\x1b", "").replace("&", "&amp;").replace("<", "&lt;")
    entity = {"entities": [{"startOffset": 0, "endOffset": 3, "label": payload}]}
    mask = {"labeledImage": {"pngImageData": png(4, 4)}, "inputImageProperties": SIZE}
    return {
        "text": (plain(field=payload), None, {}),
        "name": (named({payload: "value", payload + "2": "7"}), None, {}),
        "flattened name": (named({f"{payload}.label": "x", f"{payload}.on": "true"}), None, {}),
        "key": (task_answers({payload: {payload: {payload: payload}}}), None, {}),
        "list": (task_answers({"list": [payload, payload, {"deep": payload}]}), None, {}),
        "box label": (task_answers({"w": {"boundingBoxes": [box], "inputImageProperties": SIZE}}), None, {}),
        "coordinates": (
            task_answers({"w": {"boundingBoxes": [{**box, "left": payload}], "inputImageProperties": SIZE}}),
            None,
            {},
        ),
        "size": (
            task_answers(
                {"w": {"boundingBoxes": [box], "inputImageProperties": {"width": payload, "height": payload}}}
            ),
            None,
            {},
        ),
        "polygon": (task_answers({payload: {"polygons": [{"label": payload, "vertices": vertices}]}}), None, {}),
        "vertices": (
            task_answers({"w": {"polygons": [{"label": "a", "vertices": [{"x": payload, "y": 1}]}]}}),
            None,
            {},
        ),
        "keypoint": (task_answers({"w": {"keypoints": [{"label": payload, "x": 1, "y": 2}]}}), None, {}),
        "mode": (
            plain(c=json.dumps([{"class": payload, "mode": payload, "data": [[1, 2], [3, 4], [5, 6]]}])),
            None,
            {},
        ),
        "entity": (task_answers({"w": entity}), None, {"text": "Ada works for a company here"}),
        "entity text": (task_answers({"w": entity}), None, {"text": payload + " and more words"}),
        "offsets": (task_answers({"w": {"entities": [{"startOffset": payload, "endOffset": 3}]}}), None, {}),
        "mask": (task_answers({"w": {**mask, "instances": [{"label": payload, "color": payload}]}}), None, {}),
        "mask colour": (task_answers({"w": {**mask, "labelMappings": {payload: {"color": payload}}}}), None, {}),
        "png": (task_answers({"w": {"labeledImage": {"pngImageData": payload}}}), None, {}),
        "category": (task_answers({"w": {"label": payload, "workerComment": payload}}), None, {}),
        "categories": (task_answers({"w": {"labels": [payload, "b"]}}), None, {}),
        "booleans": (task_answers({"w": {payload: True, "other": False}, payload: {"on": True}}), None, {}),
        "url": (named({"bbox-1": "[[1,2,3,4]]", "url-1": payload, "url-2": "https://e.example/" + payload}), None, {}),
        "image input": (task_answers({"w": {"boundingBoxes": [box]}}), None, {"image_url": payload}),
        "echo": (plain(prompt=payload), None, {"prompt": payload}),
        "selection": (
            build_answers([Written("q", selection_identifiers=(payload,), other_selection=payload)]),
            form.format("?", "!"),
            {},
        ),
        "file": (build_answers([Written("q", uploaded_file_key=payload, uploaded_file_size=3)]), None, {}),
        "question words": (
            build_answers([Written("q", selection_identifiers=("s",))]),
            form.format(escaped, escaped),
            {},
        ),
        "question page": (
            task_answers({"w": {"boundingBoxes": [box]}}),
            html_question(
                f'<crowd-form><crowd-bounding-box name="w" src="{payload}" labels="{payload}" header="{payload}">'
            ),
            {},
        ),
    }


def check_inert(markup: str) -> html.HtmlElement:
    """Assert that a page holds nothing but our own elements and attributes, and only addresses that cannot run."""
    tree = html.fromstring(f"<div>{markup}</div>")
    for element in tree.iter():
        assert isinstance(element.tag, str), "a comment or an instruction came through"
        assert element.tag in TAGS, element.tag
        for name, value in element.attrib.items():
            assert name.lower() in ATTRIBUTES, f"{name} of {element.tag}"
            if name in ("href", "src"):
                allowed = (
                    ("https://", "http://", "data:image/png;base64,") if element.tag != "a" else ("https://", "http://")
                )
                assert value.startswith(allowed), value
            if name == "fill":
                assert len(value) == 7
                assert int(value[1:], 16) >= 0
    return tree


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload[:24].encode("unicode_escape").decode())
def test_a_payload_is_inert_in_every_slot(payload):
    for slot, (answer_xml, question, inputs) in slots(payload).items():
        answer = read(answer_xml, question, inputs)
        assert "could not be shown" not in answer.problem, slot
        check_inert(draw(answer))
        answer.summary.encode()
        sought = search_text(answer_xml)
        sought.encode()
        assert "\x00" not in answer.summary + sought, slot


def test_a_workers_script_is_text_that_can_be_read():
    assert "<script>alert(1)</script>" in words(page(plain(comment="<script>alert(1)</script>")))


def test_characters_that_reorder_or_hide_text_are_made_visible():
    tree = page(plain(file="invoice\u202egnp.exe", bell="a\u0085b"))
    assert "invoice[U+202E]gnp.exe" in words(tree)
    assert "a[U+0085]b" in words(tree)


def test_half_of_a_character_does_not_break_the_page():
    xml = plain(taskAnswers='[{"a":"\\ud800","\\udfff":{"label":"\\ud800"}}]')
    draw(read(xml)).encode("utf-8")
    assert "[U+D800]" in words(page(xml))


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example/x",
        "https://",
        "http:// x",
    ],
)
def test_only_web_addresses_become_links(address):
    assert not page(plain(field=address, other=json.dumps({"deep": address}))).xpath("//a | //image[@href] | //img")


BOMB = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
NAMESPACE = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/QuestionFormAnswers.xsd"


def answers(text: str, namespace: str = NAMESPACE) -> str:
    """A document of one text, written by hand."""
    return (
        f'<QuestionFormAnswers xmlns="{namespace}"><Answer><QuestionIdentifier>a</QuestionIdentifier>'
        f"<FreeText>{text}</FreeText></Answer></QuestionFormAnswers>"
    )


@pytest.mark.parametrize(
    "document",
    [
        "",
        "not XML at all",
        "<QuestionFormAnswers>",
        BOMB + answers("&c;"),
        f'<!DOCTYPE a SYSTEM "file:///etc/passwd"><QuestionFormAnswers xmlns="{NAMESPACE}"/>',
        answers("&c;"),
        answers("a", namespace="http://evil.example/"),
        "<html><body><script>alert(1)</script></body></html>",
        answers("x" * 10_000_000),
        "<a>" * 10_000 + "</a>" * 10_000,
    ],
    ids=["empty", "text", "unclosed", "bomb", "external", "undefined", "namespace", "html", "10 MB", "deep"],
)
def test_a_document_that_is_none_is_shown_raw_with_a_note(document):
    start = time.process_time()
    answer = read(document)
    markup = draw(answer)
    assert time.process_time() - start < 1
    assert answer.problem
    assert not answer.parts
    assert len(markup) < 200_000
    tree = check_inert(markup)
    assert words(tree.find_class("answer-problem")[0]) == answer.problem
    (raw,) = tree.xpath("//details[@class='answer-raw'][@open]/pre")
    assert words(raw)[:40] == " ".join(document[:80].split())[:40]


@pytest.mark.parametrize(
    "value",
    [
        "[" * 10_000 + "]" * 10_000,
        '{"a":' * 10_000 + "1" + "}" * 10_000,
        "[" * 900 + "]" * 900,
        '{"a":' * 400 + "1" + "}" * 400,
        json.dumps({f"key{place}": place for place in range(100_000)}),
        json.dumps([[place, "x"] for place in range(100_000)]),
        "9" * 100_000,
        "[" + "9" * 10_000 + "]",
        "x" * 3_000_000,
        "\n" * 1_000_000,
        '"' * 100_000,
        "\\" * 100_000,
        json.dumps(json.dumps(json.dumps(json.dumps(json.dumps({"a": 1}))))),
    ],
    ids=[
        "lists",
        "dicts",
        "900",
        "400",
        "keys",
        "rows",
        "digits",
        "number",
        "letters",
        "lines",
        "quotes",
        "slashes",
        "nested",
    ],
)
@pytest.mark.parametrize("name", ["field", "taskAnswers", "bbox-1", "w.boundingBoxes"])
def test_too_much_is_bounded_in_time_and_size(value, name):
    xml = named({name: value, "after": "still here"})
    start = time.process_time()
    answer = read(xml)
    markup = draw(answer)
    assert time.process_time() - start < 5  # what is not bounded takes minutes
    assert "could not be shown" not in answer.problem
    assert len(markup) < 1_000_000
    # Beyond four hundred rows the rest is counted instead.
    assert "still here" in markup or "more fields are not shown" in markup
    assert len(search_text(xml)) <= 20_000


def test_a_hundred_thousand_boxes_are_drawn_in_part_and_say_so():
    many = "[" + ",".join(['{"left":1,"top":2,"width":30,"height":4}'] * 90_000) + "]"
    start = time.process_time()
    answer = read(plain(**{"w.boundingBoxes": many}))
    markup = draw(answer)
    assert time.process_time() - start < 1
    drawing = part(answer, Shapes)
    assert len(drawing.shapes) == 500
    assert drawing.more == 89_500
    assert "89500 more boxes are not drawn" in markup


def test_forty_drawings_are_shown_and_the_others_counted():
    box = [{"left": 1, "top": 2, "width": 30, "height": 40}]
    answer = read(task_answers({f"w{place}": {"boundingBoxes": box} for place in range(100)}))
    assert "60 more drawings are not shown" in draw(answer)


@pytest.mark.parametrize(
    "number",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1e308",
        "-5",
        "1e-300",
        "99999999999999999999",
        "true",
        "null",
        '"7"',
        '"x"',
    ],
)
def test_numbers_that_are_none_or_enormous_leave_svg_well_formed(number):
    box = f'{{"label":"a","left":{number},"top":2,"width":30,"height":{number}}}'
    for text in (
        f'[{{"w":{{"boundingBoxes":[{box}],"inputImageProperties":{{"width":{number},"height":{number}}}}}}}]',
        f'[{{"w":{{"keypoints":[{{"label":"a","x":{number},"y":1}}]}}}}]',
        f'[{{"bbox":[[{number},1,2,3]]}}]',
        f'[{{"w":{{"entities":[{{"label":"a","startOffset":{number},"endOffset":5}}]}}}}]',
    ):
        answer = read(plain(taskAnswers=text), None, {"text": "some text here"})
        assert "could not be shown" not in answer.problem
        tree = check_inert(draw(answer))
        for element in tree.iter("svg", "rect", "image", "text", "path", "polygon", "g"):
            for key in ("x", "y", "width", "height", "font-size", "d", "points", "viewbox"):
                assert not {"nan", "inf", "e+"} & {
                    found for found in ("nan", "inf", "e+") if found in element.get(key, "").lower()
                }
            assert float(element.get("width") or 0) >= 0


ROWS, LINE = [[1, 2, 3, 4]] * 60, [[1, 2], [30, 40], [50, 6]]


@pytest.mark.parametrize(
    ("drawn", "shapes"),
    [
        ([*ROWS, 5], 60),
        ([*ROWS, None, [6, 7, 8, 9]], 61),
        ({"car": [*ROWS, 5], "dog": ROWS}, 0),
        ({"car": [*ROWS, [1]], "dog": ROWS}, 0),
        ([{"scaleX": 1, "points": LINE, "path": [5]}], 1),
        ([{"scaleX": 1, "points": LINE, "path": [{}]}], 1),
        ([{"scaleX": 1, "points": LINE, "path": [None]}], 1),
    ],
    ids=["number", "nothing", "number of a label", "short row of a label", "step", "step of keys", "no step"],
)
def test_one_that_is_none_among_shapes_does_not_hide_the_others(drawn, shapes):
    xml = named({"boxes": json.dumps(drawn), "after": "still here"})
    answer = read(xml)
    assert not answer.problem
    assert "still here" in draw(answer)
    said = values(xml)
    assert said["after"] == "still here"
    if shapes:
        assert len(part(answer, Shapes).shapes) == shapes
        assert len(said["boxes"]["shapes"]) == shapes


def test_a_drawing_of_negative_size_is_drawn_the_other_way_and_flagged():
    box = {"label": "a", "left": 100, "top": 100, "width": -50, "height": -20}
    (shape,) = part(read(task_answers({"w": {"boundingBoxes": [box], "inputImageProperties": SIZE}})), Shapes).shapes
    assert (shape.x, shape.y, shape.width, shape.height) == ("50", "80", "50", "20")
    assert "negative size" in shape.flags


def test_a_hostile_question_does_not_hurt_the_answer():
    for question in (
        "<" * 100_000,
        html_question("<crowd-form>" + "<div>" * 20_000),
        html_question('<crowd-bounding-box name="w" labels="' + "[" * 5_000 + '">'),
        "x" * 2_000_000,
        f"{BOMB}<QuestionForm>&c;</QuestionForm>",
    ):
        start = time.process_time()
        answer = read(plain(field="hello"), question)
        assert time.process_time() - start < 1
        assert isinstance(answer, Answer)
        assert "hello" in words(page(plain(field="hello"), question))
