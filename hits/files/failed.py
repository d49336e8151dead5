"""The rows of an upload that were not done, with why: corrected and uploaded again, nothing is done twice."""

from collections.abc import Iterator

from django.db.models import Q

from dashboard.models import Job, JobState, State
from hits.files.marked import COLUMNS, verdict_refused
from hits.models import Upload, UploadRow

BONUS_COLUMNS = ("WorkerId", "AssignmentId", "BonusAmount", "Reason")
_ENDED_BADLY = (State.FAILED, State.CANCELLED, State.DECLINED)


def columns_of(upload: Upload) -> tuple[str, ...]:
    return COLUMNS if upload.kind == Upload.Kind.MARKED else BONUS_COLUMNS


def jobs_of(upload: Upload) -> dict[str, Job]:
    """Action -> the job that does its rows, of those that were asked for."""
    keys = {upload.form_key(action): action for action in UploadRow.Action.values}
    rows = Job.objects.filter(account=upload.account_id, form_key__in=list(keys)).select_related("requested_by")
    return {keys[job.form_key]: job for job in rows if job.form_key}


def failed_rows(upload: Upload) -> Iterator[list[str]]:
    """A header and the rows that were not done: the file's own cells, then the sentence why."""
    columns = columns_of(upload)
    yield [*columns, "Problem"]
    jobs = jobs_of(upload)
    prepared = [action for action, job in jobs.items() if job.state != JobState.PREPARING]
    left_out = Q(fate=UploadRow.Fate.GO, command=None, action__in=prepared)
    not_done = ~Q(fate=UploadRow.Fate.GO) | left_out | Q(command__state__in=_ENDED_BADLY)
    rows = UploadRow.objects.filter(not_done, upload=upload).select_related("command", "assignment")
    after = 0
    while chunk := list(rows.filter(pk__gt=after).order_by("pk").defer("assignment__answer", "assignment__raw")[:500]):
        for row in chunk:
            yield [*(row.cells.get(column, "") for column in columns), _why(row)]
        after = chunk[-1].pk


def _why(row: UploadRow) -> str:
    if row.fate == UploadRow.Fate.REFUSED:
        return row.why
    if row.fate == UploadRow.Fate.DOUBT:
        return f"{row.why} It was not ticked."
    command = row.command
    if command is not None:
        words = {State.CANCELLED: "It was cancelled.", State.DECLINED: "An approver declined it."}
        return command.error_message or words.get(State(command.state), "It did not go through.")
    if row.assignment is not None and row.assignment.gone_at is not None:
        return "Its HIT no longer exists there."
    ours = row.assignment if row.action != UploadRow.Action.BONUS else None
    said = "" if ours is None else verdict_refused(row, ours, set())
    return said or "It had changed by the time the job was prepared."
