"""The company's own figures, filled in: each from its own record where there is one, and said where it comes from."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as reasons
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Enquiry
from ripeline.people.models import User
from ripeline.science.simulation import own
from ripeline.science.simulation.own import Size, law_of
from ripeline.simulation.queries import filled
from tests.cast import MakeLead, by


def test_an_empty_installation_has_figures_and_says_that_they_are_judgement(ada: User) -> None:
    found = filled()
    assert found.figures.checked() == found.figures
    assert found.figures.buys_of_100 == 45.0
    assert found.figures.closing_of_100 == pytest.approx(33, abs=1)
    assert found.figures.reps == 1  # the administrator sells alone
    for name in ("leads_per_month", "mix", "worth"):
        assert "judgement" in found.origins[name], name
    assert "Rule of 45" in found.origins["buys_of_100"]


def test_leads_a_month_and_their_mix_are_those_of_the_last_twelve_months(
    alice: User, bob: User, carol: User, make_lead: MakeLead
) -> None:
    sources = catalog.sources_named(["Trade fair Lisbon", "Quote request"])
    fair, quote = (source.pk for source in sources.values())
    for at in range(30):
        make_lead(alice, captured=timedelta(days=12 * at + 1), source_id=fair, name=f"Priya {at}")
    for at in range(10):
        lead = make_lead(bob, captured=timedelta(days=30 * at + 1), source_id=quote, name=f"Tomás {at}")
    make_lead(bob, captured=timedelta(days=400), name="Long ago")
    again = Enquiry.objects.get(lead=lead)  # comes once more while the same talk goes on: no new lead
    again.pk, again.captured_at, again._state.adding = None, clock.now(), True
    Enquiry.objects.bulk_create([Enquiry(lead=lead, episode=1, door="form", captured_at=clock.now())])
    found = filled()
    assert found.figures.leads_per_month == pytest.approx(40 / 12, abs=0.2)
    assert found.figures.mix == {"quote_request": 25.0, "trade_show": 75.0}
    assert "40 leads" in found.origins["leads_per_month"]
    assert found.figures.reps == 2
    assert found.figures.minutes_per_day == 90


def test_what_a_won_deal_brings_is_the_average_in_the_companys_currency(alice: User, make_lead: MakeLead) -> None:
    for at, amount in enumerate((1_000, 2_000, 3_000, 4_000, 5_000)):
        lead = make_lead(alice, name=f"Priya {at}")
        leads.win(
            lead.pk, by(alice), reason=reasons.reason("bought_from_us"), amount=Decimal(amount), currency="EUR"
        )  # fmt: skip
    foreign = make_lead(alice, name="Abroad")
    leads.win(
        foreign.pk, by(alice), reason=reasons.reason("bought_from_us"), amount=Decimal(10**9), currency="JPY"
    )  # fmt: skip
    found = filled()
    assert (found.worth, found.currency) == (Decimal(3_000), "EUR")
    assert "5 deals" in found.origins["worth"]


def test_they_take_the_same_few_queries_however_many_leads(alice: User, make_lead: MakeLead) -> None:
    filled()  # what seldom changes is read
    counts = []
    for many in (1, 12):
        for at in range(many):
            make_lead(alice, name=f"Priya {many} {at}")
        with CaptureQueriesContext(connection) as asked:
            filled()
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 9


def test_the_law_of_a_company_has_its_mix_its_buyers_and_its_closing_ratio() -> None:
    for buys, closing in ((0.45, 0.33), (0.1, 0.2), (0.6, 0.5)):
        law = law_of(mix={"trade_show": 3, "quote_request": 1}, buys=buys, closing=closing)
        assert float(law.source_share @ law.p_buys) == pytest.approx(buys, abs=1e-6)
        market = own.simulate(law, days=365, rng=np.random.default_rng(7), leads_per_month=1_500)
        plan = own.steady(law, until_days=425)[: law.attempts]
        won = np.sum(own.follow_up(market, plan).outcome == own.WON)
        assert won / market.fate.will_buy.sum() == pytest.approx(closing, abs=0.03)
        assert law.p_buys[law.source_types.index("quote_request")] > law.p_buys[law.source_types.index("trade_show")]


def test_a_simulated_year_has_as_many_leads_for_each_person_as_the_company() -> None:
    for came, reps in ((3, 1), (50, 1), (150, 3), (10_000, 40), (900, 1)):
        size = Size.of(leads_per_month=came, reps=reps)
        assert size.leads_per_month / size.reps == pytest.approx(came / reps)
        assert size.reps <= own.MOST_REPS
