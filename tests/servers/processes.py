"""A child process that ends with the test run, and what it says when it does not start."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = [sys.executable, str(ROOT / "manage.py")]


class Missing(Exception):
    """The machine lacks something a test needs; the message says what and how to get it."""


class Broken(Exception):
    """A server ended or stayed silent; the message holds the last lines it wrote."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end_with_parent(parent: int) -> Callable[[], None]:
    """What a child runs before its program: die when the test run dies, however it dies (Linux; elsewhere nothing)."""
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None)

    def set_signal() -> None:
        # A run in the background of a shell has these ignored, and so would its children.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)

    return set_signal


def environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Our environment with `changes`; None takes a variable away."""
    merged = {**os.environ, "PYTHONUNBUFFERED": "1", **changes}
    return {name: value for name, value in merged.items() if value is not None}


class Server:
    """One child process in its own process group, its output in a log file."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str | None] | None = None,
        user: int | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT if user is None else log.parent,
                env=environment(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                preexec_fn=end_with_parent(os.getpid()),
            )

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Return once `ready()` is true; `Broken` when the process ends first or `seconds` pass."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise Broken(f"{self.process.args} ended with {self.process.returncode}:\n{self.output[-4000:]}")
            if time.monotonic() > deadline:
                self.stop()
                raise Broken(f"{self.process.args} was not ready within {seconds} s:\n{self.output[-4000:]}")
            time.sleep(0.05)

    def stop(self, seconds: float = 5) -> None:
        """TERM the process, then KILL its whole group."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
