"""A field of one's own is never called like one that everybody has: lists and files have no two columns of one name."""

import csv as table
import io

import pytest

from ripeline.capture.columns import own_labels
from ripeline.capture.columns.exported import HEADINGS, WHOLE
from ripeline.capture.exports.exporting import export
from ripeline.catalog.models import CustomField
from ripeline.leads.models import Lead
from ripeline.people.queries import system
from tests.capture.importing import csv, imported

MAPPING = {"Full": "name", "Mail": "email", "Name": "custom:Name", "E-Mail": "custom:E-Mail", "Firma": "custom:Firma"}


def test_every_heading_of_an_export_is_told_apart() -> None:
    for heading in (*HEADINGS, *WHOLE, "e-MAIL", "eMail", "Téléphone", "Vorname"):
        assert own_labels.apart(heading) == f"{heading} in the file"
        assert own_labels.stem(f"{heading} in the file") == heading
    for own in ("Region", "Name (2)", "Hall", "Mobile", "Name in the file", "What is in the file"):
        assert own_labels.apart(own_labels.stem(own)) == own_labels.apart(own)
        assert own_labels.apart(own) == own


@pytest.mark.django_db
@pytest.mark.usefixtures("on_monday")
def test_columns_that_are_kept_get_names_of_their_own_and_come_back_into_the_same_fields() -> None:
    imported(csv("Full,Mail,Name,E-Mail,Firma", "Ann Cole,ann@x.example,A,a at x,Acme"), mapping=MAPPING)
    labels = sorted(CustomField.objects.values_list("label", flat=True))
    assert labels == ["E-Mail in the file", "Firma in the file", "Name in the file"]
    before = Lead.objects.get().custom
    assert before == {"name": "A", "e_mail": "a at x", "firma": "Acme"}
    heading, row = export(actor=system())
    plain = [each.replace("-", "").casefold() for each in heading]
    assert len(plain) == len(set(plain))
    file = io.StringIO()
    table.writer(file).writerows([["E-mail", *labels], [row[heading.index("E-mail")], "b at x", "Fjord", "B"]])
    imported(file.getvalue().encode(), mapping={"E-mail": "email"} | {each: f"custom:{each}" for each in labels})
    assert Lead.objects.get().custom == {"name": "B", "e_mail": "b at x", "firma": "Fjord"}
    assert CustomField.objects.count() == 3


@pytest.mark.django_db
def test_a_field_that_was_called_so_before_is_told_apart_in_files() -> None:
    CustomField.objects.create(key="company", label="company")
    assert next(export(actor=system()))[-1] == "company in the file"


def own() -> dict[str, str]:
    labels = {field.key: field.label for field in CustomField.objects.all()}
    return {labels[key]: text for key, text in Lead.objects.get().custom.items()}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "two", [("Staff <50", "Staff >50"), ("C++", "C#"), ("Licence (EUR €)", "Licence (EUR $)"), ("Q1 +", "Q1 -")]
)
def test_columns_whose_names_differ_in_a_sign_fill_their_own_fields_in_whichever_order_they_come(
    two: tuple[str, str],
) -> None:
    one, other = two
    imported(csv(f"E-mail,Name,{one},{other}", "ann@x.example,Ann Lee,few,many"))
    assert own() == {one: "few", other: "many"}
    imported(csv(f"E-mail,Name,{other},{one}", "ann@x.example,Ann Lee,more,less"), name="b.csv")
    assert own() == {one: "less", other: "more"}
    imported(csv(f"E-mail,Name,{other}", "ann@x.example,Ann Lee,most"), name="c.csv")
    assert own() == {one: "less", other: "most"}


@pytest.mark.django_db
def test_a_column_written_a_little_otherwise_fills_the_field_that_is_here() -> None:
    imported(csv("E-mail,Name,Team size", "ann@x.example,Ann Lee,few"))
    imported(csv("E-mail,Name,TEAM-SIZE", "ann@x.example,Ann Lee,many"), name="b.csv")
    assert own() == {"Team size": "many"}
