"""How a lead ends, won or let go for a reason, and begins anew."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from ripeline.base import clock
from ripeline.catalog.models import CloseReason, CloseState
from ripeline.leads import rules
from ripeline.leads.decisions.deciding import By, Changes, Decision, LeadError, Next, decide, in_state, require_open
from ripeline.leads.models import Lead, Opportunity, OpportunityState, State
from ripeline.people.models import Responsible, ResponsibleKind, User

NOTHING_NEXT: Changes = {
    "next_at": None, "next_set_at": None, "next_kind": "", "next_note": "", "next_committed": False
}  # fmt: skip


def win(
    lead_id: UUID, by: By, *, reason: CloseReason, amount: Decimal | None = None, currency: str = "",
    deal_id: UUID | None = None,
) -> Decision:  # fmt: skip
    """They bought from us: the deal is won, and the lead with it, unless they have another one open.

    Of several that are open, `deal_id` says which. Raises LeadError without it, since nobody else can know.
    """
    facts: dict[str, Any] = {"reason": reason.code, "label": reason.label}

    def change(lead: Lead) -> Changes:
        require_open(lead)
        others = [one for one in open_deals(lead) if one.lead_id == lead.pk and one.pk != deal_id]
        if deal_id and others:
            return {} if lead.state == State.OPPORTUNITY else in_state(State.OPPORTUNITY)
        return closed(lead, reason=reason, actor=by.actor)

    def deals(lead: Lead) -> list[Opportunity]:
        here = open_deals(lead)
        new = Opportunity(lead=lead, key=f"{by.origin}:{by.key}"[:120], opened_at=clock.now())
        won = _which(lead, [one for one in here if one.lead_id == lead.pk], deal_id) or new
        won.state, won.closed_at = OpportunityState.WON, clock.now()
        if amount is not None:
            won.amount, won.currency = amount, currency
        if deal_id:
            worth = None if won.amount is None else str(won.amount)
            facts.update(product=won.product or won.name, amount=worth, currency=won.currency)
        return [won, *(_lost(one) for one in here if one.lead_id != lead.pk and one.key == won.key)]

    return decide(lead_id, by, kind=reason.state, change=change, opportunities=deals, data=facts)


def _which(lead: Lead, here: Sequence[Opportunity], deal_id: UUID | None) -> Opportunity | None:
    """The open deal that was won; None where none is open."""
    if deal_id is None:
        if len(here) > 1:
            raise LeadError(f"{lead.name or 'This lead'} has {len(here)} deals open; say which was won.")
        return here[0] if here else None
    found = next((one for one in here if one.pk == deal_id), None)
    if found is None:
        raise LeadError("That deal is not open any more.")
    return found


def close(lead_id: UUID, by: By, *, reason: CloseReason, body: str = "") -> Decision:
    """Let a lead go, lost or disqualified, for a reason; the deals that are open are lost with it."""
    if reason.state == CloseState.WON:
        raise LeadError("Use “won” for a lead that bought from us.")
    return decide(
        lead_id,
        by,
        kind=reason.state,
        change=lambda lead: closed(lead, reason=reason, actor=by.actor),
        opportunities=lambda lead: [_lost(one) for one in open_deals(lead)],
        body=body,
        data={"reason": reason.code, "label": reason.label},
    )


def open_deals(lead: Lead) -> list[Opportunity]:
    """The open deals of somebody, the latest first, then those that a record merged into theirs has kept because the
    same was here.
    """
    theirs = Opportunity.objects.filter(Q(lead=lead) | Q(lead__merged_into=lead), state=OpportunityState.OPEN)
    return sorted(theirs.order_by("-opened_at", "-pk"), key=lambda one: one.lead_id != lead.pk)


def _lost(deal: Opportunity) -> Opportunity:
    deal.state, deal.closed_at = OpportunityState.LOST, clock.now()
    return deal


def closed(lead: Lead, *, reason: CloseReason, actor: User) -> Changes:
    """What closing makes of a lead: also for `bulk.decide_many`, for leads without an open opportunity."""
    require_open(lead)
    why: Changes = {"close_reason_id": reason.pk, "closed_at": clock.now(), "closed_by_id": actor.pk}
    owner: Changes = {"owner_id": actor.pk} if lead.owner_id is None and not actor.is_system else {}
    return in_state(State(reason.state)) | why | NOTHING_NEXT | owner


def reopen(lead_id: UUID, by: By, *, to: Responsible, next: Next, why: str = "") -> Decision:
    """Take a closed lead up again: a new episode, with its own clock. A deal they made stays on the record."""

    def change(lead: Lead) -> Changes:
        if rules.is_open(lead):
            raise LeadError("This lead is open already.")
        if not to.is_active:
            raise LeadError(f"{to.name} is not taking leads at the moment.")
        return reopening(lead, to, next)

    return decide(lead_id, by, kind="reopened", change=change, data={"why": why, "to": to.name})


def reopening(lead: Lead, to: Responsible, next: Next) -> Changes:
    """What becomes of a closed lead that is taken up again."""
    opened: Changes = {"close_reason_id": None, "closed_at": None, "closed_by_id": None, "responsible_id": to.pk}
    episode: Changes = {"episode": lead.episode + 1, "episode_at": clock.now(), "unanswered": 0}
    owner: Changes = {"owner_id": to.user_id} if to.user_id else {}
    state = State.NURTURE if to.kind == ResponsibleKind.PROGRAMME else State.NEW
    return opened | episode | owner | in_state(state) | next.changes()
