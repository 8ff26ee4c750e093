"""How arrivals become leads, whatever their door: resolved, given somebody and a next moment, in one transaction.

Every door turns what it got into `Arrival`s and calls `admit`. Each arrival ends as exactly one of created, updated,
unchanged or rejected (I7), and a person exists once, also when two doors admit them at the same moment (I4).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.capture.arriving import taken_off
from ripeline.capture.arriving.arrivals import Admitted, Arrival, Case, Result, event_key, natural_key
from ripeline.capture.arriving.hinting import Hints
from ripeline.capture.arriving.meeting import meet_again
from ripeline.catalog import actions as catalog
from ripeline.catalog.rules import UNANSWERED
from ripeline.leads.decisions import birth, bulk
from ripeline.leads.decisions.deciding import CROSSED, LeadError, Next, once_more
from ripeline.leads.knowing import identity, same_name
from ripeline.leads.knowing.identity import Key
from ripeline.leads.models import NextKind, State
from ripeline.people.models import User
from ripeline.routing import actions as routing

__all__ = ["Admitted", "Arrival", "CrossedError", "Result", "admit", "natural_key"]

TWO_PEOPLE = "Its e-mail address and its id belong to two different people here; merge them first or mend the row."
TRIES = 5  # each is undone only by somebody merging one of these very people in that moment
LATER = timedelta(days=30)  # until `settle` spreads a batch; kept if that never happens


@dataclass(frozen=True)
class Manner:
    """What arrivals do where others are at work on the same leads.

    `waits`: until that is done; else a BusyError says whose they are. `begins_anew`: where a lead was merged, or a
    merge taken back, between finding it and locking it; else a CrossedError says so. After both, the transaction must
    be undone. `passes_busy`: over those whose turn it may be, while somebody else hands out leads to them.
    """

    waits: bool = True
    begins_anew: bool = True
    passes_busy: bool = False


PATIENT = Manner()


def admit(arrivals: Sequence[Arrival], *, actor: User, origin: str, manner: Manner = PATIENT) -> list[Admitted]:
    """Admit arrivals in one transaction, set by set; the results stand in their order."""
    if not manner.begins_anew:
        return _admit(arrivals, actor, origin, manner)
    for _ in range(TRIES):
        with suppress(CrossedError):
            return _admit(arrivals, actor, origin, manner)
    raise LeadError(CROSSED)


class BusyError(Exception):
    """Somebody else is at work on the leads of arrivals; `places`: theirs among all."""

    def __init__(self, places: Collection[int]) -> None:
        super().__init__(places)
        self.places = places


class CrossedError(Exception):
    """Something else has come in between: what was found is no longer so, and all is to be begun anew."""


@once_more
def _admit(arrivals: Sequence[Arrival], actor: User, origin: str, manner: Manner) -> list[Admitted]:
    with transaction.atomic(savepoint=manner.begins_anew):
        cases = _placed(arrivals)
        for case, reason in _resolve(cases):
            case.outcome = Admitted(Result.REJECTED, reason=reason)
        born = [c for c in cases if c.is_new and c.outcome is None]
        met = [c for c in cases if not c.is_new and c.outcome is None]
        missed = _hold(met, {case.lead_id for case in born}, manner.waits)  # before the rotation, as everybody does
        if missed:
            raise BusyError([place for place, case in enumerate(cases) if case.lead_id in missed])
        if born:
            _bear(born, actor, origin, manner)
        if met:
            meet_again(met, actor, origin, passes_busy=manner.passes_busy)
        return [case.outcome or Admitted(Result.UNCHANGED, case.lead_id) for case in cases]


def _hold(met: Sequence[Case], unborn: Collection[UUID | None], waits: bool) -> set[UUID]:
    """Lock the leads that are here already; nobody can merge them, or take their import back, from then on, so their
    keys must lead to them still. Who does not wait is told which of them somebody else has locked.

    What came to a lead merged away would be written where nobody looks.
    """
    here = [case for case in met if case.lead_id not in unborn]
    wanted = {case.lead_id for case in here if case.lead_id}
    held = bulk.hold(wanted, skips_busy=not waits)
    if not waits and held < wanted:
        return wanted - held
    now = identity.resolve(key for case in here for key in case.arrival.keys)
    if any(now.get(key) != case.lead_id for case in here for key in case.arrival.keys):
        raise CrossedError  # somebody has merged one, or taken a merge back
    return set()


def _placed(arrivals: Sequence[Arrival]) -> list[Case]:
    """The arrivals with their source and campaign, made where new, and with the key that names their event."""
    sources = catalog.sources_named(dict.fromkeys(a.source for a in arrivals))  # of two new ones alike, the first
    campaigns = catalog.campaigns_named(dict.fromkeys(a.campaign for a in arrivals))
    cases = []
    for arrival in arrivals:
        source, campaign = sources.get(arrival.source), campaigns.get(arrival.campaign)
        context = replace(
            arrival.context,
            event_key=arrival.context.event_key or event_key(arrival),
            source_id=source.pk if source else None,
            campaign_id=campaign.pk if campaign else None,
        )
        cases.append(Case(replace(arrival, context=context)))
    return cases


def _resolve(cases: Sequence[Case]) -> Iterator[tuple[Case, str]]:
    """Find or claim the lead of each case; yields the ones that cannot be one person, with the reason."""
    leaders = identity.group([c.arrival.keys for c in cases])
    members: dict[int, list[Case]] = defaultdict(list)
    for case, leader in zip(cases, leaders, strict=True):
        members[leader].append(case)
    known = identity.resolve(key for case in cases for key in (*case.arrival.keys, *case.hints))
    hints = Hints(known)
    known_leads = set(known.values())
    off = taken_off.of(known_leads) if _import_of(cases) else {}
    fresh: dict[Key, UUID] = {}
    for group in members.values():
        found = {known[key] for case in group for key in case.arrival.keys if key in known}
        if len(found) > 1:
            yield from _split(group, known, fresh)
            continue
        hinted = None if found else hints.whose(group)
        lead_id = found.pop() if found else hinted or new_id()
        for index, case in enumerate(group):
            case.lead_id = lead_id
            case.is_new = index == 0 and lead_id not in known_leads and not hinted
            fresh |= {key: lead_id for key in case.arrival.keys if key not in known}
        taken_off.leave_out(group, off)
        fresh |= hints.belong(group, lead_id)
    taken_off.leave_out(cases, off)
    won = identity.claim(fresh, by_import=_import_of(cases), here=known_leads)
    if len(won) < len(fresh):
        yield from _overtaken(cases, fresh, won)


def _import_of(cases: Sequence[Case]) -> UUID | None:
    """The import that brings them; they come by one door."""
    return cases[0].arrival.context.import_run_id if cases else None


def _split(group: Sequence[Case], known: dict[Key, UUID], fresh: dict[Key, UUID]) -> Iterator[tuple[Case, str]]:
    """A group whose keys belong to several leads: each row goes where its own keys say, or is refused.

    New keys of a row go with it, and lead rows that have only those to the same place.
    """
    waiting = list(group)
    while waiting:
        left = []
        for case in waiting:
            found = {lead for key in case.arrival.keys if (lead := known.get(key) or fresh.get(key))}
            if len(found) > 1:
                yield case, TWO_PEOPLE
            elif found:
                case.lead_id = found.pop()
                fresh |= {key: case.lead_id for key in case.arrival.keys if key not in known}
            else:
                left.append(case)
        if len(left) == len(waiting):  # they hung together with the others by a row that was refused
            left[0].lead_id, left[0].is_new = new_id(), True
            fresh |= dict.fromkeys(left[0].arrival.keys, left[0].lead_id)
            del left[0]
        waiting = left


def _overtaken(cases: Sequence[Case], fresh: dict[Key, UUID], won: set[Key]) -> Iterator[tuple[Case, str]]:
    """Keys that another transaction claimed in between: what would have been a birth is a meeting with its lead."""
    holders: dict[UUID, set[UUID]] = defaultdict(set)
    lost = fresh.keys() - won
    held = identity.resolve(lost)
    for key in sorted(held, key=lambda key: key.is_hint):
        if not key.is_hint or (fresh[key] not in holders and _is_one(cases, fresh[key], held[key])):
            holders[fresh[key]].add(held[key])
    for ours, others in holders.items():
        if others == {ours}:
            continue
        group = [case for case in cases if case.lead_id == ours]
        if not any(case.is_new for case in group):  # here already, so only those rows are of two people
            yield from ((case, TWO_PEOPLE) for case in group if not lost.isdisjoint(case.arrival.keys))
            continue
        kept = [key for key in won if fresh[key] == ours]
        identity.release(kept, ours)
        if len(others) == 1:
            other = others.pop()
            identity.claim(dict.fromkeys(kept, other), by_import=_import_of(cases), here=(other,))
            for case in group:
                case.lead_id, case.is_new = other, False
        else:
            yield from ((case, TWO_PEOPLE) for case in group)


def _is_one(cases: Sequence[Case], ours: UUID, theirs: UUID) -> bool:
    """Whether who was about to be born is whom another door has just brought, by telephone and name alone."""
    group = [case for case in cases if case.lead_id == ours]
    keys = {key for case in group for key in case.arrival.keys}
    return any(case.is_new for case in group) and not identity.contradict(keys, identity.keys_of([theirs])[theirs])


def _bear(cases: Sequence[Case], actor: User, origin: str, manner: Manner) -> None:
    """Births: account, responsible, next moment, then everything inserted at once.

    An old lead's next moment is provisional and late enough to take nobody's place; `settle` spreads a batch by value.
    """
    moment = clock.now()
    word = same_name.word(origin, by_file=_import_of(cases) is not None)
    accounts = birth.accounts_of([(c.arrival.person, c.arrival.account_id) for c in cases], word)
    drafts = []
    for case, account in zip(cases, accounts, strict=True):
        assert case.lead_id is not None
        context = case.arrival.context
        old = birth.is_past_horizon(context.captured_at, moment)
        due = moment + LATER if old else max(case.arrival.due or moment, moment)
        owned = account.pk if account and account.owner_id else None
        newcomer = routing.Newcomer(
            account_id=owned, own=case.arrival.owner_id, due=due, value=float(case.arrival.note == UNANSWERED)
        )
        drafts.append((case, account, old, newcomer))
    routes = routing.route_batch([newcomer for *_, newcomer in drafts], passes_busy=manner.passes_busy)
    births = []
    for (case, account, old, newcomer), route in zip(drafts, routes, strict=True):
        assert case.lead_id is not None
        first = NextKind.FOLLOW_UP if case.arrival.was_in_touch else NextKind.FIRST_CONTACT
        kind = NextKind.REOPENED if old else first if route.owner_id else NextKind.QUALIFY
        births.append(
            birth.Birth(
                id=case.lead_id, person=case.arrival.person, context=case.arrival.context,
                account_id=account.pk if account else None, responsible_id=route.responsible_id,
                owner_id=route.owner_id, why=route.why, state=State.NEW,
                has_ended=case.arrival.has_ended,
                next=Next(newcomer.due or moment, kind, case.arrival.note, case.arrival.agreed and not old),
            )
        )  # fmt: skip
        case.outcome = Admitted(Result.CREATED, case.lead_id, reopened=old)
    birth.bear(births, actor=actor, origin=origin)
