"""Tasks that cannot be done, or are made to do harm: simulated workers leave them alone, soon and with a sentence."""

import contextlib
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from marketplace.crowd.answers import CannotAnswer
from marketplace.crowd.answers.hand import Hand
from marketplace.crowd.answers.pages import fill_page
from marketplace.crowd.answers.texts import made_from
from tests.marketplace.crowds import filled, page, shortened, tree
from tests.marketplace.making import EXTERNAL


def hand(skill: float = 0.9) -> Hand:
    return Hand(skill=skill, rng=Random(1), hints={}, about="")


def test_an_external_question_is_answered_only_where_its_fields_are_named():
    with pytest.raises(CannotAnswer, match="other servers"):
        filled(EXTERNAL)
    fields = filled(EXTERNAL, skill=1.0, fields=["code", "why"], gold={"code": "X7"})
    assert fields["code"] == "X7"
    assert fields["why"]


def quickly(work: Callable[[], Any]) -> Any:
    began = time.thread_time()
    try:
        return work()
    finally:
        assert time.thread_time() - began < 6


def ends_well(work: Callable[[], Any]) -> Any:
    """What was filled in, or None where that was refused in a sentence."""
    with contextlib.suppress(CannotAnswer):
        return quickly(work)
    return None


@pytest.mark.parametrize(
    "html",
    [
        "<input name='a'>" * 100_000,
        "x" * 2_000_000,
        "<div>" * 30_000 + "<input name='deep'>",
        "<crowd-form>" * 20_000 + "<crowd-input name='deep'>",
        "\0\0<!--",
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>&b;",
        "<?php while(1); ?>",
        "",
        "<form>&" + "amp;" * 60_000 + "</form>",
        "<crowd-form><crowd-classifier name='x' categories='" + "[" * 50_000 + "'></crowd-classifier></crowd-form>",
    ],
    ids=shortened,
)
def test_a_hostile_page_is_refused_in_a_sentence_and_soon(html: str):
    assert ends_well(lambda: fill_page(html, hand())) in ({}, None)


@pytest.mark.parametrize(
    "body",
    [
        "<form><input type='hidden' name='result'><canvas></canvas><script>build()</script></form>",
        "<crowd-form><input type='hidden' name='result'></crowd-form>",
        "<form><input name='a' pattern='(a+)+$' required></form>",
        "<crowd-form><crowd-input name='a' allowed-pattern='(?:(?:(?:a?){999}){999}){999}b' required></crowd-form>",
        "<crowd-form><crowd-input name='a' allowed-pattern='[0-9]' min-length='4' required></crowd-form>",
        "<form>" + "<input name='a{0}' pattern='^(([a-z])+.)+[A-Z]([a-z])+$' required>" * 400 + "</form>",
        "<form><input name='a' pattern='" + "(" * 400 + "' required></form>",
        "<form><input name='a' pattern='x{90000}{90000}' required></form>",
        "<form><input type='number' name='n' min='1e400' max='-1e400' step='nan'></form>",
        "<form><input type='number' name='n' min='nan' max='inf' step='1e-300'></form>",
        "<form><input name='a' minlength='99999999' required></form>",
        "<form><input type='date' name='d' min='99999-99-99' max='x' required></form>",
        "<form><select name='s'>" + "<option>" * 5_000 + "</select></form>",
        "<crowd-form><crowd-slider name='s' min='9' max='-9' step='0'></crowd-slider></crowd-form>",
        '<crowd-form><crowd-bounding-box name="b" labels="[[[,,{]"></crowd-bounding-box></crowd-form>',
        "<crowd-form><crowd-entity-annotation name='e' text='' labels='{}'></crowd-entity-annotation></crowd-form>",
    ],
    ids=shortened,
)
def test_controls_that_make_no_sense_end_in_an_answer_or_a_sentence(body: str):
    for skill in (0.0, 1.0):
        assert ends_well(lambda skill=skill: filled(page(body), skill=skill)) != {}


@pytest.mark.parametrize(
    "gold",
    [
        {"b": {"truth": [], "width": 10**12, "height": 10**12}},
        {"b": {"truth": [{"label": "x"}]}},
        {"b": {"boundingBoxes": "many"}},
        {"b": {"truth": [{"label": "x", "left": "1e999", "top": 0, "width": 1, "height": 1}]}},
        {"b": {"truth": {"boundingBoxes": [[1, 2, 3, 4]]}}},
        {"b": 7},
    ],
)
def test_gold_that_makes_no_sense_is_a_sentence(gold: dict[str, Any]):
    with pytest.raises(CannotAnswer, match=r"\w+ \w+"):
        tree("<crowd-bounding-box name='b' labels=\"['x']\"></crowd-bounding-box>", gold=gold)


def test_a_picture_too_large_to_paint_is_not_painted():
    with pytest.raises(CannotAnswer, match="more than the crowd paints"):
        tree("<crowd-semantic-segmentation name='b'/>", gold={"b": {"width": 90_000, "height": 90_000}})


def test_a_text_made_from_a_pattern_has_an_end():
    for pattern in (r"a{1,4294967294}", r"(a{2000}){2000}", r"((((((a*)*)*)*)*)*)*", "(" * 500, "(?P<x>a)(?P=x)"):
        assert len(quickly(lambda pattern=pattern: made_from(pattern, Random(1)))) <= 21_000
