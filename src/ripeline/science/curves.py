"""When buyers ripen: the latency curve F(t), the share of those who will ever ripen that has ripened by day t."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ripeline.science import gate
from ripeline.science.errors import InputError
from ripeline.science.gate import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Curve:
    """The share of eventual buyers that has ripened, day by day, up to a horizon after which nobody is expected.

    Parameters
    ----------
    key : str
        What the tables call it: `even`, `front_loaded`, `old`.
    cumulative : ndarray, shape (horizon + 1,)
        F at day 0, 1, …, horizon: non-decreasing from 0 (or more, if some are ripe on arrival) to exactly 1.
    shape_sd : float
        How unsure we are of the shape: one standard deviation of the log-odds of "ripens within the next month, given
        that it will". 0 takes the shape for certain.
    basis : str
        The source, or "judgement".

    Raises
    ------
    InputError
        A curve that falls, does not end at 1, or is shorter than a day.

    Examples
    --------
    Twelve or thirteen of 45 in the first quarter, 26 by the half-year:

    >>> even = Curve.through("even", days=[0, 91, 182, 365], share=[0, 12.5, 26, 45])
    >>> (45 * even.share([0, 91, 182, 365])).round(1).tolist()
    [0.0, 12.5, 26.0, 45.0]
    """

    key: str
    cumulative: FloatArray
    shape_sd: float = 0.0
    basis: str = "judgement"

    def __post_init__(self) -> None:
        share = gate.vector("cumulative", self.cumulative, low=0.0, high=1.0)
        gate.number("shape_sd", self.shape_sd, low=0.0)
        if len(share) < 2 or np.any(np.diff(share) < 0) or share[-1] != 1.0:
            raise InputError("cumulative", "must rise from day 0 to exactly 1 at the horizon")

    @classmethod
    def through(
        cls, key: str, *, days: ArrayLike, share: ArrayLike, shape_sd: float = 0.0, basis: str = "judgement"
    ) -> "Curve":
        """The curve through given points, straight between them: an even pace from each point to the next.

        Parameters
        ----------
        days : array_like, shape (m,)
            Rising, from 0; the last is the horizon, in whole days.
        share : array_like, shape (m,)
            How many have ripened by then, in any unit (of 100 leads, say): the last is taken as all.
        """
        at = gate.vector("days", days, low=0.0)
        ripened = gate.vector("share", share, n=len(at), low=0.0)
        if len(at) < 2 or at[0] != 0 or np.any(np.diff(at) <= 0) or at[-1] % 1 or not ripened[-1]:
            raise InputError("days", "must rise from 0 to a whole number, and somebody must have ripened by then")
        grid = np.arange(at[-1] + 1)
        return cls(key, np.interp(grid, at, ripened / ripened[-1]), shape_sd, basis)

    @classmethod
    def early(
        cls, key: str, *, share: float, mean_days: float, rest: "Curve", shape_sd: float = 0.0, basis: str = "judgement"
    ) -> "Curve":
        """A curve of which one share ripens early (exponentially, with this mean) and the rest like another curve."""
        part = gate.number("share", share, low=0.0, high=1.0)
        mean = gate.number("mean_days", mean_days, low=1e-3)
        grid = np.arange(rest.horizon + 1.0)
        soon = np.expm1(-grid / mean) / np.expm1(-rest.horizon / mean)
        return cls(key, part * soon + (1 - part) * rest.cumulative, shape_sd, basis)

    @property
    def horizon(self) -> int:
        """The last day on which anybody is expected to ripen."""
        return len(self.cumulative) - 1

    def share(self, days: ArrayLike) -> FloatArray:
        """F at the given ages in days (0 or more; 1 past the horizon), straight between whole days."""
        ages = gate.vector("days", np.atleast_1d(np.asarray(days)), low=0.0)
        return np.interp(ages, np.arange(self.horizon + 1), self.cumulative)

    def ages(self, share: ArrayLike) -> FloatArray:
        """The inverse of `share`: the age in days by which a share in [0, 1] of the buyers has ripened."""
        wanted = gate.vector("share", np.atleast_1d(np.asarray(share)), low=0.0, high=1.0)
        return np.interp(wanted, self.cumulative, np.arange(self.horizon + 1))

    @cached_property
    def windows(self) -> IntArray:
        """For each whole age, the shortest stretch of days from then that holds half of what is still to ripen.

        Returns
        -------
        ndarray, shape (horizon + 1, 2)
            First and last day, counted from that age; (0, 0) where nothing is left. Of equally short stretches the
            earliest is taken, so for the even year it is "from now until the middle of what remains".
        """
        windows = np.zeros((self.horizon + 1, 2), dtype=np.int64)
        grid = np.arange(self.horizon + 1.0)
        for age in range(self.horizon + 1):
            before = self.cumulative[age:]
            half = (1 - before[0]) / 2
            starts = np.nonzero(before + half <= 1)[0] if half > 0 else grid[:0]
            if not len(starts):
                continue
            ends = np.interp(before[starts] + half, self.cumulative, grid) - age
            shortest = int(np.argmin(np.round(ends - starts, 6)))
            windows[age] = starts[shortest], np.ceil(ends[shortest] - 1e-9)
        return windows


class Curves:
    """Several curves over the same horizon, side by side, for looking up a whole set of leads at once.

    Parameters
    ----------
    curves : sequence of Curve
        A lead's curve is then named by its key or by its position here.

    Examples
    --------
    >>> even = Curve.through("even", days=[0, 365], share=[0, 1])
    >>> early = Curve.early("early", share=0.5, mean_days=20, rest=even)
    >>> kinds = Curves([even, early])
    >>> kinds.share(kinds.codes(["even", "early"], n=2), 30.0).round(3).tolist()
    [0.082, 0.43]
    """

    def __init__(self, curves: Sequence[Curve]) -> None:
        if not curves or len({curve.horizon for curve in curves}) > 1:
            raise InputError("curves", "at least one is needed, and all over the same horizon")
        self.keys = tuple(curve.key for curve in curves)
        if len(set(self.keys)) < len(self.keys):
            raise InputError("curves", "two have the same key")
        self.all = tuple(curves)
        self.horizon = curves[0].horizon
        self.shape_sd = np.array([curve.shape_sd for curve in curves])
        # One day of padding, so that the look-up of the horizon itself has a right neighbour.
        self._table = np.array([np.append(curve.cumulative, 1.0) for curve in curves])

    def __getitem__(self, key: str) -> Curve:
        """The curve with this key."""
        return self.all[int(gate.codes("curve", key, keys=self.keys)[0])]

    def codes(self, curve: str | ArrayLike, *, n: int) -> IntArray:
        """Positions for n leads, from keys or positions; one key serves all."""
        return gate.codes("curve", curve, keys=self.keys, n=n)

    def share(self, codes: IntArray, days: FloatArray | float) -> FloatArray:
        """F of each lead's curve at each lead's age in days; both already through the gate."""
        ages = np.minimum(days, float(self.horizon))
        whole = np.asarray(ages).astype(np.int64)
        lower = self._table[codes, whole]
        result: FloatArray = lower + (self._table[codes, whole + 1] - lower) * (ages - whole)
        return result

    def window(self, codes: IntArray, days: FloatArray) -> IntArray:
        """First and last day from now of each lead's likely window, shape (n, 2); see `Curve.windows`."""
        found: IntArray = self._windows[codes, np.minimum(days, self.horizon).astype(np.int64)]
        return found

    @cached_property
    def _windows(self) -> IntArray:
        return np.stack([curve.windows for curve in self.all])
