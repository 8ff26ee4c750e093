"""Workbooks as people have them: the sheet they mean is found, and its rows go in as those of a CSV file would."""

import csv
import io
import tempfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from ripeline.capture.columns.detection import Told, detect
from ripeline.capture.columns.mapping import fitting, guess
from ripeline.capture.columns.row import Row
from ripeline.capture.columns.rows import chunks
from ripeline.capture.files import unpacking
from ripeline.capture.files.workbooks import as_table
from ripeline.capture.imports import actions, queries
from ripeline.capture.imports.actions import Said, UnreadableFileError
from ripeline.capture.models import ImportPiece
from ripeline.leads.models import Lead
from ripeline.people.queries import system
from tests.capture.importing import begun, counts, imported
from tests.capture.sheets import Rows, workbook
from tests.cast import MONDAY


def at(*parts: int) -> datetime:
    """A moment as sheets have it, without a zone."""
    return datetime(*parts)  # type: ignore[arg-type,misc]  # noqa: DTZ001


HEADING = ("Name", "E-mail", "Phone", "Company", "Created", "Amount", "Lead id")
ROWS: Rows = (
    HEADING,
    ("Priya Raman", "priya@northgate.example", 442071838750, "Northgate", at(2026, 5, 20, 14, 30), 1200.5, 123.0),
    ("Jonas Weber", "jonas@helio.example", "030 901820", "Helio", date(2026, 5, 21), 80, 124),
)  # fmt: skip


def lines(content: bytes, **told: Any) -> list[list[str]]:
    """A sheet's rows as text."""
    with as_table(io.BytesIO(content), name="leads.xlsx", **told) as table:
        return list(csv.reader(io.StringIO(table.file.read().decode(), newline="")))


def sheets(content: bytes) -> tuple[str, list[tuple[str, int, bool]]]:
    with as_table(io.BytesIO(content), name="leads.xlsx") as table:
        return table.sheet, [tuple(sheet) for sheet in table.sheets]


def test_cells_are_read_as_what_they_are_whatever_they_showed() -> None:
    def shape(sheet: Worksheet) -> None:
        sheet["A2"] = "#N/A"
        sheet["A2"].data_type = "e"
        sheet["B2"].number_format = "yyyy-mm-dd"

    rows = (
        (491700000000, 123.0, 12345678901234567890, 9007199254740991, 1234567890123450, 1.5, 234.567, 0.1 + 0.2, 1e-7),
        (None, 45000.5, True, date(2024, 2, 29), at(2024, 1, 2, 3, 4, 5), time(9, 30), "=1+1", "  a\nb ", "x"),
    )
    first, second = lines(workbook(rows, shape=shape))
    assert first[:5] == ["491700000000", "123", "1.23456789012346E+19", "9007199254740991", "1.23456789012345E+15"]
    assert first[5:] == ["1.5", "234.5670", "0.3", "0.0000001"]
    assert second[:6] == ["", "2023-03-15 12:00:00", "TRUE", "2024-02-29", "2024-01-02 03:04:05", "09:30:00"]
    assert second[6:] == ["", "  a\u2028b ", "x"]


def test_days_may_be_counted_from_1904() -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["E-mail", "Created", "Came"])
    sheet.append(["a@x.example", at(2024, 1, 2), 43831])
    file = io.BytesIO()
    book.save(file)
    with as_table(io.BytesIO(file.getvalue()), name="old.xlsx") as table:
        assert table.is_1904
        assert table.file.read() == b"E-mail,Created,Came\na@x.example,2024-01-02,43831\n"


def test_what_is_merged_downwards_stands_in_each_row_and_a_title_stays_one_cell() -> None:
    def shape(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:C1")
        sheet.merge_cells("C3:C4")

    rows = (("Expo 2026",), ("Name", "E-mail", "Company"), ("A", "a@x.example", "Acme"), ("B", "b@x.example"))
    found = lines(workbook(rows, shape=shape))
    assert found[0] == ["Expo 2026", "", ""]
    assert [row[2] for row in found[2:]] == ["Acme", "Acme"]


def test_the_visible_sheet_with_most_rows_is_meant_unless_somebody_says_another() -> None:
    more = {"Archive": [("Name",)] * 9, "Prices": [("Product", "Price"), ("A", 1)], "Empty": []}
    content = workbook(ROWS, more=more, hidden=["Archive"])
    chosen, all_of_them = sheets(content)
    assert chosen == "Leads"
    assert all_of_them == [("Leads", 3, False), ("Archive", 9, True), ("Prices", 2, False), ("Empty", 0, False)]
    assert lines(content, sheet="Prices")[1] == ["A", "1"]
    with pytest.raises(UnreadableFileError, match=r"has no sheet “Leeds”\. It has: “Leads”"):
        lines(content, sheet="Leeds")


def test_a_workbook_without_rows_is_empty() -> None:
    with pytest.raises(UnreadableFileError, match="is empty"):
        lines(workbook())


CELL = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"], exclude_characters="\ufeff\u2028\u2029"),
    max_size=12,
).filter(lambda text: not text.startswith(("=", "sep=")))


def taken(content: bytes, told: Told) -> list[Row]:
    found = detect(io.BytesIO(content), name="leads.csv", told=told)
    labels = found.dialect.labels
    mapping = fitting("leads", labels, guess("leads", labels, found.samples))
    parts = chunks(io.BytesIO(content), dialect=found.dialect, mapping=mapping, now=MONDAY)
    return [row for part in parts for row in part.rows]


@given(table=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_sheet_goes_in_as_the_same_rows_of_a_csv_file_do(table: list[tuple[str, str, str]]) -> None:
    rows = [
        ("Name", "E-mail", "Company"),
        *((name, f"p{n}@x.example", firm) for n, (name, firm, _) in enumerate(table)),
    ]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    told = Told(encoding="utf-8", delimiter=",", quote='"', escape="", skip=0, header=True)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "book.xlsx"
        file.write_bytes(workbook(rows))
        unpacking.written(file, Path(directory))
        sheet = (Path(directory) / "0.csv").read_bytes()
    assert taken(sheet, told) == taken(text.getvalue().encode(), told)


@pytest.mark.django_db
@pytest.mark.usefixtures("on_monday")
class TestImported:
    def test_a_sheet_becomes_leads_with_dates_numbers_and_ids_as_they_are(self) -> None:
        run = imported(workbook(ROWS), name="leads.xlsx")
        assert (run.state, counts(run), run.sheet_size is not None) == ("done", (2, 0, 0, 0), True)
        lead = Lead.objects.get(email="priya@northgate.example")
        assert (lead.reference, str(lead.amount)) == ("123", "1200.50")
        assert lead.captured_at == datetime(2026, 5, 20, 14, 30, tzinfo=UTC)
        assert not ImportPiece.objects.exists(), "every row is accounted for"
        assert counts(imported(workbook(ROWS), name="again.xlsx")) == (0, 0, 2, 0)

    def test_titles_groups_blank_rows_and_totals_do_not_become_leads(self) -> None:
        rows = [
            ("Leads of the Expo", None, None, None),
            ("Exported on 1 June", None, None, None),
            (),
            ("Contact", "", "Firm", ""),
            ("Name", "E-mail", "Company", "Amount"),
            ("A", "a@x.example", "Acme", 5),
            (),
            ("B", "b@x.example", "Acme", 6),
            ("Total", None, None, 11),
        ]
        run = imported(workbook(rows), name="expo.xlsx")
        assert (counts(run), run.rows) == ((2, 0, 0, 1), 3)
        (reject,) = queries.rejects(run)
        assert (reject.row, "totals" in reject.reason) == (9, True)

    def test_ids_that_the_spreadsheet_rounded_are_never_made_one(self) -> None:
        kept = [(f"{n}2345678901234567", f"C {n}") for n in range(1, 20)]
        rows = [("Lead id", "Name"), (12345678901234567, "A"), (12345678901234568, "B"), *kept]
        run = imported(workbook(rows), name="ids.xlsx")
        assert counts(run) == (19, 0, 0, 2)
        assert all("rounded by a spreadsheet" in reject.reason for reject in queries.rejects(run))

    def test_a_broken_off_import_goes_on_in_the_same_sheet(self) -> None:
        rows = [("Name", "E-mail"), *((f"P {n}", f"p{n}@x.example") for n in range(7))]
        run = begun(workbook(rows), name="leads.xlsx")
        calls = iter([False, True])
        assert not actions.work(run.pk, size=3, is_stopping=lambda: next(calls))
        run.refresh_from_db()
        assert run.position == 3
        actions.work(run.pk, size=3)
        run.refresh_from_db()
        assert (run.state, counts(run)) == ("done", (7, 0, 0, 0))

    def test_another_sheet_can_be_chosen_until_it_starts(self) -> None:
        more = {"Partners": [("Name", "E-mail"), ("P", "p@x.example")]}
        who = system()
        run = actions.begin(actor=who, kind="leads", filename="a.xlsx", file=io.BytesIO(workbook(ROWS, more=more)))
        assert run.dialect["sheet"] == "Leads"
        actions.prepare(actor=who, run_id=run.pk, said=Said(Told(sheet="Partners")))
        assert ImportPiece.objects.filter(run=run, is_workbook=True).exists()
        actions.confirm(actor=who, run_id=run.pk)
        assert not ImportPiece.objects.filter(run=run, is_workbook=True).exists()
        actions.work(run.pk)
        assert [lead.name for lead in Lead.objects.all()] == ["P"]


@pytest.mark.django_db
@pytest.mark.usefixtures("on_monday")
def test_a_second_table_below_is_not_read_as_more_people() -> None:
    people = [("Name", "E-mail"), ("A", "a@x.example"), ("Name", "E-mail"), ("B", "b@x.example")]
    rows = [*people, (), ("Product", "Price"), ("Chair", 5), ("Table", 9)]
    run = imported(workbook(rows), name="two.xlsx")
    assert (counts(run), run.rows) == ((2, 0, 0, 4), 6)
    assert [(reject.row, reject.reason[:30]) for reject in queries.rejects(run)] == [
        (3, "is the heading once more: take"), (6, "belongs to another table, whic"),
        (7, "belongs to another table, whic"), (8, "belongs to another table, whic"),
    ]  # fmt: skip


GROUPED: Rows = (
    ("Lead list of the third quarter",),
    (),
    ("Contact", None, None, "Company", None, "Deal"),
    ("First name", "Last name", "E-mail", "Name", "City", "Value (EUR)", "Status"),
    ("Tom", "Baker", "tom@acme.example", "Acme Ltd", "London", 1000.5, "open"),
    ("Ann", "Cole", "ann@fjord.example", "Fjord AS", "Leeds", 2000.5, "lost"),
    ("Eve", "Dunn", "eve@north.example", "North Inc", "London", 3000.5, "won"),
)


def merged_across(sheet: Worksheet) -> None:
    for place in ("A1:G1", "A3:C3", "D3:E3", "F3:G3"):
        sheet.merge_cells(place)


def test_the_upper_of_two_header_rows_says_whose_name_a_name_is() -> None:
    with as_table(io.BytesIO(workbook(GROUPED, shape=merged_across)), name="leads.xlsx") as table:
        found = detect(table.file, name="leads.xlsx", told=Told(encoding="utf-8", delimiter=","))
    assert found.dialect.labels == (
        "First name",
        "Last name",
        "E-mail",
        "Company Name",
        "City",
        "Value (EUR)",
        "Status",
    )
    assert found.dialect.skip == 3


def test_headings_that_say_the_same_are_told_apart_by_those_above_them() -> None:
    rows = [("Contact", None, "Office", None), ("Name", "Phone", "Phone", "Street"), ("Tom Baker", "1", "2", "A")]
    with as_table(io.BytesIO(workbook(rows)), name="leads.xlsx") as table:
        found = detect(table.file, name="leads.xlsx", told=Told(encoding="utf-8", delimiter=","))
    assert found.dialect.labels == ("Name", "Contact Phone", "Office Phone", "Street")


def test_what_stands_under_the_word_person_is_called_by_its_own_heading() -> None:
    rows = [
        ("Person", None, None, "Kontakt", None), ("Name", "Firma", "Funktion", "E-Mail", "Telefon"),
        ("Tom Baker", "Acme", "CEO", "tom@acme.example", "020 7946 0001"),
    ]  # fmt: skip
    with as_table(io.BytesIO(workbook(rows)), name="leads.xlsx") as table:
        found = detect(table.file, name="leads.xlsx", told=Told(encoding="utf-8", delimiter=","))
    assert found.dialect.labels == ("Name", "Firma", "Funktion", "E-Mail", "Telefon")


@pytest.mark.django_db(transaction=True)
def test_people_under_two_header_rows_are_called_by_their_own_names() -> None:
    imported(workbook(GROUPED, shape=merged_across), name="leads.xlsx")
    assert sorted(Lead.objects.values_list("name", "account__name")) == [
        ("Ann Cole", "Fjord AS"), ("Eve Dunn", "North Inc"), ("Tom Baker", "Acme Ltd"),
    ]  # fmt: skip
