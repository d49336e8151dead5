"""The statements of every call, built once and run again and again.

Building an ORM query takes ten times as long as SQLite takes to run it, and a payment needs nine. What every call does
goes through here: a row by a lookup, some columns of a row, new rows. The models stay the only place that knows tables,
columns and conversions. Signals are not sent; nobody listens.
"""

import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model

Row = TypeVar("Row", bound=Model)


class _Given(Expression):
    """Stands in a query for a value that is given when it runs."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list["_Given"]]:  # type: ignore[override]
        return "%s", [self]


class _Query(NamedTuple):
    sql: str
    given: tuple[Any, ...]  # a _Given where a value goes, else the value itself
    columns: list[str]
    converters: list[tuple[int, Any, list[Callable[[Any, Any, Any], Any]]]]


def one(model: type[Row], *, lock: bool = False, **which: Any) -> Row | None:
    """The row of which `which`, lookups as in `filter()`, name at most one; with `lock` it is locked where rows can be.

    Values: rows, numbers, texts, aware datetimes, None.
    """
    database = connections[DEFAULT_DB_ALIAS]  # asked once: the proxy `connection` looks for it at every attribute
    query = _query(model, lock, tuple((name, value is None) for name, value in which.items()), database.vendor)
    given = [_value(which[one.name], database) if type(one) is _Given else one for one in query.given]
    with database.cursor() as cursor:
        cursor.execute(query.sql, given)
        found = cursor.fetchone()
    if found is None:
        return None
    values = list(found)
    for place, expression, convert in query.converters:
        for step in convert:
            values[place] = step(values[place], expression, database)
    return model.from_db(DEFAULT_DB_ALIAS, query.columns, values)


def update(row: Model, *names: str) -> None:
    """Write those fields of a row, as `save(update_fields=…)` does; DatabaseError if the row is gone."""
    database = connections[DEFAULT_DB_ALIAS]
    sql, fields = _update(type(row), names)
    values = [field.get_db_prep_save(getattr(row, field.attname), database) for field in fields]
    with database.cursor() as cursor:
        cursor.execute(sql, [*values, row.pk])
        if cursor.rowcount != 1:
            raise DatabaseError(f"{type(row).__name__} {row.pk} is not there any more.")


def insert(rows: Sequence[Model]) -> None:
    """New rows of one model, in one statement; as objects they do not learn their ids."""
    database = connections[DEFAULT_DB_ALIAS]
    sql, fields = _insert(type(rows[0]), len(rows))
    values = [field.get_db_prep_save(field.pre_save(row, True), database) for row in rows for field in fields]
    with database.cursor() as cursor:
        cursor.execute(sql, values)


@functools.cache
def _query(model: type[Model], lock: bool, which: tuple[tuple[str, bool], ...], vendor: str) -> _Query:
    rows = model._default_manager.filter(**{name: None if is_none else _Given(name) for name, is_none in which})
    if lock:
        rows = rows.select_for_update(no_key=True)
    compiler = rows.query.get_compiler(connection=connection)
    sql, given = compiler.as_sql()
    selected = [column for column, *_ in compiler.select]
    converters = [
        (place, expression, steps) for place, (steps, expression) in compiler.get_converters(selected).items()
    ]
    return _Query(sql, tuple(given), [column.target.attname for column in selected], converters)


@functools.cache
def _update(model: type[Model], names: tuple[str, ...]) -> tuple[str, list[Field]]:
    fields = [cast(Field, model._meta.get_field(name)) for name in names]
    changes = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    return f"UPDATE {_table(model)} SET {changes} WHERE {_quoted(model._meta.pk.column)} = %s", fields  # noqa: S608


@functools.cache
def _insert(model: type[Model], number: int) -> tuple[str, list[Field]]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(_quoted(field.column) for field in fields)
    values = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * number)
    return f"INSERT INTO {_table(model)} ({columns}) VALUES {values}", fields  # noqa: S608


def _table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)


def _quoted(name: str | None) -> str:
    assert name  # a field without a column is none of a row's
    return connection.ops.quote_name(name)


def _value(value: Any, database: BaseDatabaseWrapper) -> Any:
    if isinstance(value, Model):
        return value.pk
    return database.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
