"""What is leaking: how many leads nobody really follows up, of which kind, whose, and what may still be in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Aggregate, Count, F, Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from ripeline.base import clock
from ripeline.catalog.models import SourceType
from ripeline.insight import rules
from ripeline.insight.rules import Whose
from ripeline.leads import queries as leads
from ripeline.leads.finding import leaks
from ripeline.leads.finding.leaks import Leak
from ripeline.leads.finding.sight import held_by_team
from ripeline.leads.models import OPEN_STATES, Lead, NextKind, State
from ripeline.people.models import Role, Team, User
from ripeline.people.working_time import company
from ripeline.ripeness import queries as ripeness
from ripeline.science.market_law import DEFAULT_LAW

FEWEST_WON = 5  # won deals, from which on their average counts
_LATELY = timedelta(days=365)
_YEAR = 2  # of the horizons of an expectation


class By(StrEnum):
    """What the figures are told apart by: never by person, for coverage is a team's."""

    TYPE = "type"
    TEAM = "team"


@dataclass(frozen=True)
class Asked:
    """Which leads, and how to tell them apart. Read from and written to an address."""

    whose: Whose
    by: By = By.TYPE
    type: str = ""
    run: UUID | None = None  # the import that brought them

    @classmethod
    def parse(cls, actor: User, query: Mapping[str, str]) -> "Asked":
        """From an address's query, within what `actor` may see; what it does not understand is left out."""
        allowed = rules.scopes(actor)
        whose, by, kind, run = (query.get(name, "") for name in ("whose", "by", "type", "run"))
        chosen = Whose(whose) if whose in allowed else allowed[0]
        return cls(
            whose=chosen,
            by=By.TEAM if by == By.TEAM and chosen is Whose.EVERYBODY else By.TYPE,
            type=kind if kind in SourceType.values else "",
            run=rules.uuid(run),
        )

    def query(self, **changes: object) -> str:
        """As an address's query, with some of it changed."""
        wanted = replace(self, **changes)  # type: ignore[arg-type]
        usual = {("by", By.TYPE.value)}
        parts = {name: str(value) for name, value in vars(wanted).items() if value}
        return urlencode({name: value for name, value in parts.items() if (name, value) not in usual})


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A set of leads, and the wins that may still be in them if they are followed up: expected, with a range."""

    n: int
    wins: float
    low: int
    high: int


@dataclass(frozen=True, kw_only=True)
class Group:
    """A team or kind of source: how many of its leads there are, and how many leak in each way, and in any."""

    key: str
    label: str
    n: int
    leaking: int
    by_leak: Mapping[Leak, int]


@dataclass(frozen=True, kw_only=True)
class Reopened:
    """Leads whose episode began anew within the last year, the first and last day of that, and how it goes since."""

    n: int
    first: date | None
    last: date | None
    tried: int  # since then
    talked: int
    deals: int  # open or won since


@dataclass(frozen=True, kw_only=True)
class Leakage:
    """The answer. A lead can leak in two ways; `whole` counts it once.

    `ahead`: put back to work, and due later, the last on `until`; of one import also what may be in them (`waiting`).
    """

    as_of: datetime
    open: int
    whole: Figure
    figures: Mapping[Leak, Figure]
    groups: Sequence[Group]
    ahead: int
    until: date | None
    waiting: Figure | None
    lost_by_file: int  # brought by a file as lost, without a reason: no leak of ours
    reopened: Reopened
    deal: Decimal
    currency: str
    deals: int  # won ones of which `deal` is the average; 0: judgement


def leakage(actor: User, asked: Asked) -> Leakage:
    """What of the leads asked for is leaking. The same few queries, however many leads.

    Raises NotAllowed where `actor` may not see leads added up.
    """
    if asked.whose not in rules.scopes(actor):
        asked = Asked.parse(actor, {})
    now = clock.now()
    all_of_them = of(actor, asked)
    ways = {leak: leaks.condition(leak, now) for leak in Leak}
    waits = Q(state__in=OPEN_STATES, next_kind=NextKind.REOPENED, next_at__gte=now)
    counted = all_of_them.aggregate(
        open=Count("pk", filter=Q(state__in=OPEN_STATES)),
        ahead=Count("pk", filter=waits),
        last=Max("next_at", filter=waits),
        by_file=Count("pk", filter=leaks.lost_by_file()),
        **_since_reopened(now),
    )
    deal, currency, deals = _deal(now)
    return Leakage(
        as_of=now, open=counted["open"], ahead=counted["ahead"], lost_by_file=counted["by_file"],
        until=_day(counted["last"]),
        reopened=Reopened(
            n=counted["again"], first=_day(counted["again_first"]), last=_day(counted["again_last"]),
            tried=counted["again_tried"], talked=counted["again_talked"], deals=counted["again_deals"],
        ),
        waiting=_figure(all_of_them.filter(waits)) if asked.run and counted["ahead"] else None,
        whole=_figure(all_of_them.filter(leaks.any_of(tuple(Leak), now))),
        figures={leak: _figure(all_of_them.filter(way)) for leak, way in ways.items()},
        groups=_groups(all_of_them, asked.by, ways, now),
        deal=deal, currency=currency, deals=deals,
    )  # fmt: skip


def _since_reopened(now: datetime) -> dict[str, Aggregate]:
    """What is counted of those taken up anew: by a file, by somebody, or because they came again."""
    again = Q(episode__gte=2, episode_at__gte=now - _LATELY)
    return {
        "again": Count("pk", filter=again),
        "again_first": Min("episode_at", filter=again),
        "again_last": Max("episode_at", filter=again),
        "again_tried": Count("pk", filter=again & Q(last_touch_at__gte=F("episode_at"))),
        "again_talked": Count("pk", filter=again & Q(last_reached_at__gte=F("episode_at"))),
        "again_deals": Count(
            "pk", filter=again & Q(state__in=(State.OPPORTUNITY, State.WON), state_at__gte=F("episode_at"))
        ),
    }


def _day(at: datetime | None) -> date | None:
    return at.astimezone(ZoneInfo(company().time_zone)).date() if at else None


def of(actor: User, asked: Asked) -> QuerySet[Lead]:
    """The leads asked about, within whose they may see added up."""
    found = Lead.objects.filter(merged_into__isnull=True)
    if asked.whose is Whose.MINE:
        found = found.filter(Q(owner=actor) | Q(owner__isnull=True, responsible__user=actor))
    elif asked.whose is Whose.TEAM and actor.team_id:
        found = found.filter(held_by_team(actor.team_id))
    if asked.type:
        known = Q(source__source_type=asked.type)
        found = found.filter(known | Q(source__isnull=True) if asked.type == SourceType.OTHER else known)
    if asked.run:
        found = found.filter(import_run_id=asked.run)
    return found


def where_all_are(actor: User, asked: Asked) -> Asked:
    """The same of the nearest of those whose leads the actor may see added up that has all there is to see: what an
    import brought may be nobody's yet, or another team's."""
    scopes = [replace(asked, whose=whose) for whose in rules.scopes(actor)]
    counts = [of(actor, each).count() for each in scopes]
    return scopes[counts.index(max(counts))]


def _figure(found: QuerySet[Lead]) -> Figure:
    expected = ripeness.expected_again(found)
    return Figure(
        n=found.count(), wins=float(expected.ours[_YEAR]),
        low=int(expected.ours_low[_YEAR]), high=int(expected.ours_high[_YEAR]),
    )  # fmt: skip


def _groups(found: QuerySet[Lead], by: By, ways: Mapping[Leak, Q], now: datetime) -> list[Group]:
    """Counts by team or kind of source, those with the most leaks first, in one query."""
    key = F("source__source_type") if by is By.TYPE else Coalesce("owner__team", "responsible__user__team")
    counts = {leak.value: Count("pk", filter=way) for leak, way in ways.items()}
    rows: Any = (
        found.annotate(group=key)
        .order_by()
        .values("group")
        .annotate(
            n=Count("pk", filter=Q(state__in=OPEN_STATES)),
            leaking=Count("pk", filter=leaks.any_of(tuple(Leak), now)),
            **counts,
        )
    )
    if by is By.TYPE:
        names: Mapping[object, str] = dict(SourceType.choices)
        nothing = "No source given"
    else:
        names, nothing = dict(Team.objects.values_list("pk", "name")), "Nobody’s yet, or without a team"
    groups = [
        Group(
            key=str(row["group"] or ""), label=names.get(row["group"], nothing), n=row["n"], leaking=row["leaking"],
            by_leak={leak: row[leak.value] for leak in Leak},
        )
        for row in rows
        if row["n"] or row["leaking"]
    ]  # fmt: skip
    return sorted(groups, key=lambda group: (-group.leaking, -group.n, group.label))


def _deal(now: datetime) -> tuple[Decimal, str, int]:
    """What a won deal brings: one's own average over two years, else judgement."""
    currency = company().currency
    n, mean = leads.average_deal(currency, since=now - timedelta(days=730))
    if n >= FEWEST_WON:
        return mean, currency, n
    return Decimal(round(DEFAULT_LAW.amount_median)), currency, 0


def may_recover(actor: User) -> bool:
    """Whether somebody may put leaking leads back to work: who may hand them on; not the marketer, who reads."""
    return actor.role in (Role.ADMIN, Role.LEADER, Role.REP) and actor.is_active
