"""What `manage.py run` and `manage.py demo` start: checks first, then migrations, then the processes, then READY."""

import contextlib
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import Error as DatabaseError
from django.db import connections

from dashboard.supervisor import (
    Failure,
    Service,
    Stopped,
    Supervisor,
    check_port_is_free,
    demo_password,
    only_one,
    port_from_environment,
)

MANAGE = (sys.executable, "manage.py")
DEMO_USERS = ("viewer", "reviewer", "approver", "manager")
DEMO_CROWD = 12  # workers answering the demo's tasks at the same time
DEMO_WORKER, DEMO_OPERATOR = "worker", "operator"  # who signs in at the marketplace, with the demo's password
DEMO_ACCESS_KEY = "DEMO"  # the demo's requester; without --strict a marketplace accepts any secret


def start(*, say: Callable[[str], None], demo: bool = False, answers: Path | None = None) -> None:
    """Start every process and return when they have ended after being asked to.

    `Failure` with one sentence when something is wrong before or after READY. `answers` is a folder of recorded answers
    that the demo loads besides its own.
    """
    port = port_from_environment("PORT", 8000)
    marketplace_port = port_from_environment("MARKETPLACE_PORT", 8001)
    if port == marketplace_port:
        raise Failure(f"PORT and MARKETPLACE_PORT are both {port}: the two servers need a port each.")
    if answers is not None and not answers.is_dir():
        raise Failure(f"{answers} is not a folder of recorded answers.")
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "HITDESK_DATA": str(settings.DATA),
        "PORT": str(port),
        "MARKETPLACE_PORT": str(marketplace_port),
    }
    if demo:
        # The crowd is busy all the time, and whoever looks wants to see it.
        environment.setdefault("SYNC_SECONDS", "10")
    with only_one(settings.DATA), Supervisor(settings.DATA, environment, say) as supervisor:
        check_port_is_free("PORT", port)
        check_port_is_free("MARKETPLACE_PORT", marketplace_port)
        check_redis()
        migrate(say)
        password = demo_password(settings.DATA) if demo else ""
        with contextlib.suppress(Stopped):
            supervisor.start(marketplace(marketplace_port, demo=demo))
            supervisor.wait_until_ready()
            if demo:
                supervisor.environment["DEMO_PASSWORD"] = password
                load = [*MANAGE, "demo", "--load-only", *(["--answers", str(answers.resolve())] if answers else [])]
                supervisor.run_step("Loading the demo data", load)
                supervisor.environment["MARKETPLACE_PASSWORD"] = password
                people = [*MANAGE, "marketplace_user", DEMO_WORKER, "--operator", DEMO_OPERATOR]
                supervisor.run_step("Making a worker and an operator", people)
            supervisor.start(*dashboard(port))
            supervisor.wait_until_ready()
            tell(say, port, marketplace_port, password)
            supervisor.watch()


def marketplace(port: int, *, demo: bool) -> Service:
    options = ["--control", "--crowd", str(DEMO_CROWD)] if demo else []
    command = [*MANAGE, "marketplace", "--port", str(port), "--data", str(settings.DATA), *options]
    return Service("marketplace", command, port)


def dashboard(port: int) -> list[Service]:
    celery = [sys.executable, "-m", "celery", "-A", "dashboard"]
    # whitenoise warns of the folder that `collectstatic` would make; without it files come from the source tree.
    quiet = ["-W", "ignore:No directory at:UserWarning"]
    web = [sys.executable, *quiet, "-m", "waitress", f"--listen=127.0.0.1:{port}", "--threads=16"]
    if settings.HTTPS:
        # Behind a proxy on this machine that ends TLS; else these headers are anybody's claim and waitress drops them.
        web += ["--trusted-proxy=127.0.0.1", "--trusted-proxy-headers=x-forwarded-proto x-forwarded-for"]
    worker = ["worker", "--pool=threads", "--concurrency=8", "--without-gossip", "--without-mingle", "--loglevel=INFO"]
    return [
        Service("dashboard", [*web, "dashboard.wsgi:application"], port),
        Service("worker", [*celery, *worker, f"--queues={settings.CELERY_TASK_DEFAULT_QUEUE}"]),
        Service("beat", [*celery, "beat", "--pidfile=", f"--schedule={settings.DATA / 'beat-schedule'}"]),
    ]


def tell(say: Callable[[str], None], port: int, marketplace_port: int, password: str) -> None:
    """Print where everything is, and last the READY line, which scripts wait for."""
    marketplace_url = f"http://127.0.0.1:{marketplace_port}"
    say(f"Logs are in {settings.DATA / 'log'}; Ctrl-C ends everything.")
    say(
        f"The marketplace for boto3: endpoint_url={marketplace_url} region_name=us-east-1; "
        "any key pair is accepted, each access key is a requester of its own."
    )
    ready = f"READY dashboard=http://127.0.0.1:{port} marketplace={marketplace_url}"
    if password:
        say(f"The demo's own requester there: aws_access_key_id={DEMO_ACCESS_KEY} aws_secret_access_key=demo")
        say(f"To work yourself: {marketplace_url}/ name={DEMO_WORKER} password={password}")
        say(f"The marketplace's operator: {marketplace_url}/operator/ name={DEMO_OPERATOR} password={password}")
        say(f"Workers, time and faults are driven through {marketplace_url}/control/ (docs/marketplace-control.md).")
        ready += f" users={','.join(DEMO_USERS)} password={password}"
    else:
        say("The first visit to the dashboard creates its manager.")
        say(f"People work at {marketplace_url}/; its operator: manage.py marketplace_user --operator NAME makes one.")
    say(ready)


def check_redis() -> None:
    """A worker waits for its broker for ever and says so only in its log, so an absent Redis is found out here."""
    if not settings.REDIS_URL:
        return
    import redis

    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5)
        with contextlib.closing(client):
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise Failure(f"Redis at {_without_password(settings.REDIS_URL)} cannot be used: {_one_line(error)}") from None


def migrate(say: Callable[[str], None]) -> None:
    """Bring the dashboard's database up to date and say what is unsafe in it.

    `Failure` names the database when it cannot be opened.
    """
    database = settings.DATABASES["default"]
    is_file = database["ENGINE"].endswith("sqlite3")
    name = database["NAME"] if is_file else f"{database['NAME']} on {database['HOST'] or 'this machine'}"
    if not is_file and database["HOST"] and not database["HOST"].startswith("/"):
        # The pool would try for half a minute; a server that does not listen is known at once.
        try:
            socket.create_connection((database["HOST"], int(database["PORT"] or 5432)), timeout=5).close()
        except OSError as error:
            raise Failure(f"The dashboard's database {name} cannot be opened: {_one_line(error)}") from None
    try:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        # Only said: what is wrong with an account is put right in the dashboard, which has to run for that.
        for message in checks.run_checks(databases=["default"], tags=[checks.Tags.database]):
            say(f"{message.id}: {message.msg} {message.hint or ''}")
    except (DatabaseError, ImproperlyConfigured, OSError) as error:
        raise Failure(
            f"The dashboard's database {name} cannot be opened or brought up to date: {_one_line(error)}"
        ) from None
    finally:
        # The parent keeps no connection: it only watches from here on.
        for connection in connections.all(initialized_only=True):
            connection.close()
            close_pool = getattr(connection, "close_pool", None)  # only PostgreSQL's has one
            if close_pool:
                close_pool()


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith((".", "!", "?")) else text + "."


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
