"""Rules: each look says yes and no with evidence, every answer is looked at once, and only people or policy pay."""

from decimal import Decimal

import pytest

from dashboard import commands
from dashboard.models import Command, Membership, Role, State
from dashboard.permissions import Denied
from dashboard.tasks import digest, look_back
from hits import actions
from hits.models import AnswerText, Assignment, Finding, Flag, RuleRun
from hits.rules import deciding, evaluating, facts, keeping, past, upkeep
from tests.cast import Lab
from tests.hits.quality import (
    LONG,
    count_queries,
    deliver,
    desk,
    evidence,
    good,
    hit_of,
    make_hit,
    make_rule,
    release_self,
    took,
    work,
)

__all__ = ["desk"]

# --- the looks ------------------------------------------------------------------------------------------------------


def test_attention_empty_fields_and_codes_say_yes_and_no(desk: Lab) -> None:
    attention = make_rule(desk, "attention", field="check", accepted=["Blue"])
    empty = make_rule(desk, "empty", fields=[])
    named = make_rule(desk, "empty", "flag", fields=["why", "mood"])
    form = make_rule(desk, "code", field="code", codes=[], pattern="HD-####-@@", once=True)
    known = make_rule(desk, "code", "flag", field="code", codes=["hd-1234-ab", "HD-9999-ZZ"], pattern="", once=False)
    passed = make_rule(desk, "attention", "approve", when_passed=True, reason="", field="check", accepted=["blue"])
    hit = hit_of(desk)
    right = desk.answer(hit, **good)
    wrong = desk.answer(hit, **{**good, "check": "red", "total": " ", "why": "", "code": "hd-12-ab"})
    again = desk.answer(hit, **{**good, "why": "Something else altogether.", "code": " hd-1234-ab"})
    work(desk)
    assert evidence(attention) == {wrong: "Says “red” in check, where it should be “Blue”."}
    assert evidence(passed) == dict.fromkeys((right, again), "Says “blue” in check, as it should.")
    assert evidence(empty) == {wrong: "Left 1 of 1 fields empty: total."}
    assert evidence(named) == {wrong: "Left 1 of 2 fields empty: why."}
    worker = Assignment.objects.get(assignment_id=right).worker_id
    assert evidence(form) == {
        wrong: "The code “hd-12-ab” is not of the form HD-####-@@.",
        again: f"The code “hd-1234-ab” was handed in before by {worker}.",
    }
    assert list(evidence(known)) == [wrong], "blanks and capitals are no difference, and twice was not asked"
    assert Flag.objects.filter(rule=known, assignment__flagged=True).count() == 1
    assert not Command.objects.exists(), "rules propose"


def test_too_quick_is_so_many_seconds_or_a_part_of_the_median(desk: Lab) -> None:
    seconds = make_rule(desk, "time", seconds=20)
    median = make_rule(desk, "time", "flag", percent_of_median=50)
    ids = [desk.answer(hit_of(desk), **good) for _ in range(5)]
    desk.sync()
    for assignment_id, length in zip(ids, (6, 48, 48, 130, 25), strict=True):
        took(assignment_id, length)
    digest(desk.account.pk)
    assert evidence(seconds) == {ids[0]: "Took 6 s; at least 20 s are expected, and the batch's median is 48 s."}
    assert evidence(median) == {ids[0]: "Took 6 s; the batch's median is 48 s."}


def test_a_text_handed_in_before_is_found_in_whoever_came_later(desk: Lab) -> None:
    hit, other = hit_of(desk), make_hit(desk)
    first = desk.answer(hit, worker="AFIRST00000001", **good)
    work(desk)  # before any rule asked: the texts of the past are read when one is made
    assert not AnswerText.objects.exists()
    anybody = make_rule(desk, "duplicate", field="why", characters=20, whose="any")
    own = make_rule(desk, "duplicate", "flag", field="", characters=20, whose="own")
    others = make_rule(desk, "duplicate", "flag", field="why", characters=20, whose="others")
    assert AnswerText.objects.filter(field="why").count() == 1
    copied = desk.answer(hit, worker="ASECOND0000001", **{**good, "why": f"  {LONG.upper()} "})
    repeated = desk.answer(other, worker="AFIRST00000001", **good)
    short = desk.answer(other, worker="ATHIRD00000001", **{**good, "why": "glad"})
    work(desk)
    also = desk.answer(other, worker="AFOURTH0000001", **{**good, "why": "glad"})
    work(desk)
    words = f"Has the same {len(LONG)} characters in why as"
    assert evidence(anybody) == {
        copied: f"{words} AFIRST00000001 handed in before.",
        repeated: f"{words} this worker gave for another task before.",
    }
    assert list(evidence(own)) == [repeated]
    assert set(evidence(others)) == {copied, repeated}
    assert Finding.objects.get(rule=anybody, assignment__assignment_id=copied).beside.assignment_id == first
    assert not {first, short, also} & set(evidence(anybody))


def test_a_majority_judges_those_before_it_too_and_takes_back_what_no_longer_holds(desk: Lab) -> None:
    field = make_rule(desk, "plurality", field="mood", others=2, percent=50)
    fields = make_rule(desk, "plurality", "flag", field="", others=2, percent=40)
    hit = hit_of(desk)
    odd = desk.answer(hit, **{**good, "mood": "bad"})
    work(desk)
    assert evidence(field) == {}, "alone there is no majority"
    for _ in range(2):
        desk.answer(hit, **{**good, "why": ""})
    work(desk)
    assert evidence(field) == {odd: "Says “bad” in mood, where 2 of 2 others say “good”."}
    assert evidence(fields) == {}, "one of four fields is not more than 40 %"
    for _ in range(3):
        desk.answer(hit, **{**good, "mood": "bad", "why": ""})
    work(desk)
    finding = Finding.objects.get(rule=field, assignment__assignment_id=odd)
    assert (finding.state, finding.note) == ("overtaken", "It no longer holds.")
    with pytest.raises(Denied, match="overtaken already"):
        deciding.release(finding, by=desk.people["approver"])
    for _ in range(3):
        desk.answer(hit, **good)
    work(desk)
    finding.refresh_from_db()
    assert (finding.state, Finding.objects.filter(rule=field, assignment=finding.assignment).count()) == ("proposed", 1)


def test_where_many_do_a_hit_its_first_answers_make_the_majority(desk: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_TO_COMPARE", 3)
    rule = make_rule(desk, "plurality", field="mood", others=2, percent=50)
    hit = hit_of(desk)
    ids = [desk.answer(hit, **{**good, "mood": mood}) for mood in ("bad", "good")]
    work(desk)
    assert evidence(rule) == {}, "one other is no majority"
    ids += [desk.answer(hit, **{**good, "mood": mood}) for mood in ("good", "bad", "bad", "bad")]
    work(desk)
    says = "Says “bad” in mood, where {} others say “good”."
    assert evidence(rule) == {ids[0]: says.format("2 of 2"), **dict.fromkeys(ids[3:], says.format("2 of 3"))}


# --- exactly once, and by whom ----------------------------------------------------------------------------------------


def test_each_answer_is_found_once_and_a_verdict_overtakes_what_was_proposed(desk: Lab) -> None:
    rule = make_rule(desk, "attention", field="check", accepted=["blue"])
    off = make_rule(desk, "attention", on=False, field="check", accepted=["blue"])
    hit = hit_of(desk)
    ids = [desk.answer(hit, **{**good, "check": "red"}) for _ in range(2)]
    work(desk)
    for _ in range(2):
        Assignment.objects.update(fresh=True)
        digest(desk.account.pk)
        look_back(desk.account.pk)
    assert Finding.objects.filter(rule=rule).count() == 2
    assert not Finding.objects.filter(rule=off).exists()
    assert Finding.objects.proposed().count() == 2
    actions.approve(assignment=Assignment.objects.get(assignment_id=ids[0]), by=desk.people["reviewer"])
    deliver(desk)
    assert dict(Finding.objects.values_list("assignment__assignment_id", "state")) == {
        ids[0]: "overtaken",
        ids[1]: "proposed",
    }
    assert desk.paid(ids[0]) == ["0.10"]
    assert keeping.delete(rule, by=desk.people["reviewer"]) == 1
    assert not Finding.objects.proposed().exists()
    assert Finding.objects.count() == 2, "the log is kept"
    desk.answer(hit, **{**good, "check": "red"})
    work(desk)
    assert Finding.objects.count() == 2


def test_switching_on_looks_at_what_waits_and_a_dry_run_writes_nothing(desk: Lab) -> None:
    hit = hit_of(desk)
    ids = [desk.answer(hit, worker=f"AWORKER{number}", **{**good, "check": "red"}) for number in range(3)]
    desk.answer(hit, **good)
    desk.mturk.reject_assignment(AssignmentId=ids[0], RequesterFeedback="no")
    work(desk)
    rule = make_rule(desk, "attention", on=False, field="check", accepted=["blue"])
    seen = past.look_at_newest(rule)
    assert (seen.looked, seen.found, len(seen.workers)) == (4, 3, 3)
    assert (seen.rejected, seen.waiting, seen.unpaid) == (1, 2, Decimal("0.20"))
    assert seen.examples[0]["evidence"] == "Says “red” in check, where it should be “blue”."
    run = past.begin(rule, RuleRun.Purpose.DRY, by=desk.people["reviewer"])
    upkeep.look_back(desk.account)
    run.refresh_from_db()
    assert run.finished_at is not None
    assert (run.done, past.Past.from_json(run.result).found) == (4, 3)
    assert not Finding.objects.exists()
    bonus = make_rule(desk, "attention", "bonus", on=False, amount=Decimal("0.25"), field="check", accepted=["blue"])
    assert past.look_at_newest(bonus).total == Decimal("0.90"), "three bonuses of $0.25 with $0.05 fee each"
    keeping.switch(rule, on=True, by=desk.people["reviewer"], what_waits=True)
    assert upkeep.waiting_accounts() == {desk.account.pk}
    upkeep.look_back(desk.account)
    assert set(evidence(rule)) == set(ids[1:]), "what is decided is not asked about again"
    assert not Command.objects.exists()


def test_policy_asks_once_in_the_name_of_who_let_it_and_never_where_rules_contradict(desk: Lab) -> None:
    pay = make_rule(desk, "attention", "approve", when_passed=True, reason="", field="check", accepted=["blue"])
    with pytest.raises(Denied, match="need to be an approver"):
        release_self(desk, pay, "reviewer")
    release_self(desk, pay)
    with pytest.raises(Denied, match="need to be an approver"):
        keeping.switch(pay, on=False, by=desk.people["reviewer"])
    make_rule(desk, "empty", fields=["why"])
    hit = hit_of(desk)
    paid, torn = desk.answer(hit, **good), desk.answer(hit, **{**good, "why": ""})
    work(desk)
    deliver(desk)
    for _ in range(2):
        Assignment.objects.update(fresh=True)
        Finding.objects.update(due=True)
        digest(desk.account.pk)
        deliver(desk)
    assert (desk.paid(paid), desk.paid(torn)) == (["0.10"], [])
    command = Command.objects.get()
    assert (command.requested_by, command.assignment_id) == (desk.people["approver"], paid)
    left = Finding.objects.get(rule=pay, assignment__assignment_id=torn)
    assert (left.state, left.note) == ("proposed", "Two rules contradict each other: a person decides.")
    with pytest.raises(Denied, match="Another rule proposes to reject it"):
        deciding.release(left, by=desk.people["approver"])
    Membership.objects.filter(account=desk.account, user=desk.people["approver"]).update(role=Role.VIEWER)
    later = desk.answer(hit, **good)
    work(desk)
    assert "need to be an approver" in Finding.objects.get(rule=pay, assignment__assignment_id=later).note
    deliver(desk)
    assert desk.paid(later) == []


def test_policy_keeps_to_second_persons_and_the_limit_of_bulk_work(desk: Lab) -> None:
    desk.account.release_rejections, desk.account.release_job_above = True, Decimal("0.50")
    desk.account.release_bonus_above = Decimal("0.20")
    desk.account.save()
    reject = make_rule(desk, "empty", fields=["why"])
    small = make_rule(
        desk, "attention", "bonus", when_passed=True, amount=Decimal("0.20"), field="mood", accepted=["good"]
    )
    large = make_rule(
        desk, "attention", "bonus", when_passed=True, amount=Decimal("0.30"), field="mood", accepted=["bad"]
    )
    for rule in (reject, small, large):
        release_self(desk, rule)
    hit = hit_of(desk)
    refused = desk.answer(hit, **{**good, "why": "", "mood": "bad"})
    glad = [desk.answer(hit, **good) for _ in range(3)]
    work(desk)
    deliver(desk)
    assert (desk.remote_status(refused), desk.paid(refused, "bonus")) == ("Submitted", [])
    asked = Command.objects.filter(assignment_id=refused).values_list("kind", "state")
    assert set(asked) == {("RejectAssignment", "proposed"), ("SendBonus", "proposed")}
    assert sorted(len(desk.paid(one, "bonus")) for one in glad) == [0, 1, 1], "a third would be $0.72 of $0.50"
    over = Finding.objects.get(rule=small, state="proposed")
    assert "$0.50 within a day" in over.note


def test_a_person_releases_a_bonus_and_what_is_taken_back_is_proposed_again(desk: Lab) -> None:
    rule = make_rule(
        desk, "attention", "bonus", when_passed=True, amount=Decimal("0.25"), field="mood", accepted=["good"]
    )
    answer = desk.answer(hit_of(desk), **good)
    work(desk)
    finding = Finding.objects.get(rule=rule)
    with pytest.raises(Denied, match="need to be a reviewer"):
        deciding.release(finding, by=desk.people["viewer"])
    proposed = deciding.release(finding, by=desk.people["reviewer"])
    assert proposed is not None
    assert proposed.state == State.PROPOSED, "a reviewer's bonus waits for an approver"
    commands.decline(proposed, by=desk.people["approver"])
    finding.refresh_from_db()
    assert (finding.state, finding.command) == ("proposed", None)
    deciding.release(finding, by=desk.people["approver"])
    with pytest.raises(Denied, match="released already"):
        deciding.release(finding, by=desk.people["approver"])
    deliver(desk)
    assert desk.paid(answer, "bonus") == ["0.25"]


def test_a_chunk_costs_the_same_queries_whatever_is_in_it(desk: Lab) -> None:
    make_rule(desk, "attention", field="check", accepted=["blue"])
    make_rule(desk, "duplicate", "flag", field="", characters=20, whose="any")
    make_rule(desk, "plurality", "flag", field="mood", others=2, percent=50)
    make_rule(desk, "time", "flag", percent_of_median=50)
    hits = [hit_of(desk), make_hit(desk)]
    costs = []
    for new in (5, 2, 6):
        for number in range(new):
            desk.answer(hits[number % 2], **{**good, "check": "red"})
        desk.sync()
        rows = list(Assignment.objects.fresh().select_related("hit__hit_type").order_by("pk"))
        assert len(rows) == new
        costs.append(count_queries(lambda rows=rows: evaluating.read(desk.account, rows)))
        digest(desk.account.pk)
    assert costs[1] == costs[2]
    assert costs[1] <= 16
    assert Finding.objects.filter(rule__look="attention").count() == 13
