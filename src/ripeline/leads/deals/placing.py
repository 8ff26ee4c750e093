"""A deal once booked stays with its lead: of a deal that names only a company, who of that company has it already."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef

from ripeline.catalog.models import CloseState
from ripeline.leads import queries
from ripeline.leads.deals.matching import Deal, key_of
from ripeline.leads.deals.opening import OpenDeal
from ripeline.leads.models import DealId, Lead, Opportunity
from ripeline.leads.words import systems
from ripeline.timeline.models import Activity

_FROM_FILES = ("open:", *(f"{state}:" for state in CloseState.values))  # how the keys begin of deals that files brought


class Asked(NamedTuple):
    """A deal of a company, as it is booked where nobody there has it: with who came first."""

    account_id: UUID
    deal: Deal | OpenDeal


class _Booked(NamedTuple):
    """A deal that an import before has booked under its key."""

    lead_id: UUID
    amount: Decimal | None
    has_id: bool = False  # of its own


def kept(asked: Sequence[Asked], *, origin: str, run_id: UUID) -> list[UUID | None]:
    """The lead that has each deal already, in their order; None where nobody of its company has.

    What the run itself has booked is not looked at: two rows of one file are two deals.
    """
    if not asked:
        return []
    booked = _booked(asked, origin, run_id)
    named = _named({each.account_id for each in asked}, origin, run_id)
    ids = _ids([one.pk for several in named.values() for one in several]) if _has_ids(asked) else {}
    return [_of(each, booked, named, ids) for each in asked]


def _has_ids(asked: Sequence[Asked]) -> bool:
    return any(each.deal.reference for each in asked)


def _ids(opportunities: Sequence[UUID]) -> dict[UUID, set[str]]:
    """The systems that have an id for each of these deals: with another id of the same system it is another."""
    found: dict[UUID, set[str]] = defaultdict(set)
    for pk, system in DealId.objects.filter(opportunity__in=opportunities).values_list("opportunity", "system"):
        if pk:
            found[pk].add(system)
    return found


def _of(
    asked: Asked,
    booked: Mapping[tuple[UUID, str], Sequence[_Booked]],
    named: Mapping[tuple[UUID, str], Sequence[Opportunity]],
    ids: Mapping[UUID, set[str]],
) -> UUID | None:
    """Whose it is by its key, else by its name; of several who has that amount, then who came first."""
    deal = asked.deal
    name = key_of(_name(deal)[:200])
    system = systems.of(deal.reference)
    alike = [
        one
        for one in named.get((asked.account_id, name), ())
        if _is_same(deal, one) and not (deal.reference and system in ids.get(one.pk, ()))
    ]
    by_key = [one for one in booked.get((asked.account_id, deal.key), ()) if not (deal.reference and one.has_id)]
    found: Iterable[_Booked] = by_key or [_Booked(one.lead_id, one.amount) for one in alike]
    best = min(found, key=lambda one: (one.amount != deal.amount, one.lead_id != deal.lead_id), default=None)
    return best.lead_id if best else None


def _booked(asked: Sequence[Asked], origin: str, run_id: UUID) -> dict[tuple[UUID, str], list[_Booked]]:
    there = Lead.objects.filter(account__in={each.account_id for each in asked})
    keys = {each.deal.key for each in asked if isinstance(each.deal, Deal)}  # of an open one it has the name alone
    entries = Activity.objects.filter(lead_id__in=there.values("pk"), origin=origin, event_key__in=keys)
    before = [entry for entry in entries.order_by("recorded_at", "id") if entry.import_run_id != run_id]
    leads = Lead.objects.in_bulk({entry.lead_id for entry in before})
    now_is = queries.survivors(leads)
    found: dict[tuple[UUID, str], list[_Booked]] = defaultdict(list)
    for entry in before:
        lead, amount = leads[entry.lead_id], entry.data.get("amount")
        if lead.account_id:
            one = _Booked(now_is[lead.pk], Decimal(amount) if amount else None, bool(entry.data.get("deal")))
            found[lead.account_id, entry.event_key].append(one)
    return found


def _named(accounts: Iterable[UUID], origin: str, run_id: UUID) -> dict[tuple[UUID, str], list[Opportunity]]:
    """Deals of companies by what they are called, without those that the run itself has booked or said more of."""
    of_run = Activity.objects.filter(
        lead_id=OuterRef("lead_id"), origin=origin, event_key=OuterRef("key"), import_run_id=run_id
    )
    here = Opportunity.objects.filter(~Exists(of_run), lead__account__in=accounts, lead__merged_into=None)
    found: dict[tuple[UUID, str], list[Opportunity]] = defaultdict(list)
    for one in here.select_related("lead").order_by("pk"):
        for name in {key_of(one.product), key_of(one.name or one.product)}:
            if one.lead.account_id:
                found[one.lead.account_id, name].append(one)
    return found


def _is_same(deal: Deal | OpenDeal, found: Opportunity) -> bool:
    """Whether a deal of that name is this one: a file brought it, or somebody entered just that amount and day.

    Systems call deals after their company unless told otherwise: those of several days are several.
    """
    is_amount = (deal.amount, deal.currency) == (found.amount, found.currency)
    if found.key.startswith(_FROM_FILES):
        opened = _opened(deal)
        return (is_amount or bool(_name(deal))) and (opened is None or opened.date() == found.opened_at.date())
    if isinstance(deal, Deal):
        return is_amount and found.closed_at is not None and found.closed_at.date() == deal.day
    return is_amount and deal.opened_at is not None and found.opened_at.date() == deal.opened_at.date()


def _opened(deal: Deal | OpenDeal) -> datetime | None:
    """When it was opened, as it is kept here."""
    return min(deal.opened_at, deal.at) if isinstance(deal, Deal) and deal.opened_at else deal.opened_at


def _name(deal: Deal | OpenDeal) -> str:
    return deal.product if isinstance(deal, Deal) else deal.name
