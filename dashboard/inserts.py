"""New rows of one model that are alike in most columns, thousands at a time.

`bulk_create` converts every column of every row and builds a statement as long as all of them: for a chunk of commands
or of audit events that takes several times as long as the database needs.
"""

import secrets
import time
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import AutoField, CharField, DecimalField, Field, Model, TextField


def new_key() -> uuid.UUID:
    """A key greater than those of earlier milliseconds (RFC 9562, version 7); its last 62 bits are random.

    Rows made one after the other then stand together in every index, where random keys would touch as many places.
    """
    bits = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    bits = bits & ~(0xF << 76) | 7 << 76
    return uuid.UUID(int=bits & ~(0b11 << 62) | 0b10 << 62)


def insert(
    alike: Model,
    own: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    unique: Sequence[str] = (),
    update: Sequence[str] = (),
) -> None:
    """Insert `rows`, the values of the columns `own` (by attribute name); what `alike` says holds for all of them.

    Where there is a row already with the same values of the columns `unique`, its columns `update` are written instead.
    Nothing is validated, no signal is sent, and nobody learns the numbers that the database gives to the rows.
    """
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]  # the proxy of that name would look for it at every attribute
    meta = alike._meta
    fields: dict[str, Any] = {field.attname: field for field in meta.concrete_fields}
    different = [fields[name] for name in own]
    same = [field for name, field in fields.items() if name not in own and not isinstance(field, AutoField)]
    values = [field.get_db_prep_save(field.pre_save(alike, add=True), connection) for field in same]
    columns = [
        _converted(field, column, connection) for field, column in zip(different, zip(*rows, strict=True), strict=True)
    ]
    quoted = {name: connection.ops.quote_name(field.column) for name, field in fields.items()}
    names = ", ".join(quoted[field.attname] for field in (*same, *different))
    into = f"INSERT INTO {connection.ops.quote_name(meta.db_table)} ({names})"
    instead = ""
    if unique:
        changes = ", ".join(f"{quoted[name]} = excluded.{quoted[name]}" for name in update)
        instead = f" ON CONFLICT ({', '.join(quoted[name] for name in unique)}) DO UPDATE SET {changes}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One statement with a list for each column: it is planned once.
            places = "".join(f"%s::{_type(field, connection)}, " for field in same)
            lists = ", ".join(f"%s::{_type(field, connection)}[]" for field in different)
            cursor.execute(
                f"{into} SELECT {places}own.* FROM unnest({lists}) AS own{instead}",  # noqa: S608 -- names of columns
                [*values, *columns],
            )
        else:
            places = ", ".join(["%s"] * (len(same) + len(different)))
            together = [(*values, *row) for row in zip(*columns, strict=True)]
            cursor.executemany(f"{into} VALUES ({places}){instead}", together)


def _type(field: "Field[Any, Any]", connection: BaseDatabaseWrapper) -> str:
    """A cast to a text of a length would cut silently what is too long, and without one it is refused."""
    return "text" if isinstance(field, CharField) else str(field.db_type(connection))


def _converted(field: "Field[Any, Any]", column: Sequence[Any], connection: BaseDatabaseWrapper) -> list[Any]:
    """A column's values as the database takes them."""

    def convert(value: Any) -> Any:
        return field.get_db_prep_save(value, connection)

    if isinstance(field, CharField | TextField):
        return [value if type(value) is str else convert(value) for value in column]
    if isinstance(field, DecimalField):  # many rows, few prices
        prices = {value: convert(value) for value in set(column)}
        return [prices[value] for value in column]
    return [convert(value) for value in column]
