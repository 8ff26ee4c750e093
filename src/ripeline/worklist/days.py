"""The days that people name, pattern by pattern; `dates` reads the time of day and checks the whole."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from ripeline.leads.decisions.deciding import LeadError
from ripeline.people.working_time import Calendar, is_day_first
from ripeline.worklist import seasons


class NotADate(LeadError):
    """Words that are no date, or one that cannot be, said so that one can mend it."""


@dataclass(frozen=True)
class Day:
    """A day as it was named. `settle`: a stretch was, so find a day that is worked: 1 from then on, -1 before."""

    day: date
    settle: int = 0


@dataclass(frozen=True)
class Today:
    """What the words are relative to."""

    day: date
    calendar: Calendar

    @property
    def country(self) -> str:
        return self.calendar.country

    @property
    def is_day_first(self) -> bool:
        return is_day_first(self.calendar.country)


def find(said: str, today: Today) -> Day | None:
    """The day that plain lower-case words name; None if they name none, NotADate for one that cannot be."""
    for pattern, meaning in _PATTERNS:
        if found := re.fullmatch(pattern, said):
            return meaning(found, today)
    return None


_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "a couple of": 2, "couple of": 2, "three": 3, "a few": 3, "few": 3, "four": 4,
    "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
NUMBER = r"\d{1,4}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True))
WEEKDAYS = {
    name: index
    for index, names in enumerate(
        (("monday", "mon"), ("tuesday", "tues", "tue"), ("wednesday", "wed"), ("thursday", "thurs", "thur", "thu"),
         ("friday", "fri"), ("saturday", "sat"), ("sunday", "sun"))
    )
    for name in names
}  # fmt: skip
_WEEKDAY = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sept sep", "october oct", "november nov", "december dec"), start=1
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))


def number(text: str) -> int:
    return _NUMBERS.get(text) or int(text)


def _made(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        if not 1 <= month <= 12:
            raise NotADate(f"There is no month {month}.") from None
        raise NotADate(f"There is no {day} {date(2000, month, 1):%B} {year}.".replace(" 1 ", " ")) from None


def _year(text: str | None, month: int, day: int, today: Today) -> int:
    """The year that was said, two digits or four; else the one in which that day comes next."""
    if text:
        return int(text) + (2000 if len(text) == 2 else 0)
    this = today.day.year
    if (month, day) == (2, 29):
        return next(y for y in range(this, this + 9) if monthrange(y, 2)[1] == 29 and date(y, 2, 29) >= today.day)
    return this if (month, day) >= (today.day.month, today.day.day) else this + 1


def _dated(day: int, month: int, year: str | None, today: Today) -> Day:
    return Day(_made(_year(year, month, day, today), month, day))


def _numeric(found: re.Match[str], today: Today) -> Day:
    """15.3., 15/3/27, 3/15: by the country's habit, unless only the other reading is a date."""
    first, second = int(found["a"]), int(found["b"])
    day_first = found["mark"] == "." or today.is_day_first
    if (day_first and second > 12 >= first) or (not day_first and first > 12 >= second):
        day_first = not day_first
    day, month = (first, second) if day_first else (second, first)
    return _dated(day, month, found["y"], today)


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _relative(found: re.Match[str], today: Today) -> Day:
    count, unit = number(found["n"] or "a"), found["unit"]
    if count > 4000:
        raise NotADate(f"{count} {unit} is more than 400 days away; choose a nearer day, however rough.")
    if unit.startswith(("working", "business")):
        return Day(today.calendar.after(today.day, min(count, 300)))
    if unit.startswith(("month", "mo")):
        return Day(_months_on(today.day, count), 1)
    if unit.startswith("y"):
        return Day(_months_on(today.day, 12 * min(count, 99)), 1)
    return Day(today.day + timedelta(days=count * (7 if unit.startswith("w") else 1)), 1)


def _weekday(found: re.Match[str], today: Today) -> Day:
    """The coming one; “next” is the one of next week; “in 2 weeks” that of the week after next."""
    which, ahead = WEEKDAYS[found["day"]], found.groupdict().get("n")
    monday = today.day - timedelta(days=today.day.weekday())
    if ahead or found["which"] == "next":
        return Day(monday + timedelta(days=7 * (number(ahead) if ahead else 1) + which))
    if found["which"] == "this":
        return Day(monday + timedelta(days=which))
    return Day(today.day + timedelta(days=(which - today.day.weekday() - 1) % 7 + 1))


def _coming(make: Callable[[int], date], today: Today) -> date:
    """The next one of something that comes every year."""
    return next(day for year in range(3) if (day := make(today.day.year + year)) > today.day)


def _part(found: re.Match[str], today: Today) -> Day:
    """The start, the middle or the end of a stretch of time."""
    first, last = _stretch(found, today)
    part = found["part"]
    if part.startswith(("end", "late")):
        return Day(last, -1)
    if part.startswith("mid"):
        return Day(first + (last - first) // 2, 1)
    return Day(first, 1)


def _stretch(found: re.Match[str], today: Today) -> tuple[date, date]:
    """First and last day of the week, month, quarter or year that was named; of the next where this one is over."""
    what, is_next, day = found["what"], bool(found["next"]), today.day
    if what == "week":
        monday = day - timedelta(days=day.weekday() - 7 * is_next)
        return monday, monday + timedelta(days=max(today.calendar.work_days, default=4))
    if what == "month":
        first = _months_on(day.replace(day=1), int(is_next))
        length = 1
    elif what == "quarter":
        first = _months_on(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3 * is_next)
        length = 3
    elif what == "year":
        first, length = date(day.year + is_next, 1, 1), 12
    elif what.startswith("q"):
        first, length = _quarter(int(what[1]), found["year"], today), 3
    else:
        month = _MONTHS[what]
        year = int(found["year"]) if found["year"] else day.year + (month < day.month)
        first, length = date(year, month, 1), 1
    return first, _months_on(first, length) - timedelta(days=1)


def _quarter(number: int, year: str | None, today: Today) -> date:
    if year:
        return date(int(year), number * 3 - 2, 1)
    return _coming(lambda y: date(y, number * 3 - 2, 1), today)


def _month(found: re.Match[str], today: Today) -> Day:
    month, year = _MONTHS[found["month"]], found["year"]
    return Day(date(int(year), month, 1) if year else _coming(lambda y: date(y, month, 1), today), 1)


def _season(found: re.Match[str], today: Today) -> Day:
    return Day(_coming(lambda y: seasons.season(found["season"], y, country=today.country), today), 1)


def _first_of_next(found: re.Match[str], today: Today) -> Day:
    if found["what"] == "year":
        return Day(seasons.new_year(today.day.year + 1), 1)
    first, _ = _stretch(found, today)
    return Day(first, 1)


def _yearly(make: Callable[[int], date], settle: int = 1) -> Callable[[re.Match[str], Today], Day]:
    return lambda _, today: Day(_coming(make, today), settle)


def _ahead(days: int, settle: int = 0) -> Callable[[re.Match[str], Today], Day]:
    return lambda _, today: Day(today.day + timedelta(days=days), settle)


_Y = r"(?:,? (?P<y>\d{4}))?"
_PATTERNS: tuple[tuple[str, Callable[[re.Match[str], Today], Day]], ...] = (
    (r"today|this", _ahead(0)),
    (r"tomorrow|tmr|tmrw", _ahead(1)),
    (r"(?:the )?day after tomorrow", _ahead(2)),
    (rf"(?:in |after )?(?P<n>{NUMBER})? ?(?P<unit>d|days?|w|weeks?|mo|months?|y|years?|(?:working|business) days?)"
     r"(?: from now|(?:'s)? time| later)?", _relative),
    (r"(?:in )?(?:a )?fortnight", _ahead(14, 1)),
    (r"(?:in )?half a year", lambda _, today: Day(_months_on(today.day, 6), 1)),
    (rf"(?:(?P<which>next|this|coming) )?(?P<day>{_WEEKDAY})", _weekday),
    (rf"(?P<which>)(?P<day>{_WEEKDAY}) in (?P<n>{NUMBER}) weeks?", _weekday),
    (r"(?P<next>next) (?P<what>week|month|quarter|year)(?P<year>)", _first_of_next),
    (r"(?P<a>\d{1,2})(?P<mark>[./-]) ?(?P<b>\d{1,2})(?:[./-] ?(?P<y>\d{4}|\d{2}))?\.?", _numeric),
    (r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
     lambda found, _: Day(_made(int(found["y"]), int(found["m"]), int(found["d"])))),
    (rf"(?:(?:{_WEEKDAY}),? )?(?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)? ?(?:of )?(?P<month>{_MONTH})\.?{_Y}",
     lambda found, today: _dated(int(found["d"]), _MONTHS[found["month"]], found["y"], today)),
    (rf"(?P<month>{_MONTH})\.? (?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?{_Y}",
     lambda found, today: _dated(int(found["d"]), _MONTHS[found["month"]], found["y"], today)),
    (rf"(?:in |next )?(?P<month>{_MONTH})(?: (?P<year>\d{{4}}))?", _month),
    (rf"(?:at |in )?(?:the )?(?P<part>end|beginning|start|middle|mid|early|late)(?: in| of)?(?: the| this)?[ -]?"
     rf"(?P<next>next )?(?P<what>week|month|quarter|year|q[1-4]|{_MONTH})(?: (?P<year>\d{{4}}))?", _part),
    (r"(?:in )?q(?P<q>[1-4])(?: (?P<year>\d{4}))?",
     lambda found, today: Day(_quarter(int(found["q"]), found["year"], today), 1)),
    (r"(?:in )?(?:the )?(?:next )?(?P<season>spring|summer|autumn|fall|winter)", _season),
    (r"(?:(?:in|after) )?(?:the )?new year(?:'s)?", _yearly(seasons.new_year)),
    (r"after (?:the )?easter(?: holidays| break)?", _yearly(seasons.after_easter)),
    (r"before easter", _yearly(seasons.before_easter, -1)),
    (r"after (?:the )?(?:christmas|xmas)(?: holidays| break)?", _yearly(seasons.new_year)),
    (r"before (?:christmas|xmas)", _yearly(lambda year: date(year, 12, 22), -1)),
    (r"after (?:the )?summer(?: holidays| break)?",
     lambda _, today: Day(_coming(lambda y: seasons.after_summer(y, country=today.country), today), 1)),
    (r"after (?:the |my |their )?(?:holidays?|vacation)",
     lambda _, today: Day(seasons.after_holidays(today.day, country=today.country), 1)),
    (r"after (?:the )?weekend", lambda _, today: Day(today.day + timedelta(days=7 - today.day.weekday()), 1)),
)  # fmt: skip
