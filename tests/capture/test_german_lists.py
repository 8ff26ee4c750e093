"""What lists kept by hand, in German above all, call their columns."""

import pytest

from ripeline.capture.columns.mapping import guess
from ripeline.capture.columns.standing import hint
from ripeline.leads.models import Enquiry, Lead
from ripeline.outbox.models import ConsentEvent
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import counts, csv, imported

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]


def target(heading: str, *cells: str) -> str:
    return guess("leads", ["E-Mail", heading], [["a@x.example"] * len(cells), list(cells)])[1].target


@pytest.mark.parametrize(
    "heading",
    ["Angelegt am", "Angelegt", "Anlagedatum", "Anlage", "Erfasst am", "Eingang", "Eingangsdatum", "Erstkontakt"],
)
def test_the_day_on_which_a_record_was_made_is_when_they_came(heading: str) -> None:
    assert target(heading, "03.04.2026", "20.05.2026", "21.05.2026") == "captured_at"


def test_a_word_for_the_day_that_has_no_days_is_none() -> None:
    assert target("Anlage", "Linie A") == "custom:Anlage"


@pytest.mark.parametrize("heading", ["Abgeschlossen am", "Abschlussdatum", "gewonnen am", "Kunde seit"])
def test_the_day_of_the_end_is_since_when_it_stands_so(heading: str) -> None:
    assert target(heading, "03.04.2026", "20.05.2026", "21.05.2026") == "state_at"


@pytest.mark.parametrize("heading", ["Bearbeiter", "Ansprechpartner intern", "Betreuer", "Verkäufer", "Zuständig"])
def test_who_works_a_lead_there_is_its_sales_rep(heading: str, alice: User) -> None:
    imported(csv(f"Name,E-Mail,{heading}", f"Ann,ann@x.example,{alice.email}"))
    assert Lead.objects.get().owner == alice


def test_a_column_whose_cells_name_people_here_is_that_of_the_sales_rep(alice: User) -> None:
    imported(csv("Name,E-Mail,Betreut", "Ann,ann@x.example,Alice", "Bo,bo@x.example,Alice"))
    assert {lead.owner for lead in Lead.objects.all()} == {alice}


def test_who_has_unsubscribed_from_a_newsletter_wants_no_mail() -> None:
    assert target("Newsletter", "angemeldet", "abgemeldet", "angemeldet") == "opt_out"
    assert target("Person - Marketing status", "Subscribed", "Unsubscribed", "No consent") == "opt_out"
    assert target("Newsletter", "ja", "nein", "ja") == "custom:Newsletter"
    imported(csv("Name,E-Mail,Newsletter", "Ann,ann@x.example,abgemeldet", "Bo,bo@x.example,angemeldet"))
    events = ConsentEvent.objects.values_list("consent__address_hash", "state").distinct()
    assert [state for _, state in events] == ["withdrawn"]


def test_what_we_wrote_down_is_our_note_and_not_what_they_said(alice: User) -> None:
    file = csv("Name,E-Mail,Bemerkung,Nachricht", "Ann,ann@x.example,nur Visitenkarte,Wir brauchen eine Säge")
    run = imported(file)
    assert Enquiry.objects.get().message == "Wir brauchen eine Säge"
    note = Activity.objects.get(kind="note")
    assert (note.body, note.import_run_id) == ("nur Visitenkarte", run.pk)
    assert counts(imported(file)) == (0, 0, 1, 0)
    later = csv("Name,E-Mail,Bemerkung,Nachricht", "Ann,ann@x.example,zu teuer,Wir brauchen eine Säge")
    assert counts(imported(later)) == (0, 1, 0, 0)


def test_a_yes_under_customer_is_hinted_at() -> None:
    assert "yes is won" in hint("Kunde", ["ja", "nein"])
