"""Has the world changed? Each day, what the model expected of the leads then open beside what happened.

Given that an episode is open in the morning, the chance that it ripens that day is its conditional hazard. Summed over
days, what happened minus what was expected is a martingale, and its variance is what was expected: hence a Poisson
band, made a little wider for the model's own doubt.

References
----------
Andersen, P. K. et al. (1993). Statistical models based on counting processes. Springer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ripeline.science import gate
from ripeline.science.calibration import count_between
from ripeline.science.curves import Curves
from ripeline.science.errors import InputError
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.outcomes import RIPE, Outcomes

WIDER = 1.13
"""How much wider than Poisson's the band is: measured on a public record of 6,000 leads."""

WINDOW = 28
"""Days over which what happened is summed."""

LEVEL = 0.998
"""Of the band. It is looked at every day: with 95 of 100 a world that holds still would leave the band in nine years of
ten, with this in one of eight; a fall by a third among a hundred ripe leads a month is still seen within four weeks."""

FEWEST_EXPECTED = 5.0
"""Events expected within a window before it can raise an alarm."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Daily:
    """Expected and actual ripe ones of each day; every array has shape (m,).

    Attributes
    ----------
    day : ndarray
        The morning of each day, on the scale of `Outcomes.start`.
    expected : ndarray
    actual : ndarray of int
    """

    day: FloatArray
    expected: FloatArray
    actual: IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Watch:
    """Sums over the window that ends with each day; every array has shape (m,).

    Attributes
    ----------
    day, expected, actual
        As in `Daily`, summed.
    low, high : ndarray
        Between which the actual number lies in 998 of 1,000 windows while the model holds.
    alarm : ndarray of bool
        It lies outside.
    """

    day: FloatArray
    expected: FloatArray
    actual: IntArray
    low: FloatArray
    high: FloatArray
    alarm: BoolArray

    @property
    def changed(self) -> bool:
        """Whether the newest window raises the alarm."""
        return bool(len(self.alarm) and self.alarm[-1])


def daily(
    log_odds: ArrayLike, outcomes: Outcomes, *, curve: str | ArrayLike, curves: Curves, since: float, until: float
) -> Daily:
    """What was expected and what happened on each day.

    Parameters
    ----------
    log_odds : array_like, shape (n,)
        η of each episode at its beginning.
    outcomes : Outcomes
        Of n episodes.
    curve, curves
        As in `prior.score`.
    since, until : float
        First morning, and the evening of the last day.

    Raises
    ------
    InputError
        Days in the wrong order, or more than ten years of them.

    Examples
    --------
    A hundred average leads of one morning, nobody ripe after ten days:

    >>> from ripeline.science.outcomes import observe
    >>> from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_PRIOR
    >>> seen = observe([0.0] * 100, ripe_at=[float("nan")] * 100, as_of=10.0).outcomes
    >>> days = daily([DEFAULT_PRIOR.log_odds] * 100, seen, curve="even", curves=DEFAULT_CURVES, since=0, until=10)
    >>> len(days.day), round(float(days.expected.sum()), 1), int(days.actual.sum())
    (10, 1.4, 0)
    """
    odds = np.exp(gate.vector("log_odds", log_odds, n=len(outcomes), low=-300.0, high=300.0))
    kind = curves.codes(curve, n=len(outcomes))
    if not 0 <= until - since <= 3660:
        raise InputError("until", "must not lie before the first day, nor ten years after it")
    mornings = np.arange(np.floor(since), np.ceil(until), dtype=np.float64)
    expected = np.zeros(len(mornings))
    end = outcomes.start + outcomes.time
    for place, morning in enumerate(mornings):
        rows = (outcomes.start < morning + 1) & (end > morning) & (outcomes.start + outcomes.entry < morning + 1)
        age = np.maximum(morning - outcomes.start[rows], 0.0)
        then = np.minimum(morning + 1.0, until) - outcomes.start[rows]
        now, soon = curves.share(kind[rows], age), curves.share(kind[rows], then)
        expected[place] = float((odds[rows] * (soon - now) / (1.0 + odds[rows] * (1.0 - now))).sum())
    ripe = end[outcomes.code == RIPE]
    actual = np.histogram(ripe, bins=np.append(mornings, mornings[-1:] + 1))[0] if len(mornings) else np.zeros(0)
    return Daily(day=mornings, expected=expected, actual=actual.astype(np.int64))


def watch(days: Daily, *, window: int = WINDOW, level: float = LEVEL) -> Watch:
    """Expected and actual over the window that ends with each day, with the alarm.

    Examples
    --------
    Two a day were expected; after 40 days they stop coming:

    >>> seen = watch(Daily(day=np.arange(60.0), expected=np.full(60, 2.0), actual=np.repeat([2, 0], [40, 20])))
    >>> seen.changed, bool(seen.alarm[:40].any())
    (True, False)
    """
    length = int(gate.number("window", window, low=1, high=3660))
    expected, actual = _summed(days.expected, length), _summed(days.actual.astype(np.float64), length)
    bands = np.array([count_between(count, level=level, wider=WIDER) for count in expected]).reshape(-1, 2)
    alarm = (expected >= FEWEST_EXPECTED) & ((actual < bands[:, 0]) | (actual > bands[:, 1]))
    return Watch(
        day=days.day,
        expected=expected,
        actual=actual.astype(np.int64),
        low=bands[:, 0],
        high=bands[:, 1],
        alarm=alarm,
    )


def _summed(values: FloatArray, length: int) -> FloatArray:
    """The sum of the last `length` values, at each place."""
    total = np.cumsum(np.append(np.zeros(length), values))
    return total[length:] - total[:-length]


def recency(outcomes: Outcomes, *, half_life: float = 90.0) -> FloatArray:
    """Weights for learning anew after an alarm: an episode begun a half-life ago counts half.

    Examples
    --------
    >>> from ripeline.science.outcomes import observe
    >>> seen = observe([0.0, 90.0], ripe_at=[float("nan")] * 2, as_of=90.0).outcomes
    >>> recency(seen).tolist()
    [0.5, 1.0]
    """
    half = gate.number("half_life", half_life, low=1.0)
    weight: FloatArray = 0.5 ** (np.maximum(outcomes.as_of - outcomes.start, 0.0) / half)
    return weight
