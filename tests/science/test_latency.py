"""The two families of hazards: each says the same in all the ways it is asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.latency import CUTS, Latency, Pieces, Weibull

FAMILIES: tuple[Latency, ...] = (Pieces(), Weibull())
by_family = pytest.mark.parametrize("latency", FAMILIES, ids=["pieces", "weibull"])
AGES = st.lists(st.floats(0.02, 500.0), min_size=1, max_size=30).map(np.array)


@by_family
@given(ages=AGES, seed=st.integers(0, 1000))
def test_the_hazard_summed_piece_by_piece_is_the_cumulative_one(latency: Latency, ages: np.ndarray, seed: int) -> None:
    theta = latency.even_year(365.0) + np.random.default_rng(seed).normal(size=latency.size) * 0.5
    piece, by = latency.place(ages)
    each = [float(latency.hazard(theta, int(k), np.array([b]))[0][0]) for k, b in zip(piece, by, strict=True)]
    assert np.allclose(each, latency.cumulative(theta, ages))


@by_family
@given(ages=AGES, seed=st.integers(0, 1000))
def test_the_cumulative_hazard_rises_and_its_slope_is_the_hazard(latency: Latency, ages: np.ndarray, seed: int) -> None:
    theta = latency.even_year(365.0) + np.random.default_rng(seed).normal(size=latency.size) * 0.5
    ages, step = np.sort(ages), 1e-6
    assert np.all(np.diff(latency.cumulative(theta, ages)) >= 0)
    slope = (latency.cumulative(theta, ages) - latency.cumulative(theta, ages * (1 - step))) / (ages * step)
    piece, by = latency.place(ages)
    one = np.ones(1)
    said = [latency.log_hazard(theta, int(k), np.array([b]), one) for k, b in zip(piece, by, strict=True)]
    # Right on a cut the difference reaches into the piece before, which is the piece that it ends in.
    assert np.allclose(said, np.log(slope), atol=1e-3)


@by_family
def test_nobody_is_ripe_on_the_first_day_and_all_but_a_few_after_the_year(latency: Latency) -> None:
    theta = latency.even_year(365.0)
    ripe = -np.expm1(-latency.cumulative(theta, np.array([0.0, 91.25, 273.75, 365.0])))
    assert ripe[0] == pytest.approx(0.0, abs=1e-4)
    assert ripe[1:3] == pytest.approx([0.25, 0.75], abs=0.02)
    assert 0.85 < ripe[3] < 1.0


def test_pieces_follow_any_curve_that_they_are_given() -> None:
    share = np.interp(CUTS, [0, 30, 365], [0.0, 0.6, 1.0])
    ripe = -np.expm1(-Pieces().cumulative(Pieces().through(share), np.array(CUTS)))
    assert np.allclose(ripe, 0.98 * share)


def test_a_curve_with_a_flat_stretch_keeps_a_finite_hazard() -> None:
    share = np.interp(CUTS, [0, 30, 90, 365], [0.0, 0.6, 0.6, 1.0])
    assert np.all(np.isfinite(Pieces().through(share)))


@given(st.floats(0.02, 0.5), st.floats(0.55, 0.95), st.floats(1.0, 100.0), st.floats(1.1, 10.0))
def test_a_weibull_goes_through_its_two_points(first: float, second: float, day: float, later: float) -> None:
    days, shares = np.array([day, day * later]), np.array([first, second])
    theta = Weibull().through_points(days, shares)
    assert np.allclose(-np.expm1(-Weibull().cumulative(theta, days)), shares)


def test_an_age_on_a_cut_ends_in_the_piece_before_it() -> None:
    piece, by = Pieces((0.0, 3.0, 7.0)).place(np.array([0.0, 3.0, 3.5, 7.0, 20.0]))
    assert piece.tolist() == [0, 0, 1, 1, 1]
    assert by.tolist() == [0.0, 3.0, 0.5, 4.0, 17.0]


@by_family
def test_the_prior_is_proper(latency: Latency) -> None:
    precision = latency.precision()
    assert np.allclose(precision, precision.T)
    assert np.linalg.eigvalsh(precision).min() > 1e-6


def test_the_walk_lets_neighbours_differ_less_than_strangers() -> None:
    covariance = np.linalg.inv(Pieces().precision())

    def apart(i: int, j: int) -> float:
        return float(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j])

    assert apart(3, 4) == pytest.approx(apart(10, 11))
    assert apart(3, 4) < apart(3, 11)
