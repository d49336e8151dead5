"""manage.py reconcile [ACCOUNT …]: read everything now, in this process, and compare it with what was asked here."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.drift import last_comparison
from dashboard.models import Account, Drift
from dashboard.tasks import begin_sync, run_sync

SHOWN = 50


class Command(BaseCommand):
    help = "Compare the named accounts, or all, with MTurk, and say what differs. Ends with 1 where anything does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("accounts", nargs="*", metavar="ACCOUNT", help="the account's name in the URL")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["accounts"]
        accounts = Account.objects.filter(slug__in=wanted) if wanted else Account.objects.all()
        missing = set(wanted) - set(accounts.values_list("slug", flat=True))
        if missing:
            raise CommandError(f"There is no account called {', '.join(sorted(missing))}.")
        unread = differences = 0
        for account in accounts:
            run = begin_sync(account, full=True)
            if run is None:
                unread += 1
                self.stderr.write(f"{account.slug}: is being read already. Try again when that is over.")
                continue
            run_sync(run)
            if run.error:
                unread += 1
                self.stderr.write(f"{account.slug}: {run.error}")
            last = last_comparison(account)
            if last is None or last.at < run.started_at:
                continue
            rows = Drift.objects.open().filter(account=account)
            count = rows.count()
            differences += count
            looked = ", ".join(f"{number} {what}" for what, number in last.data["compared"].items())
            words = f"{count} difference{'s' if count > 1 else ''}" if count else "everything agrees"
            self.stdout.write(f"{account.slug}: {words}. Compared: {looked}.")
            for row in rows[:SHOWN]:
                self.stdout.write(f"  {row.sentence} {row.advice}")
            if count > SHOWN:
                self.stdout.write(f"  And {count - SHOWN} more: see the account's page Drift.")
        if unread:
            raise CommandError("Not everything could be compared.")
        if differences:
            raise CommandError("Our record and MTurk's differ.")
