"""Cohorts: of leads that came together, how many have ripened by each age, beside what was expected of them.

What happened is Kaplan and Meier's estimate with its band, so that leads which came lately count for as long as they
have been watched. Beside it stand three expectations: the model's, averaged over these very leads; the Rule of 45; and
the early rush that most people who sell take for granted. Pure: numpy in, figures out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ripeline.insight.expected import Expected, early_rush, rule_of_45
from ripeline.ripeness.episodes import Episodes
from ripeline.science.gate import BoolArray, FloatArray
from ripeline.science.kaplan_meier import KaplanMeier, kaplan_meier
from ripeline.science.outcomes import HORIZON, OPEN, RIPE

LEVEL = 0.9  # how likely a range is to hold the truth
FEW = 10  # of fewer leads no share is given
SOON = 31.0  # days: who was written down so soon after they came counts as watched from the start
LANDMARKS = (7, 14, 30, 60, 91, 182, 274, 365)  # ages at which one is asked for
GRID = np.arange(0.0, HORIZON + 1, 5.0)  # ages of the picture


@dataclass(frozen=True, kw_only=True)
class Point:
    """What is known and expected of a cohort by an age in days: shares of all who came; None where nobody is so old."""

    age: int
    watched: int  # how many have been watched at least so long, or ripened or were let go before
    share: float | None
    low: float | None
    high: float | None
    model: float
    rule: float
    rush: float


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Leads that came together. `at` is the point by which half of them can be judged; None while they are too few."""

    key: str
    label: str
    n: int
    ripe: int
    won: int
    at: Point | None
    before: int = 0  # customers already when they came: not among the n
    unwatched: int = 0  # brought in long after they came, and nobody said what became of them before: nor are these


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The picture of a cohort: shares at the ages of `GRID`; what happened ends where nobody was watched longer."""

    ages: list[float]
    share: list[float]
    low: list[float]
    high: list[float]
    model: list[float]
    rule: list[float]
    rush: list[float]


class Watched:
    """Episodes on their way to a cohort: how long each was watched, and what the estimate says.

    Those of whose first weeks nothing is known are left out and counted: one cannot say how many of them had ripened.
    """

    def __init__(self, episodes: Episodes) -> None:
        seen = episodes.observed()
        rows = seen.outcomes.entry <= SOON
        outcomes = seen.outcomes.take(rows)
        self.before = seen.before
        self.n = len(outcomes)
        self.unwatched = len(episodes) - self.n - self.before
        self.ripe: BoolArray = outcomes.code == RIPE
        self.won = int((~np.isnan(episodes.won_at[np.flatnonzero(seen.kept)[rows]]) & self.ripe).sum())
        had = np.minimum(episodes.as_of - outcomes.start, HORIZON)
        # Who was let go for good will not ripen, and is watched on as long as the others who came with them.
        self.follow_up: FloatArray = np.where(outcomes.code == OPEN, outcomes.time, np.maximum(had, outcomes.time))
        self.estimate: KaplanMeier | None = None
        if self.n:
            time = np.where(self.ripe, outcomes.time, self.follow_up)
            self.estimate = kaplan_meier(time, self.ripe, level=LEVEL)

    @property
    def longest(self) -> float:
        """The age of the oldest, at most a year."""
        return float(self.follow_up.max()) if self.n else 0.0

    @property
    def landmark(self) -> int | None:
        """The greatest age that at least half of them (and no fewer than a handful) have had the time to reach."""
        if self.n < FEW:
            return None
        reached = [age for age in LANDMARKS if (self.follow_up >= age).sum() >= max(self.n / 2, FEW / 2)]
        return reached[-1] if reached else None

    def shares(self, ages: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Ripened by these ages, with the range."""
        assert self.estimate is not None
        low, high = self.estimate.band(ages)
        share, top = 1 - self.estimate.at(ages), 1 - low
        none = share <= 0  # nobody has ripened: up to so many may, all the same
        reached = (self.follow_up[None, :] >= ages[:, None]).sum(axis=1) if none.any() else np.zeros(len(ages))
        limit = 1 - ((1 - LEVEL) / 2) ** (1 / np.maximum(reached, 1))
        return share, 1 - high, np.where(none & (ages > 0), limit, top)


def point(watched: Watched, expected: Expected, age: int) -> Point:
    """What is known and expected by one age."""
    at = np.array([float(age)])
    share = low = high = None
    if watched.n and watched.longest >= age:
        share, low, high = (float(part[0]) for part in watched.shares(at))
    return Point(
        age=age, watched=int((watched.follow_up >= age).sum()), share=share, low=low, high=high,
        model=float(expected.at(at)[0]), rule=float(rule_of_45(at)[0]), rush=float(early_rush(at)[0]),
    )  # fmt: skip


def cohort(key: str, label: str, watched: Watched, expected: Expected) -> Cohort:
    """A cohort in figures."""
    age = watched.landmark
    return Cohort(
        key=key, label=label, n=watched.n, ripe=int(watched.ripe.sum()), won=watched.won, before=watched.before,
        unwatched=watched.unwatched,
        at=None if age is None else point(watched, expected, age),
    )  # fmt: skip


def curve(watched: Watched, expected: Expected) -> Curve:
    """A cohort's picture."""
    seen = GRID[: int(np.searchsorted(GRID, watched.longest, side="right"))] if watched.n else GRID[:0]
    parts = watched.shares(seen) if len(seen) else (seen, seen, seen)
    share, low, high = (part.tolist() for part in parts)
    return Curve(
        ages=GRID.tolist(), share=share, low=low, high=high, model=expected.at(GRID).tolist(),
        rule=rule_of_45(GRID).tolist(), rush=early_rush(GRID).tolist(),
    )  # fmt: skip


def points(watched: Watched, expected: Expected, ages: Sequence[int] = LANDMARKS) -> list[Point]:
    """The rows of a cohort's table."""
    return [point(watched, expected, age) for age in ages]
