"""The fit: its derivatives are right, it finds a truth that is known, and nothing accidental moves it."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, logit

from ripeline.science import truth
from ripeline.science.errors import InputError, NotConvergedError
from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.latency import Latency, Pieces, Weibull
from ripeline.science.mixture_cure import Fit, Gaussian, Rows, Shape, fit, independent, likelihood, survival
from ripeline.science.outcomes import NEVER, OPEN, RIPE, Outcomes

FAMILIES: tuple[Latency, ...] = (Pieces(), Weibull())


def some_outcomes(n: int, rng: np.random.Generator, *, late_entry: bool) -> Outcomes:
    time = rng.uniform(0.5, 365.0, n)
    entry = np.where(rng.random(n) < 0.3, time * rng.random(n), 0.0) if late_entry else np.zeros(n)
    code = rng.integers(0, 3, n).astype(np.int8)
    return Outcomes(start=np.zeros(n), entry=entry, time=time, code=code, as_of=400.0)


def weak(shape: Shape, *, level: float = 0.15) -> Gaussian:
    """A prior that says little, so that what is found comes from the data."""
    theta = np.tile(shape.latency.even_year(365.0), shape.strata)
    mean = np.concatenate([[logit(level)], np.zeros(shape.p), theta, np.zeros(len(shape.late))])
    return Gaussian(
        mean=mean,
        precision=independent(
            np.array([[0.25]]),
            np.eye(shape.p),
            *[shape.latency.precision()] * shape.strata,
            np.eye(len(shape.late)),
        ),
    )


def fitted(found: truth.Truth, as_of: float, *, latency: Latency, late: tuple[int, ...] = ()) -> Fit:
    seen = found.seen(as_of)
    shape = Shape(p=found.design.shape[1], latency=latency, late=late)
    return fit(found.design[seen.kept], seen.outcomes, shape, prior=weak(shape), centre=np.zeros(found.design.shape[1]))


def by_the_book(point: FloatArray, design: FloatArray, seen: Outcomes, shape: Shape, stratum: IntArray) -> FloatArray:
    """Each row's log likelihood, written down as the documentation has it."""
    eta = point[0] + design @ point[1 : 1 + shape.p]
    theta, g = shape.theta(point), point[shape.late_at]
    faster = np.exp(design[:, list(shape.late)] @ g)

    def hazard(age: FloatArray) -> FloatArray:
        each = [shape.latency.cumulative(theta[s], age) for s in range(shape.strata)]
        return np.choose(stratum, each) * faster

    step = 1e-5
    rate = (hazard(seen.time) - hazard(seen.time - step)) / step  # from the left: a piece ends at its cut
    pi = expit(eta)
    opened = np.log(1 - pi + pi * np.exp(-hazard(seen.time)))
    ripe = np.log(pi) + np.log(rate) - hazard(seen.time)
    result = np.select([seen.code == RIPE, seen.code == OPEN], [ripe, opened], np.log(1 - pi))
    return result - np.where(seen.entry > 0, np.log(1 - pi + pi * np.exp(-hazard(seen.entry))), 0.0)


CASES = {
    "seed": st.integers(0, 2**32 - 1),
    "latency": st.sampled_from([Pieces((0.0, 7.0, 30.0, 90.0, 365.0)), Weibull()]),
    "strata": st.integers(1, 3),
    "late": st.sampled_from([(), (0,), (0, 2)]),
    "weighted": st.booleans(),
    "late_entry": st.booleans(),
}


class Case:
    """Rows, a shape and a point, all at random."""

    def __init__(
        self, seed: int, latency: Latency, strata: int, late: tuple[int, ...], *, weighted: bool, late_entry: bool
    ) -> None:
        rng, n = np.random.default_rng(seed), 120
        self.shape = Shape(p=3, latency=latency, strata=strata, late=late)
        self.design = rng.normal(size=(n, 3))
        self.seen = some_outcomes(n, rng, late_entry=late_entry)
        self.stratum = rng.integers(0, strata, n)
        self.weight = rng.uniform(0.5, 2.0, n) if weighted else None
        self.centre = self.design.mean(axis=0)
        self.rows = Rows.of(
            self.design, self.seen, self.shape, centre=self.centre, stratum=self.stratum, weight=self.weight
        )
        theta = np.tile(latency.even_year(365.0), strata) + rng.normal(size=strata * latency.size) * 0.2
        self.point = np.concatenate([[-0.3], rng.normal(size=3) * 0.4, theta, rng.normal(size=len(late)) * 0.3])


def differences(function: "object", point: FloatArray, step: float = 1e-5) -> FloatArray:
    assert callable(function)
    return np.array(
        [(function(point + step * d) - function(point - step * d)) / (2 * step) for d in np.eye(len(point))]
    )


@given(**CASES)
@settings(max_examples=25)
def test_gradient_and_hessian_are_those_of_finite_differences(
    seed: int, latency: Latency, strata: int, late: tuple[int, ...], weighted: bool, late_entry: bool
) -> None:
    case = Case(seed, latency, strata, late, weighted=weighted, late_entry=late_entry)
    surface = likelihood(case.point, case.rows, case.shape)
    gradient = differences(lambda at: likelihood(at, case.rows, case.shape).value, case.point)
    hessian = differences(lambda at: likelihood(at, case.rows, case.shape).gradient, case.point)
    assert np.allclose(surface.gradient, gradient, rtol=1e-5, atol=1e-5 * max(1.0, np.abs(gradient).max()))
    assert np.allclose(surface.hessian, hessian, rtol=1e-5, atol=1e-5 * max(1.0, np.abs(hessian).max()))
    assert np.allclose(surface.hessian, surface.hessian.T, rtol=1e-12)


@given(**CASES)
@settings(max_examples=40)
def test_the_value_is_the_sum_of_the_rows_by_the_book(
    seed: int, latency: Latency, strata: int, late: tuple[int, ...], weighted: bool, late_entry: bool
) -> None:
    case = Case(seed, latency, strata, late, weighted=weighted, late_entry=late_entry)
    each = by_the_book(case.point, case.design - case.centre, case.seen, case.shape, case.stratum)
    expected = float(each @ (np.ones(len(each)) if case.weight is None else case.weight))
    assert likelihood(case.point, case.rows, case.shape).value == pytest.approx(expected, rel=1e-4, abs=1e-3)


# Recovery. Standard errors come from the fit, so no golden numbers are needed.

LAWS = {
    "weibull": (truth.weibull(1.4, 60.0), Weibull()),
    "falling weibull": (truth.weibull(0.7, 60.0), Weibull()),
    "pieces": (truth.stepped(Pieces().cuts[:-1], np.linspace(0.03, 0.005, 17)), Pieces()),
    "front-loaded": (truth.front_loaded, Pieces()),
    "even year": (truth.even_year, Pieces()),
}


@pytest.mark.parametrize("law", LAWS)
def test_coefficients_and_level_are_found_within_their_standard_errors(law: str) -> None:
    pace, latency = LAWS[law]
    true = truth.simulate(
        12_000, rng=np.random.default_rng(5), log_odds=logit(0.2), effects=[0.5, -0.3, 0.0], pace=pace, arriving=365.0
    )
    found = fitted(true, 720.0, latency=latency)
    off = (found.parameters[:4] - [logit(0.2), 0.5, -0.3, 0.0]) / found.sd[:4]
    assert np.all(np.abs(off) < 3.5), off


@pytest.mark.parametrize("law", LAWS)
def test_the_curve_of_when_is_found(law: str) -> None:
    pace, latency = LAWS[law]
    true = truth.simulate(12_000, rng=np.random.default_rng(6), log_odds=0.0, pace=pace, arriving=100.0)
    found = fitted(true, 720.0, latency=latency)
    grid = np.array([7.0, 30.0, 90.0, 180.0])
    said = -np.expm1(-latency.cumulative(found.shape.theta(found.parameters)[0], grid))
    ages = pace((np.arange(20_000) + 0.5) / 20_000)
    actual = np.array([(ages <= age).mean() for age in grid])
    within = (ages <= 365.0).mean()
    assert np.allclose(said, actual / within, atol=0.03) or np.allclose(said, actual, atol=0.03)


@pytest.mark.parametrize("latency", FAMILIES, ids=["pieces", "weibull"])
def test_effects_on_when_are_told_from_effects_on_who(latency: Latency) -> None:
    true = truth.simulate(
        15_000,
        rng=np.random.default_rng(7),
        log_odds=0.0,
        effects=[0.5, 0.0],
        pace_effects=[0.0, 0.4],
        pace=truth.weibull(1.2, 50.0),
        arriving=100.0,
    )
    found = fitted(true, 720.0, latency=latency, late=(0, 1))
    assert np.all(np.abs(found.coefficients - [0.5, 0.0]) < 4 * found.sd[1:3])
    assert np.allclose(found.parameters[found.shape.late_at], [0.0, 0.4], atol=0.08)


def test_each_stratum_finds_its_own_pace() -> None:
    rng = np.random.default_rng(8)
    soon = truth.simulate(4_000, rng=rng, log_odds=0.0, pace=truth.weibull(1.5, 20.0), arriving=50.0)
    slow = truth.simulate(4_000, rng=rng, log_odds=0.0, pace=truth.weibull(1.5, 120.0), arriving=50.0)
    a, b = soon.seen(500.0).outcomes, slow.seen(500.0).outcomes
    both = Outcomes(
        **{name: np.append(getattr(a, name), getattr(b, name)) for name in ("start", "entry", "time", "code")},
        as_of=500.0,
    )
    shape = Shape(p=0, latency=Weibull(), strata=2)
    stratum = np.repeat([0, 1], [len(a), len(b)])
    found = fit(np.empty((len(both), 0)), both, shape, prior=weak(shape), centre=np.zeros(0), stratum=stratum)
    theta = shape.theta(found.parameters)
    half = [
        float(np.interp(0.5, -np.expm1(-Weibull().cumulative(th, np.arange(366.0))), np.arange(366))) for th in theta
    ]
    assert half[0] == pytest.approx(20 * np.log(2) ** (1 / 1.5), rel=0.1)
    assert half[1] == pytest.approx(120 * np.log(2) ** (1 / 1.5), rel=0.1)


@pytest.mark.parametrize("latency", FAMILIES, ids=["pieces", "weibull"])
def test_eighty_percent_intervals_hold_the_truth_about_so_often(latency: Latency) -> None:
    held = []
    for seed in range(60):
        true = truth.simulate(
            800,
            rng=np.random.default_rng(seed),
            log_odds=logit(0.2),
            effects=[0.4, -0.4],
            pace=truth.weibull(1.3, 60.0),
            arriving=150.0,
        )
        found = fitted(true, 300.0, latency=latency)
        held.append(np.abs(found.parameters[:3] - [logit(0.2), 0.4, -0.4]) <= 1.2816 * found.sd[:3])
    share = np.mean(held, axis=0)
    assert np.all((share >= 0.6) & (share <= 0.95)), share


def test_late_entry_is_taken_into_account_where_a_naive_fit_is_biased() -> None:
    true = truth.simulate(
        10_000,
        rng=np.random.default_rng(9),
        log_odds=logit(0.3),
        pace=truth.weibull(1.0, 60.0),
        arriving=100.0,
        late_share=0.6,
        late_by=120.0,
    )
    seen = true.seen(470.0).outcomes
    naive = Outcomes(start=seen.start, entry=np.zeros(len(seen)), time=seen.time, code=seen.code, as_of=470.0)
    shape = Shape(p=0, latency=Weibull())
    off = {}
    for name, outcomes in (("late entry", seen), ("naive", naive)):
        found = fit(np.empty((len(seen), 0)), outcomes, shape, prior=weak(shape), centre=np.zeros(0))
        off[name] = abs(found.intercept - logit(0.3)) / found.sd[0]
    assert off["late entry"] < 3 < 5 < off["naive"]


def test_who_is_known_never_to_ripen_lowers_the_level_and_tells_nothing_of_when() -> None:
    n = 400
    code = np.repeat([RIPE, NEVER], [100, 300]).astype(np.int8)
    shape = Shape(p=0, latency=Weibull())
    theta = []
    for never_after in (1.0, 300.0):
        time = np.where(code == RIPE, np.tile(np.linspace(5, 200, 100), 4), never_after)
        seen = Outcomes(start=np.zeros(n), entry=np.zeros(n), time=time, code=code, as_of=400.0)
        found = fit(np.empty((n, 0)), seen, shape, prior=weak(shape), centre=np.zeros(0))
        assert expit(found.intercept) == pytest.approx(0.25, abs=0.01)
        theta.append(found.parameters)
    assert np.allclose(theta[0], theta[1], atol=1e-6)


# What must not matter.


@given(seed=st.integers(0, 2**32 - 1), latency=st.sampled_from(FAMILIES), weighted=st.booleans())
@settings(max_examples=15)
def test_the_order_of_the_rows_moves_no_coefficient(seed: int, latency: Latency, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    n = 500
    design, seen = rng.normal(size=(n, 3)), some_outcomes(n, rng, late_entry=True)
    weight = rng.uniform(0.5, 2.0, n) if weighted else None
    shape = Shape(p=3, latency=latency)
    order = rng.permutation(n)
    first, second = (
        fit(
            design[rows],
            seen.take(rows),
            shape,
            prior=weak(shape),
            centre=np.zeros(3),
            weight=None if weight is None else weight[rows],
        ).parameters
        for rows in (np.arange(n), order)
    )
    assert np.allclose(first, second, atol=1e-8, rtol=0)


def test_nor_does_it_where_the_fit_warms_up_on_a_sample() -> None:
    rng = np.random.default_rng(4)
    true = truth.simulate(100_000, rng=rng, log_odds=logit(0.1), effects=[0.3, 0.2], pace=truth.weibull(1.2, 60.0))
    seen = true.seen(400.0)
    design, order = true.design[seen.kept], rng.permutation(len(seen.outcomes))
    shape = Shape(p=2, latency=Weibull())
    first, second = (
        fit(design[rows], seen.outcomes.take(rows), shape, prior=weak(shape), centre=np.zeros(2)).parameters
        for rows in (np.arange(len(order)), order)
    )
    assert np.allclose(first, second, atol=1e-8, rtol=0)


@pytest.mark.parametrize("latency", FAMILIES, ids=["pieces", "weibull"])
def test_the_same_data_give_the_same_numbers_to_the_last_bit(latency: Latency) -> None:
    true = truth.simulate(1_000, rng=np.random.default_rng(1), log_odds=-1.0, effects=[0.3], late_share=0.3)
    one, other = fitted(true, 300.0, latency=latency), fitted(true, 300.0, latency=latency)
    assert np.array_equal(one.parameters, other.parameters)
    assert np.array_equal(one.covariance, other.covariance)


@pytest.mark.parametrize("latency", FAMILIES, ids=["pieces", "weibull"])
def test_a_weight_of_two_is_the_row_twice(latency: Latency) -> None:
    rng = np.random.default_rng(2)
    n = 300
    design, seen = rng.normal(size=(n, 2)), some_outcomes(n, rng, late_entry=True)
    weight = rng.integers(1, 4, n)
    shape = Shape(p=2, latency=latency)
    again = np.repeat(np.arange(n), weight)
    weighted = fit(design, seen, shape, prior=weak(shape), centre=np.zeros(2), weight=weight.astype(float))
    repeated = fit(design[again], seen.take(again), shape, prior=weak(shape), centre=np.zeros(2))
    assert np.allclose(weighted.parameters, repeated.parameters, atol=1e-7)


@pytest.mark.parametrize("latency", FAMILIES, ids=["pieces", "weibull"])
def test_an_episode_watched_for_no_time_says_nothing(latency: Latency) -> None:
    rng = np.random.default_rng(3)
    seen = some_outcomes(50, rng, late_entry=False)
    blank = Outcomes(
        start=np.zeros(2), entry=np.array([0.0, 40.0]), time=np.array([0.0, 40.0]), code=np.zeros(2, np.int8), as_of=9.0
    )
    both = Outcomes(
        **{name: np.append(getattr(seen, name), getattr(blank, name)) for name in ("start", "entry", "time", "code")},
        as_of=400.0,
    )
    shape = Shape(p=1, latency=latency)
    design = rng.normal(size=(52, 1))
    point = weak(shape).mean
    without = likelihood(point, Rows.of(design[:50], seen, shape, centre=np.zeros(1)), shape)
    including = likelihood(point, Rows.of(design, both, shape, centre=np.zeros(1)), shape)
    assert including.value == pytest.approx(without.value)
    assert np.allclose(including.gradient, without.gradient, atol=1e-6)


# What can go wrong.


def outcomes_of(time: NDArray[np.float64], code: int) -> Outcomes:
    n = len(time)
    return Outcomes(
        start=np.zeros(n), entry=np.zeros(n), time=time, code=np.full(n, code, dtype=np.int8), as_of=float(time.max())
    )


@pytest.mark.parametrize(("latency", "code"), list(product(FAMILIES, [OPEN, RIPE, NEVER])))
def test_all_alike_is_held_by_the_prior(latency: Latency, code: int) -> None:
    rng = np.random.default_rng(1)
    design = np.sign(rng.normal(size=(200, 1)))
    shape = Shape(p=1, latency=latency)
    found = fit(design, outcomes_of(rng.uniform(1, 90, 200), code), shape, prior=weak(shape), centre=np.zeros(1))
    assert np.all(np.isfinite(found.parameters))
    assert np.all(found.sd > 0)
    assert abs(found.intercept) < 10


@pytest.mark.parametrize("latency", FAMILIES, ids=["pieces", "weibull"])
def test_a_column_that_separates_who_ripens_is_held_by_the_prior(latency: Latency) -> None:
    n = 400
    seen = Outcomes(
        start=np.zeros(n),
        entry=np.zeros(n),
        time=np.tile(np.linspace(1, 300, 200), 2),
        code=np.repeat([RIPE, NEVER], n // 2).astype(np.int8),
        as_of=400.0,
    )
    shape = Shape(p=1, latency=latency)
    design = np.repeat([[1.0], [-1.0]], n // 2, axis=0)
    found = fit(design, seen, shape, prior=weak(shape), centre=np.zeros(1))
    assert 1.0 < found.coefficients[0] < 6.0


@pytest.mark.parametrize("latency", FAMILIES, ids=["pieces", "weibull"])
@pytest.mark.parametrize("day", [0.5, 1.0, 100.0, 365.0])
def test_all_ripe_on_one_and_the_same_day_is_fitted_or_refused(latency: Latency, day: float) -> None:
    shape = Shape(p=0, latency=latency)
    try:
        found = fit(
            np.empty((3_000, 0)), outcomes_of(np.full(3_000, day), RIPE), shape, prior=weak(shape), centre=np.zeros(0)
        )
    except NotConvergedError:
        return
    assert np.all(np.isfinite(found.parameters))


def test_a_fit_that_does_not_settle_says_so() -> None:
    true = truth.simulate(500, rng=np.random.default_rng(1), log_odds=0.0, effects=[0.5])
    seen = true.seen(300.0)
    shape = Shape(p=1, latency=Pieces())
    with pytest.raises(NotConvergedError, match="1 passes"):
        fit(true.design[seen.kept], seen.outcomes, shape, prior=weak(shape), centre=np.zeros(1), most_passes=1)


def test_a_design_that_does_not_fit_the_outcomes_is_refused() -> None:
    seen = outcomes_of(np.array([1.0, 2.0]), OPEN)
    shape = Shape(p=2, latency=Weibull())
    with pytest.raises(InputError, match="expected 2 rows and 2 columns"):
        fit(np.zeros((3, 2)), seen, shape, prior=weak(shape), centre=np.zeros(2))
    with pytest.raises(InputError):
        fit(np.zeros((2, 1)), seen, shape, prior=weak(shape), centre=np.zeros(2))


def test_survival_falls_from_one_to_those_who_never_will() -> None:
    assert survival(np.zeros(3), np.array([0.0, 1.0, 700.0])).tolist() == [1.0, pytest.approx(0.684, abs=1e-3), 0.5]
