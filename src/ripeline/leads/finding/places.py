"""The places of a page in an order of leads: (value, lead id), from the index that has them; the rows come after."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import EmptyResultSet
from django.db.models import Count, F, Func, Q, QuerySet, Window

from ripeline.base.reading import rows
from ripeline.base.statements import prepared_rows
from ripeline.leads.finding.matching import Found, Reading
from ripeline.leads.models import IS_HERE, IS_OPEN, Lead

NEAR = 10_000  # leads among which is looked for what may be common; what is not common there is read whole
COMMON = 50  # … or so many for each that is wanted, where more are
Place = tuple[Any, UUID]


class Statement:
    """A question as SQL, which is put as often as wanted, each time with other values where its marks stand.

    To write one takes the ORM longer than PostgreSQL to answer it.
    """

    def __init__(self, asked: QuerySet[Any], marks: Sequence[Any] = (), *, is_counted: bool = False) -> None:
        self._ask = rows
        self._sql = ""
        self._given: Sequence[Any] = ()
        with suppress(EmptyResultSet):
            self._sql, self._given = asked.query.sql_with_params()
        if is_counted and self._sql:
            self._sql = f"SELECT COUNT(*) FROM ({self._sql}) AS counted"  # noqa: S608
        kinds = {type(mark) for mark in marks}
        self._marked = [(at, one) for at, one in enumerate(self._given) if type(one) in kinds and one in marks]

    def beside(self, counts: Sequence["Statement"], order: str) -> "Statement":
        """The same, each row followed by what these count, asked in one breath. It is of those statements that are
        planned alike whatever their values: once for all.
        """
        if self._sql:
            said = "".join(f", ({count._sql or 0})" for count in counts)
            self._sql = f"SELECT found.*{said} FROM ({self._sql}) AS found ORDER BY {order}"  # noqa: S608
            before = [value for count in counts for value in count._given]
            self._ask, self._given = prepared_rows, [*before, *self._given]
            self._marked = [(at + len(before), mark) for at, mark in self._marked]
        return self

    def rows(self, values: Mapping[Any, Any] = {}) -> list[tuple[Any, ...]]:
        """What it answers with these values, by mark."""
        if not self._sql:
            return []
        given = list(self._given)
        for at, mark in self._marked:
            given[at] = values[mark]
        return self._ask(self._sql, given)

    def count(self) -> int:
        """The same of one that is counted."""
        return sum(count for (count,) in self.rows())


@dataclass(frozen=True)
class Key:
    """An order by two columns, the second of which makes it total; `field` and `pk` are their names in queries.

    `begin` and `edge` stand, in what is written for later, where the values of a page do.
    """

    field: str
    pk: str
    descending: tuple[bool, bool]
    begin: Any
    edge: Any

    def order(self, *, backwards: bool) -> list[str]:
        return [
            f"{'-' if down != backwards else ''}{name}"
            for name, down in zip((self.field, self.pk), self.descending, strict=True)
        ]

    def beyond(self, *, backwards: bool) -> Q:
        """What comes after (before) a place. The first condition is implied, and bounds the scan of the index."""
        value, pk = self.begin, BEGIN_ID
        towards = ["lt" if down != backwards else "gt" for down in self.descending]
        return Q(**{f"{self.field}__{towards[0]}e": value}) & (
            Q(**{f"{self.field}__{towards[0]}": value}) | Q(**{self.field: value, f"{self.pk}__{towards[1]}": pk})
        )


# Values that nothing has, and that nobody can ask for.
BEGIN_ID = uuid4()
_BEGIN, _EDGE = datetime(1, 1, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(1, 1, 2, 3, 4, 5, 7, tzinfo=UTC)
NEWEST = Key("captured_at", "id", (True, True), _BEGIN, _EDGE)
NEXT = Key("next_at", "id", (False, False), _BEGIN, _EDGE)
RIPEST = Key("p_30", "lead_id", (True, False), -1.25e300, -1.5e300)


@dataclass(frozen=True)
class Way:
    """How a list is gone through: by which order, from its beginning or `further` on, in which direction, how far.

    `scores`: rows with the `p_30` of leads, for the order that goes by it.
    """

    key: Key
    scores: QuerySet[Any] | None
    is_further: bool
    backwards: bool
    limit: int

    @property
    def is_descending(self) -> bool:
        return self.key.descending[0] != self.backwards

    @property
    def places_order(self) -> str:
        """The same order, of places that were found."""
        ways = ("DESC" if down != self.backwards else "ASC" for down in self.key.descending)
        return ", ".join(f"{at} {way}" for at, way in enumerate(ways, 1))

    def along(self, found: QuerySet[Lead], *, is_few: bool = False) -> QuerySet[Any]:
        """What comes next, in order; what is few is read whole and sorted, not looked for all along an index."""
        ahead = self._ranked(found)
        if self.is_further:
            ahead = ahead.filter(self.key.beyond(backwards=self.backwards))
        first, second = self.key.order(backwards=self.backwards)
        by = Func(F(self.key.field), template="(%(expressions)s + '0')")
        ordered = ahead.order_by((by.desc() if self.is_descending else by.asc()) if is_few else first, second)
        return ordered.values_list(self.key.field, self.key.pk)

    def edge(self) -> QuerySet[Any]:
        """Where the next NEAR leads end, whoever's."""
        far = max(NEAR, COMMON * self.limit)
        here = IS_OPEN if self.key.field == "next_at" else IS_HERE
        return self.along(Lead.objects.filter(here)).values_list(self.key.field)[far : far + 1]

    def near(self, pieces: Sequence[QuerySet[Lead]]) -> list[QuerySet[Lead]]:
        """Those of them that are not beyond that."""
        within = Q(**{f"{self.key.field}__{'gte' if self.is_descending else 'lte'}": self.key.edge})
        return [piece.filter(within) for piece in pieces]

    def _ranked(self, found: QuerySet[Lead]) -> QuerySet[Any]:
        if self.key.field != "p_30":
            return found
        assert self.scores is not None
        return self.scores.filter(lead_id__in=found.order_by().values("pk"))


class Places:
    """The places of what is found, going one way: the statements are written when they are first asked for.

    `passing`: what the order alone has asked so far of those that are to be counted; at most `most` of them are. To
    count them `is_light` where it costs hardly more than to ask.
    """

    def __init__(
        self, found: Found, way: Way, *, most: int = 0, passing: Q | None = None, is_light: bool = False
    ) -> None:  # fmt: skip
        self._found, self._way, self._most, self._passing = found, way, most, passing or Q()
        self._is_light = is_light and found.reading is Reading.IN_ORDER

    def now(self) -> "Places":
        """These places, with what is asked for others left out where there are none at this moment; of light ones it is
        asked with the places.
        """
        return self if self._is_light or not self._others or self._others.count() else self._alone

    def read(self, begin: Place | None = None) -> tuple[list[Place], int | None]:
        """The next places after (before) one, and how many there are in all where that has been seen with them.

        What may be many, or few and far between, is looked for near by first: what is common is there.
        """
        key, reading = self._way.key, self._found.reading
        values = {key.begin: begin[0], BEGIN_ID: begin[1]} if begin else {}
        if self._is_light:
            return self._read_light(values)
        if reading is Reading.IN_ORDER or (reading is Reading.UNEVEN and key.field == "p_30"):
            return self._places(self._in_order.rows(values)), None
        if reading is Reading.UNEVEN and (edge := self._edge.rows(values)):
            places = self._places(self._near.rows(values | {key.edge: edge[0][0]}))
            if len(places) == self._way.limit:
                return places, None
        return self._read_whole(values)

    def count(self) -> int:
        """How many of them there are, at most `most`."""
        return self._count.count()

    @staticmethod
    def _places(found: Sequence[tuple[Any, ...]]) -> list[Place]:
        return [(row[0], row[1]) for row in found]

    def _read_light(self, values: Mapping[Any, Any]) -> tuple[list[Place], int | None]:
        """The next places along their index, how many there are, and whether there are others, asked at once."""
        if self._others:
            found = self._first_alone.rows(values)
            if (found[0][3] if found else self._others.count()) == 0:
                return self._places(found), found[0][2] if found else None
        found = self._all_light.rows(values)
        return self._places(found), found[0][2] if found else None

    def _read_whole(self, values: Mapping[Any, Any]) -> tuple[list[Place], int | None]:
        """The next places of what is few, or only found by reading it all: the count is seen at the same time."""
        key, limit, total = self._way.key, self._way.limit, 0
        places: list[Place] = []
        for statement in self._whole:
            found = statement.rows(values)
            places += self._places(found)
            total += found[0][2] if found else 0
        for at in (1, 0):
            places.sort(key=itemgetter(at), reverse=key.descending[at] != self._way.backwards)
        return places[:limit], None if self._way.is_further else total

    @cached_property
    def _others(self) -> Statement | None:
        return None if self._found.others is None else Statement(self._found.others, is_counted=True)

    @cached_property
    def _alone(self) -> "Places":
        return Places(self._found.alone(), self._way, most=self._most, passing=self._passing, is_light=self._is_light)

    @cached_property
    def _in_order(self) -> Statement:
        return self._along(self._found.pieces)

    @cached_property
    def _all_light(self) -> Statement:
        return self._along(self._found.pieces).beside([self._count], self._way.places_order)

    @cached_property
    def _first_alone(self) -> Statement:
        assert self._others
        counts = self._alone._count, self._others
        return self._along(self._found.pieces[:1]).beside(counts, self._way.places_order)

    @cached_property
    def _edge(self) -> Statement:
        return self._written(self._way.edge())

    @cached_property
    def _near(self) -> Statement:
        return self._along(self._way.near(self._found.one_by_one))

    @cached_property
    def _whole(self) -> Sequence[Statement]:
        way = self._way
        ahead = (way.along(piece, is_few=True).annotate(of=Window(Count("*"))) for piece in self._found.pieces)
        return [self._written(each.values_list(way.key.field, way.key.pk, "of")[: way.limit]) for each in ahead]

    @cached_property
    def _count(self) -> Statement:
        pieces = (piece.filter(self._passing).order_by().values("pk")[: self._most] for piece in self._found.pieces)
        first, *others = pieces
        return Statement(first.union(*others, all=True)[: self._most] if others else first, is_counted=True)

    def _along(self, pieces: Sequence[QuerySet[Lead]]) -> Statement:
        """The next places, each piece read along its index as far as needed; all but the first are few."""
        way = self._way
        first, *others = (way.along(piece, is_few=at > 0)[: way.limit] for at, piece in enumerate(pieces))
        if not others:
            return self._written(first)
        order = way.key.order(backwards=way.backwards)
        return self._written(first.union(*others, all=True).order_by(*order)[: way.limit])

    def _written(self, asked: QuerySet[Any]) -> Statement:
        return Statement(asked, (self._way.key.begin, BEGIN_ID, self._way.key.edge))
