"""A known amount counts, damped and bounded; an unknown one counts as a usual deal, exactly."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.catalog import queries as reasons
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Lead, Opportunity
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import Role, User
from ripeline.routing import prices
from ripeline.routing.actions import release
from ripeline.routing.models import TypicalAmount
from ripeline.routing.stakes import MOST, renew, stake
from ripeline.worklist.actions import plan_for
from ripeline.worklist.deciding import Fact
from ripeline.worklist.models import PlanItem
from tests.cast import MONDAY, MakeLead, MakeUser, by, soon
from tests.routing.test_releasing import rate

amounts = st.decimals(min_value=-10, max_value=10**9, places=2)


@given(amounts, amounts)
def test_a_larger_amount_never_counts_less_and_none_counts_beyond_the_bounds(one: Decimal, other: Decimal) -> None:
    usual = Decimal(8_000)
    small, large = sorted((max(one, Decimal(1)), max(other, Decimal(1))))
    assert stake(small, usual) <= stake(large, usual)
    assert 1 / MOST <= stake(one, usual) <= MOST
    for unknown in (stake(None, usual), stake(one, None), stake(Decimal(0), usual)):
        assert unknown == 1.0


def won(owner: User, make_lead: MakeLead, *amounts: int, currency: str = "EUR") -> None:
    for amount in amounts:
        lead = make_lead(owner, due=timedelta(days=9))
        leads.win(
            lead.pk, by(owner), reason=reasons.reason("bought_from_us"), amount=Decimal(amount), currency=currency
        )  # fmt: skip


def opened(owner: User, make_lead: MakeLead, amount: int | None, currency: str = "EUR", p_30: float = 0.2) -> Lead:
    lead = make_lead(owner, captured=timedelta(days=30), email=f"priya@{uuid4().hex}.example")
    leads.open_opportunity(
        lead.pk, by(owner), amount=None if amount is None else Decimal(amount), currency=currency, next=soon(hours=1)
    )
    rate(lead, p_30)
    return lead


def usual() -> dict[str, tuple[Decimal, int, bool]]:
    return {one.currency: (one.amount, one.n, one.is_won) for one in TypicalAmount.objects.all()}


@pytest.mark.django_db
def test_usual_is_the_median_of_what_was_won_in_the_currency_else_of_open_deals(
    alice: User, make_lead: MakeLead
) -> None:
    renew(clock.now())
    assert usual() == {}
    won(alice, make_lead, 1_000, 6_000, 8_000, 9_000, 900_000)
    won(alice, make_lead, 5, 6, 7, currency="JPY")  # too few to say
    for amount in (1, 2, 30, 40, 50):
        opened(alice, make_lead, amount, "JPY")
        opened(alice, make_lead, amount, "EUR")
    renew(clock.now())
    assert usual() == {"EUR": (Decimal(8_000), 5, True), "JPY": (Decimal(30), 5, False)}


@pytest.mark.django_db
def test_it_is_kept_and_made_anew_with_the_prices_once_a_day(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        won(alice, make_lead, *[8_000] * 5)
        prices.current(alice)
        assert usual()["EUR"][0] == 8_000
        won(alice, make_lead, *[2_000] * 6)
        with CaptureQueriesContext(connection) as asked:
            renew(clock.now(), unless_since=clock.now() - timedelta(hours=20))
        assert len(asked) == 1
        assert usual()["EUR"][0] == 8_000
        prices.renew()  # as each night
        assert usual()["EUR"][0] == 2_000
        Opportunity.objects.filter(amount=2_000).delete()  # as an import that is taken back
        Opportunity.objects.filter(amount=8_000).update(currency="USD")
        prices.renew()
        assert set(usual()) == {"USD"}


@pytest.mark.django_db
def test_of_equally_ripe_deals_the_larger_comes_first_and_an_unknown_one_is_usual(
    alice: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY - timedelta(days=40)):
        won(alice, make_lead, *[8_000] * 5)
    with clock.at(MONDAY - timedelta(days=20)):
        small, unknown, large = (opened(alice, make_lead, amount) for amount in (800, None, 80_000))
        yen = opened(alice, make_lead, 80_000, "JPY")  # nothing is usual in it: as an unknown one
    with clock.at(MONDAY):
        people_actions.change_user(actor=people.system(), user=alice, minutes_per_day=60)
        plan_for(alice)
        found = {item.lead_id: item for item in PlanItem.objects.all()}
    assert found[large.pk].position == 1
    assert found[small.pk].position == 4
    assert found[large.pk].value == pytest.approx(2 * found[unknown.pk].value)
    assert found[small.pk].value == pytest.approx(found[unknown.pk].value / 2)
    assert found[yen.pk].value == pytest.approx(found[unknown.pk].value)
    assert Fact.LARGE not in {found[small.pk].decided, found[unknown.pk].decided}


@pytest.mark.django_db
def test_a_large_deal_that_is_no_likelier_than_others_is_named_as_what_it_is(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY - timedelta(days=40)):
        won(alice, make_lead, *[8_000] * 5)
    with clock.at(MONDAY - timedelta(days=9)):
        lead = make_lead(alice, amount=Decimal(80_000), currency="EUR")
        leads.touch(lead.pk, by(alice), kind="call", reached=True, next=soon(days=9))
        rate(lead, 0.04)
    with clock.at(MONDAY):
        plan_for(alice)
        item = PlanItem.objects.get(lead_id=lead.pk)
    assert item.decided == Fact.LARGE
    assert item.why.startswith("A large deal for us (80,000 EUR); last reached")


@pytest.mark.django_db
def test_a_release_prefers_the_larger_of_equally_likely_leads_and_the_ripe_one_to_both(
    alice: User, make_user: MakeUser, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY - timedelta(days=40)):
        won(alice, make_lead, *[8_000] * 5)
        prices.renew()
        people_actions.change_user(actor=people.system(), user=alice, weight=0)
    with clock.at(MONDAY):
        usual_one, large, ripe = (
            make_lead(amount=amount, currency="EUR" if amount else "")
            for amount in (None, Decimal(80_000), Decimal(800))  # the last one is ripe, and small
        )
        rate(usual_one, 0.04)
        rate(large, 0.04)
        rate(ripe, 0.6)
        dora = make_user("dora", Role.REP, minutes_per_day=6)
        assert release() == 1
        assert Lead.objects.get(owner=dora) == ripe
        people_actions.change_user(actor=people.system(), user=dora, minutes_per_day=12)
        assert release() == 1
    assert set(Lead.objects.filter(owner=dora)) == {ripe, large}
