"""Many leads at once over the coming days: the best first, and no day overfull."""

import numpy as np
from numpy.typing import ArrayLike

from ripeline.science import gate
from ripeline.science.errors import InputError
from ripeline.science.gate import IntArray


def spread(values: ArrayLike, *, per_day: int | ArrayLike, start: int = 0, within: int | None = None) -> IntArray:
    """Days for many leads at once, the best first and no day overfull: for re-opening a shoebox.

    Parameters
    ----------
    values : array_like, shape (n,)
        What each is worth, the more the sooner. Equal ones keep their order.
    per_day : int or array_like of int
        How many a day takes; or how many each of the coming days takes (0 on a day off), and then the last one is
        repeated for as long as needed.
    start : int
        The first day.
    within : int, optional
        Where all have to fit in so many days, days take as many times more as it needs.

    Returns
    -------
    ndarray of int, shape (n,)
        Days from now, from `start` on.

    Raises
    ------
    InputError
        No capacity at all, or none left on the last day given while leads remain.

    Examples
    --------
    >>> spread([0.1, 0.9, 0.5, 0.7, 0.3], per_day=2).tolist()
    [2, 0, 1, 0, 1]
    >>> spread([0.1, 0.9, 0.5, 0.7, 0.3], per_day=[1, 0, 3], start=7).tolist()
    [10, 7, 9, 9, 9]
    """
    worth = gate.vector("values", values)
    capacity = gate.vector("per_day", np.atleast_1d(np.asarray(per_day)), low=0.0).astype(np.int64)
    first = int(gate.number("start", start, low=0.0))
    if not len(capacity) or (len(worth) and not capacity.any()):
        raise InputError("per_day", "no day takes anybody")
    capacity = _fitted(capacity, len(worth), within)
    places = np.repeat(np.arange(len(capacity)), capacity)
    missing = len(worth) - len(places)
    if missing > 0 and not capacity[-1]:
        raise InputError("per_day", f"the days given take {len(places)} leads, and {missing} remain")
    if missing > 0:
        places = np.append(places, len(capacity) + np.arange(missing) // capacity[-1])
    days = np.empty(len(worth), dtype=np.int64)
    days[np.argsort(-worth, kind="stable")] = places[: len(worth)] + first
    return days


def _fitted(capacity: IntArray, n: int, within: int | None) -> IntArray:
    """The capacities of the coming days, raised in proportion where n leads would not fit in so many of them."""
    if within is None:
        return capacity
    days = int(gate.number("within", within, low=1.0))
    coming = np.append(capacity[:days], np.full(max(days - len(capacity), 0), capacity[-1]))
    room = int(coming.sum())
    if n and not room:
        raise InputError("per_day", f"none of the coming {days} days takes anybody")
    return coming if room >= n else -(-coming * n // room)
