"""The list of leads: a page at a time by keyset, each row with what its viewer may see (I8), never counted whole."""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from ripeline.base import clock
from ripeline.leads import rules
from ripeline.leads.finding import places, rows
from ripeline.leads.finding.filters import Due, Filters, View, is_of_closed, is_of_open, views_of
from ripeline.leads.finding.matching import (
    LOOKED_AT,
    depends_on_day_alone,
    found_by,
    matching,
    reaches_all,
)
from ripeline.leads.finding.places import Places, Way
from ripeline.leads.finding.rows import Row
from ripeline.leads.finding.sight import asked_of, hides, standing, visible
from ripeline.leads.models import IS_OPEN, Lead
from ripeline.leads.rules import Verb
from ripeline.people.models import User

__all__ = [
    "LOOKED_AT", "Due", "Filters", "Page", "Row", "Sort", "View", "chosen", "every", "named", "narrowed", "order_of",
    "page", "sorts_of", "views_of",
]  # fmt: skip

COUNTED_TO = 1_000  # beyond this a list says "1,000+": counting on took longer than all the rest of a page
MANY = 10_000  # … and so far where something is done with all of them, once
SIZE = 50
KEPT = 500  # lists of whose pages the statements are kept: some for everybody who works
CHUNK = 500  # rows a time where somebody goes through all of them


class Sort(StrEnum):
    """The orders that an index serves."""

    NEWEST = "newest"
    NEXT = "next"  # open leads only: the others have no next date
    RIPEST = "ripest"  # scored leads only

    @classmethod
    def named(cls, text: object) -> "Sort":
        """The order that an address names; the usual one where it names none."""
        return next((sort for sort in cls if sort == text), cls.NEWEST)


_NEEDS = {Sort.NEXT: Verb.SEE_NEXT, Sort.RIPEST: Verb.SEE_CONTEXT}


@dataclass(frozen=True)
class Page:
    """One page. `next` and `previous` are cursors, empty where there is nothing more that way."""

    rows: Sequence[Row]
    next: str
    previous: str
    count: int
    count_capped: bool
    is_limited: bool = False  # a question that no index answers was put to the newest LOOKED_AT only
    whole: int = 0  # how many there are in whatever order: one that only some leads have a place in leaves out the rest


_SIZE = 16  # bytes of an id
_LIGHT = {"view", "state", "owner"}  # what the indexes of the orders have, so that counting is reading on
_KEYS = {Sort.NEWEST: places.NEWEST, Sort.NEXT: places.NEXT, Sort.RIPEST: places.RIPEST}


def sorts_of(filters: Filters) -> tuple[Sort, ...]:
    """The orders that make sense: closed leads have no next date, and no ripeness to come."""
    return (Sort.NEWEST,) if is_of_closed(filters.state) else tuple(Sort)


def order_of(filters: Filters, sort: Sort) -> Sort:
    """The order in which a list is shown that is asked for in this one."""
    return sort if sort in sorts_of(filters) else Sort.NEWEST


def narrowed(actor: User, filters: Filters, sort: Sort) -> Q:
    """What an order asks beside the filters: that a lead has a place in it, and that `actor` may know which."""
    verb = _NEEDS.get(order_of(filters, sort))
    return IS_OPEN & visible(actor, verb) if verb else Q()


def is_narrower(actor: User, filters: Filters, sort: Sort) -> tuple[bool, bool]:
    """Whether an order may leave out closed leads, and whether leads of which `actor` may not know it."""
    verb = _NEEDS.get(order_of(filters, sort))
    if not verb:
        return False, False
    are_open = bool(is_of_open(filters.state) or filters.due or filters.ripe)
    return not are_open and filters.view != View.QUEUE, verb not in asked_of(filters) and hides(actor, filters, verb)


def page(
    actor: User,
    filters: Filters,
    *,
    zone: tzinfo,
    sort: Sort = Sort.NEWEST,
    after: str = "",
    before: str = "",
    size: int = SIZE,
    scores: QuerySet[Any] | None = None,
    tagged: QuerySet[Any] | None = None,
    is_counted: bool = True,
) -> Page:
    """One page of what `actor` asked for, in the same few queries whatever it holds.

    `scores`: every score (`lead_id`, `p_30`), for the order RIPEST; `tagged`: those that `filters.ripe` means. Both
    belong to a slice above this one, and come from the face. A cursor that cannot be read is the beginning. Where
    nobody reads how many there are (`is_counted`), only those shown are counted.
    """
    sort = Sort.NEWEST if sort == Sort.RIPEST and scores is None else order_of(filters, sort)
    asked = _Asked(actor, filters, zone, sort, scores, tagged)
    cursor, backwards = _read(after or before, sort, actor), bool(before and not after)
    how: dict[str, Any] = {"limit": size + 1, "is_counted": is_counted}
    going = asked.places(is_further=cursor is not None, backwards=backwards, **how)
    keys, total = going.read(cursor)
    if cursor is not None and (len(keys) <= size if backwards else not keys):
        # The beginning is near, or what came after is gone: show it from there.
        cursor, backwards = None, False
        going = asked.places(is_further=False, backwards=False, **how)
        keys, total = going.read()
    more = len(keys) > size
    keys = keys[:size][::-1] if backwards else keys[:size]
    has_next, has_previous = (True, more) if backwards else (more, cursor is not None)
    is_whole = cursor is None and not more
    if is_whole or not is_counted:
        total = len(keys)
    elif total is None:
        total = going.count()
    whole = total
    if is_counted and total <= COUNTED_TO and any(is_narrower(actor, filters, sort)):
        newest = _Asked(actor, filters, zone, Sort.NEWEST, scores, tagged)
        whole = max(total, newest.places(is_further=False, backwards=False, **how).count())
    return Page(
        rows=rows.read(actor, [pk for _, pk in keys]),
        next=_write(keys[-1], sort) if keys and has_next else "",
        previous=_write(keys[0], sort) if keys and has_previous else "",
        count=min(total, COUNTED_TO),
        count_capped=total > COUNTED_TO,
        is_limited=not reaches_all(actor, filters, zone=zone, scores=tagged),
        whole=min(whole, COUNTED_TO + 1),
    )


class _Asked:
    """A list that somebody asks for, whichever page of it. Where it is the same list, it is asked in the same words."""

    def __init__(
        self, actor: User, filters: Filters, zone: tzinfo, sort: Sort,
        scores: QuerySet[Any] | None, tagged: QuerySet[Any] | None,
    ) -> None:  # fmt: skip
        self._actor, self._filters, self._zone, self._sort = actor, filters, zone, sort
        self._scores, self._tagged = scores, tagged
        self._same = (
            standing(actor), tuple(filters.write().items()), clock.now().astimezone(zone).date(), str(zone), sort,
            scores is None, tagged is None,
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash(self._same)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self._same == other._same

    def places(self, **how: Any) -> Places:
        """Its places going one way; written anew where the words depend on more than who asks, and the day."""
        write = _places if depends_on_day_alone(self._filters) else _places.__wrapped__
        return write(self, **how).now()

    def written(self, *, is_further: bool, backwards: bool, limit: int, is_counted: bool) -> Places:
        sort, tagged = self._sort, self._tagged if self._filters.ripe else None
        found = found_by(
            self._actor, self._filters, zone=self._zone, scores=tagged, verb=_NEEDS.get(sort), is_open=sort in _NEEDS,
            is_ranked=sort == Sort.RIPEST,
        )  # fmt: skip
        scores = self._scores if tagged is None else tagged
        is_scored = Q()
        if sort == Sort.RIPEST and scores is not None:  # which the order alone has asked so far
            is_scored = Q(pk__in=scores.order_by().values("lead_id"))
        way = Way(_KEYS[sort], scores, is_further, backwards, limit)
        is_light = is_counted and sort != Sort.RIPEST and self._filters.write().keys() <= _LIGHT
        return Places(found, way, most=COUNTED_TO + 1, passing=is_scored, is_light=is_light)


@lru_cache(maxsize=KEPT)
def _places(asked: _Asked, *, is_further: bool, backwards: bool, limit: int, is_counted: bool) -> Places:
    return asked.written(is_further=is_further, backwards=backwards, limit=limit, is_counted=is_counted)


def every(
    actor: User, filters: Filters, *, zone: tzinfo, sort: Sort = Sort.NEWEST, scores: QuerySet[Any] | None = None,
    tagged: QuerySet[Any] | None = None,
) -> Iterator[Sequence[Row]]:  # fmt: skip
    """Everything that a list shows, in its order, in chunks: for an export, which holds one of rows in memory.

    Who is among them is read at once, and kept as ids: what orders them may change while the rows are read, newest
    first by a merge, and yet each comes once. A transaction that lasted as long as somebody's download takes would
    keep the database from tidying up. Of whom one may find no more by then, there is no row.
    """
    sort = order_of(filters, sort)
    within = matching(actor, filters, zone=zone, scores=tagged, whole=True).filter(narrowed(actor, filters, sort))
    sort = Sort.NEWEST if sort == Sort.RIPEST and scores is None else sort
    way = Way(_KEYS[sort], scores, False, False, CHUNK)
    ids = b"".join(pk.bytes for _, pk in way.along(within).iterator())
    for start in range(0, len(ids), CHUNK * _SIZE):
        block = [UUID(bytes=ids[at : at + _SIZE]) for at in range(start, min(start + CHUNK * _SIZE, len(ids)), _SIZE)]
        yield [row for row in rows.read(actor, block) if Verb.FIND in row.verbs]


def named(actor: User, text: str, *, zone: tzinfo, size: int) -> Sequence[Row]:
    """The newest that a search finds, wherever they are."""
    found = found_by(actor, Filters(q=text, view=View.ALL.value), zone=zone)
    keys, _ = Places(found, Way(places.NEWEST, None, False, False, size)).read()
    return rows.read(actor, [pk for _, pk in keys])


def chosen(actor: User, lead_ids: Sequence[UUID]) -> Sequence[Row]:
    """These leads, where `actor` may find them."""
    mine = Lead.objects.filter(rules.findable(actor), pk__in=lead_ids, merged_into__isnull=True)
    return rows.read(actor, list(mine.order_by("-captured_at", "-id").values_list("pk", flat=True)))


def _write(key: tuple[Any, UUID], sort: Sort) -> str:
    """A place in an order as text for an address, which tells no more than the page.

    When a lead came to us stays as it is and is not everybody's to know: there its id, which the page shows, will do.
    The other orders hold only leads of which the viewer may know the value, and keep it, for it changes.
    """
    value, pk = key
    if sort == Sort.NEWEST:
        return pk.hex
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([plain, pk.hex]).encode()).decode().rstrip("=")


def _read(text: str, sort: Sort, actor: User) -> tuple[Any, UUID] | None:
    """The place that an address names; None, the beginning, where it names none that `actor` may find."""
    if not text or len(text) > 200:
        return None
    try:
        if sort == Sort.NEWEST:
            found = Lead.objects.filter(rules.findable(actor), pk=UUID(text))
            return found.values_list("captured_at", "pk").first()
        value, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if sort == Sort.RIPEST:
            return float(value), UUID(pk)
        moment = datetime.fromisoformat(value)
        return (moment, UUID(pk)) if moment.tzinfo else None
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return None
