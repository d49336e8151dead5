"""A worker as `make run` starts it, but with a clock that can be moved, and dying by `kill -9` where it is told to.

    python -m tests.dashboard.matrix.worker FOLDER

Written into FOLDER/die-at, a place of PLACES is where it ends: it kills itself there, as a machine may at any moment.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

from tests.dashboard.matrix import clock

FOLDER = Path(sys.argv[1])
#: Claimed and nothing sent; answered and nothing written down.
PLACES = ("before the call", "after the call")


def deadly(place: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **options: Any) -> Any:
        told = FOLDER / "die-at"
        if told.exists() and told.read_text() == place:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **options)

    return wrapped


def main() -> None:
    clock.follow(FOLDER / "clock")
    django.setup()
    from celery.__main__ import main as celery

    from dashboard.commands import claiming, delivery

    claiming.mark_sent = deadly(PLACES[0], claiming.mark_sent)
    delivery.settle_many = deadly(PLACES[1], delivery.settle_many)
    sys.argv = ["celery", "-A", "dashboard", "worker", "--pool=threads", "--concurrency=4", "--without-gossip",
                "--without-mingle", "--loglevel=INFO", "--queues=hitdesk", f"--hostname={os.getpid()}@%h"]  # fmt: skip
    celery()


if __name__ == "__main__":
    main()
