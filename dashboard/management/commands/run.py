from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard import launch
from dashboard.supervisor import Failure


class Command(BaseCommand):
    help = "Start the dashboard, its worker and beat, and the marketplace, for real use on one machine."
    # The migrations these checks would ask about run below; unsafe settings are still refused by `check`.
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            launch.start(say=self.say)
        except Failure as reason:
            raise CommandError(str(reason)) from None

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
