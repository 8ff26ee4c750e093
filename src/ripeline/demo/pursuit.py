"""When whom is contacted, and what it finds: habits of sellers against the market's law, for all leads at once.

Nothing here knows a database. Days are counted from the opening at local midnight, with the time of day as a fraction;
contacts are made until the day before `frontier`, and the first one planned from then on is what comes next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ripeline.demo.arriving import Inflow, cards
from ripeline.science import prior, terms
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.market import LOST, MISSED, OPEN, UNFIT, WON, FollowUp, follow_up
from ripeline.science.recheck import next_contact

CONTACTS = 40  # on one lead at most
HOT = ("quote_request", "demo_request", "contact_form", "inbound_call", "trial", "referral")
NO_ANSWER, REACHED, STILL_WORKING, GREEN_LATER, FOUND, TOO_LATE, SAYS_NO = range(7)
DISPOSITIONS = np.array(["no_answer", "reached", "still_working", "green_later"])
LONG = 40  # days: who is not to be contacted sooner is left to Keep in touch


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How somebody follows up.

    `hot_hours`, `cold_hours`: until those who asked for us, and the others, are first called, on average. `patience`:
    attempts in silence before Keep in touch takes over. `stretch`: of the dates that are suggested. `gave_up_until`:
    the day until which they gave up early, and closed what they gave up.
    """

    hot_hours: float
    cold_hours: float
    patience: int = 4
    stretch: float = 1.0
    gave_up_until: int = 0


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Somebody who follows up: their habit, and for each day the next one on which they work."""

    habit: Habit
    next_work: IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Pursuit:
    """What a way of following up comes to, contact by contact; arrays have shape (n, m) unless said otherwise.

    `moment`: NaN where no contact was made. `who`: position of the desk. `found`: `NO_ANSWER` … `SAYS_NO`.
    `next_day`: planned then; -1 if none. `rests`: left to Keep in touch until then. `prompted`: they had come again.
    `gave_up`: closed after it, without a reason worth the name. Shape (n,): `reopened_day`, when that was put right,
    NaN if never; `coming`: they come again after the last contact.
    `law`: outcome, decision and amount as the market has it.
    """

    moment: FloatArray
    who: IntArray
    found: IntArray
    next_day: IntArray
    rests: BoolArray
    prompted: BoolArray
    gave_up: BoolArray
    reopened_day: FloatArray
    coming: BoolArray
    law: FollowUp


def pursue(
    inflow: Inflow,
    desks: Sequence[Desk],
    *,
    first: int,
    handed_to: Mapping[int, IntArray] | None = None,
    frontier: int,
    seed: int,
) -> Pursuit:
    """Follow everybody up as desk `first` would.

    `handed_to`, by desk: for each lead the desk that gets it once it was reached there, -1 where it stays.
    """
    chase = _Chase(inflow, desks, first, handed_to or {}, frontier, np.random.default_rng([seed, first]))
    return chase.run()


@dataclass
class _Chase:
    """The state of all leads, contact after contact."""

    inflow: Inflow
    desks: Sequence[Desk]
    first: int
    handed_to: Mapping[int, IntArray]
    frontier: int
    rng: np.random.Generator
    silent: IntArray = field(init=False)
    ever: BoolArray = field(init=False)
    known: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.inflow.day)
        self.n = n
        self.silent = np.zeros(n, dtype=np.int64)
        self.ever = np.zeros(n, dtype=np.bool_)
        self.known = np.zeros(n)
        self.who = np.full(n, self.first)
        self.active = np.ones(n, dtype=np.bool_)
        self.coming = np.zeros(n, dtype=np.bool_)
        self.reopened_day = np.full(n, np.nan)
        market = self.inflow.market
        self.hot = np.isin(np.array(market.law.source_types)[market.arrivals.source_type], HOT)
        self.facts = terms.encode(
            prior.DEFAULT_TERMS,
            source_type=np.array(market.law.source_types)[market.arrivals.source_type],
            signals=dict(market.arrivals.signals),
            curves=prior.DEFAULT_CURVES,
        )
        shape = (n, CONTACTS)
        self.plan, self.moment = np.full(shape, np.nan), np.full(shape, np.nan)
        self.of, self.found = np.full(shape, -1), np.full(shape, -1)
        self.next_day = np.full(shape, -1)
        self.rests, self.prompted, self.gave_up = (np.zeros(shape, dtype=np.bool_) for _ in range(3))

    def run(self) -> Pursuit:
        """Contact after contact until all are ended, or planned for later than the frontier."""
        planned = self._first()
        result = follow_up(self.inflow.market, np.full((self.n, 1), np.nan))
        for k in range(CONTACTS):
            made = self.active & (planned < self.frontier)
            if not made.any():
                break
            self.moment[made, k], self.of[made, k], self.prompted[made, k] = (
                planned[made],
                self.who[made],
                self.coming[made],
            )
            self.plan[made, k] = np.maximum(planned - self.inflow.day, 0)[made]
            result = follow_up(self.inflow.market, self.plan[:, : k + 1])
            self._learn(k, made, result)
            planned = self._next(k, made, planned)
        return Pursuit(
            moment=self.moment, who=self.of, found=self.found, next_day=self.next_day, rests=self.rests,
            prompted=self.prompted, gave_up=self.gave_up, reopened_day=self.reopened_day,
            coming=self.coming & self.active, law=result,
        )  # fmt: skip

    def _first(self) -> FloatArray:
        """When each is first contacted: minutes for who asked for us, days for cards from a show."""
        habit = self.desks[self.first].habit
        mean = np.where(self.hot, habit.hot_hours, habit.cold_hours)
        hours = 0.1 + self.rng.exponential(mean)
        if self.inflow.is_dated:
            hours = self.rng.uniform(0.2, 8, self.n)
        met = cards(self.inflow) & (not self.inflow.is_dated)
        hours[met] = self.rng.uniform(16, 70, met.sum())
        return self._at_work(self.inflow.day + hours / 24)

    def _learn(self, k: int, made: BoolArray, result: FollowUp) -> None:
        """What the contact found."""
        reached = result.reached[:, k]
        self.silent = np.where(made, np.where(reached, 0, self.silent + 1), self.silent)
        age = np.nan_to_num(self.plan[:, k])
        ripens_in = self.inflow.market.fate.ripe_after - age
        drawn, also = self.rng.random(self.n), self.rng.random(self.n)
        works = drawn < np.where((ripens_in > 0) & (ripens_in < 45), 0.5, 0.05)
        green = np.where(works, STILL_WORKING, np.where(also < 0.5, GREEN_LATER, REACHED))
        ended = np.select(
            [np.isin(result.outcome, (WON, LOST)), result.outcome == MISSED, result.outcome == UNFIT],
            [FOUND, TOO_LATE, SAYS_NO],
            default=NO_ANSWER,
        )
        said = np.where(result.outcome != OPEN, ended, np.where(reached, green, NO_ANSWER))
        self.found[made, k] = said[made]
        self.ever |= made & reached
        self.known = np.where(made & reached, age, self.known)
        self.active &= ~(made & (result.outcome != OPEN))

    def _next(self, k: int, made: BoolArray, planned: FloatArray) -> FloatArray:
        """When each who is still green is contacted next."""
        going = made & self.active
        rows = np.flatnonzero(going)
        days = np.zeros(self.n)
        days[rows] = self._days(k, rows)
        given_up = np.zeros(self.n, dtype=np.bool_)
        given_up[rows] = self._gives_up(k, rows)
        self._hand_over(k, rows[~given_up[rows]])
        self.gave_up[given_up, k] = True
        after = self._spread(self._at_work(np.floor(np.where(going, planned, 0.0)) + days + self._hour()))
        after = np.where(given_up, self._reopening(given_up), after)
        self.next_day[rows, k] = np.where(np.isfinite(after), np.floor(after), -1)[rows]
        tired = self.silent >= self._habit("patience")
        waits = (days > LONG) | (self.found[:, k] == GREEN_LATER) | tired
        self.rests[rows, k] = (waits & ~given_up)[rows]
        return self._unless_they_come(planned, np.where(going, after, planned), going)

    def _days(self, k: int, rows: IntArray) -> FloatArray:
        """In how many days to look again, as the planner would say."""
        said = self.found[rows, k]
        age = self.plan[rows, k]
        scores = prior.score(
            self.facts.design[rows], prior.DEFAULT_TERMS, age_days=np.minimum(age, 350.0), curve=self.facts.curve[rows]
        )
        own = np.where(said == GREEN_LATER, self.rng.uniform(32, 140, len(rows)), -1.0)
        found = next_contact(
            scores.p_30,
            disposition=DISPOSITIONS[said],
            kind=np.array(prior.DEFAULT_CURVES.keys)[self.facts.curve[rows]],
            attempts=self.silent[rows],
            ever_reached=self.ever[rows],
            days_unseen=age - np.minimum(self.known[rows], age),
            own_days=own,
        )
        stretch = np.where(own >= 0, 1.0, self._habit("stretch")[rows] * self.rng.uniform(0.85, 1.15, len(rows)))
        days: FloatArray = np.maximum(found.days * stretch, 1.0)
        tired = self.silent[rows] >= self._habit("patience")[rows]
        return np.where(tired, np.maximum(days, self.rng.uniform(60, 130, len(rows))), days)

    def _hand_over(self, k: int, rows: IntArray) -> None:
        """Who was reached at a desk that qualifies goes on to another one."""
        for desk, to in self.handed_to.items():
            moves = rows[(self.who[rows] == desk) & (self.found[rows, k] != NO_ANSWER) & (to[rows] >= 0)]
            self.who[moves] = to[moves]

    def _gives_up(self, k: int, rows: IntArray) -> BoolArray:
        """Who is dropped after one talk or two attempts, by those who did so then."""
        then = self.moment[rows, k] < self._habit("gave_up_until")[rows]
        drawn = self.rng.random(len(rows))
        said = self.found[rows, k]
        enough = np.where(said == NO_ANSWER, np.where(self.silent[rows] >= 2, 0.95, 0.3), 0.7)
        drops: BoolArray = then & (said != STILL_WORKING) & (drawn < enough)
        return drops

    def _reopening(self, given_up: BoolArray) -> FloatArray:
        """Most of those are taken up again later, spread over months; the others stay closed."""
        until = self._habit("gave_up_until")
        again = given_up & (self.rng.random(self.n) < 0.75)
        days = until + 5 + np.floor(self.rng.uniform(0, 110, self.n))
        self.reopened_day = np.where(given_up, np.where(again, until, np.nan), self.reopened_day)
        self.active &= ~(given_up & ~again & ~np.isfinite(self.inflow.again_after))
        self.silent[again] = 0
        return np.where(again, self._at_work(days + self._hour()), np.inf)

    def _unless_they_come(self, last: FloatArray, after: FloatArray, going: BoolArray) -> FloatArray:
        """Who comes to us again meanwhile is answered then."""
        comes = self.inflow.day + self.inflow.again_after
        prompted = going & (comes > last + 0.02) & (comes < after)
        hours = 0.1 + self.rng.exponential(np.where(np.isfinite(comes), self._habit("hot_hours"), 0.0))
        answered = self._at_work(np.where(prompted, comes, 0.0) + hours / 24)
        self.coming = np.where(going, prompted, self.coming)
        return np.where(prompted, answered, after)

    def _habit(self, name: str) -> FloatArray:
        """A habit of whoever has each lead."""
        found: FloatArray = np.array([getattr(desk.habit, name) for desk in self.desks], dtype=np.float64)[self.who]
        return found

    def _hour(self) -> FloatArray:
        return self.rng.uniform(9.1, 17.4, self.n) / 24

    def _at_work(self, moment: FloatArray) -> FloatArray:
        """The moment itself if the one who has the lead works then, else the next morning on which they do."""
        day = np.floor(moment).astype(np.int64)
        late = (moment - day) * 24 > 17.5
        table = np.stack([desk.next_work for desk in self.desks])
        works = table[self.who, np.minimum(day + late, table.shape[1] - 1)]
        morning = works + (9.05 + 1.6 * self.rng.random(self.n)) / 24
        found: FloatArray = np.where((works > day) | (moment < day + 9 / 24), morning, moment)
        return found

    def _spread(self, moment: FloatArray) -> FloatArray:
        """What falls on the first day after a weekend or a leave is spread over some days, as anybody would."""
        day = np.floor(moment).astype(np.int64)
        table: NDArray[np.int64] = np.stack([desk.next_work for desk in self.desks])
        after_rest = table[self.who, np.maximum(day - 1, 0)] == day
        later = np.where(after_rest, self.rng.integers(0, 3, self.n), 0)
        return self._at_work(day + later + (moment - day))
