"""What simulated workers hand in is read by the dashboard as what the widget is, in both formats."""

from random import Random

import pytest

from hits.answers import read
from marketplace.crowd.answers import answer
from tests.marketplace.crowds import page
from tests.test_demo_tasks import document

PICTURE = "name='here' src='https://pictures.example.org/1.png'"
SHAPES = ("bounding-box", "polygon", "polyline", "line", "keypoint")
CLASSIFIERS = ("classifier", "classifier-multi-select", "image-classifier", "image-classifier-multi-select")
CASES = {
    **{tag: (f"<crowd-{tag} {PICTURE} labels=\"['cat', 'dog']\"></crowd-{tag}>", "Shapes") for tag in SHAPES},
    **{
        f"{kind}-segmentation": (
            f"<crowd-{kind}-segmentation {PICTURE} labels=\"['cat', 'dog']\"></crowd-{kind}-segmentation>",
            "Mask",
        )
        for kind in ("semantic", "instance")
    },
    **{tag: (f"<crowd-{tag} {PICTURE} categories=\"['cat', 'dog']\"></crowd-{tag}>", "Fields") for tag in CLASSIFIERS},
    "entity-annotation": (
        "<crowd-entity-annotation name='here' text='Anna met Bob in Berlin in May' labels=\"['PER', 'LOC']\">"
        "</crowd-entity-annotation>",
        "Spans",
    ),
    "inputs": (
        "<crowd-slider name='how'></crowd-slider><crowd-checkbox name='ok'></crowd-checkbox><crowd-radio-group>"
        "<crowd-radio-button name='a' value='x'>A</crowd-radio-button><crowd-radio-button name='b' value='y'>B"
        "</crowd-radio-button></crowd-radio-group><crowd-text-area name='why' required></crowd-text-area>",
        "Fields",
    ),
}


@pytest.mark.parametrize("flat", ["", " answer-format='flatten-objects'"], ids=["tree", "flat"])
@pytest.mark.parametrize(("body", "part"), CASES.values(), ids=CASES)
def test_the_dashboard_reads_what_the_crowd_hands_in(body: str, part: str, flat: str):
    question = page(f"<crowd-form{flat}>{body}</crowd-form>")
    for seed in range(4):
        fields = answer(question, skill=0.95, rng=Random(seed))
        assert ("taskAnswers" in fields) != bool(flat)
        shown = read(document(fields, question), question)
        assert not shown.problem
        assert part in {type(found).__name__ for found in shown.parts}
        assert shown.summary not in ("", "nothing submitted")
