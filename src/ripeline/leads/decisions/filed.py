"""The days on which a file says that somebody wanted to look at a lead again: chosen, unless one of us chose another.

Such a day is somebody's own, only said elsewhere, so the planner leaves it alone; but nothing was decided here by it.
One that had passed is no promise any more: the lead is due, and the note says since when.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from ripeline.base import clock
from ripeline.leads import rules
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.deciding import By, Changes, Next
from ripeline.leads.models import FARTHEST_NEXT, Lead, NextKind
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.working_time import Calendar
from ripeline.timeline.models import Activity

WAS_DUE = "Was due on "  # begins the note of a day that had passed
BY_FILE = "by_file"  # in an entry: the day and the words that a file had


class Found(StrEnum):
    """What became of such a day."""

    SET = "set"
    PASSED = "passed"  # so the lead is due
    SAME = "same"  # as the file said before
    DECIDED = "decided"  # another day was chosen here, which stays
    CLOSED = "closed"  # nobody is reminded of who is closed
    LATER = "later"  # than the day that another row of the file has


@dataclass(frozen=True, kw_only=True)
class Planned:
    """Of one lead: when, and in which words. `is_day`: at no hour, so it is the morning of whoever has the lead."""

    lead_id: UUID
    at: datetime
    is_day: bool = False
    words: str = ""
    kind: str = NextKind.FOLLOW_UP

    @property
    def said(self) -> str:
        """What the file has, by which it is known again."""
        return f"{self.at.isoformat()} {self.words}".strip()


def soonest(planned: Sequence[Planned]) -> Planned:
    """Of several of one lead the next that is still to come; else the last that has passed."""
    now = clock.now()
    ahead = [each for each in planned if each.at >= now]
    return min(ahead, key=lambda each: each.at) if ahead else max(planned, key=lambda each: each.at)


def plan(planned: Sequence[Planned], *, origin: str, import_run_id: UUID) -> dict[UUID, Found]:
    """Date leads as a file says, one day each; what became of each. Within a transaction."""
    wanted = {each.lead_id: each for each in planned}
    leads = {lead.pk: lead for lead in bulk._locked(sorted(wanted))}
    last = _last(leads)
    found: dict[UUID, Found] = {}
    nexts: dict[UUID, Next] = {}
    calendars = _Calendars()
    for pk, lead in leads.items():
        stays = _stays(lead, wanted[pk], last.get(pk, (None, False)), calendars.of(lead), import_run_id)
        if stays is None:
            nexts[pk] = _next(wanted[pk], calendars.of(lead))
            found[pk] = Found.SET if nexts[pk].committed else Found.PASSED
        else:
            found[pk] = stays
    _set(nexts, wanted, origin, import_run_id)
    return found


def _stays(
    lead: Lead, wanted: Planned, last: tuple[Activity | None, bool], calendar: Calendar, run: UUID
) -> Found | None:  # fmt: skip
    """Why a lead is not dated anew; None if it is."""
    filed, is_decided = last
    if not rules.is_open(lead) or lead.next_at is None:
        return Found.CLOSED
    if is_decided or (lead.next_committed and not (filed and _is_dated_by(lead, filed))):
        return Found.SAME if calendar.day(lead.next_at) == calendar.day(wanted.at) else Found.DECIDED
    if filed and filed.data[BY_FILE] == wanted.said:
        return Found.SAME
    if filed and filed.import_run_id == run and not clock.now() <= wanted.at < lead.next_at:
        return Found.LATER
    return None


def _set(nexts: Mapping[UUID, Next], wanted: Mapping[UUID, Planned], origin: str, run: UUID) -> None:
    key = hashlib.sha256("\x1f".join(f"{pk} {wanted[pk].said}" for pk in sorted(nexts)).encode()).hexdigest()[:40]

    def facts(lead: Lead) -> dict[str, Any]:
        return {"note": nexts[lead.pk].note, BY_FILE: wanted[lead.pk].said}

    def change(lead: Lead) -> Changes:
        return nexts[lead.pk].changes()

    by = By(people.system(), origin, f"filed:{run.hex}:{key}", import_run_id=run)
    bulk.decide_many(nexts.keys(), by, kind="next_set", change=change, facts=facts)


def _next(wanted: Planned, calendar: Calendar) -> Next:
    moment = clock.now()
    day = calendar.day(wanted.at)
    if day < calendar.day(moment):
        was = f"{WAS_DUE}{day.day} {day:%B %Y}"
        return Next(moment, NextKind.FOLLOW_UP, f"{was}: {wanted.words}" if wanted.words else was)
    at = calendar.at(day) if wanted.is_day else wanted.at
    at = min(max(at, moment), moment + FARTHEST_NEXT - timedelta(hours=1)).astimezone(UTC)
    return Next(at, wanted.kind, wanted.words, committed=True)


class _Calendars:
    def __init__(self) -> None:
        self._of: dict[UUID | None, Calendar] = {}

    def of(self, lead: Lead) -> Calendar:
        """Of whoever has the lead."""
        user = lead.responsible.user
        pk = user.pk if user else None
        if pk not in self._of:
            self._of[pk] = working_time.calendar_of(user)
        return self._of[pk]


def dated_by_file(lead_ids: Collection[UUID]) -> set[UUID]:
    """Leads whose chosen day is one that a file says, and that nobody here has chosen."""
    last = _last(lead_ids) if lead_ids else {}
    leads = Lead.objects.in_bulk([pk for pk, (filed, _) in last.items() if filed])
    return {pk for pk, lead in leads.items() if (filed := last[pk][0]) and _is_dated_by(lead, filed)}


def _is_dated_by(lead: Lead, filed: Activity) -> bool:
    return lead.next_at == datetime.fromisoformat(filed.data["after"]["next_at"])


def _last(lead_ids: Collection[UUID]) -> dict[UUID, tuple[Activity | None, bool]]:
    """Of each lead the last day that a file gave it, and whether somebody here has ever dated it otherwise."""
    moves = Activity.objects.filter(lead_id__in=list(lead_ids), data__after__has_key="next_at")
    undone = Activity.objects.filter(lead_id__in=list(lead_ids), kind="undone").values_list("data__of", flat=True)
    taken_back = set(undone)
    system = people.system().pk
    of_lead: dict[UUID, list[Activity]] = defaultdict(list)
    decided: set[UUID] = set()
    for entry in moves.order_by("recorded_at", "id"):
        of_lead[entry.lead_id].append(entry)
        is_ours = entry.import_run_id is None and entry.actor_id != system and str(entry.pk) not in taken_back
        if BY_FILE not in entry.data and is_ours:
            decided.add(entry.lead_id)
    return {pk: (_latest_filed(entries), pk in decided) for pk, entries in of_lead.items()}


def _latest_filed(entries: Sequence[Activity]) -> Activity | None:
    """The last day that a file gave: of several in one moment, whose ids say no order, the one from which none of that
    moment went on."""
    filed = [entry for entry in entries if BY_FILE in entry.data]
    if not filed:
        return None
    moment = filed[-1].recorded_at
    left = {entry.data.get("before", {}).get("next_at") for entry in entries if entry.recorded_at == moment}
    latest = [entry for entry in filed if entry.recorded_at == moment]
    return next((entry for entry in latest if entry.data["after"]["next_at"] not in left), latest[-1])
