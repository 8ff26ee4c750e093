"""A company's own figures for the simulated market, and where each comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from ripeline.base import clock
from ripeline.leads import queries as leads
from ripeline.people.models import Role, User
from ripeline.people.working_time import company
from ripeline.ripeness import queries as ripeness
from ripeline.science.market import MONTH
from ripeline.science.market_law import DEFAULT_LAW
from ripeline.science.prior import DEFAULT_PRIOR
from ripeline.science.simulation import own
from ripeline.simulation.rules import BOUNDS, KINDS, MOST_EACH, Figures

YEAR = timedelta(days=365)
FEWEST_MIXED = 30  # leads, from which on the mix of one's own counts
FEWEST_WON = 5  # won deals, from which on their average counts
FEWEST_DECIDED = 10  # opportunities decided, from which on the closing ratio is called learnt

# Each time that somebody new came, or came anew after they were let go: what cohorts count as one lead.
_CAME = """
SELECT COALESCE(s.source_type, 'other'), count(*), min(e.first) FROM (
    SELECT lead_id, episode, min(captured_at) AS first,
           (array_agg(source_id ORDER BY captured_at, id))[1] AS source_id
    FROM enquiry WHERE captured_at >= %(since)s GROUP BY lead_id, episode
) AS e LEFT JOIN source AS s ON s.id = e.source_id GROUP BY 1
"""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """Figures, what a won deal brings, and where each comes from in words, by its name."""

    figures: Figures
    worth: Decimal
    currency: str
    origins: Mapping[str, str]


def filled() -> Filled:
    """The company's own, as far as it has any; for the rest what is published, or judgement. Five queries."""
    now = clock.now()
    came, since = _came(now)
    reps, minutes, team_origin = _team()
    mix, mix_origin = _mix(came)
    per_month, rate_origin = _rate(sum(came.values()), since, now, reps)
    (buys, buys_origin), (closing, closing_origin) = _learnt(mix)
    worth, currency, worth_origin = _worth(now)
    figures = Figures(
        leads_per_month=per_month, reps=reps, minutes_per_day=minutes, buys_of_100=buys, closing_of_100=closing, mix=mix
    ).checked()
    origins = {
        "leads_per_month": rate_origin, "mix": mix_origin, "reps": team_origin, "minutes_per_day": team_origin,
        "buys_of_100": buys_origin, "closing_of_100": closing_origin, "worth": worth_origin,
    }  # fmt: skip
    return Filled(figures=figures, worth=worth, currency=currency, origins=origins)


def _came(now: datetime) -> tuple[dict[str, int], datetime | None]:
    """Leads of the last twelve months by kind of source, and when the first of them came."""
    with connection.cursor() as cursor:
        cursor.execute(_CAME, {"since": now - YEAR})
        rows = cursor.fetchall()
    return {kind: n for kind, n, _ in rows}, min((first for _, _, first in rows), default=None)


def _rate(n: int, since: datetime | None, now: datetime, reps: int) -> tuple[float, str]:
    if not n or since is None:
        return 50.0 * min(reps, 10), "judgement: 50 a month for each person, until leads have come"
    months = min(max((now - since) / timedelta(days=MONTH), 1.0), 12.0)
    low, high = BOUNDS["leads_per_month"]
    rate = min(max(n / months, low), high, MOST_EACH * reps)
    over = "your last 12 months" if months > 11.5 else f"your last {months:.0f} months" if months >= 1.5 else "so far"
    return rate, f"from {over}: {n:,} leads"


def _team() -> tuple[int, int, str]:
    """Who follows leads up, and their minutes: the reps and SDRs; where there is none, whoever sells besides."""
    active = User.objects.filter(is_active=True, is_system=False).values_list("role", "minutes_per_day")
    people = list(active)
    selling = [minutes for role, minutes in people if role in (Role.REP, Role.SDR)]
    selling = selling or [minutes for role, minutes in people if role != Role.MARKETER] or [User().minutes_per_day]
    low, high = BOUNDS["minutes_per_day"]
    mean = round(min(max(sum(selling) / len(selling), low), high))
    return min(len(selling), int(BOUNDS["reps"][1])), mean, "from your people's profiles"


def _mix(came: Mapping[str, int]) -> tuple[dict[str, float], str]:
    known = {kind: float(n) for kind, n in came.items() if kind in KINDS}
    n = int(sum(known.values()))
    if n >= FEWEST_MIXED:
        return {kind: 100 * each / n for kind, each in known.items()}, f"from your last 12 months: {n:,} leads"
    law = zip(DEFAULT_LAW.source_types, DEFAULT_LAW.source_share.tolist(), strict=True)
    return dict(law), f"judgement, until at least {FEWEST_MIXED} leads have come"


def _learnt(mix: Mapping[str, float]) -> tuple[tuple[float, str], tuple[float, str]]:
    """How many of 100 buy from anyone, and from us of those: learnt where outcomes have taught it."""
    model = ripeness.current().model
    buys, closing = float(round(100 * own.mean_buys(mix))), 100 * model.prior.closing
    decided = model.prior.closing_won + model.prior.closing_lost
    decided -= DEFAULT_PRIOR.closing_won + DEFAULT_PRIOR.closing_lost
    buys_said = buys, "the Rule of 45, for your kinds of source"
    if not ripeness.is_mostly_prior() and model.log_odds_of_win is None:
        buys_said = 100 / (1 + 2.718281828459045**-model.prior.log_odds), "learnt from your own outcomes"
    closing_said = closing, "published: 33 of 100 opportunities (Boyette)"
    if decided >= FEWEST_DECIDED:
        closing_said = closing, f"learnt from {decided:,.0f} of your own decided deals"
    return _within("buys_of_100", *buys_said), _within("closing_of_100", *closing_said)


def _within(name: str, value: float, origin: str) -> tuple[float, str]:
    low, high = BOUNDS[name]
    return min(max(value, low), high), origin


def _worth(now: datetime) -> tuple[Decimal, str, str]:
    """What a won deal brings: the average in the company's currency over two years, where enough have an amount."""
    currency = company().currency
    n, mean = leads.average_deal(currency, since=now - 2 * YEAR)
    if n >= FEWEST_WON:
        return mean, currency, f"from the {n:,} deals that you won in the last two years"
    usual = Decimal(round(DEFAULT_LAW.amount_median))
    return usual, currency, f"judgement, until {FEWEST_WON} won deals have an amount in {currency}"
