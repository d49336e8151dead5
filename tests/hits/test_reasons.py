"""Texts ready to be said to workers: written by the team, filled in for each answer, in the page and in bulk."""

import pytest
from django.test import Client
from django.urls import reverse

from dashboard import jobs
from dashboard.models import Command
from dashboard.permissions import Denied
from hits.actions import decide_together, reasons
from hits.models import Assignment, ReasonTemplate
from tests.cast import Lab

TEXT = "{worker_id}: “{title}” pays {reward}, in {batch}; we looked at {fields}. {not one}"


def client_of(lab: Lab, role: str) -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def two(lab: Lab) -> list[Assignment]:
    hit = lab.hit()
    lab.answer(hit, total="1", shop="x")
    lab.answer(hit, total="2", shop="y")
    lab.sync()
    return list(Assignment.objects.select_related("hit__hit_type", "hit__batch").order_by("pk"))


def test_a_template_is_filled_in_for_the_answer_and_unknown_variables_are_named(two: list[Assignment]) -> None:
    text = reasons.check_reason_template(TEXT.removesuffix(" {not one}"))
    filled = reasons.filled(text, two[0])
    assert filled.startswith(f"{two[0].worker_id}: “Receipt totals” pays $0.10, in ")
    assert filled.endswith(("we looked at shop, total.", "we looked at total, shop."))
    with pytest.raises(Denied, match=r"There is no variable \{not one\}. Those you can use: \{worker_id\}"):
        reasons.check_reason_template(TEXT)
    with pytest.raises(Denied, match="control characters"):
        reasons.check_reason_template("a\x07b")
    assert reasons.filled("{worker_id}" * 400, two[0]).startswith(two[0].worker_id)
    assert len(reasons.filled("{worker_id}" * 400, two[0])) == 1024
    assert reasons.filled("A brace } and { stay", two[0]) == "A brace } and { stay"


def test_an_approver_writes_orders_and_deletes_them_and_the_workbench_offers_them(
    lab: Lab, two: list[Assignment]
) -> None:
    client, url = client_of(lab, "approver"), reverse("reasons", args=["lab"])
    bench = reverse("assignment", args=["lab", two[0].assignment_id])
    assert "The boxes are not drawn around the objects." in client.get(bench).content.decode(), "ours, until then"
    wrong = client.post(url, {"action": "save", "use": "reject", "title": "Late", "text": "{when} typed"})
    assert wrong.status_code == 422
    assert "There is no variable {when}" in wrong.content.decode()
    assert "{when} typed" in wrong.content.decode()
    client.post(url, {"action": "save", "use": "reject", "title": "Late", "text": "{worker_id} was late."})
    client.post(url, {"action": "save", "use": "bonus", "title": "Quick", "text": "Quick and right."})
    assert [row.title for row in reasons.reasons_of(lab.account)][-2:] == ["Late", "Quick"]
    assert ReasonTemplate.objects.count() == 6, "ours are kept beside the first of their own"
    page = client.get(bench).content.decode()
    assert f"{two[0].worker_id} was late." in page
    assert 'data-fills="#bonus-reason" value="Quick and right."' in page
    twice = client.post(url, {"action": "save", "use": "reject", "title": "Late", "text": "x"})
    assert "There is one called “Late” for this already" in twice.content.decode()
    late = ReasonTemplate.objects.get(title="Late")
    client.post(url, {"action": "up", "template": late.pk})
    titles = [row.title for row in reasons.reasons_of(lab.account) if row.use == "reject"]
    assert titles[-2:] == ["Late", "Boxes"]
    client.post(url, {"action": "save", "template": late.pk, "use": "reject", "title": "Too late", "text": "Late."})
    client.post(url, {"action": "delete", "template": ReasonTemplate.objects.get(title="Boxes").pk})
    assert [row.title for row in reasons.reasons_of(lab.account) if row.use == "reject"][-1] == "Too late"
    for role in ("reviewer", "viewer"):
        client_of(lab, role).post(url, {"action": "delete", "template": late.pk})
        answer = client_of(lab, role).post(url, {"action": "save", "use": "reject", "title": "Mine", "text": "x"})
        assert "You need to be an approver" in answer.content.decode()
    assert ReasonTemplate.objects.count() == 5


def test_in_bulk_every_worker_reads_their_own(lab: Lab, two: list[Assignment]) -> None:
    by, ids = lab.people["approver"], [row.assignment_id for row in two]
    done = decide_together(account=lab.account, assignment_ids=ids[:1], by=by, verdict="reject",
                           feedback="{worker_id}, {reward}")  # fmt: skip
    assert done.commands[0].params["RequesterFeedback"] == f"{two[0].worker_id}, $0.10"
    with pytest.raises(Denied, match=r"no variable \{nobody\}"):
        decide_together(account=lab.account, assignment_ids=ids[1:], by=by, verdict="reject", feedback="{nobody}")
    selection = {"ids": ids[1:]}
    with pytest.raises(Denied, match=r"no variable \{nobody\}"):
        jobs.ask("reject", account=lab.account, by=by, selection=selection, options={"feedback": "{nobody}"})
    job = jobs.ask("reject", account=lab.account, by=by, selection=selection,
                   options={"feedback": "{worker_id}: {title}, {batch}, {fields}"})  # fmt: skip
    jobs.prepare(job.pk)
    said = Command.objects.get(job=job)
    batch = two[1].hit.batch
    assert said.params["RequesterFeedback"].startswith(f"{two[1].worker_id}: Receipt totals, {batch}, ")
    assert "total" in said.params["RequesterFeedback"]
    assert lab.ledger("reward") == []
