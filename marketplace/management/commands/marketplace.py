"""`manage.py marketplace`: the marketplace as a process of its own, for any client of the API."""

import os
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.crowd.answers import Gold
from marketplace.crowd.gold import gold_from
from marketplace.database import prepare


class Command(BaseCommand):
    help = (
        "Serve the marketplace. Without --strict any pair of keys is accepted and each access key is a requester of "
        "its own. Prints READY marketplace=<address> when it can be used."
    )
    requires_system_checks = []  # one process, one purpose: what can be wrong is told below in a sentence

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.print_usage = lambda file=None: None  # type: ignore[method-assign] # a bad option gets one sentence
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=_port, required=True, help="port to listen on; 0 picks a free one")
        parser.add_argument("--data", help="folder of its database and keys (HITDESK_DATA, else var/)")
        parser.add_argument("--strict", action="store_true", help="verify signatures and refuse unknown access keys")
        parser.add_argument("--control", action="store_true", help="answer the control paths, on this machine only")
        parser.add_argument("--crowd", type=_count, default=0, metavar="N", help="simulated workers (none)")
        parser.add_argument("--crowd-any", action="store_true", help="they take any open HIT, not only the demo's")
        parser.add_argument("--crowd-seed", type=_seed, metavar="N", help="who they are and what they answer (7)")
        parser.add_argument("--crowd-speed", type=_speed, metavar="X", help="times as fast as in the demo (1)")
        parser.add_argument("--crowd-gold", metavar="FILE", help='what is right: {HITId or "*": {field: value}}')

    def handle(self, *, host: str, port: int, strict: bool, control: bool, crowd: int, **options: Any) -> None:
        asked = [name for name in ("any", "seed", "speed", "gold") if options[f"crowd_{name}"] not in (None, False)]
        if asked and not crowd:
            raise CommandError(f"--crowd-{asked[0]} needs --crowd N, the number of simulated workers.")
        try:
            gold = gold_from(options["crowd_gold"]) if options["crowd_gold"] else {}
        except ValueError as error:
            raise CommandError(f"--crowd-gold: {error}") from None
        # A process asked to end while it is still starting ends as quietly as later (server.run has its own handler).
        signal.signal(signal.SIGTERM, lambda signum, frame: os._exit(0))
        settings.STRICT = settings.STRICT or strict
        settings.CONTROL = control
        settings.CHECK_OUTPUT = settings.CHECK_OUTPUT or control
        prepare()

        # Only now: these import models, and the application must see the settings above.
        from marketplace import scheduler
        from marketplace.server import Server
        from marketplace.wsgi import application

        try:
            server = Server(application, host, port)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise CommandError(f"Cannot listen on {host}:{port}: {reason}. Choose another --port or --host.") from None
        scheduler.start()
        if crowd:
            self._start_crowd(crowd, gold, options)
        if not settings.STRICT and host not in ("127.0.0.1", "::1", "localhost"):
            self.stderr.write(
                f"Listening on {host} without --strict: whoever can reach this address can act as any requester."
            )
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)  # noqa: S104
        self.stdout.write(f"READY marketplace=http://{shown}:{server.port}")
        self.stdout.flush()
        server.run()

    def _start_crowd(self, count: int, gold: dict[str, Gold], options: dict[str, Any]) -> None:
        from marketplace.crowd import live
        from marketplace.crowd.tasks import Tasks

        seed = Tasks.seed if options["crowd_seed"] is None else options["crowd_seed"]
        tasks = Tasks(any_open=options["crowd_any"], gold=gold, seed=seed)
        live.start(count, tasks=tasks, speed=options["crowd_speed"] or 1.0)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 65535:
        return int(text)
    raise ValueError


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 1000:
        return int(text)
    raise ValueError


def _seed(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    raise ValueError


def _speed(text: str) -> float:
    value = float(text)
    if 0.01 <= value <= 1000:
        return value
    raise ValueError


_port.__name__ = "port number (0 to 65535)"  # argparse says "invalid <name> value: …"
_count.__name__ = "number of workers (0 to 1000)"
_seed.__name__ = "whole number"
_speed.__name__ = "number (0.01 to 1000)"
