"""What the company truly won: what a simulated year is held against, counted as "Are they ripening?" counts leads."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ripeline.base import clock
from ripeline.ripeness.episodes import Episodes, episodes, moment
from ripeline.science.calibration import share_between
from ripeline.science.gate import BoolArray

YEAR = 365.0  # days that the simulation follows each lead, and over which a year's leads come
FEWEST = 30  # leads whose year is over, from which on their wins can be held against anything
LEVEL = 0.95  # as the ranges of the simulation


@dataclass(frozen=True, kw_only=True)
class Won:
    """Leads that came between two moments, how many were won, and of 100 with the range that luck alone allows.

    `imported`: of them, those that an import brought. `months`: that they have been watched, on average.
    """

    first: datetime
    last: datetime
    n: int
    won: int
    imported: int
    months: float

    @property
    def of_100(self) -> float:
        return 100 * self.won / self.n

    @property
    def between(self) -> tuple[float, float]:
        low, high = share_between([self.won], [self.n], level=LEVEL)
        return 100 * float(low[0]), 100 * float(high[0])


@dataclass(frozen=True, kw_only=True)
class Record:
    """The company's own record. None: nobody came then.

    `whole`: a year's leads, the latest of which each has had a year, won within it: the very thing that is simulated.
    `lately`: who came since, won so far.
    """

    whole: Won | None
    lately: Won | None

    @property
    def is_enough(self) -> bool:
        """Whether the simulation can be held against it."""
        return self.whole is not None and self.whole.n >= FEWEST


def record() -> Record:
    """What became of the leads of the last two years. One query, however many.

    Left out is whom nobody can hold against it: customers already when they came, old leads that we took up again, and
    a box of old cards that says nothing of what became of them before.
    """
    found = episodes(as_of=clock.now())
    counts = ~found.won_before_captured & ~found.taken_up & ~(found.watched_from > found.start)
    age = found.as_of - found.start
    return Record(
        whole=_won(found, counts & (age >= YEAR) & (age < 2 * YEAR)), lately=_won(found, counts & (age < YEAR))
    )


def _won(found: Episodes, rows: BoolArray) -> Won | None:
    part = found.take(rows)
    if not len(part):
        return None
    watched = np.minimum(part.as_of - part.start, YEAR)
    with np.errstate(invalid="ignore"):  # not won: NaN
        won = part.won_at - part.start <= YEAR
    brought = [key is not None for key in part.import_run.keys]
    return Won(
        first=moment(float(part.start.min())), last=moment(float(part.start.max())), n=len(part), won=int(won.sum()),
        imported=int(np.array(brought, dtype=bool)[part.import_run.codes].sum()),
        months=float(watched.mean()) * 12 / YEAR,
    )  # fmt: skip
