"""Many bonuses, each with an amount of its own: from a CSV, or worked out by a formula. Stored row by row, previewed,
then one job. What looks like a second payment is left out until somebody ticks it."""

import io
import json
import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from dashboard import csv_files, incoming
from dashboard.csv_files import Table, Unreadable, unguarded
from dashboard.incoming import Reading
from dashboard.models import Account, Command, Role, State, User
from dashboard.permissions import Denied, check_role
from hits.models import NOTHING_TO_COMPARE, Assignment, Upload, UploadRow
from marketplace.policies import bonus_fee
from workers.actions.bonuses import check_bonus
from workers.commands.bonuses import SendBonus
from workers.formula import Formula, NotKnown, Values
from workers.models import BonusPayment

CHUNK = 500
COLUMNS = ("WorkerId", "AssignmentId", "BonusAmount", "Reason")
LONGEST_KEPT = 2_000
#: Ends of a command after which no money can have moved.
NOT_PAID = (State.FAILED, State.CANCELLED, State.DECLINED)
_ID = re.compile(r"[A-Z0-9]{1,64}\Z")
_AMOUNT = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,2}))?\Z")


def dollars(text: str) -> Decimal:
    """An amount as people and spreadsheets write it: 0.5, `$0.50 `, 0,50. Denied with a sentence for all else."""
    bare = re.sub(r"(?i)usd|[\s$\u00a0]", "", text)
    found = _AMOUNT.match(bare)
    if not found:
        raise Denied(f"BonusAmount holds “{text[:40]}”. Write dollars and cents, such as 0.50.")
    return Decimal(f"{found[1]}.{found[2] or 0}")


def begin_bonuses(*, account: Account, by: User, name: str, file: IO[bytes]) -> Upload:
    """Take in a CSV of bonuses; a worker reads it. Unreadable, with nothing stored, where it is no such file."""
    check_role(by, account, Role.REVIEWER, "propose bonuses")
    _check_header(csv_files.read(file))
    stored = incoming.keep(file, account=account)
    return Upload(account=account, kind=Upload.Kind.BONUSES, name=name[:200], made_by=by).begin(stored, "bonuses")


def _check_header(table: Table) -> None:
    for column in COLUMNS[1:]:
        if table.place(column) is None:
            raise Unreadable(f"The file has no column {column}. It needs {', '.join(COLUMNS)}.")


def read_bonuses(reading: Reading) -> None:
    """Store the bonuses a CSV asks for. One that cannot be read to its end keeps the rows before, and says so."""
    upload = Upload.of(reading)
    table = csv_files.read(reading.file)
    place, width = {column: table.place(column) for column in COLUMNS}, len(table.header)
    for chunk in reading.chunks(incoming.bounded(table), CHUNK, skip=upload.rows_read):
        wished = []
        for row in chunk:
            said = _said(upload, row.number, {column: row.cell(at) for column, at in place.items()})
            if said is None:
                continue
            if row.cut:
                _refuse(said, "The file ends within this row, so it may be only half of what was meant.")
            elif any(cell.strip() for cell in row.cells[width:]):
                _refuse(said, "This row has more cells than the header: its columns are shifted.")
            wished.append(said)
        upload.rows_read, upload.unmarked = upload.rows_read + len(chunk), upload.unmarked + len(chunk) - len(wished)
        _store(upload, wished, reading)
    upload.finish(reading)


def _refuse(row: UploadRow, why: str) -> None:
    row.fate, row.why = UploadRow.Fate.REFUSED, why


def _said(upload: Upload, number: int, cells: dict[str, str]) -> UploadRow | None:
    """What a row of the file asks for; None where no amount is given."""
    amount = unguarded(cells["BonusAmount"])
    if not amount.strip(" $0.,"):
        return None
    row = UploadRow(
        upload=upload,
        number=number,
        action=UploadRow.Action.BONUS,
        fate=UploadRow.Fate.REFUSED,
        cells={column: cell[:LONGEST_KEPT] for column, cell in cells.items()},
        assignment_name=unguarded(cells["AssignmentId"]).upper()[:64],
        worker_name=unguarded(cells["WorkerId"]).upper()[:64],
    )
    if not row.assignment_name:
        row.why = "AssignmentId is empty: a bonus is paid for an assignment."
    elif not _ID.match(row.assignment_name):
        row.why = f"AssignmentId holds “{cells['AssignmentId'][:40]}”, which is no id."
    else:
        try:
            row.amount = dollars(amount)
            row.text = check_bonus(row.amount, unguarded(cells["Reason"]).replace("\r\n", "\n").replace("\r", "\n"))
        except Denied as sentence:
            row.why = str(sentence)
        else:
            row.fate, row.fee = UploadRow.Fate.GO, bonus_fee(row.amount)
    return row


@dataclass
class Sample:
    """What a formula makes of some of the assignments it is for."""

    rows: list[tuple[Assignment, Decimal | None, str]]
    nothing: int

    @property
    def amounts(self) -> list[Decimal]:
        return [amount for _, amount, _ in self.rows if amount is not None]


def try_formula(formula: Formula, rows: "QuerySet[Assignment, Any]", *, of: int = 200) -> Sample:
    """The formula over the latest of these; changes nothing."""
    tried = []
    for row in _for_formula(rows.order_by("-pk")[:of]):
        amount, why = _worked_out(formula, row)
        tried.append((row, amount, why))
    return Sample(tried, sum(1 for _, amount, _ in tried if amount is None))


def begin_formula(
    *, account: Account, by: User, rows: "QuerySet[Assignment, Any]", formula: Formula, reason: str
) -> Upload:
    """Take down which assignments a formula is for; a worker works it out for each."""
    check_role(by, account, Role.REVIEWER, "propose bonuses")
    reason = check_bonus(Decimal("0.01"), reason)
    pks = array("q", rows.order_by("pk").values_list("pk", flat=True)[: settings.UPLOAD_ROWS + 1].iterator())
    if len(pks) > settings.UPLOAD_ROWS:
        raise Denied(f"More than {settings.UPLOAD_ROWS:,} assignments match. Filter them, and do it in parts.")
    if not pks:
        raise Denied("No assignment matches.")
    said = json.dumps({"formula": formula.text, "reason": reason}).encode()
    stored = incoming.keep(io.BytesIO(said + "".join(f"\n{pk}" for pk in pks).encode()), account=account)
    upload = Upload(account=account, kind=Upload.Kind.FORMULA, name=formula.text[:200], made_by=by)
    return upload.begin(stored, "formula")


def read_formula(reading: Reading) -> None:
    """Store what a formula gives for each of its assignments. The amounts then stay as they are, whatever happens to
    the assignments later."""
    upload = Upload.of(reading)
    said = json.loads(reading.file.readline())
    formula = Formula(said["formula"])
    for chunk in reading.chunks(map(int, reading.file), CHUNK, skip=upload.rows_read):
        named = {row.pk: row for row in _for_formula(Assignment.objects.filter(pk__in=chunk))}
        wished = list(_snapshot(upload, formula, chunk, named, said["reason"]))
        upload.unmarked += len(chunk) - len(wished)
        upload.rows_read += len(chunk)
        _store(upload, wished, reading)
    upload.finish(reading)


def _snapshot(
    upload: Upload, formula: Formula, pks: list[int], rows: dict[int, Assignment], reason: str
) -> Iterator[UploadRow]:
    for number, pk in enumerate(pks, upload.rows_read + 1):
        row = rows.get(pk)
        amount, why = (None, "") if row is None else _worked_out(formula, row)
        if row is None or (amount is None and not why):
            continue
        yield UploadRow(
            upload=upload,
            number=number,
            action=UploadRow.Action.BONUS,
            fate=UploadRow.Fate.GO if amount is not None else UploadRow.Fate.REFUSED,
            why=why,
            assignment=row,
            assignment_name=row.assignment_id,
            worker_name=row.worker_id,
            amount=amount,
            fee=bonus_fee(amount) if amount is not None else None,
            text=reason,
            cells={
                "WorkerId": row.worker_id,
                "AssignmentId": row.assignment_id,
                "BonusAmount": f"{amount:.2f}" if amount is not None else "",
                "Reason": reason,
            },
        )


def _for_formula(rows: "QuerySet[Assignment, Any]") -> "QuerySet[Assignment, Any]":
    return rows.select_related("hit").only(
        "assignment_id", "worker_id", "accepted_at", "submitted_at", "agreement", "gold_score", "data_verdict",
        "status", "gone_at", "hit__reward",
    )  # fmt: skip


def _worked_out(formula: Formula, row: Assignment) -> tuple[Decimal | None, str]:
    """The bonus for one assignment; None and a sentence where it cannot be told, None and "" where it is nothing."""
    try:
        amount = formula.amount(values_of(row))
    except NotKnown as reason:
        return None, str(reason)
    if amount <= 0:
        return None, ""
    try:
        check_bonus(amount, "-")
    except Denied as reason:
        return None, f"The formula gives ${amount:,}. {reason}"
    return amount, ""


def values_of(row: Assignment) -> Values:
    """What a formula's names stand for."""
    return {
        "seconds": None if row.work_seconds is None else Decimal(row.work_seconds),
        "reward": row.hit.reward,
        "agreement": None if row.agreement == NOTHING_TO_COMPARE else Decimal(row.agreement),
        "gold_score": None if row.gold_score is None else Decimal(row.gold_score),
        "data_verdict": row.data_verdict,
        "status": row.status,
    }


@transaction.atomic
def _store(upload: Upload, rows: list[UploadRow], reading: Reading) -> None:
    """Match a chunk with our assignments and with what was paid before: four queries, however many rows."""
    reading.step()
    account = upload.account
    names = {row.assignment_name for row in rows if row.fate == UploadRow.Fate.GO}
    found = Assignment.objects.of(account).filter(assignment_id__in=list(names))
    ours = {row.assignment_id: row for row in found.only("assignment_id", "worker_id", "gone_at")}
    paid = paid_before(account, names)
    earlier = UploadRow.objects.filter(upload=upload, assignment_name__in=list(names), assignment__isnull=False)
    first = {row.assignment_name: row for row in earlier.exclude(fate=UploadRow.Fate.REFUSED).order_by("-pk")}
    for row in rows:
        if row.fate != UploadRow.Fate.GO:
            continue
        row.assignment = ours.get(row.assignment_name)
        if row.assignment is None:
            _refuse(row, "No assignment of this account has this id.")
        elif row.worker_name and row.worker_name != row.assignment.worker_id:
            _refuse(row, f"The file says worker {row.worker_name}, but {row.assignment.worker_id} handed this in.")
        elif row.assignment.gone_at is not None:
            _refuse(row, "Its HIT no longer exists there, so MTurk cannot pay a bonus for it.")
        else:
            row.worker_name = row.assignment.worker_id
            doubts = []
            if same := first.get(row.assignment_name):
                doubts.append(f"Row {same.number} pays the same assignment ${same.amount} as well.")
            if row.assignment_name in paid:
                doubts.append(paid[row.assignment_name])
            if doubts:
                row.fate, row.why = UploadRow.Fate.DOUBT, " ".join(doubts)
            first.setdefault(row.assignment_name, row)
    UploadRow.objects.bulk_create(rows)
    upload.save(update_fields=["rows_read", "unmarked"])


def paid_before(account: Account, names: Iterable[str]) -> dict[str, str]:
    """AssignmentId -> a sentence about the bonuses that were paid for it, or are on their way."""
    names = list(names)
    found: dict[str, list[tuple[Any, Decimal, str]]] = {}
    asked = Command.objects.filter(account=account, assignment_id__in=names, kind=SendBonus.name)
    for row in asked.exclude(state__in=NOT_PAID).values_list("assignment_id", "created_at", "amount", "state"):
        words = "was paid" if row[3] == State.DONE else "is on its way"
        found.setdefault(row[0], []).append((row[1], row[2], words))
    elsewhere = BonusPayment.objects.filter(account=account, assignment_id__in=names, command=None)
    for name, when, amount in elsewhere.values_list("assignment_id", "granted_at", "amount"):
        found.setdefault(name, []).append((when, amount, "was paid"))
    sentences = {}
    for name, payments in found.items():
        when, amount, words = max(payments, key=lambda payment: payment[0])
        more = f" It is the last of {len(payments)}." if len(payments) > 1 else ""
        sentences[name] = f"A bonus of ${amount} for it {words} already, asked for on {when:%Y-%m-%d}.{more}"
    return sentences
