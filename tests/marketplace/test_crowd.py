"""Simulated workers: what they fill in, whose tasks they take, and a history they live through."""

import json
import time
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from marketplace.crowd.answers import CannotAnswer, answer, seconds_needed
from marketplace.documents import parse_answers
from tests import servers
from tests.marketplace.making import EXTERNAL, FORM, SCHEMAS, balance, new_hit

HOUR = 3600
INVITED = "BatchId:fruit;Crowd:demo;"


def page(body: str, hint: Any = None) -> str:
    comment = "" if hint is None else f"<!-- crowd-hint: {hint if isinstance(hint, str) else json.dumps(hint)} -->"
    return (
        f'<HTMLQuestion xmlns="{SCHEMAS}2011-11-11/HTMLQuestion.xsd"><HTMLContent><![CDATA[<!DOCTYPE html><html><body>'
        f"{body}{comment}</body></html>]]></HTMLContent><FrameHeight>0</FrameHeight></HTMLQuestion>"
    )


PLAIN = (
    '<form action="https://www.mturk.com/mturk/externalSubmit"><input type="hidden" name="assignmentId">'
    '<input name="shop" required><input type="number" name="total" min="0" max="99" step="0.01">'
    '<input type="radio" name="paid" value="card"><input type="radio" name="paid" value="cash">'
    '<input type="checkbox" name="odd" value="yes"><input type="hidden" name="version" value="3">'
    '<select name="size"><option value="">choose</option><option>S</option><option>L</option></select>'
    '<textarea name="why" required></textarea><input type="submit" name="go" value="Send"></form>'
)
CROWD = (
    "<crowd-form{flat}><crowd-classifier name=\"mood\" categories=\"['Good', 'Bad']\"></crowd-classifier>"
    '<crowd-checkbox name="flags" value="a"/><crowd-checkbox name="flags" value="b"></crowd-checkbox>'
    '<crowd-slider name="much" min="0" max="10"></crowd-slider>'
    '<input type="radio" name="pick" value="x"><input type="radio" name="pick" value="y"></crowd-form>'
)
CROWD_HINT = {
    "mood": {"truth": "Bad"},
    "flags": {"truth": ["b"]},
    "much": {"truth": 7, "spread": 0},
    "pick": {"truth": "y"},
}
BOX = {"label": "Bird", "left": 100, "top": 60, "width": 80, "height": 50}
BOXES = '<crowd-form><crowd-bounding-box name="birds" labels="[\'Bird\']" src="https://x.example/b.png"/></crowd-form>'


def filled(question: str, skill: float, seed: int = 1) -> Any:
    return answer(question, skill=skill, rng=Random(seed))


def test_a_perfect_worker_copies_the_truth_into_a_plain_form():
    hint = {"shop": {"truth": "Fern & Co"}, "total": {"truth": "14.80", "slips": ["1"]}, "paid": {"truth": "cash"}}
    hint |= {"odd": {"truth": True}, "size": {"truth": "L"}, "why": {"texts": ["It says so."]}}
    assert filled(page(PLAIN, hint), 1) == {
        "shop": "Fern & Co",
        "total": "14.80",
        "paid": "cash",
        "odd": "yes",
        "version": "3",
        "size": "L",
        "why": "It says so.",
    }


def test_a_careless_worker_makes_the_slips_of_the_hint():
    question = page(PLAIN, {"total": {"truth": "14.80", "slips": ["13.70"]}, "shop": {"truth": "Fern", "slips": ["f"]}})
    given = filled(question, 0)
    assert (given["total"], given["shop"]) == ("13.70", "f")


def test_without_a_hint_every_control_gets_something_it_allows():
    for seed in range(30):
        given = filled(page(PLAIN), 0.8, seed)
        assert 0 <= Decimal(given["total"]) <= 99
        assert given["paid"] in ("card", "cash")
        assert given["size"] in ("S", "L")
        assert given["why"]
        assert not {"assignmentId", "go"} & set(given)


def test_a_crowd_form_is_handed_in_as_task_answers():
    given = filled(page(CROWD.format(flat=""), CROWD_HINT), 1)
    assert list(given) == ["taskAnswers"]
    assert given["taskAnswers"] == (
        '[{"flags":{"a":false,"b":true},"mood":{"label":"Bad"},"much":7,"pick":{"x":false,"y":true}}]'
    )


def test_a_flattened_crowd_form_is_handed_in_by_dotted_names():
    given = filled(page(CROWD.format(flat=' answer-format="flatten-objects"'), CROWD_HINT), 1)
    assert given == {
        "mood.label": "Bad",
        "flags.a": "false",
        "flags.b": "true",
        "much": "7",
        "pick.x": "false",
        "pick.y": "true",
    }


def overlap(one: dict[str, int], other: dict[str, int]) -> float:
    """Intersection over union of two boxes."""
    wide = min(one["left"] + one["width"], other["left"] + other["width"]) - max(one["left"], other["left"])
    tall = min(one["top"] + one["height"], other["top"] + other["height"]) - max(one["top"], other["top"])
    shared = max(0, wide) * max(0, tall)
    return shared / (one["width"] * one["height"] + other["width"] * other["height"] - shared)


def drawn(skill: float, seed: int) -> list[dict[str, int]]:
    hint = {"birds": {"truth": [BOX], "width": 300, "height": 200}}
    tree = json.loads(filled(page(BOXES, hint), skill, seed)["taskAnswers"])[0]["birds"]
    assert tree["inputImageProperties"] == {"height": 200, "width": 300}
    return tree["boundingBoxes"]


def test_good_workers_draw_tight_boxes_and_bad_ones_do_not():
    best = [drawn(1, seed) for seed in range(40)]
    assert all(len(boxes) == 1 and overlap(boxes[0], BOX) > 0.7 for boxes in best)
    worst = [drawn(0.1, seed) for seed in range(40)]
    assert sum(len(boxes) == 1 and overlap(boxes[0], BOX) > 0.7 for boxes in worst) < 20


def test_boxes_are_whole_pixels_inside_the_picture():
    for seed in range(200):
        for box in drawn(0.2, seed):
            assert all(type(box[side]) is int for side in ("left", "top", "width", "height"))
            assert 0 <= box["left"] < box["left"] + box["width"] <= 300
            assert 0 <= box["top"] < box["top"] + box["height"] <= 200


def test_a_question_form_is_answered_by_identifiers():
    for seed in range(30):
        given = filled(FORM, 0.7, seed)
        assert given["why"]
        assert 1 <= len(given["fruit"]) <= 2
        assert set(given["fruit"]) <= {"a", "p", "z"}


@pytest.mark.parametrize(
    "question",
    [
        EXTERNAL,
        "not XML",
        '<!DOCTYPE x [<!ENTITY a "b">]><HTMLQuestion/>',
        page("<p>nothing to fill in</p>"),
        page(PLAIN, {"total": {"truth": "many"}}),
        page(BOXES, {"birds": {"truth": [{"label": "no sides"}], "width": 10, "height": 10}}),
        page(BOXES, {"birds": {"truth": "none", "width": "wide"}}),
        page(PLAIN, {"paid": {"weights": ["card"]}}),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(question: str):
    with pytest.raises(CannotAnswer, match=r"\w+ \w+"):
        filled(question, 1)


@pytest.mark.parametrize("hint", ["{", "[]", '{"total": 3}', "[" * 60_000], ids=["open", "list", "number", "deep"])
def test_a_hint_that_is_none_is_passed_over(hint: str):
    assert filled(page(PLAIN, hint), 1)["version"] == "3"


def test_the_careless_are_suspiciously_fast():
    fields = {"why": "x" * 200}
    quick = sum(seconds_needed(fields, skill=0.2, rng=Random(seed)) for seed in range(50))
    assert quick * 2 < sum(seconds_needed(fields, skill=0.9, rng=Random(seed)) for seed in range(50))


# Through a real marketplace


def money(control: Any) -> tuple[Decimal, ...]:
    """What the ledger says of each requester's deposit: available and on hold, together with what left it."""
    sums: dict[str, Decimal] = {}
    for entry in control("ledger"):
        sums[entry["kind"]] = sums.get(entry["kind"], Decimal(0)) + Decimal(entry["amount"])
    paid = sum((sums.get(kind, Decimal(0)) for kind in ("reward", "bonus", "fee")), Decimal(0))
    return sums["deposit"], paid, sums.get("hold", Decimal(0)) - sums.get("release", Decimal(0))


def test_a_crowd_lives_through_past_days_by_the_rules(own_marketplace: servers.Marketplace, access_key: str):
    control, mturk = own_marketplace.control, own_marketplace.client(access_key)
    assert control("clock", {"begin_seconds_ago": 48 * HOUR})["now"] == pytest.approx(time.time() - 48 * HOUR, abs=20)
    hits = [
        new_hit(
            mturk,
            Question=page(PLAIN),
            MaxAssignments=5,
            LifetimeInSeconds=90 * HOUR,
            RequesterAnnotation=INVITED + str(number),
            AutoApprovalDelayInSeconds=24 * HOUR,
        )
        for number in range(4)
    ]
    uninvited = new_hit(mturk, MaxAssignments=5, LifetimeInSeconds=90 * HOUR)

    first = control("crowd", {"workers": 9, "assignments": 8, "seconds": 20 * HOUR})
    assert first["now"] == pytest.approx(time.time() - 28 * HOUR, abs=30)
    second = control("crowd", {"workers": 9, "assignments": 6})
    assert second["now"] == pytest.approx(time.time(), abs=20)

    handed_in = [
        assignment for hit in hits for assignment in mturk.list_assignments_for_hit(HITId=hit["HITId"])["Assignments"]
    ]
    assert len(handed_in) == first["submitted"] + second["submitted"] > 6
    assert mturk.list_assignments_for_hit(HITId=uninvited["HITId"])["NumResults"] == 0
    now = time.time()
    for assignment in handed_in:
        took = assignment["SubmitTime"] - assignment["AcceptTime"]
        assert 1 < took.total_seconds() < 600
        age = now - assignment["SubmitTime"].timestamp()
        assert -5 < age < 48 * HOUR
        assert parse_answers(assignment["Answer"])
        # What was due on the way happened on the way.
        assert (assignment["AssignmentStatus"] == "Approved") == (age > 24 * HOUR)
    deposit, paid, held = money(control)
    available, on_hold = map(Decimal, balance(mturk))
    assert (available + on_hold, on_hold) == (deposit - paid, held)
    assert paid > 0


def test_only_a_marketplace_without_hits_begins_in_the_past(own_marketplace: servers.Marketplace, access_key: str):
    new_hit(own_marketplace.client(access_key))
    before = own_marketplace.control("clock")["now"]
    with pytest.raises(servers.ControlRefused, match="without any HIT") as refused:
        own_marketplace.control("clock", {"begin_seconds_ago": HOUR})
    assert refused.value.status == 400
    assert own_marketplace.control("clock")["now"] >= before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"workers": 0, "assignments": 1},
        {"workers": 2, "assignments": -1},
        {"workers": "2", "assignments": 1},
        {"workers": 2, "assignments": 1, "seconds": -1},
        {"workers": 2, "assignments": 1, "seconds": "soon"},
    ],
)
def test_a_history_that_cannot_be_lived_is_refused(own_marketplace: servers.Marketplace, body: dict):
    with pytest.raises(servers.ControlRefused) as refused:
        own_marketplace.control("crowd", body)
    assert (refused.value.status, refused.value.code) == (400, "bad_request")


def test_the_crowd_beside_the_server_answers_only_who_invites_it(tmp_path_factory: pytest.TempPathFactory):
    with servers.marketplace(tmp_path_factory.mktemp("crowded"), "--crowd", "4", "--crowd-speed", "20") as running:
        mturk = running.client("AKIACROWD")
        short = page('<form><input type="radio" name="paid" value="card"></form>')
        invited = new_hit(mturk, Question=short, MaxAssignments=9, RequesterAnnotation=INVITED)
        broken = new_hit(mturk, Question=EXTERNAL, MaxAssignments=9, RequesterAnnotation="Crowd:demo")
        uninvited = new_hit(mturk, MaxAssignments=9)
        deadline = time.monotonic() + 50
        while mturk.list_assignments_for_hit(HITId=invited["HITId"])["NumResults"] == 0:
            assert time.monotonic() < deadline, running.server.output[-3000:]
            time.sleep(0.5)
        for hit in (broken, uninvited):
            seen = mturk.get_hit(HITId=hit["HITId"])["HIT"]
            assert (seen["NumberOfAssignmentsAvailable"], seen["NumberOfAssignmentsPending"]) == (9, 0)
