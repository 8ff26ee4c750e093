r"""What a set of leads should yield: how many will buy, how many from us, by when, and how sure that is.

Two things make the number uncertain. Given the probabilities, each lead buys or does not: the count is
Poisson-binomial. And the probabilities themselves are beliefs whose errors the leads of a set *share*: if the average
lead is worse than thought, all of them are. So for the interval the log-odds of all leads are shifted together by
u ~ N(0, s²), the closing ratio is c ~ Beta, and the count's distribution is averaged over both,

.. math:: P(N \le k) = \int\!\!\int G(k; p_1(u) c, \dots, p_n(u) c)\, dP(u)\, dP(c)

with Gauss-Hermite nodes for u, equally likely quantiles for c, and for G the Poisson-binomial itself up to 50 leads and
its refined normal approximation (Hong 2013) beyond. For a company without outcomes of its own s is near 1 and the
interval is wide; to ignore u would promise a precision that nobody has. The expected number itself is the plain sum of
the leads' probabilities, so that it agrees with what is shown beside each of them.

References
----------
Hong, Y. (2013). On computing the distribution function for the Poisson binomial distribution. Computational Statistics
and Data Analysis 59, 41-51.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, ndtr

from ripeline.science import gate
from ripeline.science.curves import Curves
from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_PRIOR, Prior
from ripeline.science.terms import Term, typical

HORIZONS = (30.0, 90.0, 365.0)
AtMost = Callable[[int], float]
"""P(N ≤ k) as a function of k."""

_SHIFTS, _SHIFT_WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_UNSHIFTED = 10  # the middle one of an odd number of nodes is 0
_SHIFT_WEIGHTS = _SHIFT_WEIGHTS / _SHIFT_WEIGHTS.sum()
_CLOSING_NODES = 15
_EXACT_UP_TO = 50


@dataclass(frozen=True, eq=False, kw_only=True)
class Expectation:
    """What a set of leads should yield by each horizon; every array has shape (h,).

    Attributes
    ----------
    n : int
        Leads in the set, those already decided included.
    days : ndarray
        The horizons, in days from now.
    buyers, buyers_low, buyers_high : ndarray
        Buyers by then, from anyone: the expected number, and whole numbers between which it lies at the level asked.
    ours, ours_low, ours_high : ndarray
        Those of them that buy from us. (Counted by the day they ripen; the signature follows a sales cycle later.)
    """

    n: int
    days: FloatArray
    buyers: FloatArray
    buyers_low: IntArray
    buyers_high: IntArray
    ours: FloatArray
    ours_low: IntArray
    ours_high: IntArray


def expect(
    log_odds: ArrayLike,
    *,
    age_days: ArrayLike,
    curve: str | ArrayLike,
    ripe: int = 0,
    won: int = 0,
    bought_elsewhere: int = 0,
    shared_sd: float | None = None,
    days: Sequence[float] = HORIZONS,
    prior: Prior | None = None,
    curves: Curves | None = None,
    level: float = 0.8,
) -> Expectation:
    """Buyers to expect of a set of leads.

    Parameters
    ----------
    log_odds, age_days, curve : array_like, shape (n,)
        The leads of the set that are open and not yet ripe: `Scores.log_odds`, and as in `prior.score`.
    ripe : int
        Leads of the set known to be buying, undecided yet (an opportunity is open).
    won, bought_elsewhere : int
        Leads of the set that are decided: they count in full.
    shared_sd : float, optional
        Standard deviation of the error that the set's log-odds share, from `shared_error`; by default the average
        lead's.
    days : sequence of float
        Horizons from now.
    prior, curves, level
        As in `prior.score`.

    Returns
    -------
    Expectation

    Raises
    ------
    InputError, NotFiniteError, UnknownKeyError
        Shapes that differ, negative counts or ages, NaN.

    Examples
    --------
    A hundred average leads, fresh: 45 will buy, 15 of them from us; but an empty installation cannot be sure.

    >>> hundred = expect([DEFAULT_PRIOR.log_odds] * 100, age_days=0, curve="even")
    >>> hundred.buyers.round().tolist(), hundred.ours.round().tolist()
    ([4.0, 12.0, 45.0], [1.0, 4.0, 15.0])
    >>> known = expect([DEFAULT_PRIOR.log_odds] * 100, age_days=0, curve="even", shared_sd=0.1)
    >>> int(hundred.buyers_low[2]), int(known.buyers_low[2]), int(known.buyers_high[2]), int(hundred.buyers_high[2])
    (18, 38, 52, 76)
    """
    prior, curves = prior or DEFAULT_PRIOR, curves or DEFAULT_CURVES
    odds = np.exp(gate.vector("log_odds", log_odds, low=-300.0, high=300.0))
    age = gate.vector("age_days", age_days, n=len(odds), low=0.0)
    kind = curves.codes(curve, n=len(odds))
    horizons = gate.vector("days", list(days), low=0.0)
    ripe, won, elsewhere = (
        int(gate.number(name, count, low=0.0, high=1e9))
        for name, count in (("ripe", ripe), ("won", won), ("bought_elsewhere", bought_elsewhere))
    )
    spread = prior.log_odds_sd if shared_sd is None else gate.number("shared_sd", shared_sd, low=0.0, high=20.0)
    tail = (1 - gate.number("level", level, low=0.0, high=1 - 1e-9)) / 2

    shifts = np.exp(spread * _SHIFTS)
    closing = betaincinv(prior.closing_won, prior.closing_lost, (np.arange(_CLOSING_NODES) + 0.5) / _CLOSING_NODES)
    closing = closing * (prior.closing / closing.mean())
    by_now = curves.share(kind, age)
    rows = []
    for horizon in horizons:
        soon = curves.share(kind, age + float(horizon)) - by_now
        buyers = float(_chance(odds, soon, 1.0 - by_now).sum()) + ripe
        counts = _distributions(odds, soon, 1.0 - by_now, ripe=ripe, shifts=shifts, closings=(np.ones(1), closing))
        anyone, us = ([_quantile(count, at, len(odds) + ripe) for at in (tail, 1 - tail)] for count in counts)
        rows.append((buyers, *anyone, buyers * prior.closing, *us))
    table = np.array(rows, dtype=np.float64).reshape(len(horizons), 6)
    table += np.array([won + elsewhere] * 3 + [won] * 3)
    whole = table.astype(np.int64)
    return Expectation(
        n=len(odds) + ripe + won + elsewhere,
        days=horizons,
        buyers=table[:, 0],
        buyers_low=whole[:, 1],
        buyers_high=whole[:, 2],
        ours=table[:, 3],
        ours_low=whole[:, 4],
        ours_high=whole[:, 5],
    )


def shared_error(
    design: ArrayLike, terms: Sequence[Term], *, prior: Prior | None = None, covariance: FloatArray | None = None
) -> float:
    """Standard deviation of the error that the log-odds of a set of leads share.

    The error of the set's mean predictor: the average lead's, and that of every term by how far the set's share of it
    is from typical. A batch from one trade show shares all of the doubt about trade shows; a mixed batch little of any.

    Parameters
    ----------
    design : array_like, shape (n, k)
        The leads of the set, from `terms.encode`. Empty: the average lead's error.
    covariance : ndarray, shape (k + 1, k + 1), optional
        Of b_0 and the terms' means, as in `prior.score`.

    Examples
    --------
    >>> from ripeline.science.prior import DEFAULT_TERMS
    >>> from ripeline.science.terms import encode
    >>> show = encode(DEFAULT_TERMS, source_type=["trade_show"] * 50, signals={}, curves=DEFAULT_CURVES)
    >>> round(shared_error(show.design, DEFAULT_TERMS), 2)
    1.1
    """
    prior = prior or DEFAULT_PRIOR
    facts = gate.matrix("design", design, columns=len(terms))
    off = facts.mean(axis=0) - typical(terms) if len(facts) else np.zeros(len(terms))
    if covariance is not None:
        whole = np.append(1.0, off)
        return float(np.sqrt(max(whole @ covariance @ whole, 0.0)))
    return float(np.hypot(prior.log_odds_sd, np.linalg.norm(off * np.array([term.sd for term in terms]))))


def _chance(odds: FloatArray, soon: FloatArray, left: FloatArray) -> FloatArray:
    """P(ripe in the coming days) from the odds of buying at capture, F(then) − F(now) and 1 − F(now)."""
    return odds * soon / (1.0 + odds * left)


def _distributions(
    odds: FloatArray,
    soon: FloatArray,
    left: FloatArray,
    *,
    ripe: int,
    shifts: FloatArray,
    closings: Sequence[FloatArray],
) -> list[AtMost]:
    """The distribution of the count for each set of closing ratios: counted out if few, approximated if many."""
    if len(odds) + ripe <= _EXACT_UP_TO:
        chance = np.hstack([_chance(np.outer(shifts, odds), soon, left), np.ones((len(shifts), ripe))])
        return [_counted(chance, closing) for closing in closings]
    sums = _power_sums(odds, soon, left, shifts) + ripe
    return [_approximated(sums, closing) for closing in closings]


def _counted(chance: FloatArray, closing: FloatArray) -> AtMost:
    """P(N ≤ k) of a few leads, counted out; `chance` has shape (shifts, n)."""
    p = np.multiply.outer(closing, chance).reshape(len(closing) * len(chance), chance.shape[1])
    mass = np.zeros((len(p), chance.shape[1] + 1))
    mass[:, 0] = 1.0
    for lead in range(chance.shape[1]):
        buys = p[:, lead, None]
        mass[:, 1:] = mass[:, 1:] * (1 - buys) + mass[:, :-1] * buys
        mass[:, :1] *= 1 - buys
    below = np.cumsum(np.tile(_SHIFT_WEIGHTS, len(closing)) / len(closing) @ mass)
    return lambda count: float(below[count])


def _power_sums(odds: FloatArray, soon: FloatArray, left: FloatArray, shifts: FloatArray) -> FloatArray:
    """Σp, Σp² and Σp³ of the leads' chances for every shift of the odds, shape (3, shifts)."""
    sums = np.zeros((3, len(shifts)))
    for rows in gate.blocks(len(odds)):
        for node, shift in enumerate(shifts):
            p = _chance(odds[rows] * shift, soon[rows], left[rows])
            squares = p * p
            sums[:, node] += p.sum(), squares.sum(), squares @ p
    return sums


def _approximated(sums: FloatArray, closing: FloatArray) -> AtMost:
    """P(N ≤ k) of many leads by the refined normal approximation."""
    mean, second, third = (np.multiply.outer(closing**power, sums[power - 1]) for power in (1, 2, 3))
    sd = np.sqrt(np.maximum(mean - second, 1e-12))
    skew = (mean - 3 * second + 2 * third) / sd**3
    weights = np.broadcast_to(_SHIFT_WEIGHTS / len(closing), mean.shape)

    def at_most(count: int) -> float:
        off = (count + 0.5 - mean) / sd
        density = np.exp(-0.5 * off**2) / np.sqrt(2 * np.pi)
        below = np.clip(ndtr(off) + skew * (1 - off**2) * density / 6, 0.0, 1.0)
        return float((weights * below).sum())

    return at_most


def _quantile(at_most: AtMost, level: float, most: int) -> int:
    """The smallest count whose probability of not being exceeded reaches the level."""
    level -= 1e-9  # a whole that sums to a hair less than one is still a whole
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if at_most(middle) >= level else (middle + 1, high)
    return low
