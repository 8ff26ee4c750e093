"""Whom to contact on a day: the choice itself in arrays, as Today makes it and as the simulated market tries it.

What has a date comes first and always. Whoever asked for us and has heard from nobody comes next, as many as a day
holds. The rest of the day goes to those with whom a minute brings most, until the minutes are used up.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike

from ripeline.science import gate
from ripeline.science.gate import BoolArray, FloatArray, IntArray

ASKING = ("quote_request", "demo_request", "contact_form", "inbound_call", "trial")
"""Source types of those who asked for us, and not only for something to read."""

FRESH_DAYS = 14
"""For so long an unanswered request comes before everything but dates (judgement)."""


class Rank(IntEnum):
    """What comes first, whatever it is worth."""

    ASKED = 0  # a hand-raiser whom nobody has called
    DATED = 1  # a meeting, a promise, a date that a person chose
    OPEN = 2  # chosen by worth


def likelier_first(values: ArrayLike, *, chance: ArrayLike, new: ArrayLike) -> FloatArray:
    """The same worths, dealt anew among those with whom nobody has been in touch: the likelier has the higher.

    Of them nothing is known but how likely they are. What a contact is worth besides says only how long ago their
    enquiry (or the day on which they were taken up again) is, and would put an old lead at 1 % before one at 4 %.

    Parameters
    ----------
    values : array_like, shape (n,)
        What a minute with each brings. Of the equally likely, who had more keeps more.
    chance : array_like, shape (n,)
        P(ripe within 30 days).
    new : array_like of bool, shape (n,)
        Nobody has been in touch.

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> likelier_first([5.0, 1.0, 9.0], chance=[0.1, 0.3, 0.0], new=[True, True, False]).tolist()
    [1.0, 5.0, 9.0]
    """
    worth = gate.vector("values", values)
    likely = gate.vector("chance", chance, n=len(worth))
    among = np.flatnonzero(gate.flags("new", new, n=len(worth)))
    by_chance = among[np.lexsort((-worth[among], -likely[among]))]
    dealt = worth.copy()
    dealt[by_chance] = np.sort(worth[among])[::-1]
    return dealt


def varied(values: ArrayLike, ranks: ArrayLike, groups: Sequence[Hashable | None], *, keeps: float) -> FloatArray:
    """What a minute with each brings beside the others of its group: each further one a share `keeps` of the last.

    A day's worth is then a submodular sum, for which taking the best of what is left, as `fill` does, is within a
    factor of 1 − 1/e of the best day there is, and in practice far nearer (Nemhauser, Wolsey, Fisher 1978, Math.
    Programming 14, 265-294).

    Parameters
    ----------
    values, ranks : array_like, shape (n,)
        As in `fill`. Those with a rank of their own come first in their group, and keep their value.
    groups : sequence, length n
        What each belongs to, and None for nothing.
    keeps : float
        Between 0 and 1.

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> varied([0.4, 0.6, 0.5], [2, 2, 2], ["Northgate", "Northgate", None], keeps=0.5).tolist()
    [0.2, 0.6, 0.5]
    """
    rank = gate.codes("ranks", ranks, keys=[member.name for member in Rank])
    value = gate.vector("values", values, n=len(rank))
    share = gate.number("keeps", keeps, low=0.0, high=1.0)
    before: Counter[Hashable] = Counter()
    found = value.copy()
    for at in in_order(rank, value).tolist():
        if groups[at] is None:
            continue
        if rank[at] == Rank.OPEN:
            found[at] *= share ** before[groups[at]]
        before[groups[at]] += 1
    return found


def fill(
    ranks: ArrayLike, values: ArrayLike, minutes: ArrayLike, *, budget: float, at_least_one: bool = True
) -> BoolArray:
    """Which of n candidates fill a day.

    Parameters
    ----------
    ranks : array_like of int, shape (n,)
        `Rank`.
    values : array_like, shape (n,)
        What a minute with each brings. Of equal worth the earlier position goes first, so callers give a fixed order.
    minutes : array_like, shape (n,)
        What each takes.
    budget : float
        Minutes of the day.
    at_least_one : bool
        A short day is not an empty one.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    A date, a request, and of the others the best that still fits:

    >>> fill([1, 0, 2, 2, 2], [0.0, 0.1, 0.5, 0.4, 0.3], [30, 8, 20, 6, 6], budget=50).tolist()
    [True, True, False, True, True]
    """
    rank = gate.codes("ranks", ranks, keys=[member.name for member in Rank])
    value = gate.vector("values", values, n=len(rank))
    cost = gate.vector("minutes", minutes, n=len(rank), low=0.0)
    chosen: BoolArray = rank == Rank.DATED
    asked = np.flatnonzero(rank == Rank.ASKED)
    asked = asked[np.argsort(-value[asked], kind="stable")]
    chosen[asked[np.cumsum(cost[asked]) <= max(budget, 0)]] = True
    left = budget - float(cost[chosen].sum())
    rest = np.flatnonzero(~chosen)
    rest = rest[np.lexsort((rest, -value[rest], rank[rest]))]
    while len(rest):
        fits = cost[rest] <= left
        if at_least_one and not chosen.any():
            fits[0] = True
        if not fits.any():
            break
        # From the first that fits, all that fit one after the other.
        rest = rest[int(np.argmax(fits)) :]
        together = max(int(np.searchsorted(np.cumsum(cost[rest]), left, side="right")), 1)
        chosen[rest[:together]] = True
        left -= float(cost[rest[:together]].sum())
        rest = rest[together:]
    return chosen


def in_order(ranks: ArrayLike, values: ArrayLike) -> IntArray:
    """Positions by rank, then by worth, the best first; of equals the earlier.

    Examples
    --------
    >>> in_order([2, 2, 0], [0.1, 0.3, 0.2]).tolist()
    [2, 1, 0]
    """
    rank = gate.codes("ranks", ranks, keys=[member.name for member in Rank])
    value = gate.vector("values", values, n=len(rank))
    order: IntArray = np.lexsort((np.arange(len(rank)), -value, rank))
    return order
