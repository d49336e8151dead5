"""`manage.py check_deployment` against real processes, and the pages that tell when none is there to do the work."""

import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.db import ConnectionHandler
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard import deployment, heartbeat
from dashboard.models import Account, Heartbeat
from tests.cast import Lab
from tests.servers import MANAGE, ROOT, Server, empty_database, environment

DOCUMENTED = {
    "ALLOWED_HOSTS": "hitdesk.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://hitdesk.example.org",
    "HTTPS": "true",
    "DATABASE_URL": None,
    "REDIS_URL": None,
    # Set for this process where a browser test ran before.
    "DJANGO_ALLOW_ASYNC_UNSAFE": None,
}


def run(data: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [*MANAGE, *words],
        cwd=ROOT,
        env=environment({**DOCUMENTED, "HITDESK_DATA": str(data)}),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def celery(tmp_path: Path) -> Iterator[Any]:
    servers = []

    def start(*words: str) -> Server:
        command = [sys.executable, "-m", "celery", "-A", "dashboard", *words]
        log = tmp_path / f"{words[0]}.log"
        servers.append(Server(command, log=log, env={**DOCUMENTED, "HITDESK_DATA": str(tmp_path)}))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def test_a_deployment_is_in_order_when_everything_runs_and_each_thing_that_does_not_is_named(
    tmp_path: Path, celery: Any, marketplace_server: Any
) -> None:
    code, said = run(tmp_path, "check_deployment", "--wait", "0.2")
    assert code == 1
    assert "FAILED  database: cannot be written: no such table" in said
    assert "then run: manage.py migrate" in said
    assert "broker" not in said, "nothing can be asked without tables"

    empty_database("dashboard", tmp_path / "dashboard.sqlite3")  # what `migrate` makes
    assert run(tmp_path, "collectstatic", "-v0", "--noinput")[0] == 0
    assert list((tmp_path / "static" / "css").glob("hitdesk.????????????.css.gz")), "browsers may keep no file for long"
    code, said = run(tmp_path, "check_deployment", "--wait", "0.2")
    assert code == 1
    assert "ok      settings: nothing unsafe found" in said
    assert "ok      database: sqlite, can be written, up to date" in said
    assert "FAILED  broker and worker: no worker answered within 0.2 s" in said
    assert "Start one with “celery -A dashboard worker”." in said
    assert "FAILED  beat: was never seen" in said

    make = (
        "from dashboard.models import Account; "
        "account = Account(slug='lab', name='Lab', endpoint_url={!r}, access_key_id='K'); "
        "account.secret_access_key = 'secret'; account.save()"
    )
    assert run(tmp_path, "shell", "-v0", "-c", make.format(marketplace_server.url))[0] == 0
    worker = celery(
        "worker", "--pool=threads", "--concurrency=2", "--without-gossip", "--without-mingle", "--loglevel=INFO"
    )
    beat = celery("beat", "--loglevel=INFO")
    worker.wait_until(lambda: " ready." in worker.output)
    beat.wait_until(lambda: "Sending due task" in beat.output)
    code, said = run(tmp_path, "check_deployment")
    assert code == 0, said + worker.output + beat.output
    assert "FAILED" not in said
    assert "ok      broker and worker: a worker answered after" in said
    assert "ok      beat: was seen" in said
    assert f"ok      account lab: {marketplace_server.url} answers, clocks agree" in said


def test_unsafe_settings_fail_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [*MANAGE, "check_deployment", "--wait", "0"],
        cwd=ROOT,
        env=environment({**DOCUMENTED, "HTTPS": "false", "HITDESK_DATA": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "FAILED  settings: hitdesk.E003: People come by https://hitdesk.example.org" in done.stdout
    assert "Set HTTPS=true." in done.stdout


@pytest.mark.django_db
def test_a_broker_that_takes_nothing_is_told_from_a_worker_that_does_not_answer() -> None:
    def broken(question: str) -> None:
        raise ConnectionRefusedError("Connection refused")

    finding = deployment.worker_answers(broken, 0.1)
    assert finding.said == "the broker takes no message: Connection refused"
    assert "Check REDIS_URL" in finding.hint
    heartbeat.touch(heartbeat.WORKER)
    finding = deployment.worker_answers(lambda question: None, 0.1)
    assert finding.said == "a worker runs, but did not answer within 0.1 s"
    assert "another broker" in finding.hint


@pytest.mark.django_db
def test_a_beat_that_stopped_is_found() -> None:
    Heartbeat.objects.create(name=heartbeat.BEAT, at=timezone.now() - timedelta(minutes=3))
    finding = deployment.beat_is_alive()
    assert finding.said == "was last seen 180 s ago"
    assert "celery -A dashboard beat" in finding.hint


@pytest.mark.django_db
@pytest.mark.parametrize(("wrong_by", "words"), [(-300, "300 s behind ours"), (7200, "7200 s ahead of ours"), (5, "")])
def test_an_endpoint_with_another_time_is_found(wrong_by: int, words: str) -> None:
    class Late(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"AvailableBalance": "1.00"}'
            self.send_response_only(200)
            self.send_header("Date", format_datetime(datetime.now(UTC) + timedelta(seconds=wrong_by), usegmt=True))
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Late)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        account = Account(slug="lab", name="Lab", endpoint_url=url, access_key_id="K")
        account.secret_access_key = "secret"
        account.save()
        (finding,) = deployment.endpoints_answer()
        seconds = [int(word) for word in finding.said.split() if word.isdigit()]
        assert finding.ok is not bool(words), finding
        if words:
            assert abs(seconds[0] - abs(wrong_by)) <= 2
            assert words.split(" s ")[1] in finding.said
            assert "NTP" in finding.hint
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.django_db
def test_an_endpoint_that_is_not_there_is_a_sentence() -> None:
    account = Account(slug="lab", name="Lab", endpoint_url="http://127.0.0.1:9", access_key_id="K")
    account.secret_access_key = "secret"
    account.save()
    (finding,) = deployment.endpoints_answer()
    assert finding.said == "Nothing answers at http://127.0.0.1:9. Check the endpoint, or start the service."
    assert "/a/lab/settings/" in finding.hint


@pytest.mark.parametrize("page", ["overview", "account_settings"])
def test_the_pages_say_when_nobody_is_there_to_send(lab: Lab, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.force_login(lab.people["manager"], backend="allauth.account.auth_backends.AuthenticationBackend")

    def shown() -> str:
        return client.get(reverse(page, args=["lab"])).content.decode()

    monkeypatch.setattr(heartbeat, "STARTED", timezone.now())
    assert "has been seen" not in shown(), "whoever starts everything is not told at once that it is not there"
    monkeypatch.setattr(heartbeat, "STARTED", timezone.now() - timedelta(hours=1))
    assert "Nothing is being sent: no worker has been seen. Start one with" in shown()
    now = timezone.now()
    worker = Heartbeat.objects.create(name=heartbeat.WORKER, at=now - timedelta(minutes=3, seconds=5))
    beat = Heartbeat.objects.create(name=heartbeat.BEAT, at=now)
    assert "Nothing is being sent: no worker has been seen for 3 min." in shown()
    Heartbeat.objects.filter(pk=worker.pk).update(at=now)
    assert "has been seen" not in shown()
    Heartbeat.objects.filter(pk=beat.pk).update(at=now - timedelta(hours=5))
    assert "no beat has been seen for 5 hours. Start it with" in shown()


def test_a_connection_stays_open_until_its_file_is_replaced(tmp_path: Path, db: None) -> None:
    here, copy = tmp_path / "desk.sqlite3", tmp_path / "copy.sqlite3"
    with contextlib.closing(sqlite3.connect(copy)) as other:
        other.execute("CREATE TABLE brought_back (it integer)")
    options = {"ENGINE": "dashboard.sqlite3", "NAME": str(here), "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    desk = ConnectionHandler({"default": options})["default"]

    def tables() -> list[str]:
        """What a request finds."""
        desk.close_if_unusable_or_obsolete()
        return desk.introspection.table_names()

    assert tables() == []
    kept = desk.connection
    assert tables() == []
    assert desk.connection is kept
    copy.replace(here)
    assert tables() == ["brought_back"]
    desk.close()
