"""Getting the data folder and the database ready, or saying in one sentence why that cannot be."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from marketplace import datadir


def prepare() -> None:
    """Makes the data folder and brings the database's tables up to date; CommandError where it cannot."""
    folder = settings.DATA_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Two processes starting at once must not both create the tables.
        with datadir.locked(folder / "marketplace-migrate.lock"):
            _migrate()
    except OSError as error:
        raise CommandError(f"The data folder {folder} cannot be used: {error.strerror or error}.") from None


def _migrate() -> None:
    try:
        _connect_once()
        call_command("migrate", verbosity=0, interactive=False)
    except (DatabaseError, UnicodeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        name = connection.settings_dict["NAME"]
        raise CommandError(f"The marketplace's database {name} cannot be opened: {reason}.") from None


def _connect_once() -> None:
    """Raises what connecting raises, at once: a pool would try for a while and say less."""
    probe = connection.copy()
    if probe.settings_dict["OPTIONS"].pop("pool", None):
        probe.settings_dict["OPTIONS"].setdefault("connect_timeout", 10)
    try:
        probe.ensure_connection()
    finally:
        probe.close()
