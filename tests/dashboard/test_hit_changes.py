"""What is done to a HIT reaches the marketplace once, whatever breaks; what cannot be done is refused with a reason."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard import audit, commands
from dashboard.models import Command, State
from dashboard.permissions import Denied
from hits.actions import approve, change_hit, check_can_change, weigh
from hits.models import HIT, Assignment, HITType
from tests.cast import Lab


def remote(lab: Lab, hit: HIT) -> dict[str, Any]:
    return lab.mturk.get_hit(HITId=hit.hit_id)["HIT"]


def published(lab: Lab, **changes: Any) -> HIT:
    hit_id = lab.hit(**changes)
    lab.sync()
    return HIT.objects.select_related("account", "hit_type").get(hit_id=hit_id)


def over(lab: Lab) -> HIT:
    """A HIT with one approved answer whose time is over."""
    hit = published(lab)
    assignment = lab.answer(hit.hit_id)
    lab.mturk.approve_assignment(AssignmentId=assignment)
    lab.mturk.update_expiration_for_hit(HITId=hit.hit_id, ExpireAt=timezone.now() - timedelta(days=1))
    lab.sync()
    hit.refresh_from_db()
    return hit


def deliver(lab: Lab) -> None:
    commands.deliver_due(lab.account.pk)
    Command.objects.filter(state=State.UNKNOWN).update(not_before=timezone.now())
    commands.resolve_unknown(lab.account.pk)
    Command.objects.filter(state=State.QUEUED).update(not_before=timezone.now())
    type(lab.account).objects.update(retry_at=None)
    commands.deliver_due(lab.account.pk)


def held(lab: Lab) -> Decimal:
    """Money on hold for the requester's HITs, from the ledger."""
    moves = {"hold": 1, "release": -1}
    return sum((Decimal(row["amount"]) * moves.get(row["kind"], 0) for row in lab.ledger("hold", "release")), Decimal())


def other_type(lab: Lab) -> HITType:
    published(lab, Title="Dearer receipts", Reward="0.20")
    return HITType.objects.get(title="Dearer receipts")


Case = tuple[Callable[[Lab], HIT], str, Callable[[Lab], dict[str, Any]], Callable[[dict[str, Any]], bool]]
CASES: dict[str, Case] = {
    "extend": (
        published,
        "extend",
        lambda lab: {"by_time": timedelta(days=2)},
        lambda hit: hit["Expiration"] > timezone.now() + timedelta(days=2),
    ),
    "extend what is over": (
        over,
        "extend",
        lambda lab: {"until": timezone.now() + timedelta(days=1)},
        lambda hit: hit["HITStatus"] == "Assignable",
    ),
    "expire": (published, "expire", lambda lab: {}, lambda hit: hit["HITStatus"] == "Reviewable"),
    "add": (published, "add", lambda lab: {"number": 2}, lambda hit: hit["MaxAssignments"] == 5),
    "review": (over, "review", lambda lab: {}, lambda hit: hit["HITStatus"] == "Reviewing"),
    "retype": (
        published,
        "retype",
        lambda lab: {"hit_type": other_type(lab)},
        lambda hit: hit["Title"] == "Dearer receipts",
    ),
}


@pytest.mark.parametrize("fault", ["", "drop_before", "drop_after"])
@pytest.mark.parametrize("case", CASES)
def test_a_change_happens_once_and_our_copy_agrees(lab: Lab, faults: Any, case: str, fault: str) -> None:
    prepare, name, details, happened = CASES[case]
    hit = prepare(lab)
    given = details(lab)
    command = change_hit(name, hit=hit, by=lab.people["approver"], **given)
    assert not happened(remote(lab, hit))
    if fault:
        faults(commands.kind_of(command).operation, fault)
        commands.deliver_due(lab.account.pk)
        lab.server.control("faults", method="DELETE")
        Command.objects.filter(state=State.QUEUED).update(not_before=timezone.now())
    deliver(lab)
    command.refresh_from_db()
    assert command.state == State.DONE, command.error_message
    there = remote(lab, hit)
    assert happened(there)
    hit.refresh_from_db()
    ours = (hit.status, hit.max_assignments, hit.available, hit.hit_type.hit_type_id, hit.reward)
    assert ours == (
        there["HITStatus"], there["MaxAssignments"], there["NumberOfAssignmentsAvailable"], there["HITTypeId"],
        Decimal(there["Reward"]),
    )  # fmt: skip
    assert abs(hit.expires_at - there["Expiration"]) < timedelta(seconds=1)
    assert audit.check(lab.account.slug) == []


@pytest.mark.parametrize("fault", ["", "drop_before", "drop_after"])
def test_a_deleted_hit_is_gone_there_and_archived_here(lab: Lab, faults: Any, fault: str) -> None:
    hit = over(lab)
    command = change_hit("delete", hit=hit, by=lab.people["approver"])
    if fault:
        faults("DeleteHIT", fault)
        commands.deliver_due(lab.account.pk)
        lab.server.control("faults", method="DELETE")
    deliver(lab)
    command.refresh_from_db()
    hit.refresh_from_db()
    assert command.state == State.DONE
    assert hit.gone_at is not None
    assert hit.status == "Disposed"
    assert Assignment.objects.get(hit=hit).gone_at is not None
    with pytest.raises(ClientError, match="does not exist"):
        remote(lab, hit)
    with pytest.raises(Denied, match="archived copy"):
        check_can_change("extend", hit=hit, by=lab.people["approver"])


def test_reviewing_is_set_and_taken_back_by_a_reviewer(lab: Lab) -> None:
    hit = over(lab)
    for name, status in (("review", "Reviewing"), ("unreview", "Reviewable")):
        change_hit(name, hit=hit, by=lab.people["reviewer"])
        deliver(lab)
        hit.refresh_from_db()
        assert hit.status == remote(lab, hit)["HITStatus"] == status


@pytest.mark.parametrize("fault", ["", "drop_after", "drop_before", "error"])
def test_more_workers_are_paid_for_once(lab: Lab, faults: Any, fault: str) -> None:
    hit = published(lab)
    before = held(lab)
    command = change_hit("add", hit=hit, by=lab.people["approver"], number=4)
    assert (command.amount, command.fee) == (Decimal(0), Decimal(0)), "nobody is paid before an approval"
    if fault:
        faults("CreateAdditionalAssignmentsForHIT", fault)
        commands.deliver_due(lab.account.pk)
        lab.server.control("faults", method="DELETE")
    deliver(lab)
    assert held(lab) - before == Decimal("0.48")
    assert remote(lab, hit)["MaxAssignments"] == 7


def test_an_answer_lost_for_more_than_a_day_is_for_a_person(lab: Lab, faults: Any) -> None:
    hit = published(lab)
    command = change_hit("add", hit=hit, by=lab.people["approver"], number=4)
    faults("CreateAdditionalAssignmentsForHIT", "drop_after")
    commands.deliver_due(lab.account.pk)
    Command.objects.update(first_sent_at=timezone.now() - timedelta(hours=24), not_before=timezone.now())
    commands.resolve_unknown(lab.account.pk)
    command.refresh_from_db()
    assert command.state == State.ATTENTION
    assert "7 workers are asked for in all" in command.error_message


def test_an_extension_that_waited_too_long_never_ends_the_hit(lab: Lab) -> None:
    hit = published(lab)
    command = change_hit("extend", hit=hit, by=lab.people["approver"], by_time=timedelta(hours=1))
    params = {**command.params, "ExpireAt": (timezone.now() - timedelta(minutes=1)).isoformat()}
    Command.objects.filter(pk=command.pk).update(params=params)
    deliver(lab)
    command.refresh_from_db()
    assert command.state == State.FAILED
    assert "passed while this waited" in command.error_message
    assert remote(lab, hit)["HITStatus"] == "Assignable"


def test_the_same_end_twice_in_a_day_is_refused_before_mturk_is_asked_and_understood_after(lab: Lab) -> None:
    hit, by = published(lab), lab.people["approver"]
    until = timezone.now() + timedelta(days=1)
    change_hit("extend", hit=hit, by=by, until=until)
    deliver(lab)
    change_hit("expire", hit=hit, by=by)
    deliver(lab)
    with pytest.raises(Denied, match="only once in 24 hours"):
        change_hit("extend", hit=hit, by=by, until=until)
    # Somebody else's script did the first one: only MTurk can know.
    Command.objects.all().update(kind="ExpireHIT")
    command = change_hit("extend", hit=hit, by=by, until=until)
    deliver(lab)
    command.refresh_from_db()
    assert command.state == State.FAILED
    assert "not in force any more" in command.error_message
    assert remote(lab, hit)["HITStatus"] == "Reviewable"


@pytest.mark.parametrize(
    ("name", "details", "sentence"),
    [
        ("extend", {"by_time": timedelta(seconds=20)}, "at least a minute later"),
        ("extend", {"until": datetime.fromisoformat("2020-01-01T00:00:00Z")}, "at least a minute later"),
        ("extend", {"by_time": timedelta(days=366)}, "by a year"),
        ("extend", {"by_time": timedelta(days=999999999)}, "by a year"),
        ("extend", {"until": datetime.fromisoformat("9999-12-31T23:59:59-14:00")}, "by a year"),
        ("extend", {"until": datetime.fromisoformat("0001-01-01T00:00:00+14:00")}, "by a year"),
        ("extend", {}, "by how long, or until when"),
        ("add", {"number": 0}, "whole number from 1 on"),
        ("add", {"number": 7}, "6 more is the most for this one"),
        ("review", {}, "ready to review"),
        ("unreview", {}, "not set to Reviewing"),
        ("delete", {}, "Workers can still take it"),
    ],
)
def test_what_mturk_would_refuse_is_refused_first(lab: Lab, name: str, details: dict[str, Any], sentence: str) -> None:
    hit = published(lab)
    with pytest.raises(Denied, match=sentence):
        change_hit(name, hit=hit, by=lab.people["approver"], **details)
    assert not Command.objects.exists()


def test_a_hit_is_not_deleted_over_somebodys_head(lab: Lab) -> None:
    hit, by = published(lab, MaxAssignments=1), lab.people["approver"]
    assignment = lab.answer(hit.hit_id)
    lab.sync()
    hit.refresh_from_db()
    with pytest.raises(Denied, match="1 answer waits for a decision"):
        change_hit("delete", hit=hit, by=by)
    approve(assignment=Assignment.objects.get(assignment_id=assignment), by=by)
    Assignment.objects.update(status="Approved")
    with pytest.raises(Denied, match="still on its way"):
        change_hit("delete", hit=hit, by=by)


def test_one_change_of_a_sort_at_a_time_and_a_form_means_one_thing(lab: Lab) -> None:
    hit, key = published(lab), uuid.uuid4()
    other = published(lab)
    first = change_hit("add", hit=hit, by=lab.people["approver"], number=1, form_key=key)
    assert change_hit("add", hit=hit, by=lab.people["approver"], number=1, form_key=key) == first
    for target, number in ((hit, 2), (other, 1)):
        with pytest.raises(Denied, match="sent before"):
            change_hit("add", hit=target, by=lab.people["approver"], number=number, form_key=key)
    with pytest.raises(Denied, match="approver-lab was first"):
        change_hit("add", hit=hit, by=lab.people["manager"], number=1)
    change_hit("expire", hit=hit, by=lab.people["approver"])
    with pytest.raises(Denied, match="was first: asked to end this"):
        change_hit("extend", hit=hit, by=lab.people["approver"], by_time=timedelta(days=1))


@pytest.mark.parametrize("name", ["extend", "expire", "add", "retype", "delete"])
def test_what_costs_or_ends_needs_an_approver(lab: Lab, name: str) -> None:
    hit = published(lab)
    with pytest.raises(Denied, match="You need to be an approver"):
        check_can_change(name, hit=hit, by=lab.people["reviewer"])
    needed: dict[str, dict[str, Any]] = {"extend": {"by_time": timedelta(days=1)}, "add": {"number": 1}}
    with pytest.raises(Denied, match="You need to be an approver"):
        change_hit(name, hit=hit, by=lab.people["reviewer"], **needed.get(name, {}))


def test_weighing_writes_nothing(lab: Lab) -> None:
    hit = published(lab)
    weighed = weigh("add", hit, number=2)
    assert weighed.params == {"HITId": hit.hit_id, "NumberOfAdditionalAssignments": 2}
    assert (weighed.amount, weighed.fee) == (Decimal("0.20"), Decimal("0.04"))
    assert not Command.objects.exists()


# --- on the page ----------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(lab: Lab) -> Client:
    client = Client()
    client.force_login(lab.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_the_page_offers_what_can_be_done_and_says_why_not(lab: Lab, desk: Client) -> None:
    hit = published(lab)
    url = reverse("change_hit", args=["lab", hit.hit_id])
    page = desk.get(reverse("hit", args=["lab", hit.hit_id])).content.decode()
    assert "Each costs <strong" in page
    assert "6 at most" in page
    assert "Workers can still take it or are on it." in page
    type(lab.account).objects.update(undo_seconds=30)
    assert desk.post(url, {"action": "extend", "length": "2", "unit": "days"}).status_code == 302
    page = desk.get(reverse("hit", args=["lab", hit.hit_id])).content.decode()
    assert "Undo “Extend time”" in page
    command = Command.objects.get()
    activity = desk.get(reverse("activity", args=["lab"])).content.decode()
    assert reverse("hit", args=["lab", hit.hit_id]) in activity
    desk.post(reverse("command_act", args=["lab", command.pk]), {"action": "undo"})
    command.refresh_from_db()
    assert command.state == State.CANCELLED


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"action": "add", "number": "7"}, "6 more is the most"),
        ({"action": "add", "number": "-1"}, "greater than or equal to 1"),
        ({"action": "add"}, "Say how many more workers."),
        ({"action": "add", "number": "9" * 40}, "less than or equal to"),
        ({"action": "extend"}, "Say by how long, or until when."),
        ({"action": "extend", "until": "soon"}, "Enter a valid date/time."),
        ({"action": "retype", "hit_type": "3NOTHERE"}, "There is no such HIT type in this account."),
        ({"action": "delete"}, "Workers can still take it"),
    ],
)
def test_a_wrong_form_is_refused_with_a_sentence(lab: Lab, desk: Client, data: dict[str, str], sentence: str) -> None:
    hit = published(lab)
    response = desk.post(reverse("change_hit", args=["lab", hit.hit_id]), data)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Command.objects.exists()


def test_until_is_read_in_the_zone_of_the_person(lab: Lab, desk: Client) -> None:
    hit = published(lab)
    type(lab.people["approver"]).objects.update(time_zone="Asia/Tokyo")
    day = timezone.now() + timedelta(days=3)
    data = {"action": "extend", "length": "24", "unit": "hours", "until": f"{day:%Y-%m-%d}T18:00"}
    assert desk.post(reverse("change_hit", args=["lab", hit.hit_id]), data).status_code == 302
    deliver(lab)
    assert remote(lab, hit)["Expiration"] == day.replace(hour=9, minute=0, second=0, microsecond=0)


def test_a_selection_is_changed_together_and_what_cannot_be_is_named(lab: Lab, desk: Client) -> None:
    hits = [published(lab), published(lab), over(lab)]
    data = {"action": "expire", "hit": [*(hit.hit_id for hit in hits), "3NOTHERE"], "query": "status=assignable"}
    response = desk.post(reverse("change_hits", args=["lab"]), data, follow=True)
    assert response.redirect_chain[0][0].endswith("?status=assignable")
    text = response.content.decode()
    assert "Expire now: 2 on their way" in text
    assert f"{hits[2].hit_id}: Its time is over already." in text
    assert "3NOTHERE: There is no such HIT in this account." in text
    deliver(lab)
    assert [remote(lab, hit)["HITStatus"] for hit in hits] == ["Reviewable"] * 3
    assert Command.objects.count() == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [({"action": "expire"}, "Tick the HITs first."), ({"action": "add", "hit": "X"}, "Say how many more workers.")],
)
def test_a_selection_that_says_nothing_changes_nothing(
    lab: Lab, desk: Client, data: dict[str, str], sentence: str
) -> None:
    assert sentence in desk.post(reverse("change_hits", args=["lab"]), data, follow=True).content.decode()
    assert not Command.objects.exists()
