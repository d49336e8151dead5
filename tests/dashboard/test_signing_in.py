"""The way in: passwords, lockout, the second step, and where a sign-in may lead."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dashboard.models import Command, User
from tests.cast import PASSWORD, Lab

LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _no_counters_from_before(db: None) -> None:
    cache.clear()


@pytest.fixture
def boss(lab: Lab) -> User:
    user = lab.people["manager"]
    user.email, user.is_staff, user.is_superuser = "boss@lab.example", True, True
    user.save()
    return user


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": name, "password": password}, **more)


def signed_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


# --- passwords ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["manager-lab", "boss@lab.example", "MANAGER-lab"])
def test_a_name_or_an_address_and_the_password_sign_in(boss: User, name: str) -> None:
    client = Client()
    before = client.get(LOGIN).cookies.get("hitdesk_session")
    client.get("/accounts/login/")
    assert sign_in(client, name)["Location"] == "/"
    assert signed_in(client)
    assert client.cookies["hitdesk_session"].value != (before.value if before else "")
    assert client.cookies["hitdesk_session"]["httponly"]


def test_a_session_given_by_somebody_else_is_not_the_one_after_signing_in(boss: User) -> None:
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["hitdesk_session"] = planted
    sign_in(client, "manager-lab")
    assert client.cookies["hitdesk_session"].value != planted


def test_eight_failures_lock_whatever_way_the_name_is_written(boss: User) -> None:
    client = Client()
    names = ["manager-lab", "Manager-Lab", "boss@lab.example", "BOSS@lab.example", "mAnager-lab", " manager-lab",
             "manager-laB", "boss@LAB.example"]  # fmt: skip
    for number, name in enumerate(names):
        answer = sign_in(client, name, "wrong")
        assert answer.status_code == (429 if number == 7 else 200), (number, answer.status_code)
    for attempt, name in ((client, "manager-lab"), (Client(), "MANAGER-LAB"), (Client(), "Boss@Lab.Example")):
        answer = sign_in(attempt, name)
        assert answer.status_code == 429
        assert b"too many" in answer.content.lower()
        assert not signed_in(attempt)
    assert sign_in(Client(), "reviewer-lab").status_code == 302, "others are not locked out"


def test_failures_from_elsewhere_do_not_lock_the_owner_out(boss: User) -> None:
    for _ in range(9):
        sign_in(Client(), "manager-lab", "wrong", REMOTE_ADDR="203.0.113.9")
    assert sign_in(Client(), "manager-lab").status_code == 302


def test_the_lockout_is_not_escaped_by_claiming_another_address(boss: User) -> None:
    for number in range(9):
        answer = sign_in(Client(), "manager-lab", "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    assert answer.status_code == 429


def test_signing_out_ends_the_session_and_takes_a_post(boss: User) -> None:
    client = Client()
    sign_in(client, "manager-lab")
    client.get("/accounts/logout/")
    assert signed_in(client)
    client.post("/accounts/logout/")
    assert not signed_in(client)


def test_nobody_signs_up(boss: User) -> None:
    client = Client()
    client.post(
        "/accounts/signup/",
        {"username": "newcomer", "password1": "a long passphrase", "password2": "a long passphrase"},
    )
    assert not User.objects.filter(username="newcomer").exists()


# --- the second step ------------------------------------------------------------------------------------------------


def enrol(client: Client) -> str:
    """Turn the second step on as a person does; returns the secret."""
    url = reverse("mfa_activate_totp")
    page = client.get(url)
    if page.status_code == 302:
        client.post(page["Location"], {"password": PASSWORD})
        page = client.get(url)
    secret = client.session["mfa.totp.secret"]
    assert secret in page.content.decode(), "it can be typed where no camera is"
    assert client.post(url, {"code": "000000"}).status_code == 200
    assert client.post(url, {"code": code_of(secret)}).status_code == 302
    return secret


def test_the_second_step_is_turned_on_and_asked_for_everywhere(boss: User) -> None:
    client = Client()
    sign_in(client, "manager-lab")
    secret = enrol(client)
    assert Authenticator.objects.filter(user=boss, type="totp").exists()
    recovery = Authenticator.objects.get(user=boss, type="recovery_codes").wrap().get_unused_codes()
    client.post("/accounts/logout/")

    client = Client()
    assert sign_in(client, "manager-lab")["Location"].startswith("/accounts/2fa/authenticate/")
    assert not signed_in(client)
    for path in ("/admin/", "/a/lab/", "/all/"):
        assert client.get(path).status_code == 302, path
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert not signed_in(client)
    cache.clear()  # a code is used once; this is the next half minute
    assert client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)}).status_code == 302
    assert signed_in(client)
    assert client.get("/admin/").status_code == 200

    with_paper = Client()
    sign_in(with_paper, "manager-lab")
    assert with_paper.post("/accounts/2fa/authenticate/", {"code": recovery[0]}).status_code == 302
    assert signed_in(with_paper)
    again = Client()
    sign_in(again, "manager-lab")
    again.post("/accounts/2fa/authenticate/", {"code": recovery[0]})
    assert not signed_in(again), "a recovery code is used once"


def test_the_admin_has_no_login_of_its_own_that_would_skip_the_second_step(boss: User) -> None:
    TOTP.activate(boss, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    client = Client()
    answer = client.post("/admin/login/?next=/admin/", {"username": "manager-lab", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)
    assert client.get("/admin/").status_code == 302


def test_codes_cannot_be_tried_one_after_the_other(boss: User) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    TOTP.activate(boss, secret)
    client = Client()
    sign_in(client, "manager-lab")
    for number in range(8):
        client.post("/accounts/2fa/authenticate/", {"code": f"{number:06d}"})
    for attempt in (client, Client()):
        sign_in(attempt, "manager-lab")
        page = attempt.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
        assert page.status_code != 302
        assert "too many" in page.content.decode().lower()
        assert not signed_in(attempt)


# --- where a sign-in may lead ---------------------------------------------------------------------------------------

ELSEWHERE = ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "///evil.example",
             "http:evil.example", "\\\\evil.example"]  # fmt: skip


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_sign_in_leads_nowhere_else(boss: User, target: str) -> None:
    client = Client()
    answer = client.post(LOGIN, {"login": "manager-lab", "password": PASSWORD, "next": target})
    assert answer["Location"] == "/"
    assert client.get(LOGIN, {"next": target})["Location"] == "/"
    assert "evil" not in client.post("/accounts/logout/", {"next": target})["Location"]


@pytest.mark.parametrize(
    "target", ["http://testserver//evil.example/x", "http://evil.example/a/lab/", "//evil.example/"]
)
def test_a_deed_leads_back_to_a_page_of_ours_only(lab: Lab, boss: User, target: str) -> None:
    client = Client()
    client.force_login(boss, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.post(reverse("sync", args=["lab"]), headers={"Referer": target})
    assert answer["Location"] == "/a/lab/"
    kept = client.post(
        reverse("sync", args=["lab"]), headers={"Referer": "http://testserver/a/lab/activity/?state=failed"}
    )
    assert kept["Location"] == "/a/lab/activity/?state=failed"


def test_a_fragment_after_the_session_ended_leads_through_the_login_back_to_the_whole_address(boss: User) -> None:
    url = "/a/lab/review/?status=all&sort=newest"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{url}"}
    answer = Client().get(url, headers=headers)
    target = answer["HX-Redirect"]
    client = Client()
    page = client.get(target).content.decode()
    field = re.search(r'name="next" value="([^"]*)"', page)
    assert field
    assert field[1].replace("&amp;", "&") == url
    evil = Client().get(url, headers={**headers, "HX-Current-URL": "http://evil.example/x"})
    assert "evil" not in evil["HX-Redirect"]


# --- requests from elsewhere ----------------------------------------------------------------------------------------


def every_path(lab: Lab) -> list[str]:
    """Every address of the dashboard and of signing in, from the URLconf itself."""
    values = {"account_slug": "lab", "assignment_id": "3X", "worker_id": "AX", "key": "x", "uidb36": "x"}

    def walk(patterns: Any, before: str) -> Any:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern) and "(?P" not in route and "^" not in route:
                yield re.sub(
                    r"<(?:(\w+):)?(\w+)>",
                    lambda found: (
                        "00000000-0000-4000-8000-000000000000" if found[1] == "uuid" else values.get(found[2], "1")
                    ),
                    "/" + route,
                )

    return [path for path in walk(get_resolver().url_patterns, "") if not path.startswith("/admin/")]


def test_no_post_from_another_site_is_taken(lab: Lab, boss: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(boss, backend="allauth.account.auth_backends.AuthenticationBackend")
    paths = every_path(lab)
    assert len(paths) > 30
    for path in paths:
        for headers in ({}, {"HX-Request": "true"}):
            assert client.post(path, {"action": "x"}, headers=headers).status_code in (403, 405), path
    assert Command.objects.count() == 0


@pytest.mark.parametrize("where", ["path", "query", "body"])
def test_a_nul_character_is_no_server_error_anywhere(lab: Lab, boss: User, where: str) -> None:
    client = Client()
    client.force_login(boss, backend="allauth.account.auth_backends.AuthenticationBackend")
    names = ["person", "state", "kind", "subject", "actor", "q", "worker", "hit", "text", "after", "before", "query",
             "reason", "feedback", "action", "from", "member", "role", "name", "next", "login"]  # fmt: skip
    began = time.monotonic()
    for path in every_path(lab):
        if path.startswith("/accounts/") and where != "body":
            continue
        if where == "path":
            for part in ("3X", "AX"):
                if part in path:
                    assert client.get(path.replace(part, "3%00X")).status_code in (404, 405), path
        elif where == "query":
            assert client.get(path, dict.fromkeys(names, "a\x00b")).status_code < 500, path
        else:
            assert client.post(path, dict.fromkeys(names, "a\x00b")).status_code < 500, path
    assert time.monotonic() - began < 30


def test_an_address_that_is_somebody_elses_cannot_be_claimed(lab: Lab, boss: User) -> None:
    """A manager adds members by address: whoever claimed it would be let in."""
    client = Client()
    client.force_login(lab.people["viewer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    for claimed in ("boss@lab.example", "BOSS@lab.example"):
        answer = client.post("/profile/", {"time_zone": "", "email": claimed})
        assert answer.status_code == 422
        client.post("/accounts/email/", {"action_add": "", "email": claimed})
        client.post("/accounts/email/", {"action_primary": "", "email": claimed})
        assert User.objects.filter(email__iexact=claimed).count() == 1
