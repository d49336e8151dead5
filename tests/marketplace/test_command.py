"""`manage.py marketplace` as a process: it starts, says READY, ends cleanly, and says in one sentence what is wrong."""

import contextlib
import http.client
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import threading
import time

import pytest
from django.core.management import load_command_class

from tests import servers
from tests.marketplace.conftest import Control, Wire
from tests.marketplace.test_faults import HIT


def run(*arguments, command="marketplace", env=None):
    """The command run to its end."""
    cleared = {name: value for name, value in os.environ.items() if not name.startswith(("MARKETPLACE_", "HITDESK_"))}
    return subprocess.run(
        [*servers.MANAGE, command, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=cleared | (env or {}),
    )


@pytest.fixture
def start(tmp_path):
    """Starts the command, `count` times at once; returns server and URL (or a list of them) once they are ready."""
    running = []

    def begin(*options, count=1, env=None):
        begun = [launch(options, env) for _ in range(count)]
        ready = [(server, address(server)) for server in begun]
        return ready if count > 1 else ready[0]

    def launch(options, env):
        log = tmp_path / f"log{len(running)}"
        server = servers.Server(
            [*servers.MANAGE, "marketplace", "--data", str(tmp_path / "data"), *options],
            log=log,
            env={"MARKETPLACE_DATABASE_URL": None, **(env or {})},
        )
        running.append(server)
        return server

    def address(server):
        server.wait_until(lambda: "READY" in server.output and server.output.endswith("\n"))
        said = re.fullmatch(r"READY marketplace=(http://127\.0\.0\.1:\d+)\n", server.output)
        assert said, server.output
        return said.group(1)

    yield begin
    for server in running:
        server.stop()


def one_sentence(result, says):
    assert result.returncode in (1, 2), result.stderr
    assert result.stdout == ""
    assert says in result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    assert "Traceback" not in result.stderr


def test_port_zero_picks_a_free_port_and_says_which(start):
    _, url = start("--port", "0")
    assert Wire(url, "AKIAX").call("GetAccountBalance", {}).json["AvailableBalance"] == "10000.00"


def test_a_port_in_use_is_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        one_sentence(run("--port", str(port), "--data", str(tmp_path)), f"Cannot listen on 127.0.0.1:{port}")


def test_a_host_that_is_not_ours_is_one_sentence(tmp_path):
    one_sentence(run("--port", "0", "--data", str(tmp_path), "--host", "203.0.113.7"), "Cannot listen on 203.0.113.7")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "seventy"], "argument --port: invalid port number (0 to 65535) value: 'seventy'"),
        (["--port", "65536"], "argument --port: invalid port number (0 to 65535) value: '65536'"),
        (["--port", "-1"], "--port"),
        ([], "the following arguments are required: --port"),
        (["--port", "0", "--colour"], "unrecognized arguments: --colour"),
        (["--port", "0", "--crowd", "many"], "invalid number of workers (0 to 1000) value: 'many'"),
        (["--port", "0", "--data"], "argument --data: expected one argument"),
    ],
)
def test_a_bad_option_is_one_sentence(capsys, arguments, says):
    with pytest.raises(SystemExit) as end:
        load_command_class("marketplace", "marketplace").run_from_argv(["manage.py", "marketplace", *arguments])
    said = capsys.readouterr()
    one_sentence(subprocess.CompletedProcess(arguments, end.value.code, said.out, said.err), says)


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "data"
    one_sentence(run("--port", "0", "--data", str(folder)), f"The data folder {folder} cannot be used: ")


def test_a_database_that_is_none_is_one_sentence(tmp_path):
    (tmp_path / "marketplace.sqlite3").write_text("This is not a database. " * 100)
    one_sentence(run("--port", "0", "--data", str(tmp_path)), "cannot be opened: file is not a database.")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgres://nobody@127.0.0.1:9/none", "The marketplace's database none cannot be opened: "),
        ("mysql://x@127.0.0.1/none", "MARKETPLACE_DATABASE_URL"),
        ("nonsense", "MARKETPLACE_DATABASE_URL"),
    ],
)
def test_a_bad_database_address_is_one_sentence(tmp_path, url, says):
    one_sentence(run("--port", "0", "--data", str(tmp_path), env={"MARKETPLACE_DATABASE_URL": url}), says)


@pytest.mark.parametrize("name", ["", "x" * 201, "a\tb"])
def test_a_requester_needs_a_name(tmp_path, name):
    one_sentence(run(name, "--data", str(tmp_path), command="marketplace_requester"), "The name must be 1 to 200")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_quickly_and_cleanly(start, how):
    server, url = start("--port", "0", "--control")
    # Not even a call that waits for a minute holds it up.
    servers.Marketplace(url, server, None).control("faults", {"mode": "latency", "latency_ms": 60_000})

    def call():
        with contextlib.suppress(OSError, http.client.HTTPException):
            Wire(url, "A").call("GetAccountBalance", {})

    waiting = threading.Thread(target=call)
    waiting.start()
    time.sleep(0.3)
    began = time.monotonic()
    server.process.send_signal(how)
    assert server.process.wait(10) == 0
    assert time.monotonic() - began < 4
    waiting.join()
    assert "Traceback" not in server.output


def test_it_goes_on_where_it_was(start, tmp_path):
    server, url = start("--port", "0")
    made = Wire(url, "AKIASAME").call("CreateHIT", HIT).json["HIT"]
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    _, url = start("--port", "0")
    assert Wire(url, "AKIASAME").call("GetHIT", {"HITId": made["HITId"]}).json["HIT"] == made
    with sqlite3.connect(tmp_path / "data" / "marketplace.sqlite3") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_open_address_without_strict_is_warned_of(tmp_path):
    port = servers.free_port()
    command = [*servers.MANAGE, "marketplace", "--port", str(port), "--data", str(tmp_path), "--host", "0.0.0.0"]
    for options, warned in ([], True), (["--strict"], False):
        server = servers.Server([*command, *options], log=tmp_path / f"log{warned}")
        try:
            server.wait_until(lambda server=server: f"READY marketplace=http://127.0.0.1:{port}\n" in server.output)
            assert ("whoever can reach this address can act as any requester" in server.output) == warned
        finally:
            server.stop()


def test_secrets_are_kept_to_the_owner(start, tmp_path):
    start("--port", "0")
    key = tmp_path / "data" / "marketplace-secret-key"
    first = key.read_text()
    assert len(first) > 40
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    start("--port", "0")
    assert key.read_text() == first


def test_two_started_at_once_share_a_folder(start):
    """Both create the database and the key if need be; one of them does what falls due, and both serve."""
    urls = [url for _, url in start("--port", "0", count=2)]
    made = Wire(urls[0], "AKIATWO").call("CreateHIT", HIT).json["HIT"]
    assert Wire(urls[1], "AKIATWO").call("GetHIT", {"HITId": made["HITId"]}).json["HIT"] == made


def test_what_time_does_is_done_without_being_asked(start):
    server, url = start("--port", "0", "--control")
    marketplace = servers.Marketplace(url, server, None)
    control = Control(marketplace)
    wire = Wire(url, "AKIADUE")
    hit = wire.call("CreateHIT", HIT | {"AutoApprovalDelayInSeconds": 1}).json["HIT"]
    done = control.post("assignments", {"HITId": hit["HITId"], "WorkerId": "ADUE", "Fields": {"a": "1"}})
    # Nobody asks for the assignment: the ledger alone shows that the reward was paid.
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        paid = [entry for entry in control.get("ledger") if entry["kind"] == "reward"]
        if paid:
            break
        time.sleep(0.1)
    assert [entry["assignment"] for entry in paid] == [done["AssignmentId"]]


def test_it_runs_on_postgresql(start, postgres_server, tmp_path):
    env = {"MARKETPLACE_DATABASE_URL": postgres_server.database("marketplace_command")}
    server, url = start("--port", "0", "--control", env=env)
    control = Control(servers.Marketplace(url, server, None))
    wire = Wire(url, "AKIAPG")
    hit = wire.call("CreateHIT", HIT | {"MaxAssignments": 5}).json["HIT"]
    control.post("assignments", {"HITId": hit["HITId"], "WorkerId": "APG", "Fields": {"a": "1"}})
    assert len(wire.call("ListAssignmentsForHIT", {"HITId": hit["HITId"]}).json["Assignments"]) == 1
    control.advance(40 * 86400)
    assert {entry["kind"] for entry in control.get("ledger")} >= {"deposit", "hold", "release", "reward", "fee"}
    assert "\0" not in wire.call("CreateHITType", HIT | {"Title": "a\0b"}).json["message"]
    other, other_url = start("--port", "0", env=env)  # a second process: the first goes on doing what falls due
    assert Wire(other_url, "AKIAPG").call("GetAccountBalance", {}).status == 200
    for process in (server, other):
        process.process.terminate()
        assert process.process.wait(10) == 0
    assert not (tmp_path / "data" / "marketplace.sqlite3").exists()


def test_the_crowd_is_put_to_work(start):
    server, url = start("--port", "0", "--control", "--crowd", "2")
    assert Wire(url, "AKIACROWD").call("GetAccountBalance", {}).status == 200
    time.sleep(1.2)
    assert server.process.poll() is None
    assert "Traceback" not in server.output
