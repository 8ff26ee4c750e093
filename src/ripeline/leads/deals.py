"""Deals learnt from elsewhere: won, lost and disqualified ones of a file, booked on the leads here, many at a time.

Each is an entry of its lead's timeline on the day it happened, and named by that day: the same deal again is nothing
new. A lead that nobody has worked on since, and that has not come again since, is closed by it; any other keeps its
open episode, and only the deal is added.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, Min, Q, QuerySet

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.catalog.models import CloseState
from ripeline.leads import bulk, deciding, matching, queries, rules
from ripeline.leads.birth import is_past_horizon
from ripeline.leads.closing import NOTHING_NEXT
from ripeline.leads.deciding import Changes
from ripeline.leads.matching import Deal, as_opportunity, is_here, same, stated
from ripeline.leads.models import CLOSED_STATES, Enquiry, Lead, Opportunity, OpportunityState, State
from ripeline.people.models import User
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity

_WRITTEN = ("key", "state", "opened_at", "closed_at", "amount", "currency", "product")  # of a deal that was here
_ADMITTED_WITHIN = timedelta(minutes=5)


class Booked(NamedTuple):
    """What became of a deal."""

    is_new: bool = False
    closed: bool = False  # the lead was closed by it
    stays_open: bool = False  # the lead was open and stays so
    before_captured: bool = False  # won before they came to us
    other_amount: Decimal | None = None  # here, where it differs from the deal's
    is_gone: bool = False  # the lead was merged away in this very moment


class _Facts(NamedTuple):
    """What deciding about a lead needs beside the lead."""

    first: datetime | None  # enquiry of which somebody said when
    latest: datetime | None
    asked: datetime | None  # the latest that came by a door of ours, not with a file
    deals: list[Opportunity]


class _Draft(NamedTuple):
    entry: timeline.Entry
    lead: Lead
    changes: Changes


def book(deals: Sequence[Deal], *, actor: User, origin: str, import_run_id: UUID | None = None) -> list[Booked]:
    """Book deals, each once, in one transaction; the results stand in their order. Who closes a lead is `actor`.

    Whether they may is for the door to say: a file of outcomes is brought in by people who do not work on leads.
    """
    with transaction.atomic():
        ids = {deal.lead_id for deal in deals}
        leads = {lead.pk: lead for lead in bulk._locked(sorted(ids))}
        family = queries.families(leads.keys())
        facts = _facts(leads, family)
        undated = matching.undated((deal for each in facts.values() for deal in each.deals), family, origin)
        known = _known(family, origin, {deal.key for deal in deals})
        order = sorted(range(len(deals)), key=lambda at: (deals[at].lead_id, deals[at].at))
        results = [Booked()] * len(deals)
        drafts: list[_Draft] = []
        new: list[Opportunity] = []
        changed: dict[UUID, Opportunity] = {}
        for at in order:
            deal, lead = deals[at], leads.get(deals[at].lead_id)
            if lead is None:
                results[at] = Booked(is_gone=True)
                continue
            here = facts[lead.pk].deals
            if (lead.pk, deal.key) in known or is_here(deal, lead, here):
                results[at], draft = _again(deal, lead, here, changed, actor=actor, origin=origin)
            elif found := stated(deal, lead, here, undated):
                known.add((lead.pk, deal.key))
                results[at], draft = _told(deal, lead, found, changed, actor=actor, origin=origin)
            else:
                known.add((lead.pk, deal.key))
                results[at], draft = _decide(deal, lead, facts[lead.pk], new, changed, actor=actor, origin=origin)
            if draft:
                drafts.append(draft)
        marked = [draft._replace(entry=replace(draft.entry, import_run_id=import_run_id)) for draft in drafts]
        _write(marked, new, changed)
    return results


def _facts(leads: Mapping[UUID, Lead], family: Mapping[UUID, UUID]) -> dict[UUID, _Facts]:
    days: dict[UUID, list[tuple[datetime | None, ...]]] = defaultdict(list)
    for pk, *each in _enquiries().filter(lead__in=list(family)):
        days[family[pk]].append(tuple(each))
    deals: dict[UUID, list[Opportunity]] = defaultdict(list)
    for found in Opportunity.objects.filter(lead__in=leads).order_by("opened_at", "pk"):
        deals[found.lead_id].append(found)
    return {pk: _Facts(*_spanned(days[pk]), deals[pk]) for pk in leads}


def _spanned(days: Sequence[tuple[datetime | None, ...]]) -> tuple[datetime | None, datetime | None, datetime | None]:
    """(first, latest, asked) of a lead, from those of each record that was merged into it."""
    first, latest, asked = ([day for day in each if day] for each in zip(*days, strict=True)) if days else ([], [], [])
    return min(first, default=None), max(latest, default=None), max(asked, default=None)


def _enquiries() -> QuerySet[Enquiry, tuple[UUID, datetime | None, datetime | None, datetime | None]]:
    """(lead, first, latest, asked) of enquiries whose day is known; those of a file without dates have the import's."""
    undated = Q(door="import", captured_at__gt=F("created_at") - _ADMITTED_WITHIN)
    dated = Enquiry.objects.exclude(undated).order_by().values_list("lead")
    by_themselves = ~Q(door="import")
    return dated.annotate(
        first=Min("captured_at"), latest=Max("captured_at"), asked=Max("captured_at", filter=by_themselves)
    )


def _known(family: Mapping[UUID, UUID], origin: str, keys: Collection[str]) -> set[tuple[UUID, str]]:
    """Which deals were booked before."""
    found = Activity.objects.filter(lead_id__in=list(family), origin=origin, event_key__in=list(keys))
    return {(family[lead_id], key) for lead_id, key in found.values_list("lead_id", "event_key")}


def _again(
    deal: Deal,
    lead: Lead,
    here: Sequence[Opportunity],
    changed: dict[UUID, Opportunity],
    *,
    actor: User,
    origin: str,
) -> tuple[Booked, _Draft | None]:
    """A deal that is here already: what was missing of it is added; another amount is left to a person."""
    found = same(deal, here)
    if found is None:
        return Booked(), None
    image = _image(found)
    added = []
    if deal.amount is not None and found.amount is None:
        found.amount, found.currency = deal.amount, deal.currency
        added.append("amount")
    if deal.product and not found.product:
        found.product = deal.product[:200]
        added.append("product")
    if not added:
        differs = deal.amount is not None and found.amount != deal.amount
        return Booked(other_amount=found.amount if differs else None), None
    changed[found.pk] = found
    entry = timeline.Entry(
        lead_id=lead.pk, kind="imported", actor_id=actor.pk, origin=origin, event_key=f"{deal.key}:{'+'.join(added)}",
        occurred_at=clock.now(), data={"fields": added, "opportunity": {"id": str(found.pk), "before": image}},
    )  # fmt: skip
    return Booked(is_new=True), _Draft(entry, lead, {})


def _told(
    deal: Deal, lead: Lead, found: Opportunity, changed: dict[UUID, Opportunity], *, actor: User, origin: str
) -> tuple[Booked, _Draft]:
    """Which deal made a customer of whom only that was said: it is this one, and counts as one win."""
    image = {**_image(found), "key": found.key, "opened_at": str(found.opened_at)}
    found.key, found.closed_at = deal.key, deal.at
    found.opened_at = min(deal.opened_at or deal.at, deal.at)
    if deal.amount is not None:
        found.amount, found.currency = deal.amount, deal.currency
    found.product = deal.product[:200] or found.product
    changed[found.pk] = found
    entry = timeline.Entry(
        lead_id=lead.pk, kind="imported", actor_id=actor.pk, origin=origin, event_key=deal.key, occurred_at=clock.now(),
        data={"fields": ["deal"], "opportunity": {"id": str(found.pk), "before": image}},
    )  # fmt: skip
    return Booked(is_new=True), _Draft(entry, lead, {})


def _decide(
    deal: Deal,
    lead: Lead,
    facts: _Facts,
    new: list[Opportunity],
    changed: dict[UUID, Opportunity],
    *,
    actor: User,
    origin: str,
) -> tuple[Booked, _Draft]:
    was_open = rules.is_open(lead)
    closes = _closes(deal, lead, facts)
    before = deal.outcome == CloseState.WON and (deal.undated or deal.end < lead.captured_at)
    data: dict[str, Any] = {
        "reason": deal.reason.code, "label": deal.reason.label, "said": deal.said, "product": deal.product,
        "amount": None if deal.amount is None else str(deal.amount), "currency": deal.currency, "imported": True,
        **({} if deal.is_dated else {"undated": True}),
    }  # fmt: skip
    opportunity, image = _opportunity(deal, lead, facts.deals, closes=closes)
    if opportunity and image is None:
        new.append(opportunity)
        facts.deals.append(opportunity)
    elif opportunity:
        changed[opportunity.pk] = opportunity
    changes = _changes(deal, lead, facts.deals, actor, closes=closes, before=before)
    entry = timeline.Entry(
        lead_id=lead.pk, kind=deal.outcome, actor_id=actor.pk, origin=origin, event_key=deal.key,
        occurred_at=deal.at, data=data,
    )  # fmt: skip
    if opportunity:
        data["opportunity"] = {"id": str(opportunity.pk), "before": image}
    if changes:
        changes["decision_id"] = entry.id
        data["before"] = {name: deciding._plain(lead, name) for name in changes}
        for name, value in changes.items():
            setattr(lead, name, value)
        data["after"] = {name: deciding._plain(lead, name) for name in changes}
    booked = Booked(True, closes, stays_open=was_open and not closes, before_captured=before)
    return booked, _Draft(entry, lead, changes)


def _closes(deal: Deal, lead: Lead, facts: _Facts) -> bool:
    """Whether the lead ends with this deal: not if it was worked on, or came again, since."""
    if lead.state in CLOSED_STATES:  # what somebody took for lost, and the file knows was won later
        is_later = lead.closed_at is not None and lead.closed_at <= deal.end
        return deal.outcome == CloseState.WON and lead.state != State.WON and is_later
    worked = lead.last_touch_at is not None and lead.last_touch_at > deal.end
    promised = lead.next_committed and lead.next_set_at is not None and lead.next_set_at > deal.end
    asked = facts.asked is not None and facts.asked > deal.end  # themselves: a request, whatever was before it
    return not (worked or promised or (not deal.undated and (asked or _came_again(deal, facts))))


def _came_again(deal: Deal, facts: _Facts) -> bool:
    """They came to us after the deal, and that is still to be answered.

    Who had bought before we first heard of them is a customer, not a request: the enquiry that brought their record is
    no return, only one after it is. Who had been lost or let go elsewhere, and came to us lately, is a request.
    """
    if facts.first is None or facts.latest is None or facts.latest <= deal.end:
        return False
    if facts.first <= deal.end:
        return True
    is_again = facts.latest > facts.first or deal.outcome != CloseState.WON
    return is_again and not is_past_horizon(facts.latest, clock.now())


def _changes(
    deal: Deal, lead: Lead, here: Sequence[Opportunity], actor: User, *, closes: bool, before: bool
) -> Changes:
    """What becomes of the lead."""
    if closes:
        at = min(max(deal.at, lead.captured_at), deal.end) if deal.is_day else deal.at
        changes: Changes = {
            "state": State(deal.outcome), "state_at": at, "close_reason_id": deal.reason.pk, "closed_at": at,
            "closed_by_id": actor.pk,
        }  # fmt: skip
        return changes | NOTHING_NEXT | ({"won_before_captured": True} if before else {})
    if lead.state == State.OPPORTUNITY and not any(found.state == OpportunityState.OPEN for found in here):
        return {"state": State.WORKING, "state_at": clock.now()}  # its open deal was this one
    return {}


def _opportunity(
    deal: Deal, lead: Lead, here: Sequence[Opportunity], *, closes: bool
) -> tuple[Opportunity | None, dict[str, Any] | None]:
    """The opportunity this deal is, and how it was before (None: it is new); a loss need not have one."""
    if deal.outcome == CloseState.DISQUALIFIED:
        return None, None
    won = deal.outcome == CloseState.WON
    is_open = [one for one in here if one.state == OpportunityState.OPEN]
    found = next((one for one in is_open if closes or (won and one.opened_at <= deal.end)), None)
    if found is None and not won and (is_open or not (deal.amount or deal.product)):
        return None, None
    image = None
    if found is None:
        found = Opportunity(id=new_id(), lead=lead, key=deal.key, opened_at=min(deal.opened_at or deal.at, deal.at))
    else:
        image = _image(found)
    found.state, found.closed_at = as_opportunity(deal), deal.at
    if deal.amount is not None:
        found.amount, found.currency = deal.amount, deal.currency
    found.product = deal.product[:200] or found.product
    return found, image


def _image(found: Opportunity) -> dict[str, Any]:
    return {n: None if getattr(found, n) is None else str(getattr(found, n)) for n in deciding._DEAL}


def _write(drafts: Sequence[_Draft], new: Sequence[Opportunity], changed: Mapping[UUID, Opportunity]) -> None:
    timeline.record_all([draft.entry for draft in drafts])
    Opportunity.objects.bulk_create(new)
    born = {deal.pk for deal in new}
    if older := [deal for deal in changed.values() if deal.pk not in born]:
        Opportunity.objects.bulk_update(older, [*_WRITTEN])
    touched = {draft.lead.pk: draft.lead for draft in drafts if draft.changes}
    bulk._write(list(touched.values()), {name for draft in drafts for name in draft.changes})
