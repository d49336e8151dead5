"""`manage.py marketplace_fees`: the fees of the marketplace, and new ones from a time on."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.database import prepare

FRACTIONS = {
    "base": "of the reward of every approved assignment",
    "many_assignments": "more, where a HIT has --many-from assignments or more",
    "masters": "more, where Masters are asked for",
    "bonus": "of a bonus",
}


class Command(BaseCommand):
    help = "Show which fees hold from when. With --from, new ones from then on; what is not given stays as it is."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.print_usage = lambda file=None: None  # type: ignore[method-assign] # a bad option gets one sentence
        parser.add_argument("--data", help="folder of the marketplace's database (HITDESK_DATA, else var/)")
        parser.add_argument(
            "--from", dest="start", help="when, in marketplace time, e.g. 2027-01-01 or 2027-01-01T12:00"
        )
        for name, what in FRACTIONS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", dest=name, help=f"fraction {what}, e.g. 0.2")
        parser.add_argument("--minimum", help="the least fee of an assignment or bonus, in dollars")
        parser.add_argument("--many-from", type=int, help="from how many assignments on a HIT has many")

    def handle(self, *, start: str | None, **options: Any) -> None:
        names = (*FRACTIONS, "minimum", "many_from")
        changes = {name: _decimal(name, options[name]) for name in names if options[name] is not None}
        if changes and not start:
            raise CommandError("Say from when the new fees hold, with --from.")
        prepare()

        from marketplace import rates
        from marketplace.models import FeeRate
        from marketplace.policies import RATES

        if start:
            try:
                rates.announce(_moment(start), **changes)
            except ValueError as error:
                raise CommandError(str(error)) from None
        if not FeeRate.objects.exists():
            self.show("always", RATES)
        for row in FeeRate.objects.order_by("valid_from"):
            self.show(f"from {row.valid_from:%Y-%m-%dT%H:%M:%SZ}", row)

    def show(self, when: str, fees: Any) -> None:
        shown = " ".join(f"{name}={getattr(fees, name)}" for name in (*FRACTIONS, "minimum", "many_from"))
        self.stdout.write(f"{when}: {shown}")


def _decimal(name: str, given: str | int) -> Decimal | int:
    if isinstance(given, int):
        return given
    try:
        number = Decimal(given)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise CommandError(f"--{name.replace('_', '-')} is not a number: {given}")
    return number


def _moment(given: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise CommandError(f"--from is not a date: {given}") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
