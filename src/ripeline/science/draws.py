"""Chance by name: a number for each (seed, purpose, lead, day), the same whoever asks, when, and in what order.

So that several ways of following up meet the very same luck: whether somebody answers on a Tuesday does not depend on
who else was called on the Monday. The numbers are hashes (the finaliser of SplitMix64), not a stream.

References
----------
Steele, G. L., Lea, D., Flood, C. H. (2014). Fast splittable pseudorandom number generators. OOPSLA '14, 453-472.
Salmon, J. K. et al. (2011). Parallel random numbers: as easy as 1, 2, 3. SC '11 (counters instead of streams).
"""

import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ripeline.science.errors import InputError
from ripeline.science.gate import FloatArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def uniform(seed: int, purpose: str, lead: ArrayLike, day: ArrayLike = 0) -> FloatArray:
    """A number in [0, 1) for each lead and day.

    Parameters
    ----------
    seed : int
        Of the market, 0 or more.
    purpose : str
        What it decides ("reach"); different purposes are independent.
    lead, day : array_like of int, broadcast against each other
        Whole numbers, 0 or more.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> week = uniform(1, "reach", lead=7, day=range(5))
    >>> bool(uniform(1, "reach", lead=7, day=3) == week[3]), bool(uniform(1, "other", lead=7, day=3) == week[3])
    (True, False)
    """
    start = _mixed(_mixed(_whole("seed", seed)) + np.uint64(zlib.crc32(purpose.encode())))
    mixed = _mixed(_mixed(_whole("lead", lead) + start) + _whole("day", day))
    result: FloatArray = (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return result


def _whole(name: str, values: ArrayLike) -> NDArray[np.uint64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iu" or (array.size and array.min() < 0):
        raise InputError(name, "expected whole numbers, 0 or more")
    return np.atleast_1d(array).astype(np.uint64)


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One step of SplitMix64; the arithmetic wraps."""
    with np.errstate(over="ignore"):
        z = state + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _FIRST
        z = (z ^ (z >> np.uint64(27))) * _SECOND
        return z ^ (z >> np.uint64(31))
