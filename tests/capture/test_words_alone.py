"""What stands below the people and is none: kept out with a reason, counted, said; and no person is lost with it."""

import io
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.capture.columns.detection import detect
from ripeline.capture.columns.mapping import fitting, guess
from ripeline.capture.columns.rows import chunks, count
from ripeline.capture.files.reading import Broken
from ripeline.capture.files.words_alone import title_of
from tests.capture.test_rows import NOW

HEADS = ("Name;Firma;E-Mail;Telefon;Bemerkung", "Name;Company;E-mail;Phone;Notes")
PEOPLE = (
    "Anna Bell;Fjord AS;anna@fjord.example;;\nTom Roth;Acme;;020 7946 0001;will Angebot\nLi Wu;North;li@n.example;;\n"
)
LEGENDS = (
    ("Legende", "A;heiß", "B;warm", "C;kalt"),
    ("Legend:", "A = hot", "B = warm"),
    ("Farblegende 2026", "rot;sofort anrufen", "grün;hat Zeit"),
    ("", "A;hot", "B;warm"),
    ("", "A = hot", "B = warm", "C = cold"),
    ("", "++;sehr interessiert", "+;interessiert", "-;kein Interesse"),
    ("Legende zu Spalte D", "kalt;hat Zeit"),
    ("Abkürzungen", "AP;Ansprechpartner", "GF;Geschäftsführer"),
)
STAFF = (
    ("Standpersonal", "Eva Kern", "Jo Lang"),
    ("Booth staff", "Eva Kern;Montag", "Jo Lang;Dienstag"),
    ("Standbesetzung Halle 4", "Wer;Rolle;Tag", "Eva Kern;Leitung;Montag", "Jo Lang;Technik;Dienstag"),
    ("Messeteam", "Eva Kern;;eva@ripeline.example;0171 2345678", "Jo Lang;;jo@ripeline.example;"),
    ("Booth staff: Eva Kern, Jo Lang",),
    ("On duty", "", "Eva Kern;morning", "Jo Lang;afternoon"),
)
THINGS = (
    ("Produkte", "P-100;Kreiselpumpe;groß", "P-200;Hochdruckpumpe;klein"),
    ("Products shown", "Pump X200;12.50", "Valve;3.10"),
    ("", "Pumpe;Kreisel;Edelstahl", "Ventil;Kugel;Messing"),
    ("Preisliste 2026", "", "Kreiselpumpe;klein;1.200", "Ventil;groß;80"),
    ("Offene Punkte", "Kataloge nachbestellen", "Strom für den Stand"),
    ("* Besucher mit Stern bitte sofort anrufen",),
    ("Besucher mit A bitte sofort noch heute anrufen",),
    ("Stand: 20.04.2026", "Erfasst von: Eva Kern"),
)
PADDED = len(HEADS[0].split(";"))


def row(cells: str) -> str:
    return cells + ";" * (PADDED - 1 - cells.count(";"))


def read(*parts: str) -> tuple[list[str], list[tuple[int, str]], str]:
    """The names that go in, the rows that do not with their reasons, and what the page says."""
    file = io.BytesIO("".join(parts).encode())
    dialect, _, samples, *_ = detect(file, name="messe.csv")
    mapping = fitting("leads", dialect.labels, guess("leads", dialect.labels, samples))
    found = list(chunks(file, dialect=dialect, mapping=mapping, now=NOW))
    names = [each.text("name") for chunk in found for each in chunk.rows]
    refused = [(reject.row, reject.reason) for chunk in found for reject in chunk.rejects]
    assert count(file, dialect) == len(names) + len(refused), "every row is accounted for"
    return names, refused, next((each.answer for each in dialect.findings() if each.about == "Not people"), "")


@pytest.mark.parametrize(("head", "below"), list(product(HEADS, (*LEGENDS, *STAFF, *THINGS))))
def test_what_stands_below_the_visitors_and_is_none_stays_out(head: str, below: tuple[str, ...]) -> None:
    lines = "".join(f"{row(line)}\n" for line in below)
    names, refused, _ = read(f"{head}\n{PEOPLE}{row('')}\n", lines)
    assert names == ["Anna Bell", "Tom Roth", "Li Wu"]
    assert len(refused) == sum(bool(line) for line in below)


@pytest.mark.parametrize("below", [each for each in (*LEGENDS, *STAFF) if each[0] and ":" not in each[0][:-1]])
def test_so_does_what_follows_without_a_blank_row_if_its_title_says_so(below: tuple[str, ...]) -> None:
    names, refused, _ = read(f"{HEADS[0]}\n{PEOPLE}", "".join(f"{row(line)}\n" for line in below))
    assert names == ["Anna Bell", "Tom Roth", "Li Wu"]
    assert len(refused) == sum(bool(line) for line in below)


def test_the_page_says_where_it_stands_and_the_reasons_name_its_title() -> None:
    names, refused, said = read(
        f"{HEADS[0]}\n{PEOPLE};;;;\nLegende;;;;\nA;heiß;;;\nB;warm;;;\n;;;;\nUnser Team;;;;\nEva;;;0171 2345678;\n"
    )
    assert names == ["Anna Bell", "Tom Roth", "Li Wu"]
    assert said == "5 of the rows 6 to 11, below “Legende”, “Unser Team”"
    assert refused[0] == (
        6, "stands below “Legende” in row 6, which is no list of people: import that by itself if it is one",
    )  # fmt: skip
    assert "below “Unser Team” in row 10" in refused[-1][1]


def test_people_below_the_legend_are_people_again() -> None:
    names, refused, _ = read(
        f"{HEADS[0]}\n{PEOPLE};;;;\nLegende;;;;\nA;heiß;;;\n;;;;\nUma Zorn;Acme;uma@acme.example;;\n"
    )
    assert names == ["Anna Bell", "Tom Roth", "Li Wu", "Uma Zorn"]
    assert [at for at, _ in refused] == [6, 7]


def test_another_list_of_people_below_a_heading_of_its_own_is_told_as_such_as_ever() -> None:
    names, refused, said = read(
        f"{HEADS[0]}\n{PEOPLE};;;;\nPartner;;;;\nAnsprechpartner;Mail;Sitz;;\nPia;pia@fjord.example;Oslo;;\n"
    )
    assert names == ["Anna Bell", "Tom Roth", "Li Wu"]
    assert {reason[:24] for _, reason in refused} == {"belongs to another table"}
    assert said == ""


@pytest.mark.parametrize(
    "below",
    [
        ("Bob",),
        ("Anna Staff",),
        ("Team", "Uma Zorn;Acme;;;", "Bo Key;Fjord AS;;;"),
        ("Ohne Karte", "Uma Zorn;Acme", "Bo Key;Fjord AS", "Jo Note"),
        ("Notizen", "Uma Zorn;Acme;uma@acme.example", "Bo Key;Fjord AS;;0170 1234567"),
        ("Frankreich", "Lea Petit;Nord;Jean fragen;;", "Jean Roi;Nord;;0170 1234567"),
        ("", "Uma Zorn;Acme;siehe Karte", "Bo Key;Fjord AS;siehe Karte"),
        ("", "Uma Zorn;Acme;n/a", "Bo Key;Fjord AS;keine Angabe"),
        ("Prof. Dr. med. Anna von der Bell zu Felsen",),
        ("", "Bo;Acme", "Cy;North", "Di;Fjord AS"),
        ("O", "Y"),
    ],
)
def test_people_of_whom_little_is_known_are_people(below: tuple[str, ...]) -> None:
    people = sum(bool(line) for line in below)
    names, refused, said = read(f"{HEADS[0]}\n{PEOPLE}{row('')}\n", "".join(f"{row(line)}\n" for line in below))
    assert (len(names), refused, said) == (3 + people, [], "")


NAME = st.from_regex(r"[A-ZÄÖÜ][a-zäöüß]{2,9} [A-ZÄÖÜ][a-zäöüß]{2,12}", fullmatch=True)
PERSON = st.tuples(NAME, st.sampled_from(["", "Acme", "Fjord AS", "3M"]), st.booleans()).map(
    lambda one: f"{one[0]};{one[1]};{'a.b@acme.example' if one[2] else ''};;"
)


@given(st.lists(st.lists(PERSON, max_size=5), max_size=6), st.sampled_from([*LEGENDS, *STAFF, *THINGS]))
def test_people_in_any_groups_come_in_whatever_stands_below_them(
    groups: list[list[str]], below: tuple[str, ...]
) -> None:
    people = "".join("".join(f"{one}\n" for one in group) + f"{row('')}\n" for group in groups)
    names, refused, _ = read(f"{HEADS[0]}\n{PEOPLE}{people}{row('')}\n", "".join(f"{row(line)}\n" for line in below))
    assert len(names) == 3 + sum(map(len, groups))
    assert len(refused) == sum(bool(line) for line in below)


def test_a_long_table_of_products_is_kept_out_to_its_end() -> None:
    products = "".join(f"Pumpe {at};Kreisel;;;\n" for at in range(300))
    names, refused, _ = read(f"{HEADS[0]}\n{PEOPLE};;;;\nProdukte;;;;\n{products};;;;\nUma Zorn;;uma@acme.example;;\n")
    assert names == ["Anna Bell", "Tom Roth", "Li Wu", "Uma Zorn"]
    assert len(refused) == 301


def test_only_rows_that_are_kept_out_so_have_such_a_title() -> None:
    assert title_of(Broken(3, [], "has 2 cells, the heading has 4")) == ""


@pytest.mark.parametrize("is_padded", [True, False])
@pytest.mark.parametrize(
    "below",
    [
        ("Grand Totals (3 records)", "", "Confidential Information - Do Not Distribute",
         "Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."),
        ("Gesamtsummen (3 Datensätze)", "", "Vertrauliche Informationen - Nicht weitergeben",
         "Copyright © 2000-2026 salesforce.com, inc. Alle Rechte vorbehalten."),
    ],
)  # fmt: skip
def test_the_last_lines_of_a_report_are_nobody_and_are_said_to_stand_below_it(
    below: tuple[str, ...], is_padded: bool
) -> None:
    lines = "".join(f"{row(line) if is_padded else line}\n" for line in below)
    names, refused, said = read(f"{HEADS[0]}\n{PEOPLE}\n{lines}")
    assert names == ["Anna Bell", "Tom Roth", "Li Wu"]
    assert refused == [(at, "is a line that a report writes below its rows, not a person") for at in (6, 8, 9)]
    assert said == "3 of the rows 6 to 9, below the rows of the report"


def test_people_below_the_totals_of_a_group_are_people() -> None:
    names, refused, _ = read(f"{HEADS[0]}\n{PEOPLE}Subtotal (3)\nUma Zorn;Acme;uma@acme.example;;\nBo;Acme;;;\n")
    assert names == ["Anna Bell", "Tom Roth", "Li Wu", "Uma Zorn", "Bo"]
    assert [at for at, _ in refused] == [5]
