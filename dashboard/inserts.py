"""New rows of one model that are alike in most columns, thousands at a time.

`bulk_create` converts every column of every row and builds a statement as long as all of them: for a chunk of commands
or of audit events that takes several times as long as the database needs.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import AutoField, Model


def insert(alike: Model, own: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows`, the values of the columns `own` (by attribute name); what `alike` says holds for all of them.

    Nothing is validated, no signal is sent, and nobody learns the numbers that the database gives to the rows.
    """
    if not rows:
        return
    meta = alike._meta
    fields: dict[str, Any] = {field.attname: field for field in meta.concrete_fields}
    different = [fields[name] for name in own]
    same = [field for name, field in fields.items() if name not in own and not isinstance(field, AutoField)]
    values = [field.get_db_prep_save(field.pre_save(alike, add=True), connection) for field in same]
    columns = [[field.get_db_prep_save(value, connection) for value in column]
               for field, column in zip(different, zip(*rows, strict=True), strict=True)]  # fmt: skip
    names = ", ".join(connection.ops.quote_name(field.column) for field in (*same, *different))
    into = f"INSERT INTO {connection.ops.quote_name(meta.db_table)} ({names})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One statement with a list for each column: it is planned once.
            places = "".join(f"%s::{field.db_type(connection)}, " for field in same)
            lists = ", ".join(f"%s::{field.db_type(connection)}[]" for field in different)
            cursor.execute(f"{into} SELECT {places}own.* FROM unnest({lists}) AS own", [*values, *columns])  # noqa: S608
        else:
            places = ", ".join(["%s"] * (len(same) + len(different)))
            cursor.executemany(f"{into} VALUES ({places})", [(*values, *row) for row in zip(*columns, strict=True)])
