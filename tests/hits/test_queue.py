"""The queue's filters and orders: each finds what it says, whatever stands in the URL, and none without a bound."""

import re
import time
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.db.models import F
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard import jobs
from dashboard.models import Account
from dashboard.pages import ordering
from hits import actions
from hits.forms import SORTS, STATUSES, WAITING_SORTS, QueueFilter
from hits.models import Assignment, DataVerdict, Finding, Rule, filters
from tests.cast import Lab


def client_of(lab: Lab, role: str = "reviewer") -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def five(lab: Lab) -> list[Assignment]:
    """Five answers in the order of their deadlines; 0 is flagged, 1 judged, 2 has a proposal, 3 gold, 4 disagrees."""
    hit = lab.hit(MaxAssignments=4)
    for number in range(4):
        lab.answer(hit, total=f"1{number}.00", shop="Books & <Co>")
    lab.answer(lab.hit(Title="Another task"), total="99")
    lab.sync()
    rows = list(Assignment.objects.order_by("auto_approval_at", "pk"))
    actions.flag(assignment=rows[0], by=lab.people["reviewer"])
    actions.judge(assignment=rows[1], by=lab.people["reviewer"], verdict="unusable")
    rule = Rule.objects.create(account=lab.account, batch=rows[2].batch, look="time", made_by=lab.people["manager"])
    Finding.objects.create(account=lab.account, rule=rule, assignment=rows[2], evidence="It took 1 second.")
    Assignment.objects.update(accepted_at=F("submitted_at") - timedelta(minutes=1))
    Assignment.objects.filter(pk=rows[3].pk).update(gold_score=40, shuffled=1, accepted_at=rows[3].submitted_at)
    Assignment.objects.filter(pk=rows[4].pk).update(agreement=20, reviewer=lab.people["approver"])
    return list(Assignment.objects.select_related("hit__hit_type").order_by("auto_approval_at", "pk"))


def numbers(five: list[Assignment], page: str) -> list[int]:
    """Which of the five stand on the page, in its order."""
    places = {page.find(f'id="row-{row.assignment_id}"'): number for number, row in enumerate(five)}
    return [number for place, number in sorted(places.items()) if place >= 0]


CASES = [
    ("flags=yes", [0]),
    ("flags=no", [1, 2, 3, 4]),
    ("data=unusable", [1]),
    ("data=none", [0, 2, 3, 4]),
    ("proposals=open", [2]),
    ("gold=50", [3]),
    ("gold=40", []),
    ("agreement=21", [4]),
    ("agreement=20", []),
    ("under=1", [3]),
    ("over=100000", []),
    ("field=total&text=99", [4]),
    ("field=total&text=books", []),
    ("field=shop&text=books+%26+%3Cco%3E", [0, 1, 2, 3]),
    ("field=(a%2B)%2B$", []),
    ("field=shop", [0, 1, 2, 3]),
    ("type={type}", [4]),
    ("hit={hit}&flags=no", [1, 2, 3]),
    ("worker={worker}", [2]),
    ("sort=disagreement", [4, 0, 1, 2, 3]),
    ("reviewer=nobody", []),
    ("sort=disagreement&status=all", [0, 1, 2, 3, 4]),
]


def test_each_filter_and_order_finds_what_it_says_also_where_nothing_is_few(
    lab: Lab, five: list[Assignment], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, url = client_of(lab), reverse("queue", args=["lab"])
    names = {"type": five[4].hit.hit_type.hit_type_id, "hit": five[0].hit.hit_id, "worker": five[2].worker_id}
    for few in (filters.FEW, 0):
        monkeypatch.setattr(filters, "FEW", few)
        for pattern, expected in CASES:
            query = pattern.format(**names)
            assert numbers(five, client.get(f"{url}?{query}").content.decode()) == expected, (few, query)
        # A job takes the very same ones.
        for pattern, expected in CASES:
            frozen = QueueFilter(QueryDict(pattern.format(**names))).frozen()
            found = Assignment.objects.of(lab.account).selected({"filter": frozen})
            assert {row.pk for row in found} == {five[number].pk for number in expected}, pattern


def test_orders_of_what_waits_are_offered_for_nothing_else(lab: Lab, five: list[Assignment]) -> None:
    client, url = client_of(lab), reverse("queue", args=["lab"])
    waiting, everything = (client.get(f"{url}?status={status}").content.decode() for status in ("waiting", "all"))
    for sort in SORTS:
        assert f'value="{sort}"' in waiting
        assert (f'<option value="{sort}"' in everything) is (sort not in WAITING_SORTS)
    by_worker = numbers(five, client.get(f"{url}?sort=worker").content.decode())
    assert by_worker == sorted(range(5), key=lambda number: five[number].worker_id)
    assert sorted(numbers(five, client.get(f"{url}?sort=random").content.decode())) == list(range(5))


HOSTILE = (
    ["under=-1", "over=1e9", "agreement=101", "gold=x", "flags=maybe", "data=%3Cscript%3E", "reviewer=" + "x" * 200,
     "field=" + "(" * 200, "field=%00", "type=%00", "sort=worker&after=A_x", "sort=disagreement&after=2026-01-01_1",
     "field=a&text=%5C", "field=[&text=*", "sort=random&before=99999999999999999999_1"]
)  # fmt: skip


def test_whatever_stands_in_the_url_the_queue_and_the_workbench_open(lab: Lab, five: list[Assignment]) -> None:
    client, bench = client_of(lab, "viewer"), reverse("assignment", args=["lab", five[0].assignment_id])
    for query in HOSTILE:
        assert client.get(reverse("queue", args=["lab"]) + f"?{query}").status_code == 200, query
        assert client.get(f"{bench}?{query}").status_code == 200, query


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue in which nothing is few and a page looks through two at a time."""
    from hits.views.review import looking

    monkeypatch.setattr(filters, "FEW", 0)
    monkeypatch.setattr(looking, "WINDOW", 2)


def test_what_no_index_finds_is_looked_through_in_steps_that_miss_nothing(
    lab: Lab, five: list[Assignment], narrow: None
) -> None:
    for query, expected in (("under=1", [3]), ("flags=no", [1, 2, 3, 4])):
        steps_through(lab, five, query, expected)


def steps_through(lab: Lab, five: list[Assignment], query: str, expected: list[int]) -> None:
    client, url, seen, steps = client_of(lab), reverse("queue", args=["lab"]), [], 0
    where = f"?{query}"
    while where:
        page = client.get(url + where)
        seen += numbers(five, page.content.decode())
        where = page.context["page"].older_url
        steps += 1
        assert steps < 6
    assert seen == expected
    assert steps == 3
    # The workbench goes the same way, over what does not match.
    for number, following in pairwise(expected):
        bench = client.get(reverse("assignment", args=["lab", five[number].assignment_id]) + f"?{query}")
        assert five[following].assignment_id in bench.context["next_url"]


def test_a_field_of_many_words_is_looked_through_in_no_time() -> None:
    """Had a space two ways to be read, thirty words without what is looked for would take minutes."""
    many = "<Answer><QuestionIdentifier>why</QuestionIdentifier><FreeText>" + "a b\n" * 20_000 + "the end"
    began = time.process_time()
    assert re.search(filters.said_in("why", "THE END"), many, re.IGNORECASE)
    inside = '<FreeText>{"why": "' + "a b " * 400 + '", "end": "zzz"}</FreeText>'
    again = "<QuestionIdentifier>why</QuestionIdentifier>" * 3_000
    for said in (many, inside, again):
        assert not re.search(filters.said_in("why", "zzz"), said, re.IGNORECASE)
    assert time.process_time() - began < 1


def test_of_what_a_window_does_not_hold_a_deadline_a_hit_and_a_worker_find_all(
    lab: Lab, five: list[Assignment], narrow: None
) -> None:
    """The newest close last: nothing of what closes soon is among the first that the order holds."""
    lab.account.assignments.filter(pk=five[1].pk).update(worker_id=five[0].worker_id)
    for number, row in enumerate(five):
        closes = timezone.now() + timedelta(hours=1 if number < 2 else 100)
        Assignment.objects.filter(pk=row.pk).update(
            auto_approval_at=closes, submitted_at=row.submitted_at + timedelta(minutes=number), agreement=number
        )
    client, url = client_of(lab), reverse("queue", args=["lab"])
    for query, expected in (
        ("deadline=4h&sort=newest", [1, 0]),
        ("deadline=4h&flags=no&sort=newest", [1]),
        (f"worker={five[0].worker_id}&sort=disagreement", [0, 1]),
        (f"worker={five[0].worker_id}&deadline=4h&sort=newest", [1, 0]),
        (f"hit={five[4].hit.hit_id}&sort=disagreement", [4]),
        (f"hit={five[0].hit.hit_id}&sort=newest&status=all", [3, 2, 1, 0]),
    ):
        page = client.get(f"{url}?{query}")
        seen = numbers(five, page.content.decode())
        while page.context["page"].older_url:
            page = client.get(url + page.context["page"].older_url)
            seen += numbers(five, page.content.decode())
        assert seen == expected, query
        bench = client.get(reverse("assignment", args=["lab", five[seen[0]].assignment_id]) + f"?{query}")
        assert bench.context["previous_url"] == ""
        if len(seen) > 1:
            assert five[seen[1]].assignment_id in bench.context["next_url"]


@pytest.mark.django_db
def test_every_order_of_a_large_queue_is_read_off_an_index() -> None:
    """SQLite is told that the table is large, so that it plans here as it will with a million."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL gathers statistics of its own")
    among = Assignment.objects.of(Account(pk=1))
    for status in STATUSES:
        for sort, (_, column, descending) in SORTS.items():
            if status != "waiting" and sort in WAITING_SORTS:
                continue
            rows = among.matching({"status": status}).order_by(*ordering(column, descending=descending))
            for some in (rows[:1], rows[:51], rows[4_999:5_050], rows.values("pk")[:1_001]):
                assert "TEMP B-TREE" not in some.explain(), (status, sort, some.explain())
            if status == "waiting":
                assert "INDEX assignment_waiting" in rows[:51].explain(), (sort, rows[:51].explain())


def test_a_page_of_one_costs_as_many_queries_as_a_page_of_five(lab: Lab, five: list[Assignment]) -> None:
    client, url = client_of(lab), reverse("queue", args=["lab"])
    Assignment.objects.update(
        data_verdict=DataVerdict.USABLE, flagged=True, gold_score=1, reviewer=lab.people["manager"]
    )

    def cost(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{url}?{query}").status_code == 200
        return len(queries)

    client.get("/healthz")
    several = {sort: cost(f"sort={sort}&data=usable") for sort in SORTS}
    Assignment.objects.exclude(pk=five[0].pk).update(status="Approved")
    assert {sort: cost(f"sort={sort}&data=usable") for sort in SORTS} == several
    assert max(several.values()) <= 8


def test_a_filter_is_frozen_when_a_job_is_asked_for(lab: Lab, five: list[Assignment]) -> None:
    frozen = QueueFilter(QueryDict("flags=yes&reviewer=reviewer-lab&deadline=3d")).frozen()
    assert set(frozen) == {"status", "sort", "flags", "before", "reviewer_id", "held_after"}
    job = jobs.ask(
        "approve", account=lab.account, by=lab.people["approver"],
        selection={"filter": QueueFilter(QueryDict("flags=yes")).frozen()}, options={},
    )  # fmt: skip
    jobs.prepare(job.pk)
    job.refresh_from_db()
    assert job.total == 1
