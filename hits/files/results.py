"""The Requester website's result CSV, as it was: what people's scripts of fifteen years read."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from dashboard.models import Account
from hits.files.rows import MOST_FIELDS, Rates, chunks, columns, fields, inputs, keys
from hits.models import HIT, Assignment
from hits.sync.members import NEVER

#: The 27 columns before Input.*, Answer.* and Approve, Reject (facts 4.6).
HEADER = [
    "HITId", "HITTypeId", "Title", "Description", "Keywords", "Reward", "CreationTime", "MaxAssignments",
    "RequesterAnnotation", "AssignmentDurationInSeconds", "AutoApprovalDelayInSeconds", "Expiration",
    "NumberOfSimilarHITs", "LifetimeInSeconds", "AssignmentId", "WorkerId", "AssignmentStatus", "AcceptTime",
    "SubmitTime", "AutoApprovalTime", "ApprovalTime", "RejectionTime", "RequesterFeedback", "WorkTimeInSeconds",
    "LifetimeApprovalRate", "Last30DaysApprovalRate", "Last7DaysApprovalRate",
]  # fmt: skip
MARKS = ["Approve", "Reject"]
#: Where the fields beyond MOST_FIELDS go, as JSON: nothing a worker said is lost, and no file grows without end.
BEYOND = "Answer.(further fields)"
_PACIFIC = ZoneInfo("America/Los_Angeles")


def result_rows(account: Account, rows: "QuerySet[Assignment, Any]") -> Iterator[list[str]]:
    """The header, then a row for each assignment, two cells shorter: nobody has marked it yet.

    Two passes over the answers, since the columns are the union of all their fields; in memory are eight bytes for
    each assignment and one chunk of them.
    """
    pks = keys(rows)
    given, answered, _ = columns(pks)
    more = [BEYOND] if len(answered) >= MOST_FIELDS else []
    yield [*HEADER, *(f"Input.{name}" for name in given), *(f"Answer.{name}" for name in answered), *more, *MARKS]
    rates = Rates(account)
    for chunk in chunks(pks):
        known = inputs(chunk)
        history = rates.of({row.worker_id for row in chunk})
        cells_of: dict[int, list[str]] = {}
        for row in chunk:
            if row.hit_id not in cells_of:
                cells_of[row.hit_id] = _hit_cells(row.hit)
            said, values = fields(row.answer), known.get(row.hit_id, {})
            cells = [*cells_of[row.hit_id], *_assignment_cells(row), *history[row.worker_id]]
            cells += [values.get(name, "") for name in given]
            cells += [said.pop(name, "") for name in answered]
            if more:
                cells.append(json.dumps(said, ensure_ascii=False) if said else "")
            yield cells


def website_time(moment: datetime | None) -> str:
    """`Mon Aug 15 08:13:06 PDT 2022`: the time in Seattle, whatever the season."""
    if moment is None or moment == NEVER:
        return ""
    return moment.astimezone(_PACIFIC).strftime("%a %b %d %H:%M:%S %Z %Y")


def _seconds(duration: timedelta | None) -> str:
    return str(int(duration.total_seconds())) if duration is not None else ""


def _hit_cells(hit: HIT) -> list[str]:
    kind = hit.hit_type
    return [
        hit.hit_id, kind.hit_type_id, kind.title, kind.description, kind.keywords, f"${hit.reward:.2f}",
        website_time(hit.created_at), str(hit.max_assignments), hit.annotation, _seconds(kind.assignment_duration),
        _seconds(kind.auto_approval_delay), website_time(hit.expires_at), "", "",
    ]  # fmt: skip


def _assignment_cells(row: Assignment) -> list[str]:
    took = row.work_seconds
    return [
        row.assignment_id, row.worker_id, row.status, website_time(row.accepted_at), website_time(row.submitted_at),
        website_time(row.auto_approval_at), website_time(row.approved_at), website_time(row.rejected_at),
        row.feedback, "" if took is None else str(took),
    ]  # fmt: skip
