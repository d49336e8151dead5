"""A page costs what it is, not what it shows: as many queries for three rows as for one, and a bound on each."""

import time
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard.models import Command
from hits.actions import approve, reject
from hits.models import Assignment
from tests.cast import Lab
from tests.dashboard.test_delivery import deliver
from workers.actions import pay_bonus


def client_of(lab: Lab) -> Client:
    client = Client()
    client.force_login(lab.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get("/healthz")  # once per process: is there any user at all?
    return client


def more(lab: Lab, rows: int) -> None:
    """Further batches with work of every kind: decided, on its way, proposed, failed."""
    for _ in range(rows):
        hit = lab.hit(RequesterAnnotation=f"BatchId:{Assignment.objects.count()};")
        for worker in ("AFIRST00000001", "ASECOND0000001", "ATHIRD00000001"):
            lab.answer(hit, worker=worker)
    lab.sync()
    for assignment in Assignment.objects.select_related("account", "hit").filter(verdict=None, status="Submitted"):
        if assignment.worker_id.startswith("AFIRST"):
            approve(assignment=assignment, by=lab.people["reviewer"])
        if assignment.worker_id.startswith("ASECOND"):
            reject(assignment=assignment, by=lab.people["approver"], feedback="no")
            pay_bonus(assignment=assignment, by=lab.people["reviewer"], amount=Decimal("0.10"), reason="x")
            pay_bonus(assignment=assignment, by=lab.people["manager"], amount=Decimal("0.10"), reason="x")
    deliver(lab)
    Command.objects.filter(kind="SendBonus", state="done").update(state="attention")


def queries(client: Client, url: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return [row["sql"][:160] for row in seen.captured_queries]


PAGES = {"overview": 18, "activity": 16, "audit": 8, "account_settings": 10, "queue": 8, "sync_state": 4}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_costs_as_many_queries_for_three_as_for_one(lab: Lab, name: str) -> None:
    client, url = client_of(lab), reverse(name, args=["lab"])
    more(lab, 1)
    one = queries(client, url)
    more(lab, 2)
    three = queries(client, url)
    assert len(three) == len(one), "\n".join(set(three) - set(one))
    assert len(one) <= PAGES[name], "\n".join(one)


@pytest.mark.parametrize("worker", ["AFIRST00000001", "ASECOND0000001", "ATHIRD00000001"])
def test_the_workbench_and_a_workers_record_cost_the_same_however_much_there_is(lab: Lab, worker: str) -> None:
    client = client_of(lab)
    more(lab, 1)
    assignment = Assignment.objects.get(worker_id=worker)
    urls = [
        reverse("assignment", args=["lab", assignment.assignment_id]) + "?status=all",
        reverse("worker_record", args=["lab", worker]),
    ]
    one = [len(queries(client, url)) for url in urls]
    more(lab, 2)
    assert [len(queries(client, url)) for url in urls] == one
    assert one[0] <= 24
    assert one[1] <= 8, "\n".join(queries(client, urls[1]))


def test_a_full_queue_of_forms_with_eleven_fields_is_quick(lab: Lab) -> None:
    fields = {f"field{number}": f"What the worker typed into field {number}" for number in range(11)}
    hit = lab.hit(MaxAssignments=50)
    for _ in range(50):
        lab.answer(hit, **fields)
    lab.sync()
    client, url = client_of(lab), reverse("queue", args=["lab"])
    assert len(queries(client, url)) <= 7
    took = []
    for _ in range(3):
        began = time.perf_counter()
        client.get(url)
        took.append(time.perf_counter() - began)
    # The target is 25 ms on a quiet machine (make bench); this only catches a page that became ten times slower.
    assert min(took) < 0.5
