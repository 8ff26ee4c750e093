"""Where the story plays, and one lead's part in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import numpy as np

from ripeline.demo import words
from ripeline.demo.arriving import Inflow
from ripeline.demo.company import SDR, Staff
from ripeline.demo.entrance import Entrance
from ripeline.demo.people import People, Somebody
from ripeline.demo.pursuit import Desk, Pursuit, pursue
from ripeline.demo.words import Words
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.knowing.identity import Key
from ripeline.people.models import User
from ripeline.people.working_time import Calendar
from ripeline.science.gate import IntArray

HANDED_ON = 0.5  # share of those reached by the SDR who go to a rep; she keeps in touch with the others
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, eq=False, kw_only=True)
class Stage:
    """The company and its days, counted from the opening. `frontier`: the working day that lies ahead."""

    opening: date
    present: datetime
    frontier: int
    staff: Staff
    calendar: Calendar
    desks: Sequence[Desk]
    seed: int
    random: Random
    people: People
    words: Words
    entrance: Entrance

    @property
    def now(self) -> float:
        """The present moment as a day of the story."""
        local = self.present.astimezone(self.calendar.zone)
        return (local.date() - self.opening).days + (local.hour * 60 + local.minute) / 1440

    def day(self, number: float) -> date:
        """The date of a day of the story."""
        return self.opening + timedelta(days=int(number))

    def moment(self, number: float) -> datetime:
        """A moment of the story, to the second."""
        seconds = min(round((number - int(number)) * 86_400), 86_399)
        clock = time(seconds // 3600, seconds // 60 % 60, seconds % 60)
        return self.calendar.at(self.day(number), clock).astimezone(UTC)

    def works(self, desk: int, day: float) -> int:
        """The first day from `day` on that is worked at a desk."""
        return int(self.desks[desk].next_work[int(day)])

    def desk_of(self, owner_id: object) -> int:
        """At whose desk a lead is; the SDR's, while nobody is credited."""
        return next((place for place, user in enumerate(self.staff.desks) if user.pk == owner_id), SDR)

    def pursuits(self, inflow: Inflow) -> "Pursuits":
        """How everybody would be followed up at each desk."""
        n = len(inflow.day)
        rng = np.random.default_rng([self.seed, n])
        handed_to = np.where(rng.random(n) < HANDED_ON, rng.integers(0, SDR, n), -1)
        found = [
            pursue(
                inflow, self.desks, first=desk, frontier=self.frontier, seed=self.seed,
                handed_to={SDR: handed_to} if desk == SDR else None,
            )
            for desk in range(len(self.desks))
        ]  # fmt: skip
        return Pursuits(inflow, found, handed_to)


@dataclass(frozen=True, eq=False)
class Pursuits:
    """What comes of the desk at which a lead lands, and to whom the SDR hands whom she reached (-1: nobody)."""

    inflow: Inflow
    by_desk: Sequence[Pursuit]
    handed_to: IntArray


@dataclass(frozen=True, eq=False)
class Scene:
    """One lead's part: who, by what they are known, what is true of them, and how they are followed up."""

    stage: Stage
    inflow: Inflow
    pursuit: Pursuit
    handed_to: int
    lead: int
    who: Somebody
    known_by: Key
    facts: dict[str, str]

    def say(self, pool: str, day: float, **more: str) -> str:
        """A sentence about this lead, said on a day."""
        return self.stage.words.say(pool, self.facts, soon=words.soon(self.stage.day(day)), **more)

    def actor(self, contact: int) -> User:
        """Who makes a contact."""
        return self.stage.staff.desks[int(self.pursuit.who[self.lead, contact])]

    def next(
        self, at: datetime, day: float, kind: str, note: str = "", *, hour: float = 9.0, committed: bool = False
    ) -> Next:
        """A next moment on a day of the story, not before `at`."""
        return Next(max(self.stage.moment(int(day) + hour / 24), at), kind, note, committed)
