"""Faults on demand: connections that are really cut, work that is really done or not, and never by chance."""

import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from marketplace import faults
from tests import servers
from tests.marketplace.conftest import Control, Wire
from tests.marketplace.test_protocol import QUESTION

HIT = {
    "Title": "t", "Description": "d", "Reward": "0.10", "LifetimeInSeconds": 3600,
    "AssignmentDurationInSeconds": 600, "Question": QUESTION,
}  # fmt: skip


@pytest.fixture
def control(own_marketplace):
    control = Control(own_marketplace)
    yield control
    control.delete("faults")


@pytest.fixture
def mturk(own_marketplace, access_key):
    return own_marketplace.client(access_key)


@pytest.fixture
def wire(own_marketplace, access_key):
    return Wire(own_marketplace.url, access_key)


def test_a_cut_connection_is_what_boto3_sees(control, mturk):
    control.post("faults", {"operation": "GetAccountBalance", "mode": "drop_before"})
    with pytest.raises(ConnectionClosedError):
        mturk.get_account_balance()
    mturk.list_hits()  # others are served


@pytest.mark.parametrize("mode", ["drop_before", "drop_after"])
def test_a_cut_connection_ends_without_one_byte(own_marketplace, control, wire, mode):
    control.post("faults", {"mode": mode})
    address = urlsplit(own_marketplace.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: MTurkRequesterServiceV20170117.GetAccountBalance\r\n"
            b"Authorization: " + wire.authorization.encode() + b"\r\nContent-Length: 2\r\n\r\n{}"
        )
        assert connection.recv(1) == b""


def test_drop_before_leaves_no_trace_and_drop_after_all_of_it(control, mturk):
    control.post("faults", {"operation": "CreateHIT", "mode": "drop_before"})
    with pytest.raises(ConnectionClosedError):
        mturk.create_hit(**HIT)
    assert mturk.list_hits()["NumResults"] == 0
    assert mturk.get_account_balance()["AvailableBalance"] == "10000.00"
    control.delete("faults")
    control.post("faults", {"operation": "CreateHIT", "mode": "drop_after"})
    with pytest.raises(ConnectionClosedError):
        mturk.create_hit(**HIT)
    assert mturk.list_hits()["NumResults"] == 1
    assert mturk.get_account_balance()["AvailableBalance"] != "10000.00"


def test_drop_after_cuts_refusals_too(control, mturk):
    control.post("faults", {"mode": "drop_after"})
    with pytest.raises(ConnectionClosedError):
        mturk.get_hit(HITId="3NONE")


@pytest.mark.parametrize(
    ("mode", "status", "code", "message"),
    [("throttle", 400, "ThrottlingException", "Rate exceeded"), ("error", 500, "ServiceFault", "Please try again")],
)
def test_errors_come_before_the_work(control, mturk, mode, status, code, message):
    control.post("faults", {"operation": "CreateHIT", "mode": mode})
    with pytest.raises(ClientError, match=message) as refusal:
        mturk.create_hit(**HIT)
    assert refusal.value.response["Error"]["Code"] == code
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert mturk.list_hits()["NumResults"] == 0


def test_boto3_gets_through_throttling_by_its_own_retries(own_marketplace, control, access_key):
    patient = own_marketplace.client(access_key, retries={"mode": "standard", "total_max_attempts": 10})
    control.post("faults", {"mode": "throttle", "rate": 0.5, "seed": 3})
    assert patient.get_account_balance()["AvailableBalance"] == "10000.00"


def test_latency_waits_and_then_answers(control, wire):
    wire.call("GetAccountBalance", {})
    control.post("faults", {"mode": "latency", "latency_ms": 400})
    began = time.monotonic()
    assert wire.call("GetAccountBalance", {}).status == 200
    assert time.monotonic() - began > 0.4


def test_delayed_calls_wait_side_by_side_and_keep_nobody_from_writing(control, wire):
    kind = {"Title": "t", "Description": "d", "Reward": "0.01", "AssignmentDurationInSeconds": 60}
    wire.call("CreateHIT", HIT)
    control.post("faults", {"mode": "latency", "latency_ms": 2000, "operation": "CreateHITType"})
    began = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(wire.call, "CreateHITType", {**kind, "Title": str(number)}) for number in range(16)]
        time.sleep(0.5)
        assert wire.call("CreateHIT", HIT).status == 200
        assert not any(one.done() for one in waiting)
        assert {one.result().status for one in waiting} == {200}
    assert time.monotonic() - began < 16 * 2 / 2


def test_rules_add_up_and_are_listed_and_cleared(control, wire):
    control.post("faults", {"operation": "SendBonus", "mode": "error", "rate": 0, "seed": 9})
    listed = control.post("faults", {"mode": "throttle"})
    assert listed == control.get("faults")
    assert [rule["mode"] for rule in listed["faults"]] == ["error", "throttle"]
    assert listed["faults"][0] == {
        "operation": "SendBonus", "mode": "error", "rate": 0.0, "seed": 9, "latency_ms": 50,
    }  # fmt: skip
    assert wire.call("GetAccountBalance", {}).json["__type"] == "ThrottlingException"
    assert control.delete("faults") == {"faults": []}
    assert wire.call("GetAccountBalance", {}).status == 200


@pytest.mark.parametrize(
    ("described", "says"),
    [
        ({}, "mode must be one of throttle, error, drop_before, drop_after, latency."),
        ({"mode": "explode"}, "mode must be one of"),
        ({"mode": {}}, "mode must be one of"),
        ({"mode": "error", "operation": "NoSuch"}, "operation must be the name of an operation"),
        ({"mode": "error", "operation": ["*"]}, "operation must be the name of an operation"),
        ({"mode": "error", "rate": 1.1}, "rate must be a number from 0 to 1."),
        ({"mode": "error", "rate": "1"}, "rate must be a number from 0 to 1."),
        ({"mode": "error", "rate": True}, "rate must be a number from 0 to 1."),
        ({"mode": "error", "seed": 1.5}, "seed must be a whole number."),
        ({"mode": "latency", "latency_ms": -1}, "latency_ms must be a number of milliseconds"),
        ({"mode": "latency", "latency_ms": 10**9}, "latency_ms must be a number of milliseconds"),
        ({"mode": "error", "delay": 1}, "Unknown member 'delay'"),
    ],
)
def test_a_bad_rule_is_explained_and_not_kept(control, described, says):
    with pytest.raises(servers.ControlRefused) as refusal:
        control.post("faults", described)
    assert (refusal.value.status, refusal.value.code) == (400, "bad_request")
    assert says in refusal.value.message
    assert control.get("faults") == {"faults": []}


def outcome(wire, body):
    return wire.call("GetAccountBalance", body).status


def test_what_is_hit_depends_on_body_and_count_only_whatever_the_concurrency(control, wire):
    bodies = [{"Ignored": number % 20} for number in range(200)]
    results = []
    for threads in (1, 16):
        control.delete("faults")
        control.post("faults", {"mode": "error", "rate": 0.3, "seed": 7})
        with ThreadPoolExecutor(threads) as pool:
            statuses = list(pool.map(lambda body: outcome(wire, body), bodies))
        # Of one body's ten arrivals the same number fails, whichever thread was which arrival.
        results.append([sum(statuses[first::20]) for first in range(20)])
    assert results[0] == results[1]
    failed = sum(total - 2000 for total in results[0]) // 300
    assert 30 < failed < 90  # 60 expected
    assert len(set(results[0])) > 1


def test_a_repeated_body_is_not_always_hit(control, wire):
    """Otherwise a client that retries the same request would never get through."""
    control.post("faults", {"mode": "error", "rate": 0.5, "seed": 1})
    statuses = [outcome(wire, {"Same": 1}) for _ in range(30)]
    assert set(statuses) == {200, 500}
    control.delete("faults")
    control.post("faults", {"mode": "error", "rate": 0.5, "seed": 1})
    assert [outcome(wire, {"Same": 1}) for _ in range(30)] == statuses


def test_seed_mode_and_operation_make_independent_draws():
    """Rules of equal rate and seed but different modes must not hit the very same calls: the second never acted."""

    def hits(operation, **changes):
        rule = faults.Rule(**{"operation": "*", "mode": "error", "rate": 0.5, "seed": 1, "latency_ms": 0} | changes)
        return tuple(rule.hits(operation, b"%d" % number) for number in range(64))

    draws = {hits("GetHIT"), hits("GetHIT", seed=2), hits("GetHIT", mode="throttle"), hits("ListHITs")}
    assert len(draws) == 4
    assert hits("GetHIT") == hits("GetHIT")
    assert not any(hits("GetHIT", rate=0.0))
    assert all(hits("GetHIT", rate=1.0))


def test_a_bonus_whose_answer_was_cut_is_paid_once_when_asked_again(own_marketplace, control, mturk):
    hit = mturk.create_hit(**HIT)["HIT"]
    worker = f"A{uuid.uuid4().hex[:12].upper()}"
    done = control.post("assignments", {"HITId": hit["HITId"], "WorkerId": worker, "Fields": {"a": "1"}})
    bonus = {
        "WorkerId": worker, "AssignmentId": done["AssignmentId"], "BonusAmount": "1.00", "Reason": "r",
        "UniqueRequestToken": uuid.uuid4().hex,
    }  # fmt: skip
    control.post("faults", {"operation": "SendBonus", "mode": "drop_after"})
    with pytest.raises(ConnectionClosedError):
        mturk.send_bonus(**bonus)
    control.delete("faults")
    with pytest.raises(ClientError, match="has already been processed"):
        mturk.send_bonus(**bonus)
    paid = [entry for entry in control.get("ledger") if entry["kind"] == "bonus" and entry["worker"] == worker]
    assert [entry["amount"] for entry in paid] == ["1.00"]
