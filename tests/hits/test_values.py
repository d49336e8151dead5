"""What answers say field by field, and how far two of them agree."""

import base64
import json
import struct
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hits.answers.recorded import load_recorded, recorded_in
from hits.answers.values import MOST_FIELDS, SAME_DRAWING, compare, is_blank, is_drawing, key_of, same, values
from marketplace.documents import Answer as Written
from marketplace.documents import build_answers
from tests.hits.answers.documents import html_question, named, plain, png, task_answers

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def boxes(*found, label="Hand"):
    drawn = [{"kind": "box", "label": label, "points": [[x, y], [x + w, y + h]]} for x, y, w, h in found]
    return {"drawing": "shapes", "width": 640.0, "height": 480.0, "shapes": drawn}


def outline(*points, kind="polygon"):
    shape = {"kind": kind, "label": "", "points": [list(point) for point in points]}
    return {"drawing": "shapes", "width": 100.0, "height": 100.0, "shapes": [shape]}


def test_a_field_is_text_number_truth_options_or_nothing():
    question = html_question(
        '<form><input type="radio" name="mood" value="1"><input type="radio" name="mood" value="2">'
        '<input type="checkbox" name="topic" value="b"><input type="checkbox" name="topic" value="a">'
        '<input type="checkbox" name="sure"><textarea name="why"></textarea><input name="age" type="number">'
        '<input type="text" name="code"></form>'
    )
    answer = named(
        {
            "mood": "2",
            "topic": "b|a",
            "sure": "on",
            "why": " so \r\n it is ",
            "age": "31",
            "code": "007",
            "free": "4.50",
        }
    )
    assert values(answer, question) == {
        "mood": "2",
        "topic": ["a", "b"],
        "sure": True,
        "why": "so \n it is",
        "age": 31,
        "code": "007",
        "free": 4.5,
    }
    assert values(plain(blank="", gone="{}")) == {"blank": None, "gone": None}
    assert values("no answer at all") == {}


def test_the_three_encodings_of_an_answer_say_the_same():
    nested = {
        "box": {
            "boundingBoxes": [{"height": 83, "label": "Hand", "left": 275, "top": 146, "width": 77}],
            "inputImageProperties": {"height": 480, "width": 640},
        },
        "mood": {"label": "glad", "workerComment": "plain to see"},
        "seen": {"cat": True, "cow": False, "dog": True},
    }
    flat = {
        "box.boundingBoxes": json.dumps(nested["box"]["boundingBoxes"]),
        "box.inputImageProperties.height": "480",
        "box.inputImageProperties.width": "640",
        "mood.label": "glad",
        "mood.workerComment": "plain to see",
        "seen.cat": "true",
        "seen.cow": "false",
        "seen.dog": "true",
    }
    said = values(task_answers(nested))
    assert said["box"] == boxes((275, 146, 77, 83))
    assert said == values(named(flat)) == values(plain(taskAnswers=json.dumps(json.dumps([nested]))))
    assert (said["mood"], said["mood.workerComment"], said["seen"]) == ("glad", "plain to see", ["cat", "dog"])


def test_what_no_person_filled_in_is_left_out():
    answer = plain(word="cow", csrfmiddlewaretoken="x1", userAgent="Mozilla", workerTime="90.5", copied="row 7")
    assert values(answer, "", {"copied": "row 7"}) == {"word": "cow"}


def test_every_recording_says_something_that_agrees_with_itself(samples):
    kinds = set()
    for path in recorded_in(samples):
        recorded = load_recorded(path)
        said = values(recorded.answer_xml, recorded.question_xml, recorded.inputs)
        assert any(not is_blank(value) for value in said.values()), path.name
        assert all(compare(value, value) == 1.0 and same(value, value) for value in said.values()), path.name
        json.dumps(said, allow_nan=False)
        kinds |= {value["drawing"] for value in said.values() if is_drawing(value)}
    assert kinds == {"shapes", "mask", "spans"}


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        (" cow ", "cow", 1.0),
        ("Cow", "cow", 0.0),
        ("5", 5.0, 1.0),
        ("007", "7", 0.0),
        (None, "", 1.0),
        (False, None, 1.0),
        (True, None, 0.0),
        (["a", "b"], ["b", "a"], 1.0),
        (["a", "b"], ["b", "c"], 1 / 3),
        (boxes((0, 0, 10, 10)), boxes((5, 0, 10, 10)), 1 / 3),
        (boxes((0, 0, 10, 10)), boxes((0, 0, 10, 10), label="Foot"), 0.0),
        (boxes((0, 0, 10, 10)), boxes((0, 0, 10, 10), (50, 50, 9, 9)), 0.5),
        (boxes((0, 0, 9, 9), (50, 50, 9, 9)), boxes((50, 50, 9, 9), (0, 0, 9, 9)), 1.0),
        (boxes(), boxes(), 1.0),
        (boxes(), None, 1.0),
        (boxes((0, 0, 10, 10)), "a box", 0.0),
        # A square and its lower left half; a square and the star-like outline that covers half of it.
        (outline((0, 0), (10, 0), (10, 10), (0, 10)), outline((0, 0), (10, 10), (0, 10)), 0.501),
        (outline((0, 0), (1, 0), (1, 1)), outline((50, 50), (51, 50), (51, 51)), 0.0),
        (outline((10, 10), (90, 10), kind="polyline"), outline((90, 10), (10, 10), kind="polyline"), 1.0),
        (outline((0, 0), kind="point"), outline((0, 50**0.5), kind="point"), 0.0),
        (
            {"drawing": "spans", "spans": [[0, 6, "person"], [9, 12, "date"]]},
            {"drawing": "spans", "spans": [[0, 6, "person"], [9, 13, "date"]]},
            0.5,
        ),
    ],
)
def test_how_far_two_values_agree(one, other, agreement):
    assert compare(one, other) == compare(other, one) == pytest.approx(agreement, abs=0.01)
    enough = SAME_DRAWING if is_drawing(one) or is_drawing(other) else 1.0
    assert same(one, other) is same(other, one) is (agreement >= enough)


def painted(rows, colours, filter_kind=0):
    """A mask whose rows are strings of palette places."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines, above = [], bytes(len(rows[0]))
    for row in rows:
        line = bytes(int(cell) for cell in row)
        shifted = {
            0: line,
            1: bytes((cell - before) & 255 for cell, before in zip(line, b"\0" + line[:-1], strict=True)),
            2: bytes((cell - up) & 255 for cell, up in zip(line, above, strict=True)),
        }[filter_kind]
        lines.append(bytes([filter_kind]) + shifted)
        above = line
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    palette = b"\xff\xff\xff" + b"".join(bytes.fromhex(colour) for colour in colours)
    content = chunk(b"IHDR", header) + chunk(b"PLTE", palette) + chunk(b"IDAT", zlib.compress(b"".join(lines)))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + content + chunk(b"IEND", b"")).decode()


def mask(image, **labels):
    mapping = {label: {"color": f"#{colour}"} for label, colour in labels.items()}
    return values(task_answers({"m": {"labeledImage": {"pngImageData": image}, "labelMappings": mapping}}))["m"]


def test_masks_agree_by_their_pixels_whatever_colours_and_filters_they_use():
    one = mask(painted(["1100", "1100", "0022"], ["2ca02c", "1f77b4"]), Car="2ca02c", Dog="1f77b4")
    noisy = mask(painted(["2200", "2200", "0011"], ["1f78b5", "2ba12c"], 1), Car="2ca02c", Dog="1f77b4")
    less = mask(painted(["1100", "0000", "0022"], ["2ca02c", "1f77b4"], 2), Car="2ca02c", Dog="1f77b4")
    assert compare(one, noisy) == 1.0
    assert compare(one, less) == compare(less, one) == pytest.approx((0.5 + 1) / 2)
    assert compare(one, mask(painted(["10"], ["2ca02c"]), Car="2ca02c")) == 0.0
    broken = mask(png(2_000, 2_000), Car="2ca02c")
    assert compare(broken, broken) == 1.0
    assert compare(broken, one) == 0.0


def test_a_hostile_answer_is_bounded():
    crowd = {"p": {"polygons": [{"label": "x", "vertices": [{"x": i % 90, "y": i} for i in range(200)]}] * 600}}
    said = values(task_answers(crowd))
    assert len(said["p"]["shapes"]) <= 500
    shifted = json.loads(json.dumps(said["p"]))
    for place, shape in enumerate(shifted["shapes"]):
        shape["points"] = [[x + place % 7, y + place % 5] for x, y in shape["points"]]
    assert 0 <= compare(said["p"], shifted) <= 1
    assert len(values(task_answers({f"f{number}": 1 for number in range(5_000)}))) <= MOST_FIELDS
    deep = json.loads('{"a":' * 400 + "1" + "}" * 400)
    assert len(json.dumps(values(task_answers(deep)))) < 20_000
    assert compare({"drawing": "shapes", "shapes": [1, {"points": [["x"]]}]}, boxes((1, 1, 2, 2))) == 0.0


COORDINATES = st.integers(0, 60)
SHAPES = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["box", "polygon", "polyline", "point"]),
            "label": st.sampled_from(["a", "b"]),
            "points": st.lists(st.tuples(COORDINATES, COORDINATES).map(list), min_size=2, max_size=5),
        }
    ),
    max_size=5,
).map(lambda shapes: {"drawing": "shapes", "width": 60, "height": 60, "shapes": shapes})
SPANS = st.lists(st.tuples(COORDINATES, COORDINATES, st.sampled_from("ab")).map(list), max_size=4).map(
    lambda spans: {"drawing": "spans", "spans": spans}
)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=6),
    st.lists(st.text(max_size=3)),
)
ANY = st.one_of(PLAIN, SHAPES, SPANS)


@QUICK
@given(ANY, ANY)
def test_agreement_is_mutual_bounded_and_whole_with_oneself(one, other):
    agreement = compare(one, other)
    assert 0.0 <= agreement <= 1.0
    assert compare(other, one) == pytest.approx(agreement)
    assert same(one, other) is same(other, one)
    assert compare(one, one) == 1.0
    if key_of(one) == key_of(other):
        assert same(one, other)


@QUICK
@given(
    st.recursive(
        PLAIN,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
        max_leaves=15,
    )
)
def test_any_json_is_read_into_plain_values(tree):
    xml = build_answers([Written("taskAnswers", json.dumps([tree])), Written("q.boundingBoxes", json.dumps(tree))])
    said = values(xml)
    assert len(said) <= MOST_FIELDS
    json.dumps(said)
    assert all(same(value, value) and compare(value, value) == 1.0 for value in said.values())
