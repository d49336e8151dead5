"""Requests the pages do not offer, made by hand: nothing is paid, decided or released that the rules forbid."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard import commands
from dashboard.models import Account, Command, State, User
from dashboard.permissions import Denied
from hits.actions import approve, override_rejection, reject
from hits.models import Assignment
from tests.cast import Lab, make_lab
from tests.dashboard.test_delivery import deliver, settled, submitted
from workers.actions import pay_bonus


def client_of(lab: Lab, role: str) -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def act(lab: Lab, role: str, command: Command, action: str, **fields: str) -> str:
    """POST to a command as somebody; returns its row as the page shows it."""
    url = reverse("command_act", args=[lab.account.slug, command.pk])
    response = client_of(lab, role).post(
        url, {"action": action, "from": "activity", **fields}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 200
    return response.content.decode()


def bonus(lab: Lab, role: str, amount: str = "0.50", **more: Any) -> Command:
    assignment = Assignment.objects.filter(account=lab.account).first() or submitted(lab)[0]
    return pay_bonus(assignment=assignment, by=lab.people[role], amount=Decimal(amount), reason="Fine", **more)


# --- a form sent again ----------------------------------------------------------------------------------------------


def test_a_form_sent_again_with_another_amount_is_refused_and_not_taken_for_the_first(lab: Lab) -> None:
    key = uuid.uuid4()
    first = bonus(lab, "approver", "0.50", form_key=key)
    assert bonus(lab, "approver", "0.50", form_key=key) == first
    with pytest.raises(Denied, match="sent before"):
        bonus(lab, "approver", "5.00", form_key=key)
    deliver(lab)
    assert lab.paid(first.assignment_id, "bonus") == ["0.50"]


def test_a_form_of_somebody_else_or_about_something_else_is_refused(lab: Lab) -> None:
    one, two = submitted(lab, 2)
    key = uuid.uuid4()
    approve(assignment=one, by=lab.people["reviewer"], form_key=key)
    for again in (
        lambda: approve(assignment=one, by=lab.people["approver"], form_key=key),
        lambda: approve(assignment=two, by=lab.people["reviewer"], form_key=key),
        lambda: reject(assignment=one, by=lab.people["reviewer"], feedback="no", form_key=key),
        lambda: pay_bonus(assignment=one, by=lab.people["reviewer"], amount=Decimal("0.50"), reason="x", form_key=key),
    ):
        with pytest.raises(Denied, match="sent before"):
            again()
    assert Command.objects.count() == 1


def test_the_same_form_key_in_another_account_is_another_form(lab: Lab, marketplace_server: Any) -> None:
    key = uuid.uuid4()
    other = make_lab(marketplace_server, "other")
    assert bonus(lab, "approver", form_key=key).pk != bonus(other, "approver", form_key=key).pk


# --- what a role may not --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_crafted_actions_on_somebody_elses_command_change_nothing(lab: Lab, role: str) -> None:
    proposal = bonus(lab, "approver")
    Command.objects.filter(pk=proposal.pk).update(state=State.PROPOSED)
    for state, actions in {
        State.PROPOSED: ("undo", "release", "decline"),
        State.QUEUED: ("undo", "release"),
        State.FAILED: ("retry", "ask", "happened", "not_happened", "undo"),
        State.ATTENTION: ("retry", "ask", "happened", "not_happened", "undo"),
        State.DONE: ("undo", "retry", "happened", "not_happened", "decline", "release"),
        State.SENDING: ("undo", "retry", "happened", "decline"),
        State.UNKNOWN: ("undo", "retry", "happened", "decline"),
    }.items():
        Command.objects.filter(pk=proposal.pk).update(state=state)
        for action in actions:
            act(lab, role, proposal, action, reason="because")
            assert settled(proposal).state == state, (state, action)


def test_a_reviewer_neither_releases_nor_settles_what_they_asked_for_themselves(lab: Lab) -> None:
    command = bonus(lab, "reviewer")
    for action in ("release", "decline"):
        act(lab, "reviewer", command, action)
        assert settled(command).state == State.PROPOSED, action
    Command.objects.filter(pk=command.pk).update(state=State.ATTENTION)
    for action in ("ask", "retry", "happened", "not_happened"):
        act(lab, "reviewer", command, action, reason="because")
        assert settled(command).state == State.ATTENTION, action


def test_rights_are_checked_where_the_deed_is_done_and_not_only_in_the_page(lab: Lab, marketplace_server: Any) -> None:
    """The administration site and scripts call the same functions."""
    stranger = make_lab(marketplace_server, "other").people["manager"]
    command = bonus(lab, "reviewer")
    for who in (stranger, lab.people["viewer"]):
        for state in (State.FAILED, State.ATTENTION):
            Command.objects.filter(pk=command.pk).update(state=state)
            with pytest.raises(Denied):
                commands.retry(settled(command), by=who)
        with pytest.raises(Denied):
            commands.decide(settled(command), by=who, happened=True, reason="I say so")
    Command.objects.filter(pk=command.pk).update(state=State.QUEUED)
    lab.account.memberships.filter(user=lab.people["reviewer"]).delete()
    with pytest.raises(Denied):
        commands.cancel(settled(command), by=lab.people["reviewer"])


def test_another_accounts_ids_are_not_found_through_our_own(lab: Lab, marketplace_server: Any) -> None:
    other = make_lab(marketplace_server, "other")
    theirs = bonus(other, "reviewer")
    client = client_of(lab, "manager")
    for url in (
        reverse("command_act", args=["lab", theirs.pk]),
        reverse("decide", args=["lab", theirs.assignment_id]),
        reverse("bonus", args=["lab", theirs.assignment_id]),
    ):
        assert client.post(url, {"action": "release"}).status_code == 404
    url = reverse("account_settings", args=["lab"])
    member = other.account.memberships.get(user=other.people["viewer"])
    for action in ("member_role", "member_remove"):
        client.post(url, {"action": action, "member": member.pk, "role": "4"})
    member.refresh_from_db()
    assert member.role == 1
    assert settled(theirs).state == State.PROPOSED


@pytest.mark.parametrize("member", ["²", "x", "", "-1", "9" * 40, pytest.param("9" * 5_000, id="long"), "\x00"])
@pytest.mark.parametrize("role", ["²", "5", "", "4"])
def test_members_and_roles_that_cannot_be_are_a_sentence(lab: Lab, member: str, role: str) -> None:
    url = reverse("account_settings", args=["lab"])
    response = client_of(lab, "manager").post(url, {"action": "member_role", "member": member, "role": role})
    assert response.status_code == 200
    assert "no longer a member" in response.content.decode()


def test_a_bonus_above_the_limit_waits_whoever_asks_and_the_limit_is_not_passed_by_cents(lab: Lab) -> None:
    lab.account.release_bonus_above = Decimal("1.00")
    lab.account.save()
    assert bonus(lab, "manager", "1.00").state == State.QUEUED
    assert bonus(lab, "manager", "1.01").state == State.PROPOSED
    url = reverse("bonus", args=["lab", Assignment.objects.get().assignment_id])
    client_of(lab, "approver").post(url, {"amount": "9.00", "reason": "x", "state": "queued", "proposed": ""})
    assert Command.objects.get(amount=9).state == State.PROPOSED


def test_a_rejection_is_overridden_within_thirty_days_only(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    reject(assignment=assignment, by=lab.people["reviewer"], feedback="no")
    deliver(lab)
    Assignment.objects.update(submitted_at=timezone.now() - timedelta(days=30, minutes=1))
    url = reverse("decide", args=["lab", assignment.assignment_id])
    response = client_of(lab, "reviewer").post(url, {"action": "override"})
    assert "within 30 days" in response.content.decode()
    Assignment.objects.update(submitted_at=timezone.now() - timedelta(days=29))
    assignment.refresh_from_db()
    override_rejection(assignment=assignment, by=lab.people["reviewer"])
    deliver(lab)
    assert lab.paid(assignment.assignment_id) == ["0.10"]


# --- money that left, or did not ------------------------------------------------------------------------------------


def test_what_was_refused_before_it_was_done_can_still_be_taken_back(lab: Lab, faults: Any) -> None:
    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"])
    Account.objects.filter(pk=lab.account.pk).update(endpoint_url="http://127.0.0.1:9")
    deliver(lab)
    assert settled(command).state == State.QUEUED
    assert command.attempts == 1

    commands.cancel(command, by=lab.people["reviewer"])

    Account.objects.filter(pk=lab.account.pk).update(endpoint_url=lab.server.url)
    deliver(lab)
    assert lab.paid(assignment.assignment_id) == []


def test_what_may_have_been_done_cannot_be_taken_back_after_a_later_refusal(lab: Lab, faults: Any) -> None:
    command = bonus(lab, "approver")
    faults("SendBonus", "error")
    deliver(lab)
    lab.server.control("faults", method="DELETE")
    Account.objects.filter(pk=lab.account.pk).update(endpoint_url="http://127.0.0.1:9")
    deliver(lab)
    assert settled(command).state == State.QUEUED
    with pytest.raises(Denied, match="may have reached"):
        commands.cancel(command, by=lab.people["approver"])


def test_a_queued_bonus_whose_token_has_expired_is_looked_for_before_it_is_sent_again(alone: Lab) -> None:
    """A server that paid, answered 500, and then was away for a day: its token no longer stops a second payment."""
    lab = alone
    command = bonus(lab, "approver")
    lab.mturk.send_bonus(**command.params, UniqueRequestToken=str(command.pk))
    Command.objects.filter(pk=command.pk).update(
        attempts=1, first_sent_at=timezone.now() - timedelta(hours=25), not_before=timezone.now()
    )
    lab.server.control("clock", {"advance_seconds": 25 * 3600})
    for _ in range(3):
        deliver(lab)
    assert lab.paid(command.assignment_id, "bonus") == ["0.50"]
    assert settled(command).state == State.DONE


def test_a_retry_looks_for_the_bonus_whatever_a_person_believed(alone: Lab) -> None:
    """Somebody said "it was not paid" and was wrong, a day later asks again."""
    lab = alone
    command = bonus(lab, "approver")
    lab.mturk.send_bonus(**command.params, UniqueRequestToken=str(command.pk))
    Command.objects.filter(pk=command.pk).update(
        state=State.ATTENTION, attempts=1, first_sent_at=timezone.now() - timedelta(hours=25)
    )
    commands.decide(settled(command), by=lab.people["approver"], happened=False, reason="I did not see it")
    commands.retry(command, by=lab.people["approver"])
    lab.server.control("clock", {"advance_seconds": 25 * 3600})
    for _ in range(3):
        deliver(lab)
    assert lab.paid(command.assignment_id, "bonus") == ["0.50"]
    assert settled(command).state == State.DONE


def test_a_person_who_left_or_was_deactivated_is_signed_out(lab: Lab) -> None:
    client = client_of(lab, "approver")
    assert client.get(reverse("overview", args=["lab"])).status_code == 200
    User.objects.filter(pk=lab.people["approver"].pk).update(is_active=False)
    assert client.get(reverse("overview", args=["lab"])).status_code == 302
