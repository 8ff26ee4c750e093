"""Whoever calls is found by their number, in whichever way it is typed."""

from datetime import UTC

import pytest

from ripeline.leads.finding import lists
from ripeline.people.models import User
from tests.capture.importing import csv, imported

pytestmark = pytest.mark.django_db


def found(actor: User, text: str) -> list[str]:
    return [row.name for row in lists.named(actor, text, zone=UTC, size=5)]


@pytest.mark.parametrize(
    "typed",
    ["+491712345678", "+49 171 2345678", "0171 2345678", "0171/2345678", "0049 171 234 56 78", "+49 (0)171 2345678",
     "(0171) 23456-78", "+49 171 234"],
)  # fmt: skip
@pytest.mark.parametrize("heading", ["Mobile", "Phone"])
def test_a_number_finds_whom_it_reaches_however_it_is_typed(alice: User, typed: str, heading: str) -> None:
    imported(csv(f"Name,E-mail,Telephone,{heading}", "Anna Berg,anna@x.example,+49 30 901820,+49 171 2345678"))
    imported(csv("Name,E-mail,Phone", "Bo Ek,bo@x.example,+49 172 9999999"))
    assert found(alice, typed) == ["Anna Berg"]
    assert found(alice, "+4930901820") == ["Anna Berg"], "as the record prints it"


@pytest.mark.parametrize("typed", ["+49221", "+49 221", "0049221", "0049 221", "+49 (0)221", "+49-221", "+49 (221)"])
def test_a_country_and_an_area_are_enough(alice: User, typed: str) -> None:
    imported(csv("Name,E-mail,Phone", "Anna Berg,anna@x.example,+49 221 4567890", "Bo Ek,bo@x.example,+49 172 2214922"))
    assert found(alice, typed) == ["Anna Berg"]
    assert found(alice, "00-22") == [], "an area alone is in any number"


def test_digits_that_are_no_telephone_number_find_what_they_are_in(alice: User) -> None:
    imported(csv("Id,Name,Company", "20241102,Anna Berg,Acme", "17,Bo Ek,Firm 900100"))
    assert (found(alice, "20241102"), found(alice, "900100"), found(alice, "0900100")) == (
        ["Anna Berg"], ["Bo Ek"], ["Bo Ek"]
    )  # fmt: skip
