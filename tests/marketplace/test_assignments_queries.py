"""The number of queries does not grow with what is listed."""

import pytest
from django.db import transaction

from marketplace import work
from marketplace.models import Requester
from marketplace.operations import OPERATIONS
from tests.marketplace.making import HTML, KIND

pytestmark = pytest.mark.django_db


@pytest.fixture
def requester():
    return Requester.for_key("AKIAQUERIES")


def call(requester, operation, **request):
    with transaction.atomic():
        return OPERATIONS[operation](requester, request)


def hit_with(requester, assignments):
    hit = call(
        requester, "CreateHIT", **KIND, LifetimeInSeconds=3600, MaxAssignments=max(10, assignments), Question=HTML
    )["HIT"]
    ids = []
    for number in range(assignments):
        ids.append(work.accept(hit["HITId"], f"AQUERY{number}").assignment_id)
        work.submit(ids[-1], fields={"x": "1"})
        call(requester, "SendBonus", AssignmentId=ids[-1], WorkerId=f"AQUERY{number}", BonusAmount="0.01", Reason="r")
    return hit["HITId"], ids


@pytest.mark.parametrize("number", [1, 100])
def test_lists_cost_the_same_whatever_their_length(requester, django_assert_max_num_queries, number):
    hit_id, _ = hit_with(requester, number)
    with django_assert_max_num_queries(4):  # savepoint, HIT, assignments with their workers, savepoint
        assert call(requester, "ListAssignmentsForHIT", HITId=hit_id, MaxResults=100)["NumResults"] == number
    with django_assert_max_num_queries(4):
        assert call(requester, "ListBonusPayments", HITId=hit_id, MaxResults=100)["NumResults"] == number
    for _ in range(number - 1):
        call(requester, "CreateHIT", **KIND, LifetimeInSeconds=3600, Question=HTML)
    with django_assert_max_num_queries(4):  # savepoint, HITs with their types, the clock, savepoint
        assert call(requester, "ListHITs", MaxResults=100)["NumResults"] == number


def test_a_decision_costs_the_same_however_many_went_before(requester, django_assert_max_num_queries):
    _, ids = hit_with(requester, 20)
    for assignment_id in ids:
        with django_assert_max_num_queries(11):  # with two savepoints
            call(requester, "ApproveAssignment", AssignmentId=assignment_id)
