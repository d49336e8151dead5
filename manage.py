#!/usr/bin/env python
"""Run a management command of the dashboard or, for `marketplace…` commands, of the marketplace."""

import os
import sys


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    project = "marketplace" if command.startswith("marketplace") else "dashboard"
    # The two projects share a repository and never a database, so the first word decides, not the environment.
    os.environ["DJANGO_SETTINGS_MODULE"] = f"{project}.settings"
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.INSTALLED_APPS  # noqa: B018 - reading one loads them all
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
