"""Reading leads: counts, one lead with what the rules need, colleagues."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Avg, Count, Q

from ripeline.base.addresses import mailbox_key
from ripeline.base.reading import rows, whole
from ripeline.base.statements import prepared_rows
from ripeline.leads.models import (
    IS_OPEN,
    Enquiry,
    IdentityKind,
    Lead,
    Opportunity,
    OpportunityState,
    RecordView,
    State,
)
from ripeline.leads.words.keys import number_of
from ripeline.people.models import User
from ripeline.timeline import queries as timeline

_BESIDE = (
    "owner", "responsible", "responsible__user", "account", "account__owner", "source", "close_reason", "closed_by",
)  # fmt: skip


def get(lead_id: UUID) -> Lead:
    """The lead (or the one it was merged into), with owner, responsible, account, source and close reason loaded."""
    found = whole(Lead, "WHERE lead.id = %s", [lead_id], beside=_BESIDE)
    if not found:
        raise Lead.DoesNotExist(lead_id)
    return get(found[0].merged_into_id) if found[0].merged_into_id else found[0]


def family(lead: Lead) -> list[UUID]:
    """The ids under which this lead's rows lie: its own, and those merged into it."""
    return [lead.pk, *(pk for (pk,) in prepared_rows("SELECT id FROM lead WHERE merged_into_id = %s", [lead.pk]))]


def open_of(lead_ids: Collection[UUID]) -> set[UUID]:
    """Those of these leads that are open."""
    return set(Lead.objects.filter(IS_OPEN, pk__in=lead_ids).values_list("pk", flat=True)) if lead_ids else set()


def families(lead_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The same of many: each id under which their rows lie, and the lead whose they are now."""
    merged = Lead.objects.filter(merged_into__in=lead_ids).values_list("pk", "merged_into_id")
    return {pk: pk for pk in lead_ids} | {pk: now_is for pk, now_is in merged if now_is}


def survivors(lead_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The lead that each of these is now, however many merges lie between; one that is gone is itself."""
    found = {pk: pk for pk in lead_ids}
    while found:
        merged = Lead.objects.filter(pk__in=set(found.values()), merged_into__isnull=False)
        further = dict(merged.values_list("pk", "merged_into_id"))
        if not further:
            break
        found = {pk: further.get(now) or now for pk, now in found.items()}
    return found


def with_survivors(lead_ids: Collection[UUID]) -> set[UUID]:
    """These leads, and those that they were merged into: what happens to one of them concerns the other too."""
    found = Lead.objects.filter(pk__in=lead_ids, merged_into__isnull=False).values_list("merged_into_id", flat=True)
    return {*lead_ids, *(pk for pk in found if pk)}


def answered(since: Mapping[UUID, datetime]) -> set[UUID]:
    """Of these leads, those whom we reached, or who came to us again, after the moment given for each."""
    survivors = dict(Lead.objects.filter(pk__in=since).values_list("pk", "merged_into_id"))
    found = set()
    for lead_id, moment in since.items():
        now_is = survivors.get(lead_id) or lead_id
        same = Q(lead=now_is) | Q(lead__merged_into=now_is)
        if (
            Lead.objects.filter(pk=now_is, last_reached_at__gt=moment).exists()
            or Enquiry.objects.filter(same, captured_at__gt=moment).exists()
        ):
            found.add(lead_id)
    return found


def counts() -> dict[str, Any]:
    """Leads by state (all states named, merged ones left out) and wins, for `ripeline status`."""
    found = dict(Lead.objects.filter(merged_into__isnull=True).order_by().values_list("state").annotate(n=Count("pk")))
    by_state = {state.value: found.get(state.value, 0) for state in State}
    wins = Opportunity.objects.filter(state=OpportunityState.WON).count()
    return {"total": sum(by_state.values()), "by_state": by_state, "wins": wins}


_REACHED = "SELECT kind, key FROM identity WHERE lead_id = ANY(%s) AND kind = ANY(%s) ORDER BY created_at, id"


class Reached(NamedTuple):
    """The other mailboxes and telephone numbers by which a lead is known."""

    addresses: Sequence[str] = ()
    numbers: Sequence[str] = ()


def reached(lead: Lead, ids: Sequence[UUID]) -> Reached:
    """By what else somebody is known, by the records that they are made of."""
    known = rows(_REACHED, [list(ids), [IdentityKind.EMAIL, IdentityKind.PHONE]])
    addresses = dict.fromkeys(key for kind, key in known if kind == IdentityKind.EMAIL)
    numbers = dict.fromkeys(number_of(key) for kind, key in known if kind == IdentityKind.PHONE)
    addresses.pop(mailbox_key(lead.email), None)
    numbers.pop(lead.phone, None)
    return Reached(list(addresses), list(numbers))


@dataclass(frozen=True)
class Holding:
    """How much there is of a record."""

    entries: int
    enquiries: int
    deals: int


def holding(lead: Lead) -> Holding:
    """How much there is of a lead, with what was merged into it."""
    ids = family(lead)
    return Holding(
        entries=timeline.count(ids),
        enquiries=Enquiry.objects.filter(lead__in=ids).count(),
        deals=Opportunity.objects.filter(lead__in=ids).count(),
    )


def average_deal(currency: str, *, since: datetime) -> tuple[int, Decimal]:
    """(how many, average amount) of the deals won since a moment that have an amount in this currency."""
    won = Opportunity.objects.filter(
        state=OpportunityState.WON, currency=currency, amount__gt=0, closed_at__gte=since
    ).aggregate(n=Count("pk"), mean=Avg("amount"))
    return won["n"], Decimal(won["mean"] or 0).quantize(Decimal(1))


def is_empty() -> bool:
    """Whether there is no lead at all yet."""
    return not Lead.objects.exists()


def viewers(owner: User, limit: int = 50, *, before: tuple[datetime, UUID] | None = None) -> Sequence[RecordView]:
    """Who looked at the leads of `owner`, newest first; `before`: the (viewed_at, id) of the last one shown."""
    views = RecordView.objects.filter(owner=owner).select_related("viewer", "lead")
    if before:
        views = views.filter(Q(viewed_at__lt=before[0]) | Q(viewed_at=before[0], pk__lt=before[1]))
    return list(views.order_by("-viewed_at", "-pk")[:limit])
