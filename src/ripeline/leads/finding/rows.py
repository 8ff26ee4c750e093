"""A lead as a row of a list has it: with what its viewer may see (I8), and nothing read but what a row shows."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet

from ripeline.base import reading
from ripeline.base.reading import made
from ripeline.base.statements import prepared_rows
from ripeline.catalog import queries as catalog
from ripeline.leads import rules
from ripeline.leads.models import Account, Lead, NextKind, OpportunityState
from ripeline.leads.rules import Verb
from ripeline.leads.words.keys import number_of
from ripeline.people import queries as people
from ripeline.people.models import User

_NEXT_KINDS: dict[str, str] = dict(NextKind.choices)


@dataclass(frozen=True, slots=True)
class Row:
    """A lead as its viewer may see it: what they may not is empty."""

    lead: Lead
    verbs: frozenset[Verb]
    viewer: User
    beside: dict[str, Any] = field(default_factory=dict)  # what a column needs that is not the lead's: see `columns`

    @property
    def id(self) -> UUID:
        return self.lead.pk

    @property
    def name(self) -> str:
        return str(self.lead) if self.lead.name or self.sees_context else "Unnamed lead"

    @property
    def company(self) -> str:
        return self.lead.company

    @property
    def title(self) -> str:
        return self.lead.title if self.sees_context else ""

    @property
    def email(self) -> str:
        return self.lead.email if self.sees_context else ""

    @property
    def phone(self) -> str:
        return self.lead.phone if self.sees_context else ""

    @property
    def sees_context(self) -> bool:
        """Whether the record behind the row has more to show than whose it is."""
        return Verb.SEE_CONTEXT in self.verbs

    @property
    def may_give(self) -> bool:
        return Verb.REASSIGN in self.verbs and self.is_open

    @property
    def may_merge(self) -> bool:
        return Verb.MERGE in self.verbs

    @property
    def is_open(self) -> bool:
        return rules.is_open(self.lead)

    @property
    def is_mine(self) -> bool:
        return self.lead.owner_id == self.viewer.pk or self.lead.responsible.user_id == self.viewer.pk

    @property
    def owner(self) -> str:
        """Who has it: its owner, else the queue or programme."""
        return str(self.lead.owner or self.lead.responsible)

    @property
    def state(self) -> str:
        return self.lead.state if Verb.SEE_STATE in self.verbs else ""

    @property
    def state_label(self) -> str:
        return self.lead.get_state_display() if self.state else ""

    @property
    def next_at(self) -> datetime | None:
        return self.lead.next_at if Verb.SEE_NEXT in self.verbs else None

    @property
    def next_kind(self) -> str:
        return _NEXT_KINDS.get(self.lead.next_kind, "") if self.next_at else ""

    @property
    def captured_at(self) -> datetime | None:
        return self.lead.captured_at if self.sees_context else None

    @property
    def source(self) -> str:
        return str(self.lead.source or "") if self.sees_context else ""

    @property
    def last_touch_at(self) -> datetime | None:
        return self.lead.last_touch_at if Verb.SEE_OUTCOMES in self.verbs else None

    @property
    def close_reason(self) -> str:
        return str(self.lead.close_reason or "") if Verb.SEE_OUTCOMES in self.verbs else ""

    @property
    def amount(self) -> Decimal | None:
        return self._worth[0] if Verb.SEE_OUTCOMES in self.verbs else None

    @property
    def currency(self) -> str:
        """Of the amount."""
        return self._worth[1] if self.amount is not None else ""

    @property
    def _worth(self) -> tuple[Decimal | None, str]:
        """Of their deals where those were read, else what somebody took the lead for."""
        return self.beside.get("deals") or (self.lead.amount, self.lead.currency)

    @property
    def touches(self) -> int | None:
        return self.lead.touches if Verb.SEE_OUTCOMES in self.verbs else None

    @property
    def country(self) -> str:
        return self.lead.country if self.sees_context else ""

    @property
    def language(self) -> str:
        return self.lead.language if self.sees_context else ""

    @property
    def reference(self) -> str:
        return self.lead.reference if self.sees_context else ""

    @property
    def campaigns(self) -> str:
        return self.beside.get("campaigns", "") if self.sees_context else ""

    @property
    def other_phones(self) -> str:
        return self.beside.get("other_phones", "") if self.sees_context else ""

    def own(self, key: str) -> Any:
        """What a field of the company's own holds."""
        return self.lead.custom.get(key) if self.sees_context else None


_LEAD = (
    "id", "name", "title", "email", "phone", "company", "custom", "captured_at", "amount", "currency", "state",
    "next_at", "next_kind", "last_touch_at", "touches", "country", "language", "reference", "merged_into_id",
    "owner_id", "responsible_id", "source_id", "close_reason_id",
)  # fmt: skip
_WHOLE = tuple(field.attname for field in Lead._meta.concrete_fields)
_OF_ROWS = f"SELECT {', '.join(_LEAD)} FROM lead"  # noqa: S608
_BY_ID = f"{_OF_ROWS} WHERE id = ANY(%s::uuid[])"
_COLLEAGUES = f"{_OF_ROWS} WHERE account_id = %s AND id <> %s AND merged_into_id IS NULL"
_OF_WHOLE = f"""
SELECT {", ".join(f"lead.{name}" for name in _WHOLE)}, account.name
FROM lead LEFT JOIN account ON account.id = lead.account_id
WHERE lead.id = ANY(%s::uuid[]) AND lead.merged_into_id IS NULL
"""  # noqa: S608


def read(actor: User, lead_ids: Sequence[UUID]) -> Sequence[Row]:
    """These leads in this order, as `actor` may see them: what a row shows and the rules read, in one query.

    Of a page's few owners and sources each is made once, for all who share it; and who holds a lead decides what may
    be seen of it, so that the rules are asked once for each holder.
    """
    if not lead_ids:
        return []
    found = {row.id: row for row in _rows(actor, prepared_rows(_BY_ID, [_array(lead_ids)]))}
    return [found[pk] for pk in lead_ids if pk in found]


def colleagues(lead: Lead, actor: User, limit: int = 6) -> Sequence[Row]:
    """Others at the same account whom `actor` may find: the first by name, in one query."""
    if not lead.account_id:
        return []
    theirs, given, first = _COLLEAGUES, [lead.account_id, lead.pk], "ORDER BY name, id LIMIT %s"
    if within := rules.findable(actor):
        try:
            reach, ids = Lead.objects.filter(within, account_id=lead.account_id).values("pk").query.sql_with_params()
        except EmptyResultSet:
            return []
        return _rows(actor, reading.rows(f"{theirs} AND id IN ({reach}) {first}", [*given, *ids, limit]))
    return _rows(actor, prepared_rows(f"{theirs} {first}", [*given, limit]))


# These leads, and the records that were merged into them.
_FAMILY = """(
    SELECT id, id AS member FROM lead WHERE id = ANY(%s::uuid[])
    UNION ALL SELECT merged_into_id, id FROM lead WHERE merged_into_id = ANY(%s::uuid[])
) AS family"""
_CAMPAIGNS = f"""
SELECT family.id, campaign.name
FROM {_FAMILY}
JOIN enquiry ON enquiry.lead_id = family.member
JOIN campaign ON campaign.id = enquiry.campaign_id
ORDER BY enquiry.captured_at, enquiry.id
"""  # noqa: S608


def campaigns(lead_ids: Sequence[UUID]) -> dict[UUID, str]:
    """By which campaigns these leads came, each campaign once, the first of them first; in one query."""
    if not lead_ids:
        return {}
    found: dict[UUID, dict[str, None]] = {}
    for lead_id, name in prepared_rows(_CAMPAIGNS, [_array(lead_ids)] * 2):
        found.setdefault(lead_id, {})[name] = None
    return {lead_id: ", ".join(names) for lead_id, names in found.items()}


_DEALS = """
SELECT lead_id, state, amount, currency FROM opportunity
WHERE lead_id = ANY(%s::uuid[]) AND state <> 'lost' AND amount IS NOT NULL
ORDER BY state = 'open' DESC, coalesce(closed_at, opened_at) DESC, id DESC
"""


def amounts(lead_ids: Sequence[UUID]) -> dict[UUID, tuple[Decimal, str]]:
    """What is open of these leads, or what was won last: an amount and its currency; in one query.

    Of open deals in several currencies those in the one of the latest are added up.
    """
    found: dict[UUID, tuple[Decimal, str]] = {}
    first: dict[UUID, str] = {}
    for lead_id, state, amount, currency in prepared_rows(_DEALS, [_array(lead_ids)]) if lead_ids else ():
        if first.setdefault(lead_id, state) != state:
            continue
        if lead_id not in found:
            found[lead_id] = (amount, currency)
        elif state == OpportunityState.OPEN and found[lead_id][1] == currency:
            found[lead_id] = (found[lead_id][0] + amount, currency)
    return found


_NUMBERS = f"""
SELECT family.id, identity.key
FROM {_FAMILY}
JOIN identity ON identity.lead_id = family.member AND identity.kind = 'phone'
ORDER BY identity.created_at, identity.id
"""  # noqa: S608


def other_phones(leads: Collection[Lead]) -> dict[UUID, str]:
    """By which telephones besides the first these leads are known; in one query."""
    if not leads:
        return {}
    found: dict[UUID, dict[str, None]] = {}
    for lead_id, key in prepared_rows(_NUMBERS, [_array([lead.pk for lead in leads])] * 2):
        found.setdefault(lead_id, {})[number_of(key)] = None
    first = {lead.pk: lead.phone for lead in leads}
    return {pk: "; ".join(number for number in numbers if number != first[pk]) for pk, numbers in found.items()}


def whole(lead_ids: Collection[UUID]) -> dict[UUID, Lead]:
    """These leads themselves, those merged away left out: every column, and the names of what stands beside them."""
    if not lead_ids:
        return {}
    found = prepared_rows(_OF_WHOLE, [_array(lead_ids)])
    leads = _leads(_WHOLE, found)
    accounts: dict[UUID, Account] = {}
    for lead, (*_, account) in zip(leads, found, strict=True):
        if key := lead.account_id:
            lead.account = accounts.setdefault(key, made(Account, {"id": key, "name": account}))
    return {lead.pk: lead for lead in leads}


def _array(lead_ids: Collection[UUID]) -> str:
    """Ids as PostgreSQL writes an array of them: one text is sent quicker than each of them."""
    return f"{{{','.join([pk.hex for pk in lead_ids])}}}"


def _rows(actor: User, found: Sequence[Sequence[Any]]) -> Sequence[Row]:
    may: dict[tuple[UUID | None, UUID], frozenset[Verb]] = {}
    made_of = []
    for lead in _leads(_LEAD, found):
        holders = lead.owner_id, lead.responsible_id
        if holders not in may:
            may[holders] = rules.verbs(actor, lead)
        made_of.append(Row(lead, may[holders], actor))
    return made_of


_KEYS = ("owner_id", "responsible_id", "source_id", "close_reason_id")


def _leads(names: Sequence[str], found: Sequence[Sequence[Any]]) -> Sequence[Lead]:
    """Leads of whom these columns were read; whose they are and where from stands beside each, from what is settled."""
    places = [names.index(name) for name in _KEYS]
    owner_ids, desk_ids, source_ids, reason_ids = ({values[at] for values in found} - {None} for at in places)
    owners, desks = people.users(owner_ids), people.responsibles(desk_ids)
    sources, reasons = catalog.sources_of(source_ids), catalog.reasons_of(reason_ids)
    leads = []
    for values in found:
        given = dict(zip(names, values, strict=False))
        custom = given["custom"]
        given["custom"] = json.loads(custom) if custom != "{}" else {}
        related = {
            "owner": owners.get(given["owner_id"]), "responsible": desks[given["responsible_id"]],
            "source": sources.get(given["source_id"]), "close_reason": reasons.get(given["close_reason_id"]),
        }  # fmt: skip
        leads.append(made(Lead, given, related))
    return leads
