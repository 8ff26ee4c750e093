"""Whoever comes to us again is seen by somebody, also after their record was closed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from ripeline.base import clock
from ripeline.capture.arriving.admission import Admitted, Result, admit
from ripeline.capture.imports import actions as imports
from ripeline.capture.imports import runs
from ripeline.capture.models import ImportRun
from ripeline.catalog import queries as catalog
from ripeline.leads import queries
from ripeline.leads.decisions import actions as leads
from ripeline.leads.finding.returning import came_again
from ripeline.leads.models import Lead
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.routing import actions as routing
from ripeline.timeline.models import Activity
from tests.capture.importing import begun, csv
from tests.capture.test_admission import arrival
from tests.cast import MakeLead, by


def comes_again(lead: Lead, *, after_days: float = 30) -> Admitted:
    with clock.at(clock.now() + timedelta(days=after_days)):
        (found,) = admit([arrival(lead.email, days_ago=0)], actor=people.system(), origin="import")
    return found


def reason_of(lead: Lead) -> str:
    return Activity.objects.get(lead_id=lead.pk, kind="reopened").data["why"]


def test_who_was_lost_and_comes_again_is_taken_up_with_the_reason(alice: User, lead: Lead) -> None:
    leads.close(lead.pk, by(alice), reason=catalog.reason("no_budget"))
    assert comes_again(lead).reopened
    again = Lead.objects.get(pk=lead.pk)
    assert (again.state, again.episode, again.owner, again.next_kind) == ("new", 2, alice, "reopened")
    assert again.next_note == reason_of(lead) == "they came to us again"


def test_a_customer_who_asks_again_is_a_new_talk_for_their_rep_and_their_win_still_counts(
    alice: User, bob: User, lead: Lead
) -> None:
    leads.win(lead.pk, by(alice), reason=catalog.reason("bought_from_us"))
    assert comes_again(lead).reopened
    again = Lead.objects.get(pk=lead.pk)
    assert (again.state, again.episode, again.owner, again.responsible.user) == ("new", 2, alice, alice)
    assert again.next_note == reason_of(lead) == "customer enquired again"
    assert queries.counts()["wins"] == 1
    assert lead.opportunities.get().state == "won"
    leads.win(lead.pk, by(alice), reason=catalog.reason("bought_from_us"))
    assert queries.counts()["wins"] == 2


def test_who_was_disqualified_stays_so_and_their_rep_is_asked_to_look(
    client: Client, alice: User, bob: User, lead: Lead
) -> None:
    leads.close(lead.pk, by(alice), reason=catalog.reason("not_a_fit"))
    found = comes_again(lead)
    assert (found.result, found.reopened) == (Result.UPDATED, False)
    assert Lead.objects.get(pk=lead.pk).state == "disqualified"
    assert Activity.objects.filter(lead_id=lead.pk, kind="enquired").count() == 1
    assert [each.pk for each in came_again(alice)] == [lead.pk]
    assert came_again(bob) == []
    client.force_login(alice)
    today = client.get("/today").text
    assert f'<a href="/leads/{lead.pk}">Priya Raman</a> was let go (Not a fit) and has come to us again' in today


def test_once_somebody_has_dealt_with_it_nobody_is_asked_any_more(alice: User, make_lead: MakeLead) -> None:
    noted, reopened, untouched = make_lead(alice), make_lead(alice), make_lead(alice)
    for each in (noted, reopened, untouched):
        leads.close(each.pk, by(alice), reason=catalog.reason("not_a_fit"))
    for each in (noted, reopened):
        comes_again(each, after_days=1)
    assert {each.pk for each in came_again(alice)} == {noted.pk, reopened.pk}
    with clock.at(clock.now() + timedelta(days=2)):
        leads.note(noted.pk, by(alice), text="Still a student.")
        leads.reopen(reopened.pk, by(alice), to=people.responsible_of(alice), next=leads.Next(clock.now()))
    assert came_again(alice) == []


def test_for_somebody_who_left_the_fallback_is_asked_and_may_act(
    alice: User, bob: User, ada: User, sam: User, lead: Lead
) -> None:
    leads.close(lead.pk, by(alice), reason=catalog.reason("not_a_fit"))
    routing.deactivate(actor=ada, user=alice)
    comes_again(lead)
    assert [each.pk for each in came_again(sam)] == [lead.pk], "the fallback is the Qualify queue, which she works"
    assert came_again(bob) == []
    with clock.at(clock.now() + timedelta(days=31)):
        leads.note(lead.pk, by(sam), text="Still no dentist.")
    assert came_again(sam) == []
    assert Lead.objects.get(pk=lead.pk).state == "disqualified"


def test_where_somebody_is_the_fallback_they_are_asked(alice: User, bob: User, ada: User, lead: Lead) -> None:
    people_actions.set_company(actor=ada, fallback=people.responsible_of(bob))
    leads.close(lead.pk, by(alice), reason=catalog.reason("not_a_fit"))
    routing.deactivate(actor=ada, user=alice)
    comes_again(lead)
    (asked,) = came_again(bob)
    assert (asked.pk, asked.owner) == (lead.pk, bob)


def test_an_enquiry_from_before_the_end_reopens_nobody(alice: User, lead: Lead) -> None:
    leads.win(lead.pk, by(alice), reason=catalog.reason("bought_from_us"))
    admit([arrival(lead.email, days_ago=60)], actor=people.system(), origin="import")
    assert Lead.objects.get(pk=lead.pk).state == "won"


@pytest.mark.django_db
@pytest.mark.parametrize("stood_still", [False, True])
def test_who_asks_by_a_form_while_their_import_goes_in_or_stands_still_is_not_put_off(
    bob: User, stood_still: bool
) -> None:
    rows = [f"p{n}@x{n}.example,Pia {n},bob@example.com,{'Intern' if n == 5 else 'Owner'}" for n in range(300)]
    run = begun(csv("E-mail,Name,Owner,Job title", *rows))

    def ask() -> None:
        one = arrival("p5@x5.example", days_ago=0, source="Website")
        admit([replace(one, context=replace(one.context, door="form"))], actor=people.system(), origin="form")

    def meanwhile(now: ImportRun) -> None:
        if now.position == 100 and stood_still:
            imports.cancel(actor=people.system(), run_id=run.pk)
        elif now.position == 100:
            ask()

    runs.work(run.pk, size=100, watch=meanwhile)
    if stood_still:
        ask()
        imports.go_on(actor=people.system(), run_id=run.pk)
        imports.work(run.pk, size=100)
    due = Lead.objects.filter(next_at__lte=clock.now()).order_by("next_at")
    assert due[0].email == "p5@x5.example", "though an intern is looked at last"
