"""What SQLite is told of the table of assignments: that it is large, before it is.

SQLite chooses an index by statistics, and nobody gathers them here: without any it takes the index of which most
columns are given, and reads a million rows in the order of one that is of no use. So they are written by hand, once and
for all sizes: what is quick with a million is quick with ten. PostgreSQL gathers its own.
"""

from typing import Any

from django.db import connections

from hits.models.mirror import Assignment

ROWS = 1_000_000
#: How many different values there are; of all other columns of an index as many as rows.
_DIFFERENT = {
    "account": 1, "status": 3, "hit": 100_000, "batch": 40, "worker_id": 1_000, "agreement": 100, "gold_score": 10,
    "reviewer": 4, "data_verdict": 4,
}  # fmt: skip
#: Rows of indexes that hold some only. Of what waits nearly as many as of all: so its own order is taken, and no other
#: to be sorted, which seems cheap to SQLite where one row is asked for.
_HELD = {
    "waiting": 850_000, "decided": 400_000, "deciding": 1_000, "of_verdict": 1_000, "flagged": 20_000,
    "by_data": 100_000, "by_gold": 100_000, "by_reviewer": 400_000, "handed": 100, "fresh": 100,
}  # fmt: skip


def _said_of(fields: list[str], rows: int) -> str:
    """As sqlite_stat1 holds it: the rows of an index, and how many have its first columns in common."""
    said, groups = [str(rows)], 1
    for field in fields:
        groups = min(rows, groups * _DIFFERENT.get(field.removeprefix("-"), rows))
        said.append(str(rows // groups))
    return " ".join(said)


def _rows_of(name: str) -> int:
    return next((rows for part, rows in _HELD.items() if name.startswith(f"assignment_{part}")), ROWS)


def write_plans(using: str = "default", **_: Any) -> None:
    """Called after every migration: a table that was built anew has lost them."""
    connection = connections[using]
    table = Assignment._meta.db_table
    if connection.vendor != "sqlite" or table not in connection.introspection.table_names():
        return
    said = {index.name: _said_of(list(index.fields), _rows_of(index.name)) for index in Assignment._meta.indexes}
    with connection.cursor() as cursor:
        # Only this makes the table that the statistics stand in; looking at a few rows is enough for that.
        cursor.execute("PRAGMA analysis_limit = 10")
        cursor.execute(f"ANALYZE {table}")
        cursor.execute("DELETE FROM sqlite_stat1 WHERE tbl = %s", [table])
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = %s", [table])
        for (name,) in cursor.fetchall():
            if name.startswith("sqlite_autoindex"):
                said[name] = _said_of(["account", "assignment_id"], ROWS)
            elif name not in said:
                # What a foreign key has of its own.
                said[name] = _said_of(["hit" if "_hit_id_" in name else "account"], ROWS)
        rows = [(table, name, words) for name, words in said.items()]
        cursor.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)", rows)
