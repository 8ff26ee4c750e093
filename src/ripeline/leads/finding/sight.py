"""Which leads somebody may find and see what of, as conditions; `rules` is asked for each way to stand to a lead.

A filter on something that the viewer may not see of a lead (its next date, its source) leaves that lead out: otherwise
one could ask for it piece by piece (I8).
"""

from collections.abc import Collection, Hashable
from functools import reduce
from operator import and_
from uuid import UUID

from django.db.models import Q

from ripeline.base.ids import new_id
from ripeline.leads import rules
from ripeline.leads.finding import leaks
from ripeline.leads.finding.filters import Filters, View, is_of_closed, views_of
from ripeline.leads.models import IS_OPEN, Lead
from ripeline.leads.rules import Holders, Relation, Verb
from ripeline.people import queries as people
from ripeline.people.models import Responsible, ResponsibleKind, User


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


def reach(actor: User, filters: Filters, asked: Collection[Verb]) -> tuple[list[Q], View | None]:
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


def held_by_team(team_id: UUID) -> Q:
    """Held by somebody of this team."""
    return Holders(*people.of_team(team_id)).held


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
