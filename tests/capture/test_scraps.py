"""Columns that are no field of anybody's: left out with the reason, so that they become none of the company's own."""

import io

import pytest

from ripeline.capture.cells.fields import FIELDS
from ripeline.capture.columns.looking import Looked, Said, look
from ripeline.catalog.models import CustomField
from tests.capture.importing import csv, imported

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]


def looked(content: bytes) -> Looked:
    return look(io.BytesIO(content), kind="leads", name="leads.csv", said=Said())


def because(found: Looked, label: str) -> tuple[str, str]:
    at = found.dialect.labels.index(label)
    return found.mapping.targets[at][1], found.guesses[at].because


def people(count: int, end: str = "") -> list[str]:
    return [f"Ann {at},ann{at}@x.example,{end}" for at in range(count)]


def test_a_column_with_one_cell_in_many_rows_becomes_no_field_for_ever() -> None:
    content = csv("Name,E-mail,Zz", *people(11), "Bo,bo@x.example,see below")
    assert because(looked(content), "Zz") == (
        "ignore", "only 1 of the 12 rows looked at says something in it; keep it if you need it"
    )  # fmt: skip
    imported(content)
    assert not CustomField.objects.exists()


def test_it_is_a_field_where_somebody_says_so_or_has_it_already() -> None:
    content = csv("Name,E-mail,Region", *people(11), "Bo,bo@x.example,North")
    targets = {"Name": "name", "E-mail": "email", "Region": "custom:Region"}
    imported(content, mapping=targets)
    assert CustomField.objects.get().label == "Region"
    assert because(looked(csv("E-mail,Region,Name", *(f"a{n}@x.example,,A" for n in range(11)), "b@x.example,S,B")),
                   "Region")[0] == "custom:Region"  # fmt: skip


def test_a_column_without_a_heading_is_one_only_where_it_says_something() -> None:
    found = looked(csv("Name,E-mail,", *people(3), "Bo,bo@x.example,x"))
    assert because(found, "Column 3")[0] == "ignore"
    assert because(looked(csv("Name,E-mail,Region", *people(3), "Bo,bo@x.example,x")), "Region")[0] == "custom:Region"


def test_cells_that_are_the_heading_of_another_table_make_no_field() -> None:
    found = looked(csv("Name,E-mail,Partner of", "Ann,ann@x.example,", "Bo,bo@x.example,Phone"))
    target, why = because(found, "Partner of")
    assert target == "ignore"
    assert why.startswith("it says only “Phone”, which is the heading of another table")


def test_a_heading_that_is_repeated_is_the_field_once() -> None:
    content = csv(
        "Name,E-mail,,Name,e-mail", *(f"Ann {at},a{at}@x.example,,Pia {at},p{at}@y.example" for at in range(5))
    )
    found = looked(content)
    assert [target for _, target in found.mapping.targets] == ["name", "email", "ignore", "ignore", "ignore"]
    label = FIELDS["leads"]["name"].label
    assert because(found, "Name (2)")[1].startswith(f"another column with this heading is “{label}” already")
    imported(content)
    assert not CustomField.objects.exists()


def test_long_cells_are_something() -> None:
    found = looked(csv("Name,E-mail,What we know", *people(11, "x" * 300)))
    assert because(found, "What we know") == ("custom:What we know", "kept as a custom field")


@pytest.mark.parametrize("cell", ["", "stray"])
def test_what_was_left_out_for_having_nothing_is_judged_anew_when_it_has_something(cell: str) -> None:
    imported(csv("Name,E-mail,Region,Zone", *people(11, "North"), f"Bo,bo@x.example,North,{cell}"))
    later = looked(csv("Name,E-mail,Region,Zone", *(f"Cy {at},cy{at}@x.example,South,{at}a" for at in range(12))))
    assert later.is_remembered
    assert dict(later.mapping.targets)["Zone"] == "custom:Zone"
    again = looked(csv("Name,E-mail,Region,Zone", *(f"Cy {at},cy{at}@x.example,South," for at in range(12))))
    assert dict(again.mapping.targets)["Zone"] == "ignore"


def test_what_somebody_left_out_themselves_stays_out() -> None:
    targets = {"Name": "name", "E-mail": "email", "Region": "ignore"}
    imported(csv("Name,E-mail,Region", *people(11, "North")), mapping=targets)
    assert dict(looked(csv("Name,E-mail,Region", *people(11, "South"))).mapping.targets)["Region"] == "ignore"
