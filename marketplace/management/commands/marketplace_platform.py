"""`manage.py marketplace_platform`: the key with which another platform signs its links to the worker site."""

import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Command(BaseCommand):
    help = (
        "Print the key of a platform that sends people here by signed links, or with --link one such link. "
        "docs/worker-site.md says how to sign."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("platform", help="its name: letters, digits, - and _; part of every link")
        parser.add_argument("--link", metavar="ID", help="a link for the person whom the platform knows by this id")
        parser.add_argument("--data", help="folder of the marketplace's database (HITDESK_DATA, else var/)")

    def handle(self, *, platform: str, link: str | None, **options: Any) -> None:
        from django.conf import settings

        from marketplace.site.accounts import link_for, platform_key

        if not _NAME.fullmatch(platform):
            raise CommandError("A platform's name is 1 to 64 letters, digits, - and _.")
        if link is None:
            self.stdout.write(platform_key(platform))
        elif not settings.PUBLIC_URL:
            raise CommandError("MARKETPLACE_URL has to say where the worker site is.")
        else:
            self.stdout.write(link_for(platform, link, settings.PUBLIC_URL))
