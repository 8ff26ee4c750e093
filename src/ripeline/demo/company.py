"""Who works at the demo company, and how each of them follows up."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from ripeline.base import clock
from ripeline.demo.pursuit import Desk, Habit
from ripeline.people import actions as people
from ripeline.people import queries, working_time
from ripeline.people.models import Responsible, Role, Team, Tracking, User
from ripeline.people.working_time import Calendar
from ripeline.science.gate import IntArray

NAME = "Evenday"
IMPRINT = f"{NAME} Ltd\n1 Example Row, London\nRegistered in England and Wales, number 00000000"
ZONE = ZoneInfo("Europe/London")
DOMAIN = "evenday.example"
PASSWORD = "ripe-tomatoes"  # noqa: S105 - printed when the demo starts; its home holds nothing but inventions

ALICE, TOM, YUSUF, SDR = range(4)  # desks, by position
REFORM = 150  # days ago: since then nobody gives up early any more, and what had been given up was re-opened

_WHAT = {
    Role.REP: "sells: Today, and the leads in hand",
    Role.SDR: "inside sales: the queue to qualify",
    Role.LEADER: "leads the sales team",
    Role.MARKETER: "marketing: where leads come from",
    Role.ADMIN: "owns the company: everything, and its settings",
}
_HABITS = {
    ALICE: Habit(hot_hours=0.7, cold_hours=7),
    TOM: Habit(hot_hours=5, cold_hours=26),
    YUSUF: Habit(hot_hours=0.5, cold_hours=30, patience=3, stretch=1.2),
    SDR: Habit(hot_hours=0.15, cold_hours=4),
}


@dataclass(frozen=True, kw_only=True)
class Staff:
    """The people, and where leads lie. `desks`: who follows up, in the order of their positions."""

    admin: User
    leader: User
    marketer: User
    desks: tuple[User, ...]
    responsibles: tuple[Responsible, ...]  # of `desks`
    queue: Responsible
    programme: Responsible
    system: User

    @property
    def reps(self) -> tuple[User, ...]:
        return self.desks[:SDR]

    @property
    def sdr(self) -> User:
        return self.desks[SDR]


def hire(*, opening: date, today: date, leads: int) -> Staff:
    """Make the company, its teams and people, long before the story begins; each at a moment of their own.

    `leads`: how many will come, so that each rep takes as many at a time as just about fits.
    """
    system = queries.system()
    first_day = datetime.combine(opening - timedelta(days=40), time(9), tzinfo=clock.now().tzinfo)
    with clock.at(first_day):
        people.set_company(actor=system, name=NAME, time_zone=str(ZONE), country="GB", currency="GBP", imprint=IMPRINT)
        sales = people.add_team(actor=system, name="Sales")
        marketing = people.add_team(actor=system, name="Marketing")
    roll = (
        ("Helen Achterberg", Role.ADMIN, None),
        ("Marta Kowalczyk", Role.LEADER, sales),
        ("Alice Moreau", Role.REP, sales),
        ("Tom Whitfield", Role.REP, sales),
        ("Yusuf Demir", Role.REP, sales),
        ("Ines Carvalho", Role.SDR, sales),
        ("Jonas Lindqvist", Role.MARKETER, marketing),
    )
    found = []
    for place, (name, role, team) in enumerate(roll):
        with clock.at(first_day + timedelta(days=1 + place)):
            found.append(_add(system, name, role, team))
    admin, leader, alice, tom, yusuf, sdr, marketer = found
    _settle_in(system, leads, alice=alice, tom=tom, yusuf=yusuf, sdr=sdr)
    _leaves(admin, alice=alice, tom=tom, yusuf=yusuf, today=today)
    desks = (alice, tom, yusuf, sdr)
    return Staff(
        admin=admin,
        leader=leader,
        marketer=marketer,
        desks=desks,
        responsibles=tuple(queries.responsible_of(user) for user in desks),
        queue=queries.built_in(queries.QUALIFY),
        programme=queries.built_in(queries.KEEP_IN_TOUCH),
        system=system,
    )


def _add(system: User, name: str, role: str, team: Team | None) -> User:
    email = f"{name.lower().replace(' ', '.')}@{DOMAIN}"
    return people.add_user(actor=system, email=email, name=name, role=role, team=team, password=PASSWORD)


def _settle_in(system: User, leads: int, *, alice: User, tom: User, yusuf: User, sdr: User) -> None:
    """How much time each has, how many leads they take, and how much of their work their leader sees."""
    people.change_user(actor=system, user=alice, minutes_per_day=80, lead_cap=leads // 18)
    people.change_user(actor=system, user=tom, minutes_per_day=85, lead_cap=leads // 16, tracking=Tracking.GUIDED)
    people.change_user(actor=system, user=yusuf, minutes_per_day=80, lead_cap=leads // 18)
    people.change_user(actor=system, user=sdr, minutes_per_day=110, weight=0)
    people.told_tracking(tom)


def _leaves(admin: User, *, alice: User, tom: User, yusuf: User, today: date) -> None:
    """Leaves of the past, and one that is coming up, with cover."""
    monday = today - timedelta(days=today.weekday())
    past = ((tom, 32, 11, alice), (alice, 19, 4, yusuf), (yusuf, 41, 11, alice))
    for user, weeks, days, cover in past:
        first = monday - timedelta(weeks=weeks)
        people.add_absence(actor=admin, user=user, first_day=first, last_day=first + timedelta(days=days), cover=cover)
    first = monday + timedelta(weeks=1 if today.weekday() < 4 else 2)
    people.add_absence(actor=admin, user=yusuf, first_day=first, last_day=first + timedelta(days=4), cover=alice)


def what(user: User) -> str:
    """What somebody does, for the hint at the start."""
    return _WHAT[Role(user.role)]


def desks(staff: Staff, *, opening: date, days: int) -> list[Desk]:
    """Everybody's habit and working days, `days` being the age of the story today."""
    found = []
    for place, user in enumerate(staff.desks):
        habit = replace(_HABITS[place], gave_up_until=days - REFORM) if place == TOM else _HABITS[place]
        found.append(Desk(habit=habit, next_work=_next_work(working_time.calendar_of(user), opening, days + 480)))
    return found


def _next_work(calendar: Calendar, opening: date, days: int) -> IntArray:
    """For each day of the story the first one from it on that is worked."""
    found = np.empty(days, dtype=np.int64)
    ahead = days
    for day in range(days - 1, -1, -1):
        ahead = day if calendar.works(opening + timedelta(days=day)) else ahead
        found[day] = ahead
    return found
