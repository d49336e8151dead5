"""Pictures that only a worker named: fetched by us and on a click alone, from the open internet and nowhere else."""

import base64
import contextlib
import http.server
import ipaddress
import re
import socket
import threading
import time
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.template import engines

from hits.answers import read
from hits.views import pictures
from tests.hits.answers.documents import named, png, task_answers
from tests.hits.test_replay import Desk

PNG = base64.b64decode(png(4, 3))
GIF = b"GIF89a\x04\x00\x03\x00" + b"\0" * 20
BOMB = base64.b64decode(png(60_000, 60_000))
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


class Elsewhere:
    """A server of somebody's pictures, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        elsewhere = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                elsewhere.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                name = self.path.strip("/").partition("?")[0]
                if name in elsewhere.places:
                    self.send_response(302)
                    self.send_header("Location", elsewhere.places[name])
                    self.end_headers()
                    return
                body = elsewhere.bodies.get(name)
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Type", "image/png")
                self.end_headers()
                try:
                    if name == "slow":
                        for _ in range(100):
                            self.wfile.write(PNG[:1] if _ else PNG)
                            time.sleep(0.1)
                    self.wfile.write(body or b"")
                except OSError:
                    pass

        self.bodies = {
            "a.png": PNG, "b.gif": GIF, "page": b"<html>", "svg": SVG, "bomb": BOMB, "slow": PNG,
            "large": PNG + b"\0" * pictures.LARGEST,
        }  # fmt: skip
        self.places = {
            "on": "/a.png", "round": "/round", "inner": "http://127.0.0.2:9/x.png", "file": "file:///etc/passwd",
            "odd": "http://[",
        }  # fmt: skip
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    server = Elsewhere()
    yield server
    server.server.shutdown()
    server.server.server_close()


def only_this(address: pictures.Address) -> bool:
    """The test's own server stands for the open internet."""
    return str(address) == "127.0.0.1"


INNER = (
    "127.0.0.1 127.1 2130706433 0x7f000001 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1"
    " 255.255.255.255 ::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1:: fd00::1"
    " fe80::1 ff02::1 2001:0:4136:e378:8000:63bf:f5ff:fffe"
)


def test_inner_addresses_are_known_in_every_disguise() -> None:
    for written in INNER.split():
        address = written if ":" in written else socket.inet_ntoa(socket.inet_aton(written))
        assert not pictures.is_public(ipaddress.ip_address(address)), written
    for written in ("93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822"):
        assert pictures.is_public(ipaddress.ip_address(written)), written
    for host in ("127.0.0.1", "localhost", "[::1]"):
        with pytest.raises(pictures.Refused, match="inner network"):
            pictures.fetch(f"http://{host}:9/x.png")


def test_the_guard_stands_before_the_connection(elsewhere: Elsewhere) -> None:
    with pytest.raises(pictures.Refused, match="inner network"):
        pictures.fetch(f"{elsewhere.url}/a.png")
    for url in ("file:///etc/passwd", "ftp://1.2.3.4/x", "http:///x", "http://user:secret@1.2.3.4/x", "javascript:1"):
        with pytest.raises(pictures.Refused, match=r"Only http|password"):
            pictures.fetch(url)
    # A redirect is looked at like a first address.
    for name, reason in {
        "inner": "inner network",
        "file": "Only http",
        "round": "from one address to the next",
        "odd": "does not answer as one should",
    }.items():
        with pytest.raises(pictures.Refused, match=reason):
            pictures.fetch(f"{elsewhere.url}/{name}", allowed=only_this)
    assert {path for path, _ in elsewhere.asked} == {"/inner", "/file", "/round", "/odd"}


@pytest.mark.parametrize(
    ("scheme", "begins"),
    [("http", b"HTTP/1.1 200 OK\r\nX-Long: "), ("https", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")],
    ids=["headers", "handshake"],
)
def test_a_byte_now_and_then_buys_no_time(monkeypatch: Any, scheme: str, begins: bytes) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            peer, _ = listener.accept()
            with peer, contextlib.suppress(OSError):
                peer.sendall(begins)
                for _ in range(30):
                    time.sleep(0.1)
                    peer.sendall(b"a")

        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(pictures.Refused, match="took longer"):
            pictures.fetch(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/a.png", allowed=only_this)
        assert time.monotonic() - began < 1.5


def test_only_pictures_of_pixels_come_through_and_nothing_of_the_reviewer_goes_out(
    elsewhere: Elsewhere, monkeypatch: Any
) -> None:
    found = pictures.fetch(f"{elsewhere.url}/on?a=b c", allowed=only_this)
    assert (found.kind, found.data) == ("image/png", PNG)
    assert pictures.fetch(f"{elsewhere.url}/b.gif", allowed=only_this).kind == "image/gif"
    assert {name for _, headers in elsewhere.asked for name in headers} == {
        "host", "accept", "accept-encoding", "user-agent",
    }  # fmt: skip
    monkeypatch.setattr(pictures, "SECONDS", 0.6)
    for name, reason in {
        "page": "no picture", "svg": "no picture", "bomb": "no picture", "gone": "404", "large": "larger than",
        "slow": "took longer",
    }.items():  # fmt: skip
        with pytest.raises(pictures.Refused, match=reason):
            pictures.fetch(f"{elsewhere.url}/{name}", allowed=only_this)


def test_the_page_signs_what_may_be_fetched_and_keeps_what_came(
    db: Any, elsewhere: Elsewhere, monkeypatch: Any, settings: Any, tmp_path: Any
) -> None:
    settings.DATA = tmp_path
    desk = Desk()
    url = f"{elsewhere.url}/a.png?q=1&r=<2>".replace("<2>", "2")
    row = desk.keep("", named({"photo": url, "site": "https://worker.example/about", "bbox-1": "[[1,2,3,4]]"}))
    template = engines["django"].from_string("{% load answers %}{% answer answer %}")
    markup = template.render({"answer": read(row.answer), "assignment": row, "account": desk.account})
    (link,) = re.findall(r'<a class="answer-show" href="([^"]+)"', markup)
    assert "answer-show" not in template.render({"answer": read(row.answer)})
    assert "<img" not in markup
    # The test's server stands on an inner address, which the site itself refuses …
    refused = desk.client.get(unescape(link))
    assert (refused.status_code, "inner network" in refused.content.decode()) == (502, True)
    assert elsewhere.asked == []
    # … so for once it counts as outside.
    fetch = pictures.fetch
    monkeypatch.setattr(pictures, "fetch", lambda url: fetch(url, allowed=only_this))
    for _ in range(2):
        shown = desk.client.get(unescape(link))
        assert (shown.status_code, shown["Content-Type"], shown.content) == (200, "image/png", PNG)
        assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert shown["X-Content-Type-Options"] == "nosniff"
    assert [path for path, _ in elsewhere.asked] == ["/a.png?q=1&r=2"]
    # What no page of ours signed for this answer is not fetched.
    other = desk.keep("", row.answer)
    for path in (
        unescape(link).replace(row.assignment_id, other.assignment_id),
        unescape(link)[:-3] + "abc",
        unescape(link).partition("?")[0] + f"?url={elsewhere.url}/b.gif",
        unescape(link).partition("?")[0],
    ):
        assert desk.client.get(path).status_code == 400
    assert len(elsewhere.asked) == 1


def test_a_drawing_on_a_workers_picture_offers_it_too(db: Any) -> None:
    desk = Desk()
    row = desk.keep("", named({"bbox-1": "[[1,2,3,4]]", "url-1": "https://pictures.example/1"}))
    gallery = desk.keep(
        "", task_answers({"Ada": {"photo": "https://pictures.example/2", "site": "https://x.example/"}})
    )
    template = engines["django"].from_string("{% load answers %}{% answer answer %}")
    for one in (row, gallery):
        context = {"answer": read(one.answer), "assignment": one, "account": desk.account}
        assert template.render(context).count("data-show-picture") == 1
