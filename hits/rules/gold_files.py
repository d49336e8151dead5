"""Gold answers as CSV: `HITId,Field,Answer`, or a row for each HIT with columns `Answer.<field>`.

The same field of a HIT on several rows: any of them is right. Several options chosen together are joined by `|`, as in
the results of the Requester website; drawings are JSON.

A file is read by a worker and stored row by row; once somebody has looked at the rows and takes them over, a worker
does that, too, some fields at a time. What is taken over is no row any more, so nothing is taken twice.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dashboard import audit, incoming, old_lists
from dashboard.csv_files import Row, Table, Unreadable, lines, read, unguarded
from dashboard.incoming import Reading
from dashboard.models import Account, Role, User
from dashboard.permissions import Denied, check_role
from hits.answers.values import is_blank
from hits.models import HIT, Batch, GoldAnswer, GoldRow, GoldUpload
from hits.rules import waking
from hits.rules.gold import DOING, LONGEST, MOST_ACCEPTED, Found, keep
from hits.rules.reading import fields_of, listed

CHUNK = 500
#: Fields of HITs whose gold is taken over in one transaction.
AT_ONCE = 200
OVER = "This file was taken over or forgotten already."
#: (number of the row, HITId, field, answer)
Cell = tuple[int, str, str, str]


def begin(*, batch: Batch, name: str, file: IO[bytes], by: User) -> GoldUpload:
    """Take in a file of gold; a worker reads it. Unreadable, with nothing stored, where it is no such file."""
    check_role(by, batch.account, Role.REVIEWER, DOING)
    table = read(file)
    if next(_cells(table), None) is None:
        raise Unreadable("The file has a header and no rows.")
    upload = GoldUpload(account=batch.account, batch=batch, name=name[:200] or "File", made_by=by)
    upload.file = incoming.keep(file, account=batch.account)
    with transaction.atomic():
        upload.save(force_insert=True)
        incoming.hand_over(upload.file, "gold")
    return upload


def read_gold(reading: Reading) -> None:
    """Store what a file says is right, each with the sentence why it cannot be, where it cannot."""
    upload = GoldUpload.objects.select_related("batch").get(file=reading.stored)
    known = set(fields_of(upload.batch))
    for chunk in reading.chunks(_at_most(_cells(read(reading.file))), CHUNK, skip=upload.rows_read):
        with transaction.atomic():
            reading.step()
            GoldRow.objects.bulk_create(_rows(chunk, upload, known))
            upload.rows_read += len(chunk)
            upload.save(update_fields=["rows_read"])
    with transaction.atomic():
        reading.finish()
        upload.file, upload.read_at, upload.problem = None, timezone.now(), reading.problem
        upload.save(update_fields=["file", "read_at", "problem"])


def _cells(table: Table) -> Iterator[Cell]:
    """Each cell of gold."""
    hit, named, answer = table.place("HITId"), table.place("Field", "Question"), table.place("Answer", "Gold", "Value")
    wide = [(place, name[7:].strip()) for place, name in enumerate(table.header) if name.lower().startswith("answer.")]
    if hit is None or not (wide or (named is not None and answer is not None)):
        raise Unreadable(
            "The columns should be HITId, Field and Answer; or HITId and one Answer.<field> for each field. "
            f"The file has {listed(table.header, 8) or 'none'}."
        )

    def cells_of(row: Row) -> Iterator[Cell]:
        row.check_whole()
        name = row.cell(hit).upper()
        if named is not None and answer is not None:
            yield row.number, name, unguarded(row.cell(named)), unguarded(row.cell(answer))
            return
        given = [(column, unguarded(row.cell(place))) for place, column in wide]
        for column, text in given:
            if text:  # a field without gold is nothing wrong
                yield row.number, name, column, text
        if not any(text for _, text in given):
            yield row.number, name, "", ""

    return (cell for row in table for cell in cells_of(row))


def _at_most(cells: Iterator[Cell]) -> Iterator[Cell]:
    for count, cell in enumerate(cells):
        if count >= settings.UPLOAD_ROWS:
            raise Unreadable(f"The file holds more than {settings.UPLOAD_ROWS:,} gold answers. Upload it in parts.")
        yield cell


def _rows(chunk: list[Cell], upload: GoldUpload, known: set[str]) -> list[GoldRow]:
    """A chunk as it is kept: two queries, however many there are."""
    hits = {
        hit_id: (pk, its)
        for pk, hit_id, its in HIT.objects.filter(
            account=upload.account_id, hit_id__in={hit_id for _, hit_id, _, _ in chunk}
        ).values_list("pk", "hit_id", "batch_id")
    }
    earlier = GoldRow.objects.filter(upload=upload, why="", hit__in=[pk for pk, _ in hits.values()]).order_by()
    counts: Counter[Any] = Counter(earlier.values_list("hit", "field"))
    found = []
    for number, hit_id, name, answer in chunk:
        why = _problem(hits.get(hit_id), hit_id, name, answer, upload.batch_id, known)
        key = (hits.get(hit_id, (None, None))[0], name)
        counts[key] += not why
        if counts[key] > MOST_ACCEPTED and not why:
            why = f"More than {MOST_ACCEPTED} values of one field cannot all be right."
        found.append(
            GoldRow(
                upload=upload, number=number, hit_id=key[0], hit_name=hit_id[:64], field=name[:200],
                answer=answer[:LONGEST], why=why[:400],
            )
        )  # fmt: skip
    return found


def _problem(hit: tuple[int, int] | None, hit_id: str, name: str, answer: str, batch: int, known: set[str]) -> str:
    if not hit_id:
        return "The HITId is missing."
    if hit is None:
        return "There is no such HIT in this account."
    if hit[1] != batch:
        return "This HIT belongs to another batch."
    if is_blank(answer):
        return "There is no answer in this row."
    if not name:
        return "The field is missing."
    if len(name) > 200:
        return "The name of a field has at most 200 characters."
    if known and name not in known:
        return f"This batch has no such field; it has {listed(sorted(known), 6)}."
    if len(answer) > LONGEST:
        return f"A gold answer has at most {LONGEST:,} characters."
    return ""


# --- what becomes of it ---------------------------------------------------------------------------------------------


@transaction.atomic
def decide(upload: GoldUpload, *, take: bool, by: User) -> None:
    """Let a worker take a file over, or throw it away. Denied where somebody did before."""
    check_role(by, upload.account, Role.REVIEWER, DOING)
    state = GoldUpload.State.TAKEN if take else GoldUpload.State.FORGOTTEN
    rows = GoldUpload.objects.filter(pk=upload.pk, state=GoldUpload.State.OPEN, read_at__isnull=False)
    if not rows.update(state=state):
        raise Denied(OVER)
    if take:
        words = f"{upload.name}: {GoldRow.objects.filter(upload=upload, why='').count():,} gold answers"
        audit.record("gold.imported", account=upload.account, by=by, subject=upload.batch.key, text=words)
    waking.tell_a_worker(upload.account)


@transaction.atomic
def finish_some(account: Account) -> bool:
    """Take over some of the gold of a file that is to be taken over, or delete some rows of one that is done with.
    False: nothing is left to do."""
    waiting = GoldUpload.objects.filter(account=account).exclude(state=GoldUpload.State.OPEN)
    upload = waiting.select_for_update(of=("self",)).select_related("account", "made_by").order_by("pk").first()
    if upload is None:
        return False
    good = GoldRow.objects.filter(upload=upload, why="")
    pairs: list[tuple[Any, str]] = []
    if upload.state == GoldUpload.State.TAKEN:
        pairs = list(good.order_by("hit_id", "field").values_list("hit", "field").distinct()[:AT_ONCE])
    if not pairs:
        old_lists.forget_some(upload, "rows")
        return True
    hit, name = pairs[-1]
    rows = good.filter(Q(hit__lt=hit) | Q(hit=hit, field__lte=name))
    found: Found = defaultdict(list)
    said: Any = rows.order_by("pk").values_list("hit", "field", "answer")
    for hit, name, answer in said:
        found[hit, name].append(answer)
    keep(account, found, upload.made_by)
    rows.delete()
    return True


def as_text(accepted: Any) -> str:
    """An accepted value as a cell of a file, or in a form; `tidy` and `meets` read it back."""
    if isinstance(accepted, str):
        return accepted
    if isinstance(accepted, list) and all(isinstance(item, str) for item in accepted):
        return "|".join(accepted)
    return json.dumps(accepted, ensure_ascii=False)


def export(batch: Batch) -> Iterator[str]:
    """The gold of a batch as lines of CSV, one for each value that is right; what a spreadsheet would compute is
    guarded by an apostrophe, which the import takes away."""
    rows = GoldAnswer.objects.filter(hit__batch=batch).order_by("pk").values_list("hit__hit_id", "field", "accepted")

    def cells() -> Iterator[list[str]]:
        yield ["HITId", "Field", "Answer"]
        for hit_id, name, accepted in rows.iterator(chunk_size=1000):
            for value in accepted if isinstance(accepted, list) else [accepted]:
                yield [hit_id, name, as_text(value)]

    return lines(cells())
