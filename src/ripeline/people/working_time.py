"""Whose day it is and which days are worked: time zones, work days, holidays, absences."""

from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

import holidays

from ripeline.base.reading import read, rows
from ripeline.base.settled import Settled
from ripeline.people.models import Company, User

MORNING = time(9, 0)
EVENING = time(18, 0)
MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country (ISO 3166) in a year; none where the country is not known."""
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()


@dataclass(frozen=True)
class Calendar:
    """Somebody's working days in their own time zone."""

    zone: ZoneInfo
    work_days: Collection[int] = MONDAY_TO_FRIDAY
    country: str = ""
    away: Collection[tuple[date, date]] = field(default_factory=tuple)  # absences, both days included

    def day(self, moment: datetime) -> date:
        """The local date of a moment."""
        return moment.astimezone(self.zone).date()

    def works(self, day: date) -> bool:
        """Whether `day` is worked."""
        return (
            day.weekday() in self.work_days
            and not (self.country and day in _holidays(self.country, day.year))
            and not any(first <= day <= last for first, last in self.away)
        )

    def working_day(self, day: date) -> date:
        """`day` itself, or the first worked day after it (bounded: an endless absence ends after a year)."""
        for ahead in range(366):
            if self.works(day + timedelta(days=ahead)):
                return day + timedelta(days=ahead)
        return day

    def after(self, day: date, working_days: int) -> date:
        """The date `working_days` worked days after `day` (0: that day, or the next worked one)."""
        current = self.working_day(day)
        for _ in range(working_days):
            current = self.working_day(current + timedelta(days=1))
        return current

    def coming(self, day: date, count: int) -> list[date]:
        """The first `count` worked days from `day` on, that day included if it is one."""
        days = [self.working_day(day)]
        while len(days) < count:
            days.append(self.working_day(days[-1] + timedelta(days=1)))
        return days[:count]

    def before(self, day: date, working_days: int) -> date:
        """The date `working_days` worked days before `day`."""
        current = day
        while working_days > 0:
            current -= timedelta(days=1)
            if self.works(current) or day - current > timedelta(days=366):
                working_days -= 1
        return current

    def at(self, day: date, when: time = MORNING) -> datetime:
        """The moment of local time `when` on `day`."""
        return datetime.combine(day, when, tzinfo=self.zone)

    def end_of(self, day: date) -> datetime:
        """The first moment after `day`."""
        return self.at(day + timedelta(days=1), time(0))


MONTH_FIRST = frozenset({"US", "PH", "PR", "FM", "GU"})  # countries where 3/15 is the fifteenth of March


def is_day_first(country: str) -> bool:
    """Whether people of this country write the day before the month."""
    return country not in MONTH_FIRST


_company = Settled(lambda: read(Company, "WHERE id = 1")[0], "company")


def company() -> Company:
    """The one company's settings."""
    return copy(_company.now())


def country() -> str:
    """Where the company is: that of numbers without a country code."""
    return _company.now().country


def _read_absences() -> Mapping[UUID, tuple[tuple[date, date], ...]]:
    away: dict[UUID, tuple[tuple[date, date], ...]] = {}
    for user, first, last in rows("SELECT user_id, first_day, last_day FROM absence"):
        away[user] = (*away.get(user, ()), (first, last))
    return away


_absences = Settled(_read_absences, "absence")


def calendar_of(user: User | None, *, of_company: Company | None = None) -> Calendar:
    """The working days of `user` with their absences, or the company's own."""
    firm = of_company or company()
    away = _absences.now().get(user.pk, ()) if user else ()
    return Calendar(
        zone=ZoneInfo((user.time_zone if user else "") or firm.time_zone),
        work_days=tuple(firm.work_days) or MONDAY_TO_FRIDAY,
        country=firm.country,
        away=away,
    )
