"""Crowds that are sent to real tasks: only to those they may take, repeatable by seed, as right as gold has them."""

import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests import servers
from tests.marketplace.crowds import form, page, text_question
from tests.marketplace.making import EXTERNAL, FORM, new_hit, new_type

RADIO = page("<form>" + "".join(f'<input type="radio" name="mood" value="{value}">' for value in "abcd") + "</form>")
STEADY = {"returns": 0, "abandons": 0, "honesty": 1}


def sent(control: Any, **order: Any) -> dict[str, Any]:
    return control.post("crowd", {"workers": 30, "assignments": 40, "at_once": True, **STEADY, **order})


def answers(mturk: Any, *hits: dict[str, Any]) -> dict[tuple[int, str], str]:
    """(place of the HIT, WorkerId) to the text of what was handed in."""
    found = {}
    for place, hit in enumerate(hits):
        for one in mturk.list_assignments_for_hit(HITId=hit["HITId"], MaxResults=100)["Assignments"]:
            found[place, one["WorkerId"]] = " ".join(re.sub(r"<[^>]*>", " ", one["Answer"]).split())
    return found


def test_nobodys_tasks_are_touched_unless_they_invite_it_are_named_or_any_is_said(
    own_marketplace: servers.Marketplace, access_key: str
):
    mturk, control = own_marketplace.client(access_key), Posting(own_marketplace)
    invited = new_hit(mturk, Question=RADIO, MaxAssignments=3, RequesterAnnotation="Crowd:demo")
    plain, other = (new_hit(mturk, Question=RADIO, MaxAssignments=3) for _ in range(2))
    assert sent(control)["submitted"] == 3
    assert [len(answers(mturk, hit)) for hit in (invited, plain, other)] == [3, 0, 0]
    assert sent(control, HITIds=[other["HITId"]])["submitted"] == 3
    assert [len(answers(mturk, hit)) for hit in (invited, plain, other)] == [3, 0, 3]
    assert sent(control, any=True)["submitted"] == 3
    assert [len(answers(mturk, hit)) for hit in (invited, plain, other)] == [3, 3, 3]
    assert sent(control, any=True)["submitted"] == 0


class Posting:
    """`control.post` for a marketplace that is not the shared one."""

    def __init__(self, marketplace: servers.Marketplace) -> None:
        self.marketplace = marketplace

    def post(self, path: str, body: Any) -> Any:
        return self.marketplace.control(path, body, method="POST")


def test_the_same_seed_sends_the_same_people_with_the_same_answers(control: Any, mturk: Any):
    text = page("<form><input name='word' required><textarea name='why' required></textarea></form>")
    made = [[new_hit(mturk, Question=text, MaxAssignments=4) for _ in range(2)] for _ in range(3)]
    for hits, seed in zip(made, (11, 11, 12), strict=True):
        sent(control, HITIds=[hit["HITId"] for hit in hits], seed=seed, skill=[0.3, 0.9], honesty=0.9)
    first, again, different = (answers(mturk, *hits) for hits in made)
    assert len(first) == 8
    assert first == again
    assert not set(first) & set(different)


def test_gold_makes_skill_mean_something(control: Any, mturk: Any):
    hits = [new_hit(mturk, Question=RADIO, MaxAssignments=10, Reward="0.01") for _ in range(4)]
    ids = [hit["HITId"] for hit in hits]
    gold = {"*": {"mood": "d"}, ids[0]: {"mood": "b"}, ids[1]: {"mood": "b"}}
    sent(control, HITIds=[ids[0], ids[2]], gold=gold, skill=1)
    sent(control, HITIds=[ids[1], ids[3]], gold=gold, skill=[0.2, 0.3])
    right = Counter(
        place for (place, _), text in answers(mturk, *hits).items() if text.split()[-1] == ("b" if place < 2 else "d")
    )
    assert (right[0], right[2]) == (10, 10)
    assert right[1] + right[3] < 16


def test_a_hit_that_knows_its_answers_needs_no_other_gold(control: Any, mturk: Any):
    policy = {
        "PolicyName": "ScoreMyKnownAnswers/2011-09-01",
        "Parameters": [{"Key": "AnswerKey", "MapEntries": [{"Key": "mood", "Values": ["c"]}]}],
    }
    hit = new_hit(mturk, Question=RADIO, MaxAssignments=6, AssignmentReviewPolicy=policy)
    sent(control, HITIds=[hit["HITId"]], skill=1)
    assert {text.split()[-1] for text in answers(mturk, hit).values()} == {"c"}


def test_some_return_some_forget_and_some_do_not_even_look(control: Any, mturk: Any):
    hit = new_hit(mturk, Question=RADIO, MaxAssignments=40)
    done = sent(control, HITIds=[hit["HITId"]], workers=60, returns=0.4, abandons=0.3)
    assert done["submitted"] + done["returned"] + done["abandoned"] == 40
    assert min(done["submitted"], done["returned"], done["abandoned"]) > 3
    seen = mturk.get_hit(HITId=hit["HITId"])["HIT"]
    assert seen["NumberOfAssignmentsPending"] == done["abandoned"]
    assert seen["NumberOfAssignmentsAvailable"] == done["returned"]
    other = new_hit(mturk, Question=RADIO, MaxAssignments=20)
    sent(control, HITIds=[other["HITId"]], honesty=0, gold={"*": {"mood": "b"}}, skill=1)
    assert {text.split()[-1] for text in answers(mturk, other).values()} == {"a", "d"}


def test_blocks_and_qualifications_hold_for_them(control: Any, mturk: Any):
    first = new_hit(mturk, Question=RADIO, MaxAssignments=5)
    sent(control, HITIds=[first["HITId"]], workers=5)
    workers = sorted(worker for _, worker in answers(mturk, first))
    assert len(workers) == 5
    mturk.create_worker_block(WorkerId=workers[0], Reason="spam")
    kind = new_type(mturk)
    for worker in workers[:3]:
        mturk.associate_qualification_with_worker(
            QualificationTypeId=kind["QualificationTypeId"], WorkerId=worker, SendNotification=False
        )
    asked = [{"QualificationTypeId": kind["QualificationTypeId"], "Comparator": "Exists"}]
    guarded = new_hit(mturk, Question=RADIO, MaxAssignments=5, QualificationRequirements=asked)
    assert sent(control, HITIds=[guarded["HITId"]], workers=5)["submitted"] == 2
    assert {worker for _, worker in answers(mturk, guarded)} == set(workers[1:3])
    open_to_all = new_hit(mturk, Question=RADIO, MaxAssignments=5)
    assert sent(control, HITIds=[open_to_all["HITId"]], workers=5)["submitted"] == 4


def test_garbage_is_left_alone_with_a_reason_and_stops_nobody(control: Any, mturk: Any):
    garbage = [
        page("<div>" * 4_000 + "<input name='x'>" + "</div>" * 4_000),
        page("<p>Nothing here can be filled in.</p>"),
        page("<crowd-form><crowd-input name='a' disabled></crowd-input>" + "</x>" * 9_000 + "</crowd-form>"),
        page("<form><input name='a' minlength='99999999' required></form>"),
        EXTERNAL,
        form(text_question("odd", '<AnswerFormatRegex regex="^(?!)$"/>')),
    ]
    ids = [new_hit(mturk, Question=question, MaxAssignments=2)["HITId"] for question in garbage]
    good = [new_hit(mturk, Question=question, MaxAssignments=3) for question in (RADIO, FORM)]
    done = sent(control, HITIds=[*ids, *(hit["HITId"] for hit in good)])
    assert done["submitted"] == 6
    assert set(done["left_alone"]) == set(ids)
    assert all(re.search(r"\w+ \w+ \w+", reason) for reason in done["left_alone"].values())
    for hit_id in ids:
        seen = mturk.get_hit(HITId=hit_id)["HIT"]
        assert (seen["NumberOfAssignmentsAvailable"], seen["NumberOfAssignmentsPending"]) == (2, 0)


def test_an_external_question_is_done_where_its_annotation_names_the_fields(control: Any, mturk: Any):
    annotation = "BatchId:7;CrowdFields:code, rating;"
    hit = new_hit(mturk, Question=EXTERNAL, MaxAssignments=2, RequesterAnnotation=annotation)
    assert sent(control, HITIds=[hit["HITId"]], gold={"*": {"code": "QX17"}}, skill=1)["submitted"] == 2
    assert all(re.search(r"code QX17 .*rating \w", text) for text in answers(mturk, hit).values())


def test_what_they_are_paid_for_is_what_the_ledger_says(own_marketplace: servers.Marketplace, access_key: str):
    mturk, control = own_marketplace.client(access_key), Posting(own_marketplace)
    before = Decimal(mturk.get_account_balance()["AvailableBalance"])
    hit = new_hit(mturk, Question=RADIO, MaxAssignments=9, Reward="0.10")
    done = sent(control, HITIds=[hit["HITId"]], returns=0.2)
    seen = [one["AssignmentId"] for one in mturk.list_assignments_for_hit(HITId=hit["HITId"])["Assignments"]]
    assert len(seen) == len(set(seen)) == done["submitted"]
    for assignment_id in seen:
        mturk.approve_assignment(AssignmentId=assignment_id)
    mturk.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=0)
    paid = [entry for entry in own_marketplace.control("ledger", method="GET") if entry["hit"] == hit["HITId"]]
    out = sum(Decimal(entry["amount"]) for entry in paid if entry["kind"] in ("reward", "fee"))
    assert out == Decimal("0.12") * len(seen)
    assert before - Decimal(mturk.get_account_balance()["AvailableBalance"]) == out


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"hitids": []}, "no option 'hitids'"),
        ({"HITIds": []}, "HITIds must be a list"),
        ({"HITIds": ["../x"]}, "HITIds must be a list"),
        ({"any": "yes"}, "any must be true or false"),
        ({"seconds": 5}, "either seconds"),
        ({"skill": 2}, "skill must be a number from 0 to 1"),
        ({"skill": [0.9, 0.1]}, "skill must be"),
        ({"returns": "often"}, "returns must be"),
        ({"style": "poet"}, "style must be one of plain"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"speed": 10**400}, "speed must be"),
        ({"gold": ["x"]}, "gold must be an object"),
        ({"gold": {"mood": "b"}}, "no HITId"),
        ({"gold": {"*": "b"}}, r"gold for \* must be an object"),
        ({"workers": 10**7}, "workers must be a whole number"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_a_sentence(control: Any, wrong: dict[str, Any], sentence: str):
    with pytest.raises(servers.ControlRefused, match=sentence) as refused:
        sent(control, **wrong)
    assert (refused.value.status, refused.value.code) == (400, "bad_request")


def test_a_crowd_beside_the_server_takes_any_task_and_knows_its_gold(tmp_path: Any):
    gold = tmp_path / "gold.json"
    gold.write_text(json.dumps({"*": {"mood": {"truth": "c", "slips": ["c"]}}}))
    options = ("--crowd", "9", "--crowd-any", "--crowd-speed", "100", "--crowd-seed", "3", "--crowd-gold", str(gold))
    with servers.marketplace(tmp_path / "data", *options) as running:
        mturk = running.client("AKIAANY")
        hits = [new_hit(mturk, Question=EXTERNAL), new_hit(mturk, Question=RADIO, MaxAssignments=12)]
        running.server.wait_until(lambda: len(answers(mturk, hits[1])) > 8)
        said = Counter(text.split()[-1] for text in answers(mturk, hits[1]).values())
        assert said["c"] > 6
        assert not answers(mturk, hits[0])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--crowd-any"], "--crowd-any needs --crowd N"),
        (["--crowd", "2", "--crowd-gold", "/nowhere/gold.json"], "/nowhere/gold.json cannot be read"),
        (["--crowd", "2", "--crowd-speed", "0"], "invalid number"),
    ],
)
def test_options_that_make_no_sense_end_the_start_with_a_sentence(tmp_path: Any, options: list[str], sentence: str):
    with (
        pytest.raises(servers.Broken, match=re.escape(sentence)),
        servers.marketplace(tmp_path / "data", *options),
    ):
        pass
