"""What the website's file has no place for: the verdict about the data, corrections, agreement, gold, times in UTC.

Two shapes of the same: CSV, guarded against spreadsheets' formulas, and JSON lines with the answers' values as values.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from dashboard import csv_files
from dashboard.models import Account
from hits.answers.values import values as values_of
from hits.files.results import BEYOND
from hits.files.rows import MOST_FIELDS, chunks, columns, fields, inputs, keys
from hits.models import HIT, NOTHING_TO_COMPARE, Assignment, DataVerdict
from hits.sync.members import NEVER

HEADER = [
    "assignment_id", "hit_id", "worker_id", "batch", "title", "annotation", "reward", "status", "feedback",
    "accepted_at", "submitted_at", "approved_at", "rejected_at", "seconds", "data_verdict", "data_by", "data_at",
    "flagged", "agreement", "gold_score",
]  # fmt: skip


def usable(rows: "QuerySet[Assignment, Any]") -> "QuerySet[Assignment, Any]":
    """Without what somebody called unusable: paid it may be, data it is not."""
    return rows.exclude(data_verdict=DataVerdict.UNUSABLE)


def full_lines(account: Account, rows: "QuerySet[Assignment, Any]") -> Iterator[str]:
    """CSV, a row for each assignment: HEADER, input.*, answer.* as given, corrected.* where a reviewer changed it."""
    return csv_files.lines(_rows(account, rows))


def _rows(account: Account, rows: "QuerySet[Assignment, Any]") -> Iterator[Iterable[str]]:
    pks = keys(rows)
    given, answered, corrected = columns(pks)
    more = [BEYOND.lower()] if len(answered) >= MOST_FIELDS else []
    yield [
        *HEADER, *(f"input.{name}" for name in given), *(f"answer.{name}" for name in answered), *more,
        *(f"corrected.{name}" for name in corrected),
    ]  # fmt: skip
    for chunk in chunks(pks):
        known = inputs(chunk)
        for row in chunk:
            said, values = fields(row.answer), known.get(row.hit_id, {})
            better = row.corrected if isinstance(row.corrected, dict) else {}
            yield [
                *(_text(value) for value in _about(row).values()),
                *(values.get(name, "") for name in given),
                *(said.pop(name, "") for name in answered),
                *([json.dumps(said, ensure_ascii=False) if said else ""] if more else []),
                *(_text(better.get(name)) for name in corrected),
            ]


def json_lines(account: Account, rows: "QuerySet[Assignment, Any]") -> Iterator[str]:
    """A JSON object for each assignment: HEADER's members, `input`, `answer` (field: value), `corrected`."""
    for chunk in chunks(keys(rows)):
        known = inputs(chunk)
        questions = dict(HIT.objects.filter(pk__in={row.hit_id for row in chunk}).values_list("pk", "question"))
        for row in chunk:
            its = known.get(row.hit_id, {})
            whole = {
                **_about(row),
                "input": its,
                "answer": values_of(row.answer, questions.get(row.hit_id, ""), its),
                "corrected": row.corrected or {},
            }
            yield json.dumps(whole, ensure_ascii=False, default=str) + "\n"


def _about(row: Assignment) -> dict[str, Any]:
    hit = row.hit
    return {
        "assignment_id": row.assignment_id,
        "hit_id": hit.hit_id,
        "worker_id": row.worker_id,
        "batch": str(hit.batch),
        "title": hit.title,
        "annotation": hit.annotation,
        "reward": f"{hit.reward:.2f}",
        "status": row.status,
        "feedback": row.feedback,
        "accepted_at": _time(row.accepted_at),
        "submitted_at": _time(row.submitted_at),
        "approved_at": _time(row.approved_at),
        "rejected_at": _time(row.rejected_at),
        "seconds": row.work_seconds,
        "data_verdict": row.data_verdict or None,
        "data_by": str(row.data_by) if row.data_by else None,
        "data_at": _time(row.data_at),
        "flagged": row.flagged,
        "agreement": None if row.agreement == NOTHING_TO_COMPARE else row.agreement,
        "gold_score": row.gold_score,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None or moment == NEVER else moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
