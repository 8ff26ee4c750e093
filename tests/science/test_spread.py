"""Re-opening a shoebox: the best first, no day overfull."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.errors import InputError, NotFiniteError
from ripeline.science.spread import spread

values = st.lists(st.floats(-1e6, 1e6), max_size=60)


@given(values, st.integers(1, 7), st.integers(0, 30))
def test_no_day_takes_more_than_it_can_and_none_is_left_empty_before_the_last(
    worth: list[float], per_day: int, start: int
) -> None:
    days = spread(worth, per_day=per_day, start=start)
    counts = np.bincount(days - start, minlength=1)
    assert np.all(counts <= per_day)
    assert np.all(counts[:-1] == per_day)


@given(values, st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_a_better_lead_is_never_later_than_a_worse_one(worth: list[float], week: list[int]) -> None:
    days = spread(worth, per_day=[*week, 2])
    order = np.argsort(-np.array(worth), kind="stable")
    assert np.all(np.diff(days[order]) >= 0)
    taken = np.bincount(days, minlength=len(week))[: len(week)]
    assert np.all(taken <= week)


@given(st.integers(1, 400), st.integers(1, 5), st.integers(1, 30))
def test_all_fit_within_the_days_asked_for(n: int, per_day: int, within: int) -> None:
    days = spread(np.arange(n), per_day=per_day, within=within)
    assert days.max() < within


def test_days_off_stay_off_when_days_are_stretched() -> None:
    days = spread(np.zeros(100), per_day=[1, 1, 0, 0, 2], within=5)
    assert np.bincount(days, minlength=5)[[2, 3]].tolist() == [0, 0]


def test_nobody_to_spread_is_no_problem() -> None:
    assert spread([], per_day=3).tolist() == []


def test_no_capacity_is_refused_rather_than_dropping_anybody() -> None:
    with pytest.raises(InputError, match="no day takes anybody"):
        spread([1.0], per_day=0)
    with pytest.raises(InputError, match="2 remain"):
        spread([1.0, 2.0, 3.0], per_day=[1, 0])
    with pytest.raises(InputError, match="none of the coming 1 days"):
        spread([1.0], per_day=[0, 3], within=1)
    with pytest.raises(NotFiniteError):
        spread([np.nan], per_day=1)
