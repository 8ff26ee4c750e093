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
from ripeline.catalog.models import CloseReason, Source
from ripeline.leads import rules
from ripeline.leads.models import Account, Lead, NextKind
from ripeline.leads.rules import Verb
from ripeline.people.models import Responsible, User

_NEXT_KINDS: dict[str, str] = dict(NextKind.choices)


@dataclass(frozen=True, slots=True)
class Row:
    """A lead as its viewer may see it: what they may not is empty."""

    lead: Lead
    verbs: frozenset[Verb]
    viewer: User
    beside: dict[str, str] = field(default_factory=dict)  # what a column needs that is not the lead's: see `columns`

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
        return self.lead.amount if Verb.SEE_OUTCOMES in self.verbs else None

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
_BESIDE = """
       owner.name, owner.team_id, owner.tracking,
       responsible.name, responsible.kind, responsible.user_id, keeper.name, keeper.team_id, keeper.tracking,
       source.name, close_reason.label
FROM lead
JOIN responsible ON responsible.id = lead.responsible_id
LEFT JOIN "user" AS owner ON owner.id = lead.owner_id
LEFT JOIN "user" AS keeper ON keeper.id = responsible.user_id
LEFT JOIN source ON source.id = lead.source_id
LEFT JOIN close_reason ON close_reason.id = lead.close_reason_id
"""


_ACCOUNT = "(SELECT name FROM account WHERE account.id = lead.account_id)"
_OF_ROWS = f"SELECT NULL, {', '.join(f'lead.{name}' for name in _LEAD)}, {_BESIDE}"
_BY_ID = f"{_OF_ROWS} WHERE lead.id = ANY(%s::uuid[])"
_COLLEAGUES = f"{_OF_ROWS} WHERE lead.account_id = %s AND lead.id <> %s AND lead.merged_into_id IS NULL"
_OF_WHOLE = f"SELECT {_ACCOUNT}, {', '.join(f'lead.{name}' for name in _WHOLE)}, {_BESIDE}"


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
    theirs, given, first = _COLLEAGUES, [lead.account_id, lead.pk], "ORDER BY lead.name, lead.id LIMIT %s"
    if within := rules.findable(actor):
        try:
            reach, ids = Lead.objects.filter(within, account_id=lead.account_id).values("pk").query.sql_with_params()
        except EmptyResultSet:
            return []
        return _rows(actor, reading.rows(f"{theirs} AND lead.id IN ({reach}) {first}", [*given, *ids, limit]))
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
        found.setdefault(lead_id, {})[rules.number_of(key)] = None
    first = {lead.pk: lead.phone for lead in leads}
    return {pk: "; ".join(number for number in numbers if number != first[pk]) for pk, numbers in found.items()}


def whole(lead_ids: Collection[UUID]) -> dict[UUID, Lead]:
    """These leads themselves, those merged away left out: every column, and the names of what stands beside them."""
    if not lead_ids:
        return {}
    rest = "WHERE lead.id = ANY(%s::uuid[]) AND lead.merged_into_id IS NULL"
    beside = _Beside()
    found = [beside.lead(_WHOLE, values) for values in prepared_rows(f"{_OF_WHOLE} {rest}", [_array(lead_ids)])]
    return {lead.pk: lead for lead in found}


def _array(lead_ids: Collection[UUID]) -> str:
    """Ids as PostgreSQL writes an array of them: one text is sent quicker than each of them."""
    return f"{{{','.join([pk.hex for pk in lead_ids])}}}"


def _rows(actor: User, found: Sequence[Sequence[Any]]) -> Sequence[Row]:
    beside = _Beside()
    may: dict[tuple[UUID | None, UUID], frozenset[Verb]] = {}
    made = []
    for values in found:
        lead = beside.lead(_LEAD, values)
        holders = lead.owner_id, lead.responsible_id
        if holders not in may:
            may[holders] = rules.verbs(actor, lead)
        made.append(Row(lead, may[holders], actor))
    return made


class _Beside:
    """What stands beside the leads of a page: each of it made once."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {None: None}

    def lead(self, names: Sequence[str], values: Sequence[Any]) -> Lead:
        account, *values = values
        given = dict(zip(names, values, strict=False))
        (owner_name, owner_team, tracking, name, kind, user_id, keeper_name, keeper_team, keeper_tracking, source,
         reason) = values[len(names) :]  # fmt: skip
        custom = given["custom"]
        given["custom"] = json.loads(custom) if custom != "{}" else {}
        known = self._known
        owner_id, desk, source_id, reason_id = (
            given["owner_id"], given["responsible_id"], given["source_id"], given["close_reason_id"],
        )  # fmt: skip
        if owner_id not in known:
            known[owner_id] = _person(owner_id, owner_name, owner_team, tracking)
        if user_id not in known:
            known[user_id] = _person(user_id, keeper_name, keeper_team, keeper_tracking)
        if desk not in known:
            whose = {"id": desk, "name": name, "kind": kind, "user_id": user_id}
            known[desk] = made(Responsible, whose, {"user": known[user_id]})
        if source_id not in known:
            known[source_id] = made(Source, {"id": source_id, "name": source})
        if reason_id not in known:
            known[reason_id] = made(CloseReason, {"id": reason_id, "label": reason})
        related = {
            "owner": known[owner_id], "responsible": known[desk], "source": known[source_id],
            "close_reason": known[reason_id],
        }  # fmt: skip
        if account_id := given.get("account_id"):
            if account_id not in known:
                known[account_id] = made(Account, {"id": account_id, "name": account})
            related["account"] = known[account_id]
        return made(Lead, given, related)


def _person(user_id: UUID, name: str, team_id: UUID | None, tracking: str) -> User:
    return made(User, {"id": user_id, "name": name, "team_id": team_id, "tracking": tracking})
