"""Pure decisions about insight: whose leads somebody sees added up (I8), and which leads are asked for."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from urllib.parse import urlencode
from uuid import UUID

from ripeline.catalog.models import SourceType
from ripeline.people.models import Role, User
from ripeline.people.rules import NotAllowed

READERS = frozenset({Role.ADMIN, Role.LEADER, Role.MARKETER, Role.REP})
"""Who sees leads added up; a rep only their own."""


class Whose(StrEnum):
    """Whose leads are added up."""

    MINE = "mine"
    TEAM = "team"
    EVERYBODY = "everybody"


class By(StrEnum):
    """What cohorts are told apart by."""

    MONTH = "month"
    TYPE = "type"
    SOURCE = "source"
    CAMPAIGN = "campaign"


YEARS, EVER = "years", "ever"
"""Periods beside quarters ("2026-Q1"): the last two years, and all that is on record."""


def scopes(actor: User) -> tuple[Whose, ...]:
    """Whose leads somebody may see added up, the usual first; other teams' only in sums, which these are."""
    if actor.role not in READERS or not actor.is_active:
        raise NotAllowed("Insight adds up leads for those who lead, market or sell; you have no part in it.")
    if actor.role == Role.REP:
        return (Whose.MINE,)
    if actor.role == Role.LEADER and actor.team_id:
        return (Whose.TEAM, Whose.EVERYBODY)
    return (Whose.EVERYBODY,)


@dataclass(frozen=True)
class Asked:
    """Which leads, and how to tell them apart. Read from and written to an address."""

    whose: Whose
    came: str = YEARS
    by: By = By.MONTH
    type: str = ""
    source: UUID | None = None
    campaign: UUID | None = None
    run: UUID | None = None  # the import that brought them: then from any time, unless a period is asked for

    @classmethod
    def parse(cls, actor: User, query: Mapping[str, str]) -> "Asked":
        """From an address's query, within what `actor` may see; what it does not understand is left out."""
        allowed = scopes(actor)
        whose, by, came, kind = (query.get(name, "") for name in ("whose", "by", "came", "type"))
        run = uuid(query.get("run", ""))
        usual = EVER if run else YEARS
        return cls(
            whose=Whose(whose) if whose in allowed else allowed[0],
            came=came if came in (EVER, YEARS) or quarter(came) else usual,
            by=By(by) if by in set(By) else By.MONTH,
            type=kind if kind in SourceType.values else "",
            source=uuid(query.get("source", "")),
            campaign=uuid(query.get("campaign", "")),
            run=run,
        )

    def query(self, **changes: object) -> str:
        """As an address's query, with some of it changed."""
        wanted = replace(self, **changes)  # type: ignore[arg-type]
        parts = {name: str(value) for name, value in vars(wanted).items() if value}
        usual = {("came", EVER if wanted.run else YEARS), ("by", By.MONTH.value)}
        return urlencode({name: value for name, value in parts.items() if (name, value) not in usual})

    @property
    def is_narrowed(self) -> bool:
        """Whether more than a period is asked for."""
        return bool(self.type or self.source or self.campaign or self.run)


def quarter(text: str) -> tuple[date, date] | None:
    """First and last day of "2026-Q1"; None for what is no quarter."""
    year, _, number = text.partition("-Q")
    if not (year.isascii() and year.isdigit() and len(year) == 4 and number in ("1", "2", "3", "4")):
        return None
    if not "1900" <= year <= "2200":
        return None
    last = 3 * int(number)
    return date(int(year), last - 2, 1), date(int(year), last, calendar.monthrange(int(year), last)[1])


def month(text: str) -> tuple[date, date]:
    """First and last day of "2026-03"."""
    first = date.fromisoformat(f"{text}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def quarter_of(day: date) -> str:
    """The quarter that a day lies in."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def days(came: str, today: date) -> tuple[date | None, date | None]:
    """First and last day of a period; None where it is open."""
    if came == EVER:
        return None, None
    if came == YEARS:
        return today - timedelta(days=730), None
    return quarter(came) or (None, None)


_NTH = ("first", "second", "third", "fourth")


def period_words(came: str) -> str:
    """A period after "that came": "in the first quarter of 2026"."""
    if came == EVER:
        return "since records began"
    if came == YEARS:
        return "in the last two years"
    return f"in the {_NTH[int(came[-1]) - 1]} quarter of {came[:4]}"


def period_label(came: str) -> str:
    """A period as a choice."""
    labels = {EVER: "All on record", YEARS: "Last two years"}
    return labels.get(came) or f"{_NTH[int(came[-1]) - 1].capitalize()} quarter of {came[:4]}"


def quarters(begun: Sequence[date], today: date, *, most: int = 12) -> list[str]:
    """The quarters in which somebody came, the latest first; the present one too."""
    found = {quarter_of(day) for day in begun} | {quarter_of(today)}
    return sorted(found, reverse=True)[:most]


def uuid(text: str) -> UUID | None:
    """An id from an address; None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
