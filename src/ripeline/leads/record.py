"""The record page's one read: a lead with everything about it that its viewer may see, and nothing else (I8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ripeline.base import reading
from ripeline.catalog import queries as catalog
from ripeline.leads import queries, rules
from ripeline.leads.doubles import duplicates, same_company
from ripeline.leads.doubles.duplicates import Pair
from ripeline.leads.finding import rows
from ripeline.leads.finding.leaks import UNSTATED
from ripeline.leads.finding.lists import Row
from ripeline.leads.models import Account, Enquiry, Lead, Opportunity, OpportunityState, RecordView
from ripeline.leads.queries import Reached
from ripeline.leads.rules import Verb
from ripeline.leads.words import numbers as written
from ripeline.people.models import Role, User
from ripeline.timeline import queries as timeline
from ripeline.timeline.kinds import KINDS, Family
from ripeline.timeline.models import Activity

ENTRIES = 20  # of the timeline at a time

# What somebody who may see outcomes, but not the single steps, is shown of the timeline.
OUTCOMES = frozenset(
    {
        "captured",
        "enquired",
        "nurtured",
        "opportunity",
        "won",
        "lost",
        "disqualified",
        "reopened",
        "merged",
        "unmerged",
        "company_merged",
        "company_unmerged",
    }
)


@dataclass(frozen=True)
class Deal:
    """An opportunity of a lead, open or ended, and what was said of why it ended: the reason, and their own words."""

    opportunity: Opportunity
    reason: str = ""
    said: str = ""


@dataclass(frozen=True)
class Record:
    """A lead as its viewer may see it; what they may not see is empty."""

    row: Row
    ids: Sequence[UUID]  # of the records that it is made of
    enquiries: Sequence[Enquiry]  # newest first
    deals: Sequence[Deal]  # the open ones first, then those that ended, each the latest first
    entries: Sequence[Activity]
    more: str  # cursor of the entries after these; "" if there are none
    colleagues: Sequence[Row]
    alike: Sequence[Pair]  # who may be the same person
    company_alike: Sequence[tuple[Account, str]]  # what their company may be the same as, and why
    known_by: Reached  # the other addresses and numbers
    merged: Sequence[Lead]  # records that were merged into this one
    custom: Sequence[tuple[str, Any]]  # label, value
    looks: Sequence[RecordView]  # who looked, for its owner
    may_undo: bool

    @property
    def lead(self) -> Lead:
        return self.row.lead

    @property
    def may(self) -> Mapping[str, bool]:
        """`record.may.work` in a template."""
        return {verb.value: verb in self.row.verbs for verb in Verb}

    @property
    def open_deals(self) -> Sequence[Opportunity]:
        return [each.opportunity for each in self.deals if each.opportunity.state == OpportunityState.OPEN]

    @property
    def first_enquiry(self) -> Enquiry | None:
        return self.enquiries[-1] if self.enquiries else None


def read(lead_id: UUID, viewer: User, *, family: str = "") -> Record:
    """The record of a lead, or of the one it was merged into. Raises Lead.DoesNotExist, also where it cannot be found.

    `family`: only entries of this kind of act (`Family`).
    """
    lead = queries.get(lead_id)
    verbs = rules.verbs(viewer, lead)
    if Verb.FIND not in verbs:
        raise Lead.DoesNotExist(lead_id)
    ids = queries.family(lead)
    context, works, merges = Verb.SEE_CONTEXT in verbs, Verb.WORK in verbs, Verb.MERGE in verbs
    shown, more = entries(lead, viewer, ids=ids, family=family)
    known_by = queries.reached(lead, ids) if context else Reached()
    return Record(
        row=Row(lead, verbs, viewer),
        ids=ids,
        enquiries=_enquiries(ids) if context else (),
        deals=_deals(lead, ids) if Verb.SEE_OUTCOMES in verbs else (),
        entries=shown,
        more=more,
        colleagues=rows.colleagues(lead, viewer) if context else (),
        alike=duplicates.of_lead(lead, viewer) if merges or viewer.role == Role.MARKETER else (),
        company_alike=same_company.of_account(lead.account_id, viewer) if merges and lead.account_id else (),
        known_by=known_by,
        merged=list(Lead.objects.filter(merged_into=lead).order_by("pk")) if merges and len(ids) > 1 else (),
        custom=_custom(lead, known_by.numbers) if context else (),
        looks=_looks(lead) if viewer.pk == lead.owner_id else (),
        may_undo=works and _last_can_be_taken_back(lead),
    )


@dataclass(frozen=True)
class Glance:
    """What a list shows beside a name: how they came to us, and what happened last."""

    row: Row
    ids: Sequence[UUID]  # of the records that it is made of
    enquiries: Sequence[Enquiry]  # newest first
    open_deals: Sequence[Opportunity]  # the latest first
    entries: Sequence[Activity]


def glance(lead: Lead, viewer: User, *, limit: int) -> Glance:
    """A lead in brief; `lead` comes with what the rules read."""
    verbs = rules.verbs(viewer, lead)
    ids = queries.family(lead)
    shown, _ = entries(lead, viewer, ids=ids, limit=limit)
    enquiries = _enquiries(ids) if Verb.SEE_CONTEXT in verbs else ()
    deals = _open_deals(lead) if Verb.SEE_OUTCOMES in verbs else ()
    return Glance(Row(lead, verbs, viewer), ids, enquiries, deals, shown)


def find(lead_id: UUID, viewer: User) -> Lead:
    """The lead alone, as the rules need it. Raises Lead.DoesNotExist where `viewer` may not even find it."""
    lead = queries.get(lead_id)
    if not rules.may(viewer, Verb.FIND, lead):
        raise Lead.DoesNotExist(lead_id)
    return lead


def enquiries(lead: Lead) -> Sequence[Enquiry]:
    """The times that they came to us, the newest first."""
    return _enquiries(queries.family(lead))


def entries(
    lead: Lead,
    viewer: User,
    *,
    ids: Sequence[UUID] | None = None,
    family: str = "",
    after: str = "",
    limit: int = ENTRIES,
) -> tuple[Sequence[Activity], str]:
    """Some of the timeline, newest first, as `viewer` may read it; and the cursor of what follows, "" at its end."""
    verbs = rules.verbs(viewer, lead)
    if not verbs & {Verb.SEE_TIMELINE, Verb.SEE_OUTCOMES}:
        return (), ""
    kinds = {code for code, kind in KINDS.items() if kind.family == family} if family in set(Family) else set(KINDS)
    found = timeline.of_lead(
        ids if ids is not None else queries.family(lead),
        reader=viewer,
        reads_text=Verb.READ_TEXT in verbs,
        kinds=kinds if Verb.SEE_TIMELINE in verbs else kinds & OUTCOMES,
        before=_cursor(after),
        limit=limit + 1,
    )
    shown = found[:limit]
    return shown, f"{shown[-1].occurred_at.isoformat()}_{shown[-1].pk.hex}" if len(found) > limit else ""


def _cursor(text: str) -> tuple[datetime, UUID] | None:
    moment, _, pk = text.partition("_")
    try:
        return datetime.fromisoformat(moment), UUID(pk)
    except ValueError:
        return None


def _enquiries(ids: Sequence[UUID]) -> Sequence[Enquiry]:
    rest = "WHERE enquiry.lead_id = ANY(%s) ORDER BY captured_at DESC, enquiry.id DESC LIMIT 20"
    return reading.read(Enquiry, rest, [list(ids)], named=("source", "campaign", "captured_by"))


def _open_deals(lead: Lead) -> Sequence[Opportunity]:
    rest = "WHERE lead_id = %s AND state = 'open' ORDER BY opened_at DESC, id DESC LIMIT 20"
    return reading.read(Opportunity, rest, [lead.pk])


def _deals(lead: Lead, ids: Sequence[UUID]) -> Sequence[Deal]:
    rest = "WHERE lead_id = %s ORDER BY state <> 'open', coalesce(closed_at, opened_at) DESC, id DESC LIMIT 20"
    found = reading.read(Opportunity, rest, [lead.pk])
    is_lost = any(deal.state == OpportunityState.LOST for deal in found)
    why = _why_lost(ids) if is_lost else {}
    return [Deal(deal, *why.get(str(deal.pk), ("", ""))) for deal in found]


_ENDINGS = """
SELECT deal ->> 'id', data ->> 'reason', data ->> 'label', data ->> 'said' FROM activity,
jsonb_array_elements(jsonb_build_array(data -> 'opportunity') || coalesce(data -> 'ended_too', '[]')) AS deal
WHERE lead_id = ANY(%s) AND kind IN ('lost', 'disqualified') AND data ? 'opportunity' ORDER BY occurred_at
"""


def _why_lost(ids: Sequence[UUID]) -> dict[str, tuple[str, str]]:
    """(reason, words) of each deal that was lost, by its id; no reason where none was given."""
    return {
        pk: ("" if code == UNSTATED else label or "", said or "")
        for pk, code, label, said in reading.rows(_ENDINGS, [list(ids)])
    }


def _custom(lead: Lead, numbers: Sequence[str]) -> Sequence[tuple[str, Any]]:
    """The company's own fields in their order; those that are no longer defined come last, under their keys.

    What a column of telephones said, whose `numbers` are shown as such, is not said twice.
    """
    known = {number for number in (lead.phone, *numbers) if number.startswith("+")}
    held = {key: value for key, value in lead.custom.items() if not (numbers and written.are_known(value, known))}
    return _in_order(held)


def _in_order(custom: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    if not custom:
        return ()
    labels = {field.key: field.label for field in catalog.custom_fields()}
    known = [(label, custom[key]) for key, label in labels.items() if key in custom]
    return known + [(key, value) for key, value in sorted(custom.items()) if key not in labels]


def _looks(lead: Lead) -> Sequence[RecordView]:
    rest = "WHERE lead_id = %s AND owner_id = %s ORDER BY viewed_at DESC, record_view.id DESC LIMIT 5"
    return reading.read(RecordView, rest, [lead.pk, lead.owner_id], named=("viewer",))


def _last_can_be_taken_back(lead: Lead) -> bool:
    """Whether `undo` would have something to do: the lead's last decision keeps what was before it."""
    if lead.decision_id is None:
        return False
    return bool(reading.rows("SELECT FROM activity WHERE id = %s AND data ? 'before'", [lead.decision_id]))
