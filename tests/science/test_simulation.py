"""The simulated market tells the facts back, treats policies alike, and lets only the clairvoyant look behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.journeys import DECISION, events
from ripeline.science.market import OPEN, UNFIT, WON, simulate, steady
from ripeline.science.market_law import DEFAULT_LAW, Law
from ripeline.science.simulation.comparing import MEASURES, POLICIES, Comparison, compare, interval
from ripeline.science.simulation.engine import Policy, Run, run
from ripeline.science.simulation.oracle import Oracle, bound
from ripeline.science.simulation.seen import Seen
from ripeline.science.simulation.simple import CallEveryone, Steady
from ripeline.science.simulation.tuning import TRAINING_SEEDS
from ripeline.science.simulation.world import World
from tests.thoroughness import thorough

UNLIMITED = 1e9
NOT_CLAIRVOYANT = [name for name in POLICIES if name != "oracle"]


def small(seed: int = 1, *, minutes: float = 60.0, law: Law = DEFAULT_LAW, reps: int = 1) -> World:
    return World.make(law, seed=seed, months=3, leads_per_month=40, reps=reps, minutes_per_day=minutes)


def wins(result: Run) -> int:
    return int(np.sum(result.outcome == WON))


# The facts


@pytest.fixture(scope="module")
def plenty() -> World:
    return World.make(DEFAULT_LAW, seed=45, months=12, leads_per_month=600, reps=1, minutes_per_day=UNLIMITED)


def of_100(world: World, policy: Policy) -> float:
    return 100 * wins(run(world, policy)) / len(world.rep)


def test_never_giving_up_wins_about_15_of_100(plenty: World) -> None:
    assert of_100(plenty, Steady(plan=steady(DEFAULT_LAW, until_days=425))) == pytest.approx(15, abs=1)


def test_giving_up_after_ten_weeks_wins_about_3(plenty: World) -> None:
    assert of_100(plenty, Steady(plan=steady(DEFAULT_LAW, until_days=70))) == pytest.approx(3, abs=1)


def test_the_shoebox_of_one_month_wins_1_to_2(plenty: World) -> None:
    assert 1 <= of_100(plenty, POLICIES["shoebox"](plenty)) <= 2


def test_who_proposes_to_green_leads_wins_fewer(plenty: World) -> None:
    plan = steady(DEFAULT_LAW, until_days=425)
    patient, hasty = (of_100(plenty, Steady(plan=plan, proposes_early=early)) for early in (False, True))
    assert hasty < patient - 1


def test_who_calls_green_leads_day_after_day_turns_them_away(plenty: World) -> None:
    class Pest:
        name, proposes_early = "pest", False

        def choose(self, seen: Seen) -> IntArray:
            return np.flatnonzero(seen.is_open & (seen.now - seen.arrived < 60))

    world = small(minutes=UNLIMITED)
    mild = World.make(
        replace(DEFAULT_LAW, pester_turns_away=0.0), seed=1, months=3, leads_per_month=40, reps=1, minutes_per_day=1e9
    )
    assert np.sum(run(world, Pest()).outcome == UNFIT) > np.sum(run(mild, Pest()).outcome == UNFIT) + 20


def test_the_ripe_are_seen_more_often_than_the_others() -> None:
    market = simulate(days=365, rng=np.random.default_rng(1), leads_per_month=500)
    seen = events(market, np.random.default_rng(2), until=600)
    age = seen.day - market.arrivals.day[seen.lead]
    ripens, closes = market.fate.ripe_after, market.fate.ripe_after + market.fate.window
    ripe = (age >= ripens[seen.lead]) & (age < closes[seen.lead])
    followed = 600 - market.arrivals.day
    in_window = np.where(market.fate.will_buy, np.clip(closes, 0, followed) - np.clip(ripens, 0, followed), 0).sum()
    rates = ripe.sum() / in_window, (~ripe).sum() / (followed.sum() - in_window)
    assert rates[0] > 4 * rates[1]
    assert DEFAULT_LAW.journey.per_month[DECISION].sum() > DEFAULT_LAW.journey.per_month[0].sum()


# The same world for everybody


def test_the_same_seed_gives_the_same_results_and_another_one_others() -> None:
    for name, make in POLICIES.items():
        one, again = (run(world, make(world)) for world in (small(), small()))
        for field in fields(Run):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(again, field.name), err_msg=name)
    assert len(small(2).rep) != len(small(1).rep) or np.any(small(2).events.lead[:5] != small(1).events.lead[:5])


def test_leads_and_luck_do_not_depend_on_reps_and_minutes() -> None:
    few, many = small(minutes=20.0), small(minutes=500.0, reps=3)
    np.testing.assert_array_equal(few.market.arrivals.day, many.market.arrivals.day)
    np.testing.assert_array_equal(few.market.fate.luck_close, many.market.fate.luck_close)
    np.testing.assert_array_equal(few.events.day, many.events.day)
    leads = np.arange(len(few.rep))
    aged = np.full(len(leads), 5.0)
    np.testing.assert_array_equal(few.answers(leads, 40, aged), many.answers(leads, 40, aged))


def test_two_policies_that_call_somebody_on_the_same_day_meet_the_same_answer() -> None:
    """Whoever else is called: the answer is the lead's and the day's."""

    class Only:
        name, proposes_early = "only", False

        def __init__(self, leads: IntArray) -> None:
            self.leads = leads

        def choose(self, seen: Seen) -> IntArray:
            here = self.leads[self.leads < len(seen.arrived)]
            return here[(seen.attempts[here] < 30) & (seen.now - seen.arrived[here] > 5)]

    world = small(minutes=UNLIMITED)
    alone, among = run(world, Only(np.array([7]))), run(world, Only(np.arange(len(world.rep))))
    assert (alone.attempts[7], alone.conversations[7], alone.outcome[7]) == (
        among.attempts[7],
        among.conversations[7],
        among.outcome[7],
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 200), st.floats(12, 200), st.integers(1, 3), st.sampled_from(list(POLICIES)))
def test_nobody_spends_more_minutes_than_there_are(seed: int, minutes: float, reps: int, name: str) -> None:
    world = small(seed, minutes=minutes, reps=reps)
    result = run(world, POLICIES[name](world))
    assert result.minutes.sum() <= world.minutes.sum() * reps + 1e-6
    expected = 3 * result.attempts + 9 * result.conversations
    np.testing.assert_allclose(result.minutes, expected)
    assert np.all(result.conversations <= result.attempts)
    assert np.all(result.outcome[result.attempts == 0] == OPEN)
    assert np.all(result.first_after[result.attempts > 0] >= 5 / 1440 - 1e-9)


def test_the_minutes_of_a_tightness_do_for_that_share_of_the_years_leads_each_week() -> None:
    for tightness in (0.1, 0.3, 1.0):
        world = World.at_tightness(DEFAULT_LAW, seed=1, months=12, leads_per_month=60, reps=2, tightness=tightness)
        assert world.tightness() == pytest.approx(tightness, rel=0.05)


# Hidden state


class Blindfolded:
    """A policy around another: while that one chooses, everything that is true of the market is scrambled."""

    proposes_early = False

    def __init__(self, world: World, inner: Policy) -> None:
        self.world, self.inner, self.name = world, inner, inner.name
        self.generator = np.random.default_rng(0)
        self.told: list[list[int]] = []

    def choose(self, seen: Seen) -> IntArray:
        with self.scrambled():
            chosen = self.inner.choose(seen)
        self.told.append(np.asarray(chosen).tolist())
        return chosen

    @contextmanager
    def scrambled(self) -> Iterator[None]:
        hidden = hidden_arrays(self.world)
        kept = [array.copy() for array in hidden]
        for array in hidden:
            self.generator.shuffle(array)
        try:
            yield
        finally:
            for array, before in zip(hidden, kept, strict=True):
                array[...] = before


def hidden_arrays(world: World) -> list[FloatArray]:
    fate = [getattr(world.market.fate, field.name) for field in fields(world.market.fate)]
    return [*fate, world.events.lead, world.events.day, world.events.kind]


@pytest.mark.parametrize("name", NOT_CLAIRVOYANT)
def test_no_policy_but_the_oracle_reads_what_is_hidden(name: str) -> None:
    world = small()
    plain = run(world, POLICIES[name](world))
    blindfolded = run(world, Blindfolded(world, POLICIES[name](world)))
    for field in fields(Run):
        np.testing.assert_array_equal(getattr(plain, field.name), getattr(blindfolded, field.name))


def test_the_oracle_does_read_it() -> None:
    world = small()
    plain = wins(run(world, Oracle(world)))
    blind = Blindfolded(world, CallEveryone())
    with blind.scrambled():
        misled = Oracle(world)
    assert wins(run(world, misled)) < plain / 2


def test_what_policies_are_shown_leads_nowhere_and_changing_it_changes_nothing() -> None:
    world = small()
    shown: list[object] = []

    class Vandal:
        name, proposes_early = "vandal", False

        def choose(self, seen: Seen) -> IntArray:
            chosen = CallEveryone().choose(seen)
            for array in arrays_in(seen):
                shown.append(array)
                array[...] = 1
            return chosen

    plain, vandal = run(world, CallEveryone()), run(world, Vandal())
    np.testing.assert_array_equal(plain.outcome, vandal.outcome)
    hidden = [*hidden_arrays(world), world.market.arrivals.day]
    assert not any(np.shares_memory(array, secret) for array in shown[:60] for secret in hidden)


def arrays_in(value: object) -> list[np.ndarray]:
    """Everything that can be reached from an observation: arrays, and nothing else but words and numbers."""
    if isinstance(value, np.ndarray):
        return [value]
    if is_dataclass(value):
        return [array for field in fields(value) for array in arrays_in(getattr(value, field.name))]
    if isinstance(value, dict):
        return [array for each in value.values() for array in arrays_in(each)]
    assert isinstance(value, (int, float, tuple)), type(value)
    return []


# The clairvoyant


@pytest.mark.parametrize("seed", range(1, 1 + thorough(2, 6)))
@pytest.mark.parametrize("tightness", [0.1, 0.3, 1.0])
def test_the_oracle_wins_at_least_what_every_policy_wins_on_every_seed(seed: int, tightness: float) -> None:
    world = World.at_tightness(DEFAULT_LAW, seed=seed, months=4, leads_per_month=60, reps=2, tightness=tightness)
    best = wins(run(world, Oracle(world)))
    assert all(wins(run(world, POLICIES[name](world))) <= best for name in NOT_CLAIRVOYANT)


@pytest.mark.parametrize("minutes", [12.0, 15.0, 40.0, 300.0])
def test_the_oracle_comes_within_5_percent_of_the_bound_on_small_markets(minutes: float) -> None:
    total = [0.0, 0.0]
    for seed in range(1, 6):
        world = World.make(DEFAULT_LAW, seed=seed, months=4, leads_per_month=60, reps=1, minutes_per_day=minutes)
        found, most = wins(run(world, Oracle(world))), bound(world)
        assert found <= most + 1e-6
        total[0], total[1] = total[0] + found, total[1] + most
    assert total[0] >= 0.95 * total[1]


def test_a_market_nobody_can_win_anything_in_is_no_problem() -> None:
    world = small(law=replace(DEFAULT_LAW, p_buys=np.full_like(DEFAULT_LAW.p_buys, 1e-6)))
    assert bound(world) == 0
    assert wins(run(world, Oracle(world))) == 0


# Side by side


@pytest.fixture(scope="module")
def side_by_side() -> Comparison:
    worlds = [
        World.at_tightness(DEFAULT_LAW, seed=seed, months=12, leads_per_month=50, reps=1, tightness=0.3)
        for seed in range(1, 6)
    ]
    return compare(worlds, POLICIES)


def test_every_policy_has_every_figure_with_its_interval(side_by_side: Comparison) -> None:
    rows = list(side_by_side.rows())
    assert [row["policy"] for row in rows] == list(POLICIES)
    for row in rows:
        for key in MEASURES:
            mean, low, high = row[key], row[f"{key}_low"], row[f"{key}_high"]
            assert isinstance(mean, float), (row["policy"], key)
            assert isinstance(low, float)
            assert isinstance(high, float)
            assert low <= mean <= high
    assert rows[-1]["share_of_oracle"] == 1.0


def test_ripeline_wins_three_quarters_of_the_clairvoyant_at_30_percent(side_by_side: Comparison) -> None:
    assert side_by_side.found["ripeline"]["share_of_oracle"].mean() >= 0.75


def test_ripeline_wins_more_than_every_simple_policy_at_30_percent(side_by_side: Comparison) -> None:
    for other in ("shoebox", "call-everyone", "newest-first"):
        _, low, _ = side_by_side.more_wins("ripeline", other)
        assert low > 0, other
    assert side_by_side.more_wins("ripeline", "points")[0] > 0


def test_signals_that_mislead_are_found_out() -> None:
    turned = replace(DEFAULT_LAW.journey, per_month=DEFAULT_LAW.journey.per_month[::-1])
    worlds = [
        World.at_tightness(
            replace(DEFAULT_LAW, journey=turned), seed=seed, months=12, leads_per_month=50, reps=1, tightness=0.3
        )
        for seed in (1, 2, 3)
    ]
    found = compare(worlds, {name: POLICIES[name] for name in ("call-everyone", "ripeline")})
    assert found.more_wins("ripeline", "call-everyone")[0] > -0.05


def test_the_seeds_that_points_were_tuned_on_are_not_evaluated() -> None:
    assert not set(TRAINING_SEEDS) & set(range(1, 101))


def test_an_interval_needs_two_markets_and_holds_the_mean() -> None:
    assert interval(np.array([3.0, 5.0, 4.0]))[0] == 4.0
    assert np.isnan(interval(np.array([3.0]))[1])
    assert np.isnan(interval(np.array([3.0, np.nan]))[0])
