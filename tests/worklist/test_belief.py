"""The line over Today on what one's leads will become: reckoned in the night, and it says when."""

from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.ripeness.actions import rescore
from ripeline.worklist import belief
from ripeline.worklist.actions import plan_for, record_outcome
from tests.cast import MONDAY, MakeLead, by

pytestmark = pytest.mark.django_db

NIGHT = MONDAY - timedelta(hours=7)


def leads(owner: User, make_lead: MakeLead, count: int) -> list[Lead]:
    found = [make_lead(owner) for _ in range(count)]
    rescore([lead.pk for lead in found])
    return found


def test_it_says_how_many_will_buy_and_how_many_have(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        won = leads(alice, make_lead, 20)[0]
        record_outcome(won.pk, by(alice), outcome="won")
        rescore([won.pk])
        said = plan_for(alice).belief
    assert said
    assert (said.n, said.won, f"{said.since:%B}") == (20, 1, "January")
    assert said.words.startswith("Of the 20 leads you have had since January, about ")
    assert "should be yours, of which you have won 1 already. Most are still green" in said.words


def test_of_a_handful_of_leads_nothing_is_promised(alice: User, lead: Lead) -> None:
    assert plan_for(alice).belief is None


def test_what_was_reckoned_in_the_night_is_shown_all_day_with_its_hour(alice: User, make_lead: MakeLead) -> None:
    with clock.at(NIGHT):
        leads(alice, make_lead, 20)
        belief.renew()
    with clock.at(MONDAY):
        leads(alice, make_lead, 2)
        day = plan_for(alice)
    assert day.belief
    assert day.belief.n == 20
    assert day.believed.endswith("so far each has had 0.0. Reckoned today at 03:00.")


def test_where_no_worker_has_run_it_is_reckoned_with_the_day(alice: User, make_lead: MakeLead) -> None:
    with clock.at(NIGHT - timedelta(days=1)):
        leads(alice, make_lead, 20)
        belief.renew()
    with clock.at(MONDAY):
        leads(alice, make_lead, 2)
        day = plan_for(alice)
    assert day.belief
    assert day.belief.n == 22
    assert day.believed.endswith("Reckoned today at 10:00.")


def test_who_has_many_more_leads_than_in_the_night_is_told_anew_within_the_hour(
    alice: User, bob: User, make_lead: MakeLead
) -> None:
    with clock.at(NIGHT):
        leads(alice, make_lead, 20)
        leads(bob, make_lead, 20)
        assert belief.renew() >= 2
    with clock.at(MONDAY):
        leads(alice, make_lead, 5)
        leads(bob, make_lead, 4)  # a fifth is no news
        assert belief.renew_changed() == 1
        assert belief.renew_changed() == 0
        alices, bobs = belief.of(alice), belief.of(bob)
    assert alices
    assert bobs
    assert (alices.n, bobs.n) == (25, 20)


def test_who_is_new_here_is_told_within_the_hour(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        leads(alice, make_lead, 12)
        assert belief.renew_changed() >= 1
        said = belief.of(alice)
    assert said
    assert said.n == 12


def test_customers_from_before_who_are_open_again_are_no_news_every_hour(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        known = leads(alice, make_lead, 20)
        Lead.objects.filter(pk__in=[lead.pk for lead in known[:12]]).update(won_before_captured=True)
        assert belief.renew_changed() >= 1
        assert belief.renew_changed() == 0
