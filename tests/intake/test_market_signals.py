"""The market's own people on the site: what they do, sent through the real intake, raises the right leads."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest
import uuid_utils.compat
from django.db import transaction

from ripeline.base import clock
from ripeline.capture.arriving.admission import Arrival, admit
from ripeline.catalog import tracking
from ripeline.leads.decisions.birth import Context, Person
from ripeline.leads.decisions.deciding import By
from ripeline.leads.decisions.recognising import identify
from ripeline.leads.knowing import identity
from ripeline.people import queries as people
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness.models import Score
from ripeline.science import metrics
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.journeys import Events, events
from ripeline.science.market import Market, simulate
from ripeline.timeline.models import Activity, Engagement
from ripeline.worker import reactions
from tests.intake.conftest import SITE, Running

DAYS, WEEKS = 300, 9
PATHS = {"reading": "/blog/empty-chairs", "product": "/product/diary", "prices": "/pricing"}
DRAWS = 1000


@pytest.mark.django_db(transaction=True)
def test_with_signals_the_right_leads_come_first(start: Callable[..., Running]) -> None:
    """Of a few hundred open leads: who is ready within a month is told apart better by what they did than without it.

    The market draws who looks at what by its own rates; the product believes rates of its own, and never sees a fate.
    """
    market = simulate(days=DAYS, rng=np.random.default_rng(9), leads_per_month=60)
    open_now = np.flatnonzero(~_is_over(market))
    now = clock.now()
    leads = _captured(market, open_now, now)
    before = _p_30(leads)
    _visit(market, open_now, leads, now, start())
    while reactions.work():
        pass
    assert Engagement.objects.filter(pk__in=leads).count() > len(leads) / 5
    ready = _ready(market)[open_now]
    without, with_signals = metrics.auc(ready, before), metrics.auc(ready, _p_30(leads))
    low, high = _interval(ready, before, _p_30(leads))
    said = (
        f"{len(leads)} leads, {ready.sum()} ready: AUC {without:.3f} without, {with_signals:.3f} with signals;"
        f" gain {low:.3f} to {high:.3f}"
    )
    assert len(leads) >= 300, said
    assert with_signals > without, said
    assert low > 0, said
    print(said)


def _ages(market: Market) -> FloatArray:
    return np.asarray(DAYS - market.arrivals.day)


def _is_over(market: Market) -> BoolArray:
    """Decided already: such a lead is open in no company that asked."""
    return np.asarray(market.fate.will_buy & (market.fate.ripe_after + market.fate.window < _ages(market)))


def _ready(market: Market) -> BoolArray:
    """In the middle of deciding, or about to be within a month."""
    return np.asarray(market.fate.will_buy & (market.fate.ripe_after <= _ages(market) + 30))


def _captured(market: Market, rows: IntArray, now: datetime) -> list[UUID]:
    """The leads as they came, with what was known of them then; their ids in the order of `rows`."""
    titles = {
        "title_director": "Head of practice",
        "title_owner": "Owner",
        "title_c_level": "CEO",
        "title_student": "Student",
    }
    known = market.arrivals.signals
    arrivals = []
    for row in rows.tolist():
        address = f"p{row}@{'gmail.com' if known['free_mail'][row] else f'practice{row}.example'}"
        person = Person(
            name=f"Person {row}", email=address, phone="+442071838750" if known["phone"][row] else "",
            company=f"Practice {row}" if known["company"][row] else "",
            title=next((words for key, words in titles.items() if known.get(key, np.zeros(1 + row))[row]), ""),
        )  # fmt: skip
        came = now - timedelta(days=float(DAYS - market.arrivals.day[row]))
        context = Context(
            door="form", captured_at=came, message="Hello" if known["message"][row] else "", event_key=str(row)
        )
        key = identity.email(address)
        assert key
        kind = market.law.source_types[market.arrivals.source_type[row]]
        arrivals.append(Arrival(keys=(key,), person=person, context=context, source=kind.replace("_", " ").title()))
    found = [one.lead_id for one in admit(arrivals, actor=people.system(), origin="test")]
    return [lead_id for lead_id in found if lead_id]


def _p_30(leads: list[UUID]) -> FloatArray:
    ripeness.rescore(leads)
    scores = Score.objects.in_bulk(leads)
    return np.array([scores[pk].p_30 for pk in leads])


def _visit(market: Market, rows: IntArray, leads: list[UUID], now: datetime, intake: Running) -> None:
    """What they do in the last weeks, week by week, by the script's own events; each is known by the form they sent."""
    site = tracking.add_site(actor=people.system(), address=SITE)
    done = events(market, np.random.default_rng(10), until=DAYS)
    looked = done.pages(market.law.journey, np.random.default_rng(11))
    place = {row: at for at, row in enumerate(rows.tolist())}
    browsers = {row: uuid4() for row in set(done.lead.tolist()) & place.keys()}
    with transaction.atomic():
        for row, browser in browsers.items():
            came = now - timedelta(days=float(DAYS - market.arrivals.day[row]))
            identify(visitor_id=browser, lead_id=leads[place[row]], by=By(people.system(), "test"), since=came)
    sent = 0
    for week in range(WEEKS, 0, -1):
        end = now - timedelta(days=7 * (week - 1))
        with clock.at(end):
            batch = _batch(market, done, looked, browsers, now, end)
            for first in range(0, len(batch), 200):
                answer = intake.batch(site, batch[first : first + 200], sent=_ms(end))
                assert answer.status == 202, answer.body
            sent += len(batch)
    assert Activity.objects.filter(origin="hit").count() == sent


def _batch(
    market: Market,
    done: Events,
    looked: IntArray,
    browsers: dict,
    now: datetime,
    end: datetime,  # type: ignore[type-arg]
) -> list[dict[str, object]]:
    pages, kinds = market.law.journey.pages, market.law.journey.kinds
    found: list[dict[str, object]] = []
    for lead, day, kind, page in zip(
        done.lead.tolist(), done.day.tolist(), done.kind.tolist(), looked.tolist(), strict=True
    ):
        at = now - timedelta(days=DAYS - day)
        if lead not in browsers or kinds[kind] == "reply" or not end - timedelta(days=7) < at <= end:
            continue
        path = "/files/guide.pdf" if kinds[kind] == "download" else PATHS[pages[page]]
        found.append(
            {
                "visitor": str(browsers[lead]), "id": str(uuid_utils.compat.uuid7()), "url": f"https://{SITE}{path}",
                "at": _ms(at), "consent": True,
            }
        )  # fmt: skip
    return found


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _interval(ready: BoolArray, before: FloatArray, after: FloatArray) -> tuple[float, float]:
    """Of the gain in AUC, 90 of 100: leads drawn again and again, the same for both."""
    rng, gains = np.random.default_rng(1), []
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(ready), len(ready))
        if 0 < ready[drawn].sum() < len(drawn):
            gains.append(metrics.auc(ready[drawn], after[drawn]) - metrics.auc(ready[drawn], before[drawn]))
    low, high = np.quantile(gains, [0.05, 0.95])
    return float(low), float(high)
