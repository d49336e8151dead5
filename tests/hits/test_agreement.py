"""How far answers of one HIT agree: for each of them, for each field, and over a batch."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from dashboard.tasks import digest
from hits import agreement
from hits.answers.agreement import against, agree
from hits.answers.reliability import measure
from hits.models import Assignment
from tests.cast import Lab
from tests.hits.answers.documents import html_question
from tests.hits.test_values import boxes


@pytest.mark.parametrize(
    ("said", "percents", "majority"),
    [
        (["a", "a", "b"], [50, 50, 0], "a"),
        (["a", "a", "a", "b"], [100, 100, 100, 0], "a"),
        (["a", "b"], [0, 0], None),
        (["a", "b", "c"], [0, 0, 0], None),
        (["a"], [None], "a"),
        (["", None], [None, None], None),
        ([" 5", 5.0], [100, 100], " 5"),
        ([["x", "y"], ["y", "x"], ["x"]], [50, 50, 0], ["x", "y"]),
    ],
)
def test_an_answer_agrees_with_what_most_others_say(said: list[Any], percents: list[int | None], majority: Any) -> None:
    found = agree([{"q": value} for value in said])
    assert list(found.percents) == percents
    assert found.names["q"].majority == majority
    if len(said) == 4:
        assert (found.names["q"].most, found.names["q"].total) == (3, 4)


def test_fields_count_alike_and_free_text_not_at_all() -> None:
    answers = [{"q": "a", "why": "one"}, {"q": "a", "why": "two"}, {"why": "three"}]
    assert agree(answers, {"why"}).percents == (50, 50, 0)
    assert agree([{"why": "one"}, {"why": "two"}], {"why"}).percents == (None, None)
    assert against({"q": "a"}, answers[:2], {"why"}) == 100


def test_drawings_agree_by_how_far_they_cover_each_other() -> None:
    one, near, far = boxes((0, 0, 100, 100)), boxes((0, 0, 100, 90)), boxes((300, 300, 50, 50))
    found = agree([{"d": one}, {"d": near}, {"d": far}])
    assert found.percents == (45, 45, 0)
    assert (found.names["d"].most, found.names["d"].total) == (2, 3)
    assert found.names["d"].majority in (one, near)
    assert not found.names["d"].agrees(far)
    assert agree([{"d": one}, {"d": far}]).names["d"].majority is None


def of(*rows: str) -> list[list[dict[str, Any]]]:
    return [[{"q": label} for label in row] for row in rows]


def test_kappa_and_alpha_are_those_of_the_books() -> None:
    # Cohen's own kind of table: 20 and 15 alike of 50, margins 25/25 and 30/20: (0.7 - 0.5) / (1 - 0.5).
    cohen = measure(of(*["yy"] * 20, *["yn"] * 5, *["ny"] * 10, *["nn"] * 15))["q"]
    assert (cohen["kappa"], cohen["kappa_name"], cohen["percent"]) == (0.4, "Cohen’s κ", 70)
    # Fleiss 1971's formula by hand: three raters, P = (1 + 1/3 + 1/3 + 1) / 4, Pe = 0.5.
    fleiss = measure(of("aaa", "aab", "abb", "bbb"))["q"]
    assert (fleiss["kappa"], fleiss["kappa_name"]) == (pytest.approx(1 / 3, abs=0.001), "Fleiss’ κ")
    # "Computing Krippendorff's Alpha-Reliability", A and B: two observers, two values, then five.
    two = measure(of(*map("".join, zip("0100000010", "1110010000", strict=True))))["q"]
    five = measure(of(*map("".join, zip("aabbdcccedda", "babbbccceddd", strict=True))))["q"]
    assert (two["alpha"], five["alpha"]) == (0.095, 0.692)
    whole = measure(of("aa", "bb", "cc"))["q"]
    assert (whole["percent"], whole["alpha"], whole["kappa"], whole["raters"]) == (100, 1.0, 1.0, 2)


def test_numbers_free_text_and_drawings_are_measured_as_they_are() -> None:
    close = measure([[{"n": n}, {"n": n + 1}] for n in range(0, 100, 10)])["n"]
    assert close["percent"] == 0
    assert close["alpha"] > 0.99
    assert "kappa" not in close
    assert measure([[{"t": "x"}, {"t": "y"}]], {"t"})["t"] == {"items": 1, "percent": 0, "note": "free text"}
    assert measure([[{"d": boxes((0, 0, 9, 9))}, {"d": boxes((0, 0, 9, 9))}]])["d"]["percent"] == 100
    many = [[{"t": f"{n}"}, {"t": f"x{n}"}] for n in range(400)]
    assert "alpha" not in measure(many)["t"]
    assert measure([[{"q": None}, {}]]) == {}


def test_the_digest_keeps_the_agreement_of_every_answer(lab: Lab) -> None:
    question = html_question('<form><input name="total"><textarea name="remark"></textarea></form>')
    hit, lone = lab.hit(MaxAssignments=4, Question=question), lab.hit(MaxAssignments=2)
    lab.answer(lone)
    for total, remark in (("12.40", "one"), ("12.40", "two"), ("12.4", "three")):
        lab.answer(hit, total=total, remark=remark)
    lab.sync()
    digest(lab.account.pk)
    its_own = Assignment.objects.filter(hit__hit_id=hit).order_by("submitted_at", "pk")
    assert [row.agreement for row in its_own] == [100, 100, 100]
    assert Assignment.objects.get(hit__hit_id=lone).agreement == 101
    lab.answer(hit, total="99")
    lab.sync()
    digest(lab.account.pk)
    assert sorted(row.agreement for row in its_own.all()) == [0, 100, 100, 100]


def test_a_hit_with_very_many_answers_costs_what_is_new(
    lab: Lab, django_assert_max_num_queries: Callable[[int], CaptureQueriesContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "MOST_ANSWERS", 4)
    hit = lab.hit(MaxAssignments=9)
    for number in range(7):
        lab.answer(hit, total="1" if number < 5 else "2")
    lab.sync()
    rows = list(Assignment.objects.select_related("hit", "hit__hit_type").order_by("pk"))
    with django_assert_max_num_queries(6):
        agreement.read(lab.account, rows)
    kept = list(Assignment.objects.order_by("pk"))
    assert [row.agreement for row in rows] == [row.agreement for row in kept]
    expected = {"1": 100, "2": 0}
    assert [row.agreement for row in kept[4:]] == [expected[row.answer.split("FreeText>")[1][0]] for row in kept[4:]]
