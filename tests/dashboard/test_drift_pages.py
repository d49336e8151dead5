"""The pages of what differs, and of a command that needs a person: what they show, to whom, and at what cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard import drift
from dashboard.models import AuditEvent, Command, Drift, State
from hits.actions import approve
from tests.cast import Lab, make_lab
from tests.dashboard.test_delivery import deliver, submitted
from tests.dashboard.test_drift import age, bonus, compare, send_ourselves
from tests.dashboard.test_pages import client_of

HTMX = {"HX-Request": "true"}


def unasked(lab: Lab, count: int) -> list[Drift]:
    for assignment in submitted(lab, count):
        lab.mturk.send_bonus(
            WorkerId=assignment.worker_id,
            AssignmentId=assignment.assignment_id,
            BonusAmount="1.00",
            Reason="<script>alert(1)</script>",
        )
    return compare(lab)


def needing_a_person(lab: Lab) -> Command:
    """A bonus sent two days ago whose answer never came."""
    (assignment,) = submitted(lab)
    command = bonus(lab, assignment)
    past = timezone.now() - timedelta(days=2)
    Command.objects.filter(pk=command.pk).update(
        state=State.ATTENTION, attempts=1, asks=6, first_sent_at=past, sent_at=past, error_message="No answer: timeout"
    )
    command.refresh_from_db()
    return command


def story_of(lab: Lab, command: Command) -> str:
    return reverse("command_act", args=[lab.account.slug, command.pk])


def test_an_empty_list_says_when_it_was_compared(lab: Lab) -> None:
    client = client_of(lab, "viewer")
    url = reverse("drift", args=["lab"])
    assert "Not compared yet" in client.get(url).content.decode()
    compare(lab)
    assert "Everything we recorded agrees with MTurk, checked" in client.get(url).content.decode()
    assert "Everything we recorded agrees" in client.get(reverse("account_settings", args=["lab"])).content.decode()
    for show in ("dismissed", "gone", "nonsense", "%00"):
        assert client.get(f"{url}?show={show}").status_code == 200


def test_the_list_costs_the_same_for_one_row_and_for_three(lab: Lab, marketplace_server: Any) -> None:
    costs = []
    for slug, rows in (("one", 1), ("three", 3)):
        other = make_lab(marketplace_server, slug)
        assert len(unasked(other, rows)) == rows
        client = client_of(other, "approver")
        client.get("/healthz")
        with CaptureQueriesContext(connection, ) as queries:  # fmt: skip
            page = client.get(reverse("drift", args=[slug])).content.decode()
        assert page.count("nobody here asked for") == rows
        assert "<script>alert" not in page
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 8


def test_an_approver_dismisses_with_a_reason_and_nobody_else_does(lab: Lab) -> None:
    (row,) = unasked(lab, 1)
    overview = reverse("overview", args=["lab"])
    assert "differ from MTurk" in client_of(lab, "viewer").get(overview).content.decode()
    url = reverse("drift_dismiss", args=["lab", row.pk])
    for role in ("viewer", "reviewer"):
        refused = client_of(lab, role).post(url, {"why": "Mine"}, headers=HTMX)
        assert "need to be an approver" in refused.content.decode()
        assert "Dismiss it" not in client_of(lab, role).get(reverse("drift", args=["lab"])).content.decode()
    approver = client_of(lab, "approver")
    empty = approver.post(url, {"why": "  "}, headers=HTMX)
    assert empty.status_code == 422
    assert "Say why it may stand" in empty.content.decode()
    assert Drift.objects.open().count() == 1

    done = approver.post(url, {"why": "The other project"}, headers=HTMX).content.decode()

    assert done.lstrip().startswith(f'<tr id="drift-{row.pk}"')
    assert "The other project" in done
    assert "differ from MTurk" not in approver.get(overview).content.decode()
    listed = approver.get(reverse("drift", args=["lab"]) + "?show=dismissed").content.decode()
    assert "Dismissed by approver-lab" in listed
    assert approver.post(url, {"why": "Again"})["Location"] == reverse("drift", args=["lab"])


def test_another_accounts_difference_does_not_exist(lab: Lab, marketplace_server: Any) -> None:
    (row,) = unasked(lab, 1)
    stranger = client_of(make_lab(marketplace_server, "other"), "manager")
    for slug in ("lab", "other"):
        assert stranger.post(reverse("drift_dismiss", args=[slug, row.pk]), {"why": "x"}).status_code == 404
    assert Drift.objects.open().count() == 1


def test_the_page_of_a_bonus_without_an_answer_shows_the_evidence_for_both_readings(lab: Lab) -> None:
    command = needing_a_person(lab)
    client = client_of(lab, "approver")
    url = story_of(lab, command)
    assert url in client.get(reverse("activity", args=["lab"])).content.decode()

    before = client.get(url).content.decode()
    assert "Only a person can say" in before
    assert "No answer: timeout" in before
    assert "Bonuses have not been read since" in before

    lab.sync(full=True)
    (no,) = drift.evidence(Command.objects.get(pk=command.pk))
    assert no.happened is False
    assert no.sentence.startswith("No bonus that MTurk lists for this assignment carries [ref ")

    send_ourselves(lab, command)
    lab.sync(full=True)
    (yes,) = drift.evidence(Command.objects.get(pk=command.pk))
    assert yes.happened is True
    assert "with the reference of this very bonus" in client.get(url).content.decode()


def test_the_page_of_a_verdict_without_an_answer_shows_what_mturk_shows(lab: Lab) -> None:
    (assignment,) = submitted(lab)
    command = approve(assignment=assignment, by=lab.people["reviewer"])
    past = timezone.now() - timedelta(minutes=1)
    Command.objects.filter(pk=command.pk).update(
        state=State.ATTENTION, attempts=1, first_sent_at=past, sent_at=past
    )  # fmt: skip
    command.refresh_from_db()
    (one,) = drift.evidence(command)
    assert (one.happened, one.sentence) == (False, "MTurk shows the assignment as Submitted.")
    lab.mturk.approve_assignment(AssignmentId=assignment.assignment_id)
    lab.sync(full=True)
    (one,) = drift.evidence(command)
    assert (one.happened, one.sentence) == (True, "MTurk shows the assignment as Approved.")


@pytest.mark.parametrize(("action", "state"), [("happened", State.DONE), ("not_happened", State.FAILED)])
def test_a_decision_needs_a_reason_which_goes_into_the_audit(lab: Lab, action: str, state: State) -> None:
    command = needing_a_person(lab)
    client, url = client_of(lab, "approver"), story_of(lab, command)
    for headers in ({}, HTMX):
        refused = client.post(url, {"from": "story", "action": action, "reason": " "}, headers=headers)
        assert refused.status_code == 422
        assert "Say how you know" in refused.content.decode()
    reviewer = client_of(lab, "reviewer")
    assert "How do you know?" not in reviewer.get(url).content.decode()
    refused = reviewer.post(url, {"from": "story", "action": action, "reason": "kept words"})
    assert "need to be an approver" in refused.content.decode()
    command.refresh_from_db()
    assert command.state == State.ATTENTION

    answer = client.post(url, {"from": "story", "action": action, "reason": "The list says so"})

    assert answer["Location"] == url
    command.refresh_from_db()
    assert command.state == state
    assert AuditEvent.objects.get(kind="SendBonus.decided").text == "The list says so"
    assert "The list says so" in client.get(url).content.decode()
    assert lab.paid(command.assignment_id, "bonus") == []


def test_asking_again_from_the_page_finds_what_was_paid(lab: Lab) -> None:
    command = needing_a_person(lab)
    send_ourselves(lab, command)
    client, url = client_of(lab, "approver"), story_of(lab, command)
    client.post(url, {"from": "story", "action": "ask"})
    assert 'hx-trigger="every 2s"' in client.get(url).content.decode(), "the page follows"
    deliver(lab)
    command.refresh_from_db()
    assert command.state == State.DONE
    assert 'hx-trigger="every 2s" hx-select' not in client.get(url).content.decode()
    age(lab)
    assert lab.paid(command.assignment_id, "bonus") == ["0.50"]


def test_a_look_at_a_command_changes_nothing(lab: Lab) -> None:
    command = needing_a_person(lab)
    client_of(lab, "manager").get(story_of(lab, command) + "?action=happened&reason=x")
    command.refresh_from_db()
    assert command.state == State.ATTENTION
