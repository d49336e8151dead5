"""Fixtures of the marketplace's tests: one real server for the whole run, a fresh requester for each test."""

import http.client
import itertools
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import servers

_numbers = itertools.count(1)


@dataclass
class Reply:
    """An HTTP answer: status, headers (names in lower case) and the body, parsed where it is JSON."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def send(url: str, method: str, path: str, body: bytes | str | None = None, headers: dict | None = None) -> Reply:
    """One HTTP request on a connection of its own."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


class Control:
    """The control paths of a marketplace. A refusal raises `servers.ControlRefused` with its status and code."""

    def __init__(self, marketplace: servers.Marketplace) -> None:
        self.marketplace = marketplace

    def get(self, path: str) -> Any:
        return self.marketplace.control(path, method="GET")

    def post(self, path: str, body: Any = None) -> Any:
        return self.marketplace.control(path, {} if body is None else body, method="POST")

    def delete(self, path: str) -> Any:
        return self.marketplace.control(path, method="DELETE")

    def now(self) -> float:
        return self.get("clock")["now"]

    def advance(self, seconds: float) -> float:
        """Moves time on and does what falls due; returns the new time."""
        return self.post("clock", {"advance_seconds": seconds})["now"]


class Wire:
    """Calls to the API written by hand, for what boto3 would refuse to send."""

    def __init__(self, url: str, access_key: str) -> None:
        self.url, self.access_key = url, access_key

    @property
    def authorization(self) -> str:
        scope = f"{self.access_key}/20261121/us-east-1/mturk-requester/aws4_request"
        return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}"

    def call(self, operation: str, body: Any, method: str = "POST", path: str = "/", **headers: str) -> Reply:
        """`body`: bytes or text as it is, anything else as JSON. `headers`: names with _ for -."""
        sent = {
            "X-Amz-Target": f"MTurkRequesterServiceV20170117.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": self.authorization,
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return send(self.url, method, path, raw, sent)


@pytest.fixture(scope="session")
def marketplace(marketplace_server: servers.Marketplace) -> servers.Marketplace:
    """The running marketplace. Shared: a test that needs faults or counts to itself uses `own_marketplace`."""
    return marketplace_server


@pytest.fixture(scope="module")
def own_marketplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Marketplace]:
    """A marketplace for one file of tests alone, for those that reset it, spoil it or count its calls."""
    with servers.marketplace(tmp_path_factory.mktemp("own-marketplace")) as running:
        yield running


@pytest.fixture
def access_key() -> str:
    """An access key nobody used before: a requester with 10000.00 and nothing else."""
    return f"AKIA{next(_numbers)}{uuid.uuid4().hex[:12].upper()}"


@pytest.fixture
def mturk(marketplace: servers.Marketplace, access_key: str) -> Any:
    """A boto3 client that is a new requester; it never retries."""
    return marketplace.client(access_key)


@pytest.fixture
def wire(marketplace: servers.Marketplace, access_key: str) -> Wire:
    """The same requester as `mturk`, with calls written by hand."""
    return Wire(marketplace.url, access_key)


@pytest.fixture
def control(marketplace: servers.Marketplace) -> Control:
    """The control paths: `control.post("accept", {...})`, `control.advance(60)`."""
    return Control(marketplace)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say out loud which clients did not run: a green run without them has not tried them."""
    reasons = {
        str(report.longrepr[-1]).partition("CLIENT MISSING: ")[2]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and "CLIENT MISSING" in str(report.longrepr[-1])
    }
    if reasons:
        terminalreporter.section("CLIENTS SKIPPED", sep="!", red=True, bold=True)
        for reason in sorted(reasons):
            terminalreporter.line(reason, red=True)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def crowded(request, tmp_path_factory):
    """A marketplace on each database, for tests of many at once."""
    env = {}
    if request.param == "postgresql":
        env["MARKETPLACE_DATABASE_URL"] = request.getfixturevalue("postgres_server").database("crowded")
    with servers.marketplace(tmp_path_factory.mktemp(f"crowded-{request.param}"), env=env) as running:
        yield running
