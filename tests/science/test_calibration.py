"""Was it as often right as it said?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ripeline.science.calibration import BANDS, calibrate, count_between, expected_over_actual, share_between
from ripeline.science.errors import InputError, NotFiniteError


@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_the_interval_around_a_share_is_wilsons(n: int, share: float, level: float) -> None:
    did = int(share * n)
    low, high = share_between([did], [n], level=level)
    expected = stats.binomtest(did, n).proportion_ci(confidence_level=level, method="wilson")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.integers(0, 500), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_the_interval_around_a_count_is_garwoods(count: int, level: float) -> None:
    low, high = count_between(count, level=level)
    tail = (1 - level) / 2
    assert low == pytest.approx(stats.gamma.ppf(tail, count) if count else 0.0)
    assert high == pytest.approx(stats.gamma.ppf(1 - tail, count + 1))
    # By its definition: at these means such a count, or one further off, has the chance of the tail.
    assert stats.poisson.cdf(count, high) == pytest.approx(tail)
    assert not count or stats.poisson.sf(count - 1, low) == pytest.approx(tail)


def test_a_wider_interval_is_stretched_from_the_count_and_never_below_nothing() -> None:
    low, high = count_between(10)
    wide = count_between(10, wider=1.5)
    assert wide == pytest.approx((10 - 1.5 * (10 - low), 10 + 1.5 * (high - 10)))
    assert count_between(1, wider=5.0)[0] == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_every_row_stands_in_the_band_of_what_was_said(rows: list[tuple[float, bool]]) -> None:
    said, did = [p for p, _ in rows], np.array([d for _, d in rows], dtype=bool)
    seen = calibrate(said, did)
    assert seen.n.sum() == len(rows)
    assert seen.did.sum() == did.sum()
    last = np.isclose(seen.high, BANDS[-1])
    assert np.all((seen.low <= seen.said + 1e-12) & ((seen.said < seen.high) | last))
    assert np.allclose(seen.happened, seen.did / seen.n)
    assert np.all((seen.happened_low <= seen.happened + 1e-12) & (seen.happened <= seen.happened_high + 1e-12))
    assert float((seen.said * seen.n).sum()) == pytest.approx(sum(said))


def test_who_says_what_is_so_stays_within_the_band() -> None:
    rng = np.random.default_rng(1)
    inside = bands = 0
    for _ in range(40):
        said = rng.beta(0.6, 4.0, 1_500)
        seen = calibrate(said, rng.random(1_500) < said)
        inside += int(((seen.happened_low <= seen.said) & (seen.said <= seen.happened_high)).sum())
        bands += len(seen.n)
    assert 0.85 < inside / bands < 0.95


def test_who_promises_twice_as_much_is_found_out() -> None:
    rng = np.random.default_rng(2)
    true = rng.beta(1.0, 9.0, 3_000)
    seen = calibrate(np.minimum(2 * true, 1.0), rng.random(3_000) < true)
    much = seen.n > 100
    assert np.all(seen.said[much & (seen.said > 0.05)] > seen.happened_high[much & (seen.said > 0.05)])
    did = rng.random(3_000) < true
    assert expected_over_actual(2 * float(true.sum()), int(did.sum())).low > 1.0


def test_expected_over_actual_where_nothing_happened_has_no_ratio() -> None:
    found = expected_over_actual(3.0, 0)
    assert (found.ratio, found.high) == (None, None)
    assert found.low == pytest.approx(3.0 / count_between(0)[1])


def test_nothing_said_is_no_band() -> None:
    assert len(calibrate([], np.zeros(0, dtype=bool)).n) == 0


def test_what_is_no_chance_is_refused() -> None:
    with pytest.raises(InputError):
        calibrate([1.2], [True])
    with pytest.raises(NotFiniteError):
        calibrate([float("nan")], [True])
    with pytest.raises(InputError):
        calibrate([0.1, 0.2], [True])
    with pytest.raises(InputError):
        share_between([1], [0])
    with pytest.raises(InputError, match="did"):
        share_between([5], [3])
    with pytest.raises(InputError):
        expected_over_actual(-1.0, 3)
    with pytest.raises(NotFiniteError):
        expected_over_actual(float("nan"), 3)
