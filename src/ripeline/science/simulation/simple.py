"""The rivals: ways of following up that people use, each as good as its rule allows."""

from dataclasses import dataclass, field

import numpy as np

from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.simulation.seen import Seen

PEACE_DAYS = 7.0
"""Nobody who was spoken to is called again within a week, by any policy."""


@dataclass(frozen=True, kw_only=True)
class Shoebox:
    """Give each lead a few tries in its first month, in the order in which they came; then it is in the shoebox."""

    name: str = "shoebox"
    proposes_early: bool = False
    waits_days: float = 1.75  # the median firm answers in 42 hours (Oldroyd, HBR 2011)
    tries: int = 4
    pause_days: float = 4.0
    gives_up_days: float = 30.0

    def choose(self, seen: Seen) -> IntArray:
        age = seen.now - seen.arrived
        wanted = seen.is_open & (age >= self.waits_days) & (age <= self.gives_up_days) & (seen.attempts < self.tries)
        return np.flatnonzero(wanted & _rested(seen, self.pause_days))


@dataclass(frozen=True, kw_only=True)
class CallEveryone:
    """Call whoever was called the longest ago, without end."""

    name: str = "call-everyone"
    proposes_early: bool = False
    pause_days: float = 2.0

    def choose(self, seen: Seen) -> IntArray:
        wanted = np.flatnonzero(_rested(seen, self.pause_days))
        since = np.where(seen.attempts > 0, seen.last_attempt, seen.arrived)
        return wanted[np.argsort(since[wanted], kind="stable")]


@dataclass(frozen=True, kw_only=True)
class NewestFirst:
    """Speed to lead and nothing else: the newest lead first."""

    name: str = "newest-first"
    proposes_early: bool = False
    pause_days: float = 2.0

    def choose(self, seen: Seen) -> IntArray:
        return np.flatnonzero(_rested(seen, self.pause_days))[::-1]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What a points score is made of: chosen on a grid, see `tuning`.

    Attributes
    ----------
    half_life_days : float
        Of points for what a lead does.
    doing : float
        How much those points count, beside those for the source.
    pause_days : float
        Between attempts on one lead; after a conversation a week at least.
    waiting : float
        Points for each week since the last attempt: so that nobody waits for ever.
    """

    half_life_days: float = 30.0
    doing: float = 1.0
    pause_days: float = 7.0
    waiting: float = 0.0


# What every vendor's table looks like: points for where one comes from and for what one does.
_SOURCE = {
    "quote_request": 50, "demo_request": 50, "inbound_call": 40, "contact_form": 40, "trial": 40, "referral": 35,
    "partner": 25, "course": 20, "webinar": 20, "trade_show": 20, "direct": 15, "organic_search": 15, "paid_search": 15,
    "email": 10, "content_download": 10, "social": 5, "display": 5, "purchased_list": 0, "other": 10,
}  # fmt: skip
_FACT = {"title_owner": 15, "title_c_level": 15, "title_director": 10, "title_student": -30, "free_mail": -10,
         "phone": 10, "company": 5, "message": 15}  # fmt: skip
_DOING = {"visit": 5.0, "download": 10.0, "reply": 25.0}


@dataclass(kw_only=True)
class Points:
    """A points score as marketing suites have it: for source, facts and doings that fade; the highest first."""

    weights: Weights = field(default_factory=Weights)
    name: str = "points"
    proposes_early: bool = False

    def __post_init__(self) -> None:
        self._done, self._as_of = np.zeros(0), 0.0

    def choose(self, seen: Seen) -> IntArray:
        weights = self.weights
        self._add(seen)
        source = np.array([_SOURCE.get(key, 10) for key in seen.source_types], dtype=np.float64)[seen.source_type]
        facts = np.zeros(len(source))
        for key, has in seen.facts.items():
            facts += _FACT.get(key, 0) * has
        since = seen.now - np.where(seen.attempts > 0, seen.last_attempt, seen.arrived)
        score = source + facts + weights.doing * self._done + weights.waiting * since / 7
        wanted = np.flatnonzero(_rested(seen, weights.pause_days))
        return wanted[np.lexsort((-seen.arrived[wanted], -score[wanted]))]

    def _add(self, seen: Seen) -> None:
        """Fade the points for doings, and add the new ones."""
        self._done = self._done * 0.5 ** ((seen.now - self._as_of) / self.weights.half_life_days)
        self._done = np.append(self._done, np.zeros(len(seen.arrived) - len(self._done)))
        self._as_of = seen.now
        signs = seen.signs
        worth = np.array([_DOING[kind] for kind in seen.kinds])[signs.kind]
        worth = worth * 0.5 ** ((seen.now - signs.day) / self.weights.half_life_days)
        np.add.at(self._done, signs.lead, worth)


@dataclass(frozen=True, kw_only=True)
class Steady:
    """The reference follow-up: on set days after arrival and then at a steady pace, until a lead is given up.

    Who was just spoken to is left in peace for a week; the next of the days then comes later.
    """

    plan: FloatArray
    name: str = "steady"
    proposes_early: bool = False

    def choose(self, seen: Seen) -> IntArray:
        nth = np.append(self.plan, np.inf)[np.minimum(seen.attempts, len(self.plan))]
        return np.flatnonzero(_rested(seen, 0.0) & (seen.now - seen.arrived >= nth))


def _rested(seen: Seen, pause_days: float) -> BoolArray:
    """Open, not tried for so long, and in peace since the last conversation."""
    rested: BoolArray = (
        seen.is_open
        & (seen.now - seen.last_attempt >= pause_days)
        & (seen.now - seen.last_talk >= max(pause_days, PEACE_DAYS))
    )
    return rested
