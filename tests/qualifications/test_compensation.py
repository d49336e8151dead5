"""Paying somebody who could not hand in: each step once, whatever dies in between, and nothing left behind."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard import commands
from dashboard.models import Command, State
from dashboard.permissions import Denied
from hits.models import HIT
from qualifications.actions import compensation as acts
from qualifications.models import Compensation, QualificationType
from tests.cast import Lab
from workers.models import Worker


def begin(lab: Lab, by: str = "approver", **changes: Any) -> Compensation:
    said = {
        "worker_id": "AHURT0WORKER1",
        "complaint": "The page hung when I pressed Submit.",
        "amount": Decimal("1.50"),
        "message": "Sorry for that. Here is your pay.",
        **changes,
    }
    return acts.begin(account=lab.account, by=lab.people[by], **said)


def known(lab: Lab, worker: str = "AHURT0WORKER1") -> str:
    """Somebody whom the marketplace has seen; returns what they handed in."""
    return lab.answer(lab.hit(), worker=worker)


def work(lab: Lab, rounds: int = 12) -> None:
    """What beat and workers do, until nothing moves."""
    for _ in range(rounds):
        acts.sweep()
        Command.objects.filter(state__in=[State.QUEUED, State.UNKNOWN]).update(not_before=timezone.now())
        commands.resolve_unknown(lab.account.pk)
        if not commands.deliver_due(lab.account.pk) and not Command.objects.filter(state=State.UNKNOWN).exists():
            break
    acts.sweep()


def hand_in(lab: Lab, row: Compensation) -> None:
    row.refresh_from_db()
    lab.answer(row.new_hit_id, worker=row.worker_id, confirm="yes", remark="thanks")
    lab.sync()


def remote_types(lab: Lab) -> int:
    return lab.mturk.list_qualification_types(MustBeRequestable=False, MustBeOwnedByCaller=True)["NumResults"]


def test_a_worker_is_paid_once_and_nothing_is_left_behind(lab: Lab) -> None:
    lab.mturk.approve_assignment(AssignmentId=known(lab))  # whose work was decided can be told
    lab.sync()
    row = begin(lab)
    work(lab)
    row.refresh_from_db()
    hit = lab.mturk.get_hit(HITId=row.new_hit_id)["HIT"]
    assert (hit["Reward"], hit["MaxAssignments"]) == ("1.50", 1)
    assert hit["QualificationRequirements"][0]["ActionsGuarded"] == "DiscoverPreviewAndAccept"
    told = row.steps.get(name="notify").command
    assert told.state == State.DONE
    assert hit["HITGroupId"] in told.params["MessageText"]
    assert not told.response["NotifyWorkersFailureStatuses"]
    with pytest.raises(Exception, match="unqualified"):
        lab.answer(row.new_hit_id, worker="AANOTHERWORKER")
    hand_in(lab, row)
    work(lab)
    lab.sync()
    work(lab)
    row.refresh_from_db()
    assert (row.state, row.outcome, row.problem) == ("ended", "paid", "")
    assert lab.paid(row.assignment_id) == ["1.50"]
    assert remote_types(lab) == 0
    with pytest.raises(ClientError, match="does not exist"):
        lab.mturk.get_hit(HITId=row.new_hit_id)
    assert sorted(row.steps.values_list("name", flat=True)) == sorted(
        ["qualification", "grant", "publish", "notify", "approve", "delete_hit", "delete_qualification"]
    )


@pytest.mark.parametrize("mode", ["drop_after", "drop_before"])
def test_lost_answers_at_every_step_pay_once(lab: Lab, faults: Any, mode: str) -> None:
    known(lab)
    row = begin(lab, message="")
    operations = ("CreateQualificationType", "AssociateQualificationWithWorker", "CreateHIT", "ApproveAssignment",
                  "DeleteHIT", "DeleteQualificationType")  # fmt: skip
    for operation in operations:
        for name in operations:
            faults(name, mode)
        acts.sweep()
        Command.objects.filter(state=State.QUEUED).update(not_before=timezone.now())
        commands.deliver_due(lab.account.pk)
        assert Command.objects.filter(state=State.UNKNOWN, kind=operation).exists(), operation
        lab.server.control("faults", method="DELETE")
        Command.objects.filter(state=State.UNKNOWN).update(not_before=timezone.now())
        commands.resolve_unknown(lab.account.pk)
        Command.objects.filter(state=State.QUEUED).update(not_before=timezone.now())
        commands.deliver_due(lab.account.pk)
        if operation == "CreateHIT":
            acts.sweep()
            hand_in(lab, row)
        lab.sync()
    acts.sweep()
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("ended", "paid")
    assert [entry["amount"] for entry in lab.ledger("reward")] == ["1.50"]
    assert remote_types(lab) == 0
    assert HIT.objects.filter(annotation__startswith="HITdesk compensation").count() == 1


def test_a_reviewers_waits_for_release_and_stopping_leaves_nothing(lab: Lab) -> None:
    known(lab)
    row = begin(lab, by="reviewer")
    work(lab)
    assert remote_types(lab) == 0
    first = row.steps.get().command
    assert first.state == State.PROPOSED
    commands.release(first, by=lab.people["approver"])
    work(lab)
    row.refresh_from_db()
    assert row.new_hit_id
    acts.stop(row, by=lab.people["approver"])
    work(lab)
    lab.sync()
    work(lab)
    row.refresh_from_db()
    assert (row.state, row.outcome, remote_types(lab)) == ("ended", "stopped", 0)
    assert not lab.ledger("reward")
    assert lab.mturk.list_hits()["NumResults"] == 1, "the one that made the worker known"
    declined = begin(lab, by="reviewer", worker_id="AHURT0WORKER2")
    commands.decline(declined.steps.get().command, by=lab.people["approver"], reason="no")
    work(lab)
    declined.refresh_from_db()
    assert (declined.state, declined.outcome) == ("ended", "stopped")
    theirs = begin(lab, worker_id="AHURT0WORKER3")
    with pytest.raises(Denied, match="somebody else began"):
        acts.stop(theirs, by=lab.people["reviewer"])


def test_who_does_not_take_it_in_time_is_not_paid(lab: Lab) -> None:
    known(lab)
    row = begin(lab, message="", days=1)
    work(lab)
    row.refresh_from_db()
    lab.mturk.update_expiration_for_hit(HITId=row.new_hit_id, ExpireAt=0)
    lab.sync()
    work(lab)
    row.refresh_from_db()
    assert (row.state, row.outcome, remote_types(lab)) == ("ended", "lapsed", 0)
    assert not lab.ledger("reward")


def test_bad_input_and_repeats_make_nothing(lab: Lab) -> None:
    for changes, sentence in (
        ({"worker_id": "lower1"}, "begins with A"),
        ({"complaint": " "}, "what happened"),
        ({"amount": Decimal("0")}, r"\$0.01"),
        ({"amount": Decimal("1.005")}, "whole cents"),
        ({"days": 0}, "1 to 90"),
    ):
        with pytest.raises(Denied, match=sentence):
            begin(lab, **changes)
    with pytest.raises(Denied, match="reviewer"):
        begin(lab, by="viewer")
    assert not Command.objects.exists()
    key = uuid.uuid4()
    first = begin(lab, form_key=key)
    with pytest.raises(Denied, match="under way"):
        begin(lab)
    assert begin(lab, form_key=key) == first
    for changes in ({"worker_id": "AHURT0WORKER2"}, {"amount": Decimal("7.00")}, {"by": "reviewer"}):
        with pytest.raises(Denied, match="sent before"):
            begin(lab, form_key=key, **changes)
    assert Compensation.objects.count() == 1
    assert QualificationType.objects.count() == 0


def test_its_pages_say_what_is_wrong_and_how_far_it_is(lab: Lab, client: Client) -> None:
    known(lab)
    client.force_login(lab.people["approver"])
    new = reverse("compensation_new", args=[lab.account.slug])
    said = {"worker_id": "ahurt0worker1", "complaint": "<script>alert(1)</script>", "amount": "1.5", "days": "7"}
    for wrong, sentence in (({"amount": "1.505"}, "2 decimal places"), ({"worker_id": "12"}, "begins with A")):
        page = client.post(new, {**said, **wrong})
        assert (page.status_code, sentence in page.content.decode()) == (422, True)
        assert "&lt;script&gt;alert(1)" in page.content.decode(), "what was typed is still there"
    # MTurk would deliver no message to somebody of whom nothing was decided: that is said before anything begins.
    unheard = "MTurk would not deliver the message"
    asked = client.get(new, {"worker_id": "AHURT0WORKER1"}, headers={"HX-Request": "true"}).content.decode()
    assert unheard in asked
    assert "<form" not in asked
    page = client.post(new, {**said, "message": "Sorry."})
    assert (page.status_code, unheard in page.content.decode()) == (422, True)
    assert "Sorry." in page.content.decode()
    assert not Command.objects.exists()
    Worker.objects.create(account=lab.account, worker_id="AHEARD1", decided=1)
    assert unheard not in client.get(new, {"worker_id": "AHEARD1"}).content.decode()
    made = client.post(new, {**said, "message": "Sorry.", "unheard": "AHURT0WORKER1"})
    row = Compensation.objects.get()
    assert made.url == reverse("compensation", args=[lab.account.slug, row.pk])
    work(lab)
    text = client.get(made.url).content.decode()
    assert "<script>alert" not in text
    assert f"{lab.server.url}/projects/" in text, "where the worker finds it"
    assert client.post(reverse("compensation_stop", args=[lab.account.slug, row.pk])).status_code == 302
    work(lab)
    assert "Stopped" in client.get(made.url).content.decode()
    assert row.worker_id in client.get(reverse("compensations", args=[lab.account.slug])).content.decode()
