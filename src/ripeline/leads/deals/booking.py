"""Deals learnt from elsewhere: won, lost and disqualified ones of a file, booked on the leads here, many at a time.

Each is an entry of its lead's timeline on the day it happened, and named by that day, or known by the id that its
system gave it: the same deal again is nothing new. A lead that nobody has worked on since, and that has not come again
since, is closed by it, unless another deal of it is open; any other keeps its open episode, and only the deal is added.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import transaction

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.catalog.models import CloseState
from ripeline.leads import queries, rules
from ripeline.leads.deals import facts as deal_facts
from ripeline.leads.deals import ids as deal_ids
from ripeline.leads.deals import matching
from ripeline.leads.deals import moving as moving_deals
from ripeline.leads.deals.facts import Facts
from ripeline.leads.deals.ids import Ids
from ripeline.leads.deals.matching import Deal, as_opportunity, is_here, same, stated
from ripeline.leads.deals.moving import Draft, change, take_off
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.deciding import Changes
from ripeline.leads.models import DealId, Lead, Opportunity, OpportunityState
from ripeline.people.models import User
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity

_WRITTEN = (  # of a deal that was here
    "key", "state", "opened_at", "closed_at", "amount", "currency", "product", "name", "lead",
)  # fmt: skip
_MONEY = ("amount", "currency")


class Booked(NamedTuple):
    """What became of a deal."""

    is_new: bool = False
    closed: bool = False  # the lead was closed by it
    stays_open: bool = False  # the lead was open and stays so
    before_captured: bool = False  # won before they came to us
    other_amount: Decimal | None = None  # here, where it differs from the deal's
    moved_from: UUID | None = None  # whose it was before
    stays_as: str = ""  # how it ended by somebody's word here, which is later than the file's
    is_gone: bool = False  # the lead was merged away in this very moment


def book(deals: Sequence[Deal], *, actor: User, origin: str, import_run_id: UUID | None = None) -> list[Booked]:
    """Book deals, each once, in one transaction; the results stand in their order. Who closes a lead is `actor`.

    Whether they may is for the door to say: a file of outcomes is brought in by people who do not work on leads.
    """
    with transaction.atomic():
        books = _Books(deals, actor, origin)
        order = sorted(range(len(deals)), key=lambda at: (books.lead_of(deals[at]), deals[at].at))
        results = [Booked()] * len(deals)
        for at in order:
            results[at] = books.enter(deals[at])
        books.write(import_run_id)
    return results


class _Books:
    """The leads of some deals, locked, with what is known of them, and what is to be written."""

    def __init__(self, deals: Sequence[Deal], actor: User, origin: str) -> None:
        self._actor, self._origin = actor, origin
        self._ids = Ids(deal.reference for deal in deals)
        wanted = {deal.lead_id for deal in deals} | {self.lead_of(deal) for deal in deals} | self._ids.leads()
        self._leads = {lead.pk: lead for lead in bulk._locked(sorted(wanted))}
        self._ids.look()
        self._family = queries.families(self._leads.keys())
        self._facts = deal_facts.facts_of(self._leads, self._family)
        here = [deal for each in self._facts.values() for deal in each.deals]
        self._ids.watch(here)
        self._undated = matching.undated(here, self._family, origin)
        self._known = _known(self._family, origin, {deal.key for deal in deals})
        self._drafts: list[Draft] = []
        self._new: list[Opportunity] = []
        self._changed: dict[UUID, Opportunity] = {}

    def lead_of(self, deal: Deal) -> UUID:
        """Who has the deal, or gets it."""
        return self._ids.goes_to(deal.reference, deal.lead_id, deal.named, is_first=deal.is_first)

    def enter(self, deal: Deal) -> Booked:
        """Book one deal."""
        lead = self._leads.get(self.lead_of(deal))
        if lead is None:
            return Booked(is_gone=True)
        if known := self._ids.get(deal.reference):
            return self._follow(deal, lead, known)
        facts = self._facts[lead.pk]
        here = [one for one in facts.deals if self._ids.may_be(deal.reference, one)]
        is_told = self._known.get((lead.pk, deal.key))  # whether it came with an id
        was_told = is_told is not None and not (deal.reference and is_told)
        ended_by_another = bool(deal.reference and facts.closing and (facts.closing.data.get("deal") or {}).get("key"))
        if was_told or is_here(deal, lead, here, by_lead=not ended_by_another):
            return self._again(deal, lead, here)
        if found := stated(deal, lead, here, self._undated):
            return self._told(deal, lead, found)
        return self._decide(deal, lead, facts)

    def _follow(self, deal: Deal, lead: Lead, known: DealId) -> Booked:
        """A deal that is known by its id: what the file says otherwise than before is news, and nothing else."""
        told, was_with = known.said, self._ids.lead_of(known)
        if was_with not in self._leads:
            return Booked(is_gone=True)
        here = self._facts[was_with].deals
        found = next((one for one in here if one.pk == known.opportunity_id), known.opportunity)
        if was_with == lead.pk:
            is_news = (told.get("outcome"), told.get("day")) != (deal.outcome, str(deal.day))
            is_as_said = found is not None and found.state == as_opportunity(deal) and told.get("outcome") == "open"
            if not is_news or is_as_said:  # or somebody here knew before the file said so
                return self._keep_up(deal, lead, found, told)
            return self._decide(deal, lead, self._facts[lead.pk], found, known=known)
        self._drafts += take_off(
            self._leads[was_with], self._facts[was_with], found, known.key, family=self._ids_of(was_with),
            actor=self._actor, origin=self._origin,
        )  # fmt: skip
        here = self._facts[lead.pk].deals
        if found:
            found.key, found.lead = deal_ids.free_key(found.key, known.key, {one.key for one in here}), lead
            here.append(found)
        booked = self._decide(deal, lead, self._facts[lead.pk], found, known=known, moved=True)
        return booked._replace(moved_from=was_with)

    def _ids_of(self, lead_id: UUID) -> list[UUID]:
        return [pk for pk, now_is in self._family.items() if now_is == lead_id]

    def _keep_up(self, deal: Deal, lead: Lead, found: Opportunity | None, told: Mapping[str, Any]) -> Booked:
        """What the file says otherwise of its name and its amount."""
        added, image = [], deal_ids.image(found) if found else {}
        said = _said(deal)
        is_other = deal.amount is not None and any(said[name] != told.get(name) for name in _MONEY)
        if found and is_other and (found.amount, found.currency) != (deal.amount, deal.currency):
            found.amount, found.currency = deal.amount, deal.currency
            added.append("amount")
        if found and deal.product and said["name"] != told.get("name") and found.product != deal.product[:200]:
            found.product = deal.product[:200]
            found.name = found.product if found.name else ""
            added.append("product")
        moved = self._ids.tell(deal.reference, lead_id=lead.pk, found=found, said=said)
        if not (found and added):
            return Booked()
        self._changed[found.pk] = found
        data = {"fields": added, "opportunity": {"id": str(found.pk), "before": image}, **moved}
        self._note(lead, data, key=f"deal:{uuid4().hex}")
        return Booked(is_new=True)

    def _again(self, deal: Deal, lead: Lead, here: Sequence[Opportunity]) -> Booked:
        """A deal that is here already: what was missing of it is added; another amount is left to a person."""
        found = same(deal, here)
        added, image = [], deal_ids.image(found) if found else {}
        if found and deal.amount is not None and found.amount is None:
            found.amount, found.currency = deal.amount, deal.currency
            added.append("amount")
        if found and deal.product and not found.product:
            found.product = deal.product[:200]
            added.append("product")
        if found and deal.opened_at and deal.opened_at < found.opened_at == found.closed_at:  # nobody had said when
            found.opened_at = deal.opened_at
            added.append("opened_at")
        differs = found is not None and deal.amount is not None and found.amount != deal.amount
        other = found.amount if found and differs else None
        told = self._ids.tell(deal.reference, lead_id=lead.pk, found=found, said=_said(deal))
        if not (added or told):
            return Booked(other_amount=other)
        data: dict[str, Any] = {"fields": added or ["deal"], **told}
        if found and added:
            self._changed[found.pk] = found
            data["opportunity"] = {"id": str(found.pk), "before": image}
        key = f"{deal.key}:{'+'.join(added)}" if added and not told else f"deal:{uuid4().hex}"
        self._note(lead, data, key=key)
        return Booked(is_new=True, other_amount=other)

    def _told(self, deal: Deal, lead: Lead, found: Opportunity) -> Booked:
        """Which deal made a customer of whom only that was said: it is this one, and counts as one win."""
        self._known[lead.pk, deal.key] = bool(deal.reference)
        image = deal_ids.image(found)
        taken = {one.key for one in self._facts[lead.pk].deals if one.pk != found.pk}
        found.key, found.closed_at = deal_ids.free_key(deal.key, deal.reference, taken), deal.at
        found.opened_at = min(deal.opened_at or deal.at, deal.at)
        if deal.amount is not None:
            found.amount, found.currency = deal.amount, deal.currency
        found.product = deal.product[:200] or found.product
        self._changed[found.pk] = found
        told = self._ids.tell(deal.reference, lead_id=lead.pk, found=found, said=_said(deal))
        data = {"fields": ["deal"], "opportunity": {"id": str(found.pk), "before": image}, **told}
        self._note(lead, data, key=deal.key)
        return Booked(is_new=True)

    def _note(self, lead: Lead, data: dict[str, Any], *, key: str) -> None:
        entry = timeline.Entry(
            lead_id=lead.pk, kind="imported", actor_id=self._actor.pk, origin=self._origin, event_key=key,
            occurred_at=clock.now(), data=data,
        )  # fmt: skip
        self._drafts.append(Draft(entry, lead, {}))

    def _decide(
        self,
        deal: Deal,
        lead: Lead,
        facts: Facts,
        found: Opportunity | None = None,
        *,
        known: DealId | None = None,
        moved: bool = False,
    ) -> Booked:
        """A deal that is news here. `found`, `known`: as it was, where its id is known."""
        was_open, reference = rules.is_open(lead), deal.reference
        still_open = [one for one in facts.deals if one.state == OpportunityState.OPEN]
        alike = [one for one in still_open if matching.may_be(deal, one) and self._ids.may_be(reference, one)]
        is_this = [found] if found else [] if known else alike
        is_ours = known is not None and not moved and deal_facts.ended_with(facts, found, reference)
        is_last = all(one in is_this for one in still_open)
        closes = is_ours or deal_facts.closes(
            deal,
            lead,
            facts,
            is_last=is_last,
            is_said_anew=known is not None and known.said.get("outcome") != deal.outcome,
        )
        if known and not moved and not closes and _is_of_somebody(found, known):
            self._ids.tell(reference, lead_id=lead.pk, found=found, said=_said(deal))
            return Booked(stays_as=found.state if found else "")
        before = deal.outcome == CloseState.WON and (deal.undated or deal.end < lead.captured_at)
        if known and not moved and known.said.get("outcome") != "open":
            self._correct(lead, found, reference)
        if not known:
            won = deal.outcome == CloseState.WON
            found = next((one for one in alike if closes or (won and one.opened_at <= deal.end)), None)
        opportunity, image = self._opportunity(deal, lead, facts, found)
        told = self._ids.tell(reference, lead_id=lead.pk, found=opportunity, said=_said(deal), moved=moved)
        if opportunity:
            told |= {"opportunity": {"id": str(opportunity.pk), "before": image}}
        changes = deal_facts.becomes(deal, lead, facts, opportunity, self._actor, closes=closes, before=before)
        self._end(deal, lead, changes, told)
        return Booked(True, closes, stays_open=was_open and not closes, before_captured=before)

    def _correct(self, lead: Lead, found: Opportunity | None, reference: str) -> None:
        """What a file said before of how the deal ended is not so."""
        told = deal_facts.told_by(self._ids_of(lead.pk), found, reference)
        ends = [entry for entry in told if entry.import_run_id and entry.kind in set(CloseState)]
        self._drafts += moving_deals.taken_back(
            lead, ends, {}, actor=self._actor, origin=self._origin, because="corrected"
        )  # fmt: skip

    def _opportunity(
        self, deal: Deal, lead: Lead, facts: Facts, found: Opportunity | None
    ) -> tuple[Opportunity | None, dict[str, Any] | None]:  # fmt: skip
        """The opportunity this deal is, and how it was before (None: it is new); a loss need not have one."""
        if found is None and (deal.outcome == CloseState.DISQUALIFIED or not _is_worth_one(deal)):
            return None, None
        image = deal_ids.image(found) if found else None
        if found is None:
            key = deal_ids.free_key(deal.key, deal.reference or deal.key, {one.key for one in facts.deals})
            opened = min(deal.opened_at or deal.at, deal.at)
            found = Opportunity(id=new_id(), lead=lead, key=key, opened_at=opened)
            self._new.append(found)
            facts.deals.append(found)
        else:
            self._changed[found.pk] = found
        found.state, found.closed_at = as_opportunity(deal), deal.at
        found.opened_at = min(found.opened_at, deal.at)  # a file that does not say when: on the day it came
        if deal.amount is not None:
            found.amount, found.currency = deal.amount, deal.currency
        found.product = deal.product[:200] or found.product
        return found, image

    def _end(self, deal: Deal, lead: Lead, changes: Changes, beside: Mapping[str, Any]) -> None:
        """The entry of a deal that ended, and what becomes of its lead."""
        data: dict[str, Any] = {
            "reason": deal.reason.code, "label": deal.reason.label, "said": deal.said, "product": deal.product,
            "amount": None if deal.amount is None else str(deal.amount), "currency": deal.currency, "imported": True,
            **({} if deal.is_dated else {"undated": True}), **beside,
        }  # fmt: skip
        is_told = (lead.pk, deal.key) in self._known
        self._known[lead.pk, deal.key] = bool(deal.reference)
        entry = timeline.Entry(
            lead_id=lead.pk, kind=deal.outcome, actor_id=self._actor.pk, origin=self._origin,
            event_key=f"deal:{uuid4().hex}" if is_told else deal.key, occurred_at=deal.at, data=data,
        )  # fmt: skip
        self._drafts.append(Draft(entry, lead, change(lead, changes, entry)))

    def write(self, import_run_id: UUID | None) -> None:
        """Write all of it."""
        drafts = self._drafts
        timeline.record_all([replace(draft.entry, import_run_id=import_run_id) for draft in drafts])
        Opportunity.objects.bulk_create(self._new)
        born = {deal.pk for deal in self._new}
        if older := [deal for deal in self._changed.values() if deal.pk not in born]:
            Opportunity.objects.bulk_update(older, [*_WRITTEN])
        self._ids.write()
        touched = {draft.lead.pk: draft.lead for draft in drafts if draft.changes}
        bulk._write(list(touched.values()), {name for draft in drafts for name in draft.changes})


def _known(family: Mapping[UUID, UUID], origin: str, keys: Collection[str]) -> dict[tuple[UUID, str], bool]:
    """Which deals were booked before by their name and day, and whether they came with an id."""
    found = Activity.objects.filter(lead_id__in=list(family), origin=origin, event_key__in=list(keys))
    entries = found.values_list("lead_id", "event_key", "data__deal__key")
    return {(family[lead_id], key): bool(reference) for lead_id, key, reference in entries}


def _said(deal: Deal) -> dict[str, Any]:
    """What a file says of a deal, as it is kept with its id."""
    said: dict[str, Any] = {"outcome": deal.outcome, "day": str(deal.day), "people": [str(pk) for pk in deal.named]}
    if deal.amount is not None:
        said |= {"amount": deal_ids.plain(deal.amount), "currency": deal.currency}
    return said | ({"name": deal.product[:200]} if deal.product else {})


def _is_of_somebody(found: Opportunity | None, known: DealId) -> bool:
    """Whether somebody here ended a deal that the file had as open."""
    is_ended = found is not None and found.state != OpportunityState.OPEN
    return is_ended and known.said.get("outcome") == "open"


def _is_worth_one(deal: Deal) -> bool:
    return deal.outcome == CloseState.WON or bool(deal.amount or deal.product)
