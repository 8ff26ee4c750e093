"""Chance by name: the same for whoever asks, even, and independent between purposes, leads and days."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.draws import uniform
from ripeline.science.errors import InputError


@given(st.integers(0, 2**31), st.lists(st.integers(0, 10**6), min_size=1, max_size=30), st.integers(0, 5000))
def test_the_luck_of_a_lead_on_a_day_does_not_depend_on_who_else_is_asked_about(
    seed: int, leads: list[int], day: int
) -> None:
    together = uniform(seed, "reach", leads, day)
    alone = [uniform(seed, "reach", lead, day)[0] for lead in leads]
    assert together.tolist() == alone


def test_it_is_even_and_unrelated_between_days_leads_purposes_and_seeds() -> None:
    leads = np.arange(20_000)
    base = uniform(1, "reach", leads, 5)
    assert base.min() >= 0
    assert base.max() < 1
    counts = np.histogram(base, bins=20, range=(0, 1))[0]
    assert np.sum((counts - 1000) ** 2 / 1000) < 45  # chi-square, 19 degrees of freedom: one in a thousand
    for other in (
        uniform(1, "reach", leads, 6),
        uniform(1, "pestering", leads, 5),
        uniform(2, "reach", leads, 5),
        uniform(1, "reach", leads + 1, 5),
    ):
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.03


@pytest.mark.parametrize(("lead", "day"), [(-1, 0), (0, -1), (0.5, 0)])
def test_only_whole_numbers_name_a_lead_or_a_day(lead: float, day: int) -> None:
    with pytest.raises(InputError):
        uniform(1, "reach", lead, day)
