"""Dates as people say them: read ("thu 14:00", "in 3 weeks", "after Easter") and said ("in 3 weeks, 15 March").

All in somebody's own calendar and zone. It becomes a day they work, and where a day off was named (`When.day_off`) that
is said; only with a time of day it stays there, for whoever agrees on a Sunday means it. What has no time of its own is
in the morning.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from ripeline.leads.models import FARTHEST_NEXT
from ripeline.people.working_time import MORNING, Calendar
from ripeline.worklist import days
from ripeline.worklist.days import NotADate, Today

EXAMPLES = "“tomorrow”, “thu 14:00”, “in 3 weeks”, “15 March” or “after Easter”"


@dataclass(frozen=True)
class When:
    """A moment that somebody named; `note` is what they wrote after it ("in March, after the budget round").

    `day_off`: the day they named, where they do not work then.
    """

    at: datetime
    has_time: bool = False
    note: str = ""
    day_off: date | None = None

    @property
    def day_off_words(self) -> str:
        """ "Sunday 22 November is a day off"; "" where it is none."""
        day = self.day_off
        return f"{day:%A} {day.day} {day:%B} is a day off" if day else ""


def read(text: str, *, now: datetime, calendar: Calendar) -> When:
    """The moment that `text` names, after `now` and at most 400 days away; NotADate in words otherwise."""
    said = _plain(text)
    if not said:
        raise NotADate(f"Say when, for example {EXAMPLES}.")
    today = Today(calendar.day(now), calendar)
    if found := _moment(said, now, today):
        return found
    for mark in reversed(list(re.finditer(r"\s*[,;:–—]\s+|\s+-\s+|\s+(?=because )", text[:300]))):
        if found := _moment(_plain(text[: mark.start()]), now, today):
            return replace(found, note=text[mark.end() :].strip(" \t“”\"'"))
    raise NotADate(f"“{text.strip()[:60]}” is not a date that can be read here; write for example {EXAMPLES}.")


def _plain(text: str) -> str:
    text = re.sub(r"\s+", " ", text.casefold().replace("\u00a0", " ")).strip(" .!")
    return re.sub(r"^(?:(?:on|by|from|around|about|until|till) )+", "", text)


def _moment(said: str, now: datetime, today: Today) -> When | None:
    """What the words mean, checked; None if they mean nothing."""
    if found := re.fullmatch(rf"in ({days.NUMBER}) ?(minutes?|min|hours?|h)", said):
        unit = timedelta(hours=1) if found[2].startswith("h") else timedelta(minutes=1)
        return _checked(now + days.number(found[1]) * unit, now, has_time=True)
    words, clock = _time(said)
    calendar = today.calendar
    if not words:
        return _checked(calendar.at(today.day, clock), now, has_time=True) if clock else None
    if clock and (same := _weekday_today(words, clock, now, today)):
        return When(same, has_time=True)
    named = days.find(words, today)
    if named is None:
        return None
    day = named.day
    day_off = None if named.settle or day == today.day or calendar.works(day) else day
    if named.settle or (day_off and clock is None):
        day = _worked_before(day, calendar) if named.settle < 0 else calendar.working_day(day)
        day = max(day, today.day)
    at = calendar.at(day, clock or MORNING)
    if day == today.day and clock is None:
        at = max(at, now)
    return replace(_checked(at, now, has_time=clock is not None), day_off=day_off)


def _checked(at: datetime, now: datetime, *, has_time: bool) -> When:
    if at < now:
        raise NotADate(f"{_full(at)} is past; choose a moment from now on.")
    if at > now + FARTHEST_NEXT:
        raise NotADate(f"{_full(at)} is more than 400 days away; choose a nearer day, however rough.")
    return When(at, has_time=has_time)


def _full(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}" + (f" {at:%H:%M}" if at.time() != MORNING else "")


def _worked_before(day: date, calendar: Calendar) -> date:
    return day if calendar.works(day) else calendar.before(day, 1)


# Times of day

_TIMES = (  # 14:00, 2:30 pm · 2 pm · 14 o'clock, 14h · 14h30
    r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::\d{2})?(?: ?(?P<half>[ap])\.?m\.?)?",
    r"(?P<h>\d{1,2})(?P<m>) ?(?P<half>[ap])\.?m\.?",
    r"(?P<h>\d{1,2})(?P<m>)(?P<half>)(?: o'?clock|h| uhr)",
    r"(?P<h>\d{1,2})h(?P<m>\d{2})(?P<half>)",
)
_PARTS = {"morning": time(9), "noon": time(12), "midday": time(12), "afternoon": time(14), "evening": time(17)}


def _time(said: str) -> tuple[str, time | None]:
    """The words without their time of day, and that time."""
    for pattern in _TIMES:
        if found := re.search(rf"(?:^|[ ,]|(?<=\d)t)(?:at )?{pattern}$", said):
            hour, minute = int(found["h"]), int(found["m"] or 0)
            if found["half"] == "p" and hour < 12:
                hour += 12
            if found["half"] == "a" and hour == 12:
                hour = 0
            if hour > 23 or minute > 59:
                raise NotADate(f"There is no {found['h']}:{found['m'] or '00'} on the clock.")
            return said[: found.start()].strip(" ,"), time(hour, minute)
    if found := re.search(rf"(?:^| )(?:in the |at )?({'|'.join(_PARTS)})$", said):
        return said[: found.start()].strip(" ,"), _PARTS[found[1]]
    if found := re.search(r" at (\d{1,2})$", said):
        if int(found[1]) > 23:
            raise NotADate(f"There is no {found[1]} o'clock.")
        return said[: found.start()], time(int(found[1]))
    return said, None


def _weekday_today(words: str, clock: time, now: datetime, today: Today) -> datetime | None:
    """“thu 14:00” on a Thursday morning is this afternoon."""
    at = today.calendar.at(today.day, clock)
    return at if days.WEEKDAYS.get(words) == today.day.weekday() and at > now else None


# Saying them


def say(at: datetime, *, now: datetime, calendar: Calendar) -> str:
    """A moment as people say it: "today 14:00", "Thu 14:00", "in 3 weeks, 15 March"."""
    local, today = at.astimezone(calendar.zone), calendar.day(now)
    ahead = (local.date() - today).days
    clock = "" if local.time().replace(second=0, microsecond=0) == MORNING else f" {local:%H:%M}"
    if ahead < 0:
        return "yesterday" if ahead == -1 else f"{_span(-ahead)} ago, {_date(local.date(), today)}"
    if ahead <= 1:
        return ("today", "tomorrow")[ahead] + clock
    if ahead < 7:
        return f"{local:%a}{clock}"
    return f"in {_span(ahead)}, {_date(local.date(), today)}{clock}"


def _span(days: int) -> str:
    """So many days in the unit people would use."""
    if days == 7:
        return "a week"
    if days < 14 or (days < 21 and days % 7):
        return f"{days} days"
    if days < 61:
        return f"{round(days / 7)} weeks"
    return f"{round(days / 30.44)} months"


def _date(day: date, today: date) -> str:
    return f"{day.day} {day:%B}" + (f" {day.year}" if day.year != today.year else "")
