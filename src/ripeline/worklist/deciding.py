"""What decided that somebody is on the list: found by taking each thing that speaks for them away, and looking.

What a minute with them brings (`rules.valued`) is computed once more without each: were they no likelier than most,
had they been spoken to, had they just been contacted, were their deal a usual one. Where the most is lost, that
decided, and the sentence beside the name says it first (`reasons`). So no sentence can claim what the computation did
not do.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from ripeline.leads.models import State
from ripeline.routing.worth import AVERAGE_P_30, Standing, promise, worth
from ripeline.science.gate import FloatArray
from ripeline.science.recheck_rules import DEFAULT_RULES


class Fact(StrEnum):
    """What can decide."""

    ASKED = "asked"  # they asked for us, and nobody has answered
    DATED = "dated"  # a meeting, a promise, a date that somebody chose
    LIKELY = "likely"  # they are likelier to be ready than most
    CHOOSING = "choosing"  # what we last heard: they are in the middle of it
    LARGE = "large"  # their deal is larger than usual
    NEW = "new"  # nobody has been in touch
    WAITED = "waited"  # so long nobody has looked
    TURN = "turn"  # nothing stands out: there is time for them


def without(standing: Standing, now: datetime) -> dict[Fact, Standing]:
    """The same lead without each thing that may speak for it."""
    found: dict[Fact, Standing] = {}
    if (standing.p_30 or 0.0) > AVERAGE_P_30:
        found[Fact.LIKELY] = replace(standing, p_30=AVERAGE_P_30)
    if standing.stake > 1.0:
        found[Fact.LARGE] = replace(standing, stake=1.0)
    learnt = standing.learnt()
    if learnt in ("meeting_set", "still_working"):
        found[Fact.CHOOSING] = replace(standing, state=State.WORKING, disposition="")
    if learnt == "new":
        found[Fact.NEW] = replace(standing, touches=1, last_touch_at=standing.since, last_reached_at=standing.since)
        return found
    rest = float(DEFAULT_RULES.not_before[DEFAULT_RULES.dispositions.index(learnt)])
    later = now - timedelta(days=rest) - standing.last_contact()
    if later > timedelta():
        found[Fact.WAITED] = replace(
            standing,
            since=standing.since + later,
            last_touch_at=standing.last_touch_at + later if standing.last_touch_at else None,
            last_reached_at=standing.last_reached_at + later if standing.last_reached_at else None,
        )
    return found


def decided(
    standings: Sequence[Standing],
    chosen: Sequence[int],
    *,
    new: Sequence[bool],
    minutes: Sequence[float],
    values: FloatArray,
    now: datetime,
) -> list[Fact]:
    """What decided for each of the chosen, as positions among all candidates.

    `values`: what `rules.valued` found, of which each is the worth of a minute, dealt among the untouched (`new`) by
    what they promise.
    """
    tried = [(at, fact, other) for at in chosen for fact, other in without(standings[at], now).items()]
    worths = worth([other for _, _, other in tried], now=now, minutes=[minutes[at] for at, _, _ in tried])
    dealing = _Dealing(standings, new, minutes=minutes, now=now)
    best: dict[int, tuple[float, Fact]] = {}
    for (at, fact, other), alone in zip(tried, worths.tolist(), strict=True):
        left = dealing.dealt(at, other, alone) if other.learnt() == "new" else alone
        lost = float(values[at]) - left
        if lost > best.get(at, (0.0, Fact.TURN))[0]:
            best[at] = (lost, fact)
    return [best.get(at, (0.0, Fact.TURN))[1] for at in chosen]


class _Dealing:
    """The worths of those with whom nobody has been in touch, as `choice.likelier_first` deals them."""

    def __init__(
        self, standings: Sequence[Standing], new: Sequence[bool], *, minutes: Sequence[float], now: datetime
    ) -> None:
        self._new = [at for at, is_new in enumerate(new) if is_new]
        self._promise = np.array([promise(standings[at]) for at in self._new])
        self._worth = worth([standings[at] for at in self._new], now=now, minutes=[minutes[at] for at in self._new])

    def dealt(self, at: int, other: Standing, alone: float) -> float:
        """What one of them would have been dealt, had it been like `other`, alone worth so much."""
        others = np.array(self._new) != at
        as_likely = self._promise[others] == promise(other)
        before = (self._promise[others] > promise(other)) | (as_likely & (self._worth[others] > alone))
        pool = np.sort(np.append(self._worth[others], alone))[::-1]
        return float(pool[np.count_nonzero(before)])
