"""The worker file of the Requester website (Manage > Workers > Download CSV): its shape, and what it may ask for. Pure.

    Worker ID, four to six counts, CURRENT-<name> and UPDATE-<name> for each qualification type, CURRENT BlockStatus,
    UPDATE BlockStatus, BlockReason

Uploaded, only the UPDATE columns count: a score from 0 to 100 or Revoke, and Block or Unblock. The guide of the website
writes UPDATE-BlockStatus, its files UPDATE BlockStatus; both are read, and so is what spreadsheets make of a file.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from dashboard.csv_files import Row, Table, key, unguarded
from dashboard.permissions import Denied, check_text_for_worker

WORKER, BLOCK_NOW, BLOCK, REASON = "Worker ID", "CURRENT BlockStatus", "UPDATE BlockStatus", "BlockReason"
COUNTS = (
    "Number of HITs approved or rejected - Lifetime",
    "Number of HITs approved - Lifetime",
    "Number of HITs approved or rejected - Last 30 Days",
    "Number of HITs approved - Last 30 Days",
    "Number of HITs approved or rejected - Last 7 Days",
    "Number of HITs approved - Last 7 Days",
)
NEVER_BLOCKED, BLOCKED, UNBLOCKED = "Never Blocked", "Blocked", "Unblocked"
#: What the website takes; the API takes more, and so does the file of what failed, which may be of pasted values.
LOWEST, HIGHEST = 0, 100
PROBLEM = "Problem"
_UPDATE = re.compile(r"\s*UPDATE\s*[-\s]\s*(?P<name>\S.*)", re.IGNORECASE | re.DOTALL)
_WORKER_ID = re.compile(r"A[A-Z0-9]{1,63}")
_SHOWN = 60


class NoWorkers(Exception):
    """The file has no column of worker ids; the message is for the person who sent it."""


def header(type_names: Iterable[str]) -> list[str]:
    """The first line of the website's file for qualification types of these names."""
    names = [f"{when}-{name}" for name in type_names for when in ("CURRENT", "UPDATE")]
    return [WORKER, *COUNTS, *names, BLOCK_NOW, BLOCK, REASON]


def line(worker_id: str, counts: Iterable[int], scores: Iterable[int | None], block_status: str) -> list[str]:
    """A worker's line below `header`: the UPDATE cells and the reason are for whoever edits it."""
    cells = [cell for score in scores for cell in ("" if score is None else str(score), "")]
    return [worker_id, *map(str, counts), *cells, block_status, "", ""]


def worker_id_of(text: str) -> str:
    """What was typed as an id: blanks and quotes around it gone, in capitals, which all ids are."""
    return unguarded(text.strip()).strip("\"'\u201c\u201d \t\u00a0\ufeff").upper()


def worker_id_problem(worker_id: str) -> str:
    """Why this is nobody's id; "" where it may be one."""
    if not worker_id:
        return "There is no worker id."
    if not _WORKER_ID.fullmatch(worker_id):
        return f"“{worker_id[:_SHOWN]}” is no worker id: they begin with A and hold capital letters and digits only."
    return ""


def whole_number(text: str) -> int | None:
    """A whole number, also as spreadsheets write one: 80, 80.0, 80,00, 8.0E+01. None where it is none."""
    text = text.strip().replace("\u00a0", "").replace("\u2212", "-")
    if len(text) > 20:
        return None
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    if not number.is_finite() or number != number.to_integral_value() or abs(number) > 2**31 - 1:
        return None
    return int(number)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one cell of a file asks for. `problem`: why it cannot be done, as far as the cell alone tells."""

    number: int
    act: str
    worker_id: str
    type_name: str = ""
    column: str = ""
    typed: str = ""
    value: int | None = None
    reason: str = ""
    problem: str = ""


@dataclass(slots=True)
class Columns:
    """Where what stands in a file, and sentences about columns that say nothing."""

    worker: int
    scores: list[tuple[int, str, str]]  # place, name of the type, the column's name as it stands there
    block: int | None = None
    reason: int | None = None
    ours: bool = False  # a file of what failed
    notes: list[str] = field(default_factory=list)


def columns_of(table: Table) -> Columns:
    """NoWorkers where nothing says whom the rows are about."""
    worker = table.place("Worker ID", "WorkerId", "WorkerID")
    if worker is None:
        raise NoWorkers(
            "There is no column “Worker ID”. Its first line has to name the columns, as in the file you download here."
        )
    found = Columns(
        worker, [], table.place("UPDATE BlockStatus"), table.place("BlockReason", "Block Reason"),
        ours=table.place(PROBLEM) is not None,
    )  # fmt: skip
    for place, name in enumerate(table.header):
        update = _UPDATE.fullmatch(name)
        if update and key(name) != key(BLOCK):
            if not any(update["name"].strip() == other for _, other, _ in found.scores):
                found.scores.append((place, update["name"].strip(), name))
            else:
                found.notes.append(f"The column “{name[:_SHOWN]}” stands there twice; the first one counts.")
    if found.block is None and not found.scores:
        found.notes.append("The file has no UPDATE column, so it asks for nothing.")
    return found


def wanted(row: Row, columns: Columns) -> Iterator[Wanted]:
    """What a row of the file asks for; a row whose UPDATE cells are empty asks for nothing."""
    worker_id = worker_id_of(row.cell(columns.worker))
    problem = worker_id_problem(worker_id)
    cut = "The file ends within this row. Was it sent whole? Send it again." if row.cut else ""
    for place, name, column in columns.scores:
        typed = row.cell(place)
        if typed:
            yield _score(row.number, worker_id, name, column, typed, cut or problem, any_value=columns.ours)
    if columns.block is not None and (typed := row.cell(columns.block)):
        reason = unguarded(row.cell(columns.reason))
        yield _block(row.number, worker_id, typed, reason, cut or problem)


def _score(number: int, worker_id: str, name: str, column: str, typed: str, problem: str, *, any_value: bool) -> Wanted:
    common: dict[str, Any] = {"type_name": name, "column": column[:240], "typed": typed[:200]}
    if typed.casefold() == "revoke":
        return Wanted(number, "revoke", worker_id[:100], problem=problem, **common)
    value = whole_number(unguarded(typed))
    if not problem and (value is None or not (any_value or LOWEST <= value <= HIGHEST)):
        problem = f"“{typed[:_SHOWN]}” is no score: write a whole number from 0 to 100, or Revoke."
    return Wanted(number, "grant", worker_id[:100], value=value, problem=problem, **common)


def _block(number: int, worker_id: str, typed: str, reason: str, problem: str) -> Wanted:
    word = typed.casefold()
    act = "unblock" if word in ("unblock", "unblocked") else "block"
    if not problem and word not in ("block", "unblock", "blocked", "unblocked", "never blocked"):
        problem = f"“{typed[:_SHOWN]}” is neither Block nor Unblock."
    elif not problem and word == "never blocked":
        problem = "Nobody can be made never blocked. Write Unblock, or leave the cell empty."
    elif not problem and act == "block" and not reason:
        problem = "A block needs a reason: write it into BlockReason. The worker does not see it."
    elif not problem:
        try:
            check_text_for_worker(reason)
        except Denied as words:
            problem = str(words)
    return Wanted(number, act, worker_id[:100], column=BLOCK, typed=typed[:200], reason=reason[:1024], problem=problem)


def failed_header(columns: Iterable[str]) -> list[str]:
    """The file of what failed: only what has to be looked at again, and why. It can be uploaded as it is."""
    return [WORKER, *columns, BLOCK, REASON, PROBLEM]


def failed_line(worker_id: str, columns: Iterable[str], typed: Mapping[str, str], problems: Iterable[str]) -> list[str]:
    return [
        worker_id, *(typed.get(column, "") for column in columns), typed.get(BLOCK, ""), typed.get(REASON, ""),
        " ".join(problems),
    ]  # fmt: skip
