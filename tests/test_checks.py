"""Unsafe combinations of settings are found, and the defaults are safe."""

import os
import subprocess
import sys

import pytest
from django.core import checks
from django.test import override_settings

from dashboard.models import Account, Environment
from tests.servers import ROOT

LONG = "x" * 50
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
POSTGRES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "hitdesk"}}


def ids(databases: list[str] | None = None, **changes: object) -> set[str]:
    # Asked of Django, not of our functions: a check that nobody registered finds nothing.
    with override_settings(**changes):
        found = checks.run_checks(databases=databases)
    assert all(message.hint for message in found if str(message.id).startswith("hitdesk."))
    return {str(message.id) for message in found if str(message.id).startswith("hitdesk.")}


def test_the_defaults_are_safe(tmp_path):
    assert ids(DATA=tmp_path) == set()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ALLOWED_HOSTS": ["*"], "HTTPS": True}, "hitdesk.E001"),
        ({"ALLOWED_HOSTS": ["127.0.0.1", "desk.example.org"], "DEBUG": True, "HTTPS": True}, "hitdesk.E002"),
        ({"ALLOWED_HOSTS": ["10.1.2.3"], "HTTPS": False}, "hitdesk.W001"),
        ({"CSRF_TRUSTED_ORIGINS": ["https://desk.example.org"], "SESSION_COOKIE_SECURE": False}, "hitdesk.E003"),
        (
            {
                "CSRF_TRUSTED_ORIGINS": ["https://desk.example.org"],
                "SESSION_COOKIE_SECURE": True,
                "CSRF_COOKIE_SECURE": False,
            },
            "hitdesk.E003",
        ),
        ({"SECRET_KEY": "short"}, "hitdesk.E004"),
        ({"FIELD_ENCRYPTION_KEY": ""}, "hitdesk.E005"),
        ({"SECRET_KEY": LONG, "FIELD_ENCRYPTION_KEY": LONG}, "hitdesk.W002"),
        ({"DATABASES": POSTGRES, "CELERY_BROKER_URL": "filesystem://"}, "hitdesk.W004"),
        ({"SYNC_SECONDS": 0}, "hitdesk.E006"),
        ({"UNDO_SECONDS": -1}, "hitdesk.E006"),
        ({"MTURK_CONNECTIONS": 0}, "hitdesk.E006"),
    ],
)
@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_an_unsafe_combination_is_found(changes, expected, tmp_path):
    assert ids(DATA=tmp_path, **changes) == {expected}


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize(
    "changes",
    [
        {"DEBUG": True, "ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]", "127.0.0.2"]},
        {
            "ALLOWED_HOSTS": ["desk.example.org"],
            "HTTPS": True,
            "CSRF_TRUSTED_ORIGINS": ["https://desk.example.org"],
            "SESSION_COOKIE_SECURE": True,
            "CSRF_COOKIE_SECURE": True,
        },
        {"DATABASES": POSTGRES, "CELERY_BROKER_URL": "redis://127.0.0.1/0"},
        {"DATABASES": SQLITE, "CELERY_BROKER_URL": "filesystem://"},
    ],
)
def test_a_safe_combination_is_left_alone(changes, tmp_path):
    assert ids(DATA=tmp_path, **changes) == set()


def test_a_secret_others_can_read_is_found(tmp_path):
    secret = tmp_path / "secret-key"
    secret.write_text("secret")
    secret.chmod(0o644)
    assert ids(DATA=tmp_path) == {"hitdesk.W003"}
    secret.chmod(0o600)
    assert ids(DATA=tmp_path) == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("environment", "endpoint", "expected"),
    [
        (Environment.PRODUCTION, "http://mturk.example.org", {"hitdesk.E007"}),
        (Environment.SANDBOX, "http://mturk.example.org", {"hitdesk.E007"}),
        (Environment.PRODUCTION, "", set()),
        (Environment.PRODUCTION, "https://mturk.example.org", set()),
        (Environment.MARKETPLACE, "http://tasks.example.org", {"hitdesk.W005"}),
        (Environment.MARKETPLACE, "http://127.0.0.1:8001", set()),
    ],
)
def test_money_over_plain_http_is_found(environment, endpoint, expected, tmp_path):
    Account.objects.create(slug="lab", name="Lab", environment=environment, endpoint_url=endpoint)
    assert ids(databases=["default"], DATA=tmp_path) == expected


@pytest.mark.django_db
def test_a_key_stored_with_another_encryption_key_is_found(tmp_path):
    account = Account(slug="lab", name="Lab", endpoint_url="http://127.0.0.1:8001")
    with override_settings(FIELD_ENCRYPTION_KEY="a" * 50):
        account.secret_access_key = "secret"
        account.save()
        assert ids(databases=["default"], DATA=tmp_path) == set()
    assert ids(databases=["default"], DATA=tmp_path, FIELD_ENCRYPTION_KEY="b" * 50) == {"hitdesk.W006"}


def test_a_command_refuses_to_run_with_unsafe_settings(tmp_path):
    environment = {**os.environ, "HITDESK_DATA": str(tmp_path), "DEBUG": "true", "ALLOWED_HOSTS": "desk.example.org"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "hitdesk.E002" in done.stderr
    assert "HINT: Set DEBUG=false" in done.stderr
