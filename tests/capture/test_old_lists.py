"""Lists of an old CRM and of a workbook: states with a number before them, and a name below its group's heading."""

import io

import pytest

from ripeline.capture.cells import values
from ripeline.capture.columns import standing
from ripeline.capture.columns.detection import detect
from ripeline.capture.columns.mapping import guess

STATES = ["01 - Interessent", "02 - Qualifiziert", "03 - Angebot", "04 - Kunde", "05 - Verloren", "06 - Gesperrt"]


def guessed(*lines: str) -> dict[str, str]:
    found = detect(io.BytesIO("\n".join(lines).encode()), name="list.csv")
    guesses = guess("leads", found.dialect.labels, found.samples)
    return {label: each.target for label, each in zip(found.dialect.labels, guesses, strict=True)}


def test_a_column_of_states_with_numbers_before_them_is_where_each_stands() -> None:
    rows = [f"Person {n};{state}" for n, state in enumerate(STATES)]
    assert guessed("Name;Status", *rows)["Status"] == "state"


@pytest.mark.parametrize(
    ("text", "state"),
    [("04 - Kunde", "won"), ("1. Neu", "new"), ("4) Won", "won"), ("05 - Verloren", "lost"), ("3 Kunde", "won")],
)
def test_a_state_is_understood_without_its_number(text: str, state: str) -> None:
    assert values.state(text).value == state


@pytest.mark.parametrize("heading", ["Vor- und Nachname", "Vor- & Zuname", "Vor-/Nachname"])
def test_the_companys_name_below_its_groups_heading_is_not_the_persons(heading: str) -> None:
    found = guessed("Firma;;Ansprechpartner;;", f"Name;Ort;Anrede;{heading};E-Mail",
                    "Fjord AG;Kiel;Hr.;Jan Holm;jan@fjord.example")  # fmt: skip
    assert found["Firma Name"] == "company"
    assert found[heading] == "name"


def test_why_somebody_was_lost_is_not_taken_for_where_they_stand() -> None:
    assert standing.hint("Verlustgrund", ["zu teuer", "kein Bedarf", "kein Bedarf"]) == ""
