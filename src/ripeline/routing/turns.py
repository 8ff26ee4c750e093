"""Everybody's place in turn, and the lock under which leads are handed out."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from ripeline.routing import queries
from ripeline.routing.models import Turn
from ripeline.routing.rules import Seller
from ripeline.routing.worth import MINUTES


@contextmanager
def taken(sellers: Collection[Seller]) -> Iterator[list[Seller]]:
    """The sellers with the room they have now; their rows stay locked until the transaction ends.

    Who has left since they were read is not among them: whoever leaves takes this lock too.
    """
    users = sorted(s.user_id for s in sellers)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO turn (user_id, credit, filled) SELECT u, 0, 0 FROM unnest(%s::uuid[]) AS u ORDER BY u"
                " ON CONFLICT DO NOTHING",
                [users],
            )
        turns = Turn.objects.filter(user__in=users).order_by("user_id").select_for_update()
        credits = dict(turns.values_list("user_id", "credit"))
        rooms = queries.room(users)  # after the locks: what others handed out meanwhile is counted
        yield [
            replace(s, room=max(rooms[s.user_id], 0), credit=credits.get(s.user_id, 0))
            for s in sellers
            if s.user_id in rooms
        ]


def keep(credits: Mapping[UUID, int]) -> None:
    """Remember everybody's place in turn."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE turn SET credit = v.credit FROM unnest(%s::uuid[], %s::int[]) AS v(user_id, credit)"
            " WHERE turn.user_id = v.user_id AND turn.credit <> v.credit",
            [list(credits), list(credits.values())],
        )


@dataclass(frozen=True)
class Fill:
    """How many contacts somebody's day holds already, and how many more fit."""

    held: int
    places: int


def fills(sellers: Sequence[Seller], *, day: date, by: datetime) -> dict[UUID, Fill]:
    """How full each seller's day is: what is due with them before `by`, or what it held at an earlier release."""
    users = [s.user_id for s in sellers]
    due = queries.due_counts(users, by=by)
    before = dict(Turn.objects.filter(user__in=users, day=day).values_list("user_id", "filled"))
    found: dict[UUID, Fill] = {}
    for seller in sellers:
        held = max(before.get(seller.user_id, 0), due.get(seller.user_id, 0))
        capacity = max(int(seller.minutes // MINUTES), min(seller.minutes, 1))
        found[seller.user_id] = Fill(held, max(min(seller.room, capacity - held), 0))
    return found


def note_filled(fills: Mapping[UUID, Fill], given: Iterable[UUID], *, day: date) -> None:
    """Remember how full everybody's day is now, so that what is done today makes no room today."""
    more = Counter(given)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE turn SET day = %s, filled = v.filled FROM unnest(%s::uuid[], %s::int[]) AS v(user_id, filled)"
            " WHERE turn.user_id = v.user_id AND (turn.day IS DISTINCT FROM %s OR turn.filled <> v.filled)",
            [day, list(fills), [fill.held + more[user] for user, fill in fills.items()], day],
        )
