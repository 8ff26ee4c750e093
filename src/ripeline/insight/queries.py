"""Are they ripening? The leads asked for, read once, as a whole and told apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from uuid import UUID

import numpy as np

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import Campaign, SourceType
from ripeline.insight import cohorts, rules
from ripeline.insight.cohorts import Cohort, Curve, Point, Watched
from ripeline.insight.expected import Belief
from ripeline.insight.rules import Asked, By, Whose
from ripeline.people.models import User
from ripeline.ripeness.episodes import SOURCE_TYPES, Episodes, Ids, day, episodes, moment
from ripeline.science.gate import BoolArray, IntArray

MOST = 25  # cohorts told apart; of sources and campaigns those with the most leads
_TYPES: Mapping[str, str] = dict(SourceType.choices)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something to narrow to: its value in the address, and its name."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Ripening:
    """The answer. `first` and `last` are the days of the period; `others` counts cohorts too small to be shown.

    `taken_up`: how many old leads we took up again in the period; nobody came then, so they count where they did.
    """

    as_of: datetime
    first: date | None
    last: date | None
    whole: Cohort
    curve: Curve
    points: list[Point]
    cohorts: list[Cohort]
    others: int
    taken_up: int
    quarters: list[str]
    types: list[Choice]
    sources: list[Choice]
    campaigns: list[Choice]


def ripening(actor: User, asked: Asked, *, zone: tzinfo) -> Ripening:
    """How the leads asked for have ripened, and what was expected. `zone`: whose midnight parts months.

    Raises NotAllowed where `actor` may not see leads added up. A handful of queries, however many leads.
    """
    if asked.whose not in rules.scopes(actor):
        asked = Asked.parse(actor, {})
    now = clock.now()
    found = episodes(as_of=now)
    found = found.take(_of(actor, asked.whose, found))
    today = now.astimezone(zone).date()
    first, last = rules.days(asked.came, today)
    names = _Names()
    chosen = _chosen(found, asked, first, last, zone)
    rows = np.flatnonzero(chosen & ~found.taken_up)
    belief = Belief(found, rows)
    whole, expected = Watched(found.take(rows)), belief.of(rows)
    told, others = _told_apart(found, rows, asked.by, names, zone, belief)
    return Ripening(
        as_of=now, first=first, last=last,
        whole=cohorts.cohort("", "", whole, expected),
        curve=cohorts.curve(whole, expected),
        points=cohorts.points(whole, expected),
        cohorts=told, others=others, taken_up=int((chosen & found.taken_up).sum()),
        quarters=rules.quarters(_months(found.start, zone), today),
        types=[Choice(value=SOURCE_TYPES[code], label=_TYPES[SOURCE_TYPES[code]])
               for code in np.unique(found.source_type).tolist() if code],
        sources=_choices(found.source, names.sources),
        campaigns=_choices(found.campaign, names.campaigns),
    )  # fmt: skip


class _Names:
    """The names of sources and campaigns by id."""

    def __init__(self) -> None:
        self.sources = {one.pk: one.name for one in catalog.sources()}
        self.campaigns = dict(Campaign.objects.values_list("pk", "name"))


def _of(actor: User, whose: Whose, found: Episodes) -> BoolArray:
    """Whose leads."""
    if whose is Whose.EVERYBODY:
        return np.ones(len(found), dtype=bool)
    owners = [actor.pk]
    if whose is Whose.TEAM:
        owners += User.objects.filter(team=actor.team_id).values_list("pk", flat=True)
    return found.owner.among(owners)


def _chosen(found: Episodes, asked: Asked, first: date | None, last: date | None, zone: tzinfo) -> BoolArray:
    chosen = np.ones(len(found), dtype=bool)
    if first:
        chosen &= found.start >= day(_midnight(first, zone))
    if last:
        chosen &= found.start < day(_midnight(last + timedelta(days=1), zone))
    if asked.type:
        chosen &= found.source_type == SOURCE_TYPES.index(asked.type)
    if asked.source:
        chosen &= found.source.among([asked.source])
    if asked.campaign:
        chosen &= found.campaign.among([asked.campaign])
    if asked.run:
        chosen &= found.import_run.among([asked.run])
    return chosen


def _told_apart(
    found: Episodes, rows: IntArray, by: By, names: _Names, zone: tzinfo, belief: Belief
) -> tuple[list[Cohort], int]:
    """The cohorts among some of the episodes: months the latest first, anything else the largest first."""
    keys, codes = _keys(found.take(rows), by, names, zone)
    if not len(rows):
        return [], 0
    sizes = np.bincount(codes, minlength=len(keys))
    present = np.flatnonzero(sizes)
    latest = by is By.MONTH
    order = sorted(present.tolist(), key=lambda at: keys[at][0] if latest else (sizes[at], keys[at][1]), reverse=True)
    told = []
    for place in order[:MOST]:
        part = rows[codes == place]
        told.append(cohorts.cohort(*keys[place], Watched(found.take(part)), belief.of(part)))
    return [one for one in told if one.n], max(len(order) - MOST, 0)


def _keys(found: Episodes, by: By, names: _Names, zone: tzinfo) -> tuple[list[tuple[str, str]], IntArray]:
    """(value in the address, name) of each cohort, and each episode's position among them."""
    match by:
        case By.TYPE:
            return [(kind, _TYPES.get(kind, "No source given")) for kind in SOURCE_TYPES], found.source_type
        case By.SOURCE:
            return _named(found.source, names.sources, "No source given")
        case By.CAMPAIGN:
            return _named(found.campaign, names.campaigns, "No campaign")
    begun = _month_numbers(found.start, zone)
    numbers, codes = np.unique(begun, return_inverse=True)
    months = [date(number // 12, number % 12 + 1, 1) for number in numbers.tolist()]
    return [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in months], codes.astype(np.int64)


def _named(column: Ids, names: Mapping[UUID, str], nothing: str) -> tuple[list[tuple[str, str]], IntArray]:
    keys = [("", nothing) if key is None else (str(key), names.get(key, "Unknown")) for key in column.keys]
    return keys, column.codes


def _choices(column: Ids, names: Mapping[UUID, str]) -> list[Choice]:
    found = [Choice(value=str(key), label=names[key]) for key in column.keys if key is not None and key in names]
    return sorted(found, key=lambda choice: choice.label.casefold())


def _month_numbers(start: np.ndarray[tuple[int], np.dtype[np.float64]], zone: tzinfo) -> IntArray:
    """Months since the year 0 in which episodes began, by local midnights: only the edges are looked at one by one."""
    if not len(start):
        return np.zeros(0, dtype=np.int64)
    first = moment(float(start.min())).astimezone(zone).date()
    end = moment(float(start.max())).astimezone(zone).date()
    low, high = first.year * 12 + first.month - 1, end.year * 12 + end.month - 1
    edges = [day(_midnight(date(number // 12, number % 12 + 1, 1), zone)) for number in range(low + 1, high + 1)]
    result: IntArray = low + np.searchsorted(np.array(edges), start, side="right").astype(np.int64)
    return result


def _months(start: np.ndarray[tuple[int], np.dtype[np.float64]], zone: tzinfo) -> list[date]:
    return [date(number // 12, number % 12 + 1, 1) for number in np.unique(_month_numbers(start, zone)).tolist()]


def _midnight(of: date, zone: tzinfo) -> datetime:
    return datetime.combine(of, time(0), tzinfo=zone)
