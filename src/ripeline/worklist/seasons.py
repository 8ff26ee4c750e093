"""Points of the year that people name instead of a date: seasons, quarters, Easter, the holidays."""

from datetime import date, timedelta

# Where the summer is in January.
SOUTHERN = frozenset({"AR", "AU", "BO", "BR", "CL", "LS", "MG", "MZ", "NA", "NZ", "PE", "PY", "SZ", "UY", "ZA", "ZW"})
_NORTHERN_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
SUMMER_ENDS = {False: (9, 1), True: (2, 1)}  # by hemisphere: when people are back


def easter(year: int) -> date:
    """Easter Sunday (Gregorian; Meeus, Jones and Butcher).

    >>> easter(2027)
    datetime.date(2027, 3, 28)
    """
    a, b, c = year % 19, year // 100, year % 100
    d, e, f = b // 4, b % 4, (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def season(name: str, year: int, *, country: str) -> date:
    """The first day of a season of `year`."""
    month = _NORTHERN_SEASONS[name]
    if country in SOUTHERN:
        month = (month + 5) % 12 + 1
    return date(year, month, 1)


def after_easter(year: int) -> date:
    """The Tuesday after Easter."""
    return easter(year) + timedelta(days=2)


def before_easter(year: int) -> date:
    """The Thursday before Good Friday."""
    return easter(year) - timedelta(days=3)


def new_year(year: int) -> date:
    """When a year begins for business."""
    return date(year, 1, 2)


def after_summer(year: int, *, country: str) -> date:
    """When people are back from their summer holidays."""
    return date(year, *SUMMER_ENDS[country in SOUTHERN])


def after_holidays(today: date, *, country: str) -> date:
    """The end of the next season of holidays: Easter, the summer or the turn of the year, whichever comes first."""
    year = today.year
    ends = [new_year(year + 1), new_year(year), after_easter(year), after_summer(year, country=country)]
    ends += [after_easter(year + 1), after_summer(year + 1, country=country)]
    return min(end for end in ends if end > today)
