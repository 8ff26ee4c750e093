"""Deals that are still open elsewhere: opportunities on the leads here, many at a time, each once.

Each is an entry on the day it was opened, and named by its title: the same deal again brings its amount, stage and
expected day up to date. A lead that is closed here is not opened by it.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.leads import bulk, deciding, rules
from ripeline.leads.deciding import By, in_state
from ripeline.leads.models import Lead, Opportunity, OpportunityState, State
from ripeline.people.models import User
from ripeline.timeline import actions as timeline


class Became(StrEnum):
    """What became of an open deal."""

    OPENED = "opened"
    CHANGED = "changed"
    SAME = "same"
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

    @property
    def key(self) -> str:
        return f"open:{hashlib.sha256(' '.join(self.name.casefold().split()).encode()).hexdigest()[:40]}"


def open_all(given: Sequence[OpenDeal], *, actor: User, origin: str, import_run_id: UUID | None = None) -> list[Became]:
    """Open deals, or bring them up to date, in one transaction; the results stand in their order."""
    with transaction.atomic():
        leads = {lead.pk: lead for lead in bulk._locked(sorted({deal.lead_id for deal in given}))}
        here = {(found.lead_id, found.key): found for found in Opportunity.objects.filter(lead__in=leads)}
        return [
            _open(deal, leads.get(deal.lead_id), here, By(actor, origin, import_run_id=import_run_id)) for deal in given
        ]


def _open(deal: OpenDeal, lead: Lead | None, here: dict[tuple[UUID, str], Opportunity], by: By) -> Became:
    if lead is None:
        return Became.GONE
    found = here.get((lead.pk, deal.key))
    if found:
        return _bring_up_to_date(deal, found, by)
    if not rules.is_open(lead):
        return Became.CLOSED
    opened = min(deal.opened_at or clock.now(), clock.now())
    found = Opportunity(
        id=new_id(), lead=lead, key=deal.key, name=deal.name[:200], product=deal.name[:200], amount=deal.amount,
        currency=deal.currency, stage=deal.stage[:40], expected_close=deal.expected, opened_at=opened,
    )  # fmt: skip
    found.save(force_insert=True)
    here[lead.pk, deal.key] = found
    data: dict[str, Any] = {
        "imported": True, "product": deal.name, "amount": None if deal.amount is None else str(deal.amount),
        "currency": deal.currency, "opportunity": {"id": str(found.pk), "before": None},
    }  # fmt: skip
    entry = timeline.Entry(
        lead_id=lead.pk, kind="opportunity", actor_id=by.actor.pk, origin=by.origin, event_key=deal.key,
        occurred_at=opened, data=data, import_run_id=by.import_run_id,
    )  # fmt: skip
    changes = {**(in_state(State.OPPORTUNITY) if lead.state != State.OPPORTUNITY else {}), "decision_id": entry.id}
    data["before"] = {name: deciding._plain(lead, name) for name in changes}
    for name, value in changes.items():
        setattr(lead, name, value)
    data["after"] = {name: deciding._plain(lead, name) for name in changes}
    timeline.record(entry)
    bulk._write([lead], changes.keys())
    return Became.OPENED


def _bring_up_to_date(deal: OpenDeal, found: Opportunity, by: By) -> Became:
    if found.state != OpportunityState.OPEN:
        return Became.ENDED
    given = {
        "amount": deal.amount, "currency": deal.currency, "stage": deal.stage[:40], "expected_close": deal.expected
    }  # fmt: skip
    changed = {name: value for name, value in given.items() if value and getattr(found, name) != value}
    if not changed:
        return Became.SAME
    for name, value in changed.items():
        setattr(found, name, value)
    found.save(update_fields=list(changed))
    said = hashlib.sha256(repr(sorted((name, str(value)) for name, value in given.items())).encode()).hexdigest()[:20]
    timeline.record(
        timeline.Entry(
            lead_id=found.lead_id, kind="imported", actor_id=by.actor.pk, origin=by.origin,
            import_run_id=by.import_run_id, event_key=f"{deal.key}:{said}",
            occurred_at=clock.now(), data={"fields": sorted(changed)},
        )
    )  # fmt: skip
    return Became.CHANGED
