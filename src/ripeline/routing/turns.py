"""Everybody's place in turn, and the lock under which leads are handed out."""

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from json import dumps
from typing import TypeVar
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from ripeline.base import clock
from ripeline.base.statements import prepared, prepared_rows
from ripeline.routing import prices, queries
from ripeline.routing.models import Turn
from ripeline.routing.rules import Seller
from ripeline.routing.worth import MINUTES

T = TypeVar("T")


class BusyError(OperationalError):
    """Somebody else hands leads out, for longer than this transaction may wait; it must be undone."""


@contextmanager
def taken(
    sellers: Collection[Seller], *, week: date | None = None, passes_full: bool = False, passes_busy: bool = False
) -> Iterator[list[Seller]]:
    """The sellers with the room they have now; their rows stay locked until the transaction ends.

    `week`: the Monday of the week of whose new leads these are, where they are new: then no more than the week allows.
    `passes_full`: who has no room as it is, by their cap or by what they had of their week, is not locked: whatever
    others hand out meanwhile, that makes them none. `passes_busy`: nor is whoever somebody else has locked; they are
    not among them. Otherwise that is waited for, and BusyError said where the transaction must not wait so long.

    Who has left since they were read is not among them: whoever leaves takes this lock too.
    """
    with transaction.atomic(savepoint=False):
        full: set[UUID] = set()
        if passes_full and week:
            looked = _look(sellers, week)
            full = {user for user, room in looked.items() if room <= 0}
            sellers = [s for s in sellers if s.user_id in looked]
        turns = _locked(sorted(s.user_id for s in sellers if s.user_id not in full), passes_busy)
        left = {s.user_id: _of_week(s, turns[s.user_id], week) for s in sellers if s.user_id in turns}
        # after the locks: what others handed out meanwhile is counted
        able = [user for user, of_week in left.items() if of_week > 0]
        rooms = queries.room(able, present=left) if left else {}
        ready = {
            s.user_id: replace(s, room=max(min(room, left[s.user_id]), 0), credit=turns[s.user_id].credit)
            for s in sellers
            if (room := rooms.get(s.user_id)) is not None
        }
        # who is full needs no place in turn
        yield [s if s.user_id in full else ready[s.user_id] for s in sellers if s.user_id in full or s.user_id in ready]


_PLACES = "SELECT user_id, credit, week, taken FROM turn WHERE user_id = ANY(%s::uuid[]) ORDER BY user_id"
_LOCK = f"{_PLACES} FOR UPDATE"
# Who has far more in hand than fits is counted once in some seconds: to count everybody's for each new lead was half of
# what a capture took of the database at a million leads, where two hundred people had each far too many.
FAR, FAR_FOR = 100, timedelta(seconds=5)
_far_over: dict[tuple[str, UUID], tuple[datetime, int]] = {}  # (database, user) → when they had how many at least
_LOOK = f"""
SELECT u.id, u.lead_cap,
       CASE WHEN turn.week = %(week)s::date AND turn.taken >= given.intake THEN 0
            WHEN given.in_hand >= u.lead_cap + {FAR} THEN u.lead_cap - given.in_hand
            ELSE {queries.under_cap(counted=f"u.lead_cap + {FAR}")} END
FROM unnest(%(users)s::uuid[], %(intakes)s::int[], %(in_hand)s::int[]) AS given(user_id, intake, in_hand)
JOIN "user" AS u ON u.id = given.user_id AND u.is_active
JOIN responsible AS r ON r.user_id = u.id AND r.is_active
LEFT JOIN turn ON turn.user_id = u.id
"""  # noqa: S608


@dataclass(frozen=True)
class _Place:
    credit: int
    week: date | None
    taken: int


def _locked(users: list[UUID], passes_busy: bool) -> dict[UUID, _Place]:
    """Everybody's row, made where there is none, locked until the transaction ends."""
    if not users:
        return {}
    if passes_busy:
        return _read(f"{_LOCK} SKIP LOCKED", users)
    try:
        return _made_and_locked(users)
    except OperationalError as problem:
        if isinstance(problem.__cause__, LockNotAvailable):
            raise BusyError from problem.__cause__
        raise


def _made_and_locked(users: list[UUID]) -> dict[UUID, _Place]:
    found = _read(_LOCK, users)
    if len(found) < len(users):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO turn (user_id, credit, filled, taken) SELECT u, 0, 0, 0 FROM unnest(%s::uuid[]) AS u"
                " ORDER BY u ON CONFLICT DO NOTHING",
                [users],
            )
        found = _read(_LOCK, users)
    return found


def _read(statement: str, users: list[UUID]) -> dict[UUID, _Place]:
    return {user: _Place(*rest) for user, *rest in prepared_rows(statement, [users])}


def _look(sellers: Collection[Seller], week: date) -> dict[UUID, int]:
    """The room that each who is still active has at the moment; none or less where they are full.

    Who had `FAR` more than fit moments ago is taken to have no room yet.
    """
    moment, database = clock.now(), connection.settings_dict["NAME"]
    known = {
        s.user_id: had[1]
        for s in sellers
        if (had := _far_over.get((database, s.user_id))) and timedelta() <= moment - had[0] < FAR_FOR
    }
    given = {
        "users": [s.user_id for s in sellers], "intakes": [s.intake for s in sellers], "week": week,
        "in_hand": [known.get(s.user_id, 0) for s in sellers],
    }  # fmt: skip
    rooms: dict[UUID, int] = {}
    for user, cap, room in prepared_rows(_LOOK, given):
        rooms[user] = room
        if room <= -FAR and user not in known:
            _far_over[database, user] = moment, cap - room
    return rooms


def _of_week(seller: Seller, turn: _Place, week: date | None) -> int:
    """How many new leads are left for somebody in a week; any number where it is not about new ones."""
    if week is None:
        return sys.maxsize
    return seller.intake - (turn.taken if turn.week == week else 0)


def week(day: date) -> date:
    """The Monday of a day's week: how many new leads somebody gets is counted from it."""
    return day - timedelta(days=day.weekday())


_KEEP = """
UPDATE turn SET credit = v.credit,
       week = CASE WHEN v.n > 0 THEN %(week)s ELSE turn.week END,
       taken = CASE WHEN v.n = 0 THEN turn.taken WHEN turn.week = %(week)s THEN turn.taken + v.n ELSE v.n END
FROM unnest(%(users)s::uuid[], %(credits)s::int[], %(taken)s::int[]) AS v(user_id, credit, n)
WHERE turn.user_id = v.user_id AND (turn.credit <> v.credit OR v.n > 0)
"""


def keep(
    ready: Collection[Seller], credits: Mapping[UUID, int], given: Iterable[UUID] = (), *, week: date | None = None
) -> None:
    """Remember everybody's place in turn where it is another than when they were made `ready`, and who was `given` new
    leads in a week."""
    more = Counter(given)
    moved = {s.user_id for s in ready if credits.get(s.user_id, s.credit) != s.credit}
    users = sorted(moved | more.keys())
    if not users:
        return
    with prepared() as cursor:
        cursor.execute(
            _KEEP,
            {
                "week": week, "users": users, "credits": [credits[user] for user in users],
                "taken": [more[user] for user in users],
            },
        )  # fmt: skip


@dataclass(frozen=True)
class Fill:
    """How many contacts somebody's day holds already, and what a minute with each further lead has to bring.

    Free minutes are for whatever is worth their price; a full day, for what is worth more than the least on it.
    """

    held: int
    free: int  # places of free minutes, before those on a full day
    least: Sequence[float]
    worths: Sequence[float] | None = None  # of those who fill a full day, the least first: those that may give way


CHOOSY = 1.5  # a veteran's new leads are worth so many times the price of their minutes (judgement)
BETTER = 1.25  # by so much a lead is worth more than what it takes the place of, or it waits (judgement)
BEYOND = 4  # a full day takes one better lead for each so many that it holds


def fills(sellers: Sequence[Seller], *, day: date, by: datetime, now: datetime) -> dict[UUID, Fill]:
    """How full each seller's day is: what is due with them before `by`, or what it held at an earlier release.

    What fills a full day is looked at once a day (`note_least`): it is read of every seller, for every visit.
    """
    users = [s.user_id for s in sellers]
    due = queries.due_counts(users, by=by)
    turns = {turn.user_id: turn for turn in Turn.objects.filter(user__in=users)}
    price = prices.of_users(users)
    before = {user: turn.filled for user, turn in turns.items() if turn.day == day}
    held = {user: max(before.get(user, 0), due.get(user, 0)) for user in users}
    least: dict[UUID, Sequence[float]] = {
        user: turn.least or () for user, turn in turns.items() if turn.least_day == day
    }
    full = [s.user_id for s in sellers if held[s.user_id] >= _capacity(s) and s.user_id not in least]
    least |= queries.least_worths(full, by=by, now=now) if full else {}
    found: dict[UUID, Fill] = {}
    for seller in sellers:
        capacity, taken = _capacity(seller), held[seller.user_id]
        floor = price[seller.user_id].per_minute * (CHOOSY if seller.is_choosy else 1.0)
        worths = least[seller.user_id][: capacity // BEYOND] if seller.user_id in least else None
        better = [max(floor, BETTER * worth) for worth in worths or ()]
        places = [floor] * max(capacity - taken, 0) + better[max(taken - capacity, 0) :]
        found[seller.user_id] = Fill(taken, max(capacity - taken, 0), places[: max(seller.room, 0)], worths)
    return found


def note_least(fills: Mapping[UUID, Fill], *, day: date) -> None:
    """Keep, until the day is over, what fills the days of these people."""
    known = {user: list(fill.worths) for user, fill in fills.items() if fill.worths is not None}
    if not known:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE turn SET least_day = %s, least = v.least FROM unnest(%s::uuid[], %s::jsonb[]) AS v(user_id, least)"
            " WHERE turn.user_id = v.user_id AND turn.least_day IS DISTINCT FROM %s",
            [day, list(known), [dumps(worths) for worths in known.values()], day],
        )


def ripe_fills(sellers: Sequence[Seller], *, by: datetime, now: datetime) -> dict[UUID, Fill]:
    """The same for their own leads that are likely ready, which cannot wait: what else is due makes no day too full.

    Minutes that no lead of the day waits for are free, whatever was done before; then each takes the place of what is
    worth less on the day, as long as there is such a one.
    """
    users = [s.user_id for s in sellers]
    due, price = queries.due_counts(users, by=by), prices.of_users(users)
    least = queries.least_worths(users, by=by, now=now)
    found: dict[UUID, Fill] = {}
    for seller in sellers:
        held, floor = due.get(seller.user_id, 0), price[seller.user_id].per_minute
        free = max(_capacity(seller) - held, 0)
        better = [max(floor, BETTER * worth) for worth in least.get(seller.user_id, ())]
        found[seller.user_id] = Fill(held, free, [floor] * free + better)
    return found


def without_choice(seller: Seller) -> Seller:
    """The same person where it is about their own leads: a veteran is choosy about new ones alone."""
    return replace(seller, is_choosy=False)


def fitting(fill: Fill, found: Sequence[tuple[float, T]]) -> list[T]:
    """Of (worth, lead) those for whom a day has a place, the best first: free minutes, then what is worth more."""
    chosen: list[T] = []
    for value, each in sorted(found, key=lambda pair: -pair[0]):
        at = len(chosen)
        if at < len(fill.least) and (at < fill.free or value >= fill.least[at]):
            chosen.append(each)
    return chosen


def _capacity(seller: Seller) -> int:
    """How many contacts fit into somebody's day."""
    return max(int(seller.minutes // MINUTES), min(seller.minutes, 1))


def note_filled(fills: Mapping[UUID, Fill], given: Iterable[UUID], *, day: date) -> None:
    """Remember how full everybody's day is now, so that what is done today makes no room today."""
    more = Counter(given)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE turn SET day = %s, filled = v.filled FROM unnest(%s::uuid[], %s::int[]) AS v(user_id, filled)"
            " WHERE turn.user_id = v.user_id AND (turn.day IS DISTINCT FROM %s OR turn.filled <> v.filled)",
            [day, list(fills), [fill.held + more[user] for user, fill in fills.items()], day],
        )
