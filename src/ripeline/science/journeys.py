"""What leads do meanwhile that a company can see: visits, downloads and replies on their way through the buying stages.

A buyer rests, takes an interest, compares (consideration) and, once ripe, decides; then it rests again. Some of those
who will never buy look into it once, too. In each stage a person who can be seen does things at the rates of the law;
machines behind mail gateways click besides, and look like visits.
"""

from dataclasses import dataclass

import numpy as np

from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.market import MONTH, Market
from ripeline.science.market_law import JourneyLaw

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
    stage : ndarray of int
        Position in `law.journey.stages` of the stage they were in then; of what machines do, resting.
    """

    lead: IntArray
    day: FloatArray
    kind: IntArray
    stage: IntArray

    def between(self, begin: float, end: float) -> "Events":
        """Those of a stretch of days, the end excluded."""
        first, last = np.searchsorted(self.day, [begin, end])
        part = slice(first, last)
        return Events(lead=self.lead[part], day=self.day[part], kind=self.kind[part], stage=self.stage[part])

    def pages(self, law: JourneyLaw, rng: np.random.Generator) -> IntArray:
        """What is looked at on each visit, shape (m,): position in `law.pages`; of what is no visit, 0."""
        ends = np.cumsum(law.page_share, axis=1)[self.stage, :-1]
        looked: IntArray = (rng.random(len(self.day))[:, None] >= ends).sum(axis=1)
        return np.where(self.kind == law.kinds.index("visit"), looked, 0)


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
    found: list[tuple[IntArray, FloatArray, IntArray, int]] = []
    for kind, name in enumerate(law.kinds):
        rate = law.per_month[stages.stage, kind] / MONTH
        mean = length * rate
        if name != "reply":
            mean = mean * watched[:, None]
        lead, age, stretch = _at(stages.begins, length, rng.poisson(mean), rng)
        found.append((lead, age, stages.stage[stretch], kind))
    gateway = (rng.random(n) < law.bot_share) * law.bot_per_month / MONTH
    whole = np.column_stack([np.zeros(n), np.full(n, max(until, 1.0))])
    machine = rng.poisson(np.diff(whole, axis=1) * gateway[:, None])
    lead, age, _ = _at(whole, np.diff(whole, axis=1), machine, rng)
    found.append((lead, age, np.full(len(lead), RESTING), 0))
    lead = np.concatenate([part[0] for part in found])
    day = arrived[lead] + np.concatenate([part[1] for part in found])
    kind_of = np.concatenate([np.full(len(part[0]), part[3]) for part in found])
    stage = np.concatenate([part[2] for part in found])
    order = np.argsort(day, kind="stable")
    order = order[day[order] < until]
    return Events(lead=lead[order], day=day[order], kind=kind_of[order].astype(np.int64), stage=stage[order])


def _at(
    begins: FloatArray, length: FloatArray, counts: IntArray, rng: np.random.Generator
) -> tuple[IntArray, FloatArray, IntArray]:
    """Leads and ages of so many things in each stretch, evenly at random within it; and which stretch."""
    lead, stretch = np.nonzero(counts)
    times = counts[lead, stretch]
    lead, stretch = np.repeat(lead, times), np.repeat(stretch, times)
    return lead, begins[lead, stretch] + length[lead, stretch] * rng.random(len(lead)), stretch
