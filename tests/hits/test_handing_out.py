"""Taking the next few: nobody else is led to them, until they are given back or their time is over."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard.models import Command
from hits.actions import handing
from hits.models import Assignment
from hits.views.review.handing import too_late
from tests.cast import Lab


def client_of(lab: Lab, role: str) -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def waiting(lab: Lab) -> list[Assignment]:
    hit = lab.hit(MaxAssignments=5)
    for _ in range(5):
        lab.answer(hit)
    lab.sync()
    return list(Assignment.objects.order_by("auto_approval_at", "pk"))


def test_what_one_takes_the_others_are_not_led_to(
    lab: Lab, waiting: list[Assignment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing, "CHUNK", 2)
    url, ana, ben = reverse("take", args=["lab"]), client_of(lab, "reviewer"), client_of(lab, "approver")
    first, second = ana.post(url, {"query": ""}), ben.post(url, {"query": ""})
    ids = [row.assignment_id for row in waiting]
    assert first["Location"] == reverse("assignment", args=["lab", ids[0]]) + "?reviewer=reviewer-lab"
    assert ids[2] in second["Location"]

    # Ben's way through everything: neither forward nor back does he meet what Ana holds.
    bench = ben.get(reverse("assignment", args=["lab", ids[4]])).content.decode()
    assert reverse("assignment", args=["lab", ids[3]]) in bench
    assert "2 of 3" not in bench
    assert "3 of 3" in bench
    held = ben.get(reverse("assignment", args=["lab", ids[0]])).content.decode()
    assert "With <strong>reviewer-lab</strong> until" in held
    queue = ben.get(reverse("queue", args=["lab"])).content.decode()
    assert queue.count("with reviewer-lab until") == 2
    assert queue.count("yours until") == 2

    # Ana's own view holds hers alone; each decision prolongs what she has left, and leaves her the next of hers.
    soon = timezone.now() + timedelta(minutes=1)
    Assignment.objects.filter(reviewer=lab.people["reviewer"]).update(handed_until=soon)
    answer = ana.post(
        reverse("decide", args=["lab", ids[0]]),
        {"action": "approve", "from": "workbench", "query": "reviewer=reviewer-lab"},
        headers={"HX-Request": "true"},
    )
    assert ids[1] in answer["HX-Push-Url"]
    assert Assignment.objects.get(assignment_id=ids[1]).handed_until > soon + timedelta(minutes=20)
    last = ana.post(
        reverse("decide", args=["lab", ids[1]]),
        {"action": "approve", "from": "workbench", "query": "reviewer=reviewer-lab"},
        headers={"HX-Request": "true"},
    )
    assert "last one of this view" in last.content.decode()


def test_time_gives_back_what_was_taken_and_so_do_its_holder_and_an_approver(lab: Lab, waiting: list[Any]) -> None:
    rows, order = Assignment.objects.of(lab.account), ("auto_approval_at", "pk")
    people = lab.people
    handing.take(account=lab.account, by=people["reviewer"], rows=rows, order=order, count=3)
    assert len(handing.take(account=lab.account, by=people["approver"], rows=rows, order=order, count=3)) == 2
    Assignment.objects.filter(reviewer=people["reviewer"]).update(handed_until=timezone.now() - timedelta(seconds=1))
    assert len(handing.take(account=lab.account, by=people["manager"], rows=rows, order=order, count=9)) == 3
    url = reverse("release", args=["lab"])
    client_of(lab, "reviewer").post(url, {"of": "manager-lab", "query": ""})
    assert handing.held_by(people["manager"], lab.account).count() == 3, "a reviewer gives back nobody else's"
    client_of(lab, "approver").post(url, {"of": "manager-lab", "query": ""})
    client_of(lab, "approver").post(url, {"query": ""})
    assert not Assignment.objects.exclude(reviewer=None).exists()
    viewer = client_of(lab, "viewer")
    viewer.post(reverse("take", args=["lab"]), {"query": ""})
    assert not Assignment.objects.exclude(reviewer=None).exists()
    assert Command.objects.count() == 0


def test_what_is_decided_by_somebody_is_found_under_their_name(lab: Lab, waiting: list[Assignment]) -> None:
    client = client_of(lab, "reviewer")
    chosen = waiting[2].assignment_id
    client.post(reverse("decide", args=["lab", chosen]), {"action": "approve", "from": "workbench"})
    page = client.get(reverse("queue", args=["lab"]) + "?status=deciding&reviewer=reviewer-lab").content.decode()
    assert page.count("data-row-open") == 1
    assert chosen in page
    page = client.get(reverse("queue", args=["lab"]) + "?status=deciding&reviewer=approver-lab").content.decode()
    assert "data-row-open" not in page


@pytest.mark.parametrize(
    ("hours", "pace", "lost"),
    [([], 5, 0), ([1, 2, 3], 0, 3), ([1, 2, 3], 1, 0), ([0.5, 0.5, 0.5, 9], 2, 2), ([0, 0, 1, 1, 1], 2, 3),
     ([5] * 100, 10, 50)],
)  # fmt: skip
def test_the_forecast_counts_what_no_pace_can_save(hours: list[float], pace: int, lost: int) -> None:
    assert too_late(hours, per_hour=pace) == lost
    # As somebody would live it: always the one that is due first, and what is over is let go.
    done, missed = 0, 0
    for left in sorted(hours):
        if pace and (done + 1) / pace <= left:
            done += 1
        else:
            missed += 1
    assert missed == lost


def test_the_forecast_is_told_from_the_pace_of_the_last_hour(lab: Lab, waiting: list[Assignment]) -> None:
    client, url = client_of(lab, "reviewer"), reverse("forecast", args=["lab"])
    assert "Nobody decided anything in the last hour; <strong" in client.get(url).content.decode().replace("\n", "")
    client.post(reverse("decide", args=["lab", waiting[0].assignment_id]), {"action": "approve", "from": "workbench"})
    assert "everything is looked at in time" in client.get(url).content.decode()
    Assignment.objects.filter(verdict=None).update(auto_approval_at=timezone.now() + timedelta(minutes=90))
    page = client.get(url).content.decode()
    assert ">3</strong> will be approved by themselves" in page
