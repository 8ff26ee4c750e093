"""Files as people have them: whatever wrote them, the rows come out; what cannot be read costs its own row only."""

import csv
import io
import os
import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ripeline.capture.columns.detection import Told, detect
from ripeline.capture.files.dialect import DELIMITERS, ENCODINGS, Column, Dialect, UnreadableFileError
from ripeline.capture.files.lines import WIDE, as_text
from ripeline.capture.files.reading import MAX_CELL, Broken, Record, data_rows, records

ABC = tuple(Column(label) for label in "abc")


def read(content: bytes, dialect: Dialect | None = None) -> list[Record | Broken]:
    """The data rows that are not blank."""
    dialect = dialect or Dialect(columns=ABC)
    with as_text(io.BytesIO(content), dialect.encoding) as text:
        return [row for row in data_rows(text, dialect) if isinstance(row, Broken) or not row.is_blank]


def cells(content: bytes, dialect: Dialect | None = None) -> list[list[str]]:
    return [row.cells for row in read(content, dialect) if isinstance(row, Record)]


def broken(content: bytes, dialect: Dialect | None = None) -> list[Broken]:
    return [row for row in read(content, dialect) if isinstance(row, Broken)]


def refusal(content: bytes, name: str = "leads.csv") -> str:
    with pytest.raises(UnreadableFileError) as refused:
        detect(io.BytesIO(content), name=name)
    return str(refused.value)


def found(content: bytes, told: Told | None = None) -> Dialect:
    return detect(io.BytesIO(content), name="leads.csv", told=told).dialect


# Rows


def test_row_numbers_are_those_of_a_spreadsheet() -> None:
    rows = read(b'a,b,c\r\n1,"two\r\nlines",3\r\n\r\n,,\r\n4,5,6\r\n')
    assert [(row.row, row.cells) for row in rows] == [(2, ["1", "two\r\nlines", "3"]), (5, ["4", "5", "6"])]


def test_lines_may_end_in_every_way_at_once() -> None:
    assert cells(b"a,b,c\n1,2,3\r4,5,6\r\n7,8,9") == [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]]


def test_a_quote_never_closed_costs_its_own_row() -> None:
    content = b'a,b,c\n1,"5 inch,3\n4,5,6\n7,"eight",9\n10,11,12\n'
    assert cells(content) == [["4", "5", "6"], ["7", "eight", "9"], ["10", "11", "12"]]
    (row,) = broken(content)
    assert (row.row, row.column, row.cells) == (2, 1, ["1", '"5 inch', "3"])
    assert "never closed" in row.reason


def test_a_quote_never_closed_in_the_last_row_is_found_too() -> None:
    content = b'a,b,c\n1,2,3\n"4,5,6'
    assert cells(content) == [["1", "2", "3"]]
    assert [row.row for row in broken(content)] == [3]


def test_lines_inside_quotes_that_look_like_rows_are_pointed_out() -> None:
    (row,) = read(b'a,b,c\n1,"5 inch,x\n2,two,y\n3,7",z\n')
    assert isinstance(row, Record)
    assert "is a quote missing?" in row.remark


def test_quotes_inside_a_quoted_cell_are_text() -> None:
    (row,) = read(b'a,b,c\n"Joe "The Boss" Smith", "x" ,3\n')
    assert isinstance(row, Record)
    assert row.cells == ['Joe "The Boss" Smith', "x", "3"]
    assert row.remark


def test_quotes_that_do_not_match_are_said() -> None:
    (row,) = broken(b'a,b,c\n"ab"c,"d,e\n')
    assert "do not match" in row.reason


@pytest.mark.parametrize(("row", "said"), [(b"1,2", "has 2 cells"), (b"1,2,3,4", "has 4 cells"), (b"1", "has 1 cells")])
def test_a_ragged_row_is_refused_with_its_cells(row: bytes, said: str) -> None:
    (refused,) = broken(b"a,b,c\n" + row + b"\n")
    assert refused.reason.startswith(said)
    assert refused.cells == row.decode().split(",")


def test_empty_cells_too_many_are_nothing() -> None:
    assert cells(b"a,b,c\n1,2,3,,\n") == [["1", "2", "3"]]


def test_short_rows_are_filled_where_that_is_usual() -> None:
    content = b"name,email,note\n" + b"Alice,a@acme.com\nBob,b@acme.com,old friend\n" * 5
    dialect = found(content)
    assert dialect.pad_short
    assert cells(content, dialect)[0] == ["Alice", "a@acme.com", ""]


def test_a_row_in_another_encoding_is_read_and_pointed_out() -> None:
    first, second, third = read("a,b,c\n1,é,3\n".encode() + b"1,\xe9,3\n1,\x81,3\n")
    assert first == Record(2, ["1", "é", "3"])
    assert second.cells == ["1", "é", "3"]
    assert isinstance(second, Record)
    assert "Windows-1252" in second.remark
    assert isinstance(third, Broken)
    assert "save the file as UTF-8" in third.reason


def test_utf_8_in_a_western_file_is_read_as_such() -> None:
    rows = read(b"a,b,c\n1,\xe9,3\n" + "1,é,3\n".encode(), Dialect(columns=ABC, encoding="cp1252"))
    assert [row.cells[1] for row in rows] == ["é", "é"]


def test_nul_characters_are_left_out() -> None:
    (row,) = read(b"a,b,c\n\0\0\0\n1,t\0wo,3\n")
    assert isinstance(row, Record)
    assert row.cells == ["1", "two", "3"]
    assert "NUL" in row.remark


def test_a_cell_too_long_costs_its_own_row_whatever_its_form() -> None:
    quoted, bare = b'1,"' + b"x" * 10_000_000 + b'",3\n', b"1," + b"y" * (MAX_CELL + 1) + b",3\n"
    lines = b'1,"' + b"a line\n" * 100_000 + b'",3\n'
    content = b"a,b,c\n" + quoted + b"4,5,6\n" + bare + b"7,8,9\n" + lines + b"10,11,12\n"
    tracemalloc.start()
    try:
        rows = read(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [isinstance(row, Record) for row in rows] == [False, True, False, True, False, True]
    assert all("shorten it" in row.reason for row in rows if isinstance(row, Broken))
    assert all(sum(map(len, row.cells)) < 20_000 for row in rows)
    assert peak < 16 * 1024 * 1024


class CountedFile(io.BytesIO):
    """A file that knows how much of it was read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self.count += len(block)
        return block


@pytest.mark.parametrize(
    "content",
    [
        b'a,b,c\n1,"stray,3\n' + b"1,2,3\n" * 150_000,
        b"a,b,c\n" + b'1,"stray,3\n' * 60_000,
        b"a,b,c\n" + b'1,"x""\n' * 60_000,
        b"a,b,c\n" + b'1,"x"" "",3\n1,2,3\n' * 30_000,
        b'a,b,c\n1,"x"' + b" " * 1_000_000 + b"y,2\n",
    ],
)
def test_stray_quotes_make_reading_neither_slow_nor_large(content: bytes) -> None:
    file = CountedFile(content)
    tracemalloc.start()
    try:
        for _ in data_rows(file, Dialect(columns=ABC)):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert file.count <= 3 * len(content)
    assert peak < 16 * 1024 * 1024


# Any table, any dialect

TEXT = st.text(st.sampled_from("ab ,;\t|^~\"'\\\n\r=éßжあ😀\ufeff\u2028"), max_size=6) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=4
)
TABLES = st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), max_size=6))


def written(table: Sequence[Sequence[str]], dialect: Dialect, *, end: str, quoting: int, escape: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=dialect.delimiter, quotechar=dialect.quote, escapechar=escape or None, doublequote=not escape,
        lineterminator=end, quoting=quoting,  # type: ignore[arg-type]
    )  # fmt: skip
    writer.writerow(dialect.labels)
    writer.writerows(table)
    return text.getvalue().encode(dialect.encoding)


@given(
    table=TABLES, delimiter=st.sampled_from(list(DELIMITERS)), quote=st.sampled_from("\"'"),
    escape=st.sampled_from(["", "\\"]), end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", *WIDE, "cp1252", "gb18030"]), mark=st.booleans(), everything=st.booleans(),
)  # fmt: skip
@example(
    table=[["", 'a"\nb', "x,y"], ["'", "\\", '"""']], delimiter=",", quote='"', escape="", end="\n", encoding="utf-8",
    mark=True, everything=False,
)  # fmt: skip
def test_any_table_written_in_any_dialect_is_read_back_the_same(
    *,
    table: list[list[str]],
    delimiter: str,
    quote: str,
    escape: str,
    end: str,
    encoding: str,
    mark: bool,
    everything: bool,
) -> None:
    width = len(table[0]) if table else 1
    columns = tuple(Column(f"c{at}") for at in range(width))
    dialect = Dialect(columns=columns, delimiter=delimiter, quote=quote, escape=escape, encoding=encoding)
    several = any("\n" in cell or "\r" in cell for row in table for cell in row)  # csv.writer may leave those bare
    quoting = csv.QUOTE_ALL if everything or several else csv.QUOTE_MINIMAL
    try:
        content = written(table, dialect, end=end, quoting=quoting, escape=escape)
    except UnicodeEncodeError:
        assume(False)
    if encoding not in ("utf-8", *WIDE):
        assume(not any(is_utf8_too(line) for line in content.splitlines()))
    if mark and encoding in ("utf-8", *WIDE):
        content = "\ufeff".encode(encoding) + content
    assert cells(content, dialect) == [row for row in table if any(cell and not cell.isspace() for cell in row)]
    assert not broken(content, dialect)


def is_utf8_too(line: bytes) -> bool:
    """Text of another encoding that happens to be UTF-8 as well, and is then taken for it."""
    try:
        return not line.isascii() and bool(line.decode("utf-8"))
    except UnicodeDecodeError:
        return False


@given(
    st.lists(st.sampled_from([b"a", b",", b'"', b"\n", b"\r", b" ", b"\\", b"\xe9", b"\0", b"'"]), max_size=60).map(
        b"".join
    )
)
def test_any_bytes_are_read_to_the_end_row_by_row(content: bytes) -> None:
    for dialect in (
        Dialect(columns=ABC),
        Dialect(columns=ABC, quote="'", escape="\\", delimiter=";"),
    ):
        rows = list(records(io.BytesIO(content), dialect, width=3))
        assert [row.row for row in rows] == list(range(1, len(rows) + 1))
        assert len(rows) <= len(content.splitlines())


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_any_file_is_understood_or_refused_in_words(content: bytes) -> None:
    try:
        dialect = found(content)
    except UnreadableFileError as problem:
        sentence = str(problem)
    else:
        assert Dialect.from_json(dialect.to_json()) == dialect
        sentence = "leads.csv is fine."
    assert sentence.startswith("leads.csv")
    assert sentence.endswith(".")


# What is found out about a file


@given(
    rows=st.lists(
        st.tuples(*[st.text("abcdefgh é", min_size=1, max_size=8).filter(str.strip)] * 3), min_size=3, max_size=8
    ),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_plain_table_is_understood_by_itself(
    rows: list[tuple[str, ...]], delimiter: str, encoding: str, end: str
) -> None:
    content = end.join(map(delimiter.join, [("Name", "Company", "Notes"), *rows])).encode(encoding)
    dialect = found(content)
    assert dialect.delimiter == delimiter
    assert dialect.labels == ("Name", "Company", "Notes")
    assert [list(row) for row in rows] == cells(content, dialect)


def test_every_finding_can_be_shown_kept_and_overruled() -> None:
    content = "Name;Erstellt am;Betrag\nJosé;13.02.2018;1.234,50\nAnn;01.03.2018;99,00\n".encode("cp1252")
    dialect = found(content)
    assert {(one.about, one.answer) for one in dialect.findings()} >= {
        ("Encoding", "Western European (Windows-1252)"),
        ("Separator", "semicolon"),
        ("Heading", "row 1"),
        ("Dates in “Erstellt am”", "day first"),
        ("Numbers in “Betrag”", "decimal comma (1.234,56)"),
    }
    assert dialect.columns[1].date_why == "“13.02.2018” can only be day first"
    assert Dialect.from_json(dialect.to_json()) == dialect
    assert found(content, Told(delimiter=",", encoding="cp1250", header=False)).labels[0] == "Column 1"
    assert dialect.told("Erstellt am", day_first=False).columns[1].day_first is False


def test_dates_that_could_be_either_are_left_to_a_person() -> None:
    content = b"name,created\n" + b"Alice,03/02/2018\nBob,05/04/2018\n" * 3
    (column,) = found(content).columns[1:]
    assert column.day_first is None
    assert column.unclear == "03/02/2018"
    assert found(content).told(day_first=True).columns[1].unclear == ""


def test_one_clear_column_of_dates_speaks_for_the_unclear() -> None:
    dialect = found(b"name,created,closed\nAlice,03/02/2018,25/02/2018\nBob,05/04/2018,06/04/2018\n")
    assert [column.day_first for column in dialect.columns] == [None, True, True]
    assert dialect.columns[1].date_why == "as in “closed”"


def test_a_date_far_down_a_large_file_decides() -> None:
    ordinary = b"Somebody with a rather long name,03/02/2018\n"
    content = b"name,created\n" + ordinary * 60_000 + b"Alice,13/02/2018\n" * 2_000 + ordinary * 60_000
    assert found(content).columns[1].day_first is True


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("name\nJosé\n".encode("utf-8-sig"), "utf-8"),
        ("name,x\nJosé,1\n".encode("utf-16"), "utf-16-le"),
        ("name,x\nJosé,1\n".encode("utf-16-be"), "utf-16-be"),
        ("name\nJosé\nFrançois’s\n".encode("cp1252"), "cp1252"),
        ("name\nИванов\nПетрова\n".encode("cp1251"), "cp1251"),
        ("name\nJosé\nMüller\nFrançois\n".encode("mac_roman"), "mac_roman"),
        ("name\nJosé\n".encode() * 20 + b"Jos\xe9\n", "utf-8"),
    ],
)
def test_the_encoding_is_found(content: bytes, encoding: str) -> None:
    dialect = found(content)
    assert dialect.encoding == encoding
    assert dialect.why["encoding"]
    assert all(row[0].isalpha() or "’" in row[0] for row in cells(content, dialect))


def test_titles_above_the_heading_are_passed_over() -> None:
    content = b"Leads of the fair\n\nname,email,company\nAlice,a@acme.com,Acme\nBob,b@acme.com,Acme\n"
    dialect = found(content)
    assert (dialect.skip, dialect.labels) == (2, ("name", "email", "company"))
    assert [row.row for row in read(content, dialect)] == [4, 5]


def test_lines_of_text_below_the_table_do_not_make_short_rows_usual() -> None:
    content = b"name,email,company\n" + b"Alice,a@acme.com,Acme\n" * 3 + b"Grand Totals (3 records)\n\nCopyright\n"
    dialect = found(content)
    assert not dialect.pad_short
    assert [row.row for row in broken(content, dialect)] == [5, 7]


def test_a_heading_shorter_than_its_rows_and_a_single_column_are_understood() -> None:
    assert found(b"name,email\nA,a@b.com,x\nB,b@b.com,y\nC,c@b.com,z\n").labels == ("name", "email", "Column 3")
    content = b"name\nMeier, Alice\nSmith, Bob\n"
    assert cells(content, found(content)) == [["Meier, Alice"], ["Smith, Bob"]]


def test_excels_own_word_for_the_separator_is_heard() -> None:
    dialect = found(b"sep=;\r\nname;x,y,z\r\nAlice;1,2,3\r\n")
    assert (dialect.delimiter, dialect.labels) == (";", ("name", "x,y,z"))


def test_a_file_without_a_heading_gets_numbered_columns() -> None:
    content = b"Alice,alice@acme.com\nBob,bob@acme.com\n"
    dialect = found(content)
    assert (dialect.header, dialect.labels) == (False, ("Column 1", "Column 2"))
    assert len(cells(content, dialect)) == 2


def test_equal_and_empty_headings_are_told_apart() -> None:
    assert found(b"email,email,,email\na@b.com,,,\n").labels == ("email", "email (2)", "Column 3", "email (3)")


def test_single_quotes_and_backslashes_are_noticed() -> None:
    assert found(b"'a','b'\n'1, 2','3'\n'4','5'\n").quote == "'"
    content = b'name,note\n"Al \\"Scarface\\" Capone","x"\n"Bob","y"\n'
    assert found(content).escape == "\\"
    assert cells(content, found(content))[0] == ['Al "Scarface" Capone', "x"]


def test_three_hundred_columns_are_fine() -> None:
    labels = [f"field {at}" for at in range(300)]
    content = ",".join(labels).encode() + b"\n" + ",".join(["x"] * 300).encode() + b"\n"
    assert found(content).labels == tuple(labels)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b" \r\n", b"\0" * 100, b",,,\n,,,\n", b"sep=;\n"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    assert "choose the file that has the rows" in refusal(content)


def test_a_heading_alone_is_refused() -> None:
    assert refusal(b"name,email\n\n") == "leads.csv has a heading and no rows under it: there is nothing to import."


def test_too_many_columns_are_refused() -> None:
    assert "1,500 columns" in refusal(b",".join([b"a"] * 1500) + b"\n" + b",".join([b"b"] * 1500))


def test_half_a_quote_in_the_heading_is_said() -> None:
    assert "row 1, the heading" in refusal(b'name,"email\nAlice,a@acme.com\n')


def zipped(*members: str, content: str = "content") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            archive.writestr(member, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF document"),
        (zipped("leads.csv"), "is a ZIP archive"),
        (b"\x89PNG\r\n\x1a\n", "is an image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "is an image"),
        (b"\x1f\x8b\x08\0", "is a compressed file"),
        (b"<!DOCTYPE html>\n<table>", "is a web page"),
        (b'<?xml version="1.0"?><leads/>', "is an XML file"),
        (b'[{"name": "Alice"}]', "is a JSON file"),
        (bytes(range(256)) * 10, "is not text"),
    ],
)
def test_other_files_named_csv_are_refused_in_words(content: bytes, said: str) -> None:
    sentence = refusal(content, "fair 2018.csv")
    assert sentence.startswith(f"fair 2018.csv {said}")
    assert sentence.count(".") >= 2  # and what to do instead


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100
ODS = "application/vnd.oasis.opendocument.spreadsheet"


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "leads.csv", "an Excel file"),
        (zipped("[Content_Types].xml"), "leads.csv", "an Excel file"),
        (zipped("sheet1.xml"), "Leads.XLSX", "an Excel file"),
        (zipped("mimetype", content=ODS), "leads.csv", "a spreadsheet"),
        (zipped("mimetype", "content.xml"), "leads.ods", "a spreadsheet"),
        (OLE + "Workbook".encode("utf-16-le"), "leads.xls", "an Excel file"),
        (OLE, "leads.csv", "an Excel file"),
    ],
)
def test_a_spreadsheet_is_named_by_what_it_is_and_how_to_save_it(content: bytes, name: str, said: str) -> None:
    sentence = refusal(content, name)
    assert sentence.startswith(f"{name} is {said}. Save it as “CSV UTF-8”")
    assert "Unpack" not in sentence


def test_other_documents_are_not_called_spreadsheets() -> None:
    assert "is a Word document" in refusal(zipped("[Content_Types].xml", "word/document.xml"))
    assert "is a Word document" in refusal(OLE + "WordDocument".encode("utf-16-le"))
    assert "is an office document" in refusal(zipped("[Content_Types].xml", "ppt/presentation.xml"))


def test_a_dialect_that_makes_no_sense_is_refused() -> None:
    for wrong in ({"encoding": "klingon"}, {"delimiter": "ab"}, {"delimiter": '"'}, {"quote": "x"}, {"skip": -1}):
        with pytest.raises(ValueError):
            Dialect(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        Dialect.from_json({"columns": [], "colour": "red"})
    assert all("x".encode(encoding) for encoding in ENCODINGS)


@pytest.mark.real_data
@pytest.mark.skipif("RIPELINE_REAL_DATA" not in os.environ, reason="RIPELINE_REAL_DATA is not set")
@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [("olist_marketing_qualified_leads.csv", 8000, 4), ("olist_closed_deals.csv", 842, 14), ("e1684.csv", 284, 5)],
)
def test_real_files_are_read_whole(name: str, rows: int, columns: int) -> None:
    content = (Path(os.environ["RIPELINE_REAL_DATA"]) / name).read_bytes()
    dialect = found(content)
    assert len(dialect.columns) == columns
    assert len(cells(content, dialect)) == rows
