"""What somebody did lately, kept as days: the same in any order, as good as the list of events."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.engagement import MASKS, WINDOW, add, days_within, seen

days = st.lists(st.integers(0, 200), min_size=1, max_size=40)


@given(days, st.randoms(use_true_random=False))
def test_events_come_in_any_order_and_more_than_once(done: list[int], random: np.random.Generator) -> None:
    again = [*done, *done[: len(done) // 2]]
    random.shuffle(again)
    assert _kept(done) == _kept(again)


@given(days)
def test_what_is_kept_are_the_days_of_the_last_nine_weeks(done: list[int]) -> None:
    mask, latest = _kept(done)
    assert {latest - bit for bit in range(WINDOW) if mask >> bit & 1} == {d for d in done if max(done) - d < WINDOW}
    assert 0 <= mask < 1 << WINDOW


@given(days, st.integers(0, 90), st.integers(0, 250))
def test_the_decayed_count_is_that_of_the_list_of_days(done: list[int], later: int, since: int) -> None:
    mask, latest = _kept(done)
    now = latest + later
    found = seen([[0, 0, mask, mask]], ago=[later], since=[since])
    ages = [now - day for day in set(done) if now - day < min(since, WINDOW)]
    wanted = sum(2 ** (-age / 20) for age in ages)
    assert found.counts[0].tolist() == pytest.approx([wanted, wanted, 0], abs=1e-9)
    assert days_within([[0, 0, mask, 0]], ago=[later], since=[since], days=7)[0, 2] == sum(age < 7 for age in ages)


def test_a_day_counts_once_by_the_most_telling_page_of_it() -> None:
    found = seen([[0b111, 0b010, 0b001, 0]], ago=[0], since=[30])
    prices, product, reading = found.pages[0][::-1]
    assert prices == 1.0
    assert product < prices
    assert reading < product
    assert found.counts[0, 0] == pytest.approx(found.pages.sum())


def test_nobody_did_anything_where_there_is_nobody() -> None:
    assert seen(np.empty((0, len(MASKS)), dtype=np.int64), ago=[], since=[]).counts.shape == (0, 3)


def _kept(done: list[int]) -> tuple[int, int]:
    mask, latest = 0, 0
    for at in done:
        mask, latest = add(mask, latest, at)
    return mask, latest
