"""Who bought from us or was lost, and of whom a deal was opened since then: they are back, and taken up again by it."""

from datetime import datetime
from uuid import uuid4

from ripeline.base import clock
from ripeline.leads.deals.moving import Draft, change
from ripeline.leads.decisions.closing import reopening
from ripeline.leads.decisions.deciding import By, Next, in_state
from ripeline.leads.models import Lead, NextKind, State
from ripeline.people import queries as people
from ripeline.people.models import Responsible
from ripeline.timeline import actions as timeline

NEW_DEAL, MEANT = "new deal", "deal there"  # why somebody is taken up again: by itself, or because one of us says so

_ENDED = (State.WON, State.LOST)  # who was let go as no lead is none by a deal either


def is_back(lead: Lead, opened_at: datetime | None) -> bool:
    """Whether a deal that was opened then was opened after its lead had ended."""
    has_ended = lead.state in _ENDED and lead.closed_at is not None
    return has_ended and opened_at is not None and opened_at > (lead.closed_at or opened_at)


def take_up(lead: Lead, by: By, *, why: str = NEW_DEAL) -> Draft:
    """A new episode with whoever had them, if they take leads, from now on."""
    theirs = (desk for desk in people.assignable() if lead.owner_id and desk.user_id == lead.owner_id)
    to: Responsible = next(theirs, None) or people.built_in(people.QUALIFY)
    entry = timeline.Entry(
        lead_id=lead.pk, kind="reopened", actor_id=by.actor.pk, origin=by.origin, event_key=f"deal:{uuid4().hex}",
        occurred_at=clock.now(), data={"why": why, "to": to.name},
    )  # fmt: skip
    changes = reopening(lead, to, Next(clock.now(), kind=NextKind.REOPENED)) | in_state(State.OPPORTUNITY)
    return Draft(entry, lead, change(lead, changes, entry))
