"""The market tells back the facts it is built on, and hides from sellers what a seller cannot know."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripeline.science.errors import InputError, NotFiniteError
from ripeline.science.market import (
    LOST,
    MISSED,
    OPEN,
    UNFIT,
    WON,
    FollowUp,
    Market,
    follow_up,
    simulate,
    steady,
)
from ripeline.science.market_law import DEFAULT_LAW
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_TERMS, score
from ripeline.science.terms import encode


@pytest.fixture(scope="module")
def market() -> Market:
    return simulate(days=365, rng=np.random.default_rng(45), leads_per_month=5000)


@pytest.fixture(scope="module")
def never_giving_up(market: Market) -> FollowUp:
    return follow_up(market, steady(market.law, until_days=430))


def of_100(condition: np.ndarray) -> float:
    return 100 * float(np.mean(condition))


# The facts


def test_45_of_100_buy_from_someone_within_the_year(market: Market) -> None:
    assert of_100(market.fate.will_buy) == pytest.approx(45, abs=1.5)
    assert of_100(market.fate.ripe_after <= 365) == of_100(market.fate.will_buy)


def test_10_to_15_have_ripened_by_three_months_and_26_by_six(market: Market) -> None:
    assert 10 <= of_100(market.fate.ripe_after <= 91) <= 15
    assert of_100(market.fate.ripe_after <= 182.5) == pytest.approx(26, abs=1.5)


def test_some_are_ripe_when_they_come_and_trials_ripen_early(market: Market) -> None:
    ripe_at_once = market.fate.ripe_after == 0
    assert 0.5 < of_100(ripe_at_once) < 3
    trial, webinar = (
        market.fate.ripe_after[
            (market.arrivals.source_type == market.law.source_types.index(key)) & market.fate.will_buy
        ]
        for key in ("trial", "webinar")
    )
    assert np.median(trial) < 0.8 * np.median(webinar)


def test_never_giving_up_wins_15_of_100(never_giving_up: FollowUp) -> None:
    assert of_100(never_giving_up.outcome == WON) == pytest.approx(15, abs=1)


def test_giving_up_after_a_month_wins_1_to_3_and_after_ten_weeks_about_3(market: Market) -> None:
    month, ten_weeks = (
        of_100(follow_up(market, steady(market.law, until_days=until)).outcome == WON) for until in (30, 70)
    )
    assert 1 <= month <= 3
    assert month < ten_weeks
    assert ten_weeks == pytest.approx(3, abs=1)


def test_a_third_of_the_ripe_are_won_in_steady_touch(market: Market, never_giving_up: FollowUp) -> None:
    ripe = market.fate.will_buy
    assert of_100(never_giving_up.outcome[ripe] == WON) == pytest.approx(33, abs=2)


def test_93_of_100_that_are_won_were_reached_by_the_sixth_call(never_giving_up: FollowUp) -> None:
    won = never_giving_up.outcome == WON
    first = np.argmax(never_giving_up.reached[won], axis=1) + 1
    assert of_100(first <= 6) == pytest.approx(93, abs=2)


def test_whoever_is_found_sooner_is_won_more_often(market: Market) -> None:
    delays = np.array([0.0, 10.0, 40.0, 1000.0])
    chance = market.law.p_close(delays)
    assert np.all(np.diff(chance) < 0)


def test_half_of_the_sales_go_to_the_first_who_has_set_the_vision_and_a_hasty_proposal_costs(market: Market) -> None:
    first = np.zeros(1)
    cold, nurtured, hasty = (
        market.law.p_close(first, talks=talks, hasty=h)[0] for talks, h in ((0, 0), (2, 0), (2, 1))
    )
    assert nurtured == pytest.approx(0.5, abs=0.02)
    assert cold < hasty < nurtured


def test_an_attempt_within_the_hour_reaches_more(market: Market) -> None:
    at_once, next_day = market.law.p_reach(np.array([0.0, 1.0]))
    assert at_once > 2 * next_day


def test_the_prior_of_an_empty_installation_fits_this_market(market: Market) -> None:
    """The demo must make sense: the average agrees, and who is said to be likelier is."""
    keys = np.array(market.law.source_types)[market.arrivals.source_type]
    facts = encode(DEFAULT_TERMS, source_type=keys, signals=market.arrivals.signals, curves=DEFAULT_CURVES)
    said = score(facts.design, DEFAULT_TERMS, age_days=0, curve=facts.curve).p_ever
    assert said.mean() == pytest.approx(market.fate.will_buy.mean(), abs=0.02)
    fifths = [market.fate.will_buy[part].mean() for part in np.array_split(np.argsort(said, kind="stable"), 5)]
    assert fifths == sorted(fifths)
    assert fifths[-1] > 2 * fifths[0]


# The laws of any market


def test_the_same_seed_gives_the_same_market_and_another_one_another() -> None:
    one, again, other = (simulate(days=60, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.arrivals.day, again.arrivals.day)
    np.testing.assert_array_equal(one.fate.luck_reach, again.fate.luck_reach)
    assert one.arrivals.day.tolist() != other.arrivals.day.tolist()


def test_leads_arrive_in_order_within_business_hours_and_rarely_at_weekends(market: Market) -> None:
    day = market.arrivals.day
    assert np.all(np.diff(day) >= 0)
    hour = 24 * (day % 1)
    assert hour.min() >= DEFAULT_LAW.open_hour
    assert hour.max() <= DEFAULT_LAW.close_hour
    weekday = np.floor(day).astype(int) % 7
    assert np.mean(weekday >= 5) < 0.1


def test_the_weekday_of_the_first_day_is_respected() -> None:
    sunday_first = simulate(days=7, rng=np.random.default_rng(0), leads_per_month=30_000, first_weekday=6)
    per_day = np.bincount(np.floor(sunday_first.arrivals.day).astype(int), minlength=7)
    assert np.argsort(per_day)[:2].tolist() in ([0, 6], [6, 0])


@settings(max_examples=30)
@given(st.lists(st.floats(0, 500), min_size=1, max_size=15), st.integers(0, 5))
def test_every_lead_has_one_end_and_the_days_agree(days: list[float], seed: int) -> None:
    market = simulate(days=20, rng=np.random.default_rng(seed), leads_per_month=150)
    result = follow_up(market, sorted(days))
    fate = market.fate
    found = np.isfinite(result.found_after)
    assert np.all(found == np.isin(result.outcome, [WON, LOST]))
    assert np.all(np.isfinite(result.ended_after) == (result.outcome != OPEN))
    assert np.all(result.found_after[found] >= fate.ripe_after[found])
    assert np.all(result.ended_after[found] >= result.found_after[found])
    assert np.all(fate.will_buy[np.isin(result.outcome, [WON, LOST, MISSED])])
    assert not np.any(fate.will_buy[result.outcome == UNFIT])
    assert np.all((result.amount > 0) == (result.outcome == WON))
    assert np.all(result.reached <= result.made)
    assert not np.any(result.reached[fate.unreachable])


@settings(max_examples=20)
@given(st.integers(0, 50), st.integers(1, 300))
def test_more_patience_never_wins_fewer(seed: int, until: int) -> None:
    market = simulate(days=30, rng=np.random.default_rng(seed), leads_per_month=300)
    less, more = (follow_up(market, steady(market.law, until_days=days)).outcome == WON for days in (until, until + 60))
    assert np.all(less <= more)


def test_a_plan_of_ones_own_for_each_lead_may_leave_gaps(market: Market) -> None:
    small = simulate(days=30, rng=np.random.default_rng(1), leads_per_month=60)
    n = len(small.arrivals.day)
    plan = np.full((n, 3), np.nan)
    plan[0] = [1.0, np.nan, 5.0]
    result = follow_up(small, plan)
    assert result.made[1:].sum() == 0
    assert not result.made[0, 1]
    assert np.all(result.outcome[1:] == OPEN)


def test_nurture_makes_orders_larger(market: Market, never_giving_up: FollowUp) -> None:
    won = never_giving_up.outcome == WON
    factor = never_giving_up.amount[won] / market.fate.amount[won]
    assert set(np.round(factor, 6).tolist()) == {1.0, DEFAULT_LAW.nurtured_factor}


def test_reasons_for_losing_fit_the_kind_of_lead(market: Market) -> None:
    assert np.all(market.law.reason_buyer[market.fate.reason] == market.fate.will_buy)


def test_another_market_obeys_its_own_law() -> None:
    rare = replace(DEFAULT_LAW, p_buys=np.full_like(DEFAULT_LAW.p_buys, 0.1))
    market = simulate(rare, days=365, rng=np.random.default_rng(3), leads_per_month=2000)
    assert of_100(market.fate.will_buy) == pytest.approx(10, abs=2)


# Bad input


def test_a_market_of_nobody_is_no_problem() -> None:
    empty = simulate(days=0, rng=np.random.default_rng(0))
    assert len(empty.arrivals.day) == 0
    assert follow_up(empty, [1.0, 2.0]).outcome.shape == (0,)


@pytest.mark.parametrize("plan", [[3.0, 1.0], [-1.0], [np.inf], [[1.0], [2.0]], np.arange(100.0)])
def test_a_plan_that_makes_no_sense_is_refused(plan: list[float]) -> None:
    market = simulate(days=10, rng=np.random.default_rng(0), leads_per_month=300)
    with pytest.raises(InputError, match="contact_after"):
        follow_up(market, plan)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"days": -1}, InputError),
        ({"days": np.nan}, NotFiniteError),
        ({"leads_per_month": -1}, InputError),
        ({"first_weekday": 7}, InputError),
    ],
)
def test_bad_input_is_refused(change: dict[str, float], error: type[InputError]) -> None:
    with pytest.raises(error):
        simulate(rng=np.random.default_rng(0), **({"days": 30.0} | change))  # type: ignore[arg-type]
