"""Environment variables, read so that a wrong one is a sentence with its name instead of a traceback."""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


class Env(environ.Env):
    """django-environ, where an empty variable counts as unset, and what cannot be read raises ImproperlyConfigured."""

    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **options: Any) -> Any:
        if not os.environ.get(var) and default is not self.NOTSET:
            return default
        try:
            return super().get_value(var, cast=cast, default=default, **options)
        except (ValueError, TypeError):
            wanted = {int: "a whole number", float: "a number", bool: "true or false"}.get(cast, "as it should be")
            raise ImproperlyConfigured(f"{var}={os.environ[var]} is not {wanted}: see docs/settings.md.") from None

    def db_url(
        self, var: str = "DATABASE_URL", default: Any = environ.Env.NOTSET, engine: Any = None
    ) -> dict[str, Any]:
        """A database from its address. The address is not repeated in the error: it holds a password."""
        try:
            database = super().db_url(var, default=default, engine=engine)
        except Exception:
            database = {}
        if not database.get("ENGINE", "").endswith(("sqlite3", "postgresql")):
            raise ImproperlyConfigured(f"{var} is not a database address: begin with postgres:// or sqlite:///")
        return dict(database)

    db = db_url


def folder(name: str, path: str) -> Path:
    """The folder `path`, made where it is missing; `name` is the variable it comes from."""
    resolved = Path(path).expanduser().resolve()
    try:
        resolved.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name}={path} cannot be used as a folder: {error.strerror}.") from None
    return resolved
