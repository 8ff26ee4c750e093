"""The market that a simulation runs in: leads, their fate and luck, and the minutes that sellers have."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ripeline.science import draws
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.journeys import Events, events
from ripeline.science.market import MONTH, Market, simulate
from ripeline.science.market_law import Law

AFTER = 60
"""Days past the horizon of the last lead for which one goes on: windows that close late."""

SITTING = 30.0
"""Minutes that are worth sitting down for; fewer are saved up for a later day."""

WORKING_DAYS = 5
"""Of a week, from Monday."""


@dataclass(frozen=True, eq=False, kw_only=True)
class World:
    """What is the same for every policy. Only the engine, and a clairvoyant, may look at it.

    Attributes
    ----------
    market : Market
    events : Events
    seed : int
        Of the luck of each day.
    days : int
        How long the simulation runs; leads come during the first part.
    reps : int
        Leads go to them in turn.
    minutes : ndarray, shape (days,)
        Of each rep, on each day; 0 on days off.
    """

    market: Market
    events: Events
    seed: int
    days: int
    reps: int
    minutes: FloatArray

    @classmethod
    def make(
        cls, law: Law, *, seed: int, months: float, leads_per_month: float, reps: int, minutes_per_day: float
    ) -> Self:
        """A world in which each rep has so many minutes a day.

        The same seed gives the same leads and luck, however many reps and minutes there are.
        """
        people, doings = np.random.default_rng(seed).spawn(2)
        market = simulate(law, days=months * MONTH, rng=people, leads_per_month=leads_per_month)
        days = int(np.ceil(months * MONTH)) + law.horizon + AFTER
        minutes = np.where(np.arange(days) % 7 < WORKING_DAYS, minutes_per_day, 0.0)
        return cls(
            market=market, events=events(market, doings, until=days), seed=seed, days=days, reps=reps, minutes=minutes
        )

    @classmethod
    def at_tightness(
        cls, law: Law, *, seed: int, months: float, leads_per_month: float, reps: int, tightness: float
    ) -> Self:
        """A world with the minutes for a share of the open leads each week, whoever follows them up.

        Open are here the leads of the past year, as they are where nobody follows up; who does has fewer.
        """
        world = cls.make(law, seed=seed, months=months, leads_per_month=leads_per_month, reps=reps, minutes_per_day=1.0)
        minutes = world.minutes * tightness * world.open_leads() * law.minutes_per_attempt / WORKING_DAYS / reps
        return cls(market=world.market, events=world.events, seed=seed, days=world.days, reps=reps, minutes=minutes)

    @property
    def rep(self) -> IntArray:
        """Whose each lead is."""
        return np.arange(len(self.market.arrivals.day)) % self.reps

    def open_leads(self) -> FloatArray:
        """How many leads have come within a year of each day: those that are open where nobody follows up."""
        came, day = self.market.arrivals.day, np.arange(self.days)
        within = np.searchsorted(came, day) - np.searchsorted(came, day - self.market.law.horizon)
        return within.astype(np.float64)

    def tightness(self) -> float:
        """The minutes, as the share of open leads that they would do to contact each week, while leads come."""
        coming = np.arange(self.days) < self.market.arrivals.day.max(initial=0.0)
        a_week = self.minutes[coming].sum() * self.reps / max(coming.sum(), 1) * 7
        of = self.open_leads()[coming].mean() if coming.any() else 0.0
        return float(a_week / max(of * self.market.law.minutes_per_attempt, 1e-9))

    def answers(self, lead: IntArray, day: IntArray | int, age: FloatArray) -> BoolArray:
        """Whether an attempt on that day, at that age of the lead, reaches the person: each day has its luck."""
        luck = draws.uniform(self.seed, "reach", lead, day)
        result: BoolArray = (luck < self.market.law.p_reach(age)) & ~self.market.fate.unreachable[lead]
        return result

    def called_at(self, lead: IntArray, day: IntArray | int, minutes: FloatArray | float) -> FloatArray:
        """When an attempt is made that stands so many minutes down the day's list, in days since the market opened.

        Who has only just come is called back at once.
        """
        law = self.market.law
        begin = day + law.from_hour / 24
        soonest = self.market.arrivals.day[lead] + law.respond_minutes / 1440
        return np.maximum(np.where(soonest > begin, begin, begin + minutes / 1440), soonest)

    def known_by(self, day: int) -> int:
        """How many leads have come in time to be called on that day."""
        law = self.market.law
        return int(np.searchsorted(self.market.arrivals.day, day + (law.to_hour - law.respond_minutes / 60) / 24))


def _sittings(minutes: FloatArray) -> FloatArray:
    """The same minutes, in sittings of a useful length."""
    saved, found = 0.0, np.zeros(len(minutes))
    for day in np.flatnonzero(minutes > 0).tolist():
        saved += minutes[day]
        if saved >= SITTING:
            found[day], saved = saved, 0.0
    return found
