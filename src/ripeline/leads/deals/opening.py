"""Deals that are still open elsewhere: opportunities on the leads here, many at a time, each once.

Each is an entry on the day it was opened, and named by its title, or known by the id that its system gave it: the same
deal again brings its amount, stage and expected day up to date. A lead that is closed here is taken up again by one
that was opened since (`leads.deals.repeat`), and by no other.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import transaction

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.leads import queries, rules
from ripeline.leads.deals import facts as deal_facts
from ripeline.leads.deals import ids as deal_ids
from ripeline.leads.deals import moving as moving_deals
from ripeline.leads.deals import repeat
from ripeline.leads.deals.ids import Ids
from ripeline.leads.deals.moving import Draft
from ripeline.leads.deals.said_before import SaidBefore
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.deciding import By, Changes, Next, in_state
from ripeline.leads.models import DealId, Lead, NextKind, Opportunity, OpportunityState, State
from ripeline.people import queries as people
from ripeline.people.models import ResponsibleKind, User
from ripeline.timeline import actions as timeline


class Became(StrEnum):
    """What became of an open deal."""

    OPENED = "opened"
    BACK = "back"  # and its lead, which had ended before, was taken up again by it
    CHANGED = "changed"
    SAME = "same"
    MOVED = "moved"  # it was with another lead
    ENDED = "ended"  # it is here, and won or lost
    CLOSED = "closed"  # its lead is
    GONE = "gone"  # its lead was merged away in this very moment


class OpenDeal(NamedTuple):
    """A deal in the making, as a file gives it."""

    lead_id: UUID
    name: str = ""
    amount: Decimal | None = None
    currency: str = ""
    stage: str = ""
    expected: date | None = None
    opened_at: datetime | None = None
    reference: str = ""  # the id that its system gave it, with the system (`leads.deals.ids`)
    named: tuple[UUID, ...] = ()  # whom the file names, of those here; none: it is placed by its company, or by its id
    is_first: bool = True  # row of the file with this id
    is_meant: bool = False  # somebody looked at it, and wants its lead taken up again whenever that ended

    @property
    def key(self) -> str:
        return f"open:{hashlib.sha256(' '.join(self.name.casefold().split()).encode()).hexdigest()[:40]}"


def open_all(given: Sequence[OpenDeal], *, actor: User, origin: str, import_run_id: UUID | None = None) -> list[Became]:
    """Open deals, or bring them up to date, in one transaction; the results stand in their order."""
    with transaction.atomic():
        opening = _Opening(given, By(actor, origin, import_run_id=import_run_id))
        found = [opening.enter(deal) for deal in given]
        opening.write()
        return found


class _Opening:
    """The leads of some open deals, locked, and the deals that they have."""

    def __init__(self, given: Sequence[OpenDeal], by: By) -> None:
        self._by = by
        self._ids = Ids(deal.reference for deal in given)
        wanted = {deal.lead_id for deal in given} | {self._lead_of(deal) for deal in given} | self._ids.leads()
        self._leads = {lead.pk: lead for lead in bulk._locked(sorted(wanted))}
        self._ids.look()
        self._family = queries.families(self._leads.keys())
        deals = list(Opportunity.objects.filter(lead__in=self._leads))
        self._ids.watch(deals)
        keys = {deal.key for deal in given if not deal.reference}
        self._before = SaidBefore(self._leads.keys(), keys, by.origin)
        self._here = {(found.lead_id, found.key): found for found in deals}

    def _lead_of(self, deal: OpenDeal) -> UUID:
        return self._ids.goes_to(deal.reference, deal.lead_id, deal.named, is_first=deal.is_first)

    def enter(self, deal: OpenDeal) -> Became:
        """Open one, or bring it up to date."""
        lead = self._leads.get(self._lead_of(deal))
        if lead is None:
            return Became.GONE
        if known := self._ids.get(deal.reference):
            return self._follow(deal, lead, known)
        found = self._here.get((lead.pk, deal.key))
        if found and self._ids.may_be(deal.reference, found):
            told = {} if deal.reference else self._before.of(found)
            return self._bring_up_to_date(deal, found, _news(deal, told) if told else _given(deal))
        if not (found or deal.reference) and self._before.was_opened(lead.pk, deal.key):
            return Became.ENDED  # somebody here has taken it back
        return self._open(deal, lead) if self._takes(deal, lead) else Became.CLOSED

    def write(self) -> None:
        """Keep the ids."""
        self._ids.write()

    def _follow(self, deal: OpenDeal, lead: Lead, known: DealId) -> Became:
        """A deal that is known by its id: what the file says otherwise than before is news, and nothing else."""
        found, told, was_with = known.opportunity, known.said, self._ids.lead_of(known)
        if was_with != lead.pk:
            return self._move(deal, lead, known, self._leads.get(was_with))
        if found and found.state == OpportunityState.OPEN:
            return self._bring_up_to_date(deal, found, _news(deal, told))
        if told.get("outcome") == "open":  # somebody here has ended it since, or taken it back
            self._ids.tell(deal.reference, lead_id=lead.pk, found=found, said=_said(deal))
            return Became.ENDED
        if not self._takes(deal, lead):
            return Became.CLOSED
        self._take_back(lead, found, known.key)
        return self._open(deal, lead, found)

    def _move(self, deal: OpenDeal, lead: Lead, known: DealId, source: Lead | None) -> Became:
        """It is another's than it was thought to be."""
        if source is None:
            return Became.GONE
        if not self._takes(deal, lead):
            return Became.CLOSED
        found = known.opportunity
        facts = deal_facts.facts_of({source.pk: source}, self._ids_of(source.pk))[source.pk]
        self._record(
            moving_deals.take_off(
                source, facts, found, known.key, family=list(self._ids_of(source.pk)), actor=self._by.actor,
                origin=self._by.origin,
            )
        )  # fmt: skip
        if found:
            self._here.pop((found.lead_id, found.key), None)
            found.lead = lead
        became = self._open(deal, lead, found, moved=True)
        return became if became is Became.BACK else Became.MOVED

    def _takes(self, deal: OpenDeal, lead: Lead) -> bool:
        """Whether a lead takes an open deal: if it is open, had ended before that was opened, or somebody says so."""
        return rules.is_open(lead) or deal.is_meant or repeat.is_back(lead, deal.opened_at)

    def _ids_of(self, lead_id: UUID) -> dict[UUID, UUID]:
        return {pk: now_is for pk, now_is in self._family.items() if now_is == lead_id}

    def _take_back(self, lead: Lead, found: Opportunity | None, reference: str) -> None:
        """How a file said that it ended is not so."""
        told = deal_facts.told_by(self._ids_of(lead.pk), found, reference)
        ends = [entry for entry in told if entry.import_run_id and entry.kind != "opportunity"]
        by = self._by
        self._record(
            moving_deals.taken_back(lead, ends, {}, actor=by.actor, origin=by.origin, because="corrected")
        )  # fmt: skip

    def _record(self, drafts: Sequence[Draft]) -> None:
        timeline.record_all([replace(draft.entry, import_run_id=self._by.import_run_id) for draft in drafts])
        changed = {name for draft in drafts for name in draft.changes}
        if changed:
            bulk._write([drafts[0].lead], changed)

    def _open(self, deal: OpenDeal, lead: Lead, found: Opportunity | None = None, *, moved: bool = False) -> Became:
        """Open it. `found`: as it was here, where its id is known."""
        is_back = not rules.is_open(lead)
        if is_back:
            why = repeat.NEW_DEAL if repeat.is_back(lead, deal.opened_at) else repeat.MEANT
            self._record([repeat.take_up(lead, self._by, why=why)])
        opened = min(deal.opened_at or clock.now(), clock.now())
        taken, image = self._taken(lead.pk, found), None if found is None else deal_ids.image(found)
        if found is None:
            found = Opportunity(id=new_id(), lead=lead, opened_at=opened)
        elif deal.opened_at:
            found.opened_at = opened
        found.key = deal_ids.free_key(deal.key, deal.reference or deal.key, taken)
        found.name = found.product = deal.name[:200] or found.name or found.product
        found.state, found.closed_at = OpportunityState.OPEN, None
        for name, value in _given(deal).items():
            setattr(found, name, value or getattr(found, name))
        found.save(force_insert=image is None)
        self._here[lead.pk, found.key] = found
        told = self._ids.tell(deal.reference, lead_id=lead.pk, found=found, said=_said(deal), moved=moved)
        told = told if deal.reference else self._before.keep(found, _said(deal))
        data: dict[str, Any] = {
            "imported": True, "product": deal.name, "amount": None if deal.amount is None else str(deal.amount),
            "currency": deal.currency, "opportunity": {"id": str(found.pk), "before": image}, **told,
        }  # fmt: skip
        by, is_again = self._by, image is not None or found.key != deal.key
        entry = timeline.Entry(
            lead_id=lead.pk, kind="opportunity", actor_id=by.actor.pk, origin=by.origin,
            event_key=f"deal:{uuid4().hex}" if is_again else deal.key, occurred_at=found.opened_at, data=data,
            import_run_id=by.import_run_id,
        )  # fmt: skip
        is_one = lead.state == State.OPPORTUNITY
        changes: Changes = {"decision_id": entry.id} | ({} if is_one else in_state(State.OPPORTUNITY))
        changes |= _in_hand(lead)
        moving_deals.change(lead, changes, entry)
        timeline.record(entry)
        bulk._write([lead], changes.keys())
        return Became.BACK if is_back else Became.OPENED

    def _bring_up_to_date(self, deal: OpenDeal, found: Opportunity, given: Mapping[str, Any]) -> Became:
        """What the file says of it now. `given`: as far as that is news."""
        is_new_id = bool(deal.reference) and self._ids.get(deal.reference) is None
        told = self._ids.tell(deal.reference, lead_id=found.lead_id, found=found, said=_said(deal))
        is_open = found.state == OpportunityState.OPEN
        changed = {name: new for name, new in given.items() if is_open and new and getattr(found, name) != new}
        if not (changed or is_new_id):
            return Became.SAME if is_open else Became.ENDED
        told = told if deal.reference else self._before.keep(found, _said(deal))
        image = deal_ids.image(found)
        for name, value in changed.items():
            setattr(found, name, value)
        if "name" in changed:
            found.product, taken = found.name, self._taken(found.lead_id, found)
            found.key = deal_ids.free_key(deal.key, deal.reference, taken)
            self._here[found.lead_id, found.key] = found
        found.save(update_fields=[*changed, "product", "key"])
        timeline.record(
            timeline.Entry(
                lead_id=found.lead_id, kind="imported", actor_id=self._by.actor.pk, origin=self._by.origin,
                import_run_id=self._by.import_run_id, event_key=f"deal:{uuid4().hex}", occurred_at=clock.now(),
                data={
                    "fields": sorted(changed) or ["deal"], "opportunity": {"id": str(found.pk), "before": image}, **told
                },
            )
        )  # fmt: skip
        return Became.CHANGED if changed else Became.SAME

    def _taken(self, lead_id: UUID, but: Opportunity | None) -> set[str]:
        """The keys of a lead's other deals."""
        return {key for (pk, key), found in self._here.items() if pk == lead_id and found != but}


_SAID = {  # under which name it is kept with the id
    "amount": "amount", "currency": "currency", "stage": "stage", "expected_close": "expected", "name": "name",
}  # fmt: skip


def _given(deal: OpenDeal) -> dict[str, Any]:
    """What a file gives of a deal, by our names for it."""
    given = {
        "amount": deal.amount, "currency": deal.currency, "stage": deal.stage[:40], "expected_close": deal.expected,
    }  # fmt: skip
    return given | ({"name": deal.name[:200]} if deal.reference else {})


def _in_hand(lead: Lead) -> Changes:
    """Whose lead a programme looked after works its deal: from now on, unless somebody has chosen their day."""
    owner = lead.owner
    if lead.responsible.kind != ResponsibleKind.PROGRAMME or owner is None or not owner.is_active:
        return {}
    at_once = {} if lead.next_committed else Next(clock.now(), NextKind.FOLLOW_UP, "a deal is open").changes()
    return {"responsible_id": people.responsible_of(owner).pk, **at_once}


def _news(deal: OpenDeal, told: Mapping[str, Any]) -> dict[str, Any]:
    """What a file gives of a deal otherwise than the last time."""
    said = _said(deal)
    news = {name for name, at in _SAID.items() if said.get(at) != told.get(at)}
    return {name: each for name, each in _given(deal).items() if name in news}


def _said(deal: OpenDeal) -> dict[str, Any]:
    """What a file says of a deal, as it is kept with its id."""
    said: dict[str, Any] = {
        "outcome": "open", "day": "", "people": [str(pk) for pk in deal.named], "stage": deal.stage[:40],
        "expected": str(deal.expected or ""), "name": deal.name[:200],
    }  # fmt: skip
    if deal.amount is not None:
        said |= {"amount": deal_ids.plain(deal.amount), "currency": deal.currency}
    return said
