"""manage.py check_deployment: prove that everything a deployment needs is there and works together."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard import deployment, tasks


class Command(BaseCommand):
    help = "Use settings, database, broker, worker, beat and every account's endpoint once, and say what fails and why."
    # They are lines of what is said below, not reasons to say nothing.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wait", type=float, default=15, help="seconds that a worker has for its answer (15)")

    def handle(self, *args: Any, **options: Any) -> None:
        def ask(question: str) -> None:
            tasks.answer.apply_async((question,), expires=options["wait"], retry=False)

        if not deployment.prove(ask=ask, wait=options["wait"], say=self.say):
            raise CommandError("This deployment is not in order; what to do stands above.")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
