"""Gold answers as CSV: `HITId,Field,Answer`, or a row for each HIT with columns `Answer.<field>`.

The same field of a HIT on several rows: any of them is right. Several options chosen together are joined by `|`, as in
the results of the Requester website; drawings are JSON.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from dashboard.csv_files import Row, Table, Unreadable, lines, read, unguarded
from hits.answers.text import one_line
from hits.answers.values import is_blank
from hits.models import HIT, Batch, GoldAnswer
from hits.rules.gold import LONGEST, MOST_ACCEPTED, Found
from hits.rules.reading import fields_of, listed

MOST_ROWS, MOST_GOLD, MOST_BYTES = 20_000, 20_000, 10_000_000
MOST_SHOWN, MOST_BAD = 50, 200
_CHUNK = 500


@dataclass(frozen=True)
class Line:
    """One cell of gold in a file; `problem` is the sentence why it cannot be used, "" where it can."""

    number: int
    hit_id: str
    field: str
    answer: str
    problem: str = ""


@dataclass
class Preview:
    """What a file would change."""

    found: Found = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    bad: list[Line] = field(default_factory=list)
    read: int = 0
    good: int = 0
    wrong: int = 0
    replaced: int = 0

    @property
    def hits(self) -> int:
        return len({hit for hit, _ in self.found})

    def note(self, line: Line) -> None:
        if len(self.lines) < MOST_SHOWN:
            self.lines.append(line)
        if line.problem:
            self.wrong += 1
            if len(self.bad) < MOST_BAD:
                self.bad.append(line)
        else:
            self.good += 1


def preview(file: IO[bytes], batch: Batch) -> Preview:
    """What a file of gold would change in a batch, line by line; Unreadable where it is none. Writes nothing."""
    table = read(file)
    cells = _cells(table)
    came, known = Preview(), set(fields_of(batch))
    chunk: list[tuple[int, str, str, str]] = []
    for cell in cells:
        chunk.append(cell)
        if len(chunk) == _CHUNK:
            _take(chunk, batch, known, came)
            chunk = []
    _take(chunk, batch, known, came)
    if not came.read:
        raise Unreadable("The file has a header and no rows.")
    if came.found:
        there = GoldAnswer.objects.filter(hit__batch=batch).values_list("hit_id", "field")
        came.replaced = sum(pair in came.found for pair in there.iterator())
    return came


def _cells(table: Table) -> Iterator[tuple[int, str, str, str]]:
    """(number of the row, HITId, field, answer) for each cell of gold."""
    hit, named, answer = table.place("HITId"), table.place("Field", "Question"), table.place("Answer", "Gold", "Value")
    wide = [(place, name[7:].strip()) for place, name in enumerate(table.header) if name.lower().startswith("answer.")]
    if hit is None or not (wide or (named is not None and answer is not None)):
        raise Unreadable(
            "The columns should be HITId, Field and Answer; or HITId and one Answer.<field> for each field. "
            f"The file has {listed(table.header, 8) or 'none'}."
        )

    def cells_of(row: Row) -> Iterator[tuple[int, str, str, str]]:
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

    for count, row in enumerate(table):
        if count >= MOST_ROWS:
            raise Unreadable(f"The file has more than {MOST_ROWS:,} rows. Upload it in parts.")
        yield from cells_of(row)


def _take(chunk: list[tuple[int, str, str, str]], batch: Batch, known: set[str], came: Preview) -> None:
    names = {hit_id for _, hit_id, _, _ in chunk}
    hits = {
        hit_id: (pk, its)
        for pk, hit_id, its in HIT.objects.filter(account=batch.account_id, hit_id__in=names).values_list(
            "pk", "hit_id", "batch_id"
        )
    }
    for number, hit_id, name, answer in chunk:
        came.read += 1
        problem = _problem(hits.get(hit_id), hit_id, name, answer, batch, known)
        if not problem:
            accepted = came.found.setdefault((hits[hit_id][0], name), [])
            if answer not in accepted:
                if len(accepted) >= MOST_ACCEPTED:
                    problem = f"More than {MOST_ACCEPTED} values of one field cannot all be right."
                else:
                    accepted.append(answer)
            if len(came.found) > MOST_GOLD:
                raise Unreadable(f"The file holds more than {MOST_GOLD:,} gold answers. Upload it in parts.")
        shown = Line(number, one_line(hit_id, 64), one_line(name, 60), one_line(answer, 100), problem)
        came.note(shown)


def _problem(hit: tuple[int, int] | None, hit_id: str, name: str, answer: str, batch: Batch, known: set[str]) -> str:
    if not hit_id:
        return "The HITId is missing."
    if hit is None:
        return "There is no such HIT in this account."
    if hit[1] != batch.pk:
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


def kept(found: Found) -> str:
    """As an upload keeps it until somebody says yes."""
    return json.dumps([[hit, name, accepted] for (hit, name), accepted in found.items()])


def from_kept(text: str) -> Found:
    return {(hit, name): accepted for hit, name, accepted in json.loads(text)}


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
