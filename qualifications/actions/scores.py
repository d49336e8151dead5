"""Who gets what: one worker at a time, or a sheet of wishes that is looked at before anything is done."""

import json
import re
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from django.db import transaction
from django.db.models import Q

from dashboard import audit, csv_files, incoming, jobs
from dashboard.commands import ask, wake
from dashboard.csv_files import Unreadable
from dashboard.incoming import Reading
from dashboard.models import OPEN_STATES, Account, Command, IncomingFile, Job, Role, User
from dashboard.permissions import Denied, check_role, check_text_for_worker
from qualifications.commands.scores import AssociateQualificationWithWorker, DisassociateQualificationFromWorker
from qualifications.jobs.scores import BULK_OF
from qualifications.models import Line, QualificationType, Score, Sheet, score_key, values_of
from qualifications.worker_csv import (
    BLOCKED,
    NEVER_BLOCKED,
    UNBLOCKED,
    Wanted,
    columns_of,
    wanted,
    whole_number,
    worker_id_of,
    worker_id_problem,
)
from workers.models import Worker, WorkerBlock

CHUNK = 1000
#: Lines of one sheet; larger crowds are taken in parts.
MOST_LINES = 100_000
DELETED = "The qualification was deleted meanwhile, so nobody can be given it or lose it."
_LARGEST = 2**31 - 1
_BETWEEN = re.compile(r"[\s,;:=]+")


# --- one worker -----------------------------------------------------------------------------------------------------


def check_can_give(kind: QualificationType, by: User) -> None:
    """Raise Denied where this person cannot give or take this type here."""
    check_role(by, kind.account, Role.REVIEWER, "give qualifications")
    if not kind.is_own:
        raise Denied("Only qualifications of one's own can be given: this one is not this account's.")
    if kind.gone_at is not None or kind.status == "Disposing":
        raise Denied(f"“{kind.name}” was deleted, so nobody can be given it any more.")
    if kind.status in ("Creating", "Failed"):
        raise Denied(f"“{kind.name}” does not exist at MTurk yet. Try again when it does.")
    if kind.purpose == "panel":
        raise Denied("This is a panel's own qualification. Put workers in, or take them out, on the panel's page.")


@transaction.atomic
def grant(
    *,
    kind: QualificationType,
    worker_id: str,
    value: int,
    by: User,
    notify: bool = False,
    form_key: uuid.UUID | None = None,
) -> Command:
    """Ask that a worker holds this type with this value."""
    check_can_give(kind, by)
    worker_id = _checked_worker(worker_id)
    if abs(value) > _LARGEST:
        raise Denied("A value is a whole number of at most ten digits.")
    held = values_of(kind.account, [worker_id], [kind.pk]).get((kind.pk, worker_id))
    if held == value:
        raise Denied(f"{worker_id} has {value} already.")
    return _asked(
        AssociateQualificationWithWorker, kind, worker_id, by, form_key,
        IntegerValue=value, SendNotification=notify,
    )  # fmt: skip


@transaction.atomic
def revoke(
    *, kind: QualificationType, worker_id: str, by: User, reason: str = "", form_key: uuid.UUID | None = None
) -> Command:
    """Ask that a worker holds it no more; with a reason, which the worker reads, or quietly."""
    check_can_give(kind, by)
    worker_id = _checked_worker(worker_id)
    if not Score.objects.granted().filter(qualification_type=kind, worker_id=worker_id).exists():
        raise Denied(f"{worker_id} does not have it.")
    more = {"Reason": check_text_for_worker(reason)} if reason.strip() else {}
    return _asked(DisassociateQualificationFromWorker, kind, worker_id, by, form_key, **more)


def _checked_worker(worker_id: str) -> str:
    worker_id = worker_id_of(worker_id)
    if problem := worker_id_problem(worker_id):
        raise Denied(problem)
    return worker_id


def _asked(
    command: Any, kind: QualificationType, worker_id: str, by: User, form_key: uuid.UUID | None, **more: Any
) -> Command:
    made = ask(
        command,
        account=kind.account,
        by=by,
        params={"QualificationTypeId": kind.qualification_type_id, "WorkerId": worker_id, **more},
        form_key=form_key,
        worker_id=worker_id,
        note=kind.name[:200],
        exclusive_key=score_key(kind.qualification_type_id, worker_id),
    )
    wake(kind.account)
    return made


# --- sheets: made ---------------------------------------------------------------------------------------------------


def pasted(
    text: str, *, kind: QualificationType, value: int | None, revoke: bool, by: User, notify: bool, reason: str
) -> Sheet:
    """A sheet of ids, one on a line, each with a value behind it where it has one of its own; read at once, so the form
    says how many they may be."""
    check_can_give(kind, by)
    if not text.strip():
        raise Denied("Paste worker ids, one on a line.")
    sheet = Sheet.objects.create(
        account=kind.account, source=Sheet.Source.PASTE, name="Pasted list", qualification_type=kind, made_by=by,
        notify=notify, reason=check_text_for_worker(reason),
    )  # fmt: skip
    look, rows = _Look(sheet, {kind.name: kind}), _of_text(text, kind, value, revoke)
    while chunk := list(islice(rows, CHUNK)):
        Line.objects.bulk_create(look.at(chunk))
    sheet.complete = True
    sheet.save(update_fields=["complete"])
    return sheet


def _of_text(text: str, kind: QualificationType, value: int | None, revoke: bool) -> Iterator[Wanted]:
    for number, typed in enumerate(text.splitlines(), 1):
        typed = typed.strip()
        if not typed:
            continue
        first, _, rest = _BETWEEN.sub(" ", typed).partition(" ")
        worker_id, problem, its_own = worker_id_of(first), "", value
        problem = worker_id_problem(worker_id)
        act = Line.Act.REVOKE if revoke or rest.casefold() == "revoke" else Line.Act.GRANT
        if act == Line.Act.GRANT and rest and not problem:
            its_own = whole_number(rest)
            if its_own is None:
                problem = f"“{rest[:60]}” is no value: write a whole number behind the id, or nothing."
        if act == Line.Act.GRANT and its_own is None and not problem:
            its_own = 1
        yield Wanted(
            number, act, worker_id[:100], type_name=kind.name, column=f"UPDATE-{kind.name}"[:240],
            typed="Revoke" if act == Line.Act.REVOKE else str(its_own if its_own is not None else rest)[:200],
            value=its_own, problem=problem,
        )  # fmt: skip


def of_workers(
    worker_ids: Iterable[str], *, kind: QualificationType, value: int, revoke: bool, by: User, notify: bool,
    reason: str, name: str,
) -> Sheet:  # fmt: skip
    """A sheet of a selection of workers; their ids are taken down now, and read by a worker."""
    check_can_give(kind, by)
    sheet = Sheet(
        account=kind.account, source=Sheet.Source.SELECTION, name=name[:200], qualification_type=kind, made_by=by,
        notify=notify, reason=check_text_for_worker(reason),
    )  # fmt: skip
    asked = {"value": value, "revoke": revoke}
    with tempfile.SpooledTemporaryFile(max_size=incoming.IN_MEMORY) as file:
        file.write(json.dumps(asked).encode())
        file.writelines(f"\n{worker_id_of(worker_id)}".encode() for worker_id in worker_ids)
        return _begin(sheet, incoming.keep(file, account=kind.account))


def _of_workers(reading: Reading, kind: QualificationType) -> Iterator[Wanted]:
    asked = json.loads(reading.file.readline())
    value, revoke = asked["value"], asked["revoke"]
    for number, line in enumerate(reading.file, 1):
        worker_id = line.decode().rstrip("\n")
        yield Wanted(
            number, Line.Act.REVOKE if revoke else Line.Act.GRANT, worker_id[:100], type_name=kind.name,
            column=f"UPDATE-{kind.name}"[:240], typed="Revoke" if revoke else str(value),
            value=None if revoke else value, problem=worker_id_problem(worker_id),
        )  # fmt: skip


def of_file(file: IO[bytes], *, account: Account, name: str, by: User, notify: bool, reason: str) -> Sheet:
    """A sheet of a worker file, which a worker reads. csv_files.Unreadable or worker_csv.NoWorkers where nothing of it
    can be read."""
    check_role(by, account, Role.REVIEWER, "give qualifications")
    sheet = Sheet(
        account=account, source=Sheet.Source.FILE, name=name[:200] or "File", made_by=by, notify=notify,
        reason=check_text_for_worker(reason), notes=columns_of(csv_files.read(file)).notes,
    )  # fmt: skip
    return _begin(sheet, incoming.keep(file, account=account))


@transaction.atomic
def _begin(sheet: Sheet, stored: IncomingFile) -> Sheet:
    sheet.file = stored
    sheet.save(force_insert=True)
    incoming.hand_over(stored, "sheet")
    return sheet


def read_sheet(reading: Reading) -> None:
    """Look at what a sheet asks for, chunk by chunk, and keep each line with a sentence."""
    sheet = Sheet.objects.select_related("account", "made_by", "qualification_type").get(file=reading.stored)
    rows: Iterator[Wanted]
    if sheet.source == Sheet.Source.FILE:
        table = csv_files.read(reading.file)
        columns = columns_of(table)
        types = _types_called(sheet.account, [name for _, name, _ in columns.scores])
        rows = (each for row in incoming.bounded(table) for each in wanted(row, columns))
    else:
        assert sheet.qualification_type is not None
        sheet.qualification_type.account = sheet.account
        types = {sheet.qualification_type.name: sheet.qualification_type}
        rows = _of_workers(reading, sheet.qualification_type)
    look = _Look(sheet, types)
    there = Line.objects.filter(sheet=sheet).count()  # one for each wish that was read
    for chunk in reading.chunks(_at_most(rows), CHUNK, skip=there):
        with transaction.atomic():
            reading.step()
            Line.objects.bulk_create(look.at(chunk))
    with transaction.atomic():
        reading.finish()
        if reading.problem:
            sheet.notes = [*sheet.notes, reading.problem]
        sheet.file, sheet.complete = None, True
        sheet.save(update_fields=["file", "complete", "notes"])


def _at_most(rows: Iterator[Wanted]) -> Iterator[Wanted]:
    for count, each in enumerate(rows):
        if count >= MOST_LINES:
            raise Unreadable(f"The list asks for more than {MOST_LINES:,} changes. Send the others apart.")
        yield each


def _types_called(account: Account, names: Iterable[str]) -> dict[str, QualificationType]:
    """Types of the account by the names a file has for them: one that is there before those that are gone, then one
    that is called exactly so before those that differ in capitals and blanks, then a newer one before the older."""
    called: dict[tuple[bool, bool, str], QualificationType] = {}
    for row in QualificationType.objects.of(account).own().defer("test", "answer_key", "raw").order_by("-pk"):
        gone = row.gone_at is not None
        called.setdefault((gone, False, row.name.strip()), row)
        called.setdefault((gone, True, _plain(row.name)), row)
    ways = [(gone, roughly) for gone in (False, True) for roughly in (False, True)]
    found: dict[str, QualificationType] = {}
    for name in names:
        keys = ((gone, roughly, _plain(name) if roughly else name) for gone, roughly in ways)
        if meant := next((called[key] for key in keys if key in called), None):
            found[name] = meant
    return found


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


class _Look:
    """What is thought of each row: against the rows before it, what workers hold, and what is on its way."""

    def __init__(self, sheet: Sheet, types: dict[str, QualificationType]) -> None:
        self.sheet, self.account, self.types = sheet, sheet.account, types
        self.problems: dict[int, str] = {}  # of a type: why nobody can be given it, the same for all rows

    def at(self, chunk: list[Wanted]) -> list[Line]:
        lines = [self._line(each) for each in chunk]
        good = [row for row in lines if row.verdict == Line.Verdict.READY]
        workers = {row.worker_id for row in good}
        type_keys = {row.qualification_type.pk for row in good if row.qualification_type}
        self.held = values_of(self.account, workers, type_keys)
        self.known = set(
            Worker.objects.of(self.account).filter(worker_id__in=workers).values_list("worker_id", flat=True)
        )
        self.blocks = dict(
            WorkerBlock.objects.of(self.account)
            .filter(worker_id__in={row.worker_id for row in good if row.qualification_type is None})
            .values_list("worker_id", "lifted_at")
        )
        keys = {row.key for row in good}
        earlier = Line.objects.filter(sheet=self.sheet, key__in=keys).order_by("-pk")
        self.said = {key: (number, typed) for key, number, typed in earlier.values_list("key", "number", "typed")}
        open_ones = Command.objects.filter(account=self.account, worker_id__in=workers, state__in=OPEN_STATES)
        self.open = set(open_ones.values_list("exclusive_key", flat=True)) & keys
        for row in good:
            self._judge(row)
        return lines

    def _line(self, each: Wanted) -> Line:
        kind = self.types.get(each.type_name)
        problem = each.problem
        of_type = each.act in (Line.Act.GRANT, Line.Act.REVOKE)
        if of_type and not problem:
            problem = self._type_problem(kind, each.type_name)
        key = ""
        if not problem:
            key = (
                score_key(kind.qualification_type_id, each.worker_id) if kind and of_type else f"block:{each.worker_id}"
            )
        return Line(
            sheet=self.sheet, number=each.number, act=each.act, worker_id=each.worker_id,
            qualification_type=kind if of_type else None, column=each.column, typed=each.typed, value=each.value,
            reason=each.reason, verdict=Line.Verdict.BAD if problem else Line.Verdict.READY, sentence=problem[:400],
            key=key,
        )  # fmt: skip

    def _type_problem(self, kind: QualificationType | None, name: str) -> str:
        if kind is None:
            return f"This account has no qualification “{name[:80]}”. Is the name of the column as it was?"
        if kind.pk not in self.problems:
            self.problems[kind.pk] = ""
            try:
                check_can_give(kind, self.sheet.made_by)
            except Denied as reason:
                self.problems[kind.pk] = str(reason)
        return self.problems[kind.pk]

    def _judge(self, row: Line) -> None:
        """The sentence of a row that could be done, and whether it should."""
        if row.key in self.said:
            number, typed = self.said[row.key]
            row.verdict = Line.Verdict.BAD
            same = typed.casefold() == row.typed.casefold()
            row.sentence = f"Line {number} says {'the same' if same else f'“{typed[:40]}”'} about this worker already."
            if same:
                row.verdict = Line.Verdict.SAME
            row.key = ""
            return
        self.said[row.key] = (row.number, row.typed)
        same, sentence = self._score(row) if row.qualification_type else self._block(row)
        if not same and row.key in self.open:
            same, sentence = True, "A change of this is on its way already."
        if not same and row.worker_id not in self.known:
            sentence += " Nobody with this id has worked for this account; MTurk says whether there is such a worker."
        row.verdict, row.sentence = (Line.Verdict.SAME if same else Line.Verdict.READY), sentence

    def _score(self, row: Line) -> tuple[bool, str]:
        assert row.qualification_type is not None
        held, name = self.held.get((row.qualification_type.pk, row.worker_id)), row.qualification_type.name[:80]
        if row.act == Line.Act.REVOKE:
            return (held is None, f"Takes “{name}” away; it was {held}." if held is not None else "Does not have it.")
        if held is None:
            return False, f"Gets “{name}” with {row.value}."
        return held == row.value, f"Has {held} already." if held == row.value else f"From {held} to {row.value}."

    def _block(self, row: Line) -> tuple[bool, str]:
        status = block_status(self.blocks, row.worker_id)
        if row.act == Line.Act.BLOCK:
            if status == BLOCKED:
                return True, "Is blocked already."
            return False, "Is blocked from all your HITs. At MTurk this can cost a person the account."
        if status != BLOCKED:
            return True, "Is not blocked."
        return False, "Is unblocked and can work for you again."


def block_status(blocks: dict[str, Any], worker_id: str) -> str:
    """As the website says it; `blocks`: worker id to when a block was lifted, None while it stands."""
    if worker_id not in blocks:
        return NEVER_BLOCKED
    return BLOCKED if blocks[worker_id] is None else UNBLOCKED


# --- sheets: carried out --------------------------------------------------------------------------------------------


def carry_out(sheet: Sheet, *, by: User) -> list[Job]:
    """A job for each kind of change that a sheet still asks for. Sent twice, nothing is asked for twice."""
    check_role(by, sheet.account, Role.REVIEWER, "give qualifications")
    # By itself, so that it stays where nothing else is left to do.
    gone = Q(qualification_type__gone_at__isnull=False) | Q(qualification_type__status="Disposing")
    Line.objects.filter(sheet=sheet).ready().filter(gone).update(verdict=Line.Verdict.BAD, sentence=DELETED, key="")
    return _carry_out(sheet, by)


@transaction.atomic
def _carry_out(sheet: Sheet, by: User) -> list[Job]:
    sheet = Sheet.objects.select_for_update(of=("self",)).select_related("account").get(pk=sheet.pk)
    if not sheet.complete:
        raise Denied("The list is still being read.")
    begun = []
    acts = Line.objects.filter(sheet=sheet).ready().order_by().values_list("act", flat=True).distinct()
    going_on = Job.objects.filter(account=sheet.account, selection__sheet=sheet.pk, state="preparing")
    preparing = {job.options.get("bulk") for job in going_on}
    wanted_acts = [act for act in Line.Act.values if act in set(acts) and BULK_OF[act] not in preparing]
    if not wanted_acts:
        raise Denied("Nothing of this list is left to do.")
    for act in wanted_acts:
        begun.append(
            jobs.ask(BULK_OF[act], account=sheet.account, by=by, selection={"sheet": sheet.pk, "act": act}, options={})
        )
    audit.record(
        "sheet.begun", account=sheet.account, by=by, subject=str(sheet.pk), text=sheet.name,
        data={"jobs": [str(job.pk) for job in begun]},
    )  # fmt: skip
    return begun
