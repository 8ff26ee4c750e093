"""When buyers ripen: the facts of the Rule of 45, and the window that is named to a rep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.curves import Curve, Curves
from ripeline.science.errors import InputError, NotFiniteError, UnknownKeyError
from ripeline.science.prior import DEFAULT_CURVES

EVEN, FRONT_LOADED, OLD = DEFAULT_CURVES.all


def test_the_even_year_is_the_published_rule() -> None:
    three, six, twelve = 45 * EVEN.share([91, 182, 365])
    assert 10 <= three <= 15
    assert six == pytest.approx(26)
    assert twelve == pytest.approx(45)


def test_the_even_year_is_nearly_even() -> None:
    month = np.diff(EVEN.share(np.linspace(0, 365, 13)))
    assert month.max() / month.min() < 1.5


def test_trials_ripen_early_and_everybody_has_ripened_by_the_horizon() -> None:
    assert FRONT_LOADED.share([30])[0] > 4 * EVEN.share([30])[0]
    for curve in DEFAULT_CURVES.all:
        assert curve.share([365, 400, 4000]).tolist() == [1, 1, 1]


@given(st.floats(0, 1), st.sampled_from(DEFAULT_CURVES.all))
def test_ages_is_the_inverse_of_share(share: float, curve: Curve) -> None:
    assert curve.share(curve.ages(share))[0] == pytest.approx(share)


@given(st.integers(0, 364), st.sampled_from(DEFAULT_CURVES.all))
def test_the_window_holds_half_of_what_remains_and_none_is_shorter(age: int, curve: Curve) -> None:
    start, end = curve.windows[age]
    now = curve.share(age)[0]
    half = (1 - now) / 2
    held = curve.share(age + end)[0] - curve.share(age + start)[0]
    assert 0 <= start < end <= 365 - age
    assert held >= half - 1e-9
    shorter = end - start - 2  # one day of rounding up, one to be strictly shorter
    if shorter > 0:
        starts = np.arange(age, 365 - shorter + 1)
        assert np.all(curve.share(starts + shorter) - curve.share(starts) <= half + 1e-9)


def test_past_the_horizon_there_is_no_window() -> None:
    assert DEFAULT_CURVES.window(np.array([0, 1]), np.array([365.0, 4000.0])).tolist() == [[0, 0], [0, 0]]


def test_a_hump_has_a_window_that_does_not_begin_today() -> None:
    late = Curve.through("late", days=[0, 100, 120, 365], share=[0, 10, 90, 100])
    start, end = late.windows[0]
    assert (start, end) == (100, 113)


@pytest.mark.parametrize(
    ("days", "share"),
    [
        ([0, 10], [0, 0]),
        ([1, 10], [0, 1]),
        ([0, 10, 10], [0, 1, 2]),
        ([0, 10, 20], [0, 5, 4]),
        ([0], [1]),
        ([0, 9.5], [0, 1]),
    ],
)
def test_a_curve_that_makes_no_sense_is_refused(days: list[float], share: list[float]) -> None:
    with pytest.raises(InputError):
        Curve.through("odd", days=days, share=share)


def test_curves_side_by_side_need_one_horizon_and_different_keys() -> None:
    short = Curve.through("short", days=[0, 30], share=[0, 1])
    with pytest.raises(InputError):
        Curves([EVEN, short])
    with pytest.raises(InputError):
        Curves([EVEN, EVEN])
    with pytest.raises(InputError):
        Curves([])
    with pytest.raises(UnknownKeyError):
        DEFAULT_CURVES["steep"]
    with pytest.raises(NotFiniteError):
        EVEN.share([np.nan])
