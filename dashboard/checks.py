"""Django system checks: combinations of settings that are unsafe, each with an id and what to do instead.

`manage.py check` runs those about settings, and every command does before it works. Those about rows are run by
`manage.py check --database default`, and at every start of `manage.py run` and `demo`.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import Error as DatabaseError

SHORTEST_KEY = 32
#: Settings that are numbers, with the smallest and largest that make sense.
NUMBERS = {
    "UNDO_SECONDS": (0, 3600),
    "SYNC_SECONDS": (5, 86400),
    "MTURK_CONNECTIONS": (1, 100),
    "MTURK_CONNECT_TIMEOUT": (0.1, 30),
    # A call must be over long before its claim lapses (dashboard.commands.claiming.CLAIM_FOR).
    "MTURK_READ_TIMEOUT": (0.1, 60),
    "MTURK_RETRY_SECONDS": (0.01, 60),
    "UPLOAD_MEGABYTES": (1, 2000),
    "UPLOAD_ROWS": (1, 1_000_000),
}
SECRET_FILES = ("secret-key", "field-encryption-key", "demo-password")


def is_this_machine(host: str) -> bool:
    name = host.strip("[]")
    if name in ("localhost", "testserver") or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _hosts_beyond() -> list[str]:
    return [host for host in settings.ALLOWED_HOSTS if not is_this_machine(host)]


@register(Tags.security)
def check_hosts(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    beyond = _hosts_beyond()
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS holds *: any Host header would be believed, in links and in password mails, too.",
                hint="Name the hosts people use, e.g. ALLOWED_HOSTS=hitdesk.example.org",
                id="hitdesk.E001",
            )
        )
    if settings.DEBUG and beyond:
        found.append(
            Error(
                f"DEBUG is on while {', '.join(beyond)} can reach the dashboard: error pages would show its settings.",
                hint="Set DEBUG=false, or leave only 127.0.0.1 and localhost in ALLOWED_HOSTS.",
                id="hitdesk.E002",
            )
        )
    if beyond and not settings.HTTPS:
        found.append(
            Warning(
                f"{', '.join(beyond)} can reach the dashboard without TLS: passwords and cookies would be readable.",
                hint="Put a proxy with a certificate in front of it and set HTTPS=true.",
                id="hitdesk.W001",
            )
        )
    return found


@register(Tags.security)
def check_cookies(**kwargs: Any) -> list[CheckMessage]:
    """Cookies without `Secure` behind https, where a single http link would give the session away."""
    by_https = [origin for origin in settings.CSRF_TRUSTED_ORIGINS if origin.startswith("https://")]
    secure = settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE
    if by_https and not secure:
        return [
            Error(
                f"People come by {by_https[0]}, but cookies are also sent without TLS.",
                hint="Set HTTPS=true.",
                id="hitdesk.E003",
            )
        ]
    return []


@register(Tags.security)
def check_keys(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name, code in (("SECRET_KEY", "E004"), ("FIELD_ENCRYPTION_KEY", "E005")):
        if len(getattr(settings, name)) < SHORTEST_KEY:
            found.append(
                Error(
                    f"{name} has fewer than {SHORTEST_KEY} characters and could be guessed.",
                    hint="Leave it out, and one is made and kept in HITDESK_DATA; or make one: "
                    'python3 -c "import secrets; print(secrets.token_urlsafe(50))"',
                    id=f"hitdesk.{code}",
                )
            )
    if settings.SECRET_KEY == settings.FIELD_ENCRYPTION_KEY:
        found.append(
            Warning(
                "SECRET_KEY and FIELD_ENCRYPTION_KEY are the same: changing it after a leak would lose stored keys.",
                hint="Give each a value of its own.",
                id="hitdesk.W002",
            )
        )
    return found


@register(Tags.security)
def check_secret_files(**kwargs: Any) -> list[CheckMessage]:
    """Secrets that everybody on the machine can read, as after copying the data folder without its modes."""
    readable = [
        path for name in SECRET_FILES if (path := settings.DATA / name).exists() and path.stat().st_mode & 0o077
    ]
    return [
        Warning(f"{path} can be read by other users of this machine.", hint=f"chmod 600 {path}", id="hitdesk.W003")
        for path in readable
    ]


@register(Tags.compatibility)
def check_broker(**kwargs: Any) -> list[CheckMessage]:
    """A folder as broker is for one machine; PostgreSQL is what several machines share."""
    is_folder = settings.CELERY_BROKER_URL.startswith("filesystem:")
    if is_folder and settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return [
            Warning(
                "The database is PostgreSQL, but messages go through a folder of this machine: web servers on another "
                "machine would only be heard when beat looks for what is due.",
                hint="Set REDIS_URL, unless everything runs on this machine.",
                id="hitdesk.W004",
            )
        ]
    return []


@register(Tags.compatibility)
def check_numbers(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{name}={getattr(settings, name)} makes no sense here.",
            hint=f"Give a number from {low} to {high}.",
            id="hitdesk.E006",
        )
        for name, (low, high) in NUMBERS.items()
        if not low <= getattr(settings, name) <= high
    ]


@register(Tags.database)
def check_accounts(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Accounts whose endpoint or stored key is not safe to use as it is."""
    if not databases or "default" not in databases:
        return []
    from dashboard.keys import Undecipherable
    from dashboard.models import Account, Environment

    found: list[CheckMessage] = []
    try:
        accounts = list(Account.objects.all())
    except DatabaseError:
        return []  # no table yet: migrations come first, and then there is nothing to check either
    for account in accounts:
        address = urlsplit(account.endpoint_url)
        if address.scheme == "http" and not is_this_machine(address.hostname or ""):
            if account.environment == Environment.MARKETPLACE:
                found.append(
                    Warning(
                        f"Account {account.slug} talks to {account.endpoint_url} without TLS: answers can be read and "
                        "changed on the way.",
                        hint="Give the marketplace a certificate, or keep it inside a network you trust.",
                        id="hitdesk.W005",
                    )
                )
            else:
                found.append(
                    Error(
                        f"Account {account.slug} pays real money over {account.endpoint_url}, without TLS.",
                        hint="Use an https:// endpoint, or leave it empty for AWS's own.",
                        id="hitdesk.E007",
                    )
                )
        try:
            _ = account.secret_access_key
        except Undecipherable:
            found.append(
                Warning(
                    f"The secret key of account {account.slug} was stored with another FIELD_ENCRYPTION_KEY.",
                    hint="Bring back the old key, or enter the secret again on the account's page.",
                    id="hitdesk.W006",
                )
            )
    return found
