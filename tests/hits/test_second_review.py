"""Second reviews: another person, without the first verdict; both are compared, and nothing is paid or changed."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard import commands
from dashboard.models import Command
from dashboard.permissions import Denied
from hits import actions
from hits.actions import second_reviews
from hits.models import Assignment, Batch, SecondReview
from tests.cast import Lab

REASON = "the-first-reason-said"


@pytest.fixture
def decided(lab: Lab) -> Batch:
    """Six answers: three approved and two rejected by the reviewer, one approved by another program."""
    hit = lab.hit(MaxAssignments=6)
    ids = [lab.answer(hit, total=str(number)) for number in range(6)]
    lab.sync()
    for number, pk in enumerate(ids[:5]):
        row = Assignment.objects.get(assignment_id=pk)
        if number < 3:
            actions.approve(assignment=row, by=lab.people["reviewer"])
        else:
            actions.reject(assignment=row, by=lab.people["reviewer"], feedback=REASON)
    commands.deliver_due(lab.account.pk)
    lab.mturk.approve_assignment(AssignmentId=ids[5])
    lab.sync()
    return Batch.objects.get()


def test_a_sample_of_what_people_decided_is_asked_for_once(lab: Lab, decided: Batch, client: Client) -> None:
    with pytest.raises(Denied, match="approver"):
        second_reviews.ask(batch=decided, by=lab.people["reviewer"], number=1)
    assert second_reviews.ask(batch=decided, by=lab.people["approver"], percent=30) == 2
    client.force_login(lab.people["manager"])
    url = f"/a/lab/batches/{decided.pk}/second/ask/"
    for amount, unit, sentence in (("", "answers", "Type how many"), ("101", "percent", "100 percent is the most")):
        wrong = client.post(url, {"amount": amount, "unit": unit})
        assert (wrong.status_code, sentence in wrong.content.decode()) == (422, True)
    assert client.post(url, {"amount": "50", "unit": "answers"}).status_code == 302
    firsts = Counter((row.first_verdict, row.first_by) for row in SecondReview.objects.all())
    by = lab.people["reviewer"]
    assert firsts == {("approve", by): 3, ("reject", by): 2, ("approve", None): 1}
    nothing = client.post(url, {"amount": "5", "unit": "answers"})
    assert "There is nothing decided in this batch" in nothing.content.decode()


def test_the_second_person_sees_no_first_verdict_and_changes_nothing(lab: Lab, decided: Batch, client: Client) -> None:
    second_reviews.ask(batch=decided, by=lab.people["approver"], number=6)
    SecondReview.objects.filter(first_by=None).delete()
    before = (lab.ledger(), list(Assignment.objects.order_by("pk").values()), Command.objects.count())
    url = f"/a/lab/batches/{decided.pk}/second/next/"
    client.force_login(lab.people["reviewer"])
    assert client.get(url).status_code == 302, "who decided first is not asked again"
    first = SecondReview.objects.first()
    client.post(url, {"review": first.pk, "verdict": "approve"})  # type: ignore[union-attr]
    assert not SecondReview.objects.exclude(verdict="").exists()

    client.force_login(lab.people["approver"])
    said = []
    while (response := client.get(url)).status_code == 200:
        page, review = response.content.decode(), response.context["review"]
        main = page[page.index("<main") :]
        assert REASON not in main
        assert review.assignment.worker_id not in main
        assert review.assignment.assignment_id not in main
        assert "Approved" not in main
        assert "Rejected" not in main
        wrong = client.post(url, {"review": review.pk, "note": "typed"})
        assert (wrong.status_code, "Choose approve or reject" in wrong.content.decode()) == (422, True)
        assert "typed" in wrong.content.decode()
        verdict = "approve" if len(said) else "reject"
        said.append((review.first_verdict, verdict))
        client.post(url, {"review": review.pk, "verdict": verdict, "note": "<b>why</b>"})
    assert len(said) == 5
    assert (lab.ledger(), list(Assignment.objects.order_by("pk").values()), Command.objects.count()) == before

    found = second_reviews.compared(decided)
    assert (found.asked, found.done, found.alike) == (5, 5, sum(one == other for one, other in said))
    assert found.kappa is not None
    assert found.of_person == {lab.people["reviewer"].pk: (5, found.alike)}
    page = client.get(f"/a/lab/batches/{decided.pk}/second/").content.decode()
    assert page.count("&lt;b&gt;why&lt;/b&gt;") == 5
    apart = client.get(f"/a/lab/batches/{decided.pk}/second/?only=apart").content.decode()
    assert apart.count("&lt;b&gt;why") == 5 - found.alike
    with pytest.raises(Denied, match="meanwhile"):
        second_reviews.judge(review=SecondReview.objects.all()[0], by=lab.people["manager"], verdict="reject")


def test_pages_of_second_reviews_cost_the_same_however_many(lab: Lab, decided: Batch, client: Client) -> None:
    client.force_login(lab.people["manager"])
    costs: list[list[int]] = []
    for number in (1, 3):
        second_reviews.ask(batch=decided, by=lab.people["approver"], number=number)
        for review in SecondReview.objects.filter(verdict="")[:number]:
            second_reviews.judge(review=review, by=lab.people["approver"], verdict="approve")
        costs.append([])
        for url in (f"/a/lab/batches/{decided.pk}/second/", f"/a/lab/batches/{decided.pk}/"):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            costs[-1].append(len(queries))
    assert costs[0] == costs[1]
    assert second_reviews.compared(decided).percent is not None


def test_roles_are_those_of_the_account(lab: Lab, decided: Batch, client: Client) -> None:
    second_reviews.ask(batch=decided, by=lab.people["approver"], number=1)
    review: Any = SecondReview.objects.get()
    with pytest.raises(Denied, match="reviewer"):
        second_reviews.judge(review=review, by=lab.people["viewer"], verdict="approve")
    client.force_login(lab.people["viewer"])
    assert client.get(f"/a/lab/batches/{decided.pk}/second/next/").status_code == 302
    assert not SecondReview.objects.exclude(verdict="").exists()
