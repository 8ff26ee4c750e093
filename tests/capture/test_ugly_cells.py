"""Cells as other programs leave them: ="…", letters broken twice, a salutation before a name; and too many columns."""

import pytest

from ripeline.capture.cells import values
from ripeline.capture.cells.text import clean, clean_lines, mended
from ripeline.capture.columns.scraps import MOST_OWN
from ripeline.capture.imports import queries
from ripeline.catalog.queries import custom_fields
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.capture.importing import csv, imported
from tests.web.test_imports import SignIn, signed_in, text, upload  # noqa: F401


@pytest.mark.parametrize("word", ["Müller", "Größer", "Françoise", "Łódź", "O’Neil", "Åsa", "Ñandú", "São Paulo"])
@pytest.mark.parametrize("times", [0, 1, 2])
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_what_was_utf_8_and_was_read_as_western_european_is_as_it_was(word: str, times: int, encoding: str) -> None:
    broken = word
    for _ in range(times):
        try:
            broken = broken.encode().decode(encoding)
        except UnicodeDecodeError:
            pytest.skip("no program of that kind writes it so")
    assert mended(broken) == word


@pytest.mark.parametrize("word", ["SÃO JOÃO", "Ângela", "LÂ", "Âge 30", "Ãgueda Ã", "Århus", "pâte", "Müller", "東京"])
def test_what_only_looks_broken_stays(word: str) -> None:
    assert mended(word) == word


def test_what_a_program_wrote_as_text_for_a_spreadsheet_is_that_text() -> None:
    assert [clean(cell) for cell in ('="Fritz"', '="00123"', '="say ""hi"""', '="a"&"b"', "=1+1")] == [
        "Fritz", "00123", 'say "hi"', '="a"&"b"', "=1+1",
    ]  # fmt: skip
    assert clean_lines('="Fritz"') == "Fritz"


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("Herr Fritz Alt", "Fritz Alt"), ("Frau Weber", "Weber"), ("Herrn Dr. Uwe Lang", "Dr. Uwe Lang"),
        ("Mr. Sam O'Neil", "Sam O'Neil"), ("Mrs Jones", "Jones"), ("Mme Claire Dubois", "Claire Dubois"),
        ("FRAU ALT", "ALT"), ("Weber, Frau Ina", "Ina Weber"), ("Herr und Frau Alt", "Herr und Frau Alt"),
        ("Frauke Alt", "Frauke Alt"), ("Herrmann Alt", "Herrmann Alt"), ("Frau", "Frau"), ("Srini Rao", "Srini Rao"),
    ],
)  # fmt: skip
def test_a_salutation_is_no_part_of_a_name(cell: str, name: str) -> None:
    assert values.person_name(cell).value == name


@pytest.mark.django_db
def test_a_mended_row_goes_in_and_says_so(mona: User) -> None:
    broken = "Jürgen Größer".encode().decode("cp1252")
    run = imported(csv("Name,E-mail", f"{broken},jg@x.example", '"=""Fritz""",f@x.example'), actor=mona)
    assert set(Lead.objects.values_list("name", flat=True)) == {"Jürgen Größer", "Fritz"}
    assert any("broken on the way" in said for _, said in queries.remarks(run))


@pytest.mark.django_db
def test_a_file_of_three_hundred_columns_makes_no_three_hundred_fields_unasked(
    signed_in: SignIn,  # noqa: F811
    mona: User,
) -> None:
    names = [f"Feld {chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(298)]
    rows = [",".join([f"A{at},a{at}@x.example", *(f"w{n}" for n in range(298))]) for at in range(3)]
    content = csv(",".join(["Name", "E-mail", *names]), *rows)
    client = signed_in(mona)
    page = text(client.get(upload(client, content).url))
    assert f"{298 - MOST_OWN} columns are left out, because there are so many" in page
    imported(content, actor=mona)
    assert len(custom_fields()) == MOST_OWN


@pytest.mark.django_db
def test_a_list_of_linkedins_contacts_came_by_linkedin(mona: User) -> None:
    head = "First Name,Last Name,URL,Email Address,Company,Position,Connected On"
    row = "Claire,Dubois,https://www.linkedin.com/in/cd,claire@x.example,Dubois,Head,03 Feb 2026"
    run = imported(csv(head, row), actor=mona, kind=None)
    assert run.source == "LinkedIn"
    assert Lead.objects.get().source.name == "LinkedIn"
