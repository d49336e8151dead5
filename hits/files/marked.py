"""A result file that somebody marked: X in Approve, or a reason in Reject. Read row by row, previewed, then jobs.

What is not marked asks for nothing. A row that cannot be understood is refused with a sentence and stops no other.
"""

import re
from collections.abc import Iterable
from typing import IO

from django.db import transaction
from django.utils import timezone

from dashboard import csv_files, incoming
from dashboard.csv_files import Row, Table, Unreadable, unguarded
from dashboard.incoming import Reading
from dashboard.models import OPEN_STATES, Account, Command, Role, User
from dashboard.permissions import Denied, check_role, check_text_for_worker
from hits.actions.verdicts import OVERRIDE_WITHIN
from hits.commands import ApproveAssignment, OverrideRejection, RejectAssignment
from hits.models import HIT, Assignment, AssignmentStatus, HITInput, Upload, UploadRow

CHUNK = 500
COLUMNS = ("HITId", "AssignmentId", "WorkerId", "Approve", "Reject")
#: Characters of a cell that are kept for the file of what failed; no reason may be as long.
LONGEST_KEPT = 2_000
_VERDICTS = (ApproveAssignment.name, RejectAssignment.name, OverrideRejection.name)
_ID = re.compile(r"[A-Z0-9]{1,64}\Z")
_EMPTY = ("", "{}")
# What lands in Reject when columns have shifted, or when somebody took it for a box to tick.
_NO_REASON = re.compile(r"(x|true|false|yes|no|[-+]?[\d.,%$ ]+|[\[{].*[\]}]|https?://\S+)\Z", re.IGNORECASE | re.DOTALL)
_MOST_INPUTS, _LONGEST_INPUT = 200, 20_000


def begin_marked(*, account: Account, by: User, name: str, file: IO[bytes]) -> Upload:
    """Take in a marked file; a worker reads it. Unreadable, with nothing stored, where it is no such file."""
    check_role(by, account, Role.REVIEWER, "upload marked results")
    _check_header(csv_files.read(file))
    stored = incoming.keep(file, account=account)
    return Upload(account=account, kind=Upload.Kind.MARKED, name=name[:200], made_by=by).begin(stored, "marked")


def _check_header(table: Table) -> None:
    if table.place("AssignmentId") is None:
        raise Unreadable("The file has no column AssignmentId. Download the results here, and mark those.")
    if table.place("Approve") is None and table.place("Reject") is None:
        raise Unreadable("The file has neither a column Approve nor a column Reject: there is nothing to do.")
    for column in COLUMNS:
        if len(table.places(column)) > 1:
            raise Unreadable(f"The file has the column {column} more than once. Keep the one that counts.")


def read_marked(reading: Reading) -> None:
    """Store what a marked file asks for. One that cannot be read to its end keeps the rows before, and says so."""
    upload = Upload.of(reading)
    table = csv_files.read(reading.file)
    said = _Said(upload, table)
    for chunk in reading.chunks(incoming.bounded(table), CHUNK, skip=upload.rows_read):
        with transaction.atomic():
            reading.step()
            said.store(chunk)
    upload.finish(reading)


class _Said:
    """What the rows of one file ask for."""

    def __init__(self, upload: Upload, table: Table) -> None:
        self.upload = upload
        self.width = len(table.header)
        self.place = {column: table.place(column) for column in COLUMNS}
        self.inputs = {
            name.removeprefix("Input.").strip()[:200]: place
            for place, name in enumerate(table.header)
            if name.startswith("Input.")
        }
        if len(self.inputs) > _MOST_INPUTS:
            self.inputs = {}

    def store(self, rows: list[Row]) -> None:
        upload = self.upload
        upload.rows_read += len(rows)
        found = [self._row(row) for row in rows]
        asked = [row for row in found if row is not None]
        upload.unmarked += len(rows) - len(asked)
        self._look_up(asked)
        UploadRow.objects.bulk_create(asked)
        if self.inputs:
            self._keep_inputs(rows)
        upload.save(update_fields=["rows_read", "unmarked"])

    def _keep_inputs(self, rows: list[Row]) -> None:
        """What the website's file tells of the tasks' inputs, for HITs of which we know nothing better."""
        by_hit = {unguarded(row.cell(self.place["HITId"])).upper(): row for row in rows if len(row.cells) <= self.width}
        hits = HIT.objects.of(self.upload.account).filter(hit_id__in=list(by_hit), input=None)
        HITInput.objects.bulk_create(
            [
                HITInput(
                    hit_id=pk,
                    values=[(name, by_hit[hit_id].cell(place)[:_LONGEST_INPUT]) for name, place in self.inputs.items()],
                )
                for pk, hit_id in hits.values_list("pk", "hit_id")
            ],
            ignore_conflicts=True,
        )

    def _row(self, row: Row) -> UploadRow | None:
        """What a row asks for; None where nothing."""
        cells = {column: row.cell(place) for column, place in self.place.items()}
        beyond = any(cell.strip() for cell in row.cells[self.width :])
        said = UploadRow(
            upload=self.upload,
            number=row.number,
            fate=UploadRow.Fate.REFUSED,
            cells={column: cell[:LONGEST_KEPT] for column, cell in cells.items()},
            assignment_name=unguarded(cells["AssignmentId"]).upper()[:64],
            worker_name=unguarded(cells["WorkerId"]).upper()[:64],
        )
        mark, reason = unguarded(cells["Approve"]), unguarded(cells["Reject"])
        if row.cut:
            said.why = "The file ends within this row, so it may be only half of what was meant."
        elif beyond:
            said.why = "This row has more cells than the header: its columns are shifted, so nothing is read from it."
        elif said.assignment_name and not _ID.match(said.assignment_name):
            said.why = f"AssignmentId holds “{cells['AssignmentId'][:40]}”: the columns of this row are shifted."
        elif mark in _EMPTY and reason in _EMPTY:
            return None
        elif not said.assignment_name:
            said.why = "It is marked, but AssignmentId is empty."
        elif mark not in _EMPTY and reason not in _EMPTY:
            said.why = "Approve and Reject are both filled in. Empty one of them."
        elif mark not in _EMPTY and mark.lower() != "x":
            said.why = f"Approve holds “{mark[:40]}”. Put X there to approve; empty means no decision."
        elif mark not in _EMPTY:
            said.action, said.fate = UploadRow.Action.APPROVE, UploadRow.Fate.GO
        else:
            self._rejects(said, reason)
        return said

    def _rejects(self, said: UploadRow, reason: str) -> None:
        said.action = UploadRow.Action.REJECT
        if _NO_REASON.match(reason):
            said.why = f"Reject holds “{reason[:40]}”. Write the reason there: the worker reads it."
            return
        try:
            said.text = check_text_for_worker(reason.replace("\r\n", "\n").replace("\r", "\n"))
        except Denied as sentence:
            said.why = str(sentence)
        else:
            said.fate = UploadRow.Fate.GO

    def _look_up(self, rows: list[UploadRow]) -> None:
        """Match a chunk with our assignments: three queries, however many rows."""
        names = {row.assignment_name for row in rows if row.fate == UploadRow.Fate.GO}
        ours = known(self.upload.account, names)
        moving = on_their_way(self.upload.account, names)
        before = earlier_rows(self.upload, ours.values())
        for row in rows:
            if row.fate != UploadRow.Fate.GO:
                continue
            row.assignment = ours.get(row.assignment_name)
            why = self._cannot(row, moving, before)
            if why:
                row.fate, row.why = UploadRow.Fate.REFUSED, why
            else:
                before[row.assignment_id] = row

    def _cannot(self, row: UploadRow, moving: set[str], before: dict[int | None, UploadRow]) -> str:
        assignment = row.assignment
        if assignment is None:
            return "No assignment of this account has this id."
        if foreign := not_the_same(row, assignment):
            return foreign
        first = before.get(assignment.pk)
        if first is not None:
            if (_wish(first), first.text) == (_wish(row), row.text):
                return f"Row {first.number} says the same already."
            first.fate = UploadRow.Fate.REFUSED
            first.why = f"Row {row.number} says something else about this assignment. Keep the one you mean."
            if first.pk:
                first.save(update_fields=["fate", "why"])
            return f"Row {first.number} says something else about this assignment. Keep the one you mean."
        return verdict_refused(row, assignment, moving)


def _wish(row: UploadRow) -> str:
    return "reject" if row.action == UploadRow.Action.REJECT else "approve"


def known(account: Account, names: Iterable[str]) -> dict[str, Assignment]:
    """AssignmentId -> our row, of those we have, without what is long."""
    rows = Assignment.objects.of(account).filter(assignment_id__in=list(names)).select_related("hit")
    needed = ("assignment_id", "worker_id", "status", "submitted_at", "verdict", "gone_at", "hit__hit_id")
    return {row.assignment_id: row for row in rows.only(*needed)}


def on_their_way(account: Account, names: Iterable[str]) -> set[str]:
    rows = Command.objects.filter(
        account=account, assignment_id__in=list(names), kind__in=_VERDICTS, state__in=OPEN_STATES
    )
    return set(rows.values_list("assignment_id", flat=True))


def earlier_rows(upload: Upload, assignments: Iterable[Assignment]) -> dict[int | None, UploadRow]:
    """Rows of earlier chunks about the same assignments; refused ones too where they were refused for a contradiction,
    so that a third row does not pass for the first."""
    rows = UploadRow.objects.filter(upload=upload, assignment__in=[row.pk for row in assignments]).order_by("-pk")
    return {row.assignment_id: row for row in rows}


def not_the_same(row: UploadRow, assignment: Assignment) -> str:
    """The sentence where the file names another worker or HIT than we know for this assignment."""
    if row.worker_name and row.worker_name != assignment.worker_id:
        return f"The file says worker {row.worker_name}, but {assignment.worker_id} handed this in."
    hit_id = unguarded(row.cells.get("HITId", "")).strip().upper()
    if hit_id and hit_id != assignment.hit.hit_id:
        return f"The file says HIT {hit_id[:64]}, but this is an answer to {assignment.hit.hit_id}."
    return ""


def verdict_refused(row: UploadRow, assignment: Assignment, moving: set[str]) -> str:
    """The sentence why what the row asks for cannot be done now. X on a rejected assignment becomes an override."""
    if assignment.gone_at is not None:
        return "Its HIT no longer exists there; this is our archived copy."
    if assignment.assignment_id in moving or assignment.verdict_id is not None:
        return "A decision about it is on its way."
    if assignment.status == AssignmentStatus.APPROVED:
        return "It is approved already." + ("" if _wish(row) == "approve" else " What is approved cannot be rejected.")
    if assignment.status == AssignmentStatus.REJECTED:
        if _wish(row) == "reject":
            return "It is rejected already."
        if assignment.submitted_at < timezone.now() - OVERRIDE_WITHIN:
            return "MTurk overrides a rejection only within 30 days of the submission."
        row.action = UploadRow.Action.OVERRIDE
    return ""
