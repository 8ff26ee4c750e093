"""Several people in one row: one lead is made of it, the others stand on its record, and that is said."""

import pytest

from ripeline.capture.columns import companions
from ripeline.capture.imports import queries
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.capture.importing import csv, imported

HEAD = "Company,Contact 1 Name,Contact 1 E-mail,Contact 2 Name,Contact 2 E-mail"


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (["Name", "E-mail", "Contact 2", "E-mail 2"], ["Contact 2", "E-mail 2"]),
        (["Ansprechpartner 1", "Ansprechpartner 2", "Telefon 2"], ["Ansprechpartner 2", "Telefon 2"]),
        (["Name", "Second contact", "Phone 2"], ["Second contact"]),
        (["Name", "Phone", "Phone 2", "E-mail 2"], []),
        (["Name", "Name (2)", "Q2 budget", "Address 2"], []),
    ],
)
def test_the_columns_of_a_second_person_are_known_by_a_name_among_them(labels: list[str], found: list[str]) -> None:
    assert companions.columns(labels, [["x"] for _ in labels]) == found
    assert companions.columns(labels, [[] for _ in labels]) == []


@pytest.mark.django_db
@pytest.mark.usefixtures("on_monday")
def test_nobody_in_a_second_place_is_lost_however_seldom_there_is_one(alice: User) -> None:
    rows = [f"Acme {at},Ann Lee {at},ann@acme{at}.example,," for at in range(40)]
    run = imported(csv(HEAD, *rows, "Fjord,Bo Diaz,bo@fjord.example,Cy Fox,cy@fjord.example"), kind=None)
    cy = Lead.objects.get(email="cy@fjord.example")
    assert (cy.name, cy.company) == ("Cy Fox", "Fjord")
    assert run.dialect["why"]["others"] == "“Contact 2 Name”, “Contact 2 E-mail”"


@pytest.mark.django_db
@pytest.mark.usefixtures("on_monday")
def test_two_addresses_in_a_cell_are_both_on_the_record_and_said(alice: User) -> None:
    run = imported(csv("Name,E-mail", "Ann Lee; Bo Diaz,ann@x.example; bo@x.example"))
    lead = Lead.objects.get()
    assert lead.email == "ann@x.example"
    assert "bo@x.example" in str(lead.custom)
    assert "Bo Diaz" in lead.name
    assert any("maybe of 2 people" in said for _, said in queries.remarks(run))
