"""Finding answers by what stands in them.

A search finds a stretch of characters, in capital or small letters, with any blanks between its words, within one name
or one value of an answer (`hits.answers.search_text`; of one answer the first 20,000 characters). The digest keeps
these words in a table (`read`), of which each database has an index of three letters: SQLite an FTS5 table, PostgreSQL
a GIN index over `hits_letters()`, which needs no extension and so nobody's permission.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q

from dashboard.models import Account
from hits.answers import search_text
from hits.answers.text import shown

if TYPE_CHECKING:
    from hits.models import Assignment, AssignmentQuerySet

#: Seconds an index may take before what is looked for counts as common: words of common letters in a rare order.
PATIENCE = 0.05
_LETTERS = 3  # fewer, and no index knows them
# A wildcard of LIKE, or what a document never holds. `shown` writes the latter out, as the kept words have it.
_WILD = re.compile(r"[%_\\]")


def sought(text: str) -> str:
    """What a person typed, as it is looked for."""
    return " ".join(shown(text).lower().split())


def read(account: Account, rows: "list[Assignment]") -> None:
    """A reader of the digest: keeps the words of answers that are new. What a worker handed in never changes."""
    from hits.models import AnswerWords

    have = set(AnswerWords.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    new = [
        AnswerWords(assignment_id=row.pk, text=search_text(row.answer).lower()) for row in rows if row.pk not in have
    ]
    AnswerWords.objects.bulk_create(new, ignore_conflicts=True)


def holding(rows: "AssignmentQuerySet", text: str) -> "AssignmentQuerySet":
    """The rows in whose words `text` stands; also those whose words are not kept yet, where it is in the document."""
    from hits.models import AnswerWords

    words = AnswerWords.objects.filter(assignment=OuterRef("pk"))
    document = shown(text).strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    not_yet = Q(fresh=True) & Q(answer__icontains=document) & ~Exists(words)  # the cheapest first: databases stop there
    return rows.filter(Exists(words.filter(text__contains=sought(text))) | not_yet)


def few(among: "AssignmentQuerySet", text: str, most: int) -> list[int] | None:
    """The keys of all rows that `text` may stand in, found by the index; None where they are more than `most`, where
    looking for them takes too long, and where the text is too short for it."""
    run = max(_WILD.split(sought(text)), key=len)
    if len(run) < _LETTERS:
        return None
    find = {"sqlite": _by_fts5, "postgresql": _by_letters}.get(connection.vendor)
    found = find(run, most + 1) if find else None
    if found is None or len(found) > most:
        return None
    # Not read by the digest yet: also these have to be looked at.
    waiting = list(among.fresh().order_by("pk").values_list("pk", flat=True)[: most + 1])  # as their index has them
    return None if len(waiting) > most else list({*found, *waiting})


def _by_fts5(run: str, limit: int) -> list[int] | None:
    # The table knows LIKE with a bare pattern only, which Django's lookups are not: they add an ESCAPE.
    statement = "SELECT rowid FROM hits_answerwords_letters WHERE text LIKE %s LIMIT %s"
    with _patience_of_sqlite() as ran_out, connection.cursor() as cursor:
        try:
            cursor.execute(statement, [f"%{run}%", limit])
            return [key for (key,) in cursor.fetchall()]
        except OperationalError:
            if ran_out():
                return None
            raise


@contextmanager
def _patience_of_sqlite() -> Iterator[Callable[[], bool]]:
    """Stops what takes longer than PATIENCE; gives a function that says whether it was."""
    connection.ensure_connection()
    end = time.monotonic() + PATIENCE
    over = False

    def late() -> int:
        nonlocal over
        over = over or time.monotonic() > end
        return int(over)

    database: Any = connection.connection
    database.set_progress_handler(late, 1_000)
    try:
        yield lambda: over
    finally:
        database.set_progress_handler(None, 0)


def _by_letters(run: str, limit: int) -> list[int] | None:
    statement = (
        "SELECT assignment_id FROM hits_answerwords WHERE hits_letters(text) @> %s::bigint[] AND text LIKE %s LIMIT %s"
    )
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{int(PATIENCE * 1000)}ms"])
            cursor.execute(statement, [_letters(run), f"%{run}%", limit])
            found = [key for (key,) in cursor.fetchall()]
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return found
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == "57014":  # query_canceled
            return None
        raise


def _letters(run: str) -> list[int]:
    """Three letters each as one number, as `hits_letters()` writes them."""
    codes = [ord(letter) for letter in run]
    return sorted({(a << 42) | (b << 21) | c for a, b, c in zip(codes, codes[1:], codes[2:], strict=False)})
