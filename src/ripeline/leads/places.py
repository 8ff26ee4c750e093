"""The places of a page in an order of leads: (value, lead id), from the index that has them; the rows come after."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Func, Q, QuerySet, Window

from ripeline.leads.filters import Found, Reading
from ripeline.leads.models import IS_HERE, IS_OPEN, Lead

NEAR = 10_000  # leads among which is looked for what may be common; what is not common there is read whole
COMMON = 50  # … or so many for each that is wanted, where more are
Place = tuple[Any, UUID]


@dataclass(frozen=True)
class Key:
    """An order by two columns, the second of which makes it total; `filter` is their names in queries."""

    field: str
    pk: str
    descending: tuple[bool, bool]

    def order(self, *, backwards: bool) -> list[str]:
        return [
            f"{'-' if down != backwards else ''}{name}"
            for name, down in zip((self.field, self.pk), self.descending, strict=True)
        ]

    def beyond(self, cursor: tuple[Any, UUID], *, backwards: bool) -> Q:
        """What comes after (before) `cursor`. The first condition is implied, and bounds the scan of the index."""
        value, pk = cursor
        towards = ["lt" if down != backwards else "gt" for down in self.descending]
        return Q(**{f"{self.field}__{towards[0]}e": value}) & (
            Q(**{f"{self.field}__{towards[0]}": value}) | Q(**{self.field: value, f"{self.pk}__{towards[1]}": pk})
        )


@dataclass(frozen=True)
class Way:
    """How a list is gone through: by which order, from where, in which direction, and how far.

    `scores`: rows with the `p_30` of leads, for the order that goes by it.
    """

    key: Key
    scores: QuerySet[Any] | None
    cursor: Place | None
    backwards: bool
    limit: int

    @property
    def is_descending(self) -> bool:
        return self.key.descending[0] != self.backwards

    def along(self, found: QuerySet[Lead], *, is_few: bool = False) -> QuerySet[Any]:
        """What comes next, in order; what is few is read whole and sorted, not looked for all along an index."""
        ahead = self._ranked(found)
        if self.cursor:
            ahead = ahead.filter(self.key.beyond(self.cursor, backwards=self.backwards))
        first, second = self.key.order(backwards=self.backwards)
        by = Func(F(self.key.field), template="(%(expressions)s + '0')")
        ordered = ahead.order_by((by.desc() if self.is_descending else by.asc()) if is_few else first, second)
        return ordered.values_list(self.key.field, self.key.pk)

    def near(self, pieces: Sequence[QuerySet[Lead]]) -> list[QuerySet[Lead]] | None:
        """Those of them that are among the next NEAR leads, whoever's; None where there are no more than that."""
        far = max(NEAR, COMMON * self.limit)
        here = IS_OPEN if self.key.field == "next_at" else IS_HERE
        ahead = self.along(Lead.objects.filter(here), is_few=False)
        edge = ahead.values_list(self.key.field, flat=True)[far : far + 1].first()
        if edge is None:
            return None
        return [
            piece.filter(**{f"{self.key.field}__{'gte' if self.is_descending else 'lte'}": edge}) for piece in pieces
        ]

    def _ranked(self, found: QuerySet[Lead]) -> QuerySet[Any]:
        if self.key.field != "p_30":
            return found
        assert self.scores is not None
        return self.scores.filter(lead_id__in=found.order_by().values("pk"))


def read(found: Found, way: Way) -> tuple[list[Place], int | None]:
    """The next places, and how many there are in all where that has been seen with them.

    What may be many, or few and far between, is looked for near by first: what is common is there.
    """
    if found.reading is Reading.IN_ORDER or (found.reading is Reading.UNEVEN and way.key.field == "p_30"):
        return in_order(found.pieces, way), None
    if found.reading is Reading.UNEVEN and (near := way.near(found.one_by_one)):
        places = in_order(near, way)
        if len(places) == way.limit:
            return places, None
    return _whole(found.pieces, way)


def in_order(pieces: Sequence[QuerySet[Lead]], way: Way) -> list[Place]:
    """The next places, each piece read along its index as far as needed; all but the first are few."""
    first, *others = (way.along(piece, is_few=at > 0)[: way.limit] for at, piece in enumerate(pieces))
    if not others:
        return list(first)
    return list(first.union(*others, all=True).order_by(*way.key.order(backwards=way.backwards))[: way.limit])


def _whole(pieces: Sequence[QuerySet[Lead]], way: Way) -> tuple[list[Place], int | None]:
    """The next places of what is few, or only found by reading it all: how many there are is seen at the same time."""
    places: list[Place] = []
    total = 0
    for piece in pieces:
        ahead = way.along(piece, is_few=True)
        rows = list(ahead.annotate(of=Window(Count("*"))).values_list(way.key.field, way.key.pk, "of")[: way.limit])
        places += [(value, pk) for value, pk, _ in rows]
        total += rows[0][2] if rows else 0
    for at in (1, 0):
        places.sort(key=itemgetter(at), reverse=way.key.descending[at] != way.backwards)
    return places[: way.limit], total if way.cursor is None else None


def count(pieces: Sequence[QuerySet[Lead]], most: int, passing: Q) -> int:
    """How many of them pass, at most `most`."""
    first, *others = (piece.filter(passing).order_by().values("pk")[:most] for piece in pieces)
    return (first.union(*others, all=True)[:most] if others else first).count()
