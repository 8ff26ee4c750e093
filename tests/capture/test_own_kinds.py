"""A new column that is all numbers, or all days, becomes a field of them: it can be asked for more and less."""

import io
from dataclasses import replace

import pytest

from ripeline.capture.cells import codes
from ripeline.capture.columns import own_kinds
from ripeline.capture.columns.detection import detect
from ripeline.capture.files.dialect import Column
from ripeline.capture.imports.queries import remarks
from ripeline.capture.models import ImportRun
from ripeline.catalog.models import CustomField
from ripeline.leads.finding import own_fields
from ripeline.leads.models import Lead
from tests.capture.importing import counts, csv, imported


def kinds(content: bytes) -> dict[str, str]:
    return {column.label: column.kind for column in detect(io.BytesIO(content), name="a.csv").dialect.columns}


def asked(name: str, value: str) -> set[str]:
    """Who is found by a question about an own field."""
    return set(Lead.objects.filter(own_fields.condition(name, value)).values_list("name", flat=True))


GERMAN = csv(
    "E-Mail;Name;Jahresbedarf;Termin;PLZ;Kundennummer;Vermerk",
    "ann@x.example;Ann;1.234,50;13.02.2027;10115;17;x",
    "bo@x.example;Bo;950;01.03.2027;20095;18;7",
    "cem@x.example;Cem;12.000,00;05.06.2028;80331;19;9",
    "di@x.example;Di;;;;;",
)


def test_what_every_cell_is_decides_and_names_made_of_digits_are_text() -> None:
    assert kinds(GERMAN) == {
        "E-Mail": "text", "Name": "text", "Jahresbedarf": "number", "Termin": "date", "PLZ": "text",
        "Kundennummer": "text", "Vermerk": "text",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("label", "cells", "kind"),
    [
        ("Seats", ["1", "20", "300"], "number"),
        ("Number of seats", ["1", "20", "300"], "number"),
        ("Seats", ["1", "20"], ""),  # two cells tell nothing
        ("Seats", ["1", "n/a", "20", "-", "300"], "number"),
        ("Seats", ["1", "20", "many"], ""),
        ("Change", ["-1.5", "2.25", "3"], "number"),
        ("Share", ["10 %", "20 %", "30 %"], ""),
        ("Team", ["007", "008", "009"], ""),
        ("Client", ["20260017", "20260018", "20260019"], ""),
        ("Zip code", ["10115", "10117", "10119"], ""),
        ("Weight", ["1.234", "2.345", "3.456"], ""),  # thousands, or grams of a kilogram
        ("Far", ["12345678901234567", "1", "2"], ""),
        ("Visit", ["2026-05-01", "2027-05-02", "1965-05-03"], "date"),
        ("Visit", ["2026-05-01 10:00", "2026-05-02 11:00", "2026-05-03 12:00"], ""),
        ("Visit", ["30.02.2026", "01.02.2026", "02.02.2026"], ""),
    ],
)
def test_a_column_is_what_all_of_its_cells_are(label: str, cells: list[str], kind: str) -> None:
    text = csv(f"{label};Name", *(f"{cell};Ann" for cell in cells))
    assert kinds(text)[label] == (kind or "text")


def test_days_that_could_be_either_way_round_stay_text_until_somebody_says() -> None:
    column = Column("Visit", unclear="03/04/2026")
    cells = ["03/04/2026", "05/06/2026", "07/08/2026"]
    column = replace(column, cells=own_kinds.kind_of_cells(column, cells))
    assert column.kind == "text"
    assert replace(column, unclear="", day_first=True).kind == "date"


@pytest.mark.django_db
def test_numbers_in_german_form_can_be_asked_for_more_and_less() -> None:
    run = imported(GERMAN)
    assert counts(run) == (4, 0, 0, 0)
    found = dict(CustomField.objects.values_list("label", "field_type"))
    assert (found["Jahresbedarf"], found["Termin"], found["Vermerk"]) == ("number", "date", "text")
    assert Lead.objects.get(name="Ann").custom["jahresbedarf"] == 1234.5
    assert Lead.objects.get(name="Ann").custom["termin"] == "2027-02-13"
    assert "jahresbedarf" not in Lead.objects.get(name="Di").custom
    assert asked("jahresbedarf~from", "1000") == {"Ann", "Cem"}
    assert asked("jahresbedarf~to", "1000") == {"Bo"}
    assert asked("jahresbedarf", "950") == {"Bo"}
    assert asked("termin~to", "2027-12-31") == {"Ann", "Bo"}
    assert counts(imported(GERMAN)) == (0, 0, 4, 0), "the same file changes nothing"


@pytest.mark.django_db
def test_a_later_cell_that_does_not_fit_is_kept_in_its_words_and_said() -> None:
    imported(GERMAN)
    run = imported(csv("E-mail,Jahresbedarf,Termin", "eva@x.example,about ten,soon", "fay@x.example,11,2027-01-02"))
    assert counts(run) == (2, 0, 0, 0)
    eva, fay = (Lead.objects.get(email=f"{name}@x.example").custom for name in ("eva", "fay"))
    assert eva == {"jahresbedarf": "about ten", "termin": "soon"}
    assert fay == {"jahresbedarf": 11, "termin": "2027-01-02"}
    assert [text for _, text in remarks(run)] == [
        "Jahresbedarf: “about ten” is not a number: write it like 1234.56; it was kept as it is",
        "Termin: “soon” is not a date: write it like 2018-02-13; it was kept as it is",
    ]


@pytest.mark.django_db
def test_a_field_that_is_text_stays_text() -> None:
    imported(csv("E-mail,Seats", "ann@x.example,many"))
    imported(csv("E-mail,Seats", "ann@x.example,1", "bo@x.example,2", "cem@x.example,3"))
    assert CustomField.objects.get().field_type == "text"
    assert Lead.objects.get(email="bo@x.example").custom == {"seats": "2"}


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("Wert (EUR)", ("Wert", "EUR")), ("Value in EUR", ("Value", "EUR")), ("Umsatz €", ("Umsatz", "EUR")),
        ("Betrag [CHF]", ("Betrag", "CHF")), ("Amount USD", ("Amount", "USD")), ("Price (net)", ("Price (net)", "")),
        ("Umsatz", ("Umsatz", "")), ("Amount (TRY)", ("Amount", "TRY")), ("value in sek", ("value", "SEK")),
        ("Deal ALL", ("Deal ALL", "")), ("Value TOP", ("Value TOP", "")), ("All in all", ("All in all", "")),
    ],
)  # fmt: skip
def test_a_heading_can_say_the_currency(heading: str, found: tuple[str, str]) -> None:
    assert codes.currency_of_heading(heading) == found


def test_headings_are_not_remembered_without_end() -> None:
    assert codes.currency_of_heading.cache_parameters()["maxsize"]


@pytest.mark.django_db
@pytest.mark.parametrize("heading", ["Wert (EUR)", "Value in EUR", "Umsatz €", "Umsatz"])
def test_a_column_of_amounts_is_the_amount_in_the_currency_of_its_heading(heading: str) -> None:
    run: ImportRun = imported(f"Email;{heading}\nann@x.example;1.234,50\nbo@x.example;99,90\n".encode())
    assert run.mapping[heading] == "amount"
    found = Lead.objects.get(email="ann@x.example")
    assert (str(found.amount), found.currency) == ("1234.50", "EUR")


@pytest.mark.django_db
def test_a_heading_in_pounds_is_not_taken_for_the_companys_own_currency() -> None:
    imported(b"Email,Value in GBP\nann@x.example,1200\n")
    assert Lead.objects.get().currency == "GBP"
