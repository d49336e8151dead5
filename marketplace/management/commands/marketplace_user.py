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
        parser.add_argument("name")
        parser.add_argument("--operator", action="store_true", help="may use the operator's admin at /operator/")
        parser.add_argument("--data", help="folder of the marketplace's database (HITDESK_DATA, else var/)")

    def handle(self, *, name: str, operator: bool, **options: Any) -> None:
        prepare()
        from marketplace.site.accounts import new_worker

        if not name or len(name) > 150:
            raise CommandError("The name has to have 1 to 150 characters.")
        given = os.environ.get("MARKETPLACE_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        with writing():
            user, made = User.objects.get_or_create(username=name)
            if not made and user.check_password(password) and user.is_staff == operator:
                return
            user.set_password(password)
            user.is_staff = user.is_superuser = operator
            user.save()
            if not operator and not Worker.objects.filter(user=user).exists():
                new_worker(user)
        if not given:
            self.stdout.write(f"{name}: {password}")
