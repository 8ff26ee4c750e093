"""What one of us noted of somebody in a file: on the timeline, and said of their first step."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.capture.imports import actions
from ripeline.catalog.rules import UNDATED
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.capture.importing import counts, csv, imported
from tests.cast import by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

HEAD = "Name,E-mail,Notes"
FIRST = csv("Name,E-mail", "Ann,ann@x.example")
LATER = csv(HEAD, "Ann,ann@x.example,wants an offer for a band saw")


def note() -> str:
    return Lead.objects.get(name="Ann").next_note


def test_a_note_of_a_later_file_is_said_of_the_first_step(mona: User) -> None:
    imported(FIRST, actor=mona)
    assert note() == UNDATED
    later = imported(LATER, actor=mona)
    assert counts(later) == (0, 1, 0, 0)
    assert note() == "Noted in a file: wants an offer for a band saw"
    assert counts(imported(LATER, actor=mona)) == (0, 0, 1, 0)
    actions.undo(actor=mona, run_id=later.pk)
    actions.work(later.pk)
    assert note() == UNDATED


def test_a_note_that_comes_with_somebody_is_said_too_and_a_newer_one_instead(mona: User) -> None:
    imported(LATER, actor=mona)
    assert note() == "Noted in a file: wants an offer for a band saw"
    imported(csv(HEAD, "Ann,ann@x.example,bought a smaller one"), actor=mona)
    assert note() == "Noted in a file: bought a smaller one"


def test_what_alice_chose_for_the_next_step_stays(alice: User, mona: User) -> None:
    imported(csv("Name,E-mail,Sales rep", "Ann,ann@x.example,Alice"), actor=mona)
    leads.set_next(Lead.objects.get().pk, by(alice), next=replace(soon(days=3), note="send the sheet", committed=True))
    with clock.at(clock.now() + timedelta(days=1)):
        imported(LATER, actor=mona)
    assert note() == "send the sheet"
