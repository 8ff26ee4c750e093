"""A deal is another's than was thought, or did not end as a file had said: what was told of it is taken back."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from ripeline.base import clock
from ripeline.leads.deals import facts as deal_facts
from ripeline.leads.deals.facts import Facts
from ripeline.leads.decisions import deciding
from ripeline.leads.decisions.deciding import Changes, in_state
from ripeline.leads.models import OPEN_STATES, Lead, Opportunity, OpportunityState, State
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity


class Draft(NamedTuple):
    """An entry that is to be written, with what it changes about its lead."""

    entry: timeline.Entry
    lead: Lead
    changes: Changes


def take_off(
    lead: Lead,
    facts: Facts,
    found: Opportunity | None,
    reference: str,
    *,
    family: Collection[UUID],
    actor: User,
    origin: str,
) -> list[Draft]:
    """Take a deal off a lead: whom it closed is open again as before, whom it made an opportunity is none."""
    told = deal_facts.told_by(family, found, reference)
    if found in facts.deals and found:
        facts.deals.remove(found)
    changes: Changes = {}
    if deal_facts.ended_with(facts, found, reference):
        changes = _as_before(lead, facts)
    elif lead.state == State.OPPORTUNITY and not any(one.state == OpportunityState.OPEN for one in facts.deals):
        changes = in_state(State.WORKING)
    return taken_back(lead, told, changes, actor=actor, origin=origin, because="moved")


def taken_back(
    lead: Lead, told: Sequence[Activity], changes: Changes, *, actor: User, origin: str, because: str
) -> list[Draft]:  # fmt: skip
    """Entries that were not so, each with one that takes it back; the first of these changes the lead."""
    drafts = []
    facts: list[dict[str, Any]] = [
        {"of": str(entry.pk), "kind": entry.kind, "because": because, **_which(entry)} for entry in told
    ]
    for at, data in enumerate(facts or ([{"fields": ["deal"]}] if changes else [])):
        entry = timeline.Entry(
            lead_id=lead.pk, kind="undone" if facts else "imported", actor_id=actor.pk, origin=origin,
            event_key=f"deal:{uuid4().hex}", occurred_at=clock.now(), data=data,
        )  # fmt: skip
        drafts.append(Draft(entry, lead, change(lead, changes, entry) if at == 0 else {}))
    return drafts


def _which(entry: Activity) -> dict[str, Any]:
    """Which deal an entry is about."""
    return {name: said for name in ("product", "amount", "currency") if (said := entry.data.get(name))}


def change(lead: Lead, changes: Changes, entry: timeline.Entry) -> Changes:
    """Change a lead, with its images in the entry."""
    if not changes:
        return {}
    changes = changes | {"decision_id": entry.id}
    entry.data["before"] = {name: deciding._plain(lead, name) for name in changes}
    for name, value in changes.items():
        setattr(lead, name, value)
    entry.data["after"] = {name: deciding._plain(lead, name) for name in changes}
    return changes


def _as_before(lead: Lead, facts: Facts) -> Changes:
    """As a lead was before a file closed it: with somebody who is here, and a next moment that is not over (I1)."""
    assert facts.closing is not None
    before = dict(facts.closing.data.get("before") or {})
    before.pop("decision_id", None)
    changes: Changes = {name: deciding._column(name).to_python(value) for name, value in before.items()}
    if changes.get("state") in OPEN_STATES:
        moment = clock.now()
        if changes.get("next_at") and changes["next_at"] < moment:
            changes |= {"next_at": moment, "next_set_at": moment}
        if not lead.responsible.is_active:
            changes |= {"responsible_id": people.built_in(people.QUALIFY).pk, "owner_id": None}
    return changes
