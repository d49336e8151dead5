"""The figures of batches: counted once each, bounded, and shown without a look at the answers."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from dashboard import commands, tasks
from dashboard.tasks import digest
from hits import actions, figures
from hits.answers import tally
from hits.models import Assignment, Batch, BatchFigures, FieldFigures, ReviewerFigures
from hits.views import charts
from tests.cast import Lab
from tests.hits.answers.documents import html_question, words
from tests.hits.test_values import boxes

ATTACK = "</script><script>alert(1)</script>"
QUESTION = html_question(
    '<form><label>Total <input type="number" name="total"></label><label for="paid">Paid</label>'
    '<select id="paid" name="paid"><option value="c">in cash</option><option value="d">by card</option></select>'
    '<input type="checkbox" name="hard"></form>'
)


def test_figures_follow_answers_and_decisions_exactly(lab: Lab) -> None:
    hit = lab.hit(MaxAssignments=5, Question=QUESTION)
    ids = [lab.answer(hit, total=str(n), paid="c" if n else "d") for n in range(3)]
    lab.sync()
    digest(lab.account.pk)
    kept = BatchFigures.objects.get()
    assert (kept.submitted, kept.approved, kept.cost, sum(kept.hours.values())) == (3, 0, 0, 3)
    fields = {row.name: row.tally for row in FieldFigures.objects.all()}
    assert fields["paid"]["values"] == {"c": 2, "d": 1}
    assert fields["total"]["numbers"]["bars"] == {"0": 1, "1": 1, "2": 1}
    assert kept.reliability["fields"]["paid"]["percent"] == 33
    assert kept.agreement == 17  # the one that differs everywhere has 0, the others agree on one field of two

    rows = {row.assignment_id: row for row in Assignment.objects.all()}
    actions.approve(assignment=rows[ids[0]], by=lab.people["reviewer"])
    actions.reject(assignment=rows[ids[1]], by=lab.people["reviewer"], feedback="no")
    commands.deliver_due(lab.account.pk)
    lab.mturk.approve_assignment(AssignmentId=ids[2])
    lab.sync()
    digest(lab.account.pk)
    digest(lab.account.pk)
    kept.refresh_from_db()
    assert (kept.submitted, kept.approved, kept.rejected, kept.elsewhere) == (0, 2, 1, 1)
    assert kept.cost == Decimal("0.24")  # two at ten cents and twenty percent
    reviewer = ReviewerFigures.objects.get()
    assert (reviewer.approved, reviewer.rejected, reviewer.reversed) == (1, 1, 0)
    assert reviewer.gaps["n"] == 1

    again = Assignment.objects.get(assignment_id=ids[1])
    actions.override_rejection(assignment=again, by=lab.people["approver"])
    commands.deliver_due(lab.account.pk)
    digest(lab.account.pk)
    reviewer.refresh_from_db()
    kept.refresh_from_db()
    assert (reviewer.rejected, reviewer.reversed, kept.approved, kept.rejected) == (1, 1, 3, 0)
    assert {row.name: row.tally for row in FieldFigures.objects.all()} == fields


def test_the_page_shows_each_field_as_a_chart_and_as_a_table(lab: Lab, client: Client) -> None:
    hit = lab.hit(MaxAssignments=5, Question=QUESTION)
    for number in range(4):
        lab.answer(hit, total=str(number), paid="d" if number else "c", note=ATTACK if number else "fine")
    lab.sync()
    digest(lab.account.pk)
    batch = Batch.objects.get()
    client.force_login(lab.people["viewer"])
    text = client.get(f"/a/{lab.account.slug}/batches/{batch.pk}/").content.decode()
    assert ATTACK not in text
    tree = html.fromstring(text)
    data = json.loads(tree.get_element_by_id("chart-data").text)
    drawn = {canvas.get("data-chart") for canvas in tree.xpath("//canvas")}
    assert drawn == set(data) >= {"took", "time"}
    cards = {words(card.xpath(".//h3")[0]): words(card) for card in tree.find_class("field-card")}
    assert "by card 3 75 %" in cards["Paid"]
    assert "mean 1.50 , 0 to 3" in cards["Total"]
    assert "Krippendorff" in cards["Paid"]
    assert "3 approved" not in words(tree)
    assert not tree.find_class("ask-form"), "a viewer asks for no second reviews"
    assert client.get("/a/lab/batches/999999/").status_code == 404


def test_pages_cost_the_same_for_one_batch_and_for_three(lab: Lab, client: Client) -> None:
    client.force_login(lab.people["reviewer"])
    costs = {"": [], "batch": []}  # type: dict[str, list[int]]
    for number in (1, 2, 3):
        hit = lab.hit(MaxAssignments=2 * number, RequesterAnnotation=f"BatchId:{number};", Title=f"Task {number}")
        for answer in range(number):
            lab.answer(hit, **{f"field{place}": str(answer) for place in range(number)})
        lab.sync()
        digest(lab.account.pk)
        newest = Batch.objects.order_by("-pk")[0]
        for name, url in (("", "/a/lab/batches/"), ("batch", f"/a/lab/batches/{newest.pk}/")):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            costs[name].append(len(queries))
    assert len(set(costs[""])) == 1, costs
    assert len(set(costs["batch"])) == 1, costs
    listed = client.get("/a/lab/batches/?q=BATCH:2").content.decode()
    assert [row.text_content().strip() for row in html.fromstring(listed).find_class("batch-name")] == [
        str(Batch.objects.order_by("pk")[1])
    ]
    assert "No batch has these words" in client.get("/a/lab/batches/?q=nothing").content.decode()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400))
def test_a_histogram_stays_small_and_loses_nothing(numbers: list[float]) -> None:
    kept: dict[str, Any] = {}
    for number in numbers:
        tally.add(kept, number)
    bars = tally.bars_of(kept)
    assert len(bars) <= tally.MOST_BARS
    assert sum(many for *_, many in bars) == len(numbers) == kept["n"]
    chart = charts.histogram(kept)
    assert chart is not None
    assert sum(chart["counts"]) == len(numbers)
    assert len(chart["labels"]) <= charts.MOST_BARS + 2
    middle = tally.median_of(kept)
    assert middle is not None
    room = (kept["step"] or 0) + 1e-5
    assert kept["min"] - room <= middle <= kept["max"] + room
    json.dumps(kept, allow_nan=False)


def test_texts_of_all_kinds_are_counted_in_bounded_room() -> None:
    kept: dict[str, Any] = {}
    for number in range(5_000):
        tally.count(kept, "often" if number % 2 else f"once {number}")
    assert len(kept["values"]) <= tally.MOST_VALUES
    assert kept["values"]["often"] == 2_500
    assert sum(kept["values"].values()) + kept["others"] == kept["said"] == 5_000
    drawn: dict[str, Any] = {}
    tally.count(drawn, boxes((1, 1, 5, 5), (9, 9, 5, 5)))
    tally.count(drawn, boxes())
    assert (drawn["labels"], drawn["numbers"]["bars"], drawn["drawings"]) == ({"Hand": 2}, {"2": 1, "0": 1}, 2)


def test_a_batch_of_very_many_answers_is_read_in_chunks_of_one_price(lab: Lab) -> None:
    hit = lab.hit(MaxAssignments=9)
    for number in range(6):
        lab.answer(hit, total=str(number))
    lab.sync()
    rows = list(Assignment.objects.select_related("hit__hit_type").order_by("pk"))
    costs = []
    for part in (rows[:1], rows[1:]):
        with CaptureQueriesContext(connection) as queries:
            figures.read(lab.account, part)
        costs.append(len(queries))
    assert costs[1] <= costs[0] + 2, costs
    assert BatchFigures.objects.get().submitted == 6


def test_a_bonus_that_settles_while_a_batch_is_first_counted_stops_nothing_and_stays(lab: Lab) -> None:
    lab.answer(lab.hit(), total="1")
    lab.sync()
    rows = list(Assignment.objects.select_related("hit__hit_type"))
    settled: list[BatchFigures] = []

    def settle(execute: Any, sql: str, *more: Any) -> Any:
        came = execute(sql, *more)
        if "hits_batchfigures" in sql and not settled:
            settled.append(BatchFigures(batch=rows[0].batch, account=lab.account, bonuses=Decimal("1.20")))
            settled[0].save(force_insert=True)
        return came

    with connection.execute_wrapper(settle):
        figures.read(lab.account, rows)
    kept = BatchFigures.objects.get()
    assert (kept.submitted, kept.bonuses) == (1, Decimal("1.20"))


def test_a_batch_that_went_quiet_is_measured_with_all_its_answers(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    hits = [lab.hit(MaxAssignments=20, RequesterAnnotation=f"BatchId:{number};") for number in range(2)]
    for hit in hits:
        for _ in range(11):
            lab.answer(hit, total="1")
    lab.sync()
    measured: list[int] = []
    measure = figures.measure_batch
    monkeypatch.setattr(figures, "measure_batch", lambda batch: (measured.append(batch.pk), measure(batch)))
    digest(lab.account.pk)
    assert len(measured) == 2
    for hit in hits:
        lab.answer(hit, total="2")
    lab.sync()
    for _ in range(3):
        digest(lab.account.pk)
    assert len(measured) == 2, "one answer more is no reason to look at all of them again"
    assert figures.accounts_to_measure() == set()

    late = timezone.now() - timedelta(minutes=11)
    BatchFigures.objects.update(measured_at=late)
    assert not Assignment.objects.fresh().exists(), "nothing new comes that would wake anybody"
    asked: list[int] = []
    monkeypatch.setattr(tasks.digest, "apply_async", lambda ids, **_: asked.append(ids[0]))
    tasks.sweep()
    assert asked == [lab.account.pk]
    figures.measure_batches(lab.account, most=1)
    assert figures.accounts_to_measure() == {lab.account.pk}, "of many batches the others have their turn, too"
    digest(lab.account.pk)
    assert [this.measured_answers for this in BatchFigures.objects.all()] == [12, 12]
    assert {this.reliability["fields"]["total"]["items"] for this in BatchFigures.objects.all()} == {1}
    assert (len(measured), figures.accounts_to_measure()) == (4, set())

    def choke(batch: BatchFigures) -> None:
        raise DataError("a shape nobody foresaw")

    monkeypatch.setattr(figures, "measure_batch", choke)
    BatchFigures.objects.update(measured_answers=0)
    digest(lab.account.pk)
    assert figures.accounts_to_measure() == set(), "what cannot be measured is not tried again until it grows"
