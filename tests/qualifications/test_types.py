"""Qualification types: made, changed and deleted through Commands, whatever happens to the answers."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard import commands
from dashboard.models import Command, State
from dashboard.permissions import Denied
from qualifications.actions.types import Wish, change_type, create_type, delete_type
from qualifications.models import QualificationType
from qualifications.questions import build_form, build_key, new_draft
from qualifications.sync import find_types
from tests.cast import Lab

WISH = Wish(name="Can read receipts", description="Showed it in a test.", keywords="receipt", retry_delay=3600)


def send(lab: Lab) -> None:
    """Everything that is due goes out, and what stays unknown is asked about."""
    for _ in range(3):
        Command.objects.filter(state__in=[State.QUEUED, State.UNKNOWN]).update(not_before=timezone.now())
        commands.resolve_unknown(lab.account.pk)
        commands.deliver_due(lab.account.pk)


def documents() -> tuple[str, str]:
    draft = new_draft()
    question = draft.questions[0]
    question.text, question.options[0].text, question.options[0].score = "2 + 2?", "4", "10"
    question.options[1].text, draft.maximum = "5", "10"
    return build_form(draft), build_key(draft)


def make(lab: Lab, **changes: Any) -> QualificationType:
    row = create_type(account=lab.account, by=lab.people["approver"], wish=replace(WISH, **changes))
    send(lab)
    row.refresh_from_db()
    return row


def remote(lab: Lab, row: QualificationType) -> dict[str, Any]:
    return lab.mturk.get_qualification_type(QualificationTypeId=row.qualification_type_id)["QualificationType"]


def test_a_type_with_a_test_is_made_changed_and_deleted(lab: Lab) -> None:
    test, key = documents()
    approver = lab.people["approver"]
    row = make(lab, test=test, answer_key=key, test_duration=600)
    there = remote(lab, row)
    assert (row.status, row.created_at) == ("Active", there["CreationTime"])
    assert (there["Test"], there["AnswerKey"], there["RetryDelayInSeconds"]) == (test, key, 3600)
    assert change_type(row=row, by=approver, wish=replace(WISH, test=test, answer_key=key, test_duration=600)) is None
    # The time alone is changed by sending test and key again: else MTurk would drop the key.
    change_type(row=row, by=approver, wish=replace(WISH, test=test, answer_key=key, test_duration=900))
    send(lab)
    row.refresh_from_db()
    there = remote(lab, row)
    assert (there["TestDurationInSeconds"], there["AnswerKey"], row.test_duration) == (900, key, 900)
    with pytest.raises(Denied, match="exactly"):
        delete_type(row=row, by=approver, typed="can read")
    delete_type(row=row, by=approver, typed=row.name)
    send(lab)
    row.refresh_from_db()
    assert row.gone_at is not None
    assert lab.sync(full=True).error == ""
    assert not lab.mturk.list_qualification_types(MustBeRequestable=False, MustBeOwnedByCaller=True)["NumResults"]


@pytest.mark.parametrize("mode", ["drop_after", "drop_before", "error"])
def test_a_lost_answer_makes_no_second_type(lab: Lab, faults: Any, mode: str) -> None:
    faults("CreateQualificationType", mode)
    row = create_type(account=lab.account, by=lab.people["approver"], wish=WISH)
    commands.deliver_due(lab.account.pk)
    lab.server.control("faults", method="DELETE")
    # A sync that comes in between must not take it for somebody else's.
    lab.sync(full=True)
    send(lab)
    row.refresh_from_db()
    assert row.qualification_type_id.isupper()
    assert QualificationType.objects.own().count() == 1
    assert lab.mturk.list_qualification_types(MustBeRequestable=False, MustBeOwnedByCaller=True)["NumResults"] == 1


def test_a_name_that_is_taken_is_a_failure_and_the_words_stay(lab: Lab) -> None:
    lab.mturk.create_qualification_type(Name=WISH.name, Description="older", QualificationTypeStatus="Active")
    row = make(lab)
    assert (row.status, row.command.state) == ("Failed", State.FAILED)
    assert "Choose another name" in row.command.error_message
    assert row.description == WISH.description


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "Give it a name"),
        ({"keywords": "k" * 1001}, "1,000 is the most"),
        ({"description": "d" * 2001}, "2,000 is the most"),
        ({"auto_granted": True, "auto_granted_value": -1}, "from 0"),
        ({"answer_key": "<AnswerKey/>"}, "needs a test"),
        ({"test": "<QuestionForm>", "test_duration": 60}, "line 1"),
        ({"test": "TEST", "test_duration": None}, "how long"),
        ({"test": "TEST", "test_duration": 60, "auto_granted": True}, "not both"),
    ],
)
def test_what_mturk_would_refuse_is_refused_with_a_sentence(lab: Lab, changes: dict[str, Any], sentence: str) -> None:
    if changes.get("test") == "TEST":
        changes = {**changes, "test": documents()[0]}
    with pytest.raises(Denied, match=sentence):
        make(lab, **changes)
    assert not Command.objects.exists()
    assert not QualificationType.objects.exists()


def test_what_cannot_be_taken_back_at_mturk_is_refused(lab: Lab) -> None:
    row = make(lab)
    approver = lab.people["approver"]
    for changes, sentence in (
        ({"name": "Another"}, "name"),
        ({"keywords": "other"}, "keywords"),
        ({"retry_delay": None}, "Asking again"),
    ):
        with pytest.raises(Denied, match=sentence):
            change_type(row=row, by=approver, wish=replace(WISH, **changes))
    with pytest.raises(Denied, match="approver"):
        change_type(row=row, by=lab.people["reviewer"], wish=WISH)
    assert Command.objects.count() == 1


def test_a_sync_reads_types_and_marks_what_was_deleted_elsewhere(lab: Lab) -> None:
    made = lab.mturk.create_qualification_type(Name="Elsewhere", Description="d", QualificationTypeStatus="Inactive")
    lab.sync(full=True)
    row = QualificationType.objects.own().get()
    assert (row.name, row.status, row.kind) == ("Elsewhere", "Inactive", "own")
    assert QualificationType.objects.filter(kind="system").count() == 6
    lab.mturk.delete_qualification_type(QualificationTypeId=made["QualificationType"]["QualificationTypeId"])
    lab.sync(full=True)
    row.refresh_from_db()
    assert row.gone_at is not None


def test_types_of_others_are_found_by_a_search_and_are_never_ours(lab: Lab, client: Client) -> None:
    stranger = lab.server.client("AKIASTRANGERSTRANGER")
    stranger.create_qualification_type(
        Name=f"Theirs {lab.account.access_key_id}", Description="<b>x</b>", QualificationTypeStatus="Active"
    )
    ours = make(lab, name=f"Ours {lab.account.access_key_id}")
    assert find_types(lab.account, lab.account.access_key_id) == 1
    theirs = QualificationType.objects.get(kind="other")
    assert (theirs.test, QualificationType.objects.own().get()) == ("", ours)
    lab.sync(full=True)
    assert QualificationType.objects.own().count() == 1
    client.force_login(lab.people["reviewer"])
    text = client.get(reverse("qualifications", args=[lab.account.slug]) + "?kind=other").content.decode()
    assert theirs.name in text
    assert "<b>x</b>" not in text
    page = client.get(reverse("qualification", args=[lab.account.slug, theirs.qualification_type_id]))
    assert reverse("qualification_edit", args=[lab.account.slug, theirs.qualification_type_id]) not in (
        page.content.decode()
    )
    with pytest.raises(Denied, match="not ours"):
        delete_type(row=theirs, by=lab.people["approver"], typed=theirs.name)
