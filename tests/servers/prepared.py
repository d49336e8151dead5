"""Databases with tables and nothing in them, made once and copied."""

import atexit
import fcntl
import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers.processes import ROOT, environment

#: Where databases that were made once lie. A run of tests gives all its processes the same folder (tests/conftest.py).
_shared: list[Path] = []


def prepare_in(folder: Path) -> None:
    _shared[:] = [folder]


def empty_database(project: str, path: Path) -> Path:
    """Make `path` an empty SQLite database of `dashboard` or `marketplace`, with its tables; returns it.

    It is a copy of one that the first to ask has made by `migrate`, which takes longer than all else a start does.
    """
    folder = _shared[0] if _shared else _own_folder()
    made = folder / f"{project}.sqlite3"
    with (folder / f"{project}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            data = folder / f"{project}-making"
            settings = {
                "DJANGO_SETTINGS_MODULE": f"{project}.settings",
                "HITDESK_DATA": str(data),
                "DATABASE_URL": None,
                "MARKETPLACE_DATABASE_URL": None,
                "REDIS_URL": None,
                "PYTHONPATH": str(ROOT),
            }
            command = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
            subprocess.run(command, cwd=ROOT, env=environment(settings), check=True, stdout=subprocess.DEVNULL)
            (data / made.name).rename(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(made, path)
    return path


@functools.cache
def _own_folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="hitdesk-prepared-")
    atexit.register(folder.cleanup)
    return Path(folder.name)
