"""Whatever JSON, names and texts come: reading and drawing end, and nothing of it is markup."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hits.answers import normalise, parse, read
from marketplace.documents import Answer as Written
from marketplace.documents import build_answers

from .documents import draw
from .test_hostile import PAYLOADS, check_inert

KNOWN = """boundingBoxes polygons polylines lines keypoints entities instances labelMappings labeledImage pngImageData
    label labels left top width height x y vertices points data mode class startOffset endOffset inputImageProperties on
    yes workerComment color taskAnswers bbox-1 url-1 scale-1 q1 q2"""
KEYS = st.sampled_from(KNOWN.split())
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(PAYLOADS),
    st.sampled_from(["true", "FALSE", "{}", "[]", "on", "7", "https://a.example/b.png"]),
)
NAMES = st.one_of(KEYS, st.lists(KEYS, min_size=2, max_size=4).map(".".join), TEXTS)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.one_of(KEYS, TEXTS), inner, max_size=5)),
    max_leaves=25,
)
MORE_TIME = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MORE_TIME
@given(st.dictionaries(NAMES, VALUES, max_size=6), st.dictionaries(NAMES, TEXTS, max_size=3), st.booleans())
def test_any_json_is_read_and_drawn_inertly(value, inputs, nested):
    text = json.dumps([value])
    xml = build_answers([Written("taskAnswers", json.dumps(text) if nested else text)])
    answer = read(xml, None, inputs)
    assert "could not be shown" not in answer.problem
    assert len(answer.summary) <= 140
    check_inert(draw(answer)).text_content().encode()


@MORE_TIME
@given(
    st.lists(st.tuples(NAMES, st.one_of(TEXTS, VALUES.map(json.dumps))), max_size=8),
    st.dictionaries(NAMES, TEXTS, max_size=3),
)
def test_any_form_is_read_and_drawn_inertly(fields, inputs):
    xml = build_answers([Written(name, text) for name, text in fields])
    answer = read(xml, None, inputs)
    assert "could not be shown" not in answer.problem
    check_inert(draw(answer))


@MORE_TIME
@given(st.dictionaries(NAMES.filter(lambda name: name != "taskAnswers"), TEXTS, min_size=1, max_size=8))
def test_no_field_is_lost_on_the_way_to_the_tree(fields):
    parsed = parse(build_answers([Written(name, text) for name, text in fields.items()]))
    paths = [path for entry in normalise(parsed).entries for path in entry.paths]
    assert sorted(paths) == sorted(parsed.answers)


@MORE_TIME
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_at_all_is_an_answer(answer_text, question_text):
    check_inert(draw(read(answer_text, question_text)))
