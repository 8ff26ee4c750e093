"""Was it as often right as it said? What was said, in bands, beside what happened, with the band that chance allows.

References
----------
Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri, ndtri

from ripeline.science import gate
from ripeline.science.errors import InputError
from ripeline.science.gate import FloatArray, IntArray

BANDS = (0.0, 0.02, 0.04, 0.06, 0.1, 0.15, 0.25, 0.4, 1.0)
"""Of a chance within a month: narrow where most leads are."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration:
    """What was said beside what happened, band by band; every array has shape (m,). Bands without rows are left out.

    Attributes
    ----------
    low, high : ndarray
        Ends of each band of what was said.
    n, did : ndarray of int
        Rows in it, and of them those where it happened.
    said, happened : ndarray
        Mean of what was said, and the share that did.
    happened_low, happened_high : ndarray
        Wilson's interval around the share.
    """

    low: FloatArray
    high: FloatArray
    n: IntArray
    did: IntArray
    said: FloatArray
    happened: FloatArray
    happened_low: FloatArray
    happened_high: FloatArray


def calibrate(said: ArrayLike, did: ArrayLike, *, bands: ArrayLike = BANDS, level: float = 0.9) -> Calibration:
    """What was said beside what happened.

    Parameters
    ----------
    said : array_like, shape (n,)
        Chances in [0, 1], as they were said.
    did : array_like of bool, shape (n,)
        Whether it happened; leave out the rows of which it is not known yet.
    bands : array_like, shape (m + 1,)
        Rising ends; a chance on an end belongs to the band above it.
    level : float
        How likely each interval is to hold the truth.

    Examples
    --------
    >>> seen = calibrate([0.3] * 10 + [0.1] * 20, [True] * 3 + [False] * 27)
    >>> seen.n.tolist(), seen.happened.tolist()
    ([20, 10], [0.0, 0.3])
    >>> bool(seen.happened_low[1] < 0.3 < seen.happened_high[1])
    True
    """
    p = gate.vector("said", said, low=0.0, high=1.0)
    happened = gate.flags("did", did, n=len(p))
    ends = gate.vector("bands", bands)
    place = np.clip(np.searchsorted(ends, p, side="right") - 1, 0, len(ends) - 2)
    n = np.bincount(place, minlength=len(ends) - 1)
    events = np.bincount(place[happened], minlength=len(ends) - 1)
    total = np.bincount(place, weights=p, minlength=len(ends) - 1)
    there = n > 0
    low, high = share_between(events[there], n[there], level=level)
    return Calibration(
        low=ends[:-1][there],
        high=ends[1:][there],
        n=n[there].astype(np.int64),
        did=events[there].astype(np.int64),
        said=total[there] / n[there],
        happened=events[there] / n[there],
        happened_low=low,
        happened_high=high,
    )


def share_between(did: ArrayLike, n: ArrayLike, *, level: float = 0.9) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval around a share of n.

    Raises
    ------
    InputError
        More did than there were; none there at all.

    Examples
    --------
    >>> low, high = share_between([71], [212])
    >>> round(float(low[0]), 2), round(float(high[0]), 2)
    (0.28, 0.39)
    """
    rows = gate.vector("n", n, low=1.0)
    events = gate.vector("did", did, n=len(rows), low=0.0)
    if np.any(events > rows):
        raise InputError("did", "must not be more than n")
    z = float(ndtri(0.5 + level / 2))
    share = events / rows
    middle = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    reach = z * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2)) / (1 + z**2 / rows)
    return np.maximum(middle - reach, 0.0), np.minimum(middle + reach, 1.0)


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """Expected ÷ actual, with its interval; above 1 too much was promised. None where nothing happened."""

    expected: float
    actual: int
    ratio: float | None
    low: float
    high: float | None


def expected_over_actual(expected: float, actual: int, *, level: float = 0.9) -> Ratio:
    """How much more was expected than happened, with the interval that chance in the actual count allows.

    Examples
    --------
    >>> found = expected_over_actual(110.0, 100)
    >>> round(found.ratio, 2), round(found.low, 2), round(found.high, 2)
    (1.1, 0.93, 1.31)
    """
    promised = gate.number("expected", expected, low=0.0)
    count = int(gate.number("actual", actual, low=0.0))
    low, high = count_between(float(count), level=level)
    return Ratio(
        expected=promised,
        actual=count,
        ratio=promised / count if count else None,
        low=promised / high,
        high=promised / low if low else None,
    )


def count_between(count: float, *, level: float = 0.9, wider: float = 1.0) -> tuple[float, float]:
    """Between which means a Poisson count may lie (Garwood's interval); `wider` stretches it from the count.

    Examples
    --------
    >>> low, high = count_between(10)
    >>> round(low, 1), round(high, 1)
    (5.4, 17.0)
    """
    tail = (1 - level) / 2
    low = float(chdtri(2 * count, 1 - tail)) / 2 if count > 0 else 0.0
    high = float(chdtri(2 * (count + 1), tail)) / 2
    return max(count - wider * (count - low), 0.0), count + wider * (high - count)
