"""Whom to contact today: the choice, pure; its arithmetic is `science.choice`, which a simulated market runs too.

What a person promised, agreed or chose comes first and always. Whoever asked for us and has heard from nobody comes
next, as many as a day holds. The rest of the day goes to those with whom a minute brings most (`routing.worth`), until
the minutes are used up. How many minutes a contact takes is judgement, stated below in one place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ripeline.capture.in_person.card import HOT_WHEN_MET
from ripeline.catalog.rules import HAND_RAISERS as HAND_RAISERS
from ripeline.catalog.rules import UNANSWERED
from ripeline.leads.models import NextKind, State
from ripeline.ripeness.rules import LABELS as RIPENESS
from ripeline.ripeness.rules import tag
from ripeline.routing.worth import Standing, chance, dealt_worth
from ripeline.science import choice
from ripeline.science.choice import FRESH_DAYS
from ripeline.science.choice import Rank as Rank
from ripeline.science.gate import FloatArray
from ripeline.worklist.deciding import Fact, decided

# Minutes that a contact takes, by what it is (judgement: look up, call or write, note what came of it).
MINUTES: dict[str, int] = {
    NextKind.FIRST_CONTACT: 8,
    NextKind.QUALIFY: 8,
    NextKind.FOLLOW_UP: 6,
    NextKind.KEEP_IN_TOUCH: 6,
    NextKind.REOPENED: 8,  # nobody remembers them: a first contact
    NextKind.PROMISE: 10,
    NextKind.MEETING: 30,
}

FRESH = timedelta(days=FRESH_DAYS)  # for so long an unanswered request comes before everything but dates

LABELS: dict[str, str] = {
    "promise": "You promised", "meeting": "Meeting", "opportunity": "Opportunity", "hot": HOT_WHEN_MET,
}  # fmt: skip
LABELS |= {str(tag): label for tag, label in RIPENESS.items()}


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A lead that is due, as the planner and the sentence beside it see it. `theirs`: for whom we cover, if we do."""

    standing: Standing
    next_at: datetime
    next_kind: str
    note: str = ""
    is_committed: bool = False
    captured_at: datetime
    source: str = ""
    source_type: str = ""
    p_30_low: float | None = None
    p_30_high: float | None = None
    reasons: Sequence[Sequence[Any]] = ()
    theirs: str = ""
    account_id: UUID | None = None
    amount: Decimal | None = None
    currency: str = ""
    opened_at: datetime | None = None
    expected_close: date | None = None
    episode: int = 1

    @property
    def lead_id(self) -> UUID:
        return self.standing.lead_id

    def rank(self, now: datetime) -> Rank:
        """What it is, before what it is worth."""
        if self.is_committed or self.next_kind in (NextKind.PROMISE, NextKind.MEETING):
            return Rank.DATED
        asked = (self.source_type in HAND_RAISERS or self.note == UNANSWERED) and self.next_kind in (
            NextKind.FIRST_CONTACT,
            NextKind.QUALIFY,
        )
        if asked and not self.standing.touches and now - self.standing.since <= FRESH:
            return Rank.ASKED
        return Rank.OPEN

    @property
    def is_unanswered(self) -> bool:
        """Whether a file says that they asked us something, and nobody has been in touch since."""
        return self.note == UNANSWERED and not self.standing.touches

    @property
    def minutes(self) -> int:
        """How many minutes it will take."""
        return MINUTES.get(self.next_kind, MINUTES[NextKind.FOLLOW_UP])

    @property
    def is_hot(self) -> bool:
        """Whether whoever met them said to call at once, and nobody has."""
        return self.is_committed and not self.standing.touches and self.note.startswith(HOT_WHEN_MET)

    @property
    def tag(self) -> str:
        """The word beside the name: what kind of date it is, else how ripe."""
        if self.next_kind == NextKind.PROMISE:
            return "promise"
        if self.next_kind == NextKind.MEETING:
            return "meeting"
        if self.standing.state == State.OPPORTUNITY:
            return "opportunity"
        if self.is_hot:
            return "hot"
        return str(tag(chance(self.standing)))


@dataclass(frozen=True)
class Chosen:
    """A candidate on the list, with what a minute on it brings beside the others of the day, and what decided."""

    candidate: Candidate
    rank: Rank
    value: float
    decided: Fact


@dataclass(frozen=True)
class Choice:
    """The list in its order, and out of how many it was chosen."""

    items: Sequence[Chosen] = field(default_factory=tuple)
    considered: int = 0

    @property
    def minutes(self) -> int:
        return sum(item.candidate.minutes for item in self.items)


SAME_ACCOUNT = 0.5  # what a second person of a company still brings on a day, a third half of that again (judgement)
SAME_SOURCE = (
    0.97  # the same for a further one from the same source: of two about equal ones the other kind comes first
)


def plan(candidates: Sequence[Candidate], *, now: datetime, budget: int, at_least_one: bool = True) -> Choice:
    """Choose the day's list. The order in which candidates come does not matter.

    `budget`: minutes. Dates are always in; requests up to the budget; the rest by worth while it fits, and at least one
    item in all, so that a short day is not an empty one. A day is varied: a colleague of somebody who is on it brings
    less, for the first tells about the second; and a little less brings who comes from the same source.
    """
    ordered = sorted(candidates, key=lambda c: (-chance(c.standing), c.lead_id))
    ranks = [c.rank(now) for c in ordered]
    minutes = [c.minutes for c in ordered]
    new = [c.rank(now) is Rank.OPEN and c.standing.learnt() == "new" for c in ordered]
    alone = valued(ordered, new, now=now)
    values = choice.varied(alone, ranks, [c.account_id for c in ordered], keeps=SAME_ACCOUNT)
    values = choice.varied(values, ranks, [c.source or None for c in ordered], keeps=SAME_SOURCE)
    picked = fill(
        ranks=[int(rank) for rank in ranks], values=values, minutes=minutes, budget=budget, at_least_one=at_least_one
    )
    by_worth = [i for i in picked.tolist() if ranks[i] is Rank.OPEN]
    standings = [c.standing for c in ordered]
    told = decided(standings, by_worth, new=new, minutes=[float(m) for m in minutes], values=alone, now=now)
    because = dict(zip(by_worth, told, strict=True))
    items = [
        Chosen(ordered[i], ranks[i], float(values[i]), because.get(i, _FIRST.get(ranks[i], Fact.TURN))) for i in picked
    ]
    items.sort(key=lambda item: (item.rank, *_within(item), item.candidate.lead_id))
    return Choice(_together(items), len(ordered))


_FIRST = {Rank.ASKED: Fact.ASKED, Rank.DATED: Fact.DATED}


def valued(ordered: Sequence[Candidate], new: Sequence[bool], *, now: datetime) -> FloatArray:
    """What a minute with each brings, whoever else is on the day; `new`: nobody has been in touch with them."""
    standings, minutes = [c.standing for c in ordered], [float(c.minutes) for c in ordered]
    return dealt_worth(standings, now=now, new=new, minutes=minutes)


def _together(items: Sequence[Chosen]) -> list[Chosen]:
    """Colleagues one after the other, behind the first of them: one looks their company up once."""
    first: dict[UUID, int] = {}
    places = []
    for place, item in enumerate(items):
        account = item.candidate.account_id if item.rank is Rank.OPEN else None
        places.append(first.setdefault(account, place) if account else place)
    return [items[at] for at in sorted(range(len(items)), key=lambda at: (places[at], at))]


def _within(item: Chosen) -> tuple[float, ...]:
    """The order among equals: dates by their time, requests the newest first, the rest by worth."""
    if item.rank is Rank.DATED:
        return (item.candidate.next_at.timestamp(),)
    if item.rank is Rank.ASKED:
        return (-item.candidate.standing.since.timestamp(),)
    return -item.value, -chance(item.candidate.standing), item.candidate.next_at.timestamp()


def fill(
    *, ranks: ArrayLike, values: ArrayLike, minutes: ArrayLike, budget: int, at_least_one: bool = True
) -> NDArray[np.intp]:
    """Which of n candidates fill a day, as positions; see `science.choice.fill`."""
    return np.flatnonzero(choice.fill(ranks, values, minutes, budget=budget, at_least_one=at_least_one))
