"""The market of one company: the law with its own figures, its size, and the points score at its best in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from ripeline.science import gate
from ripeline.science.errors import InputError
from ripeline.science.gate import FloatArray
from ripeline.science.market import WON, follow_up, simulate, steady
from ripeline.science.market_law import DEFAULT_LAW, Law
from ripeline.science.simulation.engine import run
from ripeline.science.simulation.simple import Points, Weights
from ripeline.science.simulation.world import World

LEADS = 1_200
"""Of one simulated year, about: many enough for narrow intervals, few enough for some seconds."""

MOST_REPS = 60
"""Sellers of one simulated year at most: above it companies with very few leads each would take long."""

CANDIDATES = (
    Weights(),
    Weights(half_life_days=30.0, doing=3.0, pause_days=3.0, waiting=0.0),
    Weights(half_life_days=30.0, doing=3.0, pause_days=1.0, waiting=10.0),
    Weights(half_life_days=30.0, doing=1.0, pause_days=1.0, waiting=10.0),
)
"""Points as they are delivered, and as the whole grid chose them for little, middling and ample time (see `tuning`)."""

_SAMPLE, _STEPS = 6_000, 24  # leads by which a closing ratio is met, and halvings of the range it is looked for in


@dataclass(frozen=True, kw_only=True)
class Size:
    """A simulated year that has as many leads for each seller as the company: `leads` a month for `reps` of them."""

    leads_per_month: float
    reps: int

    @classmethod
    def of(cls, *, leads_per_month: float, reps: int) -> "Size":
        """About `LEADS` leads a year, more or fewer than the company has: what counts is the leads of each seller.

        Examples
        --------
        >>> Size.of(leads_per_month=1000.0, reps=50)
        Size(leads_per_month=100.0, reps=5)
        >>> Size.of(leads_per_month=20.0, reps=1)
        Size(leads_per_month=100.0, reps=5)
        """
        each = gate.number("leads_per_month", leads_per_month, low=1e-9) / reps
        simulated = int(np.clip(np.round(LEADS / (12 * each)), 1, MOST_REPS))
        return cls(leads_per_month=each * simulated, reps=simulated)


def law_of(*, mix: Mapping[str, float], buys: float, closing: float, law: Law = DEFAULT_LAW) -> Law:
    """The law of a company's own market; everything that is not given stays as it is.

    Parameters
    ----------
    mix : mapping of str to float
        How many leads come by each kind of source; any scale. Kinds that the law does not know are refused.
    buys : float
        The share that ever buys from anyone, on average; kinds of source keep their distance in log-odds.
    closing : float
        Of the leads that buy, the share that buys from us where everybody is followed up steadily.

    Raises
    ------
    InputError
        Nothing in the mix, an unknown kind, shares outside 0 to 1.

    Examples
    --------
    >>> law = law_of(mix={"trade_show": 3, "referral": 1}, buys=0.3, closing=0.25)
    >>> float((law.source_share @ law.p_buys).round(3))
    0.3
    """
    unknown = sorted(set(mix) - set(law.source_types))
    weights = gate.vector("mix", [mix.get(kind, 0.0) for kind in law.source_types], low=0.0)
    if unknown or not weights.sum():
        raise InputError("mix", f"unknown kinds of source: {', '.join(unknown)}" if unknown else "it is empty")
    share = weights / weights.sum()
    level = gate.number("buys", buys, low=0.001, high=0.999)
    p_buys = _shifted(law.p_buys, lambda p: float(share @ p), level)
    own = replace(law, source_share=share, p_buys=p_buys)
    return _closing(own, gate.number("closing", closing, low=0.001, high=0.75))


def mean_buys(mix: Mapping[str, float], law: Law = DEFAULT_LAW) -> float:
    """The share of a mix that ever buys by the law itself: the Rule of 45 for these kinds of source."""
    weights = np.array([mix.get(kind, 0.0) for kind in law.source_types])
    return float(weights @ law.p_buys / weights.sum()) if weights.sum() else float(law.source_share @ law.p_buys)


def tuned(worlds: Sequence[World]) -> Weights:
    """Of the `CANDIDATES` the one that wins most on the given worlds; of equals the first."""
    wins = [sum(int(np.sum(run(w, Points(weights=each)).outcome == WON)) for w in worlds) for each in CANDIDATES]
    return CANDIDATES[int(np.argmax(wins))]


def _shifted(p: FloatArray, mean: Callable[[FloatArray], float], wanted: float) -> FloatArray:
    """Probabilities moved together in log-odds until `mean` of them is as wanted."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        moved = expit(logit(p) + middle)
        low, high = (middle, high) if mean(moved) < wanted else (low, middle)
    result: FloatArray = np.clip(expit(logit(p) + (low + high) / 2), 1e-6, 1 - 1e-6)
    return result


def _closing(law: Law, wanted: float) -> Law:
    """The law whose buyers, all followed up steadily, buy from us as often as wanted.

    Both ends of the closing chance move together in log-odds; what it comes to is read off a year of many leads.
    """
    market = simulate(law, days=365, rng=np.random.default_rng(45), leads_per_month=_SAMPLE / 12)
    plan = steady(law, until_days=law.horizon + 60)[: law.attempts]
    ends = logit(np.array([law.close_first, law.close_later]))
    low, high = -8.0, 8.0
    own = law
    for _ in range(_STEPS):
        middle = (low + high) / 2
        first, later = expit(ends + middle).tolist()
        own = replace(law, close_first=first, close_later=later)
        found = follow_up(replace(market, law=own), plan)
        ratio = float(np.sum(found.outcome == WON)) / max(float(market.fate.will_buy.sum()), 1.0)
        low, high = (middle, high) if ratio < wanted else (low, middle)
    return own
