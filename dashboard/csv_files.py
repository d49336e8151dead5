"""CSV as people have it: read whatever a spreadsheet made of it, write what no spreadsheet takes for a formula.

table = read(file)                      # Unreadable, with a sentence, where it is no CSV
column = table.place("WorkerId", "Worker ID")
for row in table:                       # one at a time, however long the file is
    row.number, row.cell(column)

return download("workers.csv", lines([header, *rows]))
"""

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.http import StreamingHttpResponse

#: Characters of one cell and of one line. Answers of drawings reach some hundred thousand.
LONGEST_CELL, LONGEST_LINE = 4_000_000, 8_000_000
MOST_COLUMNS = 20_000
_DELIMITERS = ",;\t"
#: What a file ends with, to tell whether its last cell was closed. No file holds it: NULs are taken out of lines.
_END = "\0end\0"
# Beginnings that a spreadsheet computes, those of full width included; a plain number may begin with its sign.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[-+]?\d{1,40}(\.\d{1,40})?\Z")

# One limit for the process; the default would refuse the answer of a worker who drew a lot.
csv.field_size_limit(LONGEST_CELL)


class Unreadable(Exception):
    """The file cannot be read (further); the message is for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Row:
    """`number` counts as a spreadsheet does, the header being 1. `cut`: the file ends within this row."""

    number: int
    cells: list[str]
    cut: bool = False

    def cell(self, place: int | None) -> str:
        """The text at a place of the header, without blanks around it; "" where the row is too short for it."""
        return self.cells[place].strip() if place is not None and place < len(self.cells) else ""

    def check_whole(self) -> None:
        """Unreadable where the file ends within it: further rows are then part of a cell of this one, where nobody may
        look for them."""
        if self.cut:
            raise Unreadable(f"The file ends within row {self.number}: a quotation mark is missing there.")


@dataclass(slots=True)
class Table:
    """A header and an iterator of the rows below it, to be gone through once."""

    header: list[str]
    rows: Iterator[Row]
    delimiter: str
    encoding: str

    def place(self, *names: str) -> int | None:
        """Where a column of one of these names stands; capitals, blanks, hyphens, underscores are no difference."""
        wanted = {key(name) for name in names}
        return next((place for place, name in enumerate(self.header) if key(name) in wanted), None)

    def places(self, name: str) -> list[int]:
        """Every place a column of this name stands at."""
        return [place for place, other in enumerate(self.header) if key(other) == key(name)]

    def __iter__(self) -> Iterator[Row]:
        return self.rows


def key(name: str) -> str:
    """A column's name without what people and spreadsheets change in it."""
    return re.sub(r"[\s_\-]+", "", name).lower()


def read(file: IO[bytes]) -> Table:
    """`file`, seekable, as rows; its encoding and its delimiter are found out. Unreadable where it is no CSV.

    UTF-8 with or without a BOM, UTF-16, else Windows-1252; comma, semicolon or tab; LF, CRLF or CR; cells of several
    lines. Iterating raises Unreadable where a line or a cell has no end.
    """
    encoding = _encoding(file)
    file.seek(0)
    lines = _lines(file, encoding)
    first = next((line for line in lines if line.strip()), "")
    named = re.match(r"sep=([,;\t])\s*\Z", first)  # Excel's way to say so
    if named:
        first = next(lines, "")
    if not first.strip():
        raise Unreadable("The file is empty.")
    delimiter = named[1] if named else _delimiter(first)
    records = _records(_again(first, lines), delimiter)
    header = next(records, None)
    if header is None or header.cut:
        raise Unreadable("The header of the file does not end: a quotation mark is missing.")
    names = [name.strip().lstrip("\ufeff") for name in header.cells]
    if len(names) > MOST_COLUMNS:
        raise Unreadable(f"The file has more than {MOST_COLUMNS:,} columns.")
    return Table(names, records, delimiter, encoding)


def _encoding(file: IO[bytes]) -> str:
    file.seek(0)
    head = file.read(4096)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable("This is a workbook, not a CSV. Open it, choose “Save as”, and take “CSV UTF-8”.")
    if head.startswith((b"%PDF", b"\x1f\x8b")):
        raise Unreadable("This is no CSV file.")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark: of Latin text every second byte is zero.
    if len(head) > 8 and head[1:64:2].count(0) > len(head[1:64:2]) * 0.7:
        return "utf-16-le"
    if len(head) > 8 and head[0:64:2].count(0) > len(head[0:64:2]) * 0.7:
        return "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        chunk = head
        while chunk:
            decoder.decode(chunk)
            chunk = file.read(1 << 20)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _lines(file: IO[bytes], encoding: str) -> Iterator[str]:
    # Strange bytes become a sign that says so, instead of an error: the row may be good in all that counts.
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    number = 0
    try:
        while line := text.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise Unreadable(f"Line {number} of the file is longer than {LONGEST_LINE:,} characters.")
            yield line.replace("\0", "") if "\0" in line else line
    finally:
        with contextlib.suppress(ValueError):  # it is closed already
            text.detach()  # or it would close the file, which is not ours


def _delimiter(line: str) -> str:
    """The delimiter that makes most cells of a header's first line; quoted ones do not count."""
    bare = re.sub(r'"[^"]*"?', "", line)
    return max(_DELIMITERS, key=bare.count)


def _again(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines
    # Where a quotation mark is open still, this becomes part of that cell; else it is a row of its own.
    yield _END


def _records(lines: Iterator[str], delimiter: str) -> Iterator[Row]:
    """Rows with something in them, the header among them; blank ones count, as a spreadsheet counts them."""
    reader = csv.reader(lines, delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Unreadable(
                f"Row {number} holds a cell of more than {LONGEST_CELL:,} characters. Is a quotation mark missing?"
            ) from None
        if cells == [_END]:
            return
        cut = bool(cells) and cells[-1].endswith(_END)
        if cut:
            cells[-1] = cells[-1].removesuffix(_END)
        if any(cell and not cell.isspace() for cell in cells):
            yield Row(number, cells, cut)


def guarded(cell: str) -> str:
    """`cell` so that no spreadsheet computes it: an apostrophe goes before whatever begins like a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.match(cell) else cell


def unguarded(cell: str) -> str:
    """The text that `guarded` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


class _Echo:
    """What csv writes into; each line is handed on instead of kept."""

    def write(self, line: str) -> str:
        return line


def lines(rows: Iterable[Iterable[str]], *, exact: bool = False) -> Iterator[str]:
    """Rows as lines of CSV. `exact`: everything quoted, lines end with LF, and nothing is guarded, for formats that
    other programs read back as they are."""
    writer: Any = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator="\n") if exact else csv.writer(_Echo())
    for row in rows:
        yield writer.writerow(row if exact else [guarded(cell) for cell in row])


def download(name: str, lines: Iterable[str], *, content_type: str = "text/csv; charset=utf-8") -> Any:
    """A file for the browser to save, sent as it is made; `name` holds letters, digits and _-. only."""
    name = re.sub(r"[^\w.\-]+", "_", name, flags=re.ASCII)
    response = StreamingHttpResponse(lines, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
