"""Requests for qualifications: read with their answers, scored by our key, decided once each."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard import commands, jobs
from dashboard.models import Command, Job, State
from qualifications.actions import requests as acts
from qualifications.actions.types import Wish, create_type
from qualifications.models import QualificationRequest, QualificationType, Score
from tests.cast import Lab
from tests.qualifications.test_types import documents, send


@pytest.fixture
def kind(lab: Lab) -> QualificationType:
    """A type with a test that we mark, by a key that stays here."""
    test, key = documents()
    wish = Wish(name="Marked here", description="d", test=test, test_duration=600, grading_key=key)
    row = create_type(account=lab.account, by=lab.people["approver"], wish=wish)
    send(lab)
    row.refresh_from_db()
    return row


def ask(lab: Lab, kind: QualificationType, worker: str, answer: str = "a1") -> None:
    said = {"QualificationTypeId": kind.qualification_type_id, "WorkerId": worker, "Fields": {"q1": answer}}
    assert lab.server.control("qualification-requests", said)["state"] == "pending"


def state_at(lab: Lab, kind: QualificationType, worker: str) -> Any:
    try:
        held = lab.mturk.get_qualification_score(QualificationTypeId=kind.qualification_type_id, WorkerId=worker)
    except ClientError:
        return None
    return held["Qualification"]["IntegerValue"]


def test_a_queue_shows_answers_beside_the_key_and_each_is_decided_once(
    lab: Lab, kind: QualificationType, client: Client
) -> None:
    ask(lab, kind, "ARIGHT0WORKER", "a1")
    ask(lab, kind, "AWRONG0WORKER", "a2")
    lab.hit()
    lab.sync(full=True)
    rows = {row.worker_id: row for row in QualificationRequest.objects.all()}
    assert {worker: row.score for worker, row in rows.items()} == {"ARIGHT0WORKER": 100, "AWRONG0WORKER": 0}
    client.force_login(lab.people["reviewer"])
    url = reverse("qualification_requests", args=[lab.account.slug])
    text = client.get(url).content.decode()
    assert text.count('class="mark is-right"') == text.count('class="mark is-wrong"') == 1
    assert "Key: 4" in text
    assert "ask for a qualification" in client.get(reverse("overview", args=[lab.account.slug])).content.decode()
    right, wrong = rows["ARIGHT0WORKER"], rows["AWRONG0WORKER"]
    one = reverse("qualification_request", args=[lab.account.slug, right.request_id])
    bad = client.post(one, {"action": "accept", "value": "1.5", "query": ""})
    assert (bad.status_code, "whole number" in bad.content.decode()) == (422, True)
    assert 'value="1.5"' in bad.content.decode(), "what was typed is still there"
    assert not Command.objects.filter(kind="AcceptQualificationRequest").exists()
    said = {"action": "accept", "value": "", "query": "", "form_key": "6b0ee4f3-0b9e-4b7d-8d5c-5a8e4cbb1b10"}
    assert client.post(one, said).status_code == client.post(one, said).status_code == 302, "a double click is one"
    other = reverse("qualification_request", args=[lab.account.slug, wrong.request_id])
    client.post(other, {"action": "reject", "reason": "The total was wrong.", "query": ""})
    send(lab)
    assert (state_at(lab, kind, right.worker_id), state_at(lab, kind, wrong.worker_id)) == (100, None)
    right.refresh_from_db()
    wrong.refresh_from_db()
    assert (right.state, right.value, wrong.state, wrong.reason) == ("granted", 100, "rejected", "The total was wrong.")
    assert Score.objects.get(qualification_type=kind).value == 100
    assert Command.objects.filter(kind="AcceptQualificationRequest").count() == 1
    with pytest.raises(Exception, match="already"):
        acts.accept(row=right, by=lab.people["approver"], value=1)


@pytest.mark.parametrize("mode", ["drop_after", "drop_before"])
def test_lost_answers_grant_once_and_say_so(lab: Lab, kind: QualificationType, faults: Any, mode: str) -> None:
    ask(lab, kind, "ALOST0ANSWER1")
    ask(lab, kind, "ALOST0ANSWER2")
    lab.sync(full=True)
    rows = QualificationRequest.objects.order_by("worker_id")
    for operation in ("AcceptQualificationRequest", "RejectQualificationRequest"):
        faults(operation, mode)
    acts.accept(row=rows[0], by=lab.people["reviewer"], value=7)
    acts.reject(row=rows[1], by=lab.people["reviewer"], reason="no")
    commands.deliver_due(lab.account.pk)
    lab.server.control("faults", method="DELETE")
    send(lab)
    assert [row.state for row in rows.all()] == ["granted", "rejected"]
    assert set(Command.objects.values_list("state", flat=True)) == {State.DONE}
    assert (state_at(lab, kind, "ALOST0ANSWER1"), state_at(lab, kind, "ALOST0ANSWER2")) == (7, None)


def test_what_was_decided_elsewhere_is_said(lab: Lab, kind: QualificationType) -> None:
    ask(lab, kind, "AELSEWHERE001")
    ask(lab, kind, "AELSEWHERE002")
    lab.sync(full=True)
    mine, other = QualificationRequest.objects.order_by("worker_id")
    for row in (mine, other):
        lab.mturk.accept_qualification_request(QualificationRequestId=row.request_id, IntegerValue=3)
    acts.accept(row=mine, by=lab.people["reviewer"], value=9)
    send(lab)
    command = Command.objects.get(kind="AcceptQualificationRequest")
    assert (command.state, "elsewhere" in command.error_message) == (State.FAILED, True)
    lab.sync(full=True)
    assert {row.state for row in QualificationRequest.objects.all()} == {"gone"}
    assert state_at(lab, kind, "AELSEWHERE001") == 3


def test_many_are_decided_by_a_job_each_with_its_score(lab: Lab, kind: QualificationType, client: Client) -> None:
    for number in range(3):
        ask(lab, kind, f"AMANY0WORKER{number}", "a1" if number else "a2")
    lab.sync(full=True)
    client.force_login(lab.people["reviewer"])
    url = reverse("qualification_requests", args=[lab.account.slug])
    client.get(url)  # what a process looks up once
    counts = []
    for query in ("?worker=AMANY0WORKER0", ""):
        with CaptureQueriesContext(connection) as queries:
            client.get(url + query)
        counts.append(len(queries))
    assert counts[0] == counts[1], "one request costs as many queries as three"
    every = reverse("qualification_requests_all", args=[lab.account.slug, "accept"])
    assert '<dd class="number">3</dd>' in client.get(every).content.decode()
    bad = client.post(every, {"with": "fixed", "value": "many", "query": ""})
    assert (bad.status_code, "whole number" in bad.content.decode()) == (422, True)
    client.post(every, {"with": "score", "query": "score_from=50"})
    job = Job.objects.get()
    jobs.prepare(job.pk)
    Command.objects.filter(job=job).update(not_before=timezone.now())
    send(lab)
    assert [state_at(lab, kind, f"AMANY0WORKER{number}") for number in range(3)] == [None, 100, 100]
    assert QualificationRequest.objects.waiting().count() == 1
