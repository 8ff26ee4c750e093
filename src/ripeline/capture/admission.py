"""How arrivals become leads, whatever their door: resolved, given somebody and a next moment, in one transaction.

Every door turns what it got into `Arrival`s and calls `admit`. Each arrival ends as exactly one of created, updated,
unchanged or rejected (I7), and a person exists once, also when two doors admit them at the same moment (I4).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.catalog import actions as catalog
from ripeline.leads import actions as leads
from ripeline.leads import birth, bulk, identity, rules
from ripeline.leads.birth import Context, Person
from ripeline.leads.deciding import By, Changes, Next
from ripeline.leads.identity import Key
from ripeline.leads.models import Enquiry, Lead, NextKind, State
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.routing import actions as routing
from ripeline.timeline import actions as timeline

TWO_PEOPLE = "Its e-mail address and its id belong to two different people here; merge them first or mend the row."
LATER = timedelta(days=30)  # until `settle` spreads a batch; kept if that never happens
RECENT = timedelta(days=7)  # an enquiry not older than this is a reason to act now


class Result(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One time that somebody came to us, cleaned: who, by which keys we know them again, and the context."""

    keys: tuple[Key, ...]
    person: Person
    context: Context  # without source and campaign, which are named here
    source: str = ""
    campaign: str = ""
    dated: bool = True  # False: nobody said when, so `context.captured_at` is only the moment of admission
    owner_id: UUID | None = None  # the rep whose lead it is, where the door knows


@dataclass(frozen=True)
class Admitted:
    """What became of an arrival."""

    result: Result
    lead_id: UUID | None = None
    reason: str = ""  # of a rejection, in words
    reopened: bool = False  # born past the horizon, or taken up again


@dataclass
class _Case:
    """An arrival on its way: which lead it is, if it is one already."""

    arrival: Arrival
    lead_id: UUID | None = None
    is_new: bool = False
    outcome: Admitted | None = None


def event_key(arrival: Arrival) -> str:
    """Names the enquiry itself, so that the same row in the same or another file is not a second enquiry."""
    when = arrival.context.captured_at.isoformat() if arrival.dated else ""
    text = "\x1f".join([when, arrival.source.casefold(), arrival.campaign.casefold(), arrival.context.landing_page])
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def admit(arrivals: Sequence[Arrival], *, actor: User, origin: str) -> list[Admitted]:
    """Admit arrivals in one transaction, set by set; the results stand in their order."""
    with transaction.atomic():
        cases = [_Case(_with_catalog_later(a)) for a in arrivals]
        _name_sources(cases)
        for case, reason in _resolve(cases):
            case.outcome = Admitted(Result.REJECTED, reason=reason)
        if born := [c for c in cases if c.is_new and c.outcome is None]:
            _bear(born, actor, origin)
        if met := [c for c in cases if not c.is_new and c.outcome is None]:
            _meet_again(met, actor, origin)
        return [case.outcome or Admitted(Result.UNCHANGED, case.lead_id) for case in cases]


def _with_catalog_later(arrival: Arrival) -> Arrival:
    key = arrival.context.event_key or event_key(arrival)
    return replace(arrival, context=replace(arrival.context, event_key=key))


def _name_sources(cases: Sequence[_Case]) -> None:
    """Give every context its source and campaign rows, made where new."""
    sources = catalog.sources_named({c.arrival.source for c in cases})
    campaigns = catalog.campaigns_named({c.arrival.campaign for c in cases})
    for case in cases:
        source, campaign = sources.get(case.arrival.source), campaigns.get(case.arrival.campaign)
        context = replace(
            case.arrival.context,
            source_id=source.pk if source else None,
            campaign_id=campaign.pk if campaign else None,
        )
        case.arrival = replace(case.arrival, context=context)


def _resolve(cases: Sequence[_Case]) -> Iterator[tuple[_Case, str]]:
    """Find or claim the lead of each case; yields the ones that cannot be one person, with the reason."""
    leaders = identity.group([c.arrival.keys for c in cases])
    members: dict[int, list[_Case]] = defaultdict(list)
    for case, leader in zip(cases, leaders, strict=True):
        members[leader].append(case)
    known = identity.resolve(key for case in cases for key in case.arrival.keys)
    known_leads = set(known.values())
    fresh: dict[Key, UUID] = {}
    for group in members.values():
        found = {known[key] for case in group for key in case.arrival.keys if key in known}
        if len(found) > 1:
            yield from _split(group, known)
            continue
        lead_id = found.pop() if found else new_id()
        for index, case in enumerate(group):
            case.lead_id = lead_id
            case.is_new = index == 0 and lead_id not in known_leads
            fresh |= {key: lead_id for key in case.arrival.keys if key not in known}
    won = identity.claim(fresh)
    if len(won) < len(fresh):
        yield from _overtaken(cases, fresh, won)


def _split(group: Sequence[_Case], known: dict[Key, UUID]) -> Iterator[tuple[_Case, str]]:
    """A group whose keys belong to several leads: each row goes where its own keys say, or is refused."""
    for case in group:
        found = {known[key] for key in case.arrival.keys if key in known}
        if len(found) == 1:
            case.lead_id = found.pop()
        else:
            yield case, TWO_PEOPLE


def _overtaken(cases: Sequence[_Case], fresh: dict[Key, UUID], won: set[Key]) -> Iterator[tuple[_Case, str]]:
    """Keys that another transaction claimed in between: what would have been a birth is a meeting with its lead."""
    holders: dict[UUID, set[UUID]] = defaultdict(set)
    for key, theirs in identity.resolve(fresh.keys() - won).items():
        holders[fresh[key]].add(theirs)
    for ours, others in holders.items():
        if others == {ours}:
            continue
        kept = [key for key in won if fresh[key] == ours]
        identity.release(kept, ours)
        group = [case for case in cases if case.lead_id == ours]
        if len(others) == 1 and any(case.is_new for case in group):
            other = others.pop()
            identity.claim(dict.fromkeys(kept, other))
            for case in group:
                case.lead_id, case.is_new = other, False
        else:
            yield from ((case, TWO_PEOPLE) for case in group)


def _bear(cases: Sequence[_Case], actor: User, origin: str) -> None:
    """Births: account, responsible, next moment, then everything inserted at once.

    An old lead's next moment is provisional and late enough to take nobody's place; `settle` spreads a batch by value.
    """
    moment = clock.now()
    accounts = birth.accounts([c.arrival.person for c in cases])
    drafts = []
    for case in cases:
        assert case.lead_id is not None
        person, context = case.arrival.person, case.arrival.context
        account = accounts.get(rules.account_key(person.company, person.email, person.website))
        old = birth.is_past_horizon(context.captured_at, moment)
        due = moment + LATER if old else moment
        newcomer = routing.Newcomer(account_id=account.pk if account else None, own=case.arrival.owner_id, due=due)
        drafts.append((case, account, old, newcomer))
    routes = routing.route_batch([newcomer for *_, newcomer in drafts])
    births = []
    for (case, account, old, newcomer), route in zip(drafts, routes, strict=True):
        assert case.lead_id is not None
        kind = NextKind.REOPENED if old else NextKind.FIRST_CONTACT if route.owner_id else NextKind.QUALIFY
        births.append(
            birth.Birth(
                id=case.lead_id, person=case.arrival.person, context=case.arrival.context,
                account_id=account.pk if account else None, responsible_id=route.responsible_id,
                owner_id=route.owner_id, why=route.why, state=State.NEW, next=Next(newcomer.due or moment, kind),
            )
        )  # fmt: skip
        case.outcome = Admitted(Result.CREATED, case.lead_id, reopened=old)
    birth.bear(births, actor=actor, origin=origin)


def _meet_again(cases: Sequence[_Case], actor: User, origin: str) -> None:
    """Arrivals of people who are here already: what is new about them is added, and the enquiry counts if it is new.

    Ripeline itself makes these changes: whoever opens a door need not have the right to work on everybody's leads.
    """
    ids = {c.lead_id for c in cases if c.lead_id}
    people_here = {
        lead.pk: lead for lead in Lead.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    }
    again = _new_enquiries(cases, people_here, actor, origin)
    changes: dict[UUID, Changes] = {}
    changed = set()
    for case in cases:
        assert case.lead_id is not None
        if found := _differences(people_here[case.lead_id], case.arrival.person, changes.get(case.lead_id, {})):
            changes.setdefault(case.lead_id, {}).update(found)
            changed.add(id(case))
    system = people.system()
    if changes:
        _apply(changes, people_here, By(system, origin, _digest(changes)))
    for case in cases:
        assert case.lead_id is not None
        is_enquiry = id(case) in again
        reopened = is_enquiry and _answer(people_here[case.lead_id], case.arrival, system, origin)
        result = Result.UPDATED if id(case) in changed or is_enquiry else Result.UNCHANGED
        case.outcome = Admitted(result, case.lead_id, reopened=reopened)


def _new_enquiries(cases: Sequence[_Case], people: dict[UUID, Lead], actor: User, origin: str) -> set[int]:
    """Record the enquiries that were not yet on the timeline; which cases those are."""
    entries = {}
    for case in cases:
        assert case.lead_id is not None
        entry = birth.captured(case.lead_id, "enquired", case.arrival.context, actor=actor, origin=origin)
        entries[entry.id] = (case, entry)
    new = timeline.record_all([entry for _, entry in entries.values()])
    fresh = [entries[pk][0] for pk in new]
    Enquiry.objects.bulk_create(
        [birth.enquiry(c.lead_id, c.arrival.context, episode=people[c.lead_id].episode) for c in fresh if c.lead_id]
    )
    return {id(case) for case in fresh}


_FIELDS = ("name", "title", "phone", "company", "country", "language", "amount", "currency")


def _differences(lead: Lead, person: Person, pending: Changes) -> Changes:
    """What this arrival says otherwise than the record: what is given wins, what is empty says nothing."""

    def now(name: str) -> Any:
        return pending.get(name, getattr(lead, name))

    changes: Changes = {
        name: getattr(person, name)
        for name in _FIELDS
        if getattr(person, name) not in ("", None) and getattr(person, name) != now(name)
    }
    if person.email and not now("email"):
        changes["email"] = person.email
    custom = {k: v for k, v in person.custom.items() if v not in ("", None) and now("custom").get(k) != v}
    if custom:
        changes["custom"] = {**now("custom"), **custom}
    return changes


def _apply(changes: Mapping[UUID, Changes], people_here: Mapping[UUID, Lead], by: By) -> None:
    """Write what is new about people, set by set, each with its entry."""
    wanted: dict[UUID, Person] = {}
    for lead_id, change in changes.items():
        lead = people_here[lead_id]
        said = {name: change.get(name, getattr(lead, name)) for name in ("name", "title", "phone", "company", "email")}
        change["search"] = rules.search_tokens(**said)
        if lead.account_id is None:
            wanted[lead_id] = Person(company=said["company"], email=said["email"])
    accounts = birth.accounts(list(wanted.values()))
    for lead_id, person in wanted.items():
        if account := accounts.get(rules.account_key(person.company, person.email)):
            changes[lead_id]["account_id"] = account.pk
    bulk.decide_many(
        changes.keys(), by, kind="imported", change=lambda lead: dict(changes[lead.pk]),
        facts=lambda lead: {"fields": sorted(changes[lead.pk])},
    )  # fmt: skip


def _answer(lead: Lead, arrival: Arrival, system: User, origin: str) -> bool:
    """They came again: a closed lead is taken up in a new episode, an open one is looked at now. True if taken up."""
    moment = clock.now()
    when = arrival.context.captured_at
    by = By(system, origin, f"{arrival.context.event_key}:again")
    if lead.closed_at and when > lead.closed_at:
        (route,) = routing.route_batch([routing.Newcomer(account_id=lead.account_id, own=lead.owner_id)])
        taker = people.responsible(route.responsible_id)
        leads.reopen(lead.pk, by, to=taker, next=Next(moment, NextKind.REOPENED), why="They came to us again.")
        return True
    if rules.is_open(lead) and moment - when <= RECENT and not lead.next_committed and arrival.dated:
        leads.set_next(lead.pk, by, next=Next(moment, NextKind.FOLLOW_UP, "They came to us again."))
    return False


def _digest(changes: Mapping[UUID, Changes]) -> str:
    """Names a set of changes: the same again, on the same records, is the same request."""
    text = repr(sorted((str(pk), sorted((k, str(v)) for k, v in change.items())) for pk, change in changes.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def natural_key(signature: str, person: Person, captured_at: datetime | None) -> Key:
    """Knows a row again that has neither address nor id: by what it says, within files of the same header.

    Two rows of one list with the same name, company, telephone and day are one row; nothing is matched across lists.
    """
    distinct: list[Any] = [person.name, person.company, person.phone]
    if not (person.company or person.phone):
        distinct.append(person.title)
    distinct.append(captured_at.date().isoformat() if captured_at else "")
    text = "\x1f".join([signature, *(str(part).casefold().strip() for part in distinct)])
    return Key("natural", hashlib.sha256(text.encode()).hexdigest()[:40])
