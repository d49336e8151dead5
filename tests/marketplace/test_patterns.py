"""Patterns of requesters: used where they can be, and none of them takes the memory or the time of the server."""

import time

import pytest

from marketplace.documents.forms import form_items, problems
from marketplace.documents.patterns import MOST_PARTS, matches, parts
from tests.marketplace.crowds import form, shortened, text_question


@pytest.mark.parametrize(
    ("pattern", "least"),
    [
        ("abc", 3),
        ("a{7}", 7),
        ("(ab){3}", 9),
        ("((a{2}){3}){4}", 24),
        (r"[a{9}\]]{2,5}", 2),
        ("a{3,}b{,9}", 4),
        ("(?#[)a{8}", 8),
    ],
)
def test_counted_repeats_are_written_out(pattern: str, least: int):
    assert least <= parts(pattern) <= 2 * least + 3


@pytest.mark.parametrize(
    "pattern",
    [
        "a{10000000}b",
        "(?:(?:(?:a?){999}){999}){999}b",
        "((((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9})",
        "a{9999}" * 50,
        "(?#[)a{10000000}",
        "[]]{99999999}",
        "(?x)#[\na{10000000}#]",
        "(?V1)[[a]&&[b]{10000000}]",
        "(a+)+$" + "b" * 10,
        "(" * 20_000,
        "a{99999999999999999999999999}",
        "[",
    ],
    ids=shortened,
)
def test_a_pattern_that_would_take_the_server_down_is_not_used(pattern: str):
    began = time.thread_time()
    assert matches(pattern, "a" * 60 + "!", seconds=0.1) is not True
    assert time.thread_time() - began < 3


def test_a_form_with_such_a_pattern_takes_any_answer():
    items = form_items(form(text_question("odd", '<AnswerFormatRegex regex="^(a{9999}){9999}$"/>')))
    assert problems(items, {"odd": ["anything"]}) == {}
    assert problems(items, {}) != {}


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^\d{3}-\d{4}$", "555-0101", "555-010"),
        (r"^[\s\S]{0,100000}$", "anything", None),
        (r"^(?:[^@\s]{1,64})@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,63}$", "a@b.example.org", "a@b"),
        (r"^(?=.*[A-Z])(?!.*x)\w{8,128}$", "Passwords", "passwords"),
    ],
)
def test_what_people_write_still_counts(pattern: str, good: str, bad: str | None):
    assert parts(pattern) < MOST_PARTS
    assert matches(pattern, good, seconds=0.5) is True
    assert bad is None or matches(pattern, bad, seconds=0.5) is False
