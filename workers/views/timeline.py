"""All that ever happened between this account and one worker, newest first, a page at a time.

It stands in eight tables. Each gives as many rows as a page holds, from the cursor on, by its own index; merged, the
first page of them is the page: what it costs does not grow with what there is.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from dashboard.models import Account, Command
from hits.models import Assignment
from workers.commands import CreateWorkerBlock, DeleteWorkerBlock, SendBonus
from workers.models import BonusPayment, MessageRecipient, SoftBlock, WorkerNote, WorkerTag

PAGE = 40
SHOWS = {
    "": "Everything",
    "work": "Work",
    "decisions": "Decisions",
    "money": "Bonuses",
    "messages": "Messages",
    "qualifications": "Qualifications",
    "blocks": "Blocks",
    "notes": "Notes and tags",
}
_VERDICTS = ("ApproveAssignment", "RejectAssignment", "OverrideRejection")
_BLOCKS = (CreateWorkerBlock.name, DeleteWorkerBlock.name)


@dataclass(frozen=True)
class Entry:
    """`name` chooses how the template writes it; `row` is the row it is about."""

    name: str
    at: datetime
    row: Any


@dataclass(frozen=True)
class Timeline:
    entries: list[Entry]
    older_url: str


@dataclass(frozen=True)
class _Source:
    name: str
    show: str
    column: str
    rows: Callable[[Account, str], QuerySet[Any]]


def _commands(account: Account, worker_id: str) -> QuerySet[Command]:
    rows = Command.objects.filter(account=account, worker_id=worker_id).select_related("requested_by", "job")
    return rows.defer("params", "response")


def _soft_blocks(account: Account, worker_id: str) -> QuerySet[SoftBlock]:
    rows = SoftBlock.objects.filter(account=account, worker_id=worker_id)
    return rows.select_related("batch", "hit_type", "made_by", "lifted_by")


_NOT_OTHERS = (*_VERDICTS, *_BLOCKS, SendBonus.name, "NotifyWorkers")
#: In the order of those that happened in one moment.
_SOURCES = [
    _Source("note", "notes", "made_at", lambda account, worker_id: WorkerNote.objects.filter(
        account=account, worker_id=worker_id).select_related("made_by")),
    _Source("tag", "notes", "made_at", lambda account, worker_id: WorkerTag.objects.filter(
        account=account, worker__worker_id=worker_id, worker__account=account).select_related("made_by")),
    _Source("lifted", "blocks", "lifted_at", lambda account, worker_id: _soft_blocks(account, worker_id).exclude(
        lifted_at=None)),
    _Source("soft_block", "blocks", "made_at", _soft_blocks),
    _Source("command", "blocks", "created_at", lambda account, worker_id: _commands(account, worker_id).filter(
        kind__in=_BLOCKS)),
    _Source("command", "qualifications", "created_at", lambda account, worker_id: _commands(account, worker_id).exclude(
        kind__in=_NOT_OTHERS)),
    _Source("message", "messages", "made_at", lambda account, worker_id: MessageRecipient.objects.filter(
        account=account, worker_id=worker_id).select_related("message__made_by")),
    _Source("command", "money", "created_at", lambda account, worker_id: _commands(account, worker_id).filter(
        kind=SendBonus.name)),
    _Source("bonus", "money", "granted_at", lambda account, worker_id: BonusPayment.objects.filter(
        account=account, worker_id=worker_id, command=None)),
    _Source("command", "decisions", "created_at", lambda account, worker_id: _commands(account, worker_id).filter(
        kind__in=_VERDICTS)),
    _Source("work", "work", "submitted_at", lambda account, worker_id: Assignment.objects.of(account).filter(
        worker_id=worker_id).select_related("hit__hit_type", "batch", "verdict").defer("raw", "hit__raw")),
]  # fmt: skip


def timeline(account: Account, worker_id: str, *, show: str, cursor: str) -> Timeline:
    """A page from the cursor on; `show` is one of SHOWS. A cursor is text from a URL: a bad one begins anew."""
    at = _read(cursor)
    streams = [
        _stream(account, worker_id, source, rank, at)
        for rank, source in enumerate(_SOURCES)
        if show in ("", source.show)
    ]
    merged = heapq.merge(*streams, key=lambda found: (-found[1].at.timestamp(), found[0]))
    found = list(islice(merged, PAGE + 1))
    older = ""
    if len(found) > PAGE:
        rank, last = found[PAGE - 1]
        query = {"show": show} if show else {}
        older = "?" + urlencode({**query, "after": f"{last.at.isoformat()}_{rank}_{last.row.pk}"})
    return Timeline([entry for _, entry in found[:PAGE]], older)


def _stream(
    account: Account, worker_id: str, source: _Source, rank: int, cursor: tuple[datetime, int, str] | None
) -> Iterator[tuple[int, Entry]]:
    rows, column = source.rows(account, worker_id), source.column
    if cursor is not None:
        at, last_rank, last_pk = cursor
        rows = rows.filter(**{f"{column}__lte": at})
        if rank < last_rank:
            rows = rows.filter(**{f"{column}__lt": at})
        elif rank == last_rank:
            try:
                key = rows.model._meta.pk.to_python(last_pk)
            except Exception:
                key = None
            if key is not None:
                rows = rows.filter(Q(**{f"{column}__lt": at}) | Q(pk__lt=key))
    for row in rows.order_by(f"-{column}", "-pk")[: PAGE + 1]:
        yield rank, Entry(source.name, getattr(row, column), row)


def _read(cursor: str) -> tuple[datetime, int, str] | None:
    moment, _, rest = cursor.partition("_")
    rank, _, key = rest.partition("_")
    try:
        at = datetime.fromisoformat(moment)
        return (at, int(rank), key) if at.tzinfo is not None else None
    except ValueError:
        return None
