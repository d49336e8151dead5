"""One transaction per call: all of it or nothing, whatever goes wrong, and readers never queue for the writer."""

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError
from django.test import Client

from marketplace import clock
from marketplace.models import Requester, Worker
from marketplace.operations import OPERATIONS
from tests.marketplace.conftest import Wire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def call(monkeypatch):
    """Calls GetFileUploadURL with `operation` in its place; the requester exists already."""
    Requester.for_key("AKIATX")

    def call(operation):
        monkeypatch.setitem(OPERATIONS, "GetFileUploadURL", operation)
        answer = Client().post(
            "/",
            {"AssignmentId": "3X", "QuestionIdentifier": "q"},
            content_type="application/json",
            headers={
                "X-Amz-Target": "MTurkRequesterServiceV20170117.GetFileUploadURL",
                "Authorization": "AWS4-HMAC-SHA256 Credential=AKIATX/20261121/us-east-1/mturk-requester/aws4_request",
            },
        )
        return answer.status_code, json.loads(answer.content)

    return call


def write(requester, request):
    Worker.objects.create(worker_id="AWRITTEN", created_at=clock.now())
    return {"FileUploadURL": "https://example.org/"}


def test_a_call_that_works_is_kept(call):
    assert call(write) == (200, {"FileUploadURL": "https://example.org/"})
    assert Worker.objects.filter(worker_id="AWRITTEN").exists()


@pytest.mark.parametrize(
    "broken",
    [
        lambda: {}["no such key"],
        lambda: {"Invented": "member"},
        lambda: {"FileUploadURL": 5},
        lambda: {"FileUploadURL": "\ud800"},
        lambda: "not a dict",
    ],
    ids=["exception", "unknown member", "wrong type", "not Unicode", "no dict"],
)
def test_a_failure_of_ours_is_a_servicefault_and_leaves_nothing(call, settings, caplog, broken):
    settings.CHECK_OUTPUT = True

    def operation(requester, request):
        write(requester, request)
        return broken()

    status, body = call(operation)
    assert (status, body["__type"]) == (500, "ServiceFault")
    assert "Traceback" not in json.dumps(body)
    assert "GetFileUploadURL" in caplog.text  # but the log tells all
    assert any(record.exc_info for record in caplog.records)
    assert not Worker.objects.filter(worker_id="AWRITTEN").exists()


def test_a_locked_database_is_tried_again(call):
    attempts = []

    def operation(requester, request):
        attempts.append(1)
        write(requester, request)
        if len(attempts) < 3:
            raise OperationalError("database is locked")
        return {}

    assert call(operation) == (200, {})
    assert len(attempts) == 3
    assert Worker.objects.filter(worker_id="AWRITTEN").count() == 1


def test_a_database_that_stays_locked_is_a_servicefault(call):
    def operation(requester, request):
        write(requester, request)
        raise OperationalError("database is locked")

    began = time.monotonic()
    status, body = call(operation)
    assert (status, body["__type"], body["Message"]) == (500, "ServiceFault", "The database is busy. Please try again.")
    assert time.monotonic() - began < 10
    assert not Worker.objects.filter(worker_id="AWRITTEN").exists()


def test_other_database_errors_are_not_repeated(call):
    attempts = []

    def operation(requester, request):
        attempts.append(1)
        raise OperationalError("disk I/O error")

    assert call(operation)[0] == 500
    assert len(attempts) == 1


def test_readers_go_on_while_somebody_writes_and_writers_wait(marketplace, access_key):
    wire = Wire(marketplace.url, access_key)
    title = {"Title": "t", "Description": "d", "Reward": "0.01", "AssignmentDurationInSeconds": 60}
    assert wire.call("GetAccountBalance", {}).status == 200
    with sqlite3.connect(marketplace.data / "marketplace.sqlite3", isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(wire.call, "CreateHITType", title)
            began = time.monotonic()
            assert wire.call("ListHITs", {}).status == 200
            assert wire.call("GetAccountBalance", {}).status == 200
            assert time.monotonic() - began < 1
            time.sleep(0.3)
            assert not waiting.done()
            writer.execute("ROLLBACK")
            assert waiting.result().status == 200
    writer.close()


def test_writers_take_turns(marketplace, access_key):
    """SQLite alone would let some wait for nearly the whole time while others are served again and again."""
    clients, calls = 32, 10
    wire = Wire(marketplace.url, access_key)
    kind = {"Description": "d", "Reward": "0.01", "AssignmentDurationInSeconds": 60}

    def write_again_and_again(number):
        slowest = 0.0
        for call in range(calls):
            began = time.monotonic()
            assert wire.call("CreateHITType", {**kind, "Title": f"{number} {call}"}).status == 200
            slowest = max(slowest, time.monotonic() - began)
        return slowest

    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        slowest = max(pool.map(write_again_and_again, range(clients)))
    assert slowest < (time.monotonic() - began) / 2
