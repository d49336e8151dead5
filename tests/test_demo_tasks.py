"""The demo's tasks: documents the API takes, pictures of our own, answered sensibly and readable in the dashboard."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from dashboard.demo.batches import Batch, batches
from hits.answers import read
from hits.answers.parts import Shapes
from marketplace.crowd.answers import answer
from marketplace.documents import Answer, Kind, build_answers, parse_question

ORIGIN = "http://127.0.0.1:8000"
PICTURES = Path(__file__).resolve().parent.parent / "static" / "demo"
BATCHES = {batch.key: batch for batch in batches()}
MOST_BYTES = 40_000


def document(fields: dict[str, str | list[str]], question: str) -> str:
    """The answer document of what a form posted."""
    is_form = parse_question(question).kind == Kind.QUESTION_FORM
    chosen = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    if is_form:
        for found in parse_question(question).questions:
            if found.selections and isinstance(fields.get(found.identifier), str):
                chosen[found.identifier] = (str(fields[found.identifier]),)
    return build_answers(
        Answer(name, None, chosen[name]) if name in chosen else Answer(name, str(value))
        for name, value in fields.items()
    )


def test_there_are_five_kinds_of_work():
    assert len(BATCHES) == 5
    hits = sum(len(batch.rows) * batch.assignments for batch in BATCHES.values())
    assert 600 < hits < 1200
    assert len({batch.reward for batch in BATCHES.values()}) > 3


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_every_question_is_a_document_the_api_takes(batch: Batch):
    annotations = set()
    for annotation, question in batch.hits(ORIGIN):
        assert len(question.encode()) <= 65_535
        assert "${" not in question
        parsed = parse_question(question)
        assert parsed.html or parsed.questions
        assert len(annotation) <= 255
        annotations.add(annotation)
    assert len(annotations) == len(batch.rows)


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_every_picture_is_there_and_small(batch: Batch):
    for row, (_, question) in zip(batch.rows, batch.hits(ORIGIN), strict=True):
        if "image" in row:
            assert f"{ORIGIN}/static/demo/{row['image']}" in question
            assert 1_000 < (PICTURES / row["image"]).stat().st_size <= MOST_BYTES


def size_of_webp(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from the frame header of a lossy WebP file."""
    head = path.read_bytes()[:30]
    assert head[8:16] == b"WEBPVP8 ", path.name
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF


def test_the_boxes_lie_inside_the_pictures_they_are_of():
    for row in BATCHES["birds-in-pictures"].rows:
        hint = row["hint"]["annotatedResult"]
        assert size_of_webp(PICTURES / row["image"]) == (hint["width"], hint["height"])
        for box in hint["truth"]:
            assert 0 <= box["left"] < box["left"] + box["width"] <= hint["width"]
            assert 0 <= box["top"] < box["top"] + box["height"] <= hint["height"]


@pytest.mark.parametrize("skill", [0.1, 0.6, 1.0])
@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_a_workers_answer_can_be_read_in_the_dashboard(batch: Batch, skill: float):
    for number, (_, question) in enumerate(batch.hits(ORIGIN)):
        shown = read(document(answer(question, skill=skill, rng=Random(number)), question), question)
        assert not shown.problem
        assert shown.parts
        assert shown.summary not in ("", "nothing submitted")


def test_boxes_are_drawn_over_the_tasks_own_picture():
    _, question = next(BATCHES["birds-in-pictures"].hits(ORIGIN))
    shown = read(document(answer(question, skill=1, rng=Random(1)), question), question)
    (part,) = [part for part in shown.parts if isinstance(part, Shapes)]
    assert part.picture.url == f"{ORIGIN}/static/demo/birds-01.webp"
    assert len(part.shapes) == len(BATCHES["birds-in-pictures"].rows[0]["hint"]["annotatedResult"]["truth"])


def test_good_workers_are_right_and_bad_ones_often_wrong():
    batch = BATCHES["receipt-totals"]
    right = {0.1: 0, 0.97: 0}
    for skill in right:
        for number, (row, (_, question)) in enumerate(zip(batch.rows * 5, list(batch.hits(ORIGIN)) * 5, strict=True)):
            total = answer(question, skill=skill, rng=Random(number))["total"]
            right[skill] += total == row["hint"]["total"]["truth"]
    assert right[0.97] > 35
    assert right[0.1] < 15


def test_a_hostile_row_stays_text():
    evil = "</blockquote><script>alert(1)</script>]]><!-- --> ${a}"
    row = {"sentence": evil, "hint": {"sentiment": {"truth": evil, "slips": []}}}
    batch = replace(BATCHES["how-does-the-writer-feel"], rows=[row])
    ((_, question),) = batch.hits(ORIGIN)
    html = parse_question(question).html
    assert "<script>alert" not in html
    assert html.count("-->") == 1
    assert html.rstrip().endswith("-->")
    assert answer(question, skill=1, rng=Random(1))["taskAnswers"].startswith('[{"sentiment":{"label":')
