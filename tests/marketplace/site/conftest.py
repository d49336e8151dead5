"""Visitors of the worker site: HTTP with cookies, as a browser without scripts has it."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests import servers

PASSWORD = "correct horse battery"
HTML = """<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[<!DOCTYPE html><html><head><title>T</title></head><body>
<form name="mturk_form" method="post" action="https://www.mturk.com/mturk/externalSubmit">
<input type="hidden" name="assignmentId" value=""><label>Total <input name="total"></label><input type="submit">
</form></body></html>]]></HTMLContent><FrameHeight>0</FrameHeight></HTMLQuestion>"""


@dataclass
class Page:
    """An answer: status, the address it came from in the end, headers in lower case, the body as text."""

    status: int
    url: str
    headers: dict[str, str]
    text: str

    @property
    def path(self) -> str:
        return urllib.parse.urlsplit(self.url).path


@dataclass
class Visitor:
    """Somebody with a browser. `worker_id` once signed up."""

    url: str
    worker_id: str = ""
    name: str = ""
    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str, **headers: str) -> Page:
        return self._open(urllib.request.Request(self.url + path, headers={"Accept": "text/html", **headers}))

    def post(self, path: str, data: Any = (), **headers: str) -> Page:
        """`data`: a dict or pairs; the form's token goes along."""
        pairs = list(data.items()) if isinstance(data, dict) else list(data)
        body = urllib.parse.urlencode([*pairs, ("csrfmiddlewaretoken", self.token)], doseq=True).encode()
        sent = {"Accept": "text/html", "Referer": self.url + path, **headers}
        return self._open(urllib.request.Request(self.url + path, body, sent))

    @property
    def token(self) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == "hitdesk_workers_csrf"), "")

    def sign_up(self, **changes: str) -> Page:
        self.name = f"w{uuid.uuid4().hex[:12]}"
        self.get("/accounts/signup/")
        page = self.post(
            "/accounts/signup/", {"username": self.name, "password1": PASSWORD, "country": "US", "email": "", **changes}
        )
        found = re.search(r'Worker ID <span class="mono">(A[A-Z0-9]+)<', page.text)
        self.worker_id = found[1] if found else ""
        return page

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Page(answer.status or 0, answer.url, headers, answer.read().decode(errors="replace"))


@pytest.fixture
def visitor(marketplace: servers.Marketplace) -> Visitor:
    return Visitor(marketplace.url)


@pytest.fixture
def worker(visitor: Visitor) -> Visitor:
    """Somebody who has just signed up."""
    assert visitor.sign_up().status == 200
    assert visitor.worker_id
    return visitor


@pytest.fixture
def another_worker(marketplace: servers.Marketplace) -> Visitor:
    other = Visitor(marketplace.url)
    other.sign_up()
    return other


@pytest.fixture
def publish(mturk: Any) -> Any:
    """`publish(Title=…)`: a HIT of this test's requester, as GetHIT answers it."""

    def make(**changes: Any) -> dict[str, Any]:
        request = {
            "Title": f"Receipts {uuid.uuid4().hex[:8]}",
            "Description": "Type the total.",
            "Reward": "0.12",
            "AssignmentDurationInSeconds": 600,
            "LifetimeInSeconds": 3600,
            "AutoApprovalDelayInSeconds": 86400,
            "MaxAssignments": 2,
            "Question": HTML,
            **changes,
        }
        return mturk.create_hit(**request)["HIT"]

    return make
