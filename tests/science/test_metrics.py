"""The measures, each against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science import metrics
from ripeline.science.errors import InputError, NoEventsError, NotFiniteError, SeparationError

ROW = st.tuples(st.integers(1, 10), st.booleans(), st.integers(0, 5))
ROWS = st.lists(ROW, min_size=2, max_size=30)
LABELS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30)


def still_watched(time: list[int], ripe: list[bool], age: float, *, before: bool) -> float:
    """G: Kaplan-Meier of being censored, at an age or just before it."""
    share = 1.0
    for step in sorted({t for t, r in zip(time, ripe, strict=True) if not r}):
        if step < age or (step == age and not before):
            censored = sum(not r and t == step for t, r in zip(time, ripe, strict=True))
            share *= 1 - censored / sum(t >= step for t in time)
    return share


def uno_by_the_book(time: list[int], ripe: list[bool], risk: list[float], until: float) -> float | None:
    """Σ over pairs in which one ripened while the other was watched longer, each weighted by 1 / G(t−)²."""
    won = total = 0.0
    for i in range(len(time)):
        chance = still_watched(time, ripe, time[i], before=True)
        if not ripe[i] or time[i] >= until or chance <= 0:
            continue
        for j in range(len(time)):
            if time[j] > time[i] or (time[j] == time[i] and not ripe[j]):
                total += 1 / chance**2
                won += ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j])) / chance**2
    return won / total if total else None


@given(ROWS, st.sampled_from([np.inf, 6.0]))
def test_unos_c_is_the_weighted_count_of_pairs(rows: list[tuple[int, bool, int]], until: float) -> None:
    time, ripe, risk = [t for t, _, _ in rows], [r for _, r, _ in rows], [float(s) for _, _, s in rows]
    expected = uno_by_the_book(time, ripe, risk, until)
    limit = None if until == np.inf else until
    if expected is None:
        with pytest.raises(NoEventsError):
            metrics.uno_c(time, ripe, risk, until=limit)
    else:
        assert metrics.uno_c(time, ripe, risk, until=limit) == pytest.approx(expected)


@given(ROWS)
def test_unos_c_of_the_reversed_risk_is_the_rest(rows: list[tuple[int, bool, int]]) -> None:
    time, ripe, risk = (np.array(column) for column in zip(*rows, strict=True))
    try:
        found = metrics.uno_c(time, ripe, risk)
    except NoEventsError:
        return
    assert metrics.uno_c(time, ripe, -risk) == pytest.approx(1 - found)
    assert metrics.uno_c(time, ripe, np.zeros(len(risk))) == pytest.approx(0.5)


@given(ROWS, st.floats(0.5, 11.0))
def test_the_brier_score_is_grafs(rows: list[tuple[int, bool, int]], age: float) -> None:
    time, ripe, said = [t for t, _, _ in rows], [r for _, r, _ in rows], [s / 5 for _, _, s in rows]
    score = 0.0
    for t, r, s in zip(time, ripe, said, strict=True):
        if r and t <= age:
            score += s**2 / max(still_watched(time, ripe, t, before=True), 1e-12)
        elif t > age:
            score += (1 - s) ** 2 / max(still_watched(time, ripe, age, before=False), 1e-12)
    found = metrics.brier_by_age(time, ripe, np.array(said)[:, None], ages=[age])[0]
    assert found == pytest.approx(score / len(rows))


def test_without_censoring_the_brier_score_is_the_mean_square() -> None:
    time, said = np.array([2.0, 5.0, 9.0, 11.0]), np.array([0.1, 0.4, 0.8, 0.9])
    found = metrics.brier_by_age(time, np.ones(4, dtype=bool), said[:, None], ages=[6.0])[0]
    assert found == pytest.approx(np.mean((said - (time > 6.0)) ** 2))


def test_the_integrated_score_is_the_mean_over_the_ages() -> None:
    time, ripe = np.array([2.0, 5.0, 9.0, 11.0]), np.array([True, False, True, False])
    grid = np.arange(1.0, 9.0)
    said = np.tile(np.linspace(0.9, 0.5, len(grid)), (4, 1))
    each = metrics.brier_by_age(time, ripe, said, ages=grid)
    expected = ((each[1:] + each[:-1]) / 2).sum() / (grid[-1] - grid[0])
    assert metrics.integrated_brier(time, ripe, said, ages=grid) == pytest.approx(expected)


def test_the_truth_scores_better_than_any_other_prediction() -> None:
    rng = np.random.default_rng(1)
    n, grid = 4_000, np.arange(1.0, 60.0)
    scale = rng.choice([10.0, 40.0], n)
    time, gone = rng.exponential(scale), rng.uniform(0, 120, n)
    seen, ripe = np.minimum(time, gone), time <= gone
    right = np.exp(-grid[None, :] / scale[:, None])
    best = metrics.integrated_brier(seen, ripe, right, ages=grid)
    for wrong in (right**1.5, right**0.7, np.tile(right.mean(axis=0), (n, 1))):
        assert best < metrics.integrated_brier(seen, ripe, wrong, ages=grid)


@given(LABELS)
def test_the_auc_is_the_share_of_pairs(rows: list[tuple[bool, int]]) -> None:
    did, risk = [d for d, _ in rows], [s for _, s in rows]
    if all(did) or not any(did):
        with pytest.raises((NoEventsError, SeparationError)):
            metrics.auc(did, risk)
        return
    pairs = [
        (a > b) + 0.5 * (a == b)
        for a, d in zip(risk, did, strict=True)
        if d
        for b, e in zip(risk, did, strict=True)
        if not e
    ]
    assert metrics.auc(did, risk) == pytest.approx(np.mean(pairs))


def test_all_and_none_are_told_apart() -> None:
    with pytest.raises(SeparationError):
        metrics.auc([1, 1], [0.1, 0.2])
    with pytest.raises(NoEventsError):
        metrics.auc([0, 0], [0.1, 0.2])
    with pytest.raises(NoEventsError):
        metrics.auc([], [])


def test_the_brier_score_of_labels_is_the_mean_square() -> None:
    assert metrics.brier([1, 0, 1], [0.9, 0.2, 0.5]) == pytest.approx((0.01 + 0.04 + 0.25) / 3)


def test_bad_input_is_refused() -> None:
    nan = float("nan")
    with pytest.raises(NotFiniteError):
        metrics.uno_c([1, 2], [True, False], [nan, 1.0])
    with pytest.raises(InputError):
        metrics.uno_c([1, 2, 3], [True, False], [1.0, 2.0, 3.0])
    with pytest.raises(InputError):
        metrics.brier_by_age([1, 2], [True, False], [[0.5], [0.5]], ages=[1.0, 2.0])
    with pytest.raises(NoEventsError):
        metrics.uno_c([], np.zeros(0, dtype=bool), [])
    with pytest.raises(NoEventsError):
        metrics.brier([], [])
