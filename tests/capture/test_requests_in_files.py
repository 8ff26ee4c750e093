"""A form's list as a file: who asked something and was never answered stands as who asks at a form now does."""

from datetime import date, timedelta

import pytest

from ripeline.base import clock
from ripeline.capture.imports import queries
from ripeline.leads.finding import leaks
from ripeline.leads.finding.leaks import Leak
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.worklist.actions import plan_for, record_outcome
from tests.capture.importing import counts, csv, imported
from tests.cast import MONDAY, MakeLead, by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

TODAY = MONDAY.date()


def on(days: int) -> date:
    return TODAY - timedelta(days=days)


def a_form(*rows: str, head: str = "Name,E-mail,Message,Date") -> bytes:
    return csv(head, *rows)


def asked(count: int, *, days: int, name: str = "Old") -> list[str]:
    return [
        f"{name} {at},{name.lower()}{at}@x{at}.example,Do you make pumps?,{on(days + at % 30)}" for at in range(count)
    ]


def untouched() -> set[str]:
    return set(Lead.objects.filter(leaks.condition(Leak.UNTOUCHED, clock.now())).values_list("name", flat=True))


def test_yesterdays_three_are_first_on_today_and_the_300_of_last_year_do_not_flood_it(
    alice: User, make_lead: MakeLead
) -> None:
    make_lead(alice, name="Due Today")
    fresh = [f"New {at},new{at}@y{at}.example,What does it cost?,{on(1 + at)}" for at in range(3)]
    run = imported(a_form(*asked(300, days=180), *fresh))
    day = plan_for(alice)
    assert [row.lead.name for row in day.rows[:3]] == ["New 0", "New 1", "New 2"]
    assert [row.why for row in day.rows[:2]] == [
        "Asked us something yesterday; not answered.",
        "Asked us something on Saturday; not answered.",
    ]
    assert len(day.rows) < 40
    ahead = queries.ahead(run)
    assert (ahead.open, ahead.asking, ahead.asked) == (303, 3, 300)
    assert len({lead.next_at.date() for lead in Lead.objects.all() if lead.next_at}) > 10


def test_old_ones_stand_under_never_touched_at_once_and_no_other_people_of_a_file_do(alice: User) -> None:
    imported(a_form(*asked(5, days=100)))
    imported(csv("Name,E-mail,Notes,Date", f"Met Once,met@z.example,at the booth,{on(100)}"))
    assert untouched() == {f"Old {at}" for at in range(5)}


def test_they_came_by_the_contact_form_unless_the_file_says_otherwise(alice: User) -> None:
    imported(a_form(f"Ann,ann@x.example,Hello?,{on(2)}"))
    imported(a_form(f"Bea,bea@x.example,Hello?,{on(2)},Landing page", head="Name,E-mail,Message,Date,Source"))
    assert {lead.name: str(lead.source) for lead in Lead.objects.all()} == {
        "Ann": "Contact form",
        "Bea": "Landing page",
    }
    assert {row.lead.name for row in plan_for(alice).rows} == {"Ann", "Bea"}


def test_who_was_answered_as_the_file_says_is_nobody_who_waits(alice: User) -> None:
    rows = (
        f"Ann,ann@x.example,Angebot bitte,{on(2)},ja",
        f"Bea,bea@x.example,Angebot bitte,{on(2)},nein",
        f"Cea,cea@x.example,Angebot bitte,{on(2)},{on(1)}",
        f"Dea,dea@x.example,Angebot bitte,{on(2)},",
        f"Eva,eva@x.example,,{on(2)},",
    )
    run = imported(a_form(*rows, head="Name,E-Mail,Nachricht,Datum,Beantwortet am"))
    waiting = set(Lead.objects.filter(next_note__startswith="Asked us").values_list("name", flat=True))
    assert waiting == {"Bea", "Dea"}
    assert queries.ahead(run).asking == 2


def test_the_same_file_again_asks_nobody_twice(alice: User) -> None:
    content = a_form(f"Ann,ann@x.example,Hello?,{on(2)}")
    imported(content)
    lead = Lead.objects.get()
    record_outcome(lead.pk, by(alice), outcome="reached")
    again = imported(content)
    assert counts(again) == (0, 0, 1, 0)
    lead.refresh_from_db()
    assert lead.next_note == ""
    assert untouched() == set()


def test_who_is_here_and_asked_is_looked_at_now_unless_somebody_spoke_with_them_since(
    alice: User, make_lead: MakeLead
) -> None:
    ann = make_lead(alice, name="Ann", email="ann@x.example", due=timedelta(days=60))
    bea = make_lead(alice, name="Bea", email="bea@x.example", due=timedelta(days=60))
    with clock.at(MONDAY - timedelta(days=1)):
        record_outcome(bea.pk, by(alice), outcome="reached")
    bea.refresh_from_db()
    before = bea.next_at
    for lead, name in ((ann, "ann"), (bea, "bea")):
        Lead.objects.filter(pk=lead.pk).update(next_committed=False)
        imported(a_form(f"{name.title()},{name}@x.example,Hello?,{on(3)}"))
        lead.refresh_from_db()
    assert ann.next_at == MONDAY
    assert bea.next_at == before
