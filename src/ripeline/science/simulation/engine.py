"""The day-by-day engine: a policy says whom to call, the world answers, until the minutes are used up."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ripeline.science import draws
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.market import LOST, MISSED, OPEN, UNFIT, WON
from ripeline.science.simulation.seen import GREEN, NO, NOT_REACHED, RIPE, TOO_LATE, Contacts, Seen, Signs
from ripeline.science.simulation.world import World

ROUNDS = 4
"""How often a day is planned anew while minutes are left."""


class Policy(Protocol):
    """A way of following up. It is made anew for each run and may remember what it was shown."""

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def proposes_early(self) -> bool:
        """Whether it makes a proposal in every conversation, to green leads too."""

    def choose(self, seen: Seen) -> IntArray:
        """Whom to call now, in this order: positions in the arrays of `seen`. Each rep takes their own."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """What a policy came to; every array has shape (n,), one entry for each lead of the world.

    Attributes
    ----------
    policy : str
    outcome : ndarray of int
        Position in `market.OUTCOMES`.
    attempts, conversations : ndarray of int
    minutes : ndarray
        Spent on each.
    first_after : ndarray
        Days from arrival to the first attempt; infinite where there was none.
    last_after : ndarray
        Days from arrival to the last; minus infinity where there was none.
    """

    policy: str
    outcome: IntArray
    attempts: IntArray
    conversations: IntArray
    minutes: FloatArray
    first_after: FloatArray
    last_after: FloatArray


class _Ledger:
    """What has happened so far. What policies see is copied from here."""

    def __init__(self, world: World, policy: Policy) -> None:
        n = len(world.market.arrivals.day)
        self.world, self.policy = world, policy
        self.outcome = np.full(n, OPEN, dtype=np.int64)
        self.attempts, self.talks, self.unanswered, self.hasty = (np.zeros(n, dtype=np.int64) for _ in range(4))
        self.minutes, self.first = np.zeros(n), np.full(n, np.inf)
        self.last, self.last_talk = np.full(n, -np.inf), np.full(n, -np.inf)
        self.told = 0.0
        self.news: list[Contacts] = []

    def seen(self, day: int, left: FloatArray) -> Seen:
        world, known = self.world, self.world.known_by(day)
        arrivals = world.market.arrivals
        until = day + world.market.law.from_hour / 24
        new = world.events.between(self.told, until)
        self.told = until
        contacts, self.news = self.news, []
        return Seen(
            now=until,
            source_types=world.market.law.source_types,
            kinds=world.market.law.journey.kinds,
            arrived=arrivals.day[:known].copy(),
            source_type=arrivals.source_type[:known].copy(),
            facts={key: values[:known].copy() for key, values in arrivals.signals.items()},
            rep=world.rep[:known],
            is_open=self.open(known),
            attempts=self.attempts[:known].copy(),
            conversations=self.talks[:known].copy(),
            unanswered=self.unanswered[:known].copy(),
            last_attempt=self.last[:known].copy(),
            last_talk=self.last_talk[:known].copy(),
            contacts=Contacts(
                lead=np.concatenate([np.zeros(0, dtype=np.int64), *(c.lead for c in contacts)]),
                day=np.concatenate([np.zeros(0), *(c.day for c in contacts)]),
                finding=np.concatenate([np.zeros(0, dtype=np.int64), *(c.finding for c in contacts)]),
            ),
            signs=Signs(lead=new.lead.copy(), day=new.day.copy(), kind=new.kind.copy()),
            minutes_left=left.copy(),
        )

    def open(self, known: int) -> BoolArray:
        is_open: BoolArray = self.outcome[:known] == OPEN
        return is_open

    def call(self, leads: IntArray, day: int, spent: float, budget: float) -> float:
        """One rep's calls, in order, while there is time for a conversation; the minutes they took."""
        world, law = self.world, self.world.market.law
        # At first as if nobody answered: where a call stands in the day matters only to who has come within the hour.
        at = world.called_at(leads, day, spent)
        reached = world.answers(leads, np.full(len(leads), day), at - world.market.arrivals.day[leads])
        took = law.attempt_minutes + law.conversation_minutes * reached.astype(np.float64)
        before = spent + np.cumsum(took) - took
        n = int(np.searchsorted(before, budget - law.attempt_minutes - law.conversation_minutes + 1e-9, side="right"))
        leads, reached, took = leads[:n], reached[:n], took[:n]
        at = world.called_at(leads, day, before[:n])
        self._note(leads, at, reached, took)
        self._talk(leads, day, at, reached)
        return float(took.sum())

    def _note(self, leads: IntArray, at: FloatArray, reached: BoolArray, took: FloatArray) -> None:
        self.attempts[leads] += 1
        self.talks[leads] += reached
        self.unanswered[leads] = np.where(reached, 0, self.unanswered[leads] + 1)
        self.minutes[leads] += took
        self.first[leads] = np.minimum(self.first[leads], at)
        self.last[leads] = at

    def _talk(self, leads: IntArray, day: int, at: FloatArray, reached: BoolArray) -> None:
        world, fate, law = self.world, self.world.market.fate, self.world.market.law
        age = at - world.market.arrivals.day[leads]
        ripe_after = fate.ripe_after[leads]
        green = reached & (age < ripe_after)
        ripe = reached & ~green & (age < ripe_after + fate.window[leads])
        missed = reached & ~green & ~ripe
        too_soon = green & (at - self.last_talk[leads] < law.pester_days)
        turned = too_soon & (draws.uniform(world.seed, "pestering", leads, day) < law.pester_turns_away)
        no = turned | (green & (self.talks[leads] >= fate.frank_after[leads]))
        delay = np.where(ripe, age - np.where(ripe, ripe_after, 0.0), 0.0)
        before = self.talks[leads] - 1
        wins = ripe & (fate.luck_close[leads] < law.p_close(delay, talks=before, hasty=self.hasty[leads]))
        for ending, which in ((WON, wins), (LOST, ripe & ~wins), (MISSED, missed), (UNFIT, no)):
            self.outcome[leads[which]] = ending
        self.last_talk[leads[reached]] = at[reached]
        self.hasty[leads] += green & self.policy.proposes_early
        finding = np.select([no, green, ripe, missed], [NO, GREEN, RIPE, TOO_LATE], NOT_REACHED)
        self.news.append(Contacts(lead=leads, day=at, finding=finding))


def run(world: World, policy: Policy) -> Run:
    """Follow the leads of a world up by a policy, to the end."""
    ledger = _Ledger(world, policy)
    for day in np.flatnonzero(world.minutes > 0).tolist():
        _day(ledger, day)
    arrived = world.market.arrivals.day
    return Run(
        policy=policy.name,
        outcome=ledger.outcome,
        attempts=ledger.attempts,
        conversations=ledger.talks,
        minutes=ledger.minutes,
        first_after=ledger.first - arrived,
        last_after=ledger.last - arrived,
    )


def _day(ledger: _Ledger, day: int) -> None:
    world, law = ledger.world, ledger.world.market.law
    spent = np.zeros(world.reps)
    budget = float(world.minutes[day])
    called = np.zeros(len(ledger.outcome), dtype=np.bool_)
    for _ in range(ROUNDS):
        if np.all(budget - spent < law.attempt_minutes + law.conversation_minutes):
            return
        seen = ledger.seen(day, budget - spent)
        wanted = np.asarray(ledger.policy.choose(seen), dtype=np.int64)
        wanted = wanted[ledger.open(world.known_by(day))[wanted] & ~called[wanted]]
        if not len(wanted):
            return
        _, first = np.unique(wanted, return_index=True)
        wanted = wanted[np.sort(first)]
        before = spent.sum()
        for rep in range(world.reps):
            mine = wanted[world.rep[wanted] == rep]
            spent[rep] += ledger.call(mine, day, float(spent[rep]), budget)
        called[wanted] = ledger.last[wanted] >= day
        if spent.sum() == before:
            return
