"""What leads do meanwhile that a company can see: visits, downloads and replies on their way through the buying stages.

A buyer rests, takes an interest, compares (consideration) and, once ripe, decides; then it rests again. Some of those
who will never buy look into it once, too. In each stage a person who can be seen does things at the rates of the law;
machines behind mail gateways click besides, and look like visits.
"""

from dataclasses import dataclass

import numpy as np

from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.market import MONTH, Market

RESTING, INTEREST, CONSIDERATION, DECISION = 0, 1, 2, 3


@dataclass(frozen=True, eq=False, kw_only=True)
class Events:
    """What was seen, in order of time; every array has shape (m,).

    Attributes
    ----------
    lead : ndarray of int
        Position in the market's arrivals.
    day : ndarray
        Days since the market opened.
    kind : ndarray of int
        Position in `law.journey.kinds`.
    """

    lead: IntArray
    day: FloatArray
    kind: IntArray

    def between(self, begin: float, end: float) -> "Events":
        """Those of a stretch of days, the end excluded."""
        first, last = np.searchsorted(self.day, [begin, end])
        return Events(lead=self.lead[first:last], day=self.day[first:last], kind=self.kind[first:last])


@dataclass(frozen=True, eq=False, kw_only=True)
class Stretches:
    """Which stage each lead is in from which age on; the first is from the day it came.

    Attributes
    ----------
    begins : ndarray, shape (n, m + 1)
        Ages at which the stretches begin, and the last one ends; never falling.
    stage : ndarray of int, shape (m,)
        Position in `law.journey.stages`.
    """

    begins: FloatArray
    stage: IntArray


def stretches(market: Market, rng: np.random.Generator, *, until: float) -> Stretches:
    """The stages of each lead, up to an age.

    Parameters
    ----------
    market : Market
    rng : numpy.random.Generator
        The only source of chance.
    until : float
        Age in days at which the last stretch ends.

    Returns
    -------
    Stretches

    Examples
    --------
    >>> from ripeline.science.market import simulate
    >>> market = simulate(days=365, rng=np.random.default_rng(1))
    >>> stages = stretches(market, np.random.default_rng(2), until=500)
    >>> decision = stages.begins[:, DECISION]
    >>> bool(np.all(decision[market.fate.will_buy] == market.fate.ripe_after[market.fate.will_buy]))
    True
    """
    law, fate = market.law.journey, market.fate
    n = len(fate.will_buy)
    comparing, interested = (
        median * np.exp(law.sigma * rng.standard_normal(n))
        for median in (law.consideration_median, law.interest_median)
    )
    alarmed, at = rng.random(n) < law.false_alarm, market.law.horizon * rng.random(n)
    # A false alarm never comes to a decision.
    closes = fate.ripe_after + fate.window
    ends = np.where(fate.will_buy, closes, np.where(alarmed, at, until))
    ripe = np.where(fate.will_buy, fate.ripe_after, np.where(alarmed, at, until))
    compares, takes_interest = ripe - comparing, ripe - comparing - interested
    begins = np.column_stack([np.zeros(n), takes_interest, compares, ripe, ends, np.full(n, until)])
    never = ~fate.will_buy & ~alarmed
    begins[never, 1:-1] = until
    return Stretches(
        begins=np.clip(begins, 0.0, until),
        stage=np.array([RESTING, INTEREST, CONSIDERATION, DECISION, RESTING]),
    )


def events(market: Market, rng: np.random.Generator, *, until: float) -> Events:
    """What is seen of all leads of a market, up to a day.

    Parameters
    ----------
    market : Market
    rng : numpy.random.Generator
        The only source of chance.
    until : float
        Days since the market opened.

    Returns
    -------
    Events

    Examples
    --------
    The ripe are seen more often than the others, and not everybody who is seen is ripe:

    >>> from ripeline.science.market import simulate
    >>> market = simulate(days=365, rng=np.random.default_rng(1))
    >>> seen = events(market, np.random.default_rng(2), until=500)
    >>> age = seen.day - market.arrivals.day[seen.lead]
    >>> ripens, window = market.fate.ripe_after[seen.lead], market.fate.window[seen.lead]
    >>> ripe = (age >= ripens) & (age < ripens + window)
    >>> bool(0.1 < ripe.mean() < 0.6)
    True
    """
    law, arrived = market.law.journey, market.arrivals.day
    n = len(arrived)
    stages = stretches(market, rng, until=max(until, 1.0))
    watched = rng.random(n) < law.seen
    length = np.diff(stages.begins, axis=1)
    found: list[tuple[IntArray, FloatArray, int]] = []
    for kind, name in enumerate(law.kinds):
        rate = law.per_month[stages.stage, kind] / MONTH
        mean = length * rate
        if name != "reply":
            mean = mean * watched[:, None]
        found.append((*_at(stages.begins, length, rng.poisson(mean), rng), kind))
    gateway = (rng.random(n) < law.bot_share) * law.bot_per_month / MONTH
    whole = np.column_stack([np.zeros(n), np.full(n, max(until, 1.0))])
    machine = rng.poisson(np.diff(whole, axis=1) * gateway[:, None])
    found.append((*_at(whole, np.diff(whole, axis=1), machine, rng), 0))
    lead = np.concatenate([part[0] for part in found])
    day = arrived[lead] + np.concatenate([part[1] for part in found])
    kind_of = np.concatenate([np.full(len(part[0]), part[2]) for part in found])
    order = np.argsort(day, kind="stable")
    order = order[day[order] < until]
    return Events(lead=lead[order], day=day[order], kind=kind_of[order].astype(np.int64))


def _at(
    begins: FloatArray, length: FloatArray, counts: IntArray, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Leads and ages of so many things in each stretch, evenly at random within it."""
    lead, stretch = np.nonzero(counts)
    times = counts[lead, stretch]
    lead, stretch = np.repeat(lead, times), np.repeat(stretch, times)
    return lead, begins[lead, stretch] + length[lead, stretch] * rng.random(len(lead))
