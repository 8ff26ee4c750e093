"""Outcomes: for each episode of a lead when it began, whether and when it ripened, and until when it was watched.

An episode is *ripe* on a day, known *never* to ripen (let go for good), or still *open*: censored. For fitting, "ever"
means within the horizon: an episode that is open past it is never, and so is one that ripened later still (a zero tail,
without which incidence and latency cannot be told apart). An episode may come under observation late (`entry`): then
it counts only from that age on.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ripeline.science import gate
from ripeline.science.errors import InputError
from ripeline.science.gate import BoolArray, FloatArray

HORIZON = 365.0
"""Days within which "ever" is meant."""

OPEN, RIPE, NEVER = 0, 1, 2
"""What is known of an episode."""

SAME_DAY = 0.5
"""Days: dates without a time put an enquiry and its win on one day half a day apart, not at once. It is known then."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcomes:
    """What became of n episodes, as of a day; every array has shape (n,).

    Attributes
    ----------
    start : ndarray
        Day on which each began, on any scale whose unit is a day.
    entry : ndarray
        Age in days at which it came under observation; 0 unless it was captured late.
    time : ndarray
        Age in days when it ripened, was known never to, or was last looked at; above `entry`, at most the horizon.
    code : ndarray of int8
        `OPEN`, `RIPE` or `NEVER`.
    as_of : float
        The day up to which this is known, on the scale of `start`.
    horizon : float
        Days within which "ever" is meant.
    """

    start: FloatArray
    entry: FloatArray
    time: FloatArray
    code: NDArray[np.int8]
    as_of: float
    horizon: float = HORIZON

    def __len__(self) -> int:
        return len(self.time)

    @property
    def events(self) -> int:
        """How many ripened."""
        return int((self.code == RIPE).sum())

    def until(self, day: float) -> "Outcomes":
        """What was known of them on an earlier day; those not begun by then have age 0 and are open."""
        age = np.maximum(day - self.start, 0.0)
        time = np.minimum(self.time, age)
        settled = self.time <= age
        code = np.where(settled, self.code, OPEN).astype(np.int8)
        return replace(self, entry=np.minimum(self.entry, time), time=time, code=code, as_of=float(day))

    def since(self, day: float) -> "Outcomes":
        """The same seen from a day on only: what happened before it is taken as given."""
        entry = np.maximum(self.entry, day - self.start)
        return replace(self, entry=np.minimum(entry, self.time)).take(self.time > entry)

    def take(self, rows: BoolArray | NDArray[np.intp]) -> "Outcomes":
        """Some of the episodes."""
        parts = {name: getattr(self, name)[rows] for name in ("start", "entry", "time", "code")}
        return replace(self, **parts)


@dataclass(frozen=True, eq=False, kw_only=True)
class Observed:
    """The outcomes of those episodes that tell something, and which of the rows given they are.

    Attributes
    ----------
    outcomes : Outcomes
        Of the m ≤ n rows that are kept.
    kept : ndarray of bool, shape (n,)
        Which they are.
    future, before : int
        Rows left out: begun after the day looked at; ripe before they began (won before captured).
    """

    outcomes: Outcomes
    kept: BoolArray
    future: int
    before: int


def observe(
    start: ArrayLike,
    *,
    ripe_at: ArrayLike,
    never_at: ArrayLike | None = None,
    as_of: float,
    entry_at: ArrayLike | None = None,
    horizon: float = HORIZON,
) -> Observed:
    """What is known of n episodes as of a day, from the days on which things happened.

    Nothing after `as_of` has any effect, so the same record looked at from an earlier day gives what was known then.

    Parameters
    ----------
    start : array_like, shape (n,)
        Day on which each episode began.
    ripe_at, never_at : array_like, shape (n,)
        Day on which it ripened, or was let go for good; NaN where it did not. Of both the earlier counts.
    as_of : float
        The last day looked at.
    entry_at : array_like, shape (n,), optional
        Day on which it came under observation, where that is later than its start.
    horizon : float
        Days within which "ever" is meant.

    Returns
    -------
    Observed

    Raises
    ------
    InputError, NotFiniteError
        Lengths that differ; a start that is not a day.

    Examples
    --------
    Ripe on day 40, open for 100 days, open past the horizon, won before it came, begun in the future:

    >>> nan = float("nan")
    >>> seen = observe([0, 0, -400, 10, 200], ripe_at=[40, nan, nan, 5, nan], as_of=100)
    >>> seen.outcomes.time.tolist(), seen.outcomes.code.tolist()
    ([40.0, 100.0, 365.0], [1, 0, 2])
    >>> seen.before, seen.future
    (1, 1)
    """
    begun = gate.vector("start", start)
    n = len(begun)
    ripe = gate.optional("ripe_at", ripe_at, n=n) - begun
    never = gate.optional("never_at", np.nan if never_at is None else never_at, n=n) - begun
    entry = np.zeros(n) if entry_at is None else np.maximum(gate.optional("entry_at", entry_at, n=n) - begun, 0.0)
    entry = np.nan_to_num(entry, nan=0.0)
    span = gate.number("horizon", horizon, low=1.0, high=36500.0)
    seen = gate.number("as_of", as_of) - begun

    with np.errstate(invalid="ignore"):
        before = (ripe < 0) & (ripe <= seen)
        future = seen < 0
        let_go = never < np.nan_to_num(ripe, nan=np.inf)
        ripe = np.where(ripe == 0.0, SAME_DAY, ripe)
        is_ripe = (ripe <= seen) & (ripe <= span) & ~let_go
        past = np.minimum(seen, np.nan_to_num(ripe, nan=np.inf)) >= span
        is_never = ~is_ripe & ((let_go & (never <= seen)) | past)
    time = np.where(is_ripe, ripe, np.where(is_never, np.fmin(never, span), np.minimum(seen, span)))
    time = np.clip(time, 0.0, span)
    code = np.where(is_ripe, RIPE, np.where(is_never, NEVER, OPEN)).astype(np.int8)
    kept = ~future & ~before & ((time > entry) | (entry == 0.0))
    outcomes = Outcomes(
        start=begun[kept], entry=entry[kept], time=time[kept], code=code[kept], as_of=float(as_of), horizon=span
    )
    return Observed(outcomes=outcomes, kept=kept, future=int(future.sum()), before=int((before & ~future).sum()))


def known(label: ArrayLike) -> Outcomes:
    """Outcomes that are all decided, without dates: 1 ripened, 0 never will.

    Raises
    ------
    InputError
        Values other than 0 and 1.

    Examples
    --------
    >>> decided = known([1, 0, 0])
    >>> decided.code.tolist(), decided.events
    ([1, 2, 2], 1)
    """
    ripe = gate.vector("label", label)
    if not np.isin(ripe, (0.0, 1.0)).all():
        raise InputError("label", "must be 0 or 1")
    zero = np.zeros(len(ripe))
    code = np.where(ripe == 1.0, RIPE, NEVER).astype(np.int8)
    return Outcomes(start=zero, entry=zero, time=zero + SAME_DAY, code=code, as_of=HORIZON)
