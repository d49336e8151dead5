"""Starting and ending: the READY line, one sentence for what is wrong, and nothing left running."""

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard import supervisor
from tests.servers import MANAGE, ROOT, Server, empty_database, free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

#: A parent with children given as JSON, as `manage.py run` is one with its own.
PARENT = """
import json, os, sys
from pathlib import Path
from dashboard.supervisor import Failure, Service, Stopped, Supervisor, only_one
data = Path(sys.argv[1])
try:
    with only_one(data), Supervisor(data, dict(os.environ), print) as parent:
        parent.start(*(Service(*entry) for entry in json.loads(sys.argv[2])))
        parent.wait_until_ready()
        print("READY", flush=True)
        parent.watch()
except Stopped:
    print("stopped")
except Failure as reason:
    sys.exit(str(reason))
"""
SLEEPER = ["sleeper", ["sleep", "600"]]
STUBBORN = ["stubborn", ["sh", "-c", "trap '' TERM; sleep 600 & while true; do wait; done"]]


def running_with(data: Path) -> set[int]:
    """Ids of the processes whose environment names this data folder."""
    wanted = f"HITDESK_DATA={data}\0".encode()
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes() and (entry / "stat").read_text().split(") ")[-1][0] != "Z":
                found.add(int(entry.name))
    return found


def wait_for(condition, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextlib.contextmanager
def parent(data: Path, *children: list) -> Iterator[Server]:
    data.mkdir(exist_ok=True)
    command = [sys.executable, "-c", PARENT, str(data), json.dumps(children)]
    log = data.parent / f"{time.monotonic_ns()}.out"
    server = Server(command, log=log, env={"HITDESK_DATA": str(data), "MAKELEVEL": None})
    try:
        yield server
    finally:
        server.stop()


def is_ready(server: Server) -> bool:
    return re.search("^READY", server.output, re.MULTILINE) is not None


@pytest.mark.parametrize(
    ("number", "child", "processes"),
    # The stubborn child ignores TERM and has a child of its own.
    [(signal.SIGTERM, STUBBORN, 4), (signal.SIGINT, SLEEPER, 2), (signal.SIGHUP, SLEEPER, 2)],
)
def test_a_signal_ends_every_child(tmp_path, number, child, processes):
    data = tmp_path / "data"
    with parent(data, SLEEPER, child) as server:
        server.wait_until(lambda: is_ready(server))
        assert wait_for(lambda: len(running_with(data)) >= processes, 3)
        server.process.send_signal(number)
        assert server.process.wait(6) == 0
        assert running_with(data) == set()
        assert "stopped" in server.output


def test_children_do_not_outlive_a_parent_that_is_killed(tmp_path):
    data = tmp_path / "data"
    with parent(data, SLEEPER, ["other", ["sleep", "600"]]) as server:
        server.wait_until(lambda: is_ready(server))
        assert len(running_with(data)) == 3
        server.process.kill()
        server.process.wait()
        assert wait_for(lambda: not running_with(data), 3)


def test_the_end_of_one_child_ends_all_and_shows_its_last_lines(tmp_path):
    data = tmp_path / "data"
    broken = ["broken", ["sh", "-c", "echo first; echo the disk is full >&2; exit 7"]]
    with parent(data, SLEEPER, broken) as server:
        assert server.process.wait(6) == 1
        assert running_with(data) == set()
        assert "The broken process ended with status 7, so everything else was stopped." in server.output
        assert "  broken | the disk is full" in server.output
        assert str(data / "log" / "broken.log") in server.output


def test_a_killed_child_is_named_with_its_signal(tmp_path):
    data = tmp_path / "data"
    with parent(data, SLEEPER) as server:
        server.wait_until(lambda: is_ready(server))
        (child,) = running_with(data) - {server.process.pid}
        os.kill(child, signal.SIGKILL)
        assert server.process.wait(6) == 1
        assert "The sleeper process ended by signal SIGKILL" in server.output


def test_two_parents_do_not_share_a_data_folder(tmp_path):
    data = tmp_path / "data"
    with parent(data, SLEEPER) as first:
        first.wait_until(lambda: is_ready(first))
        second = subprocess.run(
            [sys.executable, "-c", PARENT, str(data), "[]"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert f"HITdesk is already running on {data} (process {first.process.pid})" in second.stderr
    with parent(data, SLEEPER) as third:
        third.wait_until(lambda: is_ready(third))


def test_the_log_of_the_start_before_is_kept(tmp_path):
    data = tmp_path / "data"
    for word in ("yesterday", "today"):
        with parent(data, ["talker", ["sh", "-c", f"echo {word}; sleep 600"]]) as server:
            server.wait_until(lambda: is_ready(server))
            assert wait_for(lambda: (data / "log" / "talker.log").read_text() != "", 3)
    assert (data / "log" / "talker.log").read_text() == "today\n"
    assert (data / "log" / "talker.log.old").read_text() == "yesterday\n"


def test_the_password_is_made_once_and_kept_private(tmp_path, monkeypatch):
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    made = supervisor.demo_password(tmp_path)
    assert len(made) >= 12
    assert supervisor.demo_password(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "demo-password").stat().st_mode) == 0o600
    monkeypatch.setenv("DEMO_PASSWORD", "chosen")
    assert supervisor.demo_password(tmp_path) == "chosen"
    monkeypatch.delenv("DEMO_PASSWORD")
    assert supervisor.demo_password(tmp_path) == made


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "80 80", "٣٣٣٣"])
def test_a_port_that_is_none_is_said(text, monkeypatch):
    monkeypatch.setenv("PORT", text)
    with pytest.raises(supervisor.Failure, match="from 1 to 65535"):
        supervisor.port_from_environment("PORT", 8000)


def test_an_unset_port_is_the_default(monkeypatch):
    monkeypatch.setenv("PORT", "")
    assert supervisor.port_from_environment("PORT", 8000) == 8000


# --- the product itself --------------------------------------------------------------------------------------------


def with_tables(data: Path) -> Path:
    """The data folder as a first start leaves it; the two that are about a first start begin with none."""
    for project in ("dashboard", "marketplace"):
        empty_database(project, data / f"{project}.sqlite3")
    return data


def surroundings(data: Path, **variables: str | None) -> dict[str, str | None]:
    unset = ("DATABASE_URL", "MARKETPLACE_DATABASE_URL", "MARKETPLACE_URL", "REDIS_URL", "DEMO_PASSWORD", "MAKELEVEL")
    ports = {"PORT": str(free_port()), "MARKETPLACE_PORT": str(free_port())}
    return {**dict.fromkeys(unset), **ports, "HITDESK_DATA": str(data), **variables}


@contextlib.contextmanager
def started(command: str, env: dict[str, str | None], log: Path) -> Iterator[Server]:
    server = Server([*MANAGE, command], log=log, env=env)
    try:
        server.wait_until(lambda: is_ready(server), 120)
        yield server
    finally:
        server.stop(8)


def failure_of(command: str, env: dict[str, str | None], tmp_path: Path) -> str:
    """What a start says that has to fail; the failure is one sentence and no traceback."""
    server = Server([*MANAGE, command], log=tmp_path / "failure.out", env=env)
    try:
        assert server.process.wait(60) != 0
    finally:
        server.stop()
    assert "Traceback" not in server.output, server.output
    assert running_with(Path(str(env["HITDESK_DATA"]))) == set()
    return server.output.strip()


def answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status == 200
    return False


def test_the_demo_starts_says_ready_ends_and_goes_on(tmp_path):
    data = with_tables(tmp_path / "data")
    env = surroundings(data)
    passwords = []
    for start in ("first", "second"):
        with started("demo", env, tmp_path / f"{start}.out") as server:
            line = [line for line in server.output.splitlines() if line.startswith("READY")]
            wanted = (
                f"READY dashboard=http://127.0.0.1:{env['PORT']} "
                f"marketplace=http://127.0.0.1:{env['MARKETPLACE_PORT']} "
                r"users=viewer,reviewer,approver,manager password=(\S+)"
            )
            match = re.fullmatch(wanted, line[0])
            assert match, server.output
            passwords.append(match[1])
            assert answers(f"http://127.0.0.1:{env['PORT']}/healthz")
            assert answers(f"http://127.0.0.1:{env['MARKETPLACE_PORT']}/healthz")
            assert len(running_with(data)) == 5  # the parent and four children
            server.process.terminate()
            assert server.process.wait(6) == 0
            assert running_with(data) == set()
    assert passwords[0] == passwords[1]


def test_run_starts_without_demo_data_and_a_dead_child_is_its_end(tmp_path):
    data = tmp_path / "data"
    env = surroundings(data)
    with started("run", env, tmp_path / "run.out") as server:
        assert server.output.splitlines()[-1] == (
            f"READY dashboard=http://127.0.0.1:{env['PORT']} marketplace=http://127.0.0.1:{env['MARKETPLACE_PORT']}"
        )
        with urllib.request.urlopen(f"http://127.0.0.1:{env['PORT']}/", timeout=10) as first_visit:
            assert first_visit.url.endswith("/setup/")
        beat = next(
            number
            for number in running_with(data)
            if b"beat" in Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
        )
        os.kill(beat, signal.SIGKILL)
        assert server.process.wait(6) == 1
        assert "The beat process ended by signal SIGKILL, so everything else was stopped." in server.output
        assert "Traceback" not in server.output
        assert running_with(data) == set()


def test_run_works_on_postgres_and_redis(tmp_path, postgres_server, redis_server):
    data = tmp_path / "data"
    env = surroundings(
        data,
        DATABASE_URL=postgres_server.database("run_dashboard"),
        MARKETPLACE_DATABASE_URL=postgres_server.database("run_marketplace"),
        REDIS_URL=redis_server,
    )
    with started("run", env, tmp_path / "run.out") as server:
        assert answers(f"http://127.0.0.1:{env['PORT']}/setup/")
        # The sweep that beat asks for every few seconds came through Redis to the worker.
        assert wait_for(lambda: "sweep" in (data / "log" / "worker.log").read_text(), 20)
        assert not list(data.glob("*.sqlite3"))
        server.process.terminate()
        assert server.process.wait(6) == 0
    assert running_with(data) == set()


def test_run_ends_with_the_make_that_started_it(tmp_path):
    data = with_tables(tmp_path / "data")
    server = Server(["make", "run"], log=tmp_path / "make.out", env=surroundings(data))
    try:
        server.wait_until(lambda: is_ready(server), 120)
        server.process.kill()
        server.process.wait()
        assert wait_for(lambda: not running_with(data), 6)
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["PORT", "MARKETPLACE_PORT"])
def test_a_port_in_use_is_one_sentence(tmp_path, name):
    env = surroundings(tmp_path / "data")
    with socket.create_server(("127.0.0.1", int(env[name] or 0))):
        said = failure_of("run", env, tmp_path)
    assert said.splitlines() == [
        f"CommandError: Port {env[name]} is already in use by another program: stop that, "
        f"or choose another port in {name}."
    ]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PORT": "eighty"}, "PORT=eighty is not a port"),
        ({"PORT": "9999", "MARKETPLACE_PORT": "9999"}, "the two servers need a port each"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3"}, "/nowhere/at/all.sqlite3 cannot be opened"),
        ({"DATABASE_URL": "postgres://u:secret@127.0.0.1:9/hitdesk"}, "hitdesk on 127.0.0.1 cannot be opened"),
        ({"REDIS_URL": "redis://:secret@127.0.0.1:9/0"}, "Redis at redis://127.0.0.1:9/0 cannot be used"),
        ({"MARKETPLACE_DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3"}, "The marketplace process ended"),
        ({"MARKETPLACE_PORT": "many"}, "MARKETPLACE_PORT=many is not a whole number"),
        ({"DATABASE_URL": "somewhere"}, "DATABASE_URL is not a database address"),
        ({"SYNC_SECONDS": "often"}, "SYNC_SECONDS=often is not a whole number"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, variables, expected):
    said = failure_of("run", surroundings(with_tables(tmp_path / "data"), **variables), tmp_path)
    assert expected in said
    assert "secret" not in said


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path):
    data = tmp_path / "data"
    data.write_text("not a folder")
    assert f"{data}" in failure_of("run", surroundings(data), tmp_path)


def test_a_database_that_is_not_one_is_left_alone(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "dashboard.sqlite3").write_text("my letters to the editor, " * 50)
    said = failure_of("run", surroundings(data), tmp_path)
    assert "dashboard.sqlite3 cannot be opened" in said
    assert (data / "dashboard.sqlite3").read_text().startswith("my letters")


def test_answers_that_are_no_folder_are_said(tmp_path):
    done = subprocess.run(
        [*MANAGE, "demo", "--answers", str(tmp_path / "missing")],
        cwd=ROOT,
        env={**os.environ, "HITDESK_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"CommandError: {tmp_path / 'missing'} is not a folder of recorded answers."
