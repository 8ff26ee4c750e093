"""Tomorrow and the days after, as they look now: a forecast, made by the planner's own choice, that changes nothing.

Each day is chosen from what is due by then and was not chosen for a day before, as Today will do it. What comes in,
what one does meanwhile and who ripens will change it; so it is shown quietly, and nothing can be done on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from ripeline.base import clock
from ripeline.leads.models import Lead, NextKind
from ripeline.people import working_time
from ripeline.people.models import User
from ripeline.people.working_time import MORNING, Calendar
from ripeline.worklist import queries, rules
from ripeline.worklist.models import PlanItem
from ripeline.worklist.reasons import on

DAYS = 5  # working days that are shown
NAMED = 4  # of those expected by worth


@dataclass(frozen=True)
class Someone:
    """A person who is dated or expected on a day."""

    lead: Lead
    label: str  # the date and its time, or how ripe

    @property
    def company(self) -> str:
        return self.lead.account.name if self.lead.account else self.lead.company


@dataclass(frozen=True)
class Ahead:
    """A working day to come."""

    day: date
    title: str
    people: int
    minutes: int
    budget: int
    dated: Sequence[Someone]
    expected: Sequence[Someone]

    @property
    def others(self) -> int:
        """How many more than are named."""
        return self.people - len(self.dated) - len(self.expected)

    @property
    def is_overfull(self) -> bool:
        """Whether dates alone take more than the day has."""
        return self.minutes > self.budget


def week_of(user: User) -> list[Ahead]:
    """The coming working days of somebody, today not included. Two queries for who is due, however many days."""
    now, calendar = clock.now(), working_time.calendar_of(user)
    today = calendar.day(now)
    listed = calendar.working_day(today)
    days = calendar.coming(calendar.working_day(calendar.after(listed, 1)), DAYS)
    mine = queries.responsibles(user, today, listed)
    on_plan = PlanItem.objects.filter(plan__user=user, plan__day=listed).values_list("lead_id", flat=True)
    left = {
        c.lead_id: c
        for c in queries.candidates(user, mine, by=calendar.end_of(days[-1]), now=now, returning=True)
    }  # fmt: skip
    for lead_id in on_plan:
        left.pop(lead_id, None)
    chosen: list[tuple[date, rules.Choice]] = []
    for day in days:
        due = [c for c in left.values() if c.next_at < calendar.end_of(day)]
        choice = rules.plan(due, now=calendar.at(day), budget=user.minutes_per_day, at_least_one=False)
        chosen.append((day, choice))
        for item in choice.items:
            del left[item.candidate.lead_id]
    return _named(chosen, calendar, now=now, budget=user.minutes_per_day)


def _named(
    chosen: Sequence[tuple[date, rules.Choice]], calendar: Calendar, *, now: datetime, budget: int
) -> list[Ahead]:
    picked: list[tuple[date, rules.Choice, list[rules.Chosen], list[rules.Chosen]]] = []
    for day, choice in chosen:
        dated = [item for item in choice.items if item.rank is rules.Rank.DATED]
        expected = [item for item in choice.items if item.rank is not rules.Rank.DATED][:NAMED]
        picked.append((day, choice, dated, expected))
    ids: list[UUID] = [item.candidate.lead_id for _, _, dated, expected in picked for item in [*dated, *expected]]
    leads = Lead.objects.select_related("account").in_bulk(ids)

    def named(items: Sequence[rules.Chosen]) -> list[Someone]:
        return [Someone(lead, _label(item, calendar)) for item in items if (lead := leads.get(item.candidate.lead_id))]

    return [
        Ahead(
            day=day, title=_title(day, now, calendar), people=len(choice.items), minutes=choice.minutes, budget=budget,
            dated=named(dated), expected=named(expected),
        )
        for day, choice, dated, expected in picked
    ]  # fmt: skip


def _label(item: rules.Chosen, calendar: Calendar) -> str:
    """ "Meeting at 14:00", "Follow up", "Likely ready"."""
    candidate = item.candidate
    if item.rank is not rules.Rank.DATED:
        return rules.LABELS.get(candidate.tag, candidate.tag)
    local = candidate.next_at.astimezone(calendar.zone)
    clock = "" if local.time() == MORNING else f" at {local:%H:%M}"
    return f"{NextKind(candidate.next_kind).label}{clock}"


def _title(day: date, now: datetime, calendar: Calendar) -> str:
    """ "Tomorrow, Tuesday 2 June"."""
    full = f"{day:%A} {day.day} {day:%B}"
    near = on(calendar.at(day, time(12)), now, calendar)
    return f"Tomorrow, {full}" if near == "tomorrow" else full
