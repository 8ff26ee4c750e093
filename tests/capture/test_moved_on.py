"""What a later file says of where somebody stands now is followed where nobody here has decided, and else said."""

from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.capture.imports import queries
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.capture.importing import csv, imported
from tests.capture.test_undoing import undone
from tests.cast import MONDAY, by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

HEAD = "Name;E-Mail;Status;Verkäufer;Erstellt am"
FIRST = csv(
    HEAD,
    "Ada;ada@x.example;Neu;Alice;02.05.2026", "Cia;cia@x.example;Neu;Alice;02.05.2026",
    "Eva;eva@x.example;gewonnen;Alice;02.04.2026", "Fee;fee@x.example;verloren;Alice;02.04.2026",
)  # fmt: skip
LATER = csv(
    HEAD,
    "Ada;ada@x.example;In Bearbeitung;Alice;02.05.2026", "Cia;cia@x.example;In Bearbeitung;Alice;02.05.2026",
    "Eva;eva@x.example;verloren;Alice;02.04.2026", "Fee;fee@x.example;In Bearbeitung;Alice;02.04.2026",
)  # fmt: skip


def states() -> dict[str, str]:
    return dict(Lead.objects.values_list("name", "state"))


def test_who_is_open_moves_on_with_the_file_and_of_who_ended_here_it_is_said(alice: User) -> None:
    imported(FIRST)
    before = states()
    with clock.at(MONDAY + timedelta(hours=1)):
        run = imported(LATER)
    assert before == {"Ada": "new", "Cia": "new", "Eva": "won", "Fee": "lost"}
    assert states() == before | {"Ada": "working", "Cia": "working"}
    said = dict(queries.remarks(run))
    assert said[4] == "Says lost; here it is Won, and stays so: note the outcome on the record"
    assert said[5] == "Says working; here it is Lost, and stays so: take the lead up again if that is so"
    with clock.at(MONDAY + timedelta(hours=2)):
        again = imported(LATER)
    assert not list(queries.remarks(again)), "the same once more is nothing new"
    with clock.at(MONDAY + timedelta(hours=3)):
        undone(run)
    assert states() == before


def test_a_persons_decision_is_never_overridden_by_what_a_file_says_later(alice: User) -> None:
    imported(FIRST)
    ada = Lead.objects.get(name="Ada")
    with clock.at(MONDAY + timedelta(hours=1)):
        leads.nurture(ada.pk, by(alice), next=soon(days=60))
    with clock.at(MONDAY + timedelta(hours=2)):
        imported(LATER)
    assert states()["Ada"] == "nurture"
