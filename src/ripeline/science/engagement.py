r"""What somebody did lately, as the days on which they did it: a few whole numbers a lead, the same in any order.

Of each kind of signal (`MASKS`) one number holds the last `WINDOW` days, a bit a day: bit i is set where it happened i
days before `day`. To add an event shifts and sets a bit, in no more time however many came before; the same event twice
sets the same bit; and what was first does not matter, since a bit is there if and only if the event lies within the
window of the latest. So what was counted as events came equals what is counted anew from the timeline, to the last bit.

The decayed count of a kind is the sum over its days of 2^(−age / half-life), as forward decay has it.

References
----------
Cormode, G., Shkapenyuk, V., Srivastava, D., Xu, B. (2009). Forward decay: a practical time decay model for streaming
systems. ICDE 2009, 138-149.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ripeline.science import gate
from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.signals import DEFAULT_SIGNALS, Signals

WINDOW = 63
"""Days that a number of 64 bits with a sign can hold."""

MASKS = ("reading", "product", "prices", "download")
"""What is kept for each lead: visits by the most telling that was looked at, and downloads."""


def add(mask: int, day: int, at: int) -> tuple[int, int]:
    """The mask and its day after something was done `at` a day (both counted from any one day).

    Examples
    --------
    >>> add(*add(0, 0, 100), 103), add(*add(0, 0, 103), 100)
    ((9, 103), (9, 103))
    """
    latest = max(day, at) if mask else at
    shifted = (mask << min(latest - day, WINDOW)) & ((1 << WINDOW) - 1) if mask else 0
    return (shifted | 1 << (latest - at) if latest - at < WINDOW else shifted), latest


@dataclass(frozen=True, eq=False, kw_only=True)
class Seen:
    """What was seen of n leads, decayed to now.

    Attributes
    ----------
    counts : ndarray, shape (n, k)
        By kind of `Signals.kinds`: days with visits, with downloads, and replies.
    pages : ndarray, shape (n, m)
        Of the visits, by the most telling page of the day.
    days : ndarray, shape (n,)
        For so long they could have been seen.
    """

    counts: FloatArray
    pages: FloatArray
    days: FloatArray


def nothing(n: int, *, signals: Signals | None = None) -> Seen:
    """Of n leads nothing was seen, nor could have been.

    Examples
    --------
    >>> found = nothing(2)
    >>> found.counts.tolist(), found.days.tolist()
    ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [0.0, 0.0])
    """
    signals = signals or DEFAULT_SIGNALS
    return Seen(counts=np.zeros((n, len(signals.kinds))), pages=np.zeros((n, len(signals.pages))), days=np.zeros(n))


def seen(
    masks: ArrayLike,
    *,
    ago: ArrayLike,
    since: ArrayLike,
    replies: ArrayLike | None = None,
    signals: Signals | None = None,
) -> Seen:
    """What n leads did since a day, from their masks.

    Parameters
    ----------
    masks : array_like of int, shape (n, 4)
        As `MASKS` has them.
    ago : array_like of int, shape (n,)
        Days between the latest day of the masks (their bit 0) and now.
    since : array_like, shape (n,)
        Days ago from which on it counts: what was done on that day or before does not (it is how they came to us).
    replies : array_like, shape (n,), optional
        Decayed count of times that they wrote or came again.

    Returns
    -------
    Seen

    Examples
    --------
    Prices looked at today and twenty days ago, by somebody who came a month ago:

    >>> found = seen([[0, 0, 1 | 1 << 20, 0]], ago=[0], since=[30])
    >>> found.counts.round(2).tolist(), found.pages.round(2).tolist(), found.days.tolist()
    ([[1.5, 0.0, 0.0]], [[0.0, 0.0, 1.5]], [30.0])
    """
    signals = signals or DEFAULT_SIGNALS
    held = np.asarray(masks, dtype=np.int64).reshape(-1, len(MASKS))
    n = len(held)
    latest = gate.vector("ago", ago, n=n)
    began = gate.vector("since", since, n=n, low=0.0)
    counts, pages = np.zeros((n, len(signals.kinds))), np.zeros((n, len(signals.pages)))
    for rows in gate.blocks(n):
        age = latest[rows, None] + np.arange(WINDOW)
        weight = np.where(
            (age < began[rows, None]) & (age < signals.window_days),
            np.exp(-np.maximum(age, 0.0) / signals.memory_days),
            0.0,
        )
        reading, product, prices, download = (_bits(held[rows, kind]) for kind in range(len(MASKS)))
        for place, days in enumerate((reading & ~product & ~prices, product & ~prices, prices)):
            pages[rows, place] = (days * weight).sum(axis=1)
        counts[rows, 0] = pages[rows].sum(axis=1)
        counts[rows, 1] = (download * weight).sum(axis=1)
    if replies is not None:
        counts[:, 2] = gate.vector("replies", replies, n=n, low=0.0)
    return Seen(counts=counts, pages=pages, days=np.minimum(began, signals.window_days))


def days_within(masks: ArrayLike, *, ago: ArrayLike, since: ArrayLike, days: int) -> IntArray:
    """On how many of the last so many days each thing was done, after `since` days ago; shape (n, 4).

    Examples
    --------
    >>> days_within([[0, 0, 0b1011, 0]], ago=[1], since=[30], days=4).tolist()
    [[0, 0, 2, 0]]
    """
    held = np.asarray(masks, dtype=np.int64).reshape(-1, len(MASKS))
    age = np.asarray(ago, dtype=np.float64)[:, None] + np.arange(WINDOW)
    counted = (age < days) & (age < np.asarray(since, dtype=np.float64)[:, None])
    found: IntArray = np.stack([(_bits(held[:, kind]) & counted).sum(axis=1) for kind in range(len(MASKS))], axis=1)
    return found


def _bits(mask: IntArray) -> gate.BoolArray:
    bits: gate.BoolArray = (mask[:, None] >> np.arange(WINDOW) & 1).astype(np.bool_)
    return bits
