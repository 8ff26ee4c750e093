"""Learning from outcomes: from the prior to the data, with the shape of time chosen by what it foretold."""

from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from ripeline.science import learning, truth
from ripeline.science.errors import InputError, NotConvergedError, NotFiniteError, UnknownKeyError
from ripeline.science.learning import Belief, Learned, cuts_over, learn
from ripeline.science.mixture_cure import survival
from ripeline.science.outcomes import RIPE, Observed, Outcomes, observe

NAN = float("nan")


def belief(p: int = 0, *, level: float = 0.15, sd: float = 0.2) -> Belief:
    return Belief.even(level=level, sd=np.full(p, sd), centre=np.zeros(p))


def learned_from(true: truth.Truth, as_of: float, *, pace: bool = False) -> Learned:
    seen = true.seen(as_of)
    return learn(true.design[seen.kept], seen.outcomes, belief=belief(true.design.shape[1]), pace=pace)


def bare(seen: Observed, *, level: float = 0.15) -> Learned:
    """Learning without any fact about the leads."""
    return learn(np.empty((len(seen.outcomes), 0)), seen.outcomes, belief=belief(level=level))


def expected_wins(learned: Learned, true: truth.Truth, since: float, until: float) -> float:
    """Of those open on a day, how many are expected to ripen up to another."""
    seen = true.seen(since)
    is_open = seen.outcomes.code == 0
    design, age = true.design[seen.kept][is_open], seen.outcomes.time[is_open]
    odds = learned.log_odds(design)
    now = survival(odds, learned.hazard(design, age))
    then = survival(odds, learned.hazard(design, age + until - since))
    return float((1 - then / now).sum())


# Small data: what SCIENCE promises, seeded, with room to spare.


def test_two_hundred_leads_of_an_even_year_are_not_taken_for_few_buyers() -> None:
    """Sixty days into an even year an unaided fit believes that everybody has ripened who will."""
    off = []
    for seed in range(30):
        true = truth.simulate(200, rng=np.random.default_rng(seed), log_odds=logit(0.15), arriving=60.0)
        off.append(expit(bare(true.seen(60.0)).fit.intercept) - 0.15)
    assert np.sqrt(np.mean(np.square(off))) < 0.06


@pytest.mark.parametrize(("pace", "level"), [(truth.even_year, 0.15), (truth.front_loaded, 0.133)])
def test_half_a_year_of_a_thousand_leads_foretells_the_next_ninety_days(pace: truth.Pace, level: float) -> None:
    missed, noise = [], []
    for seed in range(20):
        true = truth.simulate(1_000, rng=np.random.default_rng(seed), log_odds=logit(level), pace=pace, arriving=180.0)
        actual = true.ripe_between(180.0, 270.0)
        missed.append(expected_wins(learned_from(true, 180.0), true, 180.0, 270.0) - actual)
        noise.append(actual)
    assert np.sqrt(np.mean(np.square(missed))) < 2.2 * np.sqrt(np.mean(noise))
    assert abs(np.mean(missed)) < 0.25 * np.mean(noise)


def test_the_eighty_percent_interval_of_the_level_holds_it_about_so_often() -> None:
    held = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        level = float(rng.normal(logit(0.15), 1.0))  # drawn from the prior, as it says of itself
        true = truth.simulate(300, rng=rng, log_odds=level, arriving=120.0)
        fit = bare(true.seen(200.0)).fit
        held.append(abs(fit.intercept - level) <= 1.2816 * fit.sd[0])
    assert 0.6 <= np.mean(held) <= 0.95


# From the prior to the data.


def test_nothing_ripened_as_yet_and_no_time_passed_leaves_the_belief() -> None:
    found = bare(observe([0.0] * 50, ripe_at=NAN, as_of=0.0))
    assert found.fit.intercept == pytest.approx(found.belief.log_odds, abs=1e-6)
    assert found.mostly_prior == pytest.approx(1.0, abs=1e-6)
    assert found.log_scores == {}
    assert found.shape == "pieces"


def test_the_longer_nobody_ripens_the_less_is_believed() -> None:
    levels = [bare(observe([0.0] * 100, ripe_at=NAN, as_of=day)).fit.intercept for day in (0, 30, 120, 360, 400)]
    assert np.all(np.diff(levels) < 0)


def test_one_win_among_ten_open_leads_is_mostly_prior() -> None:
    found = bare(observe([0.0] * 10, ripe_at=[20.0] + [NAN] * 9, as_of=40.0))
    assert 0.05 < expit(found.fit.intercept) < 0.4
    assert found.mostly_prior > 0.5


def test_one_lead_can_be_learnt_from() -> None:
    for ripe in (NAN, 3.0):
        assert np.isfinite(bare(observe([0.0], ripe_at=[ripe], as_of=10.0)).fit.intercept)


def test_the_badge_falls_as_outcomes_come_in() -> None:
    found = []
    for n in (20, 200, 2_000):
        true = truth.simulate(n, rng=np.random.default_rng(1), log_odds=logit(0.15), pace=truth.weibull(1.0, 30.0))
        found.append(learned_from(true, 400.0).mostly_prior)
    assert found[0] > found[1] > found[2]
    assert found[0] > 0.3
    assert found[2] < 0.1


def test_everybody_won_is_held_by_the_prior() -> None:
    rng = np.random.default_rng(1)
    found = bare(observe(np.zeros(300), ripe_at=rng.uniform(1, 100, 300), as_of=200.0))
    assert 0.9 < expit(found.fit.intercept) < 1.0
    assert np.all(np.isfinite(found.fit.sd))


def test_a_prior_that_is_wrong_is_overruled_by_enough_outcomes() -> None:
    for level in (0.02, 0.15, 0.6):
        true = truth.simulate(8_000, rng=np.random.default_rng(2), log_odds=logit(0.2), arriving=300.0)
        seen = true.seen(700.0)
        assert expit(bare(seen, level=level).fit.intercept) == pytest.approx(0.2, abs=0.02)


def test_a_fact_that_does_nothing_is_believed_to_do_little() -> None:
    true = truth.simulate(400, rng=np.random.default_rng(3), log_odds=-1.0, effects=[0.0] * 5, arriving=100.0)
    assert np.all(np.abs(learned_from(true, 300.0).fit.coefficients) < 0.3)


# The shape of time.


def test_a_strong_weibull_is_found_or_nearly_so() -> None:
    true = truth.simulate(4_000, rng=np.random.default_rng(4), log_odds=-1.0, pace=truth.weibull(0.5, 60.0))
    scores = learned_from(true, 240.0).log_scores
    assert scores["weibull"] > scores["pieces"] - 0.02


def test_a_step_is_found_by_the_pieces() -> None:
    pace = truth.stepped([0, 21, 45], [1e-5, 0.1, 1e-3])
    true = truth.simulate(2_000, rng=np.random.default_rng(5), log_odds=-1.0, pace=pace)
    found = learned_from(true, 240.0)
    assert found.shape == "pieces"
    assert found.log_scores["pieces"] > found.log_scores["weibull"] + 0.1


def test_facts_act_on_when_only_where_there_are_wins_enough_and_it_is_asked_for() -> None:
    laws = {"log_odds": 0.0, "effects": [0.0, 0.0], "pace_effects": [0.6, 0.0], "pace": truth.weibull(1.2, 50.0)}
    many = truth.simulate(6_000, rng=np.random.default_rng(6), **laws)  # type: ignore[arg-type]
    few = truth.simulate(600, rng=np.random.default_rng(6), **laws)  # type: ignore[arg-type]
    assert learned_from(many, 240.0, pace=True).shape.endswith(" with pace")
    assert not [name for name in learned_from(few, 240.0, pace=True).log_scores if "pace" in name]
    assert not [name for name in learned_from(many, 240.0).log_scores if "pace" in name]


def test_too_few_wins_to_choose_by_are_not_chosen_by() -> None:
    true = truth.simulate(60, rng=np.random.default_rng(7), log_odds=-1.0)
    assert learned_from(true, 200.0).log_scores == {}


def test_the_choice_is_the_same_every_time_and_for_any_order_of_the_rows() -> None:
    true = truth.simulate(1_500, rng=np.random.default_rng(8), log_odds=-1.0, effects=[0.4], pace=truth.front_loaded)
    seen = true.seen(240.0)
    design, order = true.design[seen.kept], np.random.default_rng(9).permutation(len(seen.outcomes))
    one, same = (learn(design, seen.outcomes, belief=belief(1)) for _ in range(2))
    mixed = learn(design[order], seen.outcomes.take(order), belief=belief(1))
    assert one.log_scores == same.log_scores
    assert np.array_equal(one.fit.parameters, same.fit.parameters)
    assert one.shape == mixed.shape
    assert np.allclose(one.fit.parameters, mixed.fit.parameters, atol=1e-8, rtol=0)


def test_a_shape_that_cannot_be_fitted_leaves_the_choice_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    true = truth.simulate(800, rng=np.random.default_rng(10), log_odds=-1.0)
    fit_as = learning.fit_as

    def only_weibull(*args: object, **kwargs: object) -> object:
        if args[2].latency.name == "pieces":  # type: ignore[attr-defined]
            raise NotConvergedError("not today")
        return fit_as(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(learning, "fit_as", only_weibull)
    found = learned_from(true, 240.0)
    assert (found.shape, list(found.log_scores)) == ("weibull", ["weibull"])


def test_where_none_can_be_fitted_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> object:
        raise NotConvergedError("not today")

    monkeypatch.setattr(learning, "fit_as", never)
    with pytest.raises(NotConvergedError, match="none of the shapes"):
        bare(observe([0.0] * 5, ripe_at=NAN, as_of=9.0))


@pytest.mark.parametrize("day", [0.5, 1.0, 30.0, 365.0])
def test_all_wins_on_one_and_the_same_day_can_be_learnt_from(day: float) -> None:
    """A batch of wins entered with one date: no density is high enough for a Weibull."""
    start = np.arange(2_000.0) % 50
    found = bare(observe(start, ripe_at=np.where(np.arange(2_000) % 3, start + day, NAN), as_of=600.0))
    assert expit(found.fit.intercept) == pytest.approx(2 / 3, abs=0.05)


def test_no_leads_are_refused() -> None:
    with pytest.raises(InputError, match="no leads"):
        bare(observe([], ripe_at=[], as_of=1.0))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"design": np.full((9, 1), NAN)}, NotFiniteError),
        ({"design": np.full((9, 1), np.inf)}, NotFiniteError),
        ({"design": np.full((9, 1), "many")}, InputError),
        ({"design": np.zeros((8, 1))}, InputError),
        ({"design": np.zeros((9, 2))}, InputError),
        ({"weight": np.ones(8)}, InputError),
        ({"weight": np.full(9, NAN)}, NotFiniteError),
        ({"weight": np.full(9, -1.0)}, InputError),
        ({"stratum": np.full(9, 1)}, UnknownKeyError),
        ({"stratum": np.full(9, -1)}, UnknownKeyError),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_by_name(given: dict[str, Any], error: type[Exception]) -> None:
    seen = observe(np.zeros(9), ripe_at=[4.0] + [NAN] * 8, as_of=20.0).outcomes
    with pytest.raises(error, match=next(iter(given))):
        learn(**{"design": np.zeros((9, 1)), "outcomes": seen, "belief": belief(1), **given})


@pytest.mark.parametrize("level", [0.0, 1.0, NAN])
def test_a_belief_that_no_outcome_could_move_is_none(level: float) -> None:
    with pytest.raises(InputError, match="level"):
        belief(level=level)


def test_weights_of_nothing_leave_the_belief() -> None:
    seen = observe(np.zeros(9), ripe_at=[4.0] + [NAN] * 8, as_of=20.0).outcomes
    found = learn(np.zeros((9, 1)), seen, belief=belief(1), weight=np.zeros(9))
    assert found.fit.intercept == pytest.approx(found.belief.log_odds)


def test_no_wins_among_many_can_be_learnt_from() -> None:
    found = bare(observe(np.arange(2_000.0) % 100, ripe_at=NAN, as_of=400.0))
    assert expit(found.fit.intercept) < 0.01


def test_weights_of_recency_follow_the_change() -> None:
    """The level fell by half a year ago: with weights the fit believes the newer leads."""
    rng = np.random.default_rng(11)
    start = rng.uniform(0, 720, 6_000)
    chance = np.where(start < 360, 0.4, 0.1)
    ripe = np.where(rng.random(6_000) < chance, start + rng.exponential(15, 6_000), NAN)
    seen = observe(start, ripe_at=ripe, as_of=760.0)
    weight = 0.5 ** ((760.0 - seen.outcomes.start) / 60.0)
    plain = bare(seen).fit.intercept
    recent = learn(np.empty((len(start), 0)), seen.outcomes, belief=belief(), weight=weight).fit.intercept
    assert expit(recent) == pytest.approx(0.1, abs=0.03)
    assert expit(plain) > 0.2


@pytest.mark.parametrize("horizon", [20.0, 180.0, 365.0, 540.0, 3650.0])
def test_the_pieces_end_at_any_horizon(horizon: float) -> None:
    cuts = cuts_over(horizon)
    assert cuts[0] == 0
    assert cuts[-1] == horizon
    assert np.all(np.diff(cuts) > 0)


def test_an_even_belief_expects_an_even_pace() -> None:
    found = bare(observe([0.0], ripe_at=NAN, as_of=0.0))
    ripe = -np.expm1(-found.hazard(np.empty((3, 0)), np.array([91.25, 182.5, 273.75])))
    assert ripe == pytest.approx([0.25, 0.5, 0.75], abs=0.02)


def test_outcomes_with_a_horizon_of_their_own_are_learnt_from() -> None:
    rng = np.random.default_rng(12)
    start = rng.uniform(0, 100, 2_000)
    ripe = np.where(rng.random(2_000) < 0.3, start + rng.uniform(0, 700, 2_000), NAN)
    seen = observe(start, ripe_at=ripe, as_of=900.0, horizon=730.0)
    long = Belief.even(level=0.15, sd=np.empty(0), centre=np.empty(0), horizon=730.0)
    found = learn(np.empty((2_000, 0)), seen.outcomes, belief=long)
    assert expit(found.fit.intercept) == pytest.approx(0.3, abs=0.03)


def test_the_counts_are_those_of_the_outcomes() -> None:
    seen = Outcomes(
        start=np.zeros(3), entry=np.zeros(3), time=np.ones(3), code=np.array([RIPE, 0, 2], dtype=np.int8), as_of=9.0
    )
    assert (len(seen), seen.events) == (3, 1)
