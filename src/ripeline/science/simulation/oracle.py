"""The clairvoyant: it reads what nobody can know, and so says what was there to be won with the same minutes.

It calls only who will buy from us, on a day on which they answer, within the window, before a rival comes first. Where
only one who has set the vision can win, it talks twice to them beforehand. A bound, not a rival.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.special import expit, logit

from ripeline.science import draws
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.simulation.seen import Seen
from ripeline.science.simulation.world import World

FEW, SPARE = 10, 4.0
"""Calls a day that the clairvoyant may make in any case; and for each lead, over all days."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Chances:
    """The days on which a call counts; every array has shape (leads that can be won, working days).

    Attributes
    ----------
    lead, day : ndarray of int
        What the rows and columns are.
    wins : ndarray of bool
        A call on that day is answered and wins, with no conversation before.
    wins_nurtured : ndarray of bool
        The same, if the vision was set before.
    green : ndarray of bool
        A call on that day is answered, the lead is not ripe yet, and does not mind.
    """

    lead: IntArray
    day: IntArray
    wins: BoolArray
    wins_nurtured: BoolArray
    green: BoolArray


def chances(world: World, *, certain: bool, within: float) -> Chances:
    """Which calls count.

    `certain`: wherever within so many minutes from the beginning of the day the call is made; otherwise somewhere.
    """
    law, fate, arrived = world.market.law, world.market.fate, world.market.arrivals.day
    best = law.p_close(np.zeros(1), talks=law.nurtured_after)[0]
    lead = np.flatnonzero(fate.will_buy & ~fate.unreachable & (fate.luck_close < best))
    day = np.flatnonzero(world.minutes >= law.attempt_minutes + law.conversation_minutes)
    rows, columns = np.broadcast_arrays(lead[:, None], day[None, :])
    flat = rows.ravel()
    known = (np.array([world.known_by(int(d)) for d in day])[None, :] > lead[:, None]).ravel()
    begin, end = (world.called_at(flat, columns.ravel(), minutes) for minutes in (0.0, within))
    age, late = begin - arrived[flat], end - arrived[flat]
    ripe, closes = fate.ripe_after[flat], fate.ripe_after[flat] + fate.window[flat]
    answers = known & world.answers(flat, columns.ravel(), np.maximum(age, 0.0))
    first, last = (age, late) if certain else (late, age)
    found = []
    for talks in (0, law.nurtured_after):
        until = np.minimum(np.repeat(_beaten_after(world, lead, talks), len(day)) + ripe, closes)
        found.append((answers & (first >= ripe) & (last < until)).reshape(rows.shape))
    minds = draws.uniform(world.seed, "pestering", flat, columns.ravel()) < law.pester_turns_away
    green = answers & (last < ripe) & ~(minds & certain)
    return Chances(lead=lead, day=day, wins=found[0], wins_nurtured=found[1], green=green.reshape(rows.shape))


def _beaten_after(world: World, lead: IntArray, talks: int) -> FloatArray:
    """Days after ripening from which on the lead is lost to a rival; below 0 where it is from the start."""
    law = world.market.law
    luck = world.market.fate.luck_close[lead]
    vision = law.vision if talks >= law.nurtured_after else 0.0
    needs = expit(logit(np.clip(luck, 1e-12, 1 - 1e-12)) - vision)
    share = (needs - law.close_later) / max(law.close_first - law.close_later, 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        days = -law.close_days * np.log(share)
    return np.where(share <= 0, np.inf, np.where(share >= 1, -1.0, days))


class Oracle:
    """The policy. It is made for one world, and looks at all of it."""

    name = "oracle"
    proposes_early = False

    def __init__(self, world: World) -> None:
        self._on: dict[int, list[int]] = {}
        law = world.market.law
        each = law.attempt_minutes + law.conversation_minutes
        days = np.flatnonzero(world.minutes >= each)
        if not len(days):
            return
        # More calls than this a day it never needs; so it knows nearly when each of them is made.
        most = max(FEW, int(np.ceil(SPARE * len(world.rep) / world.reps / len(days))))
        can = chances(world, certain=True, within=min(most * each, float(world.minutes.max())))
        for rep in range(world.reps):
            room = np.minimum(np.floor(world.minutes[can.day] / each + 1e-9).astype(np.int64), most)
            mine = np.flatnonzero(world.rep[can.lead] == rep)
            won = _match(can.wins[mine], room)
            self._book(can, mine, won, room)
            again = mine[won < 0]
            self._nurture(can, again[can.wins_nurtured[again].any(axis=1)], room, law.nurtured_after)

    def choose(self, seen: Seen) -> IntArray:
        return np.array(self._on.pop(int(seen.now), []), dtype=np.int64)

    def _book(self, can: Chances, rows: IntArray, column: IntArray, room: IntArray) -> None:
        for row, at in zip(rows.tolist(), column.tolist(), strict=True):
            if at >= 0:
                self._on.setdefault(int(can.day[at]), []).append(int(can.lead[row]))
                room[at] -= 1

    def _nurture(self, can: Chances, rows: IntArray, room: IntArray, talks: int) -> None:
        """Who can only be won by setting the vision: so many talks before, and the call that wins, if there is room."""
        for row in rows.tolist():
            before = np.flatnonzero(can.green[row] & (room > 0))[:talks]
            if len(before) < talks:
                continue
            rest = np.flatnonzero(can.wins_nurtured[row] & (room > 0))
            rest = rest[rest > before[-1]]
            if len(rest):
                for at in [*before.tolist(), int(rest[0])]:
                    self._book(can, np.array([row]), np.array([at]), room)


def _match(wins: BoolArray, room: IntArray) -> IntArray:
    """For each row one column on which it wins, as many rows as there is room for; −1 for none."""
    free = room.copy()
    found = np.full(len(wins), -1, dtype=np.int64)
    last = np.where(wins.any(axis=1), wins.shape[1] - np.argmax(wins[:, ::-1], axis=1), 0)
    for at in range(wins.shape[1]):
        can = np.flatnonzero(wins[:, at] & (found < 0))
        for row in can[np.argsort(last[can], kind="stable")][: free[at]].tolist():
            found[row] = at
            free[at] -= 1
    if np.all(found[wins.any(axis=1)] >= 0):
        return found
    places = np.minimum(room, wins.sum(axis=0))
    column = np.repeat(np.arange(len(room)), places)
    graph = sparse.csr_matrix(wins[:, column].astype(np.int8))
    matched = maximum_bipartite_matching(graph, perm_type="column")
    return np.where(matched >= 0, column[matched], -1)


def bound(world: World) -> float:
    """No way of following up can win more than this, by linear programming. For small markets: it takes a while.

    A win needs an answered call on a day that counts, and where the vision has to be set so many answered calls before;
    all of them have to fit into the minutes of the days. Calls may be split among days, which only adds to the bound.
    """
    law = world.market.law
    can = chances(world, certain=False, within=float(world.minutes.max()))
    kinds = [np.nonzero(which) for which in (can.wins, can.wins_nurtured, can.green)]
    row = np.concatenate([kind[0] for kind in kinds])
    column = np.concatenate([kind[1] for kind in kinds])
    kind = np.repeat(np.arange(3), [len(k[0]) for k in kinds])
    n, leads = len(row), len(can.lead)
    if not n:
        return 0.0
    at = np.arange(n)
    once = sparse.csr_matrix(((kind < 2).astype(float), (row, at)), shape=(leads, n))
    before = np.select([kind == 1, kind == 2], [float(law.nurtured_after), -1.0], 0.0)
    vision = sparse.csr_matrix((before, (row, at)), shape=(leads, n))
    place = world.rep[can.lead[row]] * len(can.day) + column
    each = law.attempt_minutes + law.conversation_minutes
    minutes = sparse.csr_matrix((np.full(n, each), (place, at)), shape=(world.reps * len(can.day), n))
    limit = np.concatenate([np.ones(leads), np.zeros(leads), np.tile(world.minutes[can.day], world.reps)])
    solved = linprog(  # type: ignore[call-overload] # it does take sparse matrices
        -(kind < 2).astype(float),
        A_ub=sparse.vstack([once, vision, minutes]),
        b_ub=limit,
        bounds=(0, 1),
        method="highs",
    )
    return float(-solved.fun)
