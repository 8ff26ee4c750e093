"""Simulators of the truth: episodes whose law is known, so that tests and benchmarks can ask whether a fit finds it.

Unlike `market`, which plays a whole company for the plans of follow-up, this is the bare model: who ripens, when, and
what of it is seen. All chance comes from the generator given, so the same seed gives the same truth.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from ripeline.science import gate
from ripeline.science.errors import InputError
from ripeline.science.gate import FloatArray
from ripeline.science.outcomes import HORIZON, Observed, observe

Pace = Callable[[FloatArray], FloatArray]
"""When buyers ripen: for shares in [0, 1) the age in days by which that share of them has ripened."""

EARLY_SHARE, EARLY_MEAN_DAYS = 0.665, 12.0
"""Of `front_loaded`: set so that of the wins within 300 days 68 % come in the first 30, as on a public record."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Truth:
    """Episodes and all that will become of them; every array has shape (n,) unless said otherwise, in days.

    Attributes
    ----------
    start : ndarray
        When each began.
    ripe_at : ndarray
        When it ripens, whether anybody looks or not; NaN if never.
    never_at : ndarray
        When it is let go for good; NaN if it is not.
    entry_at : ndarray
        When it comes under observation; `start` unless captured late.
    design : ndarray, shape (n, p)
    log_odds : ndarray
        η, of ever ripening.
    """

    start: FloatArray
    ripe_at: FloatArray
    never_at: FloatArray
    entry_at: FloatArray
    design: FloatArray
    log_odds: FloatArray

    def __len__(self) -> int:
        return len(self.start)

    @property
    def p_ever(self) -> FloatArray:
        """P(ever ripens) of each."""
        result: FloatArray = expit(self.log_odds)
        return result

    def seen(self, as_of: float, *, horizon: float = HORIZON) -> Observed:
        """What is known of them on a day; see `outcomes.observe`."""
        return observe(
            self.start,
            ripe_at=self.ripe_at,
            never_at=self.never_at,
            entry_at=self.entry_at,
            as_of=as_of,
            horizon=horizon,
        )

    def ripe_between(self, since: float, until: float) -> int:
        """How many of those that began before the first day ripen after it, up to the second."""
        return int(((self.start < since) & (self.ripe_at > since) & (self.ripe_at <= until)).sum())


def even_year(share: FloatArray) -> FloatArray:
    """The Rule of 45's pace: every day of the year alike.

    Examples
    --------
    >>> even_year(np.array([0.0, 0.5])).tolist()
    [0.0, 182.5]
    """
    return share * HORIZON


def front_loaded(share: FloatArray) -> FloatArray:
    """The pace of a public record of leads: a rush in the first weeks, then the even year.

    Examples
    --------
    >>> ages = front_loaded((np.arange(10_000) + 0.5) / 10_000)
    >>> round(float((ages <= 30).sum() / (ages <= 300).sum()), 2)
    0.68
    """
    grid = np.linspace(0.0, HORIZON, 3651)
    early = np.expm1(-grid / EARLY_MEAN_DAYS) / np.expm1(-HORIZON / EARLY_MEAN_DAYS)
    return np.interp(share, EARLY_SHARE * early + (1 - EARLY_SHARE) * grid / HORIZON, grid)


def weibull(power: float, scale: float) -> Pace:
    """Weibull's pace, H = (t / scale)^power: falling for a power below 1, rising above.

    Examples
    --------
    >>> pace = weibull(2.0, 100.0)
    >>> pace(np.array([1 - np.exp(-1.0)])).round(6).tolist()
    [100.0]
    """
    kappa = gate.number("power", power, low=1e-3, high=1e3)
    tau = gate.number("scale", scale, low=1e-6)
    return lambda share: tau * (-np.log1p(-share)) ** (1.0 / kappa)


def stepped(cuts: ArrayLike, rates: ArrayLike) -> Pace:
    """A hazard that is constant from each cut to the next; the last rate goes on for ever.

    Parameters
    ----------
    cuts : array_like, shape (m,)
        Days, rising from 0: where each rate begins.
    rates : array_like, shape (m,)
        Hazard a day, above 0.

    Raises
    ------
    InputError
        Cuts that do not rise from 0; a rate of 0.

    Examples
    --------
    Nobody to speak of for three weeks, then one in ten a day:

    >>> pace = stepped([0, 21], [1e-6, 0.1])
    >>> pace(np.array([1 - np.exp(-1.0)])).round(2).tolist()
    [31.0]
    """
    starts = gate.vector("cuts", cuts, low=0.0)
    hazard = gate.vector("rates", rates, n=len(starts), low=1e-12)
    if not len(starts) or starts[0] != 0 or np.any(np.diff(starts) <= 0):
        raise InputError("cuts", "must rise from 0")
    reached = np.append(0.0, np.cumsum(hazard[:-1] * np.diff(starts)))

    def pace(share: FloatArray) -> FloatArray:
        wanted = -np.log1p(-share)
        place = np.searchsorted(reached, wanted, side="right") - 1
        age: FloatArray = starts[place] + (wanted - reached[place]) / hazard[place]
        return age

    return pace


def simulate(
    n: int,
    *,
    rng: np.random.Generator,
    log_odds: float,
    pace: Pace = even_year,
    effects: ArrayLike = (),
    pace_effects: ArrayLike = (),
    arriving: float = 180.0,
    lost_share: float = 0.0,
    late_share: float = 0.0,
    late_by: float = 90.0,
) -> Truth:
    """Episodes under a known law.

    Parameters
    ----------
    n : int
    rng : numpy.random.Generator
    log_odds : float
        The average lead's, of ever ripening.
    pace : callable
        `even_year`, `front_loaded`, `weibull(…)`, `stepped(…)`, or one's own.
    effects : array_like, shape (p,)
        What one unit of each column of the design (standard normal) does to the log-odds.
    pace_effects : array_like, shape (p,), optional
        What it does to the log hazard of those who will ripen.
    arriving : float
        Days over which they begin, evenly.
    lost_share : float
        Of those who never ripen, the share that is let go for good, some day of its year.
    late_share : float
        Of all, the share that is captured late.
    late_by : float
        Up to so many days after it began, evenly.

    Returns
    -------
    Truth

    Raises
    ------
    InputError, NotFiniteError
        Shares outside [0, 1], effects of different lengths.

    Examples
    --------
    >>> truth = simulate(20_000, rng=np.random.default_rng(1), log_odds=0.0, arriving=100.0)
    >>> round(float(np.isfinite(truth.ripe_at).mean()), 2), truth.seen(as_of=50.0).future > 9000
    (0.5, True)
    """
    who = gate.vector("effects", effects)
    when = gate.vector("pace_effects", pace_effects) if np.size(pace_effects) else np.zeros(len(who))
    if len(when) != len(who):
        raise InputError("pace_effects", f"expected {len(who)} values, got {len(when)}")
    lost = gate.number("lost_share", lost_share, low=0.0, high=1.0)
    late = gate.number("late_share", late_share, low=0.0, high=1.0)
    design = rng.normal(size=(int(n), len(who)))
    eta = log_odds + design @ who
    start = rng.random(n) * gate.number("arriving", arriving, low=0.0)
    will = rng.random(n) < expit(eta)
    share = -np.expm1(np.log1p(-rng.random(n)) * np.exp(-(design @ when)))
    ripe = np.where(will, start + pace(share), np.nan)
    dropped = ~will & (rng.random(n) < lost)
    never = np.where(dropped, start + rng.random(n) * HORIZON, np.nan)
    entry = np.where(rng.random(n) < late, start + rng.random(n) * late_by, start)
    return Truth(start=start, ripe_at=ripe, never_at=never, entry_at=entry, design=design, log_odds=eta)
