"""CSV as people have it: each of a spreadsheet's ways to write the same table reads as the same table."""

import io
import tracemalloc

import pytest

from dashboard import csv_files
from dashboard.csv_files import Unreadable, lines, read

TABLE = [["AssignmentId", "Approve", "Reject"], ["3A", "x", ""], ["3B", "", "Grüße,\nzwei “Zeilen”"]]


def as_read(data: bytes) -> list[list[str]]:
    table = read(io.BytesIO(data))
    return [table.header, *(row.cells for row in table)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_whatever_a_spreadsheet_wrote_reads_as_the_same_table(delimiter: str, encoding: str, end: str) -> None:
    text = end.join(delimiter.join(f'"{cell}"' if "\n" in cell or not cell else cell for cell in row) for row in TABLE)
    assert as_read((text + end).encode(encoding)) == TABLE
    assert as_read(f"sep={delimiter}{end}{text}".encode(encoding if encoding != "cp1252" else "utf-8")) == TABLE


def test_rows_are_counted_as_a_spreadsheet_counts_them_and_names_are_found_however_they_are_written() -> None:
    table = read(io.BytesIO(b'Worker ID, UPDATE-BlockStatus\n\nA1,"a\nb"\n,,\n"A2",Block,extra\nA3\n'))
    assert table.place("WorkerId") == 0
    assert table.place("UPDATE BlockStatus") == 1
    assert table.place("Score") is None
    assert [(row.number, row.cell(0), row.cell(1)) for row in table] == [
        (3, "A1", "a\nb"),
        (5, "A2", "Block"),
        (6, "A3", ""),
    ]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"PK\x03\x04....", "workbook"),
        (b"\xd0\xcf\x11\xe0....", "workbook"),
        (b'"HITId,Approve\nx,y\n', "quotation mark is missing"),
        (b"a,b\n" + b"x" * 8_000_001, "longer than"),
        (b'a,b\n1,"' + b"x\n" * 2_100_000, "Row 2 holds a cell of more than"),
    ],
)  # fmt: skip
def test_what_is_no_csv_is_said_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        as_read(data)


def test_half_a_file_keeps_its_whole_rows_and_says_which_one_is_cut() -> None:
    table = read(io.BytesIO(b'a,b\n1,2\n3,"cut he'))
    assert [(row.cells, row.cut) for row in table] == [(["1", "2"], False), (["3", "cut he"], True)]


def test_nothing_that_is_written_is_a_formula_and_what_was_guarded_reads_as_it_was() -> None:
    evil = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "-3.5", "12", "a=b"]
    assert [csv_files.guarded(cell) for cell in evil] == [*(f"'{cell}" for cell in evil[:7]), "-3.5", "12", "a=b"]
    assert [csv_files.unguarded(csv_files.guarded(cell)) for cell in evil] == evil
    assert list(lines([["=1", 'say "hi"']])) == ['\'=1,"say ""hi"""\r\n']
    assert list(lines([["=1", ""]], exact=True)) == ['"=1",""\n']


def test_a_long_file_is_read_row_by_row() -> None:
    file = io.BytesIO(b"AssignmentId,Answer\n" + (b"3ABCDEFGHIJKLMNOP," + b"y" * 100 + b"\n") * 50_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(file)) == 50_000
        assert tracemalloc.get_traced_memory()[1] < 2_500_000
    finally:
        tracemalloc.stop()
