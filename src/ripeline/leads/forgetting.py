"""The undo of an import: leads that it alone brought are deleted, and what it changed on others is put back.

Erasure, retention and this delete; nothing else does. Whether nobody has touched a lead since is for the caller to find
out, under its lock.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from ripeline.catalog import actions as catalog
from ripeline.leads.deals import ids as deal_ids
from ripeline.leads.decisions import accounts, answers, bulk, dated, deciding
from ripeline.leads.decisions.deciding import By, Changes
from ripeline.leads.doubles import duplicates
from ripeline.leads.models import Enquiry, Identity, Lead, SavedView
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity


@dataclass
class PutBack:
    """What of an import is taken off a lead that stays."""

    changes: Changes = field(default_factory=dict)  # attribute → what it was, as entries keep it
    custom: dict[str, Any] = field(default_factory=dict)  # the same for custom fields; None: there was none
    enquiries: bool = False  # its enquiries go
    identities: bool = False  # the keys that it added go
    deals: list[dict[str, Any]] = field(default_factory=list)  # images of opportunities, the newest first
    deal_ids: list[dict[str, Any]] = field(default_factory=list)  # images of what was told of them, the newest first
    entries: list[UUID] = field(default_factory=list)  # of the timeline, that go
    amended: list[Activity] = field(default_factory=list)  # of other imports, with what was there without this one

    def __bool__(self) -> bool:
        keys = self.enquiries or self.identities
        deals = self.deals or self.deal_ids
        return bool(self.changes or self.custom or keys or deals or self.entries or self.amended)


def forget(lead_ids: Collection[UUID]) -> int:
    """Delete leads, and all that is theirs in this slice and on the timeline. Locked by the caller; how many."""
    timeline.forget(lead_ids)
    duplicates.forget(lead_ids)
    _, counted = Lead.objects.filter(pk__in=lead_ids).delete()
    return counted.get(Lead._meta.label, 0)


def put_back(wanted: Mapping[UUID, PutBack], by: By, *, import_run_id: UUID, facts: Mapping[str, Any]) -> None:
    """Put back what an import changed on leads, each with its entry. Within the caller's transaction and locks."""
    off = {pk: each for pk, each in wanted.items() if each}
    mine = {"import_run_id": import_run_id}
    Enquiry.objects.filter(lead__in=[pk for pk, each in off.items() if each.enquiries], **mine).delete()
    answers.take_back(off.keys(), import_run_id=import_run_id)
    Identity.objects.filter(lead__in=[pk for pk, each in off.items() if each.identities], **mine).delete()
    for pk, each in off.items():
        if "captured_at" in each.changes:
            dated.take_back(pk, each.changes["captured_at"])
        for image in each.deals:
            deciding._restore_opportunities({"opportunity": image}, Lead(pk=pk))
        for image in each.deal_ids:
            deal_ids.put_back(image)
    timeline.retract([entry for each in off.values() for entry in each.entries])
    timeline.amend([entry for each in off.values() for entry in each.amended])
    were = {UUID(str(at)) for each in off.values() if (at := each.changes.get("account_id"))}
    now = {str(pk): into for pk, into in accounts.where_now(were).items()}  # of companies that were merged since

    def change(lead: Lead) -> Changes:
        each = off[lead.pk]
        custom = {**lead.custom, **each.custom} if each.custom else {}
        rest = {"custom": {key: value for key, value in custom.items() if value is not None}} if custom else {}
        at = now.get(str(each.changes.get("account_id")))
        return {**each.changes, **rest, **({"account_id": str(at)} if at else {})}

    def said(lead: Lead) -> dict[str, Any]:
        return {**facts, "fields": sorted(off[lead.pk].changes.keys() | off[lead.pk].custom.keys())}

    bulk.decide_many(off.keys(), by, kind="import_undone", change=change, facts=said)


def named_by(import_run_id: UUID, *, since: datetime) -> dict[str, list[str]]:
    """The ids of sources and campaigns that an import's people came from and that were made since a moment."""
    of_leads = Q(lead__import_run_id=import_run_id) | Q(import_run_id=import_run_id)
    entries = Activity.objects.filter(import_run_id=import_run_id, kind="enquired").values("lead_id")
    came = Enquiry.objects.filter(of_leads, Q(lead__import_run_id=import_run_id) | Q(lead__in=entries))
    return {
        name: [
            str(pk) for pk in came.filter(**{f"{name}__created_at__gte": since}).values_list(name, flat=True).distinct()
        ]
        for name in ("source", "campaign")
    }


_ONE_WITH = "SELECT ARRAY(SELECT jsonb_object_keys(custom)) FROM lead WHERE custom ?| %s::text[] LIMIT 1"


def fields_in_use(keys: Collection[str]) -> set[str]:
    """Of these fields of the company's own those in which a lead has something, or that a kept view names."""
    if not keys:
        return set()
    views = list(SavedView.objects.filter(removed_at=None).values_list("query", flat=True))
    used = {key for key in keys if any(f"f.{key}" in query for query in views)}
    with connection.cursor() as cursor:
        while left := sorted(set(keys) - used):  # up to the first lead that has one; through all for those of nobody
            cursor.execute(_ONE_WITH, [left])
            row = cursor.fetchone()
            if row is None:
                break
            used |= set(left).intersection(row[0])
    return used


def unused(
    made: Mapping[str, list[str]],
    *,
    accounts_of: Sequence[tuple[datetime, datetime]],
    but: Sequence[QuerySet[Any, Any]] = (),
) -> list[str]:
    """Delete what an undo left without anybody: companies made between two moments, sources, campaigns and fields
    named. The labels of the fields that went.

    `but`: ids of companies that somebody else brought; they stay.
    """
    for span in accounts_of:
        empty = accounts.forgettable().filter(created_at__range=span, owner__isnull=True)
        for theirs in but:
            empty = empty.exclude(pk__in=theirs)
        accounts.forget_all(empty)
    catalog.remove_campaigns([pk for pk in made["campaign"] if not Enquiry.objects.filter(campaign_id=pk).exists()])
    used = (Lead.objects, Enquiry.objects)
    catalog.remove_sources([pk for pk in made["source"] if not any(of.filter(source_id=pk).exists() for of in used)])
    fields = made.get("field", [])  # keys
    return catalog.remove_custom_fields(set(fields) - fields_in_use(fields)) if fields else []
