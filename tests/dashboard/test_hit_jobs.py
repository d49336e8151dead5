"""Bulk changes of HITs: a look ahead, then each HIT once."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard import commands, jobs
from dashboard.models import Command, Job, State
from dashboard.permissions import Denied
from hits.models import HIT
from tests.cast import Lab

ALL: dict[str, Any] = {"filter": {}}


def run(lab: Lab, name: str, selection: dict[str, Any] = ALL, **options: Any) -> Job:
    job = jobs.ask(name, account=lab.account, by=lab.people["approver"], selection=selection, options=options)
    jobs.prepare(job.pk)
    Command.objects.filter(job=job, state=State.QUEUED).update(not_before=timezone.now())
    commands.deliver_due(lab.account.pk)
    jobs.sweep()
    job.refresh_from_db()
    return job


@pytest.fixture
def three(lab: Lab) -> Lab:
    for _ in range(3):
        lab.hit(MaxAssignments=2)
    lab.sync()
    return lab


def test_more_workers_cost_what_the_dry_run_said(three: Lab) -> None:
    three.hit(MaxAssignments=8)
    three.sync()
    ahead = jobs.look_ahead("add", account=three.account, selection=ALL, options={"number": 3})
    assert (ahead.count, ahead.amount, ahead.fee) == (3, Decimal("0.90"), Decimal("0.18"))
    assert sum(ahead.refused.values()) == 1
    held = Decimal(three.mturk.get_account_balance()["OnHoldBalance"])
    job = run(three, "add", number="3")
    assert (job.state, job.total, job.cost) == ("done", 3, Decimal("0.00")), "held, not paid"
    assert Decimal(three.mturk.get_account_balance()["OnHoldBalance"]) - held == Decimal("1.08")


def test_extending_expiring_and_deleting_a_selection(three: Lab) -> None:
    before = {hit.hit_id: hit.expires_at for hit in HIT.objects.all()}
    assert run(three, "extend", hours="5").total == 3
    three.sync()
    assert all(hit.expires_at > before[hit.hit_id] for hit in HIT.objects.all())
    run(three, "expire")
    three.sync()
    answered = three.hit(MaxAssignments=1)
    three.answer(answered)
    three.sync()
    job = run(three, "delete")
    assert job.total == 3
    assert job.skipped_why == {"Answers of it wait for a decision. Approve or reject first.": 1}
    listed = [hit["HITId"] for hit in three.mturk.list_hits()["HITs"]]
    assert listed == [answered]


def test_what_cannot_be_done_is_said_before_anything_is_sent(three: Lab) -> None:
    with pytest.raises(Denied, match="whole number"):
        jobs.ask("add", account=three.account, by=three.people["approver"], selection=ALL, options={"number": "1.5"})
    with pytest.raises(Denied, match="approver"):
        jobs.ask("expire", account=three.account, by=three.people["reviewer"], selection=ALL, options={})
    assert Command.objects.count() == 0


def test_the_page_of_a_bulk_change_uses_the_filters_of_the_table(three: Lab) -> None:
    client = Client()
    client.force_login(three.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("job_new", args=["lab", "expire"]) + "?status=assignable&ends=open").content.decode()
    assert "Expire now 3" in page
    assert "Open to workers" in page
    priced = client.get(reverse("job_new", args=["lab", "add"]) + "?number=2").content.decode()
    assert "$0.72" in priced
    begun = client.post(reverse("job_new", args=["lab", "expire"]), {"query": "status=assignable"})
    assert begun.status_code == 302
    assert Job.objects.get().expected == 3


def test_changing_the_type_of_a_selection(three: Lab) -> None:
    other = three.hit(Title="Receipt totals, better paid", Reward="0.25")
    three.sync()
    wanted = HIT.objects.get(hit_id=other).hit_type.hit_type_id
    client = Client()
    client.force_login(three.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    url = reverse("job_new", args=["lab", "retype"])
    assert "$0.25, Receipt totals, better paid" in client.get(url).content.decode()
    refused = client.post(url, {"query": "", "hit_type": "3NOTOURS"})
    assert refused.status_code == 422
    assert not Job.objects.exists()
    job = run(three, "retype", hit_type=wanted)
    assert (job.state, job.total) == ("done", 3)
    assert job.skipped_why == {"It has this type already.": 1}
    assert {hit["Reward"] for hit in three.mturk.list_hits()["HITs"]} == {"0.25"}


def test_another_account_s_hit_type_changes_nothing(three: Lab) -> None:
    with pytest.raises(Denied, match="Choose the HIT type"):
        jobs.ask("retype", account=three.account, by=three.people["approver"], selection=ALL, options={})
    job = run(three, "retype", hit_type="3NOTOURS")
    assert job.skipped_why == {"There is no such HIT type in this account.": 3}
    assert not Command.objects.exists()
