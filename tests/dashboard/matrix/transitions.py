"""Every change of a command's state, noted by the database itself, however many rows and steps one function takes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def every_change_of_state_noted() -> Iterator[None]:
    """A trigger sees each UPDATE (in SQLite's words)."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE seen (before TEXT, after TEXT)")
        cursor.execute(
            "CREATE TEMP TRIGGER note AFTER UPDATE OF state ON main.dashboard_command WHEN OLD.state <> NEW.state "
            "BEGIN INSERT INTO seen VALUES (OLD.state, NEW.state); END"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER note")
            cursor.execute("DROP TABLE seen")


def seen() -> set[tuple[str, str]]:
    """(before, after) of each change since `forget`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT before, after FROM seen")
        return set(cursor.fetchall())


def forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM seen")
