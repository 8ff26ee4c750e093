"""Which column is what: guessed in several languages, said on the command line, remembered, and checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.capture.cells.fields import FIELDS, IGNORE, Kind
from ripeline.capture.cells.headings import is_of_deals
from ripeline.capture.cells.text import key
from ripeline.capture.columns.mapping import FieldMap, MappingError, chosen, fitting, guess, signature, undecided
from ripeline.capture.files.dialect import Column, Dialect

MQL = ("mql_id", "first_contact_date", "landing_page_id", "origin")


def guessed(kind: Kind, columns: dict[str, list[str]]) -> dict[str, str]:
    guesses = guess(kind, list(columns), list(columns.values()))
    assert all(each.because for each in guesses)
    return fitting(kind, list(columns), guesses).to_json()


def refusal(kind: Kind, labels: list[str], *pairs: tuple[str, str]) -> str:
    with pytest.raises(MappingError) as refused:
        chosen(kind, labels, pairs)
    return str(refused.value)


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        ("First Name|Last Name|Email|Phone Number|Company name|Create Date|Original Source|Contact owner",
         "first_name|last_name|email|phone|company|captured_at|source|owner"),
        ("Lead ID|Full Name|Job Title|Account|Lead Source|Created Date|Description|Country",
         "external_id|name|title|company|source|captured_at|note|country"),
        ("Vorname|Nachname|E-Mail-Adresse|Telefon|Firma|Erstellt am|Quelle|Bemerkungen|Land|Sprache",
         "first_name|last_name|email|phone|company|captured_at|source|note|country|language"),
        ("Prénom|Nom|Adresse e-mail|Téléphone|Société|Date de création|Origine|Commentaires|Pays",
         "first_name|last_name|email|phone|company|captured_at|source|note|country"),
        ("Nombre completo|Correo electrónico|Móvil|Empresa|Fecha de creación|Fuente|País|Importe|Moneda",
         "name|email|phone|company|captured_at|source|country|amount|currency"),
        ("Nome completo|E-mail|Celular|Empresa|Data de criação|Origem|Cargo|Idioma",
         "name|email|phone|company|captured_at|source|title|language"),
        ("firstName|LASTNAME|workEmail|utm_source|utm_campaign|landing_page_url",
         "first_name|last_name|email|source|campaign|landing_page"),
    ],
)  # fmt: skip
def test_headings_are_understood_in_several_languages(headings: str, fields: str) -> None:
    found = guessed("leads", {heading: [] for heading in headings.split("|")})
    assert list(found.values()) == fields.split("|")


def test_cells_correct_the_heading() -> None:
    found = guessed("leads", {
        "Contact": ["alice@acme.com", "bob@acme.com", "carol@acme.com"],
        "Email": ["yes", "no", "yes"],
        "Date": ["A", "B", "C"],
        "Where": ["https://acme.com/x", "https://example.org", "http://northwind.com"],
    })  # fmt: skip
    assert found == {"Contact": "email", "Email": "custom:Email", "Date": "custom:Date", "Where": "website"}


def test_a_column_of_yes_and_no_is_nobodys_name() -> None:
    found = guessed("leads", {
        "E-mail": ["alice@acme.com", "bob@acme.com", "carol@acme.com"],
        "has_company": ["true", "false", "true"],
        "Company": ["1", "0", "1"],
        "Employer": ["Acme", "Northwind", "Fjord"],
        "Source": ["yes", "no", "yes"],
    })  # fmt: skip
    assert found == {
        "E-mail": "email", "has_company": "custom:has_company", "Company": "custom:Company", "Employer": "company",
        "Source": "custom:Source",
    }  # fmt: skip


def test_a_heading_that_asks_whether_is_no_field_however_few_the_rows() -> None:
    found = guessed("leads", {"Name": ["Alice"], "has_company": ["true"], "is_source": ["false"]})
    assert found == {"Name": "name", "has_company": "custom:has_company", "is_source": "custom:is_source"}


def test_what_only_mentions_a_field_is_not_it() -> None:
    found = guessed(
        "leads", {"Name": ["Alice"], "Last email sent": ["2018-02-13"], "Email status": ["no"], "Company ID": ["7"]}
    )
    assert found == {
        "Name": "name",
        "Last email sent": "custom:Last email sent",
        "Email status": "custom:Email status",
        "Company ID": "company_id",
    }


def test_who_agreed_and_who_opted_out_are_two_things() -> None:
    found = guessed(
        "leads", {"Email": ["a@b.com"], "Email Opt Out": ["0"], "Opt In": ["yes"], "Opt-in date": ["2026-01-02"]}
    )
    assert list(found.values()) == ["email", "opt_out", "consent", "consent_at"]
    words = guessed("leads", {"Email": ["a@b.com"] * 3, "Consent": ["the box", "on paper", "by telephone"]})
    assert words["Consent"] == "custom:Consent", "which is how we know, perhaps, and no yes"


def test_no_field_is_given_twice() -> None:
    found = guessed("leads", {"Email": ["a@b.com"], "E-mail": ["c@d.com"], "Work email": ["e@f.com"]})
    assert sorted(found.values()) == ["custom:E-mail", "custom:Work email", "email"]


def test_an_id_that_repeats_is_no_id() -> None:
    assert guessed("leads", {"id": ["7", "7", "8"], "name": ["A", "B", "C"]})["id"] == "custom:id"
    assert guessed("leads", {"xy_id": ["7", "9", "8"], "name": ["A", "B", "C"]})["xy_id"] == "external_id"


def test_the_columns_of_a_rejects_file_and_empty_ones_are_left_out() -> None:
    found = guessed("leads", {"Ripeline row": ["2"], "Ripeline reason": ["no"], "name": ["Alice"], "Column 4": []})
    assert found == {"Ripeline row": IGNORE, "Ripeline reason": IGNORE, "name": "name", "Column 4": IGNORE}


def test_outcomes_are_understood() -> None:
    found = guessed("outcomes", {
        "Contact Email": ["alice@acme.com"], "Deal Stage": ["Closed Won"], "Close Date": ["2018-02-13"],
        "Amount": ["1,200.00"], "Closed Lost Reason": ["price"], "Sales team": ["North"],
    })  # fmt: skip
    assert list(found.values()) == ["email", "outcome", "closed_at", "amount", "reason", IGNORE]


@pytest.mark.parametrize(
    ("headings", "is_so"),
    [
        ("Email,Won date,Amount", True), ("Email,Closed date,Value", True), ("E-Mail,Dealphase,Betrag", True),
        ("Email,Deal Stage", True), ("Opportunity Name,Email,Stage", True), ("E-Mail,Gewonnen am", True),
        ("Email,Close Date,Result", True), ("Email,Lost on", True),
        ("Name,Email,Amount", False), ("Name,Email,Status,Created", False), ("Name,Email,Closed date", False),
        ("Name,Email,Date,Amount,Status", False), ("Name,Email,Deal value", False), ("", False),
    ],
)  # fmt: skip
def test_headings_of_deals_are_told_from_those_of_people(headings: str, is_so: bool) -> None:
    assert is_of_deals(headings.split(",")) is is_so


def test_the_command_line_says_it_and_the_rest_is_kept() -> None:
    pairs = [("mql_id", "external_id"), ("first_contact_date", "captured_at"), ("origin", "source")]
    mapping = chosen("leads", MQL, pairs)
    assert mapping.to_json() == dict(pairs) | {"landing_page_id": "custom:landing_page_id"}
    assert chosen("leads", MQL, [*pairs, ("landing_page_id", "ignore")]).to_json()["landing_page_id"] == IGNORE


def test_other_columns_of_outcomes_are_left_out() -> None:
    mapping = chosen("outcomes", ["mql_id", "won_date", "sr_id"], [("mql_id", "external_id"), ("won_date", "won_at")])
    assert mapping.to_json()["sr_id"] == IGNORE


def test_headings_on_the_command_line_are_taken_loosely() -> None:
    assert chosen("leads", ["E-Mail Address"], [("e-mail address", "email")]).fields() == {"email"}
    assert "The file has: mql_id, first_contact_date" in refusal("leads", list(MQL), ("mql", "external_id"))


@pytest.mark.parametrize(
    ("kind", "pairs", "said"),
    [
        ("leads", [("origin", "source")], "Nobody could be told from another"),
        (
            "leads",
            [("mql_id", "external_id"), ("origin", "external_id")],
            "“mql_id, origin” are all mapped to external_id",
        ),
        (
            "leads",
            [("mql_id", "external_id"), ("origin", "colour")],
            "“colour”, which is not a field: choose external_id",
        ),
        ("leads", [("mql_id", "external_id"), ("origin", "custom: ")], "which is not a field"),
        ("leads", [("mql_id", "external_id"), ("origin", "custom:landing_page_id")], "are all mapped to custom:"),
        ("outcomes", [("first_contact_date", "won_at")], "must find its lead"),
        ("outcomes", [("mql_id", "external_id")], "needs its day"),
        ("outcomes", [("mql_id", "external_id"), ("first_contact_date", "closed_at")], "does not say who won"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_in_words(kind: Kind, pairs: list[tuple[str, str]], said: str) -> None:
    assert said in refusal(kind, list(MQL), *pairs)


def test_dates_that_could_be_either_must_be_decided_where_they_are_used() -> None:
    columns = tuple(Column(label, unclear="03/02/2018" if label != "id" else "") for label in ("id", "created", "seen"))
    mapping = chosen("leads", ["id", "created", "seen"], [("id", "external_id"), ("created", "captured_at")])
    (sentence,) = undecided(Dialect(columns=columns), mapping)
    assert sentence == "In “created” a date like 03/02/2018 could be day first or month first: say which."
    assert undecided(Dialect(columns=columns).told("created", day_first=True), mapping) == []


def test_a_mapping_is_remembered_by_its_headings_whatever_their_order() -> None:
    kept = chosen("leads", MQL, [("mql_id", "external_id"), ("origin", "ignore")]).to_json()
    assert signature(MQL) == signature(MQL[::-1]) == signature(["Ripeline row", *MQL])
    assert signature(MQL) != signature(MQL[:3])
    again = FieldMap.from_json("leads", [*MQL[::-1], "new"], kept)
    assert dict(again.targets) == kept | {"new": "custom:new"}
    assert again.problems() == []


@given(
    st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=8, unique=True),
    st.sampled_from(["leads", "outcomes"]),
)
def test_any_heading_gets_a_target_that_is_allowed(labels: list[str], kind: Kind) -> None:
    guesses = guess(kind, labels, [["x"] for _ in labels])
    mapping = fitting(kind, labels, guesses)
    assert FieldMap.from_json(kind, labels, mapping.to_json()) == mapping
    assert len([each for each in guesses if each.target in FIELDS[kind]]) == len(mapping.fields())


def test_no_heading_means_two_fields() -> None:
    for fields in FIELDS.values():
        headings = [heading for field in fields.values() for heading in set(field.headings)]
        assert len(headings) == len(set(headings))
        assert all(key(heading) == heading for heading in headings)


def test_a_name_beside_a_first_and_a_last_name_is_the_company() -> None:
    columns = {
        "First name": ["Tom", "Ann", "Eve"], "Last name": ["Baker", "Cole", "Dunn"],
        "E-mail": ["tom@acme.com", "ann@fjord.com", "eve@north.com"], "Name": ["Acme Ltd", "Fjord AS", "North Inc"],
    }  # fmt: skip
    assert guessed("leads", columns)["Name"] == "company"
    why = guess("leads", list(columns), list(columns.values()))[3].because
    assert why == "their first and last name stand in columns of their own, so this is taken for the company’s"
    assert guessed("leads", {**columns, "Company": ["A", "B", "C"]})["Name"] == "custom:Name"


def test_a_name_that_says_first_and_last_once_more_is_theirs() -> None:
    found = guessed("leads", {
        "First name": ["Tom", "Ann", "Eve"], "Last name": ["Baker", "Cole", "Dunn"],
        "Full name": ["Tom Baker", "Ann Cole", "Dr. Eve Dunn"],
    })  # fmt: skip
    assert found["Full name"] == "name"


def test_a_seller_is_the_sales_rep() -> None:
    assert guessed("leads", {"Name": ["Alice"], "Verkäufer": ["Bob"]})["Verkäufer"] == "owner"


def test_what_is_said_to_be_the_persons_is_known_by_the_last_part_of_its_heading() -> None:
    columns = {"Person Name": ["Tom Baker"], "Company Name": ["Acme"], "Besucher Funktion": ["CEO"]}
    assert guessed("leads", columns) == {"Person Name": "name", "Company Name": "company", "Besucher Funktion": "title"}


def test_leads_that_would_go_in_nameless_beside_a_column_that_is_called_name_are_pointed_out() -> None:
    def nameless(**targets: str) -> str:
        return FieldMap("leads", (("E-mail", "email"), *targets.items())).nameless(empty=["Surname"])

    assert nameless(**{"Person Name": "custom:Person Name"}) == "Person Name"
    assert nameless(**{"Display name": "ignore"}) == "Display name"
    assert nameless(Name="custom:Name", Vorname="first_name") == ""
    assert nameless(Name="company") == "", "somebody says that it is another's"
    assert nameless(**{"Product name": "custom:Product name", "Company Name": "ignore"}) == ""
    assert nameless(Surname="ignore") == "", "nothing stands in it"
