"""The folder the marketplace keeps its things in: the SQLite database, the secret key, lock files. No Django here:
the settings need it before Django is up."""

import argparse
import contextlib
import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path


def chosen(argv: Sequence[str], default: str) -> Path:
    """The folder named by `--data` on the command line of a `marketplace…` command, else `default`.

    Django opens settings before a command reads its options, and the database's path is a setting, so the option has
    to be read twice: here, and by the command, which documents it and complains when its value is missing.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--data", nargs="?")
    named = None
    if len(argv) > 1 and argv[1].startswith("marketplace"):
        named = parser.parse_known_args(list(argv[2:]))[0].data
    return Path(named or default).expanduser().absolute()


def secret_key(folder: Path) -> str:
    """The key kept in `folder`, made (mode 0600) on first use; processes starting at once agree on one.

    Where the folder cannot be written a key for this process alone is returned: the command that serves says what is
    wrong with the folder in a better sentence than a failing settings file could.
    """
    path = folder / "marketplace-secret-key"
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            # Written aside and linked into place: a reader never sees half a key, and the second of two writers loses.
            with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".secret-key-") as draft:  # mode 0600
                draft.write(secrets.token_urlsafe(50))
                draft.flush()
                os.fsync(draft.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(draft.name, path)
        return path.read_text().strip() or secrets.token_urlsafe(50)
    except OSError:
        return secrets.token_urlsafe(50)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on a file: one process at a time; waits for the others."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
