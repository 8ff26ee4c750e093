"""Has the world changed? Quiet while the model holds, and not for long when it does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from ripeline.science import truth
from ripeline.science.curves import Curve, Curves
from ripeline.science.drift import Daily, Watch, daily, recency, watch
from ripeline.science.errors import InputError, NotFiniteError, UnknownKeyError
from ripeline.science.gate import FloatArray
from ripeline.science.outcomes import observe

NAN = float("nan")
EVEN = Curves([Curve.through("even", days=[0, 365], share=[0, 1])])


def stream(seed: int, *, changed_on: float = np.inf, to: float = 1.0, per_day: int = 12) -> Watch:
    """Leads that arrive for two years; from a day on the hazard is another."""
    rng = np.random.default_rng(seed)
    n = per_day * 730
    start = rng.uniform(0, 730, n)
    will = rng.random(n) < 0.3
    ripe = start + np.where(will, rng.uniform(0, 365, n), np.inf)
    # Of those who would ripen after the change only a part does.
    ripe = np.where((ripe > changed_on) & (rng.random(n) > to), NAN, np.where(np.isfinite(ripe), ripe, NAN))
    seen = observe(start, ripe_at=ripe, as_of=730.0)
    odds = np.full(len(seen.outcomes), logit(0.3))
    return watch(daily(odds, seen.outcomes, curve="even", curves=EVEN, since=365.0, until=730.0))


def test_what_is_expected_is_what_happens_while_the_model_holds() -> None:
    expected = actual = 0.0
    for seed in range(10):
        found = stream(seed)
        expected += float(found.expected[27::28].sum())
        actual += float(found.actual[27::28].sum())
    assert expected == pytest.approx(actual, abs=4 * np.sqrt(actual))


def test_a_world_that_holds_still_raises_an_alarm_in_few_years() -> None:
    """A year each, looked at every day: the question is whether there is any alarm, not on how many days."""
    years = [stream(seed) for seed in range(30)]
    assert np.mean([year.alarm.any() for year in years]) <= 0.2
    assert np.mean([year.changed for year in years]) <= 0.1


def test_a_fall_of_a_third_is_noticed_within_a_few_weeks() -> None:
    waited = []
    for seed in range(10):
        found = stream(seed, changed_on=600.0, to=2 / 3)
        first = np.flatnonzero(found.alarm & (found.day >= 600.0))
        waited.append(found.day[first[0]] - 600.0 if len(first) else np.inf)
    assert np.median(waited) <= 35
    assert np.mean(np.isfinite(waited)) >= 0.9


def test_a_rise_is_noticed_too() -> None:
    days = Daily(day=np.arange(60.0), expected=np.full(60, 2.0), actual=np.repeat([2, 4], [30, 30]))
    assert watch(days).changed
    assert not watch(days).alarm[:30].any()


def test_a_handful_expected_raises_no_alarm() -> None:
    days = Daily(day=np.arange(60.0), expected=np.full(60, 0.1), actual=np.zeros(60, dtype=np.int64))
    assert not watch(days).alarm.any()


def test_no_days_are_no_change() -> None:
    nothing = daily([], observe([], ripe_at=[], as_of=5.0).outcomes, curve="even", curves=EVEN, since=5.0, until=5.0)
    assert len(nothing.day) == 0
    assert not watch(nothing).changed


def expected_by_hand(odds: float, age: float, then: float) -> float:
    """P(ripe by one age | not by another): π (F₂ − F₁) / (1 − π F₁)."""
    share = odds / (1 + odds)
    return share * (then - age) / 365 / (1 - share * age / 365)


def test_each_day_is_the_conditional_chance_of_those_still_open() -> None:
    seen = observe([0.0, 0.0, 3.0], ripe_at=[2.0, NAN, NAN], as_of=5.0).outcomes
    found = daily(np.zeros(3), seen, curve="even", curves=EVEN, since=0.0, until=5.0)
    by_hand = [
        sum(expected_by_hand(1.0, day - start, day - start + 1) for start, end in rows if start <= day < end)
        for day in range(5)
        for rows in [[(0, 2), (0, 5), (3, 5)]]
    ]
    assert found.expected == pytest.approx(by_hand)
    assert found.actual.tolist() == [0, 0, 1, 0, 0]


@given(
    st.lists(st.tuples(st.floats(0, 50), st.one_of(st.just(NAN), st.floats(0, 80))), max_size=20),
    st.floats(-3, 3),
)
def test_over_a_life_the_days_add_up_to_the_cumulative_hazard(rows: list[tuple[float, float]], odds: float) -> None:
    start = np.array([s for s, _ in rows])
    seen = observe(start, ripe_at=start + [r for _, r in rows], as_of=60.0).outcomes
    found = daily(np.full(len(seen), odds), seen, curve="even", curves=EVEN, since=0.0, until=60.0)
    share = 1 / (1 + np.exp(-odds))
    whole = -np.log1p(-share * np.minimum(np.ceil(seen.start + seen.time) - seen.start, 60.0 - seen.start) / 365)
    assert found.actual.sum() == seen.events
    # Day by day 1 − e^{−h} is summed, not h: below it, by no more than half its square.
    assert found.expected.sum() <= whole.sum() + 1e-9
    assert found.expected.sum() >= whole.sum() * 0.97 - 1e-9


def test_a_lead_captured_late_is_expected_from_then_on_only() -> None:
    seen = observe([0.0], ripe_at=[NAN], entry_at=[3.0], as_of=6.0).outcomes
    found = daily([0.0], seen, curve="even", curves=EVEN, since=0.0, until=6.0)
    assert (found.expected > 0).tolist() == [False, False, False, True, True, True]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.integers(1, 40))
def test_the_window_sums_the_last_days(counts: list[int], window: int) -> None:
    n = len(counts)
    found = watch(Daily(day=np.arange(float(n)), expected=np.full(n, 1.5), actual=np.array(counts)), window=window)
    assert found.actual.tolist() == [sum(counts[max(0, i + 1 - window) : i + 1]) for i in range(n)]
    assert np.all((found.low <= found.expected) & (found.expected <= found.high))


def test_weights_halve_with_each_half_life_and_never_pass_one() -> None:
    seen = observe([0.0, 90.0, 180.0], ripe_at=[NAN] * 3, as_of=180.0).outcomes
    assert recency(seen).tolist() == [0.25, 0.5, 1.0]
    assert recency(seen, half_life=180.0)[0] == 0.5
    with pytest.raises(InputError, match="half_life"):
        recency(seen, half_life=0.0)


def test_bad_input_is_refused() -> None:
    seen = truth.simulate(5, rng=np.random.default_rng(1), log_odds=0.0).seen(365.0).outcomes

    def days(odds: "FloatArray | list[float]", *, curve: str = "even", until: float = 30.0) -> Daily:
        return daily(odds, seen, curve=curve, curves=EVEN, since=0.0, until=until)

    with pytest.raises(InputError):
        days(np.zeros(3))
    with pytest.raises(NotFiniteError):
        days([NAN] * 5)
    with pytest.raises(UnknownKeyError):
        days(np.zeros(5), curve="odd")
    with pytest.raises(InputError, match="until"):
        days(np.zeros(5), until=-1.0)
