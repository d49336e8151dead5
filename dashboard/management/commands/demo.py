import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard import launch
from dashboard.supervisor import Failure, port_from_environment


class Command(BaseCommand):
    help = "Start everything with demo data, four users and a crowd that keeps answering the demo's tasks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--answers", type=Path, metavar="FOLDER", help="load the recorded answers in this folder, too"
        )
        parser.add_argument(
            "--load-only", action="store_true", help="only load the demo data into the running marketplace, and end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["load_only"]:
                self.load(options["answers"])
            else:
                launch.start(say=self.say, demo=True, answers=options["answers"])
        except Failure as reason:
            raise CommandError(str(reason)) from None

    def load(self, answers: Path | None) -> None:
        from dashboard import demo, mturk

        password = os.environ.get("DEMO_PASSWORD", "")
        if not password:
            raise Failure("DEMO_PASSWORD is not set: it is the password the demo's users get.")
        try:
            demo.prepare(
                dashboard_url=f"http://127.0.0.1:{port_from_environment('PORT', 8000)}",
                marketplace_url=f"http://127.0.0.1:{port_from_environment('MARKETPLACE_PORT', 8001)}",
                access_key=launch.DEMO_ACCESS_KEY,
                password=password,
                answers=answers,
                say=self.say,
            )
        except (demo.Refused, mturk.MTurkError) as reason:
            raise Failure(f"The demo's data could not be loaded: {reason}") from None

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
