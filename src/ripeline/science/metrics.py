"""How good predictions were: ranking (Uno's C, AUC), and sharpness with calibration (Brier).

Those on ages weight each row by the inverse of its chance of still being watched, so that being censored early does not
count as a success or a failure.

References
----------
Uno, H. et al. (2011). On the C-statistics for evaluating overall adequacy of risk prediction procedures with censored
survival data. Statistics in Medicine 30, 1105-1117.
Graf, E. et al. (1999). Assessment and comparison of prognostic classification schemes for survival data. Statistics in
Medicine 18, 2529-2545.
"""

import numpy as np
from numpy.typing import ArrayLike

from ripeline.science import gate
from ripeline.science.errors import InputError, NoEventsError, SeparationError
from ripeline.science.gate import BoolArray, FloatArray
from ripeline.science.kaplan_meier import KaplanMeier, kaplan_meier


def watched(time: ArrayLike, ripe: ArrayLike) -> KaplanMeier:
    """The chance G of still being watched at each age: Kaplan-Meier with ripening as the censoring.

    Examples
    --------
    >>> watched([10, 20, 30], [True, False, True]).at([10, 20]).tolist()
    [1.0, 0.5]
    """
    ages = gate.vector("time", time)
    return kaplan_meier(ages, ~gate.flags("ripe", ripe, n=len(ages)))


def uno_c(time: ArrayLike, ripe: ArrayLike, risk: ArrayLike, *, until: float | None = None) -> float:
    """Of pairs of which one ripened before the other, how often the higher risk was given to it.

    Parameters
    ----------
    time : array_like, shape (n,)
        Age when it ripened or was last looked at.
    ripe : array_like of bool, shape (n,)
    risk : array_like, shape (n,)
        The higher, the sooner it is expected to ripen; equal ones count half.
    until : float, optional
        Pairs in which the earlier one ripened later than this do not count.

    Raises
    ------
    NoEventsError
        No pair can be compared.

    Examples
    --------
    >>> uno_c([1, 2, 3, 4], [True, True, False, True], [4, 3, 1, 2])
    1.0
    """
    ages = gate.vector("time", time)
    event = gate.flags("ripe", ripe, n=len(ages))
    score = gate.vector("risk", risk, n=len(ages))
    still = watched(ages, event)
    order = np.argsort(-ages, kind="stable")  # the longest watched first
    ranks = np.unique(score, return_inverse=True)[1].astype(np.int64) + 1
    tree = np.zeros(int(ranks.max(initial=0)) + 2)
    concordant = comparable = 0.0
    at = inside = 0
    while at < len(order):
        last = at
        while last < len(order) and ages[order[last]] == ages[order[at]]:
            last += 1
        same = order[at:last]
        # Those still watched when the others ripen, at the same age: those not ripe then count as later.
        for row in same[~event[same]]:
            _grow(tree, int(ranks[row]))
            inside += 1
        for row in same[event[same]]:
            chance = float(still.before(ages[row]))
            if inside and chance > 0 and (until is None or ages[row] < until):
                below, upto = _below(tree, int(ranks[row]) - 1), _below(tree, int(ranks[row]))
                concordant += (below + 0.5 * (upto - below)) / chance**2
                comparable += inside / chance**2
        for row in same[event[same]]:
            _grow(tree, int(ranks[row]))
            inside += 1
        at = last
    if comparable == 0.0:
        raise NoEventsError("risk", "no two rows can be compared: nobody ripened while another was still watched")
    return float(concordant / comparable)


def _grow(tree: FloatArray, place: int) -> None:
    while place < len(tree):
        tree[place] += 1.0
        place += place & -place


def _below(tree: FloatArray, place: int) -> float:
    total = 0.0
    while place > 0:
        total += tree[place]
        place -= place & -place
    return total


def brier_by_age(
    time: ArrayLike,
    ripe: ArrayLike,
    survival: ArrayLike,
    *,
    ages: ArrayLike,
    still: KaplanMeier | None = None,
) -> FloatArray:
    """Graf's Brier score at each age.

    Parameters
    ----------
    time, ripe : array_like, shape (n,)
    survival : array_like, shape (n, m)
        P(not ripe at that age) as predicted.
    ages : array_like, shape (m,)
    still : KaplanMeier, optional
        The chance of still being watched; by default from these rows.

    Returns
    -------
    ndarray, shape (m,)

    Examples
    --------
    Half a chance for everybody is always off by a quarter:

    >>> brier_by_age([10, 20], [True, True], [[0.5, 0.5], [0.5, 0.5]], ages=[5, 15]).tolist()
    [0.25, 0.25]
    """
    t = gate.vector("time", time)
    event = gate.flags("ripe", ripe, n=len(t))
    grid = gate.vector("ages", ages)
    s = gate.matrix("survival", survival, columns=len(grid)).astype(np.float64)
    still = still or watched(t, event)
    at_event = np.maximum(still.before(t), 1e-12)
    result = np.empty(len(grid))
    for place, age in enumerate(grid):
        gone = event & (t <= age)
        here = t > age
        chance = max(float(still.at(age)), 1e-12)
        result[place] = (s[gone, place] ** 2 / at_event[gone]).sum() + ((1 - s[here, place]) ** 2).sum() / chance
    return result / len(t)


def integrated_brier(
    time: ArrayLike, ripe: ArrayLike, survival: ArrayLike, *, ages: ArrayLike, still: KaplanMeier | None = None
) -> float:
    """The mean of `brier_by_age` over the ages, by the trapezium rule.

    Raises
    ------
    InputError
        Fewer than two ages.

    Examples
    --------
    >>> said = [[0.9, 0.2, 0.1], [0.9, 0.8, 0.7]]
    >>> round(integrated_brier([10, 40], [True, True], said, ages=[5, 15, 25]), 4)
    0.035
    """
    grid = gate.vector("ages", ages)
    if len(grid) < 2:
        raise InputError("ages", "at least two are needed to integrate between")
    score = brier_by_age(time, ripe, survival, ages=grid, still=still)
    return float(np.trapezoid(score, grid) / (grid[-1] - grid[0]))


def auc(label: ArrayLike, risk: ArrayLike) -> float:
    """Of pairs of one that did and one that did not, how often the higher risk was given to the one that did.

    Raises
    ------
    NoEventsError
        None did.
    SeparationError
        All did.

    Examples
    --------
    >>> auc([1, 0, 0], [0.9, 0.1, 0.9])
    0.75
    """
    did: BoolArray = gate.vector("label", label) > 0.5
    score = gate.vector("risk", risk, n=len(did))
    yes = int(did.sum())
    if not yes:
        raise NoEventsError("label", "none of the rows did, so there is nothing to tell apart")
    if yes == len(did):
        raise SeparationError("label", "all rows did, so there is nothing to tell apart")
    _, place, times = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[place]  # of equal ones the middle rank
    return float((ranks[did].sum() - yes * (yes + 1) / 2) / (yes * (len(did) - yes)))


def brier(label: ArrayLike, chance: ArrayLike) -> float:
    """Mean squared distance of the predicted chances from what happened.

    Raises
    ------
    NoEventsError
        No rows.

    Examples
    --------
    >>> round(brier([1, 0], [0.8, 0.4]), 2)
    0.1
    """
    did = gate.vector("label", label)
    if not len(did):
        raise NoEventsError("label", "there are no rows")
    return float(np.mean((gate.vector("chance", chance, n=len(did)) - did) ** 2))
