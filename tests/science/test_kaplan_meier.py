"""The share that has ripened by each age, without a model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science import truth
from ripeline.science.errors import InputError, NotFiniteError
from ripeline.science.kaplan_meier import kaplan_meier
from ripeline.science.outcomes import NEVER, RIPE

EPISODES = st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.integers(0, 6)), min_size=1, max_size=25)


def product_limit(time: list[int], ripe: list[bool], entry: list[int], age: float) -> float:
    """Kaplan and Meier's product, written down as they have it; one with entry e is at risk at t if e < t <= time."""
    share = 1.0
    for step in sorted({t for t, r in zip(time, ripe, strict=True) if r and t <= age}):
        events = sum(r and t == step for t, r in zip(time, ripe, strict=True))
        at_risk = sum((e < step or e == 0) and t >= step for t, e in zip(time, entry, strict=True))
        share *= 1 - events / max(at_risk, events)
    return share


def test_by_hand() -> None:
    # Six leads: at risk 6, 5, 3 when one, one and one ripen.
    curve = kaplan_meier([5, 10, 10, 20, 25, 30], [True, True, False, True, False, False])
    assert curve.time.tolist() == [5, 10, 20]
    assert curve.at_risk.tolist() == [6, 5, 3]
    assert curve.at([4, 5, 10, 19, 20, 99]) == pytest.approx([1, 5 / 6, 2 / 3, 2 / 3, 4 / 9, 4 / 9])
    assert curve.before([5, 10, 20]) == pytest.approx([1, 5 / 6, 2 / 3])


def test_by_hand_with_late_entry() -> None:
    # The third comes under observation at age 8, so that it is not at risk when the first ripens.
    curve = kaplan_meier([5, 10, 20, 30], [True, True, True, False], entry=[0, 0, 8, 0])
    assert curve.at_risk.tolist() == [3, 3, 2]
    assert curve.at(20.0) == pytest.approx(2 / 3 * 2 / 3 * 1 / 2)


def test_the_band_is_greenwoods_on_the_log_log_scale() -> None:
    curve = kaplan_meier([5, 10, 10, 20, 25, 30], [True, True, False, True, False, False], level=0.95)
    greenwood = 1 / (6 * 5) + 1 / (5 * 4)
    reach = 1.959964 * np.sqrt(greenwood) / abs(np.log(2 / 3))
    low, high = curve.band(15.0)
    assert low == pytest.approx((2 / 3) ** np.exp(reach))
    assert high == pytest.approx((2 / 3) ** np.exp(-reach))


@given(EPISODES)
def test_it_is_the_product_limit(episodes: list[tuple[int, bool, int]]) -> None:
    time, ripe = [max(t, e) for t, _, e in episodes], [r for _, r, _ in episodes]
    entry = [e if e < t else 0 for t, _, e in episodes]
    curve = kaplan_meier(time, ripe, entry=entry)
    ages = np.arange(0, 14)
    assert np.allclose(curve.at(ages), [product_limit(time, ripe, entry, age) for age in ages])


@given(EPISODES)
def test_nobody_entering_late_is_the_plain_curve(episodes: list[tuple[int, bool, int]]) -> None:
    time, ripe = [t for t, _, _ in episodes], [r for _, r, _ in episodes]
    plain, late = kaplan_meier(time, ripe), kaplan_meier(time, ripe, entry=np.zeros(len(time)))
    assert np.array_equal(plain.survival, late.survival)
    assert np.array_equal(plain.at_risk, late.at_risk)


@given(EPISODES)
def test_it_falls_and_lies_within_its_band(episodes: list[tuple[int, bool, int]]) -> None:
    curve = kaplan_meier([t for t, _, _ in episodes], [r for _, r, _ in episodes])
    assert np.all(np.diff(np.append(1.0, curve.survival)) <= 0)
    assert np.all((curve.low <= curve.survival) & (curve.survival <= curve.high))
    assert np.all((curve.low >= 0) & (curve.high <= 1))


def test_late_entry_finds_the_truth_where_the_naive_curve_does_not() -> None:
    true = truth.simulate(
        6_000, rng=np.random.default_rng(1), log_odds=0.0, pace=truth.weibull(1.0, 60.0), late_share=0.7, late_by=90.0
    )
    seen = true.seen(600.0).outcomes
    ages = np.where(seen.code == NEVER, 365.0, seen.time)
    actual = 0.5 + 0.5 * np.exp(-1.0)
    assert kaplan_meier(ages, seen.code == RIPE, entry=seen.entry).at(60.0) == pytest.approx(actual, abs=0.02)
    assert kaplan_meier(ages, seen.code == RIPE).at(60.0) > actual + 0.05


def test_nobody_nobody_ripe_and_all_ripe() -> None:
    assert kaplan_meier([], np.zeros(0, dtype=bool)).at([0.0, 9.0]).tolist() == [1.0, 1.0]
    assert kaplan_meier([3, 4], [False, False]).at(9.0) == 1.0
    everybody = kaplan_meier([3, 4], [True, True])
    assert everybody.at([3, 4]).tolist() == [0.5, 0.0]
    assert [float(end) for end in everybody.band(4.0)] == [0.0, 0.0]


def test_what_is_no_age_or_no_flag_is_refused() -> None:
    with pytest.raises(NotFiniteError):
        kaplan_meier([1.0, float("nan")], [True, False])
    with pytest.raises(InputError):
        kaplan_meier([1.0, 2.0], [True])
    with pytest.raises(InputError):
        kaplan_meier([1.0, 2.0], [0.5, 0.1])  # type: ignore[list-item]
