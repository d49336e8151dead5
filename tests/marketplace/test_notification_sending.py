"""Notifications that do not arrive: tried again, later and later, given up, and in nobody's way."""

import socket
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from marketplace import destinations, sending, work
from marketplace.models import Notification, Requester
from marketplace.operations import OPERATIONS
from tests import servers
from tests.marketplace.conftest import Control
from tests.marketplace.making import HTML, KIND, do
from tests.marketplace.queues import KEYS, aws_here, hit_type, specification, typed_hit


@pytest.fixture(scope="module")
def aws():
    with aws_here() as running:
        yield running


@pytest.fixture
def requester(transactional_db):
    return Requester.for_key(f"AKIA{uuid.uuid4().hex[:16].upper()}")


@pytest.fixture
def at(monkeypatch):
    """Points this process's SQS and SNS at a URL; what follows from it is forgotten afterwards."""

    def at(url):
        for name, value in {"AWS_ENDPOINT_URL_SQS": url, "AWS_ENDPOINT_URL_SNS": url, **KEYS}.items():
            monkeypatch.setenv(name, value)
        destinations._client.cache_clear()

    yield at
    destinations._client.cache_clear()


def call(requester, operation, **request):
    return OPERATIONS[operation](requester, request)


def something_happens(requester, destination, transport="SQS"):
    """A HIT whose submission is to be told there, and a worker who submits; the notification written for it."""
    type_id = call(requester, "CreateHITType", **{**KIND, "Title": uuid.uuid4().hex})["HITTypeId"]
    wanted = specification(destination, "AssignmentSubmitted", transport=transport)
    call(requester, "UpdateNotificationSettings", HITTypeId=type_id, Notification=wanted)
    made = call(requester, "CreateHITWithHITType", HITTypeId=type_id, LifetimeInSeconds=3600, Question=HTML)["HIT"]
    work.submit(work.accept(made["HITId"], "AHAPPENS").assignment_id, fields={"x": "1"})
    return Notification.objects.get(destination=destination)


def later(row):
    """As if the time to try again had come."""
    Notification.objects.filter(destination=row.destination).update(not_before=datetime.now(UTC))
    return sending.send_due()


def test_what_does_not_arrive_is_tried_again_with_longer_waits_until_it_does(requester, at, aws):
    gone = f"{aws.url}/123456789012/comes-later-{uuid.uuid4().hex}"
    at(aws.url)
    row = something_happens(requester, gone)
    waits = []
    for attempt in range(3):
        assert later(row) == 0
        row.refresh_from_db()
        assert (row.attempts, row.sent_at) == (attempt + 1, None)
        assert "SQS refused it" in row.error
        waits.append((row.not_before - datetime.now(UTC)).total_seconds())
    assert waits == [pytest.approx(seconds, abs=3) for seconds in (5, 10, 20)]
    assert sending.send_due() == 0  # not before its time
    assert Notification.objects.get(pk=row.pk).attempts == 3
    queue = aws.sqs.create_queue(QueueName=gone.rpartition("/")[2])["QueueUrl"]
    assert later(row) == 1
    row.refresh_from_db()
    assert (row.attempts, row.error) == (4, "")
    assert row.sent_at
    assert aws.received(queue, 1) == [row.body]
    assert later(row) == 0  # once


def test_a_destination_that_fails_costs_one_attempt_and_keeps_nothing_else_back(requester, at, aws):
    at(aws.url)
    gone, queue = f"{aws.url}/123456789012/gone-{uuid.uuid4().hex}", aws.queue()
    first = something_happens(requester, gone)
    for _ in range(4):
        fields = ("requester", "transport", "destination", "body", "created_at", "not_before")
        Notification.objects.create(**{name: getattr(first, name) for name in fields})
    something_happens(requester, queue)
    assert sending.send_due() == 1
    assert len(aws.received(queue, 1)) == 1
    waiting = Notification.objects.filter(destination=gone)
    assert sorted(waiting.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]
    assert all("SQS refused it" in row.error and row.not_before > datetime.now(UTC) for row in waiting)


def test_after_a_day_it_is_given_up_with_the_reason(requester, at, aws):
    at(aws.url)
    row = something_happens(requester, f"{aws.url}/123456789012/never-{uuid.uuid4().hex}")
    Notification.objects.filter(pk=row.pk).update(created_at=datetime.now(UTC) - timedelta(hours=25))
    later(row)
    row.refresh_from_db()
    assert row.given_up_at
    assert "NonExistentQueue" in row.error
    later(row)
    assert Notification.objects.get(pk=row.pk).attempts == 1


def test_an_endpoint_that_is_not_there_is_an_error_without_its_address(requester, at):
    nowhere = f"http://127.0.0.1:{servers.free_port()}"
    at(nowhere)
    row = something_happens(requester, f"{nowhere}/123456789012/queue")
    assert sending.send_due() == 0
    row.refresh_from_db()
    assert row.error == "SQS could not be reached (EndpointConnectionError)."


def test_without_credentials_the_error_says_so(requester, at, aws, monkeypatch, tmp_path):
    at(aws.url)
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    queue = aws.queue()
    row = something_happens(requester, queue)
    assert sending.send_due() == 0
    row.refresh_from_db()
    assert row.error == "The marketplace has no AWS credentials to send it with."
    at(aws.url)  # there are some now: no restart is needed
    assert later(row) == 1


def test_the_worker_never_waits_for_a_queue_that_does_not_answer(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        env = {"AWS_ENDPOINT_URL_SQS": url, **KEYS}
        with servers.marketplace(tmp_path / "silent", env=env) as running:
            mturk, control = running.client("AKIASILENT"), Control(running)
            type_id = hit_type(mturk)
            wanted = specification(f"{url}/123456789012/queue")
            mturk.update_notification_settings(HITTypeId=type_id, Notification=wanted)
            started = time.monotonic()
            hit = typed_hit(mturk, type_id, MaxAssignments=4, LifetimeInSeconds=30)
            time.sleep(1.5)  # the sender is waiting by now
            for number in range(3):
                mturk.approve_assignment(AssignmentId=do(control, hit, f"ASILENT{number}"))
            assert time.monotonic() - started < 4
            # Nor does time: what is due is done meanwhile.
            control.advance(3600)
            assert mturk.get_hit(HITId=hit["HITId"])["HIT"]["HITStatus"] == "Reviewable"
            # Nor does the end of the process.
            running.server.process.terminate()
            assert running.server.process.wait(3) == 0


def test_what_was_sent_long_ago_is_forgotten(requester, at, aws):
    at(aws.url)
    row = something_happens(requester, aws.queue())
    assert sending.send_due() == 1
    assert Notification.objects.filter(pk=row.pk).exists()
    Notification.objects.filter(pk=row.pk).update(sent_at=datetime.now(UTC) - timedelta(days=8))
    sending.send_due()
    assert not Notification.objects.filter(pk=row.pk).exists()
