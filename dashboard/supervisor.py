"""Start HITdesk's processes, watch them, and end them all together.

One parent, four children: the marketplace, the dashboard's web server, a Celery worker and Celery beat. Each child
has a process group of its own and writes to `HITDESK_DATA/log/<name>.log`. When the parent is asked to stop, or one
child ends, every child gets TERM and, four seconds later, KILL; when the parent is killed, the kernel kills them.

Nothing here touches the database or MTurk: what goes wrong is one sentence (`Failure`), and the exit status is 1.
"""

import contextlib
import ctypes
import errno
import fcntl
import http.client
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
GRACE_SECONDS = 4
READY_SECONDS = 90
LAST_LINES = 12


class Failure(Exception):
    """HITdesk cannot start or go on; the message is the sentence a person reads."""


class Stopped(Exception):
    """Somebody asked for the end: Ctrl-C, TERM, or a closed terminal."""


@dataclass(frozen=True)
class Service:
    """A child to be: its name, its command line, and the port it answers on (0 when it has none)."""

    name: str
    command: Sequence[str]
    port: int = 0


@dataclass
class Child:
    service: Service
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join(f"  {self.service.name} | {line}" for line in lines)


def port_from_environment(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip() or str(default)
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise Failure(f"{name}={text} is not a port: give a number from 1 to 65535.")
    return int(text)


def check_port_is_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise Failure(
                f"Port {port} needs more rights than this user has: choose one above 1023 in {name}."
            ) from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Failure(f"Port {port} cannot be used: {error.strerror}.") from None
            raise Failure(
                f"Port {port} is already in use by another program: stop that, or choose another port in {name}."
            ) from None


@contextlib.contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the lock on a data folder: two sets of processes on one broker folder would run each other's work."""
    path = data / "running.lock"
    try:
        lock = path.open("a+")
    except OSError as error:
        raise Failure(
            f"The data folder {data} cannot be written: {error.strerror}. HITDESK_DATA names another."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise Failure(
                f"HITdesk is already running on {data} (process {holder}): stop that one first, "
                "or set HITDESK_DATA to another folder."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def demo_password(data: Path) -> str:
    """DEMO_PASSWORD, else the one made at the first start and kept (0600) in the data folder."""
    given = os.environ.get("DEMO_PASSWORD", "").strip()
    if given:
        return given
    path = data / "demo-password"
    with contextlib.suppress(FileNotFoundError):
        kept = path.read_text().strip()
        if kept:
            return kept
    password = "-".join(secrets.token_hex(2) for _ in range(3))
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(password + "\n")
    return password


def end_with_parent(deadly: int) -> None:
    """Ask the kernel to send `deadly` to this process when its parent is gone (Linux; elsewhere nothing happens)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, deadly)  # PR_SET_PDEATHSIG


def _in_child(parent: int) -> Callable[[], None]:
    def prepare() -> None:
        end_with_parent(signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before the line above
            os._exit(1)

    return prepare


def _answers(port: int) -> bool:
    """Whether a server answers /healthz; a redirect or a refused Host name is an answer too, a 5xx is not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    return False


@dataclass
class Supervisor:
    """The running children. Use as `with Supervisor(...) as supervisor:`; leaving the block ends them all."""

    data: Path
    environment: dict[str, str]
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    asked_to_stop: bool = False

    def __enter__(self) -> "Supervisor":
        (self.data / "log").mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # A flag and not an exception: an exception between a child's birth and our note of it would orphan it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._ask_to_stop)
        if "MAKELEVEL" in os.environ:
            # `make` killed outright cannot tell us; its end then ends everything, so that no port stays taken.
            end_with_parent(signal.SIGTERM)
        return self

    def __exit__(self, *reason: object) -> None:
        self.end_all()

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self.asked_to_stop = True

    def _open_log(self, name: str) -> tuple[Path, IO[bytes]]:
        """A fresh log; the one before is kept as `.old`, so logs never grow over many starts."""
        path = self.data / "log" / f"{name}.log"
        with contextlib.suppress(FileNotFoundError):
            path.replace(path.with_suffix(".log.old"))
        return path, path.open("wb")

    def start(self, *services: Service) -> None:
        for service in services:
            path, log = self._open_log(service.name)
            with log:
                process = self._spawn(service.command, log)
            self.children.append(Child(service, process, path))

    def _spawn(self, command: Sequence[str], output: IO[bytes] | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_in_child(os.getpid()),
        )

    def run_step(self, what: str, command: Sequence[str]) -> None:
        """Run a command to its end, its output on the terminal. `Failure` when it fails, `Stopped` when asked to."""
        process = self._spawn(command, None)
        try:
            while process.poll() is None:
                self._check()
                time.sleep(0.05)
        finally:
            _end([process])
        if process.returncode:
            raise Failure(f"{what} failed; what it said stands above.")

    def _check(self) -> None:
        """Raise when the end was asked for or a child is gone."""
        if self.asked_to_stop:
            raise Stopped
        for child in self.children:
            status = child.process.poll()
            if status is None:
                continue
            how = f"with status {status}" if status >= 0 else f"by signal {signal.Signals(-status).name}"
            raise Failure(
                f"The {child.service.name} process ended {how}, so everything else was stopped. "
                f"Its last lines, from {child.log}:\n{child.last_lines() or '  (it wrote nothing)'}"
            )

    def wait_until_ready(self) -> None:
        """Return when every child with a port answers."""
        deadline = time.monotonic() + READY_SECONDS
        waiting = [child for child in self.children if child.service.port]
        while waiting:
            self._check()
            waiting = [child for child in waiting if not _answers(child.service.port)]
            if waiting and time.monotonic() > deadline:
                child = waiting[0]
                raise Failure(
                    f"The {child.service.name} process did not answer on port {child.service.port} "
                    f"within {READY_SECONDS} seconds. Its last lines, from {child.log}:\n{child.last_lines()}"
                )
            time.sleep(0.1)

    def watch(self) -> None:
        """Wait for the end: `Stopped` when asked to, `Failure` when a child ends by itself."""
        while True:
            self._check()
            time.sleep(0.2)

    def end_all(self) -> None:
        _end([child.process for child in self.children])
        self.children.clear()


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """TERM to every process group, KILL to what is left after GRACE_SECONDS; returns when all are gone."""
    for process in processes:
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(process.poll() is None for process in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in processes:
        # The group outlives its leader when a grandchild hangs, so it is killed even where the leader is gone.
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
