"""Calls without TLS go over connections of our own: what a server may do to one, and what that means for a payment."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from dashboard import mturk, wire
from dashboard.models import Account

OK = b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: r-1\r\nContent-Length: %d\r\n\r\n%s"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-amzn-RequestId: r-2\r\n\r\n%s"


class Script:
    """Answers each call with the next line of the script; `seen` is each call as it came in: (connection, request)."""

    def __init__(self) -> None:
        self.lines: list[Callable[[socket.socket], None]] = []
        self.seen: list[tuple[int, bytes]] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        for number in range(100):
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(number, line), daemon=True).start()

    def _serve(self, number: int, line: socket.socket) -> None:
        with line:
            while request := self._whole(line):
                self.seen.append((number, request))
                self.lines.pop(0)(line)

    def _whole(self, line: socket.socket) -> bytes:
        request = b""
        while b"\r\n\r\n" not in request:
            part = line.recv(65536)
            if not part:
                return b""
            request += part
        head, _, body = request.partition(b"\r\n\r\n")
        length = int(next(row for row in head.split(b"\r\n") if row.lower().startswith(b"content-length")).split()[1])
        while len(body) < length:
            body += line.recv(65536)
        return head + b"\r\n\r\n" + body


def says(*parts: bytes) -> Callable[[socket.socket], None]:
    return lambda line: [line.sendall(part) for part in parts] and None


def says_and_goes(*parts: bytes) -> Callable[[socket.socket], None]:
    def do(line: socket.socket) -> None:
        says(*parts)(line)
        line.shutdown(socket.SHUT_RDWR)

    return do


def drips(line: socket.socket) -> None:
    """Never silent for long, and never done."""
    with suppress(OSError):
        for byte in OK % (2, b"{}"):
            line.sendall(bytes([byte]))
            time.sleep(0.02)


@pytest.fixture
def script() -> Iterator[Script]:
    running = Script()
    yield running
    running.listening.close()


@pytest.fixture
def account(script: Script, settings: Any) -> Account:
    settings.MTURK_READ_TIMEOUT = 0.4
    account = Account(slug="wire", name="Wire", endpoint_url=script.url, access_key_id="KEY")
    account.secret_access_key = "secret"
    return account


def pay(account: Account) -> tuple[dict[str, Any], str]:
    params = {
        "WorkerId": "A1",
        "BonusAmount": "1.00",
        "AssignmentId": "3A",
        "Reason": "Grüße",
        "UniqueRequestToken": "t",
    }
    return mturk.call(account, "SendBonus", params, write=True)


def test_calls_share_a_connection_until_the_server_lets_go_of_it(account: Account, script: Script) -> None:
    whole = OK % (2, b"{}")
    chunked = CHUNKED % b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    with_farewell = whole.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    script.lines = [says(whole[:30], whole[30:]), says(chunked), says_and_goes(whole), says(with_farewell), says(whole)]

    assert [pay(account)[1] for _ in range(3)] == ["r-1", "r-2", "r-1"]
    time.sleep(0.05)  # by now it is known that the server has gone without a word
    assert [pay(account)[1] for _ in range(2)] == ["r-1", "r-1"]

    assert [number for number, _ in script.seen] == [0, 0, 0, 1, 2]
    head, _, body = script.seen[0][1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST / HTTP/1.1\r\nHost: " + script.url.removeprefix("http://").encode() + b"\r\n")
    assert b"X-Amz-Target: MTurkRequesterServiceV20170117.SendBonus" in head
    assert b"Authorization: AWS4-HMAC-SHA256 Credential=KEY/" in head
    assert b"hitdesk Boto3/" in head
    assert json.loads(body)["Reason"] == "Grüße"


@pytest.mark.parametrize(
    "answer",
    [
        says_and_goes(),
        says_and_goes(b"HTTP/1.1 200 OK\r\nContent-Le"),
        says_and_goes(OK % (20, b"{}")),
        says_and_goes(CHUNKED % b"ZZ\r\n{}"),
        says_and_goes(b"SSH-2.0-OpenSSH_9.2\r\n"),
        says(),
        drips,
        says(OK % (5000, b"{" + b" " * 4998 + b"}")),
        says(CHUNKED % (b"1388\r\n{" + b" " * 4998 + b"}\r\n0\r\n\r\n")),
    ],
    ids=["nothing", "half a head", "half a body", "no chunks", "another protocol", "silence", "a drip", "too long",
         "too long in chunks"],
)  # fmt: skip
def test_a_call_that_left_and_got_no_whole_answer_may_have_been_done(
    account: Account, script: Script, answer: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MOST", 4096)
    script.lines = [answer, says(OK % (2, b"{}"))]
    with pytest.raises(mturk.Unknown):
        pay(account)
    assert len(script.seen) == 1, "it is not sent a second time by itself"
    assert pay(account)[1] == "r-1"


def test_what_is_no_header_leaves_nothing(account: Account, script: Script) -> None:
    account.access_key_id = "KEY\r\nX-Evil: 1"
    with pytest.raises(mturk.Refused):
        pay(account)
    assert script.seen == []


def test_with_a_proxy_on_the_way_the_proxy_is_asked(
    account: Account, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", script.url)
    monkeypatch.setenv("no_proxy", "")
    account.endpoint_url = "http://mturk.example"
    script.lines = [says(OK % (2, b"{}"))]
    assert pay(account)[1] == "r-1"
    assert script.seen[0][1].startswith(b"POST http://mturk.example/ HTTP/1.1\r\n")
