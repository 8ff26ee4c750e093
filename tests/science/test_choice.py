"""How a day is filled: dates always, requests next, then by worth, and never more minutes than there are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.choice import Rank, fill, in_order, likelier_first, varied

candidates = st.lists(
    st.tuples(st.sampled_from(list(Rank)), st.floats(0, 10), st.integers(1, 40)), min_size=1, max_size=40
)


def one_by_one(ranks: list[int], values: list[float], minutes: list[int], budget: int, *, one: bool) -> list[bool]:
    """The same rule, as one would do it by hand."""
    chosen = [rank == Rank.DATED for rank in ranks]
    spent = 0
    for i in sorted((i for i, rank in enumerate(ranks) if rank == Rank.ASKED), key=lambda i: (-values[i], i)):
        spent += minutes[i]
        chosen[i] = spent <= max(budget, 0)
    left = budget - sum(m for m, c in zip(minutes, chosen, strict=True) if c)
    rest = [i for i in range(len(ranks)) if not chosen[i]]
    for i in sorted(rest, key=lambda i: (ranks[i], -values[i], i)):
        if minutes[i] <= left or (one and not any(chosen)):
            chosen[i] = True
            left -= minutes[i]
    return chosen


@given(candidates, st.integers(0, 300), st.booleans())
def test_a_day_is_filled_as_one_would_by_hand(
    given_ones: list[tuple[Rank, float, int]], budget: int, one: bool
) -> None:
    ranks, values, minutes = [[int(c[0]) for c in given_ones], [c[1] for c in given_ones], [c[2] for c in given_ones]]
    found = fill(ranks, values, minutes, budget=budget, at_least_one=one)
    assert found.tolist() == one_by_one(ranks, values, minutes, budget, one=one)


@given(candidates)
def test_the_order_is_by_rank_and_then_by_worth(given_ones: list[tuple[Rank, float, int]]) -> None:
    order = in_order([c[0] for c in given_ones], [c[1] for c in given_ones])
    told = [(given_ones[i][0], -given_ones[i][1]) for i in order]
    assert told == sorted(told)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 1), st.booleans()), min_size=1, max_size=30))
def test_of_those_nobody_has_been_in_touch_with_the_likelier_have_the_higher_worth(
    leads: list[tuple[float, float, bool]],
) -> None:
    values, chance, new = (np.array(column) for column in zip(*leads, strict=True))
    dealt = likelier_first(values, chance=chance, new=new)
    assert sorted(dealt[new]) == sorted(values[new])
    assert np.all(dealt[~new] == values[~new])
    by_chance = np.argsort(chance[new], kind="stable")
    rising = dealt[new][by_chance]
    differs = np.diff(chance[new][by_chance]) > 0
    assert np.all(np.diff(rising)[differs] >= 0)


@given(candidates, st.lists(st.sampled_from([None, "a", "b"]), min_size=40, max_size=40), st.floats(0.1, 1))
def test_each_further_one_of_a_group_brings_a_share_of_the_one_before(
    given_ones: list[tuple[Rank, float, int]], groups: list[str | None], keeps: float
) -> None:
    ranks, values = [int(c[0]) for c in given_ones], [c[1] for c in given_ones]
    found = varied(values, ranks, groups[: len(values)], keeps=keeps)
    for i, value in enumerate(values):
        if ranks[i] != Rank.OPEN or groups[i] is None:
            assert found[i] == value
            continue
        before = sum(
            groups[j] == groups[i] and (ranks[j], -values[j], j) < (ranks[i], -value, i) for j in range(len(values))
        )
        assert np.isclose(found[i], value * keeps**before)
