"""How pages write numbers, money, times and states."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils import timezone

from dashboard.models import State
from dashboard.templatetags import formats


def drawn(source: str, **context: object) -> str:
    return Template("{% load formats %}" + source).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Decimal("1234.5"), "$1,234.50"),
        (Decimal("0"), "$0.00"),
        (Decimal("0.105"), "$0.11"),
        (Decimal("-3"), "−$3.00"),
        (None, "—"),
    ],
)
def test_money_has_two_decimals_and_rounds_half_up(value: object, words: str) -> None:
    assert formats.money(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (48, "0:48"), (723, "12:03"), (3723, "1:02:03"), (None, "—")]
)
def test_work_time_reads_like_a_clock(seconds: int | None, words: str) -> None:
    assert formats.took(seconds) == words


@pytest.mark.parametrize(("count", "words"), [(84, "84"), (1000, "1,000"), (1001, "1,000+")])
def test_a_count_that_was_stopped_says_so(count: int, words: str) -> None:
    assert formats.capped(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "20 s"), (3599, "59 m"), (3600, "1 h"), (11_520, "3 h 12 m"), (100 * 3600, "4 d 4 h"), (864_000 * 2, "20 d")],
)
def test_spans_use_at_most_two_units(seconds: int, words: str) -> None:
    assert formats.span_words(seconds) == words


def test_a_time_is_relative_and_tells_the_exact_one_in_the_readers_zone() -> None:
    with timezone.override("Asia/Kolkata"):
        when = timezone.now().replace(microsecond=0) - timedelta(hours=2)
        html = drawn("{% ago when %}", when=when)
    assert ">2 h ago</time>" in html
    assert "IST" in html
    assert when.isoformat() in html


def test_a_passed_deadline_is_over_and_a_missing_one_a_dash() -> None:
    assert ">over</time>" in drawn("{% left when %}", when=timezone.now() - timedelta(seconds=1))
    assert drawn("{% left when %}", when=None) == "—"


@pytest.mark.parametrize("state", State.values)
def test_every_state_of_a_command_is_a_word_with_an_icon_and_a_colour(state: str) -> None:
    html = drawn("{% state value %}", value=state)
    word, icon, colour, _ = formats.STATES[state]
    assert word in html
    assert f"#{icon}" in html
    assert f"state-{colour}" in html


def test_a_state_nobody_foresaw_is_shown_as_text_only() -> None:
    assert "&lt;script&gt;" in drawn("{% state value %}", value="<script>")


@pytest.mark.parametrize(
    ("kind", "word"),
    [("ApproveAssignment", "Approving"), ("OverrideRejection", "Approving"), ("RejectAssignment", "Rejecting")],
)
def test_an_assignment_shows_the_verdict_that_is_on_its_way(kind: str, word: str) -> None:
    verdict = SimpleNamespace(state="queued", kind=kind)
    assert word in drawn("{% assignment_state it %}", it=SimpleNamespace(status="Submitted", verdict=verdict))


@pytest.mark.parametrize(
    ("environment", "word"), [("marketplace", "Marketplace"), ("sandbox", "Sandbox"), ("production", "Live money")]
)
def test_the_environment_is_named(environment: str, word: str) -> None:
    assert word in drawn("{% environment it %}", it=SimpleNamespace(environment=environment))


def test_the_chart_draws_one_bar_per_busy_hour_within_its_frame() -> None:
    start = timezone.now() - timedelta(hours=167)
    hours = [(start + timedelta(hours=hour), hour % 5) for hour in range(168)]
    chart = formats.hour_chart(hours)
    assert len(chart["bars"]) == sum(1 for _, count in hours if count)
    assert all(
        float(bar["y"]) >= 0 and float(bar["y"]) + float(bar["height"]) <= chart["height"] for bar in chart["bars"]
    )
    assert "<rect" in drawn("{% hour_chart hours %}", hours=hours)
    assert "<rect" not in drawn("{% hour_chart hours %}", hours=[(start, 0)])


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("SendBonus.done", "Bonus: done"),
        ("RejectAssignment.declined", "Reject: declined"),
        ("member.added", "Member added"),
    ],
)
def test_the_audit_speaks_in_words(kind: str, words: str) -> None:
    assert formats.event_words(kind) == words
