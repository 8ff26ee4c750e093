"""What a minute of each is worth, from their own leads and minutes; and the dates that follow from it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ripeline.base import clock
from ripeline.leads.decisions.actions import nurture
from ripeline.leads.models import Lead
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.routing import prices
from ripeline.routing.models import Price
from ripeline.science.recheck_rules import DEFAULT_RULES
from ripeline.worklist.suggesting import suggest_next
from tests.cast import MONDAY, MakeLead, by, soon

pytestmark = pytest.mark.django_db


def price(user: User) -> Price:
    return Price.objects.get(responsible__user=user)


@pytest.fixture
def busy(alice: User, bob: User, lead: Lead, make_lead: MakeLead) -> None:
    """Alice has three hundred leads, Bob three."""
    with clock.at(MONDAY - timedelta(days=90)):
        for _ in range(3):
            make_lead(bob)
    with connection.cursor() as cursor:  # as many as a rep may have in hand, and more
        columns = [f.column for f in Lead._meta.fields if f.column != "id"]
        cursor.execute(
            f"INSERT INTO lead (id, {', '.join(columns)}) SELECT gen_random_uuid(), {', '.join(columns)}"
            " FROM lead, generate_series(1, 299) WHERE id = %s",
            [lead.pk],
        )
    Lead.objects.filter(owner=alice).update(episode_at=MONDAY - timedelta(days=90))


def test_who_has_few_leads_looks_again_sooner_and_who_has_many_later(
    busy: None, alice: User, bob: User, lead: Lead
) -> None:
    with clock.at(MONDAY):
        prices.renew()
        of_bob = Lead.objects.filter(owner=bob)[0]
        hers, his = (suggest_next(each, "reached", user=each.owner).at for each in (lead, of_bob) if each.owner)
    assert hers
    assert his
    assert (his - MONDAY).days < 30 < (hers - MONDAY).days
    assert price(bob).per_minute == pytest.approx(DEFAULT_RULES.least_price)
    assert price(alice).per_minute > DEFAULT_RULES.price
    assert price(alice).planned <= price(alice).minutes * 1.01
    assert price(alice).leads == 300


def test_what_keep_in_touch_looks_after_for_somebody_takes_their_minutes_too(alice: User, lead: Lead) -> None:
    nurture(lead.pk, by(alice), next=soon(days=30))
    prices.renew()
    assert price(alice).leads == 1


def test_holidays_and_newcomers_leave_fewer_minutes(alice: User, bob: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        for _ in range(28):
            make_lead(bob, captured=timedelta(days=1))
        first = MONDAY.date() + timedelta(days=1)
        people_actions.add_absence(actor=alice, user=alice, first_day=first, last_day=first + timedelta(days=29))
        prices.renew()
    assert price(alice).minutes < 0.7 * 90 * 5 / 7
    assert price(bob).minutes == pytest.approx(90 * 5 / 7 - 8, abs=1.5)


def test_a_price_is_made_anew_when_it_is_old_or_the_minutes_are_others(alice: User, lead: Lead) -> None:
    with clock.at(MONDAY):
        made = prices.current(alice).made_at
        assert prices.current(alice).made_at == made
    with clock.at(MONDAY + timedelta(hours=1)):
        people_actions.change_user(actor=alice, user=alice, minutes_per_day=30)
        assert prices.current(alice).minutes_per_day == 30
    with clock.at(MONDAY + timedelta(days=1)):
        assert prices.current(alice).made_at == MONDAY + timedelta(days=1)


def test_all_are_renewed_by_a_handful_of_queries_however_many_people_there_are(alice: User, bob: User) -> None:
    prices.renew()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert prices.renew() >= 4  # two people, the queue, Keep in touch
    assert len(asked) <= 6


def test_the_queue_and_keep_in_touch_have_the_price_of_the_company_as_a_whole(alice: User, lead: Lead) -> None:
    prices.renew()
    whole = Price.objects.get(responsible=people.built_in(people.QUALIFY))
    assert (whole.leads, whole.minutes_per_day) == (1, 0)
    assert whole.minutes > 0
