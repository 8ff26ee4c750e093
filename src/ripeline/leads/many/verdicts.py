"""What each verb for many leads makes of one: its changes, or the reason why that lead is left as it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Coalesce

from ripeline.base import clock
from ripeline.catalog.models import CloseReason, CloseState
from ripeline.leads import rules
from ripeline.leads.decisions.actions import nurtured
from ripeline.leads.decisions.bulk import Gift, Refused, gift
from ripeline.leads.decisions.closing import closed, reopening
from ripeline.leads.decisions.deciding import Changes, LeadError, Next
from ripeline.leads.models import Batch, BatchItem, BatchVerb, Lead, NextKind, Opportunity, OpportunityState
from ripeline.leads.rules import Verb
from ripeline.people import queries as people
from ripeline.people.models import Responsible, Role

DONE, BACK = "done", "back"
NOT_YOURS, CLOSED, OPEN, THERE, LEFT, DEAL, IN_DEAL, GONE, CHANGED, REFUSED = (
    "not_yours", "closed", "open", "there", "left", "deal", "in_deal", "gone", "changed", "refused"
)  # fmt: skip
WORDS = {
    NOT_YOURS: "not yours to change",
    CLOSED: "closed already",
    OPEN: "open already",
    THERE: "there already",
    LEFT: "no longer fit the list when their turn came",
    DEAL: "with an open deal, which is closed on its own record",
    IN_DEAL: "with an open deal, which somebody stays with until it is won or lost",
    GONE: "merged or removed meanwhile",
    CHANGED: "changed since",
    REFUSED: "could not be changed",
}


@dataclass
class Verdict:
    """What is decided about each lead of a batch. `prepare` is told of a piece before it is decided."""

    kind: str
    change: Callable[[Lead], Changes]
    facts: Callable[[Lead], dict[str, Any]]
    verb: Verb = Verb.WORK
    body: Callable[[Lead], str] | None = None
    prepare: Callable[[Sequence[BatchItem]], None] = field(default=lambda _: None)


def of(batch: Batch) -> Verdict:
    """How a batch decides, by its terms. Raises LeadError for terms that cannot be, or no longer."""
    return _VERDICTS[BatchVerb(batch.verb)](batch)


def _give_each(batch: Batch, each: Mapping[str, str]) -> Verdict:
    """Each to somebody of its own."""
    desks = {str(desk.pk): desk for desk in people.assignable()}
    why = {"rule": "by_hand", "by": batch.asked_by.name}

    def change(lead: Lead) -> Changes:
        _require_open(lead)
        to = desks.get(each.get(str(lead.pk), ""))
        if to is None:
            raise Refused(REFUSED)
        if lead.responsible_id == to.pk:
            raise Refused(THERE)
        return gift(lead, Gift(to, why))

    def facts(lead: Lead) -> dict[str, Any]:
        to = desks.get(each.get(str(lead.pk), ""))
        return {"to": to.name if to else "", "why": why}

    return Verdict("handed", change, facts, Verb.REASSIGN)


def _give(batch: Batch) -> Verdict:
    if each := batch.terms.get("each"):
        return _give_each(batch, each)
    to = Responsible.objects.select_related("user").filter(pk=batch.terms.get("to")).first()
    if to is None:
        raise LeadError("Choose who is to have them.")
    if to.user and to.user.role == Role.MARKETER:
        raise LeadError(f"{to.name} works in marketing and does not follow up leads.")
    if not to.is_active:
        raise LeadError(f"{to.name} is not taking leads at the moment.")
    why = {"rule": "by_hand", "by": batch.asked_by.name}

    def change(lead: Lead) -> Changes:
        _require_open(lead)
        if lead.responsible_id == to.pk:
            raise Refused(THERE)
        return gift(lead, Gift(to, why))

    return Verdict("handed", change, lambda _: {"to": to.name, "why": why}, Verb.REASSIGN)


def _next(batch: Batch) -> Verdict:
    moments = _Moments(batch)

    def change(lead: Lead) -> Changes:
        _require_open(lead)
        return moments.next_of(lead, NextKind.FOLLOW_UP).changes()

    return Verdict("next_set", change, lambda _: {"note": moments.note}, prepare=moments.prepare)


def _nurture(batch: Batch) -> Verdict:
    """Who has an open deal is left out: no programme wins it, and of one lead somebody decides on its record."""
    moments, programme = _Moments(batch), people.built_in(people.KEEP_IN_TOUCH)
    deals: set[UUID] = set()

    def prepare(items: Sequence[BatchItem]) -> None:
        moments.prepare(items)
        deals.clear()
        deals.update(_in_deals(items))

    def change(lead: Lead) -> Changes:
        _require_open(lead)
        if lead.pk in deals:
            raise Refused(IN_DEAL)
        return nurtured(lead, programme=programme, next=moments.next_of(lead, NextKind.KEEP_IN_TOUCH))

    facts = {"disposition": "green_later", "note": moments.note}
    return Verdict("nurtured", change, lambda _: dict(facts), prepare=prepare)


def _in_deals(items: Sequence[BatchItem]) -> set[UUID]:
    """Those of a piece with an open deal, be it of a record that was merged into theirs."""
    ids = [item.lead_id for item in items]
    theirs = Opportunity.objects.filter(Q(lead__in=ids) | Q(lead__merged_into__in=ids), state=OpportunityState.OPEN)
    return set(theirs.values_list(Coalesce("lead__merged_into", "lead"), flat=True))


def _close(batch: Batch) -> Verdict:
    reason = CloseReason.objects.filter(code=batch.terms.get("reason"), is_active=True).first()
    if reason is None or reason.state == CloseState.WON:
        raise LeadError("Say why they are let go.")
    deals: set[UUID] = set()

    def prepare(items: Sequence[BatchItem]) -> None:
        deals.clear()
        deals.update(_in_deals(items))

    def change(lead: Lead) -> Changes:
        _require_open(lead)
        if lead.pk in deals:
            raise Refused(DEAL)
        return closed(lead, reason=reason, actor=batch.asked_by)

    facts = {"reason": reason.code, "label": reason.label}
    return Verdict(
        reason.state, change, lambda _: dict(facts), body=lambda _: str(batch.terms.get("note", "")), prepare=prepare
    )


def _reopen(batch: Batch) -> Verdict:
    moments, queue = _Moments(batch), people.built_in(people.QUALIFY)
    desks: dict[UUID, Responsible] = {desk.user_id: desk for desk in people.assignable() if desk.user_id}

    def to(lead: Lead) -> Responsible:
        return desks.get(lead.owner_id, queue) if lead.owner_id else queue

    def change(lead: Lead) -> Changes:
        if rules.is_open(lead):
            raise Refused(OPEN)
        return reopening(lead, to(lead), moments.next_of(lead, NextKind.REOPENED))

    return Verdict(
        "reopened", change, lambda lead: {"why": "by_hand_many", "to": to(lead).name}, prepare=moments.prepare
    )


_VERDICTS: Mapping[BatchVerb, Callable[[Batch], Verdict]] = {
    BatchVerb.GIVE: _give,
    BatchVerb.NEXT: _next,
    BatchVerb.NURTURE: _nurture,
    BatchVerb.CLOSE: _close,
    BatchVerb.REOPEN: _reopen,
}


class _Moments:
    """The next moments of a batch: its leads one after the other over them, evenly."""

    def __init__(self, batch: Batch) -> None:
        self.moments = [datetime.fromisoformat(text) for text in batch.terms.get("moments", ())]
        self.note = str(batch.terms.get("note", ""))
        self.total = max(batch.total or 1, 1)
        self.numbers: dict[UUID, int] = {}
        if not self.moments:
            raise LeadError("Say when.")

    def prepare(self, items: Sequence[BatchItem]) -> None:
        self.numbers = {item.lead_id: item.number for item in items}

    def next_of(self, lead: Lead, kind: NextKind) -> Next:
        place = (self.numbers[lead.pk] - 1) * len(self.moments) // self.total
        at = max(self.moments[min(place, len(self.moments) - 1)], clock.now())
        return Next(at, kind, self.note, committed=True)


def _require_open(lead: Lead) -> None:
    if not rules.is_open(lead):
        raise Refused(CLOSED)
