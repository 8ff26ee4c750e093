"""How a lead ends, won or let go for a reason, and begins anew."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from ripeline.base import clock
from ripeline.catalog.models import CloseReason, CloseState
from ripeline.leads import rules
from ripeline.leads.deciding import By, Changes, Decision, LeadError, Next, decide, in_state, require_open
from ripeline.leads.models import Lead, Opportunity, OpportunityState, State
from ripeline.people.models import Responsible, ResponsibleKind, User

NOTHING_NEXT: Changes = {
    "next_at": None, "next_set_at": None, "next_kind": "", "next_note": "", "next_committed": False
}  # fmt: skip


def win(lead_id: UUID, by: By, *, reason: CloseReason, amount: Decimal | None = None, currency: str = "") -> Decision:
    """They bought from us: close the lead and its opportunity as won."""

    def deal(lead: Lead) -> Opportunity:
        found = lead.opportunities.filter(state=OpportunityState.OPEN).first()
        opportunity = found or Opportunity(lead=lead, key=f"{by.origin}:{by.key}"[:120], opened_at=clock.now())
        opportunity.state = OpportunityState.WON
        opportunity.closed_at = clock.now()
        if amount is not None:
            opportunity.amount, opportunity.currency = amount, currency
        return opportunity

    return _close(lead_id, by, reason=reason, body="", opportunity=deal)


def close(lead_id: UUID, by: By, *, reason: CloseReason, body: str = "") -> Decision:
    """Let a lead go, lost or disqualified, for a reason; an open opportunity is lost with it."""
    if reason.state == CloseState.WON:
        raise LeadError("Use “won” for a lead that bought from us.")

    def deal(lead: Lead) -> Opportunity | None:
        found = lead.opportunities.filter(state=OpportunityState.OPEN).first()
        if found:
            found.state, found.closed_at = OpportunityState.LOST, clock.now()
        return found

    return _close(lead_id, by, reason=reason, body=body, opportunity=deal)


def _close(lead_id: UUID, by: By, *, reason: CloseReason, body: str, opportunity: Any) -> Decision:
    return decide(
        lead_id,
        by,
        kind=reason.state,
        change=lambda lead: closed(lead, reason=reason, actor=by.actor),
        opportunity=opportunity,
        body=body,
        data={"reason": reason.code, "label": reason.label},
    )


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
