"""The verbs of a lead's life. Each is idempotent, one transaction, one entry, and asks who may (see `deciding`)."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.leads import rules
from ripeline.leads.decisions import accounts
from ripeline.leads.decisions.closing import close, closed, open_deals, reopen, reopening, win
from ripeline.leads.decisions.deciding import (
    By,
    Changes,
    Decision,
    LeadError,
    Next,
    decide,
    in_state,
    lock,
    once_more,
    require_open,
    undo,
)
from ripeline.leads.decisions.other_numbers import put_on, take_off
from ripeline.leads.knowing import identity, same_name
from ripeline.leads.models import Lead, NextKind, Opportunity, RecordView, State
from ripeline.leads.rules import Verb
from ripeline.leads.words.searching import SEARCHED
from ripeline.people import queries as people
from ripeline.people.models import Responsible, ResponsibleKind, Role, User
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity

__all__ = [
    "By", "Decision", "LeadError", "Next", "close", "closed", "edit", "give", "note", "note_view", "nurture",
    "nurtured", "open_opportunity", "put_on", "readdress", "reopen", "reopening", "return_from_nurture", "set_next",
    "take_off", "touch", "touched", "undo", "win",
]  # fmt: skip


def touch(
    lead_id: UUID,
    by: By,
    *,
    kind: str,
    reached: bool | None,
    next: Next,
    disposition: str = "",
    body: str = "",
    data: Mapping[str, Any] | None = None,
) -> Decision:
    """We tried to reach them, or did (`reached`; None: no attempt was made), and this is the next step."""
    return decide(
        lead_id,
        by,
        kind=kind,
        change=lambda lead: touched(lead, by.actor, reached=reached, next=next),
        body=body,
        data={**(data or {}), "disposition": disposition, "reached": reached},
    )


def touched(lead: Lead, actor: User | None = None, *, reached: bool | None, next: Next) -> Changes:
    """What a touch makes of a locked lead: also for `bulk.decide_many`."""
    require_open(lead)
    moment = clock.now()
    changes: Changes = next.changes()
    if reached is not None:
        changes |= {
            "touches": lead.touches + 1,
            "last_touch_at": moment,
            "first_touch_at": lead.first_touch_at or moment,
            "unanswered": 0 if reached else lead.unanswered + 1,
        }
        if reached:
            changes["last_reached_at"] = moment
    hands = _in_hand(lead, actor, from_kinds=(ResponsibleKind.PROGRAMME,))
    changes |= hands
    qualifies = lead.responsible.kind != ResponsibleKind.REP and not hands
    if lead.state in (State.NEW, State.NURTURE) or (lead.state == State.QUALIFYING and not qualifies):
        changes |= in_state(State.QUALIFYING if qualifies else State.WORKING)
    return changes


def _in_hand(lead: Lead, actor: User | None, *, from_kinds: Collection[str]) -> Changes:
    """A lead that somebody works is with a person: its owner, else whoever works it."""
    user = lead.owner if lead.owner and lead.owner.is_active else actor
    if lead.responsible.kind not in from_kinds or user is None or user.is_system:
        return {}
    return {"responsible_id": people.responsible_of(user).pk, "owner_id": user.pk}


def set_next(lead_id: UUID, by: By, *, next: Next, kind: str = "next_set") -> Decision:
    """Choose the next moment: a snooze, a promise, a meeting; by the planner with kind `replanned`."""

    def change(lead: Lead) -> Changes:
        require_open(lead)
        return next.changes()

    return decide(lead_id, by, kind=kind, change=change, data={"note": next.note})


def give(
    lead_id: UUID, by: By, *, to: Responsible, why: Mapping[str, Any], next: Next | None = None, kind: str = "handed"
) -> Decision:
    """Make somebody else responsible; a person also becomes its owner. `why` is kept with the entry."""

    def change(lead: Lead) -> Changes:
        require_open(lead)
        if not to.is_active:
            raise LeadError(f"{to.name} is not taking leads at the moment.")
        if to.user and to.user.role == Role.MARKETER:
            raise LeadError(f"{to.name} works in marketing and does not follow up leads.")
        changes: Changes = {"responsible_id": to.pk}
        if to.user_id:
            changes["owner_id"] = to.user_id
            if lead.state == State.NURTURE:
                changes |= in_state(State.WORKING)
        if next:
            changes |= next.changes()
        return changes

    return decide(lead_id, by, kind=kind, verb=Verb.REASSIGN, change=change, data={"to": to.name, "why": dict(why)})


def nurture(lead_id: UUID, by: By, *, next: Next, disposition: str = "green_later", body: str = "") -> Decision:
    """Green, later: Keep in touch looks after it until its moment; the owner stays credited."""
    programme = people.built_in(people.KEEP_IN_TOUCH)

    return decide(
        lead_id,
        by,
        kind="nurtured",
        change=lambda lead: nurtured(lead, programme=programme, next=next),
        data={"disposition": disposition, "note": next.note},
        body=body,
    )


def nurtured(lead: Lead, *, programme: Responsible, next: Next) -> Changes:
    """What leaving a lead to a programme makes of it: also for `bulk.decide_many`."""
    require_open(lead)
    return {"responsible_id": programme.pk} | in_state(State.NURTURE) | next.changes()


def return_from_nurture(lead_id: UUID, by: By, *, to: Responsible, why: Mapping[str, Any]) -> Decision:
    """Keep in touch hands a lead back at its moment, with the reason: to its owner's Today or to the queue."""

    def change(lead: Lead) -> Changes:
        require_open(lead)
        if lead.state != State.NURTURE:
            raise LeadError("This lead is not in Keep in touch.")
        note = lead.next_note
        changes: Changes = {"responsible_id": to.pk} | Next(clock.now(), NextKind.KEEP_IN_TOUCH, note).changes()
        if to.user_id:
            changes["owner_id"] = to.user_id
        return changes | in_state(State.WORKING if to.user_id else State.NEW)

    return decide(
        lead_id, by, kind="returned", verb=Verb.REASSIGN, change=change, data={"to": to.name, "why": dict(why)}
    )


def open_opportunity(
    lead_id: UUID,
    by: By,
    *,
    next: Next,
    amount: Decimal | None = None,
    currency: str = "",
    product: str = "",
    stage: str = "",
    expected_close: date | None = None,
    disposition: str = "",
    body: str = "",
) -> Decision:
    """They are ripe: open an opportunity, or bring the open one up to date; of several that of this product, or else
    the latest.
    """

    def change(lead: Lead) -> Changes:
        require_open(lead)
        moment = clock.now()
        reached: Changes = {
            "touches": lead.touches + 1,
            "last_touch_at": moment,
            "last_reached_at": moment,
            "unanswered": 0,
        }
        first: Changes = {"first_touch_at": lead.first_touch_at or moment}
        not_a_person = (ResponsibleKind.PROGRAMME, ResponsibleKind.QUEUE)
        owner: Changes = _in_hand(lead, by.actor, from_kinds=not_a_person)
        return next.changes() | in_state(State.OPPORTUNITY) | reached | first | owner

    def deals(lead: Lead) -> list[Opportunity]:
        here = [one for one in open_deals(lead) if one.lead_id == lead.pk]
        of_it = [one for one in here if product and product in (one.product, one.name)]
        found = (of_it or here)[:1]
        opportunity = (
            found[0] if found else Opportunity(lead=lead, key=f"{by.origin}:{by.key}"[:120], opened_at=clock.now())
        )
        given = {
            "amount": amount, "currency": currency, "product": product, "stage": stage, "expected_close": expected_close
        }  # fmt: skip
        for name, value in given.items():
            if value:
                setattr(opportunity, name, value)
        return [opportunity]

    return decide(
        lead_id, by, kind="opportunity", change=change, opportunities=deals, body=body,
        data={"disposition": disposition},
    )  # fmt: skip


@once_more
def note(lead_id: UUID, by: By, *, text: str, is_private: bool = False) -> None:
    """Write something down. A private note is its author's alone, whatever their role."""
    text = text.strip()
    if not text:
        raise LeadError("The note is empty.")
    with transaction.atomic():
        lead = lock(lead_id)
        rules.require(by.actor, Verb.WORK, lead)
        timeline.record(
            timeline.Entry(
                lead_id=lead.pk, kind="note", actor_id=by.actor.pk, origin=by.origin, event_key=by.key,
                occurred_at=clock.now(), body=text[:20_000], is_private=is_private,
            )
        )  # fmt: skip


_EDITABLE = frozenset({"name", "title", "phone", "company", "country", "language", "amount", "currency"})


@once_more
def edit(lead_id: UUID, by: By, *, fields: Mapping[str, Any]) -> Decision:
    """Correct what the record says (not the e-mail address, which is the identity)."""
    wrong = fields.keys() - _EDITABLE
    if wrong:
        raise LeadError(f"These cannot be changed here: {', '.join(sorted(wrong))}.")

    former: dict[str, str] = {}

    def change(lead: Lead) -> Changes:
        former.update({name: getattr(lead, name) for name in SEARCHED})
        after = former | {name: fields[name] for name in SEARCHED if name in fields}
        if not any(after[name].strip() for name in ("name", "phone", "email", "reference")):
            raise LeadError("A lead needs a name, a telephone number or an e-mail address.")
        changes = dict(fields) | {"search": rules.searched_anew(lead, after)}
        if "company" in fields:
            word = same_name.word(by.origin, by_file=by.import_run_id is not None)
            at = accounts.of_corrected(lead, fields["company"], word)
            changes |= {"account_id": at} if at != lead.account_id else {}
        return changes

    with transaction.atomic():
        done = decide(lead_id, by, kind="edited", change=change, data={"fields": sorted(fields)})
        if not done.repeated:
            identity.keep_phone(done.lead, former)
    return done


@once_more
def readdress(lead_id: UUID, by: By, *, old: str, new: str, event_key: str) -> None:
    """Put a mended e-mail address in the place of a wrong one, which nobody is known by any more.

    Only where nothing but the event of this key has brought it: else both are theirs, and the first stays.
    """
    with transaction.atomic():
        lead = lock(lead_id)
        others = Activity.objects.filter(lead_id=lead.pk, kind__in=("captured", "enquired")).exclude(
            event_key=event_key
        )
        if lead.email != old or others.exists() or Lead.objects.filter(merged_into=lead).exists():
            return

        def change(lead: Lead) -> Changes:
            after = {name: getattr(lead, name) for name in SEARCHED} | {"email": new}
            return {"email": new, "search": rules.searched_anew(lead, after)}

        decide(lead.pk, by, kind="imported", change=change, data={"fields": ["email"]})
        if (wrong := identity.email(old)) and wrong != identity.email(new):
            identity.release([wrong], lead.pk)


def note_view(lead: Lead, viewer: User) -> None:
    """Remember that somebody looked at another's lead, at most once an hour each; its owner is shown it."""
    if lead.owner_id is None or viewer.pk == lead.owner_id or viewer.is_system:
        return
    moment = clock.now()
    recent = RecordView.objects.filter(
        lead=lead, viewer=viewer, viewed_at__gte=moment.replace(minute=0, second=0, microsecond=0)
    )
    if not recent.exists():
        RecordView.objects.create(id=new_id(), lead=lead, viewer=viewer, owner_id=lead.owner_id, viewed_at=moment)
