"""Filters turned into conditions: the leads that somebody may find and that pass."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from enum import Enum, auto
from functools import reduce
from operator import and_, or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorField
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from ripeline.base import clock
from ripeline.catalog.models import Source
from ripeline.leads.finding import leaks, own_fields
from ripeline.leads.finding.filters import NO_SOURCE, NOBODY, Due, Filters, View, is_of_closed, states_of, views_of
from ripeline.leads.finding.sight import asked_of, held_by_team, reach, visible
from ripeline.leads.knowing import identity
from ripeline.leads.models import IS_HERE, IS_OPEN, OPEN_STATES, Enquiry, Lead, State
from ripeline.leads.rules import Verb
from ripeline.leads.words.plain import Plain, unaccented, whole
from ripeline.leads.words.searching import search_query, searched_parts
from ripeline.people.models import User

LOOKED_AT = 50_000  # leads, the newest, to which a list puts a question that no index answers


def matching(
    actor: User, filters: Filters, *, zone: tzinfo, scores: QuerySet[Any] | None = None, whole: bool = False
) -> QuerySet[Lead]:
    """The leads that `actor` may find and that pass. `zone`: whose midnight "today" is.

    `scores`: rows with a `lead_id`, of the leads that have the tag `filters.ripe`. `whole`: also beyond the newest
    LOOKED_AT where a question has to be put to each, for whoever does not keep a person waiting.
    """
    arms, whose = reach(actor, filters, asked_of(filters))
    if View(filters.view or views_of(actor)[0]) is View.MINE:
        arms[1:] = [arm & IS_OPEN for arm in arms[1:]]
    quick, slow = _own_fields(filters)
    is_bounded, is_few = bool(slow) and not whole, whose is View.MINE
    pieces = [
        _searched(actor, Lead.objects.filter(arm, IS_HERE, *_passing(filters, zone, scores), *quick), filters.q)
        for arm in (arms if is_bounded and is_few else [reduce(or_, arms)])
    ]
    if not is_bounded:
        return pieces[0].filter(*slow)
    newest = (Q(_AnyOf(F("pk"), ArraySubquery(_newest(piece, is_few=is_few)))) for piece in pieces)
    return Lead.objects.filter(reduce(or_, newest), *slow)  # those are read first


class Reading(Enum):
    """How the leads of a list come into an order."""

    IN_ORDER = auto()  # an index has them so
    WHOLE = auto()  # they are few: all are read
    UNEVEN = auto()  # they may be many, or few and far between


@dataclass(frozen=True)
class Found:
    """What `matching` finds, as sets of which no lead is in two, each where an index has it.

    `others`: where there are none of these, and there hardly ever are any, the first set is all. `one_by_one`, where it
    is UNEVEN: the same in words that no index of words and values knows, so that each lead which an order leads to is
    asked.
    """

    pieces: Sequence[QuerySet[Lead]]
    reading: Reading
    others: QuerySet[Any] | None = None
    one_by_one: Sequence[QuerySet[Lead]] = ()

    def alone(self) -> "Found":
        """The first set, where there are no others."""
        return Found(self.pieces[:1], self.reading, one_by_one=self.one_by_one[:1])


def found_by(
    actor: User, filters: Filters, *, zone: tzinfo, scores: QuerySet[Any] | None = None, verb: Verb | None = None,
    is_open: bool = False, is_ranked: bool = False,
) -> Found:  # fmt: skip
    """What `matching` finds, where `actor` may also do `verb`, for a list to read page by page.

    `is_open`: the open ones alone. `is_ranked`: the list is read by `scores`, so whether somebody is among them goes
    without saying.
    """
    quick, slow = _own_fields(filters)
    if slow:
        found = matching(actor, filters, zone=zone, scores=scores).filter(IS_OPEN if is_open else Q())
        return Found([found.filter(visible(actor, verb)) if verb else found], Reading.IN_ORDER)
    passing = _passing(filters, zone, None if is_ranked else scores, is_open=is_open, is_tagged=is_ranked)
    arms, whose = reach(actor, filters, asked_of(filters) | ({verb} if verb else set()))
    if whose is View.MINE:
        quick, _ = _own_fields(filters, is_few=True)
    sets = [Lead.objects.filter(arms[0], IS_HERE)]
    others = _together([Lead.objects.filter(arm, IS_HERE).order_by().values("pk") for arm in arms[1:]])
    if others is not None:  # the index knows them; a guess would look for them all along an order
        sets.append(Lead.objects.filter(_AnyOf(F("pk"), ArraySubquery(others)), IS_HERE))
    if View(filters.view or views_of(actor)[0]) is View.MINE:
        sets[1:] = [one.filter(IS_OPEN) for one in sets[1:]]  # what waits at a desk is open
    pieces = [_searched(actor, one.filter(*passing, *quick), filters.q) for one in sets]
    if not (filters.q or quick) or (whose is View.TEAM and not filters.q):
        return Found(pieces, Reading.IN_ORDER, others)
    if whose:
        return Found(pieces, Reading.WHOLE, others)
    quick, _ = _own_fields(filters, is_few=True)
    asked = [_searched(actor, one.filter(*passing, *quick), filters.q, is_few=True) for one in sets]
    return Found(pieces, Reading.UNEVEN, others, asked)


def _together(sets: Sequence[QuerySet[Any]]) -> QuerySet[Any] | None:
    """All of these, of which nothing is in two, each read by itself."""
    return sets[0].union(*sets[1:], all=True) if sets[1:] else next(iter(sets), None)


def depends_on_day_alone(filters: Filters) -> bool:
    """Whether what `found_by` asks is the same all day for those who stand alike (`standing`).

    What is searched is not: addresses are looked up; nor what leaks by the minute, or is asked of a kind of source.
    """
    return not (filters.q or filters.leak or filters.type or filters.team)


def _in_state(state: str, *, must_be_open: bool) -> list[Q]:
    """In one of these states, each of which is open or closed without saying so."""
    if must_be_open and is_of_closed(state):
        return [Q(pk__in=[])]
    if state == "open" or (must_be_open and not state):
        return [IS_OPEN]
    states = [each for each in states_of(state) if each in OPEN_STATES or not must_be_open]
    if len(states) == 1:
        return [Q(state=states[0])]
    return [Q(state__in=states)] if states else []


def _passing(
    filters: Filters, zone: tzinfo, scores: QuerySet[Any] | None, *, is_open: bool = False, is_tagged: bool = False
) -> list[Q]:
    """What is asked of each lead, but for what is searched and the company's own fields; each thing once.

    What is said twice PostgreSQL takes to be twice as rare. `is_tagged`: that they have the tag is known.
    """
    asked = _by_origin(filters, zone)
    must_be_open = is_open or bool(filters.due or filters.ripe)
    asked += _in_state(filters.state, must_be_open=must_be_open)
    if filters.owner:
        asked.append(Q(owner__isnull=True) if filters.owner == NOBODY else Q(owner=filters.owner))
    if filters.due:
        asked.append(_due(Due(filters.due), zone))
    if filters.ripe:
        asked.append(~Q(state=State.OPPORTUNITY))
        if not is_tagged:
            asked.append(Q(pk__in=[]) if scores is None else Q(pk__in=scores.order_by().values("lead_id")))
    if filters.team:
        asked.append(held_by_team(filters.team))
    if filters.leak:
        asked.append(leaks.asked_for(filters.leak, clock.now()))
    return asked


def _newest(found: QuerySet[Lead], *, is_few: bool) -> QuerySet[Any]:
    """The ids of the newest LOOKED_AT; of what is few an index has all, in no order."""
    by = Func(F("captured_at"), template="(%(expressions)s + interval '0')") if is_few else F("captured_at")
    return found.order_by(by.desc(), "-id").values("pk")[:LOOKED_AT]


def reaches_all(actor: User, filters: Filters, *, zone: tzinfo, scores: QuerySet[Any] | None = None) -> bool:
    """Whether `matching` without `whole` looks at every lead that it is asked for."""
    if not _own_fields(filters)[1]:
        return True
    quick = {name: value for name, value in filters.custom.items() if not own_fields.is_slow(name)}
    found = matching(actor, replace(filters, custom=quick), zone=zone, scores=scores)
    return found.order_by()[: LOOKED_AT + 1].count() <= LOOKED_AT


def _own_fields(filters: Filters, *, is_few: bool = False) -> tuple[list[Q], list[Q]]:
    """The conditions on the company's own fields: those that an index answers, and those that ask each lead.

    `is_few`: all are asked of each lead, for where the leads are few and the index has as many as have the value.
    """
    asked = [
        (own_fields.is_slow(name), own_fields.condition(name, text, is_few=is_few))
        for name, text in filters.custom.items()
    ]
    return [found for is_slow, found in asked if not is_slow], [found for is_slow, found in asked if is_slow]


class _AnyOf(Func):
    """Whether a value is one of an array's."""

    arg_joiner = " = ANY("
    template = "%(expressions)s)"
    output_field = BooleanField()


class _Both(Func):
    """Two arrays in one."""

    function = "array_cat"


def _by_origin(filters: Filters, zone: tzinfo) -> list[Q]:
    """When, by which source, campaign or import they came."""
    asked = []
    if filters.source:
        asked.append(Q(source=filters.source))
    if filters.run:
        asked.append(Q(import_run_id=filters.run))
    if filters.type == NO_SOURCE:
        asked.append(Q(source__isnull=True))
    elif filters.type:
        of_type = Source.objects.filter(source_type=filters.type).values_list("pk", flat=True)
        asked.append(Q(source__in=list(of_type)))  # as ids, for which there is an index
    if filters.campaign:
        theirs = Enquiry.objects.filter(campaign=filters.campaign).values("lead")
        merged = Lead.objects.filter(merged_into__isnull=False, enquiries__campaign=filters.campaign)
        # Read first, by its index: as a semi-join the planner walks all of somebody's leads to find these.
        came = _Both(ArraySubquery(theirs), ArraySubquery(merged.values("merged_into")))
        asked.append(Q(_AnyOf(F("pk"), came)))
    if filters.since:
        asked.append(Q(captured_at__gte=datetime.combine(filters.since, time(0), tzinfo=zone)))
    if filters.until:
        day_after = datetime.combine(filters.until + timedelta(days=1), time(0), tzinfo=zone)
        asked.append(Q(captured_at__lt=day_after))
    return asked


def _due(due: Due, zone: tzinfo) -> Q:
    """By whole days of the viewer's own; a week is the seven days after today."""
    today = clock.now().astimezone(zone).date()

    def midnight(days: int) -> datetime:
        return datetime.combine(today + timedelta(days=days), time(0), tzinfo=zone)

    match due:
        case Due.NOW:
            return Q(next_at__lt=midnight(1))
        case Due.SOON:
            return Q(next_at__lt=midnight(8))
        case Due.OVERDUE:
            return Q(next_at__lt=midnight(0))
        case Due.TODAY:
            return Q(next_at__gte=midnight(0), next_at__lt=midnight(1))
        case Due.WEEK:
            return Q(next_at__gte=midnight(1), next_at__lt=midnight(8))
    return Q(next_at__gte=midnight(8))


def _searched(actor: User, found: QuerySet[Lead], text: str, *, is_few: bool = False) -> QuerySet[Lead]:
    if not text:
        return found
    query = search_query(text)
    if not query:
        return found.none()
    words = _WORDS if is_few else SearchVector("search", config="simple")  # as the index `lead_search` spells it
    said = Q(words=SearchQuery(query, search_type="raw", config="simple"))
    if is_few:
        said = reduce(or_, map(_holds, searched_parts(text))) & said
    known = _known_by(text)
    found = found.annotate(words=words).filter(said | known if known else said)
    seen = visible(actor, Verb.SEE_CONTEXT)
    return found.annotate(openly=_OPENLY).filter(seen | _openly(text) | known) if seen else found


def _holds(parts: Sequence[str]) -> Q:
    return reduce(and_, (Q(GreaterThan(StrIndex("search", Value(part)), 0)) for part in parts), Q())


def _known_by(text: str) -> Q:
    """Whom a whole address reaches, be it another than the one shown; no condition where it is none, or nobody's."""
    key = identity.email(text) if "@" in text else None
    leads = identity.resolve([key]) if key else {}
    return Q(pk__in=list(leads.values())) if leads else Q()


_WORDS = Func(  # … and as it does not
    F("search"), template="to_tsvector('simple'::regconfig, %(expressions)s)", output_field=SearchVectorField()
)
_OPENLY = Plain("name", "company")


def _openly(text: str) -> Q:
    """By what everybody who finds a lead sees of it, or by its whole address: not by parts of what is hidden."""
    words = unaccented(whole(text).casefold()).split()[:8]
    return reduce(and_, (Q(openly__contains=word) for word in words)) | Q(email__iexact=text)
