"""What a list of leads is narrowed to: read from and written to an address, and turned into a condition.

A filter on something that the viewer may not see of a lead (its next date, its source) leaves that lead out: otherwise
one could ask for it piece by piece (I8).
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum, StrEnum, auto
from functools import reduce
from itertools import islice
from operator import and_, or_
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorField
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.catalog.models import Source, SourceType
from ripeline.leads import rules
from ripeline.leads.finding import leaks, own_fields
from ripeline.leads.knowing import identity
from ripeline.leads.models import CLOSED_STATES, IS_HERE, IS_OPEN, OPEN_STATES, Enquiry, Lead, State
from ripeline.leads.rules import Holders, Relation, Verb
from ripeline.leads.words.plain import Plain, unaccented, whole
from ripeline.leads.words.searching import search_query, searched_parts
from ripeline.people import queries as people
from ripeline.people.models import Responsible, ResponsibleKind, Role, User

NO_SOURCE = "none"  # as a type of source: leads of which no source is known
NOBODY = "nobody"  # as an owner: leads that no rep owns
CUSTOM = "f."  # prefix of a custom field's name in the address
QUESTIONS_AT_MOST = 10  # about own fields, in one address
LOOKED_AT = 50_000  # leads, the newest, to which a list puts a question that no index answers


class View(StrEnum):
    """Whose leads."""

    MINE = "mine"
    TEAM = "team"
    QUEUE = "queue"
    ALL = "all"


class Due(StrEnum):
    """When the next step is due, by the viewer's own days."""

    NOW = "now"  # overdue, or today
    SOON = "soon"  # overdue, today or within the week
    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"
    LATER = "later"


_VIEWS: dict[str, tuple[View, ...]] = {  # the first is where the role begins
    Role.REP: (View.MINE, View.TEAM, View.ALL),
    Role.SDR: (View.QUEUE, View.MINE, View.TEAM, View.ALL),
    Role.MARKETER: (View.ALL, View.QUEUE),
    Role.LEADER: (View.TEAM, View.MINE, View.QUEUE, View.ALL),
    Role.ADMIN: (View.ALL, View.MINE, View.TEAM, View.QUEUE),
}
STATES = ("open", "closed", *State.values)


def views_of(actor: User) -> tuple[View, ...]:
    """The views that make sense for this person, the usual one first."""
    return tuple(view for view in _VIEWS[actor.role] if view != View.TEAM or actor.team_id)


@dataclass(frozen=True)
class Filters:
    """What somebody asked a list for. Everything empty: their usual view, whole."""

    q: str = ""
    view: str = ""
    state: str = ""
    source: UUID | None = None
    type: str = ""  # of source
    campaign: UUID | None = None
    since: date | None = None  # they first came to us on this day or later, by the viewer's own days
    until: date | None = None  # or earlier
    owner: UUID | str | None = None  # a person's id, or NOBODY
    due: str = ""
    ripe: str = ""  # a tag of ripeness; what it means is decided by whoever keeps the scores
    run: UUID | None = None  # the import that brought them
    team: UUID | None = None  # of whoever holds them
    leak: str = ""  # the way in which they leak, or that a file lost them
    custom: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> "Filters":
        """From an address's query; what it does not understand is left out, so that an old link still opens."""
        owner = query.get("owner", "")
        return cls(
            q=" ".join(query.get("q", "").replace("\x00", "").split())[:200],
            view=_one_of(query.get("view", ""), tuple(View)),
            state=_one_of(query.get("state", ""), STATES),
            source=_uuid(query.get("source", "")),
            type=_one_of(query.get("type", ""), (*SourceType.values, NO_SOURCE)),
            campaign=_uuid(query.get("campaign", "")),
            since=_date(query.get("since", "")),
            until=_date(query.get("until", "")),
            owner=NOBODY if owner == NOBODY else _uuid(owner),
            due=_one_of(query.get("due", ""), tuple(Due)),
            ripe="".join(c for c in query.get("ripe", "") if c.isalnum() or c in "_-")[:20],
            run=_uuid(query.get("run", "")),
            team=_uuid(query.get("team", "")),
            leak=_one_of(query.get("leak", ""), leaks.ASKED),
            custom=_of_own_fields(query),
        )

    def write(self) -> dict[str, str]:
        """As an address's query; `parse` reads it back."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "custom"}
        plain = {name: str(value) for name, value in given.items() if value}
        return plain | {CUSTOM + key: value for key, value in sorted(self.custom.items())}

    def url(self, **others: str) -> str:
        """The query string with `others` (a sort, a cursor) added where they are not empty."""
        return urlencode(self.write() | {name: value for name, value in others.items() if value})

    def __bool__(self) -> bool:
        """Whether anything but the view is asked for."""
        return bool(replace(self, view="").write())


def _of_own_fields(query: Mapping[str, str]) -> dict[str, str]:
    """What an address asks of the company's own fields: of more than a few, each would be looked for in every lead."""
    asked = ((key, value) for key, value in query.items() if key.startswith(CUSTOM) and value)
    whole = ((key.removeprefix(CUSTOM)[:70], value[:200]) for key, value in asked if "\x00" not in key + value)
    return dict(islice(whole, QUESTIONS_AT_MOST))


def is_of_closed(state: str) -> bool:
    """Whether a state in a filter is one of closed leads, or all of those."""
    return state == "closed" or state in CLOSED_STATES


def matching(
    actor: User, filters: Filters, *, zone: tzinfo, scores: QuerySet[Any] | None = None, whole: bool = False
) -> QuerySet[Lead]:
    """The leads that `actor` may find and that pass. `zone`: whose midnight "today" is.

    `scores`: rows with a `lead_id`, of the leads that have the tag `filters.ripe`. `whole`: also beyond the newest
    LOOKED_AT where a question has to be put to each, for whoever does not keep a person waiting.
    """
    arms, whose = _reach(actor, filters, asked_of(filters))
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
    arms, whose = _reach(actor, filters, asked_of(filters) | ({verb} if verb else set()))
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


def standing(actor: User) -> Hashable:
    """All of somebody, and of those near to them, that decides which leads they may find and see what of."""
    near = rules.nearby(actor)
    holders = near.mine, near.team
    return (
        actor.pk, actor.role, actor.team_id, actor.is_active, actor.is_system, tuple(near.nobodys),
        tuple(people.queues()), *(tuple(ids) for each in holders for ids in (each.users, each.desks)),
    )  # fmt: skip


def asked_of(filters: Filters) -> set[Verb]:
    """What one must be allowed to see of a lead to ask this."""
    asked = {leaks.needs(filters.leak)} if filters.leak else set()
    if filters.state:
        asked.add(Verb.SEE_STATE)
    if filters.due:
        asked.add(Verb.SEE_NEXT)
    origin = filters.source, filters.type, filters.campaign, filters.since, filters.until, filters.run
    if any(origin) or filters.ripe or filters.custom:
        asked.add(Verb.SEE_CONTEXT)
    return asked


def _reach(actor: User, filters: Filters, asked: Collection[Verb]) -> tuple[list[Q], View | None]:
    """The leads of a view of which `actor` may see what is asked, as conditions that no lead meets twice, and whose.

    Those of a person, or of a team, are who they own and, apart, the few that wait for them and are another's or
    nobody's. Of the others (None) there may be any number.
    """
    view = View(filters.view or views_of(actor)[0])
    if not actor.is_active:
        return [Q(pk__in=[])], View.MINE
    near = rules.nearby(actor)
    if not actor.is_system:
        may = {how: rules.verbs(actor, _held_by(actor, how)) for how in Relation}
        seen = {how for how, verbs in may.items() if Verb.FIND in verbs and verbs.issuperset(asked)}
        if Relation.OWN in seen and view is View.MINE:
            return near.mine.apart[: 1 if is_of_closed(filters.state) else None], view  # what waits at a desk is open
        if seen == {Relation.OWN}:
            return [arm & _in_view(actor, view) for arm in near.mine.apart], View.MINE
        if view is View.TEAM and {Relation.OWN, Relation.TEAM} <= seen:
            return near.team.held_apart, view
    within = rules.findable(actor) & _in_view(actor, view)
    return [reduce(and_, (visible(actor, verb) for verb in asked), within)], None


def _passing(
    filters: Filters, zone: tzinfo, scores: QuerySet[Any] | None, *, is_open: bool = False, is_tagged: bool = False
) -> list[Q]:
    """What is asked of each lead, but for what is searched and the company's own fields; each thing once.

    What is said twice PostgreSQL takes to be twice as rare. `is_tagged`: that they have the tag is known.
    """
    asked = _by_origin(filters, zone)
    must_be_open = is_open or bool(filters.due or filters.ripe)
    if filters.state in OPEN_STATES:  # one of these is open without saying so
        asked.append(Q(state=filters.state))
    elif must_be_open or filters.state == "open":
        asked.append(Q(pk__in=[]) if is_of_closed(filters.state) else IS_OPEN)
    elif filters.state:
        asked.append(Q(state__in=CLOSED_STATES) if filters.state == "closed" else Q(state=filters.state))
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


def hides(actor: User, filters: Filters, verb: Verb) -> bool:
    """Whether a view may hold leads that `actor` may find and of which they may not do `verb`."""
    if actor.is_system:
        return False
    within = {View.MINE: {Relation.OWN}, View.QUEUE: {Relation.OWN, Relation.QUEUE},
              View.TEAM: {Relation.OWN, Relation.TEAM}}  # fmt: skip
    hows = within.get(View(filters.view or views_of(actor)[0]), set(Relation))
    allowed = (rules.verbs(actor, _held_by(actor, how)) for how in hows)
    return any(Verb.FIND in verbs and verb not in verbs for verbs in allowed)


def visible(actor: User, verb: Verb) -> Q:
    """Of the leads that `actor` may find, those of which they may do `verb`: `rules` is asked for each relation."""
    may = {how: rules.verbs(actor, _held_by(actor, how)) for how in Relation}
    hidden = {how for how, verbs in may.items() if Verb.FIND in verbs and verb not in verbs}
    if not hidden:
        return Q()
    condition = Q(pk__in=[])
    for how, verbs in may.items():
        if verb in verbs:
            condition |= _standing(actor, how)
    return condition


def _held_by(actor: User, how: Relation) -> Lead:
    """A lead that never was, standing in this relation to `actor`: for asking the rules what that allows."""
    if how is Relation.QUEUE:
        return Lead(responsible=Responsible(kind=ResponsibleKind.QUEUE))
    holder = actor if how is Relation.OWN else User(team_id=actor.team_id if how is Relation.TEAM else new_id())
    return Lead(owner=holder, responsible=Responsible(kind=ResponsibleKind.REP, user=holder))


def _standing(actor: User, how: Relation) -> Q:
    """The leads that stand in this relation to `actor`."""
    near = rules.nearby(actor)
    if how is Relation.OWN:
        return near.mine.with_them
    if how is Relation.QUEUE:
        return Q(owner__isnull=True, responsible__in=near.nobodys)
    return near.team.held if how is Relation.TEAM else ~near.team.held


def held_by_team(team_id: UUID) -> Q:
    """Held by somebody of this team."""
    return Holders(*people.of_team(team_id)).held


def _in_view(actor: User, view: View) -> Q:
    """Whose leads: conditions on the lead's own columns, which an index can serve."""
    near = rules.nearby(actor)
    match view:
        case View.MINE:
            return Q(owner__in=near.mine.users) | (IS_OPEN & Q(responsible__in=near.mine.desks))
        case View.QUEUE:
            return IS_OPEN & Q(responsible__in=people.queues())
        case View.TEAM:
            return near.team.held
    return Q()


class _AnyOf(Func):
    """Whether a value is one of an array's."""

    arg_joiner = " = ANY("
    template = "%(expressions)s)"
    output_field = BooleanField()


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
        # Read first, by its index: as a semi-join the planner walks all of somebody's leads to find these.
        asked.append(Q(_AnyOf(F("pk"), ArraySubquery(theirs))))
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


def _one_of(text: str, known: Sequence[str]) -> str:
    return text if text in known else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 9000 else None
