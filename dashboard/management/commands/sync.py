"""manage.py sync [ACCOUNT …] [--full]: read now, in this process."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.models import Account
from dashboard.tasks import begin_sync, run_sync


class Command(BaseCommand):
    help = "Read HITs and assignments of the named accounts, or of all, and say what was read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("accounts", nargs="*", metavar="ACCOUNT", help="the account's name in the URL")
        parser.add_argument("--full", action="store_true", help="every HIT, also those that did not move, and bonuses")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["accounts"]
        accounts = Account.objects.filter(slug__in=wanted) if wanted else Account.objects.all()
        missing = set(wanted) - set(accounts.values_list("slug", flat=True))
        if missing:
            raise CommandError(f"There is no account called {', '.join(sorted(missing))}.")
        failed = False
        for account in accounts:
            run = begin_sync(account, full=options["full"])
            if run is None:
                self.stdout.write(f"{account.slug}: is being read already.")
                continue
            run_sync(run)
            if run.error:
                failed = True
                self.stderr.write(f"{account.slug}: {run.error}")
            else:
                read = f"{run.hits_seen} HITs, {run.assignments_seen} assignments, {run.calls} calls"
                self.stdout.write(f"{account.slug}: {read}.")
        if failed:
            raise CommandError("Not everything could be read.")
