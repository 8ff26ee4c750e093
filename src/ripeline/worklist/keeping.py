"""Nothing is left lying: what is overdue is planned anew by value, what was let go comes back when it is time."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from ripeline.base import clock
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.bulk import Recycled
from ripeline.leads.decisions.deciding import By, Next
from ripeline.leads.models import NextKind
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Responsible, User
from ripeline.people.working_time import Calendar
from ripeline.routing import queries as routing
from ripeline.routing import rules as routing_rules
from ripeline.routing.worth import MINUTES, worth
from ripeline.science.spread import spread
from ripeline.worklist import queries
from ripeline.worklist.models import Plan

WITHIN = 120  # working days over which what is overdue is planned at most, however much it is
_EAST = timedelta(hours=14)  # where a day begins first, it begins so long before UTC's
RECYCLED_SHARE = 0.2  # of the contacts a day holds: so few of those let go are taken up again each day


def replan_overdue() -> int:
    """Move overdue leads whose date nobody chose to the coming working days, the most valuable first, no day overfull.

    Of everybody and of the queues. Who has a plan for today already is left until tomorrow, so that nothing disappears
    from a list while it is worked. One entry for each lead; again changes nothing. How many moved.
    """
    moment, moved = clock.now(), 0
    planned = set(Plan.objects.filter(day__gte=moment.date() - timedelta(days=1)).values_list("user_id", "day"))
    for responsible in queries.overdue_responsibles(before=moment + _EAST):
        calendar = working_time.calendar_of(responsible.user)
        today = calendar.day(moment)
        if (responsible.user_id, calendar.working_day(today)) not in planned:
            moved += replan_of(responsible, calendar, today, now=moment)
    return moved


def replan_of(responsible: Responsible, calendar: Calendar, today: date, *, now: datetime) -> int:
    """The same for one who has no plan for today yet."""
    late = queries.overdue(responsible.pk, before=calendar.at(today, time(0)))
    if not late:
        return 0
    values = worth([standing for standing, _, _ in late], now=now)
    days = calendar.coming(today, WITHIN)
    places = spread(values, per_day=room(responsible, calendar, days), within=WITHIN)
    nexts = {
        standing.lead_id: Next(max(calendar.at(days[place]), now), kind, note)
        for (standing, kind, note), place in zip(late, places.tolist(), strict=True)
    }
    return len(bulk.replan_many(nexts, By(people.system(), "worker", f"replan:{today}")))


def room(responsible: Responsible, calendar: Calendar, days: Sequence[date]) -> list[int]:
    """How many contacts each of these coming days takes beside what is due on it already; at least one."""
    return rooms([Coming(responsible, calendar, days)])[responsible.pk]


class Coming(NamedTuple):
    """Whose coming days, by which calendar."""

    responsible: Responsible
    calendar: Calendar
    days: Sequence[date]

    @property
    def stretch(self) -> queries.Stretch:
        first, last = self.calendar.at(self.days[0], time(0)), self.calendar.end_of(self.days[-1])
        return queries.Stretch(self.calendar, first, last)


def rooms(coming: Sequence[Coming]) -> dict[UUID, list[int]]:
    """The same of several, asked at once."""
    taken = queries.due_by_days({each.responsible.pk: each.stretch for each in coming}) if coming else {}
    return {
        one.responsible.pk: [max(capacity - taken[one.responsible.pk].get(day, 0), 1) for day in one.days]
        for one, capacity in ((each, _capacity(each.responsible)) for each in coming)
    }


def _capacity(responsible: Responsible | None) -> int:
    """How many contacts a day holds: one person's, or for a queue those of everybody who takes turns."""
    if responsible is not None and responsible.user is not None:
        return max(int(responsible.user.minutes_per_day // MINUTES), 1)
    sellers = routing.sellers()
    taking = routing_rules.in_rotation(sellers.values(), clock.now())
    return sum(int(s.minutes // MINUTES) for s in taking) or int(User().minutes_per_day // MINUTES)


def recycle() -> int:
    """Take up again, a few each day, leads that were lost for a reason that is worth another look by now.

    Each becomes a new episode in Keep in touch, due on the next working day, which hands it to its owner or the queue
    with the reason. A batch of the same day is taken up once. How many.
    """
    moment = clock.now()
    calendar = working_time.calendar_of(None)
    today = calendar.day(moment)
    limit = max(round(_capacity(None) * RECYCLED_SHARE), 1)
    programme = people.built_in(people.KEEP_IN_TOUCH)
    at = calendar.at(calendar.after(today, 1))
    left = limit - queries.due_at(programme.pk, at, kind=NextKind.REOPENED)
    if left <= 0:
        return 0
    found = queries.recyclable(now=moment, limit=left)
    again: dict[UUID, Recycled] = {}
    for lead_id, closed_at, label in found:
        local = closed_at.astimezone(calendar.zone)
        why = f"{label} in {local:%B %Y}"
        again[lead_id] = Recycled(programme, Next(at, NextKind.REOPENED, why), why, {"outcome": "recycled"})
    return len(bulk.reopen_many(again, By(people.system(), "worker", f"recycle:{today}")))
