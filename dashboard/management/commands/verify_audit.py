"""manage.py verify_audit [CHAIN …]: check the hash chains of the audit."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard import audit
from dashboard.models import AuditEvent


class Command(BaseCommand):
    help = "Walk the audit's hash chains and name every place where an event was changed, removed or put in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("chains", nargs="*", metavar="CHAIN", help="the account's name in the URL, or 'server'")

    def handle(self, *args: Any, **options: Any) -> None:
        known = audit.chains()
        wanted = options["chains"] or known
        if unknown := set(wanted) - set(known):
            raise CommandError(f"There is no chain called {', '.join(sorted(unknown))}.")
        broken = 0
        for chain in wanted:
            faults = audit.check(chain)
            broken += bool(faults)
            for fault in faults:
                self.stderr.write(f"{fault.chain} #{fault.number}: {fault.what}.")
            if not faults:
                self.stdout.write(f"{chain}: {AuditEvent.objects.filter(chain=chain).count()} events, intact.")
        if broken:
            raise CommandError(f"{broken} of {len(wanted)} chains do not hold.")
