"""Any number of assignments in bounded memory: their keys first, eight bytes each, then chunk by chunk."""

from array import array
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from dashboard.models import Account
from hits.answers import Given, parse
from hits.models import HIT, Assignment, AssignmentStatus, HITInput

CHUNK = 500
#: Names of answers' fields that become columns of their own; a worker may invent any number of them.
MOST_FIELDS = 2_000
#: Workers whose figures are remembered between chunks.
_REMEMBERED = 20_000


def keys(rows: "QuerySet[Assignment, Any]") -> "array[int]":
    """The primary keys of `rows`, those of a HIT together, as they are at this moment."""
    found = rows.order_by("hit", "pk").values_list("pk", flat=True)
    return array("q", found.iterator(chunk_size=5_000))


def chunks(pks: "array[int]", *, whole: bool = True) -> Iterator[list[Assignment]]:
    """Lists of at most CHUNK assignments in the order of their keys; not `whole`: what names the columns, no more."""
    for start in range(0, len(pks), CHUNK):
        part = pks[start : start + CHUNK].tolist()
        rows: Any = Assignment.objects.filter(pk__in=part)
        if whole:
            rows = rows.defer("raw").select_related("data_by")
        else:
            rows = rows.only("answer", "hit", "corrected")
        by_pk = {row.pk: row for row in rows}
        if whole:
            # Many answers, few HITs: each of these is made once for all of its own.
            hits = HIT.objects.select_related("hit_type", "batch").defer("raw", "question")
            found = hits.in_bulk({row.hit_id for row in by_pk.values()})
            for row in by_pk.values():
                row.hit = found[row.hit_id]
        yield [by_pk[pk] for pk in part if pk in by_pk]


def said(given: Given) -> str:
    """What a worker gave for one identifier, as one text; several values are joined by `|`, as the website does."""
    values = [*given.texts, *given.selections, *([given.other] if given.other is not None else [])]
    if not values and given.file is not None:
        return given.file.key
    return "|".join(values)


def fields(answer: str) -> dict[str, str]:
    """Identifier -> text of an answer document; one that cannot be read is nothing."""
    return {name: said(given) for name, given in parse(answer).answers.items()}


def inputs(rows: list[Assignment]) -> dict[int, dict[str, str]]:
    """Primary key of a HIT -> its input row, where that is known."""
    return HITInput.objects.of({row.hit_id for row in rows})


def columns(pks: "array[int]") -> tuple[list[str], list[str], list[str]]:
    """Names of all inputs, in their order; of answers' fields and corrected ones, sorted as the website does."""
    given: dict[str, None] = {}
    answered: dict[str, None] = {}
    corrected: dict[str, None] = {}
    for rows in chunks(pks, whole=False):
        for values in inputs(rows).values():
            _add(given, values)
        for row in rows:
            _add(answered, fields(row.answer))
            _add(corrected, row.corrected if isinstance(row.corrected, dict) else {})
    return list(given), sorted(answered), sorted(corrected)


def _add(known: dict[str, None], names: Any) -> None:
    for name in names:
        if len(known) >= MOST_FIELDS:
            return
        known[name] = None


class Rates:
    """How many of a worker's assignments here were approved of those decided: in all, in 30 days, in 7 days."""

    def __init__(self, account: Account, now: datetime | None = None) -> None:
        self._account = account
        self._now = now or timezone.now()
        self._known: OrderedDict[str, tuple[str, str, str]] = OrderedDict()

    def of(self, workers: set[str]) -> dict[str, tuple[str, str, str]]:
        missing = [worker for worker in workers if worker not in self._known]
        if missing:
            for worker, *counts in self._counted(missing):
                pairs = zip(counts[::2], counts[1::2], strict=True)
                self._known[worker] = tuple(_rate(*pair) for pair in pairs)  # type: ignore[assignment]
        found = {worker: self._known.get(worker, ("0% (0/0)",) * 3) for worker in workers}
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found

    def _counted(self, workers: list[str]) -> Any:
        figures = {}
        for name, days in (("all", None), ("month", 30), ("week", 7)):
            since = self._now - timedelta(days=days) if days else None
            approved = Q(status=AssignmentStatus.APPROVED)
            rejected = Q(status=AssignmentStatus.REJECTED)
            if since is not None:
                approved &= Q(approved_at__gte=since)
                rejected &= Q(rejected_at__gte=since)
            figures[f"{name}_approved"] = Count("pk", filter=approved)
            figures[f"{name}_decided"] = Count("pk", filter=approved | rejected)
        rows = Assignment.objects.of(self._account).filter(worker_id__in=workers).order_by().values("worker_id")
        return rows.annotate(**figures).values_list("worker_id", *figures)


def _rate(approved: int, decided: int) -> str:
    percent = (200 * approved + decided) // (2 * decided) if decided else 0
    return f"{percent}% ({approved}/{decided})"
