"""The API on the wire: what goes in and out over HTTP, and that nothing sent to it gets anything but an API answer."""

import contextlib
import datetime
import re
import socket
import time
import uuid
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from marketplace import serialization
from marketplace.operations import OPERATIONS as AVAILABLE
from marketplace.service import OPERATIONS
from tests.marketplace.conftest import Wire, send

TARGET = "MTurkRequesterServiceV20170117"
MINIMAL = {  # a request each operation's model accepts, for those with required members
    "WorkerId": "A1",
    "WorkerIds": ["A1"],
    "BonusAmount": "1.00",
    "Reward": "0.10",
    "ExpireAt": 1,
    "MustBeRequestable": True,
    "LifetimeInSeconds": 60,
    "AssignmentDurationInSeconds": 60,
    "NumberOfAdditionalAssignments": 1,
    "QualificationTypeStatus": "Active",
    "TestEventType": "Ping",
    "Notification": {"Destination": "d", "Transport": "SQS", "Version": "2014-08-15", "EventTypes": ["Ping"]},
}


def raw(url, data, *, wait=5.0):
    """What a server sends back for these bytes, up to the end of the connection."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=wait) as connection:
        connection.sendall(data)
        received = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while part := connection.recv(65536):
                received += part
        return received


def test_a_successful_answer_has_awss_headers_and_compact_json(wire):
    reply = wire.call("GetAccountBalance", {})
    assert reply.status == 200
    assert reply.body == b'{"AvailableBalance":"10000.00","OnHoldBalance":"0.00"}'
    assert reply.headers["content-type"] == "application/x-amz-json-1.1"
    assert reply.headers["content-length"] == str(len(reply.body))
    assert uuid.UUID(reply.headers["x-amzn-requestid"])
    assert "connection" not in reply.headers
    sent = datetime.datetime.strptime(reply.headers["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.UTC)
    assert abs(datetime.datetime.now(datetime.UTC) - sent) < datetime.timedelta(seconds=60)


def test_an_error_has_type_message_and_code_and_closes_the_connection(wire):
    reply = wire.call("GetHIT", {"HITId": "3PR3LXCWSFNV4OJWZBHIMQOIJVSX9G"})
    assert reply.status == 400
    assert reply.headers["connection"] == "close"
    assert reply.headers["content-type"] == "application/x-amz-json-1.1"
    body = reply.json
    assert set(body) == {"__type", "Message", "TurkErrorCode"}
    assert (body["__type"], body["TurkErrorCode"]) == ("RequestError", "AWS.MechanicalTurk.HITDoesNotExist")
    said = re.fullmatch(r"Hit 3PR3LXCWSFNV4OJWZBHIMQOIJVSX9G does not exist\. \((\d{13})\)", body["Message"])
    assert said
    assert abs(int(said.group(1)) / 1000 - time.time()) < 366 * 86400 * 100  # marketplace time, which tests move


def test_boto3_reads_type_message_and_code(mturk):
    with pytest.raises(mturk.exceptions.RequestError) as refusal:
        mturk.get_hit(HITId="3PR3LXCWSFNV4OJWZBHIMQOIJVSX9G")
    assert refusal.value.response["TurkErrorCode"] == "AWS.MechanicalTurk.HITDoesNotExist"
    assert refusal.value.response["Error"]["Message"].startswith("Hit 3PR3LXCWSFNV4OJWZBHIMQOIJVSX9G does not exist. (")
    with pytest.raises(ClientError) as refusal:
        mturk.get_hit(HITId="lower")
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert refusal.value.response["Error"]["Message"].startswith(
        "1 validation error detected: Value 'lower' at 'hITId'"
    )


def test_validation_errors_say_message_in_lower_case_and_no_code(wire):
    assert set(wire.call("GetHIT", {}).json) == {"__type", "message"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_answered(wire, operation):
    """Implemented or not, each of the 39 is known, validated, and answers what boto3 can read."""
    required = OPERATIONS[operation].input.required_members
    reply = wire.call(operation, {name: MINIMAL.get(name, "3X") for name in required})
    if operation not in AVAILABLE:
        assert (reply.status, reply.json["__type"]) == (400, "RequestError")
        assert f"The operation {operation} is not available in this marketplace yet." in reply.json["Message"]
    elif reply.status != 200:
        assert reply.status == 400
        assert reply.json["__type"] in ("RequestError", "ParameterValidationError"), reply.body
    if required:
        assert wire.call(operation, {}).json["__type"] == "ValidationException"


@pytest.mark.parametrize("path", ["/", "/onca/xml", "/healthz", "/control/reset", "/a/b?c=d", "//x", "/%00", "/%ff"])
def test_calls_are_answered_on_any_path(wire, path):
    assert wire.call("GetAccountBalance", {}, path=path).json["AvailableBalance"] == "10000.00"


def test_it_answers_to_any_host_name(wire):
    host = "mturk-requester-sandbox.us-east-1.amazonaws.com"
    assert wire.call("GetAccountBalance", {}, Host=host).status == 200


def test_the_content_type_does_not_matter(wire):
    """PHP signs no content type, and scripts by hand send application/json."""
    for content_type in ("application/json", "text/plain", "application/x-www-form-urlencoded", ""):
        assert wire.call("GetAccountBalance", {}, Content_Type=content_type).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_other_methods_get_an_api_error(wire, method):
    reply = wire.call("GetAccountBalance", {}, method=method)
    assert (reply.status, reply.json["__type"]) == (400, "UnknownOperationException")


def test_head_gets_headers_only(marketplace, wire):
    reply = wire.call("GetAccountBalance", "", method="HEAD")
    assert (reply.status, reply.body) == (400, b"")
    request = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    first, second = raw(marketplace.url, request).split(b"HTTP/1.1 200 OK")[1:]
    assert b"<html" not in first
    assert second.endswith(b'{"status": "ok"}')


@pytest.mark.parametrize(
    "target",
    [
        "",
        "GetHIT",
        f"{TARGET}.",
        f"{TARGET}.NoSuchThing",
        f"{TARGET}.getHIT",
        f"{TARGET}.__class__",
        f"{TARGET}.GetHIT.x",
        "MTurkRequesterServiceV20140101.GetHIT",
        f"{TARGET}.<script>alert(1)</script>",
        f"{TARGET}." + "A" * 5000,
    ],
)
def test_unknown_operations(wire, target):
    reply = wire.call("", {}, X_Amz_Target=target)
    assert (reply.status, reply.json["__type"]) == (400, "UnknownOperationException")
    assert b"<script>" not in reply.body


def test_an_api_client_without_a_target_gets_an_api_error(marketplace):
    for headers in (
        {"Content-Type": "application/x-amz-json-1.1"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=A/b"},
    ):
        reply = send(marketplace.url, "POST", "/", b"{}", headers)
        assert (reply.status, reply.json["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    "body",
    ["{", "[1]", b"\xff\xff", "[" * 200_000, '{"a":' * 900 + "1" + "}" * 900, '{"a":' * 50_000, '{"MaxResults":NaN}'],
    ids=lambda body: repr(body[:12]),
)
def test_bad_json_is_a_serialization_error(wire, body):
    reply = wire.call("ListHITs", body)
    assert (reply.status, reply.json["__type"]) == (400, "SerializationException")


def test_wrong_types_are_serialization_errors(wire):
    reply = wire.call("GetHIT", {"HITId": {"$ne": ""}})
    assert (reply.status, reply.json["__type"]) == (400, "SerializationException")


def test_a_body_over_a_megabyte_is_refused_and_one_under_is_read(wire):
    assert wire.call("GetAccountBalance", {"Ignored": "x" * 1_000_000}).status == 200
    reply = wire.call("GetAccountBalance", {"Ignored": "x" * 1_100_000})
    assert (reply.status, reply.json["__type"]) == (413, "RequestEntityTooLargeException")
    assert "1048576 bytes" in reply.json["message"]


@pytest.mark.parametrize("name", ["__proto__", "constructor", "prototype", "__class__", "a.b", "", "\u0000", "HITID"])
def test_strange_member_names_are_ignored(wire, name):
    assert wire.call("GetAccountBalance", {name: {"__proto__": {"admin": True}}}).status == 200


@pytest.mark.parametrize("text", ["a\u0000b", "\ud800", "\udfff\ud800"])
def test_text_no_database_stores_is_refused(wire, text):
    given = {"AssignmentDurationInSeconds": 60, "Reward": "0.1", "Title": text, "Description": "d"}
    reply = wire.call("CreateHITType", given)
    assert reply.status == 400
    assert reply.json["__type"] in ("ValidationException", "SerializationException")


@pytest.mark.parametrize(
    "text", ["<b>&amp;</b>", "日本語 🎉", "\u2028", "'; DROP TABLE hit; --", "\\u0041", "{{ 7 * 7 }}"]
)
def test_any_other_text_comes_back_as_it_was_sent(mturk, text):
    made = mturk.create_hit_type(AssignmentDurationInSeconds=60, Reward="0.01", Title=text, Description="d" + text)
    assert re.fullmatch("3[A-Z0-9]{29}", made["HITTypeId"])
    again = mturk.create_hit_type(AssignmentDurationInSeconds=60, Reward="0.01", Title=text, Description="d" + text)
    assert again["HITTypeId"] == made["HITTypeId"]


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1e9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: a\rb\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: a\nSet-Cookie: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 70_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
    ids=lambda head: repr(head[-40:]),
)
def test_what_is_not_http_is_refused_in_json(marketplace, head):
    answer = raw(marketplace.url, head)
    status, _, body = answer.partition(b"\r\n\r\n")
    assert re.match(rb"HTTP/1\.[01] (4\d\d|501) ", status), answer[:200]
    assert b"Content-Type: application/x-amz-json-1.1" in status
    assert body.startswith(b'{"__type": "SerializationException"')
    assert b"Set-Cookie" not in status
    assert send(marketplace.url, "GET", "/healthz").status == 200  # and it goes on serving


def test_a_target_cannot_put_headers_into_the_answer(marketplace, wire):
    assert (
        b"set-cookie"
        not in raw(
            marketplace.url,
            b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: a%0d%0aSet-Cookie:%20b\r\nContent-Length: 0\r\n\r\n",
            wait=1,
        )
        .partition(b"\r\n\r\n")[0]
        .lower()
    )


def test_chunked_bodies_and_expect_continue_are_understood(marketplace, wire):
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {TARGET}.GetAccountBalance\r\n"
        f"Authorization: {wire.authorization}\r\nConnection: close\r\n"
    ).encode()
    chunked = raw(marketplace.url, head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert b'"AvailableBalance":"10000.00"' in chunked
    expecting = raw(marketplace.url, head + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")
    assert expecting.startswith(b"HTTP/1.1 100 Continue")
    assert b'"AvailableBalance":"10000.00"' in expecting


def test_connections_are_kept_open_between_calls(marketplace, wire):
    one = (
        f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {TARGET}.GetAccountBalance\r\n"
        f"Authorization: {wire.authorization}\r\nContent-Length: 2\r\n\r\n{{}}"
    ).encode()
    last = one.replace(b"Content-Length", b"Connection: close\r\nContent-Length")
    assert raw(marketplace.url, one + one + last).count(b"HTTP/1.1 200 OK") == 3


def test_the_front_page_says_how_to_use_it(marketplace):
    reply = send(marketplace.url, "GET", "/")
    assert reply.status == 200
    assert f'endpoint_url="{marketplace.url}"'.encode() in reply.body
    assert "default-src 'self'" in reply.headers["content-security-policy"]


def test_the_front_page_never_shows_the_host_header(marketplace):
    reply = send(marketplace.url, "GET", "/?<script>", headers={"Host": '"><script>alert(1)</script>'})
    assert b"<script" not in reply.body
    assert b"alert" not in reply.body


def test_everything_else_is_json(marketplace):
    assert send(marketplace.url, "GET", "/healthz").json == {"status": "ok"}
    for method, path in (
        ("GET", "/nowhere"),
        ("POST", "/"),
        ("GET", "/control/clock/x"),
        ("GET", "/%2e%2e/etc/passwd"),
    ):
        reply = send(marketplace.url, method, path, headers={"Content-Type": "application/json"})
        assert reply.status == 404
        assert reply.json["error"] == "not_found"


def test_a_request_beyond_the_rules_of_an_operation_writes_nothing(marketplace, access_key, control):
    """The error comes after the work began (money was held); all of it is rolled back."""
    client = marketplace.client(access_key)
    with pytest.raises(ClientError):
        client.create_hit(
            Title="t", Description="d", Reward="9000", LifetimeInSeconds=60, AssignmentDurationInSeconds=60,
            MaxAssignments=2, Question=QUESTION,
        )  # fmt: skip
    assert client.get_account_balance()["AvailableBalance"] == "10000.00"
    assert client.list_hits()["NumResults"] == 0
    assert [entry["kind"] for entry in control.get("ledger") if entry["requester"] == access_key] == ["deposit"]


QUESTION = (
    '<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">'
    "<HTMLContent><![CDATA[<!DOCTYPE html><html><body><form action='/mturk/externalSubmit'><input name='a'></form>"
    "</body></html>]]></HTMLContent><FrameHeight>0</FrameHeight></HTMLQuestion>"
)


def test_times_on_the_wire_are_numbers_with_milliseconds(wire):
    made = wire.call(
        "CreateHIT",
        {
            "Title": "t",
            "Description": "d",
            "Reward": "0.05",
            "LifetimeInSeconds": 60,
            "AssignmentDurationInSeconds": 60,
            "Question": QUESTION,
        },
    )
    assert made.status == 200, made.body
    hit = made.json["HIT"]
    assert isinstance(hit["CreationTime"], float)
    assert re.search(rb'"CreationTime":\d{10}\.\d{1,3}[,}]', made.body)
    assert hit["Expiration"] - hit["CreationTime"] == pytest.approx(60)
    assert "RequesterAnnotation" not in hit
    assert hit["Question"] == QUESTION
    empty = wire.call("UpdateExpirationForHIT", {"HITId": hit["HITId"], "ExpireAt": 0})
    assert (empty.status, empty.body) == (200, b"{}")


def test_output_is_held_to_the_model(settings):
    moment = datetime.datetime(2019, 5, 23, 20, 49, 59, 123_999, tzinfo=datetime.UTC)
    written = serialization.serialize("GetHIT", {"HIT": {"CreationTime": moment, "Reward": None}})
    assert written == b'{"HIT":{"CreationTime":1558644599.123}}'
    assert serialization.serialize("DeleteHIT", {}) == b"{}"
    settings.CHECK_OUTPUT = True
    with pytest.raises(TypeError, match="HIT has no member Invented"):
        serialization.serialize("GetHIT", {"HIT": {"Invented": 1}})
    settings.CHECK_OUTPUT = False
    assert serialization.serialize("GetHIT", {"HIT": {"Invented": 1}}) == b'{"HIT":{}}'
    for wrong in ({"CreationTime": moment.replace(tzinfo=None)}, {"Reward": 0.1}, {"MaxAssignments": "1"}):
        with pytest.raises(TypeError):
            serialization.serialize("GetHIT", {"HIT": wrong})


def test_many_clients_at_once_are_all_answered(marketplace):
    """First contact of one key from many threads makes one requester; SQLite's one writer turns nobody away."""
    from concurrent.futures import ThreadPoolExecutor

    wire = Wire(marketplace.url, f"AKIA{uuid.uuid4().hex[:16].upper()}")
    title = {"AssignmentDurationInSeconds": 60, "Reward": "0.01", "Description": "d"}

    def call(number):
        if number % 2:
            return wire.call("GetAccountBalance", {})
        return wire.call("CreateHITType", title | {"Title": f"t{number}"})

    with ThreadPoolExecutor(24) as pool:
        replies = list(pool.map(call, range(96)))
    assert {reply.status for reply in replies} == {200}, [reply.body for reply in replies if reply.status != 200][:3]
    assert {reply.json["AvailableBalance"] for reply in replies[1::2]} == {"10000.00"}
