"""A whole HITdesk for the fault matrix: marketplace, database, broker, workers and beats, all real processes."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import servers
from tests.dashboard.matrix import clock

#: Waits are as much shorter than in production; a minute of a fault is, too. MATRIX_SCALE=1 leaves both as they are.
SCALE = float(os.environ.get("MATRIX_SCALE", "0.01"))
READ_TIMEOUT = 0.6
DAY_AND_A_MINUTE = 24 * 3600 + 60


class Stack:
    """Processes that outlive the cells. `desk(do)` asks the people's process (tests.dashboard.matrix.desk)."""

    def __init__(self, folder: Path, market: servers.Marketplace, env: dict[str, str]) -> None:
        self.folder, self.market = folder, market
        self.postgres = "DATABASE_URL" in env
        self.env = {
            "HITDESK_DATA": str(folder),
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "UNDO_SECONDS": "0",
            "MTURK_READ_TIMEOUT": str(READ_TIMEOUT),
            "MTURK_RETRY_SECONDS": str(SCALE),
            **env,
        }
        self.workers: list[servers.Server] = []
        self.beats: list[servers.Server] = []
        clock.move(folder / "clock", 0)
        if not self.postgres:
            servers.empty_database("dashboard", folder / "dashboard.sqlite3")
        self.people = subprocess.Popen(
            [sys.executable, "-m", "tests.dashboard.matrix.desk", str(folder), market.url],
            cwd=servers.ROOT,
            env={**os.environ, **self.env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "desk.log").open("ab"),
            text=True,
        )

    def desk(self, do: str, /, **details: Any) -> Any:
        self.people.stdin.write(json.dumps({"do": do, **details}) + "\n")
        self.people.stdin.flush()
        line = self.people.stdout.readline()
        assert line, "the people's process ended:\n" + (self.folder / "desk.log").read_text()[-4000:]
        said = json.loads(line)
        assert "error" not in said, said["error"]
        return said["answer"]

    def start_workers(self, number: int = 1) -> None:
        """That many work; ones that died before are forgotten."""
        self.workers = [worker for worker in self.workers if worker.process.poll() is None]
        while len(self.workers) > number:
            self.workers.pop().stop()
        began = []
        while len(self.workers) < number:
            command = [sys.executable, "-m", "tests.dashboard.matrix.worker", self.folder]
            log = self.folder / f"worker-{time.monotonic_ns()}.log"
            began.append(servers.Server(command, log=log, env=self.env))
            self.workers.append(began[-1])
        for worker in began:
            worker.wait_until(lambda worker=worker: " ready." in worker.output)

    def stop_workers(self) -> None:
        while self.workers:
            self.workers.pop().stop()

    def tell_to_die(self, place: str) -> None:
        told = self.folder / "die-at"
        told.with_suffix(".new").write_text(place)
        told.with_suffix(".new").rename(told)

    def wait_for_death(self) -> None:
        (worker,) = self.workers
        assert worker.process.wait(20) == -signal.SIGKILL
        (self.folder / "die-at").unlink()

    def kill(self) -> None:
        (worker,) = self.workers
        os.killpg(worker.process.pid, signal.SIGKILL)
        worker.process.wait()

    def start_beats(self, number: int) -> None:
        for _ in range(number):
            schedule = self.folder / f"schedule-{time.monotonic_ns()}"
            command = [sys.executable, "-m", "celery", "-A", "dashboard", "beat", "--pidfile=", "--loglevel=INFO",
                       f"--schedule={schedule}"]  # fmt: skip
            self.beats.append(servers.Server(command, log=schedule.with_suffix(".log"), env=self.env))

    def stop_beats(self) -> None:
        while self.beats:
            self.beats.pop().stop()

    def empty_broker(self) -> None:
        """Everything a broker knows is gone, as after a restart of a Redis that saves nothing, or a wiped folder."""
        if "REDIS_URL" in self.env:
            import redis

            with contextlib.closing(redis.Redis.from_url(self.env["REDIS_URL"])) as client:
                client.flushall()
        else:
            for path in (self.folder / "broker").rglob("*"):
                if path.is_file():
                    path.unlink(missing_ok=True)

    def lose_database(self) -> None:
        """PostgreSQL cuts every connection; SQLite is locked by somebody for longer than anybody waits."""
        if not self.postgres:
            with contextlib.closing(sqlite3.connect(self.folder / "dashboard.sqlite3", timeout=30)) as other:
                other.execute("BEGIN EXCLUSIVE")
                time.sleep(22)
                other.rollback()
            return
        import psycopg

        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def advance(self, seconds: float) -> None:
        """Time passes, here and at the marketplace."""
        clock.move(self.folder / "clock", seconds)
        self.market.control("clock", {"advance_seconds": seconds})

    def set_clock(self, seconds: float) -> None:
        """Somebody changes this machine's clock; no time passes."""
        clock.move(self.folder / "clock", seconds)

    def misbehave(self, operation: str, mode: str, rate: float = 1.0, **more: Any) -> None:
        self.market.control("faults", {"operation": operation, "mode": mode, "rate": rate, "seed": 11, **more})

    def behave(self) -> None:
        self.market.control("faults", method="DELETE")

    def close(self) -> None:
        self.stop_beats()
        self.stop_workers()
        self.people.stdin.close()
        try:
            self.people.wait(5)
        except subprocess.TimeoutExpired:
            self.people.kill()
            self.people.wait()
        self.people.stdout.close()


@contextlib.contextmanager
def stack(folder: Path, **env: str) -> Iterator[Stack]:
    with servers.marketplace(folder / "market") as market:
        data = folder / "desk"
        data.mkdir()
        running = Stack(data, market, env)
        try:
            yield running
        finally:
            running.close()
            shutil.rmtree(data / "broker", ignore_errors=True)
