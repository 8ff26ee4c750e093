"""From a file to rows: values where they can be read, reasons where not, every row accounted for, from any row on."""

import csv
import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripeline.capture.cells.fields import Kind
from ripeline.capture.columns.detection import detect
from ripeline.capture.columns.mapping import FieldMap, chosen, fitting, guess
from ripeline.capture.columns.rejects import Reject, rejects_file
from ripeline.capture.columns.row import Row
from ripeline.capture.columns.rows import Chunk, chunks, count
from ripeline.capture.files.dialect import Column, Dialect

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def imported(content: str | bytes, kind: Kind = "leads", **named: str) -> tuple[list[Row], list[Reject]]:
    """The rows and rejects of a file whose mapping is guessed; `named` are the company's zone, country and currency."""
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    dialect, _, samples, *_ = detect(file, name="leads.csv", **named)  # type: ignore[arg-type]
    mapping = fitting(kind, dialect.labels, guess(kind, dialect.labels, samples))
    assert mapping.problems() == []
    found = list(chunks(file, dialect=dialect, mapping=mapping, now=NOW))
    return [row for chunk in found for row in chunk.rows], [reject for chunk in found for reject in chunk.rejects]


def lead(heading: str, row: str, **named: str) -> Row:
    (taken,), rejects = imported(f"{heading}\n{row}\n", **named)
    assert rejects == []
    return taken


def refused(content: str, kind: Kind = "leads") -> str:
    """The sentence of the only reject."""
    _, (reject,) = imported(content, kind)
    return reject.sentence("leads.csv")


# Leads


def test_a_company_of_nothing_is_none_though_somebody_may_be_called_so() -> None:
    row = lead("First name,Last name,Company,Title,Notes,E-mail", "Nan,Null,nan,Unknown,None,n@x.example")
    assert (row.text("name"), row.text("company"), row.text("title"), row.text("note")) == ("Nan Null", "", "", "")


def test_a_first_and_a_last_name_are_somebody_to_follow_up() -> None:
    taken, rejects = imported("First Name,Last Name,Company\nAda,Nomail,Foo\n,Nomail,Bar\n,,Baz\n")
    assert [row.text("name") for row in taken] == ["Ada Nomail", "Nomail"]
    assert [reject.row for reject in rejects] == [4]


def test_a_lead_arrives_with_all_that_the_row_says() -> None:
    row = lead(
        "Id,First name,Last name,E-mail,Phone,Company,Website,Country,Language,Source,Campaign,Landing page,Created,"
        "Notes,Owner,Amount,Team size",
        "7,Alice,Meier,Alice@ACME.com,0176 12345678,Acme,https://www.acme.com/x,Deutschland,Deutsch,Fair,Spring,/quote,"
        '2018-02-13,"Call me,\nplease",bob@ripe.com,"€ 1,234.56",12',
        currency="USD",
        zone="Europe/Berlin",
    )
    assert row.row == 2
    assert row.values == {
        "external_id": "7",
        "first_name": "Alice",
        "last_name": "Meier",
        "name": "Alice Meier",
        "email": "Alice@acme.com",
        "phone": "+4917612345678",  # of the row's country
        "company": "Acme",
        "website": "acme.com",
        "country": "DE",
        "language": "de",
        "source": "Fair",
        "campaign": "Spring",
        "landing_page": "/quote",
        "captured_at": datetime(2018, 2, 12, 23, tzinfo=UTC),
        "note": "Call me,\nplease",
        "owner": "bob@ripe.com",
        "amount": Decimal("1234.56"),
        "currency": "EUR",
    }
    assert (row.custom, row.remarks, row.days) == ({"Team size": "12"}, [], {"captured_at"})
    assert (row.text("name"), row.number("amount"), row.moment("amount")) == ("Alice Meier", Decimal("1234.56"), None)


def test_what_cannot_be_read_is_kept_beside_and_pointed_out() -> None:
    row = lead("name,email,phone,country,amount", "Alice,alice at acme,call me,Narnia,a lot")
    assert row.values == {"name": "Alice"}
    assert row.custom == {"email": "alice at acme", "phone": "call me", "country": "Narnia", "amount": "a lot"}
    assert len(row.remarks) == 4


def test_a_name_too_long_is_cut_and_kept_whole_beside() -> None:
    row = lead("name,email", f"{'x' * 500},alice@acme.com")
    assert row.text("name") == "x" * 200
    assert row.custom["name"] == "x" * 500


def test_a_number_beside_one_with_a_country_code_is_of_that_country() -> None:
    row = lead("name,phone,fax", "Alice,0221 4567890,+49 221 4567899")
    assert row.text("phone") == "+492214567890"


def test_a_second_number_in_a_cell_does_not_say_more_than_the_country_of_the_row() -> None:
    for country, number in (("AT", "+436641234567"), ("", "+496641234567")):
        row = lead("name,phone,country", f"Alice,0664 1234567 or +49 170 1234567,{country}")
        assert row.text("phone") == number


def test_a_phone_number_kept_as_it_is_stands_in_one_place() -> None:
    row = lead("name,phone", "Alice,0176 12345678")
    assert (row.text("phone"), row.custom, len(row.remarks)) == ("0176 12345678", {}, 1)


def test_an_amount_has_the_currency_of_its_sign_its_column_or_the_company() -> None:
    heading = "name,amount,currency"
    assert lead(heading, "Alice,5,SEK", currency="EUR").text("currency") == "SEK"
    assert lead(heading, "Alice,5,", currency="EUR").text("currency") == "EUR"
    contradicted = lead(heading, "Alice,£5,SEK")
    assert contradicted.text("currency") == "GBP"
    assert contradicted.remarks


def test_formulas_come_in_as_text() -> None:
    assert lead("name,email,note", "=1+1,alice@acme.com,'=HYPERLINK(1)").values["name"] == "=1+1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("email,company\nnobody,Acme\n", "row 2, column “email”: “nobody” is not an e-mail address"),
        ("email,company\n,Acme\n", "row 2: has no e-mail, phone, name or id: nobody to follow up."),
        ("name,created\nAlice,31/02/2018\n", "row 2, column “created”: “31/02/2018” is not in the calendar"),
        ("name,created\nAlice,03/02/2018\n", "row 2, column “created”: “03/02/2018” could be day first or month first"),
        ("id,name\n1.23457E+11,Alice\n", "row 2, column “id”: “1.23457E+11” was rounded by a spreadsheet"),
        (f"id,name\n{'7' * 300},Alice\n", "row 2, column “id”: has more than 240 characters"),
        ("name,amount\nAlice,5\nTotal,5\n", "row 3: looks like a line of totals"),
        ("name,amount\nAlice,5\nGrand Totals (4 records),5\n", "row 3: looks like a line of totals"),
        ("id,name,amount\n7,Alice,5\nTotal,,5\n", "row 3: looks like a line of totals"),
        ("id,name,amount\n7,Alice,5\nTotal,12 leads,5\n", "row 3: looks like a line of totals"),
        ("id,name,amount\n7,Alice,5\n,Total 2026,5\n", "row 3: looks like a line of totals"),
        ("id,name,company\n7,Alice,Acme\nTotal,Sum,\n", "row 3: looks like a line of totals"),
        ("name,amount\nAlice,5\nAnzahl,1\n", "row 3: looks like a line of totals"),
        ("name,email\nAlice,a@acme.com,oops\n", "row 2: has 3 cells, the heading has 2"),
    ],
)
def test_a_row_that_does_not_go_in_says_where_why_and_what_to_do(content: str, said: str) -> None:
    sentence = refused(content)
    assert sentence.startswith(f"leads.csv, {said}")
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    "cells", ["TOTAL-0012,Alice,", "TOTAL-0012,,", "Total 12,Alice,Acme", ",Total,Acme", "7,Total Recall,", "TOTAL,Li,"]
)
def test_who_is_called_or_numbered_so_is_no_line_of_totals(cells: str) -> None:
    assert lead("id,name,company", cells).values


def test_a_broken_row_names_all_that_is_wrong_with_it_at_once() -> None:
    broken = f"{'7' * 300},nobody,Nowhereland,2018-31-31,Alice"
    said = refused(f"id,e-mail,country,created,name\n{broken}\n8,b@x.com,DE,2018-01-31,Bob\n")
    assert said.startswith("leads.csv, row 2, column “id”: has more than 240 characters: shorten it; column “created”")
    assert "; column “e-mail”: “nobody”" in said
    assert "; column “country”: “Nowhereland”" in said


def test_a_row_without_anybody_says_so_beside_its_other_faults() -> None:
    said = refused("e-mail,company,created\n,Acme,2018-31-31\na@x.com,Acme,2018-01-31\n")
    assert said.startswith("leads.csv, row 2, column “created”: “2018-31-31”")
    assert said.endswith("; has no e-mail, phone, name or id: nobody to follow up.")


def test_an_outcome_without_its_lead_and_its_day_says_both() -> None:
    said = refused("id,status,close date\n,won,\n8,won,2018-01-31\n", "outcomes")
    assert said == ("leads.csv, row 2: names nobody: no id, no e-mail, no name; is won, but not when: write the day.")


def test_a_moment_of_today_is_not_in_the_future() -> None:
    row = lead("name,created", "Alice,2026-03-02 23:00")
    assert row.moment("captured_at") == NOW


# Outcomes


def outcome(heading: str, row: str) -> Row:
    (taken,), rejects = imported(f"{heading}\n{row}\n", "outcomes")
    assert rejects == []
    return taken


def test_a_day_won_alone_is_a_win() -> None:
    row = outcome("mql_id,won_date,sr_id", "7,2018-02-26 19:58:54,x")
    assert row.values == {
        "external_id": "7",
        "outcome": "won",
        "closed_at": datetime(2018, 2, 26, 19, 58, 54, tzinfo=UTC),
    }
    assert (row.custom, row.days) == ({}, set())


def test_wins_and_losses_have_one_day_each() -> None:
    heading = "email,stage,close date,lost reason,amount"
    won = outcome(heading, "alice@acme.com,Closed Won,2018-02-26,,$100")
    assert won.values["outcome"] == "won"
    assert (won.number("amount"), won.text("currency"), won.days) == (Decimal(100), "USD", {"closed_at"})
    assert outcome(heading, "bob@acme.com,Unqualified,2018-02-26,No budget,").text("reason") == "No budget"
    both = "id,won date,lost date"
    assert outcome(both, "7,,2018-02-26").text("outcome") == "lost"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,won date,lost date\n7,2018-01-01,2018-01-02\n", "row 2: has a day won and a day lost"),
        ("id,won date\n7,\n8,2018-01-01\n", "row 2: is neither won nor lost"),
        ("id,stage,close date\n7,Won,\n8,Won,2018-01-01\n", "row 2: is won, but not when"),
        (
            "id,stage,close date\n7,Won,2018-01-01\n8,Lost,2018-01-01\n9,Perhaps,2018-01-01\n",
            "row 4, column “stage”: “Perhaps” is not",
        ),
        ("id,won date\n,2018-01-01\n8,2018-01-01\n", "row 2: names nobody"),
        (
            "id,won date,amount\n7,2018-01-01,-5\n8,2018-01-01,5\n9,2018-01-01,5\n",
            "row 2, column “amount”: “-5” is negative",
        ),
    ],
)
def test_an_outcome_that_is_none_says_why(content: str, said: str) -> None:
    assert refused(content, "outcomes").startswith(f"leads.csv, {said}")


# Every row, from any row on

LINES = st.lists(
    st.sampled_from([
        "7,Alice,alice@acme.com", "8,,", ",,", "", "9,Bob", '10,"Carol\nC.",carol@acme.com', '11,"stray,x', '12,"y",z',
        "\0", "13,Dora,\u00e9@", ",Total,", '"', '14,"Eve", eve@acme.com',
    ]),
    max_size=12,
)  # fmt: skip
DIALECT = Dialect(columns=(Column("id"), Column("name"), Column("email")))
MAPPING = FieldMap("leads", (("id", "external_id"), ("name", "name"), ("email", "email")))


def numbers(found: list[Chunk]) -> list[int]:
    return [taken.row for chunk in found for taken in sorted([*chunk.rows, *chunk.rejects], key=lambda each: each.row)]


@given(LINES, st.sampled_from(["utf-8", "utf-16-le", "cp1252"]), st.integers(1, 4))
def test_every_row_is_accounted_for_once_and_from_any_row_on(lines: list[str], encoding: str, size: int) -> None:
    file = io.BytesIO("\n".join(["id,name,email", *lines]).encode(encoding))
    dialect = Dialect(columns=DIALECT.columns, encoding=encoding)
    whole = list(chunks(file, dialect=dialect, mapping=MAPPING, now=NOW, size=size))
    total = count(file, dialect)
    assert sum(len(chunk.rows) + len(chunk.rejects) for chunk in whole) == total
    assert [chunk.position for chunk in whole] == [*range(size, total, size), total][: len(whole)]
    assert numbers(whole) == sorted(set(numbers(whole)))
    for position in range(total + 1):
        rest = list(chunks(file, dialect=dialect, mapping=MAPPING, now=NOW, position=position, size=size))
        assert numbers(rest) == numbers(whole)[position:]
        taken = {row.row: row for chunk in whole for row in chunk.rows}
        assert all(row == taken[row.row] for chunk in rest for row in chunk.rows)


@given(LINES)
def test_corrected_rejects_are_imported_with_the_same_headings(lines: list[str]) -> None:
    file = io.BytesIO("\n".join(["id,name,email", *lines]).encode())
    rejects = [reject for chunk in chunks(file, dialect=DIALECT, mapping=MAPPING, now=NOW) for reject in chunk.rejects]
    text = "".join(rejects_file(DIALECT.labels, rejects))
    heading, *back = csv.reader(io.StringIO(text, newline=""))
    assert heading == ["Ripeline row", "Ripeline column", "Ripeline reason", "id", "name", "email"]
    assert [(int(row[0]), row[2]) for row in back] == [(reject.row, reject.reason) for reject in rejects]
    assert all(not cell.startswith(("=", "@")) for row in back for cell in row)


class _Torn(io.BytesIO):
    """A file of which the last part cannot be read."""

    is_torn = False

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        if self.is_torn and self.tell() == len(self.getvalue()):
            raise OSError("the disk is gone")
        return found

    read1 = read


def test_a_file_that_cannot_be_read_on_gives_each_whole_chunk_before_that() -> None:
    file = _Torn(b"E-mail\n" + b"".join(b"p%d@acme.example\n" % n for n in range(59_999)))
    dialect, _, samples, *_ = detect(file, name="leads.csv")
    mapping = fitting("leads", dialect.labels, guess("leads", dialect.labels, samples))
    file.seek(0)
    file.is_torn = True
    found: list[Chunk] = []
    with pytest.raises(OSError, match="the disk is gone"):
        found.extend(chunks(file, dialect=dialect, mapping=mapping, now=NOW, size=20_000))
    assert [chunk.position for chunk in found] == [20_000, 40_000]


def test_a_chunk_is_bounded_by_its_weight_too() -> None:
    row = '7,Alice,"' + "x" * 90_000 + '"\n'
    file = io.BytesIO(("id,name,email\n" + row * 300).encode())
    sizes = [len(chunk.rows) for chunk in chunks(file, dialect=DIALECT, mapping=MAPPING, now=NOW)]
    assert sum(sizes) == 300
    assert max(sizes) < 100


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_become_rows_and_rejects(content: bytes) -> None:
    file = io.BytesIO(b"id,name,email\n" + content)
    found = list(chunks(file, dialect=DIALECT, mapping=MAPPING, now=NOW))
    assert sum(len(chunk.rows) + len(chunk.rejects) for chunk in found) == count(file, DIALECT)


def test_reading_files_needs_no_django() -> None:
    code = (
        "import sys; sys.modules['django'] = None; "
        "import ripeline.capture.columns.rows, ripeline.capture.columns.detection"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.real_data
@pytest.mark.skipif("RIPELINE_REAL_DATA" not in os.environ, reason="RIPELINE_REAL_DATA is not set")
@pytest.mark.parametrize(
    ("name", "kind", "pairs", "rows"),
    [
        ("olist_marketing_qualified_leads.csv", "leads",
         "mql_id=external_id first_contact_date=captured_at origin=source landing_page_id=landing_page", 8000),
        ("olist_closed_deals.csv", "outcomes", "mql_id=external_id won_date=won_at", 842),
    ],
)  # fmt: skip
def test_real_files_go_in_whole(name: str, kind: Kind, pairs: str, rows: int) -> None:
    with (Path(os.environ["RIPELINE_REAL_DATA"]) / name).open("rb") as file:
        dialect = detect(file, name=name).dialect
        said = [(heading, target) for heading, _, target in (pair.partition("=") for pair in pairs.split())]
        found = list(chunks(file, dialect=dialect, mapping=chosen(kind, dialect.labels, said), now=NOW))
    assert [reject for chunk in found for reject in chunk.rejects] == []
    assert sum(len(chunk.rows) for chunk in found) == found[-1].position == rows
    assert all(row.text("external_id") and not row.remarks for chunk in found for row in chunk.rows)


def test_a_name_that_is_not_their_first_and_last_one_does_not_push_these_out() -> None:
    file = io.BytesIO(b"First name,Last name,Full name\nTom,Baker,Acme Ltd\n")
    dialect = detect(file, name="leads.csv").dialect
    mapping = chosen("leads", dialect.labels, [("First name", "first_name"), ("Last name", "last_name"),
                                               ("Full name", "name")])  # fmt: skip
    (chunk,) = chunks(file, dialect=dialect, mapping=mapping, now=NOW)
    (row,) = chunk.rows
    assert (row.text("name"), row.custom) == ("Tom Baker", {"Full name": "Acme Ltd"})
    assert row.remarks == ["Full name: “Acme Ltd” is not “Tom Baker”, which was taken for their name"]


def test_a_name_with_more_than_first_and_last_is_theirs() -> None:
    row = lead("First name,Last name,Full name", "Tom,Baker,Dr. Tom Baker")
    assert (row.text("name"), row.custom, row.remarks) == ("Dr. Tom Baker", {}, [])


@pytest.mark.parametrize("word", ["k.A.", "k. A.", "keine Angabe", "unbekannt", "-", "N/A"])
def test_words_for_nothing_are_empty(word: str) -> None:
    row = lead("Name,E-Mail,Firma,Auftragswert", f"{word},a@acme.example,{word},{word}")
    assert (row.values.keys() & {"name", "company", "amount"}, row.remarks) == (set(), [])


def test_a_first_contact_that_is_yet_to_come_is_left_out_and_the_row_goes_in() -> None:
    row = lead("Name,E-mail,First contact", "Alice,alice@acme.example,2027-01-01")
    assert (row.text("email"), row.moment("captured_at")) == ("alice@acme.example", None)
    assert row.remarks == ["First contact: “2027-01-01” is in the future: correct the date"]
