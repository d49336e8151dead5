"""A page costs the same wherever it is: what is counted are the database's own steps, so no clock is involved."""

import contextlib
from datetime import timedelta

import pytest
from django.db import connection, transaction

from marketplace import work
from marketplace.models import HIT, Assignment, Requester, Worker
from marketplace.operations import OPERATIONS
from tests.marketplace.making import HTML, KIND

pytestmark = pytest.mark.django_db
MANY = 1500


@pytest.fixture
def requester():
    return Requester.for_key("AKIADEPTH")


def call(requester, operation, **request):
    with transaction.atomic():
        return OPERATIONS[operation](requester, request)


def copies(row, **changes):
    """Unsaved copies of a row; `changes` say what becomes of some fields, by the copy's number."""
    same = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}
    return [type(row)(**{**same, **{name: of(number) for name, of in changes.items()}}) for number in range(MANY)]


@contextlib.contextmanager
def steps():
    """Counts hundreds of the virtual machine's instructions."""
    counted = [0]

    def one_more():
        counted[0] += 1

    connection.connection.set_progress_handler(one_more, 100)
    try:
        yield counted
    finally:
        connection.connection.set_progress_handler(None, 100)


def cost_of_pages(requester, operation, **request):
    """Steps of the second page and of the last full one, and how many pages with rows there were."""
    costs, token = [], None
    while True:
        with steps() as counted:
            answer = call(requester, operation, **request, MaxResults=100, **({"NextToken": token} if token else {}))
        token = answer.get("NextToken")
        if token:
            costs.append(counted[0])
        else:
            return costs[1], costs[-2], len(costs)


@pytest.fixture
def hit(requester):
    created = call(requester, "CreateHIT", **KIND, LifetimeInSeconds=3600, MaxAssignments=10, Question=HTML)["HIT"]
    work.submit(work.accept(created["HITId"], "AFIRST").assignment_id, fields={"x": "1"})
    return HIT.objects.get()


def test_deep_pages_of_assignments_cost_what_the_first_ones_do(requester, hit):
    first = Assignment.objects.select_related("worker").get()
    workers = copies(first.worker, worker_id=lambda number: f"ADEEP{number}")
    Worker.objects.bulk_create(workers)
    Assignment.objects.bulk_create(
        copies(
            first,
            assignment_id=lambda number: f"3DEEP{number}",
            worker_id=lambda number: workers[number].pk,
            submit_time=lambda number: first.submit_time + timedelta(seconds=number * 7 % MANY),
        )
    )
    shallow, deep, number = cost_of_pages(requester, "ListAssignmentsForHIT", HITId=hit.hit_id)
    assert number == MANY // 100 + 1
    assert shallow > 0
    assert deep <= shallow * 1.5


def test_deep_pages_of_hits_cost_what_the_first_ones_do(requester, hit):
    HIT.objects.bulk_create(copies(hit, hit_id=lambda number: f"3DEEP{number}"))
    shallow, deep, number = cost_of_pages(requester, "ListHITs")
    assert number == MANY // 100 + 1
    assert shallow > 0
    assert deep <= shallow * 1.5
