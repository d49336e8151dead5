"""What each filter of the review queue leaves, and how few rows are found without looking at all of them.

Every order of the queue has an index. A filter is one of two kinds: what an index finds (batch, worker, HIT, flags …)
is looked up first where it is few; everything else is looked through in the order of the page, a window at a time.
Of what closes soon, of a HIT and of a worker there may be many, and none of them in the next window: all of those are
found by their index, and sorted (`Looking.page`).
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import FloatField, Func
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    from hits.models.mirror import AssignmentQuerySet

#: As many rows as a filter's index may name before it counts as few.
FEW = 3_000
#: Rows that one page looks through for what no index finds.
WINDOW = 5_000

#: Filters whose rows stand together in the index of an order: they need no second look there.
_IN_ORDER = {"auto_approval_at": {"before", "batch"}, "submitted_at": {"batch", "worker"}}
#: Filters whose rows are sorted where a window does not hold enough of them.
SORTED = frozenset({"before", "hit", "worker"})
#: Filters with an index of their own, those that leave least first.
_INDEXED = (
    "hit",
    "worker",
    "text",
    "before",
    "flags",
    "proposals",
    "reviewer_id",
    "data",
    "gold",
    "agreement",
    "type",
    "batch",
)


def matching(
    rows: "AssignmentQuerySet", filters: dict[str, Any], *, hidden: frozenset[str] = frozenset()
) -> "AssignmentQuerySet":
    """What the filters leave; `filters` as QueueFilter.frozen gives them. Those of `hidden` are said in words that no
    index answers to: a database would take theirs, and sort all it finds for one page."""
    rows = _of_status(rows, filters.get("status"))
    for name, leave in CONDITIONS.items():
        if name in filters:
            rows = _HIDDEN[name](rows, filters) if name in hidden and name in _HIDDEN else leave(rows, filters)
    return rows


def _of_status(rows: Any, status: str | None) -> Any:
    if status == "waiting":
        return rows.awaiting_review()
    if status == "deciding":
        # Not exclude(): SQLite sees that an index of such rows alone will do by these words only.
        return rows.filter(verdict__isnull=False)
    if status in ("approved", "rejected"):
        return rows.decided_as(status.capitalize())
    return rows


def _hits_named(filters: dict[str, Any]) -> list[int]:
    from hits.models.mirror import HIT

    # Looked up first: a join would go through all answers and look for the HIT of each.
    return list(HIT.objects.filter(hit_id=filters["hit"].strip().upper()).values_list("pk", flat=True))


def _worker_named(filters: dict[str, Any]) -> str:
    return str(filters["worker"]).strip().upper()


def _hits_of_type(filters: dict[str, Any]) -> Any:
    from hits.models.mirror import HIT

    return HIT.objects.filter(hit_type__hit_type_id=filters["type"].strip().upper()).values("pk")


def unindexed(column: str) -> Coalesce:
    """A column as no index knows it."""
    return Coalesce(column, column)


class Seconds(Func):
    """Seconds from the second time to the first, worked out by the database itself: SQLite would otherwise ask Python
    for each row."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="((%(expressions)s) * 86400.0)", arg_joiner=" - ", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="EXTRACT(EPOCH FROM %(expressions)s)", arg_joiner=" - ", **context
        )


class _Day(Func):
    """A time as a number of days where the database keeps times as text."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="julianday(%(expressions)s)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s", **context)


#: A day's fraction as a double holds a time to some fifty microseconds; MTurk's have none below a millisecond.
_ROUNDING = 0.0005


def _taking(rows: Any, filters: dict[str, Any]) -> Any:
    """Submitted minus accepted, as `work_seconds` says it in whole seconds."""
    rows = rows.filter(accepted_at__isnull=False).alias(took=Seconds(_Day("submitted_at"), _Day("accepted_at")))
    if "under" in filters:
        rows = rows.filter(took__lt=filters["under"] - _ROUNDING)
    if "over" in filters:
        rows = rows.filter(took__gte=filters["over"] + 1 - _ROUNDING)
    return rows


def _of_reviewer(rows: Any, filters: dict[str, Any]) -> Any:
    """What waits is handed to somebody for a while; what is decided stays theirs."""
    rows = rows.filter(reviewer=filters["reviewer_id"])
    if filters.get("status") == "waiting":
        rows = rows.filter(handed_until__gt=datetime.fromisoformat(filters["held_after"]))
    return rows


def _proposed(rows: Any, filters: dict[str, Any]) -> Any:
    from hits.models.review import Finding

    if filters["proposals"] == "open":
        return rows.filter(pk__in=Finding.objects.filter(state=Finding.State.PROPOSED).values("assignment"))
    return rows


def _written(words: str) -> str:
    """As a document writes them."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def said_in(field: str, text: str) -> str:
    """A regular expression for answers in whose field of that name `text` stands; for any answer that has the field
    where `text` is empty. It reads the document as it came: a field of a form, or a key inside a field's JSON."""

    def escaped(words: str) -> str:
        # Backslashes before punctuation mean the same to Python and to PostgreSQL.
        return re.sub(r"([^\w\s])", r"\\\1", _written(words), flags=re.ASCII)

    name = escaped(field)
    plain = rf"<QuestionIdentifier>\s*{name}\s*</QuestionIdentifier>"
    quote = r"(\"|&quot;|&\#34;)"
    inside = rf"{quote}{name}{quote}\s*:"
    if not text:
        return rf"({plain}|{inside})"
    sought = escaped(text)
    # Up to the end of this field, or to the next key of the JSON. Each character can be read in one way only: had a
    # space two, as with (.|\s), every one of them would double the time in which nothing is found. And no number says
    # how many there may be: PostgreSQL counts to 255.
    field_goes_on, value_goes_on = r"(?!</Answer>|<QuestionI)(.|\n)", rf"(?!</Answer>|{quote}\s*:)(.|\n)"
    return rf"({plain}({field_goes_on})*?{sought}|{inside}({value_goes_on})*?{sought})"


def _having(rows: Any, filters: dict[str, Any]) -> Any:
    if filters["field"].isascii():  # what LIKE and the expression take for the same letter
        rows = rows.filter(answer__icontains=_written(filters["field"]))  # ten times as fast where there is none
    return rows.filter(answer__iregex=said_in(filters["field"], filters.get("text", "")))


def _saying(rows: Any, filters: dict[str, Any]) -> Any:
    from hits import search

    return search.holding(rows, filters["text"])


CONDITIONS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "batch": lambda rows, chosen: rows.filter(batch=chosen["batch"]),
    "worker": lambda rows, chosen: rows.filter(worker_id=_worker_named(chosen)),
    "hit": lambda rows, chosen: rows.filter(hit__in=_hits_named(chosen)),
    "type": lambda rows, chosen: rows.filter(hit__in=_hits_of_type(chosen)),
    "text": _saying,
    "field": _having,
    "before": lambda rows, chosen: rows.auto_approving_before(datetime.fromisoformat(chosen["before"])),
    "under": _taking,
    "over": lambda rows, chosen: rows if "under" in chosen else _taking(rows, chosen),
    "flags": lambda rows, chosen: rows.filter(flagged=chosen["flags"] == "yes"),
    "proposals": _proposed,
    "agreement": lambda rows, chosen: rows.filter(agreement__lt=chosen["agreement"]),
    "gold": lambda rows, chosen: rows.filter(gold_score__lt=chosen["gold"]),
    "data": lambda rows, chosen: rows.filter(data_verdict="" if chosen["data"] == "none" else chosen["data"]),
    "reviewer_id": _of_reviewer,
}


#: Of the conditions those whose index is so large that it must not be gone through for a page in another order.
_HIDDEN: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "batch": lambda rows, chosen: rows.alias(its_batch=unindexed("batch_id")).filter(its_batch=chosen["batch"]),
    "worker": lambda rows, chosen: rows.alias(its_worker=unindexed("worker_id")).filter(
        its_worker=_worker_named(chosen)
    ),
    "hit": lambda rows, chosen: rows.alias(its_hit=unindexed("hit_id")).filter(its_hit__in=_hits_named(chosen)),
    "type": lambda rows, chosen: rows.alias(its_hit=unindexed("hit_id")).filter(its_hit__in=_hits_of_type(chosen)),
}


def _index_of(name: str, among: Any, filters: dict[str, Any]) -> Any:
    """The rows of an account that one filter leaves, where an index of its own finds them; else None.

    What an index is limited to is said in its own words: a database sees only so that it may be used.
    """
    if name == "text":
        from hits import search

        keys = search.few(among, filters["text"], FEW)
        return None if keys is None else among.filter(pk__in=keys)
    if name == "before":
        return CONDITIONS[name](_of_status(among, filters.get("status")), filters)
    if name == "flags" and filters["flags"] != "yes":
        return None
    if name == "data":
        return None if filters["data"] == "none" else CONDITIONS[name](among.exclude(data_verdict=""), filters)
    if name == "gold":
        return CONDITIONS[name](among.filter(gold_score__isnull=False), filters)
    if name == "reviewer_id":
        return CONDITIONS[name](among.filter(reviewer__isnull=False), filters)
    if name == "agreement":
        # Only what waits has an index of it.
        return CONDITIONS[name](among.awaiting_review(), filters) if filters.get("status") == "waiting" else None
    return CONDITIONS[name](among, filters)


def narrowed(
    among: "AssignmentQuerySet", filters: dict[str, Any], *, column: str
) -> tuple["AssignmentQuerySet", frozenset[str]]:
    """What the filters leave of `among`, an account's assignments, for a page in the order of `column`; and the names
    of the filters that no index finds in that order. Where there are any, look through a window at a time.
    """
    rows = matching(among, filters)
    loose = frozenset(filters).intersection(CONDITIONS) - _IN_ORDER.get(column, set())
    if not loose:
        return rows, loose
    for name in _INDEXED:
        index = _index_of(name, among, filters) if name in filters else None
        if index is None:
            continue
        keys = list(index.order_by().values_list("pk", flat=True)[: FEW + 1])
        if len(keys) <= FEW:
            return rows.filter(pk__in=keys), frozenset()
    return matching(among, filters, hidden=loose), loose


def sorted_apart(
    among: "AssignmentQuerySet", filters: dict[str, Any], loose: frozenset[str], *, column: str, descending: bool
) -> "AssignmentQuerySet":
    """What the filters leave in the order of `column` (called `place`), found by the index of what is SORTED: the order
    is said in words that no index answers to."""
    rows = matching(among, filters, hidden=loose - SORTED).alias(place=unindexed(column))
    return rows.order_by(*(("-place", "-pk") if descending else ("place", "pk")))


def unfiltered(among: "AssignmentQuerySet", filters: dict[str, Any], *, column: str) -> "AssignmentQuerySet":
    """The rows whose order an index holds: those a window is measured in."""
    names = {"status", *_IN_ORDER.get(column, ())}
    return matching(among, {name: value for name, value in filters.items() if name in names})
