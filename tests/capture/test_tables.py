"""Where a table ends: what stands below it is no row of it, and is accounted for."""

import io

from ripeline.capture.columns.detection import detect
from ripeline.capture.columns.mapping import fitting, guess
from ripeline.capture.columns.rows import chunks, count
from tests.capture.test_rows import NOW

LEADS = "Name,E-mail,Phone,City\nTom Baker,tom@acme.example,020 7946 0001,London\n"
REASON = "belongs to another table, which begins in row {}: import that by itself, from a file or sheet of its own"


def read(content: str) -> tuple[list[str], list[tuple[int, str]], str]:
    """The names that go in, the rows that do not with their reasons, and what the page says."""
    file = io.BytesIO(content.encode())
    dialect, _, samples, *_ = detect(file, name="leads.csv")
    mapping = fitting("leads", dialect.labels, guess("leads", dialect.labels, samples))
    found = list(chunks(file, dialect=dialect, mapping=mapping, now=NOW))
    names = [row.text("name") for chunk in found for row in chunk.rows]
    refused = [(reject.row, reject.reason) for chunk in found for reject in chunk.rejects]
    assert count(file, dialect) == len(names) + len(refused), "every row is accounted for"
    return names, refused, dialect.why.get("below", "")


def test_another_table_below_a_title_stays_out_and_is_said() -> None:
    names, refused, said = read(
        f"{LEADS}Total,,,\n,,,\n,,,\nSecond table: Partners,,,\nPartner,Mail,Phone,\nPia,pia@fjord.example,1234567,\n"
    )
    assert names == ["Tom Baker"]
    assert refused[1:] == [(row, REASON.format(6)) for row in (6, 7, 8)]
    assert said == "another table begins in row 6"


def test_a_title_lets_one_known_heading_be_enough_and_blank_rows_may_follow_it() -> None:
    _, refused, said = read(f"{LEADS}\nPartners\n\nPartner,Mail,Sitz\nPia,pia@fjord.example,Oslo\n")
    assert [row for row, _ in refused] == [4, 6, 7]
    assert said == "another table begins in row 4"


def test_a_lone_name_after_a_blank_row_is_a_lead_as_ever() -> None:
    names, refused, said = read(f"{LEADS}\nAnn Cole,,,\nEve Dunn,eve@north.example,,\n\nBob,,,\n")
    assert names == ["Tom Baker", "Ann Cole", "Eve Dunn", "Bob"]
    assert (refused, said) == ([], "")


def test_a_heading_that_is_repeated_ends_nothing() -> None:
    names, refused, said = read(f"{LEADS}\nPage 2,,,\n{LEADS}")
    assert names == ["Tom Baker", "Page 2", "Tom Baker"]
    assert [(row, reason[:24]) for row, reason in refused] == [(5, "is the heading once more")]
    assert said == ""


def test_another_table_that_begins_without_a_blank_row_stays_out_and_is_said() -> None:
    names, refused, said = read(f"{LEADS}Partner,Firma,Mail,Telefon\nPia,Fjord,pia@fjord.example,1234567\n")
    assert names == ["Tom Baker"]
    assert refused == [(row, REASON.format(3)) for row in (3, 4)]
    assert said == "another table begins in row 3"


def test_so_does_one_with_a_title_above_it() -> None:
    names, refused, said = read(
        f"{LEADS}Partners,,,\nPartner,Firma,Mail,Telefon\nPia,Fjord,pia@fjord.example,1234567\n"
    )
    assert names == ["Tom Baker"]
    assert [row for row, _ in refused] == [3, 4, 5]
    assert said == "another table begins in row 3"


def test_the_same_columns_in_other_words_are_the_heading_once_more_and_said() -> None:
    file = f"{LEADS}Name,Mail,Telefon,City\nAnn Cole,ann@acme.example,,York\n{LEADS}"
    names, refused, said = read(file)
    assert names == ["Tom Baker", "Ann Cole", "Tom Baker"]
    assert [(row, reason[:24]) for row, reason in refused] == [
        (3, "is the heading once more"),
        (5, "is the heading once more"),
    ]
    assert said == ""
    dialect = detect(io.BytesIO(file.encode()), name="leads.csv").dialect
    assert dialect.why["again"] == "the heading stands once more in rows 3, 5"


def test_people_whose_cells_are_words_that_headings_are_too_are_people() -> None:
    head = "Name,Title,Source,Company,E-mail\n"
    names, refused, said = read(
        f"{head}Anna Bell,Sales rep,Website,Acme,a@x.example\nBo,Position,Contact,Company,\n"
        "Cy,Lead,Website,Account,n/a\nContact,,,,\nDi,Website,,,\n"
    )
    assert names == ["Anna Bell", "Bo", "Cy", "Contact", "Di"]
    assert (refused, said) == ([], "")


def test_a_table_of_other_things_below_a_title_stays_out_though_none_of_its_columns_is_a_field() -> None:
    head = "Name,Company,City,Phone\nTom Baker,Acme,London,020 7946 0001\n"
    roster = "Wer wann da ist,,,\nTag,Wer,Von,\n20.04.2026,Anna,09:00,\n21.04.2026,Tom,09:00,\n"
    names, refused, said = read(f"{head}Summe,,150,\n,,,\n{roster}")
    assert names == ["Tom Baker"]
    assert refused[1:] == [(row, REASON.format(5)) for row in (5, 6, 7, 8)]
    assert said == "another table begins in row 5"


def test_people_in_groups_with_titles_of_their_own_are_all_leads() -> None:
    head = "Name,Company,Phone,City\nTom Baker,Acme,020 7946 0001,London\n"
    names, refused, said = read(
        f"{head},,,\nGermany,,,\nAnn Cole,Fjord AS,,Bonn\nEve Dunn,3M,020 7946 0002,Ulm\n"
        ",,,\nFrance,,,\nLea Petit,North,ask Jean,Lyon\nJean Roi,North,020 7946 0003,Lyon\n"
    )
    assert names == ["Tom Baker", "Germany", "Ann Cole", "Eve Dunn", "France", "Lea Petit", "Jean Roi"]
    assert (refused, said) == ([], "")
