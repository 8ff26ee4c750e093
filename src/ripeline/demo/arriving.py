"""Who comes when, and whence: the market's law, with its trade shows, webinars and evening courses on their days.

Days are counted from the opening, at local midnight, with the time of day as a fraction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from random import Random

import numpy as np

from ripeline.capture.arriving import places
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.market import MONTH, Arrivals, Fate, Market, simulate
from ripeline.science.market_law import DEFAULT_LAW, Law

DAYS = 425  # of history: 14 months
RETURNING = (0.2, 0.02)  # share of the buyers who come to us again about when they ripen; of the others, some time
OLD_BUYERS = 1 / 3  # of those who would have bought when they were new: 15 of 100

# What a company calls its sources, by type.
SOURCES = {
    "quote_request": "Website: quote request",
    "demo_request": "Website: demo request",
    "inbound_call": "Inbound call",
    "referral": "Customer referral",
    "contact_form": "Website: contact form",
    "trial": "Free trial",
    "partner": "Partner",
    "course": "Evening course",
    "direct": "Website: direct",
    "organic_search": "Organic search",
    "webinar": "Webinar",
    "paid_search": "Paid search",
    "trade_show": "Trade show",
    "email": "Newsletter",
    "content_download": "White paper",
    "social": "LinkedIn",
    "display": "Display banner",
    "purchased_list": "Bought list",
    "other": "Local press",
}
DOORS = {
    "trade_show": "booth",
    "course": "booth",
    "inbound_call": "by_hand",
    "referral": "by_hand",
    "partner": "by_hand",
    "purchased_list": "import",
}  # the rest: by a form
_SHOWS = {
    "Practice Forward": "Birmingham, hall 4, stand 12",
    "Dental North": "Manchester, hall 2, stand 31",
    "Clinic & Care Expo": "London, hall 7, stand 108",
    "Southern Dentistry Days": "Brighton, upper hall, stand 9",
}  # and where we stand
_GUIDES = ("The empty chair", "One diary for two sites", "What a no-show costs", "Choosing a diary: a checklist")
_WEBINARS = ("Fewer no-shows", "A waiting list that works", "Moving your diary in two weeks", "Recalls without letters")
_TOWNS = ("Leeds", "Bristol", "Manchester", "Reading", "Glasgow", "Cardiff")
_PAGES = ("features/waiting-list", "features/online-booking", "pricing", "features/recall", "stories/two-sites")
_COMES_AGAIN_BY = ("quote_request", "quote_request", "demo_request", "contact_form", "webinar")
_READS_AGAIN_BY = ("webinar", "content_download", "content_download", "webinar")


@dataclass(frozen=True, eq=False)
class Inflow:
    """Everybody who will come, in the order of arrival; arrays have shape (n,).

    `again_after`: days after arrival when they come to us once more, infinite if never; `again_by`: by what.
    `campaigns`, `pages`: of the first time. `is_dated`: the first contact has its date already, so nobody hesitates.
    """

    opening: date
    market: Market
    campaigns: Sequence[str]
    pages: Sequence[str]
    again_after: FloatArray
    again_by: Sequence[str]
    is_dated: bool = False

    @property
    def day(self) -> FloatArray:
        return self.market.arrivals.day

    def source_type(self, lead: int) -> str:
        """By what somebody came the first time."""
        return str(self.market.law.source_types[self.market.arrivals.source_type[lead]])


def inflow(*, today: date, leads: int, seed: int) -> Inflow:
    """About so many leads of the fourteen months before `today`; the same seed and day give the same."""
    opening = today - timedelta(days=DAYS)
    rng = np.random.default_rng([seed, today.toordinal()])
    drawn = simulate(
        _law(), days=DAYS, rng=rng, leads_per_month=leads / (DAYS / MONTH), first_weekday=opening.weekday()
    )
    market = _on_their_days(drawn, opening, rng)
    random = Random(int(rng.integers(2**32)))  # noqa: S311 - a story, no secret
    types = [market.law.source_types[at] for at in market.arrivals.source_type]
    days = [opening + timedelta(days=int(day)) for day in market.arrivals.day]
    again_after, again_by = _again(market, rng)
    return Inflow(
        opening=opening,
        market=market,
        campaigns=[campaign(kind, day, random) for kind, day in zip(types, days, strict=True)],
        pages=[page(kind, random) for kind in types],
        again_after=again_after,
        again_by=again_by,
    )


def _law() -> Law:
    """The market's, where nobody writes from a free-mail address (those are not ours to invent) and most say where they
    work; what else is known of them, and what becomes of them, stays as it is."""
    share = dict(zip(DEFAULT_LAW.signals, DEFAULT_LAW.signal_share, strict=True)) | {"free_mail": 0.0, "company": 0.92}
    return replace(DEFAULT_LAW, signal_share=np.array([share[signal] for signal in DEFAULT_LAW.signals]))


def taken_up_again(days: FloatArray, *, opening: date, seed: int) -> Inflow:
    """Leads from long ago that are looked at on the given days: fewer of them buy, and nothing is known about when."""
    rng = np.random.default_rng([seed, len(days)])
    drawn = simulate(days=200, rng=rng, leads_per_month=len(days) / 2 + 30)
    chosen = slice(0, len(days))
    old = np.full(len(days), drawn.law.source_types.index("other"))
    fate = _taken(drawn.fate, chosen)
    buys = fate.will_buy & (rng.random(len(days)) < OLD_BUYERS)
    fate = replace(fate, will_buy=buys, ripe_after=np.where(buys, rng.uniform(-40, 325, len(days)), np.inf).clip(0))
    signals = {key: values[chosen] for key, values in drawn.arrivals.signals.items()}
    market = Market(law=drawn.law, arrivals=Arrivals(day=days, source_type=old, signals=signals), fate=fate)
    nothing = [""] * len(days)
    return Inflow(opening, market, nothing, nothing, np.full(len(days), np.inf), nothing, is_dated=True)


def _taken(fate: Fate, which: slice | IntArray) -> Fate:
    return Fate(**{field.name: getattr(fate, field.name)[which] for field in fields(Fate)})


def _on_their_days(market: Market, opening: date, rng: np.random.Generator) -> Market:
    """Booths and evenings have days, and who is met there came on one of them; webinars draw people before them."""
    day = market.arrivals.day.copy()
    kind = np.array(market.law.source_types)[market.arrivals.source_type]
    shows = _weekdays(opening, every=64, first=28, weekday=3)
    shows = np.sort(np.concatenate([shows, shows + 1]))  # Thursday and Friday
    evenings = _weekdays(opening, every=29, first=11, weekday=1)
    webinars = _weekdays(opening, every=43, first=33, weekday=2)
    show = kind == "trade_show"
    day[show] = rng.choice(2, show.sum()) + _nearest(day[show], shows[::2]) + rng.uniform(9.5, 17, show.sum()) / 24
    evening = kind == "course"
    day[evening] = _nearest(day[evening], evenings) + rng.uniform(18.6, 20.5, evening.sum()) / 24
    webinar = kind == "webinar"
    before = np.minimum(np.floor(rng.exponential(4, webinar.sum())), 14)
    day[webinar] = np.maximum(_nearest(day[webinar], webinars) - before, 0) + rng.uniform(8, 19, webinar.sum()) / 24
    order = np.argsort(day, kind="stable")
    arrivals = Arrivals(
        day=day[order],
        source_type=market.arrivals.source_type[order],
        signals={key: values[order] for key, values in market.arrivals.signals.items()},
    )
    return Market(law=market.law, arrivals=arrivals, fate=_taken(market.fate, order))


def _weekdays(opening: date, *, every: int, first: int, weekday: int) -> FloatArray:
    """Days of a series of events, each on the same day of the week; the last lies a while before today."""
    found = [day + (weekday - (opening + timedelta(days=day)).weekday()) % 7 for day in range(first, DAYS - 12, every)]
    return np.array(found, dtype=np.float64)


def _nearest(day: FloatArray, events: FloatArray) -> FloatArray:
    nearest: FloatArray = events[np.abs(day[:, None] - events[None, :]).argmin(axis=1)]
    return nearest


def _again(market: Market, rng: np.random.Generator) -> tuple[FloatArray, list[str]]:
    """Buyers often come to us again when their time has come; others now and then."""
    fate, n = market.fate, len(market.arrivals.day)
    drawn, by = rng.random(n), rng.integers(0, 60, n)
    ripens = fate.will_buy & (fate.ripe_after > 20) & (drawn < RETURNING[0])
    wanders = ~ripens & (drawn < RETURNING[1])
    after = np.full(n, np.inf)
    after[ripens] = fate.ripe_after[ripens] + rng.uniform(0, 0.5, ripens.sum()) * fate.window[ripens]
    after[wanders] = rng.uniform(15, 300, wanders.sum())
    kinds = [
        _COMES_AGAIN_BY[at % len(_COMES_AGAIN_BY)] if ripe else _READS_AGAIN_BY[at % len(_READS_AGAIN_BY)]
        for at, ripe in zip(by.tolist(), ripens.tolist(), strict=True)
    ]
    return after, kinds


def campaign(kind: str, day: date, random: Random) -> str:
    """The campaign that brought somebody by this kind of source on a day; "" where none did."""
    named: dict[str, Callable[[], str]] = {
        "trade_show": lambda: f"{[*_SHOWS][(day.year * 12 + day.month) % 4]}, {day:%B %Y}",
        "course": lambda: f"Evening course {_TOWNS[(day.year * 12 + day.month) % 6]}, {day:%B %Y}",
        "webinar": lambda: f"Webinar “{_WEBINARS[(day.year * 12 + day.month) // 2 % 4]}”, {day:%B %Y}",
        "content_download": lambda: f"Guide “{random.choice(_GUIDES)}”",
        "email": lambda: f"Newsletter {day:%B %Y}",
        "paid_search": lambda: (
            f"Search: {random.choice(('online booking', 'practice diary', 'appointment reminders'))}"
        ),
        "social": lambda: f"LinkedIn, {'spring' if day.month < 7 else 'autumn'} {day.year}",
        "display": lambda: f"Banner in The Practice Letter, {day.year}",
        "partner": lambda: random.choice(("Partner Henley & Fox Dental Supply", "Partner Corbel X-ray Service")),
        "purchased_list": lambda: f"New openings {day.year}",
    }
    return named[kind]() if kind in named else ""


def page(kind: str, random: Random | None = None) -> str:
    """The page on which somebody arrived; "" for those who came by other doors."""
    if DOORS.get(kind):
        return ""
    pages = {
        "quote_request": "quote", "demo_request": "demo", "contact_form": "contact", "trial": "trial",
        "webinar": "webinars", "content_download": "guides", "email": "news", "direct": "",
        "paid_search": "start/online-booking", "display": "start/diary",
    }  # fmt: skip
    where = pages.get(kind) if kind in pages else random.choice(_PAGES) if random else "pricing"
    return f"https://www.evenday.example/{where}"


def place(kind: str, campaign: str, landing_page: str) -> str:
    """Where somebody came to us, as the doors say it: the stand, the house of the evening, the page, the file."""
    event = campaign.rpartition(",")[0]
    if kind == "trade_show":
        return _SHOWS[event]
    if kind == "course":
        return f"{event.removeprefix('Evening course ')}, dental education centre"
    if kind == "purchased_list":
        return f"{campaign}.csv"
    return places.of_page(landing_page)


def cards(inflow: Inflow) -> BoolArray:
    """Who was met in person, so that somebody of ours took their card."""
    kind: IntArray = inflow.market.arrivals.source_type
    found: BoolArray = np.isin(np.array(inflow.market.law.source_types)[kind], ("trade_show", "course"))
    return found
