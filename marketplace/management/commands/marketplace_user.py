"""`manage.py marketplace_user`: somebody who can sign in at the marketplace, as a worker or as its operator."""

import os
import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from marketplace.database import prepare
from marketplace.models import Worker
from marketplace.transactions import writing


class Command(BaseCommand):
    help = (
        "Make somebody who can sign in, or set their password anew. The password comes from MARKETPLACE_PASSWORD; "
        "without it one is made up and printed."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workers", nargs="*", metavar="NAME", help="somebody who works")
        parser.add_argument(
            "--operator", metavar="NAME", help="somebody who may use the operator's admin at /operator/"
        )
        parser.add_argument("--data", help="folder of the marketplace's database (HITDESK_DATA, else var/)")

    def handle(self, *, workers: list[str], operator: str | None, **options: Any) -> None:
        names = [*workers, *([operator] if operator else [])]
        if not names:
            raise CommandError("Say who: names of workers, or --operator NAME.")
        if any(len(name) > 150 or not name.strip() for name in names):
            raise CommandError("A name has to have 1 to 150 characters.")
        prepare()
        given = os.environ.get("MARKETPLACE_PASSWORD", "")
        for name in names:
            password = given or secrets.token_urlsafe(12)
            _make(name, password, operator=name == operator)
            if not given:
                self.stdout.write(f"{name}: {password}")


def _make(name: str, password: str, *, operator: bool) -> None:
    from marketplace.site.accounts import new_worker

    with writing():
        user, made = User.objects.get_or_create(username=name)
        if made or not user.check_password(password) or user.is_staff != operator:
            user.set_password(password)
            user.is_staff = user.is_superuser = operator
            user.save()
        if not operator and not Worker.objects.filter(user=user).exists():
            new_worker(user)
