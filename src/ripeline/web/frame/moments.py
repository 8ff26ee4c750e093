"""How moments and days are said: relative to now, in the viewer's zone, with the exact one on hover.

Made once for all that a page shows, since a list says some hundred of them: what does not change from one to the next
(now, today, the zone) is asked once.
"""

from calendar import day_abbr, day_name, month_abbr
from datetime import date, datetime, timedelta, tzinfo

from django.utils import timezone
from django.utils.formats import date_format

from ripeline.base import clock
from ripeline.people.working_time import MORNING

_DAYS, _DAY_NAMES, _MONTHS = tuple(day_abbr), tuple(day_name), tuple(month_abbr)
_MINUTE, _HOUR, _WEEK, _NOTHING = timedelta(minutes=1), timedelta(hours=1), timedelta(days=7), timedelta(0)


class Moments:
    """Says moments as HTML. Nothing of what it says comes from a person, so nothing needs to be escaped."""

    def __init__(self, now: datetime, zone: tzinfo) -> None:
        self.now = now.astimezone(zone)
        self.today = self.now.date()
        self._zone = zone

    @classmethod
    def current(cls) -> "Moments":
        """As seen now, by whoever looks."""
        return cls(clock.now(), timezone.get_current_timezone())

    def when(self, value: datetime) -> str:
        """A moment in words, with the exact one on hover."""
        local = value.astimezone(self._zone)
        return _timed(value, self._full(local), self._apart(local))

    def on(self, value: date) -> str:
        """A day in words, with the exact one on hover."""
        exact = date_format(value, "l j F Y")
        return f'<time datetime="{value.isoformat()}" title="{exact}">{self._days_apart(value)}</time>'

    def due(self, value: datetime) -> str:
        """When a next step is due: a triangle and "late" where its day is over.

        What is due today is due all day: a time is said while it lies ahead. So is one of the coming week that is not
        just the morning.
        """
        local = value.astimezone(self._zone)
        day = local.date()
        if day > self.today:
            near = day - self.today < _WEEK and local.time().replace(second=0, microsecond=0) != MORNING
            hour = f" {local.hour:02}:{local.minute:02}" if near else ""
            return _timed(value, self._full(local), f"{self._days_apart(day)}{hour}")
        if day == self.today:
            ahead = f" {local.hour:02}:{local.minute:02}" if local > self.now else ""
            return _timed(value, self._full(local), f"today{ahead}")
        days = (self.today - day).days
        late = "1 day" if days == 1 else f"{days:,} days"
        return f'<span class="tag late" title="{self._full(local)}">{late} late</span>'

    def exactly(self, value: datetime) -> str:
        """A moment in full: Tue 14 Oct 2025, 16:40 WEST."""
        return self._full(value.astimezone(self._zone))

    def _full(self, local: datetime) -> str:
        return (
            f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month]} {local.year}, "
            f"{local.hour:02}:{local.minute:02} {local.tzname()}"
        )

    def _apart(self, local: datetime) -> str:
        """How a person says the distance to a moment: minutes and hours when near, days when not."""
        apart = local - self.now
        if -_HOUR < apart < _HOUR:
            if -_MINUTE < apart < _MINUTE:
                return "just now" if apart <= _NOTHING else "in a minute"
            minutes = round(abs(apart).total_seconds() / 60)
            return f"{minutes} min ago" if apart < _NOTHING else f"in {minutes} min"
        day = local.date()
        return f"today {local.hour:02}:{local.minute:02}" if day == self.today else self._days_apart(day)

    def _days_apart(self, day: date) -> str:
        """How a person says the distance between two days."""
        days = (day - self.today).days
        if days in (-1, 0, 1):
            return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]
        if -7 < days < 7:
            return f"last {_DAY_NAMES[day.weekday()]}" if days < 0 else _DAY_NAMES[day.weekday()]
        if abs(days) < 14:
            return f"in {days} days" if days > 0 else f"{-days} days ago"
        if abs(days) < 60:
            return f"in {round(days / 7)} weeks" if days > 0 else f"{round(-days / 7)} weeks ago"
        said = f"{day.day} {_MONTHS[day.month]}"
        return said if day.year == self.today.year else f"{said} {day.year}"


def _timed(value: datetime, exact: str, said: str) -> str:
    return f'<time datetime="{value.isoformat(timespec="seconds")}" title="{exact}">{said}</time>'
