"""`manage.py marketplace_requester`: an account with keys, for a marketplace that verifies signatures."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.database import prepare

NAME_LENGTH = 200


class Command(BaseCommand):
    help = "Make a requester, or show an existing one again, and print the pair of keys its scripts sign with."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.print_usage = lambda file=None: None  # type: ignore[method-assign] # a bad option gets one sentence
        parser.add_argument("name", help="the account's name; the same name is the same account")
        parser.add_argument("--data", help="folder of the marketplace's database (HITDESK_DATA, else var/)")

    def handle(self, *, name: str, **options: Any) -> None:
        name = name.strip()
        if not name or len(name) > NAME_LENGTH or not name.isprintable():
            raise CommandError(f"The name must be 1 to {NAME_LENGTH} printable characters.")
        prepare()

        from marketplace.models import Requester

        requester = Requester.for_name(name)
        self.stdout.write(f"AccessKeyId={requester.access_key_id}")
        self.stdout.write(f"SecretAccessKey={requester.secret_access_key}")
        self.stdout.write(f"AvailableBalance={requester.available}")
