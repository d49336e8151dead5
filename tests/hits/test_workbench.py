"""The workbench's further parts: the guard before a rejection, what can be taken back, and deciding ahead."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard.models import Command, User
from dashboard.permissions import Denied
from dashboard.shortcuts import ACTIONS, DEFAULTS, check_keys
from hits.actions import reject
from hits.models import Assignment
from tests.cast import Lab

HTMX = {"HX-Request": "true"}


def client_of(lab: Lab, role: str = "reviewer") -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def four(lab: Lab) -> list[Assignment]:
    hit = lab.hit(MaxAssignments=4)
    for number in range(4):
        lab.answer(hit, worker=f"AWORKER{number % 3}A{number}", total=f"{number}")
    lab.sync()
    return list(Assignment.objects.order_by("auto_approval_at", "pk"))


def test_the_guard_tells_both_rates_as_they_would_be_and_is_loud_where_it_is_a_lot(
    lab: Lab, four: list[Assignment]
) -> None:
    client, url = client_of(lab), reverse("guard", args=["lab"])
    first, second, *_ = four
    Assignment.objects.filter(pk__gt=0).exclude(pk__in=[first.pk, second.pk]).update(worker_id=first.worker_id)
    Assignment.objects.exclude(pk__in=[first.pk, second.pk]).update(status="Approved")
    quiet = client.get(url, {"assignment": first.assignment_id}).content.decode()
    assert "the first rejection here</strong>, of 3 decided" in quiet
    assert "33 %</span> of the batch rejected with this: 1 of 3" in quiet
    assert "That is a lot" not in quiet, "one of three is no rate yet"
    # What is on its way counts already.
    reject(assignment=second, by=lab.people["reviewer"], feedback="No")
    loud = client.get(url, {"assignment": first.assignment_id}).content.decode()
    assert "That is a lot to reject" in loud
    assert "50 %</span> of the batch rejected with this: 2 of 4" in loud
    assert client.get(url, {"assignment": "3NOTHERE"}).content.decode().strip() == ""
    # The same for all that match a filter, which is what a job's dry run shows.
    assert "2 of 4" in client.get(url, {"worker": first.worker_id}).content.decode()
    assert Command.objects.count() == 1


def test_a_rejection_tells_for_how_long_it_can_be_taken_back(lab: Lab, four: list[Assignment]) -> None:
    client, now = client_of(lab), timezone.now()
    Assignment.objects.filter(pk=four[0].pk).update(status="Rejected", submitted_at=now - timedelta(days=28, hours=1))
    Assignment.objects.filter(pk=four[1].pk).update(status="Rejected", submitted_at=now - timedelta(days=30, hours=1))
    bench = [client.get(reverse("assignment", args=["lab", row.assignment_id])).content.decode() for row in four[:2]]
    assert "can be taken back for" in bench[0]
    assert "can be taken back" not in bench[1]
    assert "only within 30 days of the submission" in bench[1]
    queue = client.get(reverse("queue", args=["lab"]) + "?status=rejected").content.decode()
    assert queue.count("to take back") == 1


def test_a_decision_made_ahead_answers_what_can_be_undone_and_a_refused_one_the_whole_workbench(
    lab: Lab, four: list[Assignment]
) -> None:
    type(lab.account).objects.update(undo_seconds=30)
    client, url = client_of(lab), reverse("decide", args=["lab", four[0].assignment_id])
    said = {"action": "approve", "from": "ahead", "query": "", "form_key": "6a7e6d3c-0000-4000-8000-000000000001"}
    for _ in range(2):  # the second is the same form once more
        answer = client.post(url, said, headers=HTMX)
        assert answer.status_code == 200
        assert 'id="workbench"' not in answer.content.decode()
        assert "data-undo-until" in answer.content.decode()
    command = Command.objects.get()
    assert reverse("command_act", args=["lab", command.pk]) in answer.content.decode()
    late = client_of(lab, "approver").post(url, {"action": "reject", "feedback": "Typed with care", "from": "ahead"},
                                           headers=HTMX)  # fmt: skip
    assert late.status_code == 422
    page = late.content.decode()
    assert "reviewer-lab was first" in page
    assert "Typed with care" in page
    assert f'data-assignment="{four[0].assignment_id}"' in page
    assert Command.objects.get() == command


def test_a_workbench_with_more_around_it_costs_no_more_queries(lab: Lab, four: list[Assignment]) -> None:
    client = client_of(lab)
    url = reverse("assignment", args=["lab", four[1].assignment_id])

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url, headers=HTMX).status_code == 200
        return len(queries)

    cost()
    several = cost()
    Assignment.objects.exclude(pk__in=[row.pk for row in four[:3]]).update(status="Approved")
    assert cost() == several
    assert several <= 23


def test_a_persons_keys_are_theirs_and_two_that_collide_are_refused(lab: Lab, four: list[Assignment]) -> None:
    client, url = client_of(lab), reverse("my_keys")
    bench = reverse("assignment", args=["lab", four[0].assignment_id])
    typed = {f"key-{name}": key for name, key in DEFAULTS.items()} | {"action": "save"}
    refused = client.post(url, {**typed, "key-approve": "r"})
    assert refused.status_code == 422
    assert "“r” would mean both “Approve” and “Reject, with a reason”" in refused.content.decode()
    assert 'name="key-approve" value="r"' in refused.content.decode(), "nothing typed is lost"
    for key, sentence in (("?", "the list of keys"), ("/", "the search")):
        answer = client.post(url, {**typed, "key-flag": key})
        assert sentence in answer.content.decode()
        assert answer.status_code == 422
    with pytest.raises(Denied, match="single letter"):
        check_keys({"flag": "ab"})
    with pytest.raises(Denied, match="single letter"):
        check_keys({"flag": "\x00"})
    client.post(url, {**typed, "key-approve": "Y", "key-filter": "y"})
    assert User.objects.get(pk=lab.people["reviewer"].pk).keys == {}, "y in the list would be approve and filter"
    client.post(url, {**typed, "key-approve": "Y"})
    assert User.objects.get(pk=lab.people["reviewer"].pk).keys == {"approve": "y"}
    page = client.get(bench).content.decode()
    assert 'data-key="y"' in page
    assert 'data-key="a"' not in page
    assert 'data-key="y"' not in client_of(lab, "approver").get(bench).content.decode()
    assert 'data-key="y"' in client.get(reverse("queue", args=["lab"])).content.decode()
    client.post(url, {"action": "reset"})
    assert User.objects.get(pk=lab.people["reviewer"].pk).keys == {}
    assert check_keys(dict.fromkeys(ACTIONS, "")) == {}


def test_hostile_text_is_text_in_every_new_place(lab: Lab, four: list[Any]) -> None:
    from hits.actions.reasons import save_reason

    attack = "\"><script>alert(1)<b>{worker_id}'"
    save_reason(account=lab.account, by=lab.people["manager"], use="reject", title=attack[:40], text=attack)
    Assignment.objects.update(worker_id=attack[:60], reviewer=lab.people["manager"],
                              handed_until=timezone.now() + timedelta(hours=1))  # fmt: skip
    User.objects.filter(pk=lab.people["manager"].pk).update(username=attack[:60])
    client = client_of(lab)
    for path in (reverse("assignment", args=["lab", four[0].assignment_id]), reverse("queue", args=["lab"]),
                 reverse("guard", args=["lab"]), reverse("reasons", args=["lab"])):  # fmt: skip
        page = client.get(path).content.decode()
        assert "<script>alert" not in page, path
        assert "&lt;script&gt;alert" in page, path
