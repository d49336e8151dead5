"""The control paths: what they do, and that only a program on this machine can use them."""

import contextlib
import fcntl
import http.client
import json
import socket
import struct
from urllib.parse import urlsplit

import pytest

from tests import servers
from tests.marketplace.conftest import Control, send
from tests.marketplace.test_protocol import QUESTION, raw

JSON = {"Content-Type": "application/json"}
HIT = {
    "Title": "t", "Description": "d", "Reward": "0.10", "LifetimeInSeconds": 3600,
    "AssignmentDurationInSeconds": 600, "MaxAssignments": 3, "Question": QUESTION,
}  # fmt: skip


@pytest.fixture
def hit_id(mturk):
    return mturk.create_hit(**HIT)["HIT"]["HITId"]


def refused(call, *arguments):
    with pytest.raises(servers.ControlRefused) as refusal:
        call(*arguments)
    assert refusal.value.message
    return refusal.value.status, refusal.value.code


@pytest.mark.parametrize(
    "headers",
    [
        JSON | {"Host": "evil.example"},
        JSON | {"Host": "evil.example:80@127.0.0.1"},
        JSON | {"Host": "127.0.0.1.evil.example"},
        JSON | {"Host": "mturk-requester.us-east-1.amazonaws.com"},
        JSON | {"Host": ""},
        JSON | {"Origin": "http://127.0.0.1:8000"},
        JSON | {"Origin": "null"},
        JSON | {"X-Forwarded-For": "127.0.0.1"},
        JSON | {"Forwarded": "for=10.0.0.1"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/control/ledger"), ("POST", "/control/reset")])
def test_pages_proxies_and_other_hosts_are_refused(marketplace, access_key, mturk, headers, method, path):
    mturk.get_account_balance()
    reply = send(marketplace.url, method, path, b"{}" if method == "POST" else None, headers)
    assert reply.status in (400, 403, 415)
    assert set(reply.json) == {"error", "message"}
    assert any(entry["requester"] == access_key for entry in Control(marketplace).get("ledger"))  # nothing was reset


def outer_address():
    """An IPv4 address of this machine that is not loopback, asked of the kernel and not of a name server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                packed = fcntl.ioctl(probe, 0x8915, struct.pack("256s", name.encode()))  # SIOCGIFADDR
                address = socket.inet_ntoa(packed[20:24])
                if not address.startswith("127."):
                    return address
    return None


def test_only_loopback_peers_are_answered(tmp_path):
    """A marketplace that listens on every address is reached by the machine's own outer one."""
    outer = outer_address()
    if outer is None:
        pytest.skip("This machine has no address but loopback.")
    with servers.marketplace(tmp_path, "--host", "0.0.0.0") as running:
        port = urlsplit(running.url).port
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.sock = socket.socket()
        # Coming from the outer address: the server sees a peer that is not loopback, whatever Host says.
        connection.sock.bind((outer, 0))
        connection.sock.connect(("127.0.0.1", port))
        connection.request("GET", "/control/ledger", headers=JSON | {"Host": "127.0.0.1"})
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]) == (403, "forbidden")
        assert Control(running).get("ledger") == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.1.2.3:80", "[::1]:8001", "[::1]"])
def test_loopback_names_are_let_in(marketplace, host):
    assert send(marketplace.url, "GET", "/control/clock", headers=JSON | {"Host": host}).status == 200


def test_without_the_option_there_are_no_control_paths(tmp_path):
    port = servers.free_port()
    command = [*servers.MANAGE, "marketplace", "--port", str(port), "--data", str(tmp_path)]
    server = servers.Server(command, log=tmp_path / "log")
    try:
        server.wait_until(lambda: "READY" in server.output)
        for method, path in (("GET", "ledger"), ("POST", "reset"), ("GET", "nothing")):
            reply = send(f"http://127.0.0.1:{port}", method, f"/control/{path}", b"{}", JSON)
            assert (reply.status, reply.json["error"]) == (404, "not_found")
    finally:
        server.stop()


def test_unknown_paths_and_methods(control):
    assert refused(control.get, "nothing") == (404, "not_found")
    assert refused(control.get, "accept") == (405, "method_not_allowed")
    assert refused(control.delete, "ledger") == (405, "method_not_allowed")


@pytest.mark.parametrize("body", ["{", "[]", "\xff", "[" * 100_000, '{"a":' * 100_000, '{"name": "\\ud800"}'])
def test_bad_json_is_explained(marketplace, body):
    reply = send(marketplace.url, "POST", "/control/accounts", body.encode("latin-1"), JSON)
    assert (reply.status, reply.json["error"]) == (400, "bad_json")


@pytest.mark.parametrize("name", [None, "", 5, ["x"], "x" * 201, "a\0b"])
def test_a_bad_account_name_is_explained(control, name):
    assert refused(control.post, "accounts", {"name": name}) == (400, "bad_request")


def test_the_same_name_is_the_same_account(marketplace, control, access_key):
    first = control.post("accounts", {"name": access_key})
    assert first == control.post("accounts", {"name": access_key})
    assert set(first) == {"AccessKeyId", "SecretAccessKey", "WorkerId"}
    assert first["WorkerId"].startswith("A")
    other = control.post("accounts", {"name": access_key + "2"})
    assert not set(first.values()) & set(other.values())
    client = marketplace.client(first["AccessKeyId"], first["SecretAccessKey"])
    assert client.get_account_balance()["AvailableBalance"] == "10000.00"


def test_the_clock_moves_on_and_does_what_falls_due(mturk, control, hit_id):
    before = control.get("clock")["now"]
    held = control.post("accept", {"HITId": hit_id, "WorkerId": "ACLOCK1"})
    assert mturk.get_hit(HITId=hit_id)["HIT"]["NumberOfAssignmentsPending"] == 1
    after = control.post("clock", {"advance_seconds": 601.5})["now"]
    assert 601.5 <= after - before < 660
    assert mturk.get_hit(HITId=hit_id)["HIT"]["NumberOfAssignmentsPending"] == 0
    assert refused(control.post, "submit", {"AssignmentId": held["AssignmentId"], "Fields": {}}) == (
        409,
        "not_accepted",
    )


@pytest.mark.parametrize("by", [None, "60", -1, True, 1e300, [], 10**400], ids=lambda by: str(by)[:8])
def test_a_bad_step_in_time_is_explained(control, by):
    status, code = refused(control.post, "clock", {"advance_seconds": by})
    assert status == 400
    assert code in ("bad_request", "bad_json")


def test_a_worker_accepts_submits_and_the_requester_sees_it(mturk, control, hit_id):
    taken = control.post("accept", {"HITId": hit_id, "WorkerId": "AWORKER1"})
    assert control.post("submit", taken | {"Fields": {"a": ["1", "2"], "b": "x"}}) == taken
    seen = mturk.list_assignments_for_hit(HITId=hit_id)["Assignments"]
    assert [(item["AssignmentId"], item["WorkerId"]) for item in seen] == [(taken["AssignmentId"], "AWORKER1")]
    assert "1|2" in seen[0]["Answer"]


def test_accept_and_submit_in_one_is_all_or_nothing(mturk, control, hit_id):
    where = {"HITId": hit_id, "WorkerId": "AWORKER2"}
    assert refused(control.post, "assignments", where | {"Answer": "<not xml"}) == (400, "bad_answer")
    assert mturk.get_hit(HITId=hit_id)["HIT"]["NumberOfAssignmentsPending"] == 0
    done = control.post("assignments", where | {"Fields": {"a": "1"}})
    assert mturk.get_assignment(AssignmentId=done["AssignmentId"])["Assignment"]["AssignmentStatus"] == "Submitted"


def test_work_is_given_back_by_either_name(control, hit_id):
    where = {"HITId": hit_id, "WorkerId": "AWORKER3"}
    first = control.post("accept", where)
    assert control.post("return", first) == first
    second = control.post("accept", where)
    assert control.post("return", where) == second
    assert refused(control.post, "return", where) == (409, "not_accepted")


def test_refusals_have_their_codes(mturk, control, hit_id):
    where = {"HITId": hit_id, "WorkerId": "AWORKER4"}
    taken = control.post("accept", where)
    assert refused(control.post, "accept", where) == (409, "already_accepted")
    control.post("submit", taken | {"Fields": {"a": "1"}})
    assert refused(control.post, "accept", where) == (409, "already_done")
    assert refused(control.post, "accept", where | {"HITId": "3NONE"}) == (404, "no_such_hit")
    assert refused(control.post, "accept", where | {"WorkerId": "w"}) == (400, "bad_worker_id")
    assert refused(control.post, "submit", {"AssignmentId": "3NONE", "Fields": {}}) == (404, "no_such_assignment")
    mturk.update_expiration_for_hit(HITId=hit_id, ExpireAt=0)
    assert refused(control.post, "accept", where | {"WorkerId": "AWORKER5"}) == (409, "unavailable")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Answer": "<a/>", "Fields": {}},
        {"Answer": 5},
        {"Fields": []},
        {"Fields": {"a": 1}},
        {"Fields": {"a": ["x", 2]}},
        {"Fields": {"a": None}},
    ],
)
def test_an_answer_in_no_known_form_is_explained(control, hit_id, given):
    taken = control.post("accept", {"HITId": hit_id, "WorkerId": "AWORKER6"})
    assert refused(control.post, "submit", taken | given) == (400, "bad_request")
    assert control.post("submit", taken | {"Fields": {"a": "1"}}) == taken


def test_missing_members_are_named(control):
    for path, given in (("accept", {"HITId": "3X"}), ("submit", {"Fields": {}}), ("return", {"WorkerId": "A1"})):
        assert refused(control.post, path, given) == (400, "bad_request")


def test_strange_field_names_and_text_survive(mturk, control, hit_id):
    fields = {"__proto__": "<script>", "a b": "]]>&<", "ü": "日本語 🎉", "": "x"}
    taken = control.post("accept", {"HITId": hit_id, "WorkerId": "AWORKER7"})
    try:
        control.post("submit", taken | {"Fields": fields})
    except servers.ControlRefused as refusal:
        assert (refusal.status, refusal.code) == (400, "bad_answer")  # noqa: PT017
        control.post("submit", taken | {"Fields": {name: fields[name] for name in ("__proto__", "ü")}})
    answer = mturk.get_assignment(AssignmentId=taken["AssignmentId"])["Assignment"]["Answer"]
    assert "&lt;script&gt;" in answer
    assert "日本語 🎉" in answer


def test_the_ledger_lists_movements_with_amounts_as_text(control, mturk, access_key, hit_id):
    entries = [entry for entry in control.get("ledger") if entry["requester"] == access_key]
    assert [entry["kind"] for entry in entries] == ["deposit", "hold"]
    assert set(entries[0]) == {
        "kind", "requester", "worker", "assignment", "hit", "amount", "token", "time",
    }  # fmt: skip
    assert (entries[0]["amount"], entries[1]["hit"]) == ("10000.00", hit_id)
    assert isinstance(entries[1]["time"], float)


def test_calls_are_counted_by_operation_and_forgotten(own_marketplace):
    control = Control(own_marketplace)
    control.delete("calls")
    client = own_marketplace.client("AKIACOUNTS")
    for _ in range(3):
        client.get_account_balance()
    client.list_hits()
    assert control.get("calls") == {"GetAccountBalance": 3, "ListHITs": 1}
    control.delete("calls")
    assert control.get("calls") == {}


def test_reset_empties_everything_and_forgets_time_travel(own_marketplace):
    control = Control(own_marketplace)
    client = own_marketplace.client("AKIARESET")
    hit = client.create_hit(**HIT, UniqueRequestToken="t")["HIT"]
    control.post("assignments", {"HITId": hit["HITId"], "WorkerId": "ARESET", "Fields": {"a": "1"}})
    control.post("faults", {"mode": "error", "rate": 0})
    before = control.get("clock")["now"]
    control.advance(86400)
    assert control.post("reset") == {}
    assert control.get("ledger") == []
    assert control.get("calls") == {}
    assert control.get("faults") == {"faults": []}
    assert abs(control.get("clock")["now"] - before) < 60
    assert client.get_account_balance()["AvailableBalance"] == "10000.00"
    assert client.list_hits()["NumResults"] == 0
    assert client.create_hit(**HIT, UniqueRequestToken="t")["HIT"]["HITId"] != hit["HITId"]


def test_a_large_answer_is_read_and_one_past_the_limit_refused(marketplace, control, hit_id):
    taken = control.post("accept", {"HITId": hit_id, "WorkerId": "ALARGE"})
    try:
        control.post("submit", taken | {"Fields": {"a": "x" * 3_000_000}})
    except servers.ControlRefused as refusal:
        assert refusal.code == "bad_answer"  # noqa: PT017
    head = b"POST /control/submit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    answer = raw(marketplace.url, head + b"Content-Length: 99999999\r\n\r\n{")
    assert answer.startswith((b"HTTP/1.1 413", b"HTTP/1.0 413"))
