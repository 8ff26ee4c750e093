"""Moments out of cells: the many ways that spreadsheets and systems write a date, and whether the day comes first."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from ripeline.capture.cells.text import BadValueError

NEAR = 30  # years to come that two digits may mean, of a day that need not be past
FIRST_YEAR = 1980  # an earlier date in a file of leads is a mistake
_MONTHS = """
jan january januar janvier enero ene januari gennaio gen janeiro stycznia styczen
feb february februar fevrier fevr fev febrero februari febbraio fevereiro lutego luty
mar march marz maerz mrz mars marzo maart mrt marco marca marzec
apr april avril avr abril abr aprile kwietnia kwiecien
may mai mayo mei maggio mag maio maja maj
jun june juni juin junio giugno giu junho czerwca czerwiec
jul july juli juillet juil julio luglio lug julho lipca lipiec
aug august aout agosto ago augustus sierpnia sierpien
sep sept september septembre septiembre settembre set setembro wrzesnia wrzesien
oct october oktober okt octobre octubre ottobre ott outubro out pazdziernika pazdziernik
nov november novembre noviembre novembro listopada listopad
dec december dezember dez decembre diciembre dic dicembre dezembro grudnia grudzien
"""
MONTHS = {name: number for number, names in enumerate(_MONTHS.split("\n")[1:-1], 1) for name in names.split()}
_ZONE = r"(?: ?(?P<zone>Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{2}:?(?:\d{2})?))?"
_TIME = (
    r"(?:[T ,]+(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?| ?uhr| ?h)?)?" + _ZONE
)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_PLAIN = (
    _compiled(r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _TIME),
    _compiled(  # ISO 8601 without marks
        r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"
        r"(?:T? ?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?" + _ZONE
    ),
)
_NUMBERS = _compiled(r"(?P<a>\d{1,2})(?P<mark>[-/. ])(?P<b>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})" + _TIME)
_NAMED = (
    _compiled(  # 13 Feb 2018, 13. Februar 2018, 13 de febrero de 2018, 13-Feb-18
        r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?[ -]*(?:de |of )?(?P<name>[a-z]{3,12})\.?,?[ -]*(?:de )?"
        r"(?P<year>\d{4}|\d{2})" + _TIME
    ),
    _compiled(r"(?P<name>[a-z]{3,12})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})" + _TIME),
    _compiled(r"(?P<name>[a-z]{3}) +(?P<day>\d{1,2})" + _TIME + r" (?P<year>\d{4})"),  # Feb 13 10:00:00 2018
)
_WEEKDAY = re.compile(r"([a-z]{2,12})[.,]* (?=[a-z]{3,12}\.? \d|\d)", re.IGNORECASE)
_SERIAL = re.compile(r"[2-7]\d{4}(?:[.,]\d+)?")  # days, as Excel counts them
_DAY_0 = {False: datetime(1899, 12, 30, tzinfo=UTC), True: datetime(1904, 1, 1, tzinfo=UTC)}  # True: old Macintoshes
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?")
_NOTHING = re.compile(r"0{1,4}[-/.]0{1,2}[-/.]0{1,4}(?:[T ]0{2}:0{2}(?::0{2})?)?")  # MySQL's zero date


class Moment(NamedTuple):
    """A moment in UTC; `is_day` if only the day was given, whose first instant it then is."""

    at: datetime
    is_day: bool


class DayOrder(NamedTuple):
    """Whether the day comes first in a column's dates: None if they do not tell; then `unclear` is such a date."""

    day_first: bool | None
    why: str
    unclear: str = ""


def moment(
    text: str, *, zone: tzinfo, now: datetime, day_first: bool | None = None, is_1904: bool = False
) -> Moment | None:
    """The moment that `text` names; None if it is empty or a zero date.

    A time without a zone is one of `zone`. `now` decides the century of two-digit years. With `day_first` None, a date
    that could be either is refused. `is_1904`: bare counts of days begin in 1904. BadValueError says what is wrong.
    """
    cleaned = " ".join(text[:200].split())
    if not cleaned or _NOTHING.fullmatch(cleaned):
        return None
    if _EPOCH.fullmatch(cleaned):
        seconds = int(cleaned) / (1000 if len(cleaned) == 13 else 1)
        return Moment(datetime.fromtimestamp(seconds, UTC), is_day=False)
    if _SERIAL.fullmatch(cleaned):
        return _serial(cleaned, zone, is_1904)
    parts = _parts(cleaned)
    if parts is None:
        raise BadValueError(f"“{text.strip()[:40]}” is not a date: write it like 2018-02-13")
    year = _year(parts["year"], now)
    month, day = _month_and_day(parts, cleaned, day_first)
    return _built(parts, (year, month, day), zone, cleaned)


def day(text: str, *, now: datetime, day_first: bool | None = None) -> date:
    """The day that `text` names, of any year: one that is to come, too. BadValueError says what is wrong."""
    cleaned = " ".join(text[:200].split())
    parts = _parts(cleaned)
    if parts is None:
        raise BadValueError(f"“{text.strip()[:40]}” is not a date: write it like 2018-02-13")
    digits = parts["year"]
    year = int(digits) if len(digits) == 4 else now.year + NEAR - (now.year + NEAR - int(digits)) % 100
    month, number = _month_and_day(parts, cleaned, day_first)
    try:
        return date(year, month, number)
    except ValueError:
        raise BadValueError(f"“{cleaned}” is not in the calendar: there is no such day") from None


def is_date(text: str) -> bool:
    """Whether `text` is written like a date (a bare number is not), be it in the calendar or not."""
    cleaned = " ".join(text.split())
    return len(cleaned) <= 80 and not cleaned.isdecimal() and _parts(cleaned) is not None


def has_time(text: str) -> bool:
    """Whether a date says the time of day, too."""
    parts = _parts(" ".join(text.split()))
    return parts is not None and bool(parts.get("hour"))


def _parts(text: str) -> dict[str, str] | None:
    for pattern in (*_PLAIN, _NUMBERS):
        if found := pattern.fullmatch(text):
            return found.groupdict(default="")
    plain = _unaccented(text.partition(" (")[0])
    weekday = _WEEKDAY.match(plain)
    if weekday and weekday[1].lower() not in MONTHS:
        plain = plain[weekday.end() :]
    for pattern in (_NUMBERS, *_NAMED):
        found = pattern.fullmatch(plain)
        if found and found.groupdict().get("name", "may").lower() in MONTHS:
            return found.groupdict(default="")
    return None


def _unaccented(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _year(digits: str, now: datetime) -> int:
    if len(digits) == 4:
        return int(digits)
    year = 2000 + int(digits)
    return year if year <= now.year + 1 else year - 100


def _month_and_day(parts: dict[str, str], text: str, day_first: bool | None) -> tuple[int, int]:
    if "name" in parts:
        return MONTHS[parts["name"].lower()], int(parts["day"])
    if "a" not in parts:
        return int(parts["month"]), int(parts["day"])
    a, b = int(parts["a"]), int(parts["b"])
    if day_first is None and a != b and a <= 12 and b <= 12:
        if parts["mark"] != ".":  # with dots the day comes first everywhere
            raise BadValueError(f"“{text}” could be day first or month first: say which, or write it like 2018-02-13")
        day_first = True
    if day_first is None:
        day_first = a > 12 or b <= 12
    month, day = (b, a) if day_first else (a, b)
    if month > 12:
        words = "day first" if day_first else "month first"
        raise BadValueError(f"“{text}” is not a date with the {words}: there is no month {month}")
    return month, day


def _built(parts: dict[str, str], date: tuple[int, int, int], zone: tzinfo, text: str) -> Moment:
    get = parts.get
    hour = int(get("hour") or 0)
    if get("half"):
        if not 1 <= hour <= 12:
            raise BadValueError(f"“{text}” has no such hour")
        hour = hour % 12 + (12 if parts["half"] in "pP" else 0)
    micro = int((get("fraction") or "0")[:6].ljust(6, "0"))
    clock = (hour, int(get("minute") or 0), int(get("second") or 0), micro)
    try:
        local = datetime(*date, *clock, tzinfo=_zone(parts["zone"], zone))
        return _recent(Moment(local.astimezone(UTC), is_day=not get("hour")), text)
    except (ValueError, OverflowError) as problem:
        if isinstance(problem, BadValueError):
            raise
        raise BadValueError(f"“{text}” is not in the calendar: there is no such day or time") from None


def _recent(found: Moment, text: str) -> Moment:
    if found.at.year < FIRST_YEAR:
        raise BadValueError(f"“{text}” is before {FIRST_YEAR}: correct the year")
    return found


def _zone(given: str, zone: tzinfo) -> tzinfo:
    if not given:
        return zone
    given = given.upper().removeprefix("UTC").removeprefix("GMT")
    if given in ("", "Z"):
        return UTC
    digits = given[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if given[0] == "-" else offset)


def _serial(text: str, zone: tzinfo, is_1904: bool) -> Moment:
    """Excel's count of days, of the zone's own clock."""
    days = float(text.replace(",", "."))
    at = _DAY_0[is_1904].replace(tzinfo=zone) + timedelta(seconds=round(days * 86_400))  # wall clock, so DST is right
    return _recent(Moment(at.astimezone(UTC), is_day=days == int(days)), text)


def day_order(cells: Iterable[str]) -> DayOrder:
    """What a column's cells say about it; the more cells, the surer."""
    day, month, either, dots = "", "", "", ""
    for cell in cells:
        found = _NUMBERS.fullmatch(" ".join(cell.split()))
        if not found:
            continue
        a, b = int(found["a"]), int(found["b"])
        if a > 12 >= b > 0:
            day = day or found[0]
        elif b > 12 >= a > 0:
            month = month or found[0]
        elif a != b:
            dots, either = (dots or found[0], either) if found["mark"] == "." else (dots, either or found[0])
    if day and month:
        why = f"“{day}” can only be day first, “{month}” only month first: the column mixes both"
        return DayOrder(None, why, either or dots or day)
    if day or month:
        words = "day first" if day else "month first"
        return DayOrder(bool(day), f"“{day or month}” can only be {words}")
    if either:
        return DayOrder(None, f"“{either}” and all others could be day first or month first", either)
    if dots:
        return DayOrder(True, f"dates with dots, like “{dots}”, put the day first")
    return DayOrder(None, "")
