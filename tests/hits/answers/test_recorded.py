"""Answers that workers really gave: read from the folder HITDESK_SAMPLES names, and what such files may look like."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from hits.answers import read
from hits.answers.parts import Fields, Mask, Shapes, Spans, Technical
from hits.answers.recorded import Recorded, RecordedError, load_recorded, recorded_in
from hits.questions import read_question
from marketplace.documents import parse_answers, parse_question

from .documents import draw, row
from .test_hostile import check_inert


@pytest.fixture(scope="session")
def recordings(samples: Path) -> Path:
    return samples / "answers" if (samples / "answers").is_dir() else samples


def test_every_recording_is_read_drawn_and_says_something(recordings):
    seen = 0
    for path in recorded_in(recordings):
        recorded = load_recorded(path)
        answer = read(recorded.answer_xml, recorded.question_xml, recorded.inputs)
        assert answer.problem == "", path.name
        assert answer.parts, path.name
        assert answer.summary not in ("", "nothing submitted", "all blank"), path.name
        check_inert(draw(answer))
        assert parse_answers(recorded.answer_xml), path.name
        assert not read_question(recorded.question_xml).problem, path.name
        assert parse_question(recorded.question_xml).html, path.name
        seen += 1
    assert seen


def load(recordings: Path, start: str):
    found = list(recordings.glob(f"{start}_*"))
    if not found:
        pytest.skip(f"This folder has no recording {start}.")
    recorded = load_recorded(found[0])
    return read(recorded.answer_xml, recorded.question_xml, recorded.inputs)


def only(answer, kind):
    return [part for part in answer.parts if isinstance(part, kind)]


@pytest.mark.parametrize(
    ("start", "count", "labels", "size", "picture"),
    [
        ("a01", 6, ["Car 1", "Car 2", "Car 3", "Car 4", "Car 5", "Car 6"], ("3227", "1523"), False),
        ("a05", 2, ["Left Hand", "Right Hand"], ("640", "480"), True),
        ("a08", 2, ["Hand"], ("640", "480"), True),
        ("a15", 1, ["babycoat"], None, True),
        ("a17", 6, ["person", "house"], None, True),
        ("d01", 6, ["cat", "dog"], ("962", "1314"), False),
        ("d02", 2, ["sideline", "yardline"], ("2048", "1254"), False),
        ("d03", 2, ["sideline", "yardline"], ("2048", "1254"), False),
    ],
)
def test_recorded_shapes(recordings, start, count, labels, size, picture):
    (drawing,) = only(load(recordings, start), Shapes)
    assert len(drawing.shapes) == count
    assert [entry.label for entry in drawing.legend] == labels
    assert size is None or (drawing.width, drawing.height) == size
    assert bool(drawing.picture.url) == picture
    assert not drawing.guess


def test_the_recorded_slip_of_the_mouse_is_flagged(recordings):
    (drawing,) = only(load(recordings, "a03"), Shapes)
    assert [shape.label for shape in drawing.shapes if "under 5 px" in shape.flags] == ["Car 6"]


def test_recorded_boxes_in_a_string_in_a_string_are_guessed_on_the_picture_of_their_number(recordings):
    answer = load(recordings, "a13")
    drawings = {drawing.heading: drawing for drawing in only(answer, Shapes)}
    assert len(drawings) == 22
    assert all(drawing.guess for drawing in drawings.values())
    assert len(drawings["bbox-0"].shapes) == 4
    assert drawings["bbox-0"].picture.url.endswith("2010_003381.jpg.frost_141.png")
    assert drawings["bbox-9"].shapes == ()
    # Pictures the requester's input does not name are not loaded.
    assert drawings["bbox-11"].picture.url == ""
    assert drawings["bbox-11"].picture.link.host == "mturk-host.s3.us-east-2.amazonaws.com"


@pytest.mark.parametrize(
    ("start", "labels", "size"),
    [
        ("a09", ["dog"], (500, 375)),
        ("a11", [f"cow {number}" for number in range(1, 9)], (500, 375)),
        ("a35", ["person"], (500, 375)),
        ("s01", ["Cat", "Dog"], (16, 12)),
    ],
)
def test_recorded_masks(recordings, start, labels, size):
    (mask,) = only(load(recordings, start), Mask)
    assert [entry.label for entry in mask.legend] == labels
    assert all(entry.fill for entry in mask.legend)
    assert (mask.width, mask.height) == size
    assert mask.data
    assert mask.problem == ""


def test_recorded_entities_without_their_text(recordings):
    (spans,) = only(load(recordings, "a33"), Spans)
    assert {entry.label: entry.count for entry in spans.legend} == {"intervention": 9, "outcome": 9}
    assert spans.pieces == ()


def test_recorded_radio_buttons_are_choices(recordings):
    answer = load(recordings, "a01")
    assert [option.text for option in row(answer, "_1monitor").options if option.chosen] == ["midsize"]
    assert [option.text for option in row(answer, "_2cursor").options if option.chosen] == ["mouse"]
    (fields,) = only(load(recordings, "d05"), Fields)
    chosen = {row.label: [option.text for option in row.options if option.chosen] for row in fields.rows if row.options}
    assert chosen["btn"] == ["yes"]
    assert chosen["image_attributes"] == ["blurry", "dim"]


def test_the_recorded_api_document_shows_its_fields_and_folds_its_token(recordings):
    answer = load(recordings, "a32")
    (technical,) = only(answer, Technical)
    assert {"csrfmiddlewaretoken", "workerId"} <= {row.label for row in technical.rows}
    assert row(answer, "mentionPair").text == "span-gloss:span-gloss"
    assert "Nepal" in [step.text for step in row(answer, "response").tree]


def test_recorded_boxes_inside_a_consolidation_payload_are_found(recordings):
    drawings = only(load(recordings, "a31"), Shapes)
    assert [[shape.label for shape in drawing.shapes] for drawing in drawings] == [["Red", "Green"], ["Green", "Red"]]


def written(folder: Path, content: object, name: str = "one.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_recording_brings_its_assignment_inputs_and_reward(tmp_path):
    recorded = load_recorded(
        written(
            tmp_path,
            {
                "answers": {"said": "hello", "many": ["a", "b"], "none": None, "number": 3},
                "assignment": {"Title": "Say it", "Reward": "$0.20 ", "WorkerId": "A1", "Keywords": "text"},
                "inputs": {"prompt": "hi"},
            },
        )
    )
    assert (recorded.title, recorded.reward, recorded.worker_id) == ("Say it", Decimal("0.20"), "A1")
    assert {answer.question_identifier: answer.free_text for answer in parse_answers(recorded.answer_xml)} == {
        "said": "hello",
        "many": "a|b",
        "none": "",
        "number": "3",
    }


def test_a_recordings_question_alone_brings_its_pictures_and_echoes(tmp_path):
    picture = "https://p.example/a.png"
    answers = {"bbox-0": "[[1,2,3,4]]", "url-0": picture, "prompt": "PersonX sleeps", "said": "yes"}
    recorded = load_recorded(
        written(tmp_path, {"answers": answers, "inputs": {"image1": picture, "prompt": "PersonX sleeps"}})
    )
    answer = read(recorded.answer_xml, recorded.question_xml)
    assert [drawing.picture.url for drawing in only(answer, Shapes)] == [picture]
    assert [row.label for part in only(answer, Technical) for row in part.rows] == ["prompt"]


def test_a_folder_of_samples_is_looked_through_for_its_answers(tmp_path):
    (tmp_path / "answers").mkdir()
    (tmp_path / "README.md").write_text("about")
    path = written(tmp_path / "answers", {"answers": {"a": "b"}})
    assert list(recorded_in(tmp_path)) == list(recorded_in(tmp_path / "answers")) == [path]


def test_the_question_of_a_recording_has_the_widget_with_its_picture(tmp_path):
    boxes = '[{"height":1,"label":"A & B","left":2,"top":3,"width":4}]'
    recorded = load_recorded(
        written(
            tmp_path,
            {"answers": {"x.boundingBoxes": boxes}, "inputs": {"image_url": "https://p.example/a.png?b=1&c=2"}},
        )
    )
    widget = read_question(recorded.question_xml).widgets["x"]
    assert (widget.element, widget.src, widget.labels) == (
        "crowd-bounding-box",
        "https://p.example/a.png?b=1&c=2",
        ("A & B",),
    )


def test_a_huge_recording_still_has_a_question_mturk_would_take(tmp_path):
    path = written(
        tmp_path, {"answers": {f"field{place}": "x" for place in range(5_000)}, "inputs": {"text": "y" * 500_000}}
    )
    assert len(load_recorded(path).question_xml.encode()) <= 65_535


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        ("{", "a.json", "a.json is not JSON"),
        ("[1]", "a.json", "holds no object"),
        ({"rows": []}, "a.json", "neither “answers” nor “payload”"),
        ("[" * 100_000, "a.json", "is not JSON"),
    ],
)
def test_a_file_that_is_no_recording_says_why(tmp_path, content, name, sentence):
    with pytest.raises(RecordedError, match=sentence):
        load_recorded(written(tmp_path, content, name))


def test_a_broken_answer_document_is_kept_with_a_note(tmp_path):
    recorded = load_recorded(written(tmp_path, "<QuestionFormAnswers>", "broken.xml"))
    assert isinstance(recorded, Recorded)
    assert recorded.answer_xml == "<QuestionFormAnswers>"
    assert "not well-formed" in recorded.note
    assert parse_question(recorded.question_xml).html


@pytest.mark.parametrize(
    "payload",
    [
        {"a": {"label": 5}},
        [[1, 2], "x", None],
        "just text",
        7,
        {"entities": "x", "boundingBoxes": {}},
        [{"w": {"entities": [1, {"endOffset": "x"}]}}],
    ],
)
def test_payloads_of_unknown_shape_are_loaded_and_read(tmp_path, payload):
    recorded = load_recorded(written(tmp_path, {"payload": payload, "element": 3, "assignment": [], "inputs": "no"}))
    answer = read(recorded.answer_xml, recorded.question_xml, recorded.inputs)
    assert answer.problem == ""
    check_inert(draw(answer))
