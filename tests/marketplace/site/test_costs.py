"""What pages cost: as many queries for three groups as for one, and the list comes from an index alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from marketplace import clock
from marketplace.models import HIT, HITType, Requester
from marketplace.site.accounts import new_worker
from marketplace.site.groups import groups_for
from tests.marketplace.making import HTML

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> Any:
    return new_worker(User.objects.create_user("costs"))


def publish(groups: int) -> None:
    requester, now = Requester.for_key("AKIACOSTS"), clock.now()
    for number in range(groups):
        kind = HITType.objects.create(
            requester=requester,
            created_at=now,
            title=f"Group {number}",
            description="d",
            reward="0.10",
            assignment_duration=600,
            auto_approval_delay=600,
            digest=str(number),
            requirements=[
                {"QualificationTypeId": "00000000000000000071", "Comparator": "Exists", "ActionsGuarded": "Accept"}
            ],
        )
        HIT.objects.bulk_create(
            HIT(
                requester=requester,
                hit_type=kind,
                created_at=now,
                expiration=now + timedelta(days=1),
                question=HTML,
                max_assignments=2,
                open_slots=2,
            )
            for _ in range(3)
        )


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_whatever_its_length(
    worker: Any, django_assert_max_num_queries: Any, number: int
) -> None:
    publish(number)
    client = Client()
    client.force_login(worker.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    with django_assert_max_num_queries(12):
        page = client.get("/tasks/")
    assert page.content.count(b"Group ") >= number


def test_the_list_is_counted_from_an_index(worker: Any, django_assert_max_num_queries: Any) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the plan is read as SQLite writes it")
    publish(1)
    with django_assert_max_num_queries(10) as seen:
        assert [group.left for group in groups_for(worker, clock.now())] == [3]
    [counting] = [
        query["sql"] for query in seen.captured_queries if "COUNT(" in query["sql"] and "MAX(" in query["sql"]
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {counting}")
        plan = " ".join(str(row[3]) for row in cursor.fetchall())
    assert "hits_to_take" in plan
