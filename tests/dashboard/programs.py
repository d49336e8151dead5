"""Short programs in processes of their own, which begin where Django is loaded already.

    python -m tests.dashboard.programs

A line of JSON in starts one: {"text", "file", "market", "key"}. It is a fork of this process, which itself never
touches the database, and leaves `file`.out, `file`.err and, at its end, `file`.status. Loading Django for each would
take longer than what most of them do.
"""

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from tests import servers

#: What every program begins with; the imports among it cost nothing, since they were made before the fork.
PRELUDE = """
import json, sys, threading, time, uuid
from decimal import Decimal
from django.db import connection
from django.utils import timezone
from dashboard import audit, commands, tasks
from dashboard.models import Account, Command, State, User
from dashboard.permissions import Denied
from hits.actions import approve, decide_together, reject
from hits.models import Assignment
from tests.cast import Lab, all_at_once, make_lab
from tests.servers import Marketplace
from workers.actions import pay_bonus
market = Marketplace(MARKET, None, None)
account = Account.objects.filter(slug="lab").first()
if account is None:
    account = make_lab(market).account
    account.access_key_id = KEY
    account.save()
people = {user.username.removesuffix("-lab"): user for user in User.objects.all()}

def submitted(count):
    lab = Lab(market, account)
    hit = lab.hit(MaxAssignments=count)
    for number in range(count):
        lab.answer(hit, worker=f"AWORKER{number:06d}")
    lab.sync()
    return list(Assignment.objects.select_related("account", "hit"))

def faults():
    return [str(fault) for fault in audit.verify("lab")]
"""


class Program:
    """One that was started; `end()` waits for it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def end(self, seconds: float = 60) -> Any:
        """What it printed, as JSON; an AssertionError with its last words where it failed."""
        status, deadline = self.file.with_suffix(".status"), time.monotonic() + seconds
        while not status.exists():
            assert time.monotonic() < deadline, f"it did not end within {seconds} s: {self._said('.err')}"
            time.sleep(0.02)
        assert status.read_text() == "0", self._said(".err")[-4000:]
        out = self._said(".out")
        return json.loads(out) if out.strip() else None

    def _said(self, kind: str) -> str:
        path = self.file.with_suffix(kind)
        return path.read_text() if path.exists() else ""


class Programs:
    """The process they are forked from, with settings of its own."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.number = folder, 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.dashboard.programs"],
            cwd=servers.ROOT,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            preexec_fn=servers.end_with_parent(os.getpid()),
            text=True,
        )

    def start(self, text: str, market: str, key: str) -> Program:
        self.number += 1
        program = Program(self.folder / f"program-{self.number}")
        wanted = {"text": text, "file": str(program.file), "market": market, "key": key}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        return program

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


def run(text: str, file: Path, market: str, key: str) -> int:
    for number, suffix in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(file.with_suffix(suffix), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), number)
    try:
        exec(compile(PRELUDE + text, file.name, "exec"), {"__name__": "program", "MARKET": market, "KEY": key})
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    import django

    django.setup()
    # So that the forks find them loaded.
    import_module("dashboard.tasks")
    import_module("tests.cast")

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    me = os.getpid()
    for line in sys.stdin:
        wanted = json.loads(line)
        if os.fork():
            continue
        servers.end_with_parent(me)()
        file = Path(wanted["file"])
        code = run(wanted["text"], file, wanted["market"], wanted["key"])
        sys.stdout.flush()
        sys.stderr.flush()
        file.with_suffix(".ending").write_text(str(code))
        file.with_suffix(".ending").rename(file.with_suffix(".status"))
        os._exit(code)


if __name__ == "__main__":
    main()
