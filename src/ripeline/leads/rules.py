"""Pure decisions about a lead: who may do what (I8), whose it is, and what finds it once it says something else."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cached_property
from itertools import pairwise
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from ripeline.base import clock
from ripeline.leads.models import CLOSED_STATES, Lead
from ripeline.leads.words.searching import SEARCHED, search_tokens
from ripeline.people import queries as people
from ripeline.people.models import Role, Tracking, User
from ripeline.people.rules import NotAllowed as NotAllowed


class Verb(StrEnum):
    """What somebody may do with a lead."""

    FIND = auto()  # see name, company, owner
    SEE_STATE = auto()
    SEE_CONTEXT = auto()  # how they came to us, enquiries, ripeness
    SEE_NEXT = auto()
    SEE_OUTCOMES = auto()  # outcomes and reasons
    SEE_TIMELINE = auto()  # the entries, without what people wrote
    READ_TEXT = auto()  # notes that are not private, mail
    WORK = auto()  # outcomes, dates, notes, changes, closing
    REASSIGN = auto()
    MERGE = auto()
    NOTE_CONSENT = auto()  # what they said about getting mail


class Relation(StrEnum):
    """How somebody stands to a lead."""

    OWN = auto()
    QUEUE = auto()  # nobody's yet: in a queue or a programme, without an owner
    TEAM = auto()
    OTHER = auto()


_ALL = frozenset(Verb)
_CONTEXT = frozenset({Verb.FIND, Verb.SEE_STATE, Verb.SEE_CONTEXT})
_NAMES = frozenset({Verb.FIND, Verb.SEE_STATE})
_LEADS = _CONTEXT | {Verb.SEE_NEXT, Verb.SEE_OUTCOMES, Verb.REASSIGN, Verb.MERGE}
_MARKETS = _CONTEXT | {Verb.SEE_OUTCOMES, Verb.NOTE_CONSENT}
_ADMINISTERS = _ALL - {Verb.READ_TEXT}

# role × relation → verbs: the one place. Nobody at all reads another's private note: `timeline.queries.of_lead`.
_MAY: dict[str, dict[Relation, frozenset[Verb]]] = {
    Role.REP: {Relation.OWN: _ALL, Relation.TEAM: _NAMES, Relation.QUEUE: _NAMES, Relation.OTHER: _NAMES},
    Role.SDR: {
        Relation.OWN: _ALL,
        Relation.QUEUE: _ALL,
        Relation.TEAM: _CONTEXT | {Verb.SEE_NEXT},
        Relation.OTHER: frozenset({Verb.FIND}),
    },
    Role.MARKETER: {
        Relation.OWN: _MARKETS,
        Relation.QUEUE: _MARKETS,
        Relation.TEAM: _MARKETS,
        Relation.OTHER: _MARKETS,
    },
    Role.LEADER: {Relation.OWN: _ALL, Relation.TEAM: _LEADS, Relation.QUEUE: _LEADS, Relation.OTHER: frozenset()},
    Role.ADMIN: {
        Relation.OWN: _ALL,
        Relation.QUEUE: _ADMINISTERS,
        Relation.TEAM: _ADMINISTERS,
        Relation.OTHER: _ADMINISTERS,
    },
}


def relation(actor: User, lead: Lead) -> Relation:
    """How `actor` stands to `lead`: theirs is what they own, are responsible for, or cover for somebody away."""
    holder = lead.owner or lead.responsible.user
    mine = {lead.owner_id, lead.responsible.user_id} & ({actor.pk} | covering(actor))
    if mine:
        return Relation.OWN
    if holder is None:
        return Relation.QUEUE
    return Relation.TEAM if holder.team_id == actor.team_id else Relation.OTHER


def verbs(actor: User, lead: Lead) -> frozenset[Verb]:
    """Everything that `actor` may do with `lead`. Reads only loaded relations: owner, responsible and its user."""
    if not actor.is_active:
        return frozenset()
    if actor.is_system:
        return _ALL
    how = relation(actor, lead)
    allowed = _MAY[actor.role][how]
    if actor.role == Role.LEADER and how is Relation.TEAM and lead.owner and lead.owner.tracking == Tracking.GUIDED:
        allowed |= {Verb.SEE_TIMELINE}
    return allowed


def ever(actor: User, verb: Verb) -> bool:
    """Whether `actor` may do `verb` with any lead at all."""
    return actor.is_system or any(verb in allowed for allowed in _MAY[actor.role].values())


def may(actor: User, verb: Verb, lead: Lead) -> bool:
    """Whether `actor` may do `verb` with `lead`: the one definition that every face asks (I8)."""
    return verb in verbs(actor, lead)


def require(actor: User, verb: Verb, lead: Lead) -> None:
    """Raise NotAllowed unless `actor` may."""
    if not may(actor, verb, lead):
        holder = lead.owner or lead.responsible
        raise NotAllowed(f"This lead is with {holder.name}; you may not {_WORDS.get(verb, 'see it')}.")


_WORDS = {
    Verb.WORK: "work on it",
    Verb.REASSIGN: "give it to somebody else",
    Verb.MERGE: "merge it",
    Verb.NOTE_CONSENT: "note what they agreed to",
}


def covering(actor: User) -> frozenset[UUID]:
    """Ids of the absent people whom `actor` covers today by their own clock, read once for each actor object."""
    cached: frozenset[UUID] | None = actor.__dict__.get("_covering")
    if cached is None:
        cached = people.covered_by(actor, timezone.localdate(clock.now()))
        actor.__dict__["_covering"] = cached
    return cached


def findable(actor: User) -> Q:
    """The leads that `actor` may FIND, as a filter; agrees with `may` lead by lead (a property test)."""
    if not actor.is_active:
        return Q(pk__in=[])
    if actor.is_system or actor.role != Role.LEADER:
        return Q()
    near = nearby(actor)
    return near.mine.with_them | near.team.held | Q(owner__isnull=True, responsible__in=near.nobodys)


@dataclass(frozen=True)
class Holders:
    """People by their ids, and the desks at which they are responsible.

    Conditions on a lead's own columns, without joins: an index serves them, and PostgreSQL knows how many there are.
    """

    users: Collection[UUID]
    desks: Collection[UUID]

    @property
    def held(self) -> Q:
        """Owned by one of them; where nobody owns it, looked after."""
        return Q(owner__in=self.users) | Q(owner__isnull=True, responsible__in=self.desks)

    @property
    def with_them(self) -> Q:
        """Owned or looked after by one of them."""
        return Q(owner__in=self.users) | Q(responsible__in=self.desks)

    @property
    def held_apart(self) -> list[Q]:
        """`held` as conditions that no lead meets twice."""
        return [Q(owner__in=self.users), Q(owner__isnull=True, responsible__in=self.desks)]

    @property
    def apart(self) -> list[Q]:
        """`with_them` as conditions that no lead meets twice: owned, then looked after for nobody or another.

        The other owners are named as those before, between and after these, each by itself: so an index of
        (responsible, owner) leads to the few that there are.
        """
        users = sorted(self.users)
        others = [Q(owner__isnull=True), Q(owner__lt=users[0]), Q(owner__gt=users[-1])]
        others += [Q(owner__gt=one, owner__lt=another) for one, another in pairwise(users)]
        return [Q(owner__in=users), *(Q(responsible__in=self.desks) & other for other in others)]


class Nearby:
    """Whose leads stand how to somebody: read once for each actor object."""

    def __init__(self, actor: User) -> None:
        self._actor = actor

    @cached_property
    def _around(self) -> tuple[Holders, Holders]:
        users = {self._actor.pk} | covering(self._actor)
        desks, team, their_desks = people.around(users, self._actor.team_id)
        return Holders(users, desks), Holders(team, their_desks)

    @property
    def mine(self) -> Holders:
        """The actor, and whom they cover."""
        return self._around[0]

    @property
    def team(self) -> Holders:
        """Their team; where they are on none, whoever is on none either."""
        return self._around[1]

    @cached_property
    def nobodys(self) -> Collection[UUID]:
        """The queues and programmes."""
        return people.nobodys()


def nearby(actor: User) -> Nearby:
    """Who is near to `actor`."""
    cached: Nearby = actor.__dict__.setdefault("_nearby", Nearby(actor))
    return cached


def mergeable(actor: User) -> Q:
    """The leads that `actor` may MERGE, as a filter; agrees with `may` lead by lead (a test)."""
    if not actor.is_active or (actor.role == Role.MARKETER and not actor.is_system):
        return Q(pk__in=[])
    if actor.is_system or actor.role in (Role.ADMIN, Role.LEADER):
        return findable(actor)
    near = nearby(actor)
    queued = Q(owner__isnull=True, responsible__in=near.nobodys)
    return near.mine.with_them | queued if actor.role == Role.SDR else near.mine.with_them


def may_merge_companies(actor: User, owners: Collection[UUID | None], *, theirs: bool, others: bool) -> bool:
    """Whether `actor` may make two companies one, or take that back: where they may merge every one of the people
    there, and look after the companies themselves or nobody does. Of an administrator and a system everything is.

    `owners`: who looks after the companies. `theirs`: somebody is there whom the actor may merge; `others`: somebody
    whom they may not.
    """
    if not actor.is_active or others or (actor.role == Role.MARKETER and not actor.is_system):
        return False
    if actor.is_system or actor.role == Role.ADMIN:
        return True
    near = nearby(actor)
    mine = {*near.mine.users, *(near.team.users if actor.role == Role.LEADER else ())}
    return mine.issuperset(owner for owner in owners if owner) and (theirs or actor.role == Role.LEADER)


def is_open(lead: Lead) -> bool:
    """Open: neither closed nor merged away."""
    return lead.merged_into_id is None and lead.state not in CLOSED_STATES


def searched_anew(lead: Lead, after: Mapping[str, str], other_phones: Iterable[str] = ()) -> str:
    """The words that find a lead which says something else now: also those that found it beside what it said, of its
    other telephones and of records merged into it.
    """
    own = set(search_tokens(**{name: getattr(lead, name) for name in SEARCHED}).split())
    beside = [word for word in lead.search.split() if word not in own]
    words = [*search_tokens(**after, other_phones=other_phones).split(), *beside]
    return " ".join(dict.fromkeys(words))[:4000]
