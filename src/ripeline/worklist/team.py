"""What there is to know today for whoever leads: a few facts about their team, or of everybody for an administrator.

Counts of leads and who is away; nothing about how anybody works. Each fact leads to the leads behind it.
"""

from dataclasses import dataclass
from datetime import tzinfo

from ripeline.base import clock
from ripeline.leads.finding.filters import Due, Filters, View
from ripeline.leads.finding.leaks import UNANSWERED_YET
from ripeline.leads.finding.matching import matching
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Absence, Role, User
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness.rules import Tag

MOST = 1000  # leads counted of each sort


@dataclass(frozen=True)
class Fact:
    """One thing to know, and the query of the list of leads behind it ("" where there is none)."""

    words: str
    query: str = ""


def facts(user: User) -> list[Fact]:
    """What whoever leads may want to know today; [] for others, and where nobody is led."""
    if user.role == Role.ADMIN:
        led, view = people.people().filter(is_active=True), "all"
    elif user.role == Role.LEADER and user.team_id:
        led, view = people.people().filter(is_active=True, team=user.team_id), "team"
    else:
        return []
    calendar = working_time.calendar_of(user)
    today = calendar.day(clock.now())
    asked, late, ripe, queued = (
        Filters(view=view, leak=UNANSWERED_YET), Filters(view=view, due=Due.OVERDUE), Filters(view=view, ripe=Tag.RIPE),
        Filters(view=View.QUEUE, due=Due.NOW),
    )  # fmt: skip
    found = [
        _fact(user, asked, calendar.zone, "request", "heard from nobody yet.", none="Every request is answered."),
        _fact(user, late, calendar.zone, "lead", "a date that has passed.", none="Nobody is overdue."),
        _fact(user, ripe, calendar.zone, "lead", "likely ready within a month.", are=True),
        _fact(user, queued, calendar.zone, "lead", "due in the queue.", are=True),
    ]
    found = [fact for fact in found if fact.words]
    members = led.filter(role__in=people.SELLERS)
    away = Absence.objects.filter(user__in=members, first_day__lte=today, last_day__gte=today)
    for absence in away.select_related("user", "cover").order_by("user__name"):
        covers = f"{absence.cover.name} covers" if absence.cover else "nobody covers"
        found.append(Fact(f"{absence.user.name} is away until {absence.last_day:%A} {absence.last_day.day}; {covers}."))
    return found


def _fact(
    user: User, asked: Filters, zone: tzinfo, what: str, said: str, *, none: str = "", are: bool = False
) -> Fact:  # fmt: skip
    """How many leads a list holds, as the list itself counts them; `none`: what to say where there are none."""
    tagged = ripeness.tagged(asked.ripe) if asked.ripe else None
    count = matching(user, asked, zone=zone, scores=tagged).order_by()[:MOST].count()
    if not count:
        return Fact(none)
    verb = _be(count) if are else _have(count)
    return Fact(f"{_many(count, what)} {verb} {said}", asked.url())


def _many(count: int, what: str) -> str:
    return f"{'1,000 or more' if count >= MOST else f'{count:,}'} {what}{'' if count == 1 else 's'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"
