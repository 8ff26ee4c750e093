"""What a minute is worth: the more leads for it, the dearer; and the dates that follow from it fit the day."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.errors import InputError
from ripeline.science.price import ATTEMPTS, Sorts, load
from ripeline.science.recheck import next_contact
from ripeline.science.recheck_rules import DEFAULT_RULES, LATEST

CHANCES = np.array([0.005, 0.02, 0.04, 0.1, 0.3])
SORTS = Sorts(CHANCES, ["even"] * 5, ["reached"] * 5)
some_leads = st.lists(st.integers(0, 400), min_size=5, max_size=5)


def days_worked(leads: np.ndarray, price: float, longest: float, *, days: int, seed: int) -> float:
    """Minutes a day of somebody who calls everybody on the day that was set, and sets the next by what came of it."""
    luck = np.random.default_rng(seed)
    silent, unseen = np.zeros(len(leads)), np.zeros(len(leads))
    due, calls = luck.integers(0, 120, len(leads)).astype(float), 0
    for day in range(days + 240):
        now = np.flatnonzero(due <= day)
        calls += len(now) if day >= 240 else 0
        answers = luck.random(len(now)) < DEFAULT_RULES.reach
        silent[now] = np.where(answers, 0, silent[now] + 1)
        over = silent[now] >= ATTEMPTS  # Keep in touch takes over for a while
        silent[now[over]] = 0
        ended = np.where(silent[now] > 0, "no_answer", "reached")
        wait = next_contact(
            leads[now], disposition=ended, kind="even", attempts=silent[now], ever_reached=True,
            days_unseen=np.where(silent[now] > 0, unseen[now], 0.0), price=price, longest_days=longest,
        ).days  # fmt: skip
        unseen[now] = np.where(silent[now] > 0, unseen[now] + wait, wait)
        due[now] = day + wait
    return calls * DEFAULT_RULES.minutes / days


@pytest.mark.parametrize("counts", [[20, 40, 60, 20, 5], [100, 300, 200, 20, 0], [0, 0, 30, 60, 60]])
def test_whoever_keeps_to_the_dates_fills_their_minutes_and_no_more(counts: list[int]) -> None:
    found = SORTS.clear([counts], minutes=[60.0])
    price, longest = float(found.price[0]), float(found.longest_days[0])
    assert price > DEFAULT_RULES.least_price
    assert found.planned[0] == pytest.approx(60, rel=0.02)
    took = days_worked(np.repeat(CHANCES, counts), price, longest, days=365, seed=7)
    assert took == pytest.approx(60, rel=0.1)


def test_few_leads_are_looked_at_sooner_and_many_later() -> None:
    prices = SORTS.clear([[0, 0, n, 0, 0] for n in (50, 200, 400)], minutes=[60.0] * 3).price
    days = next_contact([0.04] * 3, disposition="reached", kind="even", price=prices).days.tolist()
    assert days == sorted(days)
    assert days[0] <= 25
    assert days[-1] >= 60


def test_with_time_to_spare_a_green_lead_keeps_its_peace() -> None:
    found = SORTS.clear([[0, 0, 3, 0, 0]], minutes=[60.0])
    assert found.price[0] == pytest.approx(DEFAULT_RULES.least_price)
    assert next_contact([0.04], disposition="reached", kind="even", price=found.price).days[0] >= 14


def test_where_there_are_more_leads_than_minutes_the_longest_wait_is_longer_and_says_so() -> None:
    found = SORTS.clear([[2000, 0, 0, 0, 0], [40_000, 0, 0, 0, 0]], minutes=[60.0] * 2)
    assert DEFAULT_RULES.longest_days < found.longest_days[0] < LATEST
    assert found.planned[0] == pytest.approx(60, rel=0.1)
    assert found.longest_days[1] == LATEST
    assert found.planned[1] > 120


@given(some_leads, st.floats(0, 500), st.floats(0, 100))
def test_more_minutes_never_make_one_dearer(counts: list[int], minutes: float, more: float) -> None:
    less, greater = SORTS.clear([counts] * 2, minutes=[minutes, minutes + more]).price
    assert greater <= less * (1 + 1e-9)


@given(some_leads, some_leads, st.floats(1, 500))
def test_more_leads_never_make_one_cheaper(counts: list[int], more: list[int], minutes: float) -> None:
    both = [a + b for a, b in zip(counts, more, strict=True)]
    few, many = SORTS.clear([counts, both], minutes=[minutes] * 2).price
    assert many >= few * (1 - 1e-9)


@given(some_leads, st.floats(1, 500))
def test_what_is_planned_fits_wherever_a_year_is_enough(counts: list[int], minutes: float) -> None:
    found = SORTS.clear([counts], minutes=[minutes])
    if found.longest_days[0] < LATEST:
        assert found.planned[0] <= minutes * 1.02 + 1e-9


def test_nobody_and_nothing() -> None:
    assert SORTS.clear(np.zeros((1, 5)), minutes=[0.0]).planned.tolist() == [0.0]
    assert SORTS.clear(np.zeros((0, 5)), minutes=[]).price.shape == (0,)
    assert load([], kind=[]).shape == (0,)


@pytest.mark.parametrize(("counts", "minutes"), [([[1, 2]], [60.0]), ([[1] * 5], [-1.0]), ([[1] * 5], [1.0, 2.0])])
def test_bad_input_is_refused(counts: list[list[int]], minutes: list[float]) -> None:
    with pytest.raises(InputError):
        SORTS.clear(counts, minutes=minutes)
