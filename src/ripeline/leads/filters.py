"""What a list of leads is narrowed to: read from and written to an address, and turned into a condition.

A filter on something that the viewer may not see of a lead (its next date, its source) leaves that lead out: otherwise
one could ask for it piece by piece (I8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import reduce
from operator import and_
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.catalog.models import Source, SourceType
from ripeline.leads import identity, leaks, own_fields, rules
from ripeline.leads.leaks import Leak
from ripeline.leads.models import CLOSED_STATES, IS_OPEN, Enquiry, Lead, State
from ripeline.leads.rules import Holders, Relation, Verb
from ripeline.people import queries as people
from ripeline.people.models import Responsible, ResponsibleKind, Role, User

NOBODY = "nobody"  # as an owner: leads that no rep owns
CUSTOM = "f."  # prefix of a custom field's name in the address
LOOKED_AT = 50_000  # leads, the newest, to which a list puts a question that no index answers


class View(StrEnum):
    """Whose leads."""

    MINE = "mine"
    TEAM = "team"
    QUEUE = "queue"
    ALL = "all"


class Due(StrEnum):
    """When the next step is due, by the viewer's own days."""

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
    leak: str = ""  # the way in which they leak
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
            type=_one_of(query.get("type", ""), SourceType.values),
            campaign=_uuid(query.get("campaign", "")),
            since=_date(query.get("since", "")),
            until=_date(query.get("until", "")),
            owner=NOBODY if owner == NOBODY else _uuid(owner),
            due=_one_of(query.get("due", ""), tuple(Due)),
            ripe="".join(c for c in query.get("ripe", "") if c.isalnum() or c in "_-")[:20],
            run=_uuid(query.get("run", "")),
            team=_uuid(query.get("team", "")),
            leak=_one_of(query.get("leak", ""), tuple(Leak)),
            custom={
                key.removeprefix(CUSTOM)[:70]: value[:200]
                for key, value in query.items()
                if key.startswith(CUSTOM) and value and "\x00" not in key + value
            },
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
    view = View(filters.view or views_of(actor)[0])
    scope = rules.findable(actor) & _in_view(actor, view)
    if view is View.MINE and actor.is_active:
        scope = _in_view(actor, view)  # one's own can be found: no need to ask about each
        if is_of_closed(filters.state):  # a desk holds open leads only
            scope = Q(owner__in=rules.nearby(actor).mine.users)
    found = Lead.objects.filter(scope, merged_into__isnull=True)
    found = _by_state(actor, found, filters.state)
    if filters.owner:
        found = found.filter(Q(owner__isnull=True) if filters.owner == NOBODY else Q(owner=filters.owner))
    if filters.source:
        found = found.filter(visible(actor, Verb.SEE_CONTEXT), source_id=filters.source)
    found = _by_origin(actor, found, filters, zone)
    if filters.due:
        found = found.filter(visible(actor, Verb.SEE_NEXT), IS_OPEN, _due(Due(filters.due), zone))
    if filters.ripe:
        tagged = Q(pk__in=[]) if scores is None else Q(pk__in=scores.order_by().values("lead_id"))
        found = found.filter(visible(actor, Verb.SEE_CONTEXT), IS_OPEN, tagged).exclude(state=State.OPPORTUNITY)
    if filters.run:
        found = found.filter(visible(actor, Verb.SEE_CONTEXT), import_run_id=filters.run)
    found = _leaking(actor, found, filters)
    quick, slow = _own_fields(filters)
    if quick or slow:
        found = found.filter(visible(actor, Verb.SEE_CONTEXT), *quick)
    found = _searched(actor, found, filters.q)
    if slow and not whole:
        found = Lead.objects.filter(_AnyOf(F("pk"), ArraySubquery(_newest(actor, found))))  # read first
    return found.filter(*slow) if slow else found


def _newest(actor: User, found: QuerySet[Lead]) -> QuerySet[Any]:
    """The ids of the newest LOOKED_AT. A rep sees the fields of their own alone: an index has those, in no order."""
    if actor.role != Role.REP:
        return found.order_by("-captured_at", "-id").values("pk")[:LOOKED_AT]
    sorted_by = Func(F("captured_at"), template="(%(expressions)s + interval '0')")
    return found.filter(_in_view(actor, View.MINE)).order_by(sorted_by.desc(), "-id").values("pk")[:LOOKED_AT]


def reaches_all(actor: User, filters: Filters, *, zone: tzinfo, scores: QuerySet[Any] | None = None) -> bool:
    """Whether `matching` without `whole` looks at every lead that it is asked for."""
    if not _own_fields(filters)[1]:
        return True
    quick = {name: value for name, value in filters.custom.items() if not own_fields.is_slow(name)}
    found = matching(actor, replace(filters, custom=quick), zone=zone, scores=scores)
    return found.order_by()[: LOOKED_AT + 1].count() <= LOOKED_AT


def _own_fields(filters: Filters) -> tuple[list[Q], list[Q]]:
    """The conditions on the company's own fields: those that an index answers, and those that ask each lead."""
    asked = [(own_fields.is_slow(name), own_fields.condition(name, text)) for name, text in filters.custom.items()]
    return [found for is_slow, found in asked if not is_slow], [found for is_slow, found in asked if is_slow]


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
            queues = Responsible.objects.filter(kind=ResponsibleKind.QUEUE).values_list("pk", flat=True)
            return IS_OPEN & Q(responsible__in=list(queues))
        case View.TEAM:
            return near.team.held
    return Q()


def _by_state(actor: User, found: QuerySet[Lead], state: str) -> QuerySet[Lead]:
    if not state:
        return found
    found = found.filter(visible(actor, Verb.SEE_STATE))
    if state == "open":
        return found.filter(IS_OPEN)
    return found.filter(state__in=CLOSED_STATES) if state == "closed" else found.filter(state=state)


class _AnyOf(Func):
    """Whether a value is one of an array's."""

    arg_joiner = " = ANY("
    template = "%(expressions)s)"
    output_field = BooleanField()


def _by_origin(actor: User, found: QuerySet[Lead], filters: Filters, zone: tzinfo) -> QuerySet[Lead]:
    """When, by what kind of source and by which campaign they came: how a figure of Insight is looked into."""
    if not (filters.type or filters.campaign or filters.since or filters.until):
        return found
    found = found.filter(visible(actor, Verb.SEE_CONTEXT))
    if filters.type:
        of_type = Source.objects.filter(source_type=filters.type).values_list("pk", flat=True)
        found = found.filter(source__in=list(of_type))  # as ids, for which there is an index
    if filters.campaign:
        theirs = Enquiry.objects.filter(campaign=filters.campaign).values("lead")
        # Read first, by its index: as a semi-join the planner walks all of somebody's leads to find these.
        found = found.filter(_AnyOf(F("pk"), ArraySubquery(theirs)))
    if filters.since:
        found = found.filter(captured_at__gte=datetime.combine(filters.since, time(0), tzinfo=zone))
    if filters.until:
        found = found.filter(captured_at__lt=datetime.combine(filters.until + timedelta(days=1), time(0), tzinfo=zone))
    return found


def _leaking(actor: User, found: QuerySet[Lead], filters: Filters) -> QuerySet[Lead]:
    """With one team, and leaking in one way: what stands behind a figure of Insight."""
    if filters.team:
        found = found.filter(held_by_team(filters.team))
    if filters.leak:
        leak = Leak(filters.leak)
        found = found.filter(visible(actor, leaks.NEEDS[leak]), leaks.condition(leak, clock.now()))
    return found


def _due(due: Due, zone: tzinfo) -> Q:
    """By whole days of the viewer's own; a week is the seven days after today."""
    today = clock.now().astimezone(zone).date()

    def midnight(days: int) -> datetime:
        return datetime.combine(today + timedelta(days=days), time(0), tzinfo=zone)

    match due:
        case Due.OVERDUE:
            return Q(next_at__lt=midnight(0))
        case Due.TODAY:
            return Q(next_at__gte=midnight(0), next_at__lt=midnight(1))
        case Due.WEEK:
            return Q(next_at__gte=midnight(1), next_at__lt=midnight(8))
    return Q(next_at__gte=midnight(8))


def _searched(actor: User, found: QuerySet[Lead], text: str) -> QuerySet[Lead]:
    if not text:
        return found
    query = rules.search_query(text)
    if not query:
        return found.none()
    words = SearchVector("search", config="simple")  # as the index `lead_search` spells it
    said = Q(words=SearchQuery(query, search_type="raw", config="simple"))
    known = _known_by(text)
    found = found.annotate(words=words).filter(said | known if known else said)
    seen = visible(actor, Verb.SEE_CONTEXT)
    return found.annotate(openly=_OPENLY).filter(seen | _openly(text) | known) if seen else found


def _known_by(text: str) -> Q:
    """Whom a whole address reaches, be it another than the one shown; no condition where it is none, or nobody's."""
    key = identity.email(text) if "@" in text else None
    leads = identity.resolve([key]) if key else {}
    return Q(pk__in=list(leads.values())) if leads else Q()


_OPENLY = Func(  # name and company as `search_query` spells words: small, without accents and apostrophes
    Concat("name", Value(" "), "company"),
    template=(
        "lower(regexp_replace(translate(normalize(%(expressions)s, NFKD),"
        f" '{rules.STROKED}{rules.APOSTROPHES.replace(chr(39), chr(39) * 2)}', '{rules.PLAIN}'),"
        r" '[\u0300-\u036f]', '', 'g'))"
    ),
    output_field=TextField(),
)


def _openly(text: str) -> Q:
    """By what everybody who finds a lead sees of it, or by its whole address: not by parts of what is hidden."""
    words = rules.unaccented(rules.whole(text).casefold()).split()[:8]
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
