"""The share that has ripened by each age, without a model: Kaplan and Meier's estimate with its band.

References
----------
Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53, 457-481.
Kalbfleisch, J. D. and Prentice, R. L. (1980). The statistical analysis of failure time data. Wiley. (The log-log band.)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from ripeline.science import gate
from ripeline.science.gate import FloatArray, IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class KaplanMeier:
    """A step function: from `time[k]` on `survival[k]` have not ripened; before the first step all of them.

    Attributes
    ----------
    time : ndarray, shape (m,)
        Ages at which somebody ripened, rising.
    survival, low, high : ndarray, shape (m,)
        The share not yet ripe, and its band.
    at_risk, events : ndarray of int, shape (m,)
        Watched just before, and ripened at, that age.
    """

    time: FloatArray
    survival: FloatArray
    low: FloatArray
    high: FloatArray
    at_risk: IntArray
    events: IntArray

    def at(self, age: ArrayLike) -> FloatArray:
        """The share not yet ripe at these ages."""
        return self._look_up(self.survival, age, side="right")

    def before(self, age: ArrayLike) -> FloatArray:
        """The share not yet ripe just before these ages."""
        return self._look_up(self.survival, age, side="left")

    def band(self, age: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """The lower and upper end of the band around `at`."""
        return self._look_up(self.low, age, side="right"), self._look_up(self.high, age, side="right")

    def _look_up(self, steps: FloatArray, age: ArrayLike, *, side: str) -> FloatArray:
        place = np.searchsorted(
            self.time, np.asarray(age, dtype=np.float64), side="left" if side == "left" else "right"
        )
        result: FloatArray = np.append(1.0, steps)[place]
        return result


def kaplan_meier(
    time: ArrayLike, ripe: ArrayLike, *, entry: ArrayLike | None = None, level: float = 0.9
) -> KaplanMeier:
    """The share of n episodes that has not ripened by each age.

    Parameters
    ----------
    time : array_like, shape (n,)
        Age in days when it ripened, or was last looked at. One known never to ripen stays at risk: give the longest
        age.
    ripe : array_like of bool, shape (n,)
    entry : array_like, shape (n,), optional
        Age at which it came under observation.
    level : float
        How likely the band is to hold the truth at any one age.

    Raises
    ------
    InputError, NotFiniteError
        Lengths that differ, ages that are not numbers.

    Examples
    --------
    >>> curve = kaplan_meier([10, 20, 30, 40], [True, False, True, False])
    >>> curve.at([0, 10, 35]).round(3).tolist()
    [1.0, 0.75, 0.375]
    """
    ages = gate.vector("time", time)
    event = gate.flags("ripe", ripe, n=len(ages))
    steps, inverse = np.unique(ages[event], return_inverse=True)
    events = np.bincount(inverse, minlength=len(steps)).astype(np.int64)
    at_risk = len(ages) - np.searchsorted(np.sort(ages), steps, side="left")
    if entry is not None:
        came = gate.vector("entry", entry, n=len(ages))
        came = np.sort(np.where(came > 0.0, came, -np.inf))  # from the beginning: at risk on the first day, too
        at_risk = at_risk - (len(ages) - np.searchsorted(came, steps))
    at_risk = np.maximum(at_risk, events)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival: FloatArray = np.cumprod(1.0 - events / at_risk, dtype=np.float64)
        variance = np.cumsum(events / (at_risk * np.maximum(at_risk - events, 0.5)))
        reach = float(ndtri(0.5 + level / 2)) * np.sqrt(variance) / np.abs(np.log(survival))
        low, high = survival ** np.exp(reach), survival ** np.exp(-reach)
    sure = (survival <= 0.0) | (survival >= 1.0)
    return KaplanMeier(
        time=steps,
        survival=survival,
        low=np.where(sure, survival, low),
        high=np.where(sure, survival, high),
        at_risk=at_risk.astype(np.int64),
        events=events,
    )
