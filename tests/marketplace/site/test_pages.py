"""Every page of the worker site: who may see it, that it can be drawn, and the ways in."""

import base64
import hmac
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.marketplace.site.conftest import PASSWORD, Visitor

TEMPLATES = Path(__file__).resolve().parents[3] / "templates" / "marketplace"
PAGES = ("/tasks/", "/assignments/", "/qualifications/", "/earnings/", "/messages/", "/profile/", "/accounts/2fa/")


def test_every_template_compiles() -> None:
    from django.template.loader import get_template

    for path in sorted(TEMPLATES.rglob("*.html")):
        get_template(path.relative_to(TEMPLATES).as_posix())


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_those_who_signed_in(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).path == "/accounts/login/"


def test_a_new_worker_sees_every_page_and_is_told_what_to_do_next(worker: Visitor) -> None:
    for path in PAGES:
        page = worker.get(path)
        assert (page.status, page.path) == (200, path)
    assert "Nothing in hand" in worker.get("/assignments/").text
    assert "Nothing yet" in worker.get("/earnings/").text
    assert "No messages" in worker.get("/messages/").text


def test_signing_up_in_and_out(worker: Visitor) -> None:
    worker.post("/accounts/logout/")
    assert worker.get("/assignments/").path == "/accounts/login/"
    refused = worker.post("/accounts/login/", {"login": worker.name, "password": "wrong"})
    assert "correct" in refused.text
    assert worker.post("/accounts/login/", {"login": worker.name, "password": PASSWORD}).path == "/tasks/"


def test_a_country_decides_what_is_open_to_a_worker(worker: Visitor, publish: Any) -> None:
    needs = {
        "QualificationTypeId": "00000000000000000071",
        "Comparator": "EqualTo",
        "LocaleValues": [{"Country": "DE"}],
    }
    hit = publish(QualificationRequirements=[needs])
    assert "You live in Germany" in worker.get(f"/tasks/{hit['HITGroupId']}/").text
    assert worker.post("/profile/", {"country": "DE", "subdivision": ""}).status == 200
    assert "You live in Germany" in worker.get(f"/tasks/{hit['HITGroupId']}/").text, "now among what is met"
    assert worker.post(f"/tasks/{hit['HITGroupId']}/accept/").path.startswith("/assignments/")


def test_messages_are_new_once_and_questions_to_requesters_are_kept(
    worker: Visitor, publish: Any, mturk: Any, control: Any
) -> None:
    hit = publish()
    page = worker.post(f"/tasks/{hit['HITGroupId']}/contact/", {"text": "Is <b>this</b> right?"})
    assert page.status == 200
    assert "Is &lt;b&gt;this&lt;/b&gt; right?" in worker.get("/messages/").text
    assignment = control.post(
        "assignments", {"HITId": hit["HITId"], "WorkerId": worker.worker_id, "Fields": {"total": "1"}}
    )
    mturk.approve_assignment(AssignmentId=assignment["AssignmentId"])
    mturk.notify_workers(Subject="New tasks", MessageText="Come and see", WorkerIds=[worker.worker_id])
    first, second = worker.get("/messages/").text, worker.get("/messages/").text
    assert "New tasks" in first
    assert ("New</span>" in first, "New</span>" in second) == (True, False)


def test_a_signed_link_recognises_who_comes_back_and_a_changed_one_does_not_work(marketplace: Any) -> None:
    visitor = Visitor(marketplace.url)
    for query in ("", "?id=x&expires=9999999999&signature=00", "?id=x&expires=abc", "?id=%00&expires=1&signature="):
        page = visitor.get(f"/from/panel/{query}")
        assert (page.status, "This link does not work" in page.text) == (403, True)
    assert visitor.get("/join/nonsense/").status == 404


def platform(marketplace: Any, *arguments: str) -> str:
    """What `manage.py marketplace_platform` says."""
    command = [sys.executable, "manage.py", "marketplace_platform", *arguments, "--data", str(marketplace.data)]
    environment = {**os.environ, "MARKETPLACE_URL": marketplace.url}
    done = subprocess.run(command, cwd=servers.ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_platform_signs_with_its_own_key_and_its_people_say_where_they_live_once(marketplace: Any) -> None:
    key, expires = platform(marketplace, "panel"), int(time.time()) + 600

    def link(person: str, *, by: str = "panel", until: int = expires) -> str:
        signature = hmac.new(key.encode(), f"{by}\n{person}\n{until}".encode(), "sha256").hexdigest()
        return f"/from/{by}/?id={person}&expires={until}&signature={signature}"

    visitor = Visitor(marketplace.url)
    page = visitor.get(link("p-17"))
    assert page.path == "/profile/"
    [worker_id] = re.findall(r'Your Worker ID is <strong class="mono">(A[A-Z0-9]+)<', page.text)
    assert visitor.post("/profile/", {"country": "", "subdivision": ""}).status == 422
    assert visitor.post("/profile/", {"country": "PT", "subdivision": ""}).status == 200
    again = Visitor(marketplace.url)
    assert again.get(link("p-17")).path == "/tasks/"
    assert worker_id in again.get("/profile/").text
    assert Visitor(marketplace.url).get(platform(marketplace, "panel", "--link", "p-17")[len(marketplace.url) :]).path
    other = Visitor(marketplace.url)
    for bad in (link("p-17", by="rival"), link("p-17", until=expires - 7200), link("p-17", until=expires + 10**9)):
        assert other.get(bad).status == 403
    assert other.get("/assignments/").path == "/accounts/login/"


def test_a_signed_link_does_not_go_round_the_second_step(marketplace: Any) -> None:
    link = platform(marketplace, "panel", "--link", "p-18")[len(marketplace.url) :]
    visitor, again = Visitor(marketplace.url), Visitor(marketplace.url)
    assert visitor.get(link).path == "/profile/"
    page = visitor.get("/accounts/2fa/totp/activate/")
    secret = re.findall(r"\b[A-Z2-7]{32}\b", page.text)[0]
    digest = hmac.new(base64.b32decode(secret), int(time.time() // 30).to_bytes(8, "big"), "sha1").digest()
    number = int.from_bytes(digest[digest[-1] & 15 :][:4], "big") & 0x7FFFFFFF
    assert visitor.post("/accounts/2fa/totp/activate/", {"code": f"{number % 10**6:06}"}).status == 200
    assert again.get(link).path == "/accounts/2fa/authenticate/"
    assert again.get("/tasks/").path != "/tasks/"


def test_every_form_carries_its_token(worker: Visitor) -> None:
    page = worker.get("/tasks/").text
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", page, re.DOTALL)
    assert forms
    assert all("csrfmiddlewaretoken" in form for form in forms)
    worker.cookies.clear()
    page = Visitor(worker.url).post("/tasks/X/accept/")
    assert page.status == 403
