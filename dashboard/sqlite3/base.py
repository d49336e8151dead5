"""Django's SQLite with connections that may stay open for as long as their thread.

Opening one, reading the tables' definitions and planning each statement anew took longer than the queries of a page;
and closing the last one wrote the log of changes back. But one that stays open would go on writing into a file that
somebody has put another in the place of, e.g. a copy brought back, and nobody would find again what was decided.
"""

import os
from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """With CONN_HEALTH_CHECKS, which asks `is_usable` once for each request."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        opened = super().get_new_connection(conn_params)
        self.opened = self._file()
        return opened

    def is_usable(self) -> bool:
        return self.opened == self._file()

    def _file(self) -> tuple[int, int] | None:
        """What tells the file of that name from any other; None where there is none, as of a database in memory."""
        try:
            found = os.stat(self.settings_dict["NAME"])
        except OSError:
            return None
        return found.st_dev, found.st_ino
