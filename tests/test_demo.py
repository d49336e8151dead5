"""Loading the demo into a real marketplace: once, twice, after an interruption, with recorded answers."""

import time
import uuid
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password

from dashboard import audit, commands, demo
from dashboard.demo import recorded
from dashboard.demo.people import make_account, make_people
from dashboard.models import Account, Command, Membership, Role, State, SyncRun, User
from dashboard.tasks import run_sync
from hits.answers.recorded import recorded_in
from hits.models import HIT, Assignment
from tests import servers

pytestmark = pytest.mark.django_db
DASHBOARD = "http://127.0.0.1:18650"
HOUR = 3600


class Interrupted(Exception):
    pass


@pytest.fixture
def market(tmp_path: Path) -> Any:
    with servers.marketplace(tmp_path / "marketplace") as running:
        yield running


def prepare(market: servers.Marketplace, said: list[str], **more: Any) -> None:
    given = {"password": "first-password", "say": said.append, **more}
    demo.prepare(dashboard_url=DASHBOARD, marketplace_url=market.url, **given)


def everything(market: servers.Marketplace) -> dict[str, Any]:
    """What must not grow when the demo is loaded again."""
    mturk = market.client("DEMO")
    pages = mturk.get_paginator("list_hits").paginate()
    hits = {hit["RequesterAnnotation"]: hit["HITId"] for page in pages for hit in page["HITs"]}
    return {
        "hits": hits,
        # What is approved by itself meanwhile adds to the other kinds.
        "ledger": [row for row in market.control("ledger") if row["kind"] in ("deposit", "hold", "bonus")],
        "commands": set(Command.objects.values_list("pk", "kind", "assignment_id")),
        "users": User.objects.count(),
        "accounts": Account.objects.count(),
        "memberships": Membership.objects.count(),
        "assignments": Assignment.objects.count(),
    }


def test_a_start_that_was_interrupted_goes_on_and_a_further_one_adds_nothing(market: servers.Marketplace):
    def interrupt(line: str) -> None:
        raise Interrupted(line)

    with pytest.raises(Interrupted):
        prepare(market, [], say=interrupt)  # the clock is behind, nothing is published yet
    assert market.control("clock")["now"] < time.time() - 70 * HOUR

    said: list[str] = []
    prepare(market, said)
    assert market.control("clock")["now"] == pytest.approx(time.time(), abs=5)
    account = Account.objects.get(slug="lab")
    assert {m.user.username: Role(m.role) for m in account.memberships.all()} == {
        "viewer": Role.VIEWER,
        "reviewer": Role.REVIEWER,
        "approver": Role.APPROVER,
        "manager": Role.MANAGER,
    }
    assert User.objects.get(username="manager").is_staff
    assert not User.objects.filter(is_staff=True).exclude(username="manager").exists()
    assert all(check_password("first-password", user.password) for user in User.objects.all())
    check_history(account)
    check_wishes(account)

    # The failing example made one decision more at the marketplace than we read; the next start reads it.
    run_sync(SyncRun.objects.create(account=account))
    before = everything(market)
    assert len(before["hits"]) == 85
    prepare(market, said, password="second-password")
    assert everything(market) == before
    assert all(check_password("second-password", user.password) for user in User.objects.all())
    check_delivery(account, market)


def check_history(account: Account) -> None:
    """Every page has something: all batches, verdicts of all kinds, deadlines near and far, days of submissions."""
    now = time.time()
    rows = list(Assignment.objects.select_related("hit__batch"))
    assert {row.hit.batch.key for row in rows} == {batch.key for batch in {hit.batch for hit in HIT.objects.all()}}
    assert len({row.hit.batch.key for row in rows}) == 5
    statuses = Counter(row.status for row in rows)
    assert statuses["Approved"] > 20
    assert statuses["Submitted"] > 20
    assert statuses["Rejected"] >= 1
    left = [row.auto_approval_at.timestamp() - now for row in Assignment.objects.of(account).awaiting_review()]
    assert sum(0 < seconds < 4 * HOUR for seconds in left) >= 3
    assert sum(seconds > 24 * HOUR for seconds in left) >= 10
    ages = [now - row.submitted_at.timestamp() for row in rows]
    assert min(ages) > -5
    assert max(ages) > 60 * HOUR
    assert all(row.submitted_at > row.hit.created_at and row.summary for row in rows)
    assert len({row.worker_id for row in rows}) > 20


def check_wishes(account: Account) -> None:
    wishes = Counter(Command.objects.values_list("kind", "state", "requested_by__username"))
    assert wishes == {
        ("ApproveAssignment", "queued", "reviewer"): 6,
        ("RejectAssignment", "queued", "reviewer"): 2,
        ("SendBonus", "queued", "approver"): 2,
        ("SendBonus", "proposed", "reviewer"): 1,
        ("CreateQualificationType", "queued", "manager"): 3,  # of panels
        ("CreateQualificationType", "queued", "approver"): 1,  # of a compensation
    }


def check_delivery(account: Account, market: servers.Marketplace) -> None:
    """The wishes are real: delivered, each is paid once, and the late rejection fails with a sentence."""
    Command.objects.filter(state=State.QUEUED).update(not_before=account.created_at)
    commands.deliver_due(account.pk)
    commands.deliver_due(account.pk)
    ended = Counter(Command.objects.values_list("kind", "state"))
    assert ended[("ApproveAssignment", "done")] == 6
    assert ended[("RejectAssignment", "done")] == ended[("RejectAssignment", "failed")] == 1
    assert ended[("SendBonus", "done")] == 2
    failed = Command.objects.get(state=State.FAILED)
    assert " " in failed.error_message
    bonuses = [Decimal(entry["amount"]) for entry in market.control("ledger") if entry["kind"] == "bonus"]
    assert sorted(bonuses) == [Decimal("0.25"), Decimal("0.50")]
    assert list(audit.verify(account.slug)) == []


@pytest.fixture
def lab(marketplace_server: servers.Marketplace) -> Account:
    """The demo's account as a requester that nobody used before."""
    return make_account(marketplace_server.url, f"AKIA{uuid.uuid4().hex[:16].upper()}", make_people("pw"))


def read_all(account: Account) -> list[Assignment]:
    run = run_sync(SyncRun.objects.create(account=account))
    assert not run.error
    return list(Assignment.objects.of(account).awaiting_review())


def test_every_recorded_answer_waits_for_review_once(lab: Account, samples: Path):
    files = list(recorded_in(samples))
    said: list[str] = []
    recorded.publish(lab, samples, said.append)
    recorded.publish(lab, samples, said.append)
    assert not [line for line in said if line.startswith("Left out")]
    waiting = read_all(lab)
    assert len(waiting) == len(files) > 0
    assert len({row.hit_id for row in waiting}) == len(files)
    recorded.name_batch(lab)
    assert {str(row.hit.batch) for row in read_all(lab)} == {"Recorded answers"}
    assert all(row.summary for row in waiting)


def test_a_file_that_is_no_recorded_answer_is_named_and_left_out(lab: Account, tmp_path: Path):
    folder = tmp_path / "answers"
    folder.mkdir()
    (folder / "good.json").write_text('{"answers": {"colour": "red"}}')
    (folder / "broken.json").write_text("{")
    (folder / "empty.json").write_text("")
    (folder / "other.json").write_text("[1]")
    (folder / "entities.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    (folder / "notes.txt").write_text("not looked at")
    said: list[str] = []
    recorded.publish(lab, folder, said.append)
    for name in ("broken.json", "empty.json", "other.json"):
        assert any(line.startswith("Left out") and name in line for line in said), said
    assert not any("notes.txt" in line or "good.json" in line for line in said)
    assert "good.json" in {row.hit.annotation.split("File:")[1].rstrip(";") for row in read_all(lab)}


def test_a_dead_marketplace_is_one_sentence():
    url = f"http://127.0.0.1:{servers.free_port()}"
    with pytest.raises(demo.Refused, match="does not answer"):
        demo.prepare(dashboard_url=DASHBOARD, marketplace_url=url, password="pw", say=lambda line: None)
