"""What deciding about a lead for a deal needs beside the lead, read for many at a time; and whether it ends with it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Max, Min, Q, QuerySet

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CloseState
from ripeline.leads.deals.matching import Deal
from ripeline.leads.decisions import filed
from ripeline.leads.decisions.birth import is_past_horizon
from ripeline.leads.decisions.closing import NOTHING_NEXT
from ripeline.leads.decisions.deciding import Changes, in_state
from ripeline.leads.models import CLOSED_STATES, Enquiry, Lead, Opportunity, OpportunityState, State
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline.models import Activity

_ADMITTED_WITHIN = timedelta(minutes=5)
_BOUGHT = "bought_from_us"


class Facts(NamedTuple):
    """Of one lead, with all that was merged into it."""

    first: datetime | None  # enquiry of which somebody said when
    latest: datetime | None
    asked: datetime | None  # the latest that came by a door of ours, not with a file
    taken_up: datetime | None  # by a person, after it had ended: the last time
    deals: list[Opportunity]
    is_filed: bool  # its chosen day is one that a file has
    closing: Activity | None  # the entry of its last decision, if that ended it


def facts_of(leads: Mapping[UUID, Lead], family: Mapping[UUID, UUID]) -> dict[UUID, Facts]:
    """Of each of these leads. `family`: they and what was merged into them, with the lead that each is now."""
    days: dict[UUID, list[tuple[datetime | None, ...]]] = defaultdict(list)
    for pk, *each in _enquiries().filter(lead__in=list(family)):
        days[family[pk]].append(tuple(each))
    deals: dict[UUID, list[Opportunity]] = defaultdict(list)
    for found in Opportunity.objects.filter(lead__in=leads).order_by("opened_at", "pk"):
        deals[found.lead_id].append(found)
    taken_up = _taken_up(family)
    decided = {lead.decision_id for lead in leads.values() if lead.decision_id and lead.state in CLOSED_STATES}
    endings = Activity.objects.filter(pk__in=decided, kind__in=list(CloseState)) if decided else ()
    closing = {entry.pk: entry for entry in endings}
    by_file = filed.dated_by_file([pk for pk, lead in leads.items() if lead.next_committed])
    return {
        pk: Facts(*_spanned(days[pk]), taken_up.get(pk), deals[pk], pk in by_file, closing.get(lead.decision_id or pk))
        for pk, lead in leads.items()
    }


def _taken_up(family: Mapping[UUID, UUID]) -> dict[UUID, datetime]:
    entries = Activity.objects.filter(lead_id__in=list(family), kind__in=("reopened", "undone"), import_run_id=None)
    ended = Q(kind="reopened") | Q(data__kind__in=list(CloseState))
    by_somebody = entries.filter(ended).exclude(actor=people.system()).order_by()
    last: dict[UUID, datetime] = {}
    for pk, at in by_somebody.values_list("lead_id").annotate(Max("recorded_at")):
        last[family[pk]] = max(at, last.get(family[pk], at))
    return last


def _spanned(days: Sequence[tuple[datetime | None, ...]]) -> tuple[datetime | None, datetime | None, datetime | None]:
    """(first, latest, asked) of a lead, from those of each record that was merged into it."""
    first, latest, asked = ([day for day in each if day] for each in zip(*days, strict=True)) if days else ([], [], [])
    return min(first, default=None), max(latest, default=None), max(asked, default=None)


def _enquiries() -> QuerySet[Enquiry, tuple[UUID, datetime | None, datetime | None, datetime | None]]:
    """(lead, first, latest, asked) of enquiries whose day is known; those of a file without dates have the import's."""
    undated = Q(door="import", captured_at__gt=F("created_at") - _ADMITTED_WITHIN)
    dated = Enquiry.objects.exclude(undated).order_by().values_list("lead")
    by_themselves = ~Q(door="import")
    return dated.annotate(
        first=Min("captured_at"), latest=Max("captured_at"), asked=Max("captured_at", filter=by_themselves)
    )


def closes(deal: Deal, lead: Lead, facts: Facts, *, is_last: bool, is_said_anew: bool = False) -> bool:
    """Whether the lead ends with this deal: not if it was worked on, came again or was taken up since, or if it is not
    the last that was open. `is_said_anew`: the file had it otherwise when they were taken up.
    """
    if lead.state in CLOSED_STATES:  # what somebody took for lost, and the file knows was won later
        is_later = lead.closed_at is not None and lead.closed_at <= deal.end
        return deal.outcome == CloseState.WON and lead.state != State.WON and is_later
    if not (is_last or deal.is_stated):
        return False
    worked = lead.last_touch_at is not None and lead.last_touch_at > deal.end
    is_chosen = lead.next_committed and not (facts.is_filed and deal.is_stated)  # by the same list: it says both
    promised = is_chosen and lead.next_set_at is not None and lead.next_set_at > deal.end
    taken_up = not is_said_anew and facts.taken_up is not None and facts.taken_up > deal.at
    asked = facts.asked is not None and facts.asked > deal.end  # themselves: a request, whatever was before it
    return not (worked or promised or taken_up or (not deal.undated and (asked or _came_again(deal, facts))))


def _came_again(deal: Deal, facts: Facts) -> bool:
    """They came to us after the deal, and that is still to be answered.

    Who had bought before we first heard of them is a customer, not a request: the enquiry that brought their record is
    no return, only one after it is. Who had been lost or let go elsewhere, and came to us lately, is a request.
    """
    if facts.first is None or facts.latest is None or facts.latest <= deal.end:
        return False
    if facts.first <= deal.end:
        return True
    is_again = facts.latest > facts.first or deal.outcome != CloseState.WON
    return is_again and not is_past_horizon(facts.latest, clock.now())


def becomes(
    deal: Deal,
    lead: Lead,
    facts: Facts,
    opportunity: Opportunity | None,
    actor: User,
    *,
    closes: bool,
    before: bool,
) -> Changes:
    """What becomes of the lead. Who bought one thing and not the other has bought."""
    if closes:
        at = min(max(deal.at, lead.captured_at), deal.end) if deal.is_day else deal.at
        state, reason_id = State(deal.outcome), deal.reason.pk
        if deal.outcome != CloseState.WON and not deal.is_stated and (bought := _bought(lead, facts, opportunity)):
            state, at, reason_id = State.WON, bought, catalog.reason(_BOUGHT).pk
        changes: Changes = {
            "state": state, "state_at": at, "close_reason_id": reason_id, "closed_at": at, "closed_by_id": actor.pk,
        }  # fmt: skip
        return changes | NOTHING_NEXT | ({"won_before_captured": True} if before else {})
    is_open = any(one.state == OpportunityState.OPEN for one in facts.deals)
    if lead.state == State.OPPORTUNITY and not is_open:
        return in_state(State.WORKING)  # its open deal was this one
    return {}


def _bought(lead: Lead, facts: Facts, but: Opportunity | None) -> datetime | None:
    """When they bought something else since they were last taken up."""
    won = [one for one in facts.deals if one.state == OpportunityState.WON and one is not but]
    days = [one.closed_at for one in won if one.closed_at and one.closed_at >= lead.episode_at]
    return max(days, default=None)


def ended_with(facts: Facts, opportunity: Opportunity | None, reference: str) -> bool:
    """Whether a file ended the lead with this very deal, and nobody has decided anything since."""
    entry = facts.closing
    return entry is not None and entry.import_run_id is not None and is_of(entry, opportunity, reference)


def is_of(entry: Activity, opportunity: Opportunity | None, reference: str) -> bool:
    """Whether an entry tells of this deal."""
    by_id = (entry.data.get("deal") or {}).get("key")
    if by_id and reference:
        return bool(by_id == reference)
    return opportunity is not None and (entry.data.get("opportunity") or {}).get("id") == str(opportunity.pk)


def told_by(lead_ids: Collection[UUID], opportunity: Opportunity | None, reference: str) -> list[Activity]:
    """The entries that say that this deal was opened or ended, on the timelines of these leads, without those that
    were taken back.
    """
    kinds = ("opportunity", *CloseState, "undone")
    entries = list(Activity.objects.filter(lead_id__in=list(lead_ids), kind__in=kinds).order_by("recorded_at", "id"))
    back = {entry.data.get("of") for entry in entries if entry.kind == "undone"}
    told = [entry for entry in entries if entry.kind != "undone" and str(entry.pk) not in back]
    return [entry for entry in told if is_of(entry, opportunity, reference)]
